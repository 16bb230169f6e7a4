//! Mistakes in `Condition`: keys that do not exist or are absent, tags on the untaggable, Regions forgotten.

use super::super::condition::{Compare, SetOperator};
use super::global_keys::GLOBAL_KEYS;
use super::view::{ConditionView, INVOKE, View, Word, arn_parts};
use super::{LintCode, Raw, names};
use crate::bedrock::ServiceAuthorization;
use crate::iam::ContextKeys;

/// What `aws:RequestedRegion` holds for the Region-less model of a global profile.
const UNSPECIFIED: &str = "unspecified";

/// Keys that only some Bedrock calls carry.
const SOMETIMES_ABSENT: [&str; 11] = [
    "aws:RequestTag/",
    "aws:ResourceTag/",
    "aws:SourceVpc",
    "aws:SourceVpce",
    "aws:VpcSourceIp",
    "bedrock:GuardrailIdentifier",
    "bedrock:InferenceProfileArn",
    "bedrock:ModelArn",
    "bedrock:ProjectArn",
    "bedrock:PromptRouterArn",
    "bedrock:ServiceTier",
];

/// Looks for mistakes in a statement's conditions.
pub(super) fn check(view: &View<'_>, found: &mut Vec<Raw>) {
    for (index, condition) in view.conditions.iter().enumerate() {
        unknown_key(view, condition, found);
        profile_condition(view, condition, found);
        untaggable(view, condition, found);
        absent_key(view, condition, found);
        region(view, index, condition, found);
    }
}

fn is_key(condition: &ConditionView<'_>, key: &str) -> bool {
    let text = condition.key.text;
    match key.strip_suffix('/') {
        Some(_) => text.get(..key.len()).is_some_and(|start| start.eq_ignore_ascii_case(key)) && text.len() > key.len(),
        None => text.eq_ignore_ascii_case(key),
    }
}

fn unknown_key(view: &View<'_>, condition: &ConditionView<'_>, found: &mut Vec<Raw>) {
    let key = condition.key.text;
    let Some((prefix, name)) = key.split_once(':') else {
        let all = GLOBAL_KEYS.into_iter().chain(bedrock_keys()).filter(|known| !known.contains('$'));
        let near =
            all.clone().find(|known| known.split_once(':').is_some_and(|(_, name)| name.eq_ignore_ascii_case(key)));
        report_key(view, condition, near.or_else(|| names::closest(key, all)), found);
        return;
    };
    let lower = prefix.to_ascii_lowercase();
    if lower == "aws" {
        if GLOBAL_KEYS.iter().any(|known| is_key(condition, known)) {
            return;
        }
        // A service's key under the global prefix is the commonest slip.
        let elsewhere = bedrock_keys()
            .find(|known| known.split_once(':').is_some_and(|(_, known)| known.eq_ignore_ascii_case(name)));
        report_key(view, condition, elsewhere.or_else(|| names::closest(key, GLOBAL_KEYS.into_iter())), found);
        return;
    }
    if !lower.starts_with("bedrock") {
        return;
    }
    let Some(service) = ServiceAuthorization::of(&lower) else {
        if lower == "bedrock-runtime" || lower == "bedrock-agent" || lower == "bedrock-agent-runtime" {
            report_key(view, condition, bedrock_keys().find(|known| known.ends_with(&format!(":{name}"))), found);
        }
        return;
    };
    if !service.condition_keys().any(|known| known.eq_ignore_ascii_case(key)) {
        let global = GLOBAL_KEYS
            .into_iter()
            .find(|known| known.split_once(':').is_some_and(|(_, n)| n.eq_ignore_ascii_case(name)));
        report_key(view, condition, global.or_else(|| names::closest(key, service.condition_keys())), found);
        return;
    }
    not_carried(view, condition, service, found);
}

/// Finds a key that exists and that none of the statement's actions carries.
fn not_carried(view: &View<'_>, condition: &ConditionView<'_>, service: &ServiceAuthorization, found: &mut Vec<Raw>) {
    if view.statement.excludes_actions() {
        return;
    }
    let carries = |word: &Word<'_>| {
        let Some((prefix, name)) = word.text.split_once(':') else { return true };
        if name.contains(['*', '?']) || ServiceAuthorization::of(prefix).is_none() {
            return true;
        }
        match service.action(name) {
            Some((_, action)) => {
                let of_types = action.resource_types().filter_map(|name| service.resource_type(name));
                let keys = action.condition_keys.iter().chain(of_types.flat_map(|(_, kind)| &kind.condition_keys));
                keys.into_iter().any(|key| key.eq_ignore_ascii_case(condition.key.text))
            }
            // An action that does not exist is found elsewhere.
            None => true,
        }
    };
    if !view.actions.iter().any(carries) {
        let message = format!("no action of the statement carries `{}`", condition.key.text);
        found.push(view.finding(LintCode::UnknownConditionKey, condition.key, message));
    }
}

