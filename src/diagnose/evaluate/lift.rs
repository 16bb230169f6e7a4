//! A policy that no longer denies: a change of its text, for the trial and for the remedy alike.

use crate::diagnose::case::{AttachedPolicies, Case};
use crate::diagnose::statement::DecidedBy;
use crate::iam::{PolicyType, RequestContext};
use crate::policy::edit::{self, with_exclusion, with_exemption, without};
use serde_json::Value;

/// A policy that no longer denies.
#[derive(Debug)]
pub(in crate::diagnose) struct Lifted {
    /// What is let through: the condition key, or the element such as `NotResource`, and the values that are added there; `None`
    /// where statements are removed.
    pub(in crate::diagnose) exempted: Option<(String, Vec<String>)>,
    /// What is left; `None` where nothing is.
    pub(in crate::diagnose) document: Option<Value>,
}

/// How a policy is changed so that it no longer denies.
#[derive(Debug)]
pub(in crate::diagnose) enum Lift {
    /// In this way.
    Known(Lifted),
    /// It denies more than this call, and no change lets this call alone through: its owner decides.
    Guard,
}

impl AttachedPolicies<'_> {
    /// Returns `true` if one of a policy's statements denies more than what it lists.
    pub(in crate::diagnose) fn is_guard(&self, of: &DecidedBy, statements: &[usize]) -> bool {
        let text = self.source_of(of).map(|source| source.text.as_str());
        let document: Value = text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let all = edit::statements(&document);
        statements.iter().any(|place| all.get(*place).is_some_and(edit::is_guard))
    }

    /// Changes a policy so that statements of it no longer deny requests: a statement that lets something through lets the
    /// requests through as well, and one that denies what it lists is removed. `None` where the policy was not read.
    pub(in crate::diagnose) fn lift(
        &self,
        of: &DecidedBy,
        statements: &[usize],
        refused: &[&RequestContext],
    ) -> Option<Lift> {
        lift(&self.source_of(of)?.text, statements, refused, None)
    }
}

/// Does the same in a policy that the simulator does not evaluate; only guards are changed, because others may rely on the rest.
pub(in crate::diagnose) fn lift_unsimulated(
    case: &Case<'_>,
    policy_type: PolicyType,
    of: &DecidedBy,
    statements: &[usize],
    refused: &[&RequestContext],
    principal: Option<&str>,
) -> Option<Lift> {
    let mut known = case.unsimulated.iter();
    let policy = known
        .find(|known| known.policy_type == policy_type && of.policy.as_deref().is_none_or(|name| known.name == name))?;
    let document: Value = serde_json::from_str(policy.text).ok()?;
    let all = edit::statements(&document);
    let is_guard = statements.iter().any(|place| all.get(*place).is_some_and(edit::is_guard));
    if !is_guard { None } else { lift(policy.text, statements, refused, principal) }
}

fn lift(text: &str, places: &[usize], refused: &[&RequestContext], principal: Option<&str>) -> Option<Lift> {
    let mut document: Value = serde_json::from_str(text).ok()?;
    let mut exempted: Option<(String, Vec<String>)> = None;
    let mut removed: Vec<usize> = Vec::new();
    for place in places {
        let statement = edit::statements(&document).get(*place)?;
        let (changed, (key, values)) =
            if let Some((changed, mut exemptions)) = with_exemption(&document, &[*place], refused) {
                let exemption = exemptions.pop()?;
                (changed, (exemption.key, exemption.values))
            } else if let Some((changed, exclusion)) = with_exclusion(&document, *place, refused, principal) {
                (changed, (exclusion.element.to_owned(), exclusion.values))
            } else if edit::is_guard(statement) {
                return Some(Lift::Guard);
            } else {
                removed.push(*place);
                continue;
            };
        document = changed;
        exempted = exempted.or(Some((key, values)));
    }
    let document = if removed.is_empty() { Some(document) } else { without(&document, &removed) };
    // Where a statement goes as a whole, that is what is to be said.
    Some(Lift::Known(Lifted { exempted: exempted.filter(|_| removed.is_empty()), document }))
}
