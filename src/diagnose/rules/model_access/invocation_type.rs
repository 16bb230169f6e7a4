//! The invocation type: a model that is offered through profiles only refuses its bare id.

use crate::bedrock::ModelReference;
use crate::cause::Cause;
use crate::diagnose::case::Case;
use crate::diagnose::finding::Basis;
use crate::diagnose::found::Found;
use crate::diagnose::unread::{GateName, Unchecked, Why};
use crate::evidence::ListedModel;

pub(super) fn check(case: &Case<'_>, listed: &ListedModel, found: &mut Found) {
    let request = &case.evidence.request;
    let by_bare_id = match &request.model {
        Some(ModelReference::FoundationModel(_)) => true,
        Some(ModelReference::Arn(arn)) => arn.arn().resource_type() == "foundation-model",
        Some(ModelReference::InferenceProfile(_)) | None => false,
    };
    if !request.operation.model().answers || !by_bare_id || listed.inference_types.is_empty() {
        return;
    }
    let offered = |kind: &str| listed.inference_types.iter().any(|offered| offered == kind);
    let basis = vec![Basis::Field {
        api: "bedrock:ListFoundationModels",
        field: "inferenceTypesSupported",
        value: listed.inference_types.join(", "),
    }];
    if offered("ON_DEMAND") {
        found.open(GateName::InvocationType, basis);
    } else if offered("INFERENCE_PROFILE") && is_behind_a_profile(case) {
        found.unread(GateName::InvocationType, Unchecked::ProfileOfPastCall, Why::ErrorNamesModel);
    } else if offered("INFERENCE_PROFILE") {
        found.close(GateName::InvocationType, Cause::InferenceProfileRequired, basis);
    } else {
        let why = Why::OfferedAs(listed.inference_types.clone());
        found.unread(GateName::InvocationType, Unchecked::Gate(GateName::InvocationType), why);
    }
}

/// Returns `true` if the request was made of an error in which IAM refuses a model: whatever the call named, AWS names
/// the resource that it refused.
fn is_behind_a_profile(case: &Case<'_>) -> bool {
    let resource = case.pasted.as_ref().and_then(|reading| reading.facts.resource.as_deref());
    let named = resource.and_then(|arn| arn.parse::<ModelReference>().ok());
    case.pasted.is_some() && named.as_ref().and_then(ModelReference::base_model) == case.evidence.base_model()
}
