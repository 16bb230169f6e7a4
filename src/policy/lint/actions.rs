//! Mistakes in `Action`: names and prefixes that do not exist, ARNs for actions without resource types, useless grants.

use super::super::pattern::{LetterCase, Pattern};
use super::correction::{Correction, one_or_many};
use super::view::{View, Word, arn_parts};
use super::{LintCode, Raw, names, published};
use crate::bedrock::ServiceAuthorization;
use serde_json::Value;

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

/// The actions of the endpoints whose names are taken for prefixes (API Reference, operations of Amazon Bedrock Runtime
/// and of Agents for Amazon Bedrock Runtime, November 2026).
const RUNTIME: [&str; 6] = [
    "ApplyGuardrail",
    "CountTokens",
    "GetAsyncInvoke",
    "InvokeModel",
    "InvokeModelWithResponseStream",
    "ListAsyncInvokes",
];
const AGENT_RUNTIME: [&str; 10] = [
    "DeleteAgentMemory",
    "GenerateQuery",
    "GetAgentMemory",
    "InvokeAgent",
    "InvokeFlow",
    "InvokeInlineAgent",
    "OptimizePrompt",
    "Rerank",
    "Retrieve",
    "RetrieveAndGenerate",
];

/// Looks for mistakes in a statement's actions.
pub(super) fn check(view: &View<'_>, found: &mut Vec<Raw>) {
    for word in &view.actions {
        name(view, *word, found);
    }
    without_resource_types(view, found);
}

fn name(view: &View<'_>, word: Word<'_>, found: &mut Vec<Raw>) {
    let Some((prefix, name)) = word.text.split_once(':') else { return };
    let lower = prefix.to_ascii_lowercase();
    if lower.starts_with("bedrock") && !lower.contains(['*', '?']) && !PREFIXES.contains(&lower.as_str()) {
        wrong_prefix(view, word, &lower, name, found);
        return;
    }
    let Some(service) = ServiceAuthorization::of(&lower) else { return };
    if !view.statement.excludes_actions()
        && view.allows()
        && lower == "bedrock"
        && name.eq_ignore_ascii_case(published::UNUSED)
    {
        let message = format!("`{}` no longer grants anything", word.text);
        let mut finding = view.finding(LintCode::UnusedGrant, word, message);
        finding.correction = view.with_actions(word.text, &[]);
        finding.advice = Some("remove it; without another action, remove the statement".to_owned());
        found.push(finding);
    }
    let pattern = Pattern::new(name, LetterCase::Ignored);
    if service.actions().any(|(known, _)| pattern.matches(known)) {
        return;
    }
    let effect = if view.allows() == view.statement.excludes_actions() { "denies" } else { "allows" };
    let right = match authorized_as(&lower, &pattern) {
        actions if actions.is_empty() => near_name(&lower, name).map(|near| (vec![near], true)),
        actions => Some((actions, false)),
    };
    let message = match &right {
        Some((right, _)) => {
            format!("`{}` matches no action and {effect} nothing; the action is {}", word.text, quoted(right))
        }
        None => format!("`{}` matches no action and {effect} nothing", word.text),
    };
    let mut finding = view.finding(LintCode::UnknownAction, word, message);
    finding.advice = Some(match &right {
        Some((right, _)) => format!("if {} is what is meant, put it there; otherwise remove the entry", quoted(right)),
        None => "look the action up in the Service Authorization Reference, or remove the entry".to_owned(),
    });
    finding.correction = right.and_then(|(right, is_guess)| {
        let correction = view.with_actions(word.text, &right)?;
        // A deny of one API call also denies the others that are authorized as the same action.
        Some(if is_guess || !view.allows() { correction.guessed() } else { correction })
    });
    found.push(finding);
}

/// Reports the name of an endpoint or client where the service prefix belongs.
fn wrong_prefix(view: &View<'_>, word: Word<'_>, prefix: &str, name: &str, found: &mut Vec<Raw>) {
    let actions = actions_behind(view, prefix, name);
    let message = match actions.as_slice() {
        [] => format!("there is no service prefix `{prefix}`"),
        [action] => format!("there is no service prefix `{prefix}`; the action is `{action}`"),
        actions => format!("there is no service prefix `{prefix}`; the actions are {}", quoted(actions)),
    };
    let mut finding = view.finding(LintCode::WrongPrefix, word, message);
    finding.advice = Some(match actions.is_empty() {
        true => "name the actions that are meant, with the prefix `bedrock`".to_owned(),
        false => format!("write {}", quoted(&actions)),
    });
    let is_exact = !name.contains(['*', '?']) && prefix != "bedrock-agentcore-control";
    finding.correction = (!actions.is_empty()).then(|| view.with_actions(word.text, &actions)).flatten();
    if !is_exact {
        finding.correction = finding.correction.map(Correction::guessed);
    }
    found.push(finding);
}

/// Returns the actions that an entry with an endpoint's name as prefix stands for; none if that cannot be known.
fn actions_behind(view: &View<'_>, prefix: &str, name: &str) -> Vec<String> {
    let pattern = Pattern::new(name, LetterCase::Ignored);
    let is_wild = name.contains(['*', '?']);
    if prefix.starts_with("bedrock-agentcore") {
        let known = ServiceAuthorization::of("bedrock-agentcore").is_none_or(|service| service.action(name).is_some());
        return if is_wild || !known { Vec::new() } else { vec![format!("bedrock-agentcore:{name}")] };
    }
    let Some(service) = ServiceAuthorization::of("bedrock") else { return Vec::new() };
    if !is_wild {
        if service.action(name).is_some() {
            return vec![format!("bedrock:{name}")];
        }
        let authorized = authorized_as("bedrock", &pattern);
        return if authorized.is_empty() { near_name("bedrock", name).into_iter().collect() } else { authorized };
    }
    let names: &[&str] = match prefix {
        "bedrock-runtime" => &RUNTIME,
        "bedrock-agent-runtime" => &AGENT_RUNTIME,
        _ => &[],
    };
    let mut actions = authorized_as("bedrock", &pattern);
    for name in names.iter().filter(|name| pattern.matches(name) && can_be_on_resources(view, service, name)) {
        let action = format!("bedrock:{name}");
        if !actions.contains(&action) {
            actions.push(action);
        }
    }
    actions
}

