//! What AWS's read APIs say of the model: the profile, the listing, the availability, the use case form.

use super::account::Clients;
use super::api::Api;
use super::call::{Caller as Calls, not_made, unreadable};
use super::skipped;
use crate::bedrock::{InferenceProfile, ProfileKind, provider_of};
use crate::evidence::{Availability, Call, ListedModel, Listing, Observation, OfferedModel, UseCaseForm};
use crate::request::Request;
use aws_sdk_bedrock::types::{FoundationModelSummary, InferenceProfileSummary, InferenceProfileType};
use aws_smithy_types::date_time::Format;
use std::sync::Arc;

/// What was seen of the model.
pub(super) struct Model {
    pub(super) profile: Observation<InferenceProfile>,
    pub(super) listing: Observation<Listing>,
    pub(super) availability: Observation<Availability>,
    pub(super) use_case_form: Observation<UseCaseForm>,
    pub(super) calls: Vec<Call>,
}

/// Looks at the model that the request names.
///
/// Where the reference itself shows the base model everything runs at once; an application profile has to be
/// read first.
pub(super) async fn look(clients: &Clients, calls: &Calls, request: &Request) -> Model {
    let by_form = request.base_model().map(str::to_owned);
    let (profile, facts) = if by_form.is_some() {
        tokio::join!(profile(clients, calls, request), facts(clients, calls, by_form.as_deref()))
    } else {
        let profile = profile(clients, calls, request).await;
        let base = profile.0.seen().and_then(InferenceProfile::base_model).map(str::to_owned);
        let facts = facts(clients, calls, base.as_deref()).await;
        (profile, facts)
    };
    let (listing, availability, form) = facts;
    let calls = [profile.1, Some(listing.1), Some(availability.1), form.1].into_iter().flatten().collect();
    Model { profile: profile.0, listing: listing.0, availability: availability.0, use_case_form: form.0, calls }
}

pub(super) type Observed<T, C> = (Observation<T>, C);
type Facts = (Observed<Listing, Call>, Observed<Availability, Call>, Observed<UseCaseForm, Option<Call>>);

async fn facts(clients: &Clients, calls: &Calls, base: Option<&str>) -> Facts {
    let Some(base) = base else {
        let reason = "which foundation model it is, is not known";
        return (
            (skipped(reason), not_made(Api::ListFoundationModels)),
            (skipped(reason), not_made(Api::GetFoundationModelAvailability)),
            (skipped(reason), None),
        );
    };
    tokio::join!(listing(clients, calls, base), availability(clients, calls, base), use_case_form(clients, calls, base))
}

