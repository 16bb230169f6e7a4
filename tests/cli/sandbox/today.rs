//! The gates and doors of today: hidden models, projects, holds, AgentCore, Mantle, policies of resources.

use super::{CALLER, HEALTHY, NOVA, apply, patched, value};
use crate::support::http::Client;
use bedrock_access::sandbox::World;
use serde_json::{Value, json};

const SERVICE_ROLE: &str = "arn:aws:iam::111122223333:role/service-role/agent";

fn allow(action: &str, resource: &str) -> Value {
    json!({"Effect": "Allow", "Action": action, "Resource": resource})
}

/// Adds an inline policy to the caller.
fn granted(facts: &mut Value, statements: &[Value]) {
    let policy = json!({"name": "granted", "document": {"Version": "2012-10-17", "Statement": statements}});
    apply(facts, &json!([{"op": "add", "path": "/principals/0/policies/-", "value": policy}]));
}

fn client(facts: &Value) -> Client {
    Client::new(World::parse(&facts.to_string()).unwrap())
}

#[test]
fn a_program_hides_its_models_until_the_account_is_in() {
    let client = Client::named("trusted-access-program");
    let id = "anthropic.claude-fable-5";
    let listed = |client: &Client, path: &str| client.get(path).text().contains(id);
    assert!(!listed(&client, "/foundation-models") && !listed(&client, "/inference-profiles"));
    for path in [format!("/foundation-models/{id}"), format!("/inference-profiles/us.{id}")] {
        let answer = client.get(&path);
        assert_eq!((answer.status, answer.code().as_str()), (404, "ResourceNotFoundException"), "{path}");
    }
    let mut facts = value("trusted-access-program");
    let right = "bedrock:*TrustedAccessProgram*";
    granted(&mut facts, &[allow(right, "*")]);
    let client = self::client(&facts);
    let programs = client.get("/trusted-access-programs").json();
    assert_eq!(programs["programSummaries"][0]["status"], "eligible");
    assert_eq!(client.get("/trusted-access-programs/tap-0123456789").json()["programId"], "tap-0123456789");
    assert_eq!(client.get("/trusted-access-programs/nothing").status, 404);
    let path = "/trusted-access-programs/tap-0123456789/account-enrollment";
    assert_eq!(client.send("PUT", path, &json!({"optIn": "enabled"})).json()["optIn"], "enabled");
    assert!(listed(&client, "/foundation-models") && listed(&client, "/inference-profiles"));
    assert_eq!(client.own_request().status, 200);
}

#[test]
fn a_project_is_a_resource_of_the_call_and_has_a_retention_mode() {
    let project = "arn:aws:bedrock:us-west-2:111122223333:project/proj_abcdefghijkl234567mn";
    let refused = Client::named("named-project").own_request();
    assert!(refused.message().contains(&format!("bedrock:InvokeModel on resource: {project}")), "{}", refused.text());
    let mut facts = value("retention-below-minimum");
    granted(&mut facts, &[allow("bedrock:InvokeModel", project)]);
    facts["request"]["project"] = json!("proj_abcdefghijkl234567mn");
    for (mode, status) in
        [(json!(null), 400), (json!("default"), 400), (json!("aws_review"), 200), (json!("provider_data_share"), 200)]
    {
        facts["projects"] = json!([{"arn": project, "data_retention": mode}]);
        assert_eq!(client(&facts).own_request().status, status, "{mode}");
    }
    facts["projects"] = json!([]);
    assert_eq!(client(&facts).own_request().status, 400);
}

#[test]
fn a_hold_shows_otherwise_in_each_region() {
    let mut facts = value("account-hold");
    for (region, status) in [("us-west-2", 400), ("us-east-1", 429), ("us-east-2", 403)] {
        facts["request"]["region"] = json!(region);
        facts["profiles"][0]["region"] = json!(region);
        let policies = facts["principals"][0]["policies"].as_array_mut().unwrap();
        policies.truncate(2);
        granted(&mut facts, &[allow("bedrock:InvokeModel", "*")]);
        let answer = client(&facts).own_request();
        assert_eq!(answer.status, status, "{region}: {}", answer.text());
    }
}

#[test]
fn refusals_of_newer_models_have_anthropics_shape_and_those_of_iam_have_not() {
    let refused = Client::named("sales-gate").own_request();
    let body = refused.json();
    assert_eq!((body["type"].as_str(), body["error"]["type"].as_str()), (Some("error"), Some("permission_error")));
    assert!(body["request_id"].as_str().unwrap().starts_with("req_"));
    assert!(refused.header("x-amzn-errortype").is_none());
    let recorded: Value = serde_json::from_str(include_str!("../../fixtures/wire/anthropic-shape-sales.json")).unwrap();
    assert_eq!(body["error"], recorded["response"]["body"]["error"]);
    let client = Client::new(patched("sales-gate", &json!([{"op": "remove", "path": "/principals/0/policies/2"}])));
    let denied = client.own_request();
    assert_eq!(denied.header("x-amzn-errortype").unwrap().split(':').next(), Some("AccessDeniedException"));
}

