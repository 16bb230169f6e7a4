//! A statement: what it says, where it stands, and whether it matches a request.

use super::action::ActionPattern;
use super::arn_pattern::ArnPattern;
use super::condition::Condition;
use super::principal::{Grant, Principals};
use super::request::Asked;
use super::text::Comparison;
use super::truth::Truth;
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

    /// Tells whether the statement has `NotAction`.
    #[must_use]
    pub fn excludes_actions(&self) -> bool {
        self.actions.negated
    }

    /// Walks over the patterns of `Resource`, or of `NotResource` where [`Self::excludes_resources`].
    pub fn resources(&self) -> impl Iterator<Item = &str> {
        self.resources.iter().flat_map(|listed| listed.patterns.iter().map(|pattern| &*pattern.source))
    }

    /// Tells whether the statement has `NotResource`.
    #[must_use]
    pub fn excludes_resources(&self) -> bool {
        self.resources.as_ref().is_some_and(|listed| listed.negated)
    }

    /// Tells whether the action is one that the statement is about.
    pub(crate) fn action_matches(&self, asked: &Asked<'_>) -> bool {
        self.actions.patterns.iter().any(|pattern| pattern.matches(asked)) != self.actions.negated
    }

    /// Tells whether the resource is one that the statement is about.
    pub(crate) fn resource_matches(&self, asked: &Asked<'_>) -> Truth {
        let Some(listed) = &self.resources else { return Truth::Yes };
        let (mut unknown, mut impossible) = (false, false);
        for pattern in &listed.patterns {
            match pattern.compare(asked.resource, asked.parts.as_ref(), asked) {
                Comparison::Same => return (!listed.negated).into(),
                Comparison::Different => {}
                Comparison::Impossible => impossible = true,
                Comparison::Unknown => unknown = true,
            }
        }
        // A variable without value makes `NotResource` match no more than `Resource`.
        if listed.negated && impossible {
            Truth::No
        } else if unknown {
            Truth::Maybe
        } else {
            listed.negated.into()
        }
    }

    /// Tells whether all conditions hold.
    pub(crate) fn conditions_hold(&self, asked: &Asked<'_>) -> Truth {
        let mut all = Truth::Yes;
        for condition in &self.conditions {
            all = all & condition.holds(asked);
            if all == Truth::No {
                break;
            }
        }
        all
    }

    /// Tells whether action, resource and conditions match; the principal is the caller's affair.
    pub(crate) fn matches(&self, asked: &Asked<'_>) -> Truth {
        if !self.action_matches(asked) {
            return Truth::No;
        }
        match self.resource_matches(asked) {
            Truth::No => Truth::No,
            resource => resource & self.conditions_hold(asked),
        }
    }

    /// Tells how directly the statement names the caller; a statement without `Principal` names everybody.
    pub(crate) fn grant(&self, asked: &Asked<'_>) -> Option<Grant> {
        self.principals.as_ref().map_or(Some(Grant::Everyone), |principals| principals.grant(&asked.caller))
    }

    /// Walks over the keys whose values decide whether the statement matches.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        let resources = self.resources.iter().flat_map(|listed| listed.patterns.iter());
        self.conditions.iter().flat_map(Condition::keys).chain(resources.flat_map(ArnPattern::variables))
    }
}
