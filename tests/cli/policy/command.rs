//! The `policy` commands as a program: whole outputs, exit statuses, and input that is not what it should be.

use crate::support::files;
use crate::support::program::{bedrock_access, run_with_input};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

fn run_in(folder: &Path, args: &[&str], stdin: &[u8]) -> Output {
    let mut command = bedrock_access(["policy"]);
    command.args(args).current_dir(folder);
    run_with_input(command, stdin)
}

fn run(args: &[&str]) -> Output {
    run_in(&fixtures(), args, b"")
}

fn fixtures() -> PathBuf {
    files::path("tests/fixtures/policy")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn whole(output: &Output) -> String {
    let status = output.status.code().unwrap();
    format!("{}{}exit status {status}\n", text(&output.stdout), text(&output.stderr))
}

const PROFILE: [&str; 10] = [
    "--model",
    "us.amazon.nova-lite-v1:0",
    "--region",
    "us-east-1",
    "--account",
    "111122223333",
    "--destination-region",
    "us-east-1",
    "--destination-region",
    "us-west-2",
];

fn with<'a>(args: &[&'a str]) -> Vec<&'a str> {
    args.iter().chain(&PROFILE).copied().collect()
}

#[test]
fn a_call_is_simulated_requirement_by_requirement() {
    let allowed = run(&with(&["simulate", "--policy", "app.json", "--scp", "root.json"]));
    insta::assert_snapshot!("simulate_allowed", whole(&allowed));
    let denied = run(&with(&["simulate", "--policy", "app.json", "--scp", "root.json", "--scp", "regions.json"]));
    insta::assert_snapshot!("simulate_denied_by_an_scp", whole(&denied));
    let missing = run(&with(&["simulate", "--policy", "AmazonBedrockReadOnly", "--policy", "one-region.json"]));
    insta::assert_snapshot!("simulate_leg_missing", whole(&missing));
    let unknown = run(&with(&["simulate", "--policy", "app.json", "--vpc-endpoint-policy", "endpoint.json"]));
    insta::assert_snapshot!("simulate_undetermined", whole(&unknown));
    let known = run(&with(&[
        "simulate",
        "--policy",
        "app.json",
        "--vpc-endpoint-policy",
        "endpoint.json",
        "--context",
        "aws:PrincipalOrgID=o-1",
    ]));
    assert_eq!(known.status.code(), Some(0), "{}", whole(&known));
    let absent = run(&with(&[
        "simulate",
        "--policy",
        "app.json",
        "--vpc-endpoint-policy",
        "endpoint.json",
        "--absent",
        "aws:PrincipalOrgID",
    ]));
    assert_eq!(absent.status.code(), Some(1), "{}", whole(&absent));
}

#[test]
fn the_principals_account_is_the_callers() {
    let call = ["simulate", "--policy", "app.json", "--model", "us.amazon.nova-lite-v1:0", "--region", "us-east-1"];
    let principal = ["--principal", "arn:aws:iam::444455556666:role/chat"];
    let of_principal = run(&[&call[..], &principal].concat());
    let given = run(&[&call[..], &principal, &["--account", "444455556666"]].concat());
    assert_eq!(whole(&of_principal), whole(&given));
    assert!(text(&given.stdout).contains(":444455556666:inference-profile/"), "{}", whole(&given));
    assert_eq!(run(&call).status.code(), Some(2), "nobody says whose profile it is");
}

