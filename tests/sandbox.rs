//! The sandbox over HTTP: worlds, answers, refusals, and what it will not do.

#[path = "sandbox/http.rs"]
mod http;

use bedrock_access::sandbox::{Live, Sandbox, World};
use http::{Answer, Client};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

const CALLER: &str = "arn:aws:iam::111122223333:role/apps/chat-api";
const CLAUDE: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";
const NOVA: &str = "amazon.nova-lite-v1:0";
const HEALTHY: &str = include_str!("../src/sandbox/worlds/healthy.json");

fn value(world: &str) -> Value {
    serde_json::from_str(World::embedded_text(world).unwrap()).unwrap()
}

fn model_arn(region: &str, model: &str) -> String {
    format!("arn:aws:bedrock:{region}::foundation-model/{model}")
}

fn apply(facts: &mut Value, patch: &Value) {
    let patch: json_patch::Patch = serde_json::from_value(patch.clone()).unwrap();
    json_patch::patch(facts, &patch).unwrap();
}

fn patched(world: &str, patch: &Value) -> World {
    let mut facts = value(world);
    apply(&mut facts, patch);
    World::parse(&facts.to_string()).unwrap_or_else(|error| panic!("{world}: {error}"))
}

fn mends() -> serde_json::Map<String, Value> {
    serde_json::from_str(include_str!("fixtures/worlds/mends.json")).unwrap()
}

// Worlds

