//! Remedies for a condition that a call does not meet: the call comes first, and the policy that enforces something is left
//! to those who wrote it.
//!
//! A statement with a condition protects something: a guardrail, a network, a second factor, a tag, a Region, a date. It is
//! never removed, replaced by one without the condition, or bypassed by another allow.

use super::{attached_to, grant};
use crate::bedrock::{GuardrailReference, Region, without_version};
use crate::diagnose::case::Case;
use crate::diagnose::change::{Change, ChangeKind, Condition, Remedy, Statements, Step};
use crate::diagnose::evaluate::Requirements;
use crate::diagnose::statement::{DecidedBy, NearMiss};
use crate::evidence::Trial;
use crate::iam::{ContextKeys, Decision, PolicyType, RequestContext};
use crate::policy::Miss;

/// Condition keys that are not the call's to choose: what they hold is so, whatever the caller does.
const FIXED: [&str; 10] = [
    "aws:CurrentTime",
    "aws:EpochTime",
    "aws:SecureTransport",
    "aws:ViaAWSService",
    "aws:CalledVia",
    "aws:PrincipalIsAWSService",
    "aws:PrincipalArn",
    "aws:PrincipalAccount",
    "aws:PrincipalOrgID",
    "aws:PrincipalType",
];

/// Meets the conditions of allows that are withheld by nothing else.
pub(super) fn of_allows(
    case: &Case<'_>,
    requirements: &Requirements,
    policy_type: PolicyType,
    withheld: &[NearMiss],
) -> Remedy {
    let mut remedy = Remedy::default();
    let mut known: Vec<Condition> = Vec::new();
    for near in withheld {
        for condition in near.misses.iter().filter_map(condition_of) {
            if !known.contains(&condition) {
                remedy.steps.push(Step::MeetCondition(condition.clone()));
                change(&mut remedy, requirements, policy_type, &near.statement, condition.clone());
                known.push(condition);
            }
        }
    }
    let statements: Vec<DecidedBy> = withheld.iter().map(|near| near.statement.clone()).collect();
    remedy.steps.extend(by_policy(&statements).into_iter().map(Step::OwnerDecides));
    allow_guardrail(&mut remedy, case, requirements, &known);
    remedy
}

/// Names statements by their policies, each once.
pub(super) fn by_policy(statements: &[DecidedBy]) -> Vec<Statements> {
    let mut all: Vec<Statements> = Vec::new();
    for statement in statements {
        let policy = statement.policy_name().unwrap_or_default().to_owned();
        let place = all.iter().position(|known| known.policy == policy);
        let place = place.unwrap_or_else(|| {
            all.push(Statements { policy, sids: Vec::new() });
            all.len() - 1
        });
        if let Some(known) = all.get_mut(place) {
            known
                .sids
                .extend(statement.sid.iter().filter(|sid| !known.sids.contains(sid)).cloned().collect::<Vec<_>>());
        }
    }
    all
}

/// Adds how the conditions of denying statements are met; returns the statements that deny without any.
///
/// A statement denies where all its conditions hold, so that one that does not is enough.
pub(super) fn of_denies<'s>(
    remedy: &mut Remedy,
    case: &Case<'_>,
    requirements: &Requirements,
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
        let (mut chosen, fixed): (Vec<Condition>, Vec<Condition>) =
            conditions.partition(|condition| !FIXED.iter().any(|key| condition.key.eq_ignore_ascii_case(key)));
        if chosen.is_empty() {
            chosen = fixed;
        }
        remedy.steps.extend(chosen.iter().take(1).cloned().map(Step::MeetCondition));
        remedy.steps.extend(chosen.iter().skip(1).cloned().map(Step::OrMeetCondition));
        chosen.truncate(1);
        let met = chosen.clone();
        for condition in chosen {
            change(remedy, requirements, policy_type, statement, condition);
        }
        let sids = statement.sid.iter().cloned().collect();
        let policy = statement.policy_name().unwrap_or_default().to_owned();
        remedy.steps.push(Step::OwnerDecides(Statements { policy, sids }));
        allow_guardrail(remedy, case, requirements, &met);
    }
    (rest, !conditional.is_empty())
}

/// Adds the permission for the guardrail that a condition asks for, where the policies that were read do not give it: who names
/// a guardrail in a call needs `bedrock:ApplyGuardrail` on it (Bedrock User Guide, "Set up permissions to use guardrails").
fn allow_guardrail(remedy: &mut Remedy, case: &Case<'_>, requirements: &Requirements, met: &[Condition]) {
    // Of a service role no policies were read that would tell.
    let attached = requirements.attached(case);
    let (Some(attached), Some(principal)) = (attached, &requirements.principal) else { return };
    let named = met
        .iter()
        .filter(|condition| condition.key.eq_ignore_ascii_case("bedrock:GuardrailIdentifier"))
        .find_map(Condition::accepted);
    let region = &case.evidence.request.region;
    let Some(resource) = named.and_then(|named| guardrail_of(named, region, &principal.account)) else { return };
    let context = ContextKeys::new().with("aws:RequestedRegion", region.as_str());
    let request = RequestContext { action: "bedrock:ApplyGuardrail".to_owned(), resource, context };
    let is_known = remedy.changes.iter().any(|change| matches!(change.kind, ChangeKind::AddStatement { .. }));
    if is_known || attached.judge(principal, &request, &Trial::default()).decision != Decision::ImplicitDeny {
        return;
    }
    remedy.steps.push(Step::AllowGuardrail(request.resource.clone()));
    let added = grant::of_request(case.evidence, requirements, request);
    remedy.changes.extend(added.changes);
}

/// Returns the ARN of the one guardrail that a condition's value names, without its version; `None` for a pattern.
fn guardrail_of(value: &str, region: &Region, account: &str) -> Option<String> {
    if value.contains(['*', '?', '$']) {
        return None;
    }
    if !value.starts_with("arn:") {
        return value.parse::<GuardrailReference>().ok()?.arn(region, Some(account)).map(|arn| arn.to_string());
    }
    // In a redacted case an alias is the id, which no guardrail's own id looks like.
    Some(without_version(value).0.to_owned())
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

/// Adds that a condition is to be met.
fn change(
    remedy: &mut Remedy,
    requirements: &Requirements,
    policy_type: PolicyType,
    statement: &DecidedBy,
    condition: Condition,
) {
    let is_session = condition.key.eq_ignore_ascii_case("aws:TokenIssueTime");
    let kind = if is_session { ChangeKind::NewSession } else { ChangeKind::MeetCondition(condition) };
    remedy.changes.push(Change {
        policy: statement.policy.clone(),
        attached_to: attached_to(statement, requirements, policy_type),
        statements: vec![statement.clone()],
        ..Change::of_policy(kind, policy_type)
    });
}
