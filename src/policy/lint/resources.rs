//! Mistakes in `Resource`: ARNs that match nothing, profiles without their models, and `*` where ARNs are easy.

use super::super::value_pattern::Comparison;
use super::view::{INVOKE, View, Word, arn_parts, ask, replace_in};
use super::{LintCode, Raw};
use crate::bedrock::ModelReference;

/// The resource types that belong to the caller's account and are invoked.
const OWNED: [&str; 7] = [
    "inference-profile",
    "application-inference-profile",
    "provisioned-model",
    "custom-model-deployment",
    "imported-model",
    "prompt-router",
    "default-prompt-router",
];

/// Looks for mistakes in a statement's resources.
pub(super) fn check(view: &View<'_>, all: &[View<'_>], found: &mut Vec<Raw>) {
    for word in &view.resources {
        arn(view, all, *word, found);
    }
    profile_without_models(view, all, found);
    too_wide(view, found);
}

fn arn(view: &View<'_>, all: &[View<'_>], word: Word<'_>, found: &mut Vec<Raw>) {
    let Some([prefix, partition, service, region, account, resource]) = arn_parts(word.text) else { return };
    let with = |parts: [&str; 6]| parts.join(":");
    let mut report = |code, message: String, right: &[String]| {
        let mut finding = view.finding(code, word, message);
        finding.corrected = Some(view.replacing(word.text, right));
        found.push(finding);
    };
    if matches!(service, "bedrock-runtime" | "bedrock-agent" | "bedrock-agent-runtime") {
        let right = with([prefix, partition, "bedrock", region, account, resource]);
        report(LintCode::WrongPrefix, format!("no ARN has the service `{service}`; it is `bedrock`"), &[right]);
        return;
    }
    if service != "bedrock" {
        return;
    }
    let (kind, id) = resource.split_once('/').unwrap_or((resource, ""));
    let is_wild = |text: &str| text.contains(['*', '?']) || text.contains("${");
    if kind == "foundation-model" && is_profile_id(id) {
        let base = id.split_once('.').map_or(id, |(_, base)| base);
        let owner = if account.is_empty() { known_account(all) } else { account };
        let profile = with([prefix, partition, service, region, owner, &format!("inference-profile/{id}")]);
        let model = with([prefix, partition, service, "*", "", &format!("foundation-model/{base}")]);
        let message = format!("`{id}` is the id of an inference profile, and no foundation model has it");
        report(LintCode::ProfileUnderFoundationModel, message, &[profile, model]);
        return;
    }
    if kind == "foundation-model" && !account.is_empty() && !is_wild(account) {
        let right = with([prefix, partition, service, region, "", &format!("{kind}/{}", suffixed(id))]);
        report(
            LintCode::AccountInModelArn,
            format!("a foundation model's ARN has no account, this one has `{account}`"),
            &[right],
        );
    }
    if OWNED.contains(&kind) && account.is_empty() {
        let right = with([prefix, partition, service, region, known_account(all), resource]);
        report(
            LintCode::NoAccountInProfileArn,
            format!("the ARN of `{kind}` has an account, this one has none"),
            &[right],
        );
    }
    if matches!(kind, "foundation-model" | "inference-profile") && suffixed(id) != id {
        let right = with([prefix, partition, service, region, account, &format!("{kind}/{}", suffixed(id))]);
        report(
            LintCode::MissingVersionSuffix,
            format!("`{id}` lacks the end of its id; it is `{}`", suffixed(id)),
            &[right],
        );
    }
}

/// Tells whether a model id is an inference profile's; one with wildcards where its first part shows it.
fn is_profile_id(id: &str) -> bool {
    let probe: String = id.chars().map(|c| if matches!(c, '*' | '?') { 'x' } else { c }).collect();
    !id.starts_with(['*', '?']) && matches!(probe.parse(), Ok(ModelReference::InferenceProfile(_)))
}

/// Returns an account id that the policy names elsewhere, or `*` where it names none.
fn known_account<'n>(all: &[View<'n>]) -> &'n str {
    let accounts =
        all.iter().flat_map(|view| &view.resources).filter_map(|word| arn_parts(word.text).map(|parts| parts[4]));
    let mut known = accounts.filter(|account| account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()));
    known.next().unwrap_or("*")
}

/// Completes a model id whose family always has a version behind its date or its `-vN`.
///
/// Ids of other families exist without one, so they are left alone.
fn suffixed(id: &str) -> String {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let model = match is_profile_id(id) {
        true => id.split_once('.').map_or(id, |(_, model)| model),
        false => id,
    };
    let Some((front, last)) = model.rsplit_once('-') else { return id.to_owned() };
    let is_date = |text: &str| text.len() == 8 && text.starts_with("20") && digits(text);
    let is_version = last.strip_prefix('v').is_some_and(digits);
    if model.starts_with("anthropic.claude-") && is_date(last) {
        return format!("{id}-v1:0");
    }
    let dated = front.rsplit('-').next().is_some_and(is_date);
    let always_versioned = [
        "amazon.nova-",
        "meta.llama",
        "ai21.jamba-",
        "cohere.command-r",
        "deepseek.",
        "mistral.mistral-",
        "mistral.pixtral-",
    ];
    if is_version && (dated || always_versioned.iter().any(|family| model.starts_with(family))) {
        return format!("{id}:0");
    }
    id.to_owned()
}

