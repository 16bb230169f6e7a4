//! Which requests AWS can make at all: only these count when a statement is compared with its correction.
//!
//! A misspelt ARN matches itself, and no request has it. What AWS does not publish is taken for possible.

use super::super::query::parts;
use super::global_keys::GLOBAL_KEYS;
use super::published;
use crate::bedrock::{Region, ServiceAuthorization};

/// Returns `true` if a request can be authorized as an action.
pub(super) fn action(action: &str) -> bool {
    let Some((prefix, name)) = action.split_once(':') else { return false };
    match ServiceAuthorization::of(prefix) {
        // An action that no longer grants anything is not missed.
        Some(service) => service.action(name).is_some() && !name.eq_ignore_ascii_case(published::UNUSED),
        None => !prefix.to_ascii_lowercase().starts_with("bedrock") || prefix.eq_ignore_ascii_case("bedrock-agentcore"),
    }
}

/// Returns `true` if a request can be authorized on a resource.
pub(super) fn resource(resource: &str) -> bool {
    if resource == "*" {
        return true;
    }
    let Some([_, partition, service, region, account, rest]) = parts(resource) else { return false };
    if !service.starts_with("bedrock") {
        return true;
    }
    if ServiceAuthorization::of(service).is_none() {
        return service == "bedrock-agentcore";
    }
    let Some((kind, id)) = rest.split_once('/') else { return false };
    let is_region =
        |region: &str| region.parse::<Region>().is_ok_and(|parsed| parsed.partition().as_str() == partition);
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    published::types(service).iter().any(|known| known == kind)
        && match kind {
            "foundation-model" => {
                account.is_empty() && (region.is_empty() || is_region(region)) && published::is_whole_model_id(id)
            }
            "system-tool" => region.is_empty() && is_account,
            "inference-profile" => {
                is_region(region)
                    && is_account
                    && id.split_once('.').is_some_and(|(_, model)| published::is_whole_model_id(model))
            }
            "guardrail" => is_region(region) && is_account && !id.contains(':'),
            _ => is_region(region) && is_account,
        }
}

/// Returns `true` if an action can be authorized on a resource.
pub(super) fn pair(action: &str, resource: &str) -> bool {
    let Some((prefix, name)) = action.split_once(':') else { return false };
    let Some(service) = ServiceAuthorization::of(prefix) else { return true };
    let Some((_, action)) = service.action(name) else { return false };
    let mut kinds = action.resource_types().filter_map(|name| service.resource_type(name)).peekable();
    let Some([_, _, owner, .., rest]) = parts(resource) else {
        return kinds.peek().is_none() || resource == "*";
    };
    let kind = rest.split('/').next().unwrap_or(rest);
    kinds.any(|(_, form)| {
        let mut parts = form.arn.splitn(6, ':');
        parts.nth(2) == Some(owner) && parts.nth(2).and_then(|form| form.split(['/', '$']).next()) == Some(kind)
    })
}

/// Returns `true` if a request can carry a condition key with a value.
pub(super) fn key(key: &str, value: &str) -> bool {
    let lower = key.to_ascii_lowercase();
    let Some((prefix, _)) = lower.split_once(':') else { return false };
    let exists = match ServiceAuthorization::of(prefix) {
        Some(service) => service.condition_keys().any(|known| known.eq_ignore_ascii_case(key)),
        None if prefix == "aws" => GLOBAL_KEYS.iter().any(|known| match known.strip_suffix('/') {
            Some(_) => lower.strip_prefix(&known.to_ascii_lowercase()).is_some_and(|tag| !tag.is_empty()),
            None => known.eq_ignore_ascii_case(key),
        }),
        None => !prefix.starts_with("bedrock"),
    };
    exists && published::is_possible_value(key, value)
}

/// Returns `true` if a service can call.
pub(super) fn service(name: &str) -> bool {
    !published::is_endpoint(name)
}
