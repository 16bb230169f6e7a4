//! `doctor`: asks AWS, or the embedded account, and says why the call is refused.
//!
//! Turns what was typed into a request, lets `probe` gather the evidence, asks what `diagnose` finds open until
//! nothing is, and prints the report. The async runtime lives here and is left without waiting for its threads.

use super::exit::{ExitStatus, Failure};
use super::sandbox::{DEFAULT_WORLD, load_world};
use super::{children, output, paint};
use crate::bedrock::{Marketplace, ModelReference, Operation, Region, provider_of};
use crate::diagnose::{Diagnosis, Verdict, diagnose, open_questions};
use crate::evidence::Evidence;
use crate::iam::{Arn, ContextKeys, ContextValue};
use crate::probe::{Account, EmbeddedAccount, Probe, can_invoke, default_region};
use crate::report::{self, Detail};
use crate::request::{LiveCall, Request};
use crate::sandbox::{Live, Sandbox, World};
use clap::{ArgAction, Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The moment at which an embedded account stands still, so that its reports are the same every time.
const SANDBOX_CLOCK: &str = "2026-11-22T12:00:00Z";

/// Rounds of questions; two are usual, and every answer closes its question.
const MAX_ROUNDS: usize = 8;

/// How long a diagnosis stays silent before it shows that it is at work.
const SILENCE: Duration = Duration::from_secs(1);

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

Exit status: 0 allowed, 1 denied (a cause was found), 2 wrong usage, 3 undetermined, 4 unreadable or unwritable file";

/// Find out why a call to a Bedrock model is refused.
///
/// Resolves the caller through STS, simulates the policies for every resource that the call needs, reads what tells
/// of the account's access to the model, makes a test call if asked, and says which of the two documented causes
/// applies: 1, the identity lacks the IAM permission; 2, access to the model was not granted; or both, or neither
/// and what it is then. Everything but the test call is a read.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct DoctorArgs {
    /// The foundation model's id, the inference profile's id, or the ARN of anything that can be invoked
    #[arg(long, value_name = "ID|ARN", required_unless_present = "sandbox")]
    model: Option<ModelReference>,
    /// The API operation [default: invoke-model, or the world's]
    #[arg(long, value_name = "OP", value_parser = operation_parser())]
    operation: Option<Operation>,
    /// The Region whose endpoint is called [default: that of the ARN, the environment or the profile]
    #[arg(long, value_name = "REGION")]
    region: Option<Region>,
    /// The profile of the AWS config files whose credentials are used
    #[arg(long, value_name = "PROFILE")]
    profile: Option<String>,
    /// Diagnose another IAM user or role than the caller
    #[arg(long, value_name = "ARN")]
    principal: Option<Arn>,
    /// A further condition key that the call carries; repeat the key for several values
    #[arg(long, value_name = "KEY=VALUE", value_parser = context_pair)]
    context: Vec<(String, String)>,
    /// Make a test call whose body no model accepts, so that no token is processed
    #[arg(long)]
    probe: bool,
    /// Make the operation's own call with at most one output token; billed
    #[arg(long, conflicts_with = "probe")]
    invoke: bool,
    /// Ask the embedded account instead of AWS: an embedded world's name, or a world file
    #[arg(long, value_name = "WORLD", num_args = 0..=1, default_missing_value = DEFAULT_WORLD, conflicts_with = "profile")]
    sandbox: Option<String>,
    /// The report's format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Write the report to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The deadline of the diagnosis in seconds, credentials included; `--invoke` adds 60
    #[arg(long, value_name = "S", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
    /// When to colour the text
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = paint::When::Auto)]
    color: paint::When,
    /// Show every call that was made
    #[arg(short, long, action = ArgAction::Count)]
    verbose: u8,
    /// Show the verdict alone
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,
}

/// The formats of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For programs: `bedrock-access/diagnosis/1`.
    Json,
}

