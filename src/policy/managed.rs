//! The AWS managed policies that matter to Bedrock, as AWS published them.
//!
//! Each is a file of `managed/` with its source, version and date; none is fetched. Their names are known, so that
//! a report can say what an attached one never allows.

use super::{Document, Policy};
use crate::iam::aws_managed_policy_name;
use crate::packed::Folder;
use serde::Deserialize;
use std::sync::OnceLock;

/// An AWS managed policy.
#[derive(Debug)]
pub struct ManagedPolicy {
    /// The name, such as `AmazonBedrockReadOnly`.
    pub name: &'static str,
    /// The ARN in the `aws` partition.
    pub arn: String,
    /// The version, such as `v7`.
    pub version: String,
    /// When the version was made: an RFC 3339 date and time.
    pub updated: String,
    /// Where the text comes from.
    pub source: String,
    /// What it says.
    pub document: Document,
    /// The document as JSON, for those who hand it on.
    pub json: serde_json::Value,
}

impl ManagedPolicy {
    /// Returns every policy that is carried, in alphabetical order.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        CARRIED.iter().filter_map(Carried::policy)
    }

    /// Returns the names of the policies that are carried, in alphabetical order, without reading one.
    pub fn names() -> impl Iterator<Item = &'static str> {
        CARRIED.iter().map(|carried| carried.name)
    }

    /// Finds a policy by its name, or by its ARN in any partition.
    #[must_use]
    pub fn find(name_or_arn: &str) -> Option<&'static Self> {
        let name = aws_managed_policy_name(name_or_arn).unwrap_or(name_or_arn);
        CARRIED.iter().find(|carried| carried.name == name)?.policy()
    }

    /// Returns the policy under its ARN, for an evaluation.
    #[must_use]
    pub fn policy(&self) -> Policy {
        Policy::new(self.arn.clone(), self.document.clone())
    }
}

#[derive(Deserialize)]
struct File {
    source: String,
    arn: String,
    version: String,
    updated: String,
    document: serde_json::Value,
}

/// A file of `managed/`. It is read when it is first asked for: most runs need one of them, or none.
struct Carried {
    name: &'static str,
    read: OnceLock<Option<ManagedPolicy>>,
}

impl Carried {
    const fn new(name: &'static str) -> Self {
        Self { name, read: OnceLock::new() }
    }

    /// Returns the policy. A test reads every file; one that could not be read would only be unknown by name.
    fn policy(&self) -> Option<&ManagedPolicy> {
        self.read.get_or_init(|| read(self.name)).as_ref()
    }
}

fn read(name: &'static str) -> Option<ManagedPolicy> {
    let File { source, arn, version, updated, document: json } = serde_json::from_str(FILES.text(name)?).ok()?;
    let document = Document::from_value(&json).ok()?;
    Some(ManagedPolicy { name, arn, version, updated, source, document, json })
}

/// The files of `managed/`.
static FILES: Folder = Folder::new(include_bytes!(concat!(env!("OUT_DIR"), "/managed.z")));

static CARRIED: [Carried; 17] = [
    Carried::new("AWSCompromisedKeyQuarantineV2"),
    Carried::new("AWSCompromisedKeyQuarantineV3"),
    Carried::new("AWSDenyAll"),
    Carried::new("AWSMarketplaceManageSubscriptions"),
    Carried::new("AdministratorAccess"),
    Carried::new("AmazonBedrockFullAccess"),
    Carried::new("AmazonBedrockLimitedAccess"),
    Carried::new("AmazonBedrockMantleFullAccess"),
    Carried::new("AmazonBedrockMantleInferenceAccess"),
    Carried::new("AmazonBedrockMantleReadOnly"),
    Carried::new("AmazonBedrockMarketplaceAccess"),
    Carried::new("AmazonBedrockReadOnly"),
    Carried::new("BedrockAgentCoreFullAccess"),
    Carried::new("PowerUserAccess"),
    Carried::new("ReadOnlyAccess"),
    Carried::new("SecurityAudit"),
    Carried::new("ViewOnlyAccess"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::{ContextKeys, Decision, RequestContext};
    use crate::policy::{Policies, Question, decide};

    #[test]
    fn every_file_is_read_under_its_name() {
        assert!(ManagedPolicy::all().map(|policy| policy.name).eq(ManagedPolicy::names()));
        for policy in ManagedPolicy::all() {
            assert!(policy.arn.ends_with(policy.name), "{}", policy.arn);
            assert!(policy.version.starts_with('v') && policy.updated.starts_with("20"), "{}", policy.name);
            assert_eq!(ManagedPolicy::find(&policy.arn).unwrap().name, policy.name);
        }
        let in_govcloud = "arn:aws-us-gov:iam::aws:policy/AmazonBedrockReadOnly";
        assert_eq!(ManagedPolicy::find(in_govcloud).unwrap().name, "AmazonBedrockReadOnly");
        assert!(ManagedPolicy::find("arn:aws:iam::111122223333:policy/mine").is_none());
    }

    #[test]
    fn who_may_invoke_is_as_the_bedrock_user_guide_says() {
        let request = RequestContext {
            action: "bedrock:InvokeModel".to_owned(),
            resource: "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0".to_owned(),
            context: ContextKeys::new().with("aws:RequestedRegion", "us-east-1"),
        };
        for (name, decision) in [
            ("AmazonBedrockFullAccess", Decision::Allowed),
            ("AmazonBedrockLimitedAccess", Decision::Allowed),
            ("AmazonBedrockReadOnly", Decision::ImplicitDeny),
            ("AmazonBedrockMantleFullAccess", Decision::ImplicitDeny),
            ("AmazonBedrockMantleInferenceAccess", Decision::ImplicitDeny),
            ("AmazonBedrockMarketplaceAccess", Decision::ImplicitDeny),
            ("BedrockAgentCoreFullAccess", Decision::Allowed),
            ("AdministratorAccess", Decision::Allowed),
            ("PowerUserAccess", Decision::Allowed),
            ("ReadOnlyAccess", Decision::ImplicitDeny),
            ("ViewOnlyAccess", Decision::ImplicitDeny),
            ("SecurityAudit", Decision::ImplicitDeny),
            ("AWSCompromisedKeyQuarantineV2", Decision::ExplicitDeny),
            ("AWSCompromisedKeyQuarantineV3", Decision::ExplicitDeny),
            ("AWSDenyAll", Decision::ExplicitDeny),
        ] {
            let identity = vec![ManagedPolicy::find(name).unwrap().policy()];
            let policies = Policies { identity, ..Policies::default() };
            let question = Question::new("arn:aws:iam::111122223333:user/ana", &request);
            assert_eq!(decide(&question, &policies).decision, decision, "{name}");
        }
    }
}
