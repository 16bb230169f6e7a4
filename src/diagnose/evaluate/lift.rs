//! A policy that no longer denies: a change of its text, for the trial and for the remedy alike.

use crate::diagnose::case::AttachedPolicies;
use crate::diagnose::statement::DecidedBy;
use crate::iam::RequestContext;
use serde_json::Value;

/// A policy that no longer denies.
#[derive(Debug)]
pub(in crate::diagnose) struct Lifted {
    /// The condition key and the values that are let through; `None` where statements are removed.
    pub(in crate::diagnose) exempted: Option<(String, Vec<String>)>,
    /// What is left; `None` where nothing is.
    pub(in crate::diagnose) document: Option<Value>,
}

impl AttachedPolicies<'_> {
    /// Changes a policy so that statements of it no longer deny requests: a statement whose condition lets some values
    /// through lets those of the requests through as well, and any other is removed.
    pub(in crate::diagnose) fn lift(
        &self,
        of: &DecidedBy,
        statements: &[usize],
        refused: &[&RequestContext],
    ) -> Option<Lifted> {
        let source = self.source_of(of)?;
        let mut document: Value = serde_json::from_str(&source.text).ok()?;
        let listed = document.get_mut("Statement")?;
        if !listed.is_array() {
            // One statement may stand without a list around it.
            *listed = Value::Array(vec![listed.take()]);
        }
        let listed = listed.as_array_mut()?;
        let exempted: Option<Vec<(String, Vec<String>)>> =
            statements.iter().map(|index| exempt(listed.get_mut(*index)?, refused)).collect();
        match exempted.as_deref() {
            Some([first, ..]) => Some(Lifted { exempted: Some(first.clone()), document: Some(document) }),
            _ => {
                let mut index = 0;
                listed.retain(|_| {
                    index += 1;
                    !statements.contains(&(index - 1))
                });
                let is_empty = listed.is_empty();
                Some(Lifted { exempted: None, document: (!is_empty).then_some(document) })
            }
        }
    }
}

/// Adds to a denying statement's condition the values of the refused requests, where it has one that lets values
/// through; returns the key and the values.
fn exempt(statement: &mut Value, refused: &[&RequestContext]) -> Option<(String, Vec<String>)> {
    const LETS_THROUGH: [&str; 5] =
        ["StringNotEquals", "StringNotEqualsIgnoreCase", "StringNotLike", "ArnNotEquals", "ArnNotLike"];
    let conditions = statement.get_mut("Condition")?.as_object_mut()?;
    let operators = conditions.iter_mut().filter(|(operator, _)| {
        let plain = operator.strip_suffix("IfExists").unwrap_or(operator);
        LETS_THROUGH.iter().any(|known| known.eq_ignore_ascii_case(plain))
    });
    for (key, expected) in operators.filter_map(|(_, keys)| keys.as_object_mut()).flatten() {
        let carried: Option<Vec<&str>> = refused.iter().map(|request| request.context.get(key)?.as_single()).collect();
        let Some(carried) = carried.filter(|values| !values.is_empty()) else { continue };
        let mut values: Vec<Value> = match expected.take() {
            Value::Array(values) => values,
            single => vec![single],
        };
        let mut added: Vec<&str> = Vec::new();
        for value in carried {
            if !added.contains(&value) {
                added.push(value);
                values.push(Value::from(value));
            }
        }
        *expected = Value::Array(values);
        let added = added.into_iter().map(str::to_owned).collect();
        return Some((key.clone(), added));
    }
    None
}
