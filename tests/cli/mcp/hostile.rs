//! Whatever else is sent: no crash, no orphan, bounded memory, and an answer to everybody who still waits for one.

use crate::support::account::Account;
use crate::support::mcp::{Client, text};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::TcpListener;
use std::time::{Duration, Instant};

const SOON: Duration = Duration::from_secs(20);

/// The most memory that a server held so far, in KiB.
#[cfg(target_os = "linux")]
fn peak(client: &Client) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", client.child.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn what_is_no_message_is_answered_and_forgotten() {
    let mut client = Client::new(&["--sandbox"]);
    let deep = "[".repeat(200_000);
    for (line, code) in [
        ("{]", Some(-32700)),
        ("\u{feff}nonsense", Some(-32700)),
        (deep.as_str(), Some(-32700)),
        ("[]", Some(-32600)),
        ("5", Some(-32600)),
        ("null", Some(-32600)),
        ("{}", Some(-32600)),
        ("{\"jsonrpc\":\"1.0\",\"id\":90001,\"method\":\"ping\"}", Some(-32600)),
        ("{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"ping\"}", Some(-32600)),
        ("{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"ping\"}", Some(-32600)),
        ("{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}", Some(-32600)),
        ("{\"jsonrpc\":\"2.0\",\"id\":123456789012345678901234567890,\"method\":\"tools/list\"}", Some(-32600)),
        ("{\"jsonrpc\":\"2.0\",\"id\":90002,\"method\":5}", Some(-32600)),
        ("{\"jsonrpc\":\"2.0\",\"id\":90003,\"method\":\"no/such\"}", Some(-32601)),
        ("{\"jsonrpc\":\"2.0\",\"id\":90004,\"method\":\"tools/call\",\"params\":{\"name\":5}}", Some(-32602)),
        ("{\"jsonrpc\":\"2.0\",\"id\":90005,\"method\":\"tools/call\"}", Some(-32602)),
        ("{\"jsonrpc\":\"2.0\",\"id\":90006,\"method\":\"tools/call\",\"params\":{\"name\":\"rm\"}}", Some(-32602)),
        ("{\"jsonrpc\":\"2.0\",\"id\":90007,\"method\":\"prompts/get\",\"params\":{\"name\":\"x\"}}", Some(-32602)),
        (
            "{\"jsonrpc\":\"2.0\",\"id\":90008,\"method\":\"resources/read\",\"params\":{\"uri\":\"file:///etc/passwd\"}}",
            Some(-32002),
        ),
        ("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/nonsense\",\"params\":[1,2]}", None),
        ("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":\"nobody\"}}", None),
        ("{\"jsonrpc\":\"2.0\",\"id\":1234567,\"result\":{}}", None),
        ("", None),
        ("   ", None),
    ] {
        client.write(format!("{line}\n").as_bytes());
        if let Some(code) = code {
            let answer = client.line_within(SOON).unwrap_or_else(|| panic!("no answer to {line:.60}"));
            assert_eq!(answer["error"]["code"], code, "{line:.60}: {answer}");
        }
        // It serves on.
        assert!(client.ask("ping", json!({}))["result"].is_object(), "{line:.60}");
    }
    client.write(b"\xff\xfe\xfd\n");
    assert_eq!(client.line_within(SOON).unwrap()["error"]["code"], -32700);
    assert_eq!(client.end(), (Some(0), String::new()));
}

#[test]
fn what_comes_before_the_session_does_not_end_it() {
    let mut client = Client::raw(&["--sandbox"]);
    client.notify("notifications/initialized", json!({}));
    client.notify("notifications/cancelled", json!({"requestId": 1}));
    client.send(&json!({"jsonrpc": "2.0", "id": 77, "result": {}}));
    client.write(b"broken\n");
    assert_eq!(client.line_within(SOON).unwrap()["error"]["code"], -32700);
    let early = client.ask("tools/list", json!({}));
    assert!(early["error"].is_object(), "without a session: {early}");
    client.notify("notifications/initialized", json!({}));
    assert_eq!(client.initialize("2025-11-25")["result"]["protocolVersion"], "2025-11-25");
    assert_eq!(client.call("explain_error", json!({"text": "x"}))["isError"], false);
    assert_eq!(client.end(), (Some(0), String::new()));
}

