//! Evidence: everything that was observed for one diagnosis, and nothing that was concluded.
//!
//! Plain serializable data with the request in it, so that a saved case replays without any call. What could not
//! be read is an [`Observation`] of its own: absent is not the same as unread.

mod file;
mod observation;
mod simulation;

pub use file::{DamagedEvidence, Place};
pub use observation::{Failure, FailureKind, Observation, Outcome, ServiceError};
pub use simulation::{Answer, Exclusion, MatchedStatement, Simulation, SimulationQuestion, Trial};

use crate::bedrock::InferenceProfile;
use crate::iam::{Arn, Principal};
use crate::request::Request;
use serde::{Deserialize, Serialize};

/// The schema that this version writes.
pub const SCHEMA: &str = "bedrock-access/evidence/1";

/// Everything observed for one request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// When the observation began, RFC 3339 in UTC.
    pub observed_at: String,
    /// The world that answered instead of AWS.
    #[serde(default)]
    pub sandbox: Option<String>,
    /// What was asked.
    pub request: Request,
    /// Where the credentials came from.
    #[serde(default)]
    pub credentials: Observation<Credentials>,
    /// Who calls (`sts:GetCallerIdentity`).
    #[serde(default)]
    pub caller: Observation<Caller>,
    /// The IAM user or role whose policies count.
    #[serde(default)]
    pub principal: Observation<PolicySource>,
    /// The role that Bedrock assumes to carry the operation out (`iam:GetRole`).
    #[serde(default)]
    pub service_role: Observation<ServiceRole>,
    /// The inference profile (`bedrock:GetInferenceProfile`).
    #[serde(default)]
    pub profile: Observation<InferenceProfile>,
    /// What `bedrock:ListFoundationModels` says of the base model.
    #[serde(default)]
    pub listing: Observation<Listing>,
    /// What `bedrock:GetFoundationModelAvailability` says of the base model.
    #[serde(default)]
    pub availability: Observation<Availability>,
    /// Whether `bedrock:GetUseCaseForModelAccess` finds a form; a refusal with 404 says that there is none.
    #[serde(default)]
    pub use_case_form: Observation<UseCaseForm>,
    /// The test call.
    #[serde(default)]
    pub invocation: Observation<LiveSuccess>,
    /// The questions that were asked after the first look, with their answers.
    #[serde(default)]
    pub answers: Vec<Answer>,
    /// Every call that was made, in a fixed order.
    #[serde(default)]
    pub calls: Vec<Call>,
}

impl Evidence {
    /// Returns the account whose resources a profile id names: the principal's, else the caller's.
    #[must_use]
    pub fn account(&self) -> Option<&str> {
        self.request
            .principal
            .as_ref()
            .map(|arn| arn.account.as_str())
            .or_else(|| self.caller.seen().map(|caller| caller.account.as_str()))
    }

    /// Tells whether the principal under diagnosis belongs to another account than the caller, who reads.
    #[must_use]
    pub fn is_about_another_account(&self) -> bool {
        match (&self.request.principal, self.caller.seen()) {
            (Some(principal), Some(caller)) => !principal.account.is_empty() && principal.account != caller.account,
            _ => false,
        }
    }

    /// Returns the id of the foundation model that the request comes down to.
    #[must_use]
    pub fn base_model(&self) -> Option<&str> {
        self.profile.seen().and_then(InferenceProfile::base_model).or_else(|| self.request.base_model())
    }

    /// Returns the answer to a question, where it has been asked.
    #[must_use]
    pub fn answer(&self, question: &SimulationQuestion) -> Option<&Observation<Simulation>> {
        self.answers.iter().find(|answer| answer.question == *question).map(|answer| &answer.simulation)
    }

    /// Tells whether the principal under diagnosis is the one whose credentials make the calls.
    #[must_use]
    pub fn is_about_the_caller(&self) -> bool {
        self.request.principal.is_none()
    }
}

