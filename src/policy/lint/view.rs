//! A statement as the linter sees it: its compiled form next to its place in the text.

use super::super::condition::{Condition, Operator, SetOperator};
use super::super::document::Document;
use super::super::json::{Node, Value};
use super::super::query::{Query, parts};
use super::super::statement::{Effect, Statement};
use super::super::three_valued::Ternary;
use super::super::{Question, authorization_case};
use super::correction::Correction;
use super::published::INVOKE;
use super::{LintCode, Raw};
use crate::iam::{ContextKeys, RequestContext};

/// A string of the text, with the bytes it occupies.
#[derive(Clone, Copy)]
pub(super) struct Word<'n> {
    pub text: &'n str,
    pub start: usize,
    pub end: usize,
}

impl Word<'_> {
    /// Returns `true` if the string is `*`, or several of them.
    pub fn is_star(&self) -> bool {
        !self.text.is_empty() && self.text.bytes().all(|byte| byte == b'*')
    }
}

/// One operator and key of a `Condition` block, with their places.
pub(super) struct ConditionView<'n> {
    pub operator: Operator,
    /// The operator as the policy spells it.
    pub operator_name: &'n str,
    pub key: Word<'n>,
    pub values: Vec<Word<'n>>,
}

impl ConditionView<'_> {
    /// Returns `true` if the condition is on a key; one that ends in `/` stands for the key of every tag.
    pub fn is_on(&self, key: &str) -> bool {
        let text = self.key.text;
        match key.strip_suffix('/') {
            Some(_) => {
                text.get(..key.len()).is_some_and(|start| start.eq_ignore_ascii_case(key)) && text.len() > key.len()
            }
            None => text.eq_ignore_ascii_case(key),
        }
    }

    /// Returns `true` if the condition does not hold where its key is absent.
    pub fn needs_key(&self) -> bool {
        use super::super::condition::Compare;
        match self.operator.compare {
            Compare::Null => self.values.iter().all(|value| value.text.eq_ignore_ascii_case("false")),
            _ => match self.operator.set {
                SetOperator::None => !self.operator.negated && !self.operator.if_exists,
                SetOperator::ForAnyValue => true,
                SetOperator::ForAllValues => false,
            },
        }
    }
}

/// A statement and its places.
pub(super) struct View<'n> {
    pub statement: &'n Statement,
    pub node: &'n Node<'n>,
    /// The `Sid` and its place.
    pub sid: Option<Word<'n>>,
    /// The strings of `Action` or `NotAction`.
    pub actions: Vec<Word<'n>>,
    /// The strings of `Resource` or `NotResource`.
    pub resources: Vec<Word<'n>>,
    /// The strings under `Principal` → `Service`.
    pub services: Vec<Word<'n>>,
    pub conditions: Vec<ConditionView<'n>>,
}

impl<'n> View<'n> {
    /// Pairs the statements of a document with their nodes.
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
            sid: member(node, "Sid").and_then(|node| words_of(node).into_iter().next()),
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

    /// Returns `true` if the statement is about an action, whatever its resources and conditions.
    pub fn has_action(&self, action: &str) -> bool {
        ask(action, "*", |asked| self.statement.action_matches(asked))
    }

    /// Returns `true` if the statement is about a resource, whatever its actions and conditions.
    pub fn has_resource(&self, resource: &str) -> bool {
        ask("bedrock:InvokeModel", resource, |asked| self.statement.resource_matches(asked) == Ternary::Yes)
    }

    /// Returns `true` if the statement is about invoking a model, streaming or not.
    pub fn is_about_invoking(&self) -> bool {
        INVOKE.iter().any(|action| self.has_action(action))
    }

    /// Returns the conditions on a key.
    pub fn conditions_on<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a ConditionView<'n>> {
        self.conditions.iter().filter(move |condition| condition.is_on(key))
    }

    /// Makes a finding at a word of the statement.
    pub fn finding(&self, code: LintCode, word: Word<'_>, message: String) -> Raw {
        Raw {
            code,
            severity: code.severity(),
            start: word.start,
            end: word.end,
            statement: self.statement.index,
            message,
            advice: None,
            correction: None,
        }
    }

    /// Returns the statement as a value, for a correction to start from.
    pub fn value(&self) -> serde_json::Value {
        authorization_case::plain(self.node)
    }

    /// Corrects one string of `Action`, replaced by others, or removed if there are none.
    ///
    /// `None` for `NotAction`: what joins or leaves it changes every other action.
    pub fn with_actions(&self, old: &str, new: &[String]) -> Option<Correction> {
        let excludes = self.statement.excludes_actions();
        (!excludes).then(|| Correction::replacing(self.value(), "Action", old, new))?
    }

    /// Corrects one string of `Resource`, replaced by another. `None` for `NotResource`.
    pub fn with_resource(&self, old: &str, new: &str) -> Option<Correction> {
        let excludes = self.statement.excludes_resources();
        (!excludes).then(|| Correction::replacing(self.value(), "Resource", old, &[new.to_owned()]))?
    }

    /// Returns the statement's compiled condition, in the order of the views.
    pub fn compiled(&self, index: usize) -> Option<&Condition> {
        self.statement.conditions.get(index)
    }
}

/// Puts a question with an empty context to a closure.
pub(super) fn ask<R>(action: &str, resource: &str, answer: impl FnOnce(&Query<'_>) -> R) -> R {
    ask_in(action, resource, ContextKeys::new(), answer)
}

/// Puts a question to a closure.
pub(super) fn ask_in<R>(action: &str, resource: &str, context: ContextKeys, answer: impl FnOnce(&Query<'_>) -> R) -> R {
    let request = RequestContext { action: action.to_owned(), resource: resource.to_owned(), context };
    answer(&Query::new(&Question::new("", &request)))
}

/// Returns the parts of an ARN pattern, where it has all six.
pub(super) fn arn_parts(pattern: &str) -> Option<[&str; 6]> {
    parts(pattern)
}

/// Returns `true` if a part of a policy's string stands for more than itself.
pub(super) fn is_wild(text: &str) -> bool {
    text.contains(['*', '?']) || text.contains("${")
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
