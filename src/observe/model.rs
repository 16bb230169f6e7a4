//! What AWS's read APIs return about the model: the profile, the listing, the availability, the use case form.

use super::account::Clients;
use super::account_settings::{data_retention_for, guardrails};
use super::api::Api;
use super::call_runner::{CallRunner, unreadable};
use super::kept_text::kept_text;
use super::profiles::named_profile;
use super::skipped;
use crate::bedrock::{EnforcedGuardrail, InferenceProfile, provider_of};
use crate::evidence::{
    Availability, DataRetention, ListedModel, Listing, Observation, OfferedModel, SkipReason, UseCaseForm,
};
use crate::request::Request;
use aws_sdk_bedrock::operation::list_foundation_models::ListFoundationModelsOutput;
use aws_sdk_bedrock::types::{FoundationModelLifecycleStatus, FoundationModelSummary, InferenceType};
use aws_smithy_types::date_time::Format;
use std::collections::HashSet;
use std::sync::Arc;

/// Everything that was read about the model.
pub(super) struct Model {
    pub(super) profile: Observation<InferenceProfile>,
    pub(super) listing: Observation<Listing>,
    pub(super) availability: Observation<Availability>,
    pub(super) use_case_form: Observation<UseCaseForm>,
    pub(super) guardrails: Observation<Vec<EnforcedGuardrail>>,
    pub(super) data_retention: Observation<DataRetention>,
}

/// What is read about the foundation model itself.
struct Facts {
    listing: Observation<Listing>,
    availability: Observation<Availability>,
    use_case_form: Observation<UseCaseForm>,
    data_retention: Observation<DataRetention>,
}

/// The runners of the reads, in the order in which their records are shown.
struct Branches {
    profile: CallRunner,
    facts: CallRunner,
    guardrails: CallRunner,
    retention: CallRunner,
}

/// Reads about the model that the request names.
///
/// If the reference itself names the base model, everything is read at the same time; an application profile has to be
/// read first.
pub(super) async fn observe(clients: &Clients, calls: &CallRunner, request: &Request) -> Model {
    let branches = Branches {
        profile: calls.branch(),
        facts: calls.branch(),
        guardrails: calls.branch(),
        retention: calls.branch(),
    };
    let of_model = async {
        let by_form = request.base_model().map(str::to_owned);
        let profile = named_profile(clients, &branches.profile, request);
        if by_form.is_some() {
            tokio::join!(profile, facts(clients, &branches, by_form.as_deref()))
        } else {
            let profile = profile.await;
            let base = profile.seen().and_then(InferenceProfile::base_model).map(str::to_owned);
            let facts = facts(clients, &branches, base.as_deref()).await;
            (profile, facts)
        }
    };
    let ((profile, facts), guardrails) =
        tokio::join!(Box::pin(of_model), Box::pin(guardrails(clients, &branches.guardrails, request)));
    Model {
        profile,
        listing: facts.listing,
        availability: facts.availability,
        use_case_form: facts.use_case_form,
        guardrails,
        data_retention: facts.data_retention,
    }
}

async fn facts(clients: &Clients, branches: &Branches, base: Option<&str>) -> Facts {
    let calls = &branches.facts;
    let Some(base) = base else {
        calls.record_not_made(Api::ListFoundationModels);
        calls.record_not_made(Api::GetFoundationModelAvailability);
        let reason = SkipReason::ModelUnknown;
        return Facts {
            listing: skipped(reason.clone()),
            availability: skipped(reason.clone()),
            use_case_form: skipped(reason.clone()),
            data_retention: skipped(reason.clone()),
        };
    };
    let (listing, availability, use_case_form, data_retention) = tokio::join!(
        Box::pin(listing(clients, calls, base)),
        Box::pin(availability(clients, calls, base)),
        Box::pin(use_case_form(clients, calls, base)),
        Box::pin(data_retention_for(clients, &branches.retention, base)),
    );
    Facts { listing, availability, use_case_form, data_retention }
}

/// Returns `true` if a model is ACTIVE and can be called by its own id.
fn is_callable(summary: &FoundationModelSummary) -> bool {
    let is_active = summary
        .model_lifecycle()
        .is_some_and(|lifecycle| *lifecycle.status() == FoundationModelLifecycleStatus::Active);
    is_active && summary.inference_types_supported().contains(&InferenceType::OnDemand)
}

