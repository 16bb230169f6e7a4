//! The identity: who calls, the ARN of the user or role whose policies count, and these policies.

use super::account::Clients;
use super::api::Api;
use super::call_runner::{CallRunner, unreadable};
use super::{policies, skipped};
use crate::evidence::{Caller, ChosenBy, Credentials, FoundBy, IdentityPolicies, Observation, PolicySource, Subject};
use crate::iam::{Arn, Principal, PrincipalKind};
use crate::request::Request;
use std::sync::Arc;

/// Why the policies behind a short-term key are not read.
const API_KEY_OF_SOMEBODY: &str = "Bedrock sees the principal whose access key made the Bedrock API key in `AWS_BEARER_TOKEN_BEDROCK`, and which that is, is not known";

/// Everything that was read about the identity.
pub(super) struct Identity {
    pub(super) caller: Observation<Caller>,
    pub(super) principal: Observation<PolicySource>,
    pub(super) policies: IdentityPolicies,
}

/// Asks STS who calls, and IAM for the role behind a session.
pub(super) async fn observe(
    clients: &Clients,
    calls: &CallRunner,
    request: &Request,
    credentials: Option<&Credentials>,
) -> Identity {
    if !clients.signs {
        calls.record_not_made(Api::GetCallerIdentity);
        return Identity {
            caller: skipped("there are no credentials beside the Bedrock API key"),
            principal: skipped("there are no credentials to read policies with, beside the Bedrock API key"),
            policies: IdentityPolicies::default(),
        };
    }
    let endpoint = clients.endpoint("sts");
    let get = || clients.sts.get_caller_identity().send();
    let answer = calls.to(Api::GetCallerIdentity, &endpoint).shared(&[&clients.region]).ask(get).await;
    let mut identity = Identity {
        caller: observe_caller(answer, clients, &endpoint),
        principal: skipped(""),
        policies: IdentityPolicies::default(),
    };

    let seen = identity.caller.seen();
    let subject = Subject::of(request, credentials, seen);
    let account = subject.account().map(str::to_owned);
    let reader = seen.map(|caller| caller.account.clone());
    let Some(principal) = subject.principal else {
        identity.principal = skipped(match subject.chosen_by {
            ChosenBy::ApiKey => API_KEY_OF_SOMEBODY,
            _ => "the caller is not known",
        });
        return identity;
    };
    if let (Some(account), Some(reader)) = (account, reader)
        && account != reader
    {
        identity.principal = skipped(&format!(
            "the principal belongs to account {account}, and the caller to {reader}: its policies can only be read there"
        ));
        return identity;
    }
    policy_source(clients, calls, &principal, request, &mut identity).await;
    identity
}

fn observe_caller(
    answer: Observation<Arc<aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityOutput>>,
    clients: &Clients,
    endpoint: &str,
) -> Observation<Caller> {
    answer.and_then(|output| match output.arn().map(str::parse::<Arn>) {
        // The account is in the answer twice; AWS does not contradict itself.
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

/// Finds the ARN of the user or role whose policies count, and reads what is attached to it.
async fn policy_source(
    clients: &Clients,
    calls: &CallRunner,
    subject: &Principal,
    request: &Request,
    identity: &mut Identity,
) {
    let given = |found_by| PolicySource { candidates: vec![subject.arn.clone()], found_by };
    identity.principal = match subject.kind {
        PrincipalKind::Root => skipped("the root user cannot be simulated"),
        PrincipalKind::FederatedUser => skipped("a federated user cannot be simulated"),
        PrincipalKind::Other => skipped("the principal is neither a user nor a role"),
        PrincipalKind::IamUser => {
            let user = subject.user_name().unwrap_or_default();
            identity.policies = policies::of_user(clients, calls, user).await.policies;
            Observation::Seen(given(FoundBy::Given))
        }
        _ => {
            let Some(role) = subject.role_name() else {
                identity.principal = skipped("the session's ARN names no role");
                calls.record_not_made(Api::GetRole);
                return;
            };
            let attached = policies::of_role(clients, calls, role).await;
            identity.policies = attached.policies;
            let is_given = subject.kind == PrincipalKind::IamRole;
            Observation::Seen(match attached.arn {
                Some(arn) => PolicySource { candidates: vec![arn], found_by: FoundBy::GetRole },
                None if is_given => given(FoundBy::Given),
                None => guess(subject, role, request),
            })
        }
    };
}

/// Lists the ARNs that a role may have if its path could not be read.
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
        },
        _ => PolicySource { candidates: vec![arn("")], found_by: FoundBy::BareName },
    }
}
