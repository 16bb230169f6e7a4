//! Evidence: everything that was observed for one diagnosis, and nothing that was concluded.
//!
//! Plain serializable data with the request in it, so that a saved case replays without any call. What could not
//! be read is an [`Observation`] of its own: absent is not the same as unread.

mod authorization;
mod file;
mod observation;
mod policies;
mod simulation;
mod skip_reason;
mod subject;
mod survey;

pub use authorization::{
    AuthorizationCheck, AuthorizationDetails, AuthorizationEvaluation, AuthorizationQuestion, AuthorizationRecord,
    EvaluatedPolicy, MatchedPolicy, MatchedSid,
};
pub use file::{DamagedEvidence, Place};
pub use observation::{Failure, FailureKind, Observation, Outcome, ServiceError, Unseen};
pub use policies::{
    Entity, Holder, HolderKind, IdentityPolicies, PolicyContent, PolicyQuestion, PolicyRef, PolicyText,
};
pub use simulation::{Answer, Exclusion, MatchedStatement, Simulation, SimulationQuestion, Trial};
pub use skip_reason::SkipReason;
pub use subject::{ChosenBy, Subject};
pub use survey::{
    NothingTaken, OfferedModel, RegionSeen, SharedAnswer, SharedQuestion, Survey, SurveyQuestion, SurveyRequest,
};

use crate::bedrock::{EnforcedGuardrail, InferenceProfile, TrustedAccessProgram};
use crate::iam::{Arn, Principal};
use crate::request::{ADDED_FOR_SIMULATOR, Request, Requirements};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

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
    /// The role that was to be assumed with them, and how that came out; everything else was asked as that role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assumption: Option<Assumption>,
    /// Who calls (`sts:GetCallerIdentity`).
    #[serde(default)]
    pub caller: Observation<Caller>,
    /// The IAM user or role whose policies count.
    #[serde(default)]
    pub principal: Observation<PolicySource>,
    /// The policies of that user or role.
    #[serde(default)]
    pub policies: IdentityPolicies,
    /// The role that Bedrock assumes to carry the operation out (`iam:GetRole`).
    #[serde(default)]
    pub service_role: Observation<ServiceRole>,
    /// The policies of the buckets and keys that the call names (`s3:GetBucketPolicy`, `kms:GetKeyPolicy`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resource_policies: Vec<ResourcePolicy>,
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
    /// The guardrails that the account enforces in the Region (`bedrock:ListEnforcedGuardrailsConfiguration`).
    #[serde(default)]
    pub guardrails: Observation<Vec<EnforcedGuardrail>>,
    /// The account's data-retention mode in the Region (`bedrock:GetAccountDataRetention`), where it may matter.
    #[serde(default)]
    pub data_retention: Observation<DataRetention>,
    /// The trusted access programs (`bedrock:ListTrustedAccessPrograms`), asked for where one could hide the model.
    #[serde(default, skip_serializing_if = "Observation::is_skipped")]
    pub programs: Observation<Vec<TrustedAccessProgram>>,
    /// Where the runtime's host name leads from here.
    #[serde(default)]
    pub endpoint: Observation<RuntimeEndpoint>,
    /// The inference profiles of the Region (`bedrock:ListInferenceProfiles`), asked for where another id would help.
    #[serde(default)]
    pub profiles: Observation<Vec<InferenceProfile>>,
    /// The test call.
    #[serde(default)]
    pub invocation: Observation<LiveSuccess>,
    /// The questions that were asked after the first look, with their answers.
    #[serde(default)]
    pub answers: Vec<Answer>,
    /// How AWS itself evaluated refused calls that carry an authorization id
    /// (`iam:GetRequestAuthorizationDetails`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorizations: Vec<AuthorizationRecord>,
    /// Every call that was made, in a fixed order.
    #[serde(default)]
    pub calls: Vec<Call>,
}

