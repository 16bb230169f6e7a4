//! `policy generate`: the least-privilege policy for a call, as JSON, Terraform or CloudFormation.

use super::call::{self, CallArgs};
use crate::bedrock::{Marketplace, ModelReference, Operation};
use crate::cli::exit::{ExitStatus, Failure};
use crate::cli::output;
use crate::iam::{Arn, ContextKeys, RequestContext};
use crate::policy::least_privilege;
use crate::report;
use clap::{Args, ValueEnum};

const EXAMPLES: &str = "\
Examples:
  bedrock-access policy generate --model amazon.nova-lite-v1:0 --region us-east-1
  bedrock-access policy generate --model us.amazon.nova-lite-v1:0 --region us-east-1 --account 111122223333 \\
      --destination-region us-east-1 --destination-region us-east-2 --destination-region us-west-2 --format terraform
  bedrock-access policy generate --model us.anthropic.claude-haiku-4-5-20251001-v1:0 --region us-east-1 \\
      --account 111122223333 --any-destination --first-use";

/// Write the least-privilege policy that allows a call and nothing else.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct GenerateArgs {
    #[command(flatten)]
    call: CallArgs,
    /// An API operation; repeat for several [default: invoke-model and invoke-model-with-response-stream]
    #[arg(long, value_name = "OP", value_parser = call::operation())]
    operation: Vec<Operation>,
    /// Allow the model in every Region, for calls through the profile only
    #[arg(long, conflicts_with = "destination_region")]
    any_destination: bool,
    /// A guardrail that the call applies
    #[arg(long, value_name = "ID|ARN")]
    guardrail: Option<String>,
    /// Allow what the account's first call to a third-party model needs: the AWS Marketplace subscription, and
    /// for Anthropic's models the use case form
    #[arg(long)]
    first_use: bool,
    /// Allow calls with a Bedrock API key
    #[arg(long)]
    api_key: bool,
    /// The form of the policy
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
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
    let requests = requests(args)?;
    let policy = least_privilege(&requests);
    output::print(&match args.format {
        Format::Json => format!("{policy:#}\n"),
        Format::Terraform => report::terraform(&policy),
        Format::Cloudformation => report::cloudformation(&policy),
    })?;
    Ok(ExitStatus::Success)
}

fn requests(args: &GenerateArgs) -> Result<Vec<RequestContext>, Failure> {
    let both = [Operation::InvokeModel, Operation::InvokeModelWithResponseStream];
    let operations = if args.operation.is_empty() { &both[..] } else { &args.operation };
    let mut requests: Vec<RequestContext> = Vec::new();
    for operation in operations {
        let call = args.call.expand(*operation, ContextKeys::new())?;
        if args.any_destination {
            any_destination(args, &call, *operation, &mut requests)?;
        } else if call.unlisted.is_empty() {
            requests.extend(call.legs);
        } else {
            return Err(destinations_missing(&call));
        }
    }
    // Both operations of one action are one requirement.
    let mut distinct: Vec<RequestContext> = Vec::new();
    for request in requests {
        if !distinct.contains(&request) {
            distinct.push(request);
        }
    }
    beside(args, &mut distinct)?;
    Ok(distinct)
}

/// Adds the profile, and the model behind it in whichever Region.
fn any_destination(
    args: &GenerateArgs,
    call: &call::Call,
    operation: Operation,
    requests: &mut Vec<RequestContext>,
) -> Result<(), Failure> {
    let request = &call.request;
    let Some(profile) = request.profile_arn(call.account.as_deref()) else {
        return Err(Failure::usage(format!(
            "`{}` is no inference profile, and goes to no other Region",
            request.target().unwrap_or_default()
        ))
        .hint("leave `--any-destination` out"));
    };
    let base = args.call.underlying_model.as_deref().or_else(|| request.base_model());
    let Some(base) = base else {
        return Err(Failure::usage(format!(
            "the ARN `{}` does not tell the model behind it",
            request.target().unwrap_or_default()
        ))
        .hint("add `--underlying-model` and the foundation model's id"));
    };
    let action = operation.iam_action();
    requests.push(on(action, &profile.to_string()));
    let mut models = on(action, &request.model_arn("*", base).to_string());
    models.context.set("bedrock:InferenceProfileArn", profile.to_string());
    requests.push(models);
    Ok(())
}

