//! AWS Organizations: service control policies, for reading and for changing.
//!
//! Only principals of the management account may call it; a member account is told no more than that (AWS
//! Organizations API Reference). The organization's own policies that AWS manages cannot be changed.

use crate::iam::ContextKeys;
use crate::sandbox::call::{Call, text};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::wire::Reply;
use crate::sandbox::world::{Organization, OrganizationPolicy, PolicyText};
use serde_json::{Value, json};

/// How many characters a service control policy can have (AWS Organizations User Guide, "Quotas").
const SIZE: usize = 5_120;

/// Answers a call to Organizations.
pub(super) fn answer(call: &Call<'_>) -> Result<Reply, Refusal> {
    let body = call.body()?;
    match call.operation.name {
        "organizations:DescribePolicy" => {
            let policy = policy(call, &body)?;
            Ok(Reply::json_rpc(&json!({ "Policy": describe(policy) })))
        }
        "organizations:UpdatePolicy" => update(call, &body),
        _ => list(call, &body),
    }
}

/// Returns the organization, where the caller manages it.
fn organization<'a>(call: &Call<'a>) -> Result<&'a Organization, Refusal> {
    let organization = call.world().organization.as_ref().ok_or_else(|| {
        let text = "Your account is not a member of an organization.";
        Refusal::service(400, "AWSOrganizationsNotInUseException", text)
    })?;
    if call.caller.facts.arn.account != organization.management_account {
        let text = "You don't have permissions to access this resource.";
        return Err(Refusal::service(400, "AccessDeniedException", text));
    }
    Ok(organization)
}

/// Authorizes a call on the policy that it names, and finds the policy.
fn policy<'a>(call: &Call<'a>, body: &Value) -> Result<&'a OrganizationPolicy, Refusal> {
    organization(call)?;
    let id = text(body, "PolicyId");
    let found = call.world().service_control_policies().into_iter().map(|(_, policy)| policy);
    let found = found.into_iter().find(|policy| policy.arn.resource.rsplit('/').next() == Some(id));
    let arn = found.map(|policy| policy.arn.to_string());
    let keys = ContextKeys::new().with("organizations:PolicyType", "SERVICE_CONTROL_POLICY");
    call.require(call.operation.name, arn.as_deref().unwrap_or("*"), arn.as_deref(), &keys)?;
    found.ok_or_else(|| {
        let message = format!("You specified a policy that doesn't exist: {id}");
        Refusal::service(400, "PolicyNotFoundException", message)
    })
}

fn update(call: &Call<'_>, body: &Value) -> Result<Reply, Refusal> {
    let policy = policy(call, body)?;
    if is_aws_managed(policy) {
        let text = "You can't change a policy that AWS manages.";
        return Err(Refusal::service(400, "ConstraintViolationException", text));
    }
    let Some(content) = body.get("Content").and_then(Value::as_str) else {
        return Ok(Reply::json_rpc(&json!({ "Policy": describe(policy) })));
    };
    let malformed = || {
        let text = "The provided policy document does not meet the requirements of the specified policy type.";
        Refusal::service(400, "MalformedPolicyDocumentException", text)
    };
    let document = PolicyText::parse(content).ok_or_else(malformed)?;
    if content.chars().count() > SIZE {
        let text = format!("You have exceeded the maximum policy size of {SIZE} bytes.");
        return Err(Refusal::service(400, "ConstraintViolationException", text));
    }
    call.account.write(|world| {
        world.set_service_control_policy(&policy.arn, &document);
        Ok(())
    })?;
    let changed = OrganizationPolicy { document, ..policy.clone() };
    Ok(Reply::json_rpc(&json!({ "Policy": describe(&changed) })))
}

fn list(call: &Call<'_>, body: &Value) -> Result<Reply, Refusal> {
    let organization = organization(call)?;
    let keys = ContextKeys::new().with("organizations:PolicyType", text(body, "Filter"));
    call.require(call.operation.name, "*", None, &keys)?;
    if text(body, "Filter") != "SERVICE_CONTROL_POLICY" {
        return Ok(Reply::json_rpc(&json!({ "Policies": [] })));
    }
    let target = body.get("TargetId").and_then(Value::as_str);
    let policies: Vec<Value> = match target {
        None => call.world().service_control_policies().into_iter().map(|(_, policy)| summary(policy)).collect(),
        Some(target) => {
            let depth = (0..organization.levels.len())
                .find(|depth| organization.target(*depth, &call.world().account).as_deref() == Some(target));
            let level = depth.and_then(|depth| organization.levels.get(depth)).ok_or_else(|| {
                let text = "We can't find a root, OU, account, or policy with the TargetId that you specified.";
                Refusal::service(400, "TargetNotFoundException", text)
            })?;
            level.iter().map(summary).collect()
        }
    };
    Ok(Reply::json_rpc(&json!({ "Policies": policies })))
}

fn is_aws_managed(policy: &OrganizationPolicy) -> bool {
    policy.arn.account == "aws"
}

fn summary(policy: &OrganizationPolicy) -> Value {
    json!({
        "Id": policy.arn.resource.rsplit('/').next(),
        "Arn": policy.arn.to_string(),
        "Name": policy.name,
        "Type": "SERVICE_CONTROL_POLICY",
        "AwsManaged": is_aws_managed(policy),
    })
}

fn describe(policy: &OrganizationPolicy) -> Value {
    json!({ "PolicySummary": summary(policy), "Content": policy.document.as_str() })
}
