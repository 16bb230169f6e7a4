//! The request, put together from what was typed and from what the sandbox's world is about.

use super::args::DoctorArgs;
use super::error::Pasted;
use crate::bedrock::{Bundle, Given, Kind, Marketplace, ModelReference, Operation, Region, provider_of};
use crate::cli::account::configured_region;
use crate::cli::exit::Failure;
use crate::cli::{input, output};
use crate::iam::{Arn, ContextKeys, ContextValue};
use crate::observe::can_invoke;
use crate::policy::Document;
use crate::request::{GivenPolicies, GivenPolicy, LiveCall, Request};
use crate::sandbox::{Live, World, WorldRequest};
use std::time::Duration;

/// Puts the request together from what was typed and, in a sandbox, from what the world is about.
pub(super) async fn request(args: &DoctorArgs, world: Option<&World>, timeout: Duration) -> Result<Request, Failure> {
    let asked = world.map(|world| &world.request);
    let pasted = Pasted::read(args.error.as_deref())?;
    pasted.check(args.model.as_ref(), args.principal.as_ref())?;
    let operation =
        args.operation.or(pasted.operation).or_else(|| asked.map(|asked| asked.operation)).unwrap_or_default();
    let request = assemble(args, operation, asked, &pasted, timeout).await?;
    check(&request)?;
    pasted.note(request.operation, &request.region);
    Ok(request)
}

/// Puts a request for each operation of a bundle together: of what was typed each takes what it has a use for.
pub(super) async fn requests(
    args: &DoctorArgs,
    bundle: Bundle,
    world: Option<&World>,
    timeout: Duration,
) -> Result<Vec<Request>, Failure> {
    let asked = world.map(|world| &world.request);
    let operations = bundle.operations();
    let of_world = asked.map(|asked| asked.operation).filter(|operation| operations.contains(operation));
    let first = of_world.or_else(|| operations.first().copied()).unwrap_or_default();
    let all = assemble(args, first, asked, &Pasted::default(), timeout).await?;
    let takes = |arn: &Arn, operation: Operation| Kind::of(arn).is_some_and(|kind| operation.takes(kind));
    let stranger = |arn: &&Arn| !operations.iter().any(|operation| takes(arn, *operation));
    if let Some(stranger) = all.resources.iter().find(stranger) {
        return Err(Failure::usage(format!("`{stranger}` is not a resource of any operation of `{bundle}`")).hint(
            format!(
                "`bedrock-access actions` lists what {} take",
                operations.iter().map(|o| o.as_str()).collect::<Vec<_>>().join(", ")
            ),
        ));
    }
    let always = |operation: &Operation| operation.model().given == Given::Always;
    let mut requests = Vec::new();
    for operation in operations {
        let mut request = Request { operation: *operation, ..all.clone() };
        // A model that another operation needs is that one's, and not what this one's service role may happen to call.
        let is_anothers = !always(operation) && operation.requires().contains(&Kind::KnowledgeBase);
        if operation.model().given == Given::Never || is_anothers && operations.iter().any(always) {
            request.model = None;
            request.service_role = None;
        }
        if operation.service_role() == Given::Never {
            request.service_role = None;
        }
        request.resources.retain(|arn| takes(arn, *operation));
        check(&request)?;
        requests.push(request);
    }
    Ok(requests)
}

async fn assemble(
    args: &DoctorArgs,
    operation: Operation,
    asked: Option<&WorldRequest>,
    pasted: &Pasted,
    timeout: Duration,
) -> Result<Request, Failure> {
    // What a world is about belongs to its own operation; another one has its own model, resources and role.
    let same = asked.filter(|asked| asked.operation.model().given == operation.model().given);
    let model =
        args.model.clone().or_else(|| pasted.model.clone()).or_else(|| same.and_then(|asked| asked.model.clone()));
    let same = asked.filter(|asked| asked.operation == operation);
    let resources = match same {
        Some(asked) if args.resource.is_empty() => asked.resources.clone(),
        _ => args.resource.clone(),
    };
    let service_role = args.service_role.clone().or_else(|| same.and_then(|asked| asked.service_role.clone()));
    if pasted.error.is_some() && model.is_none() && operation.model().given != Given::Never {
        return Err(Failure::usage("the error names no model").hint("name the one that was called with `--model`"));
    }
    let said = region_of(args, model.as_ref())?.or_else(|| pasted.region.clone());
    let region = match asked {
        Some(asked) => said.unwrap_or_else(|| asked.region.clone()),
        None => match said {
            Some(region) => region,
            None => configured_region(args.profile.as_deref(), timeout).await?,
        },
    };
    let live = match (args.probe, args.invoke, asked.and_then(|asked| asked.live)) {
        (true, ..) => LiveCall::Probe,
        (_, true, _) => LiveCall::Invoke,
        (.., Some(Live::Probe)) if args.principal.is_none() => LiveCall::Probe,
        (.., Some(Live::Invoke)) if args.principal.is_none() => LiveCall::Invoke,
        _ => LiveCall::None,
    };
    let live = if operation.has_test_call() || args.probe || args.invoke { live } else { LiveCall::None };
    let policies = GivenPolicies {
        session: args.session_policy.as_deref().map(given_policy).transpose()?,
        vpc_endpoint: args.vpc_endpoint_policy.as_deref().map(given_policy).transpose()?,
    };
    Ok(Request {
        resources,
        service_role,
        service: args.service.or_else(|| same.and_then(|asked| asked.service)),
        context: context(&args.context),
        principal: args.principal.clone(),
        guardrail: args.guardrail.clone(),
        policies,
        error: pasted.error.clone(),
        live,
        ..Request::new(model, operation, region)
    })
}

