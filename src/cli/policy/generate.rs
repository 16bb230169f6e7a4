//! `policy generate`: the least-privilege policy for a call, as JSON, Terraform or CloudFormation.
//!
//! An operation that Bedrock carries out with a service role has three: the caller's, the role's, and the trust policy
//! that lets Bedrock assume the role.

use super::call::{self, Call, CallArgs};
use super::from_trail;
use crate::bedrock::{Given, Kind, Marketplace, ModelReference, On, Operation, Region};
use crate::cli::exit::{ExitStatus, Failure};
use crate::cli::output;
use crate::iam::{Arn, AssumingService, ContextKeys, RequestContext};
use crate::policy::least_privilege;
use crate::report::{self, PolicyPart};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
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
    let calls = calls(args)?;
    let (policy, part) = match args.of {
        Half::Caller => {
            let mut requests = requirements(&calls, |call| &call.requirements)?;
            further(args, &calls, &mut requests)?;
            (least_privilege(&requests), PolicyPart::Caller)
        }
        Half::ServiceRole => {
            of_a_service_role(args, &calls)?;
            let policy = least_privilege(&requirements(&calls, |call| &call.service_role)?);
            (named_for_agents(policy, &calls), PolicyPart::ServiceRole)
        }
        Half::Trust => {
            of_a_service_role(args, &calls)?;
            (trust(&calls), PolicyPart::Trust)
        }
    };
    output::print(&match args.format {
        Format::Json => format!("{policy:#}\n"),
        Format::Terraform => report::terraform(&policy, part),
        Format::Cloudformation => report::cloudformation(&policy, part),
    })?;
    for note in notes(args, &calls) {
        output::note(&note);
    }
    if args.of == Half::Caller && calls.iter().any(|call| call.request.service_role.is_some()) {
        output::note(
            "note: this is the caller's half; `--of service-role` writes what the service role is allowed, and \
             `--of trust` lets Bedrock assume it",
        );
    }
    Ok(ExitStatus::Success)
}

/// Says what the policy is based on, and what it cannot hold.
fn notes(args: &GenerateArgs, calls: &[Call]) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    let mut add = |note: String| {
        if !notes.contains(&note) {
            notes.push(note);
        }
    };
    for call in calls {
        let request = &call.request;
        if let (Some(from), Half::Caller | Half::ServiceRole) = (&call.routes, args.of) {
            add(format!("note: {from}"));
        }
        let writes = args.of == Half::Caller && request.operation == Operation::StartAsyncInvoke;
        if writes && request.given(Kind::S3).next().is_none() {
            add("note: the caller also needs `s3:PutObject` on the output; name its bucket with `--resource arn:aws:s3:::BUCKET/PREFIX/`".to_owned());
        }
        if args.of == Half::ServiceRole {
            let stores = request.operation.needs().iter().filter(|need| need.on == On::VectorStore);
            let actions: Vec<String> =
                stores.map(|need| format!("`{}` {}", need.action, need.when.words().unwrap_or_default())).collect();
            if !actions.is_empty() {
                add(format!(
                    "note: the role's rights on the vector store are not in this policy: {}",
                    actions.join("; ")
                ));
            }
        }
    }
    notes
}

/// Returns what one call must be allowed; a profile may route it to whichever Region.
///
/// # Errors
/// As [`CallArgs::expand`].
pub(super) fn requirements_of_call(
    operation: Operation,
    model: Option<ModelReference>,
    region: Region,
    account: Option<String>,
) -> Result<Vec<RequestContext>, Failure> {
    let is_profile = model.as_ref().is_some_and(ModelReference::is_profile);
    let call = CallArgs { model, region: Some(region), account, ..CallArgs::default() };
    let call = match is_profile {
        true => call.expand_to_any_region(operation)?,
        false => call.expand(operation, ContextKeys::new())?,
    };
    requirements(&[call], |call| &call.requirements)
}

/// Expands the operations that were named.
fn calls(args: &GenerateArgs) -> Result<Vec<Call>, Failure> {
    let both = [Operation::InvokeModel, Operation::InvokeModelWithResponseStream];
    let operations = if args.operation.is_empty() { &both[..] } else { &args.operation };
    let expand = |operation: &Operation| match args.any_destination {
        true => args.call.expand_to_any_region(*operation),
        false => args.call.expand(*operation, ContextKeys::new()),
    };
    operations.iter().map(expand).collect()
}

