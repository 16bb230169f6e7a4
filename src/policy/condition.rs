//! Conditions: one operator, one key, and the values it is held against.
//!
//! The operators and what they make of absent keys follow the IAM User Guide, "IAM JSON policy elements:
//! Condition operators" and "Set operators for multivalued context keys".

mod date;
mod ip;
mod operator;
mod value;

pub(crate) use operator::{Compare, Operator, SetOperator};

use super::request::{Asked, Known};
use super::text::Comparison;
use super::truth::Truth;
use value::Expected;

/// One line of a `Condition` block.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    pub operator: Operator,
    pub key: Box<str>,
    /// The values as the policy has them.
    pub values: Box<[Box<str>]>,
    expected: Box<[Expected]>,
}

impl Condition {
    /// Compiles a condition; `variables` tells whether the policy's version has them.
    pub fn new(operator: Operator, key: &str, values: Vec<Box<str>>, variables: bool) -> Self {
        let expected = values.iter().map(|value| Expected::new(operator.compare, value, variables)).collect();
        Self { operator, key: key.into(), values: values.into(), expected }
    }

    /// Tells whether the condition holds for a request.
    pub fn holds(&self, asked: &Asked<'_>) -> Truth {
        let Operator { set, compare, negated, if_exists } = self.operator;
        let found = asked.key(&self.key);
        if compare == Compare::Null {
            return match found {
                // A condition that holds whether or not the key is there does not hang on it.
                Known::Unknown if self.is_null(true) == self.is_null(false) => self.is_null(true),
                Known::Unknown => Truth::Maybe,
                Known::Absent => self.is_null(true),
                Known::Value(_) => self.is_null(false),
            };
        }
        match (set, found) {
            (_, Known::Unknown) => Truth::Maybe,
            (SetOperator::None, Known::Absent) => (negated || if_exists).into(),
            (SetOperator::None, Known::Value(value)) => match value.as_single() {
                Some(value) => self.value_holds(value, asked),
                // A single-valued operator never matches a multivalued key, be it negated or not.
                None => Truth::No,
            },
            (SetOperator::ForAllValues, Known::Absent) => Truth::Yes,
            (SetOperator::ForAllValues, Known::Value(values)) => {
                values.values().iter().map(|value| self.value_holds(value, asked)).fold(Truth::Yes, |a, b| a & b)
            }
            (SetOperator::ForAnyValue, Known::Absent) => Truth::No,
            (SetOperator::ForAnyValue, Known::Value(values)) => {
                values.values().iter().map(|value| self.value_holds(value, asked)).fold(Truth::No, |a, b| a | b)
            }
        }
    }

    /// Holds one value of the request against all values of the policy: any of them will do, or none of them
    /// may where the operator is negated.
    fn value_holds(&self, value: &str, asked: &Asked<'_>) -> Truth {
        let (mut same, mut unknown, mut impossible) = (false, false, false);
        for expected in &self.expected {
            match expected.compare(self.operator.compare, value, asked) {
                Comparison::Same => same = true,
                Comparison::Different => {}
                Comparison::Impossible => impossible = true,
                Comparison::Unknown => unknown = true,
            }
        }
        match (self.operator.negated, same) {
            (false, true) => Truth::Yes,
            (true, true) => Truth::No,
            (true, false) if impossible => Truth::No,
            (_, false) if unknown => Truth::Maybe,
            (negated, false) => negated.into(),
        }
    }

    fn is_null(&self, absent: bool) -> Truth {
        self.values.iter().any(|value| value.eq_ignore_ascii_case(if absent { "true" } else { "false" })).into()
    }

    /// Walks over the keys that the condition reads: its own, and those of its variables.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&*self.key).chain(self.expected.iter().flat_map(Expected::variables))
    }
}