#[test]
fn every_world_follows_the_schema_and_bears_its_name() {
    let schema: Value = serde_json::from_str(include_str!("../docs/schema/world-1.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let names: Vec<&str> = World::names().collect();
    assert_eq!(names.len(), 21);
    for name in names {
        let facts = value(name);
        let errors: Vec<String> =
            validator.iter_errors(&facts).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{name}: {errors:?}");
        let world = World::embedded(name).unwrap();
        assert_eq!(world.name, name);
        assert!(!world.description.is_empty() && !world.description.ends_with('.'), "{name}");
    }
}

#[test]
fn the_schema_refuses_what_the_parser_refuses() {
    let schema: Value = serde_json::from_str(include_str!("../docs/schema/world-1.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for patch in [
        json!([{"op": "add", "path": "/verdict", "value": "denied"}]),
        json!([{"op": "add", "path": "/principals/0/cause", "value": "x"}]),
        json!([{"op": "replace", "path": "/account", "value": "1234"}]),
        json!([{"op": "remove", "path": "/caller"}]),
        json!([{"op": "replace", "path": "/profiles/0/models", "value": []}]),
        json!([{"op": "replace", "path": "/models/0/regions/us-west-2/authorization", "value": "MAYBE"}]),
        json!([{"op": "add", "path": "/faults/-", "value": {"operation": "sts:GetCallerIdentity", "kind": "gremlins"}}]),
    ] {
        let mut facts: Value = serde_json::from_str(HEALTHY).unwrap();
        apply(&mut facts, &patch);
        assert!(!validator.is_valid(&facts), "schema takes {patch}");
        assert!(World::parse(&facts.to_string()).is_err(), "parser takes {patch}");
    }
}

#[test]
fn a_world_states_facts_and_no_findings() {
    fn walk(value: &Value, visit: &mut dyn FnMut(&str)) {
        match value {
            Value::String(text) => visit(text),
            Value::Array(items) => items.iter().for_each(|item| walk(item, visit)),
            Value::Object(fields) => fields.iter().for_each(|(key, item)| {
                visit(key);
                walk(item, visit);
            }),
            _ => {}
        }
    }
    for name in World::names() {
        let mut facts = value(name);
        // A world may be called after what is the case in it.
        facts.as_object_mut().unwrap().remove("name");
        walk(&facts, &mut |text| {
            for cause in bedrock_access::cause::Cause::ALL {
                assert_ne!(text, cause.code(), "{name}");
            }
            for word in ["cause", "verdict", "remedy", "finding", "expect", "expected", "answer"] {
                assert_ne!(text, word, "{name}");
            }
        });
    }
}

#[test]
fn a_live_call_is_wanted_only_where_nothing_else_can_tell() {
    let live: Vec<&str> =
        World::names().filter(|name| World::embedded(name).unwrap().request.live == Some(Live::Probe)).collect();
    assert_eq!(live, ["session-policy", "vpc-endpoint", "no-simulator-denied"]);
}

/// Makes the call that a world is about, and says what came back.
fn asked(client: &Client) -> String {
    let model = client.model.clone();
    let answer = client.converse(&model);
    let who = client.query("sts", &[("Action", "GetCallerIdentity")]);
    let identity = who.element("Arn").unwrap_or_else(|| format!("{} {}", who.status, who.code()));
    let kind = answer.header("x-amzn-errortype").unwrap_or("-");
    format!("caller: {identity}\nstatus: {}\nerrortype: {kind}\nbody: {}\n", answer.status, answer.text())
}

#[test]
fn the_live_answer_of_every_world() {
    let all: Vec<String> = World::names().map(|name| format!("## {name}\n{}", asked(&Client::named(name)))).collect();
    insta::assert_snapshot!("live_answers", all.join("\n"));
}

#[test]
fn a_mended_world_is_healthy() {
    let mends = mends();
    for name in World::names() {
        let client = match mends.get(name) {
            Some(patch) => Client::new(patched(name, patch)),
            None => Client::named(name),
        };
        let answer = client.converse(&client.model);
        assert_eq!(answer.status, 200, "{name}: {}", answer.text());
        let denied = Client::named(name).converse(&Client::named(name).model).status != 200;
        // What the simulator alone stumbles over is invisible to a live call.
        let is_unseen = ["healthy", "no-simulator", "throttled"].contains(&name);
        assert_eq!(denied, !is_unseen, "{name}");
    }
}

#[test]
fn no_answer_hangs_on_a_name() {
    let renamed = |text: &str| {
        text.replace("111122223333", "123456789012")
            .replace("apps/chat-api", "svc/other-role")
            .replace("chat-api", "other-role")
            .replace("claude-sonnet-4-5-20250929-v1:0", "claude-renamed-v9:0")
            .replace("us-west-2", "ap-south-1")
    };
    for name in World::names() {
        let copy = renamed(World::embedded_text(name).unwrap()).replace(name, "a-copy");
        let client = Client::new(World::parse(&copy).unwrap_or_else(|error| panic!("{name}: {error}")));
        assert_eq!(asked(&client), renamed(&asked(&Client::named(name))), "{name}");
    }
}

#[test]
fn two_worlds_merge_by_their_differences() {
    let healthy = value("healthy");
    let difference = |name: &str| {
        let mut facts = value(name);
        for same in ["name", "description"] {
            facts[same] = healthy[same].clone();
        }
        json_patch::diff(&healthy, &facts)
    };
    let of = |name: &str| {
        let client = Client::named(name);
        client.converse(&client.model)
    };
    // IAM speaks before the account's standing, whichever of the two was there first.
    for (iam, standing) in [
        ("iam-missing", "model-access-missing"),
        ("permissions-boundary", "use-case-form"),
        ("scp-region-deny", "legacy-model"),
        ("profile-leg-missing", "marketplace"),
        ("session-policy", "model-access-missing"),
        ("vpc-endpoint", "use-case-form"),
        ("wrong-action-name", "marketplace"),
        ("iam-explicit-deny", "model-access-missing"),
    ] {
        let mut facts = value(iam);
        json_patch::patch(&mut facts, &difference(standing)).unwrap();
        let client = Client::new(World::parse(&facts.to_string()).unwrap());
        assert_eq!(client.converse(&client.model).message(), of(iam).message(), "{iam} + {standing}");
        let mut mended = facts.clone();
        apply(&mut mended, &mends()[iam]);
        let client = Client::new(World::parse(&mended.to_string()).unwrap());
        assert_eq!(client.converse(&client.model).message(), of(standing).message(), "{standing} + {iam}");
    }
}

// Refusals

#[test]
fn refusals_follow_from_the_facts() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("fixtures/sandbox/refusals.json")).unwrap();
    assert!(cases.len() > 40);
    for case in &cases {
        let name = case["name"].as_str().unwrap();
        let client = Client::new(patched("healthy", &case["patch"]));
        let model = case["model"].as_str().unwrap_or(&client.model);
        let operation = case["call"].as_str().unwrap_or("converse");
        let answer = match case.get("body") {
            Some(body) => client.post(model, operation, &body.to_string()),
            None => client.post(model, operation, r#"{"messages": [{"role": "user", "content": [{"text": "hi"}]}]}"#),
        };
        assert_eq!(answer.status, case["status"], "{name}: {}", answer.text());
        if let Some(code) = case["code"].as_str() {
            assert_eq!(
                (answer.code().as_str(), answer.message().as_str()),
                (code, case["message"].as_str().unwrap()),
                "{name}"
            );
        }
    }
}

#[test]
fn every_refusal_is_an_instance_of_a_known_text() {
    use bedrock_access::explain::explain;
    let cases: Vec<Value> = serde_json::from_str(include_str!("fixtures/sandbox/refusals.json")).unwrap();
    for case in cases.iter().filter(|case| !case["message"].is_null()) {
        let (code, message) = (case["code"].as_str().unwrap(), case["message"].as_str().unwrap());
        let text = format!("An error occurred ({code}) when calling the Converse operation: {message}");
        assert_eq!(explain(&text).error.cause.code(), case["explained_as"], "{text}");
    }
    let healthy = Client::named("healthy");
    let token = healthy.token.as_deref().unwrap();
    let signed = |authorization: &str| {
        let headers = [("authorization", authorization), ("x-amz-security-token", token)];
        healthy.raw("GET", "/foundation-models", &headers, b"")
    };
    let throttled = Client::new(patched(
        "healthy",
        &json!([
        {"op": "add", "path": "/faults/-", "value": {"operation": "bedrock:Converse", "kind": "throttling"}},
        {"op": "add", "path": "/faults/-", "value": {"operation": "bedrock:ListFoundationModels", "kind": "internal-error"}}]),
    ));
    for (answer, cause) in [
        (
            signed(&healthy.authorization("bedrock").replace(&healthy.access_key, "AKIASTRANGER1EXAMPLE")),
            "credentials-invalid",
        ),
        (signed("Bearer bedrock-api-key-none"), "api-key-rejected"),
        (Client::named("expired-credentials").get("/foundation-models"), "credentials-expired"),
        (Client::named("expired-credentials").query("sts", &[("Action", "GetCallerIdentity")]), "credentials-expired"),
        (throttled.converse(&throttled.model), "throttled"),
        (throttled.get("/foundation-models"), "service-unavailable"),
    ] {
        let text = format!("An error occurred ({}) when calling the X operation: {}", answer.code(), answer.message());
        assert_eq!(explain(&text).error.cause.code(), cause, "{text}");
    }
}

#[test]
fn the_layer_that_refuses_shows_in_header_and_key() {
    let denied = Client::named("iam-missing");
    let answer = denied.converse(&denied.model);
    assert_eq!(
        answer.header("x-amzn-errortype"),
        Some("AccessDeniedException:http://internal.amazon.com/coral/com.amazon.coral.service/")
    );
    assert!(answer.json().get("Message").is_some(), "{}", answer.text());
    let closed = Client::named("model-access-missing");
    let answer = closed.converse(&closed.model);
    assert_eq!(
        answer.header("x-amzn-errortype"),
        Some("AccessDeniedException:http://internal.amazon.com/coral/com.amazon.bedrock/")
    );
    assert!(answer.json().get("message").is_some(), "{}", answer.text());
}

#[test]
fn a_first_invocation_subscribes() {
    let client = Client::new(patched(
        "marketplace",
        &json!([{"op": "add", "path": "/principals/0/managed_policies/-", "value": {
            "arn": "arn:aws:iam::111122223333:policy/FirstUse",
            "document": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*",
                "Action": ["aws-marketplace:Subscribe", "aws-marketplace:ViewSubscriptions"]}]}}}]),
    ));
    let path = format!("/foundation-model-availability/{}", http::encode(CLAUDE));
    let status = |answer: Answer| answer.json()["agreementAvailability"]["status"].clone();
    assert_eq!(status(client.get(&path)), "NOT_AVAILABLE");
    assert_eq!(client.converse(&client.model).status, 200);
    assert_eq!(status(client.get(&path)), "AVAILABLE");
}

