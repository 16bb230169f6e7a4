//! STS and IAM: the simulator, the directory, and roles handed out.

use super::{CALLER, CLAUDE, NOVA, model_arn, patched};
use crate::support::http::{Answer, Client};
use serde_json::{Value, json};

#[test]
fn the_simulator_sees_what_aws_says_it_sees() {
    let decision = |answer: &Answer| answer.element("EvalResourceDecision").unwrap_or_else(|| answer.text());
    let simulate = |world: &str, region: &str, more: &[(&str, &str)]| {
        let region_name = if region.is_empty() { "unspecified" } else { region };
        Client::named(world).simulate(CALLER, &model_arn(region, CLAUDE), region_name, more)
    };
    for (world, region, expected, organization, boundary) in [
        ("healthy", "us-east-2", "allowed", "true", None),
        ("iam-missing", "us-west-2", "implicitDeny", "true", None),
        ("iam-explicit-deny", "us-west-2", "explicitDeny", "true", None),
        ("permissions-boundary", "us-west-2", "implicitDeny", "true", Some("false")),
        ("scp-region-deny", "us-east-2", "explicitDeny", "false", None),
        ("scp-region-deny", "us-east-1", "allowed", "true", None),
        ("global-profile", "", "explicitDeny", "false", None),
        ("profile-leg-missing", "us-east-2", "implicitDeny", "true", None),
        ("read-only", "us-west-2", "implicitDeny", "true", None),
        ("wrong-action-name", "us-west-2", "implicitDeny", "true", None),
        // It knows nothing of sessions, endpoints and the account's standing.
        ("session-policy", "us-west-2", "allowed", "true", None),
        ("vpc-endpoint", "us-west-2", "allowed", "true", None),
        ("model-access-missing", "us-west-2", "allowed", "true", None),
    ] {
        let answer = simulate(world, region, &[]);
        assert_eq!(decision(&answer), expected, "{world} {region}");
        assert_eq!(answer.element("AllowedByOrganizations").as_deref(), Some(organization), "{world} {region}");
        assert_eq!(answer.element("AllowedByPermissionsBoundary").as_deref(), boundary, "{world} {region}");
    }
}

#[test]
fn matched_statements_point_into_the_document() {
    let client = Client::named("iam-explicit-deny");
    let answer = client.simulate(CALLER, &model_arn("us-west-2", CLAUDE), "us-west-2", &[]);
    assert_eq!(answer.element("SourcePolicyId").as_deref(), Some("DenyBedrockAccess"));
    assert_eq!(answer.element("SourcePolicyType").as_deref(), Some("user-managed"));

    let client = Client::named("healthy");
    let answer = client.simulate(CALLER, &model_arn("us-east-1", CLAUDE), "us-east-1", &[]);
    let number = |name: &str, at: usize| answer.elements(name)[at].parse::<usize>().unwrap();
    let (start, end) = ((number("Line", 0), number("Column", 0)), (number("Line", 1), number("Column", 1)));
    let policy =
        client.query("iam", &[("Action", "GetRolePolicy"), ("RoleName", "chat-api"), ("PolicyName", "bedrock-invoke")]);
    let encoded = policy.element("PolicyDocument").unwrap();
    let document = percent_encoding::percent_decode_str(&encoded).decode_utf8().unwrap().into_owned();
    let lines: Vec<&str> = document.split('\n').collect();
    let mut statement = lines[start.0 - 1..end.0].join("\n");
    statement.truncate(statement.len() - (lines[end.0 - 1].len() - (end.1 - 1)));
    let statement: Value = serde_json::from_str(&statement[start.1 - 1..]).unwrap();
    assert_eq!(statement["Sid"], "InvokeModelsBehindThem");
}

