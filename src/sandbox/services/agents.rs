//! Agents and knowledge bases: a call in the caller's name, carried on in the name of a service role.
//!
//! The caller is authorized on the agent or the knowledge base, and its role on the model behind it, once the role's
//! trust policy lets Bedrock assume it (Bedrock User Guide, "Create a service role for Amazon Bedrock Agents", "… for
//! Amazon Bedrock Knowledge Bases"). The caller is told no more than that the role was refused.

use super::{event_stream, model_access, requirements};
use crate::iam::{Arn, ContextKeys};
use crate::sandbox::call::{CREATED, Call, text};
use crate::sandbox::refusal::{Denial, Refusal, denial_text};
use crate::sandbox::wire::Reply;
use serde_json::{Value, json};

/// What every agent of the sandbox says.
const ANSWER: &str = "This is the sandbox: no agent was called and nothing was billed.";

/// Answers a call to an agent or a knowledge base.
pub(super) fn answer(call: &Call<'_>) -> Result<Reply, Refusal> {
    match call.operation.name {
        "bedrock:InvokeAgent" => invoke_agent(call),
        "bedrock:Retrieve" => retrieve(call),
        "bedrock:RetrieveAndGenerate" => retrieve_and_generate(call),
        _ => create_agent(call),
    }
}

fn invoke_agent(call: &Call<'_>) -> Result<Reply, Refusal> {
    let mut names = call.operation.label.split('/');
    let (agent, alias) = (names.next().unwrap_or_default(), names.next().unwrap_or_default());
    let arn = call.own_arn("bedrock", &format!("agent-alias/{agent}/{alias}"));
    let resource = arn.to_string();
    call.require(call.operation.name, &resource, Some(&resource), &ContextKeys::new())?;
    let found = call.world().agents.iter().find(|agent| agent.alias == arn).ok_or_else(not_found)?;
    if let Err(_hidden) = as_role(call, &found.role, &found.arn(), &found.model) {
        return Err(Refusal::service(
            403,
            "AccessDeniedException",
            "Access denied when calling Bedrock. Check your request permissions and retry the request.",
        ));
    }
    let bytes = aws_smithy_types::base64::encode(ANSWER);
    let reply = event_stream::reply(&[("chunk", json!({ "bytes": bytes }))])?;
    let session = call.operation.label.rsplit('/').next().unwrap_or_default().to_owned();
    Ok(reply
        .header("x-amzn-bedrock-agent-content-type", "application/json")
        .header("x-amz-bedrock-agent-session-id", session))
}

fn retrieve(call: &Call<'_>) -> Result<Reply, Refusal> {
    let arn = call.own_arn("bedrock", &format!("knowledge-base/{}", call.operation.label));
    ask_knowledge_base(call, &arn)?;
    Ok(Reply::json(&json!({ "retrievalResults": passages() })))
}

/// Authorizes the caller on a knowledge base, and lets its role embed the question.
fn ask_knowledge_base(call: &Call<'_>, arn: &Arn) -> Result<(), Refusal> {
    let resource = arn.to_string();
    call.require("bedrock:Retrieve", &resource, Some(&resource), &ContextKeys::new())?;
    let found = call.world().knowledge_bases.iter().find(|base| base.arn == *arn).ok_or_else(not_found)?;
    as_role(call, &found.role, &found.arn, &found.model).map_err(|inner| {
        let model = requirements::model_arn(call.world(), &call.caller.region, &found.model);
        let message = format!(
            "Knowledge base role {} is not able to call specified bedrock embedding model {model}: {inner}",
            found.role
        );
        Refusal::service(400, "ValidationException", message)
    })
}

fn passages() -> Value {
    json!([{ "content": { "type": "TEXT", "text": ANSWER }, "score": 1.0 }])
}

fn retrieve_and_generate(call: &Call<'_>) -> Result<Reply, Refusal> {
    call.require(call.operation.name, "*", None, &ContextKeys::new())?;
    let body = call.body()?;
    let configuration =
        body.pointer("/retrieveAndGenerateConfiguration/knowledgeBaseConfiguration").unwrap_or(&Value::Null);
    let field = |name: &str| configuration.get(name).and_then(Value::as_str).unwrap_or_default();
    ask_knowledge_base(call, &call.own_arn("bedrock", &format!("knowledge-base/{}", field("knowledgeBaseId"))))?;
    let target = requirements::expand(call.world(), &call.caller.region, field("modelArn"))?;
    for requirement in &target.requirements {
        let resource = requirement.resource.to_string();
        call.require("bedrock:InvokeModel", &resource, Some(&resource), &requirement.context())?;
    }
    model_access::pass(call, &call.caller, &target, None)?;
    Ok(Reply::json(&json!({ "sessionId": call.request_id, "output": { "text": ANSWER }, "citations": [] })))
}

fn create_agent(call: &Call<'_>) -> Result<Reply, Refusal> {
    call.require(call.operation.name, "*", None, &ContextKeys::new())?;
    let body = call.body()?;
    call.pass_role(text(&body, "agentResourceRoleArn"), "bedrock.amazonaws.com")?;
    let arn = call.own_arn("bedrock", "agent/SANDBOX001");
    let agent = json!({
        "agentId": "SANDBOX001", "agentName": body.get("agentName"), "agentArn": arn.to_string(),
        "agentResourceRoleArn": body.get("agentResourceRoleArn"), "agentStatus": "CREATING", "agentVersion": "DRAFT",
        "idleSessionTTLInSeconds": 600, "createdAt": CREATED, "updatedAt": CREATED,
    });
    Ok(Reply::json_with_status(202, &json!({ "agent": agent })))
}

/// Calls a model in the name of a service role; the error is what the role is refused with, which callers see in part
/// or not at all.
fn as_role(call: &Call<'_>, role: &Arn, source: &Arn, model: &str) -> Result<(), String> {
    call_as_role(call, role, "bedrock.amazonaws.com", source, model)
}

/// Calls a model in the name of a role that a service assumes for a source.
pub(super) fn call_as_role(
    call: &Call<'_>,
    role: &Arn,
    service: &str,
    source: &Arn,
    model: &str,
) -> Result<(), String> {
    let assumed = call.snapshot.assume_for(role, service, source, "BedrockSession", &call.caller.region);
    let Some(caller) = assumed else {
        return Err(format!("User: {service} is not authorized to perform: sts:AssumeRole on resource: {role}"));
    };
    let target = requirements::expand(call.world(), &call.caller.region, model).map_err(|refusal| refusal.message)?;
    for requirement in &target.requirements {
        let resource = requirement.resource.to_string();
        let refused = |denial: Denial| denial_text(&caller.arn(), "bedrock:InvokeModel", Some(&resource), &denial);
        call.snapshot.authorize(&caller, "bedrock:InvokeModel", &resource, &requirement.context()).map_err(refused)?;
    }
    model_access::pass(call, &caller, &target, None).map_err(|refusal| refusal.message)
}

fn not_found() -> Refusal {
    Refusal::service(404, "ResourceNotFoundException", "The requested resource could not be found.")
}
