//! Credentials and network: what prevents any diagnosis, and is the cause by that.

use super::finding::{Basis, Certainty, Finding};
use super::live::Live;
use super::remedy;
use crate::cause::{Cause, Family};
use crate::evidence::{Assumption, BedrockApiKey, ChosenBy, Evidence, Failure, FailureKind, Observation, ServiceError};
use crate::explain;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The variable that holds a Bedrock API key.
const VARIABLE: &str = "AWS_BEARER_TOKEN_BEDROCK";

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
    let mut found = Vec::new();
    if let Some(why) = rejected_key(evidence) {
        found.push(finding(Cause::ApiKeyRejected, Certainty::Inferred, Basis::Failure(why)));
    }
    // Where an API key is used, Bedrock never sees the credentials that STS speaks of.
    let is_bedrocks = evidence.api_key().is_none();
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
        let basis = Basis::Refused { api: "bedrock:ListFoundationModels", error: error.clone() };
        found.push(finding(cause, Certainty::Reported, basis));
        return found;
    }
    if let Some(failure) = unreachable(evidence, live) {
        found.push(finding(Cause::NetworkUnreachable, Certainty::Inferred, Basis::Failure(failure.to_string())));
    }
    found
}

/// Says why Bedrock will not take the API key that its calls bear, where the key itself tells.
fn rejected_key(evidence: &Evidence) -> Option<String> {
    match evidence.api_key()? {
        BedrockApiKey::Unreadable { why } => Some(format!("`{VARIABLE}` holds no Bedrock API key: {why}")),
        BedrockApiKey::ShortTerm { expires_at, .. }
            if instant(expires_at).zip(instant(&evidence.observed_at)).is_some_and(|(end, now)| end <= now) =>
        {
            Some(format!("the Bedrock API key in `{VARIABLE}` ended at {expires_at}"))
        }
        BedrockApiKey::ShortTerm { region, .. } if *region != evidence.request.region.as_str() => Some(format!(
            "the Bedrock API key in `{VARIABLE}` holds in {region} alone, and the call goes to {}",
            evidence.request.region
        )),
        _ => None,
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

/// Says whose permissions are diagnosed where that is not whom STS sees: the first thing to know.
pub(super) fn whose(evidence: &Evidence) -> Vec<String> {
    let subject = evidence.subject();
    let caller = evidence.caller.seen().map(|caller| format!("the present caller {}", caller.principal.arn));
    let caller = caller.unwrap_or_else(|| "the present caller, who is not known".to_owned());
    let who = subject.principal.as_ref().map(|principal| principal.arn.to_string());
    match (subject.chosen_by, evidence.api_key()) {
        (ChosenBy::Error, _) => {
            vec![format!(
                "the given error is of {}, not of {caller}: it is diagnosed for that principal",
                who.unwrap_or_default()
            )]
        }
        (ChosenBy::ApiKey, Some(key)) if !subject.is_caller => {
            let who = match (key, who) {
                (_, Some(who)) => who,
                (BedrockApiKey::ShortTerm { access_key, .. }, None) => {
                    format!("whoever made it with the access key {access_key}")
                }
                _ => "somebody who is not known".to_owned(),
            };
            vec![format!("Bedrock sees the API key in `{VARIABLE}`, which stands for {who}, and not {caller}")]
        }
        _ => Vec::new(),
    }
}

/// What is no cause and may become one.
pub(super) fn advice(evidence: &Evidence) -> Vec<String> {
    let empty = evidence.credentials.seen().is_some_and(|seen| seen.api_key == Some(BedrockApiKey::Empty));
    let unset = format!(
        "`{VARIABLE}` is set and holds nothing: it is taken as unset here, and clients that send it as a key are refused: unset it"
    );
    empty.then_some(unset).into_iter().collect()
}

fn instant(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok()
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
        FailureKind::Unreachable => !bedrock_answered || live.failure == Some(FailureKind::Unreachable),
        FailureKind::TimedOut => !aws_answered || live.failure == Some(FailureKind::TimedOut) && !bedrock_answered,
        FailureKind::Unreadable => !aws_answered,
        _ => false,
    };
    failures.into_iter().flatten().find(keeps_the_call_away)
}

fn is_answer<T>(observation: &Observation<T>) -> bool {
    matches!(observation, Observation::Seen(_) | Observation::Refused(_))
}
