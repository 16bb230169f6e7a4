//! Condition keys as they are asked about: pairs of a key and a value.

use crate::iam::{ContextKeys, ContextValue};

/// Collects pairs into a context: a key given twice has several values.
#[must_use]
pub fn context_keys(pairs: &[(String, String)]) -> ContextKeys {
    let mut keys = ContextKeys::new();
    for (key, value) in pairs {
        let value = match keys.get(key) {
            None => ContextValue::Single(value.clone()),
            Some(known) => {
                ContextValue::Multiple(known.values().iter().cloned().chain(std::iter::once(value.clone())).collect())
            }
        };
        keys.set(key, value);
    }
    keys
}
