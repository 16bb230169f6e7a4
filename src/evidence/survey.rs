//! Everything observed for one question about many models: plain data, like the evidence of one call.

use super::{
    Answer, Availability, Call, Caller, Credentials, DataRetention, IdentityPolicies, ListedModel, Observation,
    PolicyQuestion, PolicySource, UseCaseForm,
};
use super::{Simulation, SimulationQuestion};
use crate::bedrock::{EnforcedGuardrail, InferenceProfile, Operation, Region, provider_of};
use crate::iam::{Arn, ContextKeys};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Which models a principal can call: what is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SurveyRequest {
    /// The operation that they would be called with.
    pub operation: Operation,
    /// The source Regions.
    pub regions: Vec<Region>,
    /// The principal, where it is not the caller.
    pub principal: Option<Arn>,
    /// Only models of this provider, as the first part of their ids names it.
    pub provider: Option<String>,
    /// Only models that take or give this modality, such as `TEXT`.
    pub modality: Option<String>,
    /// Further condition keys that the calls would carry, from the user.
    #[serde(default)]
    pub context: ContextKeys,
}

/// Everything observed for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survey {
    /// When the observation began, RFC 3339 in UTC.
    pub observed_at: String,
    /// The world that answered instead of AWS.
    pub sandbox: Option<String>,
    /// What was asked.
    pub request: SurveyRequest,
    /// Where the credentials came from.
    pub credentials: Observation<Credentials>,
    /// Who calls.
    pub caller: Observation<Caller>,
    /// The IAM user or role whose policies count.
    pub principal: Observation<PolicySource>,
    /// The policies of that user or role.
    #[serde(default)]
    pub policies: IdentityPolicies,
    /// What each Region offers.
    pub regions: Vec<RegionSeen>,
    /// What the simulator says of many resources at once.
    pub shared: Vec<SharedAnswer>,
    /// What it says of one requirement alone.
    pub answers: Vec<Answer>,
    /// Every call that was made.
    pub calls: Vec<Call>,
}

/// What one Region offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegionSeen {
    /// The Region.
    pub region: Region,
    /// `bedrock:ListFoundationModels`.
    pub models: Observation<Vec<OfferedModel>>,
    /// `bedrock:ListInferenceProfiles`.
    pub profiles: Observation<Vec<InferenceProfile>>,
    /// `bedrock:GetFoundationModelAvailability`, by the model's id.
    pub availability: BTreeMap<String, Observation<Availability>>,
    /// `bedrock:GetUseCaseForModelAccess`.
    pub use_case_form: Observation<UseCaseForm>,
    /// `bedrock:ListEnforcedGuardrailsConfiguration`.
    pub guardrails: Observation<Vec<EnforcedGuardrail>>,
    /// `bedrock:GetAccountDataRetention`, where a model is documented to need a certain mode.
    pub data_retention: Observation<DataRetention>,
}

/// A model that a Region lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferedModel {
    /// What the listing says of it.
    pub listed: ListedModel,
    /// What it takes and gives: `TEXT`, `IMAGE`, `EMBEDDING`, …
    pub modalities: Vec<String>,
}

/// Something that the policy simulator is to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SurveyQuestion {
    /// About many resources at once.
    Shared(SharedQuestion),
    /// About one requirement.
    Alone(SimulationQuestion),
    /// What does a policy say? Asked of IAM, not of the simulator.
    ReadPolicy(PolicyQuestion),
}

/// One action on many resources in one context.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedQuestion {
    /// The IAM user or role.
    pub principal: Arn,
    /// The action.
    pub action: String,
    /// The context that they have in common.
    pub context: ContextKeys,
    /// The resources.
    pub resources: Vec<String>,
}

/// The answer: one simulation for each resource, in their order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedAnswer {
    /// The question.
    pub question: SharedQuestion,
    /// What was said of each resource. Whether the organization allows is said of all together.
    pub simulations: Vec<Observation<Simulation>>,
}

impl SurveyRequest {
    /// Returns `true` if a model of a Region's listing is asked about.
    #[must_use]
    pub fn takes(&self, model: &OfferedModel) -> bool {
        let modality = self.modality.as_deref();
        self.takes_provider(&model.listed.id)
            && modality.is_none_or(|wanted| model.modalities.iter().any(|known| known.eq_ignore_ascii_case(wanted)))
    }

    /// Returns `true` if a model's provider is asked about.
    #[must_use]
    pub fn takes_provider(&self, model: &str) -> bool {
        self.provider.as_deref().is_none_or(|wanted| provider_of(model).eq_ignore_ascii_case(wanted))
    }
}

/// What the Regions list, where a survey was narrowed to nothing that they do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NothingTaken {
    /// The providers of the listed models, in order.
    pub providers: Vec<String>,
    /// What the listed models take and give, in order.
    pub modalities: Vec<String>,
}

impl Survey {
    /// Returns what there is, where the survey was narrowed by provider or modality and no model of any Region fits; `None`
    /// where one does, or where a list was not read.
    #[must_use]
    pub fn took_nothing(&self) -> Option<NothingTaken> {
        let is_narrowed = self.request.provider.is_some() || self.request.modality.is_some();
        let lists: Option<Vec<&Vec<OfferedModel>>> = self.regions.iter().map(|region| region.models.seen()).collect();
        let models: Vec<&OfferedModel> = lists?.into_iter().flatten().collect();
        let mut profiles = self.regions.iter().filter_map(|region| region.profiles.seen()).flatten();
        if !is_narrowed || models.iter().any(|model| self.request.takes(model)) || profiles.any(|one| self.takes(one)) {
            return None;
        }
        let providers: BTreeSet<&str> = models.iter().map(|model| provider_of(&model.listed.id)).collect();
        let modalities: BTreeSet<&String> = models.iter().flat_map(|model| &model.modalities).collect();
        Some(NothingTaken {
            providers: providers.into_iter().map(str::to_owned).collect(),
            modalities: modalities.into_iter().cloned().collect(),
        })
    }

    /// Returns `true` if a profile is asked about, by the model behind it, which any of the Regions may list.
    #[must_use]
    pub fn takes(&self, profile: &InferenceProfile) -> bool {
        let Some(base) = profile.base_model() else { return self.request.provider.is_none() };
        let mut listed = self.regions.iter().filter_map(|region| region.models.seen()).flatten();
        match listed.find(|model| model.listed.id == base) {
            Some(model) => self.request.takes(model),
            None => self.request.modality.is_none() && self.request.takes_provider(base),
        }
    }
}
