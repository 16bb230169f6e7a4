//! Near misses: allows that are there and do not match, and what it is that differs.
//!
//! Looked for after the decision and only for implicit denies, so that a run over many requests does not pay.

use super::principal::Principals;
use super::query::{Known, Query, parts};
use super::statement::{Effect, Statement};
use super::three_valued::Ternary;
use super::{Policies, Policy, StatementRef};
use crate::iam::{ContextValue, PolicyType};
use serde::Serialize;

/// How many near misses are told.
const MOST: usize = 5;

/// A statement that allows something close to the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NearMiss {
    /// The statement.
    pub statement: StatementRef,
    /// Everything in which it differs from the request.
    pub misses: Vec<Miss>,
}

/// One thing in which a statement differs from a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "miss")]
pub enum Miss {
    /// The action is none of those listed (or one of those excluded).
    Action {
        /// The action of the request.
        asked: String,
        /// The patterns of `Action` or `NotAction`.
        patterns: Vec<String>,
    },
    /// The resource is none of those listed (or one of those excluded).
    Resource {
        /// The ARN of the request's resource.
        asked: String,
        /// The pattern of `Resource` that came closest, or the one of `NotResource` that matches.
        pattern: String,
        /// The first part of the ARN that differs: `partition`, `service`, `region`, `account` or `resource`.
        part: Option<String>,
        /// What the pattern has there.
        expected: Option<String>,
        /// What the ARN has there.
        actual: Option<String>,
    },
    /// The caller is none of those whom `Principal` names.
    Principal {
        /// The caller's ARN.
        asked: String,
    },
    /// A condition does not hold.
    Condition {
        /// The operator, such as `StringEquals`.
        operator: String,
        /// The condition key as the policy has it.
        key: String,
        /// The values as the policy has them.
        expected: Vec<String>,
        /// The value in the request; `None` where the request has no such key.
        actual: Option<ContextValue>,
        /// Whether it is unknown if the request carries the key.
        unknown: bool,
    },
}

/// An allow, and in what it differs from a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AllowMatch {
    /// The statement.
    pub statement: StatementRef,
    /// Everything in which it differs from the request; empty where it allows it.
    pub misses: Vec<Miss>,
    /// Whether it is meant for something close, its conditions aside: the same action on a resource that differs in one part
    /// of its ARN, or an action beside the request's on the same resource.
    pub is_near: bool,
}

/// Holds every allow of a policy type against a request, whatever denies it.
pub(super) fn allow_matches(query: &Query<'_>, policies: &Policies, policy_type: PolicyType) -> Vec<AllowMatch> {
    let mut matches = Vec::new();
    for (index, policy) in of_type(policies, policy_type).into_iter().enumerate() {
        for statement in policy.document.statements().iter().filter(|statement| statement.effect == Effect::Allow) {
            let misses = misses(statement, query);
            let is_near = is_near(statement, &misses, query);
            let statement = StatementRef::new(policy_type, index, policy, statement);
            matches.push(AllowMatch { statement, misses, is_near });
        }
    }
    matches
}

fn is_near(statement: &Statement, misses: &[Miss], query: &Query<'_>) -> bool {
    let mut others = misses.iter().filter(|miss| !matches!(miss, Miss::Condition { .. }));
    match (others.next(), others.next()) {
        (None, _) => true,
        (Some(Miss::Resource { .. }), None) => parts_that_differ(statement, query) == 0,
        (Some(Miss::Action { patterns, .. }), None) => patterns.iter().any(|pattern| is_beside(pattern, query)),
        _ => false,
    }
}

/// Returns `true` if an action is the request's with or without what is behind its name, such as the stream of an answer.
fn is_beside(pattern: &str, query: &Query<'_>) -> bool {
    let Some((service, name)) = pattern.split_once(':') else { return false };
    let (name, asked) = (name.trim_end_matches('*').to_ascii_lowercase(), query.name.to_ascii_lowercase());
    !name.is_empty()
        && service.eq_ignore_ascii_case(query.service)
        && (name.starts_with(&asked) || asked.starts_with(&name))
}

/// Returns the policies of a type, in the order in which statements of them are counted.
fn of_type(policies: &Policies, policy_type: PolicyType) -> Vec<&Policy> {
    match policy_type {
        PolicyType::ResourceControlPolicy => policies.resource_control.iter().flatten().collect(),
        PolicyType::ServiceControlPolicy => policies.service_control.iter().flatten().collect(),
        PolicyType::VpcEndpointPolicy => policies.vpc_endpoint.iter().collect(),
        PolicyType::PermissionsBoundary => policies.permissions_boundary.iter().collect(),
        PolicyType::SessionPolicy => policies.session.iter().flatten().collect(),
        PolicyType::IdentityPolicy => policies.identity.iter().collect(),
        PolicyType::ResourcePolicy => policies.resource.iter().flatten().collect(),
    }
}

