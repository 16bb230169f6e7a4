//! What a world's facts must agree on, beyond their form.
//!
//! Only contradictions are refused that would make an answer impossible. A world may be as broken as an account
//! can be: policies that allow nothing, profiles over models that are not there, forms that nobody sent.

use super::{
    AttachedPolicy, ManagedPolicy, PermissionSet, PolicyText, PrincipalFacts, Profile, World, WorldError,
    is_session_name,
};
use crate::iam::Arn;
use crate::policy::Document;
use std::collections::BTreeSet;

/// Checks a world; `text` is the file that it was read from.
pub(super) fn check(world: &World, text: &str) -> Result<(), WorldError> {
    Check { world, text }.all()
}

struct Check<'a> {
    world: &'a World,
    text: &'a str,
}

impl Check<'_> {
    fn all(&self) -> Result<(), WorldError> {
        let Self { world, .. } = self;
        account_id("/account", &world.account)?;
        self.principals()?;
        for (index, group) in world.groups.iter().enumerate() {
            let at = format!("/groups/{index}");
            if group.arn.service != "iam" || group.arn.resource_type() != "group" {
                let message = format!("`{}` is not the ARN of an IAM group", group.arn);
                return Err(WorldError::at(format!("{at}/arn"), message));
            }
            self.attached(&group.policies, &group.managed_policies, &at)?;
        }
        self.caller()?;
        if let Some(organization) = &world.organization {
            account_id("/organization/management_account", &organization.management_account)?;
            for (level, policies) in organization.levels.iter().enumerate() {
                for (index, policy) in policies.iter().enumerate() {
                    self.document(&policy.document, &format!("/organization/levels/{level}/{index}/document"))?;
                }
            }
        }
        if let Some(endpoint) = &world.vpc_endpoint_policy {
            self.document(&endpoint.document, "/vpc_endpoint_policy/document")?;
        }
        for (index, profile) in world.profiles.iter().enumerate() {
            destinations(profile, &format!("/profiles/{index}/models"))?;
        }
        for (arn, policy) in &world.resource_policies {
            if let Some(policy) = policy {
                self.document(policy, &format!("/resource_policies/{arn}"))?;
            }
        }
        for (index, project) in world.projects.iter().enumerate() {
            of_type(&project.arn, "project", &format!("/projects/{index}/arn"))?;
        }
        for (index, guardrail) in world.guardrails.iter().enumerate() {
            if guardrail.arn.service != "bedrock" || guardrail.arn.resource_type() != "guardrail" {
                let message = format!("`{}` is not the ARN of a guardrail", guardrail.arn);
                return Err(WorldError::at(format!("/guardrails/{index}/arn"), message));
            }
            if let Some(policy) = &guardrail.policy {
                self.document(policy, &format!("/guardrails/{index}/policy"))?;
            }
        }
        for (index, agent) in world.agents.iter().enumerate() {
            of_type(&agent.alias, "agent-alias", &format!("/agents/{index}/alias"))?;
        }
        for (index, base) in world.knowledge_bases.iter().enumerate() {
            of_type(&base.arn, "knowledge-base", &format!("/knowledge_bases/{index}/arn"))?;
        }
        for (index, set) in world.permission_sets.iter().enumerate() {
            self.permission_set(set, &format!("/permission_sets/{index}"))?;
        }
        self.api_keys()?;
        for (index, fault) in world.faults.iter().enumerate() {
            if let Some((field, mistake)) = fault.mistake() {
                return Err(WorldError::at(format!("/faults/{index}/{field}"), mistake));
            }
        }
        Ok(())
    }

    fn principals(&self) -> Result<(), WorldError> {
        let (mut arns, mut access_keys) = (BTreeSet::new(), BTreeSet::new());
        for (index, principal) in self.world.principals.iter().enumerate() {
            let at = format!("/principals/{index}");
            self.principal(principal, &at)?;
            if !arns.insert(&principal.arn) {
                return Err(WorldError::at(format!("{at}/arn"), format!("`{}` is there twice", principal.arn)));
            }
            if principal.access_key.as_ref().is_some_and(|key| !access_keys.insert(key)) {
                return Err(WorldError::at(format!("{at}/access_key"), "two principals have this access key"));
            }
        }
        Ok(())
    }

    fn principal(&self, principal: &PrincipalFacts, at: &str) -> Result<(), WorldError> {
        let arn = &principal.arn;
        if arn.service != "iam" || !matches!(arn.resource_type(), "user" | "role") || principal.name().is_empty() {
            return Err(WorldError::at(format!("{at}/arn"), format!("`{arn}` is not the ARN of an IAM user or role")));
        }
        let is_key = |key: &String| (16..=128).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_alphanumeric());
        if principal.access_key.as_ref().is_some_and(|key| !is_key(key)) {
            return Err(WorldError::at(
                format!("{at}/access_key"),
                "an access key id has 16 to 128 letters and digits",
            ));
        }
        if principal.session_name.as_ref().is_some_and(|name| !is_session_name(name)) {
            let message = "a session's name has 2 to 64 letters, digits and `_+=,.@-`";
            return Err(WorldError::at(format!("{at}/session_name"), message));
        }
        if principal.is_role() && principal.access_key.is_some() && principal.session_name.is_none() {
            return Err(WorldError::at(at, "the session of a role has a `session_name` beside its `access_key`"));
        }
        if !principal.is_role() && (principal.session_policy.is_some() || principal.session_name.is_some()) {
            return Err(WorldError::at(at, "an IAM user has no session"));
        }
        let mut groups = principal.groups.iter();
        if let Some(name) = groups.find(|name| !self.world.groups.iter().any(|group| group.name() == *name)) {
            return Err(WorldError::at(format!("{at}/groups"), format!("the world has no group `{name}`")));
        }
        self.attached(&principal.policies, &principal.managed_policies, at)?;
        if let Some(boundary) = &principal.boundary {
            self.managed_policy(boundary, &format!("{at}/boundary"))?;
        }
        for (text, field) in [(&principal.session_policy, "session_policy"), (&principal.trust, "trust")] {
            if let Some(text) = text {
                self.document(text, &format!("{at}/{field}"))?;
            }
        }
        Ok(())
    }

    fn caller(&self) -> Result<(), WorldError> {
        let caller = &self.world.caller;
        match self.world.principals.iter().find(|principal| principal.arn == *caller) {
            None => Err(WorldError::at("/caller", format!("`{caller}` is not among the principals"))),
            Some(_) if caller.account != self.world.account => {
                let message = format!("`{caller}` is of another account than `{}`, the world's", self.world.account);
                Err(WorldError::at("/caller", message))
            }
            Some(facts) if facts.access_key.is_none() => {
                Err(WorldError::at("/caller", format!("`{caller}` has no `access_key` to call with")))
            }
            Some(_) => Ok(()),
        }
    }

    fn permission_set(&self, set: &PermissionSet, at: &str) -> Result<(), WorldError> {
        if set.arn.service != "sso" || set.arn.resource_type() != "permissionSet" {
            return Err(WorldError::at(
                format!("{at}/arn"),
                format!("`{}` is not the ARN of a permission set", set.arn),
            ));
        }
        if !self.world.principals.iter().any(|principal| principal.arn == set.role && principal.is_role()) {
            return Err(WorldError::at(format!("{at}/role"), format!("`{}` is not among the roles", set.role)));
        }
        match &set.inline_policy {
            Some(policy) => self.document(policy, &format!("{at}/inline_policy")),
            None => Ok(()),
        }
    }

    fn api_keys(&self) -> Result<(), WorldError> {
        let is_token = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\'');
        for (index, key) in self.world.api_keys.iter().enumerate() {
            let at = format!("/api_keys/{index}");
            if !self.world.principals.iter().any(|principal| principal.arn == key.principal) {
                let message = format!("`{}` is not among the principals", key.principal);
                return Err(WorldError::at(format!("{at}/principal"), message));
            }
            if !is_token(&key.key) || !(key.key.starts_with("ABSK") || key.is_short_term()) {
                let message = "an API key starts with `ABSK` or `bedrock-api-key-` and holds no space";
                return Err(WorldError::at(format!("{at}/key"), message));
            }
        }
        match &self.world.bearer_token {
            Some(token) if !is_token(token) => Err(WorldError::at("/bearer_token", "a token holds no space or quote")),
            _ => Ok(()),
        }
    }

    fn attached(
        &self,
        policies: &[AttachedPolicy],
        managed_policies: &[ManagedPolicy],
        at: &str,
    ) -> Result<(), WorldError> {
        for (index, policy) in policies.iter().enumerate() {
            self.document(&policy.document, &format!("{at}/policies/{index}/document"))?;
        }
        for (index, policy) in managed_policies.iter().enumerate() {
            self.managed_policy(policy, &format!("{at}/managed_policies/{index}"))?;
        }
        Ok(())
    }

    fn managed_policy(&self, policy: &ManagedPolicy, at: &str) -> Result<(), WorldError> {
        match policy {
            ManagedPolicy::Aws(name) if policy.text().is_none() => {
                Err(WorldError::at(at, format!("`{name}` is not an AWS managed policy that the sandbox knows")))
            }
            ManagedPolicy::Aws(_) => Ok(()),
            ManagedPolicy::Customer { document, .. } => self.document(document, &format!("{at}/document")),
        }
    }

    fn document(&self, document: &PolicyText, at: &str) -> Result<(), WorldError> {
        let document = document.as_str();
        if Document::parse(document).is_ok() {
            return Ok(());
        }
        // Equal documents are equally wrong, so the first of them is as good a place as any.
        let before = self.text.split_once(document).map_or("", |(before, _)| before);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        match Document::parse_inside(document, line, column) {
            Ok(_) => Ok(()),
            Err(error) => Err(WorldError::in_document(at, &error)),
        }
    }
}

fn destinations(profile: &Profile, at: &str) -> Result<(), WorldError> {
    if profile.models.is_empty() {
        return Err(WorldError::at(at, "a profile routes to at least one model"));
    }
    match profile.models.iter().find(|model| model.resource_type() != "foundation-model") {
        Some(model) => Err(WorldError::at(at, format!("`{model}` is not the ARN of a foundation model"))),
        None => Ok(()),
    }
}

/// Checks that an ARN is of a type of Bedrock's resources.
fn of_type(arn: &Arn, kind: &str, at: &str) -> Result<(), WorldError> {
    if arn.service == "bedrock" && arn.resource_type() == kind && !arn.resource_id().is_empty() {
        return Ok(());
    }
    Err(WorldError::at(at, format!("`{arn}` is not the ARN of a Bedrock {kind}")))
}

fn account_id(at: &str, id: &str) -> Result<(), WorldError> {
    if id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(());
    }
    Err(WorldError::at(at, format!("`{id}` is not an account id of 12 digits")))
}
