//! What the account imposes on calls in a Region, and what else it could call: enforced guardrails, data retention,
//! inference profiles.

use super::account::Clients;
use super::api::Api;
use super::call::{Caller as Calls, unreadable};
use super::model::profile_of;
use super::skipped;
use crate::bedrock::{EnforcedGuardrail, InferenceProfile, required_retention};
use crate::evidence::{Call, DataRetention, Observation, SkipReason};
use crate::request::Request;
use aws_sdk_bedrock::types::AccountEnforcedGuardrailOutputConfiguration;
use std::sync::Arc;

/// Pages of one list that are followed; the lists are short.
const MAX_PAGES: usize = 20;

/// Reads the guardrails that the account enforces in the Region, where the operation is one that they hold for.
pub(super) async fn guardrails(
    clients: &Clients,
    calls: &Calls,
    request: &Request,
) -> (Observation<Vec<EnforcedGuardrail>>, Option<Call>) {
    if !request.operation.model().answers {
        return (skipped(SkipReason::NoModelAnswers), None);
    }
    let endpoint = clients.endpoint("bedrock");
    let pages = async {
        let (mut found, mut token) = (Vec::new(), None);
        for _ in 0..MAX_PAGES {
            let request = clients.bedrock.list_enforced_guardrails_configuration().set_next_token(token.take());
            let page = request.send().await?;
            found.extend_from_slice(page.guardrails_config());
            token = page.next_token().map(str::to_owned);
            if token.is_none() {
                return Ok(Some(found));
            }
        }
        Ok(None)
    };
    let (answer, call) =
        calls.shared(Api::ListEnforcedGuardrailsConfiguration, &endpoint, &[&clients.region], pages).await;
    let guardrails = answer.and_then(|found: Arc<Option<Vec<_>>>| match found.as_ref() {
        Some(found) => found
            .iter()
            .map(enforced)
            .collect::<Option<Vec<_>>>()
            .map_or_else(|| unreadable(&endpoint, "an enforced guardrail without an ARN"), Observation::Seen),
        None => unreadable(&endpoint, "the list goes on without an end"),
    });
    (guardrails, Some(call))
}

fn enforced(configuration: &AccountEnforcedGuardrailOutputConfiguration) -> Option<EnforcedGuardrail> {
    let models = configuration.model_enforcement();
    Some(EnforcedGuardrail {
        arn: configuration.guardrail_arn()?.parse().ok()?,
        included: models.map(|models| models.included_models().to_vec()).unwrap_or_default(),
        excluded: models.map(|models| models.excluded_models().to_vec()).unwrap_or_default(),
    })
}

/// Reads the account's data-retention mode where the model is documented to need a certain one.
pub(super) async fn data_retention_for(
    clients: &Clients,
    calls: &Calls,
    model: &str,
) -> (Observation<DataRetention>, Option<Call>) {
    if required_retention(model).is_none() {
        return (skipped(SkipReason::NoRetentionNeeded), None);
    }
    let (mode, call) = data_retention(clients, calls).await;
    (mode, Some(call))
}

/// Reads the account's data-retention mode in the Region.
pub(super) async fn data_retention(clients: &Clients, calls: &Calls) -> (Observation<DataRetention>, Call) {
    let endpoint = clients.endpoint("bedrock");
    let request = clients.bedrock.get_account_data_retention().send();
    let (answer, call) = calls.shared(Api::GetAccountDataRetention, &endpoint, &[&clients.region], request).await;
    let mode = answer.and_then(|output| {
        let mode = output.mode().as_str();
        if mode.is_empty() || mode.contains(' ') {
            return unreadable(&endpoint, "the answer holds no mode");
        }
        Observation::Seen(DataRetention { mode: mode.to_owned() })
    });
    (mode, call)
}

/// Lists the inference profiles that can be called in the Region.
pub(super) async fn profiles(clients: &Clients, calls: &Calls) -> (Observation<Vec<InferenceProfile>>, Call) {
    let endpoint = clients.endpoint("bedrock");
    let pages = async {
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
    let (answer, call) = calls.shared(Api::ListInferenceProfiles, &endpoint, &[&clients.region], pages).await;
    let profiles = answer.and_then(|found: Arc<Option<Vec<_>>>| match found.as_ref() {
        // A profile that cannot be read is one that cannot be offered.
        Some(found) => Observation::Seen(
            found
                .iter()
                .filter_map(|summary: &aws_sdk_bedrock::types::InferenceProfileSummary| {
                    let models = summary.models().iter().map(|model| model.model_arn());
                    profile_of(
                        summary.inference_profile_arn(),
                        summary.inference_profile_id(),
                        summary.r#type(),
                        models,
                    )
                })
                .collect(),
        ),
        None => unreadable(&endpoint, "the list goes on without an end"),
    });
    (profiles, call)
}
