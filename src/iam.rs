//! IAM's nouns: ARNs, principals, policy types, decisions and request contexts.
//!
//! Plain values that every other room shares. This file parses and prints them and decides nothing;
//! evaluation lives in [`crate::policy`].

mod arn;
mod context;
mod principal;
mod service;
pub(crate) mod suggest;

pub use arn::{Arn, ArnError};
pub(crate) use arn::{aws_managed_policy_name, name_of};
pub use context::{ContextKeys, ContextValue, DuplicateKey, RequestContext};
pub use principal::{Principal, PrincipalKind, is_session_of_litellm};
pub use service::{AssumingService, ParseServiceError};

use serde::{Deserialize, Serialize};
use std::fmt;

/// The result of an authorization: IAM's own three words, and `undetermined`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Decision {
    /// Every policy type that must allow does, and none denies.
    Allowed,
    /// A matching statement has `"Effect": "Deny"`.
    ExplicitDeny,
    /// Nothing that must allow does.
    ImplicitDeny,
    /// What is known of the request is not enough to decide.
    Undetermined,
}

impl Decision {
    /// Returns `true` if the decision denies the request, explicitly or implicitly.
    #[must_use]
    pub fn is_denied(self) -> bool {
        matches!(self, Self::ExplicitDeny | Self::ImplicitDeny)
    }

    /// Returns the decision as the policy simulator spells it, and `undetermined`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::ExplicitDeny => "explicitDeny",
            Self::ImplicitDeny => "implicitDeny",
            Self::Undetermined => "undetermined",
        }
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The kinds of policy that can deny a request.
///
/// The order is the one in which a denial is attributed when several types deny in the same way
/// (an explicit deny comes before an implicit one, whatever the type).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyType {
    /// AWS Organizations resource control policy (RCP).
    ResourceControlPolicy,
    /// AWS Organizations service control policy (SCP).
    ServiceControlPolicy,
    /// The policy of the VPC endpoint that the call passes through.
    VpcEndpointPolicy,
    /// The permissions boundary of the user or role.
    PermissionsBoundary,
    /// The policy passed to `AssumeRole` or `GetFederationToken`.
    SessionPolicy,
    /// Policies attached to the user, its groups, or the role.
    IdentityPolicy,
    /// The policy attached to the resource.
    ResourcePolicy,
}

impl PolicyType {
    /// Every policy type, in the order of attribution.
    pub const ALL: [Self; 7] = [
        Self::ResourceControlPolicy,
        Self::ServiceControlPolicy,
        Self::VpcEndpointPolicy,
        Self::PermissionsBoundary,
        Self::SessionPolicy,
        Self::IdentityPolicy,
        Self::ResourcePolicy,
    ];

    /// Returns the kebab-case name that JSON uses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ResourceControlPolicy => "resource-control-policy",
            Self::ServiceControlPolicy => "service-control-policy",
            Self::VpcEndpointPolicy => "vpc-endpoint-policy",
            Self::PermissionsBoundary => "permissions-boundary",
            Self::SessionPolicy => "session-policy",
            Self::IdentityPolicy => "identity-policy",
            Self::ResourcePolicy => "resource-policy",
        }
    }
}

impl fmt::Display for PolicyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
