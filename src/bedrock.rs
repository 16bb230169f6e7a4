//! Amazon Bedrock's nouns: operations, model references, inference profiles, guardrails and Regions.
//!
//! Holds the one table that says which IAM actions and resources an operation needs, and what AWS publishes
//! about its actions as data. Knows no policy and makes no call.

mod api_key;
mod authorization;
mod bundle;
mod guardrail;
mod known;
mod model;
mod names;
mod operation;
mod profile;
mod program;
mod project;
mod region;
mod retention;

pub use api_key::{ApiKey, ApiKeyError};
pub use authorization::{PublishedAction, PublishedResourceType, ServiceAuthorization};
pub use bundle::Bundle;
pub(crate) use guardrail::without_version;
pub use guardrail::{DRAFT, EnforcedGuardrail, GuardrailError, GuardrailReference};
pub use known::{destinations, known_models, known_regions, source_of_destinations};
pub use model::{
    InvocableArn, Marketplace, ModelReference, ModelReferenceError, has_provider, is_model_id, provider_of,
};
pub use names::{ClientForm, Resolved, client_form, models_named, resolve_model};
pub use operation::{Given, Kind, ModelForms, ModelRule, Need, On, Operation, When, Whose};
pub use profile::{InferenceProfile, ProfileKind, system_profile};
pub use program::TrustedAccessProgram;
pub use project::{DEFAULT_PROJECT, ProjectError, ProjectReference};
pub use region::{Partition, Region, RegionError};
pub use retention::{required_retention, retention_is_enough};
