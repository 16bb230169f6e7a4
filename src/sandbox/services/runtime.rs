//! Bedrock's runtime: calls to models.
//!
//! The order of checks is the one that callers have seen: IAM on every resource, then the account's standing,
//! then the body (facts of AWS's refusals; the order itself is documented nowhere). The models here are none:
//! they answer with a fixed sentence and count words as tokens.

use super::{event_stream, guardrails, model_access, requirements};
use crate::iam::ContextKeys;
use crate::sandbox::call::Call;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::wire::Reply;
use crate::sandbox::world::Model;
use serde_json::{Map, Value, json};

/// What every model of the sandbox says.
const ANSWER: &str = "This is the sandbox: no model was called and nothing was billed.";

/// Answers a call to a model.
pub(super) fn answer(call: &Call<'_>) -> Result<Reply, Refusal> {
    let world = call.world();
    let target = requirements::expand(world, &call.caller.region, &call.operation.label)?;
    let action = match call.operation.name {
        "bedrock:InvokeModel" | "bedrock:Converse" => "bedrock:InvokeModel",
        "bedrock:CountTokens" => "bedrock:CountTokens",
        _ => "bedrock:InvokeModelWithResponseStream",
    };
    let guardrail = guardrails::of_call(call)?;
    let project = project(call)?;
    for requirement in &target.requirements {
        let resource = requirement.resource.to_string();
        let mut context = via_endpoint(call, requirement.context());
        if let Some(guardrail) = &guardrail {
            context.set("bedrock:GuardrailIdentifier", guardrail.identifier.as_str());
        }
        if let Some(project) = &project {
            context.set("bedrock:ProjectArn", project.as_str());
        }
        call.require(action, &resource, Some(&resource), &context)?;
    }
    if action != "bedrock:CountTokens" {
        for (arn, policy) in guardrails::applied(call, guardrail.as_ref(), target.model.map(|model| model.id.as_str()))
        {
            let context = via_endpoint(call, ContextKeys::new());
            call.require_on("bedrock:ApplyGuardrail", &arn, &context, policy)?;
        }
        if let Some(project) = &project {
            let context = ContextKeys::new().with("bedrock:ProjectArn", project.as_str());
            call.require("bedrock:InvokeModel", project, Some(project), &via_endpoint(call, context))?;
        }
    }
    let retention = call.world().projects.iter().find(|known| Some(known.arn.to_string()) == project);
    model_access::pass(call, &call.caller, &target, retention.and_then(|project| project.data_retention))?;
    let model = target.model.ok_or_else(requirements::invalid_identifier)?;
    match call.operation.name {
        "bedrock:Converse" => converse(call).map(|turn| Reply::json(&turn.whole())),
        "bedrock:ConverseStream" => {
            streams(model)?;
            event_stream::reply(&converse(call)?.events())
        }
        "bedrock:InvokeModel" => invoke(call, model).map(|answer| Reply::json(&answer)),
        "bedrock:InvokeModelWithResponseStream" => {
            streams(model)?;
            let bytes = aws_smithy_types::base64::encode(invoke(call, model)?.to_string());
            let reply = event_stream::reply(&[("chunk", json!({ "bytes": bytes }))])?;
            Ok(reply.header("x-amzn-bedrock-content-type", "application/json"))
        }
        _ => count_tokens(call),
    }
}

/// Adds the keys that a call through the world's interface endpoint carries.
fn via_endpoint(call: &Call<'_>, context: ContextKeys) -> ContextKeys {
    match &call.world().vpc_endpoint_policy {
        Some(endpoint) => context
            .with("aws:SourceVpce", endpoint.vpc_endpoint.as_str())
            .with("aws:SourceVpc", endpoint.vpc.as_str())
            .with("aws:VpcSourceIp", "10.0.0.10"),
        None => context,
    }
}

/// Returns the ARN of the project that a call is evaluated on: the one that it names, or the default project where the
/// runtime evaluates calls on it (Bedrock API Reference, "InvokeModel").
fn project(call: &Call<'_>) -> Result<Option<String>, Refusal> {
    let in_body = || {
        let body: Value = serde_json::from_slice(&call.request.body).ok()?;
        Some(body.get("projectIdentifier")?.as_str()?.to_owned())
    };
    let is_converse = matches!(call.operation.name, "bedrock:Converse" | "bedrock:ConverseStream");
    let header = call.request.header("x-amzn-bedrock-projectidentifier").map(str::to_owned);
    let Some(id) = header.or_else(|| is_converse.then(in_body).flatten()) else {
        let default = || call.own_arn("bedrock", "project/default").to_string();
        return Ok(call.world().default_project.then(default));
    };
    let arn = if id.starts_with("arn:") { id } else { call.own_arn("bedrock", &format!("project/{id}")).to_string() };
    let is_known =
        arn.ends_with(":project/default") || call.world().projects.iter().any(|project| project.arn.to_string() == arn);
    if is_known { Ok(Some(arn)) } else { Err(invalid("The provided project identifier is invalid.")) }
}

