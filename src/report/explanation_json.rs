//! The JSON of an explanation, as `bedrock-access/explanation/1` has it, on one line.
//!
//! Written directly and not through `Serialize`: most of an answer is text of the catalogue that needs no escaping, and
//! a batch explains millions of lines. Unsafe characters are escaped. A test holds it to the schema.

use super::explanation::{explanation_steps, explanation_summary};
use crate::cause::DocumentedCause;
use crate::escape::escape_json;
use crate::explain::{ExplainedError, Explanation, Facts};
use serde_json::Value;

/// Appends an explanation as one line of JSON, without a line break.
pub fn write_explanation_json(out: &mut Vec<u8>, explanation: &Explanation) {
    let Explanation { schema, id, error, others } = explanation;
    out.extend_from_slice(b"{\"schema\":");
    string(out, schema);
    out.extend_from_slice(b",\"id\":");
    match id {
        Value::String(id) => string(out, id),
        Value::Number(id) => number(out, id),
        id => other(out, id),
    }
    out.push(b',');
    members(out, error, true);
    out.extend_from_slice(b",\"others\":[");
    for (number, further) in others.iter().enumerate() {
        out.extend_from_slice(if number == 0 { b"{" } else { b",{" });
        members(out, further, true);
        out.push(b'}');
    }
    out.extend_from_slice(b"]}");
}

/// Appends the members of one error, without its place in a text.
pub(super) fn write_error_json(out: &mut Vec<u8>, error: &ExplainedError) {
    members(out, error, false);
}

fn members(out: &mut Vec<u8>, error: &ExplainedError, has_place: bool) {
    out.extend_from_slice(b"\"cause\":");
    string(out, error.cause.code());
    out.extend_from_slice(b",\"family\":");
    string(out, error.family.as_str());
    out.extend_from_slice(b",\"documented_cause\":");
    match error.documented_cause {
        Some(DocumentedCause::IamPermission) => out.extend_from_slice(b"\"iam-permission\""),
        Some(DocumentedCause::ModelAccess) => out.extend_from_slice(b"\"model-access\""),
        Some(cause) => other(out, &cause),
        None => out.extend_from_slice(b"null"),
    }
    for (name, value) in Facts::NAMES.iter().zip(error.facts.values()) {
        out.extend_from_slice(b",\"");
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\":");
        match value {
            Some(value) => string(out, value),
            None => out.extend_from_slice(b"null"),
        }
    }
    if has_place {
        out.extend_from_slice(b",\"span\":");
        number(out, &error.span);
    }
    out.extend_from_slice(b",\"summary\":");
    string(out, &explanation_summary(error));
    out.extend_from_slice(b",\"next\":[");
    for (number, step) in explanation_steps(error, None).iter().enumerate() {
        if number > 0 {
            out.push(b',');
        }
        string(out, step);
    }
    out.extend_from_slice(b"],\"alternatives\":[");
    for (number, alternative) in error.alternatives.iter().enumerate() {
        out.extend_from_slice(if number == 0 { b"{\"cause\":" } else { b",{\"cause\":" });
        string(out, alternative.cause.code());
        out.extend_from_slice(b",\"tell\":");
        string(out, alternative.tell);
        out.push(b'}');
    }
    out.push(b']');
}

/// Appends a string; looks for what must be escaped without branching on every byte.
fn string(out: &mut Vec<u8>, text: &str) {
    let special = |byte: u8| !(b' '..0x7f).contains(&byte) || byte == b'"' || byte == b'\\';
    let escapes = text.bytes().fold(false, |any, byte| any | special(byte));
    if escapes {
        return other(out, text);
    }
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

/// Appends numbers, in which nothing is to be escaped.
fn number<T: serde::Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    // Writing into memory does not fail.
    let _ = serde_json::to_writer(out, value);
}

/// Appends what is rarely written.
fn other<T: serde::Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    // Strings, numbers and parsed JSON: cannot fail.
    let document = serde_json::to_string(value).unwrap_or_default();
    out.extend_from_slice(escape_json(document).as_bytes());
}
