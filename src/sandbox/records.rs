//! Records of refused calls: how IAM evaluated each of them, by the authorization id in its refusal.
//!
//! A record is made where a refusal carries an id, and found from the second look on: AWS records it some seconds late.
//! Shapes follow the IAM Toolbox API Reference, "GetRequestAuthorizationDetails". Each requirement is evaluated by
//! itself, so that a record shows every one that refuses, where the refusal's text names one alone.

use super::caller::Caller;
use super::effective_policies::{EffectivePolicies, Source};
use super::ids;
use super::refusal::Pointer;
use super::wire::Service;
use super::world::{AuthorizationIds, World};
use crate::iam::{Arn, ContextKeys, ContextValue, Decision, PolicyType, RequestContext};
use crate::policy::{Document, Policies, Policy, Question, StatementRef, decide};
use serde_json::{Map, Value, json};

/// How often a record is not found before it is.
const LOOKS_IN_VAIN: u32 = 1;

/// How many records are kept; the oldest goes first.
const KEPT: usize = 1000;

/// Allows everything: stands in for the requirements that are not asked about.
const ALLOW_ALL: &str = r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;

/// The records of an account.
#[derive(Debug, Default)]
pub(super) struct Records(Vec<Record>);

/// How one refused call was evaluated.
#[derive(Debug)]
struct Record {
    id: String,
    region: String,
    details: Value,
    looks: u32,
}

impl Records {
    /// Keeps how a refused call was evaluated; none where the service's refusals carry no id.
    pub(super) fn keep(&mut self, call: &RefusedCall<'_>) -> Option<Pointer> {
        let (service, region) = match call.service {
            Service::Iam => (AuthorizationIds::Iam, home_of_iam(call.world, &call.caller.region)),
            Service::Bedrock => (AuthorizationIds::Bedrock, call.caller.region.as_str()),
            _ => return None,
        };
        if !call.world.authorization_ids.contains(&service) {
            return None;
        }
        let id = opaque(call.request_id);
        let record = Record { id: id.clone(), region: region.to_owned(), details: call.details(), looks: 0 };
        if self.0.len() >= KEPT {
            self.0.remove(0);
        }
        self.0.push(record);
        Some(Pointer { id, region: region.to_owned() })
    }

    /// Looks a record up where it is kept, and counts the looks at it.
    pub(super) fn find(&mut self, id: &str, region: &str) -> Option<Value> {
        let record = self.0.iter_mut().find(|record| record.id == id && record.region == region)?;
        record.looks = record.looks.saturating_add(1);
        (record.looks > LOOKS_IN_VAIN).then(|| record.details.clone())
    }
}

/// Returns the Region that IAM's own refusals are recorded in: IAM is one for each partition.
fn home_of_iam<'a>(world: &World, signed: &'a str) -> &'a str {
    match world.partition() {
        "aws" => "us-east-1",
        "aws-us-gov" => "us-gov-west-1",
        _ => signed,
    }
}

/// Makes an id of 24 letters and digits that tells nothing.
fn opaque(text: &str) -> String {
    let more = ids::unique_id("", &format!("{text}/more"));
    format!("{}{}", ids::unique_id("", text), more.get(..7).unwrap_or_default()).to_ascii_lowercase()
}

/// A refused call, with everything that its evaluation takes.
pub(super) struct RefusedCall<'a> {
    pub(super) world: &'a World,
    pub(super) caller: &'a Caller<'a>,
    pub(super) service: Service,
    pub(super) request_id: &'a str,
    pub(super) effective: &'a EffectivePolicies,
    pub(super) request: &'a RequestContext,
}

/// One requirement: what kind it is, and the policies that it consists of.
struct Check<'a> {
    name: &'static str,
    policy_type: PolicyType,
    target: Option<String>,
    policies: Vec<&'a Policy>,
    alone: Policies,
}

impl<'a> RefusedCall<'a> {
    fn details(&self) -> Value {
        let checks = self.checks();
        let whole = decide(&Question::new(&self.caller.arn(), self.request), &self.effective.policies);
        let policies: Vec<Value> = checks.iter().flat_map(|check| self.describe_policies(check)).collect();
        json!({
            "requestContext": context(&self.caller.context(self.world)),
            "evaluations": [{
                "action": self.request.action,
                "resource": self.request.resource,
                "context": context(&self.request.context),
                "evaluatedEffect": effect(whole.decision),
                "checks": checks.iter().map(|check| self.check(check)).collect::<Vec<_>>(),
            }],
            "policies": policies,
        })
    }

