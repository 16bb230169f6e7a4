//! Credentials and network: what prevents any diagnosis, and is the cause by that.

use super::finding::{Basis, Certainty, Finding};
use super::live::Live;
use super::remedy;
use crate::cause::{Cause, Family};
use crate::evidence::{Assumption, Evidence, Failure, FailureKind, Observation, ServiceError};
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
    if let Some(refused) = evidence.assumption.as_ref().and_then(|assumption| not_assumed(evidence, assumption)) {
        return vec![refused];
    }
    // Where an API key is used, Bedrock never sees the credentials that STS speaks of.
    let is_bedrocks = !evidence.credentials.seen().is_some_and(|credentials| credentials.bedrock_api_key);
    if is_bedrocks
        && let Observation::Refused(error) = &evidence.caller
        && let Some(cause) = credentials_cause(error)
    {
        return vec![finding(
            cause,
            Certainty::Reported,
            Basis::Refused { api: "sts:GetCallerIdentity", error: error.clone() },
        )];
    }
    // The SDK corrects a clock that is wrong where it asks twice; the simulator is asked once, and says so.
    if is_bedrocks
        && let Some((error, cause)) = evidence
            .answers
            .iter()
            .filter_map(|answer| answer.simulation.refused())
            .find_map(|error| Some((error, credentials_cause(error)?)))
    {
        return vec![finding(
            cause,
            Certainty::Reported,
            Basis::Refused { api: "iam:SimulatePrincipalPolicy", error: error.clone() },
        )];
    }
    // Bedrock may see other credentials than STS: an API key outranks them.
    if let (Observation::Refused(error), Observation::Refused(other)) = (&evidence.listing, &evidence.availability)
        && let Some(cause) = credentials_cause(error)
        && credentials_cause(other) == Some(cause)
    {
        return vec![finding(
            cause,
            Certainty::Reported,
            Basis::Refused { api: "bedrock:ListFoundationModels", error: error.clone() },
        )];
    }
    match unreachable(evidence, live) {
        Some(failure) => {
            vec![finding(Cause::NetworkUnreachable, Certainty::Inferred, Basis::Failure(failure.to_string()))]
        }
        None => Vec::new(),
    }
}

/// The role could not be assumed: whoever asks may not, or its trust policy does not let them, and AWS says which of
/// the two only where it can.
fn not_assumed(evidence: &Evidence, assumption: &Assumption) -> Option<Finding> {
    let error = assumption.outcome.refused()?;
    let reading = explain::classify(error.code.as_deref(), error.status, error.message.as_deref().unwrap_or_default());
    let telling = matches!(reading.cause.family(), Family::IamPermission | Family::Credentials);
    telling.then(|| Finding {
        cause: reading.cause,
        certainty: Certainty::Reported,
        action: Some("sts:AssumeRole".to_owned()),
        resources: vec![assumption.role.to_string()],
        basis: vec![Basis::Refused { api: "sts:AssumeRole", error: error.clone() }],
        remedy: remedy::of_assumption(reading.cause, evidence, assumption, reading.facts.principal.as_deref()),
        alternatives: reading.alternatives,
    })
}

/// A provider that failed had something to say; one that says "expired" is believed.
fn cause_of_provider(failure: &Failure) -> Cause {
    let detail = failure.detail.to_ascii_lowercase();
    if failure.kind == FailureKind::MalformedKeys {
        Cause::CredentialsInvalid
    } else if failure.kind == FailureKind::CredentialsProvider && detail.contains("expired") {
        Cause::CredentialsExpired
    } else {
        Cause::CredentialsMissing
    }
}

/// Returns the cause of a refusal that speaks of the credentials and not of what they may do.
fn credentials_cause(error: &ServiceError) -> Option<Cause> {
    let reading = explain::classify(error.code.as_deref(), error.status, error.message.as_deref().unwrap_or_default());
    (reading.cause.family() == Family::Credentials).then_some(reading.cause)
}

/// Tells whether the network keeps the call from Bedrock, and by which failure it shows.
///
/// Where nothing of AWS answered at all, whatever stands between here and AWS is the cause, also where it answers
/// itself. Where AWS answered elsewhere, a name that does not resolve or a connection that is refused still keeps
/// the call from Bedrock; but a time-out may be a missing route to one endpoint alone, and counts only where the
/// test call itself met it.
fn unreachable<'e>(evidence: &'e Evidence, live: &Live) -> Option<&'e Failure> {
    let failures = [
        evidence.assumption.as_ref().and_then(|assumption| failure_of(&assumption.outcome)),
        failure_of(&evidence.invocation),
        failure_of(&evidence.listing),
        failure_of(&evidence.availability),
        failure_of(&evidence.profile),
    ];
    let bedrock_answered = is_answer(&evidence.listing)
        || is_answer(&evidence.availability)
        || is_answer(&evidence.profile)
        || is_answer(&evidence.use_case_form)
        || is_answer(&evidence.invocation);
    let aws_answered = bedrock_answered || is_answer(&evidence.caller);
    let keeps_the_call_away = |failure: &&Failure| match failure.kind {
        FailureKind::Unreachable => !bedrock_answered || live.failure == Some(FailureKind::Unreachable),
        FailureKind::TimedOut => !aws_answered || live.failure == Some(FailureKind::TimedOut) && !bedrock_answered,
        FailureKind::Unreadable => !aws_answered,
        _ => false,
    };
    failures.into_iter().flatten().find(keeps_the_call_away)
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
