//! Effective policies: all the policies that apply to a principal's calls, and their evaluation.
//!
//! Takes a world's facts and parses their documents once; the evaluation is the crate's own engine. Each policy keeps
//! its source, so that a refusal can name it and the simulator can point into it.

use super::refusal::Denial;
use super::world::{AttachedPolicy, Group, ManagedPolicy, PrincipalFacts, World};
use crate::iam::{Decision, RequestContext};
use crate::policy::{Document, ParseError, Policies, Policy, Question, StatementRef, decide};
use std::collections::BTreeMap;

/// What a policy is to IAM, as the simulator's `SourcePolicyType` and `PolicyExclusionList` tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SourceKind {
    InlineUser,
    InlineGroup,
    InlineRole,
    AwsManaged,
    UserManaged,
    /// Given with the call, and not attached to anything.
    Given,
    /// A service control policy, a session policy or an endpoint's: never shown.
    Hidden,
}

/// Where a policy came from.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) kind: SourceKind,
    /// The policy's name.
    pub(super) name: String,
    pub(super) arn: Option<String>,
    /// The user, group or role that it is attached to.
    pub(super) attached_to: String,
    /// The document's text, which positions count in.
    pub(super) text: String,
}

/// Every policy that applies to a principal's calls.
#[derive(Clone, Debug, Default)]
pub(super) struct EffectivePolicies {
    pub(super) policies: Policies,
    /// Where each policy came from, by the name that it has in `policies`.
    pub(super) sources: BTreeMap<String, Source>,
}

impl EffectivePolicies {
    /// Collects a principal's policies, without the endpoint's.
    pub(super) fn for_principal(world: &World, facts: &PrincipalFacts) -> Result<Self, ParseError> {
        let mut effective = Self::default();
        let inline = if facts.is_role() { SourceKind::InlineRole } else { SourceKind::InlineUser };
        effective.attach(world, inline, facts.name(), &facts.policies, &facts.managed_policies)?;
        for group in world.groups.iter().filter(|group| facts.groups.iter().any(|name| name == group.name())) {
            effective.attach_group(world, group)?;
        }
        if let Some(boundary) = &facts.boundary {
            effective.policies.permissions_boundary = Some(effective.managed(world, facts.name(), boundary)?);
        }
        if let Some(text) = &facts.session_policy {
            let source = Source::hidden("session policy", None, text.as_str());
            effective.policies.session = Some(vec![effective.parse("session", source)?]);
        }
        // Service control policies do not restrict the management account (AWS Organizations User Guide, "SCPs").
        if facts.arn.account != world.account {
            return Ok(effective);
        }
        for (depth, level) in world.organization.iter().flat_map(|organization| &organization.levels).enumerate() {
            let mut policies = Vec::new();
            for (index, policy) in level.iter().enumerate() {
                let source = Source::hidden(&policy.name, Some(policy.arn.to_string()), policy.document.as_str());
                policies.push(effective.parse(&format!("scp/{depth}/{index}"), source)?);
            }
            effective.policies.service_control.push(policies);
        }
        Ok(effective)
    }

    /// Collects a group's policies.
    pub(super) fn for_group(world: &World, group: &Group) -> Result<Self, ParseError> {
        let mut effective = Self::default();
        effective.attach_group(world, group)?;
        Ok(effective)
    }

    /// Returns the policies with that of the endpoint that the world's runtime calls pass, if they pass one.
    pub(super) fn through_endpoint(mut self, world: &World) -> Result<Self, ParseError> {
        if let Some(endpoint) = &world.vpc_endpoint_policy {
            let source = Source::hidden(&endpoint.vpc_endpoint, None, endpoint.document.as_str());
            self.policies.vpc_endpoint = Some(self.parse("endpoint", source)?);
        }
        Ok(self)
    }

    fn attach_group(&mut self, world: &World, group: &Group) -> Result<(), ParseError> {
        self.attach(world, SourceKind::InlineGroup, group.name(), &group.policies, &group.managed_policies)
    }

