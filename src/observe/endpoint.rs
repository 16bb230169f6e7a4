//! Where the runtime's host name leads from here: an interface endpoint of a VPC shows by its private addresses.
//!
//! Takes what the SDK is configured with and asks the system's resolver, no AWS API. Records the addresses and
//! judges nothing.

use super::call::Caller as Calls;
use super::skipped;
use crate::evidence::{Failure, FailureKind, Observation, RuntimeEndpoint, SkipReason};
use aws_config::SdkConfig;
use aws_sdk_bedrockruntime::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_types::service_config::ServiceConfigKey;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// The way to the runtime.
#[derive(Clone, Debug)]
pub(super) enum Route {
    /// Known from the beginning, as in an embedded account.
    Known(RuntimeEndpoint),
    /// Through the network of this machine.
    Network {
        /// The endpoint that the environment or the config files name for the runtime.
        named: Option<String>,
        /// What the endpoint without a name hangs on.
        parameters: Box<Option<Params>>,
    },
}

impl Route {
    /// Reads from the SDK's configuration where the runtime is.
    pub(super) fn of(config: &SdkConfig) -> Self {
        let key =
            ServiceConfigKey::builder().service_id("Bedrock Runtime").env("AWS_ENDPOINT_URL").profile("endpoint_url");
        let own = key.build().ok().and_then(|key| config.service_config()?.load_config(key));
        let named = own.or_else(|| config.endpoint_url().map(str::to_owned));
        let parameters = Params::builder()
            .set_region(config.region().map(ToString::to_string))
            .set_use_fips(config.use_fips())
            .set_use_dual_stack(config.use_dual_stack());
        Self::Network { named, parameters: Box::new(parameters.build().ok()) }
    }

    async fn host(&self) -> Option<String> {
        let url = match self {
            Self::Known(endpoint) => return Some(endpoint.host.clone()),
            Self::Network { named: Some(url), .. } => url.clone(),
            Self::Network { named: None, parameters } => {
                let parameters = Option::as_ref(parameters)?;
                DefaultResolver::new().resolve_endpoint(parameters).await.ok()?.url().to_owned()
            }
        };
        host_of(&url).map(str::to_owned)
    }
}

/// Finds out where the runtime's host name leads.
pub(super) async fn look(route: &Route, calls: &Calls) -> Observation<RuntimeEndpoint> {
    if let Route::Known(endpoint) = route {
        return Observation::Seen(endpoint.clone());
    }
    let Some(host) = route.host().await else {
        return skipped(SkipReason::EndpointUnknown);
    };
    if let Ok(address) = host.parse::<IpAddr>() {
        return Observation::Seen(RuntimeEndpoint { host, addresses: vec![address] });
    }
    if is_behind_a_proxy() {
        return skipped(SkipReason::BehindProxy);
    }
    // The resolver blocks a thread of its own, which nobody waits for once the time is over.
    let failure =
        |kind: FailureKind, detail: String| Observation::Failed(Failure { kind, endpoint: Some(host.clone()), detail });
    let looked_up = tokio::time::timeout_at(calls.until(), tokio::net::lookup_host((host.as_str(), 443))).await;
    let found = looked_up.map(|found| found.map(|found| found.map(|address| address.ip()).collect::<BTreeSet<_>>()));
    match found {
        Ok(Ok(found)) => Observation::Seen(RuntimeEndpoint { host, addresses: found.into_iter().collect() }),
        Ok(Err(error)) => failure(FailureKind::Unreachable, error.to_string()),
        Err(_) => failure(FailureKind::TimedOut, String::new()),
    }
}

/// Tells whether the environment names a proxy, for every host.
fn is_behind_a_proxy() -> bool {
    let is_set = |name: &&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let proxies = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    proxies.iter().any(is_set) && !["NO_PROXY", "no_proxy"].iter().any(is_set)
}

/// Returns the host in an URL, without port and brackets.
fn host_of(url: &str) -> Option<&str> {
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest).split(['/', '?', '#']).next()?;
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match authority.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next()?,
        None => authority.split(':').next()?,
    };
    (!host.is_empty()).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_what_stands_between_scheme_and_port() {
        for (url, host) in [
            ("https://bedrock-runtime.us-west-2.amazonaws.com", Some("bedrock-runtime.us-west-2.amazonaws.com")),
            ("http://127.0.0.1:4566/x", Some("127.0.0.1")),
            ("http://[fd00::1]:443", Some("fd00::1")),
            ("https://user:secret@host.example?x", Some("host.example")),
            ("https://", None),
        ] {
            assert_eq!(host_of(url), host, "{url}");
        }
    }
}