#[test]
fn the_first_calls_succeed_and_one_success_is_no_proof() {
    let client = Client::named("first-calls");
    assert_eq!(client.own_request().status, 200);
    for _ in 0..2 {
        assert_eq!(client.own_request().status, 404);
    }
}

#[test]
fn a_denial_by_user_agent_meets_some_clients_only() {
    let client = Client::named("user-agent-deny");
    let authorization = client.authorization("bedrock");
    let path = format!("/model/{}/converse", client.model);
    let body = br#"{"messages": [{"role": "user", "content": [{"text": "hi"}]}]}"#;
    for (agent, status) in [("Boto3/1.42.0 md/Botocore#1.42.0", 200), ("claude-cli/2.1.280", 403)] {
        let token = client.token.as_deref().unwrap();
        let headers =
            [("authorization", authorization.as_str()), ("x-amz-security-token", token), ("user-agent", agent)];
        assert_eq!(client.raw("POST", &path, &headers, body).status, status, "{agent}");
    }
}

#[test]
fn a_wrong_base_path_is_answered_with_success_and_a_wrong_scope_is_not() {
    let client = Client::named("healthy");
    let answer = client.send("POST", "/v1/messages", &json!({}));
    let body = json!({"Output": {"__type": "com.amazon.coral.service#UnknownOperationException"}, "Version": "1.0"});
    assert_eq!((answer.status, answer.json()), (200, body));
    let token = client.token.clone().unwrap();
    let scoped = |path: &str, scope: &str| {
        let authorization = client.authorization(scope);
        let headers = [("authorization", authorization.as_str()), ("x-amz-security-token", token.as_str())];
        client.raw("POST", path, &headers, b"{}")
    };
    for (path, scope, status, name) in [
        ("/model/m/converse", "bedrock-runtime", 403, "bedrock"),
        ("/model/m/converse", "bedrock-mantle", 403, "bedrock"),
        ("/v1/chat/completions", "bedrock-runtime", 401, "bedrock-mantle"),
    ] {
        let answer = scoped(path, scope);
        assert_eq!(answer.status, status, "{path} {scope}");
        let text = format!("Credential should be scoped to correct service: '{name}'.");
        assert!(answer.text().contains(&text), "{}", answer.text());
    }
    // Either name reaches Mantle.
    for scope in ["bedrock", "bedrock-mantle"] {
        assert!(scoped("/v1/chat/completions", scope).text().contains("bedrock-mantle:CreateInference"));
    }
}

#[test]
fn mantle_has_its_own_actions_key_and_shapes() {
    let client = Client::named("mantle-api-key");
    let refused = client.own_request();
    assert_eq!(refused.status, 401);
    let error = refused.json()["error"].clone();
    assert_eq!(
        (error["code"].as_str(), error["type"].as_str()),
        (Some("access_denied"), Some("permission_denied_error"))
    );
    assert!(error["message"].as_str().unwrap().contains("bedrock-mantle:CallWithBearerToken"), "{error}");
    let wrong = client.raw("POST", "/v1/chat/completions", &[("authorization", "Bearer sk-wrong")], b"{}");
    assert_eq!((wrong.status, wrong.json()["error"]["code"].as_str()), (401, Some("invalid_api_key")));
    let healthy = Client::named("healthy");
    let listed = healthy.get("/v1/models");
    assert_eq!((listed.status, listed.json()["error"]["code"].as_str()), (403, Some("access_denied")));
    let mut facts = value("retention-other-region");
    granted(&mut facts, &[allow("bedrock-mantle:*", "*")]);
    let client = self::client(&facts);
    let model = client.get("/v1/models/anthropic.claude-fable-5").json();
    assert_eq!(model["status"], "unavailable");
    assert_eq!(model["status_reason"], "This model is not available under data retention mode 'default'.");
    let retention =
        json!({"mode": "default", "source": "model_default", "allowed_modes": ["aws_review", "provider_data_share"]});
    assert_eq!(model["data_retention"], retention);
    let all = client.get("/v1/models").json();
    assert!(all["data"].as_array().unwrap().iter().any(|model| model["status"] == "available"));
}

