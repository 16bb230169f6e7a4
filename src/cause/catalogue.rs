//! The catalogue: one entry per cause, as data.
//!
//! The only source for what `explain`, `doctor` and `causes` say about a cause, for `docs/causes.md`, and for the
//! templates that texts are recognized by. Entries hold words and no logic; `MODEL_ID` and `REGION` in a
//! command stand for values that the reader, or [`fill`], puts in.

pub use super::entry::{Entry, Note, Otherwise, Page, Template, TextCertainty};
use super::{Cause, capacity, credentials, iam_permission, model_access, request};
use std::borrow::Cow;

/// Returns the entry of a cause.
#[must_use]
pub fn entry(cause: Cause) -> &'static Entry {
    match cause {
        Cause::IdentityPolicyMissingAllow => &iam_permission::IDENTITY_POLICY_MISSING_ALLOW,
        Cause::IdentityPolicyExplicitDeny => &iam_permission::IDENTITY_POLICY_EXPLICIT_DENY,
        Cause::PermissionsBoundary => &iam_permission::PERMISSIONS_BOUNDARY,
        Cause::SessionPolicy => &iam_permission::SESSION_POLICY,
        Cause::ServiceControlPolicy => &iam_permission::SERVICE_CONTROL_POLICY,
        Cause::ResourceControlPolicy => &iam_permission::RESOURCE_CONTROL_POLICY,
        Cause::VpcEndpointPolicy => &iam_permission::VPC_ENDPOINT_POLICY,
        Cause::ResourcePolicy => &iam_permission::RESOURCE_POLICY,
        Cause::ServiceRolePermission => &iam_permission::SERVICE_ROLE_PERMISSION,
        Cause::ModelAccessNotGranted => &model_access::MODEL_ACCESS_NOT_GRANTED,
        Cause::UseCaseFormMissing => &model_access::USE_CASE_FORM_MISSING,
        Cause::MarketplacePermission => &model_access::MARKETPLACE_PERMISSION,
        Cause::MarketplaceAgreementPending => &model_access::MARKETPLACE_AGREEMENT_PENDING,
        Cause::PaymentInstrument => &model_access::PAYMENT_INSTRUMENT,
        Cause::SalesAccessRequired => &model_access::SALES_ACCESS_REQUIRED,
        Cause::AccountRestricted => &model_access::ACCOUNT_RESTRICTED,
        Cause::AccountBeingVerified => &model_access::ACCOUNT_BEING_VERIFIED,
        Cause::UnsupportedGeography => &model_access::UNSUPPORTED_GEOGRAPHY,
        Cause::ChannelProgramAccount => &model_access::CHANNEL_PROGRAM_ACCOUNT,
        Cause::DataRetentionMode => &model_access::DATA_RETENTION_MODE,
        Cause::LegacyModel => &model_access::LEGACY_MODEL,
        Cause::RegionUnavailable => &model_access::REGION_UNAVAILABLE,
        Cause::CredentialsMissing => &credentials::CREDENTIALS_MISSING,
        Cause::CredentialsInvalid => &credentials::CREDENTIALS_INVALID,
        Cause::CredentialsExpired => &credentials::CREDENTIALS_EXPIRED,
        Cause::SignatureMismatch => &credentials::SIGNATURE_MISMATCH,
        Cause::ApiKeyRejected => &credentials::API_KEY_REJECTED,
        Cause::InferenceProfileRequired => &request::INFERENCE_PROFILE_REQUIRED,
        Cause::InvalidModelId => &request::INVALID_MODEL_ID,
        Cause::UnsupportedFeature => &request::UNSUPPORTED_FEATURE,
        Cause::InvalidRequest => &request::INVALID_REQUEST,
        Cause::Throttled => &capacity::THROTTLED,
        Cause::QuotaExceeded => &capacity::QUOTA_EXCEEDED,
        Cause::ServiceUnavailable => &capacity::SERVICE_UNAVAILABLE,
        Cause::NetworkUnreachable => &capacity::NETWORK_UNREACHABLE,
        Cause::Unrecognized => &capacity::UNRECOGNIZED,
    }
}

/// Returns every entry, family by family.
pub fn entries() -> impl Iterator<Item = &'static Entry> {
    Cause::ALL.iter().map(|cause| entry(*cause))
}

/// Puts the values that are known into a command of the catalogue; unknown ones stay as they are.
#[must_use]
pub fn fill(command: &'static str, model: Option<&str>, region: Option<&str>) -> Cow<'static, str> {
    let mut filled = Cow::Borrowed(command);
    for (name, value) in [("MODEL_ID", model), ("REGION", region)] {
        if let Some(value) = value
            && filled.contains(name)
        {
            filled = Cow::Owned(filled.replace(name, value));
        }
    }
    filled
}
