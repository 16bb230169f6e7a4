//! The account's settings for models: the use case form, agreements, and data retention, for changing.
//!
//! Shapes follow the Bedrock API Reference. A form and an agreement take effect with the next call; an agreement that
//! failed, such as for want of a payment instrument, stays as it is.

use super::requirements::find_model;
use crate::iam::ContextKeys;
use crate::sandbox::call::{Call, text};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::wire::Reply;
use crate::sandbox::world::{AgreementStatus, DataRetention, ProgramStatus, UseCaseForm};
use aws_smithy_types::base64;
use serde_json::{Value, json};

/// Answers a call that changes a setting; `None` where the operation is not one of these.
pub(super) fn answer(call: &Call<'_>) -> Option<Result<Reply, Refusal>> {
    match call.operation.name {
        "bedrock:PutUseCaseForModelAccess" => Some(put_form(call)),
        "bedrock:CreateFoundationModelAgreement" => Some(create_agreement(call)),
        "bedrock:DeleteFoundationModelAgreement" => Some(delete_agreement(call)),
        "bedrock:PutAccountDataRetention" => Some(put_data_retention(call)),
        "bedrock:PutTrustedAccessProgramAccountEnrollment" => Some(put_enrollment(call)),
        _ => None,
    }
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::service(400, "ValidationException", message)
}

fn put_form(call: &Call<'_>) -> Result<Reply, Refusal> {
    call.require(call.operation.name, "*", None, &ContextKeys::new())?;
    let body = call.body()?;
    let form = read_form(text(&body, "formData")).ok_or_else(|| invalid("Invalid form data."))?;
    call.account.write(|world| {
        world.forms.insert("anthropic".to_owned(), form);
        Ok(())
    })?;
    Ok(Reply::json_with_status(201, &json!({})))
}

/// Reads a form, whose bytes clients send encoded once or twice.
fn read_form(data: &str) -> Option<UseCaseForm> {
    let once = base64::decode(data).ok()?;
    if let Ok(form) = serde_json::from_slice(&once) {
        return Some(form);
    }
    let twice = base64::decode(std::str::from_utf8(&once).ok()?).ok()?;
    serde_json::from_slice(&twice).ok()
}

/// Authorizes a call on agreements: the caller needs the action and Marketplace's own.
fn authorize(call: &Call<'_>, marketplace: &str, product: &str) -> Result<(), Refusal> {
    call.require(call.operation.name, "*", None, &ContextKeys::new())?;
    let keys = ContextKeys::new()
        .with("aws:CalledVia", vec!["bedrock.amazonaws.com".to_owned()])
        .with("aws:CalledViaFirst", "bedrock.amazonaws.com")
        .with("aws:CalledViaLast", "bedrock.amazonaws.com")
        .with("aws:ViaAWSService", "true")
        .with("aws-marketplace:ProductId", vec![product.to_owned()]);
    call.require(marketplace, "*", Some("*"), &keys)
}

fn create_agreement(call: &Call<'_>) -> Result<Reply, Refusal> {
    let body = call.body()?;
    let id = text(&body, "modelId");
    let product = find_model(call.world(), id).and_then(|model| model.product_id.as_deref());
    authorize(call, "aws-marketplace:Subscribe", product.unwrap_or_default())?;
    let product = product.ok_or_else(|| invalid("The provided model identifier is invalid."))?;
    if text(&body, "offerToken") != base64::encode(product) {
        return Err(invalid("The offer token is invalid."));
    }
    set_agreement(call, id, AgreementStatus::Available)?;
    Ok(Reply::json_with_status(202, &json!({ "modelId": id })))
}

fn delete_agreement(call: &Call<'_>) -> Result<Reply, Refusal> {
    let body = call.body()?;
    let id = text(&body, "modelId");
    let product = find_model(call.world(), id).and_then(|model| model.product_id.as_deref());
    authorize(call, "aws-marketplace:Unsubscribe", product.unwrap_or_default())?;
    set_agreement(call, id, AgreementStatus::NotAvailable)?;
    Ok(Reply::json_with_status(202, &json!({})))
}

fn set_agreement(call: &Call<'_>, model: &str, status: AgreementStatus) -> Result<(), Refusal> {
    call.account.write(|world| {
        world.set_agreement(model, status);
        Ok(())
    })
}

fn put_data_retention(call: &Call<'_>) -> Result<Reply, Refusal> {
    let body = call.body()?;
    let wanted = text(&body, "mode");
    let keys = ContextKeys::new().with("bedrock:DataRetentionMode", wanted);
    call.require(call.operation.name, "*", None, &keys)?;
    let mode = match wanted {
        "inherit" => None,
        mode => Some(serde_json::from_value::<DataRetention>(Value::from(mode)).map_err(|_| {
            invalid(format!(
                "1 validation error detected: Value '{mode}' at 'mode' failed to satisfy constraint: Member must \
                 satisfy enum value set: [default, none, aws_review, provider_data_share, inherit]"
            ))
        })?),
    };
    let region = call.caller.region.parse().map_err(|_| Refusal::internal(call.service))?;
    call.account.write(|world| {
        match mode {
            Some(mode) => world.data_retention.insert(region, mode),
            None => world.data_retention.remove(&region),
        };
        Ok(())
    })?;
    Ok(Reply::json(&describe_data_retention(mode)))
}

/// Enrolls the account in a trusted access program, where it is eligible, or ends the enrollment.
fn put_enrollment(call: &Call<'_>) -> Result<Reply, Refusal> {
    call.require(call.operation.name, "*", None, &ContextKeys::new())?;
    let body = call.body()?;
    let (id, wanted) = (&call.operation.label, text(&body, "optIn"));
    let status = match wanted {
        "enabled" => ProgramStatus::Enabled,
        "disabled" => ProgramStatus::Disabled,
        _ => ProgramStatus::Eligible,
    };
    call.account.write(|world| {
        let program = world.trusted_access_programs.iter_mut().find(|program| program.id == *id).ok_or_else(|| {
            Refusal::service(404, "ResourceNotFoundException", "The requested resource could not be found.")
        })?;
        if matches!(program.status, ProgramStatus::Requestable | ProgramStatus::Revoked) {
            return Err(Refusal::service(403, "AccessDeniedException", "The account is not eligible for the program."));
        }
        program.status = status;
        Ok(())
    })?;
    Ok(Reply::json(&json!({ "optIn": wanted, "updatedAt": "2026-01-15T09:00:00.000Z" })))
}

/// Describes an account's data-retention mode; one that was never set is inherited, and has no time.
pub(super) fn describe_data_retention(mode: Option<DataRetention>) -> Value {
    match mode {
        Some(mode) => json!({ "mode": mode.as_str(), "updatedAt": "2026-01-15T09:00:00.000Z" }),
        None => json!({ "mode": "inherit" }),
    }
}
