//! Findings: a cause, how sure it is, what it is based on and what fixes it. Facts; the renderers word them.

use super::change::Remedy;
use super::requirement::Trust;
use super::statement::{DecidedBy, NearMiss};
use crate::bedrock::{TrustedAccessProgram, Whose};
use crate::cause::{Cause, Family};
use crate::evidence::{Failure, ServiceError};
use crate::explain::Alternative;
use crate::iam::{Arn, Decision, PolicyType};
use serde::Deserialize;

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

/// The answer to "is this call allowed?".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is, or as far as can be simulated it would be.
    Allowed,
    /// It is refused, and a cause was found.
    Denied,
    /// What was seen does not settle it.
    Undetermined,
}

impl Verdict {
    /// Returns the word that JSON and text use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Denied => "denied",
            Self::Undetermined => "undetermined",
        }
    }
}

/// One cause of the refusal.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The cause.
    pub cause: Cause,
    /// Whether policies refuse explicitly or for want of an allow; `None` where no policy refuses, or nothing says which.
    pub decision: Option<Decision>,
    /// The type of policy that refuses, where one does and it is known.
    pub policy_type: Option<PolicyType>,
    /// Whose permission is missing.
    pub whose: Whose,
    /// How sure it is.
    pub certainty: Certainty,
    /// Whether what was read makes the cause likely and proves nothing: alone, it does not deny.
    pub is_likely: bool,
    /// The IAM action that was refused.
    pub action: Option<String>,
    /// The resources that it was refused on.
    pub resources: Vec<String>,
    /// What the finding is based on; never empty.
    pub basis: Vec<Basis>,
    /// What fixes it; empty until the findings are ranked.
    pub remedy: Remedy,
    /// Other causes that the same text could mean, likeliest first.
    pub alternatives: Vec<Alternative>,
}

impl Finding {
    /// Begins a finding on one piece of evidence.
    pub(super) fn new(cause: Cause, certainty: Certainty, basis: Basis) -> Self {
        Self {
            cause,
            decision: None,
            policy_type: None,
            whose: Whose::Caller,
            certainty,
            is_likely: false,
            action: None,
            resources: Vec::new(),
            basis: vec![basis],
            remedy: Remedy::default(),
            alternatives: Vec::new(),
        }
    }

    /// Returns `true` if a policy denies explicitly.
    #[must_use]
    pub fn is_explicit_deny(&self) -> bool {
        self.decision == Some(Decision::ExplicitDeny)
    }

    /// Returns `true` if AWS's quarantine policy for a leaked access key refuses.
    #[must_use]
    pub fn is_of_leaked_key(&self) -> bool {
        self.basis.iter().any(|basis| match basis {
            Basis::Evaluated { statements, .. } => statements.iter().any(DecidedBy::is_quarantine),
            Basis::TestCall(error) => {
                error.message.as_deref().is_some_and(|text| text.contains("AWSCompromisedKeyQuarantine"))
            }
            _ => false,
        })
    }

    /// Returns `true` if the model or profile that was asked for is one that nothing lists.
    #[must_use]
    pub fn is_of_unlisted_model(&self) -> bool {
        let is_id = matches!(self.cause, Cause::InvalidModelId | Cause::RegionUnavailable);
        let is_based_on_lists = |basis: &Basis| {
            matches!(basis, Basis::NotListed { .. } | Basis::Refused { api: "bedrock:GetInferenceProfile", .. })
        };
        is_id && self.basis.iter().any(is_based_on_lists)
    }

    /// Returns `true` if the policies refuse so only once the other findings are mended.
    fn is_behind_others(&self) -> bool {
        let mut evaluations = self.basis.iter().filter_map(|basis| match basis {
            Basis::Evaluated { by, .. } => Some(matches!(
                by,
                EvaluatedBy::Simulator { with_changes: true } | EvaluatedBy::Policies { with_changes: true }
            )),
            Basis::TestCall(_) | Basis::GivenError(_) => Some(false),
            _ => None,
        });
        evaluations.next().is_some_and(|first| first && evaluations.all(|is_behind| is_behind))
    }

    /// Returns the statements that the finding is based on: those that decided, and those that nearly allow.
    #[must_use]
    pub fn statements(&self) -> Vec<&DecidedBy> {
        let mut all: Vec<&DecidedBy> = Vec::new();
        for basis in &self.basis {
            let statements = match basis {
                Basis::Evaluated { by: EvaluatedBy::Aws { .. }, .. } => &[],
                Basis::Evaluated { statements, .. } => statements.as_slice(),
                Basis::NearMiss { near, .. } => std::slice::from_ref(&near.statement),
                _ => &[],
            };
            for statement in statements {
                if !all.contains(&statement) {
                    all.push(statement);
                }
            }
        }
        all
    }
}

