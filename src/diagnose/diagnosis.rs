//! The diagnosis: everything that renderers word, and nothing that they would have to decide.

use super::document::PolicyDocument;
use super::finding::{Basis, Certainty, Finding, Verdict};
use super::remark::{Advice, Contradiction, Warning};
use super::requirement::{Requirement, Trust};
use super::unread::{Excluded, GateName, NotChecked, Why};
use crate::bedrock::{ModelReference, Operation, Region, Whose};
use crate::cause::{Cause, DocumentedCause};
use crate::evidence::{Call, ChosenBy, FoundBy, ServiceError, Unseen};
use crate::iam::{Arn, Decision, PolicyType, PrincipalKind};
use crate::request::LiveCall;

/// The result of a diagnosis: facts for the renderers to word.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnosis {
    /// Whether the call is allowed, denied, or cannot be told.
    pub verdict: Verdict,
    /// How sure the verdict is; none where it is undetermined.
    pub certainty: Option<Certainty>,
    /// Which of the two documented causes applies; none where the verdict is undetermined.
    pub documented_cause: Option<DocumentedCause>,
    /// The documented cause that is likely, where the verdict is undetermined and findings are likely.
    pub likely_cause: Option<DocumentedCause>,
    /// The world that answered instead of AWS.
    pub sandbox: Option<String>,
    /// When the observation began, RFC 3339 in UTC.
    pub observed_at: String,
    /// What was asked.
    pub request: RequestSummary,
    /// Who calls.
    pub caller: CallerSummary,
    /// Whose permissions were diagnosed.
    pub principal: PrincipalSummary,
    /// Every authorization that the call needs, judged, in the order in which the request lists them.
    pub requirements: Vec<Requirement>,
    /// Whether the services that assume the roles concerned may do so.
    pub trust: Vec<Trust>,
    /// What was read of the account's access to the model.
    pub model_access: ModelAccess,
    /// The checkpoints of model access that were looked at, each once.
    pub gates: Vec<Gate>,
    /// The test call and its outcome.
    pub invocation: Invocation,
    /// The causes, the one to fix first at the head.
    pub findings: Vec<Finding>,
    /// The policy documents that they are about, as far as they were read.
    pub documents: Vec<PolicyDocument>,
    /// Causes that the evidence excludes, and why.
    pub ruled_out: Vec<RuledOut>,
    /// What could matter and could not be seen.
    pub not_checked: Vec<NotChecked>,
    /// Where two sources contradict each other.
    pub contradictions: Vec<Contradiction>,
    /// What is no cause and worth knowing.
    pub advice: Vec<Advice>,
    /// What has to be known before anything else: whose permissions these are, where it is not the caller's.
    pub warnings: Vec<Warning>,
    /// Every call that was made.
    pub calls: Vec<Call>,
    /// The line that asks the same question again.
    pub again: String,
}

/// What a diagnosis says, without names and words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The verdict.
    pub verdict: Verdict,
    /// How sure it is.
    pub certainty: Option<Certainty>,
    /// The causes, the one to fix first at the head.
    pub causes: Vec<Cause>,
    /// What became of each requirement, and by which policy type.
    pub requirements: Vec<(Decision, Option<PolicyType>)>,
}

impl Diagnosis {
    /// Returns what the diagnosis says, without names and words: cases of the same outcome differ only in whose they are.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        Outcome {
            verdict: self.verdict,
            certainty: self.certainty,
            causes: self.findings.iter().map(|finding| finding.cause).collect(),
            requirements: self
                .requirements
                .iter()
                .map(|requirement| (requirement.decision, requirement.policy_type))
                .collect(),
        }
    }

    /// Returns `true` if IAM knows no user or role of the ARN that was named.
    #[must_use]
    pub fn is_principal_missing(&self) -> bool {
        let is_unknown = |requirement: &Requirement| matches!(&requirement.unread, Some(Why::Unseen(Unseen::Refused(error))) if error.is_no_such_entity());
        let mut callers = self.requirements.iter().filter(|requirement| requirement.whose == Whose::Caller);
        self.principal.chosen_by == ChosenBy::Option && callers.any(is_unknown)
    }
}

/// The request, as reports show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestSummary {
    /// The model as it was given; none where the operation takes none.
    pub model: Option<ModelReference>,
    /// The operation.
    pub operation: Operation,
    /// The source Region.
    pub region: Region,
    /// What else the call names.
    pub resources: Vec<Arn>,
    /// The role that Bedrock assumes to carry the operation out.
    pub service_role: Option<Arn>,
}