    fn attach(
        &mut self,
        world: &World,
        inline: SourceKind,
        entity: &str,
        policies: &[AttachedPolicy],
        managed_policies: &[ManagedPolicy],
    ) -> Result<(), ParseError> {
        for policy in policies {
            let source = Source {
                kind: inline,
                name: policy.name.clone(),
                arn: None,
                attached_to: entity.to_owned(),
                text: policy.document.as_str().to_owned(),
            };
            let policy = self.parse(&format!("{inline:?}/{entity}/{}", policy.name), source)?;
            self.policies.identity.push(policy);
        }
        for policy in managed_policies {
            let policy = self.managed(world, entity, policy)?;
            self.policies.identity.push(policy);
        }
        Ok(())
    }

    fn managed(&mut self, world: &World, entity: &str, policy: &ManagedPolicy) -> Result<Policy, ParseError> {
        let arn = policy.arn(world.partition());
        let kind = match policy {
            ManagedPolicy::Aws(_) => SourceKind::AwsManaged,
            ManagedPolicy::Customer { .. } => SourceKind::UserManaged,
        };
        let source = Source {
            kind,
            name: policy.name().to_owned(),
            arn: Some(arn.clone()),
            attached_to: entity.to_owned(),
            text: policy.text().unwrap_or_default(),
        };
        self.parse(&arn, source)
    }

    /// Adds an identity policy that was given with a call.
    pub(super) fn give(&mut self, name: &str, text: &str) -> Result<(), ParseError> {
        let policy = self.given(name, text)?;
        self.policies.identity.push(policy);
        Ok(())
    }

    /// Parses a policy that was given with a call.
    pub(super) fn given(&mut self, name: &str, text: &str) -> Result<Policy, ParseError> {
        let source = Source {
            kind: SourceKind::Given,
            name: name.to_owned(),
            arn: None,
            attached_to: String::new(),
            text: text.to_owned(),
        };
        self.parse(name, source)
    }

    fn parse(&mut self, key: &str, source: Source) -> Result<Policy, ParseError> {
        let document = Document::parse(&source.text)?;
        self.sources.insert(key.to_owned(), source);
        Ok(Policy::new(key, document))
    }

    /// Returns where the policy of a statement came from.
    pub(super) fn source(&self, statement: &StatementRef) -> Option<&Source> {
        self.sources.get(statement.policy.as_ref()?)
    }

    /// Decides a request of a principal.
    pub(super) fn authorize(&self, principal: &str, request: &RequestContext) -> Result<(), Denial> {
        let evaluation = decide(&Question::new(principal, request), &self.policies);
        let Some(policy_type) = evaluation.policy_type else { return Ok(()) };
        let blamed = evaluation.decided_by.iter().find(|statement| statement.policy_type == policy_type);
        let policy_arn = match evaluation.decision {
            Decision::ExplicitDeny => blamed.and_then(|statement| self.source(statement)?.arn.clone()),
            _ => None,
        };
        Err(Denial { decision: evaluation.decision, policy_type, policy_arn })
    }
}

impl Source {
    fn hidden(name: &str, arn: Option<String>, text: &str) -> Self {
        Self { kind: SourceKind::Hidden, name: name.to_owned(), arn, attached_to: String::new(), text: text.to_owned() }
    }
}

/// A principal's policies by the route of its calls: straight to the service, or through the runtime's endpoint.
#[derive(Debug)]
pub(super) struct RoutedPolicies {
    pub(super) direct: EffectivePolicies,
    pub(super) through_endpoint: EffectivePolicies,
}

impl RoutedPolicies {
    /// Adds the route through the world's endpoint.
    pub(super) fn new(world: &World, direct: EffectivePolicies) -> Result<Self, ParseError> {
        let through_endpoint = direct.clone().through_endpoint(world)?;
        Ok(Self { direct, through_endpoint })
    }
}
