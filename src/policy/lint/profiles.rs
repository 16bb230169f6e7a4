//! Mistakes about inference profiles: without the models behind them, and with conditions that they cannot meet.
//!
//! A call through a profile is authorized on the profile, and on the model in the source Region and in every destination
//! Region (Bedrock User Guide, "Geographic cross-Region inference", "Global cross-Region inference").

use super::super::three_valued::Ternary;
use super::correction::{Correction, edit_condition, one_or_many};
use super::published::INVOKE;
use super::view::{ConditionView, View, Word, arn_parts, ask_in, is_wild};
use super::{LintCode, Raw};
use crate::bedrock::destinations;
use crate::iam::ContextKeys;
use serde_json::{Map, Value};

const KEY: &str = "bedrock:InferenceProfileArn";

/// What `aws:RequestedRegion` holds for the Region-less model of a global profile.
pub(super) const UNSPECIFIED: &str = "unspecified";

/// Looks for profiles that are allowed in vain.
pub(super) fn check(all: &[View<'_>], found: &mut Vec<Raw>) {
    // Where the ARN of a model is wrong, the model is not missing.
    let arns_are_right = found.iter().all(|finding| !finding.code.is_about_arns());
    for view in all.iter().filter(|view| view.allows() && !view.statement.excludes_resources()) {
        condition_on_profile(view, found);
        if arns_are_right && view.is_about_invoking() {
            without_models(view, all, found);
        }
    }
    for view in all.iter().filter(|view| view.allows() && view.is_about_invoking()) {
        region_left_out(view, all, found);
    }
    for view in all.iter().filter(|view| !view.allows()) {
        denied_alone(view, all, found);
    }
}

/// An inference profile that a policy names by its ARN.
struct Profile<'w> {
    word: Word<'w>,
    partition: &'w str,
    region: &'w str,
    id: &'w str,
    is_application: bool,
}

impl<'w> Profile<'w> {
    fn new(word: Word<'w>) -> Option<Self> {
        let [_, partition, "bedrock", region, _, resource] = arn_parts(word.text)? else { return None };
        let (kind @ ("inference-profile" | "application-inference-profile"), id) = resource.split_once('/')? else {
            return None;
        };
        Some(Self { word, partition, region, id, is_application: kind == "application-inference-profile" })
    }

    fn is_global(&self) -> bool {
        self.id.starts_with("global.")
    }

    /// Returns the model behind the profile, if the profile's id shows it.
    fn model(&self) -> Option<&'w str> {
        let (_, model) = self.id.split_once('.')?;
        (!self.is_application && !is_wild(self.id) && model.contains('.')).then_some(model)
    }

    /// Returns the Regions in which the model is authorized: `None` if they are not known here.
    fn regions(&self) -> Option<Vec<&'w str>> {
        if is_wild(self.region) {
            return None;
        }
        if self.is_global() {
            return Some(vec![self.region, ""]);
        }
        let mut regions = vec![self.region];
        for region in destinations(self.id, self.region)? {
            if !regions.contains(&region) {
                regions.push(region);
            }
        }
        Some(regions)
    }

    fn model_in(&self, region: &str, model: &str) -> String {
        let partition = if is_wild(self.partition) { "aws" } else { self.partition };
        format!("arn:{partition}:bedrock:{region}::foundation-model/{model}")
    }
}

fn without_models(view: &View<'_>, all: &[View<'_>], found: &mut Vec<Raw>) {
    for profile in view.resources.iter().filter_map(|word| Profile::new(*word)) {
        // A list of profiles would repeat the finding for each: one is enough for a statement.
        if let Some(finding) = models_missing(view, all, &profile) {
            found.push(finding);
            return;
        }
    }
}

