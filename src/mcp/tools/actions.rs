//! `required_permissions`: what each operation is authorized as. A table; makes no call.

use crate::answer::operation_named;
use crate::bedrock::Operation;
use crate::mcp::arguments::Arguments;
use crate::mcp::context::Context;
use crate::mcp::error::ToolError;
use crate::mcp::tool::{Answer, Reach, Tool, structure};
use crate::report;
use serde_json::{Value, json};
use std::time::Duration;

/// The most operations of one answer; the whole table is a resource.
const MOST: usize = 10;

pub(super) const REQUIRED_PERMISSIONS: Tool = Tool {
    name: "required_permissions",
    title: "Look up required permissions",
    description: "Says which IAM actions an operation of Amazon Bedrock is authorized as, on which kinds of resources, whose \
permission it is (the caller's or the service role's), and when. A table of this program: makes no call. The policy for a \
certain model is what `generate_policy` writes.",
    reach: Reach::Nothing,
    arguments,
    required: &["operations"],
    answer: "actions-1",
    time_limit: Duration::from_secs(30),
    run,
};

fn arguments() -> Value {
    json!({
        "operations": {
            "type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": MOST,
            "description": "API operations or IAM actions; the resource bedrock-access://operations lists all.",
            "examples": [["Converse"], ["CreateAgent", "bedrock:RetrieveAndGenerate"]]
        }
    })
}

fn run(_: &Context, arguments: &Arguments) -> Result<Answer, ToolError> {
    let mut operations: Vec<Operation> = Vec::new();
    for name in arguments.texts("operations")? {
        let operation = operation_named(name).ok_or_else(|| {
            ToolError::argument("operations", format!("there is no operation `{name}`"))
                .hint("the resource bedrock-access://operations lists all")
        })?;
        if !operations.contains(&operation) {
            operations.push(operation);
        }
    }
    if operations.is_empty() || operations.len() > MOST {
        return Err(ToolError::argument("operations", format!("name 1 to {MOST} operations")));
    }
    let names: Vec<&str> = operations.iter().map(|operation| operation.as_str()).collect();
    Ok(Answer {
        own: vec![format!("operations: {}", names.join(", "))],
        report: report::actions_text(&operations).plain(),
        notes: Vec::new(),
        structure: structure(&report::actions_json(&operations))?,
    })
}
