//! Undetermined decisions that are none: whatever the unknown keys held, the answer would be the same.
//!
//! Three-valued logic loses sight of two statements that exclude each other: an allow where a key equals a value and
//! one where it does not are an allow. Here the unknown keys take a value of every kind that the conditions tell
//! apart. Where the kinds cannot be listed (patterns with wildcards inside, sets, variables) nothing is claimed.

use super::condition::{Compare, Condition, SetOperator};
use super::query::Query;
use super::statement::Statement;
use super::three_valued::Ternary;
use super::{Evaluation, Policies, Policy, Question, decide};
use crate::iam::{ContextKeys, ContextValue, Decision, RequestContext};

/// How many combinations of values are tried at most.
const MOST: usize = 256;

/// How many unknown keys, and how many keys in the context, a question may have to be tried at all.
const MOST_KEYS: usize = 8;
const MOST_CONTEXT: usize = 200;

/// A text that no policy names.
const FRESH: &str = "\u{1}none of those";

/// Global keys that hold several values, of which the kinds are too many to list.
const MULTIVALUED: [&str; 7] = [
    "aws:CalledVia",
    "aws:PrincipalOrgPaths",
    "aws:PrincipalServiceNamesList",
    "aws:ResourceOrgPaths",
    "aws:SourceOrgPaths",
    "aws:TagKeys",
    "aws:VpceOrgPaths",
];

/// An unknown key with a value of every kind; `None` is its absence.
struct Choice {
    key: String,
    values: Vec<Option<String>>,
}

/// Decides an undetermined question, where every value of its unknown keys leads to the same decision.
pub(super) fn resolve(question: &Question<'_>, policies: &Policies, undetermined: &Evaluation) -> Option<Evaluation> {
    // More than a request has is not tried in combinations.
    if undetermined.unknown_keys.len() > MOST_KEYS || question.request.context.iter().nth(MOST_CONTEXT).is_some() {
        return None;
    }
    let query = Query::new(question).with(policies);
    let conditions = conditions(&query, policies, &undetermined.unknown_keys)?;
    let choices: Vec<Choice> = undetermined
        .unknown_keys
        .iter()
        .map(|key| Some(Choice { key: key.clone(), values: kinds(key, &conditions)? }))
        .collect::<Option<_>>()?;
    let combinations = choices.iter().try_fold(1_usize, |product, choice| product.checked_mul(choice.values.len()))?;
    if combinations > MOST {
        return None;
    }
    // The other unknown keys stay so: what hangs on them is not resolved here.
    let still_unknown: Vec<String> = question
        .unknown
        .iter()
        .filter(|key| !choices.iter().any(|choice| choice.key.eq_ignore_ascii_case(key)))
        .cloned()
        .collect();
    let mut resolved: Option<Evaluation> = None;
    for number in 0..combinations {
        let request = with_values(question.request, &choices, number);
        let question = Question { principal: question.principal, request: &request, unknown: &still_unknown };
        let next = decide::decide(&Query::new(&question).with(policies), policies);
        resolved = Some(match resolved {
            None if next.decision == Decision::Undetermined => return None,
            None => next,
            Some(known) => agreed(known, next)?,
        });
    }
    resolved
}

/// Puts two answers together: the same decision, or, denied either way, the weaker word for it.
fn agreed(known: Evaluation, next: Evaluation) -> Option<Evaluation> {
    match (known.decision, next.decision) {
        (a, b) if a == b && known.policy_type == next.policy_type => Some(known),
        (Decision::ExplicitDeny, Decision::ImplicitDeny) => Some(next),
        (Decision::ImplicitDeny, Decision::ExplicitDeny) => Some(known),
        (a, b) if a == b && a.is_denied() => Some(if next.policy_type < known.policy_type { next } else { known }),
        _ => None,
    }
}

