//! Remedies for what policies do not allow: the allow that is missing, and no more than that.
//!
//! What is allowed already stays as it is, because whoever allowed it may have done so under conditions.

use super::{command, grant, meet_condition};
use crate::diagnose::case::Case;
use crate::diagnose::change::{Note, Remedy};
use crate::diagnose::evaluate::{Lacking, Requirements};
use crate::iam::{PolicyType, RequestContext};

/// Adds what policies of a type lack for the call, and for what a live answer says is refused. Where a condition alone keeps
/// the call from being allowed, that is met, and nothing is added that goes round it.
pub(super) fn grant(
    case: &Case<'_>,
    requirements: &Requirements,
    policy_type: PolicyType,
    live: &[RequestContext],
) -> Remedy {
    let lacking = lacking(case, requirements, policy_type, live);
    let mut remedy = meet_condition::of_allows(case, requirements, policy_type, &lacking.withheld);
    if lacking.grants.is_empty() {
        remedy.commands.push(command::check_again(case.evidence));
        return remedy;
    }
    let granted = match policy_type {
        PolicyType::IdentityPolicy => grant::to_principal(case.evidence, requirements, &lacking.grants),
        PolicyType::PermissionsBoundary => grant::to_boundary(case.evidence, requirements, &lacking.grants),
        _ => grant::in_policy(case.evidence, requirements, policy_type, &lacking.grants),
    };
    remedy.steps.extend(granted.steps);
    remedy.changes.extend(granted.changes);
    let kept = meet_condition::by_policy(&lacking.kept).into_iter().map(Note::KeepsConditions);
    Remedy { steps: remedy.steps, changes: remedy.changes, notes: kept.chain(granted.notes).collect(), ..granted }
}

/// Finds out what policies of a type lack.
fn lacking(case: &Case<'_>, requirements: &Requirements, policy_type: PolicyType, live: &[RequestContext]) -> Lacking {
    let call: Vec<RequestContext> =
        requirements.requirements.iter().map(|requirement| requirement.request.clone()).collect();
    let texts = requirements.texts(case, policy_type);
    // Of the other types the simulator knows nothing: where one was not supplied either, it may allow none of the call.
    let is_simulated = matches!(policy_type, PolicyType::IdentityPolicy | PolicyType::PermissionsBoundary);
    let mut wanted = match &texts {
        Some(texts) if is_simulated && texts.are_complete(policy_type) => requirements.unallowed(),
        None if !is_simulated => call.clone(),
        _ => requirements.unallowed_by(policy_type),
    };
    for request in live {
        if !wanted.contains(request) {
            wanted.push(request.clone());
        }
    }
    let lacking = match &texts {
        Some(texts) => texts.lacking(policy_type, &wanted, &call),
        None => Lacking::all(&wanted),
    };
    match lacking.is_empty() {
        // By everything that was read it is allowed: what was refused is granted by name.
        true => Lacking::all(if live.is_empty() { &call } else { live }),
        false => lacking,
    }
}
