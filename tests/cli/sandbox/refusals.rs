//! Refusals follow from the facts, in words that AWS is known to use; and who signs is checked first.

use super::{CLAUDE, patched};
use crate::support::http::encode;
use crate::support::http::{Answer, Client};
use serde_json::{Value, json};

#[test]
fn refusals_follow_from_the_facts() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("../../fixtures/sandbox/refusals.json")).unwrap();
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
    let cases: Vec<Value> = serde_json::from_str(include_str!("../../fixtures/sandbox/refusals.json")).unwrap();
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
    let path = format!("/foundation-model-availability/{}", encode(CLAUDE));
    let status = |answer: Answer| answer.json()["agreementAvailability"]["status"].clone();
    assert_eq!(status(client.get(&path)), "NOT_AVAILABLE");
    assert_eq!(client.converse(&client.model).status, 200);
    assert_eq!(status(client.get(&path)), "AVAILABLE");
}

#[test]
fn who_signs_is_checked_before_anything_else() {
    let client = Client::named("healthy");
    let token = client.token.clone().unwrap();
    let converse = format!("/model/{}/converse", encode(&client.model));
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