#[test]
fn wrong_usage_says_what_is_missing() {
    for (args, expected) in [
        (vec!["simulate"], "no identity policy is given"),
        (vec!["simulate", "--policy", "app.json"], "no model is given"),
        (vec!["simulate", "--policy", "app.json", "--model", "amazon.nova-lite-v1:0"], "no Region is given"),
        (
            vec!["simulate", "--policy", "app.json", "--model", "us.amazon.nova-lite-v1:0", "--region", "us-east-1"],
            "add `--account`",
        ),
        (vec!["simulate", "--policy", "app.json", "--account", "1", "--region", "us-east-1"], "twelve digits"),
        (
            vec![
                "generate",
                "--model",
                "us.amazon.nova-next-v9:0",
                "--region",
                "us-east-1",
                "--account",
                "111122223333",
            ],
            "aws bedrock get-inference-profile --region us-east-1 --inference-profile-identifier us.amazon.nova-next-v9:0",
        ),
    ] {
        let output = run(&args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", whole(&output));
        assert!(output.stdout.is_empty());
        assert!(text(&output.stderr).contains(expected), "{args:?}: {}", text(&output.stderr));
    }
}

#[test]
fn a_policy_is_generated_in_every_form() {
    let args = with(&["generate", "--guardrail", "abcdefghijkl:3", "--api-key"]);
    insta::assert_snapshot!("generate_json", whole(&run(&args)));
    for (format, name) in [("terraform", "generate_terraform"), ("cloudformation", "generate_cloudformation")] {
        let args: Vec<&str> = args.iter().copied().chain(["--format", format]).collect();
        insta::assert_snapshot!(name, whole(&run(&args)));
    }
    let any = run(&[
        "generate",
        "--model",
        "us.anthropic.claude-haiku-4-5-20251001-v1:0",
        "--region",
        "us-east-1",
        "--account",
        "111122223333",
        "--any-destination",
        "--first-use",
        "--operation",
        "converse-stream",
    ]);
    insta::assert_snapshot!("generate_any_destination", whole(&any));
}

#[test]
fn what_is_generated_is_allowed_and_clean() {
    let folder = tempfile::tempdir().unwrap();
    let third = ["--destination-region", "us-east-2"];
    let generated = run(&with(&[&["generate"][..], &third].concat()));
    std::fs::write(folder.path().join("generated.json"), &generated.stdout).unwrap();
    for operation in ["invoke-model", "converse-stream"] {
        let args = [&["simulate", "--policy", "generated.json", "--operation", operation][..], &third].concat();
        let output = run_in(folder.path(), &with(&args), b"");
        assert_eq!(output.status.code(), Some(0), "{}", whole(&output));
    }
    let neighbour = run_in(
        folder.path(),
        &["simulate", "--policy", "generated.json", "--model", "amazon.nova-lite-v1:0", "--region", "us-east-1"],
        b"",
    );
    assert_eq!(neighbour.status.code(), Some(1), "{}", whole(&neighbour));
    let lint = run_in(folder.path(), &["lint", "-"], &generated.stdout);
    assert_eq!(whole(&lint), "clean: 1 file\nexit status 0\n");
}

#[test]
fn findings_are_told_in_every_format() {
    insta::assert_snapshot!("lint_text", whole(&run(&["lint", "mistakes.json", "malformed.json"])));
    insta::assert_snapshot!("lint_json", whole(&run(&["lint", "--format", "json", "mistakes.json"])));
    let sarif = run(&["lint", "--format", "sarif", "mistakes.json", "app.json"]);
    assert_eq!(sarif.status.code(), Some(1));
    let log: Value = serde_json::from_slice(&sarif.stdout).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(rules.len(), 35);
    assert!(!results.is_empty());
    for result in results {
        assert_eq!(rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()]["id"], result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "mistakes.json");
        assert!(place["region"]["startLine"].as_u64().unwrap() > 1);
    }
}

#[test]
fn cases_are_tested_from_every_kind_of_file() {
    let clean = run(&["test", "decisions.jsonl", "suite.json", "suite.yaml"]);
    assert_eq!(clean.status.code(), Some(0), "{}", whole(&clean));
    assert!(text(&clean.stdout).ends_with("as expected\n"));
    insta::assert_snapshot!("test_text", whole(&run(&["test", "mismatches.json"])));
    insta::assert_snapshot!("test_junit", whole(&run(&["test", "--format", "junit", "mismatches.json"])));
    let malformed = run_in(
        &fixtures(),
        &["test", "-"],
        br#"{"id": "m", "principal": "p", "action": "a:b", "resource": "*", "policies": {"identity": ["malformed.json"]}}"#,
    );
    assert_eq!(malformed.status.code(), Some(1), "{}", whole(&malformed));
    let missing = run_in(
        &fixtures(),
        &["test", "-"],
        br#"{"principal": "p", "action": "a:b", "resource": "*", "policies": {"identity": ["nowhere.json"]}}"#,
    );
    assert_eq!(missing.status.code(), Some(4), "{}", whole(&missing));
}

