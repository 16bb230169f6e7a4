//! The request, put together from the call, the texts that were read and, in a sandbox, the world's own request.

use super::call::{Call, Principal};
use super::pasted::Pasted;
use crate::answer::{Failure, context_keys};
use crate::bedrock::{Bundle, Given, Kind, Marketplace, ModelReference, Operation, Region, provider_of};
use crate::iam::Arn;
use crate::observe::can_invoke;
use crate::request::{GivenPolicies, LiveCall, Request};
use crate::sandbox::{Live, World, WorldRequest};

/// The texts that were read: the pasted error and the policies that no API returns.
#[derive(Debug, Default)]
pub struct Inputs {
    pub pasted: Pasted,
    pub policies: GivenPolicies,
}

/// A request whose principal may still have to be looked up by its name.
#[derive(Clone, Debug)]
pub struct Asked {
    pub request: Request,
    /// The name of a user or role in the caller's account.
    pub principal_name: Option<String>,
    /// Where what was asked takes precedence over the error.
    pub notes: Vec<String>,
}

/// Puts the request together; `configured` is the Region of the environment or the profile.
///
/// # Errors
///
/// Wrong usage: what was asked contradicts itself, the error or the world, or lacks something.
pub async fn request(
    call: &Call,
    inputs: &Inputs,
    world: Option<&World>,
    configured: impl AsyncFnOnce() -> Result<Region, Failure>,
) -> Result<Asked, Failure> {
    let own = world.map(|world| &world.request);
    let pasted = &inputs.pasted;
    pasted.check(call.model.as_ref(), call.principal.as_ref().and_then(Principal::arn))?;
    if let Some(action) = pasted.unknown_action.as_ref().filter(|_| call.operation.or(pasted.operation).is_none()) {
        return Err(Failure::usage(format!(
            "the error is about `{action}`, which no operation needs that can be asked about"
        ))
        .hint("`bedrock-access explain` says what the text says; `--operation` names another call to ask about"));
    }
    let operation = call.operation.or(pasted.operation).or_else(|| own.map(|own| own.operation)).unwrap_or_default();
    let mut asked = assemble(call, operation, own, inputs, configured).await?;
    check(&asked)?;
    asked.notes = pasted.notes(asked.request.operation, &asked.request.region);
    Ok(asked)
}

/// Puts a request for each operation of a bundle together: each takes those options that it has a use for.
///
/// # Errors
///
/// As [`request`].
pub async fn requests(
    call: &Call,
    inputs: &Inputs,
    bundle: Bundle,
    world: Option<&World>,
    configured: impl AsyncFnOnce() -> Result<Region, Failure>,
) -> Result<Vec<Asked>, Failure> {
    let own = world.map(|world| &world.request);
    let operations = bundle.operations();
    let of_world = own.map(|own| own.operation).filter(|operation| operations.contains(operation));
    let first = of_world.or_else(|| operations.first().copied()).unwrap_or_default();
    let Asked { request: all, principal_name, .. } = assemble(call, first, own, inputs, configured).await?;
    let takes = |arn: &Arn, operation: Operation| Kind::of(arn).is_some_and(|kind| operation.takes(kind));
    let stranger = |arn: &&Arn| !operations.iter().any(|operation| takes(arn, *operation));
    if let Some(stranger) = all.resources.iter().find(stranger) {
        let names: Vec<&str> = operations.iter().map(|operation| operation.as_str()).collect();
        return Err(Failure::usage(format!("`{stranger}` is not a resource of any operation of `{bundle}`"))
            .hint(format!("`bedrock-access actions` lists what {} take", names.join(", "))));
    }
    let always = |operation: &Operation| operation.model().given == Given::Always;
    let mut requests = Vec::new();
    for operation in operations {
        let mut request = Request { operation: *operation, ..all.clone() };
        // A model that another operation needs belongs to that one, not to whatever this one's service role may call.
        let is_anothers = !always(operation) && operation.requires().contains(&Kind::KnowledgeBase);
        if operation.model().given == Given::Never || is_anothers && operations.iter().any(always) {
            request.model = None;
            request.service_role = None;
        }
        if operation.service_role() == Given::Never {
            request.service_role = None;
        }
        request.resources.retain(|arn| takes(arn, *operation));
        let asked = Asked { request, principal_name: principal_name.clone(), notes: Vec::new() };
        check(&asked)?;
        requests.push(asked);
    }
    Ok(requests)
}

async fn assemble(
    call: &Call,
    operation: Operation,
    own: Option<&WorldRequest>,
    inputs: &Inputs,
    configured: impl AsyncFnOnce() -> Result<Region, Failure>,
) -> Result<Asked, Failure> {
    let pasted = &inputs.pasted;
    // A world's request belongs to its own operation; another one has its own model, resources and role.
    let same = own.filter(|own| own.operation.model().given == operation.model().given);
    let model = call.model.clone().or_else(|| pasted.model.clone()).or_else(|| same.and_then(|own| own.model.clone()));
    let same = own.filter(|own| own.operation == operation);
    let resources = match same {
        Some(own) if call.resources.is_empty() => own.resources.clone(),
        _ => call.resources.clone(),
    };
    let service_role = call.service_role.clone().or_else(|| same.and_then(|own| own.service_role.clone()));
    if pasted.error.is_some() && model.is_none() && !matches!(operation.model().given, Given::Never | Given::Maybe) {
        return Err(Failure::usage("the error names no model").hint("name the one that was called with `--model`"));
    }
    let said = region_of(call, model.as_ref())?.or_else(|| pasted.region.clone());
    let region = match (said, own) {
        (Some(region), _) => region,
        (None, Some(own)) => own.region.clone(),
        (None, None) => configured().await?,
    };
    let by_world = match own.and_then(|own| own.live).filter(|_| call.principal.is_none()) {
        Some(Live::Probe) => LiveCall::Probe,
        Some(Live::Invoke) => LiveCall::Invoke,
        None => LiveCall::None,
    };
    let live = match call.live {
        LiveCall::None if operation.has_test_call() => by_world,
        typed => typed,
    };
    let (principal, principal_name) = match call.principal.clone() {
        Some(Principal::Arn(arn)) => (Some(arn), None),
        Some(Principal::Name(name)) => (None, Some(name)),
        None => (None, None),
    };
    let request = Request {
        resources,
        service_role,
        service: call.service.or_else(|| same.and_then(|own| own.service)),
        context: context_keys(&call.context),
        principal,
        guardrail: call.guardrail.clone().or_else(|| same.and_then(|own| own.guardrail.clone())),
        project: call.project.clone().or_else(|| same.and_then(|own| own.project.clone())),
        policies: policies(call, inputs),
        error: pasted.error.clone(),
        live,
        ..Request::new(model, operation, region)
    };
    Ok(Asked { request, principal_name, notes: Vec::new() })
}