/// Finds profiles that may be invoked while the models behind them may not.
fn profile_without_models(view: &View<'_>, all: &[View<'_>], found: &mut Vec<Raw>) {
    if !view.allows() || view.statement.excludes_resources() || !view.is_about_invoking() {
        return;
    }
    for word in &view.resources {
        let Some([_, partition, "bedrock", _, _, resource]) = arn_parts(word.text) else { continue };
        let Some((kind @ ("inference-profile" | "application-inference-profile"), id)) = resource.split_once('/')
        else {
            continue;
        };
        let actions: Vec<&str> = INVOKE.into_iter().filter(|action| view.has_action(action)).collect();
        let base = match (kind, id.split_once('.')) {
            ("inference-profile", Some((_, base))) if !base.contains(['*', '?', '$']) => Some(base),
            _ => None,
        };
        let partition = if partition.contains(['*', '?', '$']) { "aws" } else { partition };
        let message = match base {
            Some(base) => {
                let reach = Reach::of(all, &actions, partition, base);
                let is_global = id.starts_with("global.");
                if reach.regions == 0 && !reach.without_region {
                    format!("the profile is allowed and `{base}` behind it is not")
                } else if is_global && !reach.without_region {
                    let model = format!("arn:{partition}:bedrock:::foundation-model/{base}");
                    format!("the profile is global, and `{model}` is not allowed")
                } else if !is_global && reach.regions < 2 {
                    format!("the profile may route to several Regions, and `{base}` is allowed in one only")
                } else {
                    continue;
                }
            }
            None => {
                let any_model = |other: &View<'_>| {
                    other.allows()
                        && actions.iter().any(|action| other.has_action(action))
                        && other.resources.iter().any(|word| {
                            word.text.bytes().all(|byte| byte == b'*')
                                || arn_parts(word.text).is_some_and(|[.., resource]| {
                                    resource.starts_with("foundation-model") || resource.starts_with('*')
                                })
                        })
                };
                if all.iter().any(any_model) {
                    continue;
                }
                format!("`{}` is allowed and no foundation model behind it is", word.text)
            }
        };
        let mut finding = view.finding(LintCode::ProfileWithoutModels, *word, message);
        let models = format!("arn:{partition}:bedrock:*::foundation-model/{}", base.unwrap_or("*"));
        let mut profile = view.value();
        if let Some(resources) = profile.get_mut("Resource") {
            replace_in(resources, word.text, &[word.text.to_owned(), models.clone()]);
        }
        finding.corrected = Some(if view.conditions.is_empty() { profile } else { with_models(view, &models) });
        found.push(finding);
        // One finding a statement: a list of profiles would repeat it for each.
        break;
    }
}

/// Returns the statement and a second one that allows the models.
fn with_models(view: &View<'_>, models: &str) -> serde_json::Value {
    let mut second = view.value();
    if let Some(members) = second.as_object_mut() {
        members.insert("Resource".to_owned(), models.into());
        members.shift_remove("Condition");
        members.shift_remove("Sid");
    }
    serde_json::Value::Array(vec![view.value(), second])
}

/// Where a model is allowed: in how many Regions (two stand for many), and without Region.
#[derive(Default)]
struct Reach {
    regions: usize,
    without_region: bool,
}

impl Reach {
    /// Looks through the patterns of every allow; each is tried in the Regions that it names itself.
    fn of(all: &[View<'_>], actions: &[&str], partition: &str, base: &str) -> Self {
        let mut seen: Vec<String> = Vec::new();
        let mut reach = Self::default();
        let resource = format!("foundation-model/{base}");
        let allows = |view: &&View<'_>| {
            view.allows()
                && !view.statement.excludes_resources()
                && actions.iter().any(|action| view.has_action(action))
        };
        ask("bedrock:InvokeModel", "*", |asked| {
            for pattern in
                all.iter().filter(allows).flat_map(|view| &view.statement.resources).flat_map(|listed| &listed.patterns)
            {
                let named = arn_parts(&pattern.source).map_or("*", |[_, _, _, region, ..]| region);
                // A wildcard is filled in twice, as it stands for more than one Region.
                let samples = [
                    named.replace('*', "us-east-1").replace('?', "1"),
                    named.replace('*', "eu-west-2").replace('?', "2"),
                ];
                for region in samples.iter().map(String::as_str).chain([""]) {
                    let model = ["arn", partition, "bedrock", region, "", &resource];
                    if pattern.compare(&model.join(":"), Some(&model), asked) != Comparison::Same {
                        continue;
                    }
                    if region.is_empty() {
                        reach.without_region = true;
                    } else if seen.len() < 2 && !seen.iter().any(|known| known == region) {
                        seen.push(region.to_owned());
                    }
                }
                if reach.without_region && seen.len() == 2 {
                    break;
                }
            }
        });
        reach.regions = seen.len();
        reach
    }
}

/// Finds Bedrock actions that invoke and are allowed on everything.
fn too_wide(view: &View<'_>, found: &mut Vec<Raw>) {
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
    let narrowed = |key: &str| view.conditions.iter().any(|condition| condition.key.text.eq_ignore_ascii_case(key));
    if narrowed("bedrock:InferenceProfileArn") || narrowed("bedrock:ModelArn") {
        return;
    }
    for word in view.resources.iter().filter(|word| word.text.bytes().all(|byte| byte == b'*')) {
        let message = "this allows invoking every model; name the ones that are used".to_owned();
        let mut finding = view.finding(LintCode::ResourceTooWide, *word, message);
        let narrow = ["arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0".to_owned()];
        // Only where every action has resource types; the model is an example.
        let only_invoking =
            view.actions.iter().all(|word| INVOKE.iter().any(|action| action.eq_ignore_ascii_case(word.text)));
        finding.corrected = only_invoking.then(|| view.replacing(word.text, &narrow));
        found.push(finding);
    }
}
