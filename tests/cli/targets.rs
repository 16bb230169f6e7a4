//! `doctor --targets`: the same answers as alone, whatever else stands in the file.

use crate::support::many::embedded;
use crate::support::program::{Answer, Doctor, schema};
use crate::support::sweep;
use bedrock_access::sandbox::{Sandbox, World};
use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Runs the doctor over a file of targets.
fn targets(lines: &str, arguments: &[&str]) -> Answer {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), lines).unwrap();
    Doctor::new([&["--targets", file.path().to_str().unwrap()], arguments].concat()).run()
}

fn lines_of(answer: &Answer) -> Vec<Value> {
    answer.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Takes out what tells one run from another: who shared a call, and which repetition it was.
fn essence(report: &Value) -> Value {
    let mut report = report.clone();
    for only_here in ["id", "expect", "as_expected"] {
        report.as_object_mut().unwrap().remove(only_here);
    }
    for call in report["observations"].as_array_mut().unwrap() {
        call["shared"] = Value::Null;
    }
    serde_json::from_str(&strip(&report.to_string())).unwrap()
}

/// Request ids count how often the same was asked, and authorization ids are made from them.
fn strip(text: &str) -> String {
    let mut value: Value = serde_json::from_str(text).unwrap();
    fn walk(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.insert("request_id".to_owned(), Value::Null);
                fields.values_mut().for_each(walk);
            }
            Value::Array(items) => items.iter_mut().for_each(walk),
            Value::String(text) => {
                if let Some((_, id)) = text.rsplit_once("with the following authorization id: ") {
                    *text = text.replace(id, "ID");
                }
            }
            _ => {}
        }
    }
    walk(&mut value);
    value.to_string()
}

#[test]
fn every_worlds_request_is_answered_as_alone() {
    for name in sweep::worlds("targets", 3) {
        let facts = embedded(name);
        let asked = &facts["request"];
        // A world whose fault meets the first calls only answers the second target differently.
        if facts["faults"].as_array().is_some_and(|faults| !faults.is_empty()) {
            continue;
        }
        let target = |id: u64| {
            let mut line = json!({"id": id, "operation": asked["operation"], "region": asked["region"]});
            for field in ["model", "resources", "service_role"] {
                if !asked[field].is_null() {
                    line[field] = asked[field].clone();
                }
            }
            format!("{line}\n")
        };
        let alone = Doctor::new(["--sandbox", name, "--format", "json"]).run();
        let many =
            targets(&format!("{}{}{}", target(1), target(2), target(3)), &["--sandbox", name, "--format", "json"]);
        let answers = lines_of(&many);
        assert_eq!(answers.len(), 3, "{name}: {}{}", many.stdout, many.stderr);
        for answer in &answers {
            assert_eq!(essence(answer), essence(&alone.json()), "{name}");
        }
        assert_eq!(many.status, alone.status, "{name}");
    }
}

#[test]
fn a_target_is_what_its_schema_says() {
    let model = "amazon.nova-lite-v1:0";
    let role = "arn:aws:iam::111122223333:role/apps/chat-api";
    let lines = [
        json!({"model": model}),
        json!({"id": "b", "model": model, "region": "us-west-2", "expect": "allowed"}),
        json!({"id": 3, "operation": "list-foundation-models", "region": null, "model": null}),
        json!({"id": "d", "model": model, "principal": role, "profile": null, "service_role": null}),
        json!({"id": "e", "model": model, "operation": "create-model-invocation-job", "service_role": role,
               "resources": ["arn:aws:s3:::example-data"], "expect": "denied"}),
        // And what it is not.
        json!([]),
        json!({"id": "g"}),
        json!({"id": true, "model": model}),
        json!({"id": "i", "model": ""}),
        json!({"id": "j", "model": "a model"}),
        json!({"id": "k", "model": model, "operation": "chat"}),
        json!({"id": "l", "model": model, "region": "west"}),
        json!({"id": "m", "model": model, "principal": "chat-api"}),
        json!({"id": "n", "model": model, "resources": "arn:aws:s3:::example-data"}),
        json!({"id": "o", "model": model, "resources": ["example-data"]}),
        json!({"id": "p", "model": model, "expect": "yes"}),
        json!({"id": "q", "model": model, "modle": model}),
    ];
    let schema = schema("target-1");
    let text: Vec<String> = lines.iter().map(Value::to_string).collect();
    let answer = targets(&text.join("\n"), &["--sandbox", "healthy", "--format", "json"]);
    let refused: Vec<u64> = lines_of(&answer)
        .iter()
        .filter(|answer| answer["schema"] == "bedrock-access/error/1")
        .map(|answer| answer["line"].as_u64().unwrap())
        .collect();
    for (line, number) in lines.iter().zip(1..) {
        assert_eq!(schema.is_valid(line), !refused.contains(&number), "{line}: {}", answer.stdout);
    }
    assert_eq!(refused.len(), 12);
}

