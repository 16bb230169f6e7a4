//! The account to observe: AWS, as the user's environment configures it, or the embedded one; and its service clients.
//!
//! For the embedded account nothing of the user's environment is read: no variable, profile, metadata service or proxy.

use super::api::AllowListedApis;
use super::api_key::Bearer;
use super::endpoint::Route;
use super::response::{CaptureRequestId, StrictBody};
use super::signed::Signer;
use crate::bedrock::Region;
use crate::evidence::RuntimeEndpoint;
use crate::iam::Arn;
use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use std::time::Duration;

/// The longest pause before a call is made again, also where a service asks for more.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Which account to observe.
#[derive(Debug)]
pub enum Account {
    /// AWS, with the credentials that the environment and the config files give.
    Aws {
        /// The profile that the user named; it takes precedence over credentials in environment variables.
        profile: Option<String>,
        /// Credentials from elsewhere, which take precedence over all of these.
        given: GivenCredentials,
    },
    /// An account embedded in this program, reached over loopback.
    Embedded(EmbeddedAccount),
}

/// Credentials that stand in neither the environment nor the AWS config files, such as those of a client's settings.
#[derive(Clone, Default)]
pub struct GivenCredentials {
    /// An access key's id, its secret key, and the token of a session.
    pub keys: Option<(String, String, Option<String>)>,
    /// The Bedrock API key.
    pub api_key: GivenApiKey,
}

/// Which Bedrock API key calls to Bedrock bear.
#[derive(Clone, Default)]
pub enum GivenApiKey {
    /// The one in the environment, if there is one.
    #[default]
    Environment,
    /// None, whatever the environment holds.
    Nothing,
    /// This one.
    Key(String),
}

impl std::fmt::Debug for GivenCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GivenCredentials").finish_non_exhaustive()
    }
}

/// Where an embedded account listens and who calls it.
#[derive(Clone)]
pub struct EmbeddedAccount {
    /// The world's name.
    pub world: String,
    /// Its endpoint, `http://127.0.0.1:PORT`.
    pub endpoint: String,
    /// The caller's access key id.
    pub access_key_id: String,
    /// The caller's secret key, which opens nothing.
    pub secret_access_key: String,
    /// The caller's session token, if it is a role's session.
    pub session_token: Option<String>,
    /// The Bedrock API key that the caller's calls to Bedrock bear instead of a signature.
    pub bearer_token: Option<String>,
    /// What the host name of the runtime resolves to in the world.
    pub runtime: RuntimeEndpoint,
    /// The fixed time of the world, RFC 3339 in UTC.
    pub observed_at: String,
}

impl std::fmt::Debug for EmbeddedAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmbeddedAccount").field("world", &self.world).finish_non_exhaustive()
    }
}

/// A role whose credentials are used instead of the account's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleToAssume {
    /// The role.
    pub arn: Arn,
    /// The external id that its trust policy asks for.
    pub external_id: Option<String>,
}

/// The service clients for one Region; they share credentials and connections.
#[derive(Debug)]
pub(super) struct Clients {
    pub(super) sts: aws_sdk_sts::Client,
    pub(super) iam: aws_sdk_iam::Client,
    pub(super) simulator: aws_sdk_iam::Client,
    pub(super) toolbox: aws_sdk_iamtoolbox::Client,
    pub(super) bedrock: aws_sdk_bedrock::Client,
    pub(super) runtime: aws_sdk_bedrockruntime::Client,
    /// Calls to services that have no client here.
    pub(super) signer: Signer,
    /// The host of every service, if one override is configured for all.
    endpoint: Option<String>,
    pub(super) region: String,
    /// Where the runtime is.
    pub(super) route: Route,
    /// The name of the Lambda function that this program runs in.
    pub(super) lambda_function: Option<String>,
    /// Whether there are credentials to sign with, in addition to an API key.
    pub(super) signs: bool,
}

impl Clients {
    /// Returns the endpoint of a service, as failures name it.
    pub(super) fn endpoint(&self, service: &str) -> String {
        self.endpoint_in(service, &self.region)
    }

    /// Returns the endpoint of a service in a Region, likewise.
    pub(super) fn endpoint_in(&self, service: &str, region: &str) -> String {
        match &self.endpoint {
            Some(url) => url.clone(),
            None if service == "iam" => "iam".to_owned(),
            None => format!("{service}.{region}"),
        }
    }
}

