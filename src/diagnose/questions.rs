//! What the evidence leaves open, and a further question could still settle.

use super::{authorization, gates, live, reading, remedy, requirements, service_role, trials};
use crate::bedrock::{Marketplace, provider_of};
use crate::cause::Cause;
use crate::evidence::{Evidence, Observation, PolicyQuestion, Question, Simulation, SimulationQuestion};
use crate::explain;
use crate::iam::{Arn, ContextKeys, RequestContext};

/// The actions that the first call to a Marketplace model makes on the caller's behalf
/// (Bedrock User Guide, "Access Amazon Bedrock foundation models").
pub(super) const SUBSCRIPTION_ACTIONS: [&str; 2] = ["aws-marketplace:Subscribe", "aws-marketplace:ViewSubscriptions"];

/// Names what would still have to be asked; empty where nothing more can be learned.
///
/// Ask, put the answers into the evidence, and call it again: every answer closes its question, whatever it is,
/// so that this comes to an end.
#[must_use]
pub fn open_questions(evidence: &Evidence) -> Vec<Question> {
    let (mut simulations, policies) =
        current_candidate(evidence).map(|principal| of_principal(evidence, &principal)).unwrap_or_default();
    simulations.extend(service_role::open_questions(evidence));
    let mut questions = reads(evidence);
    questions.extend(simulations.into_iter().map(|question| Question::Simulate(Box::new(question))));
    questions.extend(policies.into_iter().map(Question::ReadPolicy));
    // Last and alone: AWS records its evaluation some seconds late, and nothing else may wait for that.
    if questions.is_empty() {
        questions.extend(authorization::open_questions(evidence).into_iter().map(Question::Authorization));
    }
    questions
}

/// Names what is open about the principal: the policies are read while the requirements are simulated, and what follows
/// needs both.
fn of_principal(evidence: &Evidence, principal: &Arn) -> (Vec<SimulationQuestion>, Vec<PolicyQuestion>) {
    let first = unanswered(evidence, principal, &requirements_to_simulate(evidence, principal));
    let policies = reading::open(evidence, false);
    if !first.is_empty() || !policies.is_empty() {
        return (first, policies);
    }
    let requirements = requirements::judge(evidence);
    let verify = requirements.rest_on_the_policies_alone();
    let policies = reading::open(evidence, verify);
    let is_simulated = requirements.requirements.iter().all(|requirement| requirement.unread.is_none());
    let simulations = match requirements.trials.open {
        open if open.is_empty() && is_simulated => of_what_is_offered(evidence, principal),
        open => open,
    };
    (simulations, policies)
}

/// Asks whether what a remedy offers to call instead is allowed, within the budget of one diagnosis.
fn of_what_is_offered(evidence: &Evidence, principal: &Arn) -> Vec<SimulationQuestion> {
    let offered = closed(evidence).into_iter().find_map(|cause| remedy::instead(cause, evidence));
    let Some(case) = offered else { return Vec::new() };
    let open = unanswered(evidence, principal, &call_requirements(&case, principal));
    if evidence.answers.len() + open.len() > trials::BUDGET { Vec::new() } else { open }
}

/// What to read once more is known than at the first look.
fn reads(evidence: &Evidence) -> Vec<Question> {
    let mut questions = Vec::new();
    if evidence.credentials.seen().is_none() || evidence.is_about_another_account() {
        return questions;
    }
    let causes = closed(evidence);
    let another_id_helps =
        [Cause::InferenceProfileRequired, Cause::InvalidModelId, Cause::RegionUnavailable, Cause::LegacyModel];
    if evidence.profiles.is_skipped() && another_id_helps.iter().any(|cause| causes.contains(cause)) {
        questions.push(Question::Profiles);
    }
    if evidence.data_retention.is_skipped() && causes.contains(&Cause::DataRetentionMode) {
        questions.push(Question::DataRetention);
    }
    questions
}

