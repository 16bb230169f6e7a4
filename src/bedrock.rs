//! Amazon Bedrock's nouns: operations, model references, inference profiles and Regions.
//!
//! Holds the one table that says which IAM actions and resources an operation needs, and what AWS publishes
//! about its actions as data. Knows no policy and makes no call.

mod authorization;
mod bundle;
mod model;
mod operation;
mod profile;
mod region;

pub use authorization::{PublishedAction, PublishedResourceType, ServiceAuthorization};
pub use bundle::Bundle;
pub use model::{InvocableArn, Marketplace, ModelReference, ModelReferenceError, is_model_id, provider_of};
pub use operation::{Given, Kind, ModelForms, ModelRule, Need, On, Operation, When, Whose};
pub use profile::{InferenceProfile, ProfileKind};
pub use region::{Partition, Region, RegionError};
