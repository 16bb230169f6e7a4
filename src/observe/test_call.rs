//! The test call: made only if the request asks for it, once, without retries.
//!
//! A probe sends a body that no model accepts, so that authorization and access are checked and no token is processed.
//! An invocation makes the operation's own call with at most one output token. The answer is recorded raw. It counts as
//! one only if it has the form of the model's answer: captive portals, gateways and unknown paths also send status 200.

use super::account::Clients;
use super::api::Api;
use super::body::{self, Node};
use super::call_runner::{CallRunner, unreadable};
use super::response::{Head, current_head};
use super::skipped;
use crate::bedrock::{GuardrailReference, Operation, provider_of};
use crate::evidence::{LiveSuccess, Observation, SkipReason};
use crate::iam::Arn;
use crate::request::{LiveCall, Request};
use aws_sdk_bedrockruntime::primitives::Blob;
use aws_sdk_bedrockruntime::types::{
    ContentBlock, ConversationRole, ConverseOutput, ConverseStreamOutput, GuardrailConfiguration,
    GuardrailStreamConfiguration, InferenceConfiguration, Message, ResponseStream,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};
use std::sync::Arc;

/// Well-formed JSON that every model rejects, after the access checks.
const IMPOSSIBLE_BODY: &str = r#"{"max_tokens_to_sample": -1}"#;

const JSON: &str = "application/json";

/// Returns `true` if `--invoke` knows how to call the model: its family's native body, or an operation that needs none.
#[must_use]
pub fn can_invoke(operation: Operation, base_model: Option<&str>) -> bool {
    match operation {
        Operation::Converse | Operation::ConverseStream => true,
        Operation::InvokeModel | Operation::InvokeModelWithResponseStream => {
            base_model.is_some_and(|model| native_body(model).is_some())
        }
        _ => false,
    }
}

/// Leaves out a test call that another principal would make than the one under diagnosis.
pub(super) fn not_made(principal: &Arn) -> Observation<LiveSuccess> {
    skipped(SkipReason::TestCallOfAnother { principal: principal.to_string() })
}

/// An answer with a success status, as it came.
struct Answer {
    head: Option<Head>,
    /// What tells whether a model wrote it.
    body: Body,
}