fn bedrock_keys() -> impl Iterator<Item = &'static str> + Clone {
    let keys: Vec<&'static str> = ServiceAuthorization::of("bedrock")
        .map(|service| service.condition_keys().filter(|key| key.starts_with("bedrock:")).collect())
        .unwrap_or_default();
    keys.into_iter()
}

fn report_key(view: &View<'_>, condition: &ConditionView<'_>, right: Option<&str>, found: &mut Vec<Raw>) {
    let key = condition.key.text;
    let message = match right {
        Some(right) => format!("there is no condition key `{key}`; did you mean `{}`?", right.trim_end_matches('/')),
        None => format!("there is no condition key `{key}`"),
    };
    let mut finding = view.finding(LintCode::UnknownConditionKey, condition.key, message);
    finding.corrected = right.map(|right| {
        edited(view, condition, |block| {
            if let Some(values) = block.shift_remove(key) {
                block.insert(right.to_owned(), values);
            }
        })
    });
    found.push(finding);
}

type Block = serde_json::Map<String, serde_json::Value>;

/// Returns the statement with the block of one operator changed.
fn edited(view: &View<'_>, condition: &ConditionView<'_>, edit: impl FnOnce(&mut Block)) -> serde_json::Value {
    let mut value = view.value();
    let block = value.get_mut("Condition").and_then(|conditions| conditions.get_mut(condition.operator_name));
    if let Some(block) = block.and_then(serde_json::Value::as_object_mut) {
        edit(block);
    }
    value
}

/// Tells whether a condition does not hold where its key is absent.
fn needs_key(condition: &ConditionView<'_>) -> bool {
    let operator = condition.operator;
    match operator.compare {
        Compare::Null => condition.values.iter().all(|value| value.text.eq_ignore_ascii_case("false")),
        _ => match operator.set {
            SetOperator::None => !operator.negated && !operator.if_exists,
            SetOperator::ForAnyValue => true,
            SetOperator::ForAllValues => false,
        },
    }
}

fn is_profile(pattern: &str) -> bool {
    let kind = arn_parts(pattern).and_then(|[.., resource]| resource.split('/').next().map(str::to_owned));
    matches!(kind.as_deref(), Some("inference-profile" | "application-inference-profile"))
}

fn profile_condition(view: &View<'_>, condition: &ConditionView<'_>, found: &mut Vec<Raw>) {
    if !view.allows() || view.statement.excludes_resources() || !is_key(condition, "bedrock:InferenceProfileArn") {
        return;
    }
    if !needs_key(condition) {
        return;
    }
    let (profiles, models): (Vec<&Word<'_>>, Vec<&Word<'_>>) =
        view.resources.iter().partition(|word| is_profile(word.text));
    let Some(first) = profiles.first() else { return };
    let message =
        format!("`{}` is never allowed: its own authorization does not carry `{}`", first.text, condition.key.text);
    let mut finding = view.finding(LintCode::ProfileConditionOnProfile, condition.key, message);
    let list = |words: &[&Word<'_>]| -> serde_json::Value {
        match words {
            [only] => only.text.into(),
            words => words.iter().map(|word| serde_json::Value::from(word.text)).collect(),
        }
    };
    let with = |resources: serde_json::Value, conditional: bool| {
        let mut value = view.value();
        if let Some(members) = value.as_object_mut() {
            members.insert("Resource".to_owned(), resources);
            if !conditional {
                members.shift_remove("Condition");
                members.shift_remove("Sid");
            }
        }
        value
    };
    finding.corrected = Some(match models.as_slice() {
        [] => with(list(&profiles), false),
        models => serde_json::Value::Array(vec![with(list(models), true), with(list(&profiles), false)]),
    });
    found.push(finding);
}

fn untaggable(view: &View<'_>, condition: &ConditionView<'_>, found: &mut Vec<Raw>) {
    if view.statement.excludes_resources() || !is_key(condition, "aws:ResourceTag/") || !needs_key(condition) {
        return;
    }
    let Some(service) = ServiceAuthorization::of("bedrock") else { return };
    let is_untaggable = |word: &&Word<'_>| {
        let Some([_, _, "bedrock", _, _, resource]) = arn_parts(word.text) else { return false };
        let kind = resource.split('/').next().unwrap_or(resource);
        service.resource_type(kind).is_some_and(|(_, kind)| kind.condition_keys.is_empty())
    };
    let Some(first) = view.resources.iter().find(is_untaggable) else { return };
    let effect = if view.allows() { "allowed" } else { "denied" };
    let message =
        format!("`{}` is never {effect}: it carries no tags, so `{}` is absent", first.text, condition.key.text);
    let mut finding = view.finding(LintCode::TagConditionUntaggable, condition.key, message);
    if view.resources.iter().all(|word| is_untaggable(&word)) {
        let mut value = view.value();
        if let Some(conditions) = value.get_mut("Condition").and_then(serde_json::Value::as_object_mut) {
            if let Some(block) = conditions.get_mut(condition.operator_name).and_then(serde_json::Value::as_object_mut)
            {
                block.shift_remove(condition.key.text);
                if block.is_empty() {
                    conditions.shift_remove(condition.operator_name);
                }
            }
            if conditions.is_empty()
                && let Some(members) = value.as_object_mut()
            {
                members.shift_remove("Condition");
            }
        }
        // A deny without its condition would deny everything: that is for the author to say.
        finding.corrected = view.allows().then_some(value);
    }
    found.push(finding);
}

