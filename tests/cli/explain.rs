//! The commands `explain`, `causes` and `run`, as processes: streams, exit statuses, order, signals.

use crate::support::program::{PROGRAM, run_with_input, schema};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

const DENIED: &str = "An error occurred (AccessDeniedException) when calling the InvokeModel operation: User: \
                      arn:aws:iam::111122223333:user/ana is not authorized to perform: bedrock:InvokeModel on resource: \
                      arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0 because no identity-based policy \
                      allows the bedrock:InvokeModel action";

fn program() -> Command {
    Command::new(PROGRAM)
}

fn run(arguments: &[&str], input: &[u8]) -> Output {
    let mut command = program();
    command.args(arguments);
    run_with_input(command, input)
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

#[test]
fn a_page_and_its_exit_status() {
    let output = run(&["explain"], DENIED.as_bytes());
    assert_eq!(output.status.code(), Some(0));
    insta::assert_snapshot!("page", stdout(&output));
    assert_eq!(stderr(&output), "");
    let output = run(&["explain", "-"], b"nothing of the kind");
    assert_eq!(output.status.code(), Some(3));
    assert!(stdout(&output).starts_with("unrecognized: "), "{}", stdout(&output));
}

#[test]
fn one_line_of_json_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let (first, second) = (directory.path().join("first"), directory.path().join("second"));
    std::fs::write(&first, DENIED).unwrap();
    std::fs::write(&second, "ValidationException: Operation not allowed").unwrap();
    let (first, second) = (first.to_str().unwrap(), second.to_str().unwrap());
    let output = run(&["explain", "--format", "json", first, second], b"");
    let lines: Vec<Value> = stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ids: Vec<_> =
        lines.iter().map(|line| (line["id"].as_str().unwrap(), line["cause"].as_str().unwrap())).collect();
    assert_eq!(ids, [(first, "identity-policy-missing-allow"), (second, "account-restricted")]);
    let output = run(&["explain", "--format", "json", first], b"");
    let line: Value = serde_json::from_str(stdout(&output)).unwrap();
    assert_eq!(line["id"], Value::Null);
    insta::assert_json_snapshot!("document", line);
}

#[test]
fn what_cannot_be_read_is_named() {
    let output = run(&["explain", "/no/such/file"], b"");
    assert_eq!(output.status.code(), Some(4));
    assert_eq!(stderr(&output), "error: `/no/such/file` cannot be read: no such file or directory\n");
    let output = run(&["explain", "--batch", "/no/such/file"], b"");
    assert_eq!(output.status.code(), Some(4));
    let output = run(&["explain", "/"], b"");
    assert_eq!((output.status.code(), stderr(&output)), (Some(4), "error: `/` cannot be read: is a directory\n"));
    assert_eq!(run(&["explain", "--batch", "--format", "text"], b"").status.code(), Some(2));
}

#[test]
fn a_batch_is_answered_in_order_and_in_place() {
    let mut input = String::from("\u{feff}");
    let count = 20_000;
    for number in 0..count {
        input.push_str(&match number % 10 {
            3 => "{\"id\": 3, \"text\": \n".to_owned(),
            5 => format!("{{\"id\": \"{number}\"}}\n"),
            6 => format!("{{\"id\": {number}, \"text\": \"half a pair \\ud800 ThrottlingException\"}}\n"),
            7 => "[]\n".to_owned(),
            8 => format!("{{\"id\": {number}, \"text\": 7}}\n"),
            _ => json!({"id": number, "text": DENIED, "more": true}).to_string() + "\n",
        });
    }
    let output = run(&["explain", "--batch", "-v"], input.as_bytes());
    assert_eq!(output.status.code(), Some(4));
    let (explanation, error) = (schema("explanation-1"), schema("error-1"));
    let lines: Vec<Value> = stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), count);
    for (number, line) in lines.iter().enumerate() {
        let expected = match number % 10 {
            3 => json!([null, "the line is not valid JSON: EOF while parsing a value at column 18"]),
            5 => json!([number.to_string(), "the line has no `text`"]),
            6 => json!([number, "throttled"]),
            7 => json!([null, "the line is not a JSON object"]),
            8 => json!([null, "`text` is not a string"]),
            _ => json!([number, "identity-policy-missing-allow"]),
        };
        let is_error = line["schema"] == "bedrock-access/error/1";
        assert_eq!(json!([line["id"], line[if is_error { "error" } else { "cause" }]]), expected, "{line}");
        if is_error {
            assert_eq!(line["line"], number + 1);
        }
        let schema = if is_error { &error } else { &explanation };
        assert!(schema.is_valid(line), "{line}");
    }
    let summary: Vec<Vec<&str>> = stderr(&output).lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(
        summary,
        [vec!["10000", "identity-policy-missing-allow"], vec!["2000", "throttled"], vec!["8000", "bad", "lines"]]
    );
}

#[test]
fn every_explanation_fits_its_schema() {
    let schema = schema("explanation-1");
    let messages = include_str!("../fixtures/messages/messages.jsonl");
    let output = run(&["explain", "--batch"], messages.as_bytes());
    assert_eq!((output.status.code(), stdout(&output).lines().count()), (Some(0), messages.lines().count()));
    for line in stdout(&output).lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let errors: Vec<String> = schema.iter_errors(&line).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}: {line}");
    }
}

