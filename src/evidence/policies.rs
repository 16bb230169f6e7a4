//! The policies of the user or role under diagnosis, piece by piece.
//!
//! What is attached, and what each policy says, are read by calls of their own, so that each piece that could not be
//! read is an observation of its own. A reading is complete only where every piece was seen.

use super::Observation;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What IAM says of the user or role under diagnosis.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct IdentityPolicies {
    /// What `iam:GetRole` or `iam:GetUser` says of it.
    pub entity: Observation<Entity>,
    /// Where policies are attached: to the user or role itself first, then to each group of the user.
    pub holders: Vec<Holder>,
    /// The names of the groups that the user is in; of a role, none.
    pub groups: Observation<Vec<String>>,
    /// The policies that were asked for, with what came back.
    pub texts: Vec<PolicyText>,
}

/// What a user or role is, beside its policies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    /// The ARN of the permissions boundary; none where there is none.
    pub boundary: Option<String>,
    /// Tags, which a request carries as `aws:PrincipalTag/KEY` unless the session was given others.
    #[serde(default)]
    pub tags: Vec<(String, String)>,
    /// The trust policy of a role.
    #[serde(default)]
    pub trust: Option<String>,
}

/// A user, group or role, and the policies attached to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// What it is.
    pub kind: HolderKind,
    /// Its name, without path.
    pub name: String,
    /// The ARNs of the managed policies.
    pub managed: Observation<Vec<String>>,
    /// The names of the inline policies.
    pub inline: Observation<Vec<String>>,
}

/// What a policy can be attached to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HolderKind {
    /// An IAM user.
    User,
    /// A group that the user is in.
    Group,
    /// A role.
    Role,
}

impl HolderKind {
    /// Returns the word that IAM's commands and the policy simulator use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Role => "role",
        }
    }
}

impl fmt::Display for HolderKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Names a policy that can be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyRef {
    /// A managed policy, by its ARN.
    Managed(String),
    /// An inline policy, by what holds it and its name.
    Inline {
        /// What holds it.
        holder: HolderKind,
        /// The holder's name.
        entity: String,
        /// The policy's name.
        policy: String,
    },
}

/// Asks for the text of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyQuestion {
    /// The policy.
    pub policy: PolicyRef,
    /// The version of a managed policy whose text is known: where it is the default, the text is not fetched.
    #[serde(default)]
    pub known_version: Option<String>,
}

/// A policy that was asked for, and what came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyText {
    /// The policy.
    pub policy: PolicyRef,
    /// What it says.
    pub content: Observation<PolicyContent>,
}

/// What a policy says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyContent {
    /// The version, of a managed policy.
    #[serde(default)]
    pub version: Option<String>,
    /// The document as IAM keeps it; none where the version is one whose text was known.
    pub document: Option<String>,
}

impl IdentityPolicies {
    /// Returns what came back for a policy, where it was asked for.
    #[must_use]
    pub fn text(&self, policy: &PolicyRef) -> Option<&Observation<PolicyContent>> {
        self.texts.iter().find(|text| text.policy == *policy).map(|text| &text.content)
    }

    /// Returns the ARN of the permissions boundary, where there is one and it is known.
    #[must_use]
    pub fn boundary(&self) -> Option<&str> {
        self.entity.seen()?.boundary.as_deref()
    }
}
