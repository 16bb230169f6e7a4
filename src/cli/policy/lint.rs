//! `policy lint`: mistakes in policy files, as text, JSON, or SARIF for code scanning.

use super::read;
use crate::cli::exit::{ExitStatus, Failure};
use crate::cli::{output, paint};
use crate::policy::{Severity, lint};
use crate::report::LintReport;
use clap::{Args, ValueEnum};

const EXAMPLES: &str = "\
Examples:
  bedrock-access policy lint policies/*.json
  bedrock-access policy lint --format sarif policies/*.json > policies.sarif
  bedrock-access policy generate --model amazon.nova-lite-v1:0 --region us-east-1 | bedrock-access policy lint -

Exit status: 0 clean or notes only, 1 errors or warnings (with `--deny note`: any finding), 4 unreadable input";

/// Find mistakes in policies for Bedrock.
///
/// Each finding has advice, and where an edit is right the corrected statement. A correction takes nothing away that the
/// policy grants and weakens no deny; `safe` means that only the spelling changes, `unsafe` that you have to confirm it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct LintArgs {
    /// Policy files, or `-`
    #[arg(value_name = "FILE", required = true)]
    files: Vec<String>,
    /// Exit with status 1 for findings that are at least this bad
    #[arg(long, value_enum, default_value_t, value_name = "SEVERITY")]
    deny: Least,
    /// The report's format
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
    /// When to colour the report
    #[arg(long, value_enum, default_value_t = paint::When::Auto, value_name = "WHEN")]
    color: paint::When,
}

/// How bad a finding has to be to fail the command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Least {
    /// Something is never allowed, or never denied
    Error,
    /// Something else happens as well, or some calls fail
    #[default]
    Warning,
    /// It works and could be better
    Note,
}

impl From<Least> for Severity {
    fn from(least: Least) -> Self {
        match least {
            Least::Error => Self::Error,
            Least::Warning => Self::Warning,
            Least::Note => Self::Note,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Findings with advice and corrected statements
    #[default]
    Text,
    /// As `docs/schema/policy-lint-1.json` describes
    Json,
    /// SARIF 2.1.0
    Sarif,
}

/// Lints.
pub(super) fn run(args: &LintArgs) -> Result<ExitStatus, Failure> {
    let mut report = LintReport::default();
    for file in &args.files {
        report.add(file, lint(&read::text(file)?));
    }
    output::print(&match args.format {
        Format::Text => paint::paint(&report.text(), args.color, false),
        Format::Json => report.json(),
        Format::Sarif => report.sarif(),
    })?;
    Ok(if report.has(args.deny.into()) { ExitStatus::Finding } else { ExitStatus::Success })
}
