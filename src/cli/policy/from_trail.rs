//! `policy generate --from` and `--from-cloudtrail`: policies for what calls lacked, or for what was served.
//!
//! The first takes what `denials --format json` wrote: a policy for each principal, with exactly the refused actions on
//! the refused resources. The second reads a trail: the least policy that covers the calls of one principal that were
//! served. Both are tried with the engine before they are printed.

use super::generate::Format;
use crate::answer::policy::{requirements_of_call, subscription};
use crate::bedrock::{Kind, ModelReference, Operation, Region};
use crate::cause::Cause;
use crate::cli::denials::files::{Parcel, for_each};
use crate::cli::exit::{ExitStatus, Failure};
use crate::cli::{input, output};
use crate::iam::{Arn, ContextKeys, Decision, Principal, RequestContext};
use crate::policy::{Document, Effect, Policies, Policy, Question, decide, least_privilege};
use crate::report::{self, PolicyPart};
use crate::trail::{Denials, Group, Item, Served, Wanted};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// The permission to call with a Bedrock API key.
const BEARER_TOKEN: &str = "bedrock:CallWithBearerToken";

/// The most distinct calls of a principal that are told apart.
const MOST_CALLS: usize = 10_000;

/// Writes the policies that refused calls lacked.
pub(super) fn from_denials(path: &str, principal: Option<&Arn>, format: Format) -> Result<ExitStatus, Failure> {
    let denials = Denials::from_json(&input::text(path)?).map_err(|error| {
        Failure::input(format!("`{path}` is not the result of `denials`: {error}"))
            .hint("`--from` takes what `bedrock-access denials … --format json` wrote")
    })?;
    if denials.redacted {
        return Err(Failure::input(format!("`{path}` was written with `--redact`: aliases make no policy"))
            .hint("take a result without `--redact`"));
    }
    let mut wanted: BTreeMap<String, Vec<RequestContext>> = BTreeMap::new();
    let mut left: BTreeMap<&'static str, u64> = BTreeMap::new();
    for group in &denials.groups {
        match request_of(group) {
            Ok((who, lacked)) => {
                if principal.is_none_or(|principal| principal.to_string() == who) {
                    let requests = wanted.entry(who).or_default();
                    for request in lacked {
                        if !requests.contains(&request) {
                            requests.push(request);
                        }
                    }
                }
            }
            Err(why) => *left.entry(why).or_default() += 1,
        }
    }
    for (why, count) in left {
        output::note(&format!("note: {count} groups are left out: {why}"));
    }
    let policies: Vec<(String, Value)> = wanted
        .into_iter()
        .map(|(who, requests)| {
            let policy = least_privilege(&requests);
            prove(&who, &policy, &requests).map(|()| (who, policy))
        })
        .collect::<Result<_, _>>()?;
    print(&policies, format)?;
    Ok(if policies.is_empty() { ExitStatus::Undetermined } else { ExitStatus::Success })
}

/// Returns whom a group's calls lacked which permissions.
fn request_of(group: &Group) -> Result<(String, Vec<RequestContext>), &'static str> {
    match group.cause {
        Cause::IdentityPolicyMissingAllow => {}
        // AWS Marketplace is asked by Bedrock in the caller's name, and only then.
        Cause::MarketplacePermission => {
            let who = group.principal.clone().ok_or("their principal is not recorded")?;
            return Ok((who, subscription().collect()));
        }
        cause if cause.family() == crate::cause::Family::IamPermission => {
            return Err("another policy than an identity's refuses them, and allowing more does not help");
        }
        _ => return Err("no permission is what they lacked"),
    }
    let who = group.principal.clone().ok_or("their principal is not recorded")?;
    let action = group.action.clone().ok_or("their action is not recorded")?;
    // A log says what anybody writes into it: what no call to Bedrock needs is not granted for it.
    if !action.starts_with("bedrock") || action.contains('*') {
        return Err("what they lacked is no action of Bedrock's: look at it yourself");
    }
    // The service authorization reference lists no resource for it.
    if action == BEARER_TOKEN {
        return Ok((who, vec![RequestContext { action, resource: "*".to_owned(), context: ContextKeys::new() }]));
    }
    let resource = group.resource.clone().ok_or("their resource is not recorded")?;
    let mut context = ContextKeys::new();
    // A model behind a profile is allowed through that profile alone.
    if let Some(profile) =
        profile_of(group).filter(|profile| *profile != resource && resource.contains(":foundation-model/"))
    {
        context.set("bedrock:InferenceProfileArn", profile);
    }
    Ok((who, vec![RequestContext { action, resource, context }]))
}

