//! What `doctor` takes from the command line.

use crate::answer::doctor::{Call, Caller, Principal};
use crate::bedrock::{Bundle, GuardrailReference, ModelReference, Operation, ProjectReference, Region};
use crate::cli::account::AccountArgs;
use crate::cli::exit::Failure;
use crate::cli::paint;
use crate::cli::parse::{a_file, concurrency, context_pair, minutes, model_value, operation_parser, seconds};
use crate::clients::{Client, Version};
use crate::iam::{Arn, AssumingService};
use crate::request::LiveCall;
use clap::builder::TypedValueParser as _;
use clap::{Arg, ArgAction, Args, Parser, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

const SHORT_EXAMPLES: &str = "\
Examples:
  bedrock-access doctor us.amazon.nova-lite-v1:0 --region us-west-2
  bedrock-access doctor error.txt
  bedrock-access doctor --sandbox                  (needs no AWS account)";

const EXAMPLES: &str = "\
Examples:
  bedrock-access doctor --sandbox
      a demo account: a role without the permission (exit status 1: a cause was found)
  bedrock-access doctor us.amazon.nova-lite-v1:0 --region us-west-2
      read-only checks with your usual AWS credentials
  bedrock-access doctor \"An error occurred (AccessDeniedException) …\" --model us.amazon.nova-lite-v1:0
      start from an error message, which often names the model itself; a file or `-` works, too
  bedrock-access doctor --model anthropic.claude-opus-4-6-v1 --operation converse-stream --probe
      also make a test call with an invalid body: authorized like a real call, no tokens processed
  bedrock-access doctor --model us.amazon.nova-lite-v1:0 --principal arn:aws:iam::111122223333:role/apps/chat-api
      an administrator checks another role
  bedrock-access doctor --for knowledge-base --model amazon.nova-lite-v1:0 --region us-west-2 \\
      --resource arn:aws:bedrock:us-west-2:111122223333:knowledge-base/KB12345678
      onboarding: every operation that a knowledge base needs
  bedrock-access doctor --model us.amazon.nova-lite-v1:0 --save-evidence case.json
      also save the observations, to diagnose them elsewhere (with `--redact`, to share them)
  bedrock-access doctor --model us.amazon.nova-lite-v1:0 --probe --wait 15m
      after a fix: keep checking until it takes effect
  bedrock-access doctor --evidence case.json
      the same report on any machine, without credentials or network

Exit status: 0 allowed, 1 denied (a cause was found), 2 wrong usage, 3 undetermined, 4 unreadable or unwritable file";

const CALL: &str = "The call";
const MORE: &str = "More about the call";
const MANY: &str = "Many calls";
const REPORT: &str = "Report";

/// Find out why a call to a Bedrock model is refused.
///
/// Identifies the caller, simulates IAM for every resource that the call needs, checks the account's access to the
/// model, and makes a test call if asked. Then it says which of the two documented causes applies: 1, the identity lacks
/// the IAM permission; 2, the account has no access to the model; or both, or neither - and then what else it is. Makes
/// read calls only, except for the test call.
#[derive(Clone, Debug, Args)]
#[command(after_help = SHORT_EXAMPLES, after_long_help = EXAMPLES, mut_args = without_calls)]
pub(in crate::cli) struct DoctorArgs {
    /// A model, an error message, or a file (log, settings, …)
    #[arg(value_name = "MODEL|TEXT|FILE", conflicts_with_all = ["evidence"], help_heading = CALL)]
    pub(in crate::cli) what: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) call: CallArgs,
    #[command(flatten)]
    pub(in crate::cli) account: AccountArgs,
    /// Replay saved evidence; makes no AWS call
    #[arg(long, value_name = "FILE|-", help_heading = REPORT)]
    pub(in crate::cli) evidence: Option<PathBuf>,
    /// Save the observations for `--evidence`
    #[arg(long, value_name = "FILE", value_parser = a_file, help_heading = REPORT)]
    pub(in crate::cli) save_evidence: Option<PathBuf>,
    /// Write the files of the fix and a request for the person who can make it
    #[arg(long, value_name = "DIR", help_heading = REPORT, hide_short_help = true)]
    pub(in crate::cli) save_fix: Option<PathBuf>,
    /// Let `--save-evidence` and `--save-fix` replace files
    #[arg(long, help_heading = REPORT, hide_short_help = true)]
    pub(in crate::cli) force: bool,
    #[command(flatten)]
    pub(in crate::cli) many: ManyArgs,
    #[command(flatten)]
    pub(in crate::cli) report: ReportArgs,
    /// The deadline of one diagnosis, credentials included (10s, 2m; a plain number is seconds); `--invoke` adds 60 s
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = seconds, help_heading = CALL, hide_short_help = true)]
    pub(in crate::cli) timeout: Duration,
    /// Keep checking until it works, at most 90s, 15m, …
    ///
    /// A plain number is minutes.
    #[arg(long, value_name = "DURATION", conflicts_with = "invoke", value_parser = minutes, help_heading = CALL)]
    pub(in crate::cli) wait: Option<Duration>,
}

