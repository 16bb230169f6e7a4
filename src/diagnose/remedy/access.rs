//! Remedies for a model that the account may not use yet, by what AWS's answers say of the account.

use super::super::form_submitted;
use crate::bedrock::{Marketplace, provider_of};
use crate::evidence::{DataRetention, Evidence};

/// Tells whether access is still requested, on a page of its own: in AWS GovCloud (US) (Bedrock User Guide, "Access
/// Amazon Bedrock foundation models").
pub(super) fn is_requested(evidence: &Evidence) -> bool {
    evidence.request.region.partition().as_str() == "aws-us-gov"
}

/// Says how access to the model is given (Bedrock User Guide, "Access Amazon Bedrock foundation models").
pub(super) fn grant(evidence: &Evidence) -> Vec<String> {
    let provider = provider_of(evidence.base_model().unwrap_or_default());
    let is_sold = Marketplace::of(provider) != Marketplace::NotSold;
    let fields = evidence.availability.seen();
    let has_agreement = fields.is_some_and(|fields| fields.agreement.as_deref() == Some("AVAILABLE"));
    let mut steps: Vec<&str> = Vec::new();
    if is_requested(evidence) {
        steps.push("request access to the model on the console's page for it, in us-gov-west-1");
        if is_sold {
            steps.push("enable the model in the commercial account that this one is linked to, too");
        }
    } else {
        steps.push(match (is_sold, has_agreement) {
            (true, false) => {
                "with AWS Marketplace permissions, invoke the model once, or make its agreement with the lines \
                 below: both accept its licence"
            }
            (true, true) => {
                "with AWS Marketplace permissions, open the model in the console's model catalog and complete \
                 what is asked for there, or make its agreement anew with the lines below"
            }
            (false, _) => "open the model in the console's model catalog, and complete what is asked for there",
        });
    }
    if provider == "anthropic" && form_submitted(&evidence.use_case_form) != Some(true) {
        steps.push("submit Anthropic's use case form, without which its models stay closed");
    }
    steps.extend([
        "ask for the model's availability again: it changes within two to fifteen minutes",
        "if it stays as it is, open a case with AWS Support: an account on hold is reported in the same way",
    ]);
    steps.into_iter().map(str::to_owned).collect()
}

/// Says which data-retention mode there is beside the one that the model needs; nothing where it was not seen.
pub(super) fn retain(evidence: &Evidence, needed: &str) -> Vec<String> {
    let Some(DataRetention { mode }) = evidence.data_retention.seen() else { return Vec::new() };
    let region = &evidence.request.region;
    vec![
        format!(
            "decide whether the data-retention mode `{needed}`, which the model asks for, is acceptable; the account has `{mode}` in {region}"
        ),
        "if it is, set it with PutAccountDataRetention".to_owned(),
        "on the bedrock-mantle endpoint set it there too (bedrock-mantle:PutAccountDataRetention)".to_owned(),
    ]
}
