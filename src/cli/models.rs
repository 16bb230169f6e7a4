//! `models`: which models can a principal call, Region by Region?

use super::account::{Served, account_of, configured_region};
use super::event_loop::on_event_loop;
use super::exit::{ExitStatus, Failure};
use super::progress::with_progress;
use super::sandbox::{DEFAULT_WORLD, load_world};
use super::{interrupt, memory, output, paint};
use crate::bedrock::{Operation, Region};
use crate::evidence::{Survey, SurveyRequest};
use crate::iam::Arn;
use crate::matrix::{Matrix, matrix, survey_questions};
use crate::observe::{Probe, RoleToAssume, Traffic};
use crate::redact::Redactor;
use crate::report;
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Rounds of questions: many resources at once, then what those left open, then what follows from these.
const MAX_ROUNDS: usize = 8;

const EXAMPLES: &str = "\
Examples:
  bedrock-access models --sandbox
      the models of the embedded account
  bedrock-access models --region us-west-2 --region us-east-1 --provider anthropic
      two Regions side by side
  bedrock-access models --principal arn:aws:iam::111122223333:role/apps/chat-api --format json
      what somebody else's role may call
  bedrock-access models --region us-west-2 --format html --output models.html
      a page with a table that can be filtered

Exit status: 0 complete, 2 wrong usage, 3 a cell is not known, 4 unreadable or unwritable file";

/// List the models and inference profiles that a principal can call, and why not the others.
///
/// Reads what each Region offers and how the account stands to each model, and asks the policy simulator about many
/// models at once where their context is the same. Nothing is invoked.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ModelsArgs {
    /// A source Region; repeat for several [default: that of the environment, the profile or the world]
    #[arg(long, value_name = "REGION")]
    region: Vec<Region>,
    /// Judge another IAM user or role than the caller
    #[arg(long, value_name = "ARN")]
    principal: Option<Arn>,
    /// The profile of the AWS config files whose credentials are used
    #[arg(long, value_name = "PROFILE")]
    profile: Option<String>,
    /// Ask with the credentials of this role, which the caller may assume
    #[arg(long, value_name = "ARN", conflicts_with = "principal")]
    assume_role: Option<Arn>,
    /// The external id that the role's trust policy asks for
    #[arg(long, value_name = "ID", requires = "assume_role")]
    external_id: Option<String>,
    /// Ask the embedded account instead of AWS: an embedded world's name, or a world file
    #[arg(long, value_name = "WORLD", num_args = 0..=1, default_missing_value = DEFAULT_WORLD, conflicts_with = "profile")]
    sandbox: Option<String>,
    /// Whether the models are to be called with a stream of answers
    #[arg(long)]
    streaming: bool,
    /// Only models of this provider, such as `anthropic`
    #[arg(long, value_name = "PROVIDER")]
    provider: Option<String>,
    /// Only models that take or give this modality, such as `image` or `embedding`
    #[arg(long, value_name = "MODALITY")]
    modality: Option<String>,
    /// Ask the simulator about each resource alone: more calls, and nothing inferred from shared answers
    #[arg(long)]
    exact: bool,
    /// How many calls are in flight at most
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = super::doctor::concurrency())]
    concurrency: usize,
    /// Give accounts, names and ids aliases; models, Regions and causes stay
    #[arg(long)]
    redact: bool,
    /// The report's format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Write the report to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The deadline in seconds, credentials included
    #[arg(long, value_name = "S", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
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
            "a table of models expects nothing, so that nothing in it passes or fails as a test",
        )
        .hint(
            "`bedrock-access doctor --targets FILE --format junit` tests who may call which model, and who may not",
        ));
    }
    interrupt::watch()?;
    memory::keep();
    let mut survey = on_event_loop(survey(args))?;
    if args.redact {
        survey = Redactor::default().survey(&survey).map_err(|error| {
            Failure::input(format!("what was observed does not hold together without its names: {error}"))
        })?;
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
        Format::Json => report::models_json(matrix),
        Format::Markdown => report::models_markdown(matrix),
        Format::Html => report::models_html(matrix),
        Format::Text | Format::Junit => paint::paint(&report::models_text(matrix), args.color, args.output.is_some()),
    }
}

async fn survey(args: &ModelsArgs) -> Result<Survey, Failure> {
    let timeout = Duration::from_secs(args.timeout);
    let world = args.sandbox.as_deref().map(load_world).transpose()?;
    let request = SurveyRequest {
        operation: if args.streaming { Operation::InvokeModelWithResponseStream } else { Operation::InvokeModel },
        regions: match (&args.region, &world) {
            (typed, _) if !typed.is_empty() => in_order(typed),
            (_, Some(world)) => vec![world.request.region.clone()],
            _ => vec![configured_region(args.profile.as_deref(), timeout).await?],
        },
        principal: args.principal.clone(),
        provider: args.provider.clone(),
        modality: args.modality.clone(),
    };
    let served = world.map(Served::start).transpose()?;
    let account = account_of(served.as_ref(), args.profile.as_deref());
    let role = args.assume_role.clone().map(|arn| RoleToAssume { arn, external_id: args.external_id.clone() });
    let probe = Probe::amid(Arc::new(Traffic::of_many(args.concurrency)), account, timeout).assuming(role);
    interrupt::tells_of(probe.traffic());
    let work = async {
        let (mut survey, session) = probe.survey(request).await;
        for _ in 0..MAX_ROUNDS {
            let questions = survey_questions(&survey, args.exact);
            if questions.is_empty() {
                break;
            }
            session.ask(&mut survey, questions).await;
        }
        survey
    };
    Ok(with_progress("asking AWS about every model", work).await)
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