// Authentication

#[test]
fn who_signs_is_checked_before_anything_else() {
    let client = Client::named("healthy");
    let token = client.token.clone().unwrap();
    let converse = format!("/model/{}/converse", http::encode(&client.model));
    let identity = b"Action=GetCallerIdentity&Version=2011-06-15";
    let mut log = String::new();
    let mut note = |what: &str, answer: Answer| {
        log.push_str(&format!("{what}: {} {}: {}\n", answer.status, answer.code(), answer.message()));
    };
    note("no signature, sts", client.raw("POST", "/", &[], identity));
    note("no signature, iam", client.raw("POST", "/", &[], b"Action=GetUser&Version=2010-05-08"));
    note("no signature, bedrock", client.raw("POST", &converse, &[], b"{}"));
    for (what, header) in [
        ("key that nobody has", client.authorization("bedrock").replace(&client.access_key, "AKIASTRANGER1EXAMPLE")),
        ("no signature in the header", client.authorization("bedrock").replace(", Signature=00", "")),
        ("scope cut short", client.authorization("bedrock").replace("/aws4_request", "")),
        ("another service", client.authorization("dynamodb")),
        ("another scheme", "Basic Zm9v".to_owned()),
        ("an API key that nobody has", "Bearer bedrock-api-key-none".to_owned()),
    ] {
        let headers = [("authorization", header.as_str()), ("x-amz-security-token", token.as_str())];
        note(what, client.raw("POST", &converse, &headers, b"{}"));
    }
    for (what, header, sent) in [
        (
            "key that nobody has, sts",
            client.authorization("sts").replace(&client.access_key, "AKIASTRANGER1EXAMPLE"),
            &*token,
        ),
        ("a session without its token, sts", client.authorization("sts"), ""),
        ("a session with another token, iam", client.authorization("iam"), "stolen"),
    ] {
        let mut headers = vec![("authorization", header.as_str())];
        if !sent.is_empty() {
            headers.push(("x-amz-security-token", sent));
        }
        note(what, client.raw("POST", "/", &headers, identity));
    }
    let expired = Client::named("expired-credentials");
    note("ended session, sts", expired.query("sts", &[("Action", "GetCallerIdentity")]));
    note("ended session, iam", expired.query("iam", &[("Action", "GetRole"), ("RoleName", "chat-api")]));
    note("ended session, bedrock", expired.get("/foundation-models"));
    insta::assert_snapshot!("authentication", log);
}

