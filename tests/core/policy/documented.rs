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
    let managed = ManagedPolicy::all().iter().map(|policy| (format!("managed: {}", policy.name), policy.json.clone()));
    documented.chain(managed).collect()
}

#[test]
fn documented_and_managed_policies_have_no_errors_or_warnings() {
    assert!(policies().len() > 75, "{}", policies().len());
    let mut notes = String::new();
    for (name, policy) in policies() {
        for finding in lint(&format!("{policy:#}")) {
            assert_eq!(finding.severity, Severity::Note, "{name}: {finding:#?}\n{policy:#}");
            assert_eq!(finding.corrected, None, "{name}: {finding:#?}");
            writeln!(notes, "{name}\n  {}: {}", finding.code, finding.message).unwrap();
        }
    }
    insta::assert_snapshot!("documented_policies", notes);
}
