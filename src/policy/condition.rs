//! Conditions: one operator, one key, and the values it is held against.
//!
//! The operators and what they make of absent keys follow the IAM User Guide, "IAM JSON policy elements:
//! Condition operators" and "Set operators for multivalued context keys".

mod date;
mod ip;
mod operator;
mod value;

pub(crate) use operator::{Compare, Operator, SetOperator};

use super::query::{Known, Query};
use super::three_valued::Ternary;
use super::value_pattern::Comparison;
use crate::iam::ContextValue;
use value::Expected;

/// One line of a `Condition` block.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    pub operator: Operator,
    pub key: Box<str>,
    /// The values as the policy has them.
    pub values: Box<[Box<str>]>,
    expected: Box<[Expected]>,
    /// Whether every value is compared as it is written: `StringEquals` without variables.
    is_plain: bool,
}

impl Condition {
    /// Compiles a condition; `variables` tells whether the policy's version has them.
    pub fn new(operator: Operator, key: &str, values: Vec<Box<str>>, variables: bool) -> Self {
        let expected: Box<[Expected]> =
            values.iter().map(|value| Expected::new(operator.compare, value, variables)).collect();
        let is_plain = operator.compare == Compare::String && expected.iter().all(Expected::is_plain);
        Self { operator, key: key.into(), values: values.into(), expected, is_plain }
    }

    /// Returns whether the condition holds for a request, as far as its keys are known.
    pub fn holds(&self, query: &Query<'_>) -> Ternary {
        let Operator { set, compare, negated, if_exists } = self.operator;
        let found = query.key(&self.key);
        if compare == Compare::Null {
            return match found {
                // A condition that holds whether or not the key is there does not hang on it.
                Known::Unknown if self.is_null(true) == self.is_null(false) => self.is_null(true),
                Known::Unknown => Ternary::Maybe,
                Known::Absent => self.is_null(true),
                Known::Value(_) => self.is_null(false),
            };
        }
        match (set, found) {
            (_, Known::Unknown) => Ternary::Maybe,
            (SetOperator::None, Known::Absent) => (negated || if_exists).into(),
            (SetOperator::None, Known::Value(value)) => match value.as_single() {
                Some(value) => self.value_holds(value, query),
                // A single-valued operator never matches a multivalued key, be it negated or not.
                None => Ternary::No,
            },
            (SetOperator::ForAllValues, Known::Absent) => Ternary::Yes,
            (SetOperator::ForAllValues, Known::Value(values)) if is_null_dataset(values) => Ternary::Yes,
            (SetOperator::ForAllValues, Known::Value(values)) => {
                values.values().iter().map(|value| self.value_holds(value, query)).fold(Ternary::Yes, |a, b| a & b)
            }
            (SetOperator::ForAnyValue, Known::Absent) => Ternary::No,
            (SetOperator::ForAnyValue, Known::Value(values)) => {
                values.values().iter().map(|value| self.value_holds(value, query)).fold(Ternary::No, |a, b| a | b)
            }
        }
    }

    /// Holds one value of the request against all values of the policy: any of them will do, or none of them
    /// may where the operator is negated.
    fn value_holds(&self, value: &str, query: &Query<'_>) -> Ternary {
        if self.is_plain && !query.is_placeholder(value) {
            return (self.values.iter().any(|expected| **expected == *value) != self.operator.negated).into();
        }
        let (mut same, mut unknown, mut malformed) = (false, false, false);
        for expected in &self.expected {
            match expected.compare(self.operator.compare, value, query) {
                Comparison::Same => same = true,
                Comparison::Different | Comparison::NoValue => {}
                Comparison::Malformed => malformed = true,
                Comparison::Unknown => unknown = true,
            }
        }
        match (self.operator.negated, same) {
            (false, true) => Ternary::Yes,
            (true, true) => Ternary::No,
            (true, false) if malformed => Ternary::No,
            (_, false) if unknown => Ternary::Maybe,
            (negated, false) => negated.into(),
        }
    }

    /// Returns whether `Null` holds for a key that is absent, or for one that is there.
    fn is_null(&self, absent: bool) -> Ternary {
        self.values.iter().any(|value| value.eq_ignore_ascii_case(if absent { "true" } else { "false" })).into()
    }

    /// Walks over the keys that the condition reads: its own, and those of its variables.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&*self.key).chain(self.expected.iter().flat_map(Expected::variables))
    }
}

/// Returns `true` if a value counts as no value at all for `ForAllValues`: an empty list, or nothing but empty strings
/// (IAM User Guide, "Multivalued context key examples": a null dataset, such as an empty string).
fn is_null_dataset(values: &ContextValue) -> bool {
    values.values().iter().all(String::is_empty)
}
