//! Action patterns: `service:name` with wildcards, compared without regard to case.

use super::pattern::{LetterCase, Pattern};
use super::query::Query;

/// A compiled action pattern, and the text it was compiled from.
#[derive(Clone, Debug)]
pub(crate) struct ActionPattern {
    pub source: Box<str>,
    /// Service and name; absent for `*`.
    parts: Option<(Pattern, Pattern)>,
}

impl ActionPattern {
    /// Compiles `*` or `service:name`; anything else is no action.
    pub fn new(source: &str) -> Option<Self> {
        let parts = if source == "*" {
            None
        } else {
            let (service, name) = source.split_once(':')?;
            if service.is_empty() {
                return None;
            }
            Some((Pattern::new(service, LetterCase::Ignored), Pattern::new(name, LetterCase::Ignored)))
        };
        Some(Self { source: source.into(), parts })
    }

    /// Returns `true` if the pattern is `*`.
    pub fn is_everything(&self) -> bool {
        self.parts.is_none()
    }

    /// Returns `true` if the pattern names every action of its service.
    pub fn is_whole_service(&self) -> bool {
        self.parts.as_ref().is_some_and(|(_, name)| *name == Pattern::Anything)
    }

    /// Returns service and name as far as they have no wildcard.
    pub fn literals(&self) -> (Option<&str>, Option<&str>) {
        self.parts.as_ref().map_or((None, None), |(service, name)| (service.as_literal(), name.as_literal()))
    }

    /// Returns `true` if the request's action is one of those that the pattern names.
    pub fn matches(&self, query: &Query<'_>) -> bool {
        self.parts.as_ref().is_none_or(|(service, name)| name.matches(query.name) && service.matches(query.service))
    }
}
