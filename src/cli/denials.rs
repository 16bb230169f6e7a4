//! `denials`: who was refused what, in CloudTrail events and logs, and how it is now.
//!
//! Takes files, folders or standard input, or asks CloudTrail; `trail` groups what they hold. Asked for, the policy
//! engine and the doctor say more about each group.

pub(in crate::cli) mod files;
mod live;
mod now;
mod targets;

use super::exit::{ExitStatus, Failure};
use super::{input, interrupt, memory, output, paint};
use crate::answer::denials::{judge, redact};
use crate::bedrock::Region;
use crate::report::{self, junit};
use crate::trail::{Denials, QueryEngine, query};
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  bedrock-access denials events.json
      what `aws cloudtrail lookup-events` printed, a file of a trail, an export: recognized by content
  bedrock-access denials AWSLogs/111122223333/CloudTrail/us-east-1/2026/11 --format html --output denials.html
      a folder of a trail as it stands in S3
  bedrock-access denials --live --since 24h --region us-east-1
      ask CloudTrail; no data events, and none of the Mantle endpoint
  bedrock-access denials events.json --diagnose
      is it still so?
  bedrock-access denials today.json --baseline yesterday.json
      exit status 1 only where a group is new
  bedrock-access denials --print-query athena
      select the denials where there are too many events to fetch

Exit status: 0 none, and every source whole; 1 denials found, or new ones with `--baseline`; 2 wrong usage; 3 none
found, and a source was refused, cut or damaged; 4 unreadable or unwritable file";

/// Find denied calls in CloudTrail events and logs, grouped by cause.
///
/// Reads every form that events are held in (files of a trail, `lookup-events`, EventBridge, CloudWatch Logs, CloudTrail
/// Lake, Athena, OCSF, lines of JSON, deliveries of queues and streams) and plain logs, compressed or not. Prompts,
/// source addresses and tags are not kept.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct DenialsArgs {
    /// Files or folders, `-` for standard input
    #[arg(value_name = "FILE|DIR|-", required_unless_present_any = ["live", "print_query"])]
    paths: Vec<PathBuf>,
    /// Ask CloudTrail's event history, at the rate that AWS allows
    #[arg(long, conflicts_with = "paths")]
    live: bool,
    /// How far back to ask: minutes, hours or days, such as `90m`, `24h` or `7d`
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = duration, requires = "live")]
    since: Duration,
    /// A Region to ask in; repeat for several [default: that of the environment or the profile]
    #[arg(long, value_name = "REGION")]
    region: Vec<Region>,
    /// Keep in this file how far the asking came, and go on from there the next time
    #[arg(long, value_name = "FILE", requires = "live")]
    resume: Option<PathBuf>,
    /// The profile of the AWS config files whose credentials are used
    #[arg(long, value_name = "PROFILE")]
    profile: Option<String>,
    /// Ask the doctor about each group: is the call still denied?
    #[arg(long)]
    diagnose: bool,
    /// Let the doctor ask the embedded account: an embedded world's name, or a world file
    #[arg(long, value_name = "WORLD", num_args = 0..=1, default_missing_value = super::sandbox::DEFAULT_WORLD, requires = "diagnose")]
    sandbox: Option<String>,
    /// Let the doctor make a test call, whose body no model accepts
    #[arg(long, requires = "diagnose")]
    probe: bool,
    /// Write the groups as targets for `doctor --targets`, `-` for standard output instead of the report
    #[arg(long, value_name = "FILE")]
    emit_targets: Option<PathBuf>,
    /// What an earlier run wrote with `--format json`: groups that it lacks are new, and only they make exit status 1
    #[arg(long, value_name = "FILE")]
    baseline: Option<String>,
    /// Print the query that selects the denials, and do nothing else
    #[arg(long, value_enum, value_name = "ENGINE", conflicts_with_all = ["paths", "live", "diagnose", "baseline", "emit_targets"])]
    print_query: Option<Engine>,
    /// Give accounts, names and ids aliases; models, Regions and causes stay
    #[arg(long)]
    redact: bool,
    /// The report's format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Write the report to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The deadline of each diagnosis, and of each call to CloudTrail, in seconds
    #[arg(long, value_name = "S", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
    /// When to colour the text
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = paint::When::Auto)]
    color: paint::When,
    /// Show every group, what to do about it, and every source
    #[arg(short, long)]
    verbose: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For programs: `bedrock-access/denials/1`.
    Json,
    /// For tickets: a table.
    Markdown,
    /// One page with counts over time and a table that can be filtered: no script, no network.
    Html,
    /// For CI: a case for each group.
    Junit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Engine {
    /// Amazon Athena, over the table of a trail.
    Athena,
    /// CloudTrail Lake.
    Lake,
    /// CloudWatch Logs Insights, over the log group of a trail.
    LogsInsights,
}

