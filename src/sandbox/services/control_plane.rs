//! Bedrock's control plane: which models and profiles there are, and how the account stands to them.
//!
//! Shapes follow the Bedrock API Reference. Listing a model says nothing about access to it, as on AWS.

use super::account_settings::describe_data_retention;
use super::requirements::find_model;
use crate::iam::{Arn, ContextKeys};
use crate::sandbox::call::Call;
use crate::sandbox::operation::Operation;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::wire::Reply;
use crate::sandbox::world::{
    AgreementStatus, Availability, Gate, Lifecycle, Model, Profile, ProfileType, ProgramStatus, TrustedAccessProgram,
};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// When every system-defined profile was made, as far as the sandbox is concerned.
const PROFILE_CREATED: &str = "2025-01-15T00:00:00Z";

/// Answers a call to the control plane.
pub(super) fn answer(call: &Call<'_>) -> Result<Reply, Refusal> {
    match call.operation.name {
        "bedrock:GetFoundationModel" => get_model(call),
        "bedrock:GetInferenceProfile" => get_profile(call),
        name => {
            // The other operations have no resource type, and their refusals name no resource.
            call.require(name, "*", None, &ContextKeys::new())?;
            match name {
                "bedrock:ListFoundationModels" => Ok(list_models(call)),
                "bedrock:GetFoundationModelAvailability" => availability(call),
                "bedrock:ListInferenceProfiles" => list_profiles(call),
                "bedrock:GetUseCaseForModelAccess" => use_case(call),
                "bedrock:ListFoundationModelAgreementOffers" => offers(call),
                "bedrock:ListTrustedAccessPrograms" => Ok(list_programs(call)),
                "bedrock:GetTrustedAccessProgram" => get_program(call),
                "bedrock:ListEnforcedGuardrailsConfiguration" => Ok(enforced_guardrails(call)),
                "bedrock:GetAccountDataRetention" => {
                    let mode = call.world().data_retention_in(&call.caller.region);
                    Ok(Reply::json(&describe_data_retention(mode)))
                }
                _ => Err(Refusal::unknown_operation(format!("the sandbox has no answer for {name}"))),
            }
        }
    }
}

fn list_models(call: &Call<'_>) -> Reply {
    let form = &call.operation.form;
    let is_one_of = |filter: &str, values: &[String]| {
        form.get(filter).is_none_or(|wanted| values.iter().any(|value| value == wanted))
    };
    let summaries: Vec<Value> = here(call)
        .filter(|(model, _)| {
            form.get("byProvider").is_none_or(|wanted| model.provider.eq_ignore_ascii_case(wanted))
                && is_one_of("byCustomizationType", &model.customizations)
                && is_one_of("byOutputModality", &model.output_modalities)
                && is_one_of("byInferenceType", &model.inference_types)
        })
        .map(|(model, gate)| describe_model(call, model, gate))
        .collect();
    Reply::json(&json!({ "modelSummaries": summaries }))
}

/// Walks over the models of the call's Region.
fn here<'a>(call: &'a Call<'_>) -> impl Iterator<Item = (&'a Model, &'a Gate)> {
    call.world().models.iter().filter(|model| call.world().sees(&model.id)).filter_map(|model| {
        let gate = model.regions.iter().find(|(region, _)| region.as_str() == call.caller.region);
        gate.map(|(_, gate)| (model, gate))
    })
}

fn describe_model(call: &Call<'_>, model: &Model, gate: &Gate) -> Value {
    json!({
        "modelArn": model_arn(call, &model.id).to_string(),
        "modelId": model.id,
        "modelName": model.name,
        "providerName": model.provider,
        "inputModalities": model.input_modalities,
        "outputModalities": model.output_modalities,
        "responseStreamingSupported": model.streaming,
        "customizationsSupported": model.customizations,
        "inferenceTypesSupported": model.inference_types,
        "modelLifecycle": describe_lifecycle(&gate.lifecycle),
    })
}

fn describe_lifecycle(lifecycle: &Lifecycle) -> Value {
    let mut fields = Map::new();
    fields.insert("status".to_owned(), json!(lifecycle.status));
    for (name, time) in [
        ("startOfLifeTime", lifecycle.start_of_life),
        ("legacyTime", lifecycle.legacy),
        ("publicExtendedAccessTime", lifecycle.public_extended_access),
        ("endOfLifeTime", lifecycle.end_of_life),
    ] {
        if let Some(text) = time.and_then(|time: OffsetDateTime| time.format(&Rfc3339).ok()) {
            fields.insert(name.to_owned(), json!(text));
        }
    }
    Value::Object(fields)
}

fn model_arn(call: &Call<'_>, id: &str) -> Arn {
    let partition = call.world().partition();
    Arn::new(partition, "bedrock", &call.caller.region, "", &format!("foundation-model/{id}"))
}

