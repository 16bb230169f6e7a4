//! A requirement, judged by what the policy simulator says of it and by what the engine says of the policies that were read.
//!
//! Attributes each refusal to a policy type from what the simulator shows: the statements that matched, and its
//! separate verdicts of the organization's policies and of the permissions boundary (IAM API Reference,
//! "EvaluationResult"). What it does not show is not guessed. Where simulator and engine contradict each other, the
//! requirement is undetermined and both are told.

use super::attached::Opinion;
use crate::bedrock::Whose;
use crate::diagnose::case::{AttachedPolicies, Case};
use crate::diagnose::requirement::{Conflict, JudgedBy, Requirement};
use crate::diagnose::statement::{DecidedBy, type_of_source};
use crate::diagnose::unread::{ScpExemption, Why};
use crate::evidence::{Evidence, MatchedStatement, Observation, Simulation, SimulationQuestion};
use crate::iam::{Arn, Decision, PolicyType, RequestContext};

/// What the requirements of one principal are judged by.
#[derive(Debug)]
pub(in crate::diagnose) struct Judge<'c> {
    pub(in crate::diagnose) evidence: &'c Evidence,
    /// The policies, where they were read.
    pub(in crate::diagnose) attached: Option<&'c AttachedPolicies<'c>>,
    /// The ARN of the permissions boundary.
    boundary: Option<&'c str>,
    /// Why no service control policy restricts the principal.
    exemption: Option<&'c ScpExemption>,
}

impl<'c> Judge<'c> {
    /// Judges the requirements of the principal under diagnosis.
    pub(in crate::diagnose) fn for_principal(case: &'c Case<'c>) -> Self {
        Self {
            evidence: case.evidence,
            attached: case.attached.as_ref(),
            boundary: case.evidence.policies.boundary(),
            exemption: case.exemption.as_ref(),
        }
    }

    /// Judges the requirements of the role that Bedrock assumes, whose policies are not read.
    pub(in crate::diagnose) fn for_service_role(case: &'c Case<'c>) -> Self {
        let boundary = case.evidence.service_role.seen().and_then(|role| role.boundary.as_deref());
        Self { evidence: case.evidence, attached: None, boundary, exemption: None }
    }

    /// Judges requirements with the policies as they are.
    pub(in crate::diagnose) fn requirements(
        &self,
        principal: &Arn,
        requirements: Vec<RequestContext>,
    ) -> Vec<Requirement> {
        requirements
            .into_iter()
            .map(|requirement| self.requirement(&SimulationQuestion::new(principal, &requirement), requirement))
            .collect()
    }

    /// Judges a requirement by the answer to a question about it, where it was asked and answered, and by the policies read.
    pub(in crate::diagnose) fn requirement(
        &self,
        question: &SimulationQuestion,
        request: RequestContext,
    ) -> Requirement {
        let attached = self.attached;
        let opinion = attached.map(|attached| attached.judge(&question.principal, &request, &question.trial));
        let answer = self.evidence.answer(question);
        if let Some(Observation::Seen(simulation)) = answer {
            let requirement = simulated(request, simulation, self.boundary);
            if let (Some(exemption), Some(PolicyType::ServiceControlPolicy)) = (self.exemption, requirement.policy_type)
            {
                return exempted(requirement, exemption);
            }
            return match (attached, opinion) {
                (Some(attached), Some(opinion)) => both(requirement, simulation, attached, opinion),
                _ => requirement,
            };
        }
        let why = answer.and_then(Observation::why_unseen).map_or(Why::NotSimulated, Why::Unseen);
        match opinion {
            Some(opinion) => read_only(request, why, opinion),
            None => undetermined(request, why),
        }
    }
}

/// Says of a requirement why it has no decision.
pub(in crate::diagnose) fn undetermined(request: RequestContext, why: Why) -> Requirement {
    Requirement {
        whose: Whose::Caller,
        request,
        is_hard: true,
        decision: Decision::Undetermined,
        policy_type: None,
        judged_by: JudgedBy::Nothing,
        decided_by: Vec::new(),
        near_misses: Vec::new(),
        missing_context: Vec::new(),
        unread: Some(why),
        contradiction: None,
    }
}