impl Evidence {
    /// Begins a case in which nothing has been looked at yet.
    #[must_use]
    pub fn new(request: Request, observed_at: String, sandbox: Option<String>) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            observed_at,
            sandbox,
            request,
            credentials: Observation::default(),
            assumption: None,
            caller: Observation::default(),
            principal: Observation::default(),
            policies: IdentityPolicies::default(),
            service_role: Observation::default(),
            resource_policies: Vec::new(),
            profile: Observation::default(),
            listing: Observation::default(),
            availability: Observation::default(),
            use_case_form: Observation::default(),
            guardrails: Observation::default(),
            data_retention: Observation::default(),
            programs: Observation::default(),
            endpoint: Observation::default(),
            profiles: Observation::default(),
            invocation: Observation::default(),
            answers: Vec::new(),
            authorizations: Vec::new(),
            calls: Vec::new(),
        }
    }

    /// Notes of everything that was not looked at yet why it never will be.
    pub fn skip_all(&mut self, reason: &SkipReason) {
        fn skip<T>(observation: &mut Observation<T>, reason: &SkipReason) {
            if observation.is_skipped() {
                *observation = Observation::Skipped(reason.clone());
            }
        }
        skip(&mut self.caller, reason);
        skip(&mut self.principal, reason);
        skip(&mut self.service_role, reason);
        skip(&mut self.profile, reason);
        skip(&mut self.listing, reason);
        skip(&mut self.availability, reason);
        skip(&mut self.use_case_form, reason);
        skip(&mut self.guardrails, reason);
        skip(&mut self.invocation, reason);
    }

    /// Lists every authorization of the call, as far as what was read tells.
    #[must_use]
    pub fn requirements(&self) -> Requirements {
        let mut requirements = self.request.requirements(self.profile.seen(), self.account().as_deref());
        // What the caller's account enforces says nothing of another account.
        if let Some(enforced) = self.guardrails.seen().filter(|_| !self.is_about_another_account()) {
            self.request.require_enforced_guardrails(&mut requirements, enforced, self.base_model());
        }
        // A key counts for whom it stands for, not for a principal that was named instead.
        let bears_key = self.subject().chosen_by == ChosenBy::ApiKey;
        if let Some(token_type) = self.api_key().filter(|_| bears_key).and_then(BedrockApiKey::token_type) {
            self.request.require_bearer_token(&mut requirements, token_type);
        }
        requirements
    }

    /// Returns the account whose resources a profile id names: that of whoever is diagnosed, else the caller's.
    #[must_use]
    pub fn account(&self) -> Option<String> {
        let subject = self.subject();
        subject.account().map(str::to_owned).or_else(|| self.caller.seen().map(|caller| caller.account.clone()))
    }

    /// Returns `true` if the principal under diagnosis belongs to another account than the one that was read.
    ///
    /// With an API key Bedrock answers for the key's account, whoever STS sees.
    #[must_use]
    pub fn is_about_another_account(&self) -> bool {
        let subject = self.subject();
        match (subject.account(), self.caller.seen()) {
            (Some(account), Some(caller)) => subject.chosen_by != ChosenBy::ApiKey && account != caller.account,
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
        let exact = self.answers.iter().find(|answer| answer.question == *question);
        let found = exact.or_else(|| {
            // Version 0.1.0 did not hand over what every call carries.
            let mut older = question.clone();
            for key in ADDED_FOR_SIMULATOR {
                older.requirement.context = older.requirement.context.without(key);
            }
            self.answers.iter().find(|answer| answer.question == older)
        });
        found.map(|answer| &answer.simulation)
    }

    /// Returns how AWS evaluated the call of an authorization id, where that was asked.
    #[must_use]
    pub fn authorization(&self, question: &AuthorizationQuestion) -> Option<&Observation<AuthorizationDetails>> {
        self.authorizations.iter().find(|record| record.question == *question).map(|record| &record.details)
    }

    /// Returns `true` if the principal under diagnosis is the one whose credentials make the calls.
    #[must_use]
    pub fn is_about_the_caller(&self) -> bool {
        self.subject().is_caller
    }
}

/// A role that was to be assumed (`sts:AssumeRole`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assumption {
    /// The role.
    pub role: Arn,
    /// Whether it was.
    pub outcome: Observation<Assumed>,
}

