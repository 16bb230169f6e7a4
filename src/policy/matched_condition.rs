//! The conditions of a statement that matches: what it looks at, and what the request carries there.

use super::Question;
use super::query::{Known, Query};
use super::statement::Statement;
use crate::iam::ContextValue;
use serde::Serialize;

/// A condition that holds for a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MatchedCondition {
    /// The operator, such as `StringNotEquals`.
    pub operator: String,
    /// The condition key as the policy has it.
    pub key: String,
    /// The values as the policy has them.
    pub expected: Vec<String>,
    /// The value in the request; `None` where the request has no such key.
    pub actual: Option<ContextValue>,
}

impl Statement {
    /// Lists the statement's conditions with what a request carries for each.
    #[must_use]
    pub fn matched_conditions(&self, question: &Question<'_>) -> Vec<MatchedCondition> {
        let query = Query::new(question);
        let held = self.conditions.iter().map(|condition| MatchedCondition {
            operator: condition.operator.to_string(),
            key: condition.key.to_string(),
            expected: condition.values.iter().map(ToString::to_string).collect(),
            actual: match query.key(&condition.key) {
                Known::Value(value) => Some(value.clone()),
                Known::Absent | Known::Unknown => None,
            },
        });
        held.collect()
    }
}
