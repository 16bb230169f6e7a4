//! `explain_error`: which cause an error text names. Offline.

use crate::cause::{Cause, catalogue};
use crate::explain::explain;
use crate::mcp::arguments::Arguments;
use crate::mcp::context::Context;
use crate::mcp::error::ToolError;
use crate::mcp::quoted::leave_out_secrets;
use crate::mcp::tool::{Answer, Reach, Tool, structure};
use crate::redact::Redactor;
use crate::report;
use crate::secrets::without_secrets;
use serde_json::{Value, json};
use std::time::Duration;

pub(super) const EXPLAIN_ERROR: Tool = Tool {
    name: "explain_error",
    title: "Explain an error text",
    description: "Explains the text of an error from Amazon Bedrock: which cause it names, who was refused what, and what to \
do next. Offline: makes no call and needs no credentials. Begin here where there is an error text.",
    reach: Reach::Nothing,
    arguments,
    required: &["text"],
    answer: "explanation-1",
    time_limit: Duration::from_secs(60),
    run,
};

fn arguments() -> Value {
    json!({
        "text": {
            "type": "string",
            "description": "The whole error text, unedited; a log or a stack trace around it does no harm.",
            "examples": ["An error occurred (AccessDeniedException) when calling the InvokeModel operation: You don't have access to the model with the specified model ID."]
        }
    })
}

fn run(context: &Context, arguments: &Arguments) -> Result<Answer, ToolError> {
    let text = arguments.text("text")?.unwrap_or_default();
    if text.trim().is_empty() {
        return Err(ToolError::argument("text", "it holds no error message")
            .hint("paste the whole message, with its model and principal"));
    }
    let redacted = context.settings.redact.then(|| Redactor::default().message(&without_secrets(text)));
    let explanation = explain(redacted.as_deref().unwrap_or(text));
    let error = &explanation.error;
    let mut json = Vec::new();
    report::write_explanation_json(&mut json, &explanation);
    let mut structure = structure(&String::from_utf8_lossy(&json))?;
    leave_out_secrets(&mut structure);
    let documented = structure.get("documented_cause").and_then(Value::as_str).unwrap_or("not known");
    let mut own = vec![format!("cause: {} (documented cause: {documented})", error.cause)];
    match error.cause {
        Cause::Unrecognized => own.push("nothing was recognized in the text".to_owned()),
        cause => {
            own.push(format!("meaning: {}", catalogue::entry(cause).title));
            own.push(format!("read more: bedrock-access://causes/{cause}"));
        }
    }
    if !explanation.others.is_empty() {
        own.push(format!("further errors in the text: {}", explanation.others.len()));
    }
    Ok(Answer {
        own,
        report: without_secrets(&report::explanation_text(&explanation, None, report::COLUMNS)).into_owned(),
        notes: Vec::new(),
        structure,
    })
}
