//! Remedies: who does what so that the call works, with the least-privilege policy and the lines to paste.
//!
//! What a cause means in general is in the catalogue; this fills in this call's names, once, after the findings are
//! ranked. Nothing here is ever run by this program.

mod alternative_call;
mod assume_role;
mod beyond_iam;
mod command;
mod exempt_scp;
mod grant;
mod lift_deny;
mod meet_condition;
mod missing;
mod nearest;
mod network;
mod request_access;
mod trust;

pub(super) use alternative_call::alternative_call;
pub(super) use command::{check_again, check_as};
pub(super) use nearest::add_to as add_smallest;

use super::case::{Case, decision_of};
use super::change::{Note, Remedy, Step, Verified};
use super::evaluate::{Judged, Requirements, cause_of};
use super::finding::{Basis, Certainty, EvaluatedBy, Finding};
use super::statement::DecidedBy;
use crate::bedrock::Whose;
use crate::cause::{Cause, Family};
use crate::iam::{ContextKeys, Decision, PolicyType, RequestContext};

/// Gives each finding its remedy.
pub(super) fn add_to(findings: &mut [Finding], case: &Case<'_>, judged: &Judged) {
    let has_leaked_key = findings.iter().any(Finding::is_of_leaked_key);
    let has_unlisted_model = findings.iter().any(|finding| !finding.is_likely && finding.is_of_unlisted_model());
    for finding in findings.iter_mut() {
        let is_of_policies = finding.cause.family() == Family::IamPermission;
        // While a leaked key works, nothing is to be added.
        let waits_for_key = has_leaked_key && !finding.is_of_leaked_key() && is_of_policies;
        // No permission is of use for what cannot be called.
        let waits_for_model = has_unlisted_model && is_of_policies && finding.whose == Whose::Caller;
        finding.remedy = match (waits_for_key, waits_for_model) {
            (true, _) => Remedy { steps: vec![Step::KeyFirst], ..Remedy::default() },
            (false, true) => Remedy { steps: vec![Step::ModelFirst], ..Remedy::default() },
            (false, false) => for_finding(finding, case, judged),
        };
    }
    verify(findings, judged, Whose::Caller);
    verify(findings, judged, Whose::ServiceRole);
}

/// Returns what fixes a finding.
fn for_finding(finding: &Finding, case: &Case<'_>, judged: &Judged) -> Remedy {
    match finding.basis.first() {
        Some(Basis::Trust(trust)) => return trust::let_in(trust, case.evidence),
        Some(Basis::Refused { api: "iam:GetRole", .. } | Basis::WrongServiceRole(_)) => {
            return trust::no_such_role(finding, case);
        }
        Some(Basis::Refused { api: "sts:AssumeRole", error }) => return assume_role::allow(finding, error, case),
        _ => {}
    }
    if finding.cause == Cause::MarketplacePermission && finding.policy_type == Some(PolicyType::ServiceControlPolicy) {
        let mut remedy = beyond_iam::open(finding.cause, case);
        remedy.steps.splice(0..0, [Step::ScpDeniesSubscribe]);
        return remedy;
    }
    let requirements = judged.of(finding.whose);
    if finding.whose == Whose::ServiceRole {
        let decision = finding.decision.unwrap_or(Decision::ImplicitDeny);
        if finding.cause == Cause::ResourcePolicy
            && decision == Decision::ImplicitDeny
            && let Some(remedy) = grant::in_resource_policy(finding, case.evidence, requirements)
        {
            return remedy;
        }
        return for_policy(cause_of(finding.policy_type, decision), case, requirements, &[]);
    }
    let is_requirement = finding.action.as_ref().is_none_or(|action| {
        requirements.requirements.iter().any(|requirement| requirement.request.action.eq_ignore_ascii_case(action))
    });
    if finding.cause == Cause::IdentityPolicyMissingAllow && !is_requirement {
        let requirement = RequestContext {
            action: finding.action.clone().unwrap_or_default(),
            resource: finding.resources.first().cloned().unwrap_or_else(|| "*".to_owned()),
            context: ContextKeys::new(),
        };
        return missing::grant(case, requirements, PolicyType::IdentityPolicy, &[requirement]);
    }
    if finding.cause == Cause::ResourcePolicy
        && !denies_explicitly(case, requirements, PolicyType::ResourcePolicy)
        && let Some(remedy) = grant::in_resource_policy(finding, case.evidence, requirements)
    {
        return remedy;
    }
    for_policy(finding.cause, case, requirements, &refused_live(finding, requirements))
}

/// Returns what a live answer says is refused: requirements, and what it names beside them, such as a project or an enforced
/// guardrail. A policy that is to let the call through needs it too.
fn refused_live(finding: &Finding, requirements: &Requirements) -> Vec<RequestContext> {
    let Some(action) = finding.action.as_ref().filter(|_| finding.certainty <= Certainty::Reported) else {
        return Vec::new();
    };
    let request = |resource: &String| {
        let mut known = requirements.requirements.iter().map(|known| &known.request);
        let known = known.find(|known| known.resource == *resource && known.action.eq_ignore_ascii_case(action));
        known.cloned().unwrap_or_else(|| RequestContext {
            action: action.clone(),
            resource: resource.clone(),
            context: ContextKeys::new(),
        })
    };
    finding.resources.iter().map(request).collect()
}

