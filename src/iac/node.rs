//! Values of infrastructure code: a tree that knows where each value is in its file and what is not known before the
//! deployment.
//!
//! Terraform plans and CloudFormation templates become the same tree, so that one table can say where a role, a model or
//! an environment variable is found in both. Reads no file and knows no resource type.

use serde_json::{Map, Value as Json};

/// Opens the name of something that only the deployment makes, inside a text.
///
/// A private-use character: no file of infrastructure code can hold it by accident, and names that are equal stay
/// equal, so that a policy about a resource of the same file matches calls to it.
pub(crate) const OPEN: char = '\u{e000}';
/// Closes such a name.
pub(crate) const CLOSE: char = '\u{e001}';

/// Where a value is: line and column are counted from 1, and are 1 where the format has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column in characters.
    pub column: usize,
}

impl Place {
    /// The start of a file.
    pub const START: Self = Self { line: 1, column: 1 };
}

/// A value and its place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub place: Place,
    pub value: Value,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
    /// Known only after the deployment, and why.
    Unknown(String),
}

impl Node {
    pub fn new(place: Place, value: Value) -> Self {
        Self { place, value }
    }

    /// Takes JSON, all of it at one place.
    pub fn from_json(json: Json, place: Place) -> Self {
        let value = match json {
            Json::Null => Value::Null,
            Json::Bool(flag) => Value::Bool(flag),
            Json::Number(number) => Value::Number(number.to_string()),
            Json::String(text) => Value::Text(text),
            Json::Array(items) => Value::List(items.into_iter().map(|item| Self::from_json(item, place)).collect()),
            Json::Object(members) => {
                Value::Map(members.into_iter().map(|(key, item)| (key, Self::from_json(item, place))).collect())
            }
        };
        Self { place, value }
    }

    /// Returns the value as JSON; what is not known becomes a marked text that equals nothing else.
    pub fn to_json(&self) -> Json {
        match &self.value {
            Value::Null => Json::Null,
            Value::Bool(flag) => Json::Bool(*flag),
            Value::Number(number) => serde_json::from_str(number).unwrap_or_else(|_| Json::String(number.clone())),
            Value::Text(text) => Json::String(text.clone()),
            Value::List(items) => Json::Array(items.iter().map(Self::to_json).collect()),
            Value::Map(members) => {
                Json::Object(members.iter().map(|(key, item)| (key.clone(), item.to_json())).collect::<Map<_, _>>())
            }
            Value::Unknown(what) => Json::String(format!("{OPEN}{what}{CLOSE}")),
        }
    }

    /// Returns the member of a map.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match &self.value {
            Value::Map(members) => members.iter().find(|(known, _)| known == key).map(|(_, node)| node),
            _ => None,
        }
    }

    /// Returns a text.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the members of a map; empty for anything else.
    pub fn members(&self) -> &[(String, Self)] {
        match &self.value {
            Value::Map(members) => members,
            _ => &[],
        }
    }

    /// Returns the items of a list, or the value itself as the only one; empty for null.
    pub fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            Value::Null => &[],
            _ => std::slice::from_ref(self),
        }
    }

    fn descend<'n>(&'n self, name: &'n str, into: &mut Vec<(&'n str, &'n Self)>) {
        for item in self.items() {
            if let Value::Map(members) = &item.value {
                into.push((name, item));
                members.iter().for_each(|(name, member)| member.descend(name, into));
            }
        }
    }

    /// Returns `true` if the value, as a whole, is known only after the deployment.
    pub fn is_unknown(&self) -> bool {
        matches!(self.value, Value::Unknown(_))
    }

    /// Returns `true` if the value, or a part of its text, is known only after the deployment.
    pub fn is_partly_unknown(&self) -> bool {
        self.is_unknown() || self.as_str().is_some_and(is_partly_unknown)
    }

    /// Finds the values at a path such as `Environment.Variables.*`: names between dots, `*` for every member of a map,
    /// `@name:value` for the values of a list of pairs, and `**` for every level below. Lists on the way are walked
    /// through. Each value comes with the last name that led to it.
    pub fn find<'n>(&'n self, path: &str) -> Vec<(&'n str, &'n Self)> {
        let mut found: Vec<(&str, &Self)> = vec![("", self)];
        for segment in path.split('.') {
            let mut next = Vec::new();
            for (_, node) in found {
                for item in node.items() {
                    if let Some((name, value)) = segment.strip_prefix('@').and_then(|pair| pair.split_once(':')) {
                        next.extend(item.get(name).and_then(Self::as_str).zip(item.get(value)));
                        continue;
                    }
                    match segment {
                        "**" => item.descend("", &mut next),
                        "*" => next.extend(item.members().iter().map(|(name, node)| (name.as_str(), node))),
                        name => next.extend(
                            item.members()
                                .iter()
                                .filter(|(known, _)| known == name)
                                .map(|(known, node)| (known.as_str(), node)),
                        ),
                    }
                }
            }
            found = next;
        }
        found.into_iter().flat_map(|(name, node)| node.items().iter().map(move |item| (name, item))).collect()
    }
}

/// Returns `true` if a text holds the name of something that only the deployment makes.
pub(crate) fn is_partly_unknown(text: &str) -> bool {
    text.contains(OPEN)
}

/// Returns `true` if a text is the name of something that only the deployment makes, and nothing else.
pub(crate) fn is_marked(text: &str) -> bool {
    let inside = text.strip_prefix(OPEN).and_then(|rest| rest.strip_suffix(CLOSE));
    inside.is_some_and(|name| !name.contains([OPEN, CLOSE]))
}

/// Returns the text as people read it: `${Name}` for what only the deployment makes.
pub(crate) fn readable(text: &str) -> String {
    text.replace(OPEN, "${").replace(CLOSE, "}")
}

/// Returns an ARN whose marked names are written in the characters that a model's ARN may hold; other texts as they are.
///
/// Calls and policies are both written so before they are compared: equal names stay equal.
pub(crate) fn comparable(text: &str) -> String {
    if !text.starts_with("arn:") || !is_partly_unknown(text) {
        return text.to_owned();
    }
    let mut inside = false;
    text.chars()
        .map(|c| match c {
            OPEN | CLOSE => {
                inside = c == OPEN;
                '_'
            }
            c if inside && !c.is_ascii_alphanumeric() => '_',
            c => c,
        })
        .collect()
}