#[test]
fn an_api_key_acts_as_its_principal_with_a_permission_of_its_own() {
    const KEY: &str = "ABSKQmVkcm9ja0FQSUtleS1leGFtcGxl";
    let ana = "arn:aws:iam::111122223333:user/platform/ana";
    let world = |key: Value, more: &[Value]| {
        let mut patch = vec![json!({"op": "add", "path": "/api_keys", "value": [key]})];
        patch.extend_from_slice(more);
        Client::new(patched("healthy", &Value::Array(patch)))
    };
    let key = |more: Value| {
        let mut key = json!({"key": KEY, "principal": ana});
        key.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        key
    };
    let bare = json!({"op": "replace", "path": "/principals/1/groups", "value": []});
    let no_long_term = json!({"op": "add", "path": "/principals/1/policies/-", "value": {"name": "no-keys", "document": {
        "Statement": {"Effect": "Deny", "Action": "bedrock:CallWithBearerToken", "Resource": "*",
            "Condition": {"StringEquals": {"bedrock:BearerTokenType": "LONG_TERM"}}}}}});
    for (client, token, status, message) in [
        (world(key(json!({})), &[]), KEY, 200, ""),
        (world(key(json!({})), &[]), "sk-something", 403, "Invalid API Key format: Must start with pre-defined prefix"),
        (
            world(key(json!({})), &[]),
            "ABSKother",
            403,
            "Authentication failed: Please make sure your API Key is valid.",
        ),
        (world(key(json!({"expires": "2026-01-01T00:00:00Z"})), &[]), KEY, 403, "Bearer Token has expired"),
        (
            world(key(json!({"region": "us-east-1"})), &[]),
            KEY,
            403,
            "Authentication failed: Please make sure your API Key is valid.",
        ),
        (
            world(key(json!({})), &[bare]),
            KEY,
            403,
            "User: arn:aws:iam::111122223333:user/platform/ana is not authorized to perform: bedrock:CallWithBearerToken \
             on resource: * because no identity-based policy allows the bedrock:CallWithBearerToken action",
        ),
        (
            world(key(json!({})), &[no_long_term]),
            KEY,
            403,
            "User: arn:aws:iam::111122223333:user/platform/ana is not authorized to perform: bedrock:CallWithBearerToken \
             on resource: * with an explicit deny in an identity-based policy",
        ),
    ] {
        let answer = client.raw("GET", "/foundation-models", &[("authorization", &format!("Bearer {token}"))], b"");
        assert_eq!(answer.status, status, "{token}: {}", answer.text());
        if status != 200 {
            assert_eq!(answer.message(), message);
        }
    }
}

#[test]
fn what_it_does_not_know_it_says() {
    let client = Client::named("healthy");
    let mut log = String::new();
    let mut note = |what: &str, answer: Answer| {
        log.push_str(&format!("{what}: {} {}: {}\n", answer.status, answer.code(), answer.message()));
    };
    note("an operation of IAM", client.query("iam", &[("Action", "CreateRole")]));
    note("an operation of STS", client.query("sts", &[("Action", "GetFederationToken")]));
    note("no operation", client.query("iam", &[]));
    note("a path of Bedrock", client.get("/guardrails"));
    note("a method of Bedrock", client.post("m", "nonesuch", "{}"));
    note("no such role", {
        let root = Client::new(patched(
            "healthy",
            &json!([
            {"op": "replace", "path": "/caller", "value": "arn:aws:iam::111122223333:user/platform/ana"}]),
        ));
        root.query("iam", &[("Action", "GetRole"), ("RoleName", "nobody")])
    });
    note("a parameter missing", client.query("iam", &[("Action", "GetRole")]));
    insta::assert_snapshot!("unknown", log);
}

// The socket

#[test]
fn it_answers_to_its_own_name_alone() {
    let client = Client::named("healthy");
    let port = client.sandbox.endpoint().rsplit(':').next().unwrap().to_owned();
    for host in ["evil.example", "127.0.0.1", "169.254.169.254", "localhost.evil.example", ""] {
        let answer = client.raw("GET", "/foundation-models", &[("host", host)], b"");
        assert_eq!(answer.status, 421, "{host}");
    }
    let local = format!("localhost:{port}");
    assert_eq!(client.raw("GET", "/foundation-models", &[("host", &local)], b"").status, 403);
}

#[test]
fn bodies_are_bounded() {
    let client = Client::named("healthy");
    let answer = client.raw("POST", "/", &[], &vec![b'x'; 25_000_001]);
    assert_eq!(answer.status, 413, "{}", answer.text());
}

