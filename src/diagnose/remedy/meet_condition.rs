//! Remedies for a condition that a call does not meet: the call comes first, and the policy that enforces something is left
//! to those who wrote it.
//!
//! A statement with a condition protects something: a guardrail, a network, a second factor, a tag, a Region, a date. It is
//! never removed, replaced by one without the condition, or bypassed by another allow.

use super::command;
use crate::diagnose::case::Case;
use crate::diagnose::change::{Change, ChangeKind, Condition, Remedy, Statements, Step};
use crate::diagnose::finding::Finding;
use crate::diagnose::statement::{DecidedBy, NearMiss};
use crate::iam::PolicyType;
use crate::policy::Miss;

/// Meets the conditions of the allows that miss a request by nothing else; `None` where there is no such allow.
pub(super) fn of_allow(finding: &Finding, case: &Case<'_>, near_misses: &[NearMiss]) -> Option<Remedy> {
    let by_condition = |near: &&NearMiss| {
        !near.misses.is_empty() && near.misses.iter().all(|miss| matches!(miss, Miss::Condition { .. }))
    };
    let near = near_misses.iter().find(by_condition)?;
    let conditions: Vec<Condition> = near.misses.iter().filter_map(condition_of).collect();
    let policy_type = finding.policy_type.unwrap_or(PolicyType::IdentityPolicy);
    let mut remedy = Remedy::default();
    add(&mut remedy, policy_type, &near.statement, conditions);
    remedy.commands.push(command::check_again(case.evidence));
    Some(remedy)
}

/// Adds how the conditions of denying statements are met; returns the statements that deny without any.
pub(super) fn of_denies<'s>(
    remedy: &mut Remedy,
    policy_type: PolicyType,
    denying: Vec<&'s DecidedBy>,
) -> (Vec<&'s DecidedBy>, bool) {
    let (conditional, rest): (Vec<&DecidedBy>, Vec<&DecidedBy>) =
        denying.into_iter().partition(|statement| !statement.conditions.is_empty());
    let mut known: Vec<&DecidedBy> = Vec::new();
    for statement in &conditional {
        let is_known = known.iter().any(|other| other.place() == statement.place() && other.policy == statement.policy);
        if is_known {
            continue;
        }
        known.push(statement);
        let conditions = statement.conditions.iter().map(|condition| Condition {
            denies: true,
            operator: condition.operator.clone(),
            key: condition.key.clone(),
            expected: condition.expected.clone(),
            actual: condition.actual.clone(),
        });
        add(remedy, policy_type, statement, conditions.collect());
    }
    (rest, !conditional.is_empty())
}

fn condition_of(miss: &Miss) -> Option<Condition> {
    let Miss::Condition { operator, key, expected, actual, .. } = miss else { return None };
    Some(Condition {
        denies: false,
        operator: operator.clone(),
        key: key.clone(),
        expected: expected.clone(),
        actual: actual.clone(),
    })
}

fn add(remedy: &mut Remedy, policy_type: PolicyType, statement: &DecidedBy, conditions: Vec<Condition>) {
    for condition in conditions {
        let is_session = condition.key.eq_ignore_ascii_case("aws:TokenIssueTime");
        remedy.steps.push(Step::MeetCondition(condition.clone()));
        let kind = if is_session { ChangeKind::NewSession } else { ChangeKind::MeetCondition(condition) };
        remedy.changes.push(Change {
            policy: statement.policy.clone(),
            statements: vec![statement.clone()],
            ..Change::of_policy(kind, policy_type)
        });
    }
    let policy = statement.policy_name().unwrap_or_default().to_owned();
    let sids = statement.sid.iter().cloned().collect();
    remedy.steps.push(Step::OwnerDecides(Statements { policy, sids }));
}
