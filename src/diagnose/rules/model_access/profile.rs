//! The inference profile: an id that the Region does not know is a wrong id there.

use crate::cause::Cause;
use crate::diagnose::case::{Absence, Case};
use crate::diagnose::finding::Basis;
use crate::diagnose::found::Found;
use crate::diagnose::unread::GateName;
use crate::evidence::Observation;

pub(super) fn check(case: &Case<'_>, found: &mut Found) {
    let evidence = case.evidence;
    if !evidence.request.is_through_profile() {
        return;
    }
    match &evidence.profile {
        Observation::Refused(error)
            if matches!(error.code.as_deref(), Some("ResourceNotFoundException" | "ValidationException")) =>
        {
            let basis = Basis::Refused { api: "bedrock:GetInferenceProfile", error: error.clone() };
            match &case.absence {
                // The listing says more: what is not offered, or hidden, is no wrong id.
                Some(Absence::Hidden(_)) => {
                    found.likely_close(GateName::InferenceProfile, Cause::ModelAccessNotGranted, vec![basis]);
                }
                Some(Absence::NotOffered) => {
                    found.close(GateName::InferenceProfile, Cause::RegionUnavailable, vec![basis]);
                }
                _ => found.close(GateName::InferenceProfile, Cause::InvalidModelId, vec![basis]),
            }
        }
        Observation::Seen(_) => found.open(GateName::InferenceProfile, Vec::new()),
        // What is missing by that is said of the requirements, which cannot all be listed.
        _ => {}
    }
}
