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
        authorization_region: clean(facts.authorization_region),
    }
}

/// Returns a text without its secrets, each of which is cut out where it begins and up to where it ends.
pub(super) fn strip(text: &str) -> String {
    let mut stripped = String::with_capacity(text.len());
    let mut rest = text;
    loop {
        let found = [first_secret(rest), after_secret_name(rest)].into_iter().flatten().min();
        let Some((before, secret)) = found.and_then(|at| rest.split_at_checked(at)) else {
            stripped.push_str(rest);
            return stripped;
        };
        stripped.push_str(before);
        stripped.push_str(REDACTED);
        // A signed URL's parameter ends where the next one begins, and what follows is looked at by itself.
        let end = secret.find(|c: char| c.is_whitespace() || "\"'`&,;<>)]}".contains(c)).unwrap_or(secret.len());
        rest = secret.get(end..).unwrap_or_default();
    }
}

/// Finds the value behind a name such as `aws_secret_access_key`, which looks like nothing by itself.
fn after_secret_name(text: &str) -> Option<usize> {
    let lower = text.to_ascii_lowercase();
    ["secret_access_key", "secretaccesskey", "secret_key", "session_token", "sessiontoken"]
        .into_iter()
        .flat_map(|name| lower.match_indices(name))
        .filter_map(|(at, name)| {
            let behind = lower.get(at + name.len()..)?;
            let value = behind.trim_start_matches(['"', '\'', ' ', ':', '=']);
            let is_value = value.len() < behind.len()
                && !value.starts_with(REDACTED)
                && value.bytes().take_while(|byte| is_base64(*byte)).take(16).count() == 16;
            is_value.then_some(at + name.len() + behind.len() - value.len())
        })
        .min()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_everything_but_its_secrets() {
        let denial = "User: arn:aws:sts::111122223333:assumed-role/chat-api/one is not authorized to perform: bedrock:InvokeModel on resource: arn:aws:bedrock:us-west-2::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0 (request 2f0c1a9e-0000-4000-8000-000000000000)";
        assert_eq!(strip(denial), denial);
        let key = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY";
        for (text, stripped) in [
            ("key AKIAIOSFODNN7EXAMPLE refused".to_owned(), "key [redacted] refused"),
            (format!("aws_secret_access_key = {key}\nnext"), "aws_secret_access_key = [redacted]\nnext"),
            (format!("{{\"SecretAccessKey\": \"{key}\"}}"), "{\"SecretAccessKey\": \"[redacted]\"}"),
            ("Bearer ABSKQmVkcm9ja0FQSUtleS1hYjEy= x".to_owned(), "Bearer [redacted] x"),
            ("?a=b&X-Amz-Signature=0123456789abcdef0123&c=d".to_owned(), "?a=b&[redacted]&c=d"),
        ] {
            assert_eq!(strip(&text), stripped);
        }
    }
}