#[test]
fn a_guardrail_of_another_account_needs_both_sides() {
    let guardrail = "arn:aws:bedrock:us-west-2:444455556666:guardrail/gr4example7mask";
    let refused = Client::named("cross-account-guardrail").own_request();
    assert!(refused.message().contains("because no resource-based policy allows the bedrock:ApplyGuardrail action"));
    let policy = |account: &str| {
        json!([{"op": "replace", "path": "/guardrails/0/policy", "value": {"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{account}:root")},
            "Action": "bedrock:ApplyGuardrail", "Resource": guardrail}]}}])
    };
    for (account, status) in [("111122223333", 200), ("123456789012", 403)] {
        let client = Client::new(patched("cross-account-guardrail", &policy(account)));
        assert_eq!(client.own_request().status, status, "{account}");
    }
    let mut patch = policy("111122223333");
    patch.as_array_mut().unwrap().push(json!({"op": "remove", "path": "/principals/0/policies/2"}));
    let answer = Client::new(patched("cross-account-guardrail", &patch)).own_request();
    assert!(
        answer.message().contains("no identity-based policy allows the bedrock:ApplyGuardrail"),
        "{}",
        answer.text()
    );
}

fn agentcore(statements: &[Value]) -> Value {
    let runtime = "arn:aws:bedrock-agentcore:us-west-2:111122223333:runtime/chat-0001";
    let mut facts: Value = serde_json::from_str(HEALTHY).unwrap();
    let model = "arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-lite-v1:0";
    let role = json!({
        "arn": SERVICE_ROLE,
        "policies": [{"name": "agent", "document": {"Version": "2012-10-17", "Statement": [
            allow("bedrock:InvokeModel", model),
            allow("ecr:GetAuthorizationToken", "*"),
            allow("ecr:*", "arn:aws:ecr:us-west-2:111122223333:repository/agents"),
        ]}}],
        "trust": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
            "Principal": {"Service": "bedrock-agentcore.amazonaws.com"}, "Action": "sts:AssumeRole"}]},
    });
    facts["principals"].as_array_mut().unwrap().push(role);
    facts["agent_runtimes"] = json!([{"arn": runtime, "role": SERVICE_ROLE, "model": NOVA}]);
    facts["gateways"] = json!([{"arn": "arn:aws:bedrock-agentcore:us-west-2:111122223333:gateway/tools-0001"}]);
    facts["resource_policies"] = json!({"arn:aws:ecr:us-west-2:111122223333:repository/agents": null});
    granted(&mut facts, statements);
    facts
}

#[test]
fn an_agent_runtime_runs_with_its_role_and_tells_its_caller_nothing() {
    let runtime = "arn:aws:bedrock-agentcore:us-west-2:111122223333:runtime/chat-0001";
    let path = format!("/runtimes/{}/invocations", crate::support::http::encode(runtime));
    let body = json!({"prompt": "hello"});
    let invoke = |facts: &Value| client(facts).send_as("bedrock-agentcore", "POST", &path, &body);
    let refused = invoke(&agentcore(&[]));
    assert_eq!(refused.status, 403);
    assert!(refused.message().contains(&format!("bedrock-agentcore:InvokeAgentRuntime on resource: {runtime}")));
    let allowed = agentcore(&[allow("bedrock-agentcore:InvokeAgentRuntime", runtime)]);
    assert_eq!(invoke(&allowed).status, 200);
    let mut without = allowed;
    let role = without["principals"].as_array().unwrap().len() - 1;
    without["principals"][role]["policies"] = json!([]);
    let failed = invoke(&without);
    assert_eq!((failed.status, failed.code().as_str()), (424, "RuntimeClientError"));
    assert!(!failed.text().contains("InvokeModel"), "{}", failed.text());
}

