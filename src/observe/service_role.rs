//! The role that Bedrock assumes to carry out an operation: whether it exists, and whom it trusts.

use super::account::Clients;
use super::api::Api;
use super::call_runner::{CallRunner, unreadable};
use super::skipped;
use crate::evidence::{Observation, ServiceRole, SkipReason};
use crate::request::Request;
use aws_sdk_iam::types::Role;
use percent_encoding::percent_decode_str;

/// Reads the service role that the request names.
pub(super) async fn observe(clients: &Clients, calls: &CallRunner, request: &Request) -> Observation<ServiceRole> {
    let Some(role) = &request.service_role else { return skipped(SkipReason::NoServiceRole) };
    if !clients.signs {
        return skipped(SkipReason::OnlyApiKey);
    }
    let name = role.resource_id().rsplit('/').next().unwrap_or_default();
    let endpoint = clients.endpoint("iam");
    let get = || clients.iam.get_role().role_name(name).send();
    calls.to(Api::GetRole, &endpoint).shared(&[name]).ask(get).await.and_then(|output| {
        let read = output.role().filter(|role| role.role_name() == name).and_then(|role| {
            let boundary = role.permissions_boundary().and_then(|boundary| boundary.permissions_boundary_arn());
            Some(ServiceRole {
                arn: role.arn().parse().ok()?,
                trust: trust(role),
                boundary: boundary.map(str::to_owned),
            })
        });
        read.map_or_else(|| unreadable(&endpoint, "the answer does not hold the role"), Observation::Seen)
    })
}

/// Returns a role's trust policy, which IAM sends percent-encoded (IAM API Reference, "GetRole").
pub(super) fn trust(role: &Role) -> Option<String> {
    let encoded = role.assume_role_policy_document()?;
    percent_decode_str(encoded).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}
