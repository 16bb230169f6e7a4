//! Properties over random policies: order says nothing, and not knowing never turns a denial into an allow.

use bedrock_access::iam::{ContextKeys, Decision, RequestContext};
use bedrock_access::policy::{Document, Policies, Policy, Question, decide, evaluate, lint};
use proptest::prelude::*;
use serde_json::{Value, json};

const KEYS: [&str; 4] = ["aws:RequestedRegion", "aws:SourceVpce", "aws:PrincipalTag/team", "aws:TagKeys"];

fn condition() -> impl Strategy<Value = Value> {
    let operator = prop::sample::select(vec![
        "StringEquals",
        "StringNotEquals",
        "StringLike",
        "StringNotLikeIfExists",
        "StringEqualsIfExists",
        "ForAllValues:StringEquals",
        "ForAnyValue:StringNotEquals",
        "Null",
    ]);
    let values =
        prop::collection::vec(prop::sample::select(vec!["a", "b", "a*", "true", "${aws:PrincipalTag/team}"]), 1..3);
    (operator, prop::sample::select(KEYS.to_vec()), values)
        .prop_map(|(operator, key, values)| json!({operator: {key: values}}))
}

fn statement() -> impl Strategy<Value = Value> {
    let action = prop::sample::select(vec!["*", "bedrock:*", "bedrock:Invoke*", "bedrock:InvokeModel", "s3:*"]);
    let resource = prop::sample::select(vec![
        "*",
        "arn:aws:bedrock:*::foundation-model/*",
        "arn:aws:bedrock:us-east-1::foundation-model/amazon.*",
        "arn:aws:bedrock:us-west-2:*",
        "arn:aws:bedrock:us-east-1::foundation-model/${aws:PrincipalTag/team}",
    ]);
    (prop::bool::weighted(0.7), action, resource, prop::option::of(condition()), prop::bool::weighted(0.1)).prop_map(
        |(allow, action, resource, condition, negated)| {
            let mut statement = json!({"Effect": if allow { "Allow" } else { "Deny" }, "Action": action});
            statement[if negated { "NotResource" } else { "Resource" }] = resource.into();
            if let Some(condition) = condition {
                statement["Condition"] = condition;
            }
            statement
        },
    )
}

fn documents() -> impl Strategy<Value = Vec<Vec<Value>>> {
    prop::collection::vec(prop::collection::vec(statement(), 1..4), 1..4)
}

fn context() -> impl Strategy<Value = Vec<(&'static str, Vec<&'static str>)>> {
    let value = prop::collection::vec(prop::sample::select(vec!["a", "b", "ab"]), 0..3);
    prop::collection::vec(value, KEYS.len()).prop_map(|values| KEYS.into_iter().zip(values).collect())
}

fn request(context: &[(&str, Vec<&str>)]) -> RequestContext {
    let mut keys = ContextKeys::new();
    for (key, values) in context {
        match (*key, values.as_slice()) {
            ("aws:TagKeys", values) => {
                keys.set(key, values.iter().map(|value| (*value).to_owned()).collect::<Vec<String>>());
            }
            (_, []) => {}
            (_, [first, ..]) => keys.set(key, *first),
        }
    }
    RequestContext {
        action: "bedrock:InvokeModel".to_owned(),
        resource: "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0".to_owned(),
        context: keys,
    }
}

fn policy(statements: &[Value]) -> Policy {
    let text = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    Policy::unnamed(Document::parse(&text).unwrap())
}

fn policies(documents: &[Vec<Value>], boundary: &[Value], scp: &[Value]) -> Policies {
    let allow_all = vec![json!({"Effect": "Allow", "Action": "*", "Resource": "*"})];
    Policies {
        identity: documents.iter().map(|statements| policy(statements)).collect(),
        permissions_boundary: Some(policy(boundary)),
        service_control: vec![vec![policy(&allow_all)], vec![policy(&allow_all), policy(scp)]],
        ..Policies::default()
    }
}

const CALLER: &str = "arn:aws:iam::111122223333:user/ana";

