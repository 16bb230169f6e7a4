//! What a tool is: its name, what it takes and answers, what it may call; and how it is run.

use super::arguments::Arguments;
use super::context::Context;
use super::error::ToolError;
use super::schemas;
use super::settings::Settings;
use crate::redact::Redactor;
use rmcp::model::{Tool as DescribedTool, ToolAnnotations};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// What a tool may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Nothing: it works on what it is given.
    Nothing,
    /// The reads of the account that docs/security.md lists.
    Reads,
    /// The same, and a test call where both switches are on.
    ReadsAndTests,
}

/// A tool.
pub(super) struct Tool {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) description: &'static str,
    pub(super) reach: Reach,
    /// The properties of its arguments, and those that must be there.
    pub(super) arguments: fn() -> Value,
    pub(super) required: &'static [&'static str],
    /// The published schema of its structured answer.
    pub(super) answer: &'static str,
    pub(super) time_limit: Duration,
    pub(super) run: fn(&Context, &Arguments) -> Result<Answer, ToolError>,
}

/// What a tool answers.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// The server's own words: codes and numbers, from fixed vocabularies alone.
    pub(super) own: Vec<String>,
    /// The report, which quotes.
    pub(super) report: String,
    /// What is to be said besides, which may quote as well.
    pub(super) notes: Vec<String>,
    /// The answer as the published schema describes it.
    pub(super) structure: Value,
}

impl Tool {
    /// Describes the tool to a client; what it may do depends on how the server was started.
    pub(super) fn described(&self, settings: &Settings) -> DescribedTool {
        let makes_test_calls = self.reach == Reach::ReadsAndTests && settings.allow_test_calls;
        let calls_out = self.reach != Reach::Nothing && settings.world.is_none();
        let annotations = ToolAnnotations::with_title(self.title)
            // A test call may accept a model's licence, and a real one is billed.
            .read_only(!makes_test_calls)
            .destructive(false)
            .idempotent(!makes_test_calls)
            .open_world(calls_out);
        let mut description = self.description.to_owned();
        if self.reach == Reach::ReadsAndTests {
            description.push_str(match settings.allow_test_calls {
                true => " This server may make a test call where `test_call` asks for one: ask the user first.",
                false => " This server makes no test calls.",
            });
        }
        DescribedTool::new(self.name, description, Arc::new(self.input_schema()))
            .with_title(self.title)
            .with_raw_output_schema(Arc::new(schemas::of_answer(self.answer)))
            .with_annotations(annotations)
    }

    pub(super) fn properties(&self) -> Map<String, Value> {
        match (self.arguments)() {
            Value::Object(properties) => properties,
            _ => Map::new(),
        }
    }

    fn input_schema(&self) -> Map<String, Value> {
        let schema = json!({
            "type": "object",
            "properties": self.properties(),
            "required": self.required,
            "additionalProperties": false,
        });
        match schema {
            Value::Object(schema) => schema,
            _ => Map::new(),
        }
    }
}

/// Runs a tool with what it was given.
pub(super) fn run(tool: &Tool, context: &Context, given: Option<Map<String, Value>>) -> Result<Answer, ToolError> {
    let arguments = Arguments::new(given, &tool.properties())?;
    if let Some(missing) = tool.required.iter().find(|name| arguments.value(name).is_none()) {
        return Err(ToolError::argument(missing, "it is missing, and the tool needs it"));
    }
    context.check()?;
    let known = tool.properties();
    (tool.run)(context, &arguments).map_err(|error| ToolError {
        // Only a name of the tool's own is said in the server's words.
        argument: error.argument.filter(|name| known.contains_key(name)),
        ..error
    })
}

/// Reads a document that this program wrote.
pub(super) fn structure(json: &str) -> Result<Value, ToolError> {
    serde_json::from_str(json)
        .map_err(|error| ToolError::general(format!("the answer does not hold together: {error}")))
}

/// Gives the names in an answer aliases; `readable` are models and Regions, which stay.
pub(super) fn without_names(answer: &mut Answer, schema: &str, readable: impl IntoIterator<Item = String>) {
    let mut redactor = Redactor::default();
    let kept: BTreeSet<String> = schemas::fixed_words(schema).into_iter().chain(readable).collect();
    answer.structure = redactor.document_of_trail(&answer.structure, kept);
    answer.report = answer.report.lines().map(|line| redactor.message(line) + "\n").collect();
    answer.notes = answer.notes.iter().map(|note| redactor.message(note)).collect();
}
