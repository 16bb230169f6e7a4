//! A value of a condition, read once in the way its operator compares.

use super::super::arn_pattern::ArnPattern;
use super::super::pattern::LetterCase;
use super::super::query::{self, Query};
use super::super::value_pattern::{Comparison, ValuePattern, Wildcards};
use super::date;
use super::ip::Range;
use super::operator::Compare;
use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// A value of the policy, compiled.
#[derive(Clone, Debug)]
pub(super) enum Expected {
    Text(ValuePattern),
    Arn(ArnPattern),
    Number(Number),
    Date(i128),
    Bool(bool),
    Binary(Vec<u8>),
    Ip(Range),
    /// `Null` is answered from the key alone.
    Null,
    /// The value has not the form that the operator compares, so nothing is the same or different.
    Malformed,
}

/// A number, exact where it is whole.
#[derive(Clone, Copy, Debug)]
pub(super) enum Number {
    Whole(i128),
    Decimal(f64),
}

impl Number {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(whole) = text.parse() {
            return Some(Self::Whole(whole));
        }
        // Rust also reads `inf` and `nan`, which are no numbers in IAM.
        let starts_like_one = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
        starts_like_one.then(|| text.parse().ok().map(Self::Decimal))?
    }

    fn as_f64(self) -> f64 {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "only met where the other number is a decimal")]
            Self::Whole(whole) => whole as f64,
            Self::Decimal(decimal) => decimal,
        }
    }

    fn compare(self, other: Self) -> Option<std::cmp::Ordering> {
        match (self, other) {
            (Self::Whole(a), Self::Whole(b)) => Some(a.cmp(&b)),
            _ => self.as_f64().partial_cmp(&other.as_f64()),
        }
    }
}

impl Expected {
    /// Reads a value of the policy; only strings and ARNs may hold variables.
    pub fn new(compare: Compare, value: &str, variables: bool) -> Self {
        let text = |wildcards, case| Self::Text(ValuePattern::new(value, wildcards, case, variables));
        let read = match compare {
            Compare::String => Some(text(Wildcards::Literal, LetterCase::Sensitive)),
            Compare::StringIgnoreCase => Some(text(Wildcards::Literal, LetterCase::Ignored)),
            Compare::StringLike => Some(text(Wildcards::Honoured, LetterCase::Sensitive)),
            Compare::Arn => Some(Self::Arn(ArnPattern::new(value, variables))),
            Compare::Numeric(_) => Number::parse(value).map(Self::Number),
            Compare::Date(_) => date::parse(value).map(Self::Date),
            Compare::Bool => boolean(value).map(Self::Bool),
            Compare::Binary => base64(value).map(Self::Binary),
            Compare::Ip => Range::parse(value).map(Self::Ip),
            Compare::Null => Some(Self::Null),
        };
        read.unwrap_or(Self::Malformed)
    }

    /// Returns `true` if the value has no variable.
    pub fn is_plain(&self) -> bool {
        matches!(self, Self::Text(ValuePattern::Fixed(_)))
    }

    /// Compares with a value of the request.
    pub fn compare(&self, compare: Compare, value: &str, query: &Query<'_>) -> Comparison {
        let result = match (self, compare) {
            (Self::Text(text), _) => return text.compare(value, query),
            (Self::Arn(pattern), _) => {
                let parts = query::parts(value);
                // Against something that is no ARN only a bare `*` can be held.
                if parts.is_none() && !pattern.is_everything() {
                    return Comparison::Malformed;
                }
                return pattern.compare(value, parts.as_ref(), query);
            }
            (Self::Number(expected), Compare::Numeric(order)) => {
                Number::parse(value).and_then(|actual| actual.compare(*expected)).map(|ordering| order.holds(ordering))
            }
            (Self::Date(expected), Compare::Date(order)) => {
                date::parse(value).map(|actual| order.holds(actual.cmp(expected)))
            }
            (Self::Bool(expected), _) => boolean(value).map(|actual| actual == *expected),
            (Self::Binary(expected), _) => base64(value).map(|actual| actual == *expected),
            (Self::Ip(range), _) => value.parse().ok().map(|address| range.contains(address)),
            _ => None,
        };
        result.map_or(Comparison::Malformed, Comparison::from)
    }

    /// Walks over the keys of the value's variables.
    pub fn variables(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        match self {
            Self::Text(text) => Box::new(text.variables()),
            Self::Arn(pattern) => Box::new(pattern.variables()),
            _ => Box::new(std::iter::empty()),
        }
    }
}

fn boolean(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") { Some(true) } else { text.eq_ignore_ascii_case("false").then_some(false) }
}

/// Reads base64, with or without padding: `BinaryEquals` compares bytes and not how they are written.
fn base64(text: &str) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    LENIENT.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_with_and_without_padding() {
        assert_eq!(base64("QmluYXJ5"), Some(b"Binary".to_vec()));
        assert_eq!(base64("QQ=="), Some(b"A".to_vec()));
        assert_eq!(base64("QQ"), Some(b"A".to_vec()));
        assert_eq!(base64("//79"), Some(vec![0xff, 0xfe, 0xfd]));
        assert_eq!(base64(""), Some(vec![]));
        assert_eq!(base64("Q"), None);
        assert_eq!(base64("Q Q="), None);
    }

    #[test]
    fn whole_numbers_are_exact() {
        let parse = |text: &str| Number::parse(text).unwrap();
        assert!(parse("9007199254740993").compare(parse("9007199254740992")).unwrap().is_gt());
        assert!(parse("5").compare(parse("5.0")).unwrap().is_eq());
        assert!(parse("-1").compare(parse("0.5e1")).unwrap().is_lt());
        for text in ["", "abc", "0x5", "inf", "NaN", "e"] {
            assert!(Number::parse(text).is_none(), "{text}");
        }
    }
}
