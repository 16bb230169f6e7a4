//! Policies of resources behind an operation, for reading: KMS keys, S3 buckets, ECR repositories.
//!
//! Each service has its own protocol and its own error for a resource without a policy (API References of AWS KMS,
//! Amazon S3 and Amazon ECR). A resource that the world does not name is as AWS makes one: a bucket and a repository without a
//! policy, a key with the default key policy.

use crate::iam::{Arn, ContextKeys};
use crate::sandbox::call::{Call, text};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::wire::{Reply, Service};
use crate::sandbox::world::PolicyText;
use serde_json::json;

/// Answers a call that reads a policy.
pub(super) fn answer(call: &Call<'_>) -> Result<Reply, Refusal> {
    match call.service {
        Service::Kms => key_policy(call),
        Service::S3 => bucket_policy(call),
        _ => repository_policy(call),
    }
}

/// Authorizes the call on a resource, and finds what the world says of its policy.
fn policy<'a>(call: &Call<'a>, arn: &str) -> Result<Option<Option<&'a PolicyText>>, Refusal> {
    let policy = call.world().resource_policy(arn);
    call.require_on(call.operation.name, arn, &ContextKeys::new(), policy)?;
    Ok(policy)
}

fn key_policy(call: &Call<'_>) -> Result<Reply, Refusal> {
    let body = call.body()?;
    let id = text(&body, "KeyId");
    let arn =
        if id.starts_with("arn:") { id.to_owned() } else { call.own_arn("kms", &format!("key/{id}")).to_string() };
    let default = default_key_policy(call);
    let named = call.world().resource_policy(&arn).unwrap_or(default.as_ref());
    call.require_on(call.operation.name, &arn, &ContextKeys::new(), Some(named))?;
    match named {
        Some(found) => Ok(Reply::json_rpc(&json!({ "Policy": found.as_str(), "PolicyName": "default" }))),
        None => Err(Refusal::service(400, "NotFoundException", format!("Key '{arn}' does not exist"))),
    }
}

/// Returns the policy of a key that was made without one (AWS KMS Developer Guide, "Default key policy").
fn default_key_policy(call: &Call<'_>) -> Option<PolicyText> {
    let root = Arn::new(call.world().partition(), "iam", "", &call.world().account, "root");
    let policy = json!({
        "Version": "2012-10-17",
        "Id": "key-default-1",
        "Statement": {
            "Sid": "Enable IAM User Permissions", "Effect": "Allow", "Principal": { "AWS": root.to_string() },
            "Action": "kms:*", "Resource": "*",
        },
    });
    PolicyText::parse(&policy.to_string())
}

fn bucket_policy(call: &Call<'_>) -> Result<Reply, Refusal> {
    let arn = Arn::new(call.world().partition(), "s3", "", "", &call.operation.label).to_string();
    match policy(call, &arn)? {
        Some(Some(found)) => Ok(Reply::new(200, "application/json", found.as_str().as_bytes().to_vec())),
        Some(None) | None => Err(Refusal::service(404, "NoSuchBucketPolicy", "The bucket policy does not exist")),
    }
}

fn repository_policy(call: &Call<'_>) -> Result<Reply, Refusal> {
    let body = call.body()?;
    let (name, own) = (text(&body, "repositoryName"), call.world().account.as_str());
    let registry = body.get("registryId").and_then(serde_json::Value::as_str).unwrap_or(own);
    let arn = Arn::new(call.world().partition(), "ecr", &call.caller.region, registry, &format!("repository/{name}"));
    match policy(call, &arn.to_string())? {
        Some(Some(found)) => Ok(Reply::json_rpc(&json!({
            "registryId": registry, "repositoryName": name, "policyText": found.as_str(),
        }))),
        Some(None) | None => Err(Refusal::service(
            400,
            "RepositoryPolicyNotFoundException",
            format!(
                "Repository policy does not exist for the repository with name '{name}' in the registry with id '{registry}'"
            ),
        )),
    }
}
