//! Contradictions, advice and warnings: every sentence of them, for all formats.

use super::not_checked::{excluded, exemption};
use crate::diagnose::{Advice, Contradiction, KeyHolder, StatementName, Warning};
use crate::iam::Arn;

/// Says where two sources contradict each other.
pub(super) fn contradiction(contradiction: &Contradiction) -> String {
    match contradiction {
        Contradiction::SimulatorAndPolicies { simulated, action, resource, read, more } => format!(
            "the policy simulator says {simulated} for {action} on {resource}, and the policies that were read come to {read}{}",
            and_more(*more)
        ),
        Contradiction::SimulatorAndExemption { simulated, action, resource, exemption: exempt, more } => format!(
            "the policy simulator attributes {simulated} for {action} on {resource} to a service control policy, and {}{}",
            exemption(exempt),
            and_more(*more)
        ),
        Contradiction::TestCallAuthorized { simulated, action, resource } => format!(
            "the policy simulator says {simulated} for {action} on {resource}, and the test call was authorized all the same: calls that are routed there may fail, or the simulator does not see what allows it"
        ),
        Contradiction::TestCallRefused => {
            "the policy simulator allows every requirement, and the test call was refused: what refuses it is something that the simulator does not evaluate"
                .to_owned()
        }
        Contradiction::OtherAction { action, needed } => format!(
            "the endpoint authorized the call as {action}, which is not an action that this operation needs on AWS ({})",
            needed.as_deref().unwrap_or("none")
        ),
        Contradiction::ErrorAndAuthorized(cause) => format!(
            "the given error says {cause}, and the test call is authorized now: it may have been fixed since, or the error was of another call"
        ),
        Contradiction::ErrorAndRefused { said, now } => {
            format!("the given error says {said}, and the test call is refused with {now} now")
        }
        Contradiction::ErrorAndExcluded { said, because } => format!(
            "the given error says {said}, and what is read now excludes it ({}): it may have been fixed since",
            excluded(because)
        ),
    }
}

fn and_more(more: usize) -> String {
    let likewise = if more == 0 { String::new() } else { format!(", and likewise on {more} more resources") };
    format!("{likewise}: one of the two is wrong or out of date")
}

/// Says what is no cause and worth knowing.
pub(super) fn advice(advice: &Advice) -> String {
    match advice {
        Advice::GuardrailEnforced(guardrail) => format!(
            "the account enforces the guardrail {guardrail} on this model: every caller needs bedrock:ApplyGuardrail on it, though the call names none"
        ),
        Advice::DoesNotStream(model) => format!("AWS lists `{model}` as one that does not stream its answers"),
        Advice::LegacyUntil(end) => {
            format!("the model is LEGACY and reaches its end of life on {end}: plan its replacement")
        }
        Advice::Legacy => {
            "the model is LEGACY: accounts that have not used it lately are refused; plan its replacement".to_owned()
        }
        Advice::WideStatements { statements, enough } => {
            let name = |(name, policy): &(StatementName, String)| match name {
                StatementName::Sid(sid) => format!("`{sid}` of `{policy}`"),
                StatementName::Number(number) => format!("number {number} of `{policy}`"),
            };
            let (noun, verb) = if statements.len() == 1 { ("statement", "allows") } else { ("statements", "allow") };
            let names: Vec<String> = statements.iter().map(name).collect();
            format!("the {noun} {} {verb} more than this call needs; enough is {enough}", names.join(", "))
        }
        Advice::EmptyApiKey => format!(
            "`{VARIABLE}` is set and holds nothing: it is taken as unset here, and clients that send it as a key are refused: unset it"
        ),
        Advice::ReadInAccount { account, command } => format!(
            "whatever account {account} alone knows (the principal's policies, its organization's, the account's access to \
             the model) is read there, with a role of that account which the caller may assume and which may read IAM and \
             simulate: `{command}`"
        ),
        Advice::ErrorNamesNobody => {
            "the given error names no principal, and is taken to be the caller's own".to_owned()
        }
        Advice::ErrorIsPassing(cause) => format!(
            "the given error reports a passing limit ({cause}): the call had been authorized, and comes through when it is repeated more slowly"
        ),
        Advice::ErrorIsAboutBody => {
            "the given error is about the request's body, which is read behind every access check: the call had been authorized"
                .to_owned()
        }
    }
}

/// The variable that holds a Bedrock API key.
pub(super) const VARIABLE: &str = "AWS_BEARER_TOKEN_BEDROCK";

/// Says whose permissions are diagnosed, where they are not the caller's.
pub(super) fn warning(warning: &Warning) -> String {
    let caller = |caller: &Option<Arn>| match caller {
        Some(arn) => format!("the present caller {arn}"),
        None => "the present caller, who is not known".to_owned(),
    };
    match warning {
        Warning::ErrorOfAnother { principal, caller: present } => format!(
            "the given error is of {}, not of {}: it is diagnosed for that principal",
            principal.as_ref().map(ToString::to_string).unwrap_or_default(),
            caller(present)
        ),
        Warning::ApiKeyOfAnother { holder, caller: present } => {
            let holder = match holder {
                KeyHolder::Known(arn) => arn.to_string(),
                KeyHolder::AccessKey(id) => format!("whoever made it with the access key {id}"),
                KeyHolder::Unknown => "somebody who is not known".to_owned(),
            };
            format!("Bedrock sees the API key in `{VARIABLE}`, which stands for {holder}, and not {}", caller(present))
        }
    }
}