/// Returns the ARN of the inference profile that a group's calls named.
fn profile_of(group: &Group) -> Option<String> {
    let model: ModelReference = group.model.as_deref()?.parse().ok()?;
    if !model.is_profile() {
        return None;
    }
    if let Some(arn) = model.arn() {
        return Some(arn.to_string());
    }
    let region: Region = group.region.as_deref()?.parse().ok()?;
    let resource = format!("inference-profile/{}", group.model.as_deref()?);
    let partition = region.partition();
    Some(Arn::new(partition.as_str(), "bedrock", region.as_str(), group.account.as_deref()?, &resource).to_string())
}

/// Tries a policy: alone it must allow every request.
fn prove(principal: &str, policy: &Value, requests: &[RequestContext]) -> Result<(), Failure> {
    let document = Document::parse(&policy.to_string())
        .map_err(|error| Failure::input(format!("the policy for `{principal}` is not valid: {error}")))?;
    let policies = Policies { identity: vec![Policy::unnamed(document)], ..Policies::default() };
    let refused = requests
        .iter()
        .find(|request| decide(&Question::new(principal, request), &policies).decision != Decision::Allowed);
    match refused {
        None => Ok(()),
        Some(request) => Err(Failure::input(format!(
            "no policy was found that allows `{}` on `{}`",
            request.action, request.resource
        ))),
    }
}

/// Writes the least policy that covers what was served for a principal, and what it takes from the present ones.
pub(super) fn from_cloudtrail(
    paths: &[PathBuf],
    principal: &Arn,
    present: &[String],
    format: Format,
) -> Result<ExitStatus, Failure> {
    let name = Principal::new(principal.clone());
    let name = name.role_name().or(name.user_name()).map(str::to_owned);
    let name = name.ok_or_else(|| {
        Failure::usage(format!("`{principal}` is neither an IAM user nor a role")).hint("name it by its ARN in IAM")
    })?;
    let mut calls: BTreeSet<Served> = BTreeSet::new();
    let mut incomplete = 0;
    for_each(paths, &Wanted::Served(name), |_, parcel| match parcel {
        Parcel::Entries(entries) => {
            for entry in entries {
                let Item::Served(served) = entry.item else { continue };
                let is_theirs = served.principal.as_deref().and_then(|arn| arn.parse::<Arn>().ok());
                if is_theirs.is_some_and(|arn| Principal::new(arn).is_same_entity(principal))
                    && calls.len() < MOST_CALLS
                {
                    calls.insert(*served);
                }
            }
        }
        Parcel::End(source) => {
            if !source.is_whole() {
                incomplete += 1;
                let why = source.error.unwrap_or_else(|| format!("{} records are unreadable", source.unreadable));
                output::note(&format!("note: `{}` was not read whole: {why}", source.name));
            }
        }
    })?;
    let mut requests: Vec<RequestContext> = Vec::new();
    for call in &calls {
        match requirements(call) {
            Ok(needed) => needed.into_iter().for_each(|request| {
                if !requests.contains(&request) {
                    requests.push(request);
                }
            }),
            Err(why) => output::note(&format!("note: a call of {} is left out: {why}", call.operation)),
        }
    }
    if requests.is_empty() {
        return Err(Failure {
            status: ExitStatus::Undetermined,
            ..Failure::input(format!("no call of `{principal}` that was served was found"))
        }
        .hint("calls to models are management events, which every trail holds; is this the right account and time?"));
    }
    let policy = least_privilege(&requests);
    prove(&principal.to_string(), &policy, &requests)?;
    take_away(present, &policy)?;
    print(&[(principal.to_string(), policy)], format)?;
    Ok(if incomplete > 0 { ExitStatus::Undetermined } else { ExitStatus::Success })
}

