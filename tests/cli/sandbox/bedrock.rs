//! Bedrock: the control plane, its permissions, and the bodies and streams of the runtime.

use super::{CLAUDE, NOVA, model_arn, patched};
use crate::support::http::Client;
use crate::support::http::encode;
use serde_json::{Value, json};

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
    let profile = client.get(&format!("/inference-profiles/{}", encode(&arn))).json();
    assert_eq!(profile["models"][1]["modelArn"], model_arn("", CLAUDE));
    let missing = client.get("/inference-profiles/us.none");
    assert_eq!((missing.status, missing.code().as_str()), (404, "ResourceNotFoundException"));
    let model = client.get(&format!("/foundation-models/{}", encode(CLAUDE))).json();
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
    let offers = |model: &str| client.get(&format!("/list-foundation-model-agreement-offers/{}", encode(model))).json();
    assert_eq!(offers(CLAUDE)["offers"].as_array().unwrap().len(), 1);
    assert_eq!(offers(NOVA)["offers"].as_array().unwrap().len(), 0);
    let elsewhere =
        client.get(&format!("/foundation-model-availability/{}", encode("mistral.mistral-large-2407-v1:0")));
    assert_eq!(elsewhere.json()["regionAvailability"], "AVAILABLE");
}

#[test]
fn every_read_needs_its_permission() {
    let client =
        Client::new(patched("healthy", &json!([{"op": "replace", "path": "/principals/0/policies", "value": []}])));
    let claude = encode(CLAUDE);
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
    let message = answer.message();
    let (said, pointer) = message.split_once(". Go to ").unwrap();
    assert_eq!(
        said,
        "User: arn:aws:sts::111122223333:assumed-role/chat-api/chat-api-7d9f is not authorized to perform: iam:GetRole \
         on resource: role chat-api because no identity-based policy allows the iam:GetRole action"
    );
    assert!(pointer.starts_with("https://us-east-1.console.aws.amazon.com/iam/home?region=us-east-1#"), "{pointer}");
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
