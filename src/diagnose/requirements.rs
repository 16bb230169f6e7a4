//! The requirements of the call, and the findings that the refused ones come to.

use super::finding::{Basis, Certainty, Finding};
use super::judge::{self, Judge};
use super::questions::{call_requirements, current_candidate};
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
pub struct Requirement {
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
    /// Allows that miss the requirement, and how.
    pub near_misses: Vec<NearMiss>,
    /// Keys that policies name and the simulation was not given.
    pub missing_context: Vec<String>,
    /// Why there is no decision.
    pub unread: Option<String>,
    /// How the simulator and the policies that were read contradict each other, in words.
    pub contradiction: Option<String>,
}

/// What a requirement was judged by.
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

/// All requirements of a call.
#[derive(Clone, Debug, Default)]
pub(super) struct Requirements {
    /// The requirements, in the order in which the request lists them.
    pub(super) requirements: Vec<Requirement>,
    /// Why further requirements may exist.
    pub(super) unlisted: Vec<String>,
    /// The IAM user or role that was simulated, where one ARN answered.
    pub(super) principal: Option<Arn>,
    /// The names of the policies that were read, and why others were not.
    pub(super) policies_read: Option<(Vec<String>, Vec<String>)>,
    /// Allows that are wider than the call needs, one line each.
    pub(super) advice: Vec<String>,
    /// Refusals of policies that the user gave, on requirements that are refused for another reason as well.
    pub(super) given: Vec<Requirement>,
    /// The ARN of its permissions boundary, where that is known.
    pub(super) boundary: Option<String>,
    /// What the simulator says of the refused requirements once policies are mended.
    pub(super) trials: Trials,
    /// The denying statements that AWS's own evaluation of the refused call names.
    pub(super) evaluated: Vec<DecidedBy>,
}

impl Requirements {
    /// Tells whether the call is allowed on every requirement, and all requirements are known.
    pub(super) fn all_allowed(&self) -> bool {
        !self.requirements.is_empty()
            && self.unlisted.is_empty()
            && self.requirements.iter().all(|requirement| requirement.decision == Decision::Allowed)
    }

    /// Tells whether a refusal, or a contradiction, rests on the texts of policies and on nothing that AWS said: then
    /// the texts that this program carries are checked to be those in force.
    pub(super) fn rest_on_the_policies_alone(&self) -> bool {
        self.requirements
            .iter()
            .any(|requirement| requirement.judged_by == JudgedBy::Policies || requirement.contradiction.is_some())
    }