/// Collects the conditions on unknown keys of the statements that may match; `None` where a variable, or the
/// question which account manages the organization, makes them more than conditions.
fn conditions<'p>(query: &Query<'_>, policies: &'p Policies, unknown: &[String]) -> Option<Vec<&'p Condition>> {
    let is_unknown = |key: &str| unknown.iter().any(|known| known.eq_ignore_ascii_case(key));
    if is_unknown("aws:PrincipalOrgMasterAccountId") {
        return None;
    }
    let lists = [&policies.identity].into_iter().chain(&policies.service_control).chain(&policies.resource_control);
    let single = policies.permissions_boundary.iter().chain(&policies.vpc_endpoint);
    let more = policies.session.iter().chain(&policies.resource).flatten();
    let all = lists.flatten().chain(single).chain(more);
    let mut found = Vec::new();
    let statements = all.flat_map(|policy: &Policy| policy.document.statements());
    for statement in statements.filter(|statement: &&Statement| statement.matches(query) == Ternary::Maybe) {
        let own: Vec<&Condition> = statement.conditions.iter().filter(|condition| is_unknown(&condition.key)).collect();
        if statement.keys().filter(|key| is_unknown(key)).count() != own.len() {
            return None;
        }
        found.extend(own);
    }
    Some(found)
}

/// Lists a value of every kind that the conditions on a key tell apart.
fn kinds(key: &str, conditions: &[&Condition]) -> Option<Vec<Option<String>>> {
    if MULTIVALUED.iter().any(|known| known.eq_ignore_ascii_case(key)) {
        return None;
    }
    let mut values = vec![None, Some(FRESH.to_owned())];
    let mut ignores_case = None;
    for condition in conditions.iter().filter(|condition| condition.key.eq_ignore_ascii_case(key)) {
        if condition.operator.set != SetOperator::None {
            return None;
        }
        let texts = condition.values.iter().map(|value| &**value);
        match condition.operator.compare {
            Compare::Null => {}
            Compare::Bool => values.extend(["true", "false"].map(|value| Some(value.to_owned()))),
            Compare::String | Compare::StringLike | Compare::StringIgnoreCase => {
                // With and without regard to case, more kinds are told apart than are listed.
                let ignores = condition.operator.compare == Compare::StringIgnoreCase;
                if *ignores_case.get_or_insert(ignores) != ignores {
                    return None;
                }
                let has_wildcards = condition.operator.compare == Compare::StringLike;
                for text in texts {
                    let prefix = text.strip_suffix('*').filter(|_| has_wildcards);
                    if text.contains("${") || has_wildcards && prefix.unwrap_or(text).contains(['*', '?']) {
                        return None;
                    }
                    values.push(Some(prefix.unwrap_or(text).to_owned()));
                    values.extend(prefix.map(|prefix| Some(format!("{prefix}{FRESH}"))));
                }
            }
            Compare::Numeric(_) | Compare::Date(_) | Compare::Binary | Compare::Ip | Compare::Arn => return None,
        }
    }
    values.sort();
    values.dedup();
    Some(values)
}

/// Returns the request with the values of one combination.
fn with_values(request: &RequestContext, choices: &[Choice], mut number: usize) -> RequestContext {
    let mut picked: Vec<(&str, Option<&String>)> = Vec::new();
    for Choice { key, values } in choices {
        picked.push((key, values.get(number % values.len()).and_then(Option::as_ref)));
        number /= values.len();
    }
    let is_picked = |key: &str| picked.iter().any(|(known, _)| known.eq_ignore_ascii_case(key));
    let kept = request.context.iter().filter(|(key, _)| !is_picked(key)).map(|(key, value)| (key, value.clone()));
    let given = picked.iter().filter_map(|(key, value)| Some((*key, ContextValue::Single((*value)?.clone()))));
    let context: ContextKeys = kept.chain(given).collect();
    RequestContext { action: request.action.clone(), resource: request.resource.clone(), context }
}
