//! What `doctor` takes from the command line.

use crate::bedrock::{Bundle, GuardrailReference, ModelReference, Operation, Region};
use crate::cli::paint;
use crate::cli::sandbox::DEFAULT_WORLD;
use crate::escape::is_unsafe;
use crate::iam::{Arn, AssumingService};
use crate::observe::RoleToAssume;
use clap::builder::TypedValueParser as _;
use clap::{Arg, ArgAction, Args, ValueEnum};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  bedrock-access doctor --sandbox
      the embedded account: a role that lacks the permission (exit status 1: a cause was found)
  bedrock-access doctor --model us.amazon.nova-lite-v1:0 --region us-west-2
      read-only checks with the credentials of the environment
  bedrock-access doctor --model anthropic.claude-opus-4-6-v1 --operation converse-stream --probe
      also a test call whose body no model accepts: authorized like a true one, no token processed
  bedrock-access doctor --model us.amazon.nova-lite-v1:0 --principal arn:aws:iam::111122223333:role/apps/chat-api
      an administrator asks for somebody else's role
  bedrock-access doctor --for knowledge-base --model amazon.nova-lite-v1:0 --region us-west-2 \\
      --resource arn:aws:bedrock:us-west-2:111122223333:knowledge-base/KB12345678
      onboarding: every operation that a knowledge base is used with
  bedrock-access doctor --model us.amazon.nova-lite-v1:0 --save-evidence case.json
      also keep what was observed, to look at it again elsewhere (with `--redact`, to give it away)
  bedrock-access doctor --model us.amazon.nova-lite-v1:0 --probe --wait 15
      after a fix: ask again until it is in force
  bedrock-access doctor --evidence case.json
      the same report, on any machine, without credentials or network

Exit status: 0 allowed, 1 denied (a cause was found), 2 wrong usage, 3 undetermined, 4 unreadable or unwritable file";

/// Find out why a call to a Bedrock model is refused.
///
/// Resolves the caller through STS, simulates the policies for every resource that the call needs, reads what tells
/// of the account's access to the model, makes a test call if asked, and says which of the two documented causes
/// applies: 1, the identity lacks the IAM permission; 2, access to the model was not granted; or both, or neither
/// and what it is then. Everything but the test call is a read.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES, mut_args = without_calls)]
pub(in crate::cli) struct DoctorArgs {
    /// The foundation model's id, the inference profile's id, or the ARN of anything that can be invoked
    #[arg(long, value_name = "ID|ARN", required_unless_present_any = ["sandbox", "operation", "bundle", "evidence", "error", "targets"])]
    pub(super) model: Option<ModelReference>,
    /// The API operation [default: invoke-model, or the world's]
    #[arg(long, value_name = "OP", value_parser = operation_parser())]
    pub(super) operation: Option<Operation>,
    /// Diagnose every operation of a bundle: one verdict each, and one for all
    #[arg(long = "for", value_name = "BUNDLE", value_parser = bundle_parser(), conflicts_with_all = ["operation", "save_evidence", "error"])]
    pub(super) bundle: Option<Bundle>,
    /// What else the call names, by ARN: agent alias, knowledge base, guardrail, project, bucket, key …; repeat for
    /// several. Of S3 ARNs the first is read and the last written to
    #[arg(long, value_name = "ARN")]
    pub(super) resource: Vec<Arn>,
    /// The role that Bedrock assumes to carry the operation out
    #[arg(long, value_name = "ARN")]
    pub(super) service_role: Option<Arn>,
    /// The service whose workload runs with the principal's role: its trust policy is checked too
    #[arg(long, value_name = "NAME", value_parser = service_parser())]
    pub(super) service: Option<AssumingService>,
    /// The Region whose endpoint is called [default: that of the ARN, the environment or the profile]
    #[arg(long, value_name = "REGION")]
    pub(super) region: Option<Region>,
    /// The profile of the AWS config files whose credentials are used
    #[arg(long, value_name = "PROFILE")]
    pub(super) profile: Option<String>,
    /// Diagnose another IAM user or role than the caller
    #[arg(long, value_name = "ARN")]
    pub(super) principal: Option<Arn>,
    /// Ask with the credentials of this role, which the caller may assume
    #[arg(long, value_name = "ARN", conflicts_with = "principal")]
    pub(super) assume_role: Option<Arn>,
    /// The external id that the role's trust policy asks for
    #[arg(long, value_name = "ID", requires = "assume_role")]
    pub(super) external_id: Option<String>,
    /// Answer a file of targets, one JSON object a line or a YAML list; `-` is standard input. What a target leaves
    /// out is taken from the other options
    #[arg(long, value_name = "FILE|-", conflicts_with_all = ["model", "error", "wait", "verbose", "quiet", "save_evidence"])]
    pub(super) targets: Option<PathBuf>,
    /// Leave out the targets that an earlier run has answered in this file, by their ids; with the same file as
    /// `--output` it is continued
    #[arg(long, value_name = "OUTPUT", requires = "targets")]
    pub(super) skip_done: Option<PathBuf>,
    /// How many calls are in flight at most, with `--targets`
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = concurrency(), requires = "targets")]
    pub(super) concurrency: usize,
    /// A further condition key that the call carries; repeat the key for several values
    #[arg(long, value_name = "KEY=VALUE", value_parser = context_pair)]
    pub(super) context: Vec<(String, String)>,
    /// A file with an error that such a call was answered with, `-` for standard input: model, Region, operation and
    /// principal come from it
    #[arg(long, value_name = "FILE")]
    pub(super) error: Option<String>,
    /// The guardrail that the call names: its id or ARN, `:VERSION` behind it [default version: DRAFT]
    #[arg(long, value_name = "ID[:VERSION]")]
    pub(super) guardrail: Option<GuardrailReference>,
    /// A file with the policy handed over when the role was assumed, which no API shows; `-` for standard input
    #[arg(long, value_name = "FILE")]
    pub(super) session_policy: Option<String>,
    /// A file with the policy of the VPC endpoint that the call passes, which no simulation sees
    #[arg(long, value_name = "FILE")]
    pub(super) vpc_endpoint_policy: Option<String>,
    /// Make a test call whose body no model accepts, so that no token is processed
    #[arg(long)]
    pub(super) probe: bool,
    /// Make the operation's own call with at most one output token; billed
    #[arg(long, conflicts_with = "probe")]
    pub(super) invoke: bool,
    /// Ask the embedded account instead of AWS: an embedded world's name, or a world file
    #[arg(long, value_name = "WORLD", num_args = 0..=1, default_missing_value = DEFAULT_WORLD, conflicts_with = "profile")]
    pub(super) sandbox: Option<String>,
    /// Diagnose what `--save-evidence` wrote, `-` for standard input: no call is made, and no option for one is taken
    #[arg(long, value_name = "FILE")]
    pub(super) evidence: Option<PathBuf>,
    /// Save what was observed, for `--evidence` here or on another machine; only you can read the file
    #[arg(long, value_name = "FILE", value_parser = a_file)]
    pub(super) save_evidence: Option<PathBuf>,
    /// Give accounts, names and ids aliases, in the report and in saved evidence; models, Regions and causes stay
    #[arg(long)]
    pub(super) redact: bool,
    /// Let `--save-evidence` replace a file
    #[arg(long, requires = "save_evidence")]
    pub(super) force: bool,
    /// The report's format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,
    /// Write the report to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// The deadline of the diagnosis in seconds, credentials included; `--invoke` adds 60
    #[arg(long, value_name = "S", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(super) timeout: u64,
    /// Ask again until the call is allowed, or so many minutes are over; a part of a minute is taken too
    #[arg(long, value_name = "MINUTES", conflicts_with = "invoke", value_parser = minutes)]
    pub(super) wait: Option<f64>,
    /// When to colour the text
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = paint::When::Auto)]
    pub(super) color: paint::When,
    /// Show every call that was made; twice: over time
    #[arg(short, long, action = ArgAction::Count)]
    pub(super) verbose: u8,
    /// Show the verdict alone
    #[arg(short, long, conflicts_with = "verbose")]
    pub(super) quiet: bool,
}