/// Returns the model id in a label, which may be an id or a foundation model's ARN.
fn labelled_model(operation: &Operation) -> &str {
    operation.label.split_once(":foundation-model/").map_or(operation.label.as_str(), |(_, id)| id)
}

fn find_here<'a>(call: &'a Call<'_>, id: &str) -> Option<(&'a Model, &'a Gate)> {
    here(call).find(|(model, _)| model.id == id)
}

fn get_model(call: &Call<'_>) -> Result<Reply, Refusal> {
    let id = labelled_model(&call.operation);
    let arn = model_arn(call, id).to_string();
    call.require(call.operation.name, &arn, Some(&arn), &ContextKeys::new())?;
    let (model, gate) = find_here(call, id).ok_or_else(unresolved)?;
    Ok(Reply::json(&json!({ "modelDetails": describe_model(call, model, gate) })))
}

fn unresolved() -> Refusal {
    Refusal::service(
        404,
        "ResourceNotFoundException",
        "Could not resolve the foundation model from the model identifier.",
    )
}

fn availability(call: &Call<'_>) -> Result<Reply, Refusal> {
    let id = labelled_model(&call.operation);
    find_model(call.world(), id)
        .ok_or_else(|| Refusal::service(400, "ValidationException", "The provided model identifier is invalid."))?;
    let Some((_, gate)) = find_here(call, id) else {
        // A model that exists, in other Regions.
        return Ok(Reply::json(&json!({
            "modelId": id,
            "agreementAvailability": { "status": "NOT_AVAILABLE" },
            "authorizationStatus": "NOT_AUTHORIZED",
            "entitlementAvailability": "NOT_AVAILABLE",
            "regionAvailability": Availability::NotAvailable,
        })));
    };
    let status = gate.agreement.status;
    let mut agreement = json!({ "status": status });
    if let (AgreementStatus::Error, Some(message), Some(fields)) =
        (status, &gate.agreement.error_message, agreement.as_object_mut())
    {
        fields.insert("errorMessage".to_owned(), json!(message));
    }
    Ok(Reply::json(&json!({
        "modelId": id,
        "agreementAvailability": agreement,
        "authorizationStatus": gate.authorization,
        "entitlementAvailability": gate.entitlement,
        "regionAvailability": gate.region,
    })))
}

/// Walks over the profiles of the call's Region.
fn profiles_here<'a>(call: &'a Call<'_>) -> impl Iterator<Item = &'a Profile> {
    call.world()
        .profiles
        .iter()
        .filter(|profile| profile.region.as_str() == call.caller.region && call.world().sees(profile.base_model()))
}

fn profile_arn(call: &Call<'_>, profile: &Profile) -> Arn {
    profile.arn(call.world().partition(), &call.world().account)
}

fn get_profile(call: &Call<'_>) -> Result<Reply, Refusal> {
    let label = &call.operation.label;
    let found =
        profiles_here(call).find(|profile| profile.id == *label || profile_arn(call, profile).to_string() == *label);
    let arn = match found {
        Some(profile) => profile_arn(call, profile).to_string(),
        None if label.starts_with("arn:") => label.clone(),
        None => {
            let world = call.world();
            let resource = format!("inference-profile/{label}");
            Arn::new(world.partition(), "bedrock", &call.caller.region, &world.account, &resource).to_string()
        }
    };
    call.require(call.operation.name, &arn, Some(&arn), &ContextKeys::new())?;
    let profile = found.ok_or_else(|| {
        Refusal::service(
            404,
            "ResourceNotFoundException",
            format!("Inference profile with identifier '{label}' does not exist."),
        )
    })?;
    Ok(Reply::json(&describe_profile(call, profile)))
}

fn describe_profile(call: &Call<'_>, profile: &Profile) -> Value {
    let models: Vec<Value> = profile.models.iter().map(|arn| json!({ "modelArn": arn.to_string() })).collect();
    json!({
        "inferenceProfileName": profile.name.as_deref().unwrap_or(&profile.id),
        "createdAt": PROFILE_CREATED,
        "updatedAt": PROFILE_CREATED,
        "inferenceProfileArn": profile_arn(call, profile).to_string(),
        "models": models,
        "inferenceProfileId": profile.id,
        "status": "ACTIVE",
        "type": profile.kind,
    })
}

