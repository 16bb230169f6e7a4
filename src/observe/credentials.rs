//! Loads the configuration and the credentials of the AWS SDK: from the environment, config files and providers.
//!
//! All of that runs on a thread of its own, under the deadline and a limit to memory: a config or token file may be a pipe
//! that nobody writes to, and a credential process may never stop printing. A provider that panics on an unusual
//! setting is a failure like any other. Error texts are kept without the output of processes and without secrets.

use super::api_key;
use super::call_runner::CallRunner;
use super::children::kill_descendants;
use super::kept_text::kept_text;
use super::sdk_error::innermost;
use crate::bedrock::Region;
use crate::evidence::{Credentials, Failure, FailureKind};
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::credential_feature::AwsCredentialFeature;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
use std::cell::Cell;
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::time::Instant;

/// How much the process may grow while credentials are loaded, in bytes; a token has some kilobytes.
const LARGEST_GROWTH: u64 = 128 << 20;

/// How often that is looked at.
const GROWTH_INTERVAL: Duration = Duration::from_millis(20);

/// The variables that name a file with a configuration or a token.
const FILES: [&str; 4] = [
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
];

/// The variables whose values must not appear in an error text, whole or behind `user:password@`.
const SECRETS: [&str; 7] = [
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    api_key::VARIABLE,
];

thread_local! {
    /// Whether a panic of this thread is caught and recorded as a failure.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Returns `true` if a panic of this thread is caught and recorded, so that nothing has to be printed about it.
#[must_use]
pub fn is_guarded_thread() -> bool {
    GUARDED.with(Cell::get)
}

/// Why work on a thread of its own did not end well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    TimedOut,
    TooMuch,
    Panicked,
}

/// Runs work on a thread of its own until it ends, the time is over, or the process has grown too much.
///
/// The thread of abandoned work is left behind; it ends with the process.
async fn on_own_thread<T, F>(work: F, until: Instant) -> Result<T, Trouble>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let runtime = tokio::runtime::Handle::current();
    let mut work = tokio::task::spawn_blocking(move || {
        GUARDED.with(|guarded| guarded.set(true));
        let done = runtime.block_on(work);
        GUARDED.with(|guarded| guarded.set(false));
        done
    });
    let before = resident();
    let mut looks = tokio::time::interval(GROWTH_INTERVAL);
    loop {
        tokio::select! {
            done = &mut work => return done.map_err(|_| Trouble::Panicked),
            () = tokio::time::sleep_until(until) => return Err(Trouble::TimedOut),
            _ = looks.tick() => {
                if resident().saturating_sub(before) > LARGEST_GROWTH {
                    // Whatever prints without an end.
                    kill_descendants();
                    return Err(Trouble::TooMuch);
                }
            }
        }
    }
}

/// Returns the memory that the process uses, in bytes; 0 where the system does not say.
fn resident() -> u64 {
    let status = if cfg!(target_os = "linux") { std::fs::read_to_string("/proc/self/status").ok() } else { None };
    let status = status.unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    let kilobytes = line.trim().strip_suffix("kB").unwrap_or_default().trim().parse::<u64>();
    kilobytes.unwrap_or_default().saturating_mul(1024)
}

/// Finds the Region that the environment or the profile configures, within the time given.
pub async fn default_region(profile: Option<&str>, within: Duration) -> Option<String> {
    if endless_file().is_some() {
        return None;
    }
    let mut chain = aws_config::default_provider::region::DefaultRegionChain::builder();
    if let Some(profile) = profile {
        chain = chain.profile_name(profile);
    }
    let chain = chain.build();
    let region = on_own_thread(async move { chain.region().await }, Instant::now() + within).await.ok()??;
    Some(region.to_string())
}

/// Reads the environment and the config files.
pub(super) async fn aws_sdk_config(
    profile: Option<String>,
    region: &Region,
    calls: &CallRunner,
) -> Result<SdkConfig, Failure> {
    if let Some(variable) = endless_file() {
        return Err(provider_failure(&format!("`{variable}` names a device")));
    }
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .region(aws_config::Region::new(region.to_string()))
        .http_client(calls.traffic().aws.clone())
        // The clients have their own; an invalid value in the environment would end the SDK's thread.
        .retry_config(RetryConfig::standard());
    if let Some(profile) = profile {
        // A profile that was named on the command line takes precedence over access keys in the environment.
        let provider = ProfileFileCredentialsProvider::builder().profile_name(&profile).build();
        loader = loader.profile_name(profile).credentials_provider(provider);
    }
    let config = on_own_thread(async move { loader.load().await }, calls.until()).await.map_err(|trouble| {
        provider_failure(match trouble {
            Trouble::TimedOut => "the AWS config files could not be read in time",
            Trouble::TooMuch => "the AWS config files have no end",
            Trouble::Panicked => "the AWS SDK cannot read this configuration",
        })
    })?;
    Ok(without_empty_endpoints(config))
}

