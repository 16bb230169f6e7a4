//! Writes: what a fix consists of, enforced, and in effect with the next call.

use super::{CLAUDE, HEALTHY, apply, patched, value};
use crate::support::http::{Answer, Client};
use bedrock_access::sandbox::World;
use serde_json::{Value, json};

const ROLE: &str = "arn:aws:iam::111122223333:role/apps/chat-api";
const GRANT: &str =
    r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "bedrock:*", "Resource": "*"}]}"#;
const DENY: &str =
    r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "bedrock:Invoke*", "Resource": "*"}]}"#;

/// Calls the account in the name of an IAM user of the world.
fn as_user(client: &mut Client, access_key: &str, call: impl FnOnce(&Client) -> Answer) -> Answer {
    let (key, token) = (client.access_key.clone(), client.token.take());
    access_key.clone_into(&mut client.access_key);
    let answer = call(client);
    (client.access_key, client.token) = (key, token);
    answer
}

fn as_ana(client: &mut Client, call: impl FnOnce(&Client) -> Answer) -> Answer {
    as_user(client, "AKIAUSERANA01EXAMPLE", call)
}

fn as_olu(client: &mut Client, call: impl FnOnce(&Client) -> Answer) -> Answer {
    as_user(client, "AKIAUSEROLU01EXAMPLE", call)
}

fn iam(client: &mut Client, parameters: &[(&str, &str)]) -> Answer {
    as_ana(client, |client| client.query("iam", parameters))
}

#[test]
fn every_world_has_administrators_with_keys() {
    for name in World::names() {
        let facts = value(name);
        let principals = facts["principals"].as_array().unwrap();
        for key in ["AKIAUSERANA01EXAMPLE", "AKIAUSEROLU01EXAMPLE"] {
            assert!(principals.iter().any(|facts| facts["access_key"] == key), "{name}: {key}");
        }
        let mut client = Client::named(name);
        let answer = iam(&mut client, &[("Action", "GetUser"), ("UserName", "ana")]);
        assert!(answer.status == 200 || name == "scp-denies-reading", "{name}: {}", answer.text());
        let policies = as_olu(&mut client, |client| {
            client.json_rpc(
                "organizations",
                "AWSOrganizationsV20161128.ListPolicies",
                &json!({"Filter": "SERVICE_CONTROL_POLICY"}),
            )
        });
        assert_eq!(policies.status, 200, "{name}: {}", policies.text());
    }
}

#[test]
fn a_put_policy_is_in_effect_with_the_next_call_and_a_deleted_one_is_not() {
    let mut client = Client::named("iam-missing");
    assert_eq!(client.converse(&client.model).status, 403);
    let put = [("Action", "PutRolePolicy"), ("RoleName", "chat-api"), ("PolicyName", "fix"), ("PolicyDocument", GRANT)];
    // The role itself may not.
    let refused = client.query("iam", &put);
    assert_eq!((refused.status, refused.code().as_str()), (403, "AccessDenied"), "{}", refused.text());
    assert!(refused.message().contains("iam:PutRolePolicy on resource: role chat-api"), "{}", refused.message());
    let answer = iam(&mut client, &put);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(client.converse(&client.model).status, 200);
    // The simulator and the reads see the same.
    let simulated = client.simulate(ROLE, &super::model_arn("us-west-2", CLAUDE), "us-west-2", &[]);
    assert_eq!(simulated.element("EvalDecision").as_deref(), Some("allowed"));
    let read = [("Action", "GetRolePolicy"), ("RoleName", "chat-api"), ("PolicyName", "fix")];
    assert_eq!(client.query("iam", &read).status, 200);
    let delete = [("Action", "DeleteRolePolicy"), ("RoleName", "chat-api"), ("PolicyName", "fix")];
    assert_eq!(iam(&mut client, &delete).status, 200);
    assert_eq!(client.converse(&client.model).status, 403);
    let gone = iam(&mut client, &delete);
    assert_eq!((gone.status, gone.code().as_str()), (404, "NoSuchEntity"));
}

