//! What a rule finds: facts without a remedy.

use super::diagnosis::{Gate, GateState};
use super::finding::{Basis, Certainty, Finding};
use super::remark::{Advice, Contradiction};
use super::unread::{GateName, NotChecked, Unchecked, Why};
use crate::cause::Cause;

/// What a rule found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Causes.
    pub(super) findings: Vec<Finding>,
    /// Checkpoints of model access.
    pub(super) gates: Vec<Gate>,
    /// What could be a cause and was not read: while there is any, nothing is predicted to be allowed.
    pub(super) not_checked: Vec<NotChecked>,
    /// What is no cause and worth knowing.
    pub(super) advice: Vec<Advice>,
    /// Where two sources contradict each other.
    pub(super) contradictions: Vec<Contradiction>,
}

impl Found {
    /// Adds what another rule found.
    pub(super) fn extend(&mut self, other: Self) {
        self.findings.extend(other.findings);
        self.gates.extend(other.gates);
        self.not_checked.extend(other.not_checked);
        self.advice.extend(other.advice);
        self.contradictions.extend(other.contradictions);
    }

    /// Notes that a checkpoint is open.
    pub(super) fn open(&mut self, name: GateName, basis: Vec<Basis>) {
        self.gates.push(Gate { name, state: GateState::Open, certainty: Some(Certainty::Inferred), basis });
    }

    /// Notes that a checkpoint was not read, and what could not be seen by that.
    pub(super) fn unread(&mut self, name: GateName, what: Unchecked, why: impl Into<Why>) {
        self.gates.push(Gate { name, state: GateState::Unread, certainty: None, basis: Vec::new() });
        self.not_checked.push(NotChecked::new(what, why));
    }

    /// Notes that a checkpoint is closed, and the cause that it is.
    pub(super) fn close(&mut self, name: GateName, cause: Cause, basis: Vec<Basis>) {
        self.shut(name, GateState::Closed, cause, basis);
    }

    /// Notes that a checkpoint is likely closed, and the cause that it would be.
    pub(super) fn likely_close(&mut self, name: GateName, cause: Cause, basis: Vec<Basis>) {
        self.shut(name, GateState::LikelyClosed, cause, basis);
    }

    fn shut(&mut self, name: GateName, state: GateState, cause: Cause, basis: Vec<Basis>) {
        let Some((first, more)) = basis.split_first() else { return };
        let mut finding = Finding::new(cause, Certainty::Inferred, first.clone());
        finding.basis.extend_from_slice(more);
        finding.is_likely = state == GateState::LikelyClosed;
        self.findings.push(finding);
        self.gates.push(Gate { name, state, certainty: Some(Certainty::Inferred), basis });
    }
}