/// Collects the requirements of all calls, each once: both operations of one action are one requirement.
fn requirements(calls: &[Call], of: fn(&Call) -> &Vec<RequestContext>) -> Result<Vec<RequestContext>, Failure> {
    let mut distinct: Vec<RequestContext> = Vec::new();
    for call in calls {
        if !call.unlisted.is_empty() {
            return Err(destinations_missing(call));
        }
        for request in of(call) {
            if !distinct.contains(request) {
                distinct.push(request.clone());
            }
        }
    }
    Ok(distinct)
}

/// Checks that there is a service role to write for, and nothing that only a caller's policy holds.
fn of_a_service_role(args: &GenerateArgs, calls: &[Call]) -> Result<(), Failure> {
    if let Some(call) = calls.iter().find(|call| call.request.service_role.is_none()) {
        let operation = call.request.operation;
        return Err(match operation.service_role() {
            Given::Never => Failure::usage(format!("no service role carries out `{operation}`"))
                .hint("leave `--of` out, or name the operation: `bedrock-access actions` shows which have one"),
            _ => Failure::usage(format!("the service role of `{operation}` is not named"))
                .hint("add `--service-role` and the role's ARN"),
        });
    }
    let callers = [("guardrail", args.guardrail.is_some()), ("first-use", args.first_use), ("api-key", args.api_key)];
    match callers.iter().find(|(_, given)| *given) {
        Some((option, _)) => {
            Err(Failure::usage(format!("`--{option}` is about the caller's policy")).hint("leave `--of` out"))
        }
        None => Ok(()),
    }
}

/// Names the statement under which an agent invokes its model as AWS's own example does (Bedrock User Guide, "Create a
/// service role for Amazon Bedrock Agents"), which shows readers whose policy it is.
fn named_for_agents(mut policy: Value, calls: &[Call]) -> Value {
    let is_agents = calls.iter().all(|call| call.request.operation.acts_for() == Some("agent"));
    if let Some(first) = policy.get_mut("Statement").and_then(|all| all.get_mut(0)).and_then(Value::as_object_mut)
        && is_agents
    {
        first.shift_insert(0, "Sid".to_owned(), json!("AgentModelInvocationPermissions"));
    }
    policy
}

/// Writes the trust policy of a service role: Bedrock may assume it, for the account's own resources of these kinds.
fn trust(calls: &[Call]) -> Value {
    let account = calls.iter().find_map(|call| call.account.as_deref());
    let mut sources: Vec<String> = Vec::new();
    for call in calls {
        let source = call.request.operation.acts_for();
        let source = source.map(|kind| call.request.acting_for(kind, account.unwrap_or_default()).to_string());
        sources.extend(source.filter(|source| !sources.contains(source)));
    }
    let statement = AssumingService::Bedrock.trust_statement(account, &sources);
    json!({"Version": "2012-10-17", "Statement": [statement]})
}

fn destinations_missing(call: &Call) -> Failure {
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
        false => {
            let of = if model.is_empty() { call.request.operation.to_string() } else { model };
            Failure::usage(format!("what `{of}` needs cannot be told: {}", call.unlisted.join("; ")))
                .hint("name the model itself with `--model`")
        }
    }
}

/// Adds what is needed in addition to the operations' own permissions.
fn further(args: &GenerateArgs, calls: &[Call], requests: &mut Vec<RequestContext>) -> Result<(), Failure> {
    if let Some(guardrail) = &args.guardrail {
        requests.push(on("bedrock:ApplyGuardrail", &guardrail_arn(args, guardrail)?));
    }
    requests.extend(api_key(args, calls)?);
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

/// Returns the permissions to call with a Bedrock API key, which are the endpoint's own.
fn api_key(args: &GenerateArgs, calls: &[Call]) -> Result<Vec<RequestContext>, Failure> {
    let mut requests: Vec<RequestContext> = Vec::new();
    if !args.api_key {
        return Ok(requests);
    }
    for call in calls {
        let operation = call.request.operation;
        let action =
            operation.needs().iter().map(|need| need.action).find(|action| action.ends_with(":CallWithBearerToken"));
        let Some(action) = action else {
            return Err(Failure::usage(format!("`{operation}` takes no Bedrock API key"))
                .hint("leave `--api-key` out: the call has to be signed with AWS credentials"));
        };
        let request = on(action, "*");
        if !requests.contains(&request) {
            requests.push(request);
        }
    }
    Ok(requests)
}

fn guardrail_arn(args: &GenerateArgs, guardrail: &str) -> Result<String, Failure> {
    if guardrail.starts_with("arn:") {
        let arn: Arn =
            guardrail.parse().map_err(|error| Failure::usage(format!("`{guardrail}` is not an ARN: {error}")))?;
        // A version is not part of the resource that is authorized.
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
