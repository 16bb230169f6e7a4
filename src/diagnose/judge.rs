//! A requirement, judged by what the policy simulator says of it and by what the engine says of the policies that were read.
//!
//! Attributes each refusal to a policy type from what the simulator shows: the statements that matched, and its
//! separate verdicts of the organization's policies and of the permissions boundary (IAM API Reference,
//! "EvaluationResult"). What it does not show is not guessed. Where simulator and engine contradict each other, the
//! requirement is undetermined and both are told.

use super::organization;
use super::reading::{Opinion, Reading};
use super::requirements::{JudgedBy, Requirement};
use super::statement::{DecidedBy, type_of_source};
use crate::bedrock::Whose;
use crate::evidence::{Evidence, MatchedStatement, Observation, Simulation, SimulationQuestion};
use crate::iam::{Arn, Decision, PolicyType, RequestContext};

/// What the requirements of one principal are judged by.
#[derive(Debug)]
pub(super) struct Judge<'e> {
    pub(super) evidence: &'e Evidence,
    /// The policies, where they were read.
    pub(super) reading: Option<Reading<'e>>,
    /// The ARN of the permissions boundary.
    boundary: Option<&'e str>,
    /// Why no service control policy restricts the principal.
    exempt: Option<String>,
}

impl<'e> Judge<'e> {
    /// Judges the requirements of the principal under diagnosis.
    pub(super) fn of_principal(evidence: &'e Evidence) -> Self {
        Self {
            evidence,
            reading: Reading::of(evidence),
            boundary: evidence.policies.boundary(),
            exempt: organization::exempt(evidence),
        }
    }

    /// Judges the requirements of the role that Bedrock assumes, whose policies are not read.
    pub(super) fn of_service_role(evidence: &'e Evidence) -> Self {
        let boundary = evidence.service_role.seen().and_then(|role| role.boundary.as_deref());
        Self { evidence, reading: None, boundary, exempt: None }
    }

    /// Judges requirements with the policies as they are.
    pub(super) fn requirements(&self, principal: &Arn, requirements: Vec<RequestContext>) -> Vec<Requirement> {
        requirements
            .into_iter()
            .map(|requirement| self.requirement(&SimulationQuestion::new(principal, &requirement), requirement))
            .collect()
    }

    /// Judges a requirement by the answer to a question about it, where it was asked and answered, and by the policies read.
    pub(super) fn requirement(&self, question: &SimulationQuestion, request: RequestContext) -> Requirement {
        let reading = self.reading.as_ref();
        let opinion = reading.map(|reading| reading.judge(&question.principal, &request, &question.trial));
        let answer = self.evidence.answer(question);
        if let Some(Observation::Seen(simulation)) = answer {
            let requirement = simulated(request, simulation, self.boundary);
            if let (Some(why), Some(PolicyType::ServiceControlPolicy)) = (&self.exempt, requirement.policy_type) {
                return exempted(requirement, why);
            }
            return match (reading, opinion) {
                (Some(reading), Some(opinion)) => both(requirement, simulation, reading, opinion),
                _ => requirement,
            };
        }
        let why = answer.and_then(Observation::why_unseen);
        let why = why.unwrap_or_else(|| "the policy simulator was not asked".to_owned());
        match opinion {
            Some(opinion) => read_only(request, &why, opinion),
            None => undetermined(request, why),
        }
    }
}

/// Says of a requirement why it has no decision.
pub(super) fn undetermined(request: RequestContext, why: String) -> Requirement {
    Requirement {
        whose: Whose::Caller,
        request,
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
        let why = "the policy simulator contradicts itself: allowed, and not by the organization or the boundary";
        return undetermined(request, why.to_owned());
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
        ..undetermined(request, String::new())
    }
}

/// A refusal by a policy that does not restrict the principal is not taken at its word.
fn exempted(requirement: Requirement, why: &str) -> Requirement {
    let said = format!(
        "the policy simulator attributes {} for {} on {} to a service control policy, and {why}",
        requirement.decision, requirement.request.action, requirement.request.resource
    );
    let unread = format!("the policy simulator attributes a refusal to a service control policy, and {why}");
    Requirement { contradiction: Some(said), ..undetermined(requirement.request, unread) }
}

/// Puts the simulator's answer and the engine's together.
fn both(mut requirement: Requirement, simulation: &Simulation, reading: &Reading<'_>, opinion: Opinion) -> Requirement {
    requirement.decided_by = simulation.matched.iter().map(|matched| reading.complete(matched, &opinion)).collect();
    if let Some(key) = hangs_on(&requirement, &opinion) {
        let why = format!(
            "the policies look at the condition key `{key}`, which the simulation was not given: `--context {key}=VALUE` gives it"
        );
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
        let said = format!(
            "the policy simulator says {} for {} on {}, and the policies that were read come to {}",
            requirement.decision, requirement.request.action, requirement.request.resource, opinion.decision
        );
        let why = "the policy simulator and the policies that were read contradict each other".to_owned();
        return Requirement {
            contradiction: Some(said),
            decided_by: requirement.decided_by,
            ..undetermined(requirement.request, why)
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

/// Returns the condition key on which a simulated answer hangs: one that the simulation was not given, where the
/// policies come to one thing or the other by what it holds.
fn hangs_on(requirement: &Requirement, opinion: &Opinion) -> Option<String> {
    if !requirement.decision.is_denied() || requirement.policy_type == Some(PolicyType::ServiceControlPolicy) {
        return None;
    }
    let is_missing =
        |key: &&String| requirement.missing_context.iter().any(|missing| missing.eq_ignore_ascii_case(key));
    opinion.hangs_on.iter().find(is_missing).cloned()
}

/// Judges a requirement by the policies alone: they prove a denial and never an allow.
fn read_only(request: RequestContext, why: &str, opinion: Opinion) -> Requirement {
    if opinion.decision.is_denied() {
        return Requirement {
            decision: opinion.decision,
            policy_type: opinion.policy_type,
            judged_by: JudgedBy::Policies,
            decided_by: opinion.statements,
            near_misses: opinion.near_misses,
            unread: None,
            ..undetermined(request, String::new())
        };
    }
    let why = match (opinion.decision, opinion.hangs_on.first()) {
        (Decision::Allowed, _) => format!(
            "{why}; the policies of the principal allow it, and what its organization allows only the policy simulator tells"
        ),
        (_, Some(key)) => {
            format!("{why}; the policies look at the condition key `{key}`: `--context {key}=VALUE` gives it")
        }
        _ => why.to_owned(),
    };
    Requirement { near_misses: opinion.near_misses, ..undetermined(request, why) }
}

/// Tells which policy type a refusal comes from.
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
