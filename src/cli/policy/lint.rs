//! `policy lint`: mistakes in policy files, as text, JSON, or SARIF for code scanning.

use super::read;
use crate::cli::exit::{ExitStatus, Failure};
use crate::cli::{output, paint};
use crate::policy::lint;
use crate::report::LintReport;
use clap::{Args, ValueEnum};

const EXAMPLES: &str = "\
Examples:
  bedrock-access policy lint policies/*.json
  bedrock-access policy lint --format sarif policies/*.json > policies.sarif
  bedrock-access policy generate --model amazon.nova-lite-v1:0 --region us-east-1 | bedrock-access policy lint -

Exit status: 0 clean, 1 findings, 4 unreadable input";

/// Find the mistakes that people make in policies for Bedrock.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct LintArgs {
    /// Policy files, or `-`
    #[arg(value_name = "FILE", required = true)]
    files: Vec<String>,
    /// The report's format
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
    /// When to colour the report
    #[arg(long, value_enum, default_value_t = paint::When::Auto, value_name = "WHEN")]
    color: paint::When,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Findings with the corrected JSON
    #[default]
    Text,
    /// What `docs/schema/policy-lint-1.json` describes
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
    Ok(if report.is_clean() { ExitStatus::Success } else { ExitStatus::Finding })
}
