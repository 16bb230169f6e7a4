//! Grants that are wider than they have to be.

use super::view::{View, Word};
use super::{LintCode, Raw};

/// Finds Bedrock actions that invoke and are allowed on everything.
pub(super) fn check(view: &View<'_>, found: &mut Vec<Raw>) {
    let statement = view.statement;
    if !view.allows()
        || statement.excludes_actions()
        || statement.excludes_resources()
        || statement.principals.is_some()
    {
        return;
    }
    let names_bedrock = |word: &Word<'_>| word.text.to_ascii_lowercase().starts_with("bedrock:");
    if !view.is_about_invoking() || !view.actions.iter().all(names_bedrock) {
        return;
    }
    let narrowed = |key: &str| view.conditions_on(key).next().is_some();
    if narrowed("bedrock:InferenceProfileArn") || narrowed("bedrock:ModelArn") {
        return;
    }
    for word in view.resources.iter().filter(|word| word.is_star()) {
        let message = "this allows invoking every model; name the ones that are used".to_owned();
        let mut finding = view.finding(LintCode::ResourceTooWide, *word, message);
        finding.advice =
            Some("`policy generate --model ID --region REGION` writes the ARNs that one model needs".to_owned());
        found.push(finding);
    }
}