/// Runs the command.
pub(super) fn run(args: &DoctorArgs) -> Result<ExitStatus, Failure> {
    // One thread is enough for a dozen calls that wait, and starts sooner.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::input(format!("the system gives no event loop: {error}")))?;
    let evidence = runtime.block_on(observe(args));
    // A thread that still resolves a name or waits for a credential process is not waited for.
    runtime.shutdown_background();
    children::end_all();
    let diagnosis = diagnose(&evidence?);
    let report = render(&diagnosis, args);
    match &args.output {
        Some(path) => output::write_file(path, &report)?,
        None => output::print(&report)?,
    }
    Ok(match diagnosis.verdict {
        Verdict::Allowed => ExitStatus::Success,
        Verdict::Denied => ExitStatus::Finding,
        Verdict::Undetermined => ExitStatus::Undetermined,
    })
}

fn render(diagnosis: &Diagnosis, args: &DoctorArgs) -> String {
    match args.format {
        Format::Json => report::json(diagnosis),
        Format::Text => {
            let detail = match (args.quiet, args.verbose) {
                (true, _) => Detail::Quiet,
                (false, 0) => Detail::Normal,
                (false, _) => Detail::Verbose,
            };
            paint::paint(&report::text(diagnosis, detail), args.color, args.output.is_some())
        }
    }
}

async fn observe(args: &DoctorArgs) -> Result<Evidence, Failure> {
    let started = Instant::now();
    let timeout = Duration::from_secs(args.timeout);
    let world = args.sandbox.as_deref().map(load_world).transpose()?;
    let request = request(args, world.as_ref(), timeout).await?;
    // The embedded account lives as long as the diagnosis.
    let sandbox = world.map(start).transpose()?;
    let account = match &sandbox {
        Some((embedded, _)) => Account::Embedded(embedded.clone()),
        None => {
            warn(&request);
            Account::Aws { profile: args.profile.clone() }
        }
    };
    let diagnosis = async {
        // Looking for the Region counts.
        let left = timeout.saturating_sub(started.elapsed());
        let (mut evidence, session) = Probe::new(account, left).gather(request).await;
        for _ in 0..MAX_ROUNDS {
            let questions = open_questions(&evidence);
            if questions.is_empty() {
                break;
            }
            session.ask(&mut evidence, questions).await;
        }
        evidence
    };
    let evidence = with_progress(diagnosis).await;
    drop(sandbox);
    Ok(evidence)
}

fn start(world: World) -> Result<(EmbeddedAccount, Sandbox), Failure> {
    let (access_key_id, secret_access_key, session_token) = world.caller_credentials();
    let mut embedded = EmbeddedAccount {
        world: world.name.clone(),
        endpoint: String::new(),
        access_key_id: access_key_id.to_owned(),
        secret_access_key: secret_access_key.to_owned(),
        session_token: session_token.map(str::to_owned),
        observed_at: SANDBOX_CLOCK.to_owned(),
    };
    let sandbox = Sandbox::start(world, Duration::ZERO, 0)
        .map_err(|error| Failure::input(format!("the embedded account cannot listen on loopback: {error}")))?;
    embedded.endpoint = sandbox.endpoint();
    Ok((embedded, sandbox))
}

/// Puts the request together from what was typed and, in a sandbox, from what the world is about.
async fn request(args: &DoctorArgs, world: Option<&World>, timeout: Duration) -> Result<Request, Failure> {
    let asked = world.map(|world| &world.request);
    let model = args
        .model
        .clone()
        .or_else(|| asked.map(|asked| asked.model.clone()))
        .ok_or_else(|| Failure::usage("no model was given").hint("name one with `--model`"))?;
    let operation = args.operation.or_else(|| asked.map(|asked| asked.operation)).unwrap_or_default();
    let region = match asked {
        Some(asked) => region_of(args, &model)?.unwrap_or_else(|| asked.region.clone()),
        None => match region_of(args, &model)? {
            Some(region) => region,
            None => configured_region(args, timeout).await?,
        },
    };
    let live = match (args.probe, args.invoke, asked.and_then(|asked| asked.live)) {
        (true, ..) => LiveCall::Probe,
        (_, true, _) => LiveCall::Invoke,
        (.., Some(Live::Probe)) if args.principal.is_none() => LiveCall::Probe,
        (.., Some(Live::Invoke)) if args.principal.is_none() => LiveCall::Invoke,
        _ => LiveCall::None,
    };
    let request =
        Request { model, operation, region, context: context(&args.context), principal: args.principal.clone(), live };
    check(&request)?;
    Ok(request)
}