fn simulated(request: RequestContext, simulation: &Simulation, boundary: Option<&str>) -> Requirement {
    let refused_elsewhere =
        simulation.allowed_by_organizations == Some(false) || simulation.allowed_by_boundary == Some(false);
    if simulation.decision == Decision::Allowed && refused_elsewhere {
        return undetermined(request, Why::SimulatorContradictsItself);
    }
    // The simulator calls the boundary by its name.
    let policy_type = attribute(simulation, boundary.and_then(|arn| arn.rsplit('/').next()));
    Requirement {
        decision: simulation.decision,
        policy_type,
        judged_by: JudgedBy::Simulator,
        decided_by: simulation.matched.iter().map(DecidedBy::simulated).collect(),
        missing_context: simulation.missing_context.clone(),
        unread: None,
        ..undetermined(request, Why::NotSimulated)
    }
}

/// A refusal by a policy that does not restrict the principal is not taken at its word.
fn exempted(requirement: Requirement, exemption: &ScpExemption) -> Requirement {
    let conflict = Conflict::Exemption { simulated: requirement.decision, exemption: exemption.clone() };
    let why = Why::ExemptFromScps(exemption.clone());
    Requirement { contradiction: Some(conflict), ..undetermined(requirement.request, why) }
}

/// Puts the simulator's answer and the engine's together.
fn both(
    mut requirement: Requirement,
    simulation: &Simulation,
    attached: &AttachedPolicies<'_>,
    opinion: Opinion,
) -> Requirement {
    requirement.decided_by = simulation.matched.iter().map(|matched| attached.complete(matched, &opinion)).collect();
    if let Some(key) = deciding_key(&requirement, &opinion) {
        let why = Why::KeyNotSimulated(key);
        return Requirement { missing_context: requirement.missing_context, ..undetermined(requirement.request, why) };
    }
    // What an SCP refuses, the engine knows nothing of.
    let by_what_was_read =
        matches!(requirement.policy_type, Some(PolicyType::IdentityPolicy | PolicyType::PermissionsBoundary));
    let contradicts = match (requirement.decision, opinion.decision) {
        (Decision::Allowed, engine) => engine.is_denied(),
        (simulated, Decision::Allowed) => simulated.is_denied() && by_what_was_read,
        _ => false,
    };
    if contradicts {
        let conflict = Conflict::Policies { simulated: requirement.decision, read: opinion.decision };
        return Requirement {
            contradiction: Some(conflict),
            decided_by: requirement.decided_by,
            ..undetermined(requirement.request, Why::Contradiction)
        };
    }
    if requirement.decision.is_denied()
        && (requirement.policy_type == opinion.policy_type || opinion.policy_type.is_none())
    {
        requirement.near_misses = opinion.near_misses;
        if requirement.policy_type == opinion.policy_type {
            requirement.judged_by = JudgedBy::Both;
            // The boundary's own statements, and those of groups, are told by the engine alone.
            if requirement.decided_by.is_empty() || requirement.policy_type == Some(PolicyType::PermissionsBoundary) {
                requirement.decided_by = opinion.statements;
            }
        }
    }
    requirement
}

/// Returns the condition key on which a simulated denial depends: one that the simulation was not given, where the
/// policies decide one thing or the other by its value.
fn deciding_key(requirement: &Requirement, opinion: &Opinion) -> Option<String> {
    if !requirement.decision.is_denied() || requirement.policy_type == Some(PolicyType::ServiceControlPolicy) {
        return None;
    }
    let is_missing =
        |key: &&String| requirement.missing_context.iter().any(|missing| missing.eq_ignore_ascii_case(key));
    opinion.depends_on.iter().find(is_missing).cloned()
}

/// Judges a requirement by the policies alone: they prove a denial and never an allow.
fn read_only(request: RequestContext, why: Why, opinion: Opinion) -> Requirement {
    if opinion.decision.is_denied() {
        return Requirement {
            decision: opinion.decision,
            policy_type: opinion.policy_type,
            judged_by: JudgedBy::Policies,
            decided_by: opinion.statements,
            near_misses: opinion.near_misses,
            unread: None,
            ..undetermined(request, Why::NotSimulated)
        };
    }
    let why = match (opinion.decision, opinion.depends_on.first()) {
        (Decision::Allowed, _) => Why::OnlyPoliciesAllow(Box::new(why)),
        (_, Some(key)) => Why::PoliciesDependOn { simulator: Box::new(why), key: key.clone() },
        _ => why,
    };
    Requirement { near_misses: opinion.near_misses, ..undetermined(request, why) }
}