impl DoctorArgs {
    /// Returns the role whose credentials ask.
    pub(super) fn role_to_assume(&self) -> Option<RoleToAssume> {
        let arn = self.assume_role.clone()?;
        Some(RoleToAssume { arn, external_id: self.external_id.clone() })
    }
}

/// Parses the number of calls in flight.
pub(in crate::cli) fn concurrency() -> impl clap::builder::TypedValueParser<Value = usize> {
    clap::value_parser!(u16).range(1..=1000).map(usize::from)
}

/// The formats of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Text,
    /// For programs: `bedrock-access/diagnosis/1`.
    Json,
    /// For tickets and pull requests, with a picture of the request's way.
    Markdown,
    /// One page to look at, to print and to send: no script, no network.
    Html,
    /// For CI: one suite a target, one case a check.
    Junit,
}

/// What goes together with `--evidence`: how it is shown and kept. Everything else is for making calls.
const OF_THE_REPORT: [&str; 9] =
    ["evidence", "save_evidence", "redact", "force", "format", "output", "color", "verbose", "quiet"];

fn without_calls(argument: Arg) -> Arg {
    if OF_THE_REPORT.iter().any(|name| argument.get_id() == name) {
        argument
    } else {
        argument.conflicts_with("evidence")
    }
}

fn minutes(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(minutes) if minutes > 0.0 && minutes <= 1440.0 => Ok(minutes),
        _ => Err("expected minutes, more than 0 and at most 1440".to_owned()),
    }
}

fn a_file(text: &str) -> Result<PathBuf, String> {
    match text {
        "" | "-" => Err("evidence is saved to a file, beside the report".to_owned()),
        path => Ok(PathBuf::from(path)),
    }
}

fn context_pair(text: &str) -> Result<(String, String), String> {
    if text.chars().any(is_unsafe) {
        return Err("a condition key and its value hold no control characters".to_owned());
    }
    match text.split_once('=') {
        Some((key, value)) if key.contains(':') => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected KEY=VALUE with a condition key such as `aws:SourceVpce`".to_owned()),
    }
}

fn operation_parser() -> impl clap::builder::TypedValueParser<Value = Operation> {
    use clap::builder::TypedValueParser;
    // The names come from the one table, and clap suggests the nearest for a misspelt one.
    clap::builder::PossibleValuesParser::new(Operation::ALL.map(Operation::as_str))
        .try_map(|name| name.parse::<Operation>())
}

fn service_parser() -> impl clap::builder::TypedValueParser<Value = AssumingService> {
    use clap::builder::TypedValueParser;
    clap::builder::PossibleValuesParser::new(AssumingService::ALL.map(AssumingService::as_str))
        .try_map(|name| name.parse::<AssumingService>())
}

fn bundle_parser() -> impl clap::builder::TypedValueParser<Value = Bundle> {
    use clap::builder::TypedValueParser;
    clap::builder::PossibleValuesParser::new(Bundle::ALL.map(Bundle::as_str)).try_map(|name| name.parse::<Bundle>())
}
