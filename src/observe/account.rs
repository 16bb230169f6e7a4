//! The account to look at: AWS, as the user's environment configures it, or the embedded one.
//!
//! For AWS, the environment and the config files of the AWS SDK work as everywhere. For the embedded account
//! nothing of the user's environment is read: no variable, profile, metadata service or proxy.

use super::answer::{NotesRequestId, WholeXml};
use super::api::OnlyListed;
use super::api_key::{self, Bearer};
use super::call::{Caller, innermost};
use super::endpoint::Route;
use super::events::Trail;
use crate::bedrock::Region;
use crate::evidence::{Credentials, Failure, FailureKind, RuntimeEndpoint};
use crate::iam::Arn;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::credential_feature::AwsCredentialFeature;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The longest pause before a call is made again, also where a service asks for more.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Which account to look at.
#[derive(Debug)]
pub enum Account {
    /// AWS, with the credentials that the environment and the config files give.
    Aws {
        /// The profile that the user named; it outranks credentials in environment variables.
        profile: Option<String>,
    },
    /// An account embedded in this program, reached over loopback.
    Embedded(EmbeddedAccount),
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
    /// The caller's session token, where it is a role's session.
    pub session_token: Option<String>,
    /// The Bedrock API key that the caller's calls to Bedrock bear instead of a signature.
    pub bearer_token: Option<String>,
    /// Where the host name of the runtime leads in the world.
    pub runtime: RuntimeEndpoint,
    /// The time that stands still in the world, RFC 3339 in UTC.
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
    /// Where the event history is.
    pub(super) trail: Trail,
    /// The host of every service, where one override serves all.
    endpoint: Option<String>,
    pub(super) region: String,
    /// Where the runtime is.
    pub(super) route: Route,
    /// The name of the Lambda function that this program runs in.
    pub(super) lambda_function: Option<String>,
    /// There are credentials to sign with; without them only the API key speaks.
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

/// Returns an URL's scheme, host and port; a user, a password or a token in it are nobody's business.
fn origin(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}")
}

/// Finds the Region that the environment or the profile configures, within the time given.
pub async fn default_region(profile: Option<&str>, within: Duration) -> Option<String> {
    let mut chain = aws_config::default_provider::region::DefaultRegionChain::builder();
    if let Some(profile) = profile {
        chain = chain.profile_name(profile);
    }
    // On a thread of its own: a config file may be a pipe that nobody writes to.
    let chain = chain.build();
    let runtime = tokio::runtime::Handle::current();
    let looking = tokio::task::spawn_blocking(move || runtime.block_on(chain.region()));
    let region = tokio::time::timeout(within, looking).await.ok()?.ok().flatten()?;
    Some(region.to_string())
}

/// Reads environment and config files, on a thread of its own: a config file may be a pipe that nobody writes to.
pub(super) async fn aws_sdk_config(profile: Option<String>, region: &Region, calls: &Caller) -> Option<SdkConfig> {
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .region(aws_config::Region::new(region.to_string()))
        .http_client(calls.traffic.aws.clone())
        // The clients have their own; read from the environment, a value that is none would end the SDK's thread.
        .retry_config(RetryConfig::standard());
    if let Some(profile) = profile {
        // A profile that was named on the command line outranks access keys in the environment.
        let provider = ProfileFileCredentialsProvider::builder().profile_name(&profile).build();
        loader = loader.profile_name(profile).credentials_provider(provider);
    }
    let runtime = tokio::runtime::Handle::current();
    let loading = tokio::task::spawn_blocking(move || runtime.block_on(loader.load()));
    tokio::time::timeout_at(calls.until(), loading).await.ok()?.ok()
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
                .interceptor(OnlyListed)
                .interceptor(WholeXml)
                .interceptor(NotesRequestId)
                .retry_config(brief.clone())
                .build(),
        ),
        iam: aws_sdk_iam::Client::from_conf(
            aws_sdk_iam::config::Builder::from(config)
                .interceptor(OnlyListed)
                .interceptor(WholeXml)
                .interceptor(NotesRequestId)
                .retry_config(brief.clone())
                .build(),
        ),
        // The simulator is asked again by this program, which keeps the reason of every refusal.
        simulator: aws_sdk_iam::Client::from_conf(
            aws_sdk_iam::config::Builder::from(config)
                .interceptor(OnlyListed)
                .interceptor(WholeXml)
                .interceptor(NotesRequestId)
                .retry_config(RetryConfig::disabled())
                .build(),
        ),
        // Likewise: what is not recorded yet is asked for again.
        toolbox: aws_sdk_iamtoolbox::Client::from_conf(
            aws_sdk_iamtoolbox::config::Builder::from(config)
                .interceptor(OnlyListed)
                .interceptor(NotesRequestId)
                .interceptor(WholeXml)
                .retry_config(RetryConfig::disabled())
                .build(),
        ),
        bedrock: aws_sdk_bedrock::Client::from_conf(
            bearer
                .for_bedrock(config)
                .interceptor(OnlyListed)
                .interceptor(WholeXml)
                .interceptor(NotesRequestId)
                .retry_config(brief)
                .build(),
        ),
        // A test call is made once: a retry would be a second call that nobody asked for.
        runtime: aws_sdk_bedrockruntime::Client::from_conf(
            bearer
                .for_runtime(config)
                .interceptor(OnlyListed)
                .interceptor(WholeXml)
                .interceptor(NotesRequestId)
                .retry_config(RetryConfig::disabled())
                .build(),
        ),
        trail: Trail::of(config, region),
        endpoint: config.endpoint_url().map(origin),
        region: region.to_string(),
        route: Route::of(config),
        lambda_function: variable("AWS_LAMBDA_FUNCTION_NAME"),
        signs: true,
    }
}

