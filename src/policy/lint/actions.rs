//! Mistakes in `Action`: names and prefixes that do not exist, the stream that was forgotten, grants without use.

use super::super::pattern::{LetterCase, Pattern};
use super::view::{INVOKE, View, Word, ask};
use super::{LintCode, Raw, names};
use crate::bedrock::ServiceAuthorization;

/// API calls that are authorized as another action, with that action's name
/// (Service Authorization Reference, operations of Amazon Bedrock).
const AUTHORIZED_AS: [(&str, &str); 5] = [
    ("Converse", "InvokeModel"),
    ("ConverseStream", "InvokeModelWithResponseStream"),
    ("StartAsyncInvoke", "InvokeModel"),
    ("InvokeModelWithBidirectionalStream", "InvokeModel"),
    ("RetrieveAndGenerateStream", "RetrieveAndGenerate"),
];

/// The prefixes that begin with `bedrock` and exist.
const PREFIXES: [&str; 4] = ["bedrock", "bedrock-mantle", "bedrock-agentcore", "bedrock-websearch"];

/// Looks for mistakes in a statement's actions.
pub(super) fn check(view: &View<'_>, streams: Streams, found: &mut Vec<Raw>) {
    for word in &view.actions {
        name(view, *word, found);
    }
    streaming(view, streams, found);
    without_resource_types(view, found);
}

fn name(view: &View<'_>, word: Word<'_>, found: &mut Vec<Raw>) {
    let Some((prefix, name)) = word.text.split_once(':') else { return };
    let lower = prefix.to_ascii_lowercase();
    let wild = |text: &str| text.contains(['*', '?']);
    if lower.starts_with("bedrock") && !wild(&lower) && !PREFIXES.contains(&lower.as_str()) {
        let actions = right_names("bedrock", name).unwrap_or_else(|| vec![format!("bedrock:{name}")]);
        let message = format!("there is no service prefix `{prefix}`; the action is {}", quoted(&actions));
        let mut finding = view.finding(LintCode::WrongPrefix, word, message);
        finding.corrected = Some(view.replacing(word.text, &actions));
        found.push(finding);
        return;
    }
    let Some(service) = ServiceAuthorization::of(&lower) else { return };
    if !view.statement.excludes_actions() && view.allows() && lower == "bedrock" && name.eq_ignore_ascii_case(UNUSED) {
        let message = format!("`{}` grants nothing any more", word.text);
        let mut finding = view.finding(LintCode::UnusedGrant, word, message);
        // A statement without any other action goes as a whole.
        finding.corrected = (view.actions.len() > 1).then(|| view.replacing(word.text, &[]));
        found.push(finding);
    }
    let pattern = Pattern::new(name, LetterCase::Ignored);
    if service.actions().any(|(known, _)| pattern.matches(known)) {
        return;
    }
    let effect = if view.allows() == view.statement.excludes_actions() { "denies" } else { "allows" };
    let right = right_names(&lower, name);
    let message = match &right {
        Some(right) => {
            format!("`{}` matches no action and {effect} nothing; the action is {}", word.text, quoted(right))
        }
        None => format!("`{}` matches no action and {effect} nothing", word.text),
    };
    let mut finding = view.finding(LintCode::UnknownAction, word, message);
    finding.corrected = right.map(|right| view.replacing(word.text, &right));
    found.push(finding);
}

/// The action that switched model access on before it was on by default.
const UNUSED: &str = "PutFoundationModelEntitlement";

/// Finds what a name that does not exist was meant to be.
fn right_names(prefix: &str, name: &str) -> Option<Vec<String>> {
    let pattern = Pattern::new(name, LetterCase::Ignored);
    let mut actions: Vec<String> = Vec::new();
    if prefix == "bedrock" {
        for (_, action) in AUTHORIZED_AS.iter().filter(|(api, _)| pattern.matches(api)) {
            let action = format!("{prefix}:{action}");
            if !actions.contains(&action) {
                actions.push(action);
            }
        }
    }
    let service = ServiceAuthorization::of(prefix)?;
    if service.actions().any(|(known, _)| pattern.matches(known)) {
        return Some(vec![format!("{prefix}:{name}")]);
    }
    if actions.is_empty() {
        let known = service.actions().map(|(known, _)| known);
        actions.push(format!("{prefix}:{}", names::closest(name, known)?));
    }
    Some(actions)
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ")
}

