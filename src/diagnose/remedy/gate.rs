//! Remedies for what stands behind IAM: access to the model, the credentials, the request itself.

use super::super::finding::{Change, ChangeKind, Remedy};
use super::{access, command, elsewhere, network};
use crate::bedrock::{Marketplace, provider_of, required_retention};
use crate::cause::Cause;
use crate::evidence::Evidence;

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
                remedy.steps = access::grant(evidence);
            }
            remedy.changes.push(use_of(ChangeKind::AcceptAgreement, model));
        }
        Cause::UseCaseFormMissing => {
            remedy.commands.push(format!(
                "aws bedrock put-use-case-for-model-access --form-data fileb://use-case.json --region {region}"
            ));
            remedy.notes.push(format!("`use-case.json` holds {USE_CASE}"));
            remedy.notes.push(
                "a form that the organization's management account submitted holds here too, and the read API need not show it: a call tells"
                    .to_owned(),
            );
            remedy.changes.push(use_of(ChangeKind::SubmitUseCaseForm, provider));
        }
        Cause::LegacyModel => {
            remedy.commands.push(format!(
                "aws bedrock list-foundation-models --by-provider {provider} --region {region} --query \"modelSummaries[?modelLifecycle.status=='ACTIVE'].modelId\""
            ));
            elsewhere::another_model(&mut remedy, evidence);
        }
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
                remedy.steps = access::retain(evidence, mode);
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
            remedy.changes.push(Change::new(ChangeKind::RenewCredentials));
        }
        Cause::NetworkUnreachable => {
            remedy.steps = network::steps(evidence);
            remedy.notes.push(format!("is `{region}` the right Region? a Region without Bedrock has no endpoint"));
        }
        _ => {}
    }
    remedy.console = remedy.console.or_else(|| page_of(cause, evidence));
    // Where something else is to be called, the line that checks that stands already.
    if !remedy.commands.iter().any(|line| command::is_own(line)) {
        remedy.commands.push(command::check_again(evidence));
    }
    remedy
}

/// The form's fields (Bedrock API Reference, "PutUseCaseForModelAccess"); the users are inside the company, outside it,
/// or both.
const USE_CASE: &str = r#"{"companyName": "…", "companyWebsite": "https://…", "intendedUsers": "0, 1 or 2: internal, external, both", "industryOption": "…", "otherIndustryOption": "", "useCases": "…"}"#;

/// Returns the console's page where a gate is opened.
fn page_of(cause: Cause, evidence: &Evidence) -> Option<String> {
    match cause {
        Cause::ModelAccessNotGranted | Cause::MarketplacePermission | Cause::UseCaseFormMissing => {
            let page = if access::is_requested(evidence) { "bedrock#/modelaccess" } else { "bedrock#/model-catalog" };
            command::console_in_region(evidence, page)
        }
        _ => None,
    }
}

pub(super) fn use_of(kind: ChangeKind, value: &str) -> Change {
    Change { value: Some(value.to_owned()), ..Change::new(kind) }
}