fn models_missing(view: &View<'_>, all: &[View<'_>], profile: &Profile<'_>) -> Option<Raw> {
    let actions: Vec<&str> = INVOKE.into_iter().filter(|action| view.has_action(action)).collect();
    let reached = |region: &str, model: &str| {
        let arn = profile.model_in(region, model);
        let allowed = |action: &&str| {
            all.iter().any(|other| other.allows() && other.has_action(action) && other.has_resource(&arn))
        };
        actions.iter().all(allowed)
    };
    let (message, models, is_certain) = match (profile.model(), profile.regions()) {
        (Some(model), Some(regions)) => {
            let missing: Vec<&str> = regions.iter().copied().filter(|region| !reached(region, model)).collect();
            let message = match missing.as_slice() {
                [] => return None,
                [""] => format!("the profile is global, and `{}` is not allowed", profile.model_in("", model)),
                some if some.len() == regions.len() => format!("the profile is allowed and `{model}` behind it is not"),
                some => {
                    let some: Vec<&str> =
                        some.iter().map(|region| if region.is_empty() { UNSPECIFIED } else { region }).collect();
                    format!("the profile also routes to {}, where `{model}` is not allowed", some.join(", "))
                }
            };
            (message, missing.iter().map(|region| profile.model_in(region, model)).collect(), true)
        }
        (Some(model), None) => {
            // Where the profile routes is not known: two Regions stand for several.
            let seen = REGIONS_TO_TRY.iter().filter(|region| reached(region, model)).count();
            let message = match (seen, profile.is_global()) {
                (0, _) => format!("the profile is allowed and `{model}` behind it is not"),
                (_, true) if reached("", model) => return None,
                (_, true) => format!("the profile is global, and `{}` is not allowed", profile.model_in("", model)),
                (1, false) => format!("the profile may route to several Regions, and `{model}` is allowed in one only"),
                _ => return None,
            };
            (message, vec![profile.model_in("*", model)], false)
        }
        (None, _) => {
            if any_model_is_allowed(all, &actions) {
                return None;
            }
            let message = format!("`{}` is allowed and no foundation model behind it is", profile.word.text);
            (message, vec![profile.model_in("*", "*")], false)
        }
    };
    let mut finding = view.finding(LintCode::ProfileWithoutModels, profile.word, message);
    finding.advice = Some(format!("allow {} too, under `{KEY}` of this profile", one_or_more(&models)));
    finding.correction = with_models(view, profile, &actions, models);
    if !is_certain {
        finding.correction = finding.correction.map(Correction::guessed);
    }
    Some(finding)
}

/// Regions in which a model is looked for when it is not known where the profile routes.
const REGIONS_TO_TRY: [&str; 12] = [
    "us-east-1",
    "us-east-2",
    "us-west-2",
    "eu-central-1",
    "eu-west-1",
    "eu-west-3",
    "ap-northeast-1",
    "ap-northeast-3",
    "ap-southeast-2",
    "ap-southeast-4",
    "us-gov-west-1",
    "us-gov-east-1",
];

fn one_or_more(models: &[String]) -> String {
    models.iter().map(|model| format!("`{model}`")).collect::<Vec<_>>().join(", ")
}

