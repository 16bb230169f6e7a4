//! The policy documents that findings are about, whole: a statement is understood in its document, and a change is seen
//! against it.
//!
//! Takes what was read or given, and keeps of it what a finding quotes or changes.

use super::change::{Change, ChangeKind, Left};
use super::finding::Finding;
use super::statement::DecidedBy;
use crate::iam::PolicyType;
use crate::policy::edit::{self, with_added};
use serde_json::Value;

/// A policy document that a finding is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyDocument {
    /// The policy's type.
    pub policy_type: PolicyType,
    /// The policy's name, or its ARN where it is a managed one; of a role trust policy the role's ARN.
    pub policy: String,
    /// The user, group or role that holds the policy, of an identity-based one.
    pub holder: Option<String>,
    /// The text, as it was read or given.
    pub text: String,
}

impl PolicyDocument {
    /// Returns `true` if a statement is one of this document.
    #[must_use]
    pub fn holds(&self, statement: &DecidedBy) -> bool {
        self.policy_type == statement.policy_type
            && statement.policy.as_deref() == Some(self.policy.as_str())
            && (statement.holder.is_none() || statement.holder == self.holder)
    }

    /// Returns `true` if a change is one of this document.
    #[must_use]
    pub fn is_changed_by(&self, change: &Change) -> bool {
        let holder = change.attached_to.as_deref().and_then(|holder| holder.split_once('/')).map(|(_, name)| name);
        change.policy_type == Some(self.policy_type)
            && match &change.policy {
                Some(policy) => *policy == self.policy,
                // A session's or an endpoint's policy has no name that a change could say; there is one of each.
                None => matches!(self.policy_type, PolicyType::SessionPolicy | PolicyType::VpcEndpointPolicy),
            }
            && (holder.is_none() || self.holder.is_none() || holder == self.holder.as_deref())
    }

    /// Returns the document as a change of its text leaves it, with nothing in it where the policy goes as a whole;
    /// none where the change is not one of its text.
    #[must_use]
    pub fn after(&self, change: &Change) -> Option<Value> {
        // What AWS manages is detached and stays what it is.
        if !self.is_changed_by(change) || self.policy.contains(":iam::aws:policy/") {
            return None;
        }
        match &change.kind {
            // A principal is given a policy of its own; what it has is not touched.
            ChangeKind::AddStatement { statements } if self.policy_type != PolicyType::IdentityPolicy => {
                let before = serde_json::from_str(&self.text).ok()?;
                Some(with_added(&before, edit::statements(statements)))
            }
            ChangeKind::RemoveStatement { left } if !change.statements.is_empty() => Some(match left {
                Left::Document(document) => document.clone(),
                Left::Nothing | Left::Unknown => Value::Null,
            }),
            ChangeKind::Exempt { document, .. } => Some(document.clone()),
            _ => None,
        }
    }
}

/// Returns `true` if a document is one that findings quote or change.
pub(super) fn is_concerned(document: &PolicyDocument, findings: &[Finding]) -> bool {
    findings.iter().any(|finding| {
        finding.statements().into_iter().any(|statement| document.holds(statement))
            || finding.remedy.changes.iter().any(|change| document.is_changed_by(change))
    })
}