enum Body {
    /// A document.
    Document(Node),
    /// The first frame of a stream: its type, if it is one that a model sends first.
    Frame(Option<&'static str>),
}

/// Makes the test call that the request asks for.
pub(super) async fn observe(clients: &Clients, calls: &CallRunner, request: &Request) -> Observation<LiveSuccess> {
    match (request.live, request.operation) {
        (LiveCall::None, _) => skipped(SkipReason::NoTestCallAsked),
        // Any other operation could start or make something.
        (_, operation) if !operation.has_test_call() => skipped(SkipReason::NoTestCall),
        (LiveCall::Probe, operation) => {
            let answer = invoke_model(clients, calls, request, operation, IMPOSSIBLE_BODY).await;
            answer.and_then(|_| {
                let why = "status 200 to a body that no model accepts; if a model did answer, tokens were billed";
                unreadable(&clients.endpoint("bedrock-runtime"), why)
            })
        }
        (LiveCall::Invoke, operation @ (Operation::InvokeModel | Operation::InvokeModelWithResponseStream)) => {
            let Some((model, body)) = request.base_model().and_then(|model| Some((model, native_body(model)?))) else {
                return skipped(SkipReason::NoNativeBody);
            };
            let answer = invoke_model(clients, calls, request, operation, &body.to_string()).await;
            success(clients, answer, |body| match body {
                Body::Document(document) => is_native_answer(model, document),
                Body::Frame(kind) => *kind == Some("chunk"),
            })
        }
        (LiveCall::Invoke, Operation::Converse) => {
            let answer = converse(clients, calls, request).await;
            // The document's form was checked when it was read.
            success(clients, answer, |body| matches!(body, Body::Document(Node::Object(_))))
        }
        (LiveCall::Invoke, Operation::ConverseStream) => {
            let answer = converse_stream(clients, calls, request).await;
            success(clients, answer, |body| matches!(body, Body::Frame(Some("messageStart"))))
        }
        (LiveCall::Invoke, _) => skipped(SkipReason::NoTestCall),
    }
}

/// Sends a native body; the same action authorizes Converse, so a probe of it goes this way too.
async fn invoke_model(
    clients: &Clients,
    calls: &CallRunner,
    request: &Request,
    operation: Operation,
    body: &str,
) -> Observation<Arc<Answer>> {
    let endpoint = clients.endpoint("bedrock-runtime");
    let model = named(request);
    let guardrail = request.guardrail.as_ref();
    if operation.streams() {
        let send = || {
            clients
                .runtime
                .invoke_model_with_response_stream()
                .model_id(&model)
                .content_type(JSON)
                .accept(JSON)
                .body(Blob::new(body))
                .set_guardrail_identifier(guardrail.map(GuardrailReference::identifier))
                .set_guardrail_version(guardrail.map(|guardrail| guardrail.version().to_owned()))
                .customize()
                .mutate_request(in_project(request, In::Header))
                .send()
        };
        let send = || async {
            let mut output = send().await?;
            let head = current_head();
            let kind = match output.body.recv().await {
                Ok(Some(ResponseStream::Chunk(part))) => {
                    let bytes = part.bytes().map(AsRef::as_ref).unwrap_or_default();
                    matches!(body::json(bytes), Ok(Node::Object(_))).then_some("chunk")
                }
                _ => None,
            };
            Ok(Answer { head, body: Body::Frame(kind) })
        };
        calls.to(Api::InvokeModelWithResponseStream, &endpoint).for_test_call().ask(send).await
    } else {
        let send = || {
            clients
                .runtime
                .invoke_model()
                .model_id(&model)
                .content_type(JSON)
                .accept(JSON)
                .body(Blob::new(body))
                .set_guardrail_identifier(guardrail.map(GuardrailReference::identifier))
                .set_guardrail_version(guardrail.map(|guardrail| guardrail.version().to_owned()))
                .customize()
                .mutate_request(in_project(request, In::Header))
                .send()
        };
        let send = || async {
            let output = send().await?;
            let document = body::json(output.body().as_ref()).unwrap_or(Node::Empty);
            Ok(Answer { head: current_head(), body: Body::Document(document) })
        };
        calls.to(Api::InvokeModel, &endpoint).for_test_call().ask(send).await
    }
}

async fn converse(clients: &Clients, calls: &CallRunner, request: &Request) -> Observation<Arc<Answer>> {
    let send = || {
        clients
            .runtime
            .converse()
            .model_id(named(request))
            .set_messages(greeting().map(|message| vec![message]))
            .inference_config(one_token())
            .set_guardrail_config(request.guardrail.as_ref().map(|guardrail| {
                let config = GuardrailConfiguration::builder().guardrail_identifier(guardrail.identifier());
                config.guardrail_version(guardrail.version()).build()
            }))
            .customize()
            .mutate_request(in_project(request, In::Body))
            .send()
    };
    let send = || async {
        let output = send().await?;
        let is_message = output.output().is_some_and(ConverseOutput::is_message);
        let fields = ["output", "stopReason", "usage"].map(|name| (name.to_owned(), Node::Empty));
        let document = if is_message { Node::Object(fields.into()) } else { Node::Empty };
        Ok(Answer { head: current_head(), body: Body::Document(document) })
    };
    let endpoint = clients.endpoint("bedrock-runtime");
    calls.to(Api::Converse, &endpoint).for_test_call().ask(send).await
}

async fn converse_stream(clients: &Clients, calls: &CallRunner, request: &Request) -> Observation<Arc<Answer>> {
    let send = || {
        clients
            .runtime
            .converse_stream()
            .model_id(named(request))
            .set_messages(greeting().map(|message| vec![message]))
            .inference_config(one_token())
            .set_guardrail_config(request.guardrail.as_ref().map(|guardrail| {
                let config = GuardrailStreamConfiguration::builder().guardrail_identifier(guardrail.identifier());
                config.guardrail_version(guardrail.version()).build()
            }))
            .customize()
            .mutate_request(in_project(request, In::Body))
            .send()
    };
    let send = || async {
        let mut output = send().await?;
        let head = current_head();
        let first = output.stream.recv().await;
        let is_start = matches!(first, Ok(Some(ConverseStreamOutput::MessageStart(_))));
        Ok(Answer { head, body: Body::Frame(is_start.then_some("messageStart")) })
    };
    let endpoint = clients.endpoint("bedrock-runtime");
    calls.to(Api::ConverseStream, &endpoint).for_test_call().ask(send).await
}

/// Where an operation takes the project of a call.
#[derive(Clone, Copy)]
enum In {
    Header,
    Body,
}

/// Names the call's project, for which the SDK has no parameter yet, in a request before it is signed
/// (Bedrock API Reference, "InvokeModel" and "Converse", `projectIdentifier`).
fn in_project(request: &Request, place: In) -> impl Fn(&mut HttpRequest) + Send + Sync + 'static {
    let project = request.project.as_ref().map(ToString::to_string);
    move |request| {
        let Some(project) = &project else { return };
        match place {
            In::Header => {
                request.headers_mut().insert("x-amzn-bedrock-projectidentifier", project.clone());
            }
            In::Body => {
                let body: Option<Value> = request.body().bytes().and_then(|bytes| serde_json::from_slice(bytes).ok());
                let Some(Value::Object(mut body)) = body else { return };
                body.insert("projectIdentifier".to_owned(), Value::String(project.clone()));
                let text = Value::Object(body).to_string();
                request.headers_mut().insert("content-length", text.len().to_string());
                *request.body_mut() = SdkBody::from(text);
            }
        }
    }
}

