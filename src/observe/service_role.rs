//! The role that Bedrock assumes to carry an operation out: whether it is there, and whom it trusts.

use super::account::Clients;
use super::api::Api;
use super::call::{Caller as Calls, unreadable};
use super::skipped;
use crate::evidence::{Call, Observation, ServiceRole, SkipReason};
use crate::request::Request;
use aws_sdk_iam::types::Role;
use percent_encoding::percent_decode_str;

/// Looks the service role up that the request names.
pub(super) async fn look(clients: &Clients, calls: &Calls, request: &Request) -> (Observation<ServiceRole>, Vec<Call>) {
    let Some(role) = &request.service_role else { return (skipped(SkipReason::NoServiceRole), Vec::new()) };
    if !clients.signs {
        return (skipped(SkipReason::OnlyApiKey), Vec::new());
    }
    let name = role.resource_id().rsplit('/').next().unwrap_or_default();
    let endpoint = clients.endpoint("iam");
    let look = clients.iam.get_role().role_name(name).send();
    let (answer, call) = calls.shared(Api::GetRole, &endpoint, &[name], look).await;
    let seen = answer.and_then(|output| {
        let read = output.role().and_then(|role| {
            let boundary = role.permissions_boundary().and_then(|boundary| boundary.permissions_boundary_arn());
            Some(ServiceRole {
                arn: role.arn().parse().ok()?,
                trust: trust(role),
                boundary: boundary.map(str::to_owned),
            })
        });
        read.map_or_else(|| unreadable(&endpoint, "the answer holds no role"), Observation::Seen)
    });
    (seen, vec![call])
}

/// Returns a role's trust policy, which IAM sends percent-encoded (IAM API Reference, "GetRole").
pub(super) fn trust(role: &Role) -> Option<String> {
    let encoded = role.assume_role_policy_document()?;
    percent_decode_str(encoded).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}
