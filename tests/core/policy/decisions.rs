//! Whole decisions, each with the documentation page it stands on: the decision and the type of policy that refuses.

use bedrock_access::iam::{Decision, PolicyType};
use bedrock_access::policy::{
    AuthorizationCase, Effect, Miss, Note, Policies, Policy, Statement, StatementRef, evaluate,
};
use serde_json::json;

const DECISIONS: &str = include_str!("../../fixtures/policy/decisions.jsonl");

#[test]
fn decisions_are_as_documented() {
    for (index, line) in DECISIONS.lines().enumerate() {
        let case = AuthorizationCase::parse_line(line, index + 1).unwrap();
        let evaluation = evaluate(&case.question(), &case.policies);
        let expect = case.expect.unwrap();
        assert_eq!(
            (evaluation.decision, evaluation.policy_type),
            (expect.decision, expect.policy_type),
            "line {}: {line}",
            index + 1
        );
        match evaluation.decision {
            Decision::ImplicitDeny => assert!(evaluation.decided_by.is_empty()),
            Decision::ExplicitDeny => {
                let first = evaluation.decided_by.iter().map(|statement| statement.policy_type).min();
                assert_eq!(first, evaluation.policy_type, "line {}", index + 1);
            }
            Decision::Undetermined => {
                let has_reason = !evaluation.unknown_keys.is_empty() || !evaluation.notes.is_empty();
                assert!(has_reason, "line {}", index + 1);
            }
            Decision::Allowed => {
                let is_root = evaluation.notes.contains(&Note::RootUser);
                assert!(is_root || !evaluation.decided_by.is_empty(), "line {}", index + 1);
            }
        }
        let decides = match evaluation.decision {
            Decision::Allowed => [Effect::Allow].as_slice(),
            Decision::Undetermined => &[Effect::Allow, Effect::Deny],
            _ => &[Effect::Deny],
        };
        for statement in &evaluation.decided_by {
            let effect = named(&case.policies, statement).effect();
            assert!(decides.contains(&effect), "line {}: {statement:?}", index + 1);
        }
        let page = serde_json::from_str::<serde_json::Value>(line).unwrap()["description"].clone();
        assert!(page.as_str().unwrap().contains(" Guide, ") || page.as_str().unwrap().contains(" Reference, "));
    }
}

/// Returns the statement that an answer names.
fn named<'p>(policies: &'p Policies, found: &StatementRef) -> &'p Statement {
    let all: Vec<&Policy> = match found.policy_type {
        PolicyType::ResourceControlPolicy => policies.resource_control.iter().flatten().collect(),
        PolicyType::ServiceControlPolicy => policies.service_control.iter().flatten().collect(),
        PolicyType::VpcEndpointPolicy => policies.vpc_endpoint.iter().collect(),
        PolicyType::PermissionsBoundary => policies.permissions_boundary.iter().collect(),
        PolicyType::SessionPolicy => policies.session.iter().flatten().collect(),
        PolicyType::IdentityPolicy => policies.identity.iter().collect(),
        PolicyType::ResourcePolicy => policies.resource.iter().flatten().collect(),
    };
    &all[found.policy_index].document.statements()[found.statement]
}

fn misses(statement: serde_json::Value, context: serde_json::Value, action: &str) -> Vec<Miss> {
    let case = json!({
        "principal": "arn:aws:iam::111122223333:user/ana",
        "action": action,
        "resource": "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0",
        "context": context,
        "policies": {"identity": [{"Version": "2012-10-17", "Statement": [statement]}]},
    });
    let case = AuthorizationCase::parse_line(&case.to_string(), 1).unwrap();
    let evaluation = evaluate(&case.question(), &case.policies);
    assert_eq!(evaluation.decision, Decision::ImplicitDeny);
    evaluation.near_misses.into_iter().flat_map(|near_miss| near_miss.misses).collect()
}