/// Where the credentials came from; never the credentials.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credentials {
    /// Whether Bedrock is called with an API key, which outranks the credentials that STS sees.
    #[serde(default)]
    pub bedrock_api_key: bool,
    /// The source in words: `environment`, `profile NAME`, `instance metadata`, …
    pub source: String,
    /// When they expire, RFC 3339 in UTC; none for long-term credentials.
    pub expires_at: Option<String>,
}

/// Who calls, as STS says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// The account.
    pub account: String,
    /// The principal.
    pub principal: Principal,
}

/// The IAM entity whose policies count, and how sure its ARN is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicySource {
    /// The ARNs that the entity may have, likeliest first; one where it is certain.
    pub candidates: Vec<Arn>,
    /// How the ARN was found.
    pub found_by: FoundBy,
    /// The permissions boundary's ARN, where `iam:GetRole` or `iam:GetUser` told.
    #[serde(default)]
    pub boundary: Option<String>,
    /// The role's trust policy, where `iam:GetRole` told.
    #[serde(default)]
    pub trust: Option<String>,
}

/// The service role, as `iam:GetRole` tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceRole {
    /// The ARN, with its path.
    pub arn: Arn,
    /// The trust policy, decoded.
    pub trust: Option<String>,
    /// The permissions boundary's ARN.
    pub boundary: Option<String>,
}

/// How the ARN of the IAM entity was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FoundBy {
    /// STS or the user gave it.
    Given,
    /// `iam:GetRole` gave it.
    GetRole,
    /// `iam:GetRole` could not be read, and the forms that Identity Center uses were tried.
    IdentityCenterForms,
    /// `iam:GetRole` could not be read, and the role was taken to have no path.
    BareName,
}

/// What `ListFoundationModels` says of one model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// The model, where it is listed in the Region.
    pub model: Option<ListedModel>,
    /// The ids of all models listed in the Region, for near misses.
    pub ids: Vec<String>,
}

/// A listed model. Being listed says nothing of access.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedModel {
    /// The model's id.
    pub id: String,
    /// The provider's name, as AWS prints it.
    pub provider: Option<String>,
    /// `ACTIVE` or `LEGACY`.
    pub lifecycle: Option<String>,
    /// When the model reaches its end of life, RFC 3339.
    pub end_of_life: Option<String>,
    /// `ON_DEMAND`, `PROVISIONED`, `INFERENCE_PROFILE`.
    pub inference_types: Vec<String>,
    /// Whether the model can stream.
    pub streaming: Option<bool>,
}

/// The four fields of `GetFoundationModelAvailability`, as AWS spells them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Availability {
    /// `AVAILABLE`, `PENDING`, `NOT_AVAILABLE`, `ERROR`.
    pub agreement: Option<String>,
    /// The agreement's error message.
    pub agreement_error: Option<String>,
    /// `AUTHORIZED`, `NOT_AUTHORIZED`.
    pub authorization: Option<String>,
    /// `AVAILABLE`, `NOT_AVAILABLE`.
    pub entitlement: Option<String>,
    /// `AVAILABLE`, `NOT_AVAILABLE`.
    pub region: Option<String>,
}

/// The use case form was found; its text is nobody's business here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UseCaseForm {}

/// A test call that the model answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveSuccess {
    /// AWS's request id.
    pub request_id: Option<String>,
}

/// A question that the first look left open.
///
/// The answer to a simulation is an [`Answer`]; that to any other question is a field of [`Evidence`] of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Question {
    /// What does the policy simulator say of a leg?
    Simulate(SimulationQuestion),
}

/// One call that was made, for the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// The API, such as `sts:GetCallerIdentity`.
    pub api: String,
    /// How it came out.
    pub outcome: Outcome,
    /// When it began, in milliseconds after the diagnosis; 0 against an embedded account, whose clock stands still.
    #[serde(default)]
    pub started_ms: u64,
    /// How long it took, in milliseconds; likewise.
    pub duration_ms: u64,
    /// Whether another diagnosis of the same run made the call, and this one took its answer.
    #[serde(default)]
    pub shared: bool,
    /// The error, where there was one.
    pub error: Option<ServiceError>,
}
