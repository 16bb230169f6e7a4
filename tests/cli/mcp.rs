//! `mcp` as clients see it: tools, resources and prompts over standard input and output, and whatever else is sent to it.

mod agent;
mod foreign;
mod hostile;
mod quotation;
mod spoiled;
mod switches;

use crate::support::account::at_once;
use crate::support::files;
use crate::support::mcp::{Client, own_words, report, text};
use crate::support::program::{Doctor, run, schema};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The tools with the schema of each one's answer, and arguments that it answers in the world `iam-missing`.
fn calls() -> Vec<(&'static str, &'static str, Value)> {
    let policy = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "bedrock:Converse", "Resource": "*"}]});
    let error = files::read("tests/fixtures/cloudtrail/denied-invoke.json");
    vec![
        ("explain_error", "explanation-1", json!({"text": error})),
        ("diagnose_call", "diagnosis-1", json!({})),
        ("list_callable_models", "models-1", json!({})),
        ("find_denials", "denials-1", json!({"paths": [files::path("tests/fixtures/cloudtrail/denied-invoke.json")]})),
        ("check_plan", "check-1", json!({"paths": [files::path("tests/fixtures/iac/serverless.broken.yaml")]})),
        (
            "simulate_policy",
            "simulation-1",
            json!({"policies": [policy], "model": "amazon.nova-lite-v1:0", "region": "us-east-1"}),
        ),
        ("lint_policy", "policy-lint-1", json!({"policy": policy})),
        ("generate_policy", "generated-policy-1", json!({"model": "amazon.nova-lite-v1:0", "region": "us-east-1"})),
        ("required_permissions", "actions-1", json!({"operations": ["Converse", "create-agent"]})),
    ]
}

#[test]
fn every_tool_answers_as_its_schema_says_and_its_text_agrees() {
    let mut client = Client::new(&["--sandbox"]);
    let tools = client.ask("tools/list", json!({}))["result"]["tools"].clone();
    let names: Vec<&str> = tools.as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert_eq!(names, calls().iter().map(|(name, ..)| *name).collect::<Vec<_>>());
    for ((name, answer, arguments), tool) in calls().into_iter().zip(tools.as_array().unwrap()) {
        let input = jsonschema::validator_for(&tool["inputSchema"]).unwrap();
        assert!(input.is_valid(&arguments), "{name}");
        let result = client.call(name, arguments);
        assert_eq!(result["isError"], false, "{name}: {result}");
        let structure = &result["structuredContent"];
        let published = schema(answer);
        let wrong: Vec<String> = published.iter_errors(structure).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{name}: {wrong:?}");
        assert!(jsonschema::validator_for(&tool["outputSchema"]).unwrap().is_valid(structure), "{name}");
        // The codes of the structure are those of the text.
        for pointer in ["/verdict", "/cause", "/decision", "/documented_cause", "/of"] {
            if let Some(code) = structure.pointer(pointer).and_then(Value::as_str) {
                assert!(own_words(&result).contains(code), "{name} {pointer}: {}", text(&result));
            }
        }
        for finding in structure["findings"].as_array().into_iter().flatten() {
            let code = finding["cause"].as_str().or(finding["code"].as_str()).unwrap();
            assert!(own_words(&result).contains(code), "{name}: {code}");
        }
        assert!(!report(&result).trim().is_empty(), "{name}");
    }
    assert_eq!(client.end(), (Some(0), String::new()));
}

#[test]
fn twenty_worlds_are_diagnosed_as_the_command_does() {
    let worlds: Vec<String> =
        run(&["sandbox", "list"]).stdout.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
    assert!(worlds.len() >= 20, "{worlds:?}");
    at_once(2, &worlds, |world| {
        let mut command = Doctor::new(["--sandbox", world, "--format", "json"]).run().json();
        let report_of_command = Doctor::new(["--sandbox", world]).run().stdout;
        let asked = command["invocation"]["kind"].as_str().unwrap().to_owned();
        let mut client = Client::new(&["--sandbox", world, "--allow-test-calls"]);
        let result = client.call("diagnose_call", json!({"test_call": asked}));
        let mut tool = result["structuredContent"].clone();
        for answer in [&mut command, &mut tool] {
            // Times differ from run to run.
            for observation in answer["observations"].as_array_mut().unwrap() {
                observation["duration_ms"] = Value::Null;
                observation["started_ms"] = Value::Null;
            }
        }
        assert_eq!(tool, command, "{world}");
        // The text is the command's: escaped alike, with the mark in front.
        assert_eq!(report(&result).trim_end(), report_of_command.trim_end(), "{world}");
        assert!(own_words(&result).contains(&format!("verdict: {}\n", command["verdict"].as_str().unwrap())));
        assert!(!text(&result).contains("left out:"), "{world} fits whole");
    });
}