#[test]
fn a_bad_line_is_answered_in_its_place_and_costs_nobody_else() {
    let good = |id: &str| format!("{{\"id\": \"{id}\", \"model\": \"amazon.nova-lite-v1:0\"}}\n");
    let lines = [
        good("a"),
        "{\"id\": \"b\", \"model\": \"\"}\n".to_owned(),
        "rubbish\n\n".to_owned(),
        good("a"),
        "{\"id\": \"c\", \"model\": \"amazon.nova-lite-v1:0\", \"profile\": \"dev\"}\n".to_owned(),
        "{\"id\": \"d\", \"model\": \"amazon.nova-lite-v1:0\", \"operation\": \"retrieve\"}\n".to_owned(),
        format!("{{\"id\": \"e\", \"model\": \"{}\"}}\n", "x".repeat(2 << 20)),
        good("f").trim_end().to_owned(),
    ]
    .concat();
    let answer = targets(&lines, &["--sandbox", "healthy", "--format", "json"]);
    assert_eq!(answer.status, 4, "{}", answer.stderr);
    let answers = lines_of(&answer);
    let schema = schema("error-1");
    let mut bad: Vec<(u64, String)> = Vec::new();
    for answer in answers.iter().filter(|answer| answer["schema"] == "bedrock-access/error/1") {
        assert!(schema.is_valid(answer), "{answer}");
        bad.push((answer["line"].as_u64().unwrap(), answer["error"].as_str().unwrap().to_owned()));
    }
    bad.sort();
    let said = [
        "the model id is empty",
        "not valid JSON",
        "was used before, in line 1",
        "no meaning in a sandbox",
        "",
        "longer than 1 MiB",
    ];
    assert_eq!(bad.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 3, 5, 6, 7, 8], "{bad:?}");
    for ((_, error), said) in bad.iter().zip(said) {
        assert!(error.contains(said), "{error} / {said}");
    }
    let good: Vec<&Value> =
        answers.iter().filter(|answer| answer["verdict"] == "allowed").map(|answer| &answer["id"]).collect();
    assert_eq!(good.len(), 2, "{answers:?}");
}

#[test]
fn expectations_make_the_status_and_deviations_are_named() {
    let model = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
    let line =
        |id: &str, expect: &str| format!("{{\"id\": \"{id}\", \"model\": \"{model}\", \"expect\": \"{expect}\"}}\n");
    for (world, expect, status, as_expected) in [
        ("healthy", "allowed", 0, json!(true)),
        ("healthy", "denied", 1, json!(false)),
        ("iam-missing", "denied", 0, json!(true)),
        ("iam-missing", "allowed", 1, json!(false)),
        ("no-simulator", "allowed", 3, Value::Null),
    ] {
        let answer = targets(&line("x", expect), &["--sandbox", world, "--format", "json"]);
        assert_eq!(answer.status, status, "{world} {expect}: {}", answer.stderr);
        let report = &lines_of(&answer)[0];
        assert_eq!((&report["expect"], &report["as_expected"]), (&json!(expect), &as_expected), "{world} {expect}");
        assert_eq!(answer.stderr.contains("not as expected: x is"), as_expected == false, "{}", answer.stderr);
        let schema = schema("diagnosis-1");
        assert!(schema.is_valid(report));
    }
}

#[test]
fn text_is_a_line_each_and_a_summary() {
    let lines = "- id: chat\n  model: us.anthropic.claude-sonnet-4-5-20250929-v1:0\n  expect: allowed\n\
                 - id: \"esc\\e[31m\"\n  model: amazon.nova-lite-v1:0\n  expect: denied\n- model: nope.nope\n";
    let file = tempfile::Builder::new().suffix(".yaml").tempfile().unwrap();
    fs::write(file.path(), lines).unwrap();
    let answer =
        Doctor::new(["--targets", file.path().to_str().unwrap(), "--sandbox", "healthy", "--concurrency", "1"]).run();
    insta::assert_snapshot!("targets-text", format!("{}---\n{}", answer.stdout, answer.stderr));
    assert_eq!(answer.status, 1);
}

