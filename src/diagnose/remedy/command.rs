//! Lines to paste: how a policy is attached, and how the same question is asked again.

use crate::bedrock::{Given, Operation};
use crate::evidence::Evidence;
use crate::iam::Arn;
use crate::request::LiveCall;

/// Says how a policy is attached to a principal, and the line that does it.
pub(super) fn attach(principal: &Arn, evidence: &Evidence) -> (String, String) {
    let name = principal.resource_id().rsplit('/').next().unwrap_or_default();
    if let Some(permission_set) = name.strip_prefix("AWSReservedSSO_") {
        let permission_set = permission_set.rsplit_once('_').map_or(permission_set, |(name, _)| name);
        return (
            format!("the role belongs to IAM Identity Center: add the policy to the permission set `{permission_set}`, not to the role"),
            "aws sso-admin put-inline-policy-to-permission-set --instance-arn INSTANCE_ARN --permission-set-arn PERMISSION_SET_ARN --inline-policy file://policy.json".to_owned(),
        );
    }
    // One name a model, so that the next fix does not replace this one; `:` and `/` are not allowed in it.
    let target = evidence.request.target().unwrap_or_default();
    let target = target.rsplit('/').next().unwrap_or_default();
    let policy = match (evidence.request.operation.model().given, target.replace(':', "-")) {
        (Given::Always, model) => format!("AllowInvoking-{model}"),
        (_, target) if target.is_empty() => format!("Allow-{}", evidence.request.operation),
        (_, target) => format!("Allow-{}-{target}", evidence.request.operation),
    };
    let policy: String = policy.chars().take(128).collect();
    let kind = if principal.resource_type() == "user" { "user" } else { "role" };
    (
        format!("save the policy as `policy.json` and attach it to the {kind} `{name}`"),
        format!(
            "aws iam put-{kind}-policy --{kind}-name {} --policy-name {policy} --policy-document file://policy.json",
            quoted(name)
        ),
    )
}

/// Returns the line that asks the same question again after the fix.
pub(in crate::diagnose) fn check_again(evidence: &Evidence) -> String {
    let request = &evidence.request;
    let mut line = "bedrock-access doctor".to_owned();
    if let Some(world) = &evidence.sandbox {
        line.push_str(&format!(" --sandbox {}", quoted(world)));
    }
    if let Some(model) = &request.model {
        line.push_str(&format!(" --model {}", quoted(&model.to_string())));
    }
    line.push_str(&format!(" --region {}", request.region));
    if request.operation != Operation::default() || evidence.sandbox.is_some() {
        line.push_str(&format!(" --operation {}", request.operation));
    }
    for resource in &request.resources {
        line.push_str(&format!(" --resource {}", quoted(&resource.to_string())));
    }
    if let Some(role) = &request.service_role {
        line.push_str(&format!(" --service-role {}", quoted(&role.to_string())));
    }
    if let Some(service) = request.service {
        line.push_str(&format!(" --service {service}"));
    }
    if let Some(principal) = &request.principal {
        line.push_str(&format!(" --principal {}", quoted(&principal.to_string())));
    }
    for (key, value) in request.context.iter() {
        for value in value.values() {
            line.push_str(&format!(" --context {}", quoted(&format!("{key}={value}"))));
        }
    }
    match request.live {
        LiveCall::None => {}
        LiveCall::Probe => line.push_str(" --probe"),
        LiveCall::Invoke => line.push_str(" --invoke"),
    }
    line
}

/// Quotes a word for a POSIX shell where it needs that.
fn quoted(word: &str) -> String {
    // A NUL cannot stand in a command line at all, and no name holds one.
    shlex::try_quote(word).map_or_else(|_| "''".to_owned(), std::borrow::Cow::into_owned)
}
