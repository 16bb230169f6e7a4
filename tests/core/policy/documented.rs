//! What AWS itself documents or publishes is not found wrong; the snapshot of what is noted about it is read by hand.

use bedrock_access::policy::{ManagedPolicy, Severity, lint};
use serde_json::Value;
use std::fmt::Write as _;

const DOCUMENTED: &str = include_str!("../../fixtures/policy/documented.json");

/// Returns each policy with the place that it is from.
fn policies() -> Vec<(String, Value)> {
    let documented: Value = serde_json::from_str(DOCUMENTED).unwrap();
    let documented = documented["policies"].as_array().unwrap().iter().map(|entry| {
        let name = format!("{}: {}", entry["page"].as_str().unwrap(), entry["what"].as_str().unwrap());
        (name, entry["policy"].clone())
    });
    let managed = ManagedPolicy::all().map(|policy| (format!("managed: {}", policy.name), policy.json.clone()));
    documented.chain(managed).collect()
}

/// What is wrong with an example of AWS by AWS's own authorization data: the action has no resource types, and the example
/// allows it on ARNs.
const WRONG_EXAMPLES: [(&str, &str, &str); 2] = [
    ("Prerequisites for running model inference", "bedrock:ListInferenceProfiles", "resource-must-be-star"),
    ("Create a service role for Amazon Bedrock Agents", "bedrock:RetrieveAndGenerate", "resource-must-be-star"),
];

#[test]
fn documented_and_managed_policies_have_no_errors_or_warnings() {
    assert!(policies().len() > 75, "{}", policies().len());
    let mut notes = String::new();
    let mut found = 0;
    for (name, policy) in policies() {
        for finding in lint(&format!("{policy:#}")) {
            let is_wrong = |(page, action, code): &(&str, &str, &str)| {
                name.contains(page) && finding.message.contains(action) && finding.code.to_string() == *code
            };
            if WRONG_EXAMPLES.iter().any(is_wrong) {
                found += 1;
                continue;
            }
            assert_eq!(finding.severity, Severity::Note, "{name}: {finding:#?}\n{policy:#}");
            assert_eq!(finding.corrected, None, "{name}: {finding:#?}");
            writeln!(notes, "{name}\n  {}: {}", finding.code, finding.message).unwrap();
        }
    }
    assert_eq!(found, WRONG_EXAMPLES.len());
    insta::assert_snapshot!("documented_policies", notes);
}
