//! The test call's answer, which outranks everything else: it is what the real call gets.
//!
//! Read by its message, never by its code alone: Bedrock sends account gates as validation errors and missing
//! forms as 404 (see the crate's facts on access-denied messages).

use super::finding::{Basis, Certainty, Finding};
use super::requirements::Requirements;
use super::{Invocation, LiveOutcome, Verdict, remedy};
use crate::cause::Cause;
use crate::evidence::{Evidence, FailureKind, Observation, ServiceError};
use crate::explain::{self, Classification};
use crate::request::LiveCall;

/// The test call, read.
#[derive(Debug)]
pub(super) struct Live {
    /// For the report.
    pub(super) invocation: Invocation,
    /// What a refusal says.
    pub(super) reading: Option<Classification>,
    /// The network or the clock prevented an answer.
    pub(super) failure: Option<FailureKind>,
}

/// Reads the test call's outcome.
pub(super) fn read(evidence: &Evidence) -> Live {
    let kind = evidence.request.live;
    let mut live = Live {
        invocation: Invocation { kind, outcome: LiveOutcome::NotMade, error: None, failure: None },
        reading: None,
        failure: None,
    };
    if kind == LiveCall::None {
        return live;
    }
    match &evidence.invocation {
        Observation::Seen(_) => live.invocation.outcome = LiveOutcome::Succeeded,
        Observation::Refused(error) => {
            let reading =
                explain::classify(error.code.as_deref(), error.status, error.message.as_deref().unwrap_or_default());
            let text = error.message.as_deref().unwrap_or_default();
            live.invocation.outcome = if reading.body_rejected || kind == LiveCall::Probe && is_about_the_probe(text) {
                LiveOutcome::BodyRejected
            } else if reading.cause == Cause::Throttled {
                LiveOutcome::Throttled
            } else {
                LiveOutcome::Refused
            };
            live.invocation.error = Some(error.clone());
            live.reading = Some(reading);
        }
        Observation::Failed(failure) => {
            live.invocation.outcome = LiveOutcome::Failed;
            live.invocation.failure = Some(failure.to_string());
            live.failure = Some(failure.kind);
        }
        Observation::Skipped(reason) => live.invocation.failure = Some(reason.clone()),
    }
    live
}

impl Live {
    /// Returns the verdict that the answer settles by itself.
    pub(super) fn verdict(&self) -> Option<Verdict> {
        match self.invocation.outcome {
            LiveOutcome::Succeeded | LiveOutcome::BodyRejected | LiveOutcome::Throttled => Some(Verdict::Allowed),
            LiveOutcome::Refused => self.recognized().map(|_| Verdict::Denied),
            LiveOutcome::NotMade | LiveOutcome::Failed => None,
        }
    }

    /// Returns the reading of a refusal whose text is known.
    pub(super) fn recognized(&self) -> Option<&Classification> {
        self.reading.as_ref().filter(|reading| {
            // A probe's body is meant to be invalid: that it is called so, in words that nothing knows, tells
            // neither that the call was authorized nor that it was not.
            let is_unclear = self.invocation.kind == LiveCall::Probe && reading.cause == Cause::InvalidRequest;
            self.invocation.outcome == LiveOutcome::Refused && is_refusal(reading.cause) && !is_unclear
        })
    }

    /// Turns a recognized refusal into a finding.
    pub(super) fn findings(&self, evidence: &Evidence, requirements: &Requirements) -> Option<Finding> {
        let reading = self.recognized()?;
        let error: ServiceError = self.invocation.error.clone().unwrap_or_default();
        let mut basis = vec![Basis::Live(error)];
        if reading.cause.family() == crate::cause::Family::IamPermission && requirements.all_allowed() {
            basis.push(Basis::SimulatorDisagrees);
        }
        let (action, resource) = (reading.facts.action.clone(), reading.facts.resource.clone());
        Some(Finding {
            cause: reading.cause,
            certainty: Certainty::Reported,
            remedy: remedy::of_live(reading.cause, evidence, requirements, action.as_deref(), resource.as_deref()),
            action,
            resources: resource.into_iter().collect(),
            basis,
            alternatives: reading.alternatives.clone(),
        })
    }

    /// Says where the test call and the simulator contradict each other.
    pub(super) fn contradictions(&self, requirements: &Requirements) -> Vec<String> {
        let mut contradictions = Vec::new();
        if self.verdict() == Some(Verdict::Allowed) {
            for requirement in requirements.requirements.iter().filter(|requirement| requirement.decision.is_denied()) {
                contradictions.push(format!(
                    "the policy simulator says {} for {} on {}, and the test call was authorized all the same: calls that are routed there may fail, or the simulator does not see what allows it",
                    requirement.decision, requirement.request.action, requirement.request.resource
                ));
            }
        }
        let denied_by_iam =
            self.recognized().is_some_and(|reading| reading.cause.family() == crate::cause::Family::IamPermission);
        if denied_by_iam && requirements.all_allowed() {
            contradictions.push(
                "the policy simulator allows every requirement, and the test call was refused: what refuses it is something that the simulator does not evaluate"
                    .to_owned(),
            );
        }
        let refused_action = self.recognized().and_then(|reading| reading.facts.action.as_deref());
        if let Some(action) = refused_action
            && denied_by_iam
            && !requirements
                .requirements
                .iter()
                .any(|requirement| requirement.request.action.eq_ignore_ascii_case(action))
        {
            contradictions.push(format!(
                "the endpoint authorized the call as {action}, which is not an action that this operation needs on AWS ({})",
                requirements.requirements.first().map_or("none", |requirement| requirement.request.action.as_str())
            ));
        }
        contradictions
    }
}

/// Tells whether a refusal speaks of the probe's own body, which only a reader of the body can.
fn is_about_the_probe(text: &str) -> bool {
    text.contains("max_tokens_to_sample") || text.contains("deserialize the JSON body")
}

/// Tells whether a cause is a refusal. A text that nothing knows is not one that can be taken at its word, and a
/// service that cannot answer has refused nothing.
fn is_refusal(cause: Cause) -> bool {
    !matches!(cause, Cause::Unrecognized | Cause::ServiceUnavailable)
}
