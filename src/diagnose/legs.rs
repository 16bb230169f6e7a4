//! The legs of the call, judged by the policy simulator's answers.
//!
//! Attributes each refusal to a policy type from what the simulator shows: the statements that matched, and its
//! separate verdicts of the organization's policies and of the permissions boundary (IAM API Reference,
//! "EvaluationResult"). What it does not show is not guessed.

use super::finding::{Basis, Certainty, Finding};
use super::questions::{call_legs, current_candidate};
use super::trials::{self, Trials};
use super::{given, remedy};
use crate::bedrock::Whose;
use crate::cause::Cause;
use crate::evidence::{Evidence, MatchedStatement, Observation, Simulation, SimulationQuestion};
use crate::iam::{Arn, Decision, PolicyType, RequestContext};

/// One authorization of the call, judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leg {
    /// Whose permission it is.
    pub whose: Whose,
    /// The request context.
    pub request: RequestContext,
    /// What the simulator decided; undetermined where it did not answer.
    pub decision: Decision,
    /// The policy type that a refusal is attributed to.
    pub policy_type: Option<PolicyType>,
    /// The statements that decided, where the simulator names them.
    pub decided_by: Vec<DecidedBy>,
    /// Keys that policies name and the simulation was not given.
    pub missing_context: Vec<String>,
    /// Why there is no decision.
    pub unread: Option<String>,
}

/// A statement that decided a leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecidedBy {
    /// The type of its policy.
    pub policy_type: PolicyType,
    /// What the policy is attached as, in the simulator's words: `role`, `aws-managed`, …
    pub source: Option<String>,
    /// The policy's name or ARN.
    pub policy: Option<String>,
    /// The statement's index in the policy.
    pub statement: Option<usize>,
    /// The statement's `Sid`.
    pub sid: Option<String>,
    /// Where it begins, 1-based line.
    pub line: Option<u32>,
    /// Where it begins, 1-based column.
    pub column: Option<u32>,
}

/// All legs of a call.
#[derive(Clone, Debug, Default)]
pub(super) struct Legs {
    /// The legs, in the order in which the request lists them.
    pub(super) legs: Vec<Leg>,
    /// Why further legs may exist.
    pub(super) unlisted: Vec<String>,
    /// The IAM user or role that was simulated, where one ARN answered.
    pub(super) principal: Option<Arn>,
    /// Refusals of policies that the user gave, on legs that are refused for another reason as well.
    pub(super) given: Vec<Leg>,
    /// The ARN of its permissions boundary, where that is known.
    pub(super) boundary: Option<String>,
    /// What the simulator says of the refused legs once policies are mended.
    pub(super) trials: Trials,
}

impl Legs {
    /// Tells whether the call is allowed on every leg, and all legs are known.
    pub(super) fn all_allowed(&self) -> bool {
        !self.legs.is_empty()
            && self.unlisted.is_empty()
            && self.legs.iter().all(|leg| leg.decision == Decision::Allowed)
    }

    /// Turns the refused legs into findings, one for each cause and action; those that only show once others are
    /// mended come after them.
    pub(super) fn findings(&self, evidence: &Evidence) -> Vec<Finding> {
        let mut findings: Vec<Finding> = Vec::new();
        for (leg, mended) in self.refusals() {
            let cause = cause_of(leg);
            let basis = basis_of(leg, mended);
            let certainty = match leg.policy_type {
                // The simulator evaluates neither; the engine did, on the user's word for what the policy says.
                Some(PolicyType::SessionPolicy | PolicyType::VpcEndpointPolicy) | None => Certainty::Inferred,
                Some(_) => Certainty::Simulated,
            };
            match findings
                .iter_mut()
                .find(|known| known.cause == cause && known.action.as_ref() == Some(&leg.request.action))
            {
                Some(known) => {
                    if !known.resources.contains(&leg.request.resource) {
                        known.resources.push(leg.request.resource.clone());
                    }
                    known.basis.extend(basis);
                }
                None => findings.push(Finding {
                    cause,
                    certainty,
                    action: Some(leg.request.action.clone()),
                    resources: vec![leg.request.resource.clone()],
                    basis,
                    remedy: remedy::of_policy(cause, evidence, self),
                    alternatives: Vec::new(),
                }),
            }
        }
        remedy::verify(&mut findings, &self.trials);
        findings
    }

