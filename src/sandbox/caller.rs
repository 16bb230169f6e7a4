//! Callers: the user or role session that signed a call, its policies, and the condition keys that its calls carry.

use super::effective_policies::RoutedPolicies;
use super::world::{PrincipalFacts, World};
use crate::iam::ContextKeys;
use std::sync::Arc;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Who calls: a user, or the session of a role.
#[derive(Debug)]
pub(super) struct Caller<'a> {
    pub(super) facts: &'a PrincipalFacts,
    pub(super) session_name: Option<String>,
    pub(super) policies: Arc<RoutedPolicies>,
    /// The Region that the call was signed for.
    pub(super) region: String,
    /// What the client calls itself.
    pub(super) user_agent: Option<String>,
}

impl Caller<'_> {
    /// Returns the ARN as STS prints it and denials name it.
    pub(super) fn arn(&self) -> String {
        let arn = &self.facts.arn;
        match &self.session_name {
            Some(session) => {
                format!("arn:{}:sts::{}:assumed-role/{}/{session}", arn.partition, arn.account, self.facts.name())
            }
            None => arn.to_string(),
        }
    }

    /// Returns the unique id as STS prints it.
    pub(super) fn user_id(&self) -> String {
        let id = self.facts.unique_id();
        match &self.session_name {
            Some(session) => format!("{id}:{session}"),
            None => id,
        }
    }

    /// Returns the condition keys that every call of this caller carries.
    pub(super) fn context(&self, world: &World) -> ContextKeys {
        let now = OffsetDateTime::now_utc();
        let mut context = principal_context(world, self.facts)
            .with("aws:userid", self.user_id())
            .with("aws:PrincipalArn", self.facts.arn.to_string())
            .with("aws:RequestedRegion", self.region.as_str())
            .with("aws:SecureTransport", "true")
            .with("aws:ViaAWSService", "false")
            .with("aws:EpochTime", now.unix_timestamp().to_string());
        for (key, value) in &self.facts.tags {
            context.set(&format!("aws:PrincipalTag/{key}"), value.as_str());
        }
        if let Ok(text) = now.format(&Rfc3339) {
            context.set("aws:CurrentTime", text);
        }
        if self.facts.is_role() {
            if let Ok(issued) = self.facts.session_issued.unwrap_or(now).format(&Rfc3339) {
                context.set("aws:TokenIssueTime", issued);
            }
            context.set("aws:MultiFactorAuthPresent", "false");
        }
        if let Some(agent) = &self.user_agent {
            context.set("aws:UserAgent", agent.as_str());
        }
        for (key, value) in &self.facts.context {
            context.set(key, value.as_str());
        }
        context
    }
}

/// Returns the condition keys that IAM fills in for a principal, whether it calls or is simulated
/// (IAM API Reference, "SimulatePrincipalPolicy").
pub(super) fn principal_context(world: &World, facts: &PrincipalFacts) -> ContextKeys {
    let mut context = ContextKeys::new()
        .with("aws:PrincipalAccount", facts.arn.account.as_str())
        .with("aws:PrincipalType", if facts.is_role() { "AssumedRole" } else { "User" })
        .with("aws:userid", facts.unique_id());
    if !facts.is_role() {
        context.set("aws:username", facts.name());
    }
    if let Some(organization) = &world.organization {
        context.set("aws:PrincipalOrgID", organization.id.as_str());
        context.set("aws:PrincipalOrgMasterAccountId", organization.management_account.as_str());
        context.set("aws:PrincipalOrgPaths", organization.paths.clone());
    }
    context
}
