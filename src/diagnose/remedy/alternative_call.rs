//! What can be called instead: another model, an inference profile of the Region that reaches the model, a Region that
//! has it. And what the policies say of that call, so that the first report names their change as well.
//!
//! Only what AWS listed is offered; nothing is guessed from a prefix.

use super::{command, for_policy, missing};
use crate::bedrock::{InferenceProfile, ModelReference, ProfileKind, Region, provider_of};
use crate::cause::Cause;
use crate::diagnose::case::Case;
use crate::diagnose::change::{Change, ChangeKind, Remedy, Step};
use crate::diagnose::evaluate::{Judged, Requirements};
use crate::diagnose::rules::permissions;
use crate::diagnose::suggest::nearest;
use crate::evidence::{ChosenBy, Evidence, Observation, SkipReason};
use crate::iam::PolicyType;
use crate::request::Request;

/// Most models and profiles that a remedy names.
const MOST: usize = 5;

/// Returns the evidence as it would be if what is offered first were called instead; `None` where nothing is offered, or
/// the cause is not a matter of what is called.
pub(in crate::diagnose) fn alternative_call(cause: Cause, case: &Case<'_>) -> Option<Evidence> {
    let evidence = case.evidence;
    let first = offered(cause, evidence)?;
    // The one clone for a finding: everything else that is offered is shown with its request alone.
    let mut alternative = evidence.clone();
    alternative.request = without_past(evidence, first.request);
    alternative.profile =
        first.profile.map_or(Observation::Skipped(SkipReason::NotCalled), |it| Observation::Seen(it.clone()));
    if first.keeps_profile {
        alternative.profile = evidence.profile.clone();
    }
    alternative.invocation = Observation::Skipped(SkipReason::NotCalled);
    Some(alternative)
}

/// Another call.
struct Offer<'e> {
    request: Request,
    profile: Option<&'e InferenceProfile>,
    /// Whether what was read of the request's profile holds for it as well.
    keeps_profile: bool,
}

/// Returns what is offered first.
fn offered(cause: Cause, evidence: &Evidence) -> Option<Offer<'_>> {
    let with_model = |id: &str, profile| {
        let request = with_model(evidence, id)?;
        Some(Offer { request, profile, keeps_profile: false })
    };
    match cause {
        Cause::LegacyModel => with_model(others(evidence).first()?, None),
        Cause::InferenceProfileRequired | Cause::InvalidModelId | Cause::RegionUnavailable => {
            if let Some(profile) = profiles(evidence).first() {
                return with_model(&profile.id, Some(profile));
            }
            let regions = regions(evidence);
            if let (Cause::RegionUnavailable, Some(region)) = (cause, regions.first()) {
                let request = in_region(evidence, region)?;
                return Some(Offer { request, profile: None, keeps_profile: true });
            }
            let id = *suggested_ids(cause, evidence).first()?;
            with_model(id, evidence.profiles.seen().into_iter().flatten().find(|profile| profile.id == id))
        }
        _ => None,
    }
}

/// Says what to call where the id, or the Region, is not the right one.
pub(super) fn offer(remedy: &mut Remedy, cause: Cause, case: &Case<'_>) {
    let evidence = case.evidence;
    let region = evidence.request.region.to_string();
    let reaching = profiles(evidence);
    let regions = regions(evidence);
    match (reaching.first(), regions.first()) {
        (Some(first), _) => {
            remedy.steps.push(Step::CallThroughProfile { region, profile: first.id.clone() });
            remedy.changes.push(Change::new(ChangeKind::UseModel(Some(first.id.clone()))));
            allow(remedy, cause, case);
            if reaching.len() > 1 {
                let others = reaching.iter().skip(1).map(|profile| profile.id.clone());
                remedy.steps.push(Step::OrThrough(others.take(MOST).collect()));
            }
            let requests = reaching.iter().take(MOST).filter_map(|profile| with_model(evidence, &profile.id));
            remedy.commands.extend(requests.map(|request| check(evidence, request)));
        }
        (None, Some(first)) if cause == Cause::RegionUnavailable => {
            remedy.steps.push(Step::CallRegion(named(&regions)));
            remedy.changes.push(Change::new(ChangeKind::UseRegion(Some((*first).to_owned()))));
            allow(remedy, cause, case);
            remedy.commands.extend(in_region(evidence, first).map(|request| check(evidence, request)));
        }
        _ => match suggested_ids(cause, evidence).as_slice() {
            [first, others @ ..] => {
                let id = (*first).to_owned();
                remedy.steps.push(Step::CallNearest { region, id: id.clone(), others: named(others) });
                remedy.steps.push(Step::CompareWithLists);
                remedy.changes.push(Change::new(ChangeKind::UseModel(Some(id))));
                allow(remedy, cause, case);
                remedy.commands.extend(with_model(evidence, first).map(|request| check(evidence, request)));
            }
            [] => {
                let kind = match cause {
                    Cause::RegionUnavailable => ChangeKind::UseRegion(None),
                    _ => ChangeKind::UseModel(None),
                };
                remedy.changes.push(Change::new(kind));
            }
        },
    }
}

