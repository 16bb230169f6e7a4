//! Findings: a cause, how sure it is, what it rests on and what mends it. Facts; the renderers word them.

use super::statement::{DecidedBy, NearMiss};
use super::trust::Trust;
use crate::cause::{Cause, Family};
use crate::evidence::ServiceError;
use crate::explain::Alternative;
use crate::iam::{Decision, PolicyType};
use serde_json::Value;

/// How sure a finding is, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// AWS's own evaluation of the request.
    Verified,
    /// A live answer said it.
    Reported,
    /// The policy simulator said it.
    Simulated,
    /// Deduced from what was read.
    Inferred,
}

impl Certainty {
    /// Returns the word that JSON and text use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Reported => "reported",
            Self::Simulated => "simulated",
            Self::Inferred => "inferred",
        }
    }
}

/// One cause of the refusal.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The cause.
    pub cause: Cause,
    /// How sure it is.
    pub certainty: Certainty,
    /// The IAM action that was refused.
    pub action: Option<String>,
    /// The resources that it was refused on.
    pub resources: Vec<String>,
    /// What the finding rests on; never empty.
    pub basis: Vec<Basis>,
    /// Who does what to mend it.
    pub remedy: Remedy,
    /// Other causes that the same text could mean, likeliest first.
    pub alternatives: Vec<Alternative>,
}

/// One piece of evidence behind a finding.
#[derive(Clone, Debug, PartialEq)]
pub enum Basis {
    /// The policy simulator's decision on a requirement.
    Simulation {
        /// The action.
        action: String,
        /// The resource.
        resource: String,
        /// The decision.
        decision: Decision,
        /// The policy type that the decision is attributed to.
        policy_type: Option<PolicyType>,
        /// The statements that matched.
        statements: Vec<DecidedBy>,
        /// Whether it was asked with the changes of the other findings made.
        mended: bool,
    },
    /// What the policies that were read come to on a requirement, where the simulator did not answer.
    Policies {
        /// The action.
        action: String,
        /// The resource.
        resource: String,
        /// The decision.
        decision: Decision,
        /// The policy type that refuses.
        policy_type: Option<PolicyType>,
        /// The statements that decided.
        statements: Vec<DecidedBy>,
        /// Whether it was evaluated with the changes of the other findings made.
        mended: bool,
    },
    /// How AWS itself evaluated the refused call.
    Evaluation {
        /// The action.
        action: String,
        /// The resource; empty for an action without one.
        resource: String,
        /// The decision.
        decision: Decision,
        /// The policy type that refuses, where AWS tells it.
        policy_type: Option<PolicyType>,
        /// The statements that denied.
        statements: Vec<DecidedBy>,
        /// The policies of that type that were evaluated: a managed one's ARN, or whose inline policy it is.
        evaluated: Vec<String>,
    },
    /// What a policy that the user gave says of a requirement.
    Given {
        /// The action.
        action: String,
        /// The resource.
        resource: String,
        /// The decision.
        decision: Decision,
        /// The type of the policy.
        policy_type: PolicyType,
        /// The statements that matched.
        statements: Vec<DecidedBy>,
    },
    /// An allow is there, and misses.
    NearMiss {
        /// The statement, and how it misses.
        near: NearMiss,
        /// How many requirements it misses.
        requirements: usize,
    },
    /// No policy that was read allows anything like it.
    NothingNear {
        /// The names of the policies that were read.
        policies: Vec<String>,
    },
    /// The simulator named keys that it was not given, which may have changed its answer.
    MissingContext(Vec<String>),
    /// The test call's own answer.
    Live(ServiceError),
    /// A call other than the test call was refused with this.
    Refused {
        /// The API.
        api: &'static str,
        /// The error.
        error: ServiceError,
    },
    /// A field that AWS reported of the model.
    Field {
        /// The API.
        api: &'static str,
        /// The field's name.
        field: &'static str,
        /// Its value.
        value: String,
    },
    /// The Region does not list the model; these ids come nearest.
    NotListed {
        /// The model's id.
        model: String,
        /// The nearest ids that are listed.
        nearest: Vec<String>,
    },
    /// What a role trust policy says, by the crate's own evaluation.
    Trust(Trust),
    /// The text of an error that the user gave.
    GivenError(String),
    /// What was read tells which of the causes that a text fits is the right one.
    Settled {
        /// The likeliest by the text alone.
        said: Cause,
        /// The right one.
        is: Cause,
    },
    /// Something that prevented the calls, in words.
    Failure(String),
    /// The simulator allows every requirement, and the live answer does not.
    SimulatorDisagrees,
}

/// What mends a cause in this case; who does it, and the general steps, stand in the catalogue.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Remedy {
    /// The policy to attach, where one is missing.
    pub policy: Option<Value>,
    /// Commands that do it or show the way, ready to paste; never run by this program.
    pub commands: Vec<String>,
    /// The steps of this call; where there are none, the catalogue's hold.
    pub steps: Vec<String>,
    /// The page of the AWS console where it is done.
    pub console: Option<String>,
    /// What to know before taking them.
    pub notes: Vec<String>,
    /// Whether the change was tried in simulation.
    pub verified: Option<Verified>,
    /// The changes, as data.
    pub changes: Vec<Change>,
}

