//! The legs of the call, and the findings that the refused ones come to.

use super::finding::{Basis, Certainty, Finding};
use super::judge::{self, Judge};
use super::questions::{call_legs, current_candidate};
use super::statement::{DecidedBy, NearMiss};
use super::trials::{self, Stage, Trials};
use super::{given, remedy};
use crate::bedrock::Whose;
use crate::cause::Cause;
use crate::evidence::Evidence;
use crate::iam::{Arn, Decision, PolicyType, RequestContext};
use crate::policy::least_privilege;

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
    /// What the decision rests on.
    pub judged_by: JudgedBy,
    /// The statements that decided, where they are known.
    pub decided_by: Vec<DecidedBy>,
    /// Allows that miss the leg, and how.
    pub near_misses: Vec<NearMiss>,
    /// Keys that policies name and the simulation was not given.
    pub missing_context: Vec<String>,
    /// Why there is no decision.
    pub unread: Option<String>,
    /// How the simulator and the policies that were read contradict each other, in words.
    pub contradiction: Option<String>,
}

/// What a leg was judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JudgedBy {
    /// Nothing that could be seen.
    Nothing,
    /// The policy simulator.
    Simulator,
    /// The policies that were read, by this program's own engine.
    Policies,
    /// Both, and they agree.
    Both,
    /// AWS's own evaluation of the refused call.
    Aws,
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
    /// The names of the policies that were read, and why others were not.
    pub(super) policies_read: Option<(Vec<String>, Vec<String>)>,
    /// Allows that are wider than the call needs, one line each.
    pub(super) advice: Vec<String>,
    /// Refusals of policies that the user gave, on legs that are refused for another reason as well.
    pub(super) given: Vec<Leg>,
    /// The ARN of its permissions boundary, where that is known.
    pub(super) boundary: Option<String>,
    /// What the simulator says of the refused legs once policies are mended.
    pub(super) trials: Trials,
    /// The denying statements that AWS's own evaluation of the refused call names.
    pub(super) evaluated: Vec<DecidedBy>,
}

impl Legs {
    /// Tells whether the call is allowed on every leg, and all legs are known.
    pub(super) fn all_allowed(&self) -> bool {
        !self.legs.is_empty()
            && self.unlisted.is_empty()
            && self.legs.iter().all(|leg| leg.decision == Decision::Allowed)
    }

    /// Tells whether a refusal, or a contradiction, rests on the texts of policies and on nothing that AWS said: then
    /// the texts that this program carries are checked to be those in force.
    pub(super) fn rest_on_the_policies_alone(&self) -> bool {
        self.legs.iter().any(|leg| leg.judged_by == JudgedBy::Policies || leg.contradiction.is_some())
    }

