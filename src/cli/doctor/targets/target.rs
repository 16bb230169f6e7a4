//! One target: what a line of the file asks, and what it expects.

use crate::bedrock::{ModelReference, Operation, Region};
use crate::cli::doctor::args::DoctorArgs;
use crate::diagnose::Expectation;
use crate::iam::Arn;
use serde::Deserialize;
use serde_json::Value;

/// A line of the file; what it leaves out is taken from the command line.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Target {
    /// A string or a number that the answer repeats.
    #[serde(default)]
    pub(super) id: Value,
    #[serde(default)]
    model: Option<ModelReference>,
    #[serde(default)]
    operation: Option<Operation>,
    #[serde(default)]
    region: Option<Region>,
    /// What else the call names.
    #[serde(default)]
    resources: Vec<Arn>,
    #[serde(default)]
    service_role: Option<Arn>,
    #[serde(default)]
    principal: Option<Arn>,
    /// The profile of the AWS config files whose credentials ask.
    #[serde(default)]
    pub(super) profile: Option<String>,
    #[serde(default)]
    pub(super) expect: Option<Expectation>,
}

/// A line that could not be read as a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BadTarget {
    /// Its id, as far as it could be read.
    pub(super) id: Value,
    pub(super) error: String,
}

impl Target {
    /// Reads a line of JSON.
    pub(super) fn parse(line: &[u8]) -> Result<Self, BadTarget> {
        let text = std::str::from_utf8(line).map_err(|error| {
            BadTarget::nameless(format!("this is not UTF-8 text (byte {})", error.valid_up_to() + 1))
        })?;
        let value = serde_json::from_str(text).map_err(|error| {
            let words = error.to_string();
            let words = words.split(" at line ").next().unwrap_or_default();
            BadTarget::nameless(format!("the line is not valid JSON: {words} at column {}", error.column()))
        })?;
        Self::of(value)
    }

    /// Reads a value, such as an element of a YAML list.
    pub(super) fn of(value: Value) -> Result<Self, BadTarget> {
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
        serde_json::from_value(value).map_err(|error| BadTarget { id, error: error.to_string() })
    }

    /// Tells whether neither the target's model nor what else it names has a Region of its own.
    pub(super) fn names_no_region(&self) -> bool {
        let in_model = self.model.as_ref().and_then(ModelReference::region);
        in_model.is_none() && self.resources.iter().all(|arn| arn.region.is_empty())
    }

    /// Returns the command line as it would ask for this target alone.
    pub(super) fn arguments(&self, given: &DoctorArgs) -> DoctorArgs {
        let mut arguments = given.clone();
        arguments.model = self.model.clone();
        // A Region on the command line is for targets that name none, and an ARN names one.
        if !self.names_no_region() {
            arguments.region = None;
        }
        if !self.resources.is_empty() {
            arguments.resource = self.resources.clone();
        }
        arguments.service_role = self.service_role.clone().or(arguments.service_role);
        arguments.region = self.region.clone().or(arguments.region);
        arguments.operation = self.operation.or(arguments.operation);
        arguments.principal = self.principal.clone().or(arguments.principal);
        arguments.profile = self.profile.clone().or(arguments.profile);
        arguments
    }
}

impl BadTarget {
    pub(super) fn nameless(error: String) -> Self {
        Self { id: Value::Null, error }
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
        ] {
            let bad = Target::parse(line.as_bytes()).unwrap_err();
            assert_eq!(bad.id, id, "{line}");
            assert!(bad.error.contains(said), "{line}: {}", bad.error);
        }
        assert!(Target::parse(b"{\"id\": \"\xff\"}").unwrap_err().error.contains("byte 9"));
    }
}
