//! The identity: who calls, the ARN of the user or role whose policies count, and these policies.

use super::account::Clients;
use super::api::Api;
use super::call_runner::{CallRunner, unreadable};
use super::{policies, skipped};
use crate::evidence::{
    Caller, ChosenBy, Credentials, FoundBy, IdentityPolicies, Observation, PolicySource, ServiceError, SkipReason,
    Subject, Unseen,
};
use crate::iam::{Arn, Principal, PrincipalKind};
use crate::request::Request;

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
            caller: skipped(SkipReason::OnlyApiKey),
            principal: skipped(SkipReason::OnlyApiKeyToRead),
            policies: IdentityPolicies::default(),
        };
    }
    let mut identity = Identity {
        caller: observe_caller(clients, calls).await,
        principal: skipped(SkipReason::NotAsked),
        policies: IdentityPolicies::default(),
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

/// Asks STS who calls.
pub(super) async fn observe_caller(clients: &Clients, calls: &CallRunner) -> Observation<Caller> {
    let endpoint = clients.endpoint("sts");
    let get = || clients.sts.get_caller_identity().send();
    let answer = calls.to(Api::GetCallerIdentity, &endpoint).shared(&[&clients.region]).ask(get).await;
    answer.and_then(|output| match output.arn().map(str::parse::<Arn>) {
        // The account is in the answer twice; AWS does not contradict itself.
        Some(Ok(arn)) if output.account().is_some_and(|account| account != arn.account) => {
            unreadable(&endpoint, "the answer names two accounts")
        }
        Some(Ok(arn)) => Observation::Seen(Caller {
            account: output.account().unwrap_or(&arn.account).to_owned(),
            principal: Principal::new(arn).with_lambda_function(clients.lambda_function.as_deref()),
        }),
        _ => unreadable(&endpoint, "the answer holds no ARN"),
    })
}

/// What a user or role with a name turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamedPrincipal {
    /// IAM knows it by this ARN.
    Found(Arn),
    /// IAM could not be asked; a role of that name without a path would have this ARN.
    Assumed(Arn),
    /// IAM knows neither a role nor a user of that name.
    Unknown {
        /// The caller's account.
        account: String,
    },
    /// The caller's account could not be read, and why.
    NoAccount(Unseen),
}

/// Finds the ARN of the role or user with a name in the caller's account.
pub(super) async fn principal_named(clients: &Clients, calls: &CallRunner, name: &str) -> NamedPrincipal {
    let caller = match observe_caller(clients, calls).await {
        Observation::Seen(caller) => caller,
        unseen => {
            let why = unseen.why_unseen().unwrap_or(Unseen::Skipped(SkipReason::NotAsked));
            return NamedPrincipal::NoAccount(why);
        }
    };
    let endpoint = clients.endpoint("iam");
    let get = || clients.iam.get_role().role_name(name).send();
    let role = calls.to(Api::GetRole, &endpoint).shared(&[name]).retried().ask(get).await;
    let arn = |arn: &str| arn.parse::<Arn>().ok();
    if let Some(arn) = role.seen().and_then(|output| arn(output.role()?.arn())) {
        return NamedPrincipal::Found(arn);
    }
    let get = || clients.iam.get_user().user_name(name).send();
    let user = calls.to(Api::GetUser, &endpoint).shared(&[name]).retried().ask(get).await;
    if let Some(arn) = user.seen().and_then(|output| arn(output.user()?.arn())) {
        return NamedPrincipal::Found(arn);
    }
    let is_absent = |error: Option<&ServiceError>| error.is_some_and(|error| error.status == Some(404));
    if is_absent(role.refused()) && is_absent(user.refused()) {
        return NamedPrincipal::Unknown { account: caller.account };
    }
    let partition = &caller.principal.arn.partition;
    NamedPrincipal::Assumed(Arn::new(partition, "iam", "", &caller.account, &format!("role/{name}")))
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
        PrincipalKind::Root => skipped(SkipReason::RootUser),
        PrincipalKind::FederatedUser => skipped(SkipReason::FederatedUser),
        PrincipalKind::Other => skipped(SkipReason::NeitherUserNorRole),
        PrincipalKind::IamUser => {
            let user = subject.user_name().unwrap_or_default();
            identity.policies = policies::of_user(clients, calls, user).await.policies;
            Observation::Seen(given(FoundBy::Given))
        }
        _ => {
            let Some(role) = subject.role_name() else {
                identity.principal = skipped(SkipReason::SessionWithoutRole);
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
