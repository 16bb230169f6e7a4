//! The answer to a line that holds nothing to answer, wherever lines are read: `docs/schema/error-1.json`.

use crate::escape::escape_json;
use serde::Serialize;
use serde_json::Value;

#[derive(Serialize)]
struct BadLine<'a> {
    schema: &'static str,
    id: &'a Value,
    line: u64,
    error: &'a str,
}

/// Writes the answer as a line of JSON, without a line feed; `line` counts from 1.
pub(super) fn bad_line(id: &Value, line: u64, error: &str) -> String {
    let answer = BadLine { schema: "bedrock-access/error/1", id, line, error };
    // Strings and numbers alone: serialization has no case to fail in.
    escape_json(serde_json::to_string(&answer).unwrap_or_default())
}