/// How a remedy was tried in simulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verified {
    /// Every requirement was simulated allowed with the change.
    Allowed,
    /// Every requirement was simulated allowed with the blocking policy excluded.
    AllowedWithout,
}

impl Verified {
    /// Returns the word that JSON uses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::AllowedWithout => "allowed-without",
        }
    }
}

/// One change, as data that a program could apply.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// What is done.
    pub kind: ChangeKind,
    /// The type of the policy that changes.
    pub policy_type: Option<PolicyType>,
    /// The policy's name or ARN, where it is known.
    pub policy: Option<String>,
    /// Whose policy it is: `role/NAME`, `user/NAME` or `group/NAME`; of a session policy, whose session.
    pub attached_to: Option<String>,
    /// The statements that are removed, or let the request through.
    pub statements: Vec<StatementId>,
    /// The statements that are added; the document that is left where one is removed or narrowed, none where the policy
    /// goes as a whole; of an exemption in a policy that cannot be read, the condition keys of the refused requests
    /// with their values.
    pub document: Option<Value>,
    /// What is used, accepted or exempted.
    pub value: Option<String>,
}

impl Change {
    /// Begins a change about which nothing more is known.
    pub(super) fn new(kind: ChangeKind) -> Self {
        Self {
            kind,
            policy_type: None,
            policy: None,
            attached_to: None,
            statements: Vec::new(),
            document: None,
            value: None,
        }
    }
}

/// Which statement of a policy is meant, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementId {
    /// Its index.
    pub statement: Option<usize>,
    /// Its `Sid`.
    pub sid: Option<String>,
    /// Where it begins, 1-based line.
    pub line: Option<u32>,
    /// Where it begins, 1-based column.
    pub column: Option<u32>,
}

impl StatementId {
    pub(super) fn of(decided: &DecidedBy) -> Self {
        let DecidedBy { statement, sid, line, column, .. } = decided;
        Self { statement: *statement, sid: sid.clone(), line: *line, column: *column }
    }
}

/// The kinds of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// Adds a statement to a policy of the type.
    AddStatement,
    /// Removes the denying statement.
    RemoveStatement,
    /// Exempts the request from the denying statement.
    Exempt,
    /// Submits the use case form.
    SubmitUseCaseForm,
    /// Accepts the model's agreement.
    AcceptAgreement,
    /// Calls another model or profile.
    UseModel,
    /// Calls another Region.
    UseRegion,
    /// Gets fresh credentials.
    RenewCredentials,
    /// Sets the account's data-retention mode in the Region.
    SetDataRetention,
}

impl ChangeKind {
    /// Returns the word that JSON uses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AddStatement => "add-statement",
            Self::RemoveStatement => "remove-statement",
            Self::Exempt => "exempt",
            Self::SubmitUseCaseForm => "submit-use-case-form",
            Self::AcceptAgreement => "accept-agreement",
            Self::UseModel => "use-model",
            Self::UseRegion => "use-region",
            Self::RenewCredentials => "renew-credentials",
            Self::SetDataRetention => "set-data-retention",
        }
    }
}

/// Joins findings of one cause and action into one that is as sure as the surest of them.
///
/// A live answer names one requirement where the simulator may name several: both are the same cause, and the reader
/// wants it once, with everything it rests on.
pub(super) fn merge(findings: Vec<Finding>) -> Vec<Finding> {
    let mut merged: Vec<Finding> = Vec::new();
    for finding in findings {
        let twin = merged.iter_mut().find(|known| {
            known.cause == finding.cause
                && (known.action == finding.action || known.action.is_none() || finding.action.is_none())
        });
        match twin {
            None => merged.push(finding),
            Some(known) => {
                known.certainty = known.certainty.min(finding.certainty);
                // AWS's own evaluation tells everything that refuses: what the text may mean as well is settled.
                if known.certainty == Certainty::Verified {
                    known.alternatives.clear();
                }
                known.action = known.action.take().or(finding.action);
                for resource in finding.resources {
                    if !known.resources.contains(&resource) {
                        known.resources.push(resource);
                    }
                }
                known.basis.extend(finding.basis);
                // The simulator's view knows every missing requirement, the live answer's only the first.
                if finding.remedy.policy.is_some() || known.remedy.policy.is_none() && known.remedy.changes.is_empty() {
                    known.remedy = finding.remedy;
                }
            }
        }
    }
    merged
}

/// Puts the finding to fix first at the head: what prevents everything, then in the order in which AWS checks.
pub(super) fn rank(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by_key(|finding| {
        let names_nothing =
            matches!(finding.cause, Cause::InvalidModelId | Cause::InferenceProfileRequired | Cause::RegionUnavailable);
        let layer = match finding.cause.family() {
            // A permission for what cannot be called helps nobody: the id comes first.
            _ if names_nothing => 2,
            Family::Credentials => 0,
            Family::Network => 1,
            Family::IamPermission => 3,
            Family::ModelAccess => 4,
            Family::Request => 5,
            Family::Capacity => 6,
            Family::Unknown => 7,
        };
        (finding.certainty > Certainty::Reported, layer, finding.certainty, finding.cause)
    });
    findings
}
