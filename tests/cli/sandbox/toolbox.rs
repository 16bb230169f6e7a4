//! IAM Toolbox: what a refusal's authorization id leads to, when, where, and for whom.

use super::{CALLER, authorization_id, patched};
use crate::support::http::{Answer, Client};
use serde_json::{Value, json};

/// Lets the caller look records up, and takes every other permission of IAM away.
fn curious(world: &str, more: &[Value]) -> Client {
    let allowed = json!({"name": "curious", "document": {"Statement":
        {"Effect": "Allow", "Action": "iam:GetRequestAuthorizationDetails", "Resource": "*"}}});
    let reads = json!({"op": "replace", "path": "/principals/0/policies/0", "value": allowed});
    Client::new(patched(world, &Value::Array([&[reads], more].concat())))
}

fn refused_read(client: &Client) -> Answer {
    client.query("iam", &[("Action", "GetRole"), ("RoleName", "chat-api")])
}

/// Looks a record up, past the look in vain.
fn found(client: &Client, id: &str, region: &str) -> Value {
    let early = client.authorization_details(id, region);
    assert_eq!((early.status, early.code().as_str()), (404, "ResourceNotFoundException"), "{}", early.text());
    let answer = client.authorization_details(id, region);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[test]
fn a_refusal_of_iam_leads_to_its_evaluation() {
    let client = curious("healthy", &[]);
    let message = refused_read(&client).message();
    let id = authorization_id(&message).unwrap();
    assert!(message.contains(&format!(
        "https://us-east-1.console.aws.amazon.com/iam/home?region=us-east-1#/authorization-details/{id} for complete details"
    )));
    let details = found(&client, id, "us-east-1");
    let evaluation = &details["evaluations"][0];
    assert_eq!(evaluation["action"], "iam:GetRole");
    assert_eq!(evaluation["resource"], CALLER);
    assert_eq!(evaluation["evaluatedEffect"], "IMPLICIT_DENY");
    assert_eq!(details["requestContext"]["aws:PrincipalArn"], CALLER);
    let checks: Vec<(&Value, &Value, Option<&str>)> = evaluation["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|check| (&check["checkType"], &check["evaluatedEffect"], check["targetArn"].as_str()))
        .collect();
    let organization = "arn:aws:organizations::444455556666";
    let (root, unit, account) = (
        format!("{organization}:root/o-exampleorgid/r-ab12"),
        format!("{organization}:ou/o-exampleorgid/ou-ab12-11111111"),
        format!("{organization}:account/o-exampleorgid/111122223333"),
    );
    let (scp, allow) = (json!("SERVICE_CONTROL_POLICY"), json!("ALLOW"));
    assert_eq!(
        checks,
        [
            (&scp, &allow, Some(root.as_str())),
            (&scp, &allow, Some(unit.as_str())),
            (&scp, &allow, Some(account.as_str())),
            (&json!("PRINCIPAL"), &json!("IMPLICIT_DENY"), None),
        ]
    );
    let own: Vec<&Value> = details["policies"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|policy| policy["type"] == "IDENTITY_BASED_POLICY")
        .collect();
    assert_eq!(own.len(), 2, "{own:?}");
    assert!(own.iter().all(|policy| policy["inline"] == true && policy["attachedTo"] == json!([{"arn": CALLER}])));
}

#[test]
fn every_requirement_that_refuses_is_shown_with_its_statements() {
    let client = curious(
        "permissions-boundary",
        &[
            json!({"op": "add", "path": "/authorization_ids", "value": ["bedrock"]}),
            json!({"op": "add", "path": "/principals/0/policies/-", "value": {"name": "stop", "document": {
                "Statement": [{"Effect": "Deny", "Action": "bedrock:InvokeModel", "Resource": "*"}]}}}),
        ],
    );
    // Where only Bedrock's refusals carry ids, IAM's do not.
    assert_eq!(authorization_id(&refused_read(&client).message()), None);
    let message = client.converse(&client.model).message();
    let details = found(&client, authorization_id(&message).unwrap(), "us-west-2");
    let refusing: Vec<&Value> = details["evaluations"][0]["checks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|check| check["evaluatedEffect"] != "ALLOW")
        .collect();
    let kinds: Vec<(&Value, &Value)> =
        refusing.iter().map(|check| (&check["checkType"], &check["evaluatedEffect"])).collect();
    assert_eq!(
        kinds,
        [(&json!("PRINCIPAL"), &json!("EXPLICIT_DENY")), (&json!("PERMISSIONS_BOUNDARY"), &json!("IMPLICIT_DENY")),]
    );
    // A statement without a `Sid` is given one.
    assert_eq!(
        refusing[0]["matchedPolicies"][0]["matchedStatements"],
        json!([{"sid": "Statement1", "evaluatedEffect": "DENY"}])
    );
}

#[test]
fn a_record_is_found_where_it_is_kept_and_by_whoever_may() {
    let client = curious("healthy", &[]);
    let message = refused_read(&client).message();
    let id = authorization_id(&message).unwrap();
    for _ in 0..3 {
        assert_eq!(client.authorization_details(id, "us-west-2").status, 404, "another Region keeps no record of it");
    }
    assert_eq!(client.authorization_details("ejsk06qtimkkubln9lbjmt1h", "us-east-1").status, 404);
    for malformed in ["EXAMPLE1a2b3c4d5e6f7g8h9i0j", "a-b", &"a".repeat(257)] {
        let answer = client.authorization_details(malformed, "us-east-1");
        assert_eq!((answer.status, answer.code().as_str()), (400, "ValidationException"), "{}", answer.text());
    }
    let other = Client::named("healthy");
    let answer = other.authorization_details(id, "us-east-1");
    assert_eq!((answer.status, answer.code().as_str()), (403, "AccessDeniedException"), "{}", answer.text());
    assert!(answer.message().contains("iam:GetRequestAuthorizationDetails"), "{}", answer.message());
    assert_eq!(client.raw("GET", &format!("/authorization-details/{id}"), &[], b"").status, 403, "unsigned");
    // IAM's own endpoint does not know the operation, and Bedrock's does not know the path.
    let by_query = client.query("iam", &[("Action", "GetRequestAuthorizationDetails")]);
    assert_eq!(by_query.code(), "InvalidAction");
    assert_eq!(client.get(&format!("/authorization-details/{id}")).code(), "UnknownOperationException");
}