/// The call to diagnose.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct CallArgs {
    /// Model ID, profile ID, or ARN of what is invoked
    ///
    /// A name such as `Claude Sonnet 4.5`, and what clients write, such as `bedrock/converse/ID`, work where one model fits.
    #[arg(long, short, alias = "model-id", value_name = "ID|ARN", value_parser = model_value, help_heading = CALL)]
    pub(in crate::cli) model: Option<ModelReference>,
    /// API operation or IAM action [default: invoke-model]
    ///
    /// Such as `Converse`, `bedrock:InvokeModel` or `retrieve-and-generate`; `bedrock-access actions` lists all.
    #[arg(long, value_name = "OP", hide_possible_values = true, value_parser = operation_parser(), help_heading = CALL)]
    pub(in crate::cli) operation: Option<Operation>,
    /// Short for the streaming operation of the same kind
    #[arg(long, hide = true, alias = "streaming")]
    pub(in crate::cli) stream: bool,
    /// An error message: text, a file, or `-`
    #[arg(long, value_name = "FILE|-|TEXT", conflicts_with = "what", help_heading = CALL)]
    pub(in crate::cli) error: Option<String>,
    /// The Region that is called; may be repeated
    ///
    /// The default comes from the ARN, the environment or the profile.
    #[arg(long, short, alias = "regions", value_name = "REGION", value_delimiter = ',', help_heading = CALL)]
    pub(in crate::cli) region: Vec<Region>,
    /// Diagnose another user or role than the caller
    ///
    /// By its ARN, or by its name in the caller's account.
    #[arg(long, alias = "role", alias = "role-arn", value_name = "ARN|NAME", help_heading = CALL)]
    pub(in crate::cli) principal: Option<Principal>,
    /// Also make a test call with an invalid body (free)
    ///
    /// It is authorized like a real call, and no tokens are processed.
    #[arg(long, help_heading = CALL)]
    pub(in crate::cli) probe: bool,
    /// Call the model, at most one output token (billed)
    #[arg(long, conflicts_with = "probe", help_heading = CALL)]
    pub(in crate::cli) invoke: bool,
    /// Another resource that the call names, by ARN: agent alias, knowledge base, guardrail, project, bucket, key; may be
    /// repeated. Of several S3 ARNs the first is read and the last is written to
    #[arg(long, value_name = "ARN", help_heading = MORE, hide_short_help = true)]
    pub(in crate::cli) resource: Vec<Arn>,
    /// The role that Bedrock assumes to carry out the operation
    #[arg(long, value_name = "ARN", help_heading = MORE, hide_short_help = true)]
    pub(in crate::cli) service_role: Option<Arn>,
    /// The service that the role runs in: also checks the role's trust policy
    #[arg(long, alias = "runs-on", value_name = "NAME", value_parser = service_parser(), help_heading = MORE, hide_short_help = true)]
    pub(in crate::cli) service: Option<AssumingService>,
    /// The guardrail that the call names: its ID or ARN, optionally followed by `:VERSION` [default version: DRAFT]
    #[arg(long, value_name = "ID[:VERSION]", help_heading = MORE, hide_short_help = true)]
    pub(in crate::cli) guardrail: Option<GuardrailReference>,
    /// The project that the call names, by its ID or ARN
    #[arg(long, value_name = "ID", help_heading = MORE, hide_short_help = true)]
    pub(in crate::cli) project: Option<ProjectReference>,
    /// A condition key that the call carries, in addition to the usual ones; repeat a key for several values
    #[arg(long, value_name = "KEY=VALUE", value_parser = context_pair, help_heading = MORE, hide_short_help = true)]
    pub(in crate::cli) context: Vec<(String, String)>,
    /// A file with the session policy that was passed to AssumeRole, which no API returns
    #[arg(long, value_name = "FILE|-", help_heading = MORE, hide_short_help = true)]
    pub(in crate::cli) session_policy: Option<String>,
    /// A file with the policy of the VPC endpoint in use; the simulator does not evaluate VPC endpoint policies
    #[arg(long, value_name = "FILE|-", help_heading = MORE, hide_short_help = true)]
    pub(in crate::cli) vpc_endpoint_policy: Option<String>,
}

