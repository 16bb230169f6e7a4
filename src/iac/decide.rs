//! Decides a request under policies of which parts are known only after the deployment.
//!
//! Each statement with an unknown part is taken once as if it matched, and once as if it were not there: where both
//! give the same decision, that is the decision; where they differ, it is undetermined. A policy of which nothing is
//! known leaves every allow undetermined. So no answer depends on a guess.

use super::facts::{PolicySource, Role};
use super::node::{CLOSE, Node, OPEN, Value, comparable, is_partly_unknown, readable};
use crate::iam::{Arn, ContextKeys, Decision, PolicyType, RequestContext};
use crate::policy::{Document, Evaluation, Miss, NearMiss, Policies, Policy, Question, StatementRef, evaluate};
use crate::request::KnownCaller;
use serde_json::{Value as Json, json};

/// The policies that decide about a role's calls.
#[derive(Debug)]
pub(crate) struct Judge {
    /// As if every unknown part let the call through.
    generous: Policies,
    /// As if every unknown part stopped it.
    strict: Policies,
    /// Policies of which nothing is known.
    pub unread: Vec<String>,
    principal: String,
}

/// A decision and what it rests on.
#[derive(Clone, Debug)]
pub(crate) struct Judged {
    pub decision: Decision,
    pub policy_type: Option<PolicyType>,
    pub decided_by: Vec<StatementRef>,
    /// Whether a statement would allow it whose condition alone is not met.
    pub misses_a_condition: bool,
    /// What it depends on, where it is undetermined.
    pub depends_on: Vec<String>,
}

/// Which way an unknown part is taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Generous,
    Strict,
}

impl Judge {
    /// Takes a role with the VPC endpoint and organization policies that its calls meet.
    pub fn new(role: &Role, endpoints: &[&PolicySource], organization: &[&PolicySource]) -> Self {
        let sources = role
            .identity
            .iter()
            .chain(&role.boundary)
            .chain(endpoints.iter().copied())
            .chain(organization.iter().copied());
        let unread = sources.filter(|source| source.document.is_none()).map(|source| source.name.clone()).collect();
        let build = |way: Way| Policies {
            identity: role.identity.iter().filter_map(|source| taken(source, way)).collect(),
            permissions_boundary: role
                .boundary
                .as_ref()
                .and_then(|boundary| taken(boundary, way).or_else(|| unread_boundary(boundary, way))),
            vpc_endpoint: endpoints.first().and_then(|endpoint| taken(endpoint, way)),
            service_control: organization
                .iter()
                .filter_map(|source| taken(source, way))
                .map(|policy| [Some(policy), full_access("FullAWSAccess")].into_iter().flatten().collect())
                .collect(),
            ..Policies::default()
        };
        Self { generous: build(Way::Generous), strict: build(Way::Strict), unread, principal: role.arn.clone() }
    }

    /// Takes a trust policy.
    pub fn of_trust(trust: &PolicySource, service: &str) -> Self {
        let build =
            |way: Way| Policies { resource: Some(taken(trust, way).into_iter().collect()), ..Policies::default() };
        let unread = if trust.document.is_none() { vec![trust.name.clone()] } else { Vec::new() };
        Self { generous: build(Way::Generous), strict: build(Way::Strict), unread, principal: service.to_owned() }
    }

    /// Returns the judge with one more identity policy.
    pub fn with(&self, statements: &Json) -> Option<Self> {
        let policy = Policy::new("proposed", Document::from_value(statements).ok()?);
        let add = |policies: &Policies| {
            let mut policies = policies.clone();
            policies.identity.push(policy.clone());
            policies
        };
        Some(Self {
            generous: add(&self.generous),
            strict: add(&self.strict),
            unread: self.unread.clone(),
            principal: self.principal.clone(),
        })
    }