#[test]
fn what_the_organization_says_is_never_shown() {
    let client = Client::named("scp-region-deny");
    let answer = client.simulate(CALLER, &model_arn("us-east-2", CLAUDE), "us-east-2", &[]);
    assert!(
        !answer.text().contains("ApprovedRegions") && answer.elements("SourcePolicyId").is_empty(),
        "{}",
        answer.text()
    );
    // Without the Region the policy denies on a key that the answer does not name as missing.
    let answer = client.query(
        "iam",
        &[
            ("Action", "SimulatePrincipalPolicy"),
            ("PolicySourceArn", CALLER),
            ("ActionNames.member.1", "bedrock:InvokeModel"),
            ("ResourceArns.member.1", &model_arn("us-west-2", CLAUDE)),
        ],
    );
    assert_eq!(answer.element("EvalResourceDecision").as_deref(), Some("explicitDeny"));
    assert!(!answer.text().contains("RequestedRegion"), "{}", answer.text());
}

#[test]
fn policies_can_be_left_out_and_added() {
    let given = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "bedrock:InvokeModel", "Resource": "*"}]}"#;
    let excluded = |kind: &'static str| vec![("PolicyExclusionList.member.1.PolicyType", kind)];
    let arn = |arn: &'static str| vec![("PolicyExclusionList.member.1.PolicyArn", arn)];
    let inline = |name: &'static str, kind: &'static str, entity: &'static str| {
        vec![
            ("PolicyExclusionList.member.1.InlinePolicyIdentifier.PolicyName", name),
            ("PolicyExclusionList.member.1.InlinePolicyIdentifier.AttachmentType", kind),
            ("PolicyExclusionList.member.1.InlinePolicyIdentifier.AttachmentName", entity),
        ]
    };
    for (world, region, more, expected) in [
        ("iam-missing", "us-west-2", vec![("PolicyInputList.member.1", given)], "allowed"),
        ("scp-region-deny", "us-east-2", excluded("scp"), "allowed"),
        ("scp-region-deny", "us-east-2", excluded("rcp"), "explicitDeny"),
        ("scp-region-deny", "us-east-2", arn("arn:aws:organizations::444455556666:policy/*"), "allowed"),
        ("permissions-boundary", "us-west-2", excluded("permission-boundary"), "allowed"),
        ("permissions-boundary", "us-west-2", excluded("user-managed"), "implicitDeny"),
        ("iam-explicit-deny", "us-west-2", excluded("user-managed"), "allowed"),
        (
            "iam-explicit-deny",
            "us-west-2",
            arn("arn:aws:iam::111122223333:policy/budgets/DenyBedrockAccess"),
            "allowed",
        ),
        ("iam-explicit-deny", "us-west-2", arn("arn:aws:iam::111122223333:policy/Other"), "explicitDeny"),
        ("healthy", "us-west-2", excluded("inline"), "implicitDeny"),
        ("healthy", "us-west-2", inline("bedrock-invoke", "role", "chat-api"), "implicitDeny"),
        ("healthy", "us-west-2", inline("bedrock-invoke", "user", "chat-api"), "allowed"),
        ("healthy", "us-west-2", excluded("aws-managed"), "allowed"),
    ] {
        let answer = Client::named(world).simulate(CALLER, &model_arn(region, CLAUDE), region, &more);
        assert_eq!(
            answer.element("EvalResourceDecision").as_deref(),
            Some(expected),
            "{world} {more:?}: {}",
            answer.text()
        );
    }
    let given = Client::named("iam-missing").simulate(
        CALLER,
        &model_arn("us-west-2", CLAUDE),
        "us-west-2",
        &[("PolicyInputList.member.1", given)],
    );
    assert_eq!(given.element("SourcePolicyId").as_deref(), Some("PolicyInputList.1"));
}

