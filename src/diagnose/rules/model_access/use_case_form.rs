//! Anthropic's use case form, without which its models stay closed.

use crate::cause::Cause;
use crate::diagnose::case::{Case, form_submitted};
use crate::diagnose::finding::Basis;
use crate::diagnose::found::Found;
use crate::diagnose::unread::{GateName, Unchecked};

pub(super) fn check(case: &Case<'_>, found: &mut Found) {
    let form = &case.evidence.use_case_form;
    match form_submitted(form) {
        Some(true) => found.open(GateName::UseCaseForm, Vec::new()),
        Some(false) => {
            let error = form.refused().cloned().unwrap_or_default();
            let basis = Basis::Refused { api: "bedrock:GetUseCaseForModelAccess", error };
            found.close(GateName::UseCaseForm, Cause::UseCaseFormMissing, vec![basis]);
        }
        None => found.unread(GateName::UseCaseForm, Unchecked::Gate(GateName::UseCaseForm), form.why_unseen()),
    }
}