/// Takes an answer for a model's only if it has the model's form, status 200 and AWS's request id.
fn success(
    clients: &Clients,
    answer: Observation<Arc<Answer>>,
    is_models: impl Fn(&Body) -> bool,
) -> Observation<LiveSuccess> {
    let endpoint = clients.endpoint("bedrock-runtime");
    answer.and_then(|answer| {
        let head = answer.head.clone().unwrap_or_default();
        if head.status != Some(200) {
            return unreadable(&endpoint, "the answer does not have status 200");
        }
        if head.request_id.is_none() {
            return unreadable(&endpoint, "the answer has no request id of AWS");
        }
        if !is_models(&answer.body) {
            return unreadable(&endpoint, "the answer does not have the form of the model's answers");
        }
        let fields = match &answer.body {
            Body::Document(Node::Object(parts)) => parts.iter().map(|(name, _)| name.clone()).collect(),
            Body::Document(_) => Vec::new(),
            Body::Frame(kind) => kind.iter().map(|kind| (*kind).to_owned()).collect(),
        };
        Observation::Seen(LiveSuccess {
            request_id: head.request_id,
            status: head.status,
            content_type: head.content_type,
            fields,
        })
    })
}

/// Returns what the call names as its model.
fn named(request: &Request) -> String {
    request.model.as_ref().map(ToString::to_string).unwrap_or_default()
}

fn greeting() -> Option<Message> {
    Message::builder().role(ConversationRole::User).content(ContentBlock::Text("hi".to_owned())).build().ok()
}

fn one_token() -> InferenceConfiguration {
    InferenceConfiguration::builder().max_tokens(1).build()
}

/// Returns a native request body with at most one output token, by the model's family
/// (Bedrock User Guide, "Inference request parameters and response fields for foundation models").
fn native_body(model: &str) -> Option<Value> {
    let name = model.split_once('.').map_or(model, |(_, name)| name);
    let chat = |limit: &str| json!({"messages": [{"role": "user", "content": "hi"}], limit: 1});
    match provider_of(model) {
        "anthropic" => Some(json!({
            "anthropic_version": "bedrock-2023-05-31",
            "max_tokens": 1,
            "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}],
        })),
        "amazon"
            if name.starts_with("nova")
                && !name.contains("canvas")
                && !name.contains("reel")
                && !name.contains("sonic") =>
        {
            Some(json!({
                "messages": [{"role": "user", "content": [{"text": "hi"}]}],
                "inferenceConfig": {"maxTokens": 1},
            }))
        }
        "amazon" if name.starts_with("titan-text") => {
            Some(json!({"inputText": "hi", "textGenerationConfig": {"maxTokenCount": 1}}))
        }
        "amazon" if name.starts_with("titan-embed-text") => Some(json!({"inputText": "hi"})),
        "meta" => Some(json!({"prompt": "hi", "max_gen_len": 1})),
        "mistral" if name.starts_with("mistral-7b") || name.starts_with("mixtral") => {
            Some(json!({"prompt": "<s>[INST] hi [/INST]", "max_tokens": 1}))
        }
        "mistral" | "ai21" | "qwen" => Some(chat("max_tokens")),
        "deepseek" if name.starts_with("r1") => Some(json!({"prompt": "hi", "max_tokens": 1})),
        "deepseek" => Some(chat("max_tokens")),
        "openai" => Some(chat("max_completion_tokens")),
        "cohere" if name.starts_with("command-r") => Some(json!({"message": "hi", "max_tokens": 1})),
        "cohere" if name.starts_with("embed") => Some(json!({"texts": ["hi"], "input_type": "search_query"})),
        _ => None,
    }
}

