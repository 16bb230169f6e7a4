//! IAM Identity Center: permission sets, their inline policies, and provisioning.
//!
//! A permission set has one inline policy, which a write replaces. The role of the account changes only when the set
//! is provisioned (IAM Identity Center API Reference, "PutInlinePolicyToPermissionSet", Note). Within an organization
//! the instance belongs to the management account.

use crate::iam::{Arn, ContextKeys};
use crate::sandbox::call::{Call, text};
use crate::sandbox::ids;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::wire::Reply;
use crate::sandbox::world::{AttachedPolicy, PermissionSet, PolicyText};
use serde_json::{Value, json};

/// The name that Identity Center gives the inline policy of a role.
const INLINE: &str = "AwsSSOInlinePolicy";

/// Seconds since 1970 at which every set was made and provisioned.
const CREATED: f64 = 1_768_467_600.0;

/// Answers a call to Identity Center.
pub(super) fn answer(call: &Call<'_>) -> Result<Reply, Refusal> {
    owner(call)?;
    let body = call.body()?;
    match call.operation.name {
        "sso:ListInstances" => list_instances(call),
        "sso:ListPermissionSets" => list_sets(call, &body),
        "sso:DescribePermissionSetProvisioningStatus" => {
            let instance = text(&body, "InstanceArn");
            call.require(call.operation.name, instance, Some(instance), &ContextKeys::new())?;
            let id = text(&body, "ProvisionPermissionSetRequestId");
            Ok(Reply::json_rpc(
                &json!({ "PermissionSetProvisioningStatus": { "Status": "SUCCEEDED", "RequestId": id } }),
            ))
        }
        "sso:ProvisionPermissionSet" => provision(call, &body),
        name => {
            let set = permission_set(call, &body)?;
            match name {
                "sso:DescribePermissionSet" => Ok(Reply::json_rpc(&json!({ "PermissionSet": {
                    "Name": set.name, "PermissionSetArn": set.arn.to_string(), "CreatedDate": CREATED,
                    "SessionDuration": "PT1H",
                } }))),
                "sso:GetInlinePolicyForPermissionSet" => {
                    let policy = set.inline_policy.as_ref().map_or("", PolicyText::as_str);
                    Ok(Reply::json_rpc(&json!({ "InlinePolicy": policy })))
                }
                "sso:PutInlinePolicyToPermissionSet" => {
                    let policy = PolicyText::parse(text(&body, "InlinePolicy")).ok_or_else(|| {
                        Refusal::service(
                            400,
                            "ValidationException",
                            "Received a 400 status error: Malformed policy document.",
                        )
                    })?;
                    put(call, &set.arn, Some(policy))
                }
                _ => put(call, &set.arn, None),
            }
        }
    }
}

/// Refuses callers outside the account that owns the instance.
fn owner(call: &Call<'_>) -> Result<(), Refusal> {
    let world = call.world();
    let owner = world.organization.as_ref().map_or(&world.account, |organization| &organization.management_account);
    if call.caller.facts.arn.account == *owner {
        return Ok(());
    }
    let message = format!(
        "User: {} is not authorized to perform: {} because no identity-based policy allows the {} action",
        call.caller.arn(),
        call.operation.name,
        call.operation.name
    );
    Err(Refusal::service(400, "AccessDeniedException", message))
}

/// Authorizes the call on the permission set that it names, and finds the set.
fn permission_set<'a>(call: &Call<'a>, body: &Value) -> Result<&'a PermissionSet, Refusal> {
    let arn = text(body, "PermissionSetArn");
    call.require(call.operation.name, arn, Some(arn), &ContextKeys::new())?;
    let instance = text(body, "InstanceArn");
    call.require(call.operation.name, instance, Some(instance), &ContextKeys::new())?;
    let mut sets = call.world().permission_sets.iter();
    sets.find(|set| set.arn.to_string() == arn && set.instance().to_string() == instance)
        .ok_or_else(|| Refusal::service(400, "ResourceNotFoundException", "Could not find the permission set."))
}

fn put(call: &Call<'_>, arn: &Arn, policy: Option<PolicyText>) -> Result<Reply, Refusal> {
    call.account.write(|world| {
        if let Some(set) = world.permission_sets.iter_mut().find(|set| set.arn == *arn) {
            set.inline_policy = policy;
        }
        Ok(())
    })?;
    Ok(Reply::json_rpc(&json!({})))
}

fn provision(call: &Call<'_>, body: &Value) -> Result<Reply, Refusal> {
    let set = permission_set(call, body)?;
    let account = &call.world().account;
    let is_for_account = text(body, "TargetType") == "AWS_ACCOUNT";
    if is_for_account && text(body, "TargetId") != account {
        let text = "The permission set is not provisioned in the target account.";
        return Err(Refusal::service(400, "ResourceNotFoundException", text));
    }
    call.account.write(|world| {
        let policy = set.inline_policy.clone();
        let role = world.principal_mut(&set.role).ok_or_else(|| Refusal::internal(call.service))?;
        role.policies.retain(|known| known.name != INLINE);
        role.policies.extend(policy.map(|document| AttachedPolicy { name: INLINE.to_owned(), document }));
        Ok(())
    })?;
    let status = json!({
        "Status": "IN_PROGRESS", "RequestId": ids::request_id(ids::of(&[call.request_id.as_bytes()]), 1),
        "AccountId": account, "PermissionSetArn": set.arn.to_string(), "CreatedDate": CREATED,
    });
    Ok(Reply::json_rpc(&json!({ "PermissionSetProvisioningStatus": status })))
}

fn list_instances(call: &Call<'_>) -> Result<Reply, Refusal> {
    call.require(call.operation.name, "*", None, &ContextKeys::new())?;
    let mut instances: Vec<String> =
        call.world().permission_sets.iter().map(|set| set.instance().to_string()).collect();
    instances.sort();
    instances.dedup();
    let described: Vec<Value> = instances
        .iter()
        .map(|arn| {
            json!({
                "InstanceArn": arn, "IdentityStoreId": "d-0000000000", "Status": "ACTIVE", "CreatedDate": CREATED,
                "OwnerAccountId": call.caller.facts.arn.account,
            })
        })
        .collect();
    Ok(Reply::json_rpc(&json!({ "Instances": described })))
}

fn list_sets(call: &Call<'_>, body: &Value) -> Result<Reply, Refusal> {
    let instance = text(body, "InstanceArn");
    call.require(call.operation.name, instance, Some(instance), &ContextKeys::new())?;
    let sets = call.world().permission_sets.iter().filter(|set| set.instance().to_string() == instance);
    let arns: Vec<String> = sets.map(|set| set.arn.to_string()).collect();
    Ok(Reply::json_rpc(&json!({ "PermissionSets": arns })))
}