    /// Walks over the refused legs, as they are first and then with each further change.
    fn refusals(&self) -> impl Iterator<Item = (&Leg, bool)> {
        let before = self.legs.iter().map(|leg| (leg, false));
        let after = self.trials.stages.iter().flat_map(|stage| &stage.legs).map(|leg| (leg, true));
        let given = self.given.iter().map(|leg| (leg, false));
        before.chain(given).chain(after).filter(|(leg, _)| leg.decision.is_denied())
    }

    /// Tells whether a policy of the type denies explicitly, now or once other policies are mended.
    pub(super) fn refuses_explicitly(&self, policy_type: PolicyType) -> bool {
        self.refusals().any(|(leg, _)| leg.decision == Decision::ExplicitDeny && leg.policy_type == Some(policy_type))
    }

    /// Returns the statements that denied explicitly in policies of a type.
    pub(super) fn deniers(&self, policy_type: PolicyType) -> impl Iterator<Item = &DecidedBy> {
        self.refusals()
            .filter(|(leg, _)| leg.decision == Decision::ExplicitDeny)
            .flat_map(|(leg, _)| &leg.decided_by)
            .filter(move |statement| statement.policy_type == policy_type)
    }
}

/// Judges every leg of the call.
pub(super) fn judge(evidence: &Evidence) -> Legs {
    let requirements = evidence.requirements();
    let boundary = evidence.principal.seen().and_then(|source| source.boundary.clone());
    let Some(principal) = current_candidate(evidence) else {
        let why = evidence.principal.why_unseen().unwrap_or_else(|| "the principal is not known".to_owned());
        let mut legs: Vec<Leg> =
            requirements.legs.into_iter().map(|request| undetermined(request, why.clone())).collect();
        let given = given::judge(evidence, None, &mut legs);
        return Legs { legs, given, unlisted: requirements.unlisted, boundary, ..Legs::default() };
    };
    let mut legs = judge_all(evidence, &principal, call_legs(evidence, &principal));
    let answered = legs.iter().any(|leg| leg.unread.is_none());
    let certain = evidence.principal.seen().is_some_and(|source| source.candidates.len() == 1);
    // What is tried is tried in simulation, which does not know the given policies.
    let trials = trials::follow(evidence, &principal, &legs);
    let given = given::judge(evidence, Some(&principal), &mut legs);
    let principal = (answered || certain).then_some(principal);
    Legs { legs, given, unlisted: requirements.unlisted, principal, boundary, trials }
}

/// Judges legs of one principal by the simulator's answers.
pub(super) fn judge_all(evidence: &Evidence, principal: &Arn, legs: Vec<RequestContext>) -> Vec<Leg> {
    legs.into_iter().map(|leg| judge_one(evidence, &SimulationQuestion::new(principal, &leg), leg)).collect()
}

/// Returns the name of the principal's permissions boundary, as the simulator would call it.
fn boundary_name<'e>(evidence: &'e Evidence, principal: &Arn) -> Option<&'e str> {
    let of_service_role = evidence.service_role.seen().filter(|role| role.arn == *principal);
    let boundary = match of_service_role {
        Some(role) => role.boundary.as_deref(),
        None => evidence.principal.seen()?.boundary.as_deref(),
    };
    boundary?.rsplit('/').next()
}

pub(super) fn undetermined(request: RequestContext, why: String) -> Leg {
    Leg {
        whose: Whose::Caller,
        request,
        decision: Decision::Undetermined,
        policy_type: None,
        decided_by: Vec::new(),
        missing_context: Vec::new(),
        unread: Some(why),
    }
}

