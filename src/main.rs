//! The `bedrock-access` program: calls [`bedrock_access::cli::run`] and returns its exit status.

use std::process::ExitCode;

fn main() -> ExitCode {
    bedrock_access::cli::run()
}
