//! One Bedrock call, and every authorization that AWS makes for it.
//!
//! Takes what the user asked for in valid values, and what is known of the model's inference profile; gives the
//! request contexts ("requirements") that must all be allowed, the caller's and the service role's apart. Decides nothing
//! and calls nothing.

mod bearer;
mod context;
mod expand;
mod given;
mod guardrail;
mod misuse;
mod project;

pub(crate) use context::is_tag_of_resource;
pub use context::{ADDED_FOR_SIMULATOR, ContextKeyType, KnownCaller};
pub use given::{GivenError, GivenPolicies, GivenPolicy};
pub use misuse::Misuse;

use crate::bedrock::{GuardrailReference, Kind, ModelReference, Operation, ProjectReference, Region};
use crate::iam::{Arn, AssumingService, ContextKeys, RequestContext};
use serde::{Deserialize, Serialize};

/// What `aws:RequestedRegion` holds where a model is authorized without Region, as for a global profile
/// (Bedrock User Guide, "Global cross-Region inference").
pub const UNSPECIFIED_REGION: &str = "unspecified";

/// A call to Bedrock, as somebody makes it or would.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// What the call names as its model; none where the operation takes none.
    #[serde(default)]
    pub model: Option<ModelReference>,
    /// The API operation.
    pub operation: Operation,
    /// The source Region: the one whose endpoint is called.
    pub region: Region,
    /// What else the call names: agent aliases, knowledge bases, guardrails, projects, buckets, keys.
    ///
    /// Of several S3 resources the first is read and the last is written to; one alone is both.
    #[serde(default)]
    pub resources: Vec<Arn>,
    /// The role that Bedrock assumes to carry the work out, where the operation has one.
    #[serde(default)]
    pub service_role: Option<Arn>,
    /// The service that assumes the principal's role so that its workload can make the call.
    #[serde(default)]
    pub service: Option<AssumingService>,
    /// Further condition keys that the call would carry, from the user.
    #[serde(default)]
    pub context: ContextKeys,
    /// The principal that makes the call, where it is not the caller of this program.
    #[serde(default)]
    pub principal: Option<Arn>,
    /// The guardrail that the call names.
    #[serde(default)]
    pub guardrail: Option<GuardrailReference>,
    /// The project that the call names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<ProjectReference>,
    /// Policies that no API shows, from the user.
    #[serde(default)]
    pub policies: GivenPolicies,
    /// An error that such a call was answered with, from the user.
    #[serde(default)]
    pub error: Option<GivenError>,
    /// The test call that the user asked for.
    #[serde(default)]
    pub live: LiveCall,
}

/// A test call against the real model, made only when asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LiveCall {
    /// None.
    #[default]
    None,
    /// A call whose body no model accepts: authorized like a true one, and no token is processed.
    Probe,
    /// The operation's own call with at most one output token; billed.
    Invoke,
}

impl LiveCall {
    /// Returns the kebab-case name that JSON uses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Probe => "probe",
            Self::Invoke => "invoke",
        }
    }
}

/// The authorizations that one call needs, as far as they can be told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requirements {
    /// Every (action, resource, context) that the caller must be allowed.
    pub requirements: Vec<RequestContext>,
    /// Every one that the service role must be allowed, when Bedrock has assumed it.
    pub service_role: Vec<RequestContext>,
    /// Why further requirements may exist that could not be listed; one reason each.
    pub unlisted: Vec<String>,
}

impl Request {
    /// Returns the project that the call names, where it is another than the default one.
    #[must_use]
    pub fn named_project(&self) -> Option<&ProjectReference> {
        self.project.as_ref().filter(|project| !project.is_default())
    }

    /// Asks whether the caller may make a call to a model in a Region, without anything else.
    #[must_use]
    pub fn new(model: Option<ModelReference>, operation: Operation, region: Region) -> Self {
        Self {
            model,
            operation,
            region,
            resources: Vec::new(),
            service_role: None,
            service: None,
            context: ContextKeys::new(),
            principal: None,
            guardrail: None,
            project: None,
            policies: GivenPolicies::default(),
            error: None,
            live: LiveCall::None,
        }
    }

    /// Makes a requirement that the call adds to those on its model: in the Region of the call, with keys of its own and with
    /// those that the user gave.
    fn beside_the_model(&self, action: &str, resource: String, keys: ContextKeys) -> RequestContext {
        let mut context = ContextKeys::new().with("aws:RequestedRegion", self.region.as_str());
        for (key, value) in keys.iter().chain(self.context.iter()) {
            context.set(key, value.clone());
        }
        RequestContext { action: action.to_owned(), resource, context }
    }

    /// Returns `true` if the model is named by an inference profile.
    #[must_use]
    pub fn is_through_profile(&self) -> bool {
        self.model.as_ref().is_some_and(ModelReference::is_profile)
    }

    /// Returns the id of the foundation model behind the reference, where its form alone tells it, or where a resource
    /// names the model behind a prompt or a router.
    #[must_use]
    pub fn base_model(&self) -> Option<&str> {
        let model = self.model.as_ref()?;
        model.base_model().or_else(|| self.given(Kind::ModelBehind).next().map(Arn::resource_id))
    }

    /// Walks over the resources of a kind that the call names.
    pub fn given(&self, kind: Kind) -> impl Iterator<Item = &Arn> {
        self.resources.iter().filter(move |arn| Kind::of(arn) == Some(kind))
    }

    /// Returns the ARN of the Bedrock resource of a kind on whose behalf a role is assumed, as `aws:SourceArn` has it;
    /// the id of one that is still to be made is not known, and `*` stands for it.
    #[must_use]
    pub fn acting_for(&self, kind: &str, account: &str) -> Arn {
        let known = self.resources.iter().find_map(|arn| match (kind, arn.resource_type()) {
            ("agent", "agent-alias") => arn.resource_id().split('/').next(),
            ("knowledge-base", "knowledge-base") => Some(arn.resource_id()),
            _ => None,
        });
        let resource = format!("{kind}/{}", known.unwrap_or("*"));
        Arn::new(self.region.partition().as_str(), "bedrock", self.region.as_str(), account, &resource)
    }

    /// Names what the call is made to: the model, or else the first resource, or else nothing.
    #[must_use]
    pub fn target(&self) -> Option<String> {
        self.model.as_ref().map(ToString::to_string).or_else(|| self.resources.first().map(ToString::to_string))
    }
}
