//! Keeps secrets that a text may hold out of what is answered.
//!
//! Takes the facts read from a text and gives them without access keys, API keys, session tokens and
//! signatures. Facts are ARNs, ids and names; a value that holds a secret is cut there, never shown in part.

use super::facts::Facts;

/// What stands in a secret's place.
const REDACTED: &str = "[redacted]";

/// The longest run of letters and digits that a name or id may have; signatures and tokens are longer.
const LONGEST_RUN: usize = 48;

/// Returns the facts without secrets.
pub(super) fn without(facts: Facts) -> Facts {
    let clean = |value: Option<String>| value.map(|value| if holds_secret(&value) { redact(&value) } else { value });
    Facts {
        error_code: clean(facts.error_code),
        operation: clean(facts.operation),
        principal: clean(facts.principal),
        action: clean(facts.action),
        resource: clean(facts.resource),
        policy_arn: clean(facts.policy_arn),
        model: clean(facts.model),
        region: clean(facts.region),
        request_id: clean(facts.request_id),
        authorization_id: clean(facts.authorization_id),
    }
}

/// Tells whether a value holds a secret.
pub(super) fn holds_secret(value: &str) -> bool {
    first_secret(value).is_some()
}

fn redact(value: &str) -> String {
    let start = first_secret(value).unwrap_or(value.len());
    format!("{}{REDACTED}", value.get(..start).unwrap_or_default())
}

/// Finds where the first secret of a value begins.
fn first_secret(value: &str) -> Option<usize> {
    let key_id = ["AKIA", "ASIA"].into_iter().flat_map(|prefix| {
        value.match_indices(prefix).map(|(at, _)| at).filter(|at| {
            let rest = value.get(at + 4..).unwrap_or_default();
            rest.bytes().take_while(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()).count() >= 12
        })
    });
    let marked =
        ["ABSK", "bedrock-api-key-", "IQoJ", "FwoG", "X-Amz-", "x-amz-", "eyJ"].into_iter().flat_map(|prefix| {
            value.match_indices(prefix).map(|(at, _)| at).filter(|at| {
                let rest = value.get(at + prefix.len()..).unwrap_or_default();
                rest.bytes().take_while(|byte| is_base64(*byte) || matches!(byte, b'=' | b'%')).count() >= 16
            })
        });
    key_id.chain(marked).chain(long_run(value)).min()
}

fn long_run(value: &str) -> Option<usize> {
    let mut start = 0;
    for part in value.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '='))) {
        if part.len() > LONGEST_RUN {
            return Some(start);
        }
        start +=
            part.len() + value.get(start + part.len()..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    }
    None
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}
