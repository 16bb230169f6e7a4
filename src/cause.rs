//! Causes: why a call was refused, one code each.
//!
//! A cause belongs to a family; the first two families are the two documented causes, the others are neither
//! and look like them.

mod capacity;
pub mod catalogue;
mod credentials;
mod entry;
pub(crate) mod iam_permission;
mod model_access;
mod request;

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

macro_rules! causes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal in $family:ident;)*) => {
        /// A cause, by its stable kebab-case code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Cause { $($(#[$doc])* #[serde(rename = $code)] $variant,)* }

        impl Cause {
            /// Every cause, family by family.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Returns the stable kebab-case code.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// Returns the family that the cause belongs to.
            #[must_use]
            pub fn family(self) -> Family {
                match self { $(Self::$variant => Family::$family,)* }
            }
        }
    };
}

causes! {
    /// No identity-based policy allows the action on the resource, or the one that would misses.
    IdentityPolicyMissingAllow = "identity-policy-missing-allow" in IamPermission;
    /// An identity-based policy denies explicitly.
    IdentityPolicyExplicitDeny = "identity-policy-explicit-deny" in IamPermission;
    /// The permissions boundary does not allow, or denies.
    PermissionsBoundary = "permissions-boundary" in IamPermission;
    /// The session policy does not allow, or denies.
    SessionPolicy = "session-policy" in IamPermission;
    /// A service control policy does not allow, or denies.
    ServiceControlPolicy = "service-control-policy" in IamPermission;
    /// A resource control policy denies.
    ResourceControlPolicy = "resource-control-policy" in IamPermission;
    /// The VPC endpoint's policy does not allow, or denies.
    VpcEndpointPolicy = "vpc-endpoint-policy" in IamPermission;
    /// The resource's own policy does not allow, or denies.
    ResourcePolicy = "resource-policy" in IamPermission;
    /// The role that an agent, knowledge base or batch job runs with lacks a permission.
    ServiceRolePermission = "service-role-permission" in IamPermission;
    /// The account has no access to the model.
    ModelAccessNotGranted = "model-access-not-granted" in ModelAccess;
    /// Anthropic's use case form has not been submitted.
    UseCaseFormMissing = "use-case-form-missing" in ModelAccess;
    /// The caller may not make the AWS Marketplace agreement that the model needs.
    MarketplacePermission = "marketplace-permission" in ModelAccess;
    /// The AWS Marketplace agreement is still being made.
    MarketplaceAgreementPending = "marketplace-agreement-pending" in ModelAccess;
    /// The account has no payment instrument that AWS Marketplace accepts.
    PaymentInstrument = "payment-instrument" in ModelAccess;
    /// AWS Sales grants this model account by account.
    SalesAccessRequired = "sales-access-required" in ModelAccess;
    /// AWS restricts the account.
    AccountRestricted = "account-restricted" in ModelAccess;
    /// AWS still verifies the new account.
    AccountBeingVerified = "account-being-verified" in ModelAccess;
    /// The provider does not serve the caller's country or territory.
    UnsupportedGeography = "unsupported-geography" in ModelAccess;
    /// The account belongs to a channel program whose partner arranges the access.
    ChannelProgramAccount = "channel-program-account" in ModelAccess;
    /// The account's data-retention mode is not one that the model is offered under.
    DataRetentionMode = "data-retention-mode" in ModelAccess;
    /// The provider has withdrawn the model.
    LegacyModel = "legacy-model" in ModelAccess;
    /// The model is not offered in the Region.
    RegionUnavailable = "region-unavailable" in ModelAccess;
    /// No credentials were found.
    CredentialsMissing = "credentials-missing" in Credentials;
    /// AWS does not know the credentials.
    CredentialsInvalid = "credentials-invalid" in Credentials;
    /// The credentials have expired.
    CredentialsExpired = "credentials-expired" in Credentials;
    /// The request's signature does not match.
    SignatureMismatch = "signature-mismatch" in Credentials;
    /// The Bedrock API key was rejected.
    ApiKeyRejected = "api-key-rejected" in Credentials;
    /// The model is offered through inference profiles only.
    InferenceProfileRequired = "inference-profile-required" in Request;
    /// No such model id here.
    InvalidModelId = "invalid-model-id" in Request;
    /// The request uses a feature that the model or account does not have.
    UnsupportedFeature = "unsupported-feature" in Request;
    /// The request is malformed in another way.
    InvalidRequest = "invalid-request" in Request;
    /// Too many requests at once.
    Throttled = "throttled" in Capacity;
    /// A quota is used up, or is zero.
    QuotaExceeded = "quota-exceeded" in Capacity;
    /// The service or the model cannot answer now.
    ServiceUnavailable = "service-unavailable" in Capacity;
    /// The endpoint cannot be reached.
    NetworkUnreachable = "network-unreachable" in Network;
    /// The text matches nothing that is known.
    Unrecognized = "unrecognized" in Unknown;
}

/// A family of causes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// Documented cause 1: the identity lacks the IAM permission.
    IamPermission,
    /// Documented cause 2: access to the model has not been granted.
    ModelAccess,
    /// The credentials do not work.
    Credentials,
    /// The request itself is wrong.
    Request,
    /// AWS limits or lacks capacity.
    Capacity,
    /// The network prevents the call.
    Network,
    /// Not known.
    Unknown,
}

impl Family {
    /// Returns the kebab-case name that JSON uses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::IamPermission => "iam-permission",
            Self::ModelAccess => "model-access",
            Self::Credentials => "credentials",
            Self::Request => "request",
            Self::Capacity => "capacity",
            Self::Network => "network",
            Self::Unknown => "unknown",
        }
    }

    /// Returns which of the two documented causes the family is, or neither.
    #[must_use]
    pub fn documented_cause(self) -> DocumentedCause {
        match self {
            Self::IamPermission => DocumentedCause::IamPermission,
            Self::ModelAccess => DocumentedCause::ModelAccess,
            _ => DocumentedCause::Neither,
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which of the two documented causes applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DocumentedCause {
    /// 1: the identity lacks the IAM permission.
    IamPermission,
    /// 2: access to the model has not been granted.
    ModelAccess,
    /// Both.
    Both,
    /// The call is refused for another reason.
    Neither,
    /// The call is allowed.
    None,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A text that is not the code of a cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseCauseError(String);

impl fmt::Display for ParseCauseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a cause", self.0)
    }
}

impl std::error::Error for ParseCauseError {}

impl FromStr for Cause {
    type Err = ParseCauseError;

    fn from_str(code: &str) -> Result<Self, ParseCauseError> {
        let found = Self::ALL.iter().copied().find(|cause| cause.code() == code);
        found.ok_or_else(|| ParseCauseError(code.to_owned()))
    }
}
