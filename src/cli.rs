//! The command line: arguments become a request, the answer becomes bytes and an exit status.
//!
//! The only room that knows `clap` and `colored`. Each subcommand is a file of its own with its arguments and
//! one function; this file dispatches, and turns failures into text in one place. Nothing here starts an async
//! runtime: a command that needs one starts it itself, so that the offline commands start at once.

mod account;
mod actions;
mod bad_line;
mod causes;
mod check;
mod child;
mod ci;
mod ci_annotation;
mod completions;
mod content;
mod critical;
mod denials;
mod doctor;
mod door;
mod exit;
mod explain;
mod har;
mod input;
mod interrupt;
mod mcp;
mod memory;
mod models;
mod output;
mod paint;
mod panic;
mod parse;
mod policy;
mod progress;
mod run;
mod runtime;
mod sandbox;
mod whoami;

pub use exit::{ExitStatus, Failure};

use crate::escape::escape;
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};
use std::borrow::Cow;
use std::ffi::OsString;
use std::process::ExitCode;

const EXAMPLES: &str = "\
Examples:
  bedrock-access \"An error occurred (AccessDeniedException) when calling …\"
      what does this error mean?
  bedrock-access doctor us.amazon.nova-lite-v1:0 --region us-west-2
      why can't I call this model?
  bedrock-access doctor --sandbox
      try it without an AWS account";

/// What `--version` prints; `-V` prints the first line alone.
const VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    "\ncommit: ",
    env!("BEDROCK_ACCESS_COMMIT"),
    "\ntarget: ",
    env!("BEDROCK_ACCESS_TARGET"),
    "\nfeatures: ",
    env!("BEDROCK_ACCESS_FEATURES"),
);

/// Find out why a call to an Amazon Bedrock model is refused, and what makes it work.
#[derive(Debug, Parser)]
#[command(name = "bedrock-access", version, long_version = VERSION, about, max_term_width = 100, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Doctor(Box<doctor::DoctorArgs>),
    Denials(Box<denials::DenialsArgs>),
    Models(Box<models::ModelsArgs>),
    Whoami(Box<whoami::WhoamiArgs>),
    Explain(explain::ExplainArgs),
    Policy(policy::PolicyArgs),
    Run(run::RunArgs),
    Sandbox(sandbox::SandboxArgs),
    Causes(causes::CausesArgs),
    Completions(completions::CompletionsArgs),
    Man(completions::ManArgs),
    Actions(actions::ActionsArgs),
    Check(check::CheckArgs),
    Mcp(mcp::McpArgs),
}

/// Runs the program with the arguments of this process, and returns the exit status.
///
/// Wrong usage is answered by clap, on stderr and with status 2, before anything else happens. A panic ends with
/// status 4 and says what to report.
#[must_use]
pub fn run() -> ExitCode {
    panic::caught(|| run_with(std::env::args_os().collect())).unwrap_or(ExitStatus::Input).into()
}

fn run_with(arguments: Vec<OsString>) -> ExitStatus {
    let commands: Vec<String> = Cli::command().get_subcommands().flat_map(names_of).collect();
    let arguments = match door::entrance(arguments, &commands) {
        door::Entrance::Arguments(arguments) => arguments,
        door::Entrance::StartPage => {
            // Nothing was asked: as wrong usage, so that a script notices a missing argument.
            output::write_stderr(door::START_PAGE);
            return ExitStatus::Usage;
        }
    };
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => return wrong_usage(&error, &arguments),
    };
    let result: Result<ExitStatus, Failure> = match cli.command {
        Command::Doctor(args) => doctor::run(&args),
        Command::Denials(args) => denials::run(&args),
        Command::Models(args) => models::run(&args),
        Command::Whoami(args) => whoami::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Policy(args) => policy::run(&args),
        Command::Run(args) => run::run(&args),
        Command::Sandbox(args) => sandbox::run(&args),
        Command::Causes(args) => causes::run(&args),
        Command::Completions(args) => completions::completions(&args),
        Command::Man(args) => completions::man(&args),
        Command::Actions(args) => actions::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Mcp(args) => mcp::run(&args),
    };
    match result {
        Ok(status) => status,
        Err(failure) => {
            output::report_failure(&failure);
            failure.status
        }
    }
}

/// Returns the names under which a command is known.
fn names_of(command: &clap::Command) -> Vec<String> {
    let aliases = command.get_all_aliases().map(str::to_owned);
    std::iter::once(command.get_name().to_owned()).chain(aliases).collect()
}

/// Shows help, the version, or what is wrong with the arguments; untrusted text in them is escaped.
fn wrong_usage(error: &clap::Error, arguments: &[OsString]) -> ExitStatus {
    let status = if error.use_stderr() { ExitStatus::Usage } else { ExitStatus::Success };
    let typed: Vec<String> = arguments.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let shown: Vec<Cow<'_, str>> = typed.iter().map(|word| escape(word)).collect();
    let is_harmless = shown.iter().zip(&typed).all(|(shown, typed)| shown == typed && *ci::harmless(typed) == **typed);
    let escaped = (!is_harmless).then(|| {
        let again = Cli::try_parse_from(shown.iter().map(|word| ci::harmless(word).into_owned()));
        again.err().unwrap_or_else(|| Cli::command().error(ErrorKind::InvalidValue, "an argument cannot be shown"))
    });
    // Help may go to a closed pipe; its status stays.
    let _ = escaped.as_ref().unwrap_or(error).print();
    if error.kind() == ErrorKind::InvalidSubcommand
        && let Some(hint) = typed.get(1).and_then(|word| door::hint_for(word))
    {
        output::note(&format!("hint: {hint}"));
    }
    status
}
