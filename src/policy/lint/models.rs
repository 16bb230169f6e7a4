//! Mistakes in the ids of models and profiles: without version, date or provider.

use super::super::pattern::{LetterCase, Pattern};
use super::correction::Correction;
use super::view::{View, Word, is_wild};
use super::{LintCode, Raw, published};
use crate::bedrock::known_models;

/// Reports an id in the ARN of a model or a system-defined profile that no model has.
///
/// Ids that are not known here may be newer than the data, so only those are reported that a known id completes, and
/// those that lack a part which every id has.
pub(super) fn wrong_id(
    view: &View<'_>,
    word: Word<'_>,
    kind: &str,
    id: &str,
    with_id: impl Fn(&str) -> String,
) -> Option<Raw> {
    if !matches!(kind, "foundation-model" | "inference-profile") || id.is_empty() {
        return None;
    }
    let (geography, model) = match id.split_once('.') {
        Some((geography, model)) if kind == "inference-profile" => (Some(geography), model),
        _ => (None, id),
    };
    let whole = |model: &str| match geography {
        Some(geography) => format!("{geography}.{model}"),
        None => model.to_owned(),
    };
    if !model.contains('.') && !id.starts_with(['*', '?', '$']) && !model.ends_with("arn") {
        return without_provider(view, word, kind, id, with_id);
    }
    if is_wild(id) || known_models().any(|known| known == model) {
        return None;
    }
    let complete = published::completions(model);
    let (first, others) = complete.split_first()?;
    let names: Vec<String> = complete.iter().map(|id| format!("`{}`", whole(id))).collect();
    let message = format!("`{id}` lacks the end of its id; it is {}", names.join(" or "));
    let mut finding = view.finding(LintCode::MissingVersionSuffix, word, message);
    finding.advice = Some(format!("write {}", names.join(" or ")));
    if others.is_empty() {
        let correction = view.with_resource(word.text, &with_id(&whole(first)));
        let is_dated = model.rsplit('-').next().is_some_and(|last| last.len() == 8) || !first.contains("-20");
        finding.correction = if is_dated { correction } else { correction.map(Correction::guessed) };
    }
    Some(finding)
}

/// Reports an id without a provider, which every id has.
fn without_provider(
    view: &View<'_>,
    word: Word<'_>,
    kind: &str,
    id: &str,
    with_id: impl Fn(&str) -> String,
) -> Option<Raw> {
    // A profile's id needs its geography too, which nobody can guess.
    if kind == "inference-profile" && id.contains('*') {
        return None;
    }
    let message = match kind {
        "inference-profile" => format!("`{id}` is not the id of a profile: it lacks the geography or the provider"),
        _ => format!("`{id}` is not the id of a model: it lacks the provider"),
    };
    let mut finding = view.finding(LintCode::InvalidModelId, word, message);
    let pattern = Pattern::new(id, LetterCase::Sensitive);
    let named = |known: &'static str| {
        let (provider, name) = known.split_once('.')?;
        let matches = match is_wild(id) {
            true => pattern.matches(name),
            false => name == id || published::completions(&format!("{provider}.{id}")).contains(&known),
        };
        matches.then_some(provider)
    };
    let mut providers: Vec<&str> = known_models().filter_map(named).collect();
    providers.sort_unstable();
    providers.dedup();
    let right = match providers.as_slice() {
        [provider] if kind == "foundation-model" => Some(with_id(&format!("{provider}.{id}"))),
        _ => None,
    };
    finding.advice = Some(match &right {
        Some(right) => format!("write `{right}`"),
        None => "the id is `PROVIDER.MODEL-vN:N`, such as `amazon.nova-lite-v1:0`; a profile's has a geography before it, such as `us.`".to_owned(),
    });
    finding.correction = right.and_then(|right| view.with_resource(word.text, &right));
    if is_wild(id) {
        finding.correction = finding.correction.map(Correction::guessed);
    }
    Some(finding)
}
