//! What the `policy` commands print as JSON is what its schemas describe.

use crate::support::files;
use crate::support::program::{bedrock_access, schema};
use serde_json::{Value, json};

fn output(args: &[&str]) -> String {
    let output =
        bedrock_access(["policy"].iter().chain(args)).current_dir(files::path("tests/fixtures/policy")).output();
    String::from_utf8(output.unwrap().stdout).unwrap()
}

fn check(validator: &jsonschema::Validator, value: &Value) {
    let wrong: Vec<String> =
        validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(wrong.is_empty(), "{wrong:?}\n{value:#}");
}

#[test]
fn answers_to_cases_are_as_the_schema_says() {
    let validator = schema("policy-decision-1");
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
    let validator = schema("policy-case-1");
    for line in include_str!("../../fixtures/policy/decisions.jsonl").lines() {
        check(&validator, &serde_json::from_str(line).unwrap());
    }
    for case in serde_json::from_str::<Vec<Value>>(include_str!("../../fixtures/policy/suite.json")).unwrap() {
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
    let simulation = schema("simulation-1");
    check(&simulation, &simulate(&["--policy", "app.json"]));
    check(&simulation, &simulate(&["--policy", "one-region.json", "--scp", "regions.json"]));
    check(&simulation, &simulate(&["--policy", "app.json", "--vpc-endpoint-policy", "endpoint.json"]));
    let lint = schema("policy-lint-1");
    check(
        &lint,
        &serde_json::from_str(&output(&["lint", "--format", "json", "mistakes.json", "malformed.json", "app.json"]))
            .unwrap(),
    );
    let test = schema("policy-test-1");
    check(
        &test,
        &serde_json::from_str(&output(&["test", "--format", "json", "mismatches.json", "suite.json"])).unwrap(),
    );
}