    /// Turns the refused requirements into findings, one for each cause and action; those that only show once others are
    /// mended come after them.
    pub(super) fn findings(&self, evidence: &Evidence) -> Vec<Finding> {
        let mut findings: Vec<Finding> = Vec::new();
        for (requirement, mended) in self.refusals() {
            let cause = cause_of(requirement.policy_type, requirement.decision);
            let basis = basis_of(requirement, mended);
            let certainty = match requirement.policy_type {
                // The simulator evaluates neither; the engine did, on the user's word for what the policy says.
                Some(PolicyType::SessionPolicy | PolicyType::VpcEndpointPolicy) | None => Certainty::Inferred,
                Some(_) if requirement.judged_by == JudgedBy::Policies => Certainty::Inferred,
                Some(_) => Certainty::Simulated,
            };
            match findings
                .iter_mut()
                .find(|known| known.cause == cause && known.action.as_ref() == Some(&requirement.request.action))
            {
                Some(known) => {
                    if !known.resources.contains(&requirement.request.resource) {
                        known.resources.push(requirement.request.resource.clone());
                    }
                    known.basis.extend(basis);
                }
                None => findings.push(Finding {
                    cause,
                    certainty,
                    action: Some(requirement.request.action.clone()),
                    resources: vec![requirement.request.resource.clone()],
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
        for (requirement, _) in self
            .refusals()
            .filter(|(requirement, _)| cause_of(requirement.policy_type, requirement.decision) == finding.cause)
        {
            for near in &requirement.near_misses {
                match told.iter_mut().find(|(known, _)| known.statement == near.statement) {
                    Some((_, requirements)) => *requirements += 1,
                    None => told.push((near, 1)),
                }
            }
            if matches!(requirement.judged_by, JudgedBy::Both | JudgedBy::Policies)
                && requirement.decision == Decision::ImplicitDeny
            {
                policies = requirement.policy_type;
            }
        }
        let read = match policies.filter(|_| told.is_empty()) {
            Some(PolicyType::IdentityPolicy) => self.policies_read.as_ref().map(|(names, _)| names.clone()),
            Some(PolicyType::PermissionsBoundary) => self.boundary.clone().map(|boundary| vec![boundary]),
            _ => None,
        };
        finding.basis.extend(read.map(|policies| Basis::NothingNear { policies }));
        let near_misses =
            told.into_iter().map(|(near, requirements)| Basis::NearMiss { near: near.clone(), requirements });
        finding.basis.extend(near_misses);
    }

    /// Says where the simulator and the policies that were read contradict each other.
    pub(super) fn contradictions(&self) -> Vec<String> {
        let mut all = self.requirements.iter().filter_map(|requirement| requirement.contradiction.clone());
        let first = all.next();
        let more = all.count();
        let and_more = if more == 0 { String::new() } else { format!(", and likewise on {more} more resources") };
        first.map(|first| format!("{first}{and_more}: one of the two is wrong or out of date")).into_iter().collect()
    }

    /// Walks over the refused requirements, as they are first and then with each further change.
    fn refusals(&self) -> impl Iterator<Item = (&Requirement, bool)> {
        let before = self.requirements.iter().map(|requirement| (requirement, false));
        let after = self.trials.stages.iter().flat_map(Stage::telling).map(|requirement| (requirement, true));
        let given = self.given.iter().map(|requirement| (requirement, false));
        before.chain(given).chain(after).filter(|(requirement, _)| requirement.decision.is_denied())
    }

    /// Walks over the requests that policies of a type refuse, each once.
    pub(super) fn refused_by(&self, policy_type: PolicyType) -> impl Iterator<Item = &RequestContext> {
        let mut told: Vec<&RequestContext> = Vec::new();
        for (requirement, _) in self.refusals().filter(|(requirement, _)| requirement.policy_type == Some(policy_type))
        {
            if !told.contains(&&requirement.request) {
                told.push(&requirement.request);
            }
        }
        told.into_iter()
    }

    /// Walks over the requests that policies of a type deny explicitly, each once.
    pub(super) fn denied_by(&self, policy_type: PolicyType) -> impl Iterator<Item = &RequestContext> {
        let denied = |request: &&RequestContext| {
            self.refusals().any(|(requirement, _)| {
                requirement.decision == Decision::ExplicitDeny && requirement.request == **request
            })
        };
        self.refused_by(policy_type).filter(denied).collect::<Vec<_>>().into_iter()
    }

    /// Tells whether a policy of the type denies explicitly, now or once other policies are mended.
    pub(super) fn refuses_explicitly(&self, policy_type: PolicyType) -> bool {
        self.refusals().any(|(requirement, _)| {
            requirement.decision == Decision::ExplicitDeny && requirement.policy_type == Some(policy_type)
        })
    }

    /// Returns the statements that denied explicitly in policies of a type; those that only AWS's own evaluation names
    /// where nothing else tells any, because it calls inline policies by other names.
    pub(super) fn deniers(&self, policy_type: PolicyType) -> Vec<&DecidedBy> {
        let is_of_type = |statement: &&DecidedBy| statement.policy_type == policy_type;
        let denied = self.refusals().filter(|(requirement, _)| requirement.decision == Decision::ExplicitDeny);
        let known: Vec<_> = denied.flat_map(|(requirement, _)| &requirement.decided_by).filter(is_of_type).collect();
        if known.is_empty() { self.evaluated.iter().filter(is_of_type).collect() } else { known }
    }
}

/// Judges every requirement of the call.
pub(super) fn judge(evidence: &Evidence) -> Requirements {
    let needed = evidence.requirements();
    let Some(principal) = current_candidate(evidence) else {
        let why = evidence.principal.why_unseen().unwrap_or_else(|| "the principal is not known".to_owned());
        let mut requirements: Vec<Requirement> =
            needed.requirements.into_iter().map(|request| judge::undetermined(request, why.clone())).collect();
        let given = given::judge(evidence, None, &mut requirements);
        return Requirements { requirements, given, unlisted: needed.unlisted, ..Requirements::default() };
    };
    let judge = Judge::of_principal(evidence);
    let mut requirements = judge.requirements(&principal, call_requirements(evidence, &principal));
    let answered = requirements.iter().any(|requirement| requirement.unread.is_none());
    let certain = evidence.principal.seen().is_some_and(|source| source.candidates.len() == 1);
    // What is tried is tried in simulation, which does not know the given policies.
    let trials = trials::follow(&judge, &principal, &requirements);
    let advice = advice(&judge, &requirements);
    let given = given::judge(evidence, Some(&principal), &mut requirements);
    Requirements {
        unlisted: needed.unlisted,
        principal: (answered || certain).then_some(principal),
        boundary: evidence.policies.boundary().map(str::to_owned),
        advice,
        policies_read: judge.reading.map(|reading| (reading.names(), reading.gaps)),
        requirements,
        given,
        trials,
        evaluated: Vec::new(),
    }
}

/// Names the statements that allow the call and far more, with the policy that would be enough. No cause of anything.
fn advice(judge: &Judge<'_>, requirements: &[Requirement]) -> Vec<String> {
    let Some(reading) = &judge.reading else { return Vec::new() };
    let mut wide: Vec<String> = Vec::new();
    let allowed = requirements.iter().filter(|requirement| requirement.decision == Decision::Allowed);
    for statement in
        allowed.flat_map(|requirement| &requirement.decided_by).filter(|statement| reading.is_wide(statement))
    {
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
    let requests: Vec<RequestContext> = requirements.iter().map(|requirement| requirement.request.clone()).collect();
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

fn basis_of(requirement: &Requirement, mended: bool) -> Vec<Basis> {
    let (action, resource) = (requirement.request.action.clone(), requirement.request.resource.clone());
    let (decision, policy_type, statements) =
        (requirement.decision, requirement.policy_type, requirement.decided_by.clone());
    if let Some(policy_type @ (PolicyType::SessionPolicy | PolicyType::VpcEndpointPolicy)) = policy_type {
        return vec![Basis::Given { action, resource, decision, policy_type, statements }];
    }
    let mut basis = vec![match requirement.judged_by {
        JudgedBy::Policies => Basis::Policies { action, resource, decision, policy_type, statements, mended },
        _ => Basis::Simulation { action, resource, decision, policy_type, statements, mended },
    }];
    if !requirement.missing_context.is_empty() {
        basis.push(Basis::MissingContext(requirement.missing_context.clone()));
    }
    basis
}
