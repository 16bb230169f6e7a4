//! A template's text, YAML or JSON, as a tree with places.
//!
//! CloudFormation's short forms become their long ones: `!Sub x` is `{"Fn::Sub": "x"}`, `!Ref x` is `{"Ref": "x"}`, and
//! `!GetAtt A.B` is `{"Fn::GetAtt": "A.B"}` (CloudFormation User Guide, "Intrinsic function reference"). JSON is read
//! as the YAML that it is. Gives an error with its place for anything that is neither.

use super::node::{Node, Place, Value};
use granit_parser::{Event, Parser, ScalarStyle, Span, Tag};
use std::borrow::Cow;

/// How deep a template may be nested.
const MAX_DEPTH: usize = 100;
/// How many values a template may hold once its aliases are expanded.
const MAX_NODES: usize = 2_000_000;

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
    let mut builder = Builder::default();
    // A byte order mark, as Windows editors write it.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for next in Parser::new_from_str(text) {
        let (event, span) = next.map_err(|error| SyntaxError {
            place: Place { line: error.marker().line().max(1), column: error.marker().col() + 1 },
            message: error.to_string().to_lowercase(),
        })?;
        builder.event(event, &span)?;
    }
    builder.root.ok_or_else(|| SyntaxError { place: Place::START, message: "the file is empty".to_owned() })
}

#[derive(Default)]
struct Builder {
    root: Option<Node>,
    open: Vec<Open>,
    anchors: Vec<(usize, Node, usize)>,
    nodes: usize,
}

/// A collection that is being read.
struct Open {
    place: Place,
    tag: Option<String>,
    anchor: usize,
    list: Option<Vec<Node>>,
    map: Vec<(String, Node)>,
    key: Option<String>,
}

impl Builder {
    fn event(&mut self, event: Event<'_>, span: &Span) -> Result<(), SyntaxError> {
        let place = Place { line: span.start.line().max(1), column: span.start.col() + 1 };
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let tag = short_form(tag.as_deref());
                let node = Node::new(place, scalar(&text, style, tag.is_some()));
                let node = tagged(node, tag);
                self.remember(anchor, &node, 1);
                self.add(node, place, 1)
            }
            Event::SequenceStart(_, anchor, tag) => self.start(place, anchor, tag, Some(Vec::new())),
            Event::MappingStart(_, anchor, tag) => self.start(place, anchor, tag, None),
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(open) = self.open.pop() else { return Ok(()) };
                let value = open.list.map_or(Value::Map(open.map), Value::List);
                let node = tagged(Node::new(open.place, value), open.tag);
                let size = if open.anchor > 0 { size(&node) } else { 1 };
                self.remember(open.anchor, &node, size);
                self.add(node, open.place, 1)
            }
            Event::Alias(id) => {
                let known = self.anchors.iter().find(|(known, _, _)| *known == id);
                let Some((_, node, size)) = known.cloned() else {
                    return Err(SyntaxError { place, message: "an alias to nothing".to_owned() });
                };
                self.add(node, place, size)
            }
            Event::DocumentStart(..) if self.root.is_some() => {
                Err(SyntaxError { place, message: "a second document in one file".to_owned() })
            }
            _ => Ok(()),
        }
    }

    fn start(
        &mut self,
        place: Place,
        anchor: usize,
        tag: Option<Cow<'_, Tag>>,
        list: Option<Vec<Node>>,
    ) -> Result<(), SyntaxError> {
        if self.open.len() >= MAX_DEPTH {
            return Err(SyntaxError { place, message: format!("nested more than {MAX_DEPTH} levels deep") });
        }
        let tag = short_form(tag.as_deref());
        self.open.push(Open { place, tag, anchor, list, map: Vec::new(), key: None });
        Ok(())
    }

    fn remember(&mut self, anchor: usize, node: &Node, size: usize) {
        if anchor > 0 {
            self.anchors.push((anchor, node.clone(), size));
        }
    }

    fn add(&mut self, node: Node, place: Place, size: usize) -> Result<(), SyntaxError> {
        self.nodes = self.nodes.saturating_add(size);
        if self.nodes > MAX_NODES {
            return Err(SyntaxError { place, message: format!("more than {MAX_NODES} values") });
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        if let Some(list) = &mut open.list {
            list.push(node);
            return Ok(());
        }
        match open.key.take() {
            Some(key) if open.map.iter().any(|(known, _)| *known == key) => {
                Err(SyntaxError { place: node.place, message: format!("`{key}` is there twice") })
            }
            Some(key) => {
                open.map.push((key, node));
                Ok(())
            }
            None => {
                open.key = Some(match node.value {
                    Value::Text(text) | Value::Number(text) => text,
                    Value::Bool(flag) => flag.to_string(),
                    Value::Null => String::new(),
                    _ => return Err(SyntaxError { place, message: "a key that is not a text".to_owned() }),
                });
                Ok(())
            }
        }
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
