//! Mistakes in the ARNs of `Resource`: texts that are not ARNs, and ARNs that match nothing.
//!
//! The forms are those of the Service Authorization Reference, "Resource types defined by Amazon Bedrock". Only the first
//! mistake of an ARN is reported: its correction shows the next.

use super::super::pattern::{LetterCase, Pattern};
use super::correction::Correction;
use super::view::{View, Word, arn_parts, is_wild};
use super::{LintCode, Raw, models, names, published};
use crate::bedrock::{ModelReference, Region, ServiceAuthorization, known_regions};

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

/// What people write for a resource type.
const MISTAKEN_TYPES: [(&str, &str); 7] = [
    ("model", "foundation-model"),
    ("models", "foundation-model"),
    ("foundation", "foundation-model"),
    ("profile", "inference-profile"),
    ("inference", "inference-profile"),
    ("application-profile", "application-inference-profile"),
    ("kb", "knowledge-base"),
];

/// Names of endpoints that are taken for the service in an ARN.
const NOT_SERVICES: [&str; 3] = ["bedrock-runtime", "bedrock-agent", "bedrock-agent-runtime"];

/// Looks for mistakes in a statement's ARNs.
pub(super) fn check(view: &View<'_>, all: &[View<'_>], found: &mut Vec<Raw>) {
    for word in &view.resources {
        found.extend(text(view, all, *word).or_else(|| mismatch(view, *word)));
    }
}

/// An ARN as a policy spells it.
struct Spelled<'w> {
    word: Word<'w>,
    parts: [&'w str; 6],
    /// The type of the resource, before the first slash.
    kind: &'w str,
    /// What is behind it.
    id: &'w str,
}

impl Spelled<'_> {
    fn with(&self, at: usize, part: &str) -> String {
        let mut parts = self.parts;
        if let Some(slot) = parts.get_mut(at) {
            *slot = part;
        }
        parts.join(":")
    }
}

const PARTITION: usize = 1;
const SERVICE: usize = 2;
const REGION: usize = 3;
const ACCOUNT: usize = 4;
const RESOURCE: usize = 5;

fn text(view: &View<'_>, all: &[View<'_>], word: Word<'_>) -> Option<Raw> {
    if word.is_star() || word.text.starts_with(['*', '$']) {
        return None;
    }
    let about_bedrock = || {
        view.is_about_invoking()
            || view.actions.iter().any(|action| action.text.to_ascii_lowercase().starts_with("bedrock"))
    };
    if !word.text.starts_with("arn:") {
        return about_bedrock().then(|| not_an_arn(view, word));
    }
    let Some(parts) = arn_parts(word.text) else { return too_few_colons(view, word) };
    let resource = parts[RESOURCE];
    let (kind, id) = resource.split_once('/').unwrap_or((resource, ""));
    let arn = Spelled { word, parts, kind, id };
    let report = |code, message: String, right: String| {
        let mut finding = view.finding(code, word, message);
        finding.advice = Some(format!("write `{right}`"));
        finding.correction = view.with_resource(word.text, &right);
        finding
    };
    if NOT_SERVICES.contains(&parts[SERVICE]) {
        let message = format!("no ARN has the service `{}`; it is `bedrock`", parts[SERVICE]);
        return Some(report(LintCode::WrongPrefix, message, arn.with(SERVICE, "bedrock")));
    }
    if parts[SERVICE] != "bedrock" {
        return None;
    }
    if parts[ACCOUNT].contains('/') {
        return Some(colon_missing(view, &arn));
    }
    if resource.starts_with(':') {
        let right = arn.with(RESOURCE, resource.trim_start_matches(':'));
        return Some(report(LintCode::MalformedArn, "the ARN has too many colons".to_owned(), right));
    }
    wrong_region(view, &arn)
        .or_else(|| wrong_type(view, &arn))
        .or_else(|| wrong_account(view, all, &arn))
        .or_else(|| models::wrong_id(view, word, kind, id, |id| arn.with(RESOURCE, &format!("{kind}/{id}"))))
        .or_else(|| {
            let (name, _) = id.split_once(':').filter(|_| kind == "guardrail")?;
            let right = arn.with(RESOURCE, &format!("guardrail/{name}"));
            let message = "a guardrail is authorized without its version, so that this matches no request".to_owned();
            Some(report(LintCode::GuardrailVersionInArn, message, right))
        })
}