/// The causes that stand in the way behind IAM, as far as gates and a live answer tell.
fn closed(evidence: &Evidence) -> Vec<Cause> {
    let mut causes: Vec<Cause> = gates::read(evidence).findings.iter().map(|finding| finding.cause).collect();
    causes.extend(live::read(evidence).recognized().map(|reading| reading.cause));
    causes.extend(evidence.request.error.iter().map(|given| explain::classify(None, None, &given.text).cause));
    causes
}

/// Asks about requirements that have not been asked about yet.
pub(super) fn unanswered(
    evidence: &Evidence,
    principal: &Arn,
    requirements: &[RequestContext],
) -> Vec<SimulationQuestion> {
    requirements
        .iter()
        .map(|requirement| SimulationQuestion::new(principal, requirement))
        .filter(|question| evidence.answer(question).is_none())
        .collect()
}

/// Every request context that the simulator is to judge: the call's own requirements, and the agreement's where it is missing.
pub(super) fn requirements_to_simulate(evidence: &Evidence, principal: &Arn) -> Vec<RequestContext> {
    let mut requirements = call_requirements(evidence, principal);
    requirements.extend(subscription_requirements(evidence, principal));
    requirements
}

/// The requirements of the call itself, with the principal's ARN in their context.
pub(super) fn call_requirements(evidence: &Evidence, principal: &Arn) -> Vec<RequestContext> {
    let requirements = evidence.requirements();
    requirements
        .requirements
        .into_iter()
        .map(|requirement| with_tags(with_principal(requirement, principal), evidence))
        .collect()
}

/// The Marketplace actions, where an agreement is missing that the caller would have to make.
pub(super) fn subscription_requirements(evidence: &Evidence, principal: &Arn) -> Vec<RequestContext> {
    let missing =
        evidence.availability.seen().is_some_and(|fields| fields.agreement.as_deref() == Some("NOT_AVAILABLE"));
    let sold = evidence.base_model().is_some_and(|model| Marketplace::of(provider_of(model)) == Marketplace::Sold);
    if !(missing && sold) {
        return Vec::new();
    }
    SUBSCRIPTION_ACTIONS
        .iter()
        .map(|action| {
            let context = ContextKeys::new()
                .with("aws:RequestedRegion", evidence.request.region.as_str())
                .with("aws:CalledViaLast", "bedrock.amazonaws.com")
                .with("aws:CalledVia", vec!["bedrock.amazonaws.com".to_owned()]);
            let requirement = RequestContext { action: (*action).to_owned(), resource: "*".to_owned(), context };
            with_tags(with_principal(requirement, principal), evidence)
        })
        .collect()
}

pub(super) fn with_principal(mut requirement: RequestContext, principal: &Arn) -> RequestContext {
    // The simulator fills in most principal keys by itself, and this one is not in its list.
    if requirement.context.get("aws:PrincipalArn").is_none() {
        requirement.context.set("aws:PrincipalArn", principal.to_string());
    }
    requirement
}

/// Adds the tags of the principal under diagnosis, which the simulator does not fill in either.
fn with_tags(mut requirement: RequestContext, evidence: &Evidence) -> RequestContext {
    for (key, value) in evidence.policies.entity.seen().iter().flat_map(|entity| &entity.tags) {
        let key = format!("aws:PrincipalTag/{key}");
        if requirement.context.get(&key).is_none() {
            requirement.context.set(&key, value.as_str());
        }
    }
    requirement
}

/// The ARN to simulate: the likeliest candidate that the simulator has not said it does not know.
pub(super) fn current_candidate(evidence: &Evidence) -> Option<Arn> {
    let source = evidence.principal.seen()?;
    source
        .candidates
        .iter()
        .find(|candidate| !is_unknown_to_the_simulator(evidence, candidate))
        .or_else(|| source.candidates.last())
        .cloned()
}

fn is_unknown_to_the_simulator(evidence: &Evidence, candidate: &Arn) -> bool {
    evidence
        .answers
        .iter()
        .any(|answer| answer.question.principal == *candidate && is_no_such_entity(&answer.simulation))
}

fn is_no_such_entity(simulation: &Observation<Simulation>) -> bool {
    simulation.refused().is_some_and(|error| error.code.as_deref().is_some_and(|code| code.starts_with("NoSuchEntity")))
}