#[test]
fn a_line_is_answered_before_the_next_one_comes() {
    let mut child =
        program().args(["explain", "--batch"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    for number in 0..3 {
        writeln!(stdin, "{}", json!({"id": number, "text": "Operation not allowed"})).unwrap();
        stdin.flush().unwrap();
        let mut answer = Vec::new();
        let mut byte = [0];
        while byte[0] != b'\n' {
            stdout.read_exact(&mut byte).unwrap();
            answer.push(byte[0]);
        }
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        assert_eq!((&answer["id"], &answer["cause"]), (&json!(number), &json!("account-restricted")));
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_closed_reader_ends_a_batch_quietly() {
    let mut child = program()
        .args(["explain", "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().unwrap();
    let line = json!({"id": 1, "text": DENIED}).to_string() + "\n";
    let started = Instant::now();
    // Until the program stops reading.
    while stdin.write_all(line.as_bytes()).is_ok() && started.elapsed() < Duration::from_secs(30) {}
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""));
}

#[test]
fn the_catalogue_is_listed_and_shown() {
    let output = run(&["causes"], b"");
    assert_eq!(output.status.code(), Some(0));
    insta::assert_snapshot!("causes", stdout(&output));
    let output = run(&["causes", "service-control-policy"], b"");
    insta::assert_snapshot!("cause", stdout(&output));
    let output = run(&["causes", "service-controll-policy"], b"");
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("a similar value exists: 'service-control-policy'"), "{}", stderr(&output));
}

#[test]
fn a_command_that_fails_with_a_bedrock_error_is_explained() {
    let script = format!("cat; echo out; printf '%s\\n' \"{DENIED}\" >&2; exit 7");
    let output = run(&["run", "--", "sh", "-c", &script], b"input\n");
    assert_eq!((output.status.code(), stdout(&output)), (Some(7), "input\nout\n"));
    let (own, explanation) = stderr(&output).split_once("\nbedrock-access explains the error above\n\n").unwrap();
    assert_eq!(own, format!("{DENIED}\n"));
    assert!(explanation.starts_with("identity-policy-missing-allow: "), "{explanation}");
}

#[test]
fn other_commands_pass_through() {
    for (script, status) in [
        ("exit 0", 0),
        ("printf 'User: x is not authorized to perform: bedrock:InvokeModel\\n' >&2; exit 0", 0),
        ("echo 'no such host' >&2; exit 9", 9),
        (
            "echo 'An error occurred (AccessDenied) when calling the PutObject operation: Access Denied' >&2; exit 254",
            254,
        ),
        ("kill -TERM $$", 143),
        ("kill -KILL $$", 137),
    ] {
        let output = run(&["run", "--", "sh", "-c", script], b"");
        assert_eq!(output.status.code(), Some(status), "{script}");
        assert!(!stderr(&output).contains("explains"), "{script}: {}", stderr(&output));
    }
    let output = run(&["run", "--", "/no/such/command"], b"");
    assert_eq!((output.status.code(), stderr(&output)), (Some(127), "error: `/no/such/command` was not found\n"));
    let file = tempfile::NamedTempFile::new().unwrap();
    assert_eq!(run(&["run", "--", file.path().to_str().unwrap()], b"").status.code(), Some(126));
    assert_eq!(run(&["run"], b"").status.code(), Some(2));
}

#[test]
fn standard_error_passes_byte_by_byte_as_it_comes() {
    let mut child = program()
        .args(["run", "--", "sh", "-c", "printf '\\377\\000ab' >&2; read line; echo end >&2"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 4];
    // Before the command goes on.
    child.stderr.as_mut().unwrap().read_exact(&mut first).unwrap();
    assert_eq!(first, [0xff, 0, b'a', b'b']);
    child.stdin.take().unwrap().write_all(b"\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), "end\n"));
}

#[cfg(unix)]
#[test]
fn run_ends_with_the_command_though_the_pipe_stays_open() {
    let started = Instant::now();
    let mut child = program()
        .args(["run", "--", "sh", "-c", "sleep 30 >/dev/null & echo $! ; echo gone >&2; exit 3"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(3));
    assert!(started.elapsed() < Duration::from_secs(20));
    let mut left = String::new();
    child.stdout.take().unwrap().read_to_string(&mut left).unwrap();
    let _ = Command::new("kill").arg(left.trim()).status();
}

#[cfg(unix)]
#[test]
fn signals_are_passed_on() {
    for (name, status) in [("TERM", 41), ("HUP", 42)] {
        let script = "trap 'exit 41' TERM; trap 'exit 42' HUP; echo ready >&2; while :; do sleep 0.1; done";
        let mut child = program()
            .args(["run", "--", "sh", "-c", script])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = [0; 6];
        child.stderr.as_mut().unwrap().read_exact(&mut ready).unwrap();
        assert!(Command::new("kill").args(["-s", name, &child.id().to_string()]).status().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(status), "{name}");
    }
}
