//! `policy`: IAM policies offline. Simulates, tests, lints and writes them; makes no call and needs no credentials.

mod cases;
mod read;
mod simulate;

use super::exit::{ExitStatus, Failure};
use clap::{Args, Subcommand};

/// Evaluate, test, lint and write IAM policies for Bedrock, offline.
#[derive(Debug, Args)]
pub(super) struct PolicyArgs {
    #[command(subcommand)]
    command: PolicyCommand,
}

#[derive(Debug, Subcommand)]
enum PolicyCommand {
    Simulate(simulate::SimulateArgs),
}

/// Runs the subcommand.
pub(super) fn run(args: &PolicyArgs) -> Result<ExitStatus, Failure> {
    match &args.command {
        PolicyCommand::Simulate(args) => simulate::run(args),
    }
}