#[test]
fn attaching_and_detaching_work_for_users_groups_and_roles() {
    let mut client = Client::named("iam-missing");
    let arn = "arn:aws:iam::aws:policy/AmazonBedrockFullAccess";
    for (kind, name) in [("Role", "chat-api"), ("User", "ana"), ("Group", "administrators")] {
        let parameter = format!("{kind}Name");
        let [attach, detach, list] =
            [format!("Attach{kind}Policy"), format!("Detach{kind}Policy"), format!("ListAttached{kind}Policies")];
        for action in [&attach, &attach, &list, &detach] {
            let answer = iam(&mut client, &[("Action", action), (&parameter, name), ("PolicyArn", arn)]);
            assert_eq!(answer.status, 200, "{action}: {}", answer.text());
            if *action == list {
                let attached = answer.elements("PolicyArn");
                assert_eq!(attached.iter().filter(|known| *known == arn).count(), 1, "{kind}: {attached:?}");
            }
            if *action == attach && kind == "Role" {
                assert_eq!(client.converse(&client.model).status, 200);
            }
        }
        let again = iam(&mut client, &[("Action", &detach), (&parameter, name), ("PolicyArn", arn)]);
        assert_eq!(again.code(), "NoSuchEntity", "{kind}");
    }
    assert_eq!(client.converse(&client.model).status, 403);
    let unknown = [
        ("Action", "AttachRolePolicy"),
        ("RoleName", "chat-api"),
        ("PolicyArn", "arn:aws:iam::aws:policy/AmazonBedrockEverything"),
    ];
    assert_eq!(iam(&mut client, &unknown).code(), "NoSuchEntity");
}

#[test]
fn a_managed_policy_has_versions_and_one_of_them_counts() {
    let mut client = Client::named("iam-missing");
    let arn = "arn:aws:iam::111122223333:policy/chat-invoke";
    let create = [("Action", "CreatePolicy"), ("PolicyName", "chat-invoke"), ("PolicyDocument", GRANT)];
    assert_eq!(iam(&mut client, &create).element("Arn").as_deref(), Some(arn));
    assert_eq!(iam(&mut client, &create).code(), "EntityAlreadyExists");
    let attach = [("Action", "AttachRolePolicy"), ("RoleName", "chat-api"), ("PolicyArn", arn)];
    assert_eq!(iam(&mut client, &attach).status, 200);
    assert_eq!(client.converse(&client.model).status, 200);
    let version = |default: &'static str| {
        [("Action", "CreatePolicyVersion"), ("PolicyArn", arn), ("PolicyDocument", DENY), ("SetAsDefault", default)]
    };
    assert_eq!(iam(&mut client, &version("false")).element("VersionId").as_deref(), Some("v2"));
    assert_eq!(client.converse(&client.model).status, 200);
    assert_eq!(iam(&mut client, &version("true")).element("VersionId").as_deref(), Some("v3"));
    assert_eq!(client.converse(&client.model).status, 403);
    let list = [("Action", "ListPolicyVersions"), ("PolicyArn", arn)];
    assert_eq!(iam(&mut client, &list).elements("VersionId"), ["v3", "v2", "v1"]);
    let set = [("Action", "SetDefaultPolicyVersion"), ("PolicyArn", arn), ("VersionId", "v1")];
    assert_eq!(iam(&mut client, &set).status, 200);
    assert_eq!(client.converse(&client.model).status, 200);
    for _ in 0..2 {
        assert_eq!(iam(&mut client, &version("false")).status, 200);
    }
    assert_eq!(iam(&mut client, &version("false")).code(), "LimitExceeded");
    let drop = |version: &'static str| [("Action", "DeletePolicyVersion"), ("PolicyArn", arn), ("VersionId", version)];
    assert_eq!(iam(&mut client, &drop("v1")).code(), "DeleteConflict");
    assert_eq!(iam(&mut client, &drop("v2")).status, 200);
    // Numbers are not used again.
    assert_eq!(iam(&mut client, &version("false")).element("VersionId").as_deref(), Some("v6"));
    // It outlives its attachments.
    let detach = [("Action", "DetachRolePolicy"), ("RoleName", "chat-api"), ("PolicyArn", arn)];
    assert_eq!(iam(&mut client, &detach).status, 200);
    assert_eq!(client.converse(&client.model).status, 403);
    assert_eq!(iam(&mut client, &list).elements("VersionId").len(), 5);
    assert_eq!(iam(&mut client, &attach).status, 200);
    assert_eq!(client.converse(&client.model).status, 200);
}