#[test]
fn huge_messages_and_answers_are_bounded() {
    let mut client = Client::new(&["--sandbox"]);
    // A line without an end is not kept.
    let chunk = vec![b'x'; 1 << 20];
    for _ in 0..64 {
        client.write(&chunk);
    }
    client.write(b"\n");
    let answer = client.line_within(SOON).unwrap();
    assert_eq!(answer["error"]["code"], -32600, "{answer}");
    let result = client.call("explain_error", json!({"text": "y".repeat(1 << 20)}));
    assert_eq!(result["isError"], false);
    let result = client.call("explain_error", json!({"text": "y".repeat((1 << 20) + 1)}));
    assert!(text(&result).contains("at most 1048576 bytes"), "{}", text(&result));
    // Many errors in one text: the structure is cut, still valid, and says so.
    let error = |number: u32| {
        format!(
            "AccessDeniedException: User: arn:aws:iam::111122223333:user/user-{number} is not authorized to perform: bedrock:InvokeModel on resource: arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0 because no identity-based policy allows the bedrock:InvokeModel action\n\n"
        )
    };
    let errors: String = (0..250).map(error).collect();
    let result = client.call("explain_error", json!({"text": errors}));
    assert!(
        result["structuredContent"].to_string().len() <= 96 * 1024,
        "{}",
        result["structuredContent"].to_string().len()
    );
    assert!(text(&result).contains("left out: /others has "), "{}", text(&result));
    let wrong: Vec<String> = crate::support::program::schema("explanation-1")
        .iter_errors(&result["structuredContent"])
        .map(|error| error.to_string())
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    let actions: Vec<String> = (0..2000).map(|number| format!("bedrock:Action{number}")).collect();
    let policy =
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]});
    let result = client.call("lint_policy", json!({"policy": policy}));
    assert!(
        result.to_string().len() < 200 * 1024 && text(&result).contains("left out: "),
        "{}",
        result.to_string().len()
    );
    #[cfg(target_os = "linux")]
    assert!(peak(&client) < 300 * 1024, "{} KiB", peak(&client));
    assert_eq!(client.end(), (Some(0), String::new()));
}

#[test]
fn two_hundred_calls_at_once_are_all_answered() {
    let mut client = Client::new(&["--sandbox"]);
    let tools = ["diagnose_call", "explain_error", "required_permissions", "generate_policy"];
    let ids: Vec<u64> = (0..200)
        .map(|number| {
            let arguments = match tools[number % tools.len()] {
                "explain_error" => json!({"text": "ThrottlingException: Too many requests"}),
                "required_permissions" => json!({"operations": ["Converse"]}),
                "generate_policy" => json!({"model": "amazon.nova-lite-v1:0", "region": "us-east-1"}),
                _ => json!({}),
            };
            client.begin("tools/call", json!({"name": tools[number % tools.len()], "arguments": arguments}))
        })
        .collect();
    let mut answers: BTreeSet<String> = BTreeSet::new();
    for id in ids {
        let answer = client.answer(id);
        assert_eq!(answer["result"]["isError"], false, "{answer}");
        answers.insert(answer["result"]["structuredContent"]["schema"].to_string());
    }
    assert_eq!(answers.len(), tools.len());
    #[cfg(target_os = "linux")]
    assert!(peak(&client) < 400 * 1024, "{} KiB", peak(&client));
    assert_eq!(client.end(), (Some(0), String::new()));
}

/// An environment whose AWS takes every call and answers none.
fn silence() -> (TcpListener, Vec<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut environment: Vec<(String, String)> = Account::named("healthy")
        .environment
        .into_iter()
        .filter(|(name, _)| !name.starts_with("AWS_ENDPOINT_URL"))
        .collect();
    environment.push(("AWS_ENDPOINT_URL".to_owned(), format!("http://{address}")));
    (listener, environment)
}