/// Returns the variable that names a device in place of a file, which would be read without an end.
fn endless_file() -> Option<&'static str> {
    FILES.into_iter().find(|variable| {
        let path = std::env::var_os(variable).unwrap_or_default();
        #[cfg(unix)]
        {
            use std::os::unix::fs::FileTypeExt as _;
            let kind = std::fs::metadata(&path).map(|metadata| metadata.file_type());
            kind.is_ok_and(|kind| kind.is_char_device() || kind.is_block_device()) && path != "/dev/null"
        }
        // A device that never ends is known by its type of file on Unix alone; elsewhere the time limit ends the read.
        #[cfg(not(unix))]
        {
            let _ = path;
            false
        }
    })
}

/// Ignores endpoints that are set and empty, as an unset variable of a CI job is: the SDK panics on them.
fn without_empty_endpoints(config: SdkConfig) -> SdkConfig {
    let is_empty = config.endpoint_url().is_some_and(|url| url.trim().is_empty());
    let mut builder = config.to_builder();
    if is_empty {
        builder.set_endpoint_url(None);
    }
    builder.service_config(NoEmptyEndpoints(config)).build()
}

/// The settings of single services, without empty ones.
#[derive(Debug)]
struct NoEmptyEndpoints(SdkConfig);

impl LoadServiceConfig for NoEmptyEndpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        self.0.service_config()?.load_config(key).filter(|value| !value.trim().is_empty())
    }
}

/// Loads the credentials, and describes where they came from.
pub(super) async fn load(
    config: &SdkConfig,
    profile: Option<&str>,
    calls: &CallRunner,
) -> Result<(Credentials, SharedCredentialsProvider), Failure> {
    let failure = |kind: FailureKind, detail: String| Failure { kind, endpoint: None, detail };
    let Some(provider) = config.credentials_provider() else {
        return Err(failure(FailureKind::NoCredentials, "no provider is configured".to_owned()));
    };
    let loaded = on_own_thread(async move { provider.provide_credentials().await }, calls.until()).await;
    let credentials = loaded.map_err(|trouble| match trouble {
        Trouble::TimedOut => provider_failure(
            "a provider (a credential process, a token file, the metadata service, single sign-on) did not answer in time",
        ),
        Trouble::TooMuch => provider_failure("a credential process or a token file has no end"),
        Trouble::Panicked => provider_failure(&format!("the AWS SDK cannot use this configuration{}", unusual())),
    })?;
    let credentials = credentials.map_err(|error| {
        let kind = match &error {
            CredentialsError::CredentialsNotLoaded(_) => FailureKind::NoCredentials,
            _ => FailureKind::CredentialsProvider,
        };
        failure(kind, detail(&innermost(&error)))
    })?;
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

pub(super) fn provider_failure(detail: &str) -> Failure {
    Failure { kind: FailureKind::CredentialsProvider, endpoint: None, detail: detail.to_owned() }
}

/// Names the variables that are set and empty, which is what providers fail on most often.
fn unusual() -> String {
    let empty =
        std::env::vars_os().filter(|(name, value)| name.to_string_lossy().starts_with("AWS_") && value.is_empty());
    let mut names: Vec<String> = empty.map(|(name, _)| format!("`{}`", name.to_string_lossy())).collect();
    if std::env::var_os("AWS_CONTAINER_CREDENTIALS_FULL_URI").is_some() {
        names.push("`AWS_CONTAINER_CREDENTIALS_FULL_URI`".to_owned());
    }
    names.sort();
    if names.is_empty() { String::new() } else { format!("; look at {}", names.join(", ")) }
}

/// Returns a provider's error without the output of a process and without secrets.
fn detail(text: &str) -> String {
    let mut text = without_output(text);
    for variable in SECRETS {
        let value = std::env::var(variable).unwrap_or_default();
        let value = value.trim();
        // What a URL holds between `://` and `@` is a secret; the rest of it is not.
        let secret = match value.split_once("://").map_or(value, |(_, rest)| rest).rsplit_once('@') {
            Some((user_info, _)) => user_info,
            None if variable.ends_with("URI") || variable.ends_with("ENDPOINT") => continue,
            None => value,
        };
        if secret.len() >= 3 {
            text = text.replace(secret, "…");
        }
    }
    kept_text(&text)
}

/// Removes the output of a credential process, which may hold secrets.
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

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
    }

    #[test]
    fn the_output_of_a_process_is_not_kept() {
        assert_eq!(without_output("it exited with code 1. Stderr: secret"), "it exited with code 1");
    }

    #[test]
    #[expect(clippy::panic, reason = "the test is about a panic")]
    fn work_that_hangs_or_panics_is_left_behind() {
        let runtime = runtime();
        runtime.block_on(async {
            let soon = || Instant::now() + Duration::from_millis(100);
            let hangs = async { std::thread::sleep(Duration::from_secs(3600)) };
            assert_eq!(on_own_thread(hangs, soon()).await, Err(Trouble::TimedOut));
            let panics = async { panic!("on purpose") };
            assert_eq!(on_own_thread::<(), _>(panics, soon()).await, Err(Trouble::Panicked));
            assert_eq!(on_own_thread(async { 7 }, soon()).await, Ok(7));
        });
        runtime.shutdown_background();
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
