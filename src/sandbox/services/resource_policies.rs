//! Policies of resources behind an operation, for reading: KMS keys, S3 buckets, ECR repositories.
//!
//! Each service has its own protocol and its own error for a resource without a policy (API References of AWS KMS,
//! Amazon S3 and Amazon ECR).

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
    let found = policy(call, &arn)?
        .flatten()
        .ok_or_else(|| Refusal::service(400, "NotFoundException", format!("Key '{arn}' does not exist")))?;
    Ok(Reply::json_rpc(&json!({ "Policy": found.as_str(), "PolicyName": "default" })))
}

fn bucket_policy(call: &Call<'_>) -> Result<Reply, Refusal> {
    let arn = Arn::new(call.world().partition(), "s3", "", "", &call.operation.label).to_string();
    match policy(call, &arn)? {
        Some(Some(found)) => Ok(Reply::new(200, "application/json", found.as_str().as_bytes().to_vec())),
        Some(None) => Err(Refusal::service(404, "NoSuchBucketPolicy", "The bucket policy does not exist")),
        None => Err(Refusal::service(404, "NoSuchBucket", "The specified bucket does not exist")),
    }
}

fn repository_policy(call: &Call<'_>) -> Result<Reply, Refusal> {
    let body = call.body()?;
    let (name, own) = (text(&body, "repositoryName"), call.world().account.as_str());
    let registry = body.get("registryId").and_then(serde_json::Value::as_str).unwrap_or(own);
    let arn = Arn::new(call.world().partition(), "ecr", &call.caller.region, registry, &format!("repository/{name}"));
    let missing = |code: &str, what: &str| {
        let message = format!("{what} for the repository with name '{name}' in the registry with id '{registry}'");
        Refusal::service(400, code, message)
    };
    match policy(call, &arn.to_string())? {
        Some(Some(found)) => Ok(Reply::json_rpc(&json!({
            "registryId": registry, "repositoryName": name, "policyText": found.as_str(),
        }))),
        Some(None) => Err(missing("RepositoryPolicyNotFoundException", "Repository policy does not exist")),
        None => Err(Refusal::service(
            400,
            "RepositoryNotFoundException",
            format!("The repository with name '{name}' does not exist in the registry with id '{registry}'"),
        )),
    }
}
