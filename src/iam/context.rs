//! The request context: what IAM knows of a request when it decides.
//!
//! Keys are compared without regard to case, as IAM does (IAM User Guide, "Condition"); a key that is not in
//! the map is absent from the request, which is a fact of its own and not an empty value.

use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::HashSet;
use std::fmt;

/// One authorization question: may this principal do this action on this resource in this context?
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestContext {
    /// The IAM action, such as `bedrock:InvokeModel`.
    pub action: String,
    /// The resource's ARN, or `*` for an action without resource types.
    pub resource: String,
    /// The condition keys that the request carries.
    pub context: ContextKeys,
}

impl RequestContext {
    /// Returns the Region the request is evaluated for (`aws:RequestedRegion`), where the context holds it.
    #[must_use]
    pub fn requested_region(&self) -> Option<&str> {
        self.context.get("aws:RequestedRegion").and_then(ContextValue::as_single)
    }
}

/// The value of a condition key: one, or a list for multivalued keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContextValue {
    /// A single-valued key.
    Single(String),
    /// A multivalued key; may be empty.
    Multiple(Vec<String>),
}

impl ContextValue {
    /// Returns the value of a single-valued key.
    #[must_use]
    pub fn as_single(&self) -> Option<&str> {
        match self {
            Self::Single(value) => Some(value),
            Self::Multiple(_) => None,
        }
    }

    /// Returns the values as a slice, whether there is one or many.
    #[must_use]
    pub fn values(&self) -> &[String] {
        match self {
            Self::Single(value) => std::slice::from_ref(value),
            Self::Multiple(values) => values,
        }
    }
}

impl From<&str> for ContextValue {
    fn from(value: &str) -> Self {
        Self::Single(value.to_owned())
    }
}

impl From<String> for ContextValue {
    fn from(value: String) -> Self {
        Self::Single(value)
    }
}

impl From<Vec<String>> for ContextValue {
    fn from(values: Vec<String>) -> Self {
        Self::Multiple(values)
    }
}

/// A condition key that is there twice, in the same or another case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DuplicateKey(pub String);

impl fmt::Display for DuplicateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the condition key `{}` is given twice", self.0)
    }
}

impl std::error::Error for DuplicateKey {}

/// The condition keys of a request, in the order in which they were given.
///
/// INVARIANT: no two keys are equal without regard to ASCII case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContextKeys(Vec<(String, ContextValue)>);

impl ContextKeys {
    /// Returns a context without any key.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a key, replacing the value of a key of the same name in any case.
    pub fn set(&mut self, key: &str, value: impl Into<ContextValue>) {
        let value = value.into();
        match self.0.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(key)) {
            Some((_, slot)) => *slot = value,
            None => self.0.push((key.to_owned(), value)),
        }
    }

    /// Builds a context from keys and values, in their order.
    ///
    /// # Errors
    /// Names the first key that is there twice, in any case.
    pub fn try_from_pairs(pairs: Vec<(String, ContextValue)>) -> Result<Self, DuplicateKey> {
        let mut seen = HashSet::with_capacity(pairs.len());
        match pairs.iter().find(|(key, _)| !seen.insert(key.to_ascii_lowercase())) {
            Some((twice, _)) => Err(DuplicateKey(twice.clone())),
            None => Ok(Self(pairs)),
        }
    }

    /// Returns the context with a key set; for building one in an expression.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<ContextValue>) -> Self {
        self.set(key, value);
        self
    }

    /// Returns the keys without one of them.
    #[must_use]
    pub fn without(&self, key: &str) -> Self {
        let others = self.iter().filter(|(known, _)| !known.eq_ignore_ascii_case(key));
        others.fold(Self::new(), |keys, (known, value)| keys.with(known, value.clone()))
    }

    /// Returns the value of a key, compared without regard to case.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&ContextValue> {
        // Most policies write a key as AWS does, and equal bytes are compared faster than letters without case.
        let is_key = |known: &str| known.len() == key.len() && (known == key || known.eq_ignore_ascii_case(key));
        self.0.iter().find(|(known, _)| is_key(known)).map(|(_, value)| value)
    }

    /// Iterates over the keys and values in the order in which they were given.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &ContextValue)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// Returns `true` if there is no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<K: AsRef<str>, V: Into<ContextValue>> FromIterator<(K, V)> for ContextKeys {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let mut keys = Self::new();
        for (key, value) in pairs {
            keys.set(key.as_ref(), value);
        }
        keys
    }
}

impl Serialize for ContextValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Single(value) => serializer.serialize_str(value),
            Self::Multiple(values) => values.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ContextValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ValueVisitor;

        impl<'de> Visitor<'de> for ValueVisitor {
            type Value = ContextValue;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string, a number, a boolean, or a list of these")
            }

            fn visit_str<E: de::Error>(self, value: &str) -> Result<ContextValue, E> {
                Ok(value.into())
            }

            fn visit_bool<E: de::Error>(self, value: bool) -> Result<ContextValue, E> {
                Ok(value.to_string().into())
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<ContextValue, E> {
                Ok(value.to_string().into())
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<ContextValue, E> {
                Ok(value.to_string().into())
            }

            fn visit_f64<E: de::Error>(self, value: f64) -> Result<ContextValue, E> {
                Ok(value.to_string().into())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<ContextValue, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = list.next_element::<ContextValue>()? {
                    match value {
                        ContextValue::Single(value) => values.push(value),
                        ContextValue::Multiple(_) => {
                            return Err(de::Error::custom("a condition key's list holds no further list"));
                        }
                    }
                }
                Ok(ContextValue::Multiple(values))
            }
        }

        deserializer.deserialize_any(ValueVisitor)
    }
}

impl Serialize for ContextKeys {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for ContextKeys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeysVisitor;

        impl<'de> Visitor<'de> for KeysVisitor {
            type Value = ContextKeys;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of condition keys")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ContextKeys, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry::<String, ContextValue>()? {
                    pairs.push(pair);
                }
                ContextKeys::try_from_pairs(pairs).map_err(de::Error::custom)
            }
        }

        deserializer.deserialize_map(KeysVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_compared_without_regard_to_case() {
        let mut keys = ContextKeys::new().with("aws:RequestedRegion", "us-east-1");
        keys.set("AWS:requestedregion", "eu-west-1");
        assert_eq!(keys.iter().count(), 1);
        assert_eq!(keys.get("aws:REQUESTEDREGION").unwrap().values(), ["eu-west-1"]);
    }

    #[test]
    fn numbers_and_booleans_become_the_text_that_iam_compares() {
        let keys: ContextKeys = serde_json::from_str(r#"{"a": 7, "b": true, "c": ["x", 1], "d": []}"#).unwrap();
        assert_eq!(keys.get("a").unwrap().as_single(), Some("7"));
        assert_eq!(keys.get("b").unwrap().as_single(), Some("true"));
        assert_eq!(keys.get("c").unwrap().values(), ["x", "1"]);
        assert_eq!(keys.get("d"), Some(&ContextValue::Multiple(vec![])));
    }

    #[test]
    fn a_key_given_twice_is_refused() {
        let error = serde_json::from_str::<ContextKeys>(r#"{"aws:x": "1", "AWS:X": "2"}"#).unwrap_err();
        assert!(error.to_string().contains("`AWS:X` is given twice"), "{error}");
    }
}