fn case(id: &str) -> String {
    json!({"id": id, "principal": "arn:aws:iam::111122223333:user/ana", "action": "bedrock:InvokeModel", "resource": "*",
        "policies": {"identity": [{"Statement": {"Effect": "Allow", "Action": "bedrock:*", "Resource": "*"}}]}})
    .to_string()
}

#[test]
fn case_lines_are_answered_in_order() {
    let input = format!("{}\n{}\n", case("ä"), case("b"));
    let output = run_in(&fixtures(), &["simulate", "--cases", "-"], input.as_bytes());
    assert_eq!(output.status.code(), Some(0));
    let decided = r#"[{"policy_type":"identity-policy","policy_index":0,"policy":null,"statement":0,"sid":null,"line":1,"column":"#;
    let first = text(&output.stdout).lines().next().unwrap().to_owned();
    assert!(first.starts_with(r#"{"id":"ä","decision":"allowed","policy_type":null,"decided_by":"#), "{first}");
    assert!(first.contains(decided), "{first}");
    assert_eq!(text(&output.stdout).lines().count(), 2);
}

#[test]
fn input_that_is_no_case_is_said_so_in_place() {
    let truncated = &case("x")[..60];
    let long = format!(r#"{{"id": "long", "description": "{}"}}"#, "x".repeat(17 << 20));
    for (input, expected) in [
        (b"".to_vec(), vec![]),
        (b"\n\n".to_vec(), vec![]),
        (truncated.as_bytes().to_vec(), vec!["this string has no end"]),
        (b"\x7fELF\x02\x01\x00\x00\xff\xfe\n".to_vec(), vec!["not UTF-8"]),
        (b"\x00\x01\x02\n".to_vec(), vec!["expected a JSON value"]),
        (format!("{long}\n{}\n", case("after")).into_bytes(), vec!["longer than 16 MiB", ""]),
        ("{\"id\": \"naïve\", \"prïncipal\": 1}".as_bytes().to_vec(), vec!["`prïncipal` is not known here"]),
        (b"[1, 2]\n".to_vec(), vec!["expected a case (an object), found a number"]),
    ] {
        let output = run_in(&fixtures(), &["simulate", "--cases", "-"], &input);
        let answers: Vec<Value> =
            text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(answers.len(), expected.len(), "{}", whole(&output));
        let bad = expected.iter().any(|message| !message.is_empty());
        assert_eq!(output.status.code(), Some(if bad { 4 } else { 0 }));
        for (answer, message) in answers.iter().zip(expected) {
            if message.is_empty() {
                assert_eq!(answer["decision"], "allowed");
            } else {
                assert_eq!(answer["schema"], "bedrock-access/error/1");
                assert!(answer["error"].as_str().unwrap().contains(message), "{answer}");
            }
        }
    }
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let binary = folder.path().join("binary.json");
    std::fs::write(&binary, b"{\"Statement\": \"\xff\xfe\"}").unwrap();
    for (args, expected) in [
        (vec!["lint", "nowhere.json"], "`nowhere.json` cannot be read"),
        (vec!["lint", "."], "`.` cannot be read"),
        (vec!["lint", "binary.json"], "`binary.json` is not UTF-8 text (byte 15)"),
        (vec!["test", "nowhere.yaml"], "`nowhere.yaml` cannot be read"),
        (vec!["simulate", "--cases", "nowhere.jsonl"], "`nowhere.jsonl` cannot be read"),
        (vec!["simulate", "--policy", "nowhere.json"], "`nowhere.json` cannot be read"),
    ] {
        let output = run_in(folder.path(), &args, b"");
        assert_eq!(output.status.code(), Some(4), "{args:?}: {}", whole(&output));
        assert!(text(&output.stderr).contains(expected), "{args:?}: {}", text(&output.stderr));
    }
    let empty = run_in(folder.path(), &["lint", "-"], b"");
    assert_eq!(empty.status.code(), Some(1));
    assert!(text(&empty.stdout).contains("-:1:1: error[malformed-policy]: expected `{`, the text is empty"));
}

#[test]
fn a_closed_standard_output_is_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cases.jsonl");
    std::fs::write(&file, (case("a") + "\n").repeat(20_000)).unwrap();
    let mut child = bedrock_access(["policy", "simulate", "--cases"])
        .arg(&file)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
}
