//! From evidence to verdict: why the call is refused, what makes it work, and how sure that is.
//!
//! Two pure functions. [`open_questions`] names what the policy simulator would still have to be asked;
//! [`diagnose`] runs every rule over the evidence and ranks what they found. No clock, environment, randomness,
//! I/O or async: the same evidence gives the same diagnosis, anywhere and at any time.
//!
//! The files stand in floors, and none uses one above it: what comes out; the case; how requirements are evaluated; the
//! rules; verdict and what was not checked; remedies; questions and run. A refused, failed or skipped check is never a cause
//! by itself, unless credentials or the network prevent the diagnosis altogether.

mod case;
mod change;
mod diagnosis;
mod document;
mod evaluate;
mod expectation;
mod finding;
mod found;
mod not_checked;
mod questions;
mod remark;
mod remedy;
mod requirement;
mod rules;
mod run;
mod statement;
mod suggest;
mod unread;
mod verdict;

pub use change::{Change, ChangeKind, Condition, Edit, Left, Note, Remedy, Statements, Step, TlsFault, Verified};
pub use diagnosis::{
    CallerSummary, Diagnosis, Gate, GateState, Invocation, LiveOutcome, ModelAccess, Outcome, PrincipalSummary,
    RequestSummary, RuledOut,
};
pub use document::PolicyDocument;
pub use expectation::Expectation;
pub use finding::{Basis, Certainty, EvaluatedBy, EvaluatedName, Finding, KeyFault, Verdict, WrongServiceRole};
pub use questions::open_questions;
pub use remark::{Advice, Contradiction, KeyHolder, StatementName, Warning};
pub use requirement::{JudgedBy, Requirement, Trust};
pub use run::diagnose;
pub(crate) use run::without_remedies;
pub use statement::{DecidedBy, NearMiss};
pub use unread::{
    Excluded, Gap, GapReason, GateName, Missing, NotChecked, RecordedRefusal, ScpExemption, Unchecked, Why,
};

use crate::evidence::{Evidence, PolicyQuestion, SimulationQuestion};
use crate::iam::Arn;

/// Names the policies of the principal whose texts are not known and were not asked for.
pub(crate) fn unread_policy_texts(evidence: &Evidence) -> Vec<PolicyQuestion> {
    case::open_policies(evidence, false)
}

/// Names the questions of the first round about a call: one for each requirement that has no answer yet.
///
/// Returns the principal to ask about as well; `None` where it is not known.
pub(crate) fn first_questions(evidence: &Evidence) -> Option<(Arn, Vec<SimulationQuestion>)> {
    let case = case::Case::new(evidence);
    let principal = case.principal.clone()?;
    let requirements = case.requirements_to_simulate(&principal);
    let open = evaluate::unanswered(evidence, &principal, &requirements);
    Some((principal, open))
}