fn list_profiles(call: &Call<'_>) -> Result<Reply, Refusal> {
    let form = &call.operation.form;
    let invalid =
        |name: &str| Refusal::service(400, "ValidationException", format!("The provided {name} is not valid."));
    let kind = match form.get("type") {
        None => None,
        Some("SYSTEM_DEFINED") => Some(ProfileType::SystemDefined),
        Some("APPLICATION") => Some(ProfileType::Application),
        Some(_) => return Err(invalid("type")),
    };
    let limit: usize = form.get("maxResults").unwrap_or("1000").parse().map_err(|_| invalid("maxResults"))?;
    let start: usize = form.get("nextToken").unwrap_or("0").parse().map_err(|_| invalid("nextToken"))?;
    let matching: Vec<&Profile> =
        profiles_here(call).filter(|profile| kind.is_none_or(|kind| profile.kind == kind)).collect();
    let end = start.saturating_add(limit.clamp(1, 1000));
    let page = matching.iter().skip(start).take(end.saturating_sub(start));
    let mut answer = Map::new();
    let summaries: Vec<Value> = page.map(|profile| describe_profile(call, profile)).collect();
    answer.insert("inferenceProfileSummaries".to_owned(), Value::Array(summaries));
    if end < matching.len() {
        answer.insert("nextToken".to_owned(), json!(end.to_string()));
    }
    Ok(Reply::json(&Value::Object(answer)))
}

fn use_case(call: &Call<'_>) -> Result<Reply, Refusal> {
    let form = call.world().forms.get("anthropic").ok_or_else(|| {
        Refusal::service(
            404,
            "ResourceNotFoundException",
            "You have not filled out the request form. Please fill out the form and try again.",
        )
    })?;
    // The form is encoded once by Bedrock, and once more as bytes in JSON.
    let data = aws_smithy_types::base64::encode(serde_json::to_vec(form).unwrap_or_default());
    Ok(Reply::json(&json!({ "formData": aws_smithy_types::base64::encode(data) })))
}

fn offers(call: &Call<'_>) -> Result<Reply, Refusal> {
    let id = labelled_model(&call.operation);
    let (model, _) = find_here(call, id).ok_or_else(unresolved)?;
    let offers: Vec<Value> = model.product_id.iter().map(|product| describe_offer(product)).collect();
    Ok(Reply::json(&json!({ "modelId": id, "offers": offers })))
}

fn describe_offer(product: &str) -> Value {
    json!({
        "offerId": format!("offer-{product}"),
        "offerToken": aws_smithy_types::base64::encode(product),
        "termDetails": {
            "usageBasedPricingTerm": { "rateCard": [] },
            "legalTerm": { "url": "https://aws.amazon.com/legal/bedrock/third-party-models/" },
            "supportTerm": {},
        },
    })
}

fn enforced_guardrails(call: &Call<'_>) -> Reply {
    let here = call.world().guardrails.iter();
    let here = here.filter(|guardrail| guardrail.enforced && guardrail.arn.region == call.caller.region);
    let configurations: Vec<Value> = here
        .map(|guardrail| {
            json!({
                "configId": format!("config-{}", guardrail.arn.resource_id()),
                "guardrailArn": guardrail.arn.to_string(),
                "guardrailId": guardrail.arn.resource_id(),
                "guardrailVersion": guardrail.version.as_deref().unwrap_or("DRAFT"),
                "inputTags": "HONOR",
                "owner": "ACCOUNT",
                "modelEnforcement": {
                    "includedModels": guardrail.included_models,
                    "excludedModels": guardrail.excluded_models,
                },
            })
        })
        .collect();
    Reply::json(&json!({ "guardrailsConfig": configurations }))
}

fn describe_program(call: &Call<'_>, program: &TrustedAccessProgram) -> Value {
    let mut described = json!({
        "programId": program.id,
        "name": program.name,
        "description": program.name,
        "providerName": program.provider,
        "detailsUrl": "https://docs.aws.amazon.com/bedrock/latest/userguide/",
        "status": program.status,
        "source": "account",
        "resolvedFor": { "accountId": call.world().account },
        "optIn": if program.status == ProgramStatus::Enabled { "enabled" } else { "inherit" },
    });
    if let (Some(reason), Some(fields)) = (&program.status_reason, described.as_object_mut()) {
        fields.insert("statusReason".to_owned(), json!(reason));
    }
    described
}

fn list_programs(call: &Call<'_>) -> Reply {
    let programs = call.world().trusted_access_programs.iter();
    let summaries: Vec<Value> = programs.map(|program| describe_program(call, program)).collect();
    Reply::json(&json!({ "programSummaries": summaries }))
}

fn get_program(call: &Call<'_>) -> Result<Reply, Refusal> {
    let mut programs = call.world().trusted_access_programs.iter();
    let program = programs.find(|program| program.id == call.operation.label).ok_or_else(|| {
        Refusal::service(404, "ResourceNotFoundException", "The requested resource could not be found.")
    })?;
    Ok(Reply::json(&describe_program(call, program)))
}