#[test]
fn the_simulator_refuses_what_aws_refuses() {
    let client = Client::new(patched(
        "healthy",
        &json!([
        {"op": "replace", "path": "/caller", "value": "arn:aws:iam::111122223333:user/platform/ana"}]),
    ));
    let resource = model_arn("us-west-2", CLAUDE);
    let mut log = String::new();
    let mut note = |what: &str, answer: Answer| {
        log.push_str(&format!("{what}: {} {}: {}\n", answer.status, answer.code(), answer.message()));
    };
    note(
        "a session",
        client.simulate("arn:aws:sts::111122223333:assumed-role/chat-api/x", &resource, "us-west-2", &[]),
    );
    note("no path", client.simulate("arn:aws:iam::111122223333:role/chat-api", &resource, "us-west-2", &[]));
    note("no ARN", client.simulate("chat-api", &resource, "us-west-2", &[]));
    note("malformed policy", client.simulate(CALLER, &resource, "us-west-2", &[("PolicyInputList.member.1", "{")]));
    note(
        "malformed exclusion",
        client.simulate(CALLER, &resource, "us-west-2", &[("PolicyExclusionList.member.1.PolicyType", "all")]),
    );
    note("resource policy for a role", client.simulate(CALLER, &resource, "us-west-2", &[("ResourcePolicy", "{}")]));
    note("no action", client.query("iam", &[("Action", "SimulatePrincipalPolicy"), ("PolicySourceArn", CALLER)]));
    note(
        "wildcard action",
        client.query(
            "iam",
            &[
                ("Action", "SimulatePrincipalPolicy"),
                ("PolicySourceArn", CALLER),
                ("ActionNames.member.1", "bedrock:Invoke*"),
            ],
        ),
    );
    let bare = Client::named("no-simulator");
    note("not permitted", bare.simulate(CALLER, &resource, "us-west-2", &[]));
    insta::assert_snapshot!("simulator_refusals", log);
}

#[test]
fn results_come_in_pages() {
    let client = Client::named("healthy");
    let page = |marker: &[(&str, &str)]| {
        let mut parameters =
            vec![("Action", "SimulatePrincipalPolicy"), ("PolicySourceArn", CALLER), ("MaxItems", "2")];
        for (name, action) in [
            ("ActionNames.member.1", "bedrock:InvokeModel"),
            ("ActionNames.member.2", "bedrock:CountTokens"),
            ("ActionNames.member.3", "iam:GetRole"),
        ] {
            parameters.push((name, action));
        }
        parameters.extend_from_slice(marker);
        client.query("iam", &parameters)
    };
    let first = page(&[]);
    assert_eq!(first.elements("EvalActionName"), ["bedrock:InvokeModel", "bedrock:CountTokens"]);
    assert_eq!(first.element("IsTruncated").as_deref(), Some("true"));
    let second = page(&[("Marker", &first.element("Marker").unwrap())]);
    assert_eq!(second.elements("EvalActionName"), ["iam:GetRole"]);
    assert_eq!((second.element("IsTruncated").as_deref(), second.element("Marker")), (Some("false"), None));
}

#[test]
fn a_throttled_simulator_answers_in_the_end() {
    let client = Client::named("throttled");
    let simulate = || client.simulate(CALLER, &model_arn("us-west-2", CLAUDE), "us-west-2", &[]);
    for _ in 0..2 {
        let answer = simulate();
        assert_eq!(
            (answer.status, answer.code().as_str(), answer.message().as_str()),
            (400, "Throttling", "Rate exceeded")
        );
    }
    assert_eq!(simulate().element("EvalResourceDecision").as_deref(), Some("allowed"));
}

