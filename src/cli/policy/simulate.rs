//! `policy simulate`: what the given policies say of one call, for people, or of many cases, for machines.

use super::cases;
use crate::cli::exit::{ExitStatus, Failure};
use clap::Args;
use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind};

/// Evaluate a Bedrock call against policy files, or many authorization cases.
#[derive(Debug, Args)]
pub(super) struct SimulateArgs {
    /// Read one authorization case a line (JSON) from a file, or `-`, and write one answer a line.
    #[arg(long, value_name = "FILE|-")]
    cases: Option<String>,
}

/// Simulates.
pub(super) fn run(args: &SimulateArgs) -> Result<ExitStatus, Failure> {
    match &args.cases {
        Some(path) => run_cases(path),
        None => Err(Failure::usage("nothing to simulate")),
    }
}

fn run_cases(path: &str) -> Result<ExitStatus, Failure> {
    let input: Box<dyn BufRead + Send> = if path == "-" {
        Box::new(BufReader::with_capacity(1 << 16, io::stdin()))
    } else {
        let file = File::open(path).map_err(|error| Failure::input(format!("`{path}` cannot be read: {error}")))?;
        Box::new(BufReader::with_capacity(1 << 16, file))
    };
    match cases::answer_all(input, &mut io::stdout().lock()) {
        Ok(tally) if tally.bad == 0 => Ok(ExitStatus::Success),
        Ok(_) => Ok(ExitStatus::Input),
        // The reader of the answers has seen what it wanted.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(ExitStatus::Success),
        Err(error) => Err(Failure::input(format!("the cases in `{path}` cannot be answered to the end: {error}"))),
    }
}
