//! Policy documents: text becomes statements, or an error that says where the grammar was left.
//!
//! The grammar is that of the IAM User Guide, "Grammar of the IAM JSON policy language". What IAM would refuse to
//! store is refused here, save limits of size; whether actions and resources exist is the linter's question.

use super::action::ActionPattern;
use super::action_index::{ActionIndex, Candidates};
use super::arn_pattern::ArnPattern;
use super::condition::{Condition, Operator};
use super::json::{self, JsonError, Member, Node, Value};
use super::position::{Position, Positions};
use super::principal::{Named, Principals};
use super::query::Query;
use super::statement::{Effect, Listed, Statement};
use crate::iam::suggest::closest;
use std::collections::HashSet;
use std::fmt;

/// A parsed policy.
#[derive(Clone, Debug)]
pub struct Document {
    statements: Vec<Statement>,
    index: Option<ActionIndex>,
}

/// Where a text stops being a policy, and what was expected there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
    /// What is wrong and what was expected: a lower-case fragment.
    pub message: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for ParseError {}

/// The elements of a statement.
const ELEMENTS: [&str; 10] = [
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
    "Statement",
];

impl Document {
    /// Parses a policy's text.
    ///
    /// # Errors
    /// Says at which line and column the text is no JSON, or no policy, and what was expected there.
    ///
    /// ```
    /// # use bedrock_access::policy::Document;
    /// let error = Document::parse("{\n  \"Statement\": {\"Effect\": \"allow\"}\n}").unwrap_err();
    /// assert_eq!(error.to_string(), "line 2, column 27: expected `Allow` or `Deny`, found `allow`");
    /// ```
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        Self::parse_inside(text, 1, 1)
    }

    /// Parses a policy that stands inside a larger text, at this line and column of it (counted from 1).
    ///
    /// # Errors
    /// As [`Self::parse`]; lines and columns are those of the larger text.
    pub fn parse_inside(text: &str, line: usize, column: usize) -> Result<Self, ParseError> {
        let mut positions = Positions::new(text, Position { line, column });
        let error = |positions: &mut Positions<'_>, JsonError { offset, message }: JsonError| {
            let Position { line, column } = positions.at(offset);
            ParseError { line, column, message }
        };
        let root = json::read(text).map_err(|wrong| error(&mut positions, wrong))?;
        Self::from_node(&root, &mut positions).map_err(|wrong| error(&mut positions, wrong))
    }

    /// Takes a policy that is parsed JSON already; lines and columns are those of its pretty-printed form.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn from_value(value: &serde_json::Value) -> Result<Self, ParseError> {
        Self::parse(&format!("{value:#}"))
    }

    /// Builds the document from a tree with positions.
    pub(crate) fn from_node(root: &Node<'_>, positions: &mut Positions<'_>) -> Result<Self, JsonError> {
        let members = object(root, "a policy")?;
        let mut variables = false;
        let mut statement = None;
        for Member { key, start, node } in members {
            match key.as_ref() {
                "Version" => match node.as_str() {
                    Some("2012-10-17") => variables = true,
                    Some("2008-10-17") => {}
                    _ => return Err(expected(node, "`2012-10-17` or `2008-10-17`")),
                },
                "Id" => drop(string(node, "a string")?),
                "Statement" => statement = Some(node),
                other => {
                    return Err(at(
                        *start,
                        format!("`{other}` is no element of a policy; expected `Version`, `Id` or `Statement`"),
                    ));
                }
            }
        }
        let Some(statement) = statement else {
            return Err(at(root.start, "the policy has no `Statement`"));
        };
        let statements = statement
            .one_or_many()
            .iter()
            .enumerate()
            .map(|(index, node)| read_statement(index, node, variables, positions))
            .collect::<Result<Vec<_>, _>>()?;
        let index = ActionIndex::new(&statements);
        Ok(Self { statements, index })
    }

    /// Returns the statements, in the order of the text.
    #[must_use]
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// Iterates over the statements that are about the action of a request, in the order of the text.
    #[inline]
    pub(crate) fn statements_about<'d>(&'d self, query: &Query<'_>) -> impl Iterator<Item = &'d Statement> {
        let indexed = self.index.as_ref();
        let candidates = indexed.map(|index| index.candidates(query));
        let unindexed = if candidates.is_none() { self.statements.as_slice() } else { &[] };
        let Candidates { certain, possible } = candidates.unwrap_or(Candidates { certain: 0, possible: 0 });
        let mut left = certain | possible;
        let indexed = std::iter::from_fn(move || {
            while left != 0 {
                let place = left.trailing_zeros();
                left &= left - 1;
                let statement = self.statements.get(place as usize)?;
                if certain & 1 << place != 0 || statement.action_matches(query) {
                    return Some(statement);
                }
            }
            None
        });
        indexed.chain(unindexed.iter().filter(|statement| statement.action_matches(query)))
    }

    /// Returns the condition keys that the document reads, each name once in its first spelling.
    pub fn condition_keys(&self) -> Vec<&str> {
        let mut seen = HashSet::new();
        let keys = self.statements.iter().flat_map(Statement::keys);
        keys.filter(|key| seen.insert(key.to_ascii_lowercase())).collect()
    }
}

