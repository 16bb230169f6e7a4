//! Edits of a world: what IAM's, Organizations' and Bedrock's own writes change.
//!
//! Takes texts that the caller has been authorized to write, and checks nothing but their form. A customer managed
//! policy is one policy wherever it is attached: an edit of its default version reaches every copy.

use super::models::AgreementStatus;
use super::principals::{AttachedPolicy, Group, ManagedPolicy, PolicyText, PrincipalFacts};
use super::{OrganizationPolicy, World};
use crate::iam::Arn;
use std::collections::BTreeMap;

/// The versions of a customer managed policy, oldest first.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct PolicyVersions {
    pub(in crate::sandbox) versions: Vec<PolicyVersion>,
    pub(in crate::sandbox) default: u32,
    /// The number of the next version; numbers are never used again.
    next: u32,
}

/// A version of a customer managed policy.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct PolicyVersion {
    pub(in crate::sandbox) number: u32,
    pub(in crate::sandbox) document: PolicyText,
}

/// The policies of a user, role or group, for changing.
pub(in crate::sandbox) struct Attachments<'w> {
    pub(in crate::sandbox) inline: &'w mut Vec<AttachedPolicy>,
    pub(in crate::sandbox) managed: &'w mut Vec<ManagedPolicy>,
}

/// The customer managed policies that writes have made or changed, by ARN.
pub(super) type ManagedPolicies = BTreeMap<String, PolicyVersions>;

impl PolicyVersions {
    fn first(document: PolicyText) -> Self {
        Self { versions: vec![PolicyVersion { number: 1, document }], default: 1, next: 2 }
    }

    /// Adds a version and returns its number.
    pub(in crate::sandbox) fn add(&mut self, document: PolicyText) -> u32 {
        let number = self.next;
        self.next += 1;
        self.versions.push(PolicyVersion { number, document });
        number
    }

    /// Returns a version by its number.
    pub(in crate::sandbox) fn get(&self, number: u32) -> Option<&PolicyVersion> {
        self.versions.iter().find(|version| version.number == number)
    }
}

impl World {
    /// Returns the facts of a user or role, for changing.
    pub(in crate::sandbox) fn principal_mut(&mut self, arn: &Arn) -> Option<&mut PrincipalFacts> {
        self.principals.iter_mut().find(|facts| facts.arn == *arn)
    }

    /// Returns the policies of a user, role or group, for changing.
    pub(in crate::sandbox) fn attachments_mut(&mut self, arn: &Arn) -> Option<Attachments<'_>> {
        let principal = self.principals.iter_mut().find(|facts| facts.arn == *arn);
        if let Some(facts) = principal {
            return Some(Attachments { inline: &mut facts.policies, managed: &mut facts.managed_policies });
        }
        let group = self.groups.iter_mut().find(|group: &&mut Group| group.arn == *arn)?;
        Some(Attachments { inline: &mut group.policies, managed: &mut group.managed_policies })
    }

    /// Returns the versions of a customer managed policy; none where the account has no such policy.
    pub(in crate::sandbox) fn policy_versions(&self, arn: &str) -> Option<PolicyVersions> {
        self.managed.get(arn).cloned().or_else(|| Some(PolicyVersions::first(self.customer_document(arn)?.clone())))
    }

    /// Returns the document of a customer managed policy that something is attached to or bounded by.
    fn customer_document(&self, arn: &str) -> Option<&PolicyText> {
        let attached = self.principals.iter().flat_map(|facts| facts.managed_policies.iter().chain(&facts.boundary));
        let grouped = self.groups.iter().flat_map(|group| &group.managed_policies);
        attached.chain(grouped).find_map(|policy| match policy {
            ManagedPolicy::Customer { arn: known, document } if known.to_string() == arn => Some(document),
            _ => None,
        })
    }

    /// Makes a customer managed policy with a first version.
    pub(in crate::sandbox) fn create_policy(&mut self, arn: &str, document: PolicyText) {
        self.managed.insert(arn.to_owned(), PolicyVersions::first(document));
    }

    /// Keeps the versions of a customer managed policy, and gives every copy the document of the default one.
    pub(in crate::sandbox) fn set_policy_versions(&mut self, arn: &str, versions: PolicyVersions) {
        if let Some(default) = versions.get(versions.default) {
            let attached = self
                .principals
                .iter_mut()
                .flat_map(|facts| facts.managed_policies.iter_mut().chain(facts.boundary.iter_mut()));
            let grouped = self.groups.iter_mut().flat_map(|group| group.managed_policies.iter_mut());
            for policy in attached.chain(grouped) {
                if let ManagedPolicy::Customer { arn: known, document } = policy
                    && known.to_string() == arn
                {
                    document.clone_from(&default.document);
                }
            }
        }
        self.managed.insert(arn.to_owned(), versions);
    }

    /// Returns a managed policy as it is attached: AWS's by its name, the customer's with its default version.
    pub(in crate::sandbox) fn attachable(&self, arn: &str) -> Option<ManagedPolicy> {
        if let Some((_, name)) = arn.split_once(":iam::aws:policy/") {
            let policy = ManagedPolicy::Aws(name.to_owned());
            return policy.text().is_some().then_some(policy);
        }
        let versions = self.policy_versions(arn)?;
        let document = versions.get(versions.default)?.document.clone();
        Some(ManagedPolicy::Customer { arn: arn.parse().ok()?, document })
    }

    /// Sets the status of the account's agreement for a model in every Region, but for one that failed.
    pub(in crate::sandbox) fn set_agreement(&mut self, model: &str, status: AgreementStatus) {
        let models = self.models.iter_mut().filter(|known| known.id == model);
        for gate in models.flat_map(|model| model.regions.values_mut()) {
            if gate.agreement.status != AgreementStatus::Error {
                gate.agreement.status = status;
            }
        }
    }

    /// Walks over the service control policies, each once, with the level that it is attached to first.
    pub(in crate::sandbox) fn service_control_policies(&self) -> Vec<(usize, &OrganizationPolicy)> {
        let mut found: Vec<(usize, &OrganizationPolicy)> = Vec::new();
        let levels = self.organization.iter().flat_map(|organization| organization.levels.iter().enumerate());
        for (depth, policy) in levels.flat_map(|(depth, level)| level.iter().map(move |policy| (depth, policy))) {
            if !found.iter().any(|(_, known)| known.arn == policy.arn) {
                found.push((depth, policy));
            }
        }
        found
    }

    /// Replaces the document of a service control policy wherever it is attached.
    pub(in crate::sandbox) fn set_service_control_policy(&mut self, arn: &Arn, document: &PolicyText) {
        let levels = self.organization.iter_mut().flat_map(|organization| &mut organization.levels);
        for policy in levels.flatten().filter(|policy| policy.arn == *arn) {
            policy.document.clone_from(document);
        }
    }
}
