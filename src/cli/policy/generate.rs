//! `policy generate`: the least-privilege policy for a call, as JSON, Terraform or CloudFormation.
//!
//! An operation that Bedrock carries out with a service role has three: the caller's, the role's, and the trust policy
//! that lets Bedrock assume the role.

use super::call::{self, CallArgs};
use super::from_trail;
use crate::answer::policy::{Generated, WantedPolicy, generated};
use crate::bedrock::Operation;
use crate::cli::exit::{ExitStatus, Failure};
use crate::cli::output;
use crate::iam::Arn;
use crate::report::{self, PolicyPart};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  bedrock-access policy generate --model amazon.nova-lite-v1:0 --region us-east-1
  bedrock-access policy generate --model us.amazon.nova-lite-v1:0 --region us-east-1 --account 111122223333 \\
      --destination-region us-east-1 --destination-region us-east-2 --destination-region us-west-2 --format terraform
  bedrock-access policy generate --model us.anthropic.claude-haiku-4-5-20251001-v1:0 --region us-east-1 \\
      --account 111122223333 --any-destination --first-use
  bedrock-access policy generate --operation create-agent --model amazon.nova-lite-v1:0 --region us-east-1 \\
      --service-role arn:aws:iam::111122223333:role/service-role/agents --of service-role";

/// Write the least-privilege policy that allows a call and nothing else.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct GenerateArgs {
    #[command(flatten)]
    call: CallArgs,
    /// An API operation; repeat for several [default: invoke-model and invoke-model-with-response-stream]
    #[arg(long, value_name = "OP", value_parser = call::operation())]
    operation: Vec<Operation>,
    /// Whose policy to write: an operation that Bedrock carries out with a service role needs all three
    #[arg(long, value_enum, default_value_t, value_name = "WHOSE")]
    of: Half,
    /// Allow the model in every Region, for calls through the profile only
    #[arg(long, conflicts_with = "destination_region")]
    any_destination: bool,
    /// The guardrail that the call applies
    #[arg(long, value_name = "ID|ARN")]
    guardrail: Option<String>,
    /// Also allow what the account's first call to a third-party model needs: the AWS Marketplace subscription, and the
    /// use case form for Anthropic's models
    #[arg(long)]
    first_use: bool,
    /// Allow calls with a Bedrock API key
    #[arg(long)]
    api_key: bool,
    /// What `denials --format json` wrote: the least policy that those calls lacked, for each principal
    #[arg(long, value_name = "FILE", conflicts_with_all = ["model", "operation", "from_cloudtrail"])]
    from: Option<String>,
    /// Files or folders of a trail: the least policy that covers what was served for `--principal`
    #[arg(long, value_name = "FILE|DIR", num_args = 1.., requires = "principal", conflicts_with_all = ["model", "operation"])]
    from_cloudtrail: Vec<PathBuf>,
    /// The IAM user or role whose calls count, with `--from` or `--from-cloudtrail`
    #[arg(long, value_name = "ARN")]
    principal: Option<Arn>,
    /// A policy that the new one would replace: what it takes away is said; repeat for several
    #[arg(long, value_name = "FILE", requires = "from_cloudtrail")]
    present: Vec<String>,
    /// The form of the policy
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Half {
    /// The caller, including `iam:PassRole` on the service role
    #[default]
    Caller,
    /// The service role that Bedrock assumes
    ServiceRole,
    /// The trust policy that lets Bedrock assume the service role
    Trust,
}

impl Half {
    fn part(self) -> PolicyPart {
        match self {
            Self::Caller => PolicyPart::Caller,
            Self::ServiceRole => PolicyPart::ServiceRole,
            Self::Trust => PolicyPart::Trust,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// The policy document
    #[default]
    Json,
    /// A data source `aws_iam_policy_document` and a policy
    Terraform,
    /// A template with an `AWS::IAM::ManagedPolicy`, in YAML
    Cloudformation,
}

/// Generates.
pub(super) fn run(args: &GenerateArgs) -> Result<ExitStatus, Failure> {
    if let Some(path) = &args.from {
        return from_trail::from_denials(path, args.principal.as_ref(), args.format);
    }
    if let (false, Some(principal)) = (args.from_cloudtrail.is_empty(), &args.principal) {
        return from_trail::from_cloudtrail(&args.from_cloudtrail, principal, &args.present, args.format);
    }
    let wanted = WantedPolicy {
        call: args.call.named(),
        operations: args.operation.clone(),
        of: args.of.part(),
        any_destination: args.any_destination,
        guardrail: args.guardrail.clone(),
        first_use: args.first_use,
        api_key: args.api_key,
    };
    let Generated { policy, part, notes } = generated(&wanted)?;
    output::print(&match args.format {
        Format::Json => format!("{policy:#}\n"),
        Format::Terraform => report::terraform(&policy, part),
        Format::Cloudformation => report::cloudformation(&policy, part),
    })?;
    notes.iter().for_each(|note| output::note(note));
    Ok(ExitStatus::Success)
}
