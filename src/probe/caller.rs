//! Who calls, and under which ARN the policy simulator knows them.

use super::account::Clients;
use super::api::Api;
use super::call::{Caller as Calls, not_made, unreadable};
use super::service_role::trust;
use super::skipped;
use crate::evidence::{Call, Caller, FoundBy, Observation, PolicySource};
use crate::iam::{Arn, Principal, PrincipalKind};
use crate::request::Request;
use std::sync::Arc;

/// What was seen of the identity.
pub(super) struct Identity {
    pub(super) caller: Observation<Caller>,
    pub(super) principal: Observation<PolicySource>,
    pub(super) calls: Vec<Call>,
}

/// Asks STS who calls, and IAM for the role behind a session.
pub(super) async fn look(clients: &Clients, calls: &Calls, request: &Request) -> Identity {
    if !clients.signs {
        return Identity {
            caller: skipped("there are no credentials beside the Bedrock API key"),
            principal: skipped("which principal the Bedrock API key belongs to is not known"),
            calls: vec![not_made(Api::GetCallerIdentity)],
        };
    }
    let endpoint = clients.endpoint("sts");
    let look = clients.sts.get_caller_identity().send();
    let (answer, call) = calls.shared(Api::GetCallerIdentity, &endpoint, &[&clients.region], look).await;
    let mut identity =
        Identity { caller: observe_caller(answer, clients, &endpoint), principal: skipped(""), calls: vec![call] };

    if clients.bedrock_api_key && request.principal.is_none() {
        identity.principal = skipped(
            "`AWS_BEARER_TOKEN_BEDROCK` is set: Bedrock sees that API key's principal, and not the caller that STS names",
        );
        return identity;
    }
    let seen = identity.caller.seen();
    let subject = match (&request.principal, seen) {
        (Some(given), Some(caller)) if !given.account.is_empty() && given.account != caller.account => {
            identity.principal = skipped(&format!(
                "the principal belongs to account {}, and the caller to {}: its policies can only be read there",
                given.account, caller.account
            ));
            return identity;
        }
        (Some(given), _) => Principal::new(given.clone()),
        (None, Some(caller)) => caller.principal.clone(),
        (None, None) => {
            identity.principal = skipped("the caller is not known");
            return identity;
        }
    };
    let (principal, call) = policy_source(clients, calls, &subject, request).await;
    identity.principal = principal;
    identity.calls.extend(call);
    identity
}

fn observe_caller(
    answer: Observation<Arc<aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityOutput>>,
    clients: &Clients,
    endpoint: &str,
) -> Observation<Caller> {
    answer.and_then(|output| match output.arn().map(str::parse::<Arn>) {
        // An account is told twice; what contradicts itself was not said by AWS.
        Some(Ok(arn)) if output.account().is_some_and(|account| account != arn.account) => {
            unreadable(endpoint, "the answer names two accounts")
        }
        Some(Ok(arn)) => Observation::Seen(Caller {
            account: output.account().unwrap_or(&arn.account).to_owned(),
            principal: Principal::new(arn).with_lambda_function(clients.lambda_function.as_deref()),
        }),
        _ => unreadable(endpoint, "the answer holds no ARN"),
    })
}

/// Finds the ARN of the user or role whose policies count.
async fn policy_source(
    clients: &Clients,
    calls: &Calls,
    subject: &Principal,
    request: &Request,
) -> (Observation<PolicySource>, Option<Call>) {
    let given =
        |found_by| PolicySource { candidates: vec![subject.arn.clone()], found_by, boundary: None, trust: None };
    match subject.kind {
        PrincipalKind::IamUser => (Observation::Seen(given(FoundBy::Given)), None),
        PrincipalKind::Root => (skipped("the root user cannot be simulated"), None),
        PrincipalKind::FederatedUser => (skipped("a federated user cannot be simulated"), None),
        PrincipalKind::Other => (skipped("the principal is neither a user nor a role"), None),
        _ => {
            let Some(role) = subject.role_name() else {
                return (skipped("the session's ARN names no role"), Some(not_made(Api::GetRole)));
            };
            let look = clients.iam.get_role().role_name(role).send();
            let (answer, call) = calls.shared(Api::GetRole, &clients.endpoint("iam"), &[role], look).await;
            let found = answer.seen().and_then(|output| output.role()).and_then(|role| {
                let boundary = role.permissions_boundary().and_then(|boundary| boundary.permissions_boundary_arn());
                Some(PolicySource {
                    candidates: vec![role.arn().parse().ok()?],
                    found_by: FoundBy::GetRole,
                    boundary: boundary.map(str::to_owned),
                    trust: trust(role),
                })
            });
            let is_given = subject.kind == PrincipalKind::IamRole;
            let source =
                found.unwrap_or_else(|| if is_given { given(FoundBy::Given) } else { guess(subject, role, request) });
            (Observation::Seen(source), Some(call))
        }
    }
}

/// Lists the ARNs that a role may have whose path could not be read.
///
/// Identity Center puts its roles under a path of its own, with the Region segment left out for `us-east-1`
/// (IAM Identity Center User Guide, "Referencing permission sets in resource policies").
fn guess(subject: &Principal, role: &str, request: &Request) -> PolicySource {
    let arn =
        |path: &str| Arn::new(&subject.arn.partition, "iam", "", &subject.arn.account, &format!("role/{path}{role}"));
    match subject.kind {
        PrincipalKind::IdentityCenter => PolicySource {
            candidates: vec![
                arn("aws-reserved/sso.amazonaws.com/"),
                arn(&format!("aws-reserved/sso.amazonaws.com/{}/", request.region)),
                arn(""),
            ],
            found_by: FoundBy::IdentityCenterForms,
            boundary: None,
            trust: None,
        },
        _ => PolicySource { candidates: vec![arn("")], found_by: FoundBy::BareName, boundary: None, trust: None },
    }
}
