//! What the policy simulator says once the policies are changed, in simulation and nowhere else.
//!
//! Where a requirement is refused, the change that would fix it is added to a trial and the refused requirements are asked
//! about again, until every requirement is allowed or nothing further can be tried. So the report names every policy that
//! has to change, not only the first one that AWS names, and says of a remedy that it was tried.

use super::lacking::{Lacking, Texts};
use super::lift::Lift;
use super::simulated::Judge;
use crate::diagnose::case::AttachedPolicies;
use crate::diagnose::requirement::{JudgedBy, Requirement};
use crate::diagnose::statement::DecidedBy;
use crate::evidence::{Exclusion, SimulationQuestion, Trial};
use crate::iam::{Arn, Decision, PolicyType, RequestContext};
use crate::policy::edit::statements;
use crate::policy::{Grant, least_privilege_under};
use serde_json::{Value, json};

/// Simulator calls of one diagnosis: a call through a profile of three Regions and two changes fit in.
pub(in crate::diagnose) const BUDGET: usize = 14;

/// Everything that was tried.
#[derive(Clone, Debug, Default)]
pub(in crate::diagnose) struct WhatIf {
    /// What the simulator said of the refused requirements after each further change.
    pub(in crate::diagnose) stages: Vec<Stage>,
    /// What would have to be asked to go on.
    pub(in crate::diagnose) open: Vec<SimulationQuestion>,
}

/// The requirements that were refused before a change, judged with it.
#[derive(Clone, Debug)]
pub(in crate::diagnose) struct Stage {
    /// Whether it simulates exactly the proposed changes; `false` where a policy had to be left out whole because what
    /// would be left of it is not known.
    pub(in crate::diagnose) exact: bool,
    /// Whether a policy is left out whose text is not known, and with it whatever it allows.
    pub(in crate::diagnose) blind: bool,
    /// The requirements that were refused without it.
    pub(in crate::diagnose) requirements: Vec<Requirement>,
}

impl Stage {
    /// Walks over the requirements, without those of which the stage says nothing: that no identity-based policy allows one
    /// once a policy is left out that may be the one which does.
    pub(in crate::diagnose) fn conclusive(&self) -> impl Iterator<Item = &Requirement> {
        let is_missing_allow = |requirement: &Requirement| {
            requirement.decision == Decision::ImplicitDeny
                && matches!(requirement.policy_type, Some(PolicyType::IdentityPolicy) | None)
        };
        self.requirements.iter().filter(move |requirement| !(self.blind && is_missing_allow(requirement)))
    }
}

impl WhatIf {
    /// Returns the stage in which every requirement is allowed by what the remedies change, and nothing else.
    pub(in crate::diagnose) fn successful(&self) -> Option<&Stage> {
        let all_conclusive = self.stages.iter().all(|stage| stage.conclusive().count() == stage.requirements.len());
        let last = self.stages.last().filter(|_| all_conclusive)?;
        last.requirements.iter().all(|requirement| requirement.decision == Decision::Allowed).then_some(last)
    }
}

/// Follows the proposed changes as far as answers about them reach.
pub(in crate::diagnose) fn follow(judge: &Judge<'_>, principal: &Arn, judged: &[Requirement]) -> WhatIf {
    let mut what_if = WhatIf::default();
    let mut refused: Vec<Requirement> =
        judged.iter().filter(|requirement| requirement.decision.is_denied()).cloned().collect();
    // A requirement that could not be simulated at all cannot be tried either, and nothing would be proved.
    if refused.is_empty() || judged.iter().any(|requirement| requirement.decision == Decision::Undetermined) {
        return what_if;
    }
    // Where the simulator does not answer, the engine goes on alone, and nothing is asked.
    let simulates = judged.iter().all(|requirement| requirement.judged_by != JudgedBy::Policies);
    let every_requirement: Vec<RequestContext> = judged.iter().map(|requirement| requirement.request.clone()).collect();
    let budget = BUDGET.max(2 * every_requirement.len());
    let mut spent = judged.len();
    let mut proposal = Proposal::default();
    while proposal.extend(&refused, &every_requirement, judge, principal) {
        let trial = proposal.trial();
        spent += refused.len();
        if spent > budget {
            break;
        }
        let asked: Vec<(SimulationQuestion, RequestContext)> = refused
            .iter()
            .map(|requirement| {
                let question = SimulationQuestion {
                    principal: principal.clone(),
                    requirement: requirement.request.clone(),
                    trial: trial.clone(),
                };
                (question, requirement.request.clone())
            })
            .collect();
        what_if.open = asked
            .iter()
            .map(|(question, _)| question)
            .filter(|question| simulates && judge.evidence.answer(question).is_none())
            .cloned()
            .collect();
        if !what_if.open.is_empty() {
            break;
        }
        let requirements: Vec<Requirement> =
            asked.into_iter().map(|(question, request)| judge.requirement(&question, request)).collect();
        refused = requirements.iter().filter(|requirement| requirement.decision.is_denied()).cloned().collect();
        let unread = requirements.iter().any(|requirement| requirement.decision == Decision::Undetermined);
        let exact = proposal.put_back == proposal.without.len();
        what_if.stages.push(Stage { exact, blind: proposal.blind, requirements });
        if unread {
            break;
        }
    }
    what_if
}

