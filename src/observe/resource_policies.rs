//! The policies of buckets and keys that a call names, which the policy simulator does not know.
//!
//! Read by `s3:GetBucketPolicy` and `kms:GetKeyPolicy`; each that cannot be read is recorded as such. A key that is named by
//! its alias is left out: the API takes none (KMS API Reference, "GetKeyPolicy").

use super::account::Clients;
use super::api::Api;
use super::body;
use super::call_runner::{CallRunner, unreadable};
use super::signed::{Message, Service, buffered, json_error, not_sent, refused};
use crate::bedrock::Region;
use crate::evidence::{Observation, ResourcePolicy};
use crate::iam::Arn;
use crate::request::Request;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ErrorMetadata;
use futures_util::future::join_all;
use serde_json::json;
use std::sync::Arc;

const TARGET: &str = "TrentService.GetKeyPolicy";

/// The largest policy that is taken for one, in bytes; AWS's own limits are 20 kB (S3) and 32 kB (KMS).
const LARGEST: usize = 256 << 10;

/// What a service answered: its policy, or that the resource has none.
type Found = Result<Option<String>, SdkError<ErrorMetadata, HttpResponse>>;

/// Reads the policy of every bucket and key that the request names, each once, in the order of the resources.
pub(super) async fn observe(clients: &Clients, calls: &CallRunner, request: &Request) -> Vec<ResourcePolicy> {
    let mut resources: Vec<Arn> = Vec::new();
    for arn in request.resources.iter().filter_map(with_policy) {
        if !resources.contains(&arn) {
            resources.push(arn);
        }
    }
    if !clients.signs {
        return Vec::new();
    }
    let reads = resources.into_iter().map(|resource| (calls.branch(), resource));
    join_all(reads.map(|(calls, resource)| async move {
        let document = read(clients, &calls, request, &resource).await;
        ResourcePolicy { resource, document }
    }))
    .await
}

/// Returns the resource that holds the policy: the bucket of an object, the key itself.
fn with_policy(arn: &Arn) -> Option<Arn> {
    match (arn.service.as_str(), arn.resource_type()) {
        ("s3", _) => {
            let bucket = arn.resource.split('/').next().filter(|name| !name.is_empty() && !name.contains('*'))?;
            Some(Arn { resource: bucket.to_owned(), ..arn.clone() })
        }
        ("kms", "key") => Some(arn.clone()),
        _ => None,
    }
}

async fn read(clients: &Clients, calls: &CallRunner, request: &Request, resource: &Arn) -> Observation<Option<String>> {
    let is_bucket = resource.service == "s3";
    let (api, service) =
        if is_bucket { (Api::GetBucketPolicy, Service::S3) } else { (Api::GetKeyPolicy, Service::Kms) };
    let region = resource.region.parse::<Region>().unwrap_or_else(|_| request.region.clone());
    let endpoint = clients.endpoint_in(if is_bucket { "s3" } else { "kms" }, region.as_str());
    let call = || async {
        let (path, body) = if is_bucket {
            (format!("/{}?policy", resource.resource), String::new())
        } else {
            ("/".to_owned(), json!({"KeyId": resource.to_string(), "PolicyName": "default"}).to_string())
        };
        let headers: &[(&str, &str)] = match is_bucket {
            true => &[],
            false => &[("content-type", "application/x-amz-json-1.1"), ("x-amz-target", TARGET)],
        };
        let message = Message { method: if is_bucket { "GET" } else { "POST" }, path: &path, headers, body: &body };
        let answer = clients.signer.send(service, &region, &message).await.map_err(not_sent)?;
        let answer = buffered(answer).await?;
        if is_bucket { bucket_policy(answer) } else { key_policy(answer) }
    };
    let name = resource.to_string();
    let answer = calls.to(api, &endpoint).shared(&[&name]).ask(call).await;
    answer.and_then(|policy: Arc<Option<String>>| {
        let is_policy = |text: &String| matches!(body::json(text.as_bytes()), Ok(body::Node::Object(_)));
        match policy.as_ref() {
            Some(text) if text.len() > LARGEST || !is_policy(text) => {
                unreadable(&endpoint, "the answer does not hold a policy")
            }
            policy => Observation::Seen(policy.clone()),
        }
    })
}

#[expect(clippy::result_large_err, reason = "the error is the one that clients of the SDK return")]
fn bucket_policy(answer: HttpResponse) -> Found {
    let bytes = answer.body().bytes().unwrap_or_default();
    if answer.status().as_u16() == 200 {
        return Ok(Some(String::from_utf8_lossy(bytes).into_owned()));
    }
    let error = body::xml(bytes).ok().filter(|(root, _)| root == "Error").map(|(_, error)| error);
    let text = |name: &str| error.as_ref()?.get(name)?.text().map(str::to_owned);
    let code = text("Code");
    if code.as_deref() == Some("NoSuchBucketPolicy") {
        return Ok(None);
    }
    Err(refused(code, text("Message"), answer))
}

#[expect(clippy::result_large_err, reason = "the error is the one that clients of the SDK return")]
fn key_policy(answer: HttpResponse) -> Found {
    if answer.status().as_u16() == 200 {
        let document = body::json(answer.body().bytes().unwrap_or_default());
        let policy = document.as_ref().ok().and_then(|document| document.get("Policy")?.text());
        // Without a policy it is no answer of the API, and the empty text is no policy.
        return Ok(Some(policy.unwrap_or_default().to_owned()));
    }
    Err(json_error(answer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_belongs_to_the_bucket_and_to_the_key() {
        let held = |arn: &str| with_policy(&arn.parse().unwrap()).map(|arn| arn.to_string());
        assert_eq!(held("arn:aws:s3:::data/in/a.jsonl").as_deref(), Some("arn:aws:s3:::data"));
        assert_eq!(held("arn:aws:s3:::data").as_deref(), Some("arn:aws:s3:::data"));
        let key = "arn:aws:kms:us-west-2:111122223333:key/1234abcd";
        assert_eq!(held(key).as_deref(), Some(key));
        for other in
            ["arn:aws:s3:::*", "arn:aws:kms:us-west-2:111122223333:alias/a", "arn:aws:iam::111122223333:role/a"]
        {
            assert_eq!(held(other), None);
        }
    }
}
