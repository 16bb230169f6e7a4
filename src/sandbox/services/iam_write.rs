//! IAM, for writing: inline policies, attachments, versions of managed policies, trust policies and boundaries.
//!
//! A write is authorized like every call, checked for its form and IAM's quotas, and takes effect with the next call
//! (IAM API Reference). Roles that AWS manages refuse writes.

use super::iam::{entity, kind_of};
use crate::iam::{Arn, ContextKeys};
use crate::sandbox::call::{CREATED, Call};
use crate::sandbox::ids;
use crate::sandbox::refusal::{Refusal, required};
use crate::sandbox::wire::Reply;
use crate::sandbox::world::{AttachedPolicy, Attachments, ManagedPolicy, PolicyText, PolicyVersions, World};

/// How many managed policies can be attached to a user, role or group (IAM User Guide, "IAM and AWS STS quotas").
const ATTACHED: usize = 10;

/// How many versions a managed policy can have.
const VERSIONS: usize = 5;

/// How many characters a managed policy can have, without white space.
const MANAGED_SIZE: usize = 6_144;

/// How many characters a role's trust policy can have.
const TRUST_SIZE: usize = 2_048;

/// Answers a call that writes; `None` where the operation is not one of these.
pub(super) fn answer(call: &Call<'_>) -> Option<Result<Reply, Refusal>> {
    let written = match call.operation.name {
        "iam:PutRolePolicy" | "iam:PutUserPolicy" | "iam:PutGroupPolicy" => put_inline(call),
        "iam:DeleteRolePolicy" | "iam:DeleteUserPolicy" | "iam:DeleteGroupPolicy" => delete_inline(call),
        "iam:AttachRolePolicy" | "iam:AttachUserPolicy" | "iam:AttachGroupPolicy" => attach(call),
        "iam:DetachRolePolicy" | "iam:DetachUserPolicy" | "iam:DetachGroupPolicy" => detach(call),
        "iam:UpdateAssumeRolePolicy" => update_trust(call),
        "iam:PutRolePermissionsBoundary" | "iam:PutUserPermissionsBoundary" => put_boundary(call),
        "iam:DeleteRolePermissionsBoundary" | "iam:DeleteUserPermissionsBoundary" => delete_boundary(call),
        "iam:SetDefaultPolicyVersion" => set_default_version(call),
        "iam:DeletePolicyVersion" => delete_version(call),
        "iam:CreatePolicy" => return Some(create_policy(call)),
        "iam:CreatePolicyVersion" => return Some(create_version(call)),
        _ => return None,
    };
    Some(written.map(|()| call.empty_query_reply()))
}

fn quota(message: String) -> Refusal {
    Refusal::conflict("LimitExceeded", message)
}

/// Authorizes a write on the user, role or group that the call names, and returns its ARN.
fn target(call: &Call<'_>, keys: &ContextKeys) -> Result<Arn, Refusal> {
    let kind = kind_of(call.operation.name);
    let entity = entity(call, kind, keys)?;
    let path = entity.path();
    if path.starts_with("/aws-reserved/") || path.starts_with("/aws-service-role/") {
        return Err(Refusal::invalid_input(
            "UnmodifiableEntity",
            format!(
                "Cannot perform the operation on the protected role '{}' - this role is only modifiable by AWS",
                entity.name()
            ),
        ));
    }
    Ok(entity.arn().clone())
}

/// Reads the policy document in a parameter.
fn document(call: &Call<'_>, parameter: &str) -> Result<PolicyText, Refusal> {
    PolicyText::parse(required(&call.operation.form, parameter)?).ok_or_else(Refusal::malformed_policy)
}

/// Counts the characters that IAM's quotas count: all but white space.
fn size(text: &str) -> usize {
    text.chars().filter(|c| !c.is_whitespace()).count()
}

