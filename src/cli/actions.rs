//! `actions`: prints the table of operations and of what each is authorized as.
//!
//! Shows data of the bedrock room and decides nothing.

use super::exit::{ExitStatus, Failure};
use super::{output, paint};
use crate::bedrock::Operation;
use crate::report;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

const EXAMPLES: &str = "\
Examples:
  bedrock-access actions converse-stream
  bedrock-access actions create-agent retrieve-and-generate --format json";

/// List the operations, and what each one needs of IAM.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ActionsArgs {
    /// The operations to show [default: all]
    #[arg(value_name = "OP", value_parser = operation(), hide_possible_values = true)]
    operations: Vec<Operation>,
    /// The format
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    format: Format,
    /// When to colour the text
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = paint::When::Auto)]
    color: paint::When,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A list for people
    Text,
    /// What `docs/schema/actions-1.json` describes
    Json,
}

fn operation() -> impl TypedValueParser<Value = Operation> {
    PossibleValuesParser::new(Operation::ALL.map(Operation::as_str)).try_map(|name| name.parse::<Operation>())
}

/// Runs `actions`.
pub(super) fn run(args: &ActionsArgs) -> Result<ExitStatus, Failure> {
    let all = Operation::ALL;
    let operations = if args.operations.is_empty() { all.as_slice() } else { &args.operations };
    output::print(&match args.format {
        Format::Text => paint::paint(&report::actions_text(operations), args.color, false),
        Format::Json => report::actions_json(operations),
    })?;
    Ok(ExitStatus::Success)
}
