//! The command line: what was typed becomes a request, the answer becomes bytes and an exit status.
//!
//! The only room that knows `clap` and `colored`. Each subcommand is a file of its own with its arguments and
//! one function; this file dispatches, and turns failures into text in one place. Nothing here starts an async
//! runtime: a command that needs one builds it itself, so that the offline commands start at once.

mod account;
mod actions;
mod bad_line;
mod causes;
mod check;
mod children;
mod completions;
mod denials;
mod doctor;
mod event_loop;
mod exit;
mod explain;
mod input;
mod interrupt;
mod memory;
mod models;
mod output;
mod paint;
mod policy;
mod progress;
mod run;
mod sandbox;

pub use exit::{ExitStatus, Failure};

use crate::escape::escape;
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};
use std::borrow::Cow;
use std::process::ExitCode;

const EXAMPLES: &str = "\
Examples:
  bedrock-access doctor --sandbox
      try it without an account
  bedrock-access doctor --model us.amazon.nova-lite-v1:0 --region us-west-2
      why may I not call this model?
  bedrock-access explain error.txt
      what does this error mean?";

/// Find out why a call to an Amazon Bedrock model is refused, and what makes it work.
#[derive(Debug, Parser)]
#[command(name = "bedrock-access", version, about, max_term_width = 100, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Doctor(Box<doctor::DoctorArgs>),
    Denials(Box<denials::DenialsArgs>),
    Models(Box<models::ModelsArgs>),
    Explain(explain::ExplainArgs),
    Policy(policy::PolicyArgs),
    Run(run::RunArgs),
    Sandbox(sandbox::SandboxArgs),
    Causes(causes::CausesArgs),
    Completions(completions::CompletionsArgs),
    Man(completions::ManArgs),
    Actions(actions::ActionsArgs),
    Check(check::CheckArgs),
}

/// Runs the program with the arguments of this process, and returns the exit status.
///
/// Wrong usage is answered by clap, on stderr and with status 2, before anything else happens.
#[must_use]
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let status = if error.use_stderr() { ExitStatus::Usage } else { ExitStatus::Success };
            // What was typed is quoted, and may be anybody's: then it is quoted as it is shown.
            let typed: Vec<String> = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
            let shown: Vec<Cow<'_, str>> = typed.iter().map(|word| escape(word)).collect();
            let error = if shown.iter().zip(&typed).all(|(shown, typed)| shown == typed) {
                error
            } else {
                let again = Cli::try_parse_from(shown.iter().map(AsRef::as_ref));
                again
                    .err()
                    .unwrap_or_else(|| Cli::command().error(ErrorKind::InvalidValue, "an argument cannot be shown"))
            };
            // Help may go to a closed pipe; its status stays.
            let _ = error.print();
            return status.into();
        }
    };
    let result: Result<ExitStatus, Failure> = match cli.command {
        Command::Doctor(args) => doctor::run(&args),
        Command::Denials(args) => denials::run(&args),
        Command::Models(args) => models::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Policy(args) => policy::run(&args),
        Command::Run(args) => run::run(&args),
        Command::Sandbox(args) => sandbox::run(&args),
        Command::Causes(args) => causes::run(&args),
        Command::Completions(args) => completions::completions(&args),
        Command::Man(args) => completions::man(&args),
        Command::Actions(args) => actions::run(&args),
        Command::Check(args) => check::run(&args),
    };
    match result {
        Ok(status) => status.into(),
        Err(failure) => {
            output::report_failure(&failure);
            failure.status.into()
        }
    }
}