/// Finds the allows of the refusing policy type that miss the request by one kind of thing.
pub(super) fn near_misses(query: &Query<'_>, policies: &Policies, policy_type: Option<PolicyType>) -> Vec<NearMiss> {
    let Some(policy_type) = policy_type else { return Vec::new() };
    let mut found: Vec<(usize, NearMiss)> = Vec::new();
    for (index, policy) in of_type(policies, policy_type).into_iter().enumerate() {
        for statement in policy.document.statements().iter().filter(|statement| statement.effect == Effect::Allow) {
            let misses = misses(statement, query);
            if let Some(distance) = distance(statement, &misses, query) {
                let statement = StatementRef::new(policy_type, index, policy, statement);
                found.push((distance, NearMiss { statement, misses }));
            }
        }
    }
    found.sort_by_key(|(distance, _)| *distance);
    // What is near makes what is farther off a distraction.
    let nearest = found.first().map(|(distance, _)| *distance);
    found.retain(|(distance, _)| Some(*distance) == nearest);
    found.truncate(MOST);
    found.into_iter().map(|(_, near_miss)| near_miss).collect()
}

/// Returns how far a statement is from the request; `None` where it is about something else, or matches.
fn distance(statement: &Statement, misses: &[Miss], query: &Query<'_>) -> Option<usize> {
    let misses_action = misses.iter().find_map(|miss| match miss {
        Miss::Action { patterns, .. } => Some(patterns),
        _ => None,
    });
    match (misses.len(), misses_action) {
        (0, _) => None,
        // A resource that differs in more than one part is another kind of resource, or somebody else's.
        (count, None) => Some(count + 2 * parts_that_differ(statement, query)),
        // Another action on the same resource is near where it looks meant for this one: another spelling, a
        // prefix that does not exist, the action without its stream.
        (1, Some(patterns)) => {
            let near = |pattern: &String| {
                let (service, name) = pattern.split_once(':').unwrap_or(("", pattern));
                let name = name.trim_end_matches('*').to_ascii_lowercase();
                let family = ["invoke", "converse", "bedrock"];
                let service_is_near = service.to_ascii_lowercase().starts_with(&*query.service.to_ascii_lowercase());
                service_is_near
                    && (query.name.to_ascii_lowercase().starts_with(&*name)
                        || family.iter().any(|stem| name.starts_with(stem)))
            };
            patterns.iter().any(near).then_some(2)
        }
        _ => None,
    }
}

/// Counts in how many of an ARN's parts beyond one the statement's closest resource differs.
fn parts_that_differ(statement: &Statement, query: &Query<'_>) -> usize {
    let (Some(listed), Some(arn)) = (&statement.resources, &query.parts) else { return 0 };
    if listed.negated {
        return 0;
    }
    let closest = listed.patterns.iter().map(|pattern| pattern.closeness(arn, query)).max().unwrap_or_default();
    (super::arn_pattern::PARTS.len() - 1).saturating_sub(closest)
}

fn misses(statement: &Statement, query: &Query<'_>) -> Vec<Miss> {
    let mut misses = Vec::new();
    if !statement.action_matches(query) {
        let patterns = statement.actions().map(str::to_owned).collect();
        misses.push(Miss::Action { asked: query.action.to_owned(), patterns });
    }
    if statement.resource_matches(query) != Ternary::Yes {
        misses.push(resource_miss(statement, query));
    }
    if statement.principals.as_ref().is_some_and(|principals: &Principals| principals.grant(&query.caller).is_none()) {
        misses.push(Miss::Principal { asked: query.caller.text.to_owned() });
    }
    for condition in statement.conditions.iter().filter(|condition| condition.holds(query) != Ternary::Yes) {
        let found = query.key(&condition.key);
        misses.push(Miss::Condition {
            operator: condition.operator.to_string(),
            key: condition.key.to_string(),
            expected: condition.values.iter().map(ToString::to_string).collect(),
            actual: match found {
                Known::Value(value) => Some(value.clone()),
                Known::Absent | Known::Unknown => None,
            },
            unknown: matches!(found, Known::Unknown),
        });
    }
    misses
}

fn resource_miss(statement: &Statement, query: &Query<'_>) -> Miss {
    let nothing = |pattern: String| Miss::Resource {
        asked: query.resource.to_owned(),
        pattern,
        part: None,
        expected: None,
        actual: None,
    };
    let Some(listed) = &statement.resources else { return nothing(String::new()) };
    let first = listed.patterns.first().map(|pattern| pattern.source.to_string()).unwrap_or_default();
    let (Some(arn), false) = (&query.parts, listed.negated) else { return nothing(first) };
    // Of several that are as close, the first one listed.
    let Some(closest) = listed.patterns.iter().rev().max_by_key(|pattern| pattern.closeness(arn, query)) else {
        return nothing(first);
    };
    let part = closest.first_difference(arn, query);
    let index = super::arn_pattern::PARTS.iter().position(|name| Some(*name) == part);
    let nth = |parts: Option<[&str; 6]>| {
        index.and_then(|index| parts.and_then(|parts| parts.get(index).map(|part| (*part).to_owned())))
    };
    Miss::Resource {
        asked: query.resource.to_owned(),
        pattern: closest.source.to_string(),
        part: part.map(str::to_owned),
        expected: nth(parts(&closest.source)),
        actual: nth(query.parts),
    }
}