proptest! {
    #[test]
    fn order_says_nothing(mut documents in documents(), boundary in prop::collection::vec(statement(), 1..4), context in context(), seed in any::<u64>()) {
        let request = request(&context);
        let question = Question::new(CALLER, &request);
        let before = decide(&question, &policies(&documents, &boundary, &boundary));
        // Any permutation is a chain of rotations and reversals.
        documents.reverse();
        for statements in &mut documents {
            let places = seed as usize % statements.len();
            statements.rotate_left(places);
        }
        let mut turned = boundary.clone();
        turned.reverse();
        let after = decide(&question, &policies(&documents, &turned, &turned));
        prop_assert_eq!(before.decision, after.decision);
        prop_assert_eq!(before.policy_type, after.policy_type);
        prop_assert_eq!(before.decided_by.len(), after.decided_by.len());
    }

    #[test]
    fn not_knowing_settles_nothing_otherwise(documents in documents(), boundary in prop::collection::vec(statement(), 1..4), scp in prop::collection::vec(statement(), 1..3), context in context(), hidden in prop::sample::subsequence(KEYS.to_vec(), 0..=4)) {
        let request = request(&context);
        let policies = policies(&documents, &boundary, &scp);
        let known = decide(&Question::new(CALLER, &request), &policies);
        let hidden: Vec<String> = hidden.into_iter().map(str::to_owned).collect();
        let partly = decide(&Question { principal: CALLER, request: &request, unknown: &hidden }, &policies);
        match partly.decision {
            Decision::Allowed => prop_assert_eq!(known.decision, Decision::Allowed),
            Decision::ExplicitDeny => prop_assert_eq!(known.decision, Decision::ExplicitDeny),
            Decision::ImplicitDeny => prop_assert!(known.decision.is_denied()),
            Decision::Undetermined => {
                prop_assert!(!partly.unknown_keys.is_empty());
                prop_assert!(partly.unknown_keys.iter().all(|key| hidden.contains(key)));
            }
        }
    }

    #[test]
    fn taking_an_allow_away_never_allows(mut documents in documents(), boundary in prop::collection::vec(statement(), 1..4), context in context(), place in any::<prop::sample::Index>()) {
        let request = request(&context);
        let question = Question::new(CALLER, &request);
        let before = decide(&question, &policies(&documents, &boundary, &boundary));
        let from = place.index(documents.len());
        documents[from].retain(|statement| statement["Effect"] != "Allow");
        if documents[from].is_empty() {
            documents.remove(from);
        }
        let after = decide(&question, &policies(&documents, &boundary, &boundary));
        if before.decision.is_denied() {
            prop_assert!(after.decision.is_denied());
        }
        prop_assert_eq!(before.decision == Decision::ExplicitDeny, after.decision == Decision::ExplicitDeny);
    }

    #[test]
    fn no_text_is_too_strange(text in ".{0,200}") {
        let _ = Document::parse(&text);
        for finding in lint(&text) {
            prop_assert!(finding.line >= 1 && finding.column >= 1);
        }
    }

    #[test]
    fn no_damage_is_too_strange(documents in documents(), cut in any::<prop::sample::Index>(), noise in any::<char>()) {
        let text = json!({"Version": "2012-10-17", "Statement": documents.concat()}).to_string();
        let at = cut.index(text.len());
        let damaged = format!("{}{noise}{}", &text[..at], &text[at..]);
        let _ = Document::parse(&text[..at]);
        if let Ok(document) = Document::parse(&damaged) {
            let request = request(&[]);
            let policies = Policies { identity: vec![Policy::unnamed(document)], ..Policies::default() };
            let _ = evaluate(&Question::new(CALLER, &request), &policies);
        }
        let _ = lint(&damaged);
    }
}

#[test]
fn hostile_patterns_cost_little() {
    for (pattern, resource) in [
        ("*a".repeat(65_000), "a".repeat(2000)),
        ("*a".repeat(900) + "b", "a".repeat(2000)),
        ("*".to_owned() + &"a".repeat(1000) + "b", "a".repeat(2000)),
        ("?".repeat(1999) + "*b", "a".repeat(2000)),
        ("*".repeat(130_000), "a".repeat(2000)),
    ] {
        let text = json!({"Statement": {"Effect": "Allow", "Action": "*", "Resource":
            format!("arn:aws:bedrock:us-east-1::{pattern}")}})
        .to_string();
        let policies =
            Policies { identity: vec![Policy::unnamed(Document::parse(&text).unwrap())], ..Policies::default() };
        let request = RequestContext {
            action: "bedrock:InvokeModel".to_owned(),
            resource: format!("arn:aws:bedrock:us-east-1::{resource}"),
            context: ContextKeys::new(),
        };
        let start = std::time::Instant::now();
        let _ = decide(&Question::new(CALLER, &request), &policies);
        // 20 ms are promised of the optimized program; this one is not, and the machine may be busy.
        assert!(start.elapsed().as_millis() < 500, "{:?}", start.elapsed());
    }
}