fn at(offset: usize, message: impl Into<String>) -> JsonError {
    JsonError { offset, message: message.into() }
}

fn expected(node: &Node<'_>, what: &str) -> JsonError {
    at(
        node.start,
        match node.as_str() {
            Some(text) => format!("expected {what}, found `{}`", shortened(text)),
            None => format!("expected {what}, found {}", node.kind()),
        },
    )
}

/// Cuts what a message quotes, so that a hostile text makes no hostile message.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 80;
    let mut chars = text.chars().flat_map(char::escape_debug);
    let mut start: String = chars.by_ref().take(LONGEST).collect();
    if chars.next().is_some() {
        start.push('…');
    }
    start
}

fn object<'n, 't>(node: &'n Node<'t>, what: &str) -> Result<&'n [Member<'t>], JsonError> {
    node.members().ok_or_else(|| expected(node, &format!("{what} (an object)")))
}

fn string<'n>(node: &'n Node<'_>, what: &str) -> Result<&'n str, JsonError> {
    node.as_str().ok_or_else(|| expected(node, what))
}

fn read_statement(
    index: usize,
    node: &Node<'_>,
    variables: bool,
    positions: &mut Positions<'_>,
) -> Result<Statement, JsonError> {
    let members = object(node, "a statement")?;
    let (mut sid, mut effect, mut principals, mut actions, mut resources) = (None, None, None, None, None);
    let mut conditions = Vec::new();
    for Member { key, start, node: value } in members {
        let twice = |other: &str| at(*start, format!("`{key}` and `{other}` exclude each other"));
        match key.as_ref() {
            "Sid" => sid = Some(string(value, "a string")?.into()),
            "Effect" => {
                effect = Some(match value.as_str() {
                    Some("Allow") => Effect::Allow,
                    Some("Deny") => Effect::Deny,
                    _ => return Err(expected(value, "`Allow` or `Deny`")),
                });
            }
            "Principal" | "NotPrincipal" => {
                let negated = key == "NotPrincipal";
                if principals.replace(read_principals(value, negated)?).is_some() {
                    return Err(twice(if negated { "Principal" } else { "NotPrincipal" }));
                }
            }
            "Action" | "NotAction" => {
                let negated = key == "NotAction";
                let patterns = listed(value, "an action", |node| {
                    let text = string(node, "an action")?;
                    ActionPattern::new(text)
                        .ok_or_else(|| expected(node, "an action such as `bedrock:InvokeModel`, or `*`"))
                })?;
                if actions.replace(Listed { negated, patterns }).is_some() {
                    return Err(twice(if negated { "Action" } else { "NotAction" }));
                }
            }
            "Resource" | "NotResource" => {
                let negated = key == "NotResource";
                let patterns = listed(value, "a resource", |node| {
                    let text = string(node, "an ARN or `*`")?;
                    Ok(ArnPattern::new(text, variables))
                })?;
                if resources.replace(Listed { negated, patterns }).is_some() {
                    return Err(twice(if negated { "Resource" } else { "NotResource" }));
                }
            }
            "Condition" => conditions = read_conditions(value, variables)?,
            other => {
                let hint = closest(other, ELEMENTS.into_iter());
                let remedy = hint.map_or_else(
                    || {
                        "expected `Sid`, `Effect`, `Principal`, `Action`, `Resource`, `Condition` or a `Not…` of these"
                            .to_owned()
                    },
                    |known| format!("expected `{known}`"),
                );
                return Err(at(*start, format!("`{}` is no element of a statement; {remedy}", shortened(other))));
            }
        }
    }
    let effect = effect.ok_or_else(|| at(node.start, "the statement has no `Effect`"))?;
    let actions = actions.ok_or_else(|| at(node.start, "the statement has neither `Action` nor `NotAction`"))?;
    if resources.is_none() && principals.is_none() {
        return Err(at(node.start, "the statement has neither `Resource` nor `NotResource`"));
    }
    let Position { line, column } = positions.at(node.start);
    Ok(Statement {
        index,
        sid,
        line,
        column,
        span: node.start..node.end,
        effect,
        principals,
        actions,
        resources,
        conditions: conditions.into(),
    })
}