fn any_model_is_allowed(all: &[View<'_>], actions: &[&str]) -> bool {
    all.iter().any(|view| {
        view.allows()
            && actions.iter().any(|action| view.has_action(action))
            && (view.statement.excludes_resources()
                || view.resources.iter().any(|word| {
                    word.is_star()
                        || arn_parts(word.text).is_some_and(|[.., resource]| {
                            resource.starts_with("foundation-model") || resource.starts_with('*')
                        })
                }))
    })
}

/// Adds a statement that allows the models under the same conditions, and through the profile only.
fn with_models(view: &View<'_>, profile: &Profile<'_>, actions: &[&str], models: Vec<String>) -> Option<Correction> {
    // Models carry no tags, so that a condition on the profile's would never hold on them.
    if view.conditions.iter().any(|condition| condition.is_on("aws:ResourceTag/")) {
        return None;
    }
    let mut second = view.value();
    let operators =
        if is_wild(profile.word.text) { &["ArnLike", "StringLike"][..] } else { &["StringEquals", "ArnEquals"] };
    let members = second.as_object_mut()?;
    members.shift_remove("Sid");
    members.shift_remove("NotAction");
    members.insert("Action".to_owned(), one_or_many(actions.iter().map(|action| (*action).into()).collect()));
    members.insert("Resource".to_owned(), one_or_many(models.into_iter().map(Value::from).collect()));
    let conditions = members.entry("Condition").or_insert_with(|| Map::new().into()).as_object_mut()?;
    let has = |conditions: &Map<String, Value>, operator: &str| {
        let block = conditions.get(operator).and_then(Value::as_object);
        block.is_some_and(|block| block.keys().any(|known| known.eq_ignore_ascii_case(KEY)))
    };
    let operator = operators.iter().find(|operator| !has(conditions, operator))?;
    let block = conditions.entry((*operator).to_owned()).or_insert_with(|| Map::new().into()).as_object_mut()?;
    block.insert(KEY.to_owned(), profile.word.text.into());
    let mut correction = Correction::safe(view.value());
    correction.statements.push(second);
    Some(correction)
}

/// Finds a condition on the profile's ARN in a statement that allows the profile itself.
fn condition_on_profile(view: &View<'_>, found: &mut Vec<Raw>) {
    let Some(condition) = view.conditions_on(KEY).find(|condition| condition.needs_key()) else { return };
    let (profiles, others): (Vec<&Word<'_>>, Vec<&Word<'_>>) =
        view.resources.iter().partition(|word| Profile::new(**word).is_some());
    let Some(first) = profiles.first() else { return };
    let message =
        format!("`{}` is never allowed: its own authorization does not carry `{}`", first.text, condition.key.text);
    let mut finding = view.finding(LintCode::ProfileConditionOnProfile, condition.key, message);
    finding.advice = Some(format!(
        "allow the profile in a statement of its own, with the other conditions and without `{}`",
        condition.key.text
    ));
    finding.correction = split(view, condition, &profiles, &others);
    found.push(finding);
}

/// Moves the profiles that the condition names into a statement without that condition, and with every other.
fn split(
    view: &View<'_>,
    condition: &ConditionView<'_>,
    profiles: &[&Word<'_>],
    others: &[&Word<'_>],
) -> Option<Correction> {
    use super::super::condition::Compare;
    if condition.operator.compare == Compare::Null || view.conditions_on(KEY).count() > 1 {
        return None;
    }
    let names = |profile: &str| {
        let index = view.conditions.iter().position(|other| std::ptr::eq(other, condition));
        let compiled = index.and_then(|index| view.compiled(index));
        let context = ContextKeys::new().with(KEY, profile);
        compiled.is_some_and(|compiled| ask_in(INVOKE[0], "*", context, |asked| compiled.holds(asked) == Ternary::Yes))
    };
    // A pattern of profiles is wider than what the condition lets through: then the condition's own values are meant.
    let mut meant: Vec<&str> = Vec::new();
    for profile in profiles {
        let same = condition.values.iter().any(|value| value.text == profile.text);
        if same || (!is_wild(profile.text) && names(profile.text)) {
            meant.push(profile.text);
        } else if is_wild(profile.text) {
            let within = |value: &&Word<'_>| !is_wild(value.text) && view.has_resource(value.text);
            meant.extend(condition.values.iter().filter(within).map(|value| value.text));
        }
    }
    if meant.is_empty() {
        return None;
    }
    let list = |texts: Vec<&str>| one_or_many(texts.into_iter().map(Value::from).collect());
    let mut profile = view.value();
    edit_condition(&mut profile, condition.operator_name, |block| {
        block.shift_remove(condition.key.text);
    });
    let members = profile.as_object_mut()?;
    members.insert("Resource".to_owned(), list(meant));
    let mut correction = match others {
        [] => Correction::safe(profile),
        others => {
            members.shift_remove("Sid");
            let mut rest = view.value();
            rest.as_object_mut()?.insert("Resource".to_owned(), list(others.iter().map(|word| word.text).collect()));
            let mut correction = Correction::safe(rest);
            correction.statements.push(profile);
            correction
        }
    };
    correction = correction.editing(condition.operator_name, condition.key.text);
    Some(correction)
}

/// Finds an allow by Region that leaves out a Region to which an allowed profile routes.
fn region_left_out(view: &View<'_>, all: &[View<'_>], found: &mut Vec<Raw>) {
    let is_by_region = |condition: &ConditionView<'_>| {
        condition.is_on("aws:RequestedRegion") && !condition.operator.negated && condition.needs_key()
    };
    let Some(condition) = view.conditions.iter().find(|condition| is_by_region(condition)) else { return };
    let action = if view.has_action(INVOKE[0]) { INVOKE[0] } else { INVOKE[1] };
    let allowed = |other: &View<'_>, arn: &str, region: &str| {
        other.allows()
            && other.has_action(action)
            && other.has_resource(arn)
            && other.conditions.iter().enumerate().filter(|(_, one)| one.is_on("aws:RequestedRegion")).all(|(at, _)| {
                let context = ContextKeys::new().with("aws:RequestedRegion", region);
                other
                    .compiled(at)
                    .is_none_or(|compiled| ask_in(action, arn, context, |asked| compiled.holds(asked) == Ternary::Yes))
            })
    };
    let named = all.iter().filter(|other| other.allows() && !other.statement.excludes_resources());
    for profile in named.flat_map(|other| &other.resources).filter_map(|word| Profile::new(*word)) {
        let (Some(model), Some(regions)) = (profile.model(), profile.regions()) else { continue };
        // A profile that its own Region shuts out is not one that this statement means to allow.
        if !all.iter().any(|other| allowed(other, profile.word.text, profile.region)) {
            continue;
        }
        let left_out: Vec<&str> = regions
            .into_iter()
            .filter(|region| {
                let arn = profile.model_in(region, model);
                let requested = if region.is_empty() { UNSPECIFIED } else { region };
                view.has_resource(&arn) && !all.iter().any(|other| allowed(other, &arn, requested))
            })
            .map(|region| if region.is_empty() { UNSPECIFIED } else { region })
            .collect();
        if left_out.is_empty() {
            continue;
        }
        let message = format!(
            "`{}` also needs {} as `aws:RequestedRegion`, which this condition leaves out",
            profile.id,
            left_out.iter().map(|region| format!("`{region}`")).collect::<Vec<_>>().join(", ")
        );
        let mut finding = view.finding(LintCode::RegionAllowMissesDestinations, condition.key, message);
        finding.advice = Some(
            "if the model may run there, allow it in a statement with these Regions and this profile as \
             `bedrock:InferenceProfileArn`; if not, call a model in the Region itself"
                .to_owned(),
        );
        found.push(finding);
        return;
    }
}