async fn profile(clients: &Clients, calls: &Calls, request: &Request) -> Observed<InferenceProfile, Option<Call>> {
    let Some(model) = request.model.as_ref().filter(|model| model.is_profile()) else {
        return (skipped("the model is not an inference profile"), None);
    };
    let id = model.to_string();
    let endpoint = clients.endpoint("bedrock");
    let about = [clients.region.as_str(), &id];
    let look = clients.bedrock.get_inference_profile().inference_profile_identifier(&id).send();
    let (answer, call) = calls.shared(Api::GetInferenceProfile, &endpoint, &about, look).await;
    let profile = read(answer, &endpoint, |output| {
        let models: Option<Vec<_>> =
            output.models().iter().map(|model| model.model_arn().and_then(|arn| arn.parse().ok())).collect();
        Some(InferenceProfile {
            arn: output.inference_profile_arn().parse().ok()?,
            id: output.inference_profile_id().to_owned(),
            kind: kind_of(output.r#type()),
            models: models.filter(|models| !models.is_empty())?,
        })
    });
    (profile, Some(call))
}

async fn listing(clients: &Clients, calls: &Calls, base: &str) -> Observed<Listing, Call> {
    let endpoint = clients.endpoint("bedrock");
    let look = clients.bedrock.list_foundation_models().send();
    let (answer, call) = calls.shared(Api::ListFoundationModels, &endpoint, &[&clients.region], look).await;
    let listing = read(answer, &endpoint, |output| {
        // Every Region with Bedrock lists models; an empty list is what something else answers.
        let summaries = Some(output.model_summaries()).filter(|summaries| !summaries.is_empty())?;
        let model = summaries.iter().find(|summary| summary.model_id() == base).map(read_listed);
        Some(Listing { model, ids: summaries.iter().map(|summary| summary.model_id().to_owned()).collect() })
    });
    (listing, call)
}

/// Lists every model of the Region, with what it takes and gives.
pub(super) async fn offered(clients: &Clients, calls: &Calls) -> Observed<Vec<OfferedModel>, Call> {
    let endpoint = clients.endpoint("bedrock");
    let look = clients.bedrock.list_foundation_models().send();
    let (answer, call) = calls.shared(Api::ListFoundationModels, &endpoint, &[&clients.region], look).await;
    let models = read(answer, &endpoint, |output| {
        let summaries = Some(output.model_summaries()).filter(|summaries| !summaries.is_empty())?;
        let offered = summaries.iter().map(|summary| {
            let mut modalities: Vec<String> = Vec::new();
            for modality in summary.input_modalities().iter().chain(summary.output_modalities()) {
                if !modalities.iter().any(|known| known == modality.as_str()) {
                    modalities.push(modality.as_str().to_owned());
                }
            }
            OfferedModel { listed: read_listed(summary), modalities }
        });
        Some(offered.collect())
    });
    (models, call)
}

fn read_listed(summary: &FoundationModelSummary) -> ListedModel {
    let lifecycle = summary.model_lifecycle();
    ListedModel {
        id: summary.model_id().to_owned(),
        provider: summary.provider_name().map(str::to_owned),
        lifecycle: lifecycle.map(|lifecycle| lifecycle.status().as_str().to_owned()),
        end_of_life: lifecycle
            .and_then(|lifecycle| lifecycle.end_of_life_time())
            .and_then(|time| time.fmt(Format::DateTime).ok()),
        // The SDK's enum lacks `INFERENCE_PROFILE`, so the strings are kept.
        inference_types: summary.inference_types_supported().iter().map(|kind| kind.as_str().to_owned()).collect(),
        streaming: summary.response_streaming_supported(),
    }
}

/// Reads a profile of a list; none where it lacks what every profile has.
pub(super) fn read_summary(summary: &InferenceProfileSummary) -> Option<InferenceProfile> {
    let models: Option<Vec<_>> =
        summary.models().iter().map(|model| model.model_arn().and_then(|arn| arn.parse().ok())).collect();
    Some(InferenceProfile {
        arn: summary.inference_profile_arn().parse().ok()?,
        id: summary.inference_profile_id().to_owned(),
        kind: kind_of(summary.r#type()),
        models: models.filter(|models| !models.is_empty())?,
    })
}

fn kind_of(kind: &InferenceProfileType) -> ProfileKind {
    match kind {
        InferenceProfileType::Application => ProfileKind::Application,
        _ => ProfileKind::SystemDefined,
    }
}

pub(super) async fn availability(clients: &Clients, calls: &Calls, base: &str) -> Observed<Availability, Call> {
    let endpoint = clients.endpoint("bedrock");
    let look = clients.bedrock.get_foundation_model_availability().model_id(base).send();
    let about = [clients.region.as_str(), base];
    let (answer, call) = calls.shared(Api::GetFoundationModelAvailability, &endpoint, &about, look).await;
    let availability = read(answer, &endpoint, |output| {
        let agreement = output.agreement_availability();
        Some(Availability {
            agreement: agreement.and_then(|agreement| set(agreement.status().as_str())),
            agreement_error: agreement.and_then(|agreement| agreement.error_message()).map(str::to_owned),
            authorization: set(output.authorization_status().as_str()),
            entitlement: set(output.entitlement_availability().as_str()),
            region: set(output.region_availability().as_str()),
        })
    });
    (availability, call)
}

pub(super) async fn use_case_form(clients: &Clients, calls: &Calls, base: &str) -> Observed<UseCaseForm, Option<Call>> {
    if provider_of(base) != "anthropic" {
        return (skipped("only Anthropic's models need the form"), None);
    }
    let endpoint = clients.endpoint("bedrock");
    let look = clients.bedrock.get_use_case_for_model_access().send();
    let (answer, call) = calls.shared(Api::GetUseCaseForModelAccess, &endpoint, &[&clients.region], look).await;
    let form = read(answer, &endpoint, |output| (!output.form_data().as_ref().is_empty()).then_some(UseCaseForm {}));
    (form, Some(call))
}

/// Returns an enum's value; the SDK writes a sentence where AWS left a required field out.
fn set(value: &str) -> Option<String> {
    (!value.is_empty() && value != "no value was set").then(|| value.to_owned())
}

/// Takes what is needed out of an answer; an answer that lacks it could not be read.
fn read<O, T>(answer: Observation<Arc<O>>, endpoint: &str, take: impl FnOnce(&O) -> Option<T>) -> Observation<T> {
    answer.and_then(|output| {
        let taken = take(&output).map(Observation::Seen);
        taken.unwrap_or_else(|| unreadable(endpoint, "the answer lacks what it should hold"))
    })
}