fn streams(model: &Model) -> Result<(), Refusal> {
    if model.streaming { Ok(()) } else { Err(invalid("The model is unsupported for streaming.")) }
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::service(400, "ValidationException", message)
}

fn malformed(reason: &str) -> Refusal {
    invalid(format!("Malformed input request: {reason}, please reformat your input and try again."))
}

/// One answer of a model, and what it cost.
struct Turn {
    text: String,
    stop_reason: &'static str,
    input_tokens: usize,
    output_tokens: usize,
}

impl Turn {
    /// Answers a prompt with at most so many tokens.
    fn new(prompt: &str, max_tokens: u64) -> Self {
        let max_tokens = usize::try_from(max_tokens).unwrap_or(usize::MAX);
        let words: Vec<&str> = ANSWER.split(' ').take(max_tokens).collect();
        let complete = words.len() == ANSWER.split(' ').count();
        Self {
            text: words.join(" "),
            stop_reason: if complete { "end_turn" } else { "max_tokens" },
            input_tokens: count_words(prompt),
            output_tokens: words.len(),
        }
    }

    fn usage(&self) -> Value {
        json!({
            "inputTokens": self.input_tokens,
            "outputTokens": self.output_tokens,
            "totalTokens": self.input_tokens + self.output_tokens,
        })
    }

    /// The answer of Converse.
    fn whole(&self) -> Value {
        json!({
            "output": { "message": { "role": "assistant", "content": [{ "text": self.text }] } },
            "stopReason": self.stop_reason,
            "usage": self.usage(),
            "metrics": { "latencyMs": 1 },
        })
    }

    /// The events of ConverseStream.
    fn events(&self) -> Vec<(&'static str, Value)> {
        let mut events = vec![("messageStart", json!({ "role": "assistant" }))];
        for (index, word) in self.text.split(' ').enumerate() {
            let text = if index == 0 { word.to_owned() } else { format!(" {word}") };
            events.push(("contentBlockDelta", json!({ "contentBlockIndex": 0, "delta": { "text": text } })));
        }
        events.push(("contentBlockStop", json!({ "contentBlockIndex": 0 })));
        events.push(("messageStop", json!({ "stopReason": self.stop_reason })));
        events.push(("metadata", json!({ "usage": self.usage(), "metrics": { "latencyMs": 1 } })));
        events
    }
}

/// Counts the words of a text, at least one, as the sandbox's tokens.
fn count_words(text: &str) -> usize {
    text.split_whitespace().count().max(1)
}

fn body(call: &Call<'_>) -> Result<Map<String, Value>, Refusal> {
    match serde_json::from_slice(&call.request.body) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(malformed("#: expected type: JSONObject")),
        Err(_) => Err(invalid("Malformed input request, please reformat your input and try again.")),
    }
}

/// Reads the body of Converse or ConverseStream and answers it.
fn converse(call: &Call<'_>) -> Result<Turn, Refusal> {
    let fields = body(call)?;
    let prompt = conversation(&fields)?;
    let max_tokens = match fields.get("inferenceConfig").and_then(|config| config.get("maxTokens")) {
        None => u64::MAX,
        Some(value) => value.as_u64().filter(|tokens| *tokens >= 1).ok_or_else(|| {
            invalid(format!(
                "1 validation error detected: Value '{value}' at 'inferenceConfig.maxTokens' failed to satisfy \
                 constraint: Member must have value greater than or equal to 1"
            ))
        })?,
    };
    Ok(Turn::new(&prompt, max_tokens))
}

/// Returns the text of a conversation, which starts with the user.
fn conversation(fields: &Map<String, Value>) -> Result<String, Refusal> {
    let messages = fields.get("messages").and_then(Value::as_array).filter(|messages| !messages.is_empty());
    let messages = messages.ok_or_else(|| {
        invalid("A conversation must start with a user message. Try again with a conversation that starts with a user message.")
    })?;
    if messages.first().and_then(|message| message.get("role")).and_then(Value::as_str) != Some("user") {
        return Err(invalid(
            "A conversation must start with a user message. Try again with a conversation that starts with a user message.",
        ));
    }
    let mut text = String::new();
    for (index, message) in messages.iter().enumerate() {
        match message.get("content") {
            Some(Value::String(content)) => text.push_str(content),
            Some(Value::Array(blocks)) if !blocks.is_empty() => {
                for content in blocks.iter().filter_map(|block| block.get("text")).filter_map(Value::as_str) {
                    text.push_str(content);
                    text.push(' ');
                }
            }
            _ => {
                return Err(invalid(format!(
                    "The content field in the Message object at messages.{index} is empty. Add a ContentBlock object to the content field and try again."
                )));
            }
        }
    }
    Ok(text)
}

/// The native body of a family of models: what it must have, what it may have, and how it answers.
struct Family {
    required: &'static [&'static str],
    allowed: &'static [&'static str],
    /// Where the body says how many tokens it wants at most, as a path.
    max_tokens: &'static [&'static str],
    answer: fn(&Turn) -> Value,
}

