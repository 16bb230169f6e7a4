//! Conditions on the tags of resources that carry none.

use super::view::{View, Word, arn_parts};
use super::{LintCode, Raw};
use crate::bedrock::ServiceAuthorization;

/// Finds conditions on tags that keep a statement from ever matching foundation models and AWS's own profiles.
///
/// There is never an edit: without its condition an Allow would grant more than its author meant, and a Deny would deny
/// everything.
pub(super) fn check(view: &View<'_>, all: &[View<'_>], found: &mut Vec<Raw>) {
    if view.statement.excludes_resources() {
        return;
    }
    let Some(service) = ServiceAuthorization::of("bedrock") else { return };
    let is_untaggable = |word: &&Word<'_>| {
        let Some([_, _, "bedrock", _, _, resource]) = arn_parts(word.text) else { return false };
        let kind = resource.split('/').next().unwrap_or(resource);
        service.resource_type(kind).is_some_and(|(_, kind)| kind.condition_keys.is_empty())
    };
    for condition in view.conditions_on("aws:ResourceTag/").filter(|condition| condition.needs_key()) {
        let effect = if view.allows() { "allowed" } else { "denied" };
        let key = condition.key.text;
        let message = if let Some(first) = view.resources.iter().find(is_untaggable) {
            format!("`{}` is never {effect}: it carries no tags, so `{key}` is absent", first.text)
        } else if only_allow_of_models(view, all) {
            format!("no foundation model is ever allowed: models carry no tags, so `{key}` is absent")
        } else {
            continue;
        };
        let mut finding = view.finding(LintCode::TagConditionUntaggable, condition.key, message);
        finding.advice = Some(match view.allows() {
            true => "keep the condition for application inference profiles, and allow the models behind them in a \
                     statement with `bedrock:InferenceProfileArn`"
                .to_owned(),
            false => "deny the models by their ARNs, or by the tags of the caller (`aws:PrincipalTag/…`)".to_owned(),
        });
        found.push(finding);
    }
}

/// Returns `true` if a statement on `*` is the only one that allows invoking models.
fn only_allow_of_models(view: &View<'_>, all: &[View<'_>]) -> bool {
    let model = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0";
    let others = |other: &&View<'_>| !std::ptr::eq(*other, view) && other.allows() && other.is_about_invoking();
    view.allows()
        && view.is_about_invoking()
        && !view.statement.excludes_actions()
        && view.actions.iter().all(|word| !word.is_star())
        && view.resources.iter().any(Word::is_star)
        && !all.iter().filter(others).any(|other| {
            other.has_resource(model) || other.resources.iter().any(|word| word.text.contains(":foundation-model/"))
        })
}
