//! Inference profiles, as `bedrock:GetInferenceProfile` and `bedrock:ListInferenceProfiles` return them.

use super::account::Clients;
use super::api::Api;
use super::call_runner::{CallRunner, unreadable};
use super::skipped;
use crate::bedrock::{InferenceProfile, ProfileKind};
use crate::evidence::{Observation, SkipReason};
use crate::request::Request;
use aws_sdk_bedrock::types::{InferenceProfileSummary, InferenceProfileType};
use std::sync::Arc;

/// Pages of one list that are followed; the lists are short.
pub(super) const MAX_PAGES: usize = 20;

/// Reads the inference profile that the request names as its model.
pub(super) async fn named_profile(
    clients: &Clients,
    calls: &CallRunner,
    request: &Request,
) -> Observation<InferenceProfile> {
    let Some(model) = request.model.as_ref().filter(|model| model.is_profile()) else {
        return skipped(SkipReason::NotAProfile);
    };
    let id = model.to_string();
    let endpoint = clients.endpoint("bedrock");
    let get = || clients.bedrock.get_inference_profile().inference_profile_identifier(&id).send();
    let call = calls.to(Api::GetInferenceProfile, &endpoint).shared(&[&clients.region, &id]);
    call.ask(get).await.and_then(|output| {
        let models = output.models().iter().map(|model| model.model_arn());
        let arn = output.inference_profile_arn();
        let profile = read_profile(arn, output.inference_profile_id(), output.r#type(), models);
        match profile {
            Some(profile) if is_other(&profile, &id) => unreadable(&endpoint, "the answer is about another profile"),
            Some(profile) => Observation::Seen(profile),
            None => unreadable(&endpoint, "the answer names something that is not a model"),
        }
    })
}

/// Returns `true` if a profile is not the one that was asked for, by ARN or by id.
fn is_other(profile: &InferenceProfile, asked: &str) -> bool {
    let arn = profile.arn.to_string();
    profile.id != asked && arn != asked && profile.arn.resource_id() != asked && !asked.ends_with(&profile.id)
}

/// Lists the inference profiles that can be called in the Region.
pub(super) async fn profiles(clients: &Clients, calls: &CallRunner) -> Observation<Vec<InferenceProfile>> {
    let endpoint = clients.endpoint("bedrock");
    let pages = || async {
        let (mut found, mut token) = (Vec::new(), None);
        for _ in 0..MAX_PAGES {
            let request = clients.bedrock.list_inference_profiles().max_results(1000).set_next_token(token.take());
            let page = request.send().await?;
            found.extend_from_slice(page.inference_profile_summaries());
            token = page.next_token().map(str::to_owned);
            if token.is_none() {
                return Ok(Some(found));
            }
        }
        Ok(None)
    };
    let call = calls.to(Api::ListInferenceProfiles, &endpoint).shared(&[&clients.region]);
    call.ask(pages).await.and_then(|found: Arc<Option<Vec<InferenceProfileSummary>>>| match found.as_ref() {
        // A profile that cannot be read is not offered.
        Some(found) => Observation::Seen(found.iter().filter_map(read_summary).collect()),
        None => unreadable(&endpoint, "the list does not end"),
    })
}

fn read_summary(summary: &InferenceProfileSummary) -> Option<InferenceProfile> {
    let models = summary.models().iter().map(|model| model.model_arn());
    read_profile(summary.inference_profile_arn(), summary.inference_profile_id(), summary.r#type(), models)
}

/// Reads a profile; `None` if AWS left out a part that every profile has.
fn read_profile<'m>(
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
