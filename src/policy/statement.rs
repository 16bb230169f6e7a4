//! A statement: what it says, where it stands, and whether it matches a request.

use super::action::ActionPattern;
use super::arn_pattern::ArnPattern;
use super::condition::Condition;
use super::principal::{Grant, Principals};
use super::query::Query;
use super::three_valued::Ternary;
use super::value_pattern::Comparison;
use std::ops::Range;

/// What a statement does to the requests that it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// `"Effect": "Allow"`.
    Allow,
    /// `"Effect": "Deny"`.
    Deny,
}

/// One statement of a policy, compiled.
#[derive(Clone, Debug)]
pub struct Statement {
    pub(crate) index: usize,
    pub(crate) sid: Option<Box<str>>,
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) span: Range<usize>,
    pub(crate) effect: Effect,
    pub(crate) principals: Option<Principals>,
    pub(crate) actions: Listed<ActionPattern>,
    /// Absent in trust policies, which stand on the resource they are about.
    pub(crate) resources: Option<Listed<ArnPattern>>,
    pub(crate) conditions: Box<[Condition]>,
}

/// The patterns of an element such as `Action`, or of its counterpart such as `NotAction`.
#[derive(Clone, Debug)]
pub(crate) struct Listed<P> {
    pub negated: bool,
    pub patterns: Box<[P]>,
}

impl Statement {
    /// Returns the place in the policy, counted from 0.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// Returns the statement's `Sid`.
    #[must_use]
    pub fn sid(&self) -> Option<&str> {
        self.sid.as_deref()
    }

    /// Returns the effect.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// Returns the line of the statement's opening brace, counted from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// Returns the column of the statement's opening brace, in characters, counted from 1.
    #[must_use]
    pub fn column(&self) -> usize {
        self.column
    }

    /// Returns the bytes of the policy's text that the statement occupies.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Walks over the patterns of `Action`, or of `NotAction` where [`Self::excludes_actions`].
    pub fn actions(&self) -> impl Iterator<Item = &str> {
        self.actions.patterns.iter().map(|pattern| &*pattern.source)
    }

    /// Returns `true` if the statement has `NotAction`.
    #[must_use]
    pub fn excludes_actions(&self) -> bool {
        self.actions.negated
    }

    /// Walks over the patterns of `Resource`, or of `NotResource` where [`Self::excludes_resources`].
    pub fn resources(&self) -> impl Iterator<Item = &str> {
        self.resources.iter().flat_map(|listed| listed.patterns.iter().map(|pattern| &*pattern.source))
    }

    /// Returns `true` if the statement has `NotResource`.
    #[must_use]
    pub fn excludes_resources(&self) -> bool {
        self.resources.as_ref().is_some_and(|listed| listed.negated)
    }

    /// Returns `true` if the action is one that the statement is about.
    pub(crate) fn action_matches(&self, query: &Query<'_>) -> bool {
        self.actions.patterns.iter().any(|pattern| pattern.matches(query)) != self.actions.negated
    }

    /// Returns whether the resource is one that the statement is about.
    ///
    /// A pattern with a variable that has no value matches no resource, so that a deny with `NotResource` applies (IAM User
    /// Guide, "IAM policy elements: Variables and tags", section "Policy variables with no value"). An allow does not come
    /// into being by a pattern that could not be resolved.
    pub(crate) fn resource_matches(&self, query: &Query<'_>) -> Ternary {
        let Some(listed) = &self.resources else { return Ternary::Yes };
        let (mut unknown, mut unresolved) = (false, false);
        for pattern in &listed.patterns {
            match pattern.compare(query.resource, query.parts.as_ref(), query) {
                Comparison::Same => return (!listed.negated).into(),
                Comparison::Different => {}
                Comparison::NoValue | Comparison::Malformed => unresolved = true,
                Comparison::Unknown => unknown = true,
            }
        }
        if listed.negated && unresolved && self.effect == Effect::Allow {
            Ternary::No
        } else if unknown {
            Ternary::Maybe
        } else {
            listed.negated.into()
        }
    }

    /// Returns whether all conditions hold.
    pub(crate) fn conditions_hold(&self, query: &Query<'_>) -> Ternary {
        let mut all = Ternary::Yes;
        for condition in &self.conditions {
            all = all & condition.holds(query);
            if all == Ternary::No {
                break;
            }
        }
        all
    }

    /// Returns whether action, resource and conditions match; the principal is not looked at.
    pub(crate) fn matches(&self, query: &Query<'_>) -> Ternary {
        if self.action_matches(query) { self.matches_beyond_action(query) } else { Ternary::No }
    }

    /// Returns whether resource and conditions match.
    fn matches_beyond_action(&self, query: &Query<'_>) -> Ternary {
        match self.resource_matches(query) {
            Ternary::No => Ternary::No,
            resource => resource & self.conditions_hold(query),
        }
    }

    /// Returns how directly a statement about the request's action names the caller, and whether it matches; `None` if it is not about
    /// the caller or does not match. A statement without `Principal` is about everybody.
    pub(crate) fn matches_caller(&self, query: &Query<'_>) -> Option<(Grant, Ternary)> {
        let (grant, names) = match &self.principals {
            None => (Grant::Everyone, Ternary::Yes),
            Some(principals) if principals.negated && self.effect == Effect::Deny => {
                (Grant::Everyone, !Ternary::from(principals.spared(query)))
            }
            Some(principals) => (principals.grant(&query.caller)?, Ternary::Yes),
        };
        if names == Ternary::No {
            return None;
        }
        match names & self.matches_beyond_action(query) {
            Ternary::No => None,
            matches => Some((grant, matches)),
        }
    }

    /// Walks over the keys whose values decide whether the statement matches.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        let resources = self.resources.iter().flat_map(|listed| listed.patterns.iter());
        self.conditions.iter().flat_map(Condition::keys).chain(resources.flat_map(ArnPattern::variables))
    }
}
