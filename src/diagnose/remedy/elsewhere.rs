//! What can be called instead: inference profiles of the Region that reach the model, and Regions that have it.
//!
//! Only what AWS listed is offered; nothing is guessed from a prefix.

use super::super::finding::{Change, ChangeKind, Remedy};
use super::super::nearest::nearest;
use super::command;
use super::gate::use_of;
use crate::bedrock::{InferenceProfile, ModelReference, ProfileKind};
use crate::cause::Cause;
use crate::evidence::Evidence;

/// Most profiles that a remedy names.
const MOST: usize = 4;

/// Says what to call where the id, or the Region, is not the right one.
pub(super) fn offer(remedy: &mut Remedy, cause: Cause, evidence: &Evidence) {
    let region = &evidence.request.region;
    let reaching = profiles(evidence);
    if let Some(first) = reaching.first() {
        remedy.steps.push(format!("call the model through an inference profile of {region}: `{}`", first.id));
        if reaching.len() > 1 {
            let others: Vec<String> =
                reaching.iter().skip(1).take(MOST).map(|profile| format!("`{}`", profile.id)).collect();
            remedy.steps.push(format!("or through {}, which may route to other Regions", others.join(", ")));
        }
        remedy
            .steps
            .push("the IAM policy must then allow the profile and the model in every destination Region".to_owned());
        for profile in reaching.iter().take(MOST) {
            if let Ok(model) = profile.id.parse::<ModelReference>() {
                remedy.commands.push(command::check_with(evidence, Some(&model)));
            }
        }
        remedy.changes.push(use_of(ChangeKind::UseModel, &first.id));
        return;
    }
    let regions = regions(evidence);
    if let (Cause::RegionUnavailable, Some(first)) = (cause, regions.first()) {
        let listed = regions.iter().map(|region| format!("`{region}`")).collect::<Vec<_>>().join(", ");
        remedy.steps.push(format!("call a Region that has the model: {listed}"));
        remedy.changes.push(use_of(ChangeKind::UseRegion, first));
        return;
    }
    if let [first, others @ ..] = meant(cause, evidence).as_slice() {
        let or = match others {
            [] => String::new(),
            others => {
                let others: Vec<String> = others.iter().map(|id| format!("`{id}`")).collect();
                format!(", or else {}", others.join(", "))
            }
        };
        remedy.steps.push(format!("call `{first}` if that is what was meant, the nearest id that {region} lists{or}"));
        remedy
            .steps
            .push("else compare the id with the list of models and inference profiles of the Region".to_owned());
        if let Ok(model) = first.parse::<ModelReference>() {
            remedy.commands.push(command::check_with(evidence, Some(&model)));
        }
        remedy.changes.push(use_of(ChangeKind::UseModel, first));
        return;
    }
    let kind = if cause == Cause::RegionUnavailable { ChangeKind::UseRegion } else { ChangeKind::UseModel };
    remedy.changes.push(Change { value: None, ..use_of(kind, "") });
}

/// Lists the system-defined profiles of the Region behind which the model stands; those for one geography first, which
/// keep to it.
fn profiles(evidence: &Evidence) -> Vec<&InferenceProfile> {
    let (Some(listed), Some(model)) = (evidence.profiles.seen(), evidence.base_model()) else { return Vec::new() };
    let asked = evidence.request.target().unwrap_or_default();
    let reaches = |profile: &&InferenceProfile| {
        profile.kind == ProfileKind::SystemDefined && profile.id != asked && profile.base_model() == Some(model)
    };
    let mut reaching: Vec<&InferenceProfile> = listed.iter().filter(reaches).collect();
    reaching.sort_by_key(|profile| profile.is_global());
    reaching
}

/// Returns the ids that the Region lists and that come nearest to the one that was typed, profiles among them.
///
/// What the Region lists was not mistyped.
fn meant(cause: Cause, evidence: &Evidence) -> Vec<&str> {
    let is_listed = evidence.listing.seen().is_none_or(|listing| listing.model.is_some());
    if is_listed || !matches!(cause, Cause::InvalidModelId | Cause::RegionUnavailable) {
        return Vec::new();
    }
    let typed = evidence.request.model.as_ref().map(ToString::to_string).unwrap_or_default();
    let models = evidence.listing.seen().into_iter().flat_map(|listing| &listing.ids).map(String::as_str);
    let profiles = evidence.profiles.seen().into_iter().flatten().map(|profile| profile.id.as_str());
    nearest(&typed, models.chain(profiles).filter(|id| *id != typed))
}

/// Lists the Regions that profiles were seen to route the model to, beside the Region that was called.
fn regions(evidence: &Evidence) -> Vec<&str> {
    let Some(model) = evidence.base_model() else { return Vec::new() };
    let listed = evidence.profiles.seen().into_iter().flatten().chain(evidence.profile.seen());
    let mut regions: Vec<&str> = Vec::new();
    for arn in listed.flat_map(|profile| &profile.models).filter(|arn| arn.resource_id() == model) {
        let region = arn.region.as_str();
        if !region.is_empty() && region != evidence.request.region.as_str() && !regions.contains(&region) {
            regions.push(region);
        }
    }
    regions
}