/// Finds a deny of a model's profiles that leaves the model itself open.
fn denied_alone(view: &View<'_>, all: &[View<'_>], found: &mut Vec<Raw>) {
    let statement = view.statement;
    if statement.excludes_resources() || statement.excludes_actions() || !view.is_about_invoking() {
        return;
    }
    let mut profiles = Vec::new();
    for word in &view.resources {
        let Some(profile) = Profile::new(*word).filter(|profile| !profile.is_application) else { return };
        profiles.push(profile);
    }
    // `global.*` or `us.*` is about where a call may run, not about a model.
    let about_model = |profile: &&Profile<'_>| {
        profile.id.contains("claude")
            || profile.id.split(['.', '*']).filter(|part| !part.is_empty()).count() > 1
            || profile.id.starts_with('*') && profile.id.len() > 1
    };
    let Some(profile) = profiles.iter().find(about_model) else { return };
    let name = profile.id.split_once('.').map_or(profile.id, |(_, model)| model);
    let sample = name.trim_matches('*').trim_start_matches('.');
    let covers = |other: &View<'_>| {
        other.resources.iter().any(|word| {
            word.is_star()
                || arn_parts(word.text).is_some_and(|[.., resource]| {
                    resource == "*"
                        || resource.strip_prefix("foundation-model/").is_some_and(|id| {
                            id == "*" || id.contains(sample) || sample.starts_with(id.trim_end_matches('*'))
                        })
                })
        })
    };
    let about = |other: &&View<'_>| other.is_about_invoking() && !other.statement.excludes_resources();
    let is_open = all.iter().filter(about).any(|other| other.allows() && covers(other))
        && !all.iter().filter(about).any(|other| !other.allows() && covers(other));
    if sample.is_empty() || !is_open {
        return;
    }
    let message = format!("this denies the profile, and `foundation-model/…{sample}…` can still be called directly");
    let mut finding = view.finding(LintCode::DenyLeavesModelOpen, profile.word, message);
    finding.advice = Some(format!(
        "to deny the model, deny `arn:{}:bedrock:*::foundation-model/{name}`: every profile with it needs that too",
        profile.partition
    ));
    found.push(finding);
}