#[test]
fn nonsense_is_survived() {
    let client = Client::named("healthy");
    let authorization = client.authorization("bedrock");
    let token = client.token.clone().unwrap();
    let signed = [("authorization", authorization.as_str()), ("x-amz-security-token", token.as_str())];
    let deep = "[".repeat(1_000_000);
    let many: String = (1..200_000).map(|n| format!("&ContextEntries.member.{n}.ContextKeyName=k{n}")).collect();
    for (method, path, body) in [
        ("POST", "/model/%FF%FE/converse", "{}"),
        ("POST", "/model/%/converse", "{}"),
        ("POST", "/model/../converse", "{}"),
        ("POST", "/model/a/converse", deep.as_str()),
        ("POST", "/model//converse", ""),
        ("GET", "/foundation-models/%00", ""),
        ("GET", "/inference-profiles?maxResults=-1", ""),
        ("GET", "/inference-profiles?nextToken=99999999999999999999999", ""),
        ("GET", "/inference-profiles?maxResults=18446744073709551615&nextToken=18446744073709551615", ""),
        ("DELETE", "/foundation-models", ""),
        ("BREW", "/coffee", ""),
    ] {
        let answer = client.raw(method, path, &signed, body.as_bytes());
        assert!((200..500).contains(&answer.status), "{method} {path}: {}", answer.text());
    }
    let start = std::time::Instant::now();
    let iam = client.authorization("iam");
    let form = format!(
        "Action=SimulatePrincipalPolicy&Version=2010-05-08&PolicySourceArn={CALLER}&ActionNames.member.1=a:b{many}"
    );
    let answer = client.raw("POST", "/", &[("authorization", &iam), ("x-amz-security-token", &token)], form.as_bytes());
    assert_eq!(answer.code(), "InvalidInput", "{}", answer.text());
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    // What is not HTTP at all ends the connection, not the server.
    for junk in [&b"\x16\x03\x01\x02\x00"[..], b"GET\r\n\r\n", &[0xff; 70_000]] {
        let address = client.sandbox.endpoint().strip_prefix("http://").unwrap().to_owned();
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        let _ = std::io::Write::write_all(&mut stream, junk);
    }
    assert_eq!(client.converse(&client.model).status, 200);
}

#[test]
fn it_stops_when_dropped_and_shares_nothing() {
    let first = Sandbox::start(World::embedded("healthy").unwrap(), Duration::ZERO, 0).unwrap();
    let second = Sandbox::start(World::embedded("healthy").unwrap(), Duration::ZERO, 0).unwrap();
    assert_ne!(first.endpoint(), second.endpoint());
    assert!(first.endpoint().starts_with("http://127.0.0.1:"));
    let port = first.endpoint().rsplit(':').next().unwrap().parse().unwrap();
    let taken = Sandbox::start(World::embedded("healthy").unwrap(), Duration::ZERO, port).unwrap_err();
    assert_eq!(taken.kind(), std::io::ErrorKind::AddrInUse);
    let address = first.endpoint().strip_prefix("http://").unwrap().to_owned();
    drop(first);
    assert!(std::net::TcpStream::connect(address).is_err());
}

#[test]
fn latency_is_added_to_every_answer() {
    let world = World::embedded("healthy").unwrap();
    let mut client = Client::new(world.clone());
    client.sandbox = Sandbox::start(world, Duration::from_millis(120), 0).unwrap();
    let start = std::time::Instant::now();
    assert_eq!(client.query("sts", &[("Action", "GetCallerIdentity")]).status, 200);
    assert!(start.elapsed() >= Duration::from_millis(120));
}

// IAM

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

// Bedrock

#[test]
fn the_control_plane_lists_and_filters() {
    let client = Client::named("healthy");
    let ids = |path: &str, list: &str, id: &str| -> Vec<String> {
        let answer = client.get(path).json();
        answer[list]
            .as_array()
            .unwrap_or(&Vec::new())
            .iter()
            .map(|item| item[id].as_str().unwrap().to_owned())
            .collect()
    };
    let models = |query: &str| ids(&format!("/foundation-models{query}"), "modelSummaries", "modelId");
    assert_eq!(models("").len(), 3);
    assert_eq!(models("?byProvider=amazon"), [NOVA]);
    assert_eq!(models("?byInferenceType=ON_DEMAND").len(), 2);
    assert_eq!(models("?byOutputModality=IMAGE").len(), 0);
    let profiles =
        |query: &str| ids(&format!("/inference-profiles{query}"), "inferenceProfileSummaries", "inferenceProfileId");
    assert_eq!(profiles("").len(), 3);
    assert_eq!(profiles("?type=APPLICATION").len(), 0);
    assert_eq!(profiles("?maxResults=2").len(), 2);
    assert_eq!(profiles("?maxResults=2&nextToken=2").len(), 1);
    let arn = format!("arn:aws:bedrock:us-west-2:111122223333:inference-profile/global.{CLAUDE}");
    let profile = client.get(&format!("/inference-profiles/{}", http::encode(&arn))).json();
    assert_eq!(profile["models"][1]["modelArn"], model_arn("", CLAUDE));
    let missing = client.get("/inference-profiles/us.none");
    assert_eq!((missing.status, missing.code().as_str()), (404, "ResourceNotFoundException"));
    let model = client.get(&format!("/foundation-models/{}", http::encode(CLAUDE))).json();
    assert_eq!(model["modelDetails"]["inferenceTypesSupported"], json!(["INFERENCE_PROFILE"]));
    assert_eq!(client.get("/enforcedGuardrailsConfiguration").json(), json!({"guardrailsConfig": []}));
    let guarded = Client::new(patched(
        "healthy",
        &json!([{"op": "add", "path": "/guardrails", "value": [
        {"arn": "arn:aws:bedrock:us-west-2:111122223333:guardrail/abc123def456", "version": "2", "enforced": true},
        {"arn": "arn:aws:bedrock:us-east-1:111122223333:guardrail/elsewhere123", "enforced": true},
        {"arn": "arn:aws:bedrock:us-west-2:111122223333:guardrail/notenforced1"}]}]),
    ));
    let enforced = guarded.get("/enforcedGuardrailsConfiguration").json();
    assert_eq!(enforced["guardrailsConfig"].as_array().unwrap().len(), 1);
    assert_eq!(enforced["guardrailsConfig"][0]["guardrailVersion"], "2");
    let offers =
        |model: &str| client.get(&format!("/list-foundation-model-agreement-offers/{}", http::encode(model))).json();
    assert_eq!(offers(CLAUDE)["offers"].as_array().unwrap().len(), 1);
    assert_eq!(offers(NOVA)["offers"].as_array().unwrap().len(), 0);
    let elsewhere =
        client.get(&format!("/foundation-model-availability/{}", http::encode("mistral.mistral-large-2407-v1:0")));
    assert_eq!(elsewhere.json()["regionAvailability"], "AVAILABLE");
}