#[test]
fn the_directory_reads_as_iam_does() {
    let facts = patched(
        "read-only",
        &json!([
            {"op": "replace", "path": "/caller", "value": "arn:aws:iam::111122223333:user/platform/ana"},
            {"op": "replace", "path": "/principals/0/boundary", "value": {
                "arn": "arn:aws:iam::111122223333:policy/Boundary", "document": {"Statement": []}}},
            {"op": "add", "path": "/principals/0/tags", "value": {"team": "chat & co"}},
        ]),
    );
    let client = Client::new(facts);
    let role = ("RoleName", "chat-api");
    let mut log = String::new();
    for parameters in [
        vec![("Action", "GetUser")],
        vec![("Action", "GetRole"), role],
        vec![("Action", "ListRolePolicies"), role],
        vec![("Action", "ListAttachedRolePolicies"), role],
        vec![("Action", "ListGroupsForUser"), ("UserName", "ana")],
        vec![("Action", "ListAttachedGroupPolicies"), ("GroupName", "administrators")],
        vec![("Action", "ListAttachedUserPolicies"), ("UserName", "ana")],
        vec![("Action", "GetPolicy"), ("PolicyArn", "arn:aws:iam::aws:policy/AmazonBedrockReadOnly")],
        vec![("Action", "GetPolicy"), ("PolicyArn", "arn:aws:iam::111122223333:policy/Boundary")],
        vec![
            ("Action", "GetPolicyVersion"),
            ("PolicyArn", "arn:aws:iam::111122223333:policy/Boundary"),
            ("VersionId", "v1"),
        ],
        vec![
            ("Action", "GetPolicyVersion"),
            ("PolicyArn", "arn:aws:iam::111122223333:policy/Boundary"),
            ("VersionId", "v9"),
        ],
        vec![
            ("Action", "GetPolicyVersion"),
            ("PolicyArn", "arn:aws:iam::111122223333:policy/None"),
            ("VersionId", "v1"),
        ],
    ] {
        let answer = client.query("iam", &parameters);
        log.push_str(&format!("{} {}\n", answer.status, answer.text()));
    }
    insta::assert_snapshot!("directory", log);
}

#[test]
fn roles_are_handed_out_by_their_trust_policy() {
    let trust = |statement: Value| {
        json!([
            {"op": "replace", "path": "/principals/0/trust", "value": {"Version": "2012-10-17", "Statement": [statement]}},
            {"op": "replace", "path": "/caller", "value": "arn:aws:iam::111122223333:user/platform/ana"},
        ])
    };
    let ana = json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "arn:aws:iam::111122223333:user/platform/ana"}});
    let with_id = json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
        "Condition": {"StringEquals": {"sts:ExternalId": "secret-handshake"}}});
    let lambda =
        json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}});
    let assume = |client: &Client, more: &[(&str, &str)]| {
        let parameters = [("Action", "AssumeRole"), ("RoleArn", CALLER), ("RoleSessionName", "try-out")];
        client.query("sts", &[&parameters, more].concat())
    };
    for (statement, more, status) in [
        (&ana, vec![], 200),
        (&with_id, vec![], 403),
        (&with_id, vec![("ExternalId", "guess")], 403),
        (&with_id, vec![("ExternalId", "secret-handshake")], 200),
        (&lambda, vec![], 403),
        (&ana, vec![("Policy", "{")], 400),
        (&ana, vec![("DurationSeconds", "60")], 400),
    ] {
        let answer = assume(&Client::new(patched("healthy", &trust(statement.clone()))), &more);
        assert_eq!(answer.status, status, "{statement} {more:?}: {}", answer.text());
    }
    let denied = assume(&Client::named("healthy"), &[]);
    assert_eq!(
        denied.message(),
        format!(
            "User: arn:aws:sts::111122223333:assumed-role/chat-api/chat-api-7d9f is not authorized to perform: sts:AssumeRole on resource: {CALLER}"
        )
    );

    // The session acts as the role, within the policy that it was made with.
    let mut client = Client::new(patched("healthy", &trust(ana)));
    let only_nova = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "bedrock:*", "Resource": "arn:aws:bedrock:*::foundation-model/amazon.*"}]}"#;
    for (policy, claude) in [(vec![], 200), (vec![("Policy", only_nova)], 403)] {
        let answer = assume(&client, &policy);
        let user = (client.access_key.clone(), client.token.clone());
        client.access_key = answer.element("AccessKeyId").unwrap();
        client.token = answer.element("SessionToken");
        let identity = client.query("sts", &[("Action", "GetCallerIdentity")]);
        assert_eq!(identity.element("Arn").as_deref(), Some("arn:aws:sts::111122223333:assumed-role/chat-api/try-out"));
        let converse = client.converse(&client.model);
        assert_eq!(converse.status, claude, "{}", converse.text());
        assert_eq!(client.converse(NOVA).status, 200);
        if claude == 403 {
            assert!(
                converse.message().ends_with("because no session policy allows the bedrock:InvokeModel action"),
                "{}",
                converse.text()
            );
        }
        (client.access_key, client.token) = user;
    }
}
