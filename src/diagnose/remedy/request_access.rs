//! Remedies for a model that the account may not use yet, by what AWS's answers say of the account.

use crate::bedrock::{Marketplace, provider_of};
use crate::diagnose::case::form_submitted;
use crate::diagnose::change::Step;
use crate::evidence::{DataRetention, Evidence};

/// Returns `true` if access is still requested, on a page of its own: in AWS GovCloud (US) (Bedrock User Guide, "Access
/// Amazon Bedrock foundation models").
pub(super) fn is_requested(evidence: &Evidence) -> bool {
    evidence.request.region.partition().as_str() == "aws-us-gov"
}

/// Returns how access to the model is given (Bedrock User Guide, "Access Amazon Bedrock foundation models").
pub(super) fn grant(evidence: &Evidence) -> Vec<Step> {
    let provider = provider_of(evidence.base_model().unwrap_or_default());
    let is_sold = Marketplace::of(provider) != Marketplace::NotSold;
    let fields = evidence.availability.seen();
    let has_agreement = fields.is_some_and(|fields| fields.agreement.as_deref() == Some("AVAILABLE"));
    let mut steps: Vec<Step> = Vec::new();
    if is_requested(evidence) {
        steps.push(Step::RequestAccessInGovCloud);
        if is_sold {
            steps.push(Step::EnableInCommercialAccount);
        }
    } else {
        steps.push(match (is_sold, has_agreement) {
            (true, false) => Step::InvokeOrAgree,
            (true, true) => Step::CompleteOrAgreeAnew,
            (false, _) => Step::OpenInCatalog,
        });
    }
    if provider == "anthropic" && form_submitted(&evidence.use_case_form) != Some(true) {
        steps.push(Step::SubmitForm);
    }
    steps.extend([Step::AskAgain, Step::OpenCase]);
    steps
}

/// Returns what to do about a data-retention mode that is too low; nothing where it was not seen.
pub(super) fn retain(evidence: &Evidence, needed: &'static str) -> Vec<Step> {
    let Some(DataRetention { mode }) = evidence.data_retention.seen() else { return Vec::new() };
    let region = evidence.request.region.to_string();
    vec![Step::DecideRetention { needed, mode: mode.clone(), region }, Step::SetRetention, Step::SetRetentionOnMantle]
}