/// Returns `true` if the action can be authorized on one of the statement's resources.
fn can_be_on_resources(view: &View<'_>, service: &ServiceAuthorization, action: &str) -> bool {
    let Some((_, published)) = service.action(action) else { return false };
    view.statement.excludes_resources()
        || view.resources.iter().any(|word| match arn_parts(word.text) {
            Some([_, _, "bedrock", _, _, resource]) => {
                let kind = resource.split('/').next().unwrap_or(resource);
                kind.contains(['*', '?']) || published.resource_types().any(|known| known == kind)
            }
            _ => true,
        })
}

/// Returns the actions that API calls of a name are authorized as.
fn authorized_as(prefix: &str, pattern: &Pattern) -> Vec<String> {
    let mut actions: Vec<String> = Vec::new();
    if prefix == "bedrock" {
        for (_, action) in AUTHORIZED_AS.iter().filter(|(api, _)| pattern.matches(api)) {
            let action = format!("{prefix}:{action}");
            if !actions.contains(&action) {
                actions.push(action);
            }
        }
    }
    actions
}

/// Returns the action that a misspelt name stands for. A name that begins with another verb that exists is not a
/// misspelling: `PutAgent` is not meant to be `GetAgent`.
fn near_name(prefix: &str, name: &str) -> Option<String> {
    let service = ServiceAuthorization::of(prefix)?;
    let near = names::closest(name, service.actions().map(|(known, _)| known))?;
    let verb = |name: &str| -> String {
        let mut chars = name.chars();
        chars.next().into_iter().chain(chars.take_while(|c| !c.is_ascii_uppercase())).collect()
    };
    let exists = |wanted: &str| service.actions().any(|(known, _)| verb(known).eq_ignore_ascii_case(wanted));
    let same = verb(name).eq_ignore_ascii_case(&verb(near));
    (same || !exists(&verb(name))).then(|| format!("{prefix}:{near}"))
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ")
}

/// Finds actions without resource types that are allowed on ARNs only.
fn without_resource_types(view: &View<'_>, found: &mut Vec<Raw>) {
    let statement = view.statement;
    if !view.allows() || statement.excludes_actions() || statement.excludes_resources() || view.resources.is_empty() {
        return;
    }
    if view.resources.iter().any(Word::is_star) {
        return;
    }
    let lost: Vec<Word<'_>> = view.actions.iter().copied().filter(|word| has_no_resource_types(*word)).collect();
    for word in &lost {
        let message = format!("`{}` has no resource types, and the ARNs here do not match `*`", word.text);
        let mut finding = view.finding(LintCode::ResourceMustBeStar, *word, message);
        finding.advice = Some(format!("allow `{}` in a statement with `\"Resource\": \"*\"`", word.text));
        finding.correction = on_everything(view, &lost);
        found.push(finding);
    }
}

/// Returns `true` if every action that an entry matches is authorized on `*` alone.
fn has_no_resource_types(word: Word<'_>) -> bool {
    let Some((prefix, name)) = word.text.split_once(':') else { return false };
    let Some(service) = ServiceAuthorization::of(prefix) else { return false };
    let pattern = Pattern::new(name, LetterCase::Ignored);
    let mut types = service
        .actions()
        .filter(|(known, _)| pattern.matches(known))
        .map(|(_, action)| action.resource_types().count());
    types.next() == Some(0) && types.all(|count| count == 0)
}

/// Moves actions into a statement of their own, on `*` and under the same conditions. `None` if one of the conditions
/// is on a key that such an action cannot carry.
fn on_everything(view: &View<'_>, lost: &[Word<'_>]) -> Option<Correction> {
    let only_resources = ["bedrock:InferenceProfileArn", "bedrock:GuardrailIdentifier", "bedrock:PromptRouterArn"];
    let is_carried = |key: &str| {
        !only_resources.iter().any(|known| known.eq_ignore_ascii_case(key))
            && !key.to_ascii_lowercase().starts_with("aws:resourcetag/")
    };
    if !view.conditions.iter().all(|condition| is_carried(condition.key.text)) {
        return None;
    }
    let list = |words: Vec<&str>| one_or_many(words.into_iter().map(Value::from).collect());
    let names: Vec<&str> = lost.iter().map(|word| word.text).collect();
    let others: Vec<&str> = view.actions.iter().map(|word| word.text).filter(|text| !names.contains(text)).collect();
    let mut starred = view.value();
    starred.as_object_mut()?.insert("Resource".to_owned(), "*".into());
    if others.is_empty() {
        return Some(Correction::safe(starred));
    }
    let members = starred.as_object_mut()?;
    members.insert("Action".to_owned(), list(names));
    members.shift_remove("Sid");
    let mut rest = view.value();
    rest.as_object_mut()?.insert("Action".to_owned(), list(others));
    let mut correction = Correction::safe(rest);
    correction.statements.push(starred);
    Some(correction)
}