/// Returns only the scheme, host and port of a URL, so that credentials in it are never recorded.
fn origin(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}")
}

pub(super) fn embedded_config(embedded: &EmbeddedAccount, http: SharedHttpClient) -> SdkConfig {
    let credentials = aws_credential_types::Credentials::new(
        embedded.access_key_id.clone(),
        embedded.secret_access_key.clone(),
        embedded.session_token.clone(),
        None,
        "sandbox",
    );
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(&embedded.endpoint)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(http)
        .sleep_impl(aws_smithy_async::rt::sleep::TokioSleep::new())
        .time_source(aws_smithy_async::time::SystemTimeSource::new())
        .build()
}

/// Makes the clients; `bearer` says which calls to Bedrock bear an API key instead of a signature.
pub(super) fn clients(
    config: &SdkConfig,
    region: &Region,
    reads_environment: bool,
    patient: bool,
    bearer: &Bearer,
) -> Clients {
    let variable = |name: &str| reads_environment.then(|| std::env::var(name).ok()).flatten().filter(|v| !v.is_empty());
    // Many diagnoses together meet the rate limits, which the adaptive mode keeps to.
    let (retries, attempts) = if patient { (RetryConfig::adaptive(), 5) } else { (RetryConfig::standard(), 2) };
    let brief = retries
        .with_max_attempts(attempts)
        .with_initial_backoff(Duration::from_millis(100))
        .with_max_backoff(LONGEST_PAUSE);
    Clients {
        sts: aws_sdk_sts::Client::from_conf(
            aws_sdk_sts::config::Builder::from(config)
                .interceptor(AllowListedApis)
                .interceptor(StrictBody)
                .interceptor(CaptureRequestId)
                .retry_config(brief.clone())
                .build(),
        ),
        iam: aws_sdk_iam::Client::from_conf(
            aws_sdk_iam::config::Builder::from(config)
                .interceptor(AllowListedApis)
                .interceptor(StrictBody)
                .interceptor(CaptureRequestId)
                .retry_config(brief.clone())
                .build(),
        ),
        // This program repeats simulations itself, and keeps the reason of every refusal.
        simulator: aws_sdk_iam::Client::from_conf(
            aws_sdk_iam::config::Builder::from(config)
                .interceptor(AllowListedApis)
                .interceptor(StrictBody)
                .interceptor(CaptureRequestId)
                .retry_config(RetryConfig::disabled())
                .build(),
        ),
        // Likewise: a record that does not exist yet is looked up again.
        toolbox: aws_sdk_iamtoolbox::Client::from_conf(
            aws_sdk_iamtoolbox::config::Builder::from(config)
                .interceptor(AllowListedApis)
                .interceptor(CaptureRequestId)
                .interceptor(StrictBody)
                .retry_config(RetryConfig::disabled())
                .build(),
        ),
        bedrock: aws_sdk_bedrock::Client::from_conf(
            bearer
                .for_bedrock(config)
                .interceptor(AllowListedApis)
                .interceptor(StrictBody)
                .interceptor(CaptureRequestId)
                .retry_config(brief)
                .build(),
        ),
        // A test call is made once: a retry would be a second call that nobody asked for.
        runtime: aws_sdk_bedrockruntime::Client::from_conf(
            bearer
                .for_runtime(config)
                .interceptor(AllowListedApis)
                .interceptor(StrictBody)
                .interceptor(CaptureRequestId)
                .retry_config(RetryConfig::disabled())
                .build(),
        ),
        signer: Signer::of(config, reads_environment),
        endpoint: config.endpoint_url().map(origin),
        region: region.to_string(),
        route: Route::from_config(config),
        lambda_function: variable("AWS_LAMBDA_FUNCTION_NAME"),
        signs: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_named_without_what_it_may_hide() {
        for (url, expected) in [
            ("http://127.0.0.1:4566", "http://127.0.0.1:4566"),
            ("https://user:secret@host.example:8443/path?token=secret#x", "https://host.example:8443"),
            ("https://host?token=secret", "https://host"),
        ] {
            assert_eq!(origin(url), expected);
        }
    }
}
