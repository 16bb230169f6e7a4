//! Policy variables in a policy whose version has none.

use super::view::{View, Word};
use super::{LintCode, Raw};

/// Finds variables that are compared as text because the policy's `Version` is missing or 2008-10-17.
pub(super) fn check(view: &View<'_>, has_variables: bool, found: &mut Vec<Raw>) {
    if has_variables {
        return;
    }
    let is_variable =
        |word: &&Word<'_>| word.text.split_once("${").is_some_and(|(_, rest)| rest.contains(':') && rest.contains('}'));
    let words = view.resources.iter().chain(view.conditions.iter().flat_map(|condition| &condition.values));
    for word in words.filter(is_variable) {
        let message = format!("`{}` is compared as it stands: this version of the policy has no variables", word.text);
        let mut finding = view.finding(LintCode::VariablesWithoutVersion, *word, message);
        finding.advice = Some("add `\"Version\": \"2012-10-17\"` to the policy".to_owned());
        found.push(finding);
    }
}
