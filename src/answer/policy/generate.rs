//! The least-privilege policy for a call.
//!
//! An operation that Bedrock carries out with a service role has three: the caller's, the role's, and the trust policy
//! that lets Bedrock assume the role.

use super::call::{Call, NamedCall};
use crate::answer::Failure;
use crate::bedrock::{Given, Kind, Marketplace, ModelReference, On, Operation, Region};
use crate::iam::{Arn, AssumingService, ContextKeys, RequestContext};
use crate::policy::least_privilege;
use crate::report::PolicyPart;
use serde_json::{Value, json};

/// The policy that is wanted.
#[derive(Clone, Debug)]
pub struct WantedPolicy {
    pub call: NamedCall,
    /// The operations; those that invoke a model where none is named.
    pub operations: Vec<Operation>,
    /// Whose policy it is.
    pub of: PolicyPart,
    /// Whether a profile may route to whichever Region.
    pub any_destination: bool,
    pub guardrail: Option<String>,
    /// Whether the first call to a third-party model is to be allowed as well.
    pub first_use: bool,
    /// Whether calls with a Bedrock API key are to be allowed.
    pub api_key: bool,
}

/// A policy, and what is to be said about it.
#[derive(Debug)]
pub struct Generated {
    pub policy: Value,
    pub part: PolicyPart,
    pub notes: Vec<String>,
}

/// Generates a policy.
///
/// # Errors
///
/// Wrong usage: what was asked lacks something that an ARN holds, or names what the operation does not take.
pub fn generated(wanted: &WantedPolicy) -> Result<Generated, Failure> {
    let calls = calls(wanted)?;
    let mut about_first_use = Vec::new();
    let policy = match wanted.of {
        PolicyPart::Caller => {
            let mut requests = requirements(&calls, |call| &call.requirements)?;
            further(wanted, &calls, &mut requests, &mut about_first_use)?;
            least_privilege(&requests)
        }
        PolicyPart::ServiceRole => {
            of_a_service_role(wanted, &calls)?;
            let policy = least_privilege(&requirements(&calls, |call| &call.service_role)?);
            named_for_agents(policy, &calls)
        }
        PolicyPart::Trust => {
            of_a_service_role(wanted, &calls)?;
            trust(&calls)
        }
    };
    let mut notes = about_first_use;
    notes.extend(self::notes(wanted, &calls));
    if wanted.of == PolicyPart::Caller && calls.iter().any(|call| call.request.service_role.is_some()) {
        notes.push(
            "note: this is the caller's half; `--of service-role` writes what the service role is allowed, and \
             `--of trust` lets Bedrock assume it"
                .to_owned(),
        );
    }
    Ok(Generated { policy, part: wanted.of, notes })
}

