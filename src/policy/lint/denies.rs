//! Denies that hit more than they say, because a key is absent from some requests.
//!
//! A deny with a negated operator on a key that only some calls carry is how AWS documents the enforcement of guardrails
//! and of network perimeters, so that by itself it is no mistake. It is one where it also denies what it exempts. There
//! is never an edit: each would make the deny less strict.

use super::super::condition::Compare;
use super::super::three_valued::Ternary;
use super::profiles::UNSPECIFIED;
use super::published::INVOKE;
use super::view::{ConditionView, View, arn_parts, ask_in};
use super::{LintCode, Raw, Severity};
use crate::iam::ContextKeys;

const PROFILE: &str = "bedrock:InferenceProfileArn";

/// Looks for mistakes in a denying statement's conditions.
pub(super) fn check(view: &View<'_>, all: &[View<'_>], found: &mut Vec<Raw>) {
    if view.allows() {
        return;
    }
    for (index, condition) in view.conditions.iter().enumerate() {
        exempted_profile(view, condition, found);
        null_on_profile(view, condition, found);
        never_carried(view, condition, found);
        region(view, all, index, condition, found);
    }
}

fn holds_when_absent(condition: &ConditionView<'_>) -> bool {
    use super::super::condition::SetOperator;
    condition.operator.negated
        && condition.operator.set != SetOperator::ForAnyValue
        && condition.operator.compare != Compare::Null
}

/// Finds a deny that exempts calls through a profile, and denies the profile itself, which does not carry the key.
fn exempted_profile(view: &View<'_>, condition: &ConditionView<'_>, found: &mut Vec<Raw>) {
    if !condition.is_on(PROFILE) || !holds_when_absent(condition) || !view.is_about_invoking() {
        return;
    }
    let denied = condition.values.iter().find_map(|value| {
        let [prefix, partition, service, region, account, resource] = arn_parts(value.text)?;
        let fill = |part: &str, with: &str| part.replace('*', with).replace('?', "x");
        let region = fill(region, "us-east-1");
        let account = fill(account, "111122223333");
        let arn = [prefix, partition, service, &region, &account, &fill(resource, "x")].join(":");
        denies_in_any_case(view, &arn, &region).then_some(arn)
    });
    let Some(arn) = denied else { return };
    let message = format!("this also denies the profile that it exempts: `{arn}` is authorized without the key");
    let mut finding = view.finding(LintCode::DenyHitsAbsentKey, condition.key, message);
    finding.advice = Some(
        "limit the statement to `arn:aws:bedrock:*::foundation-model/*`, which is authorized with the key, and deny the \
         other profiles by their ARNs"
            .to_owned(),
    );
    found.push(finding);
}

/// Returns `true` if the deny matches a profile's own authorization, whatever other keys the request carries.
fn denies_in_any_case(view: &View<'_>, arn: &str, region: &str) -> bool {
    let context = ContextKeys::new().with("aws:RequestedRegion", region);
    INVOKE.iter().any(|action| {
        ask_in(action, arn, context.clone(), |asked| {
            view.statement.action_matches(asked)
                && view.statement.resource_matches(asked) == Ternary::Yes
                && view.conditions.iter().enumerate().all(|(index, other)| {
                    let decided = other.is_on(PROFILE) || other.is_on("aws:RequestedRegion");
                    decided && view.compiled(index).is_some_and(|compiled| compiled.holds(asked) == Ternary::Yes)
                })
        })
    })
}

