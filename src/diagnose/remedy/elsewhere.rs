//! What can be called instead: another model, an inference profile of the Region that reaches the model, a Region that
//! has it. And what the policies say of that call, so that the first report names their change as well.
//!
//! Only what AWS listed is offered; nothing is guessed from a prefix.

use super::super::finding::{Change, ChangeKind, Remedy};
use super::super::nearest::nearest;
use super::super::requirements::{self, Requirements};
use super::gate::use_of;
use super::{allow, command};
use crate::bedrock::{InferenceProfile, ModelReference, ProfileKind, Region, provider_of};
use crate::cause::Cause;
use crate::evidence::{ChosenBy, Evidence, Observation};
use crate::iam::RequestContext;

/// Most models and profiles that a remedy names.
const MOST: usize = 5;

/// Returns the case as it would be if what is offered first were called instead; none where nothing is offered, or a
/// cause is no matter of what is called.
pub(in crate::diagnose) fn instead(cause: Cause, evidence: &Evidence) -> Option<Evidence> {
    match cause {
        Cause::LegacyModel => as_if(evidence, others(evidence).first()?, None),
        Cause::InferenceProfileRequired | Cause::InvalidModelId | Cause::RegionUnavailable => {
            match profiles(evidence).first() {
                Some(profile) => as_if(evidence, &profile.id, Some(profile)),
                None if cause == Cause::RegionUnavailable && !regions(evidence).is_empty() => {
                    in_region(evidence, regions(evidence).first()?)
                }
                None => as_if_meant(evidence, meant(cause, evidence).first()?),
            }
        }
        _ => None,
    }
}

/// Says what to call where the id, or the Region, is not the right one.
pub(super) fn offer(remedy: &mut Remedy, cause: Cause, evidence: &Evidence) {
    let region = &evidence.request.region;
    let reaching = profiles(evidence);
    let regions = regions(evidence);
    match (reaching.first(), regions.first()) {
        (Some(first), _) => {
            remedy.steps.push(format!("call the model through an inference profile of {region}: `{}`", first.id));
            remedy.changes.push(use_of(ChangeKind::UseModel, &first.id));
            allow(remedy, cause, evidence);
            if reaching.len() > 1 {
                let others = listed(reaching.iter().skip(1).map(|profile| profile.id.as_str()));
                remedy.steps.push(format!(
                    "or call it through {others}, which may route to other Regions that the policies must then allow"
                ));
            }
            for profile in reaching.iter().take(MOST) {
                let case = as_if(evidence, &profile.id, Some(profile));
                remedy.commands.extend(case.map(|case| command::check_again(&case)));
            }
        }
        (None, Some(first)) if cause == Cause::RegionUnavailable => {
            remedy.steps.push(format!("call a Region that has the model: {}", listed(regions.iter().copied())));
            remedy.changes.push(use_of(ChangeKind::UseRegion, first));
            allow(remedy, cause, evidence);
            remedy.commands.extend(in_region(evidence, first).map(|case| command::check_again(&case)));
        }
        _ => match meant(cause, evidence).as_slice() {
            [first, others @ ..] => {
                let or = if others.is_empty() {
                    String::new()
                } else {
                    format!(", or else {}", listed(others.iter().copied()))
                };
                remedy
                    .steps
                    .push(format!("call `{first}` if that is what was meant, the nearest id that {region} lists{or}"));
                remedy.steps.push(
                    "else compare the id with the list of models and inference profiles of the Region".to_owned(),
                );
                remedy.changes.push(use_of(ChangeKind::UseModel, first));
                allow(remedy, cause, evidence);
                remedy.commands.extend(as_if_meant(evidence, first).map(|case| command::check_again(&case)));
            }
            [] => {
                let kind = if cause == Cause::RegionUnavailable { ChangeKind::UseRegion } else { ChangeKind::UseModel };
                remedy.changes.push(Change::new(kind));
            }
        },
    }
}