#[test]
fn a_runtime_is_made_with_a_role_that_may_pull_its_image() {
    let image = |name: &str| format!("111122223333.dkr.ecr.us-west-2.amazonaws.com/{name}:latest");
    let body = |name: &str| {
        json!({"agentRuntimeName": "chat", "roleArn": SERVICE_ROLE,
            "agentRuntimeArtifact": {"containerConfiguration": {"containerUri": image(name)}}})
    };
    let create =
        |facts: &Value, name: &str| client(facts).send_as("bedrock-agentcore", "PUT", "/runtimes/", &body(name));
    let make = allow("bedrock-agentcore:CreateAgentRuntime", "*");
    assert_eq!(create(&agentcore(&[]), "agents").status, 403);
    let unpassed = create(&agentcore(std::slice::from_ref(&make)), "agents");
    assert!(unpassed.message().contains("iam:PassRole on resource: "), "{}", unpassed.text());
    let mut facts = agentcore(&[make, allow("iam:PassRole", SERVICE_ROLE)]);
    assert_eq!(create(&facts, "agents").status, 202);
    let other = create(&facts, "others");
    assert_eq!((other.status, other.code().as_str()), (400, "ValidationException"));
    assert!(other.message().starts_with(&format!("Access denied while validating ECR URI '{}'.", image("others"))));
    facts["resource_policies"]["arn:aws:ecr:us-west-2:111122223333:repository/agents"] = json!({
        "Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "ecr:BatchGetImage"}]});
    assert_eq!(create(&facts, "agents").status, 400);
}

#[test]
fn a_gateway_is_invoked_with_a_permission_of_its_own() {
    let gateway = "arn:aws:bedrock-agentcore:us-west-2:111122223333:gateway/tools-0001";
    let body = json!({"jsonrpc": "2.0", "id": 7, "method": "tools/list"});
    let invoke = |facts: &Value| client(facts).send_as("bedrock-agentcore", "POST", "/gateways/tools-0001/mcp", &body);
    assert_eq!(invoke(&agentcore(&[])).status, 403);
    let answer = invoke(&agentcore(&[allow("bedrock-agentcore:InvokeGateway", gateway)]));
    assert_eq!((answer.status, answer.json()["id"].as_u64()), (200, Some(7)));
}

#[test]
fn reranking_needs_its_own_action_and_the_model() {
    let model = "arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-lite-v1:0";
    let body = json!({
        "queries": [{"type": "TEXT", "textQuery": {"text": "hello"}}],
        "sources": [{"type": "INLINE", "inlineDocumentSource": {"type": "TEXT", "textDocument": {"text": "x"}}}],
        "rerankingConfiguration": {"type": "BEDROCK_RERANKING_MODEL", "bedrockRerankingConfiguration": {
            "modelConfiguration": {"modelArn": model}}},
    });
    let rerank = |statements: &[Value]| {
        let mut facts: Value = serde_json::from_str(HEALTHY).unwrap();
        apply(&mut facts, &json!([{"op": "remove", "path": "/principals/0/policies/1"}]));
        granted(&mut facts, statements);
        client(&facts).send("POST", "/rerank", &body)
    };
    let (rank, invoke) = (allow("bedrock:Rerank", "*"), allow("bedrock:InvokeModel", model));
    assert!(rerank(std::slice::from_ref(&invoke)).message().contains("bedrock:Rerank"));
    assert!(rerank(std::slice::from_ref(&rank)).message().contains("bedrock:InvokeModel"));
    assert_eq!(rerank(&[rank, invoke]).json()["results"].as_array().unwrap().len(), 1);
}

#[test]
fn policies_of_resources_are_read_by_whoever_may() {
    let mut facts: Value = serde_json::from_str(HEALTHY).unwrap();
    let (key, bucket) = ("arn:aws:kms:us-west-2:111122223333:key/0001", "arn:aws:s3:::example-answers");
    let repository = "arn:aws:ecr:us-west-2:111122223333:repository/agents";
    let statement = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "kms:*", "Resource": "*"}]});
    facts["resource_policies"] = json!({key: statement, bucket: null, repository: statement});
    let call = |facts: &Value, which: &str| {
        let client = client(facts);
        match which {
            "kms" => client.json_rpc("kms", "TrentService.GetKeyPolicy", &json!({"KeyId": key})),
            "s3" => client.send_as("s3", "GET", "/example-answers?policy", &json!({})),
            _ => {
                let target = "AmazonEC2ContainerRegistry_V20150921.GetRepositoryPolicy";
                client.json_rpc("ecr", target, &json!({"repositoryName": "agents"}))
            }
        }
    };
    for which in ["kms", "s3", "ecr"] {
        assert!(call(&facts, which).text().contains("not authorized"), "{which}");
    }
    granted(
        &mut facts,
        &[json!({"Effect": "Allow",
        "Action": ["kms:GetKeyPolicy", "s3:GetBucketPolicy", "ecr:GetRepositoryPolicy"], "Resource": "*"})],
    );
    assert_eq!(call(&facts, "kms").json()["Policy"].as_str().map(|text| text.contains("kms:*")), Some(true));
    assert_eq!(call(&facts, "s3").code(), "NoSuchBucketPolicy");
    assert_eq!(call(&facts, "ecr").json()["repositoryName"], "agents");
}

#[test]
fn the_simulator_takes_values_of_the_type_that_they_are_given_as() {
    let client = Client::named("healthy");
    let simulate = |value: &str, kind: &str| {
        let more = [
            ("ContextEntries.member.2.ContextKeyName", "example:key"),
            ("ContextEntries.member.2.ContextKeyValues.member.1", value),
            ("ContextEntries.member.2.ContextKeyType", kind),
        ];
        client.simulate(CALLER, "*", "us-west-2", &more).status
    };
    for (kind, good, bad) in [
        ("numeric", "1.5", "many"),
        ("boolean", "true", "yes"),
        ("ip", "198.51.100.0/24", "office"),
        ("date", "2026-03-02T09:00:00Z", "tomorrow"),
        ("dateList", "2026-03-02", "2026-02-31"),
        ("ipList", "2001:db8::1", "::x"),
    ] {
        assert_eq!((simulate(good, kind), simulate(bad, kind)), (200, 400), "{kind}");
    }
}
