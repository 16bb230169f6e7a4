//! `check`: Terraform plans and templates before their deployment, without an account.

use super::exit::{ExitStatus, Failure};
use super::parse::model_value;
use super::{output, paint};
use crate::answer::account_id;
use crate::answer::check::Files;
use crate::bedrock::{ModelReference, Region};
use crate::iac::Settings;
use clap::{Args, ValueEnum};
use std::collections::BTreeMap;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  terraform show -json plan.out > plan.json && bedrock-access check plan.json
  bedrock-access check template.yaml --parameter Stage=prod --region eu-west-1
  bedrock-access check cdk.out --model us.amazon.nova-lite-v1:0
  bedrock-access check infrastructure --format sarif --output check.sarif

Exit status: 0 nothing to fix, 1 findings, 2 wrong usage, 3 something is known only after the deployment (with
--deny unknown), 4 unreadable input";

/// Check Terraform plans, CloudFormation and SAM templates and cdk.out before the deployment.
///
/// For every role that something runs with: may it call the models that the file names, may the service assume it, and
/// are there mistakes in its policies? Needs no credentials and makes no call. What only the deployment knows is listed
/// as unknown, and is no finding.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct CheckArgs {
    /// Terraform plans or states in JSON, templates, policies, or folders of them; `-` reads standard input
    #[arg(value_name = "FILE|DIR", required = true)]
    files: Vec<String>,
    /// A model or inference profile that everything with a role calls; repeat for several
    #[arg(short, long, value_name = "ID|ARN", value_parser = model_value)]
    model: Vec<ModelReference>,
    /// The Region of the deployment [default: that of the provider or the template]
    #[arg(short, long, value_name = "REGION")]
    region: Option<Region>,
    /// The account of the deployment
    #[arg(long, value_name = "ID", value_parser = account_id)]
    account: Option<String>,
    /// The value of a template's parameter
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    parameter: Vec<(String, String)>,
    /// What else makes the exit status 1 (notes) or 3 (unknown values)
    #[arg(long, value_enum, value_name = "WHAT")]
    deny: Vec<Deny>,
    /// A report of an earlier run (JSON): leave out what it found
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// The report's format
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
    /// Write the report to a file
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// When to colour the report
    #[arg(long, value_enum, default_value_t = paint::When::Auto, value_name = "WHEN")]
    color: paint::When,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Deny {
    /// Values that only the deployment knows
    Unknown,
    /// Notes
    Note,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Findings with the changes that fix them
    #[default]
    Text,
    /// What `docs/schema/check-1.json` describes
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// For CI: one suite per file, one case per call
    Junit,
    /// For a pull request
    Markdown,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
    pair.map(|(name, value)| (name.to_owned(), value.to_owned())).ok_or_else(|| "expected NAME=VALUE".to_owned())
}

/// Checks.
pub(super) fn run(args: &CheckArgs) -> Result<ExitStatus, Failure> {
    let settings = Settings {
        parameters: args.parameter.iter().cloned().collect::<BTreeMap<_, _>>(),
        region: args.region.as_ref().map(|region| region.as_str().to_owned()),
        account: args.account.clone(),
    };
    let baseline = args.baseline.as_ref().map(|path| {
        std::fs::read_to_string(path)
            .map_err(|error| Failure::input(format!("`{}` cannot be read: {error}", path.display())))
    });
    let baseline = baseline.transpose()?;
    let mut files = Files::new(&settings, &args.model);
    for file in &args.files {
        files.add(file)?;
    }
    let (mut report, notes) = files.finish();
    notes.iter().for_each(|note| output::note(note));
    if let (Some(baseline), Some(path)) = (&baseline, &args.baseline) {
        let hidden = report.hide_known(baseline).map_err(|error| {
            Failure::input(format!("`{}` is not a baseline: {error}", path.display()))
                .hint("write one with `bedrock-access check … --format json --output baseline.json`")
        })?;
        if hidden > 0 {
            output::note(&format!("note: {hidden} known findings are left out"));
        }
    }
    let notes = args.deny.contains(&Deny::Note);
    let answer = match args.format {
        Format::Text if args.output.is_some() => report.text().plain(),
        Format::Text => paint::paint(&report.text(), args.color, false),
        Format::Json => report.json(notes),
        Format::Sarif => report.sarif(),
        Format::Junit => {
            report.junit().map_err(|error| Failure::input(format!("the report cannot be written as XML: {error}")))?
        }
        Format::Markdown => report.markdown(),
    };
    match &args.output {
        Some(path) => output::write_file(path, &answer)?,
        None => output::print(&answer)?,
    }
    Ok(if report.has_findings(notes) {
        ExitStatus::Finding
    } else if args.deny.contains(&Deny::Unknown) && report.has_unknown() {
        ExitStatus::Undetermined
    } else {
        ExitStatus::Success
    })
}
