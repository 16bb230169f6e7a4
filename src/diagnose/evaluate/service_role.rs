//! The statements by which a service role's own policies deny, with their words: its policies are not read, but for those
//! that the simulator names as denying.

use crate::diagnose::requirement::Requirement;
use crate::diagnose::statement::{self, DecidedBy};
use crate::evidence::{Evidence, HolderKind, MatchedStatement, PolicyQuestion, PolicyRef};
use crate::iam::{Arn, Decision};
use crate::policy::{Document, Question};
use crate::request::KnownCaller;

/// Names the policies of a service role that deny and were not asked for.
pub(super) fn open_policies(evidence: &Evidence, role: &Arn, requirements: &[Requirement]) -> Vec<PolicyQuestion> {
    let mut open: Vec<PolicyQuestion> = Vec::new();
    let statements = denied(requirements).flat_map(|requirement| &requirement.decided_by);
    for policy in statements.filter_map(|statement| inline_policy(statement, role)) {
        if evidence.policies.text(&policy).is_none() && !open.iter().any(|known| known.policy == policy) {
            open.push(PolicyQuestion { policy, known_version: None });
        }
    }
    open
}

/// Adds to the statements that deny what the texts say of them that were read.
pub(super) fn complete(evidence: &Evidence, role: &Arn, requirements: &mut [Requirement]) {
    for requirement in requirements.iter_mut().filter(|requirement| is_denied(requirement)) {
        let request = requirement.request.clone();
        for decided in &mut requirement.decided_by {
            let policy = inline_policy(decided, role);
            let content = policy.as_ref().and_then(|policy| evidence.policies.text(policy)?.seen());
            let Some(text) = content.and_then(|content| content.document.as_deref()) else { continue };
            let Ok(document) = Document::parse(text) else { continue };
            let matched = MatchedStatement {
                policy: decided.policy.clone(),
                source: decided.source.clone(),
                line: decided.line,
                column: decided.column,
                end: None,
            };
            let Some(found) = statement::at_position(&document, text, &matched) else { continue };
            let caller = KnownCaller { account: Some(&role.account), entity: Some(role), ..KnownCaller::default() };
            let mut completed = request.clone();
            caller.complete(&mut completed.context);
            let unknown = caller.unknown(document.condition_keys().into_iter(), &completed);
            let principal = role.to_string();
            let question = Question { principal: &principal, request: &completed, unknown: &unknown };
            decided.conditions = found.matched_conditions(&question);
            decided.sid = found.sid().map(str::to_owned);
            decided.quote = statement::quote(found, text);
        }
    }
}

fn denied(requirements: &[Requirement]) -> impl Iterator<Item = &Requirement> {
    requirements.iter().filter(|requirement| is_denied(requirement))
}

fn is_denied(requirement: &Requirement) -> bool {
    requirement.decision == Decision::ExplicitDeny
}

/// Names the inline policy of the role that a statement is in, which the simulator may call by the role's name and its own.
fn inline_policy(statement: &DecidedBy, role: &Arn) -> Option<PolicyRef> {
    let is_of_role = statement.source.as_deref().is_some_and(|source| source.eq_ignore_ascii_case("role"));
    let policy = statement.policy.as_deref().filter(|_| is_of_role)?;
    let entity = role.resource_id().rsplit('/').next().unwrap_or_default().to_owned();
    let policy = policy.strip_prefix(&format!("role_{entity}_")).unwrap_or(policy).to_owned();
    Some(PolicyRef::Inline { holder: HolderKind::Role, entity, policy })
}