#[test]
fn tools_answer_as_their_commands_do() {
    let mut client = Client::new(&["--sandbox"]);
    let calls = calls();
    let arguments = |name: &str| calls.iter().find(|(known, ..)| *known == name).unwrap().2.clone();
    let event = files::path("tests/fixtures/cloudtrail/denied-invoke.json");
    let template = files::path("tests/fixtures/iac/serverless.broken.yaml");
    let same: [(&str, Vec<&str>); 5] = [
        ("explain_error", vec!["explain", event.to_str().unwrap(), "--format", "json"]),
        ("find_denials", vec!["denials", event.to_str().unwrap(), "--format", "json"]),
        ("check_plan", vec!["check", template.to_str().unwrap(), "--format", "json"]),
        ("required_permissions", vec!["actions", "converse", "create-agent", "--format", "json"]),
        ("list_callable_models", vec!["models", "--sandbox", "--format", "json"]),
    ];
    for (tool, command) in same {
        let result = client.call(tool, arguments(tool));
        assert_eq!(result["structuredContent"], run(&command).json(), "{tool}");
    }
    let generated = client.call("generate_policy", arguments("generate_policy"));
    let command = run(&["policy", "generate", "--model", "amazon.nova-lite-v1:0", "--region", "us-east-1"]);
    assert_eq!(generated["structuredContent"]["policy"], command.json());
    assert_eq!(report(&generated), command.stdout);
}

#[test]
fn both_revisions_are_spoken() {
    // The previous one, with a handshake.
    let mut client = Client::raw(&["--sandbox"]);
    let answer = client.initialize("2025-11-25");
    assert_eq!(answer["result"]["protocolVersion"], "2025-11-25");
    assert_eq!(answer["result"]["serverInfo"]["name"], "bedrock-access");
    assert!(answer["result"]["instructions"].as_str().unwrap().contains("explain_error"));
    for capability in ["tools", "resources", "prompts"] {
        assert!(answer["result"]["capabilities"][capability].is_object(), "{answer}");
    }
    // The current one, whose requests say themselves what they need.
    let mut client = Client::raw(&["--sandbox"]);
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let discovered = client.ask("server/discover", json!({"_meta": meta}));
    assert!(discovered["result"].to_string().contains("2026-07-28"), "{discovered}");
    let tools = client.ask("tools/list", json!({"_meta": meta}));
    assert_eq!(tools["result"]["tools"].as_array().map(Vec::len), Some(9), "{tools}");
    let params = json!({"name": "explain_error", "arguments": {"text": "ThrottlingException: Too many requests"}, "_meta": meta});
    let result = client.ask("tools/call", params);
    assert_eq!(result["result"]["structuredContent"]["cause"], "throttled", "{result}");
    // One that nobody knows yet is answered with one that is known.
    let mut client = Client::raw(&["--sandbox"]);
    let answer = client.initialize("2999-01-01");
    assert_eq!(answer["result"]["protocolVersion"], "2025-11-25", "{answer}");
}

