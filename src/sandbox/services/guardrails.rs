//! Guardrails of a call: the one that it names, and those that the account enforces.
//!
//! A caller needs `bedrock:ApplyGuardrail` on each of them (Bedrock User Guide, "Set up permissions to use
//! guardrails"). The guardrails themselves let everything through.

use crate::sandbox::call::Call;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::world::{Guardrail, PolicyText};
use serde_json::Value;

/// The guardrail that a call names.
#[derive(Debug)]
pub(super) struct Named {
    arn: String,
    /// The value of `bedrock:GuardrailIdentifier`: the ARN, with its version unless that is the draft.
    pub(super) identifier: String,
}

/// Finds the guardrail that a call names, in its headers or in the body of Converse.
pub(super) fn of_call(call: &Call<'_>) -> Result<Option<Named>, Refusal> {
    let body: Option<Value> = match call.operation.name {
        "bedrock:Converse" | "bedrock:ConverseStream" => serde_json::from_slice(&call.request.body).ok(),
        _ => None,
    };
    let in_body = |field: &str| body.as_ref()?.get("guardrailConfig")?.get(field)?.as_str();
    let named = |header: &str, field: &str| call.request.header(header).or_else(|| in_body(field));
    let Some(id) = named("x-amzn-bedrock-guardrailidentifier", "guardrailIdentifier") else { return Ok(None) };
    let version = named("x-amzn-bedrock-guardrailversion", "guardrailVersion").unwrap_or("DRAFT");
    let is_meant = |guardrail: &&Guardrail| {
        guardrail.arn.region == call.caller.region
            && (guardrail.arn.resource_id() == id || guardrail.arn.to_string() == id)
            && (version == "DRAFT" || guardrail.version.as_deref() == Some(version))
    };
    let guardrail = call.world().guardrails.iter().find(is_meant).ok_or_else(|| {
        Refusal::service(
            400,
            "ValidationException",
            "The guardrail identifier or version provided in the request does not exist.",
        )
    })?;
    let arn = guardrail.arn.to_string();
    let identifier = if version == "DRAFT" { arn.clone() } else { format!("{arn}:{version}") };
    Ok(Some(Named { arn, identifier }))
}

/// A guardrail that a call passes, with its resource policy where it is one of another account.
pub(super) type Applied<'a> = (String, Option<Option<&'a PolicyText>>);

/// Returns the guardrails that a call passes, each once.
pub(super) fn applied<'a>(call: &Call<'a>, named: Option<&Named>, model: Option<&str>) -> Vec<Applied<'a>> {
    let enforced = call.world().guardrails.iter().filter(|guardrail| {
        let holds = model.is_none_or(|model| {
            let listed = |ids: &[String]| ids.iter().any(|id| id == model);
            (guardrail.included_models.is_empty() || listed(&guardrail.included_models))
                && !listed(&guardrail.excluded_models)
        });
        guardrail.enforced && guardrail.arn.region == call.caller.region && holds
    });
    let mut arns: Vec<String> = named.map(|named| named.arn.clone()).into_iter().collect();
    for arn in enforced.map(|guardrail| guardrail.arn.to_string()) {
        if !arns.contains(&arn) {
            arns.push(arn);
        }
    }
    let own = &call.world().account;
    let with_policy = |arn: String| {
        let known = call.world().guardrails.iter().find(|guardrail| guardrail.arn.to_string() == arn);
        let policy = known.filter(|guardrail| guardrail.arn.account != *own).map(|guardrail| guardrail.policy.as_ref());
        (arn, policy)
    };
    arns.into_iter().map(with_policy).collect()
}