/// Judges a leg by the answer to a question about it, where it was asked and answered.
pub(super) fn judge_one(evidence: &Evidence, question: &SimulationQuestion, request: RequestContext) -> Leg {
    match evidence.answer(question) {
        Some(Observation::Seen(simulation)) => {
            judge_by(request, simulation, boundary_name(evidence, &question.principal))
        }
        Some(unseen) => undetermined(request, unseen.why_unseen().unwrap_or_default()),
        None => undetermined(request, "the policy simulator was not asked".to_owned()),
    }
}

fn judge_by(request: RequestContext, simulation: &Simulation, boundary: Option<&str>) -> Leg {
    let refused_elsewhere =
        simulation.allowed_by_organizations == Some(false) || simulation.allowed_by_boundary == Some(false);
    if simulation.decision == Decision::Allowed && refused_elsewhere {
        let why = "the policy simulator contradicts itself: allowed, and not by the organization or the boundary";
        return undetermined(request, why.to_owned());
    }
    let policy_type = attribute(simulation, boundary);
    let decided_by = simulation.matched.iter().map(decided_by).collect();
    Leg {
        whose: Whose::Caller,
        request,
        decision: simulation.decision,
        policy_type,
        decided_by,
        missing_context: simulation.missing_context.clone(),
        unread: None,
    }
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
            if matched.iter().any(|statement| source_type(statement) == PolicyType::ResourcePolicy) =>
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

fn source_type(statement: &MatchedStatement) -> PolicyType {
    match statement.source.as_deref() {
        Some(source) if source.eq_ignore_ascii_case("resource") => PolicyType::ResourcePolicy,
        _ => PolicyType::IdentityPolicy,
    }
}

fn decided_by(statement: &MatchedStatement) -> DecidedBy {
    DecidedBy {
        policy_type: source_type(statement),
        source: statement.source.clone(),
        policy: statement.policy.clone(),
        statement: None,
        sid: None,
        line: statement.line,
        column: statement.column,
    }
}

fn cause_of(leg: &Leg) -> Cause {
    match (leg.policy_type, leg.decision) {
        (Some(PolicyType::ResourceControlPolicy), _) => Cause::ResourceControlPolicy,
        (Some(PolicyType::ServiceControlPolicy), _) => Cause::ServiceControlPolicy,
        (Some(PolicyType::VpcEndpointPolicy), _) => Cause::VpcEndpointPolicy,
        (Some(PolicyType::PermissionsBoundary), _) => Cause::PermissionsBoundary,
        (Some(PolicyType::SessionPolicy), _) => Cause::SessionPolicy,
        (Some(PolicyType::ResourcePolicy), _) => Cause::ResourcePolicy,
        (Some(PolicyType::IdentityPolicy) | None, Decision::ExplicitDeny) => Cause::IdentityPolicyExplicitDeny,
        (Some(PolicyType::IdentityPolicy) | None, _) => Cause::IdentityPolicyMissingAllow,
    }
}

fn basis_of(leg: &Leg, mended: bool) -> Vec<Basis> {
    if let Some(policy_type @ (PolicyType::SessionPolicy | PolicyType::VpcEndpointPolicy)) = leg.policy_type {
        return vec![Basis::Given {
            action: leg.request.action.clone(),
            resource: leg.request.resource.clone(),
            decision: leg.decision,
            policy_type,
            statements: leg.decided_by.clone(),
        }];
    }
    let mut basis = vec![Basis::Simulation {
        action: leg.request.action.clone(),
        resource: leg.request.resource.clone(),
        decision: leg.decision,
        policy_type: leg.policy_type,
        statements: leg.decided_by.clone(),
        mended,
    }];
    if !leg.missing_context.is_empty() {
        basis.push(Basis::MissingContext(leg.missing_context.clone()));
    }
    basis
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
