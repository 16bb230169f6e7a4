//! Mistakes in the values of `Condition`: ids where ARNs belong, wildcards that are compared as letters, unknown words.

use super::super::condition::Compare;
use super::correction::{Correction, edit_condition, replace_in};
use super::published::{ENUMERATED, holds_arns, is_endpoint};
use super::view::{ConditionView, View, Word, is_wild};
use super::{LintCode, Raw};
use serde_json::{Map, Value};

/// Looks for mistakes in the values of a statement's conditions.
pub(super) fn check(view: &View<'_>, found: &mut Vec<Raw>) {
    for condition in &view.conditions {
        not_an_arn(view, condition, found);
        wildcard(view, condition, found);
        unknown_value(view, condition, found);
        passed_service(view, condition, found);
    }
}

fn compares_text(condition: &ConditionView<'_>) -> bool {
    matches!(
        condition.operator.compare,
        Compare::String | Compare::StringIgnoreCase | Compare::StringLike | Compare::Arn
    )
}

fn not_an_arn(view: &View<'_>, condition: &ConditionView<'_>, found: &mut Vec<Raw>) {
    if !compares_text(condition) || !holds_arns(condition.key.text) {
        return;
    }
    let is_arn = |word: &&Word<'_>| word.text.starts_with("arn:") || word.text.starts_with(['*', '$', '?']);
    let Some(value) = condition.values.iter().find(|word| !is_arn(word)) else { return };
    let never = if condition.operator.negated { "always differs from it" } else { "never equals it" };
    let message = format!("`{}` holds an ARN, and `{}` is none: the key {never}", condition.key.text, value.text);
    let mut finding = view.finding(LintCode::KeyValueNotAnArn, *value, message);
    finding.advice = Some(match condition.key.text.to_ascii_lowercase().as_str() {
        "bedrock:guardrailidentifier" => format!(
            "write `arn:aws:bedrock:REGION:ACCOUNT:guardrail/{}`; a version follows as `:N`",
            value.text.split(':').next().unwrap_or_default()
        ),
        "bedrock:inferenceprofilearn" => {
            format!("write `arn:aws:bedrock:REGION:ACCOUNT:inference-profile/{}`", value.text)
        }
        "bedrock:modelarn" => format!("write `arn:aws:bedrock:REGION::foundation-model/{}`", value.text),
        _ => "write the whole ARN".to_owned(),
    });
    found.push(finding);
}

/// Finds `*` and `?` under an operator that compares them as letters.
fn wildcard(view: &View<'_>, condition: &ConditionView<'_>, found: &mut Vec<Raw>) {
    if !matches!(condition.operator.compare, Compare::String | Compare::StringIgnoreCase) {
        return;
    }
    let prefix = condition.key.text.split(':').next().unwrap_or_default().to_ascii_lowercase();
    if prefix != "aws" && !prefix.starts_with("bedrock") && !condition.is_on("iam:PassedToService") {
        return;
    }
    let has_wildcard = |word: &&Word<'_>| {
        let mut text = word.text.to_owned();
        for escaped in ["${*}", "${?}", "${$}"] {
            text = text.replace(escaped, "");
        }
        text.contains('*')
    };
    let Some(value) = condition.values.iter().find(has_wildcard) else { return };
    let right = condition.operator_name.replacen("Equals", "Like", 1).replace("IgnoreCase", "");
    let message =
        format!("`{}` compares `{}` letter by letter: the `*` is not a wildcard", condition.operator_name, value.text);
    let mut finding = view.finding(LintCode::WildcardInStringEquals, *value, message);
    finding.advice = Some(format!("write `{right}`"));
    finding.correction = moved(view, condition, &right).filter(|_| right != condition.operator_name);
    found.push(finding);
}

/// Moves a condition under another operator. `None` if that has a condition on the key already.
fn moved(view: &View<'_>, condition: &ConditionView<'_>, operator: &str) -> Option<Correction> {
    super::super::condition::Operator::parse(operator)?;
    let key = condition.key.text;
    let mut statement = view.value();
    let mut values = None;
    edit_condition(&mut statement, condition.operator_name, |block| values = block.shift_remove(key));
    let conditions = statement.as_object_mut()?.entry("Condition").or_insert_with(|| Map::new().into());
    let conditions = conditions.as_object_mut()?;
    let name = conditions.keys().find(|known| known.eq_ignore_ascii_case(operator)).cloned();
    let block = conditions.entry(name.unwrap_or_else(|| operator.to_owned())).or_insert_with(|| Map::new().into());
    let block = block.as_object_mut()?;
    if block.keys().any(|known| known.eq_ignore_ascii_case(key)) {
        return None;
    }
    block.insert(key.to_owned(), values?);
    Some(Correction::safe(statement).editing(condition.operator_name, key))
}

/// Finds a value that the key never holds, where all are known.
fn unknown_value(view: &View<'_>, condition: &ConditionView<'_>, found: &mut Vec<Raw>) {
    if !compares_text(condition) || condition.operator.compare == Compare::StringIgnoreCase {
        return;
    }
    let Some((_, known)) = ENUMERATED.iter().find(|(key, _)| condition.is_on(key)) else { return };
    let is_unknown = |word: &&Word<'_>| !is_wild(word.text) && !known.contains(&word.text);
    let Some(value) = condition.values.iter().find(is_unknown) else { return };
    let letters = |text: &str| text.to_ascii_lowercase().replace(['-', '_', ' '], "");
    let right = known.iter().find(|known| letters(known) == letters(value.text));
    let names: Vec<String> = known.iter().map(|value| format!("`{value}`")).collect();
    let message = format!("`{}` is never `{}`; it is {}", condition.key.text, value.text, names.join(" or "));
    let mut finding = view.finding(LintCode::UnknownKeyValue, *value, message);
    finding.advice = right.map(|right| format!("write `{right}`"));
    finding.correction = right.and_then(|right| with_value(view, condition, value.text, right));
    found.push(finding);
}

/// Finds a service that roles cannot be passed to.
fn passed_service(view: &View<'_>, condition: &ConditionView<'_>, found: &mut Vec<Raw>) {
    if !condition.is_on("iam:PassedToService") || !compares_text(condition) {
        return;
    }
    let mistaken = |word: &&Word<'_>| is_endpoint(word.text);
    let Some(value) = condition.values.iter().find(mistaken) else { return };
    let right = "bedrock.amazonaws.com";
    let message = format!("no role is passed to `{}`: Bedrock's service principal is `{right}`", value.text);
    let mut finding = view.finding(LintCode::WrongPassedService, *value, message);
    finding.advice = Some(format!("write `{right}`"));
    finding.correction = with_value(view, condition, value.text, right);
    found.push(finding);
}

/// Replaces one value of a condition.
fn with_value(view: &View<'_>, condition: &ConditionView<'_>, old: &str, new: &str) -> Option<Correction> {
    let mut statement = view.value();
    let mut is_replaced = false;
    edit_condition(&mut statement, condition.operator_name, |block: &mut Map<String, Value>| {
        if let Some(values) = block.get_mut(condition.key.text) {
            is_replaced = replace_in(values, old, &[new.to_owned()]);
        }
    });
    is_replaced.then(|| Correction::safe(statement).editing(condition.operator_name, condition.key.text))
}
