//! The streaming action that was forgotten, where a person would miss it.
//!
//! A note with advice and never an edit: whether an application streams, its policy does not tell.

use super::super::action::ActionPattern;
use super::published::INVOKE;
use super::view::{View, ask};
use super::{LintCode, Raw};

/// Parts of the ids of models that answer at once, or asynchronously: embeddings, reranking, images, video, speech.
const NEVER_STREAMED: [&str; 12] = [
    "embed",
    "rerank",
    "image",
    "canvas",
    "reel",
    "sonic",
    "stability.",
    "luma.",
    "marengo",
    "sd3",
    "stable",
    "upscale",
];

/// Prefixes of actions that a role has which Bedrock assumes, for the data of a job or a knowledge base.
const OF_SERVICE_ROLES: [&str; 5] = ["s3:", "s3vectors:", "aoss:", "rds-data:", "neptune-graph:"];

/// Actions of callers who do not stream, or of roles that Bedrock assumes.
const OF_OTHER_CALLERS: [&str; 8] = [
    "bedrock:CreateModelInvocationJob",
    "bedrock:GetAsyncInvoke",
    "bedrock:ListAsyncInvokes",
    "bedrock:GetFoundationModel",
    "bedrock:GetPrompt",
    "bedrock:InvokeFlow",
    "bedrock:RetrieveAndGenerate",
    "bedrock:Retrieve",
];

/// Names that statements of service roles carry in AWS's own examples.
const SIDS: [&str; 6] = ["agent", "knowledgebase", "batch", "async", "flow", "servicerole"];

/// Looks for statements that invoke without streaming, where no other statement of the same effect streams.
pub(super) fn check(all: &[View<'_>], found: &mut Vec<Raw>) {
    let [_, stream] = INVOKE;
    for allows in [true, false] {
        let streams = all.iter().any(|view| view.allows() == allows && view.has_action(stream));
        if streams || all.iter().any(|view| belongs_to_a_service(view)) {
            continue;
        }
        for view in all.iter().filter(|view| view.allows() == allows) {
            forgotten(view, found);
        }
    }
}

fn forgotten(view: &View<'_>, found: &mut Vec<Raw>) {
    let [invoke, stream] = INVOKE;
    if view.statement.excludes_actions() || view.statement.excludes_resources() || !view.has_action(invoke) {
        return;
    }
    let matches_only = |pattern: &str| {
        ActionPattern::new(pattern).is_some_and(|pattern| ask(invoke, "*", |asked| pattern.matches(asked)))
    };
    let Some(word) = view.actions.iter().find(|word| matches_only(word.text)) else { return };
    if !view.resources.iter().any(|word| may_be_streamed(word.text)) {
        return;
    }
    let (message, advice) = match view.allows() {
        true => (
            format!("`{}` without `{stream}` allows no streaming call", word.text),
            format!("add `{stream}` if the application streams (ConverseStream too); otherwise nothing is missing"),
        ),
        false => (
            format!("`{}` without `{stream}` leaves streaming calls open", word.text),
            format!("add `{stream}` if streaming calls are to be denied too"),
        ),
    };
    let mut finding = view.finding(LintCode::StreamingForgotten, *word, message);
    finding.advice = Some(advice);
    found.push(finding);
}

/// Returns `true` if a resource can be a model, or a way to one, that answers in a stream.
fn may_be_streamed(resource: &str) -> bool {
    let lower = resource.to_ascii_lowercase();
    !NEVER_STREAMED.iter().any(|part| lower.contains(part))
        && !lower.contains(":async-invoke/")
        && !lower.contains(":system-tool/")
        && !lower.contains(":project/")
}

/// Returns `true` if the statement shows that Bedrock assumes the role, or that another kind of caller has it.
fn belongs_to_a_service(view: &View<'_>) -> bool {
    let sid: String = view.statement.sid().unwrap_or_default().to_ascii_lowercase();
    let names = |word: &str| {
        let lower = word.to_ascii_lowercase();
        OF_SERVICE_ROLES.iter().any(|prefix| lower.starts_with(prefix))
            || OF_OTHER_CALLERS.iter().any(|action| lower == action.to_ascii_lowercase())
    };
    view.statement.principals.is_some()
        || SIDS.iter().any(|part| sid.contains(part))
        || view.resources.iter().any(|word| word.text.contains(":async-invoke/"))
        || (!view.statement.excludes_actions() && view.actions.iter().any(|word| names(word.text)))
}
