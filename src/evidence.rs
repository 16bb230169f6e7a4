//! Evidence: everything that was observed for one diagnosis, and nothing that was concluded.
//!
//! Plain serializable data with the request in it, so that a saved case replays without any call. What could not
//! be read is an [`Observation`] of its own: absent is not the same as unread.

use crate::bedrock::InferenceProfile;
use crate::iam::{Arn, Decision, Principal, RequestContext};
use crate::request::Request;
use serde::{Deserialize, Serialize};
use std::fmt;

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
    pub sandbox: Option<String>,
    /// What was asked.
    pub request: Request,
    /// Where the credentials came from.
    pub credentials: Observation<Credentials>,
    /// Who calls (`sts:GetCallerIdentity`).
    pub caller: Observation<Caller>,
    /// The IAM user or role whose policies count.
    pub principal: Observation<PolicySource>,
    /// The inference profile (`bedrock:GetInferenceProfile`).
    pub profile: Observation<InferenceProfile>,
    /// What `bedrock:ListFoundationModels` says of the base model.
    pub listing: Observation<Listing>,
    /// What `bedrock:GetFoundationModelAvailability` says of the base model.
    pub availability: Observation<Availability>,
    /// Whether `bedrock:GetUseCaseForModelAccess` finds a form; a refusal with 404 says that there is none.
    pub use_case_form: Observation<UseCaseForm>,
    /// The test call.
    pub invocation: Observation<LiveSuccess>,
    /// The questions that were asked after the first look, with their answers.
    pub answers: Vec<Answer>,
    /// Every call that was made, in a fixed order.
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
        self.profile.seen().and_then(InferenceProfile::base_model).or_else(|| self.request.model.base_model())
    }

    /// Returns the answer to a question, where it has been asked.
    #[must_use]
    pub fn answer(&self, question: &Question) -> Option<&Observation<Simulation>> {
        self.answers.iter().find(|answer| answer.question == *question).map(|answer| &answer.simulation)
    }

    /// Tells whether the principal under diagnosis is the one whose credentials make the calls.
    #[must_use]
    pub fn is_about_the_caller(&self) -> bool {
        self.request.principal.is_none()
    }
}

/// One thing that was looked at: seen, or why not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Observation<T> {
    /// AWS answered.
    Seen(T),
    /// AWS answered with an error.
    Refused(ServiceError),
    /// No answer of AWS came back.
    Failed(Failure),
    /// It was not looked at, and why.
    Skipped(String),
}

impl<T> Observation<T> {
    /// Returns what was seen.
    #[must_use]
    pub fn seen(&self) -> Option<&T> {
        match self {
            Self::Seen(value) => Some(value),
            _ => None,
        }
    }

    /// Reads on in what was seen; what was not seen stays as it is.
    #[must_use]
    pub fn and_then<U>(self, read: impl FnOnce(T) -> Observation<U>) -> Observation<U> {
        match self {
            Self::Seen(value) => read(value),
            Self::Refused(error) => Observation::Refused(error),
            Self::Failed(failure) => Observation::Failed(failure),
            Self::Skipped(reason) => Observation::Skipped(reason),
        }
    }

    /// Returns AWS's error, where it answered with one.
    #[must_use]
    pub fn refused(&self) -> Option<&ServiceError> {
        match self {
            Self::Refused(error) => Some(error),
            _ => None,
        }
    }

    /// Returns the contract's word for the outcome.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Seen(_) => Outcome::Seen,
            Self::Refused(_) => Outcome::Refused,
            Self::Failed(_) => Outcome::Failed,
            Self::Skipped(_) => Outcome::Skipped,
        }
    }

    /// Says in a fragment why nothing was seen; nothing where it was.
    #[must_use]
    pub fn why_unseen(&self) -> Option<String> {
        match self {
            Self::Seen(_) => None,
            Self::Refused(error) => Some(error.to_string()),
            Self::Failed(failure) => Some(failure.to_string()),
            Self::Skipped(reason) => Some(reason.clone()),
        }
    }
}

/// The contract's word for how a call came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// AWS answered.
    Seen,
    /// AWS answered with an error.
    Refused,
    /// No answer came back.
    Failed,
    /// Not asked.
    Skipped,
}

/// An error that AWS answered with, raw: whoever reads it classifies it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceError {
    /// The error code, such as `AccessDeniedException`.
    pub code: Option<String>,
    /// The message, as AWS wrote it.
    pub message: Option<String>,
    /// The HTTP status.
    pub status: Option<u16>,
    /// AWS's request id.
    pub request_id: Option<String>,
    /// The `x-amzn-errortype` header, whole: its URL tells IAM's refusals from Bedrock's.
    #[serde(default)]
    pub error_type: Option<String>,
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.code, &self.message) {
            (Some(code), Some(message)) => write!(f, "{code}: {message}"),
            (Some(text), None) | (None, Some(text)) => f.write_str(text),
            (None, None) => match self.status {
                Some(status) => write!(f, "HTTP status {status} without a message"),
                None => f.write_str("an error without a message"),
            },
        }
    }
}

