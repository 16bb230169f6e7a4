//! What the AWS managed policies allow of every operation: one table, checked by hand against AWS's own texts.

use super::account::{ROLE, ask, at_once, trusting_bedrock, world};
use serde::Deserialize;
use serde_json::{Value, json};

const POLICIES: [&str; 4] =
    ["AmazonBedrockReadOnly", "AmazonBedrockFullAccess", "AmazonBedrockLimitedAccess", "ReadOnlyAccess"];

#[derive(Deserialize)]
struct Facts {
    operation: String,
    arguments: Vec<String>,
}

fn table() -> Vec<Facts> {
    serde_json::from_str(include_str!("../../fixtures/operations/facts.json")).unwrap()
}

/// Asks what a managed policy alone allows, with a service role that may do everything.
fn verdict(policy: &str, facts: &Facts, service_role: &str) -> String {
    let role = json!({"arn": ROLE, "managed_policies": [policy]});
    let service = json!({
        "arn": service_role, "managed_policies": ["AdministratorAccess"], "trust": trusting_bedrock(),
    });
    let named: Vec<String> = facts
        .arguments
        .iter()
        .map(|word| if word.ends_with(":role/service-role/jobs") { service_role.to_owned() } else { word.clone() })
        .collect();
    let typed = ["--operation", &facts.operation, "--region", "us-west-2", "--principal", ROLE];
    let typed: Vec<&str> = typed.into_iter().chain(named.iter().map(String::as_str)).collect();
    let answer = ask(&world(&role, &service), &typed);
    let report = answer.json();
    let mut refused: Vec<&str> = Vec::new();
    let requirements = report["requirements"].as_array().unwrap();
    let denied = |requirement: &&Value| requirement["decision"] != "allowed";
    for action in requirements.iter().filter(denied).filter_map(|requirement| requirement["action"].as_str()) {
        if !refused.contains(&action) {
            refused.push(action);
        }
    }
    assert_eq!(answer.status, i32::from(!refused.is_empty()), "{policy} {}: {report:#}", facts.operation);
    if refused.is_empty() { "allowed".to_owned() } else { format!("no {}", refused.join(", ")) }
}

#[test]
fn what_the_managed_policies_allow() {
    let mut cases: Vec<Facts> = Vec::new();
    for facts in table() {
        if !cases.iter().any(|known| known.operation == facts.operation) {
            cases.push(facts);
        }
    }
    let grid: Vec<(&Facts, &str)> =
        cases.iter().flat_map(|facts| POLICIES.iter().map(move |policy| (facts, *policy))).collect();
    let verdicts = at_once(&grid, |(facts, policy)| {
        verdict(policy, facts, "arn:aws:iam::111122223333:role/service-role/AmazonBedrockJobs")
    });
    let lines: Vec<String> = grid
        .iter()
        .zip(verdicts)
        .map(|((facts, policy), verdict)| format!("{:<40}{policy:<28}{verdict}", facts.operation))
        .collect();
    insta::assert_snapshot!("managed_policies", lines.join("\n"));
}

#[test]
fn full_access_passes_on_roles_of_certain_names_alone() {
    let table = table();
    let facts = table.iter().find(|facts| facts.operation == "create-agent").unwrap();
    let named =
        |role: &str| verdict("AmazonBedrockFullAccess", facts, &format!("arn:aws:iam::111122223333:role/{role}"));
    assert_eq!(named("AmazonBedrockExecutionRoleForAgents_1"), "allowed");
    assert_eq!(named("agents"), "no iam:PassRole");
}
