//! The account that a command calls: AWS, or the embedded one for as long as the command runs.

use super::exit::Failure;
use super::sandbox::DEFAULT_WORLD;
use crate::bedrock::Region;
use crate::evidence::RuntimeEndpoint;
use crate::iam::Arn;
use crate::observe::{Account, EmbeddedAccount, GivenCredentials, RoleToAssume, default_region};
use crate::sandbox::{Sandbox, World};
use clap::Args;
use std::io::Read as _;
use std::path::PathBuf;
use std::time::Duration;

/// The moment at which an embedded account stands still, so that its reports are the same every time.
const SANDBOX_CLOCK: &str = "2026-11-22T12:00:00Z";

/// The variable that holds an external id, so that it is not in the list of processes.
const EXTERNAL_ID: &str = "BEDROCK_ACCESS_EXTERNAL_ID";

/// The longest external id, in characters (STS API Reference, "AssumeRole").
const LONGEST_EXTERNAL_ID: usize = 1224;

const HEADING: &str = "AWS account";

/// Which account and credentials to use.
#[derive(Clone, Debug, Args)]
pub(super) struct AccountArgs {
    /// Use the credentials of this AWS config profile
    #[arg(long, value_name = "PROFILE", help_heading = HEADING)]
    pub(super) profile: Option<String>,
    /// Use the credentials of this role
    #[arg(long, value_name = "ARN", conflicts_with = "principal", help_heading = HEADING)]
    assume_role: Option<Arn>,
    /// The external ID that the role's trust policy requires; other users can see it in the list of processes
    #[arg(long, value_name = "ID", requires = "assume_role", help_heading = HEADING, hide_short_help = true)]
    external_id: Option<String>,
    /// A file with the external ID; the variable BEDROCK_ACCESS_EXTERNAL_ID works, too
    #[arg(long, value_name = "FILE", requires = "assume_role", conflicts_with = "external_id", help_heading = HEADING, hide_short_help = true)]
    external_id_file: Option<PathBuf>,
    /// Use a demo account instead of AWS: a world or its file
    #[arg(long, value_name = "WORLD", num_args = 0..=1, default_missing_value = DEFAULT_WORLD, conflicts_with = "profile", help_heading = HEADING)]
    pub(super) sandbox: Option<String>,
}

impl AccountArgs {
    /// Returns the role whose credentials are used.
    pub(super) fn role_to_assume(&self) -> Result<Option<RoleToAssume>, Failure> {
        let Some(arn) = self.assume_role.clone() else { return Ok(None) };
        let external_id = match (&self.external_id, &self.external_id_file) {
            (Some(id), _) => Some(id.clone()),
            (None, Some(path)) => Some(read_external_id(path)?),
            (None, None) => std::env::var(EXTERNAL_ID).ok().filter(|id| !id.is_empty()),
        };
        Ok(Some(RoleToAssume { arn, external_id }))
    }
}

fn read_external_id(path: &std::path::Path) -> Result<String, Failure> {
    let shown = path.display();
    let mut text = String::new();
    let limit = LONGEST_EXTERNAL_ID as u64 + 2;
    std::fs::File::open(path)
        .and_then(|file| file.take(limit).read_to_string(&mut text))
        .map_err(|error| Failure::input(format!("`{shown}` cannot be read: {error}")))?;
    let id = text.trim_end_matches(['\r', '\n']);
    if id.is_empty() || id.len() > LONGEST_EXTERNAL_ID || id.chars().any(char::is_control) {
        return Err(Failure::input(format!("`{shown}` does not hold an external id on one line")));
    }
    Ok(id.to_owned())
}

/// A world's account, served until this is dropped.
#[derive(Debug)]
pub(super) struct Served {
    account: EmbeddedAccount,
    _server: Sandbox,
}

impl Served {
    /// Serves a world on loopback.
    pub(super) fn start(world: World) -> Result<Self, Failure> {
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
pub(super) fn account_of(served: Option<&Served>, profile: Option<&str>) -> Account {
    match served {
        Some(served) => Account::Embedded(served.account.clone()),
        None => Account::Aws { profile: profile.map(str::to_owned), given: GivenCredentials::default() },
    }
}

/// Returns the Region that the environment or the profile configures, looked for within half of the timeout.
pub(super) async fn configured_region(profile: Option<&str>, timeout: Duration) -> Result<Region, Failure> {
    let ways = "name one with `--region us-east-1`, the variable AWS_REGION, or `region = …` in the profile of the AWS config file";
    let name = default_region(profile, timeout / 2)
        .await
        .ok_or_else(|| Failure::usage("no Region was given, and none is configured").hint(ways))?;
    name.parse().map_err(|error| Failure::usage(format!("the configured Region: {error}")).hint(ways))
}