#[test]
fn a_run_is_resumed_where_it_ended() {
    let scratch = tempfile::tempdir().unwrap();
    let output = scratch.path().join("answers.jsonl");
    let output = output.to_str().unwrap();
    let lines: String = (0..6).map(|id| format!("{{\"id\": {id}, \"model\": \"amazon.nova-lite-v1:0\"}}\n")).collect();
    let arguments = ["--sandbox", "healthy", "--format", "json", "--output", output, "--skip-done", output];
    let first = targets(&lines[..lines.len() / 2], &arguments);
    assert_eq!((first.status, first.stdout.as_str()), (0, ""), "{}", first.stderr);
    let before = fs::read_to_string(output).unwrap();
    assert_eq!(before.lines().count(), 3);
    // As if the run had been killed while it wrote.
    fs::OpenOptions::new().append(true).open(output).unwrap().write_all(b"{\"schema\": \"bedrock-acc").unwrap();
    let second = targets(&lines, &arguments);
    assert_eq!(second.status, 0, "{}", second.stderr);
    assert!(second.stderr.contains("6 targets: 6 allowed, 0 denied, 0 undetermined, 3 answered by an earlier run"));
    let after = fs::read_to_string(output).unwrap();
    assert!(after.starts_with(&before));
    let mut ids: Vec<u64> =
        after.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_u64().unwrap()).collect();
    ids.sort_unstable();
    assert_eq!(ids, [0, 1, 2, 3, 4, 5]);
    fs::write(output, "something else\n").unwrap();
    let refused = targets(&lines, &arguments);
    assert_eq!(refused.status, 4);
    assert_eq!(fs::read_to_string(output).unwrap(), "something else\n", "a foreign file is left alone");
}

#[test]
fn files_that_cannot_be_read_or_written_are_named() {
    let absent = Doctor::new(["--targets", "/nonexistent/targets.jsonl", "--sandbox"]).run();
    assert_eq!(absent.status, 4);
    assert!(absent.stderr.contains("`/nonexistent/targets.jsonl` cannot be read"), "{}", absent.stderr);
    let directory = Doctor::new(["--targets", "/", "--sandbox"]).run();
    assert!(directory.status == 4 && directory.stderr.contains("it is a directory"), "{}", directory.stderr);
    let unwritable =
        targets("{\"model\": \"amazon.nova-lite-v1:0\"}\n", &["--sandbox", "--output", "/nonexistent/out"]);
    assert!(unwritable.status == 4 && unwritable.stderr.contains("cannot be written"), "{}", unwritable.stderr);
    let both = Doctor::new(["--targets", "-", "--model", "amazon.nova-lite-v1:0"]).run();
    assert_eq!(both.status, 2);
}

/// The calls that a served account saw, by API, from the reports of everybody who asked.
fn made(answers: &[Value], api: &str) -> usize {
    let calls = answers.iter().flat_map(|answer| answer["observations"].as_array().unwrap());
    calls.filter(|call| call["api"] == api && call["shared"] == false).count()
}

#[test]
fn what_targets_have_in_common_is_read_once() {
    let lines: String = (0..12).map(|id| format!("{{\"id\": {id}, \"model\": \"amazon.nova-lite-v1:0\"}}\n")).collect();
    let answers = lines_of(&targets(&lines, &["--sandbox", "healthy", "--format", "json"]));
    for api in [
        "sts:GetCallerIdentity",
        "iam:GetRole",
        "bedrock:ListFoundationModels",
        "bedrock:GetFoundationModelAvailability",
        "iam:SimulatePrincipalPolicy",
    ] {
        assert_eq!(made(&answers, api), 1, "{api}");
        let seen = |answer: &Value| {
            answer["observations"]
                .as_array()
                .unwrap()
                .iter()
                .any(|call| call["api"] == api && call["outcome"] == "seen")
        };
        assert!(answers.iter().all(seen), "every record is complete: {api}");
    }
}

