//! `mcp`: serves the same answers as tools for coding agents.

use super::exit::{ExitStatus, Failure};
use super::sandbox::DEFAULT_WORLD;
use super::{interrupt, memory};
use crate::mcp::{Settings, serve};
use clap::Args;

const EXAMPLES: &str = "\
Examples:
  bedrock-access mcp
      what a client is configured to start; docs/agents.md has the lines for each client
  bedrock-access mcp --sandbox
      answers from a demo account, without AWS
  bedrock-access mcp --redact --profile dev
      aliases in place of accounts and names in every answer";

/// Serve these answers as tools for coding agents (MCP).
///
/// Speaks the Model Context Protocol on standard input and output until the input ends. Tools read the account where
/// their commands do, and change nothing.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct McpArgs {
    /// Answer from a demo account instead of AWS: a world or its file
    #[arg(long, value_name = "WORLD", num_args = 0..=1, default_missing_value = DEFAULT_WORLD, conflicts_with = "profile")]
    sandbox: Option<String>,
    /// Let `diagnose_call` make a test call where its argument asks for one
    ///
    /// Without this option no argument leads to a test call.
    #[arg(long)]
    allow_test_calls: bool,
    /// Replace accounts, names and IDs with aliases in every answer
    #[arg(long)]
    redact: bool,
    /// Use the credentials of this AWS config profile
    #[arg(long, value_name = "PROFILE")]
    profile: Option<String>,
}

/// Serves until standard input ends.
pub(super) fn run(args: &McpArgs) -> Result<ExitStatus, Failure> {
    interrupt::watch()?;
    memory::forbid_core_dumps();
    interrupt::on_interrupt_say(|| "the server ended".to_owned());
    serve(Settings {
        world: args.sandbox.clone(),
        allow_test_calls: args.allow_test_calls,
        redact: args.redact,
        profile: args.profile.clone(),
    })?;
    Ok(ExitStatus::Success)
}