/// Names what can be called in the place of a model that has ended.
pub(super) fn another_model(remedy: &mut Remedy, evidence: &Evidence) {
    let (region, others) = (&evidence.request.region, others(evidence));
    let Some(first) = others.first() else {
        remedy.changes.push(Change::new(ChangeKind::UseModel));
        return;
    };
    remedy.steps.push(format!(
        "call another model, one that is ACTIVE and takes calls by its own id in {region}: {}",
        listed(others.iter().copied())
    ));
    remedy.changes.push(use_of(ChangeKind::UseModel, first));
    allow(remedy, Cause::LegacyModel, evidence);
    remedy.commands.extend(as_if(evidence, first, None).map(|case| command::check_again(&case)));
}

/// Adds what the policies still lack for what is called instead. Where that was not asked, the statement is added all
/// the same: one too many does no harm.
fn allow(remedy: &mut Remedy, cause: Cause, evidence: &Evidence) {
    let Some(case) = instead(cause, evidence) else { return };
    let requirements = requirements::judge(&case);
    if requirements.all_allowed() {
        remedy.steps.push("the policies allow that, as far as can be simulated".to_owned());
        return;
    }
    remedy.steps.push(if requirements.requirements.iter().any(|requirement| requirement.decision.is_denied()) {
        "the policies do not allow that yet:".to_owned()
    } else {
        "the policies must allow that, which could not be simulated:".to_owned()
    });
    for needed in needed(&case, &requirements) {
        remedy.steps.extend(needed.steps);
        // The line that checks it comes once, at the end.
        remedy.commands.extend(needed.commands.into_iter().filter(|line| !command::is_own(line)));
        remedy.policy = remedy.policy.take().or(needed.policy);
        remedy.console = remedy.console.take().or(needed.console);
        remedy.changes.extend(needed.changes);
    }
}

fn needed(case: &Evidence, requirements: &Requirements) -> Vec<Remedy> {
    let found = requirements.findings(case);
    if found.is_empty() {
        let requests: Vec<RequestContext> =
            requirements.requirements.iter().map(|requirement| requirement.request.clone()).collect();
        return vec![allow::to_principal(case, requirements, &requests)];
    }
    found.into_iter().map(|finding| finding.remedy).collect()
}

/// The same case, if another model or profile of the Region were called.
fn as_if(evidence: &Evidence, model: &str, profile: Option<&InferenceProfile>) -> Option<Evidence> {
    let mut case = undone(evidence);
    case.request.model = Some(model.parse::<ModelReference>().ok()?);
    case.profile =
        profile.map_or_else(|| Observation::Skipped(NOT_CALLED.to_owned()), |it| Observation::Seen(it.clone()));
    Some(case)
}

/// The same case, if an id that the Region lists were called, which may be that of a profile.
fn as_if_meant(evidence: &Evidence, id: &str) -> Option<Evidence> {
    let profile = evidence.profiles.seen().into_iter().flatten().find(|profile| profile.id == id);
    as_if(evidence, id, profile)
}

/// The same case, if another Region were called; none where the request names its Region in an ARN.
fn in_region(evidence: &Evidence, region: &str) -> Option<Evidence> {
    if !matches!(evidence.request.model, Some(ModelReference::FoundationModel(_))) {
        return None;
    }
    let mut case = undone(evidence);
    case.request.region = region.parse::<Region>().ok()?;
    Some(case)
}

const NOT_CALLED: &str = "it was not called";

/// The same case before any call was made: what live answers say, they say of the call that was made.
fn undone(evidence: &Evidence) -> Evidence {
    let subject = evidence.subject();
    let mut case = evidence.clone();
    if subject.chosen_by == ChosenBy::Error {
        case.request.principal = subject.principal.map(|principal| principal.arn);
    }
    case.request.error = None;
    case.invocation = Observation::Skipped(NOT_CALLED.to_owned());
    case
}

fn listed<'n>(names: impl Iterator<Item = &'n str>) -> String {
    names.take(MOST).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Lists the models that the Region answers by their own ids, those of the same provider first.
fn others(evidence: &Evidence) -> Vec<&str> {
    let model = evidence.base_model().unwrap_or_default();
    let listed = evidence.listing.seen().map(|listing| listing.callable.as_slice()).unwrap_or_default();
    let mut others: Vec<&str> = listed.iter().map(String::as_str).filter(|id| *id != model).collect();
    others.sort_by_key(|id| provider_of(id) != provider_of(model));
    others
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
