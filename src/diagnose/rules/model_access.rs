//! The gates of model access, one file each: whether the account has access to the model, as far as AWS's read APIs tell.
//!
//! `ListFoundationModels` says that a model exists, not that the account may call it; `GetFoundationModelAvailability`
//! tells of known obstacles, and four good fields are no proof (Bedrock User Guide, "Access Amazon Bedrock foundation
//! models"). A gate that could not be read is named as unread, never taken as open or closed.

mod agreement;
mod authorization;
mod data_retention;
mod guardrails;
mod invocation_type;
mod lifecycle;
mod listing;
mod profile;
mod region;
mod use_case_form;

use crate::bedrock::provider_of;
use crate::diagnose::case::Case;
use crate::diagnose::finding::Basis;
use crate::diagnose::found::Found;
use crate::diagnose::unread::{GateName, NotChecked, Unchecked, Why};
use crate::evidence::Availability;

/// Reads every gate that could be closed for the model of the request.
pub(in crate::diagnose) fn find(case: &Case<'_>) -> Found {
    let mut found = Found::default();
    let evidence = case.evidence;
    if evidence.request.model.is_none() || !evidence.request.operation.model().gated {
        return found;
    }
    if evidence.is_about_another_account() {
        found.not_checked.push(NotChecked::new(Unchecked::OtherAccount, Why::CallersAccount));
        return found;
    }
    profile::check(case, &mut found);
    guardrails::check(case, &mut found);
    let Some(model) = evidence.base_model() else {
        found.not_checked.push(NotChecked::new(Unchecked::ModelBehindArn, Why::ModelNotRead));
        return found;
    };
    listing::check(case, model, &mut found);
    match evidence.availability.seen() {
        Some(fields) => {
            region::check(case, fields, &mut found);
            authorization::check(fields, model, &mut found);
            agreement::check(case, fields, model, &mut found);
            unknown_words(fields, &mut found);
        }
        None => {
            let why = evidence.availability.why_unseen();
            found.not_checked.push(NotChecked::new(Unchecked::Availability, why));
        }
    }
    data_retention::check(case, model, &mut found);
    if provider_of(model) == "anthropic" {
        use_case_form::check(case, &mut found);
    }
    found
}

/// Notes the fields in which AWS answered with a word that nothing knows.
fn unknown_words(fields: &Availability, found: &mut Found) {
    for (name, field, value, good) in [
        (GateName::Authorization, "authorizationStatus", &fields.authorization, "AUTHORIZED"),
        (GateName::Entitlement, "entitlementAvailability", &fields.entitlement, "AVAILABLE"),
        (GateName::Region, "regionAvailability", &fields.region, "AVAILABLE"),
    ] {
        let is_known = value.as_deref().is_some_and(|value| value == good || value == format!("NOT_{good}"));
        if !is_known {
            found.unread(name, Unchecked::AvailabilityField(field), Why::UnknownWord(value.clone()));
        }
    }
}

/// A field that `GetFoundationModelAvailability` reported.
fn availability_field(field: &'static str, value: &str) -> Basis {
    Basis::Field { api: "bedrock:GetFoundationModelAvailability", field, value: value.to_owned() }
}