/// Fixes a policy that refuses requirements of the call, and what a live answer says is refused; any other cause is fixed
/// beyond IAM.
fn for_policy(cause: Cause, case: &Case<'_>, requirements: &Requirements, live: &[RequestContext]) -> Remedy {
    let policy_type = match cause {
        Cause::IdentityPolicyMissingAllow | Cause::IdentityPolicyExplicitDeny => PolicyType::IdentityPolicy,
        Cause::PermissionsBoundary => PolicyType::PermissionsBoundary,
        Cause::SessionPolicy => PolicyType::SessionPolicy,
        Cause::VpcEndpointPolicy => PolicyType::VpcEndpointPolicy,
        Cause::ResourcePolicy => PolicyType::ResourcePolicy,
        Cause::ServiceControlPolicy => return exempt_scp::exempt(case, requirements),
        other => return beyond_iam::open(other, case),
    };
    let lacks_allow = cause == Cause::IdentityPolicyMissingAllow;
    let denies = cause == Cause::IdentityPolicyExplicitDeny || denies_explicitly(case, requirements, policy_type);
    if denies && !lacks_allow {
        return lift_deny::lift(case, requirements, policy_type);
    }
    missing::grant(case, requirements, policy_type, live)
}

/// Returns `true` if a policy of the type denies with a statement, which no allow outvotes.
fn denies_explicitly(case: &Case<'_>, requirements: &Requirements, policy_type: PolicyType) -> bool {
    let cause = cause_of(Some(policy_type), Decision::ExplicitDeny);
    let mut said = case.said().filter(|reading| reading.cause == cause).filter_map(decision_of);
    requirements.refuses_explicitly(policy_type) || said.any(|decision| decision == Decision::ExplicitDeny)
}

/// Returns whose policy a statement is in, as `role/NAME`, `user/NAME` or `group/NAME`. A boundary is nobody's to detach, and
/// the principal's all the same.
fn attached_to(statement: &DecidedBy, requirements: &Requirements, policy_type: PolicyType) -> Option<String> {
    let own = requirements.principal.as_ref().map(command::named);
    if policy_type != PolicyType::IdentityPolicy {
        return own;
    }
    match (&statement.holder, &statement.source) {
        (Some(holder), _) => {
            let own_name = own.as_deref().and_then(|own| own.split_once('/')).map(|(_, name)| name);
            // Whatever is not the principal itself is a group of it.
            if own_name == Some(holder) { own } else { Some(format!("group/{holder}")) }
        }
        (None, Some(source)) if source == "group" => None,
        (None, _) => own,
    }
}

/// Notes on the remedies what their trial in simulation proved, and never more.
///
/// A change is verified by itself only where it is the only one: of several, none is enough alone.
fn verify(findings: &mut [Finding], judged: &Judged, whose: Whose) {
    // Where requirements could not be listed, not every one was simulated.
    let requirements = judged.of(whose);
    let Some(stage) = requirements.what_if.successful().filter(|_| requirements.unlisted.is_empty()) else { return };
    let is_own = |finding: &&mut Finding| finding.whose == whose && is_of_a_requirement(finding);
    let mut own: Vec<&mut Finding> = findings.iter_mut().filter(is_own).collect();
    // Where several actions are missing for the service role and one policy allows them all, that policy is enough.
    let policy = own.first().and_then(|first| first.remedy.policy.clone());
    let is_one_policy = policy.is_some() && own.iter().all(|finding| finding.remedy.policy == policy);
    let is_enough = own.len() == 1 || whose == Whose::ServiceRole && is_one_policy && stage.exact;
    for finding in &mut own {
        // A change of the call is not a change of policies, which is what was simulated.
        let mut changes = finding.remedy.changes.iter();
        let changes_policies = changes.len() > 0 && changes.all(|change| change.kind.is_of_policy());
        if is_enough && !changes_policies {
            continue;
        }
        if is_enough {
            finding.remedy.verified = Some(if stage.exact { Verified::Allowed } else { Verified::AllowedWithout });
        } else {
            finding.remedy.notes.push(Note::NotEnoughAlone);
        }
        if whose == Whose::ServiceRole && is_enough && is_one_policy && stage.exact {
            finding.remedy.notes.clear();
        }
    }
}

/// Returns `true` if a finding is based on a requirement that was judged, and not only on what AWS answered.
fn is_of_a_requirement(finding: &Finding) -> bool {
    finding.basis.iter().any(|basis| {
        matches!(basis, Basis::Evaluated { by, .. } if !matches!(by, EvaluatedBy::Aws { .. }))
            && finding.cause.family() == Family::IamPermission
    })
}
