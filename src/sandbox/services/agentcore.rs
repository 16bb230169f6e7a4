//! AgentCore: runtimes whose code runs with an execution role, and gateways.
//!
//! The caller is authorized on the runtime or the gateway; the agent's code calls its model in the name of the
//! execution role, and the caller is told no more than that the runtime failed (Bedrock AgentCore Developer Guide, "IAM
//! permissions for AgentCore Runtime").

use super::agents::call_as_role;
use crate::iam::{Arn, ContextKeys};
use crate::sandbox::call::{CREATED, Call, text};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::wire::Reply;
use serde_json::{Value, json};

/// The service that assumes an execution role.
const SERVICE: &str = "bedrock-agentcore.amazonaws.com";

/// Answers a call to AgentCore.
pub(super) fn answer(call: &Call<'_>) -> Result<Reply, Refusal> {
    match call.operation.name {
        "bedrock-agentcore:InvokeAgentRuntime" => invoke_runtime(call),
        "bedrock-agentcore:InvokeGateway" => invoke_gateway(call),
        _ => create_runtime(call),
    }
}

fn not_found() -> Refusal {
    Refusal::service(404, "ResourceNotFoundException", "The requested resource could not be found.")
}

fn invoke_runtime(call: &Call<'_>) -> Result<Reply, Refusal> {
    let label = &call.operation.label;
    let arn = match label.parse::<Arn>() {
        Ok(arn) => arn,
        Err(_) => call.own_arn("bedrock-agentcore", &format!("runtime/{label}")),
    };
    let resource = arn.to_string();
    call.require(call.operation.name, &resource, Some(&resource), &ContextKeys::new())?;
    let runtime = call.world().agent_runtimes.iter().find(|runtime| runtime.arn == arn).ok_or_else(not_found)?;
    if let Err(_hidden) = call_as_role(call, &runtime.role, SERVICE, &runtime.arn, &runtime.model) {
        let text = "Received error (500) from runtime. Please check your CloudWatch logs for more information.";
        return Err(Refusal::service(424, "RuntimeClientError", text));
    }
    Ok(Reply::json(&json!({ "output": "This is the sandbox: no agent was called and nothing was billed." })))
}

fn invoke_gateway(call: &Call<'_>) -> Result<Reply, Refusal> {
    let arn = call.own_arn("bedrock-agentcore", &format!("gateway/{}", call.operation.label));
    let resource = arn.to_string();
    call.require(call.operation.name, &resource, Some(&resource), &ContextKeys::new())?;
    call.world().gateways.iter().find(|gateway| gateway.arn == arn).ok_or_else(not_found)?;
    let id = call.body()?.get("id").cloned().unwrap_or(Value::Null);
    Ok(Reply::json(&json!({ "jsonrpc": "2.0", "id": id, "result": { "tools": [] } })))
}

fn create_runtime(call: &Call<'_>) -> Result<Reply, Refusal> {
    let made = call.own_arn("bedrock-agentcore", "runtime/sandbox-0001");
    let resource = made.to_string();
    call.require(call.operation.name, &resource, Some(&resource), &ContextKeys::new())?;
    let body = call.body()?;
    let role = text(&body, "roleArn");
    call.pass_role(role, SERVICE)?;
    let image = body.pointer("/agentRuntimeArtifact/containerConfiguration/containerUri").and_then(Value::as_str);
    if let Some(image) = image {
        pull(call, role, &made, image)?;
    }
    Ok(Reply::json_with_status(
        202,
        &json!({
            "agentRuntimeArn": resource, "agentRuntimeId": "sandbox-0001", "agentRuntimeVersion": "1",
            "createdAt": CREATED, "status": "CREATING",
        }),
    ))
}

/// Refuses an image that the execution role may not pull: its own policies and the repository's decide.
fn pull(call: &Call<'_>, role: &str, runtime: &Arn, image: &str) -> Result<(), Refusal> {
    let refused = || {
        let message = format!(
            "Access denied while validating ECR URI '{image}'. The execution role requires permissions for \
             ecr:GetAuthorizationToken, ecr:BatchGetImage, and ecr:GetDownloadUrlForLayer operations."
        );
        Refusal::service(400, "ValidationException", message)
    };
    let repository = repository(call, image).ok_or_else(refused)?;
    let role: Arn = role.parse().map_err(|_| refused())?;
    let region = &call.caller.region;
    let caller = call.snapshot.assume_for(&role, SERVICE, runtime, "BedrockAgentCore", region).ok_or_else(refused)?;
    let keys = ContextKeys::new();
    call.snapshot.authorize(&caller, "ecr:GetAuthorizationToken", "*", &keys).map_err(|_| refused())?;
    for action in ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"] {
        let policy = call.world().resource_policy(&repository);
        call.snapshot.authorize_on(&caller, action, &repository, &keys, policy).map_err(|_| refused())?;
    }
    Ok(())
}

/// Returns the ARN of the repository in an image's URI: `ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME:TAG`.
fn repository(call: &Call<'_>, image: &str) -> Option<String> {
    let (host, path) = image.split_once('/')?;
    let mut parts = host.split('.');
    let (account, region) = (parts.next()?, parts.nth(2)?);
    let name = path.split([':', '@']).next()?;
    Some(Arn::new(call.world().partition(), "ecr", region, account, &format!("repository/{name}")).to_string())
}
