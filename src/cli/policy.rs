//! `policy`: IAM policies offline. Simulates, tests, lints and writes them; makes no call and needs no credentials.

mod call;
mod cases;
mod from_trail;
mod generate;
mod lint;
mod read;
mod simulate;
mod test;

pub(super) use crate::answer::context_keys;
pub(super) use call::pair as context_pair;

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
    Simulate(Box<simulate::SimulateArgs>),
    Test(test::TestArgs),
    Lint(lint::LintArgs),
    Generate(Box<generate::GenerateArgs>),
}

/// Runs the subcommand.
pub(super) fn run(args: &PolicyArgs) -> Result<ExitStatus, Failure> {
    match &args.command {
        PolicyCommand::Simulate(args) => simulate::run(args),
        PolicyCommand::Test(args) => test::run(args),
        PolicyCommand::Lint(args) => lint::run(args),
        PolicyCommand::Generate(args) => generate::run(args),
    }
}