    /// Turns the refused legs into findings, one for each cause and action; those that only show once others are
    /// mended come after them.
    pub(super) fn findings(&self, evidence: &Evidence) -> Vec<Finding> {
        let mut findings: Vec<Finding> = Vec::new();
        for (leg, mended) in self.refusals() {
            let cause = cause_of(leg.policy_type, leg.decision);
            let basis = basis_of(leg, mended);
            let certainty = match leg.policy_type {
                // The simulator evaluates neither; the engine did, on the user's word for what the policy says.
                Some(PolicyType::SessionPolicy | PolicyType::VpcEndpointPolicy) | None => Certainty::Inferred,
                Some(_) if leg.judged_by == JudgedBy::Policies => Certainty::Inferred,
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
        for finding in &mut findings {
            self.explain(finding);
        }
        remedy::verify(&mut findings, &self.trials);
        findings
    }

    /// Adds how the allows that are there miss, each statement once, or that there is none.
    fn explain(&self, finding: &mut Finding) {
        let mut told: Vec<(&NearMiss, usize)> = Vec::new();
        let mut policies: Option<PolicyType> = None;
        for (leg, _) in self.refusals().filter(|(leg, _)| cause_of(leg.policy_type, leg.decision) == finding.cause) {
            for near in &leg.near_misses {
                match told.iter_mut().find(|(known, _)| known.statement == near.statement) {
                    Some((_, legs)) => *legs += 1,
                    None => told.push((near, 1)),
                }
            }
            if matches!(leg.judged_by, JudgedBy::Both | JudgedBy::Policies) && leg.decision == Decision::ImplicitDeny {
                policies = leg.policy_type;
            }
        }
        let read = match policies.filter(|_| told.is_empty()) {
            Some(PolicyType::IdentityPolicy) => self.policies_read.as_ref().map(|(names, _)| names.clone()),
            Some(PolicyType::PermissionsBoundary) => self.boundary.clone().map(|boundary| vec![boundary]),
            _ => None,
        };
        finding.basis.extend(read.map(|policies| Basis::NothingNear { policies }));
        let near_misses = told.into_iter().map(|(near, legs)| Basis::NearMiss { near: near.clone(), legs });
        finding.basis.extend(near_misses);
    }

    /// Says where the simulator and the policies that were read contradict each other.
    pub(super) fn contradictions(&self) -> Vec<String> {
        let mut all = self.legs.iter().filter_map(|leg| leg.contradiction.clone());
        let first = all.next();
        let more = all.count();
        let and_more = if more == 0 { String::new() } else { format!(", and likewise on {more} more resources") };
        first.map(|first| format!("{first}{and_more}: one of the two is wrong or out of date")).into_iter().collect()
    }

    /// Walks over the refused legs, as they are first and then with each further change.
    fn refusals(&self) -> impl Iterator<Item = (&Leg, bool)> {
        let before = self.legs.iter().map(|leg| (leg, false));
        let after = self.trials.stages.iter().flat_map(Stage::telling).map(|leg| (leg, true));
        let given = self.given.iter().map(|leg| (leg, false));
        before.chain(given).chain(after).filter(|(leg, _)| leg.decision.is_denied())
    }

    /// Walks over the requests that policies of a type refuse, each once.
    pub(super) fn refused_by(&self, policy_type: PolicyType) -> impl Iterator<Item = &RequestContext> {
        let mut told: Vec<&RequestContext> = Vec::new();
        for (leg, _) in self.refusals().filter(|(leg, _)| leg.policy_type == Some(policy_type)) {
            if !told.contains(&&leg.request) {
                told.push(&leg.request);
            }
        }
        told.into_iter()
    }

    /// Walks over the requests that policies of a type deny explicitly, each once.
    pub(super) fn denied_by(&self, policy_type: PolicyType) -> impl Iterator<Item = &RequestContext> {
        let denied = |request: &&RequestContext| {
            self.refusals().any(|(leg, _)| leg.decision == Decision::ExplicitDeny && leg.request == **request)
        };
        self.refused_by(policy_type).filter(denied).collect::<Vec<_>>().into_iter()
    }

    /// Tells whether a policy of the type denies explicitly, now or once other policies are mended.
    pub(super) fn refuses_explicitly(&self, policy_type: PolicyType) -> bool {
        self.refusals().any(|(leg, _)| leg.decision == Decision::ExplicitDeny && leg.policy_type == Some(policy_type))
    }

    /// Returns the statements that denied explicitly in policies of a type; those that only AWS's own evaluation names
    /// where nothing else tells any, because it calls inline policies by other names.
    pub(super) fn deniers(&self, policy_type: PolicyType) -> Vec<&DecidedBy> {
        let is_of_type = |statement: &&DecidedBy| statement.policy_type == policy_type;
        let denied = self.refusals().filter(|(leg, _)| leg.decision == Decision::ExplicitDeny);
        let known: Vec<_> = denied.flat_map(|(leg, _)| &leg.decided_by).filter(is_of_type).collect();
        if known.is_empty() { self.evaluated.iter().filter(is_of_type).collect() } else { known }
    }
}

/// Judges every leg of the call.
pub(super) fn judge(evidence: &Evidence) -> Legs {
    let requirements = evidence.requirements();
    let Some(principal) = current_candidate(evidence) else {
        let why = evidence.principal.why_unseen().unwrap_or_else(|| "the principal is not known".to_owned());
        let mut legs: Vec<Leg> =
            requirements.legs.into_iter().map(|request| judge::undetermined(request, why.clone())).collect();
        let given = given::judge(evidence, None, &mut legs);
        return Legs { legs, given, unlisted: requirements.unlisted, ..Legs::default() };
    };
    let judge = Judge::of_principal(evidence);
    let mut legs = judge.legs(&principal, call_legs(evidence, &principal));
    let answered = legs.iter().any(|leg| leg.unread.is_none());
    let certain = evidence.principal.seen().is_some_and(|source| source.candidates.len() == 1);
    // What is tried is tried in simulation, which does not know the given policies.
    let trials = trials::follow(&judge, &principal, &legs);
    let advice = advice(&judge, &legs);
    let given = given::judge(evidence, Some(&principal), &mut legs);
    Legs {
        unlisted: requirements.unlisted,
        principal: (answered || certain).then_some(principal),
        boundary: evidence.policies.boundary().map(str::to_owned),
        advice,
        policies_read: judge.reading.map(|reading| (reading.names(), reading.gaps)),
        legs,
        given,
        trials,
        evaluated: Vec::new(),
    }
}

/// Names the statements that allow the call and far more, with the policy that would be enough. No cause of anything.
fn advice(judge: &Judge<'_>, legs: &[Leg]) -> Vec<String> {
    let Some(reading) = &judge.reading else { return Vec::new() };
    let mut wide: Vec<String> = Vec::new();
    let allowed = legs.iter().filter(|leg| leg.decision == Decision::Allowed);
    for statement in allowed.flat_map(|leg| &leg.decided_by).filter(|statement| reading.is_wide(statement)) {
        let policy = statement.policy_name().unwrap_or_default();
        let name = match &statement.sid {
            Some(sid) => format!("`{sid}` of `{policy}`"),
            None => format!("number {} of `{policy}`", statement.statement.map_or(1, |index| index + 1)),
        };
        if !wide.contains(&name) {
            wide.push(name);
        }
    }
    if wide.is_empty() {
        return Vec::new();
    }
    let requests: Vec<RequestContext> = legs.iter().map(|leg| leg.request.clone()).collect();
    let (noun, verb) = if wide.len() == 1 { ("statement", "allows") } else { ("statements", "allow") };
    vec![format!(
        "the {noun} {} {verb} more than this call needs; enough is {}",
        wide.join(", "),
        least_privilege(&requests)
    )]
}

/// Returns the cause that a refusal by policies of a type is.
pub(super) fn cause_of(policy_type: Option<PolicyType>, decision: Decision) -> Cause {
    match (policy_type, decision) {
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
    let (action, resource) = (leg.request.action.clone(), leg.request.resource.clone());
    let (decision, policy_type, statements) = (leg.decision, leg.policy_type, leg.decided_by.clone());
    if let Some(policy_type @ (PolicyType::SessionPolicy | PolicyType::VpcEndpointPolicy)) = policy_type {
        return vec![Basis::Given { action, resource, decision, policy_type, statements }];
    }
    let mut basis = vec![match leg.judged_by {
        JudgedBy::Policies => Basis::Policies { action, resource, decision, policy_type, statements, mended },
        _ => Basis::Simulation { action, resource, decision, policy_type, statements, mended },
    }];
    if !leg.missing_context.is_empty() {
        basis.push(Basis::MissingContext(leg.missing_context.clone()));
    }
    basis
}
