//! Trials: what the policy simulator says once the policies are mended, in simulation and nowhere else.
//!
//! Where a leg is refused, the change that would mend it is added to a trial and the refused legs are asked about
//! again, until every leg is allowed or nothing further can be tried. So the report names every policy that has to
//! change, not only the first one that AWS names, and says of a remedy that it was tried.

use super::legs::{DecidedBy, Leg, judge_one};
use crate::evidence::{Evidence, Exclusion, SimulationQuestion, Trial};
use crate::iam::{Arn, Decision, PolicyType, RequestContext};
use crate::policy::least_privilege;

/// Simulator calls of one diagnosis: a call through a profile of three Regions and two changes fit in.
const BUDGET: usize = 14;

/// Everything that was tried.
#[derive(Clone, Debug, Default)]
pub(super) struct Trials {
    /// What the simulator said of the refused legs after each further change.
    pub(super) stages: Vec<Stage>,
    /// What would have to be asked to go on.
    pub(super) open: Vec<SimulationQuestion>,
}

/// The legs that were refused before a change, judged with it.
#[derive(Clone, Debug)]
pub(super) struct Stage {
    /// Everything that is changed so far.
    pub(super) trial: Trial,
    /// The legs that were refused without it.
    pub(super) legs: Vec<Leg>,
}

impl Trials {
    /// Returns the trial with which every leg is allowed.
    pub(super) fn successful(&self) -> Option<&Trial> {
        let last = self.stages.last()?;
        last.legs.iter().all(|leg| leg.decision == Decision::Allowed).then_some(&last.trial)
    }
}

/// Follows the trials as far as their answers reach.
pub(super) fn follow(evidence: &Evidence, principal: &Arn, judged: &[Leg]) -> Trials {
    let mut trials = Trials::default();
    let mut refused: Vec<Leg> = judged.iter().filter(|leg| leg.decision.is_denied()).cloned().collect();
    // A leg that could not be simulated at all cannot be tried either, and nothing would be proven.
    if refused.is_empty() || judged.iter().any(|leg| leg.decision == Decision::Undetermined) {
        return trials;
    }
    let every_leg: Vec<RequestContext> = judged.iter().map(|leg| leg.request.clone()).collect();
    let budget = BUDGET.max(2 * every_leg.len());
    let mut spent = judged.len();
    let mut trial = Trial::default();
    while let Some(next) = mend(&trial, &refused, &every_leg, principal) {
        trial = next;
        spent += refused.len();
        if spent > budget {
            break;
        }
        let asked: Vec<(SimulationQuestion, RequestContext)> = refused
            .iter()
            .map(|leg| {
                let question =
                    SimulationQuestion { principal: principal.clone(), leg: leg.request.clone(), trial: trial.clone() };
                (question, leg.request.clone())
            })
            .collect();
        trials.open = asked
            .iter()
            .map(|(question, _)| question)
            .filter(|question| evidence.answer(question).is_none())
            .cloned()
            .collect();
        if !trials.open.is_empty() {
            break;
        }
        let legs: Vec<Leg> =
            asked.into_iter().map(|(question, request)| judge_one(evidence, &question, request)).collect();
        refused = legs.iter().filter(|leg| leg.decision.is_denied()).cloned().collect();
        let unread = legs.iter().any(|leg| leg.decision == Decision::Undetermined);
        trials.stages.push(Stage { trial: trial.clone(), legs });
        if unread {
            break;
        }
    }
    trials
}

/// Adds to a trial what would mend the refused legs; none where it already holds all that is known to help.
fn mend(trial: &Trial, refused: &[Leg], every_leg: &[RequestContext], principal: &Arn) -> Option<Trial> {
    let mut mended = trial.clone();
    for leg in refused {
        match (leg.policy_type, leg.decision) {
            (Some(PolicyType::ServiceControlPolicy), _) => {
                leave_out(&mut mended, Exclusion::ServiceControlPolicies);
            }
            (Some(PolicyType::PermissionsBoundary), _) => leave_out(&mut mended, Exclusion::PermissionsBoundary),
            (Some(PolicyType::IdentityPolicy), Decision::ExplicitDeny) => {
                for exclusion in leg.decided_by.iter().filter_map(|statement| policy_of(statement, principal)) {
                    leave_out(&mut mended, exclusion);
                }
            }
            (Some(PolicyType::IdentityPolicy), Decision::ImplicitDeny) if mended.with.is_none() => {
                mended.with = Some(least_privilege(every_leg).to_string());
            }
            _ => {}
        }
    }
    (mended != *trial).then_some(mended)
}

fn leave_out(trial: &mut Trial, exclusion: Exclusion) {
    if !trial.without.contains(&exclusion) {
        trial.without.push(exclusion);
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
