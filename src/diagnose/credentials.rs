//! Credentials and network: what prevents any diagnosis, and is the cause by that.

use super::finding::{Basis, Certainty, Finding};
use super::live::Live;
use super::remedy;
use crate::cause::{Cause, Family};
use crate::evidence::{Evidence, Failure, FailureKind, Observation, ServiceError};
use crate::explain;

/// Finds what keeps every call from being answered.
pub(super) fn findings(evidence: &Evidence, live: &Live) -> Vec<Finding> {
    let finding = |cause: Cause, certainty: Certainty, basis: Basis| Finding {
        cause,
        certainty,
        action: None,
        resources: Vec::new(),
        basis: vec![basis],
        remedy: remedy::of_gate(cause, evidence),
        alternatives: Vec::new(),
    };
    if let Observation::Failed(failure) = &evidence.credentials {
        return vec![finding(cause_of_provider(failure), Certainty::Inferred, Basis::Failure(failure.to_string()))];
    }
    if let Observation::Refused(error) = &evidence.caller
        && let Some(cause) = credentials_cause(error)
    {
        return vec![finding(
            cause,
            Certainty::Reported,
            Basis::Refused { api: "sts:GetCallerIdentity", error: error.clone() },
        )];
    }
    match unreachable(evidence, live) {
        Some(failure) => {
            vec![finding(Cause::NetworkUnreachable, Certainty::Inferred, Basis::Failure(failure.to_string()))]
        }
        None => Vec::new(),
    }
}

/// A provider that failed had something to say; one that says "expired" is believed.
fn cause_of_provider(failure: &Failure) -> Cause {
    let detail = failure.detail.to_ascii_lowercase();
    if failure.kind == FailureKind::CredentialsProvider && detail.contains("expired") {
        Cause::CredentialsExpired
    } else {
        Cause::CredentialsMissing
    }
}

/// `GetCallerIdentity` needs no permission, so a refusal speaks of the credentials, if of anything known.
fn credentials_cause(error: &ServiceError) -> Option<Cause> {
    let reading = explain::classify(error.code.as_deref(), error.status, error.message.as_deref().unwrap_or_default());
    (reading.cause.family() == Family::Credentials).then_some(reading.cause)
}

/// Tells whether the network keeps the call from Bedrock, and by which failure it shows.
///
/// One endpoint that times out may be a missing route to it alone; so a time-out counts only where nothing of
/// AWS answered, or where the test call itself met it. A name that does not resolve or a connection that is
/// refused counts where no Bedrock endpoint answered.
fn unreachable<'e>(evidence: &'e Evidence, live: &Live) -> Option<&'e Failure> {
    let bedrock: [Option<&Failure>; 4] = [
        failure_of(&evidence.listing),
        failure_of(&evidence.availability),
        failure_of(&evidence.profile),
        failure_of(&evidence.invocation),
    ];
    let answered = is_answer(&evidence.listing)
        || is_answer(&evidence.availability)
        || is_answer(&evidence.profile)
        || is_answer(&evidence.use_case_form)
        || is_answer(&evidence.invocation);
    if answered && !matches!(live.failure, Some(FailureKind::Unreachable)) {
        return None;
    }
    let failure = bedrock.into_iter().flatten().find(|failure| is_network(failure))?;
    let aws_answered = is_answer(&evidence.caller);
    let certain = failure.kind == FailureKind::Unreachable || !aws_answered || live.failure == Some(failure.kind);
    certain.then_some(failure)
}

fn failure_of<T>(observation: &Observation<T>) -> Option<&Failure> {
    match observation {
        Observation::Failed(failure) => Some(failure),
        _ => None,
    }
}

fn is_answer<T>(observation: &Observation<T>) -> bool {
    matches!(observation, Observation::Seen(_) | Observation::Refused(_))
}

fn is_network(failure: &Failure) -> bool {
    matches!(failure.kind, FailureKind::Unreachable | FailureKind::TimedOut)
}
