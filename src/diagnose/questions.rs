//! What the evidence leaves open and the policy simulator could still settle.

use super::{legs, service_role};
use crate::bedrock::{Marketplace, provider_of};
use crate::evidence::{Evidence, Observation, Question, Simulation, SimulationQuestion};
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
    let of_caller = current_candidate(evidence).map(|principal| {
        let first = unanswered(evidence, &principal, &legs_to_simulate(evidence, &principal));
        if first.is_empty() { legs::judge(evidence).trials.open } else { first }
    });
    let simulations = of_caller.into_iter().flatten().chain(service_role::open_questions(evidence));
    simulations.map(Question::Simulate).collect()
}

/// Asks about legs that have not been asked about yet.
pub(super) fn unanswered(evidence: &Evidence, principal: &Arn, legs: &[RequestContext]) -> Vec<SimulationQuestion> {
    legs.iter()
        .map(|leg| SimulationQuestion::new(principal, leg))
        .filter(|question| evidence.answer(question).is_none())
        .collect()
}

/// Every request context that the simulator is to judge: the call's own legs, and the agreement's where it is missing.
pub(super) fn legs_to_simulate(evidence: &Evidence, principal: &Arn) -> Vec<RequestContext> {
    let mut legs = call_legs(evidence, principal);
    legs.extend(subscription_legs(evidence, principal));
    legs
}

/// The legs of the call itself, with the principal's ARN in their context.
pub(super) fn call_legs(evidence: &Evidence, principal: &Arn) -> Vec<RequestContext> {
    let requirements = evidence.request.requirements(evidence.profile.seen(), evidence.account());
    requirements.legs.into_iter().map(|leg| with_principal(leg, principal)).collect()
}

/// The Marketplace actions, where an agreement is missing that the caller would have to make.
pub(super) fn subscription_legs(evidence: &Evidence, principal: &Arn) -> Vec<RequestContext> {
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
            let leg = RequestContext { action: (*action).to_owned(), resource: "*".to_owned(), context };
            with_principal(leg, principal)
        })
        .collect()
}

pub(super) fn with_principal(mut leg: RequestContext, principal: &Arn) -> RequestContext {
    // The simulator fills in most principal keys by itself, and this one is not in its list.
    if leg.context.get("aws:PrincipalArn").is_none() {
        leg.context.set("aws:PrincipalArn", principal.to_string());
    }
    leg
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
