//! Inference profiles: what `GetInferenceProfile` says of where a call may be routed.

use crate::iam::Arn;
use serde::{Deserialize, Serialize};

/// Who made an inference profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProfileKind {
    /// AWS: a cross-Region profile such as `us.…`, `eu.…` or `global.…`.
    SystemDefined,
    /// The account: an application inference profile.
    Application,
}

/// An inference profile and the models that a call through it may reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InferenceProfile {
    /// The profile's ARN in the source Region.
    pub arn: Arn,
    /// The profile's id, such as `us.amazon.nova-lite-v1:0`.
    pub id: String,
    /// Who made it.
    pub kind: ProfileKind,
    /// The ARNs of the models behind it, one a destination Region (1 to 5 entries). The Region is empty in
    /// the ARN that stands for a global profile's routing.
    pub models: Vec<Arn>,
}

impl InferenceProfile {
    /// Returns the id of the foundation model behind the profile, the same in every destination Region.
    #[must_use]
    pub fn base_model(&self) -> Option<&str> {
        self.models.first().map(Arn::resource_id)
    }

    /// Tells whether calls through the profile are also authorized on the Region-less model ARN.
    #[must_use]
    pub fn is_global(&self) -> bool {
        self.models.iter().any(|model| model.region.is_empty())
    }
}
