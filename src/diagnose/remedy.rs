//! Remedies: who does what so that the call works, with the least-privilege policy and the lines to paste.
//!
//! What a cause means in general stands in the catalogue; this file fills in this call's names. Nothing here is
//! ever run by this program.

mod access;
mod allow;
mod command;
mod deny;
mod elsewhere;
mod gate;
mod network;
mod scp;

pub(super) use command::{check_again, check_as, replace_trust};
pub(super) use elsewhere::instead;
pub(super) use gate::of_gate;

use super::finding::{Finding, Remedy, Verified};
use super::requirements::Requirements;
use super::trials::Trials;
use crate::cause::{Cause, Family};
use crate::evidence::{Assumption, Evidence};
use crate::explain;
use crate::iam::{PolicyType, RequestContext};
use serde_json::json;

/// Mends a policy that refuses requirements of the call.
pub(super) fn of_policy(cause: Cause, evidence: &Evidence, requirements: &Requirements) -> Remedy {
    let requests: Vec<RequestContext> =
        requirements.requirements.iter().map(|requirement| requirement.request.clone()).collect();
    let policy_type = match cause {
        Cause::IdentityPolicyMissingAllow => return allow::to_principal(evidence, requirements, &requests),
        Cause::IdentityPolicyExplicitDeny => PolicyType::IdentityPolicy,
        Cause::PermissionsBoundary => PolicyType::PermissionsBoundary,
        Cause::SessionPolicy => PolicyType::SessionPolicy,
        Cause::VpcEndpointPolicy => PolicyType::VpcEndpointPolicy,
        Cause::ResourcePolicy => PolicyType::ResourcePolicy,
        Cause::ServiceControlPolicy => return scp::exempt(evidence, requirements),
        other => return of_gate(other, evidence),
    };
    if cause == Cause::IdentityPolicyExplicitDeny || denies_explicitly(evidence, requirements, policy_type) {
        return deny::lift(evidence, requirements, policy_type);
    }
    if policy_type == PolicyType::PermissionsBoundary {
        return allow::to_boundary(evidence, requirements, &requests);
    }
    allow::in_policy(evidence, requirements, policy_type, &requests)
}

/// Returns the ARN of the policy that a live refusal names.
fn told_policy(evidence: &Evidence) -> Option<String> {
    let error = evidence.invocation.refused()?;
    let text = error.message.as_deref().unwrap_or_default();
    explain::classify(error.code.as_deref(), error.status, text).facts.policy_arn
}

/// Tells whether a policy of the type denies with a statement, which no allow outvotes.
fn denies_explicitly(evidence: &Evidence, requirements: &Requirements, policy_type: PolicyType) -> bool {
    let told = evidence.invocation.refused().and_then(|error| error.message.as_deref());
    let given = evidence.request.error.as_ref().map(|error| error.text.as_str());
    let mut told = told.into_iter().chain(given);
    requirements.refuses_explicitly(policy_type) || told.any(|text| text.contains("with an explicit deny"))
}

/// Lets a role be assumed: by the caller's own policies, by the role's trust policy, or both.
pub(super) fn of_assumption(
    cause: Cause,
    evidence: &Evidence,
    assumption: &Assumption,
    principal: Option<&str>,
) -> Remedy {
    if cause.family() != Family::IamPermission {
        return of_gate(cause, evidence);
    }
    let (role, who) = (&assumption.role, principal.unwrap_or("the caller"));
    let statement = json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role.to_string()});
    Remedy {
        policy: Some(json!({"Version": "2012-10-17", "Statement": [statement]})),
        steps: vec![
            format!("let the trust policy of `{role}` name `{who}`, or the role behind it, for `sts:AssumeRole`"),
            "give the external id that the trust policy asks for, if it does (`--external-id`)".to_owned(),
            format!(
                "let the policies of `{who}` allow `sts:AssumeRole` on the role, which another account always needs"
            ),
        ],
        ..Remedy::default()
    }
}

/// Mends what a live answer named: a permission on an action and resource of its own, or a gate.
pub(super) fn of_live(
    cause: Cause,
    evidence: &Evidence,
    requirements: &Requirements,
    action: Option<&str>,
    resource: Option<&str>,
) -> Remedy {
    let is_requirement = action.is_none_or(|action| {
        requirements.requirements.iter().any(|requirement| requirement.request.action.eq_ignore_ascii_case(action))
    });
    if cause == Cause::IdentityPolicyMissingAllow && !is_requirement {
        let requirement = RequestContext {
            action: action.unwrap_or_default().to_owned(),
            resource: resource.unwrap_or("*").to_owned(),
            context: crate::iam::ContextKeys::new(),
        };
        return allow::to_principal(evidence, requirements, &[requirement]);
    }
    of_policy(cause, evidence, requirements)
}

/// Notes on the remedies what their trial in simulation proved, and never more.
///
/// A change is verified by itself only where it is the only one: of several, none is enough alone.
pub(super) fn verify(findings: &mut [Finding], trials: &Trials) {
    let Some(stage) = trials.successful() else { return };
    if let [only] = findings {
        only.remedy.verified = Some(if stage.exact { Verified::Allowed } else { Verified::AllowedWithout });
        return;
    }
    for finding in findings {
        finding.remedy.notes.push(
            "this change alone is not enough; with the changes of all the causes found, the policy simulator allows every requirement"
                .to_owned(),
        );
    }
}