    /// Decides a request; the keys named in `unknown` may or may not be there.
    pub fn decide(&self, request: &RequestContext) -> Judged {
        let mut request = request.clone();
        match self.principal.parse::<Arn>() {
            Ok(role) => session_of(&role).complete(&mut request.context),
            Err(_) => of_service(&mut request.context),
        }
        let generous = self.ask(&self.generous, &request);
        let strict = self.ask(&self.strict, &request);
        let mut depends_on = generous.unknown_keys.clone();
        let denied =
            |evaluation: &Evaluation| matches!(evaluation.decision, Decision::ExplicitDeny | Decision::ImplicitDeny);
        let unread = !self.unread.is_empty() && generous.decision != Decision::ExplicitDeny;
        let decision = match (generous.decision, strict.decision) {
            _ if unread => Decision::Undetermined,
            (one, other) if one == other => one,
            _ if denied(&generous) => generous.decision,
            _ => Decision::Undetermined,
        };
        if decision == Decision::Undetermined {
            depends_on.extend(self.unread.iter().map(|name| format!("the policy `{name}`")));
            depends_on.extend(marks(&self.strict).into_iter().map(|mark| format!("`{mark}`")));
            depends_on.dedup();
        }
        let by_condition = |near: &NearMiss| near.misses.iter().all(|miss| matches!(miss, Miss::Condition { .. }));
        let misses_a_condition = generous.near_misses.iter().any(by_condition);
        let Evaluation { policy_type, decided_by, .. } = generous;
        Judged { decision, policy_type, decided_by, misses_a_condition, depends_on }
    }

    fn ask(&self, policies: &Policies, request: &RequestContext) -> Evaluation {
        let read = keys_read(policies);
        let read_guardrail = read.iter().any(|key| key.eq_ignore_ascii_case(GUARDRAIL));
        let mut unknown: Vec<String> = match self.principal.parse::<Arn>() {
            Ok(role) => session_of(&role).unknown(read.iter().map(String::as_str), request),
            Err(_) => read.into_iter().filter(|key| request.context.get(key).is_none()).collect(),
        };
        // Whether a call passes a guardrail is its code's to say, where no variable does.
        if read_guardrail && request.action.starts_with("bedrock:Invoke") && request.context.get(GUARDRAIL).is_none() {
            unknown.push(GUARDRAIL.to_owned());
        }
        evaluate(&Question { principal: &self.principal, request, unknown: &unknown }, policies)
    }
}

const GUARDRAIL: &str = "bedrock:GuardrailIdentifier";

/// What is known of a role's session before there is one.
fn session_of(role: &Arn) -> KnownCaller<'_> {
    KnownCaller {
        account: Some(&role.account),
        entity: Some(role),
        is_user: Some(false),
        has_all_tags: false,
        at: None,
    }
}

/// Adds what a service's own call carries.
fn of_service(context: &mut ContextKeys) {
    for (key, value) in
        [("aws:SecureTransport", "true"), ("aws:ViaAWSService", "false"), ("aws:PrincipalIsAWSService", "true")]
    {
        if context.get(key).is_none() {
            context.set(key, value);
        }
    }
}

fn keys_read(policies: &Policies) -> Vec<String> {
    let lists = [&policies.identity].into_iter().chain(&policies.service_control).flatten();
    let more =
        policies.permissions_boundary.iter().chain(&policies.vpc_endpoint).chain(policies.resource.iter().flatten());
    let mut keys: Vec<String> =
        lists.chain(more).flat_map(|policy| policy.document.condition_keys()).map(str::to_owned).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// Names what the policies hold that only the deployment makes.
fn marks(policies: &Policies) -> Vec<String> {
    let mut marks: Vec<String> = policies
        .identity
        .iter()
        .filter_map(|policy| policy.name.as_deref())
        .filter_map(|name| name.split_once(OPEN)?.1.split_once(CLOSE).map(|(mark, _)| mark.to_owned()))
        .collect();
    marks.sort_unstable();
    marks.dedup();
    marks
}

/// A policy that allows everything.
fn full_access(name: &str) -> Option<Policy> {
    let document = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}});
    Some(Policy::new(name, Document::from_value(&document).ok()?))
}