/// Changes the policies of a user, role or group.
fn change<T>(
    call: &Call<'_>,
    arn: &Arn,
    edit: impl FnOnce(Attachments<'_>) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    call.account.write(|world| edit(world.attachments_mut(arn).ok_or_else(|| Refusal::internal(call.service))?))
}

fn put_inline(call: &Call<'_>) -> Result<(), Refusal> {
    let arn = target(call, &ContextKeys::new())?;
    let name = required(&call.operation.form, "PolicyName")?;
    let document = document(call, "PolicyDocument")?;
    // The quotas are on all inline policies of a user, role or group together.
    let (kind, limit) = match kind_of(call.operation.name) {
        "role" => ("role", 10_240),
        "user" => ("user", 2_048),
        _ => ("group", 5_120),
    };
    change(call, &arn, |policies| {
        let others = policies.inline.iter().filter(|policy| policy.name != name);
        let total = others.map(|policy| size(policy.document.as_str())).sum::<usize>() + size(document.as_str());
        if total > limit {
            let entity = arn.resource.rsplit('/').next().unwrap_or_default();
            return Err(quota(format!("Maximum policy size of {limit} bytes exceeded for {kind} {entity}")));
        }
        match policies.inline.iter_mut().find(|policy| policy.name == name) {
            Some(policy) => policy.document = document,
            None => policies.inline.push(AttachedPolicy { name: name.to_owned(), document }),
        }
        Ok(())
    })
}

fn delete_inline(call: &Call<'_>) -> Result<(), Refusal> {
    let arn = target(call, &ContextKeys::new())?;
    let name = required(&call.operation.form, "PolicyName")?;
    let kind = kind_of(call.operation.name);
    change(call, &arn, |policies| {
        let before = policies.inline.len();
        policies.inline.retain(|policy| policy.name != name);
        if policies.inline.len() == before {
            return Err(Refusal::no_such_entity(format!("The {kind} policy with name {name} cannot be found.")));
        }
        Ok(())
    })
}

fn attach(call: &Call<'_>) -> Result<(), Refusal> {
    let policy_arn = required(&call.operation.form, "PolicyArn")?;
    let arn = target(call, &ContextKeys::new().with("iam:PolicyARN", policy_arn))?;
    let kind = kind_of(call.operation.name);
    let policy = call
        .world()
        .attachable(policy_arn)
        .ok_or_else(|| Refusal::no_such_entity(format!("Policy {policy_arn} does not exist or is not attachable.")))?;
    change(call, &arn, |policies| {
        if policies.managed.iter().any(|known| known.arn(&arn.partition) == policy_arn) {
            return Ok(());
        }
        if policies.managed.len() >= ATTACHED {
            let per = match kind {
                "role" => "PoliciesPerRole",
                "user" => "PoliciesPerUser",
                _ => "PoliciesPerGroup",
            };
            return Err(quota(format!("Cannot exceed quota for {per}: {ATTACHED}")));
        }
        policies.managed.push(policy);
        Ok(())
    })
}

fn detach(call: &Call<'_>) -> Result<(), Refusal> {
    let policy_arn = required(&call.operation.form, "PolicyArn")?;
    let arn = target(call, &ContextKeys::new().with("iam:PolicyARN", policy_arn))?;
    let kept = call.world().policy_versions(policy_arn);
    call.account.write(|world| {
        let attachments = world.attachments_mut(&arn).ok_or_else(|| Refusal::internal(call.service))?;
        let before = attachments.managed.len();
        attachments.managed.retain(|policy| policy.arn(&arn.partition) != policy_arn);
        if attachments.managed.len() == before {
            return Err(Refusal::no_such_entity(format!("Policy {policy_arn} was not found.")));
        }
        // A customer managed policy outlives its attachments.
        if let Some(versions) = kept {
            world.set_policy_versions(policy_arn, versions);
        }
        Ok(())
    })
}

fn update_trust(call: &Call<'_>) -> Result<(), Refusal> {
    let arn = target(call, &ContextKeys::new())?;
    let document = document(call, "PolicyDocument")?;
    if size(document.as_str()) > TRUST_SIZE {
        return Err(quota(format!("Cannot exceed quota for ACLSizePerRole: {TRUST_SIZE}")));
    }
    call.account.write(|world| {
        let role = world.principal_mut(&arn).ok_or_else(|| Refusal::internal(call.service))?;
        role.trust = Some(document);
        Ok(())
    })
}

fn put_boundary(call: &Call<'_>) -> Result<(), Refusal> {
    let boundary_arn = required(&call.operation.form, "PermissionsBoundary")?;
    let arn = target(call, &ContextKeys::new().with("iam:PermissionsBoundary", boundary_arn))?;
    let boundary = call.world().attachable(boundary_arn).ok_or_else(|| {
        Refusal::no_such_entity(format!("Policy {boundary_arn} does not exist or is not attachable."))
    })?;
    set_boundary(call, &arn, Some(boundary))
}

fn delete_boundary(call: &Call<'_>) -> Result<(), Refusal> {
    let arn = target(call, &ContextKeys::new())?;
    set_boundary(call, &arn, None)
}

fn set_boundary(call: &Call<'_>, arn: &Arn, boundary: Option<ManagedPolicy>) -> Result<(), Refusal> {
    call.account.write(|world| {
        let facts = world.principal_mut(arn).ok_or_else(|| Refusal::internal(call.service))?;
        let before = facts.boundary.take().map(|policy| policy.arn(&arn.partition));
        facts.boundary = boundary;
        if let Some((before, versions)) =
            before.and_then(|arn| Some((arn.clone(), call.world().policy_versions(&arn)?)))
        {
            world.set_policy_versions(&before, versions);
        }
        Ok(())
    })
}

/// Authorizes a write on a customer managed policy, and returns its versions.
fn versions(call: &Call<'_>) -> Result<(String, PolicyVersions), Refusal> {
    let arn = required(&call.operation.form, "PolicyArn")?;
    call.require(call.operation.name, arn, Some(&format!("policy {arn}")), &ContextKeys::new())?;
    let missing = || Refusal::no_such_entity(format!("Policy {arn} was not found."));
    if arn.contains(":iam::aws:policy/") {
        return Err(Refusal::invalid_input("InvalidInput", "Cannot update a policy that AWS manages.".to_owned()));
    }
    Ok((arn.to_owned(), call.world().policy_versions(arn).ok_or_else(missing)?))
}

fn number(call: &Call<'_>) -> Result<u32, Refusal> {
    let id = required(&call.operation.form, "VersionId")?;
    let number = id.strip_prefix('v').and_then(|number| number.parse().ok());
    number.ok_or_else(|| {
        Refusal::invalid_input("ValidationError", format!("The specified value for versionId is invalid: {id}"))
    })
}

fn missing_version(arn: &str, number: u32) -> Refusal {
    Refusal::no_such_entity(format!("Policy {arn} version v{number} does not exist or is not attachable."))
}

fn write_versions(call: &Call<'_>, arn: &str, versions: PolicyVersions) -> Result<(), Refusal> {
    call.account.write(|world: &mut World| {
        world.set_policy_versions(arn, versions);
        Ok(())
    })
}

fn set_default_version(call: &Call<'_>) -> Result<(), Refusal> {
    let ((arn, mut versions), number) = (versions(call)?, number(call)?);
    versions.get(number).ok_or_else(|| missing_version(&arn, number))?;
    versions.default = number;
    write_versions(call, &arn, versions)
}

fn delete_version(call: &Call<'_>) -> Result<(), Refusal> {
    let ((arn, mut versions), number) = (versions(call)?, number(call)?);
    versions.get(number).ok_or_else(|| missing_version(&arn, number))?;
    if versions.default == number {
        return Err(Refusal::conflict("DeleteConflict", "Cannot delete the default version of a policy.".to_owned()));
    }
    versions.versions.retain(|version| version.number != number);
    write_versions(call, &arn, versions)
}

fn create_version(call: &Call<'_>) -> Result<Reply, Refusal> {
    let (arn, mut versions) = versions(call)?;
    let document = document(call, "PolicyDocument")?;
    sized(&document)?;
    if versions.versions.len() >= VERSIONS {
        return Err(quota(
            "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing \
             version."
                .to_owned(),
        ));
    }
    let number = versions.add(document);
    let is_default = call.operation.form.get("SetAsDefault").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    if is_default {
        versions.default = number;
    }
    write_versions(call, &arn, versions)?;
    Ok(call.query_reply(|xml| {
        xml.element("PolicyVersion", |xml| {
            xml.leaf("VersionId", &format!("v{number}"))
                .leaf("IsDefaultVersion", if is_default { "true" } else { "false" })
                .leaf("CreateDate", CREATED);
        });
    }))
}

fn sized(document: &PolicyText) -> Result<(), Refusal> {
    if size(document.as_str()) > MANAGED_SIZE {
        return Err(quota(format!("Cannot exceed quota for PolicySize: {MANAGED_SIZE}")));
    }
    Ok(())
}

fn create_policy(call: &Call<'_>) -> Result<Reply, Refusal> {
    let form = &call.operation.form;
    let (name, path) = (required(form, "PolicyName")?, form.get("Path").unwrap_or("/"));
    let account = &call.caller.facts.arn.account;
    let arn = Arn::new(call.world().partition(), "iam", "", account, &format!("policy{path}{name}")).to_string();
    call.require(call.operation.name, &arn, Some(&format!("policy {name}")), &ContextKeys::new())?;
    let document = document(call, "PolicyDocument")?;
    sized(&document)?;
    if call.world().policy_versions(&arn).is_some() {
        return Err(Refusal::conflict("EntityAlreadyExists", format!("A policy called {name} already exists.")));
    }
    call.account.write(|world| {
        world.create_policy(&arn, document);
        Ok(())
    })?;
    Ok(call.query_reply(|xml| {
        xml.element("Policy", |xml| {
            xml.leaf("PolicyName", name)
                .leaf("PolicyId", &ids::unique_id("ANPA", &arn))
                .leaf("Arn", &arn)
                .leaf("Path", path)
                .leaf("DefaultVersionId", "v1")
                .leaf("IsAttachable", "true")
                .leaf("CreateDate", CREATED)
                .leaf("UpdateDate", CREATED);
        });
    }))
}
