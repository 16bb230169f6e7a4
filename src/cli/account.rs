//! The account that a command calls: AWS, or the embedded one for as long as the command runs.

use super::exit::Failure;
use super::sandbox::DEFAULT_WORLD;
pub(super) use crate::answer::{Served, account_of, configured_region};
use crate::iam::Arn;
use crate::observe::RoleToAssume;
use clap::Args;
use std::io::Read as _;
use std::path::PathBuf;

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