#[test]
fn what_may_pass_is_not_shared() {
    let mut world = embedded("healthy");
    world["faults"] = json!([{"operation": "bedrock:ListFoundationModels", "kind": "internal-error", "calls": 5}]);
    let file = tempfile::Builder::new().suffix(".json").tempfile().unwrap();
    fs::write(file.path(), world.to_string()).unwrap();
    let lines: String = (0..4).map(|id| format!("{{\"id\": {id}, \"model\": \"amazon.nova-lite-v1:0\"}}\n")).collect();
    let arguments = ["--sandbox", file.path().to_str().unwrap(), "--format", "json"];
    let answers = lines_of(&targets(&lines, &arguments));
    // The first one spends its attempts on the fault, and the next ones are answered.
    let undetermined = answers.iter().filter(|answer| answer["verdict"] == "undetermined").count();
    let allowed = answers.iter().filter(|answer| answer["verdict"] == "allowed").count();
    assert_eq!((undetermined, allowed), (1, 3));
}

#[test]
fn no_more_calls_are_in_flight_than_allowed() {
    let world = World::embedded("healthy").unwrap();
    let (id, secret, token) = world.caller_credentials();
    let keys = [
        ("AWS_ACCESS_KEY_ID", id.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", secret.to_owned()),
        ("AWS_SESSION_TOKEN", token.unwrap().to_owned()),
    ];
    let sandbox = Sandbox::start(world, Duration::from_millis(20), 0).unwrap();
    let lines: String = (0..20)
        .map(|id| {
            let region = ["us-west-2", "us-east-1"][id % 2];
            format!("{{\"id\": {id}, \"model\": \"us.model-{id}.x\", \"region\": \"{region}\"}}\n")
        })
        .collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), lines).unwrap();
    for concurrency in [1, 3] {
        let mut doctor = Doctor::new([
            "--targets",
            file.path().to_str().unwrap(),
            "--format",
            "json",
            "--concurrency",
            &concurrency.to_string(),
        ]);
        doctor = doctor.environment([("AWS_ENDPOINT_URL", sandbox.endpoint().as_str())]);
        doctor = doctor.environment(keys.iter().map(|(name, value)| (*name, value.as_str())));
        let answer = doctor.run();
        assert_eq!(answer.stdout.lines().count(), 20, "{}", answer.stderr);
        let most = sandbox.most_at_once();
        assert!((1..=concurrency).contains(&most), "{most} at once, {concurrency} allowed");
    }
}

#[test]
fn a_closed_pipe_ends_the_run_early() {
    let lines: String =
        (0..100_000).map(|id| format!("{{\"id\": {id}, \"model\": \"amazon.nova-lite-v1:0\"}}\n")).collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), lines).unwrap();
    let started = Instant::now();
    let mut child =
        Doctor::new(["--targets", file.path().to_str().unwrap(), "--sandbox", "healthy", "--format", "json"])
            .0
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_role_is_assumed_and_everything_is_asked_as_it() {
    let mut world = embedded("healthy");
    let caller = world["caller"].as_str().unwrap().to_owned();
    let role = "arn:aws:iam::111122223333:role/support/reader";
    let existing = world["principals"].as_array().unwrap().iter().find(|role| role["arn"] == caller.as_str()).unwrap();
    let mut assumed = existing.clone();
    for own in ["id", "access_key", "session_name", "session_policy"] {
        assumed.as_object_mut().unwrap().remove(own);
    }
    assumed["arn"] = json!(role);
    assumed["trust"] = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": caller},
        "Condition": {"StringEquals": {"sts:ExternalId": "ticket-7"}},
    }]});
    world["principals"].as_array_mut().unwrap().push(assumed);
    let file = tempfile::Builder::new().suffix(".json").tempfile().unwrap();
    fs::write(file.path(), world.to_string()).unwrap();
    let ask = |arguments: &[&str]| {
        let fixed = ["--sandbox", file.path().to_str().unwrap(), "--format", "json", "--assume-role", role];
        Doctor::new([&fixed, arguments].concat()).run()
    };
    let answer = ask(&["--external-id", "ticket-7"]);
    assert_eq!(answer.status, 0, "{}", answer.stdout);
    let report = answer.json();
    assert_eq!(report["caller"]["arn"], "arn:aws:sts::111122223333:assumed-role/reader/bedrock-access");
    assert_eq!(report["caller"]["principal_arn"], role);
    assert_eq!(report["observations"][0]["api"], "sts:AssumeRole");

    let refused = ask(&[]);
    assert_eq!(refused.status, 1, "{}", refused.stdout);
    let finding = &refused.json()["findings"][0];
    assert_eq!((&finding["action"], &finding["resource"]), (&json!("sts:AssumeRole"), &json!(role)));
    assert_eq!(finding["family"], "iam-permission");
    let steps = finding["remedy"]["steps"].to_string();
    assert!(steps.contains("trust policy") && steps.contains("--external-id"), "{steps}");
    assert_eq!(refused.json()["observations"].as_array().unwrap().len(), 1, "nothing is asked as somebody else");
}

