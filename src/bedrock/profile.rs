//! Inference profiles: what `GetInferenceProfile` says of where a call may be routed.

use super::{Region, destinations};
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

    /// Returns `true` if calls through the profile are also authorized on the Region-less model ARN.
    #[must_use]
    pub fn is_global(&self) -> bool {
        self.models.iter().any(|model| model.region.is_empty())
    }
}

/// Returns a system-defined profile as far as it is known without asking: a global profile's models are those that the
/// Bedrock User Guide documents ("Global cross-Region inference"), and the destinations of a geographic one are dated data
/// ([`destinations`]). `None` if the id is not known.
#[must_use]
pub fn system_profile(id: &str, region: &str, account: &str) -> Option<InferenceProfile> {
    let (geography, base) = id.split_once('.')?;
    let regions = match geography {
        "global" => vec![region, ""],
        _ => destinations(id, region)?,
    };
    let partition = region.parse::<Region>().ok()?.partition().as_str();
    let arn = Arn::new(partition, "bedrock", region, account, &format!("inference-profile/{id}"));
    let model = |region: &&str| Arn::new(partition, "bedrock", region, "", &format!("foundation-model/{base}"));
    let models = regions.iter().map(model).collect();
    Some(InferenceProfile { arn, id: id.to_owned(), kind: ProfileKind::SystemDefined, models })
}
