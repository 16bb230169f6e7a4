//! Every condition operator on present, absent and multivalued keys, with and without `IfExists` and set operators.

use bedrock_access::policy::{AuthorizationCase, decide};
use serde_json::{Value, json};

const CONDITIONS: &str = include_str!("../../fixtures/policy/conditions.json");

fn decision(effect: &str, condition: &Value, context: &Value) -> String {
    let statement = json!({"Effect": effect, "Action": "bedrock:InvokeModel", "Resource": "*", "Condition": condition});
    let mut identity = vec![json!({"Version": "2012-10-17", "Statement": statement})];
    if effect == "Deny" {
        identity.push(json!({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}));
    }
    let case = json!({
        "principal": "arn:aws:iam::111122223333:user/ana",
        "action": "bedrock:InvokeModel",
        "resource": "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0",
        "context": context,
        "policies": {"identity": identity},
    });
    let case = AuthorizationCase::parse_line(&case.to_string(), 1).unwrap();
    decide(&case.question(), &case.policies).decision.to_string()
}

#[test]
fn conditions_hold_as_documented_in_allows_and_in_denies() {
    let groups: Vec<Value> = serde_json::from_str(CONDITIONS).unwrap();
    let mut rows = 0;
    for group in &groups {
        let page = group["page"].as_str().unwrap();
        for row in group["rows"].as_array().unwrap() {
            let (condition, context) = (&group["condition"], &row["context"]);
            let (allow, deny) =
                if row["holds"] == true { ("allowed", "explicitDeny") } else { ("implicitDeny", "allowed") };
            assert_eq!(decision("Allow", condition, context), allow, "{condition} on {context} ({page})");
            assert_eq!(decision("Deny", condition, context), deny, "deny: {condition} on {context} ({page})");
            rows += 1;
        }
    }
    assert!(rows > 700, "{rows} rows");
}

#[test]
fn every_operator_has_rows() {
    for operator in [
        "StringEquals",
        "StringNotEquals",
        "StringEqualsIgnoreCase",
        "StringNotEqualsIgnoreCase",
        "StringLike",
        "StringNotLike",
        "NumericEquals",
        "NumericNotEquals",
        "NumericLessThan",
        "NumericLessThanEquals",
        "NumericGreaterThan",
        "NumericGreaterThanEquals",
        "DateEquals",
        "DateNotEquals",
        "DateLessThan",
        "DateLessThanEquals",
        "DateGreaterThan",
        "DateGreaterThanEquals",
        "Bool",
        "BinaryEquals",
        "IpAddress",
        "NotIpAddress",
        "ArnEquals",
        "ArnNotEquals",
        "ArnLike",
        "ArnNotLike",
    ] {
        let forms = ["{op}", "{op}IfExists", "ForAllValues:{op}", "ForAnyValue:{op}", "ForAllValues:{op}IfExists"];
        for form in forms {
            let name = form.replace("{op}", operator);
            assert!(CONDITIONS.contains(&format!("\"{name}\": {{")), "{name} has no rows");
        }
    }
    assert!(CONDITIONS.contains("\"Null\": {"));
}

#[test]
fn an_unknown_key_that_matters_leaves_every_operator_undetermined() {
    let groups: Vec<Value> = serde_json::from_str(CONDITIONS).unwrap();
    for group in &groups {
        let condition = &group["condition"];
        let rows = group["rows"].as_array().unwrap();
        if rows.iter().all(|row| row["holds"] == rows[0]["holds"]) {
            // `Null` with both values, or with neither: the key says nothing.
            assert!(condition["Null"].is_object(), "{condition}");
            continue;
        }
        let keys: Vec<&String> =
            condition.as_object().unwrap().values().flat_map(|block| block.as_object().unwrap().keys()).collect();
        let case = json!({
            "principal": "arn:aws:iam::111122223333:user/ana",
            "action": "bedrock:InvokeModel",
            "resource": "*",
            "unknown": keys,
            "policies": {"identity": [{"Statement":
                {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}}]},
        });
        let case = AuthorizationCase::parse_line(&case.to_string(), 1).unwrap();
        let evaluation = decide(&case.question(), &case.policies);
        assert_eq!(evaluation.decision.to_string(), "undetermined", "{condition}");
        for key in keys {
            assert!(evaluation.unknown_keys.iter().any(|known| known.eq_ignore_ascii_case(key)), "{condition}");
        }
    }
}