/// Runs the command.
pub(super) fn run(args: &DenialsArgs) -> Result<ExitStatus, Failure> {
    if let Some(engine) = args.print_query {
        output::print(&query(match engine {
            Engine::Athena => QueryEngine::Athena,
            Engine::Lake => QueryEngine::Lake,
            Engine::LogsInsights => QueryEngine::LogsInsights,
        }))?;
        return Ok(ExitStatus::Success);
    }
    // Before the work is done, which may be much.
    let baseline = args.baseline.as_deref().map(read_baseline).transpose()?;
    if let Some(path) = args.output.iter().chain(&args.emit_targets).find(|path| path.as_os_str() != "-") {
        output::check_folder(path)?;
    }
    if args.live || args.diagnose {
        interrupt::watch()?;
        memory::forbid_core_dumps();
    }
    let mut denials = if args.live { live::read(args)? } else { files::read(&args.paths)? };
    judge(&mut denials);
    if args.diagnose {
        now::diagnose(args, &mut denials)?;
    }
    if let Some(earlier) = &baseline {
        denials.compare_with(earlier);
    }
    let status = status(&denials, baseline.is_some());
    if args.redact {
        denials = redact(&denials)?;
    }
    if let Some(path) = &args.emit_targets {
        let lines = targets::lines(&denials);
        if path.as_os_str() == "-" {
            output::print(&lines)?;
            return Ok(status);
        }
        output::write_file(path, &lines)?;
    }
    let report = render(&denials, args)?;
    match &args.output {
        Some(path) => output::write_file(path, &report)?,
        None => output::print(&report)?,
    }
    Ok(status)
}

/// Returns the exit status: what was found outranks what could not be read, and that is never taken for nothing.
fn status(denials: &Denials, compared: bool) -> ExitStatus {
    let found = match compared {
        true => denials.groups.iter().any(|group| group.new == Some(true)) || denials.groups_more > 0,
        false => denials.denials > 0,
    };
    match (found, denials.is_whole()) {
        (true, _) => ExitStatus::Finding,
        (false, true) => ExitStatus::Success,
        (false, false) => ExitStatus::Undetermined,
    }
}

fn read_baseline(path: &str) -> Result<Denials, Failure> {
    let text = input::text(path)?;
    let earlier = Denials::from_json(&text).map_err(|error| {
        Failure::input(format!("`{path}` is not the result of an earlier run: {error}"))
            .hint("`--baseline` takes what `denials … --format json` wrote")
    })?;
    if earlier.redacted {
        return Err(Failure::input(format!(
            "`{path}` was written with `--redact`: aliases cannot be compared with names"
        ))
        .hint("keep a result without `--redact` to compare with, and give `--redact` to the run that reports"));
    }
    Ok(earlier)
}

fn render(denials: &Denials, args: &DenialsArgs) -> Result<String, Failure> {
    Ok(match args.format {
        Format::Json => report::denials_json(denials),
        Format::Markdown => report::denials_markdown(denials),
        Format::Html => report::denials_html(denials),
        Format::Junit => junit::write(&[report::denials_suite(denials)])
            .map_err(|error| Failure::input(format!("the report cannot be written: {error}")))?,
        Format::Text => paint::paint(&report::denials_text(denials, args.verbose), args.color, args.output.is_some()),
    })
}

/// Parses `90m`, `24h`, `7d`; a bare number counts hours.
fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let seconds = match unit.trim() {
        "s" => 1,
        "m" | "min" => 60,
        "h" | "" => 3600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return Err("expected a number with `m`, `h` or `d` behind it, such as `24h`".to_owned()),
    };
    let number: u64 = number.parse().map_err(|_| "expected a number with `m`, `h` or `d` behind it".to_owned())?;
    match number.checked_mul(seconds).filter(|seconds| (1..=90 * 86_400).contains(seconds)) {
        Some(seconds) => Ok(Duration::from_secs(seconds)),
        None => Err("CloudTrail's event history holds 90 days".to_owned()),
    }
}
