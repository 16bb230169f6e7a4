//! The arguments of a tool, read by name: each mistake names its argument.

use super::error::ToolError;
use serde_json::{Map, Value};
use std::fmt::Display;
use std::str::FromStr;

/// The longest list, and the longest text, that an argument may hold.
const LONGEST_LIST: usize = 1000;
const LONGEST_TEXT: usize = 1 << 20;

/// A tool's arguments. One that is `null` is as if it were not there.
#[derive(Debug)]
pub(super) struct Arguments(Map<String, Value>);

impl Arguments {
    /// Takes the arguments of a call; `known` are the tool's.
    pub(super) fn new(given: Option<Map<String, Value>>, known: &Map<String, Value>) -> Result<Self, ToolError> {
        let mut given = given.unwrap_or_default();
        given.retain(|_, value| !value.is_null());
        if let Some(stranger) = given.keys().find(|name| !known.contains_key(*name)) {
            let names: Vec<&str> = known.keys().map(String::as_str).collect();
            let shown: String = stranger.chars().take(60).collect();
            return Err(ToolError::general(format!("the tool has no argument `{shown}`"))
                .hint(format!("its arguments are: {}", names.join(", "))));
        }
        Ok(Self(given))
    }

    /// Returns the value itself.
    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Reads a text.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, ToolError> {
        self.value(name).map(|value| text(name, value)).transpose()
    }

    /// Reads a text that means something.
    pub(super) fn parsed<T: FromStr<Err: Display>>(&self, name: &str) -> Result<Option<T>, ToolError> {
        self.text(name)?.map(|text| parse(name, text)).transpose()
    }

    /// Reads a text with a function of its own.
    pub(super) fn read<T>(
        &self,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Option<T>, ToolError> {
        self.text(name)?.map(|text| read(text).map_err(|why| ToolError::argument(name, why))).transpose()
    }

    /// Reads a list of texts; one text is a list of one.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<&str>, ToolError> {
        match self.value(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(list)) if list.len() > LONGEST_LIST => {
                Err(ToolError::argument(name, format!("a list has at most {LONGEST_LIST} items, not {}", list.len())))
            }
            Some(Value::Array(list)) => list.iter().map(|value| text(name, value)).collect(),
            Some(value) => text(name, value).map(|text| vec![text]),
        }
    }

    /// Reads a list of texts that mean something.
    pub(super) fn list<T: FromStr<Err: Display>>(&self, name: &str) -> Result<Vec<T>, ToolError> {
        self.texts(name)?.into_iter().map(|text| parse(name, text)).collect()
    }

    /// Reads `true` or `false`; without it, `false`.
    pub(super) fn flag(&self, name: &str) -> Result<bool, ToolError> {
        match self.value(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(ToolError::argument(name, "expected `true` or `false`")),
        }
    }

    /// Reads a whole number within a range.
    pub(super) fn number(&self, name: &str, default: u64, most: u64) -> Result<u64, ToolError> {
        match self.value(name) {
            None => Ok(default),
            Some(value) => value
                .as_u64()
                .filter(|number| (1..=most).contains(number))
                .ok_or_else(|| ToolError::argument(name, format!("expected a whole number from 1 to {most}"))),
        }
    }

    /// Reads an object of texts, each of which may be a list of texts.
    pub(super) fn pairs(&self, name: &str) -> Result<Vec<(String, String)>, ToolError> {
        let object = match self.value(name) {
            None => return Ok(Vec::new()),
            Some(Value::Object(object)) if object.len() <= LONGEST_LIST => object,
            Some(_) => return Err(ToolError::argument(name, "expected an object, such as {\"KEY\": \"VALUE\"}")),
        };
        let mut pairs = Vec::new();
        for (key, value) in object {
            let values = match value {
                Value::Array(list) => list.as_slice(),
                one => std::slice::from_ref(one),
            };
            for value in values {
                let value = match value {
                    Value::String(text) => text.clone(),
                    Value::Bool(_) | Value::Number(_) => value.to_string(),
                    _ => return Err(ToolError::argument(name, format!("the value of `{key}` is no text"))),
                };
                pairs.push((key.clone(), value));
            }
        }
        Ok(pairs)
    }

    /// Reads condition keys with their values.
    pub(super) fn context(&self, name: &str) -> Result<Vec<(String, String)>, ToolError> {
        let pairs = self.pairs(name)?;
        match pairs.iter().find(|(key, _)| !key.contains(':')) {
            Some((key, _)) => {
                Err(ToolError::argument(name, format!("`{key}` is not a condition key, such as `aws:SourceVpce`")))
            }
            None => Ok(pairs),
        }
    }
}

fn text<'v>(name: &str, value: &'v Value) -> Result<&'v str, ToolError> {
    match value {
        Value::String(text) if text.len() > LONGEST_TEXT => {
            Err(ToolError::argument(name, format!("a text has at most {LONGEST_TEXT} bytes, not {}", text.len())))
        }
        Value::String(text) => Ok(text),
        _ => Err(ToolError::argument(name, "expected a text")),
    }
}

fn parse<T: FromStr<Err: Display>>(name: &str, text: &str) -> Result<T, ToolError> {
    text.trim().parse().map_err(|error: T::Err| ToolError::argument(name, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn arguments(given: Value) -> Arguments {
        let known = json!({"a": {}, "b": {}}).as_object().cloned().unwrap();
        Arguments::new(given.as_object().cloned(), &known).unwrap()
    }

    #[test]
    fn every_mistake_names_its_argument() {
        let wrong = arguments(json!({"a": 7}));
        assert_eq!(wrong.text("a").unwrap_err().argument.as_deref(), Some("a"));
        assert!(wrong.flag("a").is_err() && wrong.pairs("a").is_err() && wrong.number("a", 1, 5).is_err());
        assert_eq!(wrong.number("a", 1, 7).unwrap(), 7);
        assert!(wrong.texts("b").unwrap().is_empty());
        let one = arguments(json!({"a": "x", "b": null}));
        assert_eq!(one.texts("a").unwrap(), ["x"]);
        assert!(one.text("b").unwrap().is_none());
        assert!(arguments(json!({"a": {"k": {}}})).pairs("a").is_err());
        let pairs = arguments(json!({"a": {"aws:x": ["1", 2], "aws:y": true}})).context("a").unwrap();
        assert_eq!(pairs.len(), 3);
        let known = json!({"a": {}}).as_object().cloned().unwrap();
        let stranger = Arguments::new(json!({"c": 1}).as_object().cloned(), &known).unwrap_err();
        assert!(stranger.message.contains("`c`") && stranger.hint.unwrap().contains('a'));
    }
}