#[test]
fn every_read_needs_its_permission() {
    let client =
        Client::new(patched("healthy", &json!([{"op": "replace", "path": "/principals/0/policies", "value": []}])));
    let claude = http::encode(CLAUDE);
    for (path, action, resource) in [
        ("/foundation-models".to_owned(), "ListFoundationModels", None),
        (format!("/foundation-models/{claude}"), "GetFoundationModel", Some(model_arn("us-west-2", CLAUDE))),
        (format!("/foundation-model-availability/{claude}"), "GetFoundationModelAvailability", None),
        ("/inference-profiles".to_owned(), "ListInferenceProfiles", None),
        (
            format!("/inference-profiles/us.{claude}"),
            "GetInferenceProfile",
            Some(format!("arn:aws:bedrock:us-west-2:111122223333:inference-profile/us.{CLAUDE}")),
        ),
        ("/use-case-for-model-access".to_owned(), "GetUseCaseForModelAccess", None),
        (format!("/list-foundation-model-agreement-offers/{claude}"), "ListFoundationModelAgreementOffers", None),
        ("/enforcedGuardrailsConfiguration".to_owned(), "ListEnforcedGuardrailsConfiguration", None),
    ] {
        let answer = client.get(&path);
        let on = resource.map(|resource| format!(" on resource: {resource}")).unwrap_or_default();
        assert_eq!(
            (answer.status, answer.message()),
            (
                403,
                format!(
                    "User: arn:aws:sts::111122223333:assumed-role/chat-api/chat-api-7d9f is not authorized to perform: \
                 bedrock:{action}{on} because no identity-based policy allows the bedrock:{action} action"
                )
            ),
            "{path}"
        );
    }
    let answer = client.query("iam", &[("Action", "GetRole"), ("RoleName", "chat-api")]);
    assert_eq!(
        answer.message(),
        "User: arn:aws:sts::111122223333:assumed-role/chat-api/chat-api-7d9f is not authorized to perform: iam:GetRole \
         on resource: role chat-api because no identity-based policy allows the iam:GetRole action"
    );
    assert_eq!(client.query("sts", &[("Action", "GetCallerIdentity")]).status, 200);
}

