//! The account that is asked: AWS, or the embedded one for as long as the answer takes.

use super::Failure;
use crate::bedrock::Region;
use crate::evidence::RuntimeEndpoint;
use crate::observe::{Account, EmbeddedAccount, GivenCredentials, default_region};
use crate::sandbox::{Sandbox, World};
use std::time::Duration;

/// The moment at which an embedded account stands still, so that its reports are the same every time.
const SANDBOX_CLOCK: &str = "2026-11-22T12:00:00Z";

/// Reads the id of an account.
///
/// # Errors
///
/// When it is none, in words.
pub fn account_id(text: &str) -> Result<String, String> {
    if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(text.to_owned())
    } else {
        Err("an account id has twelve digits".to_owned())
    }
}

/// A world's account, served until this is dropped.
#[derive(Debug)]
pub struct Served {
    account: EmbeddedAccount,
    _server: Sandbox,
}

impl Served {
    /// Serves a world on loopback.
    ///
    /// # Errors
    ///
    /// When no port of loopback can be had.
    pub fn start(world: World) -> Result<Self, Failure> {
        let (access_key_id, secret_access_key, session_token) = world.caller_credentials();
        let mut account = EmbeddedAccount {
            world: world.name.clone(),
            endpoint: String::new(),
            access_key_id: access_key_id.to_owned(),
            secret_access_key: secret_access_key.to_owned(),
            session_token: session_token.map(str::to_owned),
            bearer_token: world.caller_bearer_token().map(str::to_owned),
            runtime: RuntimeEndpoint { host: world.runtime_host(), addresses: vec![world.runtime_address()] },
            observed_at: SANDBOX_CLOCK.to_owned(),
        };
        let server = Sandbox::start(world, Duration::ZERO, 0)
            .map_err(|error| Failure::input(format!("the embedded account cannot listen on loopback: {error}")))?;
        account.endpoint = server.endpoint();
        Ok(Self { account, _server: server })
    }
}

/// Returns the account to observe: the one that is served, or AWS with the profile's credentials.
pub fn account_of(served: Option<&Served>, profile: Option<&str>) -> Account {
    match served {
        Some(served) => Account::Embedded(served.account.clone()),
        None => Account::Aws { profile: profile.map(str::to_owned), given: GivenCredentials::default() },
    }
}

/// Returns the Region that the environment or the profile configures, looked for within half of the timeout.
///
/// # Errors
///
/// When none is configured, or what is configured is not the name of a Region.
pub async fn configured_region(profile: Option<&str>, timeout: Duration) -> Result<Region, Failure> {
    let ways = "name one with `--region us-east-1`, the variable AWS_REGION, or `region = …` in the profile of the AWS config file";
    let name = default_region(profile, timeout / 2)
        .await
        .ok_or_else(|| Failure::usage("no Region was given, and none is configured").hint(ways))?;
    name.parse().map_err(|error| Failure::usage(format!("the configured Region: {error}")).hint(ways))
}
