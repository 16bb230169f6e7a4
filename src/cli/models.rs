//! `models`: which models can a principal call, Region by Region?

use super::account::{AccountArgs, Served, account_of, configured_region};
use super::exit::{ExitStatus, Failure};
use super::progress::with_progress;
use super::runtime::block_on;
use super::sandbox::load_world;
use super::{interrupt, memory, output, paint};
use crate::answer::surveyed;
use crate::bedrock::{Operation, Region};
use crate::escape::escape_json;
use crate::evidence::{Survey, SurveyRequest};
use crate::iam::Arn;
use crate::matrix::{Matrix, matrix};
use crate::observe::{Observer, Traffic};
use crate::redact::Redactor;
use crate::report;
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  bedrock-access models --sandbox
      the models of the embedded account
  bedrock-access models --region us-west-2 --region us-east-1 --provider anthropic
      two Regions side by side
  bedrock-access models --principal arn:aws:iam::111122223333:role/apps/chat-api --format json
      what another role can call
  bedrock-access models --region us-west-2 --format html --output models.html
      a page with a table that can be filtered

Exit status: 0 complete, 2 wrong usage, 3 a cell is unknown, 4 unreadable or unwritable file";

/// List the models and inference profiles that a principal can call, and why not the others.
///
/// Reads what each Region offers and the account's access to each model, and simulates IAM for many models at once.
/// Invokes no model.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ModelsArgs {
    /// A source Region; may be repeated [default: from the environment, the profile or the world]
    #[arg(long, short, alias = "regions", value_name = "REGION", value_delimiter = ',')]
    region: Vec<Region>,
    /// Check another IAM user or role than the caller
    #[arg(long, alias = "role", alias = "role-arn", value_name = "ARN")]
    principal: Option<Arn>,
    #[command(flatten)]
    account: AccountArgs,
    /// A condition key that the calls would carry; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = super::policy::context_pair)]
    context: Vec<(String, String)>,
    /// Show the models that can be called with a stream of answers
    #[arg(long, alias = "stream")]
    streaming: bool,
    /// Only models of this provider, such as `anthropic`
    #[arg(long, value_name = "PROVIDER")]
    provider: Option<String>,
    /// Only models with this input or output modality, such as `image` or `embedding`
    #[arg(long, value_name = "MODALITY")]
    modality: Option<String>,
    /// Simulate each resource separately: more calls, and nothing inferred from shared answers
    #[arg(long)]
    exact: bool,
    /// How many AWS calls are made at the same time, at most
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = super::parse::concurrency())]
    concurrency: usize,
    /// Replace accounts, names and IDs with aliases; models, Regions and causes stay
    #[arg(long)]
    redact: bool,
    /// The report's format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Write the report to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The deadline, credentials included (90s, 2m; a plain number is seconds)
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = super::parse::seconds)]
    timeout: Duration,
    /// When to colour the text
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = paint::When::Auto)]
    color: paint::When,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For programs: `bedrock-access/models/1`.
    Json,
    /// For tickets: a table.
    Markdown,
    /// One page with a table that can be filtered: no script, no network.
    Html,
    /// Refused: a table of models has nothing that passes or fails.
    #[value(hide = true)]
    Junit,
}

/// Runs the command.
pub(super) fn run(args: &ModelsArgs) -> Result<ExitStatus, Failure> {
    if args.format == Format::Junit {
        return Err(Failure::usage(
            "a table of models has no expectations, so nothing in it passes or fails as a test",
        )
        .hint(
            "`bedrock-access doctor --targets FILE --format junit` tests who can call which model, and who must not",
        ));
    }
    interrupt::watch()?;
    memory::forbid_core_dumps();
    if let Some(path) = &args.output {
        output::check_output(path, &[])?;
    }
    let mut survey = block_on(survey(args))?;
    if args.redact {
        survey = Redactor::default().survey(&survey).map_err(|error| {
            Failure::input(format!("the observations cannot be redacted without breaking them: {error}"))
        })?;
    }
    if let Some(there) = survey.took_nothing() {
        output::note(&format!("note: {}", report::nothing_taken(&survey.request, &there)));
    }
    let matrix = matrix(&survey);
    let report = render(&matrix, args);
    match &args.output {
        Some(path) => output::write_file(path, &report)?,
        None => output::print(&report)?,
    }
    Ok(if matrix.is_complete() { ExitStatus::Success } else { ExitStatus::Undetermined })
}

fn render(matrix: &Matrix, args: &ModelsArgs) -> String {
    match args.format {
        Format::Json => escape_json(report::models_json(matrix)),
        Format::Markdown => report::models_markdown(matrix),
        Format::Html => report::models_html(matrix),
        Format::Text | Format::Junit => {
            let to_file = args.output.is_some();
            paint::paint(&report::models_text(matrix, paint::columns(to_file)), args.color, to_file)
        }
    }
}

async fn survey(args: &ModelsArgs) -> Result<Survey, Failure> {
    let timeout = args.timeout;
    let world = args.account.sandbox.as_deref().map(load_world).transpose()?;
    let request = SurveyRequest {
        operation: if args.streaming { Operation::InvokeModelWithResponseStream } else { Operation::InvokeModel },
        regions: match (&args.region, &world) {
            (typed, _) if !typed.is_empty() => in_order(typed),
            (_, Some(world)) => vec![world.request.region.clone()],
            _ => vec![configured_region(args.account.profile.as_deref(), timeout).await?],
        },
        principal: args.principal.clone(),
        provider: args.provider.clone(),
        modality: args.modality.clone(),
        context: super::policy::context_keys(&args.context),
    };
    let served = world.map(Served::start).transpose()?;
    let account = account_of(served.as_ref(), args.account.profile.as_deref());
    let role = args.account.role_to_assume()?;
    let probe = Observer::with_traffic(Arc::new(Traffic::of_many(args.concurrency)), account, timeout).assuming(role);
    interrupt::report_progress_of(probe.traffic());
    Ok(with_progress("asking AWS about every model", surveyed(&probe, request, args.exact)).await)
}

/// Returns the Regions as they were typed, each once.
fn in_order(typed: &[Region]) -> Vec<Region> {
    let mut regions: Vec<Region> = Vec::new();
    for region in typed {
        if !regions.contains(region) {
            regions.push(region.clone());
        }
    }
    regions
}