/// Whether any statement of an effect is about streaming calls.
#[derive(Clone, Copy)]
pub(super) struct Streams {
    allowed: bool,
    denied: bool,
}

impl Streams {
    /// Looks through all statements once.
    pub fn of(all: &[View<'_>]) -> Self {
        let [_, stream] = INVOKE;
        let any = |allows: bool| all.iter().any(|view| view.allows() == allows && view.has_action(stream));
        Self { allowed: any(true), denied: any(false) }
    }
}

/// Finds a statement that invokes and does not stream, where no other statement of the same effect streams.
fn streaming(view: &View<'_>, streams: Streams, found: &mut Vec<Raw>) {
    let [invoke, stream] = INVOKE;
    if view.statement.excludes_actions() || !view.has_action(invoke) {
        return;
    }
    if if view.allows() { streams.allowed } else { streams.denied } {
        return;
    }
    let Some(word) = view.actions.iter().find(|word| matches_only(word.text, invoke)) else { return };
    let message = if view.allows() {
        format!("`{}` without `{stream}` allows no streaming call", word.text)
    } else {
        format!("`{}` without `{stream}` leaves streaming calls open", word.text)
    };
    let mut finding = view.finding(LintCode::StreamingForgotten, *word, message);
    finding.corrected = Some(view.replacing(word.text, &[word.text.to_owned(), stream.to_owned()]));
    found.push(finding);
}

fn matches_only(pattern: &str, action: &str) -> bool {
    super::super::action::ActionPattern::new(pattern)
        .is_some_and(|pattern| ask(action, "*", |asked| pattern.matches(asked)))
}

/// Finds actions without resource types that are allowed on ARNs only.
fn without_resource_types(view: &View<'_>, found: &mut Vec<Raw>) {
    let statement = view.statement;
    if !view.allows() || statement.excludes_actions() || statement.excludes_resources() || view.resources.is_empty() {
        return;
    }
    let reaches_star = view.resources.iter().any(|word| word.text.bytes().all(|byte| byte == b'*'));
    if reaches_star {
        return;
    }
    let mut lost: Vec<Word<'_>> = Vec::new();
    for word in &view.actions {
        let Some((prefix, name)) = word.text.split_once(':') else { continue };
        let Some(service) = ServiceAuthorization::of(prefix) else { continue };
        let pattern = Pattern::new(name, LetterCase::Ignored);
        let mut types = service
            .actions()
            .filter(|(known, _)| pattern.matches(known))
            .map(|(_, action)| action.resource_types().count());
        let first = types.next();
        if first == Some(0) && types.all(|count| count == 0) {
            lost.push(*word);
        }
    }
    for word in &lost {
        let message = format!("`{}` has no resource types, and the ARNs here do not match `*`", word.text);
        let mut finding = view.finding(LintCode::ResourceMustBeStar, *word, message);
        let starred = |actions: serde_json::Value| {
            let mut value = view.value();
            if let Some(members) = value.as_object_mut() {
                members.insert("Action".to_owned(), actions);
                members.insert("Resource".to_owned(), "*".into());
                members.shift_remove("Sid");
            }
            value
        };
        let names: Vec<String> = lost.iter().map(|word| word.text.to_owned()).collect();
        let others: Vec<&Word<'_>> =
            view.actions.iter().filter(|word| !names.iter().any(|name| name == word.text)).collect();
        finding.corrected = Some(if others.is_empty() {
            let mut value = view.value();
            if let Some(members) = value.as_object_mut() {
                members.insert("Resource".to_owned(), "*".into());
            }
            value
        } else {
            let mut rest = view.value();
            if let Some(members) = rest.as_object_mut() {
                let others: Vec<serde_json::Value> = others.iter().map(|word| word.text.into()).collect();
                members.insert("Action".to_owned(), others.into());
            }
            let names: Vec<serde_json::Value> = names.iter().map(|name| name.as_str().into()).collect();
            serde_json::Value::Array(vec![rest, starred(names.into())])
        });
        found.push(finding);
    }
}
