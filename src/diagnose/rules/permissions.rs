//! Policies: each requirement that is refused becomes a finding, one for each cause and action.

use crate::cause::Cause;
use crate::diagnose::evaluate::{Requirements, cause_of};
use crate::diagnose::finding::{Basis, Certainty, EvaluatedBy, Finding};
use crate::diagnose::requirement::{JudgedBy, Requirement};
use crate::diagnose::statement::NearMiss;
use crate::iam::{Decision, PolicyType};

/// Turns the refused requirements into findings; those that only show once others are fixed come after them.
pub(in crate::diagnose) fn findings(requirements: &Requirements) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for (requirement, with_changes) in requirements.refusals() {
        let cause = cause_of(requirement.policy_type, requirement.decision);
        let basis = basis_of(requirement, with_changes);
        let known = findings
            .iter_mut()
            .find(|known| known.cause == cause && known.action.as_ref() == Some(&requirement.request.action));
        match known {
            Some(known) => {
                if !known.resources.contains(&requirement.request.resource) {
                    known.resources.push(requirement.request.resource.clone());
                }
                known.decision = known.decision.min(Some(requirement.decision));
                known.basis.extend(basis);
            }
            None => {
                let Some((first, more)) = basis.split_first() else { continue };
                let mut finding = Finding::new(cause, certainty_of(requirement), first.clone());
                finding.basis.extend_from_slice(more);
                finding.decision = Some(requirement.decision);
                finding.policy_type = requirement.policy_type;
                finding.whose = requirement.whose;
                finding.action = Some(requirement.request.action.clone());
                finding.resources = vec![requirement.request.resource.clone()];
                findings.push(finding);
            }
        }
    }
    for finding in &mut findings {
        add_near_misses(finding, requirements);
    }
    findings
}

/// Turns what the service role lacks into findings: whichever policy of its own refuses, it is the role that lacks the
/// permission; what a resource's policy refuses, the resource refuses.
pub(in crate::diagnose) fn of_service_role(requirements: &Requirements) -> Vec<Finding> {
    let mut findings = findings(requirements);
    for finding in &mut findings {
        if finding.policy_type != Some(PolicyType::ResourcePolicy) {
            finding.cause = Cause::ServiceRolePermission;
        }
    }
    findings
}

fn certainty_of(requirement: &Requirement) -> Certainty {
    match requirement.policy_type {
        // The simulator evaluates neither; the engine did, on the user's word for what the policy says.
        Some(PolicyType::SessionPolicy | PolicyType::VpcEndpointPolicy) | None => Certainty::Inferred,
        Some(_) if requirement.judged_by == JudgedBy::Policies => Certainty::Inferred,
        Some(_) => Certainty::Simulated,
    }
}

/// Adds how the allows that are there miss, each statement once, or that there is none.
fn add_near_misses(finding: &mut Finding, requirements: &Requirements) {
    let mut known: Vec<(&NearMiss, usize)> = Vec::new();
    let mut lacking: Option<PolicyType> = None;
    let is_of_cause =
        |requirement: &Requirement| cause_of(requirement.policy_type, requirement.decision) == finding.cause;
    for (requirement, _) in requirements.refusals().filter(|(requirement, _)| is_of_cause(requirement)) {
        for near in &requirement.near_misses {
            match known.iter_mut().find(|(known, _)| known.statement == near.statement) {
                Some((_, count)) => *count += 1,
                None => known.push((near, 1)),
            }
        }
        if matches!(requirement.judged_by, JudgedBy::Both | JudgedBy::Policies)
            && requirement.decision == Decision::ImplicitDeny
        {
            lacking = requirement.policy_type;
        }
    }
    let read = match lacking.filter(|_| known.is_empty()) {
        Some(PolicyType::IdentityPolicy) => requirements.policies_read.clone(),
        Some(PolicyType::PermissionsBoundary) => requirements.boundary.clone().map(|boundary| vec![boundary]),
        _ => None,
    };
    finding.basis.extend(read.map(|policies| Basis::NothingNear { policies }));
    let near_misses =
        known.into_iter().map(|(near, count)| Basis::NearMiss { near: near.clone(), requirements: count });
    finding.basis.extend(near_misses);
}

fn basis_of(requirement: &Requirement, with_changes: bool) -> Vec<Basis> {
    let is_supplied =
        matches!(requirement.policy_type, Some(PolicyType::SessionPolicy | PolicyType::VpcEndpointPolicy));
    let by = match requirement.judged_by {
        _ if is_supplied => EvaluatedBy::Supplied,
        JudgedBy::Policies => EvaluatedBy::Policies { with_changes },
        _ => EvaluatedBy::Simulator { with_changes },
    };
    let mut basis = vec![Basis::Evaluated {
        by,
        action: requirement.request.action.clone(),
        resource: requirement.request.resource.clone(),
        decision: requirement.decision,
        policy_type: requirement.policy_type,
        statements: requirement.decided_by.clone(),
    }];
    if !is_supplied && !requirement.missing_context.is_empty() {
        basis.push(Basis::MissingContext(requirement.missing_context.clone()));
    }
    basis
}