#[test]
fn every_family_answers_its_own_body() {
    let client = Client::new(patched(
        "healthy",
        &json!([
            {"op": "add", "path": "/principals/0/policies/-", "value": {"name": "wide", "document": {
                "Statement": {"Effect": "Allow", "Action": "bedrock:*", "Resource": "*"}}}},
        ]),
    ));
    let messages = json!([{"role": "user", "content": [{"text": "hi"}]}]);
    for (model, body, pointer) in [
        (
            format!("us.{CLAUDE}"),
            json!({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 1, "messages": [{"role": "user", "content": "hi"}]}),
            "/content/0/text",
        ),
        (
            NOVA.to_owned(),
            json!({"messages": messages, "inferenceConfig": {"maxTokens": 1}}),
            "/output/message/content/0/text",
        ),
        ("mistral.mistral-large-2407-v1:0".to_owned(), json!({"prompt": "hi", "max_tokens": 1}), "/outputs/0/text"),
    ] {
        let answer = client.post(&model, "invoke", &body.to_string());
        assert_eq!(answer.json().pointer(pointer), Some(&json!("This")), "{model}: {}", answer.text());
        let answer = client.post(&model, "invoke", r#"{"max_tokens_to_sample": -1}"#);
        assert!(answer.message().starts_with("Malformed input request: "), "{model}: {}", answer.text());
        assert_eq!(client.post(&model, "invoke", "not json").status, 400);
    }
    let counted =
        client.post(NOVA, "count-tokens", &json!({"input": {"converse": {"messages": messages}}}).to_string());
    assert_eq!(counted.json(), json!({"inputTokens": 1}));
}

#[test]
fn streams_are_frames_that_the_sdk_reads() {
    use aws_smithy_eventstream::frame::read_message_from;
    let client = Client::named("healthy");
    let body = r#"{"messages": [{"role": "user", "content": [{"text": "hi"}]}], "inferenceConfig": {"maxTokens": 2}}"#;
    let answer = client.post(&client.model, "converse-stream", body);
    assert_eq!(answer.header("content-type"), Some("application/vnd.amazon.eventstream"));
    let mut frames = answer.body.as_slice();
    let mut events = Vec::new();
    while !frames.is_empty() {
        let message = read_message_from(&mut frames).unwrap();
        let header = |name: &str| {
            let found = message.headers().iter().find(|header| header.name().as_str() == name).unwrap();
            found.value().as_string().unwrap().as_str().to_owned()
        };
        assert_eq!(header(":message-type"), "event");
        events.push((header(":event-type"), serde_json::from_slice::<Value>(message.payload()).unwrap()));
    }
    let names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        ["messageStart", "contentBlockDelta", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata"]
    );
    assert_eq!(events[4].1["stopReason"], "max_tokens");
    assert_eq!(events[5].1["usage"]["totalTokens"], 3);
}

// Files

#[test]
fn what_is_no_world_is_refused_with_its_place() {
    let mut log = String::new();
    let mut note = |what: &str, text: &str| {
        let error = World::parse(text).expect_err(what);
        log.push_str(&format!("{what}: {error}\n"));
    };
    let edited = |pointer: &str, with: Value| {
        let mut facts: Value = serde_json::from_str(HEALTHY).unwrap();
        *facts.pointer_mut(pointer).unwrap() = with;
        facts.to_string()
    };
    note("empty", "");
    note("white space", " \n");
    note("not JSON", "hello");
    note("binary", "\u{0}\u{1}\u{2}");
    note("truncated", &HEALTHY[..2000]);
    note("a list", "[]");
    note("too deep", &"[".repeat(100_000));
    note("unknown field", &HEALTHY.replacen("\"account\"", "\"acount\"", 1));
    note("unknown field inside", &HEALTHY.replacen("\"access_key\"", "\"accesskey\"", 1));
    note("nothing but a name", r#"{"name": "x"}"#);
    note("twice", &HEALTHY.replacen("\"faults\": []", "\"faults\": [], \"faults\": []", 1));
    note("account", &edited("/account", json!("12345")));
    note("no ARN", &edited("/principals/0/arn", json!("chat-api")));
    note("ARN of a session", &edited("/principals/0/arn", json!("arn:aws:sts::111122223333:assumed-role/chat-api/x")));
    note("ARN of another account", &edited("/principals/0/arn", json!("arn:aws:iam::444455556666:role/chat-api")));
    note("caller unknown", &edited("/caller", json!("arn:aws:iam::111122223333:role/nobody")));
    note("caller without key", &edited("/principals/0/access_key", Value::Null));
    note("role without session", &edited("/principals/0/session_name", Value::Null));
    note("key no key", &edited("/principals/0/access_key", json!("'; rm -rf ~ #")));
    note("session no session", &edited("/principals/0/session_name", json!("a/b")));
    note("terminal escapes", &edited("/account", json!("\u{1b}]0;owned\u{7}\u{202e}1")));
    note("group unknown", &edited("/principals/1/groups", json!(["nobodies"])));
    note("one key for two", &edited("/principals/1/access_key", json!("AKIACHATAPI01EXAMPLE")));
    note("managed policy unknown", &edited("/principals/0/managed_policies", json!(["AmazonBedrockEverything"])));
    note("managed policy of no kind", &edited("/principals/0/managed_policies", json!([7])));
    note(
        "policy malformed",
        &edited("/principals/0/policies/1/document", json!({"Statement": [{"Effect": "Permit"}]})),
    );
    note("policy a text", &edited("/principals/0/policies/1/document", json!("allow everything")));
    note("time", &edited("/principals/0/session_expires", json!("tomorrow")));
    note("operation", &edited("/request/operation", json!("chat")));
    note("model", &edited("/request/model", json!("a b")));
    note("region", &edited("/request/region", json!("Frankfurt")));
    note("live", &edited("/request/live", json!("always")));
    note("fault", &edited("/faults", json!([{"operation": "s3:GetObject", "kind": "throttling"}])));
    note("profile without models", &edited("/profiles/0/models", json!([])));
    note(
        "profile over a profile",
        &edited("/profiles/0/models", json!(["arn:aws:bedrock:us-west-2:111122223333:inference-profile/x"])),
    );
    insta::assert_snapshot!("bad_worlds", log);
}

#[test]
fn a_world_survives_being_printed_and_read_again() {
    for name in World::names() {
        let compact = value(name).to_string();
        assert_eq!(asked(&Client::new(World::parse(&compact).unwrap())), asked(&Client::named(name)), "{name}");
    }
}

// Commands

fn bedrock_access(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bedrock-access")).arg("sandbox").args(arguments).env_clear().output().unwrap()
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

#[test]
fn list_names_every_world_in_a_line() {
    let output = bedrock_access(&["list"]);
    assert_eq!(output.status.code(), Some(0));
    insta::assert_snapshot!("list", stdout(&output));
    let names: Vec<&str> = stdout(&output).lines().map(|line| line.split_once(' ').unwrap().0).collect();
    assert_eq!(names, World::names().collect::<Vec<_>>());
}

#[test]
fn show_prints_a_file_that_can_be_given_back() {
    let shown = bedrock_access(&["show", "both"]);
    assert_eq!((shown.status.code(), stdout(&shown)), (Some(0), World::embedded_text("both").unwrap()));
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("mine.json");
    std::fs::write(&file, &shown.stdout).unwrap();
    let again = bedrock_access(&["show", file.to_str().unwrap()]);
    assert_eq!((again.status.code(), again.stdout), (Some(0), shown.stdout));
}

#[test]
fn what_cannot_be_read_is_said_with_a_remedy() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str, bytes: &[u8]| {
        let file = directory.path().join(name);
        std::fs::write(&file, bytes).unwrap();
        file.to_str().unwrap().to_owned()
    };
    let (binary, truncated) = (path("binary", b"\x7fELF\xff\xfe"), path("truncated.json", &HEALTHY.as_bytes()[..500]));
    let folder = directory.path().to_str().unwrap().to_owned();
    let mut log = String::new();
    for (what, name, status) in [
        ("a name misspelt", "iam-mising", 2),
        ("a name unlike any", "atlantis", 2),
        ("no file", "./no/such/file.json", 4),
        ("a folder", &folder, 4),
        ("a binary file", &binary, 4),
        ("a truncated file", &truncated, 4),
    ] {
        let output = bedrock_access(&["show", name]);
        assert_eq!((output.status.code(), stdout(&output)), (Some(status), ""), "{what}: {}", stderr(&output));
        log.push_str(&format!("{what}:\n{}", stderr(&output).replace(&folder, "FOLDER")));
    }
    insta::assert_snapshot!("unreadable", log);
}

#[test]
fn a_port_that_is_taken_is_said() {
    let client = Client::named("healthy");
    let port = client.sandbox.endpoint().rsplit(':').next().unwrap().to_owned();
    let output = bedrock_access(&["serve", "healthy", "--port", &port]);
    assert_eq!((output.status.code(), stdout(&output)), (Some(4), ""));
    assert!(stderr(&output).contains(&format!("port {port} of 127.0.0.1 cannot be had")), "{}", stderr(&output));
    assert!(stderr(&output).contains("hint: `--port 0` takes any free one"), "{}", stderr(&output));
}

#[cfg(unix)]
#[test]
fn serve_runs_until_a_signal_and_ends_with_its_number() {
    for (signal, status) in [("INT", 130), ("TERM", 143)] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_bedrock-access"))
            .args(["sandbox", "serve"])
            .env_clear()
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut next = || lines.next().unwrap().unwrap();
        let endpoint = next();
        let address = endpoint.strip_prefix("export AWS_ENDPOINT_URL='http://").unwrap().trim_end_matches('\'');
        assert!(std::net::TcpStream::connect(address).is_ok());
        let printed: Vec<String> = (0..6).map(|_| next()).collect();
        insta::assert_snapshot!("environment", printed.join("\n"));
        let id = child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{signal}"), &id]).status().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(status));
    }
}

// Documentation

#[test]
fn the_documentation_names_every_world_and_every_operation() {
    let page = include_str!("../docs/sandbox.md");
    let rows: Vec<&str> =
        page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`')).map(|(name, _)| name).collect();
    for name in World::names() {
        assert_eq!(rows.iter().filter(|row| **row == name).count(), 1, "{name}");
    }
    let answer = Client::named("healthy").get("/guardrails").message();
    let served = answer.split_once("it serves ").unwrap().1.split(", ");
    let of_iam = Client::named("healthy").query("iam", &[("Action", "CreateRole")]).message();
    let of_iam = of_iam.split_once("the sandbox serves ").unwrap().1.split(", ");
    for operation in served.chain(of_iam) {
        assert!(page.contains(operation), "{operation}");
    }
    let schema: Value = serde_json::from_str(include_str!("../docs/schema/world-1.json")).unwrap();
    for field in schema["properties"].as_object().unwrap().keys() {
        assert!(page.contains(&format!("`{field}`")), "{field}");
    }
}