fn absent_key(view: &View<'_>, condition: &ConditionView<'_>, found: &mut Vec<Raw>) {
    if view.allows() || !touches_bedrock(view) || !SOMETIMES_ABSENT.iter().any(|key| is_key(condition, key)) {
        return;
    }
    let operator = condition.operator;
    if operator.compare == Compare::Null {
        null_on_profile(view, condition, found);
        return;
    }
    let holds_when_absent = operator.negated && operator.set != SetOperator::ForAnyValue;
    // Another condition on the same key may ask for its presence.
    let presence_asked =
        view.conditions.iter().any(|other| other.key.text.eq_ignore_ascii_case(condition.key.text) && needs_key(other));
    if !holds_when_absent || presence_asked {
        return;
    }
    let key = condition.key.text;
    let message = format!("this also denies every call that does not carry `{key}`");
    let mut finding = view.finding(LintCode::DenyHitsAbsentKey, condition.key, message);
    let mut value = view.value();
    if let Some(conditions) = value.get_mut("Condition").and_then(serde_json::Value::as_object_mut) {
        let block = conditions.entry("Null").or_insert_with(|| Block::new().into());
        if let Some(block) = block.as_object_mut() {
            block.insert(key.to_owned(), "false".into());
        }
    }
    finding.corrected = Some(value);
    found.push(finding);
}

/// Finds a deny of calls without a profile that also hits the profile, which never carries the key.
fn null_on_profile(view: &View<'_>, condition: &ConditionView<'_>, found: &mut Vec<Raw>) {
    let denies_absence = condition.values.iter().any(|value| value.text.eq_ignore_ascii_case("true"));
    if !denies_absence || !is_key(condition, "bedrock:InferenceProfileArn") {
        return;
    }
    let profile = "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.amazon.nova-lite-v1:0";
    if !view.has_resource(profile) && !view.resources.iter().any(|word| is_profile(word.text)) {
        return;
    }
    let message = "this denies every inference profile: their own authorization never carries the key".to_owned();
    let mut finding = view.finding(LintCode::DenyHitsAbsentKey, condition.key, message);
    let mut value = view.value();
    if let Some(members) = value.as_object_mut() {
        members.shift_remove("NotResource");
        members.insert("Resource".to_owned(), "arn:aws:bedrock:*::foundation-model/*".into());
    }
    finding.corrected = Some(value);
    found.push(finding);
}

fn touches_bedrock(view: &View<'_>) -> bool {
    view.is_about_invoking()
        || (!view.statement.excludes_actions()
            && view.actions.iter().any(|word| word.text.to_ascii_lowercase().starts_with("bedrock")))
}

fn region(view: &View<'_>, index: usize, condition: &ConditionView<'_>, found: &mut Vec<Raw>) {
    if view.allows()
        || !view.is_about_invoking()
        || !is_key(condition, "aws:RequestedRegion")
        || !condition.operator.negated
    {
        return;
    }
    let global = format!("arn:aws:bedrock:::foundation-model/{}", "amazon.nova-lite-v1:0");
    if !view.has_resource(&global) {
        return;
    }
    // An exemption of Bedrock's profiles is the other documented way.
    let exempt =
        view.conditions.iter().any(|other| is_key(other, "bedrock:InferenceProfileArn") && other.operator.negated);
    if exempt || !denies_unspecified(view, index) {
        return;
    }
    let message = format!("this denies global inference profiles, whose Region is `{UNSPECIFIED}`");
    let mut finding = view.finding(LintCode::RegionDenyWithoutUnspecified, condition.key, message);
    finding.corrected = Some(edited(view, condition, |block| {
        if let Some(values) = block.get_mut(condition.key.text) {
            let mut regions: Vec<serde_json::Value> = match values.take() {
                serde_json::Value::Array(regions) => regions,
                region => vec![region],
            };
            regions.push(UNSPECIFIED.into());
            *values = regions.into();
        }
    }));
    found.push(finding);
}

/// Tells whether the condition holds where the Region is `unspecified`.
fn denies_unspecified(view: &View<'_>, index: usize) -> bool {
    let request = crate::iam::RequestContext {
        action: INVOKE[0].to_owned(),
        resource: "*".to_owned(),
        context: ContextKeys::new().with("aws:RequestedRegion", UNSPECIFIED),
    };
    let question = super::super::Question::new("", &request);
    let asked = super::super::query::Query::new(&question);
    view.compiled(index).is_some_and(|condition| condition.holds(&asked) == super::super::three_valued::Ternary::Yes)
}