fn not_an_arn(view: &View<'_>, word: Word<'_>) -> Raw {
    let mut finding = view.finding(LintCode::MalformedArn, word, format!("`{}` is not an ARN", word.text));
    let form = match word.text.parse() {
        Ok(ModelReference::InferenceProfile(id)) => format!("arn:aws:bedrock:REGION:ACCOUNT:inference-profile/{id}"),
        Ok(ModelReference::FoundationModel(id)) if id.contains('.') => {
            format!("arn:aws:bedrock:REGION::foundation-model/{id}")
        }
        _ => "arn:aws:bedrock:REGION::foundation-model/MODEL".to_owned(),
    };
    finding.advice = Some(format!("write `*` or an ARN, such as `{form}`"));
    finding
}

/// Reports an ARN with fewer than five colons, unless it ends in a wildcard that stands for the rest.
fn too_few_colons(view: &View<'_>, word: Word<'_>) -> Option<Raw> {
    let is_model = word.text.contains(":foundation-model/");
    if !word.text.contains(":bedrock") || word.text.ends_with('*') && !is_model {
        return None;
    }
    let mut finding = view.finding(LintCode::MalformedArn, word, "the ARN has too few colons".to_owned());
    finding.advice = Some(
        "an ARN is `arn:PARTITION:bedrock:REGION:ACCOUNT:TYPE/ID`, with an empty account for foundation models"
            .to_owned(),
    );
    if let Some((front, model)) = word.text.split_once(":foundation-model/")
        && front.matches(':').count() == 3
    {
        finding.correction = view.with_resource(word.text, &format!("{front}::foundation-model/{model}"));
    }
    Some(finding)
}

/// Reports an ARN whose account part holds the resource: the colon of an empty account is missing.
fn colon_missing(view: &View<'_>, arn: &Spelled<'_>) -> Raw {
    let [prefix, partition, service, region, account, resource] = arn.parts;
    let mut finding = view.finding(LintCode::MalformedArn, arn.word, "the ARN has too few colons".to_owned());
    let is_model = account.starts_with("foundation-model/");
    let right = format!("{prefix}:{partition}:{service}:{region}::{account}:{resource}");
    finding.advice = Some(match is_model {
        true => format!("write `{right}`"),
        false => format!("put the account id before `{account}`, and a colon behind it"),
    });
    if is_model {
        finding.correction = view.with_resource(arn.word.text, &right);
    }
    finding
}

/// Reports a Region that does not exist by its form, or is in another partition than the ARN.
fn wrong_region(view: &View<'_>, arn: &Spelled<'_>) -> Option<Raw> {
    let [_, partition, _, region, ..] = arn.parts;
    if region.is_empty() || is_wild(region) {
        return None;
    }
    let Ok(parsed) = region.parse::<Region>() else {
        let letters = |text: &str| text.to_ascii_lowercase().replace(['-', '_', ' '], "");
        let known = known_regions().find(|known| letters(known) == letters(region));
        let mut finding =
            view.finding(LintCode::UnknownRegion, arn.word, format!("`{region}` is not the name of a Region"));
        finding.advice = Some(match known {
            Some(known) => format!("write `{known}`"),
            None => "write a Region such as `us-east-1`".to_owned(),
        });
        finding.correction = known.and_then(|known| view.with_resource(arn.word.text, &arn.with(REGION, known)));
        return Some(finding);
    };
    let right = parsed.partition().as_str();
    if is_wild(partition) || partition == right {
        return None;
    }
    let message = format!("`{region}` is in the partition `{right}`, not in `{partition}`");
    let mut finding = view.finding(LintCode::WrongPartition, arn.word, message);
    let right = arn.with(PARTITION, right);
    finding.advice = Some(format!("write `{right}`"));
    finding.correction = view.with_resource(arn.word.text, &right);
    Some(finding)
}

