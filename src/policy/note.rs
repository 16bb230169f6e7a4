//! Rules of AWS that decide a request in addition to what the statements say.
//!
//! Typed, so that a renderer words them and a program can match on them; made by the evaluator, and never a reason to
//! decide differently.

use super::resource_control;
use serde::Serialize;

/// A rule that decided, or that leaves a policy without effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case", tag = "note")]
#[non_exhaustive]
pub enum Note {
    /// Resource control policies were given, and they do not apply to actions of this service
    /// (AWS Organizations User Guide, "Resource control policies (RCPs)").
    ResourceControlPoliciesDoNotApply {
        /// The service's prefix, such as `bedrock`.
        service: String,
        /// The date of the list of services, as `YYYY-MM-DD`.
        list_of: &'static str,
    },
    /// The caller is the root user, who needs no identity-based allow
    /// (IAM User Guide, "How AWS enforcement code logic evaluates requests to allow or deny access").
    RootUser,
    /// A deny with `NotPrincipal` matches, or may, although the element lists the caller in some way
    /// (IAM User Guide, "AWS JSON policy elements: NotPrincipal").
    NotPrincipal {
        /// Why the caller is not certainly spared.
        reason: NotPrincipalReason,
    },
}

/// Why a deny with `NotPrincipal` does not spare a caller that its list names in some way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum NotPrincipalReason {
    /// The caller has a permissions boundary: such a statement always denies it.
    PermissionsBoundary,
    /// The list names the caller, or its role, without the account.
    AccountNotListed,
    /// The list names account and role, and not the session: whether that is enough depends on the service.
    SessionNotListed,
}

impl Note {
    pub(super) fn resource_control_does_not_apply(service: &str) -> Self {
        Self::ResourceControlPoliciesDoNotApply {
            service: service.to_ascii_lowercase(),
            list_of: resource_control::LIST_OF,
        }
    }
}