/// What a trial changes, as it grows.
#[derive(Debug, Default)]
struct Proposal {
    without: Vec<Exclusion>,
    /// What is left of the policies that are left out.
    with: Vec<Value>,
    /// What identity-based policies do not allow.
    missing: Vec<RequestContext>,
    /// What is granted of that.
    grants: Vec<Grant>,
    /// How many of the policies that are left out have something put back.
    put_back: usize,
    /// Whether what is left of a policy is not known, and nothing of it was put back.
    blind: bool,
}

impl Proposal {
    /// Adds what would fix the refused requirements; returns `true` if anything is new.
    fn extend(
        &mut self,
        refused: &[Requirement],
        every_requirement: &[RequestContext],
        judge: &Judge<'_>,
        principal: &Arn,
    ) -> bool {
        let before = (self.without.len(), self.with.len(), self.grants.len());
        for requirement in refused {
            match (requirement.policy_type, requirement.decision) {
                (Some(PolicyType::ServiceControlPolicy), _) => {
                    self.leave_out(Exclusion::ServiceControlPolicies);
                }
                (Some(PolicyType::PermissionsBoundary), _) => {
                    self.leave_out(Exclusion::PermissionsBoundary);
                }
                (Some(PolicyType::IdentityPolicy), Decision::ExplicitDeny) => {
                    self.lift(requirement, refused, judge.attached, principal);
                }
                (Some(PolicyType::IdentityPolicy), Decision::ImplicitDeny)
                    if !self.missing.contains(&requirement.request) =>
                {
                    self.missing.push(requirement.request.clone());
                }
                _ => {}
            }
        }
        let lacks_allow = !self.missing.is_empty();
        self.grants = match judge.attached {
            Some(attached) => {
                let texts = Texts::Attached(attached, principal);
                // What another policy refuses first may lack an allow as well.
                let others = refused.iter().map(|requirement| &requirement.request);
                let are_known = lacks_allow && texts.are_complete(PolicyType::IdentityPolicy);
                for request in others.filter(|_| are_known) {
                    if !self.missing.contains(request) {
                        self.missing.push(request.clone());
                    }
                }
                texts.lacking(PolicyType::IdentityPolicy, &self.missing, every_requirement).on_trial()
            }
            None => Lacking::all(&self.missing).grants,
        };
        before != (self.without.len(), self.with.len(), self.grants.len())
    }

    /// Leaves out the policies that denied a requirement, and puts back what is left of them without the statements that did.
    fn lift(
        &mut self,
        requirement: &Requirement,
        refused: &[Requirement],
        attached: Option<&AttachedPolicies<'_>>,
        principal: &Arn,
    ) {
        for statement in &requirement.decided_by {
            let read = attached.and_then(|attached| attached.exclusion(statement));
            let Some(exclusion) = read.or_else(|| policy_of(statement, principal)) else { continue };
            if !self.leave_out(exclusion) {
                continue;
            }
            let of_policy: Vec<(&Requirement, usize)> = refused
                .iter()
                .flat_map(|requirement| requirement.decided_by.iter().map(move |statement| (requirement, statement)))
                .filter(|(_, other)| other.policy == statement.policy && other.holder == statement.holder)
                .filter_map(|(requirement, other)| Some((requirement, other.statement?)))
                .collect();
            let indices: Vec<usize> = of_policy.iter().map(|(_, index)| *index).collect();
            let requests: Vec<&RequestContext> =
                of_policy.iter().map(|(requirement, _)| &requirement.request).collect();
            // Nobody can change a policy of AWS: it goes as a whole.
            if statement.is_aws_managed() {
                continue;
            }
            let lifted = attached.and_then(|attached| attached.lift(statement, &indices, &requests));
            let Some(Lift::Known(lifted)) = lifted else {
                self.blind = true;
                continue;
            };
            if let Some(document) = lifted.document {
                self.put_back += 1;
                self.with.push(document);
            }
        }
    }

    fn leave_out(&mut self, exclusion: Exclusion) -> bool {
        let is_new = !self.without.contains(&exclusion);
        if is_new {
            self.without.push(exclusion);
        }
        is_new
    }

    fn trial(&self) -> Trial {
        let granted = least_privilege_under(&self.grants);
        let all = self.with.iter().chain([&granted]).flat_map(statements).cloned().collect::<Vec<Value>>();
        let is_any = !all.is_empty();
        let document = json!({"Version": "2012-10-17", "Statement": all});
        Trial { with: is_any.then(|| document.to_string()), without: self.without.clone() }
    }
}

/// Names the policy of a statement as the exclusion list wants it.
fn policy_of(statement: &DecidedBy, principal: &Arn) -> Option<Exclusion> {
    let policy = statement.policy.as_deref()?;
    let entity = principal.resource_id().rsplit('/').next().unwrap_or_default();
    let managed = |account: &str| {
        // The simulator gives the name alone, and the path in the ARN is not known.
        let pattern = format!("arn:{}:iam::{account}:policy/*{policy}", principal.partition);
        Some(Exclusion::ManagedPolicy(if policy.starts_with("arn:") { policy.to_owned() } else { pattern }))
    };
    match statement.source.as_deref()?.to_ascii_lowercase().as_str() {
        "aws-managed" => managed("aws"),
        "user-managed" => managed(&principal.account),
        kind @ ("user" | "role") => Some(Exclusion::InlinePolicy {
            attached_to: kind.to_owned(),
            entity: entity.to_owned(),
            policy: policy.to_owned(),
        }),
        // Which of the user's groups holds the policy is not shown.
        _ => None,
    }
}