#[test]
fn a_policy_too_large_or_malformed_is_refused_and_changes_nothing() {
    let mut client = Client::named("iam-missing");
    let action: String = (0..900).map(|n| format!("\"bedrock:Action{n}\",")).collect();
    let large =
        format!(r#"{{"Statement": [{{"Effect": "Allow", "Action": [{action} "bedrock:*"], "Resource": "*"}}]}}"#);
    for (document, code) in [
        (large.as_str(), "LimitExceeded"),
        ("{", "MalformedPolicyDocument"),
        (r#"{"Statement": [{"Effect": "Permit"}]}"#, "MalformedPolicyDocument"),
        ("[]", "MalformedPolicyDocument"),
        ("", "ValidationError"),
    ] {
        let put =
            [("Action", "PutRolePolicy"), ("RoleName", "chat-api"), ("PolicyName", "x"), ("PolicyDocument", document)];
        let answer = iam(&mut client, &put);
        assert_eq!(answer.code(), code, "{}", answer.text());
        assert_eq!(client.converse(&client.model).status, 403);
    }
    // White space does not count.
    let spaced = GRANT.replace(' ', &" ".repeat(2_000));
    let put = [
        ("Action", "PutRolePolicy"),
        ("RoleName", "chat-api"),
        ("PolicyName", "x"),
        ("PolicyDocument", spaced.as_str()),
    ];
    assert_eq!(iam(&mut client, &put).status, 200);
}

#[test]
fn boundaries_are_put_and_taken_away() {
    let mut client = Client::named("permissions-boundary");
    assert_eq!(client.converse(&client.model).status, 403);
    let delete = [("Action", "DeleteRolePermissionsBoundary"), ("RoleName", "chat-api")];
    assert_eq!(iam(&mut client, &delete).status, 200);
    assert_eq!(client.converse(&client.model).status, 200);
    let put = |arn| [("Action", "PutRolePermissionsBoundary"), ("RoleName", "chat-api"), ("PermissionsBoundary", arn)];
    assert_eq!(iam(&mut client, &put("arn:aws:iam::aws:policy/AmazonBedrockReadOnly")).status, 200);
    assert_eq!(client.converse(&client.model).status, 403);
    assert_eq!(iam(&mut client, &put("arn:aws:iam::aws:policy/PowerUserAccess")).status, 200);
    assert_eq!(client.converse(&client.model).status, 200);
}

#[test]
fn a_trust_policy_decides_from_its_next_use_on() {
    let mut client = Client::named("healthy");
    let assume = [("Action", "AssumeRole"), ("RoleArn", ROLE), ("RoleSessionName", "shell")];
    let refused = as_ana(&mut client, |client| client.query("sts", &assume));
    assert_eq!(refused.code(), "AccessDenied");
    let trust = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:user/platform/ana"}, "Action": "sts:AssumeRole"}]}"#;
    let update = [("Action", "UpdateAssumeRolePolicy"), ("RoleName", "chat-api"), ("PolicyDocument", trust)];
    assert_eq!(iam(&mut client, &update).status, 200);
    let session = as_ana(&mut client, |client| client.query("sts", &assume));
    assert_eq!(session.status, 200, "{}", session.text());
    // A session feels what happens to its role after it was made.
    client.access_key = session.element("AccessKeyId").unwrap();
    client.token = session.element("SessionToken");
    assert_eq!(client.converse(&client.model).status, 200);
    let put = [("Action", "PutRolePolicy"), ("RoleName", "chat-api"), ("PolicyName", "stop"), ("PolicyDocument", DENY)];
    assert_eq!(iam(&mut client, &put).status, 200);
    assert_eq!(client.converse(&client.model).status, 403);
}

#[test]
fn roles_that_aws_manages_refuse_writes() {
    let reserved = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Dev_0123456789abcdef";
    let mut facts: Value = serde_json::from_str(HEALTHY).unwrap();
    apply(&mut facts, &json!([{"op": "add", "path": "/principals/-", "value": {"arn": reserved}}]));
    let mut client = Client::new(World::parse(&facts.to_string()).unwrap());
    let name = "AWSReservedSSO_Dev_0123456789abcdef";
    let put = [("Action", "PutRolePolicy"), ("RoleName", name), ("PolicyName", "x"), ("PolicyDocument", GRANT)];
    let refused = iam(&mut client, &put);
    assert_eq!((refused.status, refused.code().as_str()), (400, "UnmodifiableEntity"), "{}", refused.text());
}

#[test]
fn a_service_control_policy_is_changed_from_the_management_account() {
    let mut client = Client::named("scp-region-deny");
    assert_eq!(client.converse(&client.model).status, 403);
    let call = |client: &Client, operation: &str, body: Value| {
        client.json_rpc("organizations", &format!("AWSOrganizationsV20161128.{operation}"), &body)
    };
    let describe = json!({"PolicyId": "p-regions1"});
    let member = as_ana(&mut client, |client| call(client, "DescribePolicy", describe.clone()));
    assert_eq!((member.status, member.json()["__type"].as_str()), (400, Some("AccessDeniedException")));
    let known = as_olu(&mut client, |client| call(client, "DescribePolicy", describe)).json();
    let mut content: Value = serde_json::from_str(known["Policy"]["Content"].as_str().unwrap()).unwrap();
    let regions = content.pointer_mut("/Statement/0/Condition/StringNotEquals/aws:RequestedRegion").unwrap();
    regions.as_array_mut().unwrap().push(json!("us-east-2"));
    let update = json!({"PolicyId": "p-regions1", "Content": content.to_string()});
    let refused = as_ana(&mut client, |client| call(client, "UpdatePolicy", update.clone()));
    assert_eq!(refused.json()["__type"], "AccessDeniedException");
    assert_eq!(client.converse(&client.model).status, 403);
    let updated = as_olu(&mut client, |client| call(client, "UpdatePolicy", update));
    assert_eq!(updated.status, 200, "{}", updated.text());
    assert_eq!(updated.header("content-type"), Some("application/x-amz-json-1.1"));
    assert_eq!(updated.json()["Policy"]["PolicySummary"]["Name"], "ApprovedRegions");
    assert_eq!(client.converse(&client.model).status, 200);
    for (body, code) in [
        (json!({"PolicyId": "p-FullAWSAccess", "Content": DENY}), "ConstraintViolationException"),
        (json!({"PolicyId": "p-nothing", "Content": DENY}), "PolicyNotFoundException"),
        (json!({"PolicyId": "p-regions1", "Content": "{"}), "MalformedPolicyDocumentException"),
    ] {
        let answer = as_olu(&mut client, |client| call(client, "UpdatePolicy", body));
        assert_eq!(answer.json()["__type"], code);
    }
    let list = |target: &str| json!({"TargetId": target, "Filter": "SERVICE_CONTROL_POLICY"});
    for (target, names) in [
        ("r-ab12", vec!["FullAWSAccess"]),
        ("ou-ab12-11111111", vec!["FullAWSAccess", "ApprovedRegions"]),
        ("111122223333", vec!["FullAWSAccess"]),
    ] {
        let answer = as_olu(&mut client, |client| call(client, "ListPoliciesForTarget", list(target))).json();
        let found: Vec<&str> =
            answer["Policies"].as_array().unwrap().iter().map(|policy| policy["Name"].as_str().unwrap()).collect();
        assert_eq!(found, names, "{target}");
    }
}

#[test]
fn a_permission_set_reaches_its_role_when_it_is_provisioned() {
    let role = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Dev_0123456789abcdef";
    let mut facts: Value = serde_json::from_str(HEALTHY).unwrap();
    let (instance, set) = ("arn:aws:sso:::instance/ssoins-0123", "arn:aws:sso:::permissionSet/ssoins-0123/ps-4567");
    apply(
        &mut facts,
        &json!([
            {"op": "add", "path": "/principals/-", "value": {
                "arn": role, "access_key": "AKIASSODEV001EXAMPLE", "session_name": "dev@example.com"}},
            {"op": "add", "path": "/permission_sets", "value": [{"arn": set, "name": "Dev", "role": role}]},
        ]),
    );
    let mut client = Client::new(World::parse(&facts.to_string()).unwrap());
    let converse = |client: &mut Client| {
        let key = std::mem::replace(&mut client.access_key, "AKIASSODEV001EXAMPLE".to_owned());
        let status = client.converse(&client.model.clone()).status;
        client.access_key = key;
        status
    };
    let call = |client: &Client, operation: &str, more: Value| {
        let mut body = json!({"InstanceArn": instance, "PermissionSetArn": set});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        client.json_rpc("sso", &format!("SWBExternalService.{operation}"), &body)
    };
    assert_eq!(converse(&mut client), 403);
    let put = json!({"InlinePolicy": GRANT});
    let member = as_ana(&mut client, |client| call(client, "PutInlinePolicyToPermissionSet", put.clone()));
    assert_eq!(member.json()["__type"], "AccessDeniedException");
    let answer = as_olu(&mut client, |client| call(client, "PutInlinePolicyToPermissionSet", put));
    assert_eq!((answer.status, answer.json()), (200, json!({})));
    assert_eq!(converse(&mut client), 403, "a set that is not provisioned reaches nothing");
    let read = as_olu(&mut client, |client| call(client, "GetInlinePolicyForPermissionSet", json!({})));
    assert_eq!(read.json()["InlinePolicy"], GRANT);
    let elsewhere = json!({"TargetType": "AWS_ACCOUNT", "TargetId": "123456789012"});
    assert_eq!(as_olu(&mut client, |client| call(client, "ProvisionPermissionSet", elsewhere)).status, 400);
    let here = json!({"TargetType": "AWS_ACCOUNT", "TargetId": "111122223333"});
    let provisioned = as_olu(&mut client, |client| call(client, "ProvisionPermissionSet", here)).json();
    assert_eq!(provisioned["PermissionSetProvisioningStatus"]["Status"], "IN_PROGRESS");
    assert_eq!(converse(&mut client), 200);
}

#[test]
fn the_form_the_agreement_and_the_retention_mode_open_their_gates() {
    let mut client = Client::named("use-case-form");
    assert_eq!(client.converse(&client.model).status, 404);
    let form = value("healthy")["forms"]["anthropic"].to_string();
    for (data, status) in [("bm90IGEgZm9ybQ==", 400), (&encoded(&form), 201)] {
        let body = json!({"formData": data});
        let answer = as_ana(&mut client, |client| client.send("POST", "/use-case-for-model-access", &body));
        assert_eq!(answer.status, status, "{}", answer.text());
    }
    assert_eq!(client.converse(&client.model).status, 200);

    let mut client = Client::named("marketplace");
    assert_eq!(client.converse(&client.model).status, 403);
    let offers = client.get(&format!("/list-foundation-model-agreement-offers/{CLAUDE}")).json();
    let agreement = json!({"modelId": CLAUDE, "offerToken": offers["offers"][0]["offerToken"]});
    let path = "/create-foundation-model-agreement";
    let refused = client.send("POST", path, &agreement);
    assert_eq!(refused.status, 403, "{}", refused.text());
    let wrong = json!({"modelId": CLAUDE, "offerToken": "bm90IGl0"});
    assert_eq!(as_ana(&mut client, |client| client.send("POST", path, &wrong)).status, 400);
    let answer = as_ana(&mut client, |client| client.send("POST", path, &agreement));
    assert_eq!((answer.status, answer.json()), (202, json!({"modelId": CLAUDE})));
    assert_eq!(client.converse(&client.model).status, 200);
    let path = "/delete-foundation-model-agreement";
    assert_eq!(as_ana(&mut client, |client| client.send("POST", path, &json!({"modelId": CLAUDE}))).status, 202);
    assert_eq!(client.converse(&client.model).status, 403);

    let mut client = Client::named("data-retention");
    assert_eq!(client.own_request().status, 400);
    assert_eq!(client.send("PUT", "/data-retention", &json!({"mode": "provider_data_share"})).status, 403);
    let put = |client: &mut Client, mode: &str| {
        let body = json!({ "mode": mode });
        as_ana(client, |client| client.send("PUT", "/data-retention", &body))
    };
    assert_eq!(put(&mut client, "forever").status, 400);
    assert_eq!(put(&mut client, "none").json()["mode"], "none");
    assert_eq!(client.own_request().status, 400);
    assert_eq!(put(&mut client, "provider_data_share").json()["mode"], "provider_data_share");
    assert_eq!(client.own_request().status, 200);
    assert_eq!(put(&mut client, "inherit").json(), json!({"mode": "inherit"}));
    assert_eq!(client.get("/data-retention").json(), json!({"mode": "inherit"}));
    assert_eq!(client.own_request().status, 400);
}

#[test]
fn a_write_needs_its_own_permission_on_its_own_target() {
    let grant = |action: &str, resource: &str| {
        json!([{"op": "add", "path": "/principals/0/policies/-", "value": {"name": "writer", "document": {
            "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]}}}])
    };
    let other = "arn:aws:iam::111122223333:role/apps/other";
    for (action, resource, status) in [
        ("iam:PutRolePolicy", ROLE, 200),
        ("iam:PutRolePolicy", other, 403),
        ("iam:PutUserPolicy", ROLE, 403),
        ("iam:*", ROLE, 200),
    ] {
        let client = Client::new(patched("iam-missing", &grant(action, resource)));
        let put =
            [("Action", "PutRolePolicy"), ("RoleName", "chat-api"), ("PolicyName", "x"), ("PolicyDocument", GRANT)];
        assert_eq!(client.query("iam", &put).status, status, "{action} on {resource}");
    }
}

/// Encodes a text in base64.
fn encoded(text: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letter = |bits: u32| char::from(LETTERS[(bits & 63) as usize]);
    let mut encoded = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let bits = chunk.iter().fold(0, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            encoded.push(if place <= chunk.len() { letter(bits >> (18 - 6 * place)) } else { '=' });
        }
    }
    encoded
}
