//! One target: the call that a line of the file describes, and the verdict that it expects.

use crate::answer::doctor::{Asked, Call, Caller, Principal};
use crate::bedrock::{ModelReference, Operation, Region};
use crate::diagnose::Expectation;
use crate::iam::Arn;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// A line of the file; the options fill in what it leaves out.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    /// A string or a number that the answer repeats.
    #[serde(default)]
    id: Value,
    #[serde(default)]
    model: Option<ModelReference>,
    #[serde(default)]
    operation: Option<Operation>,
    #[serde(default)]
    region: Option<Region>,
    /// The other resources that the call names.
    #[serde(default)]
    resources: Vec<Arn>,
    #[serde(default)]
    service_role: Option<Arn>,
    #[serde(default)]
    principal: Option<Arn>,
    /// The profile of the AWS config files whose credentials are used.
    #[serde(default)]
    profile: Option<String>,
    #[serde(default)]
    expect: Option<Expectation>,
}

/// A call to diagnose.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) id: Value,
    pub(super) expect: Option<Expectation>,
    /// Whether the target itself names a profile.
    pub(super) names_profile: bool,
    pub(super) asks: Asks,
}

/// What a target asks.
#[derive(Clone, Debug)]
pub(super) enum Asks {
    /// A call whose missing parts still have to be found.
    Call(Box<Call>),
    /// A request that is complete, with those whose credentials are used.
    Request(Box<Asked>, Box<Caller>),
}

/// A line that could not be read as a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BadTarget {
    /// Its id, if that could be read.
    pub(super) id: Value,
    pub(super) error: String,
}

impl Target {
    /// Reads a line of JSON; `given` is the call that the options describe.
    pub(super) fn parse(line: &[u8], given: &Call) -> Result<Self, BadTarget> {
        let text = std::str::from_utf8(line).map_err(|error| {
            BadTarget::nameless(format!("this is not UTF-8 text (byte {})", error.valid_up_to() + 1))
        })?;
        let UniqueKeys(value) = serde_json::from_str(text).map_err(|error| {
            let words = error.to_string();
            let words = words.split(" at line ").next().unwrap_or_default();
            BadTarget::nameless(format!("the line is not valid JSON: {words} at column {}", error.column()))
        })?;
        Self::from_value(value, given)
    }

    /// Reads a value, such as an element of a YAML list.
    pub(super) fn from_value(value: Value, given: &Call) -> Result<Self, BadTarget> {
        let Value::Object(fields) = &value else {
            return Err(BadTarget::nameless("a target is an object, such as {\"model\": \"…\"}".to_owned()));
        };
        let id = match fields.get("id") {
            None | Some(Value::Null) => Value::Null,
            Some(id @ (Value::String(_) | Value::Number(_))) => id.clone(),
            Some(_) => return Err(BadTarget::nameless("`id` is neither a string nor a number".to_owned())),
        };
        if !fields.contains_key("model") && !fields.contains_key("operation") {
            return Err(BadTarget { id, error: "the target has no `model`".to_owned() });
        }
        let line: Line = serde_json::from_value(value).map_err(|error| BadTarget { id, error: error.to_string() })?;
        Ok(line.over(given))
    }
}

impl Line {
    /// Returns the target: the line's call, with what it leaves out taken from the options.
    fn over(self, given: &Call) -> Target {
        // A Region on the command line is for targets that name none, and an ARN names one.
        let in_model = self.model.as_ref().and_then(ModelReference::region);
        let names_region = in_model.is_some() || self.resources.iter().any(|arn| !arn.region.is_empty());
        let region = self.region.or_else(|| given.region.clone().filter(|_| !names_region));
        let names_profile = self.profile.is_some();
        let call = Call {
            model: self.model,
            operation: self.operation.or(given.operation),
            region,
            resources: if self.resources.is_empty() { given.resources.clone() } else { self.resources },
            service_role: self.service_role.or_else(|| given.service_role.clone()),
            principal: self.principal.map(Principal::Arn).or_else(|| given.principal.clone()),
            caller: self.profile.map_or_else(|| given.caller.clone(), |profile| Caller::of_profile(Some(profile))),
            ..given.clone()
        };
        Target { id: self.id, expect: self.expect, names_profile, asks: Asks::Call(Box::new(call)) }
    }
}

impl BadTarget {
    pub(super) fn nameless(error: String) -> Self {
        Self { id: Value::Null, error }
    }
}

/// JSON in which no object has a key twice: which of the two counts would be a guess.
struct UniqueKeys(Value);

impl<'de> Deserialize<'de> for UniqueKeys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueKeysVisitor).map(Self)
    }
}

struct UniqueKeysVisitor;

impl<'de> Visitor<'de> for UniqueKeysVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(UniqueKeys(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some((key, UniqueKeys(value))) = entries.next_entry::<String, UniqueKeys>()? {
            if map.contains_key(&key) {
                return Err(A::Error::custom(format!("the key `{key}` stands twice")));
            }
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_target_is_said_with_its_id_where_it_has_one() {
        for (line, id, said) in [
            (r#"{"id": "a""#, Value::Null, "not valid JSON"),
            ("[]", Value::Null, "is an object"),
            (r#"{"id": "a"}"#, "a".into(), "no `model`"),
            (r#"{"id": ["a"], "model": "amazon.nova-lite-v1:0"}"#, Value::Null, "neither a string nor a number"),
            (r#"{"id": 7, "model": ""}"#, 7.into(), "the model id is empty"),
            (r#"{"id": 7, "model": "amazon.nova-lite-v1:0", "regoin": "x"}"#, 7.into(), "unknown field `regoin`"),
            (r#"{"id": 7, "model": "amazon.nova-lite-v1:0", "region": "west"}"#, 7.into(), "`west` is not a Region"),
            (r#"{"id": 7, "model": "amazon.nova-lite-v1:0", "expect": "yes"}"#, 7.into(), "unknown variant `yes`"),
            (
                r#"{"id": 7, "model": "a.b", "expect": "denied", "expect": "allowed"}"#,
                Value::Null,
                "`expect` stands twice",
            ),
            (r#"{"id": 7, "model": "anthropic.$(id)"}"#, 7.into(), "a model id holds no"),
        ] {
            let bad = Target::parse(line.as_bytes(), &Call::default()).unwrap_err();
            assert_eq!(bad.id, id, "{line}");
            assert!(bad.error.contains(said), "{line}: {}", bad.error);
        }
        assert!(Target::parse(b"{\"id\": \"\xff\"}", &Call::default()).unwrap_err().error.contains("byte 9"));
    }
}