#[test]
fn a_cancelled_call_ends_at_once_and_gets_no_answer() {
    let (_listener, environment) = silence();
    let mut client = Client::with(&[], &environment);
    let model = json!({"model": "amazon.nova-lite-v1:0", "region": "us-west-2", "timeout_seconds": 120});
    // All turns are taken, and more calls wait for theirs.
    let ids: Vec<u64> =
        (0..12).map(|_| client.begin("tools/call", json!({"name": "diagnose_call", "arguments": model}))).collect();
    std::thread::sleep(Duration::from_millis(300));
    let started = Instant::now();
    for id in &ids {
        client.notify("notifications/cancelled", json!({"requestId": id, "reason": "enough"}));
    }
    // The turns are free again.
    let result = client.call("explain_error", json!({"text": "ThrottlingException: Too many requests"}));
    assert_eq!(result["structuredContent"]["cause"], "throttled");
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
    assert!(client.line_within(Duration::from_millis(300)).is_none(), "a cancelled call is not answered");
    assert_eq!(client.end(), (Some(0), String::new()));
}

#[test]
fn the_deadline_of_a_call_holds() {
    let (_listener, environment) = silence();
    let mut client = Client::with(&[], &environment);
    let started = Instant::now();
    let arguments = json!({"model": "amazon.nova-lite-v1:0", "region": "us-west-2", "timeout_seconds": 1});
    let result = client.call("diagnose_call", arguments);
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    let verdict = &result["structuredContent"]["verdict"];
    assert!(*verdict != "allowed" && result["isError"] == false, "{result}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_client_that_goes_away_leaves_nothing_behind() {
    use std::fs;
    let (_listener, mut environment) = silence();
    // A credential process that never ends would be an orphan.
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("config");
    fs::write(&config, "[default]\nregion = us-west-2\ncredential_process = sleep 601.5\n").unwrap();
    environment.retain(|(name, _)| !name.starts_with("AWS_ACCESS") && !name.starts_with("AWS_SE"));
    environment.push(("AWS_CONFIG_FILE".to_owned(), config.display().to_string()));
    environment.push(("PATH".to_owned(), std::env::var("PATH").unwrap()));
    let mut client = Client::with(&[], &environment);
    let arguments = json!({"model": "amazon.nova-lite-v1:0", "region": "us-west-2", "timeout_seconds": 100});
    client.begin("tools/call", json!({"name": "diagnose_call", "arguments": arguments}));
    std::thread::sleep(Duration::from_secs(1));
    assert!(is_sleeping(), "the credential process runs");
    let started = Instant::now();
    let (status, _) = client.end();
    assert_eq!(status, Some(0));
    // The protocol's library waits some seconds for answers that are under way.
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
    assert!(!is_sleeping(), "the credential process is left");
}

/// Returns `true` while the credential process of the test runs.
#[cfg(target_os = "linux")]
fn is_sleeping() -> bool {
    std::fs::read_dir("/proc").unwrap().flatten().any(|process| {
        let line = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).replace('\0', " ").contains("sleep 601.5")
    })
}

#[cfg(unix)]
#[test]
fn a_server_whose_output_nobody_reads_ends() {
    use crate::support::program::bedrock_access;
    use std::io::Write as _;
    use std::process::Stdio;
    let mut child = bedrock_access(["mcp", "--sandbox"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    drop(child.stdout.take());
    let client = json!({"name": "test", "version": "1"});
    let hello = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client}});
    writeln!(input, "{hello}").unwrap();
    let started = Instant::now();
    // The input stays open: the server sees by itself that nobody is there.
    while child.try_wait().unwrap().is_none() {
        assert!(started.elapsed() < SOON, "it still runs");
        std::thread::sleep(Duration::from_millis(50));
    }
    drop(input);
}

#[test]
fn arguments_of_any_form_are_answered() {
    let mut client = Client::new(&["--sandbox"]);
    let values: [Value; 9] = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!(""),
        json!("\u{0}\u{202e}"),
        json!([[[]]]),
        json!({"a": {"b": []}}),
        json!(["x", null, 5]),
    ];
    let tools = client.ask("tools/list", json!({}))["result"]["tools"].clone();
    for tool in tools.as_array().unwrap() {
        let name = tool["name"].as_str().unwrap();
        for argument in tool["inputSchema"]["properties"].as_object().unwrap().keys() {
            for value in &values {
                let result = client.call(name, json!({argument: value}));
                assert!(result["content"][0]["text"].is_string(), "{name} {argument} {value}");
                assert!(!text(&result).contains("internal error"), "{name} {argument} {value}: {}", text(&result));
            }
        }
    }
    assert_eq!(client.end(), (Some(0), String::new()));
}