async fn list_models(
    clients: &Clients,
    calls: &CallRunner,
    endpoint: &str,
) -> Observation<Arc<ListFoundationModelsOutput>> {
    let list = || clients.bedrock.list_foundation_models().send();
    calls.to(Api::ListFoundationModels, endpoint).shared(&[&clients.region]).ask(list).await
}

async fn listing(clients: &Clients, calls: &CallRunner, base: &str) -> Observation<Listing> {
    let endpoint = clients.endpoint("bedrock");
    list_models(clients, calls, &endpoint).await.and_then(|output| {
        let summaries = output.model_summaries();
        if has_repeated_id(summaries) {
            return unreadable(&endpoint, "the answer lists a model twice");
        }
        let model = summaries.iter().find(|summary| summary.model_id() == base).map(read_listed);
        let ids = summaries.iter().map(|summary| summary.model_id().to_owned()).collect();
        let callable = summaries.iter().filter(|summary| is_callable(summary));
        let callable = callable.map(|summary| summary.model_id().to_owned()).collect();
        Observation::Seen(Listing { model, ids, callable })
    })
}

/// Lists every model of the Region, with the modalities of its input and output.
pub(super) async fn offered(clients: &Clients, calls: &CallRunner) -> Observation<Vec<OfferedModel>> {
    let endpoint = clients.endpoint("bedrock");
    list_models(clients, calls, &endpoint).await.and_then(|output| {
        let summaries = output.model_summaries();
        if has_repeated_id(summaries) {
            return unreadable(&endpoint, "the answer lists a model twice");
        }
        let offered = summaries.iter().map(|summary| {
            let mut modalities: Vec<String> = Vec::new();
            for modality in summary.input_modalities().iter().chain(summary.output_modalities()) {
                if !modalities.iter().any(|known| known == modality.as_str()) {
                    modalities.push(modality.as_str().to_owned());
                }
            }
            OfferedModel { listed: read_listed(summary), modalities }
        });
        Observation::Seen(offered.collect())
    })
}

/// Returns `true` if a list contradicts itself: which of two entries counts would be a guess.
fn has_repeated_id(summaries: &[FoundationModelSummary]) -> bool {
    let mut ids = HashSet::with_capacity(summaries.len());
    !summaries.iter().all(|summary| ids.insert(summary.model_id()))
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

pub(super) async fn availability(clients: &Clients, calls: &CallRunner, base: &str) -> Observation<Availability> {
    let endpoint = clients.endpoint("bedrock");
    let get = || clients.bedrock.get_foundation_model_availability().model_id(base).send();
    let call = calls.to(Api::GetFoundationModelAvailability, &endpoint).shared(&[&clients.region, base]);
    call.ask(get).await.and_then(|output| {
        let agreement = output.agreement_availability();
        let availability = Availability {
            agreement: agreement.and_then(|agreement| set(agreement.status().as_str())),
            agreement_error: agreement.and_then(|agreement| agreement.error_message()).map(kept_text),
            authorization: set(output.authorization_status().as_str()),
            entitlement: set(output.entitlement_availability().as_str()),
            region: set(output.region_availability().as_str()),
        };
        if availability == Availability::default() {
            return unreadable(&endpoint, "the answer holds no status");
        }
        Observation::Seen(availability)
    })
}

pub(super) async fn use_case_form(clients: &Clients, calls: &CallRunner, base: &str) -> Observation<UseCaseForm> {
    if provider_of(base) != "anthropic" {
        return skipped(SkipReason::FormNotNeeded);
    }
    let endpoint = clients.endpoint("bedrock");
    let get = || clients.bedrock.get_use_case_for_model_access().send();
    let call = calls.to(Api::GetUseCaseForModelAccess, &endpoint).shared(&[&clients.region]);
    call.ask(get).await.and_then(|output| {
        if output.form_data().as_ref().is_empty() {
            return unreadable(&endpoint, "the answer holds an empty form");
        }
        Observation::Seen(UseCaseForm {})
    })
}

/// Returns an enum's value; the SDK writes a sentence if AWS left a required field out.
fn set(value: &str) -> Option<String> {
    (!value.is_empty() && value != "no value was set").then(|| value.to_owned())
}