pub(super) async fn load(
    config: &SdkConfig,
    profile: Option<&str>,
    calls: &Caller,
) -> Result<(Credentials, SharedCredentialsProvider), Failure> {
    let failure = |kind: FailureKind, detail: String| Failure { kind, endpoint: None, detail };
    let Some(provider) = config.credentials_provider() else {
        return Err(failure(FailureKind::NoCredentials, "no provider is configured".to_owned()));
    };
    let loaded = tokio::time::timeout_at(calls.until(), provider.provide_credentials()).await;
    let credentials = match loaded {
        Ok(Ok(credentials)) => credentials,
        Ok(Err(error)) => {
            let kind = match &error {
                CredentialsError::CredentialsNotLoaded(_) => FailureKind::NoCredentials,
                _ => FailureKind::CredentialsProvider,
            };
            return Err(failure(kind, without_output(&innermost(&error))));
        }
        Err(_) => {
            return Err(failure(
                FailureKind::CredentialsProvider,
                "a provider (a credential process, the metadata service, single sign-on) did not answer in time"
                    .to_owned(),
            ));
        }
    };
    let is_malformed = |key: &str| key.is_empty() || key.chars().any(|c| c.is_control() || c.is_whitespace());
    if is_malformed(credentials.access_key_id())
        || is_malformed(credentials.secret_access_key())
        || credentials.session_token().is_some_and(is_malformed)
    {
        let detail = "an access key, secret key or session token is empty or holds white space or a control character";
        return Err(failure(FailureKind::MalformedKeys, detail.to_owned()));
    }
    let features = credentials.get_property::<Vec<AwsCredentialFeature>>().cloned().unwrap_or_default();
    let named = profile.map(str::to_owned).or_else(|| std::env::var("AWS_PROFILE").ok());
    let described = Credentials {
        api_key: api_key::in_environment(Some(credentials.access_key_id())),
        source: source(&features, named.as_deref()),
        expires_at: credentials.expiry().and_then(|expiry| OffsetDateTime::from(expiry).format(&Rfc3339).ok()),
    };
    Ok((described, SharedCredentialsProvider::new(credentials)))
}

/// Cuts off what a credential process wrote: it may hold what nobody should see.
fn without_output(detail: &str) -> String {
    detail.split("Stderr:").next().unwrap_or_default().trim_end_matches(['.', ' ']).to_owned()
}

/// Names the source of credentials by the features that the SDK notes on them.
fn source(features: &[AwsCredentialFeature], profile: Option<&str>) -> String {
    use AwsCredentialFeature as Feature;
    let has = |wanted: &[Feature]| features.iter().any(|feature| wanted.contains(feature));
    let profile_name = profile.unwrap_or("default");
    let (source, from_profile) =
        if has(&[Feature::CredentialsEnvVarsStsWebIdToken, Feature::CredentialsStsAssumeRoleWebId]) {
            ("web identity", false)
        } else if has(&[Feature::CredentialsEnvVars]) {
            ("environment", false)
        } else if has(&[Feature::CredentialsProfileSso, Feature::CredentialsSso]) {
            ("SSO", true)
        } else if has(&[Feature::CredentialsProfileProcess, Feature::CredentialsProcess]) {
            ("process", true)
        } else if has(&[Feature::CredentialsProfileLogin, Feature::CredentialsLogin]) {
            ("login", true)
        } else if has(&[Feature::CredentialsProfileStsWebIdToken]) {
            ("web identity", true)
        } else if has(&[Feature::CredentialsImds]) {
            ("instance metadata", false)
        } else if has(&[Feature::CredentialsHttp]) {
            ("container", false)
        } else if has(&[Feature::CredentialsProfileSourceProfile, Feature::CredentialsStsAssumeRole]) {
            ("assumed role", true)
        } else if has(&[Feature::CredentialsProfile, Feature::CredentialsProfileNamedProvider]) {
            return format!("profile {profile_name}");
        } else {
            ("unknown source", false)
        };
    if from_profile { format!("{source} (profile {profile_name})") } else { source.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use AwsCredentialFeature as Feature;

    #[test]
    fn an_endpoint_is_named_without_what_it_may_hide() {
        for (url, expected) in [
            ("http://127.0.0.1:4566", "http://127.0.0.1:4566"),
            ("https://user:secret@host.example:8443/path?token=secret#x", "https://host.example:8443"),
            ("https://host?token=secret", "https://host"),
        ] {
            assert_eq!(origin(url), expected);
        }
        assert_eq!(without_output("it exited with code 1. Stderr: secret"), "it exited with code 1");
    }

    #[test]
    fn the_most_telling_feature_names_the_source() {
        for (features, profile, expected) in [
            (vec![Feature::CredentialsEnvVars], Some("dev"), "environment"),
            (vec![Feature::CredentialsProfile], Some("dev"), "profile dev"),
            (vec![Feature::CredentialsProfile], None, "profile default"),
            (vec![Feature::CredentialsSso, Feature::CredentialsProfile], Some("dev"), "SSO (profile dev)"),
            (
                vec![Feature::CredentialsProcess, Feature::CredentialsProfileProcess],
                Some("dev"),
                "process (profile dev)",
            ),
            (vec![Feature::CredentialsImds], None, "instance metadata"),
            (vec![Feature::CredentialsHttp], None, "container"),
            (
                vec![Feature::CredentialsProfileStsWebIdToken, Feature::CredentialsEnvVarsStsWebIdToken],
                None,
                "web identity",
            ),
            (vec![], None, "unknown source"),
        ] {
            assert_eq!(source(&features, profile), expected, "{features:?}");
        }
    }
}
