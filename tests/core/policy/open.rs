//! Decisions about what is not known by name yet: they are those of every name that it may get.

use super::mistakes::Random;
use bedrock_access::iam::{ContextKeys, Decision, RequestContext};
use bedrock_access::policy::{Document, Policies, Policy, Question, decide, decide_open};
use serde_json::{Value, json};

const RESOURCES: [&str; 9] = [
    "*",
    "arn:aws:s3:::b/*",
    "arn:aws:s3:::b/a*",
    "arn:aws:s3:::b/*.out",
    "arn:aws:s3:::b/?",
    "arn:aws:s3:::b/a.out",
    "arn:aws:s3:::b/",
    "arn:aws:s3:::c/*",
    "arn:*:s3:::*/a*",
];
const SOURCES: [&str; 7] = [
    "*",
    "arn:aws:bedrock:us-west-2:111122223333:job/*",
    "arn:aws:bedrock:us-west-2:111122223333:job/a*",
    "arn:aws:bedrock:us-west-2:111122223333:job/a.out",
    "arn:aws:bedrock:*:111122223333:job/?",
    "arn:aws:bedrock:us-west-2:111122223333:agent/*",
    "arn:aws:bedrock:us-west-2:999988887777:job/*",
];
const OPERATORS: [&str; 9] = [
    "ArnLike",
    "ArnEquals",
    "ArnNotLike",
    "StringLike",
    "StringNotLike",
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "ForAnyValue:StringLike",
];
/// Names that what is still to be made may get.
const NAMES: [&str; 7] = ["", "a", "b", "a.out", "b.out", "ab", "x/y.out"];

fn request(name: &str) -> RequestContext {
    RequestContext {
        action: "s3:PutObject".to_owned(),
        resource: format!("arn:aws:s3:::b/{name}"),
        context: ContextKeys::new()
            .with("aws:SourceArn", format!("arn:aws:bedrock:us-west-2:111122223333:job/{name}").as_str()),
    }
}

fn statement(random: &mut Random) -> Value {
    let mut statement = json!({
        "Effect": if random.below(2) == 0 { "Allow" } else { "Deny" },
        "Action": "s3:*",
    });
    let element = if random.below(5) == 0 { "NotResource" } else { "Resource" };
    statement[element] = json!(RESOURCES[random.below(RESOURCES.len())]);
    if random.below(2) == 0 {
        let operator = OPERATORS[random.below(OPERATORS.len())];
        statement["Condition"] = json!({operator: {"aws:SourceArn": SOURCES[random.below(SOURCES.len())]}});
    }
    statement
}

#[test]
fn what_is_decided_for_all_names_is_decided_for_each() {
    let mut random = Random::new(7);
    let principal = "arn:aws:iam::111122223333:role/writer";
    let mut counts = [0; 4];
    for _ in 0..6_000 {
        let statements: Vec<Value> = (0..=random.below(3)).map(|_| statement(&mut random)).collect();
        let text = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
        let policies =
            Policies { identity: vec![Policy::unnamed(Document::parse(&text).unwrap())], ..Policies::default() };
        let decided = |name: &str, of_all: bool| {
            let request = request(name);
            let question = Question { principal, request: &request, unknown: &[] };
            let decide = if of_all { decide_open } else { decide };
            decide(&question, &policies).decision
        };
        let open = decided("*", true);
        let each: Vec<Decision> = NAMES.iter().map(|name| decided(name, false)).collect();
        counts[open as usize] += 1;
        match open {
            // Of some names it is not known what becomes of them.
            Decision::Undetermined => {}
            // Whether a statement denies, or none allows, may be another matter for each.
            Decision::ImplicitDeny => assert!(each.iter().all(|one| one.is_denied()), "{text}: {each:?}"),
            _ => assert!(each.iter().all(|one| *one == open), "{text}: {open:?}, and {each:?}"),
        }
    }
    // Each answer is given, so that none is a way out.
    assert!(counts.iter().all(|count| *count > 300), "{counts:?}");
}
