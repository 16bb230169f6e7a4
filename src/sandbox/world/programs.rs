//! Trusted access programs and projects of a world: what decides which models the account takes part in, and how.

use super::models::DataRetention;
use crate::iam::Arn;
use serde::{Deserialize, Serialize};

/// A trusted access program (Bedrock API Reference, "GetTrustedAccessProgram").
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a trusted access program (an object)")]
pub(in crate::sandbox) struct TrustedAccessProgram {
    pub(in crate::sandbox) id: String,
    pub(in crate::sandbox) name: String,
    /// The provider's display name.
    pub(in crate::sandbox) provider: String,
    /// The account's status in it.
    pub(in crate::sandbox) status: ProgramStatus,
    #[serde(default)]
    pub(in crate::sandbox) status_reason: Option<String>,
    /// The ids of the models that only accounts in the program see.
    pub(in crate::sandbox) models: Vec<String>,
}

/// An account's status in a trusted access program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::sandbox) enum ProgramStatus {
    Requestable,
    Eligible,
    Enabled,
    Disabled,
    Revoked,
}

/// A project that calls to models can belong to.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a project (an object)")]
pub(in crate::sandbox) struct Project {
    /// The ARN, `…:project/proj_…`.
    pub(in crate::sandbox) arn: Arn,
    /// Its own data-retention mode; without it, the account's.
    #[serde(default)]
    pub(in crate::sandbox) data_retention: Option<DataRetention>,
}