/// Which calls to diagnose if there are many.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct ManyArgs {
    /// Check every operation of a task, e.g. knowledge-base
    ///
    /// One of invoke, streaming, agents, knowledge-base, fine-tuning, batch, provisioned-throughput, read-only-audit.
    #[arg(long = "for", alias = "bundle", value_name = "TASK", hide_possible_values = true, value_parser = bundle_parser(), conflicts_with_all = ["operation", "save_evidence", "save_fix", "error", "targets"], help_heading = MANY)]
    pub(in crate::cli) bundle: Option<Bundle>,
    /// Check every target in a file (JSON lines or YAML)
    ///
    /// `-` is standard input. Options fill in what a target leaves out.
    #[arg(long, value_name = "FILE|-", conflicts_with_all = ["what", "model", "error", "verbose", "quiet", "save_evidence", "save_fix"], help_heading = MANY)]
    pub(in crate::cli) targets: Option<PathBuf>,
    /// Check what an AI client is configured to call (its file is recognized)
    ///
    /// The calls, the identity and the Region come from the file and the variables, as the client takes them.
    #[arg(long, value_name = "FILE|-", conflicts_with_all = ["what", "model", "operation", "error", "targets", "bundle", "profile", "assume_role", "save_evidence", "save_fix"], help_heading = MANY, hide_short_help = true)]
    pub(in crate::cli) config: Option<PathBuf>,
    /// The client: claude-code, codex, continue, litellm, opencode, spring-ai or zed
    ///
    /// Without `--config`, its files are looked for where it looks for them.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["what", "model", "operation", "error", "targets", "bundle", "profile", "assume_role", "save_evidence", "save_fix"], hide_possible_values = true, value_parser = client_parser(), help_heading = MANY, hide_short_help = true)]
    pub(in crate::cli) client: Option<Client>,
    /// The client's version, such as 2.1.207: what is known to differ between versions is then said of this one
    #[arg(long, value_name = "VERSION", help_heading = MANY, hide_short_help = true)]
    pub(in crate::cli) client_version: Option<Version>,
    /// Skip targets whose IDs an earlier run has answered in this file; with the same file as `--output` it is continued
    #[arg(long, value_name = "OUTPUT", help_heading = MANY, hide_short_help = true)]
    pub(in crate::cli) skip_done: Option<PathBuf>,
    /// How many AWS calls are made at the same time, at most
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = concurrency(), help_heading = MANY, hide_short_help = true)]
    pub(in crate::cli) concurrency: usize,
}

/// How the answer is shown.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct ReportArgs {
    /// text, json, markdown, html or junit
    ///
    /// The default comes from the ending of `--output`, else it is text.
    #[arg(long, value_enum, hide_possible_values = true, help_heading = REPORT)]
    format: Option<Format>,
    /// Short for `--format json`
    #[arg(long, hide = true, conflicts_with = "format")]
    json: bool,
    /// Write the report to a file
    #[arg(long, short, value_name = "FILE", help_heading = REPORT)]
    pub(in crate::cli) output: Option<PathBuf>,
    /// Replace accounts, names and IDs with aliases
    ///
    /// Also in saved evidence. Models, Regions and causes stay.
    #[arg(long, help_heading = REPORT)]
    pub(in crate::cli) redact: bool,
    /// Save what each alias stands for in a file of your own; on a terminal it is also shown below the report
    #[arg(long, value_name = "FILE", requires = "redact", help_heading = REPORT, hide_short_help = true)]
    pub(in crate::cli) alias_file: Option<PathBuf>,
    /// When to colour the text
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = paint::When::Auto, help_heading = REPORT, hide_short_help = true)]
    color: paint::When,
    /// Short for `--color never`
    #[arg(long, hide = true, conflicts_with = "color")]
    no_color: bool,
    /// List every AWS call (-vv: with a timeline)
    #[arg(short, long, action = ArgAction::Count, help_heading = REPORT)]
    pub(in crate::cli) verbose: u8,
    /// Print only the verdict
    #[arg(short, long, conflicts_with = "verbose", help_heading = REPORT)]
    pub(in crate::cli) quiet: bool,
}