/// Returns the policies that no API shows: those of the options, and the caller's own for its session.
fn policies(call: &Call, inputs: &Inputs) -> GivenPolicies {
    let mut policies = inputs.policies.clone();
    policies.session = policies.session.or_else(|| call.session_policy.clone());
    policies
}

/// Returns the Region that was named, by itself or in the ARN of the model or of a resource.
fn region_of(call: &Call, model: Option<&ModelReference>) -> Result<Option<Region>, Failure> {
    let in_resource = || call.resources.iter().map(|arn| arn.region.as_str()).find(|region| !region.is_empty());
    let in_arn = model
        .and_then(ModelReference::region)
        .or_else(in_resource)
        .map(|region| region.parse::<Region>().map_err(|error| Failure::usage(format!("in the ARN, {error}"))))
        .transpose()?;
    match (&call.region, in_arn) {
        (Some(typed), Some(in_arn)) if *typed != in_arn => {
            Err(Failure::usage(format!("the ARN names the Region `{in_arn}`, and `--region` says `{typed}`"))
                .hint("an ARN can be used in its own Region only: leave `--region` out"))
        }
        (Some(typed), _) => Ok(Some(typed.clone())),
        (None, in_arn) => Ok(in_arn),
    }
}

fn check(asked: &Asked) -> Result<(), Failure> {
    let request = &asked.request;
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
    if request.live != LiveCall::None && (request.principal.is_some() || asked.principal_name.is_some()) {
        return Err(Failure::usage("a test call is made by the caller, and `--principal` names another identity")
            .hint("leave out `--probe` and `--invoke`, or use the principal's own credentials (`--profile`, `--assume-role`)"));
    }
    if let Some(group) = request.principal.as_ref().filter(|arn| arn.service == "iam" && arn.resource_type() == "group")
    {
        return Err(Failure::usage(format!("`{group}` is a group, and groups make no calls"))
            .hint("name one of its users: what the group allows counts for each of them"));
    }
    if let Some(principal) = &request.principal
        && !is_principal(principal)
    {
        return Err(Failure::usage(format!("`{principal}` is not the ARN of an IAM user or role"))
            .hint("such as arn:aws:iam::111122223333:role/apps/chat-api"));
    }
    if let Some(principal) = &request.principal
        && principal.partition != request.region.partition().as_str()
    {
        return Err(Failure::usage(format!(
            "`{principal}` belongs to the partition `{}`, and the Region `{}` to `{}`",
            principal.partition,
            request.region,
            request.region.partition().as_str()
        ))
        .hint("an identity works in the Regions of its own partition only"));
    }
    if let (Some(service), Some(principal)) = (request.service, &request.principal)
        && !matches!(principal.resource_type(), "role" | "assumed-role")
    {
        return Err(Failure::usage(format!(
            "`{}` assumes roles, and `{principal}` is not a role",
            service.principal()
        ))
        .hint("leave `--service` out, or name the role with `--principal`"));
    }
    // If only the ARN of a profile is given, its model is known when the profile has been read.
    let known = request.base_model();
    if request.live == LiveCall::Invoke && !can_invoke(request.operation, known) {
        return Err(Failure::usage(format!(
            "the native request body of `{}` is not known",
            request.target().unwrap_or_default()
        ))
        .hint("`--probe` works for every model, and so does `--operation converse --invoke`"));
    }
    Ok(())
}

/// Returns `true` if an ARN is of a kind that makes calls.
fn is_principal(arn: &Arn) -> bool {
    match arn.service.as_str() {
        "iam" => matches!(arn.resource_type(), "user" | "role" | "root"),
        "sts" => matches!(arn.resource_type(), "assumed-role" | "federated-user"),
        _ => false,
    }
}

/// Says, before test calls, what they may cost or accept.
pub fn warnings<'r>(requests: impl IntoIterator<Item = &'r Request>) -> Vec<&'static str> {
    let live: Vec<&Request> = requests.into_iter().filter(|request| request.live != LiveCall::None).collect();
    warnings_of(
        live.iter().any(|request| request.live == LiveCall::Invoke),
        live.iter().any(|request| {
            request.base_model().is_none_or(|model| Marketplace::of(provider_of(model)) != Marketplace::NotSold)
        }),
    )
}

/// Says what test calls may cost or accept.
pub fn warnings_of(is_billed: bool, is_third_party: bool) -> Vec<&'static str> {
    let billed = "note: this makes a real call, billed for its input and at most one output token";
    let licence =
        "note: if the account has never used this third-party model, a call may accept the model's licence (EULA)";
    [(is_billed, billed), (is_third_party, licence)].into_iter().filter(|(is, _)| *is).map(|(_, note)| note).collect()
}