#[test]
fn a_near_miss_says_what_differs() {
    let model = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0";
    let none = json!({});
    let region = misses(
        json!({"Effect": "Allow", "Action": "bedrock:Invoke*", "Resource": model.replace("us-east-1", "us-west-2")}),
        none.clone(),
        "bedrock:InvokeModel",
    );
    let [Miss::Resource { part, expected, actual, .. }] = region.as_slice() else { panic!("{region:?}") };
    assert_eq!(
        (part.as_deref(), expected.as_deref(), actual.as_deref()),
        (Some("region"), Some("us-west-2"), Some("us-east-1"))
    );

    let condition = json!({"Effect": "Allow", "Action": "*", "Resource": "*",
        "Condition": {"StringEquals": {"aws:SourceVpce": ["vpce-1", "vpce-2"]}}});
    let absent = misses(condition.clone(), none.clone(), "bedrock:InvokeModel");
    let [Miss::Condition { operator, key, expected, actual: None, unknown: false }] = absent.as_slice() else {
        panic!("{absent:?}")
    };
    assert_eq!((operator.as_str(), key.as_str()), ("StringEquals", "aws:SourceVpce"));
    assert_eq!(expected, &["vpce-1", "vpce-2"]);
    let other = misses(condition, json!({"aws:SourceVpce": "vpce-3"}), "bedrock:InvokeModel");
    assert!(
        matches!(other.as_slice(), [Miss::Condition { actual: Some(value), .. }] if value.as_single() == Some("vpce-3"))
    );

    let action = misses(
        json!({"Effect": "Allow", "Action": "bedrock:Converse", "Resource": model}),
        none.clone(),
        "bedrock:InvokeModel",
    );
    assert!(matches!(action.as_slice(), [Miss::Action { patterns, .. }] if patterns == &["bedrock:Converse"]));

    let unrelated = misses(json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}), none, "bedrock:InvokeModel");
    assert!(unrelated.is_empty(), "{unrelated:?}");
}

/// Returns the answer to the first case whose description contains a text.
fn answer(part: &str) -> serde_json::Value {
    let line = DECISIONS.lines().find(|line| line.contains(part)).unwrap();
    let case = AuthorizationCase::parse_line(line, 1).unwrap();
    serde_json::to_value(case.answer(&evaluate(&case.question(), &case.policies))).unwrap()
}

#[test]
fn an_answer_names_the_rules_that_decided_in_addition_to_the_statements() {
    for (case, notes) in [
        (
            "Amazon Bedrock is not on the list",
            json!([{"note": "resource-control-policies-do-not-apply", "service": "bedrock", "list_of": "2026-11-30"}]),
        ),
        ("the root user needs no policy", json!([{"note": "root-user"}])),
        ("the role alone, for its session", json!([{"note": "not-principal", "reason": "account-not-listed"}])),
        ("the session is checked last", json!([{"note": "not-principal", "reason": "session-not-listed"}])),
        (
            "a permissions boundary, and so always denied",
            json!([{"note": "not-principal", "reason": "permissions-boundary"}]),
        ),
        ("NotPrincipal: everybody but somebody else", json!(null)),
        ("an allow is enough", json!(null)),
        ("Amazon S3 is on the list", json!(null)),
    ] {
        assert_eq!(answer(case)["notes"], notes, "{case}");
    }
}

#[test]
fn a_deciding_statement_is_named_by_the_place_of_its_policy() {
    let statement = r#"{"Effect": "EFFECT", "Action": "s3:*", "Resource": "*"}"#;
    let policy = |effect: &str| format!(r#"{{"Statement": {}}}"#, statement.replace("EFFECT", effect));
    let (allow, deny) = (policy("Allow"), policy("Deny"));
    let line = format!(
        r#"{{"principal": "arn:aws:iam::111122223333:user/ana", "action": "s3:GetObject", "resource": "arn:aws:s3:::app-data/file",
            "policies": {{"identity": [{allow}, {deny}], "service_control": [[{allow}, {allow}], [{allow}, {deny}]]}}}}"#
    );
    let case = AuthorizationCase::parse_line(&line.replace('\n', " "), 1).unwrap();
    let evaluation = evaluate(&case.question(), &case.policies);
    let places: Vec<(&str, usize)> =
        evaluation.decided_by.iter().map(|found| (found.policy_type.as_str(), found.policy_index)).collect();
    assert_eq!(places, [("service-control-policy", 3), ("identity-policy", 1)]);
}

#[test]
fn positions_are_those_of_the_line_in_its_file() {
    let line = r#"{"principal": "p", "action": "a:B", "resource": "*", "policies": {"identity": [{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}]}}"#;
    let case = AuthorizationCase::parse_line(line, 41).unwrap();
    let evaluation = evaluate(&case.question(), &case.policies);
    assert_eq!(evaluation.decision, Decision::ImplicitDeny, "a caller without account has no identity policies");
    let statement = &case.policies.identity[0].document.statements()[0];
    assert_eq!((statement.line(), statement.column()), (41, line.find("{\"Effect\"").unwrap() + 1));
    assert!(line[statement.span()].starts_with("{\"Effect\""));
}
