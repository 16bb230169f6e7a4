//! Condition operators: their names taken apart into comparison, negation, `IfExists` and set operator.

use crate::iam::suggest::closest;
use std::fmt;

/// How a value of the request is compared with one of the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compare {
    String,
    StringIgnoreCase,
    StringLike,
    Numeric(Order),
    Date(Order),
    Bool,
    Binary,
    Ip,
    /// `ArnEquals` behaves as `ArnLike`.
    Arn,
    Null,
}

/// How a number or date of the request stands to that of the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Order {
    pub fn holds(self, ordering: std::cmp::Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

/// The prefix for multivalued keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SetOperator {
    None,
    ForAllValues,
    ForAnyValue,
}

/// A condition operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Operator {
    pub set: SetOperator,
    pub compare: Compare,
    pub negated: bool,
    pub if_exists: bool,
}

const TABLE: [(&str, Compare, bool); 27] = [
    ("StringEquals", Compare::String, false),
    ("StringNotEquals", Compare::String, true),
    ("StringEqualsIgnoreCase", Compare::StringIgnoreCase, false),
    ("StringNotEqualsIgnoreCase", Compare::StringIgnoreCase, true),
    ("StringLike", Compare::StringLike, false),
    ("StringNotLike", Compare::StringLike, true),
    ("NumericEquals", Compare::Numeric(Order::Equal), false),
    ("NumericNotEquals", Compare::Numeric(Order::Equal), true),
    ("NumericLessThan", Compare::Numeric(Order::Less), false),
    ("NumericLessThanEquals", Compare::Numeric(Order::LessOrEqual), false),
    ("NumericGreaterThan", Compare::Numeric(Order::Greater), false),
    ("NumericGreaterThanEquals", Compare::Numeric(Order::GreaterOrEqual), false),
    ("DateEquals", Compare::Date(Order::Equal), false),
    ("DateNotEquals", Compare::Date(Order::Equal), true),
    ("DateLessThan", Compare::Date(Order::Less), false),
    ("DateLessThanEquals", Compare::Date(Order::LessOrEqual), false),
    ("DateGreaterThan", Compare::Date(Order::Greater), false),
    ("DateGreaterThanEquals", Compare::Date(Order::GreaterOrEqual), false),
    ("Bool", Compare::Bool, false),
    ("BinaryEquals", Compare::Binary, false),
    ("IpAddress", Compare::Ip, false),
    ("NotIpAddress", Compare::Ip, true),
    ("ArnEquals", Compare::Arn, false),
    ("ArnNotEquals", Compare::Arn, true),
    ("ArnLike", Compare::Arn, false),
    ("ArnNotLike", Compare::Arn, true),
    ("Null", Compare::Null, false),
];

impl Operator {
    /// Reads an operator's name; IAM does not regard case.
    pub fn parse(name: &str) -> Option<Self> {
        let (set, rest) = match name.split_once(':') {
            None => (SetOperator::None, name),
            Some((set, rest)) if set.eq_ignore_ascii_case("ForAllValues") => (SetOperator::ForAllValues, rest),
            Some((set, rest)) if set.eq_ignore_ascii_case("ForAnyValue") => (SetOperator::ForAnyValue, rest),
            Some(_) => return None,
        };
        let find = |name: &str| TABLE.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name));
        let (row, if_exists) = match find(rest) {
            Some(row) => (row, false),
            None => {
                let cut = rest.len().checked_sub("IfExists".len())?;
                let (base, suffix) = (rest.get(..cut)?, rest.get(cut..)?);
                (suffix.eq_ignore_ascii_case("IfExists").then(|| find(base))??, true)
            }
        };
        let (_, compare, negated) = *row;
        Some(Self { set, compare, negated, if_exists })
    }

    /// Returns the operator that was probably meant by a name that is none, with the prefix and suffix of the name.
    pub fn closest(name: &str) -> Option<String> {
        let (prefix, rest) = name.rsplit_once(':').map_or(("", name), |(set, rest)| {
            let known = closest(set, ["ForAllValues", "ForAnyValue"].into_iter());
            (known.unwrap_or_default(), rest)
        });
        let cut = rest.len().saturating_sub("IfExists".len());
        let suffix = rest.get(cut..).filter(|suffix| suffix.eq_ignore_ascii_case("IfExists"));
        let base = if suffix.is_some() { rest.get(..cut)? } else { rest };
        let base = closest(base, TABLE.iter().map(|(known, ..)| *known))?;
        let colon = if prefix.is_empty() { "" } else { ":" };
        Some(format!("{prefix}{colon}{base}{}", suffix.map_or("", |_| "IfExists")))
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.set {
            SetOperator::None => "",
            SetOperator::ForAllValues => "ForAllValues:",
            SetOperator::ForAnyValue => "ForAnyValue:",
        })?;
        let row = TABLE.iter().find(|(_, compare, negated)| (*compare, *negated) == (self.compare, self.negated));
        f.write_str(row.map_or("", |(name, ..)| name))?;
        f.write_str(if self.if_exists { "IfExists" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_with_every_prefix_and_suffix() {
        for (name, compare, negated) in TABLE {
            for (prefix, set) in [
                ("", SetOperator::None),
                ("ForAllValues:", SetOperator::ForAllValues),
                ("foranyvalue:", SetOperator::ForAnyValue),
            ] {
                for (suffix, if_exists) in [("", false), ("IfExists", true), ("ifexists", true)] {
                    assert_eq!(
                        Operator::parse(&format!("{prefix}{name}{suffix}")),
                        Some(Operator { set, compare, negated, if_exists })
                    );
                }
            }
        }
        for (name, meant) in [
            ("StringEqual", Some("StringEquals")),
            ("ForAnyValues:StringEquls", Some("ForAnyValue:StringEquals")),
            ("ForAllValues:ArnLikesIfExists", Some("ForAllValues:ArnLikeIfExists")),
            ("Contains", None),
        ] {
            assert_eq!(Operator::closest(name).as_deref(), meant, "{name}");
        }
        for name in ["", "Equals", "StringEqual", "ForSomeValues:StringEquals", "IfExists", "StringEqualsIfExistsX"] {
            assert_eq!(Operator::parse(name), None, "{name}");
        }
    }
}
