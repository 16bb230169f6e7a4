//! The `bedrock-mantle` endpoint: inference and models under an IAM prefix of its own.
//!
//! It asks for its own actions on a project, and knows no inference profile, guardrail or form (Bedrock User Guide,
//! "Endpoints"). Each model says how it stands to the data-retention mode of the account.

use super::jobs::completion;
use crate::iam::ContextKeys;
use crate::sandbox::call::{Call, text};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::wire::Reply;
use crate::sandbox::world::{DataRetention, Model};
use serde_json::{Value, json};

/// The data-retention modes, lowest first.
const MODES: [DataRetention; 4] =
    [DataRetention::None, DataRetention::Default, DataRetention::AwsReview, DataRetention::ProviderDataShare];

/// Answers a call to the endpoint.
pub(super) fn answer(call: &Call<'_>) -> Result<Reply, Refusal> {
    let project = call.own_arn("bedrock-mantle", "project/default").to_string();
    let require = |keys: &ContextKeys| call.require(call.operation.name, &project, Some(&project), keys);
    match call.operation.name {
        "bedrock-mantle:CreateInference" => {
            let body = call.body()?;
            let model = text(&body, "model");
            require(&ContextKeys::new().with("bedrock-mantle:Model", model))?;
            Ok(Reply::json(&completion(call, model)))
        }
        "bedrock-mantle:GetModel" => {
            let id = &call.operation.label;
            require(&ContextKeys::new().with("bedrock-mantle:Model", id.as_str()))?;
            let model = models(call).find(|model| model.id == *id).ok_or_else(|| {
                Refusal::service(404, "ResourceNotFoundException", "The requested resource could not be found.")
            })?;
            Ok(Reply::json(&describe(call, model)))
        }
        _ => {
            require(&ContextKeys::new())?;
            let data: Vec<Value> = models(call).map(|model| describe(call, model)).collect();
            Ok(Reply::json(&json!({ "object": "list", "data": data })))
        }
    }
}

fn models<'a>(call: &Call<'a>) -> impl Iterator<Item = &'a Model> {
    let (world, region) = (call.world(), call.caller.region.clone());
    let is_here = move |model: &&Model| model.regions.keys().any(|here| here.as_str() == region);
    world.models.iter().filter(|model| world.sees(&model.id)).filter(is_here)
}

fn describe(call: &Call<'_>, model: &Model) -> Value {
    let set = call.world().data_retention_in(&call.caller.region);
    let mode = set.unwrap_or_default();
    let allowed = MODES.iter().filter(|mode| model.data_retention.is_none_or(|least| **mode >= least));
    let allowed: Vec<&str> = allowed.map(|mode| mode.as_str()).collect();
    let is_available = model.data_retention.is_none_or(|least| mode >= least);
    let retention = json!({
        "mode": mode.as_str(),
        "source": if set.is_some() { "account" } else { "model_default" },
        "allowed_modes": allowed,
    });
    let mut described = json!({ "id": model.id, "object": "model", "data_retention": retention });
    if let Some(fields) = described.as_object_mut() {
        fields.insert("status".to_owned(), json!(if is_available { "available" } else { "unavailable" }));
        if !is_available {
            let reason = format!("This model is not available under data retention mode '{}'.", mode.as_str());
            fields.insert("status_reason".to_owned(), json!(reason));
        }
    }
    described
}