/// Says what the policy is based on, and what it cannot hold.
fn notes(wanted: &WantedPolicy, calls: &[Call]) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    let mut add = |note: String| {
        if !notes.contains(&note) {
            notes.push(note);
        }
    };
    for call in calls {
        let request = &call.request;
        if let (Some(from), PolicyPart::Caller | PolicyPart::ServiceRole) = (&call.routes, wanted.of) {
            add(format!("note: {from}"));
        }
        let writes = wanted.of == PolicyPart::Caller && request.operation == Operation::StartAsyncInvoke;
        if writes && request.given(Kind::S3).next().is_none() {
            add("note: the caller also needs `s3:PutObject` on the output; name its bucket with `--resource arn:aws:s3:::BUCKET/PREFIX/`".to_owned());
        }
        if wanted.of == PolicyPart::ServiceRole {
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

/// Returns what one call must be allowed: through a profile, in the Regions to which AWS documents that it routes, or in
/// whichever where that is not known.
///
/// # Errors
/// As [`NamedCall::expand`].
pub fn requirements_of_call(
    operation: Operation,
    model: Option<ModelReference>,
    resource: Vec<Arn>,
    region: Region,
    account: Option<String>,
) -> Result<Vec<RequestContext>, Failure> {
    let is_profile = model.as_ref().is_some_and(ModelReference::is_profile);
    let named = NamedCall { model, resource, region: Some(region), account, ..NamedCall::default() };
    let documented = named.expand(operation, ContextKeys::new())?;
    let call = match is_profile && !documented.unlisted.is_empty() {
        true => named.expand_to_any_region(operation)?,
        false => documented,
    };
    requirements(&[call], |call| &call.requirements)
}

/// Expands the operations that were named.
fn calls(wanted: &WantedPolicy) -> Result<Vec<Call>, Failure> {
    let both = [Operation::InvokeModel, Operation::InvokeModelWithResponseStream];
    let operations = if wanted.operations.is_empty() { &both[..] } else { &wanted.operations };
    let expand = |operation: &Operation| match wanted.any_destination {
        true => wanted.call.expand_to_any_region(*operation),
        false => wanted.call.expand(*operation, ContextKeys::new()),
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
fn of_a_service_role(wanted: &WantedPolicy, calls: &[Call]) -> Result<(), Failure> {
    if let Some(call) = calls.iter().find(|call| call.request.service_role.is_none()) {
        let operation = call.request.operation;
        return Err(match operation.service_role() {
            Given::Never => Failure::usage(format!("no service role carries out `{operation}`"))
                .hint("leave `--of` out, or name the operation: `bedrock-access actions` shows which have one"),
            _ => Failure::usage(format!("the service role of `{operation}` is not named"))
                .hint("add `--service-role` and the role's ARN"),
        });
    }
    let callers =
        [("guardrail", wanted.guardrail.is_some()), ("first-use", wanted.first_use), ("api-key", wanted.api_key)];
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

/// Returns what the first call to a model needs that is sold through AWS Marketplace: Bedrock subscribes in the caller's name.
pub fn subscription() -> impl Iterator<Item = RequestContext> {
    ["aws-marketplace:Subscribe", "aws-marketplace:ViewSubscriptions"].into_iter().map(through_bedrock)
}

fn through_bedrock(action: &str) -> RequestContext {
    let mut request = on(action, "*");
    request.context.set("aws:CalledViaLast", "bedrock.amazonaws.com");
    request
}

/// Adds what is needed in addition to the operations' own permissions.
fn further(
    wanted: &WantedPolicy,
    calls: &[Call],
    requests: &mut Vec<RequestContext>,
    notes: &mut Vec<String>,
) -> Result<(), Failure> {
    if let Some(guardrail) = &wanted.guardrail {
        requests.push(on("bedrock:ApplyGuardrail", &guardrail_arn(wanted, guardrail)?));
    }
    requests.extend(api_key(wanted, calls)?);
    let model = wanted.call.model.as_ref();
    let provider = wanted
        .call
        .underlying_model
        .as_deref()
        .map(crate::bedrock::provider_of)
        .or_else(|| model.and_then(ModelReference::provider));
    if wanted.first_use {
        if provider.is_none_or(|provider| Marketplace::of(provider) != Marketplace::NotSold) {
            requests.extend(subscription());
            requests.push(through_bedrock("aws-marketplace:Unsubscribe"));
        } else {
            let note = "note: models of this provider are not sold through AWS Marketplace; nothing is added for the first use";
            notes.push(note.to_owned());
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
fn api_key(wanted: &WantedPolicy, calls: &[Call]) -> Result<Vec<RequestContext>, Failure> {
    let mut requests: Vec<RequestContext> = Vec::new();
    if !wanted.api_key {
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

fn guardrail_arn(wanted: &WantedPolicy, guardrail: &str) -> Result<String, Failure> {
    if guardrail.starts_with("arn:") {
        let arn: Arn =
            guardrail.parse().map_err(|error| Failure::usage(format!("`{guardrail}` is not an ARN: {error}")))?;
        // A version is not part of the resource that is authorized.
        let id = arn.resource_id().split(':').next().unwrap_or_default().to_owned();
        return Ok(Arn { resource: format!("guardrail/{id}"), ..arn }.to_string());
    }
    let call = wanted.call.expand(Operation::InvokeModel, ContextKeys::new())?;
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