/// Reads a policy that no API shows; what is no policy is not sent on its way.
fn given_policy(path: &str) -> Result<GivenPolicy, Failure> {
    let document = input::text(path)?;
    Document::parse(&document)
        .map_err(|error| Failure::input(format!("`{path}` is not a policy: {error}")))
        .map_err(|failure| failure.hint(format!("`bedrock-access policy lint {path}` says more")))?;
    Ok(GivenPolicy { name: path.to_owned(), document })
}

/// Returns the Region that was typed, by itself or within the model's ARN or a resource's.
fn region_of(args: &DoctorArgs, model: Option<&ModelReference>) -> Result<Option<Region>, Failure> {
    let in_resource = || args.resource.iter().map(|arn| arn.region.as_str()).find(|region| !region.is_empty());
    let in_arn = model
        .and_then(ModelReference::region)
        .or_else(in_resource)
        .map(|region| region.parse::<Region>().map_err(|error| Failure::usage(format!("in the ARN, {error}"))))
        .transpose()?;
    match (&args.region, in_arn) {
        (Some(typed), Some(in_arn)) if *typed != in_arn => {
            Err(Failure::usage(format!("the ARN names the Region `{in_arn}`, and `--region` says `{typed}`"))
                .hint("an ARN can be used in its own Region only: leave `--region` out"))
        }
        (Some(typed), _) => Ok(Some(typed.clone())),
        (None, in_arn) => Ok(in_arn),
    }
}

fn check(request: &Request) -> Result<(), Failure> {
    if let Some(misuse) = request.misuse() {
        return Err(Failure::usage(misuse.to_string()).hint(misuse.hint()));
    }
    if let Some(ModelReference::Arn(arn)) = &request.model {
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
    if let Some(group) = request.principal.as_ref().filter(|arn| arn.service == "iam" && arn.resource_type() == "group")
    {
        return Err(Failure::usage(format!("`{group}` is a group, and a group makes no calls"))
            .hint("name one of its users: what the group allows counts for each of them"));
    }
    if let Some(principal) = &request.principal
        && !is_principal(principal)
    {
        return Err(Failure::usage(format!("`{principal}` is not the ARN of an IAM user or role"))
            .hint("such as arn:aws:iam::111122223333:role/apps/chat-api"));
    }
    if let (Some(service), Some(principal)) = (request.service, &request.principal)
        && !matches!(principal.resource_type(), "role" | "assumed-role")
    {
        return Err(Failure::usage(format!("`{}` assumes roles, and `{principal}` is none", service.principal()))
            .hint("leave `--service` out, or name the role with `--principal`"));
    }
    // A profile's model is not known yet where only its ARN is given; that is noticed when it is read.
    let known = request.base_model();
    if request.live == LiveCall::Invoke && !can_invoke(request.operation, known) {
        return Err(Failure::usage(format!(
            "how `{}` wants its request body is not known",
            request.target().unwrap_or_default()
        ))
        .hint("`--probe` needs no body of the model's, and `--operation converse` has the same for every model"));
    }
    Ok(())
}

/// Tells whether an ARN is of the kinds that make calls.
fn is_principal(arn: &Arn) -> bool {
    match arn.service.as_str() {
        "iam" => matches!(arn.resource_type(), "user" | "role" | "root"),
        "sts" => matches!(arn.resource_type(), "assumed-role" | "federated-user"),
        _ => false,
    }
}

/// Says before a live call what it may cost or accept.
pub(super) fn warn(request: &Request) {
    if request.live == LiveCall::None {
        return;
    }
    if request.live == LiveCall::Invoke {
        output::note("note: this makes a real call, billed for its input and at most one output token");
    }
    let third_party =
        request.base_model().is_none_or(|model| Marketplace::of(provider_of(model)) != Marketplace::NotSold);
    if third_party {
        output::note(
            "on a third-party model that the account has never used, a call may accept the model's licence (EULA)",
        );
    }
}

/// Says before many targets what test calls of them may cost or accept.
pub(super) fn warn_of_calls(args: &DoctorArgs) {
    if args.invoke {
        output::note("note: this makes a real call for each target, billed for its input and at most one output token");
    }
    if args.invoke || args.probe {
        output::note(
            "on a third-party model that the account has never used, a call may accept the model's licence (EULA)",
        );
    }
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
