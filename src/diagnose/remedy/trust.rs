//! Remedies for a role that a service may not assume, or that does not exist.

use super::{beyond_iam, command};
use crate::diagnose::case::Case;
use crate::diagnose::change::{Change, ChangeKind, Left, Note, Remedy, Step};
use crate::diagnose::finding::{Basis, Finding, WrongServiceRole};
use crate::diagnose::requirement::Trust;
use crate::evidence::Evidence;
use crate::iam::{AssumingService, Decision, PolicyType};
use crate::policy::edit::with_added;
use serde_json::{Value, json};

/// Lets the service assume the role.
pub(super) fn let_in(trust: &Trust, evidence: &Evidence) -> Remedy {
    let name = trust.role.resource_id().rsplit('/').next().unwrap_or_default();
    let statement = trust.service.trust_statement(evidence.account().as_deref(), &trust.sources);
    let document: Value =
        trust.document.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let denied = trust.decision == Decision::ExplicitDeny;
    let (step, kind) = if denied {
        (Step::NarrowTrust(trust.action), ChangeKind::RemoveStatement { left: Left::Unknown })
    } else {
        let statements = json!({"Version": "2012-10-17", "Statement": [statement]});
        (Step::LetAssume(trust.service), ChangeKind::AddStatement { statements })
    };
    let mut steps = vec![step];
    let trusts_bedrock = trust.trusts.iter().any(|service| service == "bedrock.amazonaws.com");
    if trusts_bedrock && trust.service != AssumingService::Bedrock {
        steps.push(Step::DropBedrockTrust);
    }
    let mut commands = vec![command::check_again(evidence)];
    if !denied {
        commands.insert(0, command::replace_trust(name));
    }
    Remedy {
        policy: (!denied).then(|| with_added(&document, &[statement])),
        commands,
        steps,
        notes: vec![Note::ReplacesTrustPolicy],
        changes: vec![Change {
            policy: Some(trust.role.to_string()),
            attached_to: Some(format!("role/{name}")),
            ..Change::of_policy(kind, PolicyType::ResourcePolicy)
        }],
        ..Remedy::default()
    }
}

/// Names another role where the one that was named does not exist, or is none that Bedrock can be given.
pub(super) fn no_such_role(finding: &Finding, case: &Case<'_>) -> Remedy {
    let step = match finding.basis.first() {
        Some(Basis::WrongServiceRole(WrongServiceRole::OfAnotherAccount { account, .. })) => {
            Some(Step::NameRoleOfAccount(account.clone()))
        }
        Some(Basis::WrongServiceRole(WrongServiceRole::OtherPath { found, .. })) => {
            Some(Step::NameRoleByItsArn(found.clone()))
        }
        _ => case.evidence.request.service_role.clone().map(Step::NameExistingRole),
    };
    let steps = step.into_iter().collect();
    Remedy { steps, ..beyond_iam::open(finding.cause, case) }
}
