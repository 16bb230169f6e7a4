//! A policy that no longer denies: a change of its text, for the trial and for the remedy alike.

use crate::diagnose::case::AttachedPolicies;
use crate::diagnose::statement::DecidedBy;
use crate::iam::RequestContext;
use crate::policy::edit::{with_exemption, without};
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
        let policy: Value = serde_json::from_str(&self.source_of(of)?.text).ok()?;
        if let Some((document, exemptions)) = with_exemption(&policy, statements, refused) {
            let exempted = exemptions.into_iter().next().map(|exemption| (exemption.key, exemption.values));
            return Some(Lifted { exempted, document: Some(document) });
        }
        Some(Lifted { exempted: None, document: without(&policy, statements) })
    }
}