impl ReportArgs {
    /// Returns the format: the one that was typed, or the one of the output's ending.
    pub(super) fn format(&self) -> Format {
        if self.json {
            return Format::Json;
        }
        let ending = self.output.as_ref().and_then(|path| path.extension()).map(|ending| ending.to_ascii_lowercase());
        let by_ending = match ending.as_ref().and_then(|ending| ending.to_str()) {
            Some("json" | "jsonl" | "ndjson") => Format::Json,
            Some("md" | "markdown") => Format::Markdown,
            Some("html" | "htm") => Format::Html,
            Some("xml") => Format::Junit,
            _ => Format::Text,
        };
        self.format.unwrap_or(by_ending)
    }

    /// Returns when to colour.
    pub(super) fn color(&self) -> paint::When {
        if self.no_color { paint::When::Never } else { self.color }
    }
}

/// The command line of the doctor, for calls that another command makes.
#[derive(Debug, Parser)]
#[command(no_binary_name = true)]
struct Alone {
    #[command(flatten)]
    doctor: DoctorArgs,
}

impl DoctorArgs {
    /// Reads options as they would be typed.
    pub(super) fn from_options(options: impl IntoIterator<Item = String>) -> Result<Self, Failure> {
        let alone = Alone::try_parse_from(options).map_err(|error| Failure::usage(error.to_string()))?;
        Ok(alone.doctor)
    }

    /// Returns the call that the options describe.
    pub(super) fn call(&self) -> Call {
        let typed = &self.call;
        let operation = match typed.operation {
            Some(Operation::InvokeModel) | None if typed.stream => Some(Operation::InvokeModelWithResponseStream),
            Some(Operation::Converse) if typed.stream => Some(Operation::ConverseStream),
            operation => operation,
        };
        Call {
            model: typed.model.clone(),
            operation,
            region: typed.region.first().cloned(),
            resources: typed.resource.clone(),
            service_role: typed.service_role.clone(),
            service: typed.service,
            principal: typed.principal.clone(),
            guardrail: typed.guardrail.clone(),
            project: typed.project.clone(),
            context: typed.context.clone(),
            caller: Caller::of_profile(self.account.profile.clone()),
            session_policy: None,
            live: match (typed.probe, typed.invoke) {
                (true, _) => LiveCall::Probe,
                (_, true) => LiveCall::Invoke,
                _ => LiveCall::None,
            },
        }
    }
}

/// The formats of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Format {
    /// For people.
    Text,
    /// For programs: `bedrock-access/diagnosis/1`.
    Json,
    /// For tickets and pull requests, with a diagram.
    Markdown,
    /// One page to look at, to print and to send: no script, no network.
    Html,
    /// For CI: one suite per target, one case per check.
    Junit,
}

/// The options that go together with `--evidence`. All others are for making calls.
const OF_THE_REPORT: [&str; 13] = [
    "evidence",
    "save_evidence",
    "save_fix",
    "redact",
    "alias_file",
    "force",
    "format",
    "json",
    "output",
    "color",
    "no_color",
    "verbose",
    "quiet",
];

fn without_calls(argument: Arg) -> Arg {
    if OF_THE_REPORT.iter().any(|name| argument.get_id() == name) {
        argument
    } else {
        argument.conflicts_with("evidence")
    }
}

fn service_parser() -> impl clap::builder::TypedValueParser<Value = AssumingService> {
    clap::builder::PossibleValuesParser::new(AssumingService::ALL.map(AssumingService::as_str))
        .try_map(|name| name.parse::<AssumingService>())
}

fn client_parser() -> impl clap::builder::TypedValueParser<Value = Client> {
    clap::builder::PossibleValuesParser::new(Client::ALL.map(Client::as_str)).try_map(|name| name.parse::<Client>())
}

fn bundle_parser() -> impl clap::builder::TypedValueParser<Value = Bundle> {
    clap::builder::PossibleValuesParser::new(Bundle::ALL.map(Bundle::as_str)).try_map(|name| name.parse::<Bundle>())
}
