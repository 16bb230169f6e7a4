//! Remedies for what IAM does not decide: access to the model, the credentials, the request itself.

use super::{alternative_call, command, network, request_access};
use crate::bedrock::{Marketplace, Region, TrustedAccessProgram, provider_of, required_retention};
use crate::cause::Cause;
use crate::diagnose::case::{Absence, Case};
use crate::diagnose::change::{Change, ChangeKind, Note, Remedy, Step};
use crate::evidence::Evidence;

/// Opens a gate of model access, or fixes the credentials or the request itself.
pub(super) fn open(cause: Cause, case: &Case<'_>) -> Remedy {
    let mut remedy = match (cause, &case.absence) {
        (Cause::ModelAccessNotGranted, Some(Absence::Hidden(program))) => join(program, &case.evidence.request.region),
        _ => of_cause(cause, case),
    };
    remedy.console = remedy.console.or_else(|| page_of(cause, case.evidence));
    // Where something else is to be called, the line that checks that stands already.
    if !remedy.commands.iter().any(|line| command::is_own(line)) {
        remedy.commands.push(command::check_again(case.evidence));
    }
    remedy
}

/// Takes part in the program that hides the model.
fn join(program: &TrustedAccessProgram, region: &Region) -> Remedy {
    let id = command::quoted(&program.id);
    Remedy {
        commands: vec![format!("aws bedrock get-trusted-access-program --program-identifier {id} --region {region}")],
        steps: vec![Step::JoinProgram(program.clone()), Step::OpenCase],
        changes: vec![Change::new(ChangeKind::JoinProgram(program.id.clone()))],
        ..Remedy::default()
    }
}

fn of_cause(cause: Cause, case: &Case<'_>) -> Remedy {
    let evidence = case.evidence;
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
                remedy.notes.push(Note::AcceptsLicence);
            }
            if cause == Cause::ModelAccessNotGranted {
                remedy.steps = request_access::grant(evidence);
            }
            remedy.changes.push(Change::new(ChangeKind::AcceptAgreement(model.to_owned())));
        }
        Cause::UseCaseFormMissing => {
            remedy.commands.push(format!(
                "aws bedrock put-use-case-for-model-access --form-data fileb://use-case.json --region {region}"
            ));
            remedy.notes.extend([Note::UseCaseFile, Note::FormMayBeInherited]);
            remedy.changes.push(Change::new(ChangeKind::SubmitUseCaseForm(provider.to_owned())));
        }
        Cause::LegacyModel => {
            remedy.commands.push(format!(
                "aws bedrock list-foundation-models --by-provider {provider} --region {region} --query \"modelSummaries[?modelLifecycle.status=='ACTIVE'].modelId\""
            ));
            alternative_call::another_model(&mut remedy, case);
        }
        Cause::RegionUnavailable => {
            remedy.commands.push(format!(
                "aws bedrock list-inference-profiles --region {region} --query \"inferenceProfileSummaries[?contains(inferenceProfileId, '{model}')].inferenceProfileId\""
            ));
            alternative_call::offer(&mut remedy, cause, case);
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
            alternative_call::offer(&mut remedy, cause, case);
        }
        Cause::DataRetentionMode if evidence.request.named_project().is_some() => {
            remedy.steps.push(Step::SetRetentionOfProject(required_retention(model)));
        }
        Cause::DataRetentionMode => {
            remedy.commands.push(format!("aws bedrock get-account-data-retention --region {region}"));
            if let Some(mode) = required_retention(model) {
                remedy.steps = request_access::retain(evidence, mode);
                remedy.commands.push(format!("aws bedrock put-account-data-retention --mode {mode} --region {region}"));
                remedy.changes.push(Change::new(ChangeKind::SetRetentionMode(mode)));
            }
        }
        Cause::ApiKeyRejected => {
            remedy.commands.push("unset AWS_BEARER_TOKEN_BEDROCK".to_owned());
            remedy.changes.push(Change::new(ChangeKind::RenewCredentials(Some("AWS_BEARER_TOKEN_BEDROCK"))));
        }
        Cause::CredentialsExpired | Cause::CredentialsInvalid | Cause::CredentialsMissing => {
            remedy.commands.push("aws sts get-caller-identity".to_owned());
            remedy.changes.push(Change::new(ChangeKind::RenewCredentials(None)));
        }
        Cause::NetworkUnreachable => {
            remedy.steps = network::steps(evidence);
            remedy.notes.push(Note::IsRightRegion(region.to_string()));
        }
        _ => {}
    }
    remedy
}

/// Returns the console's page where a gate is opened.
fn page_of(cause: Cause, evidence: &Evidence) -> Option<String> {
    match cause {
        Cause::ModelAccessNotGranted | Cause::MarketplacePermission | Cause::UseCaseFormMissing => {
            let page =
                if request_access::is_requested(evidence) { "bedrock#/modelaccess" } else { "bedrock#/model-catalog" };
            command::console_in_region(evidence, page)
        }
        _ => None,
    }
}