/// Names what can be called in the place of a model that has ended.
pub(super) fn another_model(remedy: &mut Remedy, case: &Case<'_>) {
    let evidence = case.evidence;
    let others = others(evidence);
    let first = others.first().map(|first| (*first).to_owned());
    remedy.changes.push(Change::new(ChangeKind::UseModel(first.clone())));
    let Some(first) = first else { return };
    let step = Step::CallAnother { region: evidence.request.region.to_string(), models: named(&others) };
    remedy.steps.push(step);
    allow(remedy, Cause::LegacyModel, case);
    remedy.commands.extend(with_model(evidence, &first).map(|request| check(evidence, request)));
}

/// Adds what the policies still lack for what is called instead. Where that was not asked, the statement is added all
/// the same: one too many does no harm.
fn allow(remedy: &mut Remedy, cause: Cause, case: &Case<'_>) {
    let Some(alternative) = alternative_call(cause, case) else { return };
    let alternative = Case::new(&alternative);
    let judged = Judged::new(&alternative);
    let requirements = &judged.caller;
    if requirements.all_allowed() {
        remedy.steps.push(Step::PoliciesAllowIt);
        return;
    }
    let is_denied = requirements.requirements.iter().any(|requirement| requirement.decision.is_denied());
    remedy.steps.push(if is_denied { Step::PoliciesMustChange } else { Step::PoliciesMustAllow });
    for needed in needed(&alternative, requirements) {
        remedy.steps.extend(needed.steps);
        // The line that checks it comes once, at the end.
        remedy.commands.extend(needed.commands.into_iter().filter(|line| !command::is_own(line)));
        remedy.policy = remedy.policy.take().or(needed.policy);
        remedy.console = remedy.console.take().or(needed.console);
        remedy.changes.extend(needed.changes);
    }
}

fn needed(case: &Case<'_>, requirements: &Requirements) -> Vec<Remedy> {
    let found = permissions::findings(requirements);
    if found.is_empty() {
        return vec![missing::grant(case, requirements, PolicyType::IdentityPolicy, &[])];
    }
    found.into_iter().map(|finding| for_policy(finding.cause, case, requirements, &[])).collect()
}

/// Returns the line that asks about another call.
fn check(evidence: &Evidence, request: Request) -> String {
    command::check_other(evidence, &without_past(evidence, request))
}

/// The request without an error of the past: what live answers say, they say of the call that was made.
fn without_past(evidence: &Evidence, mut request: Request) -> Request {
    let subject = evidence.subject();
    if subject.chosen_by == ChosenBy::Error {
        request.principal = subject.principal.map(|principal| principal.arn);
    }
    request.error = None;
    request
}

/// The same request of another model or profile of the Region.
fn with_model(evidence: &Evidence, id: &str) -> Option<Request> {
    let model = id.parse::<ModelReference>().ok()?;
    Some(Request { model: Some(model), ..evidence.request.clone() })
}

/// The same request in another Region; `None` where the request names its Region in an ARN.
fn in_region(evidence: &Evidence, region: &str) -> Option<Request> {
    let is_id = matches!(evidence.request.model, Some(ModelReference::FoundationModel(_)));
    let region = region.parse::<Region>().ok().filter(|_| is_id)?;
    Some(Request { region, ..evidence.request.clone() })
}

fn named(names: &[&str]) -> Vec<String> {
    names.iter().take(MOST).map(|name| (*name).to_owned()).collect()
}

/// Lists the models that the Region answers by their own ids, those of the same provider first.
fn others(evidence: &Evidence) -> Vec<&str> {
    let model = evidence.base_model().unwrap_or_default();
    let listed = evidence.listing.seen().map(|listing| listing.callable.as_slice()).unwrap_or_default();
    let mut others: Vec<&str> = listed.iter().map(String::as_str).filter(|id| *id != model).collect();
    others.sort_by_key(|id| provider_of(id) != provider_of(model));
    others
}

/// Lists the system-defined profiles of the Region that lead to the model; those for one geography first, which
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
fn suggested_ids(cause: Cause, evidence: &Evidence) -> Vec<&str> {
    let is_listed = evidence.listing.seen().is_none_or(|listing| listing.model.is_some());
    if is_listed || !matches!(cause, Cause::InvalidModelId | Cause::RegionUnavailable) {
        return Vec::new();
    }
    let typed = evidence.request.model.as_ref().map(ToString::to_string).unwrap_or_default();
    let models = evidence.listing.seen().into_iter().flat_map(|listing| &listing.ids).map(String::as_str);
    let profiles = evidence.profiles.seen().into_iter().flatten().map(|profile| profile.id.as_str());
    nearest(&typed, models.chain(profiles).filter(|id| *id != typed))
}

/// Lists the Regions that profiles were seen to route the model to, other than the Region that was called.
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
