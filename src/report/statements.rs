//! Statements in words: where one stands, and how an allow that is there misses the request.

use crate::bedrock::ServiceAuthorization;
use crate::diagnose::{DecidedBy, Finding, NearMiss};
use crate::iam::ContextValue;
use crate::policy::{MatchedCondition, Miss};

/// API names that look like IAM actions and are none, with the action that they are authorized as
/// (Service Authorization Reference, operations of Amazon Bedrock).
const AUTHORIZED_AS: [(&str, &str); 4] = [
    ("Converse", "bedrock:InvokeModel"),
    ("ConverseStream", "bedrock:InvokeModelWithResponseStream"),
    ("StartAsyncInvoke", "bedrock:InvokeModel"),
    ("InvokeModelWithBidirectionalStream", "bedrock:InvokeModel"),
];

/// Names a statement by its policy and its place in it.
pub(super) fn place(statement: &DecidedBy) -> Option<String> {
    let Some(policy) = statement.policy_name() else {
        // AWS's own evaluation gives inline policies no name, and says whose they are.
        let (holder, sid) = (statement.holder.as_ref()?, statement.sid.as_ref()?);
        return Some(format!("an inline policy of `{holder}`, statement `{sid}`"));
    };
    let of_group = match (statement.source.as_deref(), &statement.holder) {
        (Some("group"), Some(group)) => format!(" of the group `{group}`"),
        _ => String::new(),
    };
    let sid = statement.sid.as_ref().map(|sid| format!(", statement `{sid}`")).unwrap_or_default();
    Some(match (statement.line, statement.column) {
        (Some(line), Some(column)) => format!("`{policy}`{of_group}{sid}, line {line}, column {column}"),
        _ => format!("`{policy}`{of_group}{sid}"),
    })
}

/// Says what a denying statement looks at, and what the call carries there.
pub(super) fn conditions(statement: &DecidedBy) -> Option<String> {
    let place = place(statement)?;
    let conditions: Vec<String> = statement.conditions.iter().map(condition).collect();
    (!conditions.is_empty()).then(|| format!("{place}, matches because {}", conditions.join(", and ")))
}

fn condition(held: &MatchedCondition) -> String {
    let expected = held.expected.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ");
    format!(
        "its condition `{}` on `{}` names {expected}, and {}",
        held.operator,
        held.key,
        carried(held.actual.as_ref())
    )
}

/// Says what the call carries for a condition key.
fn carried(actual: Option<&ContextValue>) -> String {
    match actual {
        None => "the call carries no such key".to_owned(),
        Some(value) => {
            let values: Vec<String> = value.values().iter().map(|value| format!("`{value}`")).collect();
            format!("the call carries {}", values.join(", "))
        }
    }
}

/// Says how an allow that is there misses.
pub(super) fn near_miss(near: &NearMiss) -> String {
    let place = place(&near.statement).unwrap_or_else(|| "a statement".to_owned());
    let misses: Vec<String> = near.misses.iter().map(miss).collect();
    format!("{place}, allows something close and misses: {}", misses.join("; "))
}

/// Says the same for a reader in a hurry.
pub(super) fn comes_close(near: &NearMiss) -> String {
    let place = place(&near.statement).unwrap_or_else(|| "a statement".to_owned());
    let misses: Vec<String> = near.misses.iter().map(miss).collect();
    format!("{place}, comes close: {}", misses.join("; "))
}

fn miss(miss: &Miss) -> String {
    match miss {
        Miss::Action { asked, patterns } => action(asked, patterns),
        Miss::Resource { asked, pattern, part, expected, actual } => {
            resource(asked, pattern, part.as_deref(), expected.as_deref(), actual.as_deref())
        }
        Miss::Principal { asked } => format!("it names other principals than `{asked}`"),
        Miss::Condition { operator, key, expected, actual, unknown } => {
            let expected = expected.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ");
            let actual = match unknown {
                true => "what the call carries is not known".to_owned(),
                false => carried(actual.as_ref()),
            };
            format!("its condition `{operator}` on `{key}` expects {expected}, and {actual}")
        }
    }
}

fn action(asked: &str, patterns: &[String]) -> String {
    for pattern in patterns {
        let (prefix, name) = pattern.split_once(':').unwrap_or(("", pattern));
        if let Some((_, right)) = AUTHORIZED_AS.iter().find(|(api, _)| api.eq_ignore_ascii_case(name)) {
            return format!("`{pattern}` is no IAM action: that API is authorized as `{right}`");
        }
        if prefix.to_ascii_lowercase().starts_with("bedrock-") && ServiceAuthorization::of(prefix).is_none() {
            return format!("`{pattern}` has a prefix that IAM does not know: the action is `{asked}`");
        }
    }
    let patterns = patterns.iter().map(|pattern| format!("`{pattern}`")).collect::<Vec<_>>().join(", ");
    format!("its action is {patterns}, and the call needs `{asked}`")
}

fn resource(asked: &str, pattern: &str, part: Option<&str>, expected: Option<&str>, actual: Option<&str>) -> String {
    let kind = |text: &str| text.split('/').next().unwrap_or_default().to_owned();
    match (part, expected, actual) {
        (Some("region"), Some(expected), Some("")) => {
            format!(
                "its resource has the Region `{expected}`, and the call also needs the model without a Region (`{asked}`)"
            )
        }
        (Some("region"), Some(expected), Some(actual)) => {
            format!("its resource has the Region `{expected}`, and the call needs `{actual}`")
        }
        (Some("account"), Some(expected), Some("")) => {
            format!("its resource has the account `{expected}`, and the ARN of a foundation model has none")
        }
        (Some("account"), Some(""), Some(actual)) => {
            format!("its resource has no account, and the ARN has `{actual}`")
        }
        (Some("resource"), Some(expected), Some(actual)) if kind(expected) != kind(actual) => {
            format!(
                "its resource is of type {}, and the call also needs the {} `{asked}`",
                kind(expected),
                kind(actual)
            )
        }
        (Some("resource"), Some(expected), Some(actual)) => {
            format!("its resource is `{expected}`, and the call needs `{actual}`")
        }
        (Some(part), Some(expected), Some(actual)) => {
            format!("the {part} of its resource is `{expected}`, and the call needs `{actual}`")
        }
        _ => format!("its resource is `{pattern}`, and the call needs `{asked}`"),
    }
}

/// Returns the statements that a finding rests on and whose words are known: those that decided, then those that
/// nearly allow.
pub(super) fn quoted(finding: &Finding) -> Vec<&DecidedBy> {
    finding.statements().into_iter().filter(|statement| statement.quote.is_some()).collect()
}