/// Returns `true` if a document has the form of the native answers of the model's family
/// (Bedrock User Guide, "Inference request parameters and response fields for foundation models").
fn is_native_answer(model: &str, document: &Node) -> bool {
    let name = model.split_once('.').map_or(model, |(_, name)| name);
    let is_list = |field: &str| matches!(document.get(field), Some(Node::List(items)) if !items.is_empty());
    let is_text = |field: &str| matches!(document.get(field), Some(Node::Text(_)));
    match provider_of(model) {
        // With one output token the content may be empty.
        "anthropic" => {
            document.get("type").and_then(Node::text) == Some("message")
                && matches!(document.get("content"), Some(Node::List(_)))
        }
        "amazon" if name.starts_with("nova") => document
            .get("output")
            .and_then(|output| output.get("message"))
            .is_some_and(|message| matches!(message.get("content"), Some(Node::List(_)))),
        "amazon" if name.starts_with("titan-text") => is_list("results"),
        "amazon" => is_list("embedding"),
        "meta" => is_text("generation"),
        "mistral" if name.starts_with("mistral-7b") || name.starts_with("mixtral") => is_list("outputs"),
        "cohere" if name.starts_with("embed") => document.get("embeddings").is_some(),
        "cohere" => is_text("text") && is_text("generation_id"),
        "mistral" | "ai21" | "qwen" | "deepseek" | "openai" => is_list("choices"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_families_get_one_token_and_unknown_ones_nothing() {
        for model in [
            "anthropic.claude-sonnet-4-5-20250929-v1:0",
            "amazon.nova-lite-v1:0",
            "meta.llama3-3-70b-instruct-v1:0",
            "mistral.mistral-large-2407-v1:0",
            "deepseek.r1-v1:0",
            "openai.gpt-oss-120b-1:0",
        ] {
            let body = native_body(model).unwrap().to_string();
            assert!(body.contains(":1"), "{model}: {body}");
            assert!(can_invoke(Operation::InvokeModel, Some(model)));
        }
        assert_eq!(native_body("amazon.nova-canvas-v1:0"), None);
        assert!(!can_invoke(Operation::InvokeModel, Some("luma.ray-v2:0")));
        assert!(can_invoke(Operation::Converse, None));
    }

    #[test]
    fn only_the_familys_own_form_is_an_answer() {
        let is_answer = |model: &str, text: &str| is_native_answer(model, &body::json(text.as_bytes()).unwrap());
        let claude = "anthropic.claude-sonnet-4-5-20250929-v1:0";
        assert!(is_answer(claude, r#"{"type": "message", "content": []}"#));
        assert!(is_answer("amazon.nova-lite-v1:0", r#"{"output": {"message": {"content": [{"text": "h"}]}}}"#));
        assert!(is_answer("meta.llama3-3-70b-instruct-v1:0", r#"{"generation": "h"}"#));
        assert!(is_answer("openai.gpt-oss-120b-1:0", r#"{"choices": [{}]}"#));
        for other in [
            "{}",
            "null",
            "1",
            r#""login required""#,
            r#"{"message": "Forbidden"}"#,
            r#"{"error": {"type": "x"}}"#,
            r#"{"__type": "AccessDeniedException"}"#,
            r#"{"Output": {"__type": "com.amazon.coral.service#UnknownOperationException"}, "Version": "1.0"}"#,
            r#"{"type": "error", "error": {"type": "permission_error"}}"#,
        ] {
            for model in [claude, "amazon.nova-lite-v1:0", "meta.llama3-3-70b-instruct-v1:0", "luma.ray-v2:0"] {
                assert!(!is_answer(model, other), "{model}: {other}");
            }
        }
    }

    #[test]
    fn the_probes_body_is_json_that_asks_for_a_negative_number_of_tokens() {
        let body: Value = serde_json::from_str(IMPOSSIBLE_BODY).unwrap();
        assert_eq!(body["max_tokens_to_sample"], -1);
    }
}
