//! Models and inference profiles of a world, and the account's standing to them.

use super::principals::{PolicyText, timestamp};
use crate::bedrock::Region;
use crate::iam::Arn;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// A foundation model.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a model (an object)")]
pub(in crate::sandbox) struct Model {
    /// The model's id.
    pub(in crate::sandbox) id: String,
    /// Its display name.
    pub(in crate::sandbox) name: String,
    /// The provider's display name, such as `Anthropic`.
    pub(in crate::sandbox) provider: String,
    /// The AWS Marketplace product, for models that are sold there.
    #[serde(default)]
    pub(in crate::sandbox) product_id: Option<String>,
    /// `TEXT`, `IMAGE`, …
    #[serde(default = "text")]
    pub(in crate::sandbox) input_modalities: Vec<String>,
    /// `TEXT`, `IMAGE`, `EMBEDDING`, …
    #[serde(default = "text")]
    pub(in crate::sandbox) output_modalities: Vec<String>,
    /// `ON_DEMAND`, `PROVISIONED`, `INFERENCE_PROFILE`.
    pub(in crate::sandbox) inference_types: Vec<String>,
    /// `FINE_TUNING`, …
    #[serde(default)]
    pub(in crate::sandbox) customizations: Vec<String>,
    /// Whether it can answer as a stream.
    #[serde(default = "yes")]
    pub(in crate::sandbox) streaming: bool,
    /// The shape in which the runtime sends Bedrock's own refusals of calls to it.
    #[serde(default)]
    pub(in crate::sandbox) error_shape: ErrorShape,
    /// The lowest data-retention mode under which it is offered; without it, any.
    #[serde(default)]
    pub(in crate::sandbox) data_retention: Option<DataRetention>,
    /// The Regions that have the model.
    pub(in crate::sandbox) regions: BTreeMap<Region, Gate>,
}

/// The shape of Bedrock's own refusals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::sandbox) enum ErrorShape {
    /// A message, and the error's type in a header.
    #[default]
    Bedrock,
    /// `{"type": "error", "error": {…}, "request_id": …}`, as Anthropic's API has it.
    Anthropic,
}

/// How the account stands to a model in one Region (Bedrock API Reference, "GetFoundationModelAvailability").
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a model's standing in a Region (an object)")]
pub(in crate::sandbox) struct Gate {
    pub(in crate::sandbox) lifecycle: Lifecycle,
    pub(in crate::sandbox) agreement: Agreement,
    pub(in crate::sandbox) authorization: Authorization,
    pub(in crate::sandbox) entitlement: Availability,
    pub(in crate::sandbox) region: Availability,
    /// Whether the runtime serves the model whatever authorization and entitlement say.
    pub(in crate::sandbox) served_anyway: bool,
    /// An answer of the runtime that none of the facts above accounts for, such as a hold on the account.
    pub(in crate::sandbox) live_error: Option<LiveError>,
}

/// The life of a model in one Region.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a lifecycle (an object)")]
pub(in crate::sandbox) struct Lifecycle {
    pub(in crate::sandbox) status: LifecycleStatus,
    #[serde(deserialize_with = "timestamp")]
    pub(in crate::sandbox) start_of_life: Option<OffsetDateTime>,
    #[serde(deserialize_with = "timestamp")]
    pub(in crate::sandbox) legacy: Option<OffsetDateTime>,
    #[serde(deserialize_with = "timestamp")]
    pub(in crate::sandbox) public_extended_access: Option<OffsetDateTime>,
    #[serde(deserialize_with = "timestamp")]
    pub(in crate::sandbox) end_of_life: Option<OffsetDateTime>,
    /// Whether the account has called the legacy model in the last 30 days.
    pub(in crate::sandbox) recently_used: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(in crate::sandbox) enum LifecycleStatus {
    #[default]
    Active,
    Legacy,
}

/// The account's agreement for a model: its status alone, or with AWS's error message.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an agreement (an object)")]
pub(in crate::sandbox) struct Agreement {
    pub(in crate::sandbox) status: AgreementStatus,
    #[serde(default)]
    pub(in crate::sandbox) error_message: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(in crate::sandbox) enum AgreementStatus {
    #[default]
    Available,
    Pending,
    NotAvailable,
    Error,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(in crate::sandbox) enum Authorization {
    #[default]
    Authorized,
    NotAuthorized,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(in crate::sandbox) enum Availability {
    #[default]
    Available,
    NotAvailable,
}

/// An error of Bedrock's own, as it is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an error (an object)")]
pub(in crate::sandbox) struct LiveError {
    pub(in crate::sandbox) status: u16,
    pub(in crate::sandbox) code: String,
    pub(in crate::sandbox) message: String,
}

/// An inference profile.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an inference profile (an object)")]
pub(in crate::sandbox) struct Profile {
    /// The profile's id.
    pub(in crate::sandbox) id: String,
    /// Its display name.
    #[serde(default)]
    pub(in crate::sandbox) name: Option<String>,
    /// Who made it.
    #[serde(default, rename = "type")]
    pub(in crate::sandbox) kind: ProfileType,
    /// The source Region.
    pub(in crate::sandbox) region: Region,
    /// The models that a call may be routed to, one a destination Region.
    pub(in crate::sandbox) models: Vec<Arn>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(in crate::sandbox) enum ProfileType {
    #[default]
    SystemDefined,
    Application,
}

impl Profile {
    /// Returns the profile's ARN in an account.
    pub(in crate::sandbox) fn arn(&self, partition: &str, account: &str) -> Arn {
        let kind = match self.kind {
            ProfileType::SystemDefined => "inference-profile",
            ProfileType::Application => "application-inference-profile",
        };
        Arn::new(partition, "bedrock", self.region.as_str(), account, &format!("{kind}/{}", self.id))
    }

    /// Returns the id of the foundation model behind the profile.
    pub(in crate::sandbox) fn base_model(&self) -> &str {
        self.models.first().map(Arn::resource_id).unwrap_or_default()
    }
}

/// A guardrail.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a guardrail (an object)")]
pub(in crate::sandbox) struct Guardrail {
    pub(in crate::sandbox) arn: Arn,
    /// The numbered version; without it, there is the draft alone.
    #[serde(default)]
    pub(in crate::sandbox) version: Option<String>,
    /// Its resource policy, which a guardrail of another account needs.
    #[serde(default)]
    pub(in crate::sandbox) policy: Option<PolicyText>,
    /// Whether the account enforces it on calls to models in its Region.
    #[serde(default)]
    pub(in crate::sandbox) enforced: bool,
    /// The ids of the models that it is enforced on; without any, on all.
    #[serde(default)]
    pub(in crate::sandbox) included_models: Vec<String>,
    /// The ids of the models that it is not enforced on.
    #[serde(default)]
    pub(in crate::sandbox) excluded_models: Vec<String>,
}

/// How long the account lets what is sent be kept (Bedrock API Reference, "GetAccountDataRetention").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::sandbox) enum DataRetention {
    None,
    #[default]
    Default,
    AwsReview,
    ProviderDataShare,
}

impl DataRetention {
    /// Returns the mode as AWS spells it.
    pub(in crate::sandbox) fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Default => "default",
            Self::AwsReview => "aws_review",
            Self::ProviderDataShare => "provider_data_share",
        }
    }
}

fn text() -> Vec<String> {
    vec!["TEXT".to_owned()]
}

fn yes() -> bool {
    true
}
