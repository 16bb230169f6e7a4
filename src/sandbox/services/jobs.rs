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
        name => openai(call, name),
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

/// Chat Completions and Responses, on the runtime's path and on the `bedrock-mantle` endpoint.
fn openai(call: &Call<'_>, name: &str) -> Result<Reply, Refusal> {
    let body = call.body()?;
    let model = text(&body, "model");
    if name == "bedrock-mantle:CreateInference" {
        let project = call.own_arn("bedrock-mantle", "project/default").to_string();
        let keys = ContextKeys::new().with("bedrock-mantle:Model", model);
        call.require(name, &project, Some(&project), &keys).map_err(Refusal::of_mantle)?;
    } else {
        let streams = body.get("stream").and_then(Value::as_bool) == Some(true);
        let action = if streams { "bedrock:InvokeModelWithResponseStream" } else { "bedrock:InvokeModel" };
        invoke(call, action, model)?;
        if call.request.path.ends_with("/responses") {
            let project = call.own_arn("bedrock", "project/default").to_string();
            call.require("bedrock:InvokeModel", &project, Some(&project), &ContextKeys::new())?;
        }
    }
    let said = "This is the sandbox: no model was called and nothing was billed.";
    let choice = json!({ "index": 0, "finish_reason": "stop", "message": { "role": "assistant", "content": said } });
    Ok(Reply::json(&json!({
        "id": call.request_id, "object": "chat.completion", "model": model, "choices": [choice],
        "usage": { "prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2 },
    })))
}

/// Authorizes a call to a model, and takes it through the account's standing.
fn invoke(call: &Call<'_>, action: &str, model: &str) -> Result<(), Refusal> {
    let target = requirements::expand(call.world(), &call.caller.region, model)?;
    for requirement in &target.requirements {
        let resource = requirement.resource.to_string();
        call.require(action, &resource, Some(&resource), &requirement.context())?;
    }
    model_access::pass(call, &call.caller, &target)
}
