//! What a world's facts must agree on, beyond their form.
//!
//! Only contradictions are refused that would make an answer impossible. A world may be as broken as an account
//! can be: policies that allow nothing, profiles over models that are not there, forms that nobody sent.

use super::{ManagedPolicy, PolicyText, PrincipalFacts, World, WorldError};
use crate::policy::Document;
use crate::sandbox::protocol;
use std::collections::BTreeSet;

pub(super) fn check(world: &World) -> Result<(), WorldError> {
    account_id("/account", &world.account)?;
    let mut arns = BTreeSet::new();
    let mut access_keys = BTreeSet::new();
    for (index, principal) in world.principals.iter().enumerate() {
        let at = format!("/principals/{index}");
        check_principal(world, principal, &at)?;
        if !arns.insert(&principal.arn) {
            return Err(WorldError::at(format!("{at}/arn"), format!("`{}` is there twice", principal.arn)));
        }
        if let Some(key) = &principal.access_key
            && !access_keys.insert(key)
        {
            return Err(WorldError::at(format!("{at}/access_key"), "two principals have this access key"));
        }
    }
    for (index, group) in world.groups.iter().enumerate() {
        let at = format!("/groups/{index}");
        if group.arn.service != "iam" || group.arn.resource_type() != "group" {
            return Err(WorldError::at(format!("{at}/arn"), format!("`{}` is not the ARN of an IAM group", group.arn)));
        }
        attached(&group.policies, &group.managed_policies, &at)?;
    }
    check_caller(world)?;
    if let Some(organization) = &world.organization {
        account_id("/organization/management_account", &organization.management_account)?;
        for (level, policies) in organization.levels.iter().enumerate() {
            for (index, policy) in policies.iter().enumerate() {
                document(&policy.document, &format!("/organization/levels/{level}/{index}/document"))?;
            }
        }
    }
    if let Some(endpoint) = &world.vpc_endpoint_policy {
        document(&endpoint.document, "/vpc_endpoint_policy/document")?;
    }
    for (index, profile) in world.profiles.iter().enumerate() {
        let at = format!("/profiles/{index}/models");
        if profile.models.is_empty() {
            return Err(WorldError::at(at, "a profile routes to at least one model"));
        }
        if let Some(model) = profile.models.iter().find(|model| model.resource_type() != "foundation-model") {
            return Err(WorldError::at(at, format!("`{model}` is not the ARN of a foundation model")));
        }
    }
    for (index, fault) in world.faults.iter().enumerate() {
        if !protocol::OPERATIONS.contains(&fault.operation.as_str()) {
            return Err(WorldError::at(
                format!("/faults/{index}/operation"),
                format!("the sandbox serves no operation `{}`", fault.operation),
            ));
        }
    }
    Ok(())
}

fn check_principal(world: &World, principal: &PrincipalFacts, at: &str) -> Result<(), WorldError> {
    let arn = &principal.arn;
    if arn.service != "iam" || !matches!(arn.resource_type(), "user" | "role") || principal.name().is_empty() {
        return Err(WorldError::at(format!("{at}/arn"), format!("`{arn}` is not the ARN of an IAM user or role")));
    }
    if arn.account != world.account {
        return Err(WorldError::at(
            format!("{at}/arn"),
            format!("`{arn}` is of another account than `{}`, the world's", world.account),
        ));
    }
    if principal.is_role() && principal.access_key.is_some() && principal.session_name.is_none() {
        return Err(WorldError::at(at, "the session of a role has a `session_name` beside its `access_key`"));
    }
    if !principal.is_role() && (principal.session_policy.is_some() || principal.session_name.is_some()) {
        return Err(WorldError::at(at, "an IAM user has no session"));
    }
    if let Some(name) = principal.groups.iter().find(|name| !world.groups.iter().any(|group| group.name() == *name)) {
        return Err(WorldError::at(format!("{at}/groups"), format!("the world has no group `{name}`")));
    }
    attached(&principal.policies, &principal.managed_policies, at)?;
    if let Some(boundary) = &principal.boundary {
        managed_policy(boundary, &format!("{at}/boundary"))?;
    }
    for (text, field) in [(&principal.session_policy, "session_policy")] {
        if let Some(text) = text {
            document(text, &format!("{at}/{field}"))?;
        }
    }
    Ok(())
}

fn check_caller(world: &World) -> Result<(), WorldError> {
    match world.principals.iter().find(|principal| principal.arn == world.caller) {
        None => Err(WorldError::at("/caller", format!("`{}` is not among the principals", world.caller))),
        Some(caller) if caller.access_key.is_none() => {
            Err(WorldError::at("/caller", format!("`{}` has no `access_key` to call with", world.caller)))
        }
        Some(_) => Ok(()),
    }
}

fn attached(
    policies: &[super::AttachedPolicy],
    managed_policies: &[ManagedPolicy],
    at: &str,
) -> Result<(), WorldError> {
    for (index, policy) in policies.iter().enumerate() {
        document(&policy.document, &format!("{at}/policies/{index}/document"))?;
    }
    for (index, policy) in managed_policies.iter().enumerate() {
        managed_policy(policy, &format!("{at}/managed_policies/{index}"))?;
    }
    Ok(())
}

fn managed_policy(policy: &ManagedPolicy, at: &str) -> Result<(), WorldError> {
    match policy {
        ManagedPolicy::Aws(name) if policy.text().is_none() => {
            Err(WorldError::at(at, format!("`{name}` is not an AWS managed policy that the sandbox knows")))
        }
        ManagedPolicy::Aws(_) => Ok(()),
        ManagedPolicy::Customer { document: text, .. } => document(text, &format!("{at}/document")),
    }
}

fn document(text: &PolicyText, at: &str) -> Result<(), WorldError> {
    Document::parse(text.as_str()).map(|_| ()).map_err(|error| WorldError::at(at, error.to_string()))
}

fn account_id(at: &str, id: &str) -> Result<(), WorldError> {
    if id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(());
    }
    Err(WorldError::at(at, format!("`{id}` is not an account id of 12 digits")))
}
