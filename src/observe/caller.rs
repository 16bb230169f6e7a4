//! Who calls, under which ARN the policy simulator knows them, and which policies they have.

use super::account::Clients;
use super::api::Api;
use super::call::{Caller as Calls, not_made, unreadable};
use super::{policies, skipped};
use crate::evidence::{
    Call, Caller, ChosenBy, Credentials, FoundBy, IdentityPolicies, Observation, PolicySource, SkipReason, Subject,
};
use crate::iam::{Arn, Principal, PrincipalKind};
use crate::request::Request;
use std::sync::Arc;

/// What was seen of the identity.
pub(super) struct Identity {
    pub(super) caller: Observation<Caller>,
    pub(super) principal: Observation<PolicySource>,
    pub(super) policies: IdentityPolicies,
    pub(super) calls: Vec<Call>,
}

/// Asks STS who calls, and IAM for the role behind a session.
pub(super) async fn look(
    clients: &Clients,
    calls: &Calls,
    request: &Request,
    credentials: Option<&Credentials>,
) -> Identity {
    if !clients.signs {
        return Identity {
            caller: skipped(SkipReason::OnlyApiKey),
            principal: skipped(SkipReason::OnlyApiKeyToRead),
            policies: IdentityPolicies::default(),
            calls: vec![not_made(Api::GetCallerIdentity)],
        };
    }
    let endpoint = clients.endpoint("sts");
    let look = clients.sts.get_caller_identity().send();
    let (answer, call) = calls.shared(Api::GetCallerIdentity, &endpoint, &[&clients.region], look).await;
    let mut identity = Identity {
        caller: observe_caller(answer, clients, &endpoint),
        principal: skipped(SkipReason::NotAsked),
        policies: IdentityPolicies::default(),
        calls: vec![call],
    };

    let seen = identity.caller.seen();
    let subject = Subject::of(request, credentials, seen);
    let account = subject.account().map(str::to_owned);
    let reader = seen.map(|caller| caller.account.clone());
    let Some(principal) = subject.principal else {
        identity.principal = skipped(match subject.chosen_by {
            ChosenBy::ApiKey => SkipReason::ApiKeyOfSomebody,
            _ => SkipReason::CallerUnknown,
        });
        return identity;
    };
    if let (Some(account), Some(reader)) = (account, reader)
        && account != reader
    {
        identity.principal = skipped(SkipReason::OtherAccount { account, reader });
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

/// Finds the ARN of the user or role whose policies count, and what is attached to it.
async fn policy_source(
    clients: &Clients,
    calls: &Calls,
    subject: &Principal,
    request: &Request,
    identity: &mut Identity,
) {
    let given = |found_by| PolicySource { candidates: vec![subject.arn.clone()], found_by };
    identity.principal = match subject.kind {
        PrincipalKind::Root => skipped(SkipReason::RootUser),
        PrincipalKind::FederatedUser => skipped(SkipReason::FederatedUser),
        PrincipalKind::Other => skipped(SkipReason::NeitherUserNorRole),
        PrincipalKind::IamUser => {
            let look = policies::of_user(clients, calls, subject.user_name().unwrap_or_default()).await;
            identity.policies = look.policies;
            identity.calls.extend(look.calls);
            Observation::Seen(given(FoundBy::Given))
        }
        _ => {
            let Some(role) = subject.role_name() else {
                identity.principal = skipped(SkipReason::SessionWithoutRole);
                identity.calls.push(not_made(Api::GetRole));
                return;
            };
            let look = policies::of_role(clients, calls, role).await;
            identity.policies = look.policies;
            identity.calls.extend(look.calls);
            let is_given = subject.kind == PrincipalKind::IamRole;
            Observation::Seen(match look.arn {
                Some(arn) => PolicySource { candidates: vec![arn], found_by: FoundBy::GetRole },
                None if is_given => given(FoundBy::Given),
                None => guess(subject, role, request),
            })
        }
    };
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
        },
        _ => PolicySource { candidates: vec![arn("")], found_by: FoundBy::BareName },
    }
}