    fn checks(&self) -> Vec<Check<'a>> {
        let policies = &self.effective.policies;
        let alone = || {
            let identity = Document::parse(ALLOW_ALL).map(Policy::unnamed).into_iter().collect();
            Policies { identity, ..Policies::default() }
        };
        let mut checks = Vec::new();
        for (depth, level) in policies.service_control.iter().enumerate() {
            checks.push(Check {
                name: "SERVICE_CONTROL_POLICY",
                policy_type: PolicyType::ServiceControlPolicy,
                target: self.target(depth),
                policies: level.iter().collect(),
                alone: Policies { service_control: vec![level.clone()], ..alone() },
            });
        }
        if let Some(endpoint) = &policies.vpc_endpoint {
            checks.push(Check {
                name: "VPC_ENDPOINT",
                policy_type: PolicyType::VpcEndpointPolicy,
                target: None,
                policies: vec![endpoint],
                alone: Policies { vpc_endpoint: Some(endpoint.clone()), ..alone() },
            });
        }
        checks.push(Check {
            name: "PRINCIPAL",
            policy_type: PolicyType::IdentityPolicy,
            target: None,
            policies: policies.identity.iter().collect(),
            alone: Policies { identity: policies.identity.clone(), ..Policies::default() },
        });
        if let Some(boundary) = &policies.permissions_boundary {
            checks.push(Check {
                name: "PERMISSIONS_BOUNDARY",
                policy_type: PolicyType::PermissionsBoundary,
                target: None,
                policies: vec![boundary],
                alone: Policies { permissions_boundary: Some(boundary.clone()), ..alone() },
            });
        }
        if let Some(session) = &policies.session {
            checks.push(Check {
                name: "SESSION",
                policy_type: PolicyType::SessionPolicy,
                target: None,
                policies: session.iter().collect(),
                alone: Policies { session: Some(session.clone()), ..alone() },
            });
        }
        checks
    }

    fn check(&self, check: &Check<'_>) -> Value {
        let evaluation = decide(&Question::new(&self.caller.arn(), self.request), &check.alone);
        let mut matched: Vec<(String, Vec<Value>)> = Vec::new();
        let effect_of_statement = if evaluation.decision == Decision::Allowed { "ALLOW" } else { "DENY" };
        for statement in evaluation.decided_by.iter().filter(|known| known.policy_type == check.policy_type) {
            let Some((key, source)) = self.source(statement.policy.as_ref()) else { continue };
            let (uri, told) =
                (uri(key, source), json!({ "sid": sid(statement), "evaluatedEffect": effect_of_statement }));
            match matched.iter_mut().find(|(known, _)| *known == uri) {
                Some((_, statements)) => statements.push(told),
                None => matched.push((uri, vec![told])),
            }
        }
        let matched: Vec<Value> = matched
            .into_iter()
            .map(|(uri, statements)| json!({ "uri": uri, "matchedStatements": statements }))
            .collect();
        let mut told = json!({
            "checkType": check.name,
            "evaluatedEffect": effect(evaluation.decision),
            "matchedPolicies": matched,
        });
        if let (Some(target), Value::Object(fields)) = (&check.target, &mut told) {
            fields.insert("targetArn".to_owned(), json!(target));
        }
        told
    }

    /// Describes the policies of a requirement, whether they matched or not.
    fn describe_policies(&self, check: &Check<'_>) -> Vec<Value> {
        let kind = match check.name {
            "VPC_ENDPOINT" => "VPC_ENDPOINT_POLICY",
            "PRINCIPAL" => "IDENTITY_BASED_POLICY",
            "SESSION" => "SESSION_POLICY",
            name => name,
        };
        let describe = |policy: &&Policy| {
            let (key, source) = self.source(policy.name.as_ref())?;
            let attached_to = check.target.clone().or_else(|| self.attached_to(check.policy_type, source));
            let attached_to: Vec<Value> = attached_to.iter().map(|arn| json!({ "arn": arn })).collect();
            let inline = source.arn.is_none();
            Some(json!({ "type": kind, "inline": inline, "uri": uri(key, source), "attachedTo": attached_to }))
        };
        check.policies.iter().filter_map(describe).collect()
    }

    fn source(&self, policy: Option<&String>) -> Option<(&str, &Source)> {
        self.effective.sources.get_key_value(policy?).map(|(key, source)| (key.as_str(), source))
    }

    /// Returns the ARN of the user, group or role that a policy restricts.
    fn attached_to(&self, policy_type: PolicyType, source: &Source) -> Option<String> {
        let facts = self.caller.facts;
        let groups = &self.world.groups;
        let group = groups.iter().find(|group| group.name() == source.attached_to);
        match (policy_type, group) {
            (PolicyType::VpcEndpointPolicy, _) => None,
            (PolicyType::IdentityPolicy, Some(group)) if source.attached_to != facts.name() => {
                Some(group.arn.to_string())
            }
            _ => Some(facts.arn.to_string()),
        }
    }

    /// Returns the ARN of the organization's root, unit or account that a level of policies is attached to.
    fn target(&self, depth: usize) -> Option<String> {
        let world = self.world;
        let organization = world.organization.as_ref()?;
        let path = organization.paths.first().map(String::as_str).unwrap_or_default();
        // `o-…/r-…/ou-…/`: the organization itself has no policies.
        let unit = path.split('/').filter(|part| !part.is_empty()).nth(depth + 1);
        let (kind, id) = match unit {
            Some(root) if root.starts_with("r-") => ("root", root),
            Some(unit) => ("ou", unit),
            None => ("account", world.account.as_str()),
        };
        let resource = format!("{kind}/{}/{id}", organization.id);
        let arn = Arn::new(world.partition(), "organizations", "", &organization.management_account, &resource);
        Some(arn.to_string())
    }
}

/// Tells a policy from others: a managed one by its ARN, an inline one by an id that says nothing else.
fn uri(key: &str, source: &Source) -> String {
    source.arn.clone().unwrap_or_else(|| opaque(key))
}

/// Returns a statement's `Sid`; one that has none is given one.
fn sid(statement: &StatementRef) -> String {
    statement.sid.clone().unwrap_or_else(|| format!("Statement{}", statement.statement + 1))
}

fn effect(decision: Decision) -> &'static str {
    match decision {
        Decision::Allowed => "ALLOW",
        Decision::ExplicitDeny => "EXPLICIT_DENY",
        Decision::ImplicitDeny | Decision::Undetermined => "IMPLICIT_DENY",
    }
}

fn context(keys: &ContextKeys) -> Value {
    let value = |value: &ContextValue| match value.as_single() {
        Some(single) => json!(single),
        None => json!(value.values()),
    };
    Value::Object(keys.iter().map(|(key, values)| (key.to_owned(), value(values))).collect::<Map<_, _>>())
}
