//! Settings of the account in a Region that every call must pass: enforced guardrails and data retention.

use super::account::Clients;
use super::api::Api;
use super::call_runner::{CallRunner, unreadable};
use super::profiles::MAX_PAGES;
use super::skipped;
use crate::bedrock::{EnforcedGuardrail, required_retention};
use crate::evidence::{DataRetention, Observation, SkipReason};
use crate::request::Request;
use aws_sdk_bedrock::types::AccountEnforcedGuardrailOutputConfiguration;
use std::sync::Arc;

/// Reads the guardrails that the account enforces in the Region, if they apply to the operation.
pub(super) async fn guardrails(
    clients: &Clients,
    calls: &CallRunner,
    request: &Request,
) -> Observation<Vec<EnforcedGuardrail>> {
    if !request.operation.model().answers {
        return skipped(SkipReason::NoModelAnswers);
    }
    let endpoint = clients.endpoint("bedrock");
    let pages = || async {
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
    let call = calls.to(Api::ListEnforcedGuardrailsConfiguration, &endpoint).shared(&[&clients.region]);
    call.ask(pages).await.and_then(|found: Arc<Option<Vec<_>>>| match found.as_ref() {
        Some(found) => found
            .iter()
            .map(enforced)
            .collect::<Option<Vec<_>>>()
            .map_or_else(|| unreadable(&endpoint, "an enforced guardrail without an ARN"), Observation::Seen),
        None => unreadable(&endpoint, "the list does not end"),
    })
}

fn enforced(configuration: &AccountEnforcedGuardrailOutputConfiguration) -> Option<EnforcedGuardrail> {
    let models = configuration.model_enforcement();
    Some(EnforcedGuardrail {
        arn: configuration.guardrail_arn()?.parse().ok()?,
        included: models.map(|models| models.included_models().to_vec()).unwrap_or_default(),
        excluded: models.map(|models| models.excluded_models().to_vec()).unwrap_or_default(),
    })
}

/// Reads the account's data-retention mode if the model is documented to require a certain one.
pub(super) async fn data_retention_for(
    clients: &Clients,
    calls: &CallRunner,
    model: &str,
) -> Observation<DataRetention> {
    if required_retention(model).is_none() {
        return skipped(SkipReason::NoRetentionNeeded);
    }
    data_retention(clients, calls).await
}

/// Reads the account's data-retention mode in the Region.
pub(super) async fn data_retention(clients: &Clients, calls: &CallRunner) -> Observation<DataRetention> {
    let endpoint = clients.endpoint("bedrock");
    let get = || clients.bedrock.get_account_data_retention().send();
    let call = calls.to(Api::GetAccountDataRetention, &endpoint).shared(&[&clients.region]);
    call.ask(get).await.and_then(|output| {
        let mode = output.mode().as_str();
        if mode.is_empty() || mode.contains(' ') {
            return unreadable(&endpoint, "the answer names no mode");
        }
        Observation::Seen(DataRetention { mode: mode.to_owned() })
    })
}