/// Returns the policy type that a refusal comes from.
///
/// The organization's policies come first: where they refuse, the simulator stops there. An explicit deny that
/// shows no statement and does not come from the boundary can only come from a policy whose text the simulator
/// hides, which among those it evaluates is an SCP; where it says that the organization allows, nothing is left.
/// `boundary` is the boundary's name, whose own statements are not an identity policy's.
fn attribute(simulation: &Simulation, boundary: Option<&str>) -> Option<PolicyType> {
    let of_boundary = |statement: &MatchedStatement| boundary.is_some() && statement.policy.as_deref() == boundary;
    let Simulation { decision, matched, allowed_by_organizations, allowed_by_boundary, .. } = simulation;
    match decision {
        Decision::Allowed | Decision::Undetermined => None,
        _ if *allowed_by_organizations == Some(false) => Some(PolicyType::ServiceControlPolicy),
        Decision::ExplicitDeny
            if matched.iter().any(|statement| type_of_source(statement) == PolicyType::ResourcePolicy) =>
        {
            Some(PolicyType::ResourcePolicy)
        }
        // A boundary that lacks the allow as well shows once the deny is out of the way.
        Decision::ExplicitDeny if matched.iter().any(|statement| !of_boundary(statement)) => {
            Some(PolicyType::IdentityPolicy)
        }
        _ if *allowed_by_boundary == Some(false) => Some(PolicyType::PermissionsBoundary),
        Decision::ExplicitDeny if allowed_by_organizations.is_none() => Some(PolicyType::ServiceControlPolicy),
        Decision::ExplicitDeny => None,
        Decision::ImplicitDeny => Some(PolicyType::IdentityPolicy),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn simulation(
        decision: Decision,
        matched: &[&str],
        organizations: Option<bool>,
        boundary: Option<bool>,
    ) -> Simulation {
        Simulation {
            decision,
            matched: matched
                .iter()
                .map(|source| MatchedStatement {
                    policy: Some("p".to_owned()),
                    source: Some((*source).to_owned()),
                    line: Some(1),
                    column: Some(1),
                    end: None,
                })
                .collect(),
            missing_context: Vec::new(),
            allowed_by_organizations: organizations,
            allowed_by_boundary: boundary,
        }
    }

    #[test]
    fn a_refusal_is_attributed_to_what_the_simulator_shows() {
        use Decision::{Allowed, ExplicitDeny, ImplicitDeny};
        use PolicyType::{IdentityPolicy, PermissionsBoundary, ResourcePolicy, ServiceControlPolicy};
        for (decision, matched, organizations, boundary, expected) in [
            (Allowed, &["role"][..], Some(true), None, None),
            (ImplicitDeny, &[], None, None, Some(IdentityPolicy)),
            (ImplicitDeny, &[], Some(true), Some(true), Some(IdentityPolicy)),
            (ImplicitDeny, &[], Some(false), Some(true), Some(ServiceControlPolicy)),
            (ExplicitDeny, &[], Some(false), None, Some(ServiceControlPolicy)),
            (ImplicitDeny, &[], Some(true), Some(false), Some(PermissionsBoundary)),
            (ExplicitDeny, &[], Some(true), Some(false), Some(PermissionsBoundary)),
            (ExplicitDeny, &["role"], Some(true), Some(true), Some(IdentityPolicy)),
            (ExplicitDeny, &["role"], Some(true), Some(false), Some(IdentityPolicy)),
            (ExplicitDeny, &["aws-managed"], None, None, Some(IdentityPolicy)),
            (ExplicitDeny, &["resource"], None, None, Some(ResourcePolicy)),
            (ExplicitDeny, &[], None, None, Some(ServiceControlPolicy)),
            (ExplicitDeny, &[], Some(true), Some(true), None),
        ] {
            let simulation = simulation(decision, matched, organizations, boundary);
            assert_eq!(attribute(&simulation, None), expected, "{simulation:?}");
        }
        let denied = simulation(ExplicitDeny, &["user-managed"], Some(true), Some(false));
        assert_eq!(attribute(&denied, Some("p")), Some(PermissionsBoundary));
    }
}