/// The role was assumed; its credentials are nobody's business here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assumed {}

/// Where the credentials came from; never the credentials.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credentials {
    /// The Bedrock API key in the environment, which outranks the credentials that STS sees.
    #[serde(default)]
    pub api_key: Option<BedrockApiKey>,
    /// The source in words: `environment`, `profile NAME`, `instance metadata`, …
    pub source: String,
    /// When they expire, RFC 3339 in UTC; none for long-term credentials.
    pub expires_at: Option<String>,
}

/// What a Bedrock API key tells about itself; never the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum BedrockApiKey {
    /// It stands for an IAM user.
    LongTerm {
        /// The user's name.
        user: String,
        /// The user's account.
        account: String,
    },
    /// It was made of somebody's credentials and acts as they do.
    ShortTerm {
        /// The id of the access key that it was made with, but for its middle.
        access_key: String,
        /// Whether that is the access key that signs the calls to STS and IAM.
        is_callers: bool,
        /// The only Region that takes it.
        region: String,
        /// When it was made, RFC 3339 in UTC.
        issued_at: String,
        /// When it ends at the latest, RFC 3339 in UTC.
        expires_at: String,
    },
    /// It is no key, or a damaged one.
    Unreadable {
        /// Why, in words.
        why: String,
    },
    /// The variable is set and holds nothing.
    Empty,
}

impl BedrockApiKey {
    /// Returns what `bedrock:BearerTokenType` holds in calls with the key (Service Authorization Reference).
    #[must_use]
    pub fn token_type(&self) -> Option<&'static str> {
        match self {
            Self::LongTerm { .. } => Some("LONG_TERM"),
            Self::ShortTerm { .. } => Some("SHORT_TERM"),
            Self::Unreadable { .. } | Self::Empty => None,
        }
    }
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

/// The policy of a resource, as its service tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourcePolicy {
    /// The bucket or key.
    pub resource: Arn,
    /// The policy's text; none where the resource has no policy.
    #[serde(default)]
    pub document: Observation<Option<String>>,
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
    /// The ids of those that are ACTIVE and take calls by their own id.
    #[serde(default)]
    pub callable: Vec<String>,
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

/// How long the account lets model providers and AWS keep what is sent, as AWS spells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataRetention {
    /// `default`, `none`, `aws_review`, `provider_data_share`, `inherit`.
    pub mode: String,
}

/// Where the runtime's host name leads from the machine that this program runs on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuntimeEndpoint {
    /// The host's name or address.
    pub host: String,
    /// The addresses that the name resolves to.
    pub addresses: Vec<IpAddr>,
}

/// A test call that was answered with a success status and in the form of the model's answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveSuccess {
    /// AWS's request id.
    pub request_id: Option<String>,
    /// The HTTP status; `None` in files of earlier versions.
    #[serde(default)]
    pub status: Option<u16>,
    /// The content type of the answer.
    #[serde(default)]
    pub content_type: Option<String>,
    /// The names of the answer's fields, or the type of a stream's first event; never their contents.
    #[serde(default)]
    pub fields: Vec<String>,
}

/// A question that the first look left open.
///
/// The answer to a simulation is an [`Answer`]; that to any other question is a field of [`Evidence`] of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Question {
    /// What does the policy simulator say of a requirement?
    Simulate(Box<SimulationQuestion>),
    /// What does a policy say?
    ReadPolicy(PolicyQuestion),
    /// Which inference profiles does the Region have?
    Profiles,
    /// Which data-retention mode does the account have?
    DataRetention,
    /// Which trusted access programs does the account see?
    TrustedAccessPrograms,
    /// How did AWS itself evaluate a refused call?
    Authorization(AuthorizationQuestion),
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
    /// AWS's request id, of an answer as of a refusal; none where nothing came back, and in a file of an earlier
    /// version of a call that was answered.
    #[serde(default)]
    pub request_id: Option<String>,
    /// The error, where there was one.
    pub error: Option<ServiceError>,
}