/// Why no answer came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What kind of failure it was.
    pub kind: FailureKind,
    /// The endpoint's host, where one was called.
    pub endpoint: Option<String>,
    /// The cause in words, from the library that failed.
    pub detail: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            FailureKind::NoCredentials => "no credentials",
            FailureKind::CredentialsProvider => "the credentials could not be loaded",
            FailureKind::MalformedKeys => "the keys are malformed",
            FailureKind::TimedOut => "no answer in time",
            FailureKind::Unreachable => "the endpoint cannot be reached",
            FailureKind::Unreadable => "the answer could not be read",
            FailureKind::NotAskedAgain => "not asked again",
            FailureKind::OutOfTime => "the time was over",
        })?;
        if let Some(endpoint) = &self.endpoint {
            write!(f, " (`{endpoint}`)")?;
        }
        if !self.detail.is_empty() {
            write!(f, ": {}", self.detail)?;
        }
        Ok(())
    }
}

/// The kinds of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// No provider had credentials.
    NoCredentials,
    /// A provider was configured and did not deliver.
    CredentialsProvider,
    /// The endpoint did not answer in time.
    TimedOut,
    /// The connection could not be made, or broke.
    Unreachable,
    /// The keys hold characters that no key has.
    MalformedKeys,
    /// Something answered that is no answer of AWS.
    Unreadable,
    /// The endpoint had failed before in this diagnosis.
    NotAskedAgain,
    /// The deadline of the diagnosis had passed.
    OutOfTime,
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Question {
    /// What does the policy simulator say of this leg?
    Simulate {
        /// The IAM user or role.
        principal: Arn,
        /// The leg.
        leg: RequestContext,
        /// What is changed about the policies, for this question only.
        #[serde(default, skip_serializing_if = "Trial::is_empty")]
        trial: Trial,
    },
}

impl Question {
    /// Asks about a leg with the policies as they are.
    #[must_use]
    pub fn simulate(principal: &Arn, leg: &RequestContext) -> Self {
        Self::Simulate { principal: principal.clone(), leg: leg.clone(), trial: Trial::default() }
    }
}

/// A change of the policies that is tried in simulation and nowhere else.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// A policy document that the principal is given.
    pub with: Option<String>,
    /// Policies that are left out.
    pub without: Vec<Exclusion>,
}

impl Trial {
    /// Tells whether nothing is changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.with.is_none() && self.without.is_empty()
    }
}

/// A policy that a trial leaves out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exclusion {
    /// Every service control policy.
    ServiceControlPolicies,
    /// The permissions boundary.
    PermissionsBoundary,
    /// The managed policies whose ARN matches, with one `*` at most.
    ManagedPolicy(String),
    /// An inline policy.
    InlinePolicy {
        /// `user`, `group` or `role`.
        attached_to: String,
        /// The name of the user, group or role.
        entity: String,
        /// The policy's name.
        policy: String,
    },
}

/// A question and what came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The question.
    pub question: Question,
    /// The answer.
    pub simulation: Observation<Simulation>,
}

/// What `SimulatePrincipalPolicy` says of one action on one resource in one context.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Simulation {
    /// The decision on the resource itself, not the most restrictive over all.
    pub decision: Decision,
    /// The statements that contributed; empty on an implicit deny, and never one of an SCP.
    pub matched: Vec<MatchedStatement>,
    /// Keys that policies name and the simulation was not given. A hint: AWS names too many.
    pub missing_context: Vec<String>,
    /// Whether the organization's policies allow; absent outside an organization, and then unknown.
    pub allowed_by_organizations: Option<bool>,
    /// Whether the permissions boundary allows; absent where there is none.
    pub allowed_by_boundary: Option<bool>,
}

/// A statement that the simulator matched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchedStatement {
    /// The policy, as the simulator identifies it.
    pub policy: Option<String>,
    /// `user`, `group`, `role`, `aws-managed`, `user-managed`, `resource`, `none`.
    pub source: Option<String>,
    /// Where the statement begins, 1-based line.
    pub line: Option<u32>,
    /// Where the statement begins, 1-based column.
    pub column: Option<u32>,
}

/// One call that was made, for the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// The API, such as `sts:GetCallerIdentity`.
    pub api: String,
    /// How it came out.
    pub outcome: Outcome,
    /// How long it took, in milliseconds; 0 against an embedded account, whose clock stands still.
    pub duration_ms: u64,
    /// The error, where there was one.
    pub error: Option<ServiceError>,
}
