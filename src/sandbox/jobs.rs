//! What is started, made or bought, and the OpenAI-compatible paths: the caller's authorizations, and a small answer.
//!
//! Nothing is started, made or bought, so what a job would do later in its role's name is seen in no answer here
//! (Service Authorization Reference, "Actions, resources, and condition keys for Amazon Bedrock").

use super::account::Call;
use super::protocol::Reply;
use super::refusal::Refusal;
use super::{gates, requirements};
use crate::iam::{Arn, ContextKeys};
use serde_json::{Value, json};

/// When everything is made, as far as the sandbox is concerned.
pub(super) const MADE: &str = "2026-01-15T09:00:00Z";

/// Answers a call that starts, makes or buys something, or that comes in the form of the OpenAI API.
pub(super) fn answer(call: &Call<'_>) -> Result<Reply, Refusal> {
    match call.operation.name {
        "bedrock:CreateModelInvocationJob" => {
            let job = job(call, "modelId", "model-invocation-job", Some("roleArn"))?;
            Ok(reply(200, &json!({ "jobArn": job })))
        }
        "bedrock:CreateModelCustomizationJob" => {
            job(call, "baseModelIdentifier", "custom-model", Some("roleArn"))?;
            let made = own_arn(call, "bedrock", "model-customization-job/sandbox00001").to_string();
            Ok(reply(201, &json!({ "jobArn": made })))
        }
        "bedrock:CreateProvisionedModelThroughput" => {
            let body = body(call)?;
            let model = model_arn(call, text(&body, "modelId")).to_string();
            call.require(call.operation.name, &model, Some(&model), &ContextKeys::new())?;
            let made = own_arn(call, "bedrock", "provisioned-model/sandbox00001").to_string();
            Ok(reply(201, &json!({ "provisionedModelArn": made })))
        }
        "bedrock:StartAsyncInvoke" => {
            let body = body(call)?;
            invoke(call, "bedrock:InvokeModel", text(&body, "modelId"))?;
            let made = own_arn(call, "bedrock", "async-invoke/sandbox00001").to_string();
            call.require("bedrock:InvokeModel", &made, Some(&made), &ContextKeys::new())?;
            Ok(reply(200, &json!({ "invocationArn": made })))
        }
        "bedrock:ApplyGuardrail" => {
            let id = call.operation.label.split('/').next().unwrap_or_default();
            let guardrail = if id.starts_with("arn:") { id.to_owned() } else { named_guardrail(call, id) };
            call.require(call.operation.name, &guardrail, Some(&guardrail), &ContextKeys::new())?;
            Ok(reply(200, &json!({ "action": "NONE", "outputs": [], "assessments": [], "usage": {} })))
        }
        name => openai(call, name),
    }
}

/// Authorizes a job on its model, on what it makes, and on passing its role on.
fn job(call: &Call<'_>, model: &str, made: &str, role: Option<&str>) -> Result<String, Refusal> {
    let body = body(call)?;
    let model = model_arn(call, text(&body, model)).to_string();
    call.require(call.operation.name, &model, Some(&model), &ContextKeys::new())?;
    let made = own_arn(call, "bedrock", &format!("{made}/sandbox00001")).to_string();
    call.require(call.operation.name, &made, Some(&made), &ContextKeys::new())?;
    if let Some(role) = role {
        pass_role(call, &body, role)?;
    }
    Ok(made)
}

/// Chat Completions and Responses, on the runtime's path and on the `bedrock-mantle` endpoint.
fn openai(call: &Call<'_>, name: &str) -> Result<Reply, Refusal> {
    let body = body(call)?;
    let model = text(&body, "model");
    if name == "bedrock-mantle:CreateInference" {
        let project = own_arn(call, "bedrock-mantle", "project/default").to_string();
        let keys = ContextKeys::new().with("bedrock-mantle:Model", model);
        call.require(name, &project, Some(&project), &keys).map_err(Refusal::of_mantle)?;
    } else {
        let streams = body.get("stream").and_then(Value::as_bool) == Some(true);
        let action = if streams { "bedrock:InvokeModelWithResponseStream" } else { "bedrock:InvokeModel" };
        invoke(call, action, model)?;
        if call.request.path.ends_with("/responses") {
            let project = own_arn(call, "bedrock", "project/default").to_string();
            call.require("bedrock:InvokeModel", &project, Some(&project), &ContextKeys::new())?;
        }
    }
    let said = "This is the sandbox: no model was called and nothing was billed.";
    let choice = json!({ "index": 0, "finish_reason": "stop", "message": { "role": "assistant", "content": said } });
    Ok(reply(
        200,
        &json!({
            "id": call.request_id, "object": "chat.completion", "model": model, "choices": [choice],
            "usage": { "prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2 },
        }),
    ))
}

/// Authorizes a call to a model, and takes it through the account's standing.
fn invoke(call: &Call<'_>, action: &str, model: &str) -> Result<(), Refusal> {
    let target = requirements::expand(&call.account.world, &call.caller.region, model)?;
    for requirement in &target.requirements {
        let resource = requirement.resource.to_string();
        call.require(action, &resource, Some(&resource), &requirement.context())?;
    }
    gates::pass(call.account, &call.caller, &target)
}

/// Authorizes the caller to pass the role on to Bedrock that the body names.
pub(super) fn pass_role(call: &Call<'_>, body: &Value, field: &str) -> Result<(), Refusal> {
    let role = text(body, field);
    let keys = ContextKeys::new().with("iam:PassedToService", "bedrock.amazonaws.com");
    call.require("iam:PassRole", role, Some(role), &keys)
}

/// Reads the JSON body of a call.
pub(super) fn body(call: &Call<'_>) -> Result<Value, Refusal> {
    serde_json::from_slice::<Value>(&call.request.body).ok().filter(Value::is_object).ok_or_else(|| {
        Refusal::service(
            400,
            "ValidationException",
            "Malformed input request, please reformat your input and try again.",
        )
    })
}

fn text<'b>(body: &'b Value, field: &str) -> &'b str {
    body.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// Answers with a status of its own.
pub(super) fn reply(status: u16, body: &Value) -> Reply {
    Reply::new(status, "application/json", body.to_string().into_bytes())
}

/// Returns the ARN of a resource of the account in the call's Region.
pub(super) fn own_arn(call: &Call<'_>, service: &str, resource: &str) -> Arn {
    let world = &call.account.world;
    Arn::new(world.partition(), service, &call.caller.region, &world.account, resource)
}

/// Returns the ARN of the model that a job names: a custom model's own, else the foundation model's in the Region.
pub(super) fn model_arn(call: &Call<'_>, id: &str) -> Arn {
    match id.parse::<Arn>() {
        Ok(arn) => arn,
        Err(_) => {
            let profile = call.account.world.profiles.iter().find(|profile| profile.id == id);
            let model = profile.map_or(id, |profile| profile.base_model());
            let resource = format!("foundation-model/{model}");
            Arn::new(call.account.world.partition(), "bedrock", &call.caller.region, "", &resource)
        }
    }
}

fn named_guardrail(call: &Call<'_>, id: &str) -> String {
    own_arn(call, "bedrock", &format!("guardrail/{id}")).to_string()
}
