//! Credentials and network: what prevents any diagnosis, and is the cause by that.

use crate::cause::{Cause, Family};
use crate::diagnose::case::{Case, TestCall, classified, instant};
use crate::diagnose::finding::{Basis, Certainty, Finding, KeyFault};
use crate::diagnose::remark::{KeyHolder, Warning};
use crate::evidence::{Assumption, BedrockApiKey, ChosenBy, Evidence, Failure, FailureKind, Observation, ServiceError};

/// Finds what keeps every call from being answered.
pub(in crate::diagnose) fn findings(case: &Case<'_>) -> Vec<Finding> {
    let evidence = case.evidence;
    if let Observation::Failed(failure) = &evidence.credentials {
        let basis = Basis::Failure(failure.clone());
        return vec![Finding::new(cause_of_provider(failure), Certainty::Inferred, basis)];
    }
    if let Some(refused) = evidence.assumption.as_ref().and_then(not_assumed) {
        return vec![refused];
    }
    let mut found = Vec::new();
    if let Some(fault) = key_fault(evidence) {
        found.push(Finding::new(Cause::ApiKeyRejected, Certainty::Inferred, Basis::ApiKey(fault)));
    }
    // Where an API key is used, Bedrock never sees the credentials that STS speaks of.
    let is_bedrocks = evidence.api_key().is_none();
    if is_bedrocks
        && let Observation::Refused(error) = &evidence.caller
        && let Some(cause) = credentials_cause(error)
    {
        let basis = Basis::Refused { api: "sts:GetCallerIdentity", error: error.clone() };
        return vec![Finding::new(cause, Certainty::Reported, basis)];
    }
    // The SDK corrects a clock that is wrong where it asks twice; the simulator is asked once, and says so.
    let simulations = evidence.answers.iter().filter_map(|answer| answer.simulation.refused());
    let mut refused = simulations.filter_map(|error| Some((error, credentials_cause(error)?)));
    if is_bedrocks && let Some((error, cause)) = refused.next() {
        let basis = Basis::Refused { api: "iam:SimulatePrincipalPolicy", error: error.clone() };
        return vec![Finding::new(cause, Certainty::Reported, basis)];
    }
    // Bedrock may see other credentials than STS: an API key outranks them.
    if let (Observation::Refused(error), Observation::Refused(other)) = (&evidence.listing, &evidence.availability)
        && let Some(cause) = credentials_cause(error)
        && credentials_cause(other) == Some(cause)
    {
        let basis = Basis::Refused { api: "bedrock:ListFoundationModels", error: error.clone() };
        found.push(Finding::new(cause, Certainty::Reported, basis));
        return found;
    }
    if let Some(failure) = unreachable(evidence, &case.test_call) {
        found.push(Finding::new(Cause::NetworkUnreachable, Certainty::Inferred, Basis::Failure(failure.clone())));
    }
    found
}

/// Returns why Bedrock will not take the API key that its calls bear, where the key itself shows it.
fn key_fault(evidence: &Evidence) -> Option<KeyFault> {
    let called = &evidence.request.region;
    match evidence.api_key()? {
        BedrockApiKey::Unreadable { why } => Some(KeyFault::Unreadable(why.clone())),
        BedrockApiKey::ShortTerm { expires_at, .. }
            if instant(expires_at).zip(instant(&evidence.observed_at)).is_some_and(|(end, now)| end <= now) =>
        {
            Some(KeyFault::Ended(expires_at.clone()))
        }
        BedrockApiKey::ShortTerm { region, .. } if *region != called.as_str() => {
            Some(KeyFault::OtherRegion { holds_in: region.clone(), called: called.to_string() })
        }
        _ => None,
    }
}

/// The role could not be assumed: the caller may not, or its trust policy does not let them, and AWS says which of the two
/// only where it can.
fn not_assumed(assumption: &Assumption) -> Option<Finding> {
    let error = assumption.outcome.refused()?;
    let reading = classified(error);
    let is_conclusive = matches!(reading.cause.family(), Family::IamPermission | Family::Credentials);
    let basis = Basis::Refused { api: "sts:AssumeRole", error: error.clone() };
    is_conclusive.then(|| Finding {
        action: Some("sts:AssumeRole".to_owned()),
        resources: vec![assumption.role.to_string()],
        alternatives: reading.alternatives,
        ..Finding::new(reading.cause, Certainty::Reported, basis)
    })
}

/// Returns whose permissions are diagnosed where that is not whom STS sees: the first thing to know.
pub(in crate::diagnose) fn warnings(evidence: &Evidence) -> Vec<Warning> {
    let subject = evidence.subject();
    let caller = || evidence.caller.seen().map(|caller| caller.principal.arn.clone());
    let principal = subject.principal.map(|principal| principal.arn);
    match (subject.chosen_by, evidence.api_key()) {
        (ChosenBy::Error, _) => vec![Warning::ErrorOfAnother { principal, caller: caller() }],
        (ChosenBy::ApiKey, Some(key)) if !subject.is_caller => {
            let holder = match (key, principal) {
                (_, Some(principal)) => KeyHolder::Known(principal),
                (BedrockApiKey::ShortTerm { access_key, .. }, None) => KeyHolder::AccessKey(access_key.clone()),
                _ => KeyHolder::Unknown,
            };
            vec![Warning::ApiKeyOfAnother { holder, caller: caller() }]
        }
        _ => Vec::new(),
    }
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
    let reading = classified(error);
    (reading.cause.family() == Family::Credentials).then_some(reading.cause)
}

/// Returns the failure that shows that the network keeps the call from Bedrock.
///
/// Where nothing of AWS answered at all, whatever stands between here and AWS is the cause, also where it answers
/// itself. Where AWS answered elsewhere, a name that does not resolve or a connection that is refused still keeps
/// the call from Bedrock; but a time-out may be a missing route to one endpoint alone, and counts only where the
/// test call itself met it.
fn unreachable<'e>(evidence: &'e Evidence, test_call: &TestCall) -> Option<&'e Failure> {
    let failures = [
        evidence.assumption.as_ref().and_then(|assumption| assumption.outcome.failure()),
        evidence.invocation.failure(),
        evidence.listing.failure(),
        evidence.availability.failure(),
        evidence.profile.failure(),
    ];
    let bedrock_answered = is_answer(&evidence.listing)
        || is_answer(&evidence.availability)
        || is_answer(&evidence.profile)
        || is_answer(&evidence.use_case_form)
        || is_answer(&evidence.invocation);
    let aws_answered = bedrock_answered || is_answer(&evidence.caller);
    let keeps_the_call_away = |failure: &&Failure| match failure.kind {
        FailureKind::Unreachable => !bedrock_answered || test_call.failure_kind() == Some(FailureKind::Unreachable),
        FailureKind::TimedOut => {
            !aws_answered || test_call.failure_kind() == Some(FailureKind::TimedOut) && !bedrock_answered
        }
        FailureKind::Unreadable => !aws_answered,
        _ => false,
    };
    failures.into_iter().flatten().find(keeps_the_call_away)
}

fn is_answer<T>(observation: &Observation<T>) -> bool {
    matches!(observation, Observation::Seen(_) | Observation::Refused(_))
}
