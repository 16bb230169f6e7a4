//! What is started, made or bought, and the OpenAI-compatible paths: the caller's authorizations, and a small answer.
//!
//! Nothing is started, made or bought, so what a job would do later in its role's name is seen in no answer here
//! (Service Authorization Reference, "Actions, resources, and condition keys for Amazon Bedrock").

use super::{model_access, requirements};
use crate::iam::ContextKeys;
use crate::sandbox::call::{Call, text};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::wire::Reply;
use serde_json::{Value, json};

/// Answers a call that starts, makes or buys something, or that comes in the form of the OpenAI API.
pub(super) fn answer(call: &Call<'_>) -> Result<Reply, Refusal> {
    match call.operation.name {
        "bedrock:CreateModelInvocationJob" => {
            let job = job(call, "modelId", "model-invocation-job", Some("roleArn"))?;
            Ok(Reply::json(&json!({ "jobArn": job })))
        }
        "bedrock:CreateModelCustomizationJob" => {
            job(call, "baseModelIdentifier", "custom-model", Some("roleArn"))?;
            let made = call.own_arn("bedrock", "model-customization-job/sandbox00001").to_string();
            Ok(Reply::json_with_status(201, &json!({ "jobArn": made })))
        }
        "bedrock:CreateProvisionedModelThroughput" => {
            let body = call.body()?;
            let model = requirements::model_arn(call.world(), &call.caller.region, text(&body, "modelId")).to_string();
            call.require(call.operation.name, &model, Some(&model), &ContextKeys::new())?;
            let made = call.own_arn("bedrock", "provisioned-model/sandbox00001").to_string();
            Ok(Reply::json_with_status(201, &json!({ "provisionedModelArn": made })))
        }
        "bedrock:StartAsyncInvoke" => {
            let body = call.body()?;
            invoke(call, "bedrock:InvokeModel", text(&body, "modelId"))?;
            let made = call.own_arn("bedrock", "async-invoke/sandbox00001").to_string();
            call.require("bedrock:InvokeModel", &made, Some(&made), &ContextKeys::new())?;
            Ok(Reply::json(&json!({ "invocationArn": made })))
        }
        "bedrock:ApplyGuardrail" => {
            let id = call.operation.label.split('/').next().unwrap_or_default();
            let guardrail = if id.starts_with("arn:") {
                id.to_owned()
            } else {
                call.own_arn("bedrock", &format!("guardrail/{id}")).to_string()
            };
            call.require(call.operation.name, &guardrail, Some(&guardrail), &ContextKeys::new())?;
            Ok(Reply::json(&json!({ "action": "NONE", "outputs": [], "assessments": [], "usage": {} })))
        }
        "bedrock:Rerank" => rerank(call),
        _ => openai(call),
    }
}

/// Authorizes a job on its model, on what it makes, and on passing its role on.
fn job(call: &Call<'_>, model: &str, made: &str, role: Option<&str>) -> Result<String, Refusal> {
    let body = call.body()?;
    let model = requirements::model_arn(call.world(), &call.caller.region, text(&body, model)).to_string();
    call.require(call.operation.name, &model, Some(&model), &ContextKeys::new())?;
    let made = call.own_arn("bedrock", &format!("{made}/sandbox00001")).to_string();
    call.require(call.operation.name, &made, Some(&made), &ContextKeys::new())?;
    if let Some(role) = role {
        call.pass_role(text(&body, role), "bedrock.amazonaws.com")?;
    }
    Ok(made)
}

/// Chat Completions and Responses on the runtime's path.
fn openai(call: &Call<'_>) -> Result<Reply, Refusal> {
    let body = call.body()?;
    let model = text(&body, "model");
    let streams = body.get("stream").and_then(Value::as_bool) == Some(true);
    let action = if streams { "bedrock:InvokeModelWithResponseStream" } else { "bedrock:InvokeModel" };
    invoke(call, action, model)?;
    if call.operation.name == "bedrock:Responses" {
        let project = call.own_arn("bedrock", "project/default").to_string();
        call.require("bedrock:InvokeModel", &project, Some(&project), &ContextKeys::new())?;
    }
    Ok(Reply::json(&completion(call, model)))
}

/// Ranks documents with a model: the operation's own permission, and the model's.
fn rerank(call: &Call<'_>) -> Result<Reply, Refusal> {
    call.require(call.operation.name, "*", None, &ContextKeys::new())?;
    let body = call.body()?;
    let configuration = "/rerankingConfiguration/bedrockRerankingConfiguration/modelConfiguration/modelArn";
    let model = body.pointer(configuration).and_then(Value::as_str).unwrap_or_default();
    invoke(call, "bedrock:InvokeModel", model)?;
    let sources = body.get("sources").and_then(Value::as_array).map_or(0, Vec::len);
    let results: Vec<Value> = (0..sources).map(|index| json!({ "index": index, "relevanceScore": 0.5 })).collect();
    Ok(Reply::json(&json!({ "results": results })))
}

/// The answer of a model in the form of the OpenAI API.
pub(super) fn completion(call: &Call<'_>, model: &str) -> Value {
    let said = "This is the sandbox: no model was called and nothing was billed.";
    let choice = json!({ "index": 0, "finish_reason": "stop", "message": { "role": "assistant", "content": said } });
    json!({
        "id": call.request_id, "object": "chat.completion", "model": model, "choices": [choice],
        "usage": { "prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2 },
    })
}

/// Authorizes a call to a model, and takes it through the account's standing.
fn invoke(call: &Call<'_>, action: &str, model: &str) -> Result<(), Refusal> {
    let target = requirements::expand(call.world(), &call.caller.region, model)?;
    for requirement in &target.requirements {
        let resource = requirement.resource.to_string();
        call.require(action, &resource, Some(&resource), &requirement.context())?;
    }
    model_access::pass(call, &call.caller, &target, None)
}
