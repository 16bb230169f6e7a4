//! `policy simulate`: what the given policies say of one call, for people, or of many cases, for machines.

use super::call::{self, CallArgs};
use super::{cases, read};
use crate::answer::context_keys;
use crate::answer::policy::{NamedCall, evaluated};
use crate::bedrock::Operation;
use crate::cli::exit::{ExitStatus, Failure};
use crate::cli::{output, paint};
use crate::iam::{Arn, Decision};
use crate::policy::{Policies, Policy};
use crate::report;
use clap::{Args, ValueEnum};
use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind};

const EXAMPLES: &str = "\
Examples:
  bedrock-access policy simulate --policy app.json --model amazon.nova-lite-v1:0 --region us-east-1
  bedrock-access policy simulate --policy AmazonBedrockReadOnly --scp root.json --scp account.json \\
      --model us.amazon.nova-lite-v1:0 --region us-east-1 --account 111122223333 \\
      --destination-region us-east-1 --destination-region us-east-2 --destination-region us-west-2
  bedrock-access policy simulate --cases - < cases.jsonl

Exit status: 0 allowed, 1 denied, 2 wrong usage, 3 undetermined, 4 unreadable input; with --cases 0 when every line
was answered, 4 when one was no case";

/// Evaluate a Bedrock call against policy files, or many authorization cases.
///
/// A condition key that the policies read and that was not given is unknown, and makes the answer undetermined where
/// it matters; state it with --context, or with --absent.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct SimulateArgs {
    /// Read one authorization case a line (JSON) from a file, or `-`, and write one answer a line
    #[arg(long, value_name = "FILE|-", exclusive = true)]
    cases: Option<String>,
    /// An identity policy: a file, or the name of an AWS managed policy
    #[arg(long, value_name = "FILE|NAME", num_args = 1..)]
    policy: Vec<String>,
    /// The permissions boundary
    #[arg(long, value_name = "FILE|NAME")]
    permissions_boundary: Option<String>,
    /// The service control policies of one level, with commas between; repeat for the next level, root first
    #[arg(long, value_name = "FILE[,FILE]…")]
    scp: Vec<String>,
    /// The resource control policies of one level, in the same way
    #[arg(long, value_name = "FILE[,FILE]…")]
    rcp: Vec<String>,
    /// The session policy
    #[arg(long, value_name = "FILE")]
    session_policy: Vec<String>,
    /// The policy of the VPC endpoint that the call passes
    #[arg(long, value_name = "FILE")]
    vpc_endpoint_policy: Option<String>,
    /// The policy of the resource
    #[arg(long, value_name = "FILE")]
    resource_policy: Vec<String>,
    #[command(flatten)]
    call: CallArgs,
    /// The API operation
    #[arg(long, value_name = "OP", value_parser = call::operation(), default_value = Operation::InvokeModel.as_str())]
    operation: Operation,
    /// The caller [default: a role of the account]
    #[arg(long, value_name = "ARN")]
    principal: Option<Arn>,
    /// A condition key that the call carries; repeat the key for several values
    #[arg(long, value_name = "KEY=VALUE", value_parser = call::pair)]
    context: Vec<(String, String)>,
    /// A condition key that the call does not carry
    #[arg(long, value_name = "KEY")]
    absent: Vec<String>,
    /// The report's format
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
    /// When to colour the report
    #[arg(long, value_enum, default_value_t = paint::When::Auto, value_name = "WHEN")]
    color: paint::When,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table
    #[default]
    Text,
    /// As `docs/schema/simulation-1.json` describes
    Json,
}

/// Simulates.
pub(super) fn run(args: &SimulateArgs) -> Result<ExitStatus, Failure> {
    match &args.cases {
        Some(path) => run_cases(path),
        None => run_call(args),
    }
}

fn run_cases(path: &str) -> Result<ExitStatus, Failure> {
    let input: Box<dyn BufRead + Send> = if path == "-" {
        Box::new(BufReader::with_capacity(1 << 16, io::stdin()))
    } else {
        let file = File::open(path).map_err(|error| Failure::input(format!("`{path}` cannot be read: {error}")))?;
        Box::new(BufReader::with_capacity(1 << 16, file))
    };
    match cases::answer_all(input, &mut io::stdout().lock()) {
        Ok(tally) if tally.bad == 0 => Ok(ExitStatus::Success),
        Ok(_) => Ok(ExitStatus::Input),
        // The reader of the answers has closed the pipe.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(ExitStatus::Success),
        Err(error) => Err(Failure::input(format!("the cases in `{path}` cannot be answered to the end: {error}"))),
    }
}

fn run_call(args: &SimulateArgs) -> Result<ExitStatus, Failure> {
    let policies = policies(args)?;
    // The principal's account is the caller's, where nothing else is given.
    let of_principal = args.principal.as_ref().map(|principal| principal.account.clone());
    let account = args.call.account.clone().or(of_principal.filter(|account| !account.is_empty()));
    let named = NamedCall { account, ..args.call.named() };
    let call = named.expand(args.operation, context_keys(&args.context))?;
    if let Some(routes) = &call.routes {
        output::note(&format!("note: {routes}"));
    }
    let requirements = evaluated(&call, &policies, args.principal.as_ref(), &args.absent);
    let simulation = report::Simulation::new(&call.request, requirements, call.unlisted);
    let answer = match args.format {
        Format::Text => paint::paint(&simulation.text(), args.color, false),
        Format::Json => simulation.json(),
    };
    output::print(&answer)?;
    Ok(match simulation.decision() {
        Decision::Allowed => ExitStatus::Success,
        Decision::ExplicitDeny | Decision::ImplicitDeny => ExitStatus::Finding,
        Decision::Undetermined => ExitStatus::Undetermined,
    })
}

fn policies(args: &SimulateArgs) -> Result<Policies, Failure> {
    if args.policy.is_empty() && args.resource_policy.is_empty() {
        return Err(Failure::usage("no identity policy is given, and without one nothing is allowed")
            .hint("add `--policy FILE`, or `--cases FILE` for many cases at once"));
    }
    let all = |files: &[String]| files.iter().map(|file| read::policy(file)).collect::<Result<Vec<Policy>, _>>();
    let levels = |levels: &[String]| {
        let level = |files: &String| files.split(',').map(read::policy).collect::<Result<Vec<Policy>, _>>();
        levels.iter().map(level).collect::<Result<Vec<_>, _>>()
    };
    let one = |file: &Option<String>| file.as_deref().map(read::policy).transpose();
    let some = |files: &[String]| if files.is_empty() { Ok(None) } else { all(files).map(Some) };
    Ok(Policies {
        identity: all(&args.policy)?,
        permissions_boundary: one(&args.permissions_boundary)?,
        service_control: levels(&args.scp)?,
        resource_control: levels(&args.rcp)?,
        session: some(&args.session_policy)?,
        vpc_endpoint: one(&args.vpc_endpoint_policy)?,
        resource: some(&args.resource_policy)?,
    })
}