fn destinations_missing(call: &call::Call) -> Failure {
    let request = &call.request;
    let model = request.target().unwrap_or_default();
    match request.is_through_profile() {
        true => Failure::usage(format!(
            "`{model}` is an inference profile, and the Regions that it may route to are not given"
        ))
        .hint(format!(
            "list them with `aws bedrock get-inference-profile --region {} --inference-profile-identifier {model} \
             --query 'models[].modelArn'` and give each one's Region with `--destination-region`; or allow all with \
             `--any-destination`",
            request.region.as_str()
        )),
        false => Failure::usage(format!("what a call to `{model}` needs cannot be told: {}", call.unlisted.join("; ")))
            .hint("name the model itself with `--model`"),
    }
}

/// Adds what is needed beside the invocation.
fn beside(args: &GenerateArgs, requests: &mut Vec<RequestContext>) -> Result<(), Failure> {
    if let Some(guardrail) = &args.guardrail {
        requests.push(on("bedrock:ApplyGuardrail", &guardrail_arn(args, guardrail)?));
    }
    if args.api_key {
        requests.push(on("bedrock:CallWithBearerToken", "*"));
    }
    let model = args.call.model.as_ref();
    let provider = args
        .call
        .underlying_model
        .as_deref()
        .map(crate::bedrock::provider_of)
        .or_else(|| model.and_then(ModelReference::provider));
    if args.first_use {
        if provider.is_none_or(|provider| Marketplace::of(provider) != Marketplace::NotSold) {
            for action in
                ["aws-marketplace:Subscribe", "aws-marketplace:ViewSubscriptions", "aws-marketplace:Unsubscribe"]
            {
                let mut request = on(action, "*");
                request.context.set("aws:CalledViaLast", "bedrock.amazonaws.com");
                requests.push(request);
            }
        } else {
            output::note(
                "note: models of this provider are not sold through AWS Marketplace; nothing is added for the first use",
            );
        }
        if provider == Some("anthropic") {
            for action in ["bedrock:GetUseCaseForModelAccess", "bedrock:PutUseCaseForModelAccess"] {
                requests.push(on(action, "*"));
            }
        }
    }
    Ok(())
}

fn guardrail_arn(args: &GenerateArgs, guardrail: &str) -> Result<String, Failure> {
    if guardrail.starts_with("arn:") {
        let arn: Arn =
            guardrail.parse().map_err(|error| Failure::usage(format!("`{guardrail}` is not an ARN: {error}")))?;
        // A version is no part of the resource that is authorized.
        let id = arn.resource_id().split(':').next().unwrap_or_default().to_owned();
        return Ok(Arn { resource: format!("guardrail/{id}"), ..arn }.to_string());
    }
    let call = args.call.expand(Operation::InvokeModel, ContextKeys::new())?;
    let Some(account) = call.account else {
        return Err(Failure::usage("the ARN of the guardrail holds an account, and none is given")
            .hint("add `--account` and the caller's account id, or give the guardrail's ARN"));
    };
    let region = &call.request.region;
    let id = guardrail.split(':').next().unwrap_or(guardrail);
    let resource = format!("guardrail/{id}");
    Ok(Arn::new(region.partition().as_str(), "bedrock", region.as_str(), &account, &resource).to_string())
}

fn on(action: &str, resource: &str) -> RequestContext {
    RequestContext { action: action.to_owned(), resource: resource.to_owned(), context: ContextKeys::new() }
}