/// Finds a deny of calls without a profile that also hits the profile, which never carries the key.
fn null_on_profile(view: &View<'_>, condition: &ConditionView<'_>, found: &mut Vec<Raw>) {
    let denies_absence = condition.operator.compare == Compare::Null
        && condition.values.iter().any(|value| value.text.eq_ignore_ascii_case("true"));
    if !denies_absence || !condition.is_on(PROFILE) || !view.is_about_invoking() {
        return;
    }
    let sample = "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.amazon.nova-lite-v1:0";
    let is_profile = |resource: &str| {
        arn_parts(resource).is_some_and(|[.., resource]| {
            resource.starts_with("inference-profile") || resource.starts_with("application-inference-profile")
        })
    };
    let named = !view.statement.excludes_resources() && view.resources.iter().any(|word| is_profile(word.text));
    if !view.has_resource(sample) && !named {
        return;
    }
    let message = "this denies every inference profile: their own authorization never carries the key".to_owned();
    let mut finding = view.finding(LintCode::DenyHitsAbsentKey, condition.key, message);
    finding.advice = Some(
        "to allow calls through profiles alone, limit the deny to `arn:aws:bedrock:*::foundation-model/*`; every \
         foundation model is meant then, whatever else the statement lists"
            .to_owned(),
    );
    found.push(finding);
}

/// Finds a negated condition on a key that no call to a foundation model carries.
fn never_carried(view: &View<'_>, condition: &ConditionView<'_>, found: &mut Vec<Raw>) {
    let never = condition.is_on("aws:ResourceTag/") || condition.is_on("bedrock:ModelArn");
    let model = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0";
    let by_name = || {
        !view.statement.excludes_actions()
            && view.actions.iter().all(|word| word.text.to_ascii_lowercase().starts_with("bedrock:"))
    };
    if !never || !holds_when_absent(condition) || !view.is_about_invoking() || !by_name() {
        return;
    }
    let names_model = !view.statement.excludes_resources()
        && view.resources.iter().any(|word| word.text.contains(":foundation-model/"));
    if !names_model && !view.has_resource(model) {
        return;
    }
    // Where the key's presence is asked for too, calls without it are let through.
    if view.conditions_on(condition.key.text).any(ConditionView::needs_key) {
        return;
    }
    let key = condition.key.text;
    let message = format!("this denies every call to a foundation model: none carries `{key}`");
    let mut finding = view.finding(LintCode::DenyHitsAbsentKey, condition.key, message);
    finding.advice = Some(match condition.is_on("bedrock:ModelArn") {
        true => "name the models in `NotResource`, by their ARNs".to_owned(),
        false => "limit the deny to resources with tags, such as application inference profiles".to_owned(),
    });
    found.push(finding);
}

/// Finds a deny by Region that global profiles cannot pass.
fn region(view: &View<'_>, all: &[View<'_>], index: usize, condition: &ConditionView<'_>, found: &mut Vec<Raw>) {
    if !view.is_about_invoking() || !condition.is_on("aws:RequestedRegion") || !condition.operator.negated {
        return;
    }
    let global = "arn:aws:bedrock:::foundation-model/amazon.nova-lite-v1:0";
    if !view.has_resource(global) {
        return;
    }
    // An exemption of Bedrock's profiles is the other documented way.
    let exempt = view.conditions_on(PROFILE).any(|other| other.operator.negated);
    if exempt || !denies_unspecified(view, index) {
        return;
    }
    let message = format!("this denies global inference profiles, whose Region is `{UNSPECIFIED}`");
    let mut finding = view.finding(LintCode::RegionDenyWithoutUnspecified, condition.key, message);
    // Keeping calls in some Regions is what such a deny is for; it contradicts a policy that allows a global profile.
    let is_allowed = all.iter().any(|other| {
        other.allows() && other.resources.iter().any(|word| word.text.contains(":inference-profile/global."))
    });
    if !is_allowed {
        finding.severity = Severity::Note;
    }
    finding.advice = Some(format!(
        "if calls may run in every Region, add `{UNSPECIFIED}` to the list, or exempt one profile with `ArnNotLike` on \
         `{PROFILE}`; that is for the owner of this control to decide"
    ));
    found.push(finding);
}

/// Returns `true` if the condition holds where the Region is `unspecified`.
fn denies_unspecified(view: &View<'_>, index: usize) -> bool {
    let context = ContextKeys::new().with("aws:RequestedRegion", UNSPECIFIED);
    ask_in(INVOKE[0], "*", context, |asked| {
        view.compiled(index).is_some_and(|condition| condition.holds(asked) == Ternary::Yes)
    })
}
