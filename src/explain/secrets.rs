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
    let bytes = value.as_bytes();
    let mut run = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let rest = bytes.get(at..).unwrap_or_default();
        let begins = match byte {
            b'A' => is_key_id(rest) || is_marked(rest, b"ABSK"),
            b'b' => is_marked(rest, b"bedrock-api-key-"),
            b'I' => is_marked(rest, b"IQoJ"),
            b'F' => is_marked(rest, b"FwoG"),
            b'X' => is_marked(rest, b"X-Amz-"),
            b'x' => is_marked(rest, b"x-amz-"),
            b'e' => is_marked(rest, b"eyJ"),
            _ => false,
        };
        if begins {
            return Some(at);
        }
        run = if byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'=') { run + 1 } else { 0 };
        if run > LONGEST_RUN {
            return Some(at + 1 - run);
        }
    }
    None
}

/// Tells whether an access key's id stands at the beginning.
fn is_key_id(text: &[u8]) -> bool {
    text.strip_prefix(b"AKIA").or_else(|| text.strip_prefix(b"ASIA")).is_some_and(|rest| {
        rest.iter().take_while(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()).take(12).count() == 12
    })
}

/// Tells whether a token of a known beginning stands there.
fn is_marked(text: &[u8], mark: &[u8]) -> bool {
    text.strip_prefix(mark).is_some_and(|rest| {
        rest.iter().take_while(|byte| is_base64(**byte) || matches!(byte, b'=' | b'%')).take(16).count() == 16
    })
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}