impl RequestSummary {
    /// Names what the call is made to: the model, or else the first resource, where the operation takes either.
    #[must_use]
    pub fn target(&self) -> Option<String> {
        let model = self.model.as_ref().map(ToString::to_string);
        model.or_else(|| self.resources.first().map(ToString::to_string))
    }
}

/// The caller, as far as it was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallerSummary {
    /// The ARN that STS printed.
    pub arn: Option<Arn>,
    /// The account.
    pub account: Option<String>,
    /// The IAM user's or role's ARN, with its path.
    pub principal_arn: Option<Arn>,
    /// The kind of principal.
    pub kind: Option<PrincipalKind>,
    /// Where the credentials came from.
    pub credential_source: Option<String>,
    /// When they expire, RFC 3339 in UTC.
    pub expires_at: Option<String>,
}

/// Whose permissions were diagnosed, and who chose it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrincipalSummary {
    /// The IAM user's or role's ARN, where it is known.
    pub arn: Option<Arn>,
    /// The kind of principal.
    pub kind: Option<PrincipalKind>,
    /// Who chose it.
    pub chosen_by: ChosenBy,
    /// How the ARN was found.
    pub found_by: Option<FoundBy>,
}

/// What was read of the account's access to the model; none where it was not read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelAccess {
    /// The foundation model behind the request.
    pub model: Option<String>,
    /// Whether the Region lists the model; being listed is not having access.
    pub listed: Option<bool>,
    /// `ACTIVE` or `LEGACY`.
    pub lifecycle: Option<String>,
    /// The agreement's status.
    pub agreement: Option<String>,
    /// The authorization status.
    pub authorization: Option<String>,
    /// The entitlement's availability.
    pub entitlement: Option<String>,
    /// The Region's availability.
    pub region: Option<String>,
    /// Whether the use case form was found.
    pub use_case_form: Option<bool>,
}

/// How the test call came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LiveOutcome {
    /// No test call was asked for.
    NotMade,
    /// The model answered.
    Succeeded,
    /// The body was refused, which only happens behind every access check.
    BodyRejected,
    /// The call was refused.
    Refused,
    /// The call came too often, which proves nothing either way.
    Throttled,
    /// Something answered the probe as if a model had accepted it.
    Unreadable,
    /// No answer came back, or none that can be read.
    Failed,
}

impl LiveOutcome {
    /// Returns the kebab-case name that JSON uses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotMade => "not-made",
            Self::Succeeded => "succeeded",
            Self::BodyRejected => "body-rejected",
            Self::Refused => "refused",
            Self::Throttled => "throttled",
            Self::Unreadable | Self::Failed => "failed",
        }
    }
}

/// The test call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// What was asked for.
    pub kind: LiveCall,
    /// How it came out.
    pub outcome: LiveOutcome,
    /// AWS's error, raw.
    pub error: Option<ServiceError>,
    /// What prevented an answer.
    pub failure: Option<Unseen>,
}

/// A cause that the evidence excludes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuledOut {
    /// The cause.
    pub cause: Cause,
    /// Why.
    pub why: Excluded,
}

/// A checkpoint of model access, and whether it lets the call through.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    /// The checkpoint.
    pub name: GateName,
    /// Whether it is open.
    pub state: GateState,
    /// How sure that is; `None` where it was not read.
    pub certainty: Option<Certainty>,
    /// What it is based on.
    pub basis: Vec<Basis>,
}

impl Gate {
    /// Notes that a test call passed the checkpoint, whatever was read of it.
    pub(super) fn pass(&mut self) {
        if self.state != GateState::Open {
            self.state = GateState::Open;
            self.certainty = Some(Certainty::Reported);
        }
    }
}

/// Whether a checkpoint lets the call through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateState {
    /// It does, as far as AWS tells.
    Open,
    /// It does not.
    Closed,
    /// What was read makes it likely that it does not, and proves nothing.
    LikelyClosed,
    /// It was not read, or what was read does not say.
    Unread,
}

impl GateState {
    /// Returns the kebab-case word that JSON uses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::LikelyClosed => "likely-closed",
            Self::Unread => "unread",
        }
    }
}

impl Diagnosis {
    /// Returns a checkpoint, where it was looked at.
    #[must_use]
    pub fn gate(&self, name: GateName) -> Option<&Gate> {
        self.gates.iter().find(|gate| gate.name == name)
    }
}
