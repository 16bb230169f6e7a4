//! The services: what each operation authorizes and answers.
//!
//! A service takes a call and gives a reply or a refusal; `model_access`, `guardrails`, `requirements` and
//! `event_stream` are shared by them.

mod account_settings;
mod agentcore;
mod agents;
mod control_plane;
mod event_stream;
mod guardrails;
mod iam;
mod iam_toolbox;
mod iam_write;
mod identity_center;
mod jobs;
mod mantle;
mod model_access;
mod organizations;
mod requirements;
mod resource_policies;
mod runtime;
mod simulator;
mod sts;

use super::call::Call;
use super::refusal::Refusal;
use super::wire::{Reply, Service};
use hyper::Method;

/// The operations that Bedrock carries out in the name of a role of their own.
const AGENTS: [&str; 4] =
    ["bedrock:CreateAgent", "bedrock:InvokeAgent", "bedrock:Retrieve", "bedrock:RetrieveAndGenerate"];

/// Hands a call to its service.
pub(super) fn answer(call: &Call<'_>) -> Result<Reply, Refusal> {
    match call.service {
        Service::Sts => sts::answer(call),
        Service::Iam if call.operation.name == "iam:SimulatePrincipalPolicy" => simulator::answer(call),
        Service::Iam => iam_write::answer(call).unwrap_or_else(|| iam::answer(call)),
        Service::Toolbox => iam_toolbox::answer(call),
        Service::Mantle => mantle::answer(call),
        Service::AgentCore => agentcore::answer(call),
        Service::Kms | Service::S3 | Service::Ecr => resource_policies::answer(call),
        Service::Organizations => organizations::answer(call),
        Service::SsoAdmin => identity_center::answer(call),
        Service::Bedrock if call.request.path.starts_with("/model/") => runtime::answer(call),
        Service::Bedrock if AGENTS.contains(&call.operation.name) => agents::answer(call),
        Service::Bedrock if call.request.method != Method::GET => {
            account_settings::answer(call).unwrap_or_else(|| jobs::answer(call))
        }
        Service::Bedrock => control_plane::answer(call),
    }
}