/// One piece of evidence behind a finding.
#[derive(Clone, Debug, PartialEq)]
pub enum Basis {
    /// A decision on one action and resource.
    Evaluated {
        /// Who decided.
        by: EvaluatedBy,
        /// The action.
        action: String,
        /// The resource; empty for an action without one.
        resource: String,
        /// The decision.
        decision: Decision,
        /// The type of policy that refuses, where it is known.
        policy_type: Option<PolicyType>,
        /// The statements that decided.
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
    TestCall(ServiceError),
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
    /// The account does not take part in a program of the model's provider, which may hide the model.
    HiddenByProgram(TrustedAccessProgram),
    /// What a role trust policy says, by the crate's own evaluation.
    Trust(Trust),
    /// The service role that was named is none that Bedrock can be given.
    WrongServiceRole(WrongServiceRole),
    /// The words of an error that the user gave.
    GivenError(String),
    /// What was read tells which of the causes that a text fits is the right one.
    Settled {
        /// The likeliest by the text alone.
        said: Cause,
        /// The right one.
        is: Cause,
    },
    /// Something that prevented the calls.
    Failure(Failure),
    /// The Bedrock API key itself shows that Bedrock will not take it.
    ApiKey(KeyFault),
    /// The simulator allows every requirement, and the live answer does not.
    SimulatorDisagrees,
}

/// Why a service role that was named is none that Bedrock can be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WrongServiceRole {
    /// It belongs to another account than that of the call.
    OfAnotherAccount {
        /// The role.
        role: Arn,
        /// The account of the call.
        account: String,
    },
    /// No role has this ARN; one of its name has another path.
    OtherPath {
        /// What was named.
        named: Arn,
        /// The ARN of the role with that name.
        found: Arn,
    },
}

/// Who decided a requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EvaluatedBy {
    /// The policy simulator.
    Simulator {
        /// Whether it was asked with the changes of the other findings made.
        with_changes: bool,
    },
    /// This program's engine, on the policies that were read.
    Policies {
        /// Whether it was evaluated with the changes of the other findings made.
        with_changes: bool,
    },
    /// This program's engine, on a session or VPC endpoint policy that the user supplied.
    Supplied,
    /// AWS itself, of the refused call.
    Aws {
        /// The policies of the type that were evaluated.
        evaluated: Vec<EvaluatedName>,
    },
}

/// A policy in AWS's own evaluation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EvaluatedName {
    /// An inline policy, and the name of what holds it.
    Inline(Option<String>),
    /// A managed policy's ARN.
    Managed(String),
}

/// Why Bedrock will not take an API key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyFault {
    /// It is not a key, or it is damaged.
    Unreadable(String),
    /// It ended then.
    Ended(String),
    /// It is a key of another Region.
    OtherRegion {
        /// The key's Region.
        holds_in: String,
        /// The Region of the call.
        called: String,
    },
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
                known.decision = stronger(known.decision, finding.decision);
                known.policy_type = known.policy_type.or(finding.policy_type);
                known.is_likely &= finding.is_likely;
                known.basis.extend(finding.basis);
            }
        }
    }
    merged
}

/// An explicit deny says more than an implicit one, and either more than nothing.
fn stronger(one: Option<Decision>, other: Option<Decision>) -> Option<Decision> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// Puts the finding to fix first at the head: what prevents everything, then in the order in which AWS checks.
pub(super) fn rank(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by_key(|finding| {
        let names_nothing =
            matches!(finding.cause, Cause::InvalidModelId | Cause::InferenceProfileRequired | Cause::RegionUnavailable);
        let layer = match finding.cause.family() {
            // A permission for what cannot be called helps nobody: the id comes first.
            _ if names_nothing => 2,
            _ if finding.is_of_leaked_key() => 3,
            Family::Credentials => 0,
            Family::Network => 1,
            Family::IamPermission => 4,
            Family::ModelAccess => 5,
            Family::Request => 6,
            Family::Capacity => 7,
            Family::Unknown => 8,
        };
        // What does not exist is not called with any permission, whatever a live answer says of that.
        let comes_first = finding.is_of_leaked_key() || finding.is_of_unlisted_model();
        let is_late = finding.certainty > Certainty::Reported && !comes_first;
        (finding.is_likely, is_late, layer, finding.is_behind_others(), finding.certainty, finding.cause)
    });
    findings
}
