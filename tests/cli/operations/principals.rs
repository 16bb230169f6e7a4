//! Whose permissions can be diagnosed, by the form of the ARN that names them.

use super::account::ask;
use crate::support::program::Doctor;
use serde_json::{Value, json};

const REGION: &str = "us-west-2";
const NOVA: &str = "amazon.nova-lite-v1:0";

/// An account with a principal of every kind, each of which may call the model; the administrator asks.
fn account() -> Value {
    let allowed = json!([{"name": "invoke", "document": {"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "bedrock:InvokeModel",
        "Resource": "arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-lite-v1:0",
    }]}}]);
    let named = |resource: &str| json!({"arn": format!("arn:aws:iam::111122223333:{resource}"), "policies": allowed});
    let mut world = super::account::world(&named("role/apps/chat-api"), &named("role/plain"));
    let principals = world["principals"].as_array_mut().unwrap();
    principals.push(named("user/people/ben"));
    principals.push(named("role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Builders_0123456789abcdef"));
    principals.push(named("role/aws-service-role/bedrock.amazonaws.com/AWSServiceRoleForAmazonBedrock"));
    world["groups"] = json!([{"arn": "arn:aws:iam::111122223333:group/people"}]);
    world
}

/// Asks about a principal, and returns the exit status, the ARN that was diagnosed, and all that was said.
fn asked(principal: &str) -> (i32, Value, String) {
    let answer =
        ask(&account(), &["--operation", "converse", "--model", NOVA, "--region", REGION, "--principal", principal]);
    let arn = serde_json::from_str::<Value>(&answer.stdout).map(|report| report["principal"]["arn"].clone());
    (answer.status, arn.unwrap_or_default(), answer.stdout + &answer.stderr)
}

#[test]
fn whoever_can_be_simulated_is_diagnosed_under_the_arn_of_the_user_or_role() {
    let sso = "role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Builders_0123456789abcdef";
    for (given, diagnosed) in [
        ("iam::111122223333:user/people/ben", "user/people/ben"),
        ("iam::111122223333:role/apps/chat-api", "role/apps/chat-api"),
        ("iam::111122223333:role/plain", "role/plain"),
        // A session's ARN lacks the role's path, which IAM is asked for.
        ("sts::111122223333:assumed-role/chat-api/chat-api-7d9f", "role/apps/chat-api"),
        ("sts::111122223333:assumed-role/plain/i-0abc1234def567890", "role/plain"),
        ("sts::111122223333:assumed-role/AWSReservedSSO_Builders_0123456789abcdef/ana@example.com", sso),
        (
            "iam::111122223333:role/aws-service-role/bedrock.amazonaws.com/AWSServiceRoleForAmazonBedrock",
            "role/aws-service-role/bedrock.amazonaws.com/AWSServiceRoleForAmazonBedrock",
        ),
    ] {
        let (status, arn, said) = asked(&format!("arn:aws:{given}"));
        assert_eq!(status, 0, "{given}: {said}");
        assert_eq!(arn, format!("arn:aws:iam::111122223333:{diagnosed}"), "{given}");
    }
}

#[test]
fn whoever_cannot_be_is_told_why() {
    for (given, status, why) in [
        ("iam::111122223333:root", 3, "the root user cannot be simulated"),
        ("sts::111122223333:federated-user/ana", 3, "a federated user cannot be simulated"),
        ("iam::444455556666:role/chat-api", 3, "its policies can only be read there"),
        ("sts::444455556666:assumed-role/chat-api/session", 3, "its policies can only be read there"),
        ("iam::444455556666:role/chat-api", 3, "--assume-role arn:aws:iam::444455556666:role/ROLE`"),
        ("iam::111122223333:group/people", 2, "is a group, and groups make no calls"),
        ("iam::111122223333:policy/people", 2, "is not the ARN of an IAM user or role"),
        ("s3:::bucket", 2, "is not the ARN of an IAM user or role"),
        ("iam::111122223333:role/nobody", 3, "NoSuchEntity"),
    ] {
        let (seen, _, said) = asked(&format!("arn:aws:{given}"));
        assert_eq!(seen, status, "{given}: {said}");
        assert!(said.contains(why), "{given}: {said}");
    }
}

#[test]
fn for_another_account_it_says_what_is_not_known_and_how_to_ask_there() {
    let file = tempfile::Builder::new().suffix(".json").tempfile().unwrap();
    std::fs::write(file.path(), account().to_string()).unwrap();
    let typed = ["--sandbox", file.path().to_str().unwrap(), "--operation", "converse", "--model", NOVA];
    let principal = ["--region", REGION, "--principal", "arn:aws:iam::444455556666:role/apps/chat-api"];
    let answer = Doctor::new(typed.into_iter().chain(principal)).run();
    assert_eq!(answer.status, 3, "{}", answer.stderr);
    let name = answer.stdout.split('`').nth(1).unwrap().to_owned();
    insta::assert_snapshot!("another_account", answer.stdout.replace(&name, "WORLD"));
}