/// Returns everything that a served call had to be allowed.
fn requirements(call: &Served) -> Result<Vec<RequestContext>, String> {
    let region: Region =
        call.region.as_deref().ok_or("its Region is not recorded")?.parse().map_err(|error| format!("{error}"))?;
    let known = Operation::from_api_name(&call.operation);
    let Some(operation) = known.filter(|known| known.iam_action().split(':').next() == Some(call.service.as_str()))
    else {
        // What has no row in the table of operations is an action of that name, on whatever it was.
        let action = format!("{}:{}", call.service, call.operation);
        return Ok(vec![RequestContext { action, resource: "*".to_owned(), context: ContextKeys::new() }]);
    };
    let model =
        call.model.as_deref().map(str::parse::<ModelReference>).transpose().map_err(|error| error.to_string())?;
    if model.is_none() && operation.model().given == crate::bedrock::Given::Always {
        return Err("its model is not recorded".to_owned());
    }
    let resources = call.resources.iter().filter_map(|resource| arn_of(resource, &region, call.account.as_deref()));
    let (taken, others): (Vec<Arn>, Vec<Arn>) =
        resources.partition(|arn| Kind::of(arn).is_some_and(|kind| operation.takes(kind)));
    if let Some(kind) = operation.requires().iter().find(|kind| !taken.iter().any(|arn| Kind::of(arn) == Some(**kind)))
    {
        return Err(format!("its resource, {}, is not recorded", kind.words()));
    }
    requirements_of_call(operation, model, taken, region, call.account.clone())
        .map(|mut requests| {
            // A guardrail that the call passed is one more authorization.
            let guardrails = others.iter().filter(|arn| Kind::of(arn) == Some(Kind::Guardrail));
            requests.extend(guardrails.map(|arn| RequestContext {
                action: "bedrock:ApplyGuardrail".to_owned(),
                resource: arn.to_string(),
                context: ContextKeys::new(),
            }));
            if call.bears_api_key {
                let action = BEARER_TOKEN.to_owned();
                requests.push(RequestContext { action, resource: "*".to_owned(), context: ContextKeys::new() });
            }
            requests
        })
        .map_err(|failure| failure.message)
}

/// Returns the ARN of what a call named, with what its id lacks.
fn arn_of(resource: &str, region: &Region, account: Option<&str>) -> Option<Arn> {
    match resource.parse::<Arn>() {
        Ok(arn) => Some(arn),
        Err(_) => Some(Arn::new(region.partition().as_str(), "bedrock", region.as_str(), account?, resource)),
    }
}

/// Says which allows of the present policies the new one does not repeat.
fn take_away(present: &[String], policy: &Value) -> Result<(), Failure> {
    let kept: BTreeSet<String> = allowed_actions(policy).into_iter().collect();
    for path in present {
        let text = input::text(path)?;
        let document =
            Document::parse(&text).map_err(|error| Failure::input(format!("`{path}` is not a policy: {error}")))?;
        let allows = document.statements().iter().filter(|statement| statement.effect() == Effect::Allow).count();
        let value: Value = serde_json::from_str(&text).unwrap_or_default();
        let lost: Vec<String> = allowed_actions(&value).into_iter().filter(|action| !kept.contains(action)).collect();
        output::note(&match lost.as_slice() {
            [] => format!(
                "note: the new policy keeps every action of `{path}` ({allows} statements), on the resources that were used"
            ),
            lost => format!(
                "note: with the new policy in place of `{path}` these are no longer allowed: {}",
                lost.join(", ")
            ),
        });
    }
    Ok(())
}

/// Lists the actions that a policy's statements allow, as they are written.
fn allowed_actions(policy: &Value) -> Vec<String> {
    let statements = match policy.get("Statement") {
        Some(Value::Array(list)) => list.iter().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    };
    let allows =
        statements.into_iter().filter(|statement| statement.get("Effect").and_then(Value::as_str) == Some("Allow"));
    let texts = |value: &Value| match value {
        Value::Array(list) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Value::String(one) => vec![one.clone()],
        _ => Vec::new(),
    };
    allows.filter_map(|statement| statement.get("Action")).flat_map(texts).collect()
}

/// Prints one policy as it is, and several as lines that name whose each is.
fn print(policies: &[(String, Value)], format: Format) -> Result<(), Failure> {
    let text = match (format, policies) {
        (Format::Json, [(_, policy)]) => format!("{policy:#}\n"),
        (Format::Json, many) => {
            many.iter().map(|(who, policy)| format!("{}\n", json!({"principal": who, "policy": policy}))).collect()
        }
        (_, many) if many.len() > 1 => {
            return Err(Failure::usage(format!("there are policies for {} principals", many.len()))
                .hint("name one with `--principal`, or take JSON, which has a line for each"));
        }
        (Format::Terraform, many) => {
            many.iter().map(|(_, policy)| report::terraform(policy, PolicyPart::Caller)).collect()
        }
        (Format::Cloudformation, many) => {
            many.iter().map(|(_, policy)| report::cloudformation(policy, PolicyPart::Caller)).collect()
        }
    };
    output::print(&text)
}
