//! Remedies for a role that could not be assumed: by the caller's own policies, by the role's trust policy, or both.

use super::beyond_iam;
use crate::cause::Family;
use crate::diagnose::case::{Case, classified};
use crate::diagnose::change::{Remedy, Step};
use crate::diagnose::finding::Finding;
use crate::evidence::ServiceError;
use serde_json::json;

/// Lets the role be assumed.
pub(super) fn allow(finding: &Finding, error: &ServiceError, case: &Case<'_>) -> Remedy {
    let assumption = case.evidence.assumption.as_ref();
    let Some(assumption) = assumption.filter(|_| finding.cause.family() == Family::IamPermission) else {
        return beyond_iam::open(finding.cause, case);
    };
    let who = classified(error).facts.principal;
    let statement = json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": assumption.role.to_string()});
    Remedy {
        policy: Some(json!({"Version": "2012-10-17", "Statement": [statement]})),
        steps: vec![
            Step::TrustNames { role: assumption.role.clone(), who: who.clone() },
            Step::GiveExternalId,
            Step::AllowAssumeRole(who),
        ],
        ..Remedy::default()
    }
}