#[test]
fn resources_and_prompts_are_there() {
    let mut client = Client::new(&["--sandbox"]);
    let resources = client.ask("resources/list", json!({}))["result"]["resources"].clone();
    let uris: BTreeSet<&str> = resources.as_array().unwrap().iter().map(|one| one["uri"].as_str().unwrap()).collect();
    for uri in &uris {
        let read = client.ask("resources/read", json!({"uri": uri}));
        let text = read["result"]["contents"][0]["text"].as_str().unwrap_or_else(|| panic!("{uri}: {read}"));
        assert!(text.len() > 40, "{uri}");
    }
    for uri in ["causes/service-control-policy", "operations", "schema/diagnosis-1", "causes"] {
        assert!(uris.contains(format!("bedrock-access://{uri}").as_str()), "{uri}");
    }
    let page = client.ask("resources/read", json!({"uri": "bedrock-access://causes/use-case-form-missing"}));
    assert!(page["result"]["contents"][0]["text"].as_str().unwrap().contains("use case"));
    let table = client.ask("resources/read", json!({"uri": "bedrock-access://operations"}));
    let table: Value = serde_json::from_str(table["result"]["contents"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!(table, run(&["actions", "--format", "json"]).json());
    let missing = client.ask("resources/read", json!({"uri": "bedrock-access://causes/none"}));
    assert_eq!(missing["error"]["code"], -32002, "{missing}");
    let templates = client.ask("resources/templates/list", json!({}));
    assert_eq!(templates["result"]["resourceTemplates"].as_array().map(Vec::len), Some(2));
    let prompts = client.ask("prompts/list", json!({}))["result"]["prompts"].clone();
    for prompt in prompts.as_array().unwrap() {
        let params =
            json!({"name": prompt["name"], "arguments": {"model": "amazon.nova-lite-v1:0", "error": "denied"}});
        let filled = client.ask("prompts/get", params);
        let text = filled["result"]["messages"][0]["content"]["text"].as_str().unwrap();
        assert!(text.contains("diagnose_call") && text.contains("| amazon.nova-lite-v1:0"), "{text}");
    }
    assert_eq!(prompts.as_array().map(Vec::len), Some(2));
}

#[test]
fn progress_is_told_where_it_is_asked_for() {
    let mut client = Client::new(&["--sandbox"]);
    let params = json!({"name": "diagnose_call", "arguments": {}, "_meta": {"progressToken": "token-7"}});
    let answer = client.ask("tools/call", params);
    assert_eq!(answer["result"]["isError"], false);
    let told: Vec<f64> = client
        .notifications
        .iter()
        .inspect(|told| {
            assert_eq!(
                (&told["method"], &told["params"]["progressToken"]),
                (&json!("notifications/progress"), &json!("token-7"))
            )
        })
        .map(|told| told["params"]["progress"].as_f64().unwrap())
        .collect();
    assert!(told.len() >= 2 && told.windows(2).all(|pair| pair[0] < pair[1]), "{told:?}");
    client.notifications.clear();
    client.call("diagnose_call", json!({}));
    assert!(client.notifications.is_empty(), "nobody asked for it");
}

#[test]
fn a_mistake_names_its_argument() {
    let mut client = Client::new(&["--sandbox"]);
    for (tool, arguments, argument, said) in [
        ("diagnose_call", json!({"model": ""}), "model", "is empty"),
        ("diagnose_call", json!({"model": 7}), "model", "expected a text"),
        ("diagnose_call", json!({"region": "west"}), "region", "is not a Region"),
        ("diagnose_call", json!({"principal": "a b"}), "principal", "expected the ARN"),
        ("diagnose_call", json!({"operation": "chat"}), "operation", "no operation `chat`"),
        ("diagnose_call", json!({"error": "  "}), "error", "no error message"),
        ("diagnose_call", json!({"timeout_seconds": 0}), "timeout_seconds", "from 1 to"),
        ("diagnose_call", json!({"context": {"x": "y"}}), "context", "not a condition key"),
        ("diagnose_call", json!({"session_policy": "/nonexistent/x"}), "session_policy", "cannot be read"),
        ("diagnose_call", json!({"session_policy": {"Statement": 5}}), "session_policy", "is not a policy"),
        ("diagnose_call", json!({"test_call": "probe"}), "test_call", "makes no test calls"),
        ("diagnose_call", json!({"test_call": "maybe"}), "test_call", "expected `none`"),
        ("explain_error", json!({}), "text", "is missing"),
        ("list_callable_models", json!({"regions": ["us-west-2", "nowhere"]}), "regions", "is not a Region"),
        ("find_denials", json!({}), "paths", "no file is named"),
        ("find_denials", json!({"paths": ["-"]}), "paths", "carries the protocol"),
        ("find_denials", json!({"paths": ["/nonexistent"]}), "paths", "cannot be read"),
        ("check_plan", json!({"content": "x: y"}), "content", "cannot be checked"),
        ("check_plan", json!({"paths": ["/dev/stdin"]}), "paths", "neither a file nor a folder"),
        ("simulate_policy", json!({"policies": ["AmazonBedrockReadOnly"]}), "model", "no model is given"),
        ("simulate_policy", json!({"policies": ["x.json"], "model": "a.b"}), "policies", "cannot be read"),
        ("generate_policy", json!({"model": "amazon.nova-lite-v1:0"}), "region", "no Region is given"),
        (
            "generate_policy",
            json!({"model": "us.amazon.nova-lite-v1:0", "region": "us-west-2"}),
            "account",
            "none is given",
        ),
        ("required_permissions", json!({"operations": []}), "operations", "name 1 to"),
    ] {
        let result = client.call(tool, arguments.clone());
        assert_eq!(result["isError"], true, "{tool} {arguments}: {result}");
        let text = text(&result);
        assert!(text.starts_with(&format!("error: the argument `{argument}`\n")), "{tool} {arguments}: {text}");
        assert!(text.contains(said), "{tool} {arguments}: {text}");
        assert!(!text.contains("`--"), "in the words of tools: {text}");
        assert_eq!(result["structuredContent"], Value::Null, "{tool}");
    }
    let result = client.call("explain_error", json!({"txt": "x"}));
    assert!(text(&result).contains("no argument `txt`") && text(&result).contains("hint: its arguments are: text"));
}

#[test]
fn a_filter_that_fits_no_model_says_what_there_is() {
    let mut client = Client::new(&["--sandbox"]);
    let result = client.call("list_callable_models", json!({"provider": "antropic"}));
    assert_eq!(result["structuredContent"]["models"], json!([]));
    let said = "| no model that is listed has the provider `antropic`; the providers are ";
    assert!(text(&result).contains(said), "{}", text(&result));
    let narrowed = client.call("list_callable_models", json!({"provider": "anthropic"}));
    assert!(!text(&narrowed).contains("no model that is listed"), "{}", text(&narrowed));
}

#[test]
fn a_server_that_cannot_start_says_so() {
    let answer = run(&["mcp", "--sandbox", "nowhere"]);
    assert_eq!((answer.status, answer.stdout.as_str()), (2, ""));
    assert!(answer.stderr.contains("there is no world `nowhere`"), "{}", answer.stderr);
    assert_eq!(run(&["mcp", "--sandbox", "healthy", "--profile", "x"]).status, 2);
}
