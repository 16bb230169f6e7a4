//! What AWS's read APIs say of the model: the profile, the listing, the availability, the use case form.

use super::account::Clients;
use super::api::Api;
use super::call::{Caller as Calls, not_made, unreadable};
use super::{gates, skipped};
use crate::bedrock::{EnforcedGuardrail, InferenceProfile, ProfileKind, provider_of};
use crate::evidence::{
    Availability, Call, DataRetention, ListedModel, Listing, Observation, OfferedModel, SkipReason, UseCaseForm,
};
use crate::request::Request;
use aws_sdk_bedrock::types::{
    FoundationModelLifecycleStatus, FoundationModelSummary, InferenceProfileType, InferenceType,
};
use aws_smithy_types::date_time::Format;
use std::sync::Arc;

/// What was seen of the model.
pub(super) struct Model {
    pub(super) profile: Observation<InferenceProfile>,
    pub(super) listing: Observation<Listing>,
    pub(super) availability: Observation<Availability>,
    pub(super) use_case_form: Observation<UseCaseForm>,
    pub(super) guardrails: Observation<Vec<EnforcedGuardrail>>,
    pub(super) data_retention: Observation<DataRetention>,
    pub(super) calls: Vec<Call>,
}

/// Looks at the model that the request names.
///
/// Where the reference itself shows the base model everything runs at once; an application profile has to be
/// read first.
pub(super) async fn look(clients: &Clients, calls: &Calls, request: &Request) -> Model {
    let of_model = async {
        let by_form = request.base_model().map(str::to_owned);
        if by_form.is_some() {
            tokio::join!(profile(clients, calls, request), facts(clients, calls, by_form.as_deref()))
        } else {
            let profile = profile(clients, calls, request).await;
            let base = profile.0.seen().and_then(InferenceProfile::base_model).map(str::to_owned);
            let facts = facts(clients, calls, base.as_deref()).await;
            (profile, facts)
        }
    };
    let ((profile, facts), guardrails) =
        tokio::join!(Box::pin(of_model), Box::pin(gates::guardrails(clients, calls, request)));
    let (listing, availability, form, retention) = facts;
    let calls = [profile.1, Some(listing.1), Some(availability.1), form.1, guardrails.1, retention.1];
    Model {
        profile: profile.0,
        listing: listing.0,
        availability: availability.0,
        use_case_form: form.0,
        guardrails: guardrails.0,
        data_retention: retention.0,
        calls: calls.into_iter().flatten().collect(),
    }
}

pub(super) type Observed<T, C> = (Observation<T>, C);
type Facts = (
    Observed<Listing, Call>,
    Observed<Availability, Call>,
    Observed<UseCaseForm, Option<Call>>,
    Observed<DataRetention, Option<Call>>,
);

async fn facts(clients: &Clients, calls: &Calls, base: Option<&str>) -> Facts {
    let Some(base) = base else {
        let reason = SkipReason::ModelUnknown;
        return (
            (skipped(reason.clone()), not_made(Api::ListFoundationModels)),
            (skipped(reason.clone()), not_made(Api::GetFoundationModelAvailability)),
            (skipped(reason.clone()), None),
            (skipped(reason.clone()), None),
        );
    };
    tokio::join!(
        Box::pin(listing(clients, calls, base)),
        Box::pin(availability(clients, calls, base)),
        Box::pin(use_case_form(clients, calls, base)),
        Box::pin(gates::data_retention_for(clients, calls, base)),
    )
}

async fn profile(clients: &Clients, calls: &Calls, request: &Request) -> Observed<InferenceProfile, Option<Call>> {
    let Some(model) = request.model.as_ref().filter(|model| model.is_profile()) else {
        return (skipped(SkipReason::NotAProfile), None);
    };
    let id = model.to_string();
    let endpoint = clients.endpoint("bedrock");
    let about = [clients.region.as_str(), &id];
    let look = clients.bedrock.get_inference_profile().inference_profile_identifier(&id).send();
    let (answer, call) = calls.shared(Api::GetInferenceProfile, &endpoint, &about, look).await;
    let profile = read(answer, &endpoint, |output| {
        let models = output.models().iter().map(|model| model.model_arn());
        profile_of(output.inference_profile_arn(), output.inference_profile_id(), output.r#type(), models)
    });
    (profile, Some(call))
}

/// Tells whether a model is ACTIVE and takes calls by its own id.
fn is_callable(summary: &FoundationModelSummary) -> bool {
    let is_active = summary
        .model_lifecycle()
        .is_some_and(|lifecycle| *lifecycle.status() == FoundationModelLifecycleStatus::Active);
    is_active && summary.inference_types_supported().contains(&InferenceType::OnDemand)
}

/// Puts a profile together; none where AWS left out what a profile has.
pub(super) fn profile_of<'m>(
    arn: &str,
    id: &str,
    kind: &InferenceProfileType,
    models: impl Iterator<Item = Option<&'m str>>,
) -> Option<InferenceProfile> {
    let kind = match kind {
        InferenceProfileType::Application => ProfileKind::Application,
        _ => ProfileKind::SystemDefined,
    };
    let models: Option<Vec<_>> = models.map(|model| model.and_then(|arn| arn.parse().ok())).collect();
    let models = models.filter(|models| !models.is_empty())?;
    Some(InferenceProfile { arn: arn.parse().ok()?, id: id.to_owned(), kind, models })
}

async fn listing(clients: &Clients, calls: &Calls, base: &str) -> Observed<Listing, Call> {
    let endpoint = clients.endpoint("bedrock");
    let look = clients.bedrock.list_foundation_models().send();
    let (answer, call) = calls.shared(Api::ListFoundationModels, &endpoint, &[&clients.region], look).await;
    let listing = read(answer, &endpoint, |output| {
        // Every Region with Bedrock lists models; an empty list is what something else answers.
        let summaries = Some(output.model_summaries()).filter(|summaries| !summaries.is_empty())?;
        let model = summaries.iter().find(|summary| summary.model_id() == base).map(read_listed);
        let ids = summaries.iter().map(|summary| summary.model_id().to_owned()).collect();
        let callable = summaries.iter().filter(|summary| is_callable(summary));
        Some(Listing { model, ids, callable: callable.map(|summary| summary.model_id().to_owned()).collect() })
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
        return (skipped(SkipReason::FormNotNeeded), None);
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
