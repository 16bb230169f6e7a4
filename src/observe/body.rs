//! Reads the body of an answer strictly into a tree: JSON, or the XML of STS and IAM.
//!
//! The SDK takes the last of two equal keys, reads XML as far as it goes, and ignores whatever follows. A denial that was
//! cut off or overwritten would be lost, so a body is rejected here if it does not end properly or says anything twice.
//! Takes bytes, returns a tree or the reason why it is not one; quotes nothing from the body.

use quick_xml::Reader;
use quick_xml::events::Event;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::collections::HashSet;
use std::fmt;

/// The deepest XML that is read; IAM's answers have about eight levels.
const DEEPEST: usize = 64;

/// What a list's elements are called in XML.
const MEMBER: &str = "member";

/// A part of a body.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// JSON's `null`.
    Null,
    /// A JSON number.
    Number,
    /// A JSON boolean.
    Flag,
    /// A text; in XML every value is one.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// Named parts; no name occurs twice.
    Object(Vec<(String, Node)>),
    /// An XML element without content: an empty text, list or object.
    Empty,
}

impl Node {
    /// Returns the part with a name.
    pub(super) fn get(&self, name: &str) -> Option<&Node> {
        match self {
            Self::Object(parts) => parts.iter().find(|(known, _)| known == name).map(|(_, node)| node),
            _ => None,
        }
    }

    /// Returns the text.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// Reads a JSON document.
pub(super) fn json(body: &[u8]) -> Result<Node, String> {
    serde_json::from_slice(body).map_err(|error: serde_json::Error| match error.classify() {
        serde_json::error::Category::Data => TWICE.to_owned(),
        _ => format!("the JSON is damaged at line {}, column {}", error.line(), error.column()),
    })
}

/// Why a body that repeats itself is rejected.
const TWICE: &str = "a name stands twice in the same object";

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Flag)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Number)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Node, E> {
        Ok(Node::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Number)
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let (mut parts, mut names): (Vec<(String, Node)>, HashSet<String>) = (Vec::new(), HashSet::new());
        while let Some((name, node)) = entries.next_entry::<String, Node>()? {
            if !names.insert(name.clone()) {
                return Err(A::Error::custom(TWICE));
            }
            parts.push((name, node));
        }
        Ok(Node::Object(parts))
    }
}

/// An XML element that is being read.
struct Open {
    name: String,
    parts: Vec<(String, Node)>,
    text: String,
}

impl Open {
    fn new(name: &str) -> Self {
        Self { name: name.to_owned(), parts: Vec::new(), text: String::new() }
    }

    fn close(self) -> Result<(String, Node), String> {
        let has_text = !self.text.trim().is_empty();
        if self.parts.is_empty() {
            let node = if has_text { Node::Text(self.text) } else { Node::Empty };
            return Ok((self.name, node));
        }
        if has_text {
            return Err("text stands between the elements".to_owned());
        }
        if self.parts.iter().all(|(name, _)| name == MEMBER) {
            return Ok((self.name, Node::List(self.parts.into_iter().map(|(_, node)| node).collect())));
        }
        let mut names = HashSet::new();
        if !self.parts.iter().all(|(name, _)| names.insert(name.as_str())) {
            return Err(TWICE.to_owned());
        }
        Ok((self.name, Node::Object(self.parts)))
    }
}

/// Reads an XML document, and returns the name of its root with what it contains.
pub(super) fn xml(body: &[u8]) -> Result<(String, Node), String> {
    let damaged = |error: quick_xml::Error| match error {
        quick_xml::Error::IllFormed(_) | quick_xml::Error::Syntax(_) => "the XML is damaged".to_owned(),
        _ => "the XML cannot be read".to_owned(),
    };
    let text = std::str::from_utf8(body).map_err(|_| "the XML is not UTF-8 text".to_owned())?;
    let mut reader = Reader::from_str(text);
    let (mut open, mut root): (Vec<Open>, Option<(String, Node)>) = (Vec::new(), None);
    loop {
        let closed = match reader.read_event().map_err(damaged)? {
            Event::Start(_) | Event::Empty(_) if root.is_some() => {
                return Err("a second document follows the first".to_owned());
            }
            Event::Start(_) if open.len() == DEEPEST => return Err("the XML is nested too deeply".to_owned()),
            Event::Start(start) => {
                open.push(Open::new(start.local_name().as_ref()));
                continue;
            }
            Event::Empty(element) => Open::new(element.local_name().as_ref()).close()?,
            Event::End(_) => match open.pop() {
                Some(element) => element.close()?,
                None => return Err("the XML is damaged".to_owned()),
            },
            Event::Text(text) => {
                match open.last_mut() {
                    Some(element) => element.text.push_str(&text),
                    None if text.trim().is_empty() => {}
                    None => return Err("text follows the document".to_owned()),
                }
                continue;
            }
            Event::CData(_) | Event::GeneralRef(_) => {
                // Its value is the SDK's business; here it counts as content.
                if let Some(element) = open.last_mut() {
                    element.text.push('\u{fffd}');
                }
                continue;
            }
            Event::DocType(_) => return Err("the XML has a document type".to_owned()),
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) => continue,
            Event::Eof => break,
        };
        match open.last_mut() {
            Some(parent) => parent.parts.push(closed),
            None => root = Some(closed),
        }
    }
    if !open.is_empty() {
        return Err("the XML ends early".to_owned());
    }
    root.ok_or_else(|| "the XML is empty".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_document_that_ends_is_read() {
        let document = "<?xml version=\"1.0\"?>\n<a xmlns=\"x\"><b>1 &lt; 2</b><c/></a>\n";
        let (name, root) = xml(document.as_bytes()).unwrap();
        assert_eq!((name.as_str(), root.get("c")), ("a", Some(&Node::Empty)));
        let begins = document.find("<a").unwrap_or_default();
        let ends = document.find("</a>").unwrap_or_default();
        for at in begins + 1..ends + 3 {
            assert!(xml(&document.as_bytes()[..at]).is_err(), "{}", &document[..at]);
        }
        let json_document = br#"{"a": [1, {"b": null}], "c": "x"}"#;
        assert!(json(json_document).is_ok());
        for at in 0..json_document.len() {
            assert!(json(&json_document[..at]).is_err());
        }
    }

    #[test]
    fn nothing_may_stand_twice() {
        for body in [r#"{"a": 1, "a": 1}"#, r#"{"l": [{"a": {"b": 1, "b": 2}}]}"#, r#"{"a": 1} {"a": 2}"#] {
            assert!(json(body.as_bytes()).is_err(), "{body}");
        }
        for body in [
            "<r><a>1</a><a>2</a></r>",
            "<r><l><member>1</member></l><l><member>2</member></l></r>",
            "<r><l><member>1</member><other/><member>2</member></l></r>",
            "<r><a>1</a></r><r><a>2</a></r>",
            "<r>text<a>1</a></r>",
            "<!DOCTYPE r><r><a>1</a></r>",
        ] {
            assert!(xml(body.as_bytes()).is_err(), "{body}");
        }
        assert!(xml(b"<r><l><member>1</member><member>1</member></l></r>").is_ok());
    }
}
