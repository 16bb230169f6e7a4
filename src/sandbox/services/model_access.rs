//! What stands between an authorized caller and a model: the account's own standing.
//!
//! IAM has allowed the call when this is asked. The answers follow from the model's facts in the source Region,
//! in the words that Bedrock uses (Bedrock User Guide, "Access Amazon Bedrock foundation models").

use super::requirements::{Target, invalid_identifier};
use crate::iam::ContextKeys;
use crate::sandbox::call::Call;
use crate::sandbox::caller::Caller;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::world::{
    AgreementStatus, Authorization, Availability, DataRetention, ErrorShape, Gate, Lifecycle, LifecycleStatus, Model,
};
use time::OffsetDateTime;

/// Refuses a call that the account's standing keeps from its model.
///
/// `retention` is the data-retention mode of the call's project, where it has one.
pub(super) fn pass(
    call: &Call<'_>,
    caller: &Caller<'_>,
    target: &Target<'_>,
    retention: Option<DataRetention>,
) -> Result<(), Refusal> {
    let passed = checks(call, caller, target, retention);
    match target.model.map(|model| model.error_shape) {
        Some(ErrorShape::Anthropic) => passed.map_err(Refusal::in_anthropic_shape),
        _ => passed,
    }
}

fn checks(
    call: &Call<'_>,
    caller: &Caller<'_>,
    target: &Target<'_>,
    retention: Option<DataRetention>,
) -> Result<(), Refusal> {
    let hold = call.world().account_hold.iter().find(|(region, _)| region.as_str() == caller.region);
    if let Some((_, error)) = hold {
        return Err(Refusal::service(error.status, &error.code, &error.message));
    }
    let Some(model) = target.model.filter(|model| call.world().sees(&model.id)) else {
        let is_resource =
            target.requirements.iter().any(|requirement| requirement.resource.resource_type() != "foundation-model");
        return Err(if is_resource { unresolved() } else { invalid_identifier() });
    };
    let Some((_, gate)) = model.regions.iter().find(|(region, _)| region.as_str() == caller.region) else {
        return Err(invalid_identifier());
    };
    if gate.region == Availability::NotAvailable {
        return Err(invalid_identifier());
    }
    if target.profile.is_none() && !model.inference_types.iter().any(|kind| kind == "ON_DEMAND") {
        return Err(on_demand_unsupported(target.id));
    }
    if let Some(error) = &gate.live_error {
        return Err(Refusal::service(error.status, &error.code, &error.message));
    }
    lifecycle(&gate.lifecycle)?;
    let closed = gate.authorization == Authorization::NotAuthorized || gate.entitlement == Availability::NotAvailable;
    if closed && !gate.served_anyway {
        return Err(Refusal::service(
            403,
            "AccessDeniedException",
            "You don't have access to the model with the specified model ID.",
        ));
    }
    data_retention(call, caller, model, retention)?;
    if call.account.count_model_call() < call.world().subscription_setup_calls {
        return Ok(());
    }
    form(call, model)?;
    agreement(call, caller, model, gate)
}

fn unresolved() -> Refusal {
    Refusal::service(
        404,
        "ResourceNotFoundException",
        "Could not resolve the foundation model from the provided model identifier.",
    )
}

fn on_demand_unsupported(id: &str) -> Refusal {
    Refusal::service(
        400,
        "ValidationException",
        format!(
            "Invocation of model ID {id} with on-demand throughput isn\u{2019}t supported. Retry your request with \
             the ID or ARN of an inference profile that contains this model."
        ),
    )
}

fn lifecycle(lifecycle: &Lifecycle) -> Result<(), Refusal> {
    if lifecycle.end_of_life.is_some_and(|end| end <= OffsetDateTime::now_utc()) {
        return Err(Refusal::service(
            404,
            "ResourceNotFoundException",
            "This model version has reached the end of its life. Please refer to the AWS documentation for more \
             details.",
        ));
    }
    if lifecycle.status == LifecycleStatus::Legacy && !lifecycle.recently_used {
        return Err(Refusal::service(
            404,
            "ResourceNotFoundException",
            "Access denied. This Model is marked by provider as Legacy and you have not been actively using the \
             model in the last 30 days. Please upgrade to an active model on Amazon Bedrock",
        ));
    }
    Ok(())
}

fn data_retention(
    call: &Call<'_>,
    caller: &Caller<'_>,
    model: &Model,
    project: Option<DataRetention>,
) -> Result<(), Refusal> {
    let mode = project.or_else(|| call.world().data_retention_in(&caller.region)).unwrap_or_default();
    if model.data_retention.is_some_and(|needed| mode < needed) {
        return Err(Refusal::service(
            400,
            "ValidationException",
            format!("This model is not available under data retention mode '{}'.", mode.as_str()),
        ));
    }
    Ok(())
}

fn form(call: &Call<'_>, model: &Model) -> Result<(), Refusal> {
    if model.provider == "Anthropic" && !call.world().forms.contains_key("anthropic") {
        return Err(Refusal::service(
            404,
            "ResourceNotFoundException",
            "Model use case details have not been submitted for this account. Fill out the Anthropic use case \
             details form before using the model. If you have already filled out the form, try again in 15 minutes.",
        ));
    }
    Ok(())
}

fn agreement(call: &Call<'_>, caller: &Caller<'_>, model: &Model, gate: &Gate) -> Result<(), Refusal> {
    if model.product_id.is_none() {
        return Ok(());
    }
    match gate.agreement.status {
        AgreementStatus::Available => Ok(()),
        AgreementStatus::Pending => Err(Refusal::service(
            403,
            "AccessDeniedException",
            "Your account is not authorized to access this model. Your AWS Marketplace subscription for this model \
             is still being processed. Try again after 15 minutes",
        )),
        AgreementStatus::Error => {
            let reason = gate.agreement.error_message.as_deref().unwrap_or("an error of the agreement");
            Err(cannot_be_completed(reason))
        }
        // The first invocation subscribes the account, in the caller's name.
        AgreementStatus::NotAvailable => {
            let context = ContextKeys::new()
                .with("aws:CalledVia", vec!["bedrock.amazonaws.com".to_owned()])
                .with("aws:CalledViaFirst", "bedrock.amazonaws.com")
                .with("aws:CalledViaLast", "bedrock.amazonaws.com")
                .with("aws:ViaAWSService", "true")
                .with("aws-marketplace:ProductId", model.product_id.iter().cloned().collect::<Vec<_>>());
            let may = |action: &str| call.snapshot.authorize(caller, action, "*", &context).is_ok();
            if may("aws-marketplace:ViewSubscriptions") && may("aws-marketplace:Subscribe") {
                return call.account.write(|world| {
                    world.set_agreement(&model.id, AgreementStatus::Available);
                    Ok(())
                });
            }
            Err(cannot_be_completed(
                "IAM user or service role is not authorized to perform the required AWS Marketplace actions \
                 (aws-marketplace:ViewSubscriptions, aws-marketplace:Subscribe) to enable access to this model. \
                 Refer to the Amazon Bedrock documentation for further details",
            ))
        }
    }
}

fn cannot_be_completed(reason: &str) -> Refusal {
    Refusal::service(
        403,
        "AccessDeniedException",
        format!(
            "Model access is denied due to {reason}. Your AWS Marketplace subscription for this model cannot be \
             completed at this time. If you recently fixed this issue, try again after 2 minutes."
        ),
    )
}
