//! Corrections: a statement as it should be, and the proof that it does no harm.
//!
//! A correction is an edit of one statement. It is shown only if the engine decides every probe as the rules below
//! demand; where no edit passes, a finding has advice and no JSON.
//!
//! - Whatever the statement allowed or denied before, the edited one allows or denies too: an Allow loses nothing, and a
//!   Deny stays at least as strict.
//! - Whatever it newly matches, meets every condition of the statement that the edit does not change itself.

use super::super::condition::Condition;
use super::super::document::Document;
use super::super::query::Query;
use super::super::statement::Statement;
use super::super::three_valued::Ternary;
use super::super::{Question, edit};
use super::probes::Probes;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// How far a correction can be trusted without a person who reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Safety {
    /// Only the spelling of what stands there changes: no other meaning is possible.
    Safe,
    /// It is the likeliest meaning, and the author has to confirm it.
    Unsafe,
}

impl Safety {
    /// Returns the name that JSON and SARIF use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Unsafe => "unsafe",
        }
    }
}

/// An edit of one statement.
#[derive(Debug)]
pub(super) struct Correction {
    /// What takes the statement's place.
    pub statements: Vec<Value>,
    pub safety: Safety,
    /// The condition that the edit changes, as operator and key.
    pub edited: Option<(String, String)>,
}

impl Correction {
    /// Replaces a statement by another.
    pub fn safe(statement: Value) -> Self {
        Self { statements: vec![statement], safety: Safety::Safe, edited: None }
    }

    /// Replaces a string in a list of the statement by others. `None` if nothing would be left in the list.
    pub fn replacing(mut statement: Value, element: &str, old: &str, new: &[String]) -> Option<Self> {
        replace_in(statement.get_mut(element)?, old, new).then(|| Self::safe(statement))
    }

    /// Marks the correction as one that the author has to confirm.
    pub fn guessed(self) -> Self {
        Self { safety: Safety::Unsafe, ..self }
    }

    /// Names the condition that the edit changes.
    pub fn editing(self, operator: &str, key: &str) -> Self {
        Self { edited: Some((operator.to_owned(), key.to_owned())), ..self }
    }

    /// Returns the statement, or the list of statements, as the report shows it.
    pub fn into_value(self) -> Value {
        match <[Value; 1]>::try_from(self.statements) {
            Ok([only]) => only,
            Err(statements) => statements.into(),
        }
    }

    /// Returns `true` if the engine finds that the edit of a statement does no harm.
    ///
    /// `variables` is `true` if the policy's version has policy variables. `budget` is how many comparisons may be made,
    /// and is used up; an edit that cannot be checked within it counts as harmful.
    pub fn does_no_harm(&self, original: &Value, variables: bool, budget: &mut usize) -> bool {
        let version = if variables { "2012-10-17" } else { "2008-10-17" };
        let compiled = |statements: &[Value]| {
            let policy = edit::with_added(&json!({"Version": version, "Statement": []}), statements);
            Document::from_value(&policy).ok()
        };
        let original = std::slice::from_ref(original);
        let (Some(before), Some(after)) = (compiled(original), compiled(&self.statements)) else { return false };
        let [statement] = before.statements() else { return false };
        if after.statements().iter().any(|edited| edited.effect != statement.effect) {
            return false;
        }
        let probes = Probes::new(original, &self.statements);
        let cost = probes.cost();
        if cost > *budget {
            return false;
        }
        *budget -= cost;
        probes.all(|principal, request| {
            let asked = Query::new(&Question::new(principal, request));
            let (was, is) = (matches(statement, &asked), after.statements().iter().any(|one| matches(one, &asked)));
            match (was, is) {
                (true, false) => false,
                (false, true) => self.kept(statement).all(|condition| condition.holds(&asked) == Ternary::Yes),
                _ => true,
            }
        })
    }

    /// Returns the conditions that the edit does not change.
    fn kept<'s>(&'s self, statement: &'s Statement) -> impl Iterator<Item = &'s Condition> {
        statement.conditions.iter().filter(|condition| {
            !self.edited.as_ref().is_some_and(|(operator, key)| {
                condition.key.eq_ignore_ascii_case(key)
                    && super::super::condition::Operator::parse(operator) == Some(condition.operator)
            })
        })
    }
}

fn matches(statement: &Statement, query: &Query<'_>) -> bool {
    statement.matches_caller(query).is_some_and(|(_, matches)| matches == Ternary::Yes)
}

/// Replaces a string in a list, or the string itself, by others. Returns `false`, and leaves the list as it was, if
/// nothing would be left in it or the string is not there.
pub(super) fn replace_in(list: &mut Value, old: &str, new: &[String]) -> bool {
    let mut strings: Vec<Value> = match &*list {
        Value::Array(values) => values.clone(),
        other => vec![other.clone()],
    };
    let Some(at) = strings.iter().position(|value| value == old) else { return false };
    strings.remove(at);
    let mut place = at;
    for text in new {
        if !strings.iter().any(|value| value == text.as_str()) {
            strings.insert(place, text.as_str().into());
            place += 1;
        }
    }
    if strings.is_empty() {
        return false;
    }
    *list = one_or_many(strings);
    true
}

/// Returns one value as itself and several as a list.
pub(super) fn one_or_many(values: Vec<Value>) -> Value {
    match <[Value; 1]>::try_from(values) {
        Ok([only]) => only,
        Err(values) => values.into(),
    }
}

/// Changes the keys under one operator of a statement's conditions; an operator without keys goes, and `Condition`
/// without operators.
pub(super) fn edit_condition(statement: &mut Value, operator: &str, edit: impl FnOnce(&mut Map<String, Value>)) {
    let Some(members) = statement.as_object_mut() else { return };
    if let Some(conditions) = members.get_mut("Condition").and_then(Value::as_object_mut) {
        if let Some(block) = conditions.get_mut(operator).and_then(Value::as_object_mut) {
            edit(block);
            if block.is_empty() {
                conditions.shift_remove(operator);
            }
        }
        if conditions.is_empty() {
            members.shift_remove("Condition");
        }
    }
}
