//! Remedies for what stands behind IAM: access to the model, the credentials, the request itself.

use super::super::finding::{Change, ChangeKind, Remedy};
use super::{command, elsewhere, network};
use crate::bedrock::{Marketplace, ModelReference, provider_of, required_retention};
use crate::cause::Cause;
use crate::evidence::Evidence;
use crate::iam::PolicyType;
use crate::policy::least_privilege;
use crate::request::Request;

/// Most models that a remedy names.
const MOST_MODELS: usize = 5;

/// Mends a gate behind IAM, the credentials, or the request itself.
pub(in crate::diagnose) fn of_gate(cause: Cause, evidence: &Evidence) -> Remedy {
    let region = &evidence.request.region;
    let model = evidence.base_model().unwrap_or("MODEL_ID");
    let provider = provider_of(model);
    let mut remedy = Remedy::default();
    match cause {
        Cause::ModelAccessNotGranted | Cause::MarketplacePermission => {
            remedy
                .commands
                .push(format!("aws bedrock get-foundation-model-availability --model-id {model} --region {region}"));
            if Marketplace::of(provider) != Marketplace::NotSold {
                remedy.commands.push(format!(
                    "aws bedrock list-foundation-model-agreement-offers --model-id {model} --region {region}"
                ));
                remedy.commands.push(format!(
                    "aws bedrock create-foundation-model-agreement --model-id {model} --offer-token OFFER_TOKEN --region {region}"
                ));
                remedy
                    .notes
                    .push("creating the agreement accepts the model's licence (EULA) for the account".to_owned());
            }
            if cause == Cause::ModelAccessNotGranted {
                remedy.changes.push(use_of(ChangeKind::AcceptAgreement, model));
            }
        }
        Cause::UseCaseFormMissing => {
            remedy.commands.push(format!(
                "aws bedrock put-use-case-for-model-access --form-data fileb://use-case.json --region {region}"
            ));
            remedy.notes.push(
                "a form that the organization's management account submitted holds here too, and the read API need not show it: a call tells"
                    .to_owned(),
            );
            remedy.changes.push(use_of(ChangeKind::SubmitUseCaseForm, provider));
        }
        Cause::LegacyModel => another_model(&mut remedy, evidence, model),
        Cause::RegionUnavailable => {
            remedy.commands.push(format!(
                "aws bedrock list-inference-profiles --region {region} --query \"inferenceProfileSummaries[?contains(inferenceProfileId, '{model}')].inferenceProfileId\""
            ));
            elsewhere::offer(&mut remedy, cause, evidence);
        }
        Cause::InferenceProfileRequired | Cause::InvalidModelId => {
            remedy.commands.push(format!(
                "aws bedrock list-inference-profiles --region {region} --query \"inferenceProfileSummaries[?contains(inferenceProfileId, '{model}')].inferenceProfileId\""
            ));
            if cause == Cause::InvalidModelId {
                remedy.commands.push(format!(
                    "aws bedrock list-foundation-models --region {region} --query \"modelSummaries[].modelId\""
                ));
            }
            elsewhere::offer(&mut remedy, cause, evidence);
        }
        Cause::DataRetentionMode => {
            remedy.commands.push(format!("aws bedrock get-account-data-retention --region {region}"));
            if let Some(mode) = required_retention(model) {
                remedy.commands.push(format!("aws bedrock put-account-data-retention --mode {mode} --region {region}"));
                remedy.changes.push(use_of(ChangeKind::SetDataRetention, mode));
            }
        }
        Cause::ApiKeyRejected => {
            remedy.commands.push("unset AWS_BEARER_TOKEN_BEDROCK".to_owned());
            remedy.changes.push(use_of(ChangeKind::RenewCredentials, "AWS_BEARER_TOKEN_BEDROCK"));
        }
        Cause::CredentialsExpired | Cause::CredentialsInvalid | Cause::CredentialsMissing => {
            remedy.commands.push("aws sts get-caller-identity".to_owned());
            remedy.changes.push(Change { value: None, ..use_of(ChangeKind::RenewCredentials, "") });
        }
        Cause::NetworkUnreachable => {
            remedy.steps = network::steps(evidence);
            remedy.notes.push(format!("is `{region}` the right Region? a Region without Bedrock has no endpoint"));
        }
        _ => {}
    }
    remedy.commands.push(command::check_again(evidence));
    remedy
}

/// Names what can be called in the place of a model that has ended: models of the same provider first.
fn another_model(remedy: &mut Remedy, evidence: &Evidence, model: &str) {
    let (region, provider) = (&evidence.request.region, provider_of(model));
    remedy.commands.push(format!(
        "aws bedrock list-foundation-models --by-provider {provider} --region {region} --query \"modelSummaries[?modelLifecycle.status=='ACTIVE'].modelId\""
    ));
    let listed = evidence.listing.seen().map(|listing| listing.callable.as_slice()).unwrap_or_default();
    let mut others: Vec<&str> = listed.iter().map(String::as_str).filter(|id| *id != model).collect();
    others.sort_by_key(|id| provider_of(id) != provider);
    let Some(first) = others.first() else {
        remedy.changes.push(Change::new(ChangeKind::UseModel));
        return;
    };
    let named: Vec<String> = others.iter().take(MOST_MODELS).map(|id| format!("`{id}`")).collect();
    remedy.steps.push(format!(
        "call another model, one that is ACTIVE and takes calls by its own id in {region}: {}",
        named.join(", ")
    ));
    remedy.steps.push("the IAM policy must then allow that model".to_owned());
    remedy.changes.push(use_of(ChangeKind::UseModel, first));
    // Whether the other model is allowed already was not asked; a statement too many does no harm.
    if let Ok(model) = first.parse::<ModelReference>() {
        let request = Request { model: Some(model), ..evidence.request.clone() };
        let legs = request.requirements(None, evidence.account().as_deref()).legs;
        remedy.changes.push(Change {
            policy_type: Some(PolicyType::IdentityPolicy),
            document: Some(least_privilege(&legs)),
            ..Change::new(ChangeKind::AddStatement)
        });
    }
}

pub(super) fn use_of(kind: ChangeKind, value: &str) -> Change {
    Change { value: Some(value.to_owned()), ..Change::new(kind) }
}
