//! A statement as the linter sees it: its meaning beside its place in the text, and ways to correct it.

use super::super::condition::{Condition, Operator};
use super::super::document::Document;
use super::super::json::{Node, Value};
use super::super::query::{Query, parts};
use super::super::statement::{Effect, Statement};
use super::super::three_valued::Ternary;
use super::super::{Question, authorization_case};
use super::{LintCode, Raw};
use crate::iam::{ContextKeys, RequestContext};

/// A string of the text, with the bytes it occupies.
#[derive(Clone, Copy)]
pub(super) struct Word<'n> {
    pub text: &'n str,
    pub start: usize,
    pub end: usize,
}

/// A line of a `Condition` block, with its places.
pub(super) struct ConditionView<'n> {
    pub operator: Operator,
    /// The operator as the policy spells it.
    pub operator_name: &'n str,
    pub key: Word<'n>,
    pub values: Vec<Word<'n>>,
}

/// A statement and its places.
pub(super) struct View<'n> {
    pub statement: &'n Statement,
    pub node: &'n Node<'n>,
    /// The strings of `Action` or `NotAction`.
    pub actions: Vec<Word<'n>>,
    /// The strings of `Resource` or `NotResource`.
    pub resources: Vec<Word<'n>>,
    /// The strings under `Principal` → `Service`.
    pub services: Vec<Word<'n>>,
    pub conditions: Vec<ConditionView<'n>>,
}

impl<'n> View<'n> {
    /// Puts the statements of a document beside their nodes.
    pub fn all(root: &'n Node<'n>, document: &'n Document) -> Vec<Self> {
        let nodes = member(root, "Statement").map_or(&[][..], Node::one_or_many);
        document.statements().iter().zip(nodes).map(|(statement, node)| Self::new(statement, node)).collect()
    }

    fn new(statement: &'n Statement, node: &'n Node<'n>) -> Self {
        let words = |names: [&str; 2]| {
            let found = names.into_iter().find_map(|name| member(node, name));
            found.map(words_of).unwrap_or_default()
        };
        let conditions = member(node, "Condition").and_then(Node::members).unwrap_or_default();
        let conditions = conditions.iter().flat_map(|block| {
            let operator = Operator::parse(&block.key);
            block.node.members().unwrap_or_default().iter().filter_map(move |line| {
                Some(ConditionView {
                    operator: operator?,
                    operator_name: &block.key,
                    key: Word { text: &line.key, start: line.start, end: line.start + line.key.len() + 2 },
                    values: words_of(&line.node),
                })
            })
        });
        Self {
            statement,
            node,
            actions: words(["Action", "NotAction"]),
            resources: words(["Resource", "NotResource"]),
            services: member(node, "Principal")
                .and_then(|node| member(node, "Service"))
                .map(words_of)
                .unwrap_or_default(),
            conditions: conditions.collect(),
        }
    }

    pub fn allows(&self) -> bool {
        self.statement.effect == Effect::Allow
    }

    /// Tells whether the statement is about an action, whatever its resources and conditions.
    pub fn has_action(&self, action: &str) -> bool {
        ask(action, "*", |asked| self.statement.action_matches(asked))
    }

    /// Tells whether the statement is about a resource, whatever its actions and conditions.
    pub fn has_resource(&self, resource: &str) -> bool {
        ask("bedrock:InvokeModel", resource, |asked| self.statement.resource_matches(asked) == Ternary::Yes)
    }

    /// Tells whether the statement is about invoking a model, streaming or not.
    pub fn is_about_invoking(&self) -> bool {
        INVOKE.iter().any(|action| self.has_action(action))
    }

    /// Makes a finding at a word of the statement.
    pub fn finding(&self, code: LintCode, word: Word<'_>, message: String) -> Raw {
        Raw { code, start: word.start, end: word.end, statement: self.statement.index, message, corrected: None }
    }

    /// Returns the statement as a value, to be corrected.
    pub fn value(&self) -> serde_json::Value {
        authorization_case::plain(self.node)
    }

    /// Returns the statement with one string of its lists replaced, or removed where there is none.
    pub fn replacing(&self, old: &str, new: &[String]) -> serde_json::Value {
        let mut value = self.value();
        for element in ["Action", "NotAction", "Resource", "NotResource"] {
            if let Some(list) = value.get_mut(element) {
                replace_in(list, old, new);
            }
        }
        value
    }

    /// Returns the statement's compiled condition on a key, in the order of the views.
    pub fn compiled(&self, index: usize) -> Option<&Condition> {
        self.statement.conditions.get(index)
    }
}

/// The actions under which models are invoked.
pub(super) const INVOKE: [&str; 2] = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"];

/// Puts a question with an empty context to a closure.
pub(super) fn ask<R>(action: &str, resource: &str, answer: impl FnOnce(&Query<'_>) -> R) -> R {
    let request =
        RequestContext { action: action.to_owned(), resource: resource.to_owned(), context: ContextKeys::new() };
    answer(&Query::new(&Question::new("", &request)))
}

/// Returns the parts of an ARN pattern, where it has all six.
pub(super) fn arn_parts(pattern: &str) -> Option<[&str; 6]> {
    parts(pattern)
}

/// Replaces a string in a list, or the string itself, by some others.
pub(super) fn replace_in(list: &mut serde_json::Value, old: &str, new: &[String]) {
    let mut strings: Vec<serde_json::Value> = match list.take() {
        serde_json::Value::Array(values) => values,
        other => vec![other],
    };
    if let Some(at) = strings.iter().position(|value| value == old) {
        let fresh: Vec<serde_json::Value> = new
            .iter()
            .filter(|text| !strings.iter().any(|value| value == text.as_str()))
            .map(|text| text.as_str().into())
            .collect();
        strings.splice(at..=at, fresh);
    }
    *list = match <[serde_json::Value; 1]>::try_from(strings) {
        Ok([only]) => only,
        Err(strings) => strings.into(),
    };
}

fn member<'n>(node: &'n Node<'n>, key: &str) -> Option<&'n Node<'n>> {
    node.members()?.iter().find(|member| member.key == key).map(|member| &member.node)
}

fn words_of<'n>(node: &'n Node<'n>) -> Vec<Word<'n>> {
    let word = |node: &'n Node<'n>| match &node.value {
        Value::String(text) => Some(Word { text, start: node.start, end: node.end }),
        Value::Number(text) => Some(Word { text, start: node.start, end: node.end }),
        Value::Bool(value) => {
            Some(Word { text: if *value { "true" } else { "false" }, start: node.start, end: node.end })
        }
        _ => None,
    };
    node.one_or_many().iter().filter_map(word).collect()
}