/// Reports a resource type that Bedrock does not have.
fn wrong_type(view: &View<'_>, arn: &Spelled<'_>) -> Option<Raw> {
    let types = published::types("bedrock");
    if arn.kind.is_empty() || is_wild(arn.kind) || types.iter().any(|known| known == arn.kind) {
        return None;
    }
    // A colon or nothing where the slash belongs.
    let (kind, separated) = match arn.kind.split_once(':') {
        Some((kind, rest)) if types.iter().any(|known| known == kind) => (kind, Some(rest)),
        _ => (arn.kind, None),
    };
    let right = match separated {
        Some(_) => Some(kind),
        None => MISTAKEN_TYPES
            .iter()
            .find(|(mistaken, _)| mistaken.eq_ignore_ascii_case(kind))
            .map(|(_, right)| *right)
            .or_else(|| names::closest(kind, types.iter().map(String::as_str))),
    };
    let mut finding = view.finding(
        LintCode::UnknownResourceType,
        arn.word,
        format!("Bedrock has no resource type `{}`", if separated.is_some() { arn.parts[RESOURCE] } else { kind }),
    );
    let Some(right) = right else {
        finding.advice = Some("see the resource types in the Service Authorization Reference".to_owned());
        return Some(finding);
    };
    let id = match separated {
        Some(rest) if arn.id.is_empty() => rest.to_owned(),
        Some(rest) => format!("{rest}/{}", arn.id),
        None => arn.id.to_owned(),
    };
    let right = arn.with(RESOURCE, &format!("{right}/{id}"));
    finding.advice = Some(format!("write `{right}`"));
    finding.correction = view.with_resource(arn.word.text, &right);
    Some(finding)
}

/// Reports an account where none belongs, none where one belongs, and the id of a profile as that of a model.
fn wrong_account(view: &View<'_>, all: &[View<'_>], arn: &Spelled<'_>) -> Option<Raw> {
    let Spelled { kind, id, .. } = *arn;
    let account = arn.parts[ACCOUNT];
    let known = known_account(all);
    let finding = |code, message: String| view.finding(code, arn.word, message);
    if kind == "foundation-model" && published::is_profile_id(id) {
        let message = format!("`{id}` is the id of an inference profile, and no foundation model has it");
        let mut finding = finding(LintCode::ProfileUnderFoundationModel, message);
        let resource = format!("inference-profile/{id}");
        let owner = if account.is_empty() { known } else { Some(account) };
        // A deny may be wider than what is meant, an allow may not.
        let owner = owner.or_else(|| (!view.allows()).then_some("*"));
        let [prefix, partition, service, region, ..] = arn.parts;
        let right = |owner: &str| [prefix, partition, service, region, owner, &resource].join(":");
        finding.advice = Some(format!("allow `{}` and the models behind it", right(owner.unwrap_or("ACCOUNT"))));
        if !view.allows() {
            finding.advice = Some(format!("deny `{}`", right(owner.unwrap_or("ACCOUNT"))));
        }
        finding.correction =
            owner.and_then(|owner| view.with_resource(arn.word.text, &right(owner))).map(Correction::guessed);
        return Some(finding);
    }
    if kind == "foundation-model" && !account.is_empty() && !is_wild(account) {
        let message = format!("a foundation model's ARN has no account, this one has `{account}`");
        let mut finding = finding(LintCode::AccountInModelArn, message);
        let right = arn.with(ACCOUNT, "");
        finding.advice = Some(format!("write `{right}`"));
        finding.correction = view.with_resource(arn.word.text, &right);
        return Some(finding);
    }
    if OWNED.contains(&kind) && account.is_empty() {
        let message = format!("the ARN of `{kind}` has an account, this one has none");
        let mut finding = finding(LintCode::NoAccountInProfileArn, message);
        let owner = known.or_else(|| (!view.allows()).then_some("*"));
        finding.advice = Some(format!("write `{}`", arn.with(ACCOUNT, owner.unwrap_or("ACCOUNT"))));
        finding.correction = owner
            .and_then(|owner| view.with_resource(arn.word.text, &arn.with(ACCOUNT, owner)))
            .map(Correction::guessed);
        return Some(finding);
    }
    None
}