/// Returns the Region that was typed, by itself or within the model's ARN.
fn region_of(args: &DoctorArgs, model: &ModelReference) -> Result<Option<Region>, Failure> {
    let in_arn = model
        .region()
        .map(|region| region.parse::<Region>().map_err(|error| Failure::usage(format!("in the model's ARN, {error}"))))
        .transpose()?;
    match (&args.region, in_arn) {
        (Some(typed), Some(in_arn)) if *typed != in_arn => {
            Err(Failure::usage(format!("the model's ARN names the Region `{in_arn}`, and `--region` says `{typed}`"))
                .hint("an ARN can be invoked in its own Region only: leave `--region` out"))
        }
        (Some(typed), _) => Ok(Some(typed.clone())),
        (None, in_arn) => Ok(in_arn),
    }
}

async fn configured_region(args: &DoctorArgs, timeout: Duration) -> Result<Region, Failure> {
    let ways =
        "give it with `--region`, the variable AWS_REGION, or `region = …` in the profile of the AWS config file";
    let name = default_region(args.profile.as_deref(), timeout / 2)
        .await
        .ok_or_else(|| Failure::usage("no Region was given, and none is configured").hint(ways))?;
    name.parse().map_err(|error| Failure::usage(format!("the configured Region: {error}")).hint(ways))
}

fn check(request: &Request) -> Result<(), Failure> {
    if let ModelReference::Arn(arn) = &request.model {
        let (ours, theirs) = (request.region.partition().as_str(), arn.arn().partition.as_str());
        if ours != theirs {
            return Err(Failure::usage(format!(
                "the model's ARN belongs to the partition `{theirs}`, and the Region `{}` to `{ours}`",
                request.region
            ))
            .hint("give a Region of the ARN's partition"));
        }
    }
    if request.live != LiveCall::None && request.principal.is_some() {
        return Err(Failure::usage("a test call is made by the caller, and `--principal` names somebody else")
            .hint("leave out `--probe` and `--invoke`, or run with the principal's own credentials (`--profile`)"));
    }
    if let Some(principal) = &request.principal
        && !matches!(principal.service.as_str(), "iam" | "sts")
    {
        return Err(Failure::usage(format!("`{principal}` is not the ARN of an IAM user or role"))
            .hint("such as arn:aws:iam::111122223333:role/apps/chat-api"));
    }
    // A profile's model is not known yet where only its ARN is given; that is noticed when it is read.
    let known = request.model.base_model();
    if request.live == LiveCall::Invoke && !can_invoke(request.operation, known) {
        return Err(Failure::usage(format!("how `{}` wants its request body is not known", request.model))
            .hint("`--probe` needs no body of the model's, and `--operation converse` has the same for every model"));
    }
    Ok(())
}

/// Says before a live call what it may cost or accept.
fn warn(request: &Request) {
    if request.live == LiveCall::None {
        return;
    }
    if request.live == LiveCall::Invoke {
        output::note("note: this makes a real call, billed for its input and at most one output token");
    }
    let third_party =
        request.model.base_model().is_none_or(|model| Marketplace::of(provider_of(model)) != Marketplace::NotSold);
    if third_party {
        output::note(
            "on a third-party model that the account has never used, a call may accept the model's licence (EULA)",
        );
    }
}

/// Shows on a terminal that the work goes on, once it has taken a second.
async fn with_progress<T>(work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    if let Ok(done) = tokio::time::timeout(SILENCE, &mut work).await {
        return done;
    }
    // The bar draws on standard error, and only where that is a terminal.
    let bar = ProgressBar::new_spinner().with_message("asking AWS");
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    let done = work.await;
    bar.finish_and_clear();
    done
}

fn context(pairs: &[(String, String)]) -> ContextKeys {
    let mut keys = ContextKeys::new();
    for (key, value) in pairs {
        let value = match keys.get(key) {
            Some(known) => {
                let mut values = known.values().to_vec();
                values.push(value.clone());
                ContextValue::Multiple(values)
            }
            None => ContextValue::Single(value.clone()),
        };
        keys.set(key, value);
    }
    keys
}

fn context_pair(text: &str) -> Result<(String, String), String> {
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
