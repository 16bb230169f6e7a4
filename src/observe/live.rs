//! The test call: made only where the request asks for it, once, without retries.
//!
//! A probe sends a body that no model accepts, so that authorization and access are checked and no token is
//! processed. An invocation makes the operation's own call with at most one output token. The answer is stored raw.

use super::account::Clients;
use super::api::Api;
use super::call::{Caller as Calls, unreadable};
use super::skipped;
use crate::bedrock::{GuardrailReference, Operation, provider_of};
use crate::evidence::{Call, LiveSuccess, Observation, SkipReason};
use crate::iam::Arn;
use crate::request::{LiveCall, Request};
use aws_sdk_bedrockruntime::operation::RequestId;
use aws_sdk_bedrockruntime::primitives::Blob;
use aws_sdk_bedrockruntime::types::{
    ContentBlock, ConversationRole, GuardrailConfiguration, GuardrailStreamConfiguration, InferenceConfiguration,
    Message,
};
use serde_json::{Value, json};

/// Well-formed JSON that no model accepts: every model validates it away behind the access checks.
const IMPOSSIBLE_BODY: &str = r#"{"max_tokens_to_sample": -1}"#;

const JSON: &str = "application/json";

/// The test call's outcome.
pub(super) struct Invocation {
    pub(super) outcome: Observation<LiveSuccess>,
    pub(super) calls: Vec<Call>,
}

/// Tells whether `--invoke` knows how to call the model: its family's native body, or an operation that needs none.
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

/// Leaves out a test call that would be another principal's than the one that is diagnosed.
pub(super) fn not_made(principal: &Arn) -> Invocation {
    let reason = SkipReason::TestCallOfAnother { principal: principal.to_string() };
    Invocation { outcome: skipped(reason), calls: Vec::new() }
}

/// Makes the test call that the request asks for.
pub(super) async fn look(clients: &Clients, calls: &Calls, request: &Request) -> Invocation {
    let (outcome, call) = match (request.live, request.operation) {
        (LiveCall::None, _) => {
            return Invocation { outcome: skipped(SkipReason::NoTestCallAsked), calls: Vec::new() };
        }
        // Anything else could start or make something.
        (_, operation) if !operation.has_test_call() => {
            return Invocation { outcome: skipped(SkipReason::NoTestCall), calls: Vec::new() };
        }
        (LiveCall::Probe, operation) => {
            invoke_model(clients, calls, request, operation, IMPOSSIBLE_BODY.to_owned()).await
        }
        (LiveCall::Invoke, operation @ (Operation::InvokeModel | Operation::InvokeModelWithResponseStream)) => {
            match request.base_model().and_then(native_body) {
                Some(body) => invoke_model(clients, calls, request, operation, body.to_string()).await,
                None => {
                    let reason = SkipReason::NoNativeBody;
                    return Invocation { outcome: skipped(reason), calls: Vec::new() };
                }
            }
        }
        (LiveCall::Invoke, Operation::Converse) => converse(clients, calls, request).await,
        (LiveCall::Invoke, Operation::ConverseStream) => converse_stream(clients, calls, request).await,
        (LiveCall::Invoke, _) => {
            return Invocation { outcome: skipped(SkipReason::NoTestCall), calls: Vec::new() };
        }
    };
    Invocation { outcome, calls: vec![call] }
}

/// Sends a native body; the same action authorizes Converse, so a probe of it goes this way too.
async fn invoke_model(
    clients: &Clients,
    calls: &Calls,
    request: &Request,
    operation: Operation,
    body: String,
) -> (Observation<LiveSuccess>, Call) {
    let endpoint = clients.endpoint("bedrock-runtime");
    let model = named(request);
    let body = Blob::new(body);
    let guardrail = request.guardrail.as_ref();
    if operation.streams() {
        let call = clients
            .runtime
            .invoke_model_with_response_stream()
            .model_id(model)
            .content_type(JSON)
            .accept(JSON)
            .body(body)
            .set_guardrail_identifier(guardrail.map(GuardrailReference::identifier))
            .set_guardrail_version(guardrail.map(|guardrail| guardrail.version().to_owned()))
            .send();
        let call = async {
            let mut output = call.await?;
            // The first frame tells a model from whatever else may answer with status 200.
            let first = output.body.recv().await;
            Ok((output, matches!(first, Ok(Some(_)))))
        };
        success(calls.test(Api::InvokeModelWithResponseStream, &endpoint, call).await, &endpoint)
    } else {
        let call = clients
            .runtime
            .invoke_model()
            .model_id(model)
            .content_type(JSON)
            .accept(JSON)
            .body(body)
            .set_guardrail_identifier(guardrail.map(GuardrailReference::identifier))
            .set_guardrail_version(guardrail.map(|guardrail| guardrail.version().to_owned()))
            .send();
        let call = async {
            let output = call.await?;
            let is_json = serde_json::from_slice::<Value>(output.body().as_ref()).is_ok();
            Ok((output, is_json))
        };
        success(calls.test(Api::InvokeModel, &endpoint, call).await, &endpoint)
    }
}

async fn converse(clients: &Clients, calls: &Calls, request: &Request) -> (Observation<LiveSuccess>, Call) {
    let call = clients
        .runtime
        .converse()
        .model_id(named(request))
        .set_messages(greeting().map(|message| vec![message]))
        .inference_config(one_token())
        .set_guardrail_config(request.guardrail.as_ref().map(|guardrail| {
            let config = GuardrailConfiguration::builder().guardrail_identifier(guardrail.identifier());
            config.guardrail_version(guardrail.version()).build()
        }))
        .send();
    let call = async {
        let output = call.await?;
        let is_answer = output.output().is_some_and(aws_sdk_bedrockruntime::types::ConverseOutput::is_message);
        Ok((output, is_answer))
    };
    let endpoint = clients.endpoint("bedrock-runtime");
    success(calls.test(Api::Converse, &endpoint, call).await, &endpoint)
}

async fn converse_stream(clients: &Clients, calls: &Calls, request: &Request) -> (Observation<LiveSuccess>, Call) {
    let call = clients
        .runtime
        .converse_stream()
        .model_id(named(request))
        .set_messages(greeting().map(|message| vec![message]))
        .inference_config(one_token())
        .set_guardrail_config(request.guardrail.as_ref().map(|guardrail| {
            let config = GuardrailStreamConfiguration::builder().guardrail_identifier(guardrail.identifier());
            config.guardrail_version(guardrail.version()).build()
        }))
        .send();
    let call = async {
        let mut output = call.await?;
        let first = output.stream.recv().await;
        Ok((output, matches!(first, Ok(Some(_)))))
    };
    let endpoint = clients.endpoint("bedrock-runtime");
    success(calls.test(Api::ConverseStream, &endpoint, call).await, &endpoint)
}

/// Takes an answer for a model's only where it has a model's form: a captive portal answers with status 200 too.
fn success<O: RequestId>(
    (answer, call): (Observation<(O, bool)>, Call),
    endpoint: &str,
) -> (Observation<LiveSuccess>, Call) {
    let outcome = answer.and_then(|(output, is_answer)| {
        if is_answer {
            Observation::Seen(LiveSuccess { request_id: output.request_id().map(str::to_owned) })
        } else {
            unreadable(endpoint, "what answered is not a model's answer")
        }
    });
    (outcome, call)
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
    fn the_probes_body_is_json_that_asks_for_a_negative_number_of_tokens() {
        let body: Value = serde_json::from_str(IMPOSSIBLE_BODY).unwrap();
        assert_eq!(body["max_tokens_to_sample"], -1);
    }
}
