//! A template's text, YAML or JSON, as a tree with places.
//!
//! CloudFormation's short forms become their long ones: `!Sub x` is `{"Fn::Sub": "x"}`, `!Ref x` is `{"Ref": "x"}`, and
//! `!GetAtt A.B` is `{"Fn::GetAtt": "A.B"}` (CloudFormation User Guide, "Intrinsic function reference"). JSON is read
//! as the YAML that it is. Gives an error with its place for anything that is neither.

use super::node::{Node, Place, Value};
use crate::yaml::{self, Fault, Limits, Tree};
use granit_parser::{ScalarStyle, Tag};

/// How deep a template may be nested, how many values it may hold once its aliases are expanded, and that it is one document.
const LIMITS: Limits = Limits { depth: 100, values: 2_000_000, documents: 1 };

/// What is wrong with a text, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// The place.
    pub place: Place,
    /// A lower-case fragment.
    pub message: String,
}

/// Reads one document.
pub(crate) fn read(text: &str) -> Result<Node, SyntaxError> {
    let documents: Vec<Node> = yaml::read(text, LIMITS).map_err(|(fault, met_at)| {
        let (message, place) = match fault {
            Fault::Syntax(error) => (error.to_lowercase(), met_at),
            Fault::TooDeep => (format!("nested more than {} levels deep", LIMITS.depth), met_at),
            Fault::TooMany => (format!("more than {} values", LIMITS.values), met_at),
            Fault::FurtherDocument => ("a second document in one file".to_owned(), met_at),
            Fault::UnknownAlias => ("an alias to nothing".to_owned(), met_at),
            Fault::RepeatedKey(key, place) => (format!("`{key}` is there twice"), place),
            Fault::KeyIsNoText => ("a key that is not a text".to_owned(), met_at),
        };
        SyntaxError { place: at(place), message }
    })?;
    let first = documents.into_iter().next();
    first.ok_or_else(|| SyntaxError { place: Place::START, message: "the file is empty".to_owned() })
}

fn at((line, column): yaml::Place) -> Place {
    Place { line, column }
}

impl Tree for Node {
    type Members = Vec<(String, Self)>;

    fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>, place: yaml::Place) -> Self {
        let tag = short_form(tag);
        tagged(Self::new(at(place), scalar(text, style, tag.is_some())), tag)
    }

    fn list(items: Vec<Self>, tag: Option<&Tag>, place: yaml::Place) -> Self {
        tagged(Self::new(at(place), Value::List(items)), short_form(tag))
    }

    fn map(members: Self::Members, tag: Option<&Tag>, place: yaml::Place) -> Self {
        tagged(Self::new(at(place), Value::Map(members)), short_form(tag))
    }

    fn insert(members: &mut Self::Members, key: String, value: Self) -> Result<(), Fault> {
        if members.iter().any(|(known, _)| *known == key) {
            return Err(Fault::RepeatedKey(key, (value.place.line, value.place.column)));
        }
        members.push((key, value));
        Ok(())
    }

    fn into_key(self) -> Option<String> {
        match self.value {
            Value::Text(text) | Value::Number(text) => Some(text),
            Value::Bool(flag) => Some(flag.to_string()),
            Value::Null => Some(String::new()),
            _ => None,
        }
    }

    fn size(&self) -> usize {
        size(self)
    }
}

fn size(node: &Node) -> usize {
    match &node.value {
        Value::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Map(members) => 1 + members.iter().map(|(_, item)| size(item)).sum::<usize>(),
        _ => 1,
    }
}

/// Returns the long form's name of a function's short form.
fn short_form(tag: Option<&Tag>) -> Option<String> {
    let tag = tag.filter(|tag| tag.handle() == "!" && !tag.suffix().is_empty())?;
    Some(match tag.suffix() {
        name @ ("Ref" | "Condition") => name.to_owned(),
        name => format!("Fn::{name}"),
    })
}

fn tagged(node: Node, tag: Option<String>) -> Node {
    match tag {
        Some(name) => Node::new(node.place, Value::Map(vec![(name, node)])),
        None => node,
    }
}

/// Reads a scalar by YAML's core schema; dates and versions such as `2012-10-17` stay texts.
fn scalar(text: &str, style: ScalarStyle, is_argument: bool) -> Value {
    if style != ScalarStyle::Plain || is_argument {
        return Value::Text(text.to_owned());
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ if is_number(text) => Value::Number(text.to_owned()),
        _ => Value::Text(text.to_owned()),
    }
}

/// Returns `true` for what JSON calls a number, without a leading zero: an account id such as 012345678901 is a text.
fn is_number(text: &str) -> bool {
    text.bytes().next().is_some_and(|first| first.is_ascii_digit() || first == b'-')
        && serde_json::from_str::<serde_json::Number>(text).is_ok()
}