/// Returns the account id that the policy's ARNs name, if it is one alone.
fn known_account<'n>(all: &[View<'n>]) -> Option<&'n str> {
    let accounts =
        all.iter().flat_map(|view| &view.resources).filter_map(|word| arn_parts(word.text).map(|parts| parts[ACCOUNT]));
    let mut known = accounts.filter(|account| account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()));
    let first = known.next()?;
    known.all(|account| account == first).then_some(first)
}

/// Reports a resource on which none of the statement's actions is authorized.
fn mismatch(view: &View<'_>, word: Word<'_>) -> Option<Raw> {
    let statement = view.statement;
    if statement.excludes_actions() || statement.excludes_resources() || statement.principals.is_some() {
        return None;
    }
    let [_, _, service, region, account, resource] = arn_parts(word.text)?;
    let (kind, id) = resource.split_once('/').unwrap_or((resource, ""));
    if is_wild(service) || is_wild(kind) || kind.is_empty() {
        return None;
    }
    let mut accepted: Vec<String> = Vec::new();
    for action in &view.actions {
        let (prefix, name) = action.text.split_once(':')?;
        // What another service, or one that is not known here, authorizes on the resource cannot be told.
        let published = ServiceAuthorization::of(prefix)?;
        let pattern = Pattern::new(name, LetterCase::Ignored);
        let matched = published.actions().filter(|(known, _)| pattern.matches(known));
        let mut types = matched.flat_map(|(_, action)| action.resource_types()).peekable();
        // A name that does not exist, or has no resource type, is found elsewhere.
        types.peek()?;
        accepted.extend(types.filter_map(|name| {
            let (_, kind) = published.resource_type(name)?;
            let parts: Vec<&str> = kind.arn.splitn(6, ':').collect();
            let resource = parts.get(RESOURCE)?.split(['/', '$']).next()?;
            Some(format!("{}:{resource}", parts.get(SERVICE)?))
        }));
    }
    if accepted.is_empty() || accepted.contains(&format!("{service}:{kind}")) {
        return None;
    }
    let verb = if view.allows() { "allowed" } else { "denied" };
    let message = format!("none of the statement's actions is authorized on `{kind}`, so that nothing is {verb} here");
    let mut finding = view.finding(LintCode::ActionResourceMismatch, word, message);
    finding.advice = Some(match kind {
        "custom-model" => {
            "a custom model is invoked through its `custom-model-deployment` or `provisioned-model`: name that"
                .to_owned()
        }
        _ => {
            accepted.sort_unstable();
            accepted.dedup();
            let list: Vec<String> =
                accepted.iter().filter_map(|kind| Some(format!("`{}`", kind.split_once(':')?.1))).collect();
            format!("these actions are authorized on {}", list.join(", "))
        }
    });
    if service == "bedrock"
        && kind == "agent"
        && !id.contains('/')
        && accepted.contains(&"bedrock:agent-alias".to_owned())
    {
        let right = format!("arn:{}:bedrock:{region}:{account}:agent-alias/{id}/*", arn_parts(word.text)?[PARTITION]);
        finding.advice = Some(format!("an agent is invoked through an alias: write `{right}`, or name the alias"));
        finding.correction = view.with_resource(word.text, &right).map(Correction::guessed);
    }
    Some(finding)
}