fn listed<P>(
    node: &Node<'_>,
    what: &str,
    read: impl FnMut(&Node<'_>) -> Result<P, JsonError>,
) -> Result<Box<[P]>, JsonError> {
    let nodes = node.one_or_many();
    if nodes.is_empty() {
        return Err(at(node.start, format!("expected {what}, found an empty list")));
    }
    nodes.iter().map(read).collect()
}

fn read_principals(node: &Node<'_>, negated: bool) -> Result<Principals, JsonError> {
    const KINDS: &str = "`AWS`, `Service`, `Federated` or `CanonicalUser`";
    if node.as_str() == Some("*") {
        return Ok(Principals { negated, named: [Named::Everyone].into() });
    }
    let Some(members) = node.members() else {
        return Err(expected(node, &format!("`*` or an object with {KINDS}")));
    };
    let mut named = Vec::new();
    for Member { key, start, node } in members {
        let read: fn(&str) -> Named = match key.as_ref() {
            "AWS" => Named::aws,
            "Service" => |text| Named::Service(text.into()),
            "Federated" | "CanonicalUser" => |_| Named::Elsewhere,
            other => {
                return Err(at(*start, format!("`{}` is no kind of principal; expected {KINDS}", shortened(other))));
            }
        };
        named.extend(listed(node, "a principal", |node| Ok(read(string(node, "a principal")?)))?);
    }
    if named.is_empty() {
        return Err(expected(node, &format!("an object with {KINDS}")));
    }
    Ok(Principals { negated, named: named.into() })
}

fn read_conditions(node: &Node<'_>, variables: bool) -> Result<Vec<Condition>, JsonError> {
    let mut conditions = Vec::new();
    for Member { key: name, start, node } in object(node, "conditions")? {
        let Some(operator) = Operator::parse(name) else {
            let remedy = Operator::closest(name).map_or_else(
                || "expected one such as `StringEquals`, `ArnLike` or `Null`".to_owned(),
                |known| format!("did you mean `{known}`?"),
            );
            return Err(at(*start, format!("`{}` is no condition operator; {remedy}", shortened(name))));
        };
        for Member { key, node, .. } in object(node, "condition keys with their values")? {
            let values = listed(node, "a value", |node| match &node.value {
                Value::String(text) => Ok(text.as_ref().into()),
                Value::Number(text) => Ok((*text).into()),
                Value::Bool(value) => Ok(value.to_string().into()),
                _ => Err(expected(node, "a string, a number or a boolean")),
            })?;
            conditions.push(Condition::new(operator, key, values.into_vec(), variables));
        }
    }
    Ok(conditions)
}
