//! Remedies that add an allow: to a policy of the principal, to its boundary, to a session's or an endpoint's policy.

use super::command;
use crate::diagnose::change::{Change, ChangeKind, Note, Remedy, Step};
use crate::diagnose::evaluate::Requirements;
use crate::diagnose::finding::Finding;
use crate::evidence::Evidence;
use crate::iam::{PolicyType, RequestContext, is_session_of_litellm};
use crate::policy::{Grant, least_privilege_under};
use serde_json::{Value, json};

/// Gives the principal a policy of its own.
pub(super) fn to_principal(evidence: &Evidence, requirements: &Requirements, grants: &[Grant]) -> Remedy {
    let mut remedy = in_policy(evidence, requirements, PolicyType::IdentityPolicy, grants);
    if let Some(principal) = &requirements.principal {
        let attach = command::attach(principal, evidence, grants);
        remedy.steps.extend(attach.steps);
        remedy.commands.splice(0..0, attach.lines);
        remedy.console = command::console(principal);
        if let Some(change) = remedy.changes.first_mut() {
            change.policy = attach.policy;
        }
    }
    remedy
}

/// Gives the principal a permission for one request.
pub(super) fn of_request(evidence: &Evidence, requirements: &Requirements, request: RequestContext) -> Remedy {
    to_principal(evidence, requirements, &[Grant::new(request)])
}

/// Adds statements to the boundary, which is a managed policy.
pub(super) fn to_boundary(evidence: &Evidence, requirements: &Requirements, grants: &[Grant]) -> Remedy {
    let mut remedy = in_policy(evidence, requirements, PolicyType::PermissionsBoundary, grants);
    let Some(boundary) = &requirements.boundary else { return remedy };
    if boundary.contains(":iam::aws:policy/") {
        remedy.steps.push(Step::CopyManagedBoundary(boundary.clone()));
    } else {
        remedy.steps.push(Step::AddToBoundary(boundary.clone()));
        remedy.steps.push(Step::SaveBoundary);
        remedy.commands.insert(0, command::new_version(boundary, "boundary.json"));
    }
    remedy.console = command::console_of_policy(boundary);
    if let Some(change) = remedy.changes.first_mut() {
        change.policy = Some(boundary.clone());
    }
    remedy
}

/// Hands over the statements for a policy that somebody else keeps.
pub(super) fn in_policy(
    evidence: &Evidence,
    requirements: &Requirements,
    policy_type: PolicyType,
    grants: &[Grant],
) -> Remedy {
    let mut policy = least_privilege_under(grants);
    if policy_type == PolicyType::VpcEndpointPolicy {
        name_everybody(&mut policy);
    }
    // An endpoint is nobody's own; a boundary and a session are the principal's.
    let holder = requirements.principal.as_ref().filter(|_| policy_type != PolicyType::VpcEndpointPolicy);
    let kind = ChangeKind::AddStatement { statements: policy.clone() };
    let change = Change { attached_to: holder.map(command::named), ..Change::of_policy(kind, policy_type) };
    let mut notes: Vec<Note> = requirements.unlisted.iter().cloned().map(Note::MayNotBeAll).collect();
    let (mut commands, mut console) = (Vec::new(), None);
    match policy_type {
        PolicyType::VpcEndpointPolicy => {
            notes.push(Note::WholeEndpointPolicy);
            commands.extend(command::endpoint_policy(evidence));
            console = command::console_in_region(evidence, "vpcconsole#Endpoints:");
        }
        PolicyType::SessionPolicy => {
            let caller = evidence.caller.seen().map(|caller| caller.principal.arn.to_string());
            if caller.is_some_and(|arn| is_session_of_litellm(&arn)) {
                notes.insert(0, Note::LiteLlmAttachesPolicy);
            }
            notes.push(Note::SessionKeepsPolicy);
        }
        _ => {}
    }
    commands.push(command::check_again(evidence));
    Remedy { policy: Some(policy), commands, console, notes, changes: vec![change], ..Remedy::default() }
}

/// Hands over the statement for the policy of the resource that refuses, whose owner keeps it: it names the principal and what
/// was refused, and nothing else that the call needs.
pub(super) fn in_resource_policy(
    finding: &Finding,
    evidence: &Evidence,
    requirements: &Requirements,
) -> Option<Remedy> {
    let (action, resource) = (finding.action.as_deref()?, finding.resources.first()?);
    let principal = requirements.principal.clone().or_else(|| evidence.subject().principal.map(|known| known.arn))?;
    // In a key policy `*` is the key itself (KMS Developer Guide, "Key policies in AWS KMS").
    let named = if action.starts_with("kms:") { "*" } else { resource };
    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": principal.to_string()}, "Action": action, "Resource": named,
    }]});
    let kind = ChangeKind::AddStatement { statements: policy.clone() };
    let change = Change { policy: Some(resource.clone()), ..Change::of_policy(kind, PolicyType::ResourcePolicy) };
    let commands = vec![command::check_again(evidence)];
    Some(Remedy { policy: Some(policy), commands, changes: vec![change], ..Remedy::default() })
}

/// An endpoint's policy has to name principals (VPC User Guide, "Control access to VPC endpoints using endpoint
/// policies"); it gives nothing that their own policies do not give.
fn name_everybody(policy: &mut Value) {
    for statement in policy.get_mut("Statement").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(statement) = statement.as_object_mut() {
            statement.insert("Principal".to_owned(), json!("*"));
        }
    }
}