#[test]
fn ci_gets_a_suite_for_each_target() {
    let lines = "{\"id\": \"chat\", \"model\": \"amazon.nova-lite-v1:0\", \"expect\": \"denied\"}\nrubbish\n";
    let answer = targets(lines, &["--sandbox", "healthy", "--format", "junit"]);
    assert_eq!(answer.status, 4);
    assert_eq!(answer.stdout.matches("<testsuite ").count(), 2, "{}", answer.stdout);
    assert!(
        answer.stdout.contains("<testsuite name=\"chat: ") && answer.stdout.contains("<failure "),
        "{}",
        answer.stdout
    );
    assert!(answer.stdout.contains("line 2 holds a target"), "{}", answer.stdout);
}

/// Targets of every kind: as expected, not as expected, nothing expected, none at all.
const KINDS: &str = "- id: chat\n  model: us.anthropic.claude-sonnet-4-5-20250929-v1:0\n  expect: allowed\n\
                     - id: audit\n  model: amazon.nova-lite-v1:0\n  expect: denied\n\
                     - id: \"a|b <i>c</i>\"\n  model: amazon.nova-lite-v1:0\n  region: eu-west-1\n\
                     - id: slip\n  modell: amazon.nova-lite-v1:0\n";

#[test]
fn a_page_shows_every_target_in_the_order_of_the_file() {
    let file = tempfile::Builder::new().suffix(".yaml").tempfile().unwrap();
    fs::write(file.path(), KINDS).unwrap();
    let ask = |format: &str| {
        let typed = ["--targets", file.path().to_str().unwrap(), "--sandbox", "iam-missing", "--format", format];
        let answer = Doctor::new(typed).run();
        assert_eq!(answer.status, 4, "{format}: {}", answer.stderr);
        let last = "4 targets: 0 allowed, 3 denied, 0 undetermined, 1 not as expected, 1 not diagnosed";
        assert!(format == "text" || answer.stderr.contains(last), "{format}: {}", answer.stderr);
        answer.stdout
    };
    let page = ask("html");
    assert!(page.contains("&#60;i&#62;c&#60;/i&#62;") && !page.contains("<i>"), "foreign text is text");
    insta::assert_snapshot!("targets.html", &page[page.find("</style>").unwrap()..]);
    insta::assert_snapshot!("targets.markdown", ask("markdown"));
    // Every format shows every finding of every target.
    let answers: Vec<Value> = ask("json").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let causes: Vec<&str> = answers
        .iter()
        .flat_map(|answer| answer["findings"].as_array().into_iter().flatten())
        .map(|finding| finding["cause"].as_str().unwrap())
        .collect();
    assert_eq!(causes.len(), 4, "{causes:?}");
    for (format, before) in [("html", "<li><code>"), ("markdown", "<br>`"), ("junit", "classname=\"cause\" name=\"")] {
        let shown = ask(format);
        let mut found: Vec<&str> =
            shown.split(before).skip(1).map(|rest| rest.split(['<', '`', '"']).next().unwrap()).collect();
        let mut expected = causes.clone();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{format}");
    }
}

#[test]
fn only_json_lines_are_continued() {
    let scratch = tempfile::tempdir().unwrap();
    let output = scratch.path().join("answers");
    let output = output.to_str().unwrap();
    for format in ["text", "markdown", "html", "junit"] {
        let answer =
            targets("", &["--sandbox", "healthy", "--format", format, "--output", output, "--skip-done", output]);
        assert_eq!(answer.status, 2, "{format}: {}", answer.stderr);
        assert!(answer.stderr.contains("only JSON lines can be continued"), "{}", answer.stderr);
    }
}

#[test]
fn redaction_covers_every_line() {
    let lines = "{\"id\": 1, \"model\": \"us.anthropic.claude-sonnet-4-5-20250929-v1:0\", \"expect\": \"allowed\"}\n";
    for format in ["json", "text", "markdown", "html", "junit"] {
        let answer = targets(lines, &["--sandbox", "iam-missing", "--redact", "--format", format]);
        assert_eq!(answer.status, 1, "{}", answer.stderr);
        for name in ["111122223333", "chat-api"] {
            assert!(!answer.stdout.contains(name) && !answer.stderr.contains(name), "{format}: {}", answer.stdout);
        }
    }
}
