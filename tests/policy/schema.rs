//! What the `policy` commands print as JSON is what its schemas describe.

use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

fn schema(name: &str) -> jsonschema::Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema").join(name);
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

fn output(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_bedrock-access"))
        .arg("policy")
        .args(args)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/policy"))
        .env_clear()
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

fn check(validator: &jsonschema::Validator, value: &Value) {
    let wrong: Vec<String> =
        validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(wrong.is_empty(), "{wrong:?}\n{value:#}");
}

#[test]
fn answers_to_cases_are_as_the_schema_says() {
    let validator = schema("policy-decision-1.json");
    let answers = output(&["simulate", "--cases", "decisions.jsonl"]);
    assert!(answers.lines().count() > 150);
    for line in answers.lines() {
        check(&validator, &serde_json::from_str(line).unwrap());
    }
    for bad in output(&["simulate", "--cases", "malformed.json"]).lines() {
        check(&validator, &serde_json::from_str(bad).unwrap());
    }
    assert!(!validator.is_valid(&json!({"id": 1, "decision": "maybe", "policy_type": null, "decided_by": []})));
    assert!(!validator.is_valid(&json!({"id": 1, "decision": "allowed", "decided_by": []})));
}

#[test]
fn cases_are_as_the_schema_says() {
    let validator = schema("policy-case-1.json");
    for line in include_str!("../fixtures/policy/decisions.jsonl").lines() {
        check(&validator, &serde_json::from_str(line).unwrap());
    }
    for case in serde_json::from_str::<Vec<Value>>(include_str!("../fixtures/policy/suite.json")).unwrap() {
        check(&validator, &case);
    }
    assert!(!validator.is_valid(&json!({"principal": "p", "action": "a:b", "resource": "*"})));
}

#[test]
fn reports_are_as_their_schemas_say() {
    let call = [
        "--model",
        "us.amazon.nova-lite-v1:0",
        "--region",
        "us-east-1",
        "--account",
        "111122223333",
        "--destination-region",
        "us-west-2",
        "--format",
        "json",
    ];
    let simulate = |policies: &[&'static str]| {
        let args: Vec<&str> = ["simulate"].iter().chain(policies).chain(&call).copied().collect();
        serde_json::from_str(&output(&args)).unwrap()
    };
    let simulation = schema("simulation-1.json");
    check(&simulation, &simulate(&["--policy", "app.json"]));
    check(&simulation, &simulate(&["--policy", "one-region.json", "--scp", "regions.json"]));
    check(&simulation, &simulate(&["--policy", "app.json", "--vpc-endpoint-policy", "endpoint.json"]));
    let lint = schema("policy-lint-1.json");
    check(
        &lint,
        &serde_json::from_str(&output(&["lint", "--format", "json", "mistakes.json", "malformed.json", "app.json"]))
            .unwrap(),
    );
    let test = schema("policy-test-1.json");
    check(
        &test,
        &serde_json::from_str(&output(&["test", "--format", "json", "mismatches.json", "suite.json"])).unwrap(),
    );
}
