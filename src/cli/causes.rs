//! `causes`: the catalogue as a list, or one cause as a page.
//!
//! Shows data of the cause room and decides nothing.

use super::exit::{ExitStatus, Failure};
use super::{output, paint};
use crate::cause::{Cause, ParseCauseError, catalogue};
use crate::report;
use clap::Args;
use clap::builder::PossibleValuesParser;

const EXAMPLES: &str = "\
Examples:
  bedrock-access causes
  bedrock-access causes service-control-policy";

/// List the causes, or show one as a page.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct CausesArgs {
    /// The code of one cause, such as `service-control-policy`.
    #[arg(value_name = "CODE", value_parser = codes(), hide_possible_values = true)]
    code: Option<String>,
}

fn codes() -> PossibleValuesParser {
    PossibleValuesParser::new(Cause::ALL.iter().map(|cause| cause.code()))
}

/// Runs `causes`.
pub(super) fn run(arguments: &CausesArgs) -> Result<ExitStatus, Failure> {
    let page = match &arguments.code {
        Some(code) => {
            let cause: Cause = code.parse().map_err(|error: ParseCauseError| Failure::usage(error.to_string()))?;
            report::cause_text(catalogue::entry(cause), paint::columns(false))
        }
        None => report::causes_text(),
    };
    output::print(&page)?;
    Ok(ExitStatus::Success)
}