/// Returns the native body of a provider's models (Bedrock User Guide, "Inference request parameters").
fn family(provider: &str) -> Family {
    match provider {
        "Anthropic" => Family {
            required: &["anthropic_version", "max_tokens", "messages"],
            allowed: &[
                "anthropic_beta",
                "metadata",
                "output_config",
                "stop_sequences",
                "system",
                "temperature",
                "thinking",
                "tool_choice",
                "tools",
                "top_k",
                "top_p",
            ],
            max_tokens: &["max_tokens"],
            answer: |turn| {
                json!({
                    "type": "message", "role": "assistant", "content": [{ "type": "text", "text": turn.text }],
                    "stop_reason": turn.stop_reason, "stop_sequence": null,
                    "usage": { "input_tokens": turn.input_tokens, "output_tokens": turn.output_tokens },
                })
            },
        },
        "Amazon" => Family {
            required: &["messages"],
            allowed: &["inferenceConfig", "schemaVersion", "system", "toolConfig", "additionalModelRequestFields"],
            max_tokens: &["inferenceConfig", "maxTokens"],
            answer: Turn::whole,
        },
        "Meta" => Family {
            required: &["prompt"],
            allowed: &["images", "max_gen_len", "temperature", "top_p"],
            max_tokens: &["max_gen_len"],
            answer: |turn| {
                let stop = if turn.stop_reason == "end_turn" { "stop" } else { "length" };
                json!({
                    "generation": turn.text, "prompt_token_count": turn.input_tokens,
                    "generation_token_count": turn.output_tokens, "stop_reason": stop,
                })
            },
        },
        "Mistral AI" => Family {
            required: &["prompt"],
            allowed: &["max_tokens", "stop", "temperature", "top_k", "top_p"],
            max_tokens: &["max_tokens"],
            answer: |turn| {
                let stop = if turn.stop_reason == "end_turn" { "stop" } else { "length" };
                json!({ "outputs": [{ "text": turn.text, "stop_reason": stop }] })
            },
        },
        _ => Family {
            required: &["messages"],
            allowed: &["max_completion_tokens", "max_tokens", "stop", "temperature", "top_p"],
            max_tokens: &["max_tokens"],
            answer: |turn| {
                let stop = if turn.stop_reason == "end_turn" { "stop" } else { "length" };
                json!({
                    "choices": [{
                        "index": 0, "message": { "role": "assistant", "content": turn.text }, "finish_reason": stop,
                    }],
                    "usage": {
                        "prompt_tokens": turn.input_tokens, "completion_tokens": turn.output_tokens,
                        "total_tokens": turn.input_tokens + turn.output_tokens,
                    },
                })
            },
        },
    }
}

/// Reads the body of InvokeModel and answers it.
fn invoke(call: &Call<'_>, model: &Model) -> Result<Value, Refusal> {
    let fields = body(call)?;
    let family = family(&model.provider);
    let known = |key: &str| family.required.contains(&key) || family.allowed.contains(&key);
    if let Some(key) = fields.keys().find(|key| !known(key)) {
        return Err(malformed(&format!("#: extraneous key [{key}] is not permitted")));
    }
    if let Some(key) = family.required.iter().find(|key| !fields.contains_key(**key)) {
        return Err(malformed(&format!("#: required key [{key}] not found")));
    }
    let prompt = match fields.get("prompt") {
        Some(Value::String(prompt)) => prompt.clone(),
        Some(_) => return Err(malformed("#/prompt: expected type: String")),
        None => conversation(&fields)?,
    };
    let mut wanted = None;
    for (depth, key) in family.max_tokens.iter().enumerate() {
        wanted = if depth == 0 { fields.get(*key) } else { wanted.and_then(|value: &Value| value.get(*key)) };
    }
    let max_tokens = match wanted {
        None => u64::MAX,
        Some(value) => value.as_u64().filter(|tokens| *tokens >= 1).ok_or_else(|| {
            malformed(&format!("#/{}: {value} is not greater or equal to 1", family.max_tokens.join("/")))
        })?,
    };
    Ok((family.answer)(&Turn::new(&prompt, max_tokens)))
}

fn count_tokens(call: &Call<'_>) -> Result<Reply, Refusal> {
    let fields = body(call)?;
    let input = fields.get("input").and_then(Value::as_object);
    let prompt = match input.and_then(|input| input.iter().next()) {
        Some((kind, Value::Object(conversed))) if kind == "converse" => conversation(conversed)?,
        Some((kind, invoked)) if kind == "invokeModel" => {
            let encoded = invoked.get("body").and_then(Value::as_str).unwrap_or_default();
            let bytes = aws_smithy_types::base64::decode(encoded).map_err(|_| malformed("#/input/invokeModel/body"))?;
            String::from_utf8_lossy(&bytes).into_owned()
        }
        _ => return Err(invalid("The input holds neither invokeModel nor converse.")),
    };
    Ok(Reply::json(&json!({ "inputTokens": count_words(&prompt) })))
}
