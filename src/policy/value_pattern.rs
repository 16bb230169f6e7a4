//! Texts of a policy that are compared: plain, with wildcards, or with policy variables.
//!
//! Variables (`${key}`, `${key, 'default'}`) exist in version 2012-10-17 only, and are replaced by the value
//! of a single-valued key of the request; what they bring is text, never a wildcard. `${*}`, `${?}` and `${$}`
//! are those characters (IAM User Guide, "IAM policy elements: Variables and tags").

use super::pattern::{LetterCase, Overlap, Pattern, Tokens};
use super::query::{Known, Query};

/// Whether `*` and `?` are wildcards in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wildcards {
    Honoured,
    Literal,
}

/// A text, compiled as far as it can be without a request.
#[derive(Clone, Debug)]
pub(crate) enum ValuePattern {
    Fixed(Pattern),
    Template { pieces: Box<[Piece]>, wildcards: Wildcards, case: LetterCase },
}

/// A part of a text with variables.
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    Verbatim(Box<str>),
    /// One of `*`, `?` and `$`, standing for itself.
    Character(&'static str),
    Variable {
        key: Box<str>,
        default: Option<Box<str>>,
    },
}

/// The result of comparing a value of the policy with one of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Same,
    Different,
    /// A variable of the policy has no value in this request. In a condition this is different from everything, so that a
    /// negated operator matches (IAM User Guide, "IAM policy elements: Variables and tags", section "Policy variables with
    /// no value").
    NoValue,
    /// A value has the wrong form for the operator: neither the same nor different, so that a negated operator does not
    /// match either.
    Malformed,
    /// A variable's key is unknown.
    Unknown,
}

impl From<bool> for Comparison {
    fn from(same: bool) -> Self {
        if same { Self::Same } else { Self::Different }
    }
}

impl ValuePattern {
    /// Compiles a text; `variables` tells whether the policy's version has them.
    pub fn new(text: &str, wildcards: Wildcards, case: LetterCase, variables: bool) -> Self {
        if variables && text.contains("${") {
            let pieces = pieces(text);
            if pieces.iter().any(|piece| !matches!(piece, Piece::Verbatim(_))) {
                return Self::Template { pieces: pieces.into(), wildcards, case };
            }
        }
        Self::Fixed(match wildcards {
            Wildcards::Honoured => Pattern::new(text, case),
            Wildcards::Literal => Pattern::Literal(text.into(), case),
        })
    }

    /// Compares with a text of the request.
    pub fn compare(&self, text: &str, query: &Query<'_>) -> Comparison {
        match self {
            Self::Fixed(pattern) => compare(pattern, text, query),
            Self::Template { pieces, wildcards, case } => {
                let mut tokens = Tokens::default();
                let mut unknown = false;
                for piece in pieces {
                    match piece {
                        Piece::Verbatim(text) if *wildcards == Wildcards::Honoured => tokens.push_wild(text),
                        Piece::Verbatim(text) => tokens.push_literal(text),
                        Piece::Character(text) => tokens.push_literal(text),
                        Piece::Variable { key, default } => match (query.key(key), default) {
                            (Known::Value(value), _) => match value.as_single() {
                                Some(value) => tokens.push_literal(value),
                                // A multivalued key cannot be a variable, and so brings no value.
                                None => return Comparison::NoValue,
                            },
                            (Known::Absent, Some(default)) => tokens.push_literal(default),
                            (Known::Absent, None) => return Comparison::NoValue,
                            (Known::Unknown, _) => unknown = true,
                        },
                    }
                }
                if unknown { Comparison::Unknown } else { compare(&Pattern::of_tokens(tokens, *case), text, query) }
            }
        }
    }

    /// Walks over the keys of the text's variables.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        let pieces: &[Piece] = match self {
            Self::Fixed(_) => &[],
            Self::Template { pieces, .. } => pieces,
        };
        pieces.iter().filter_map(|piece| match piece {
            Piece::Variable { key, .. } => Some(&**key),
            _ => None,
        })
    }
}

/// Compares a pattern with a text of the request, which may stand for many.
pub(crate) fn compare(pattern: &Pattern, text: &str, query: &Query<'_>) -> Comparison {
    if !query.is_placeholder(text) {
        return pattern.matches(text).into();
    }
    match pattern.overlap(text) {
        Overlap::Whole => Comparison::Same,
        Overlap::None => Comparison::Different,
        Overlap::Part => Comparison::Unknown,
    }
}

/// Cuts a text at its variables. What starts like one and is none stands for itself.
fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut verbatim = String::new();
    let mut rest = text;
    while let Some((before, inside)) = rest.split_once("${") {
        verbatim.push_str(before);
        let Some((name, behind)) = inside.split_once('}') else {
            verbatim.push_str("${");
            verbatim.push_str(inside);
            rest = "";
            break;
        };
        let piece = match name {
            "*" => Some(Piece::Character("*")),
            "?" => Some(Piece::Character("?")),
            "$" => Some(Piece::Character("$")),
            _ => variable(name),
        };
        match piece {
            Some(piece) => {
                if !verbatim.is_empty() {
                    pieces.push(Piece::Verbatim(std::mem::take(&mut verbatim).into()));
                }
                pieces.push(piece);
            }
            None => {
                verbatim.push_str("${");
                verbatim.push_str(name);
                verbatim.push('}');
            }
        }
        rest = behind;
    }
    verbatim.push_str(rest);
    if !verbatim.is_empty() {
        pieces.push(Piece::Verbatim(verbatim.into()));
    }
    pieces
}

/// Reads `key` or `key, 'default'`.
fn variable(inside: &str) -> Option<Piece> {
    let (key, default) = match inside.split_once(',') {
        None => (inside, None),
        Some((key, default)) => {
            (key, Some(default.trim().strip_prefix('\'').and_then(|text| text.strip_suffix('\''))?))
        }
    };
    let key = key.trim();
    (!key.is_empty()).then(|| Piece::Variable { key: key.into(), default: default.map(Into::into) })
}