/// A boundary of which nothing is known: everything, or nothing.
fn unread_boundary(boundary: &PolicySource, way: Way) -> Option<Policy> {
    match way {
        Way::Generous => full_access(&boundary.name),
        Way::Strict => {
            let nothing = json!({"Version": "2012-10-17", "Statement": []});
            Some(Policy::new(boundary.name.clone(), Document::from_value(&nothing).ok()?))
        }
    }
}

/// Returns a policy with its unknown parts taken one way; `None` where all of it is unknown or it is malformed.
fn taken(source: &PolicySource, way: Way) -> Option<Policy> {
    let document = source.document.as_ref()?;
    let mut json = document.to_json();
    let statements = match json.get_mut("Statement")? {
        Json::Array(statements) => std::mem::take(statements),
        one => vec![one.take()],
    };
    let kept: Vec<Json> = statements.into_iter().filter_map(|statement| statement_taken(statement, way)).collect();
    let members = json.as_object_mut()?;
    members.insert("Statement".to_owned(), Json::Array(kept));
    let document = Document::from_value(&json).ok()?;
    Some(Policy::new(source.name.clone(), document))
}

/// Takes a statement: one with an unknown part either matches all that it may, or nothing.
fn statement_taken(mut statement: Json, way: Way) -> Option<Json> {
    if !is_partly_unknown(&statement.to_string()) {
        return Some(statement);
    }
    let allows = statement.get("Effect").and_then(Json::as_str) == Some("Allow");
    let matches = allows == (way == Way::Generous);
    let members = statement.as_object_mut()?;
    for (name, element) in members.iter_mut() {
        match name.as_str() {
            // A name that the deployment makes equals itself: such a resource matches calls to it either way.
            "Resource" => widen(element, matches),
            "NotResource" | "NotAction" => widen(element, !matches),
            "Action" | "Principal" | "NotPrincipal" => widen_inside(element, matches),
            _ => {}
        }
    }
    members.values_mut().for_each(compare);
    let conditions_unknown =
        members.get("Condition").is_some_and(|condition| is_partly_unknown(&condition.to_string()));
    if conditions_unknown {
        if !matches {
            return None;
        }
        members.remove("Condition");
    }
    Some(statement)
}

fn widen(element: &mut Json, widens: bool) {
    if !widens {
        return;
    }
    match element {
        Json::Array(items) => items.iter_mut().for_each(|item| widen(item, widens)),
        Json::String(text) => *text = widened(text),
        _ => {}
    }
}

/// Writes the marked names that are left in ARNs as calls have them.
fn compare(element: &mut Json) {
    match element {
        Json::Array(items) => items.iter_mut().for_each(compare),
        Json::Object(members) => members.values_mut().for_each(compare),
        Json::String(text) => *text = comparable(text),
        _ => {}
    }
}

fn widen_inside(element: &mut Json, widens: bool) {
    match element {
        Json::Object(members) => members.values_mut().for_each(|member| widen(member, widens)),
        other => widen(other, widens),
    }
}

/// Returns a pattern that matches whatever its unknown parts become.
fn widened(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once(OPEN) {
        pattern.push_str(before);
        pattern.push('*');
        rest = behind.split_once(CLOSE).map_or("", |(_, after)| after);
    }
    pattern.push_str(rest);
    pattern
}

/// Lists what a document holds that only the deployment makes, as people read it.
pub(crate) fn unknown_parts(document: &Node) -> Vec<String> {
    fn walk(node: &Node, into: &mut Vec<String>) {
        match &node.value {
            Value::Text(text) => {
                let marks =
                    text.split(OPEN).skip(1).filter_map(|behind| behind.split_once(CLOSE).map(|(mark, _)| mark));
                into.extend(marks.map(readable));
            }
            Value::Unknown(what) => into.push(readable(what)),
            Value::List(items) => items.iter().for_each(|item| walk(item, into)),
            Value::Map(members) => members.iter().for_each(|(_, member)| walk(member, into)),
            _ => {}
        }
    }
    let mut parts = Vec::new();
    walk(document, &mut parts);
    parts.sort_unstable();
    parts.dedup();
    parts
}
