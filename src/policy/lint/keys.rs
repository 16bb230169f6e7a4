//! Mistakes in the keys of `Condition`: keys that do not exist, or that no action of the statement carries.

use super::correction::{Correction, edit_condition};
use super::global_keys::GLOBAL_KEYS;
use super::view::{ConditionView, View, Word, is_wild};
use super::{LintCode, Raw, names};
use crate::bedrock::ServiceAuthorization;

/// Looks for mistakes in the keys of a statement's conditions.
pub(super) fn check(view: &View<'_>, found: &mut Vec<Raw>) {
    for condition in &view.conditions {
        unknown(view, condition, found);
    }
}

fn unknown(view: &View<'_>, condition: &ConditionView<'_>, found: &mut Vec<Raw>) {
    let key = condition.key.text;
    let Some((prefix, name)) = key.split_once(':') else {
        let all = GLOBAL_KEYS.into_iter().chain(bedrock_keys()).filter(|known| !known.contains('$'));
        let same =
            all.clone().find(|known| known.split_once(':').is_some_and(|(_, name)| name.eq_ignore_ascii_case(key)));
        let near = same.or_else(|| names::closest(key, all));
        report(view, condition, near.map(|near| (near.to_owned(), same.is_none())), found);
        return;
    };
    let lower = prefix.to_ascii_lowercase();
    if lower == "aws" {
        if !GLOBAL_KEYS.iter().any(|known| condition.is_on(known)) {
            report(view, condition, right_global(key, name), found);
        }
        return;
    }
    if !lower.starts_with("bedrock") {
        return;
    }
    let Some(service) = ServiceAuthorization::of(&lower) else {
        if lower == "bedrock-runtime" || lower == "bedrock-agent" || lower == "bedrock-agent-runtime" {
            let same = bedrock_keys().find(|known| known.ends_with(&format!(":{name}")));
            report(view, condition, same.map(|same| (same.to_owned(), false)), found);
        }
        return;
    };
    if !service.condition_keys().any(|known| known.eq_ignore_ascii_case(key)) {
        let global = GLOBAL_KEYS
            .into_iter()
            .find(|known| known.split_once(':').is_some_and(|(_, n)| n.eq_ignore_ascii_case(name)));
        let near = global.map(|global| (global.to_owned(), false));
        let near = near.or_else(|| names::closest(key, service.condition_keys()).map(|near| (near.to_owned(), true)));
        report(view, condition, near, found);
        return;
    }
    not_carried(view, condition, service, found);
}

/// Returns the key that one with the prefix `aws:` stands for, and whether that is a guess.
fn right_global(key: &str, name: &str) -> Option<(String, bool)> {
    // A service's key under the global prefix is the commonest slip.
    let same = bedrock_keys().find(|known| known.split_once(':').is_some_and(|(_, n)| n.eq_ignore_ascii_case(name)));
    if let Some(same) = same {
        return Some((same.to_owned(), false));
    }
    // The key of a tag stays behind the slash.
    if let Some((front, tag)) = key.split_once('/') {
        let tagged = GLOBAL_KEYS.into_iter().filter_map(|known| known.strip_suffix('/'));
        return names::closest(front, tagged).map(|near| (format!("{near}/{tag}"), true));
    }
    names::closest(key, GLOBAL_KEYS.into_iter().filter(|known| !known.ends_with('/')))
        .map(|near| (near.to_owned(), true))
}

/// Finds a key that exists and that none of the statement's actions carries.
fn not_carried(view: &View<'_>, condition: &ConditionView<'_>, service: &ServiceAuthorization, found: &mut Vec<Raw>) {
    if view.statement.excludes_actions() {
        return;
    }
    let carries = |word: &Word<'_>| {
        let Some((prefix, name)) = word.text.split_once(':') else { return true };
        if name.contains(['*', '?']) || ServiceAuthorization::of(prefix).is_none() {
            return true;
        }
        match service.action(name) {
            Some((_, action)) => {
                let of_types = action.resource_types().filter_map(|name| service.resource_type(name));
                let keys = action.condition_keys.iter().chain(of_types.flat_map(|(_, kind)| &kind.condition_keys));
                keys.into_iter().any(|key| key.eq_ignore_ascii_case(condition.key.text))
            }
            // An action that does not exist is found elsewhere.
            None => true,
        }
    };
    if !view.actions.iter().any(carries) {
        let message = format!("no action of the statement carries `{}`", condition.key.text);
        let mut finding = view.finding(LintCode::UnknownConditionKey, condition.key, message);
        finding.advice = Some("move the condition to a statement with an action that carries the key".to_owned());
        found.push(finding);
    }
}

fn bedrock_keys() -> impl Iterator<Item = &'static str> + Clone {
    let keys: Vec<&'static str> = ServiceAuthorization::of("bedrock")
        .map(|service| service.condition_keys().filter(|key| key.starts_with("bedrock:")).collect())
        .unwrap_or_default();
    keys.into_iter()
}

fn report(view: &View<'_>, condition: &ConditionView<'_>, right: Option<(String, bool)>, found: &mut Vec<Raw>) {
    let key = condition.key.text;
    let message = match &right {
        Some((right, _)) => {
            format!("there is no condition key `{key}`; did you mean `{}`?", right.trim_end_matches('/'))
        }
        None => format!("there is no condition key `{key}`"),
    };
    let mut finding = view.finding(LintCode::UnknownConditionKey, condition.key, message);
    finding.advice = Some(match &right {
        Some((right, _)) => format!("check what `{}` holds, and write that key", right.trim_end_matches('/')),
        None => "see the condition keys in the Service Authorization Reference and the IAM User Guide".to_owned(),
    });
    finding.correction = right.and_then(|(right, is_guess)| {
        let correction = renamed(view, condition, &right)?;
        Some(if is_guess { correction.guessed() } else { correction })
    });
    found.push(finding);
}

/// Renames a condition's key. `None` if the values cannot be those of the right key, or if that has a condition already.
fn renamed(view: &View<'_>, condition: &ConditionView<'_>, right: &str) -> Option<Correction> {
    let holds_arns = super::published::holds_arns(right);
    if right.ends_with('/')
        || view.conditions_on(right).next().is_some()
        || holds_arns && !condition.values.iter().all(|value| value.text.starts_with("arn:") || is_wild(value.text))
    {
        return None;
    }
    let mut statement = view.value();
    let mut is_renamed = false;
    edit_condition(&mut statement, condition.operator_name, |block| {
        if let Some(values) = block.shift_remove(condition.key.text) {
            block.insert(right.to_owned(), values);
            is_renamed = true;
        }
    });
    is_renamed.then(|| Correction::safe(statement).editing(condition.operator_name, condition.key.text))
}
