//! The test call's answer, which outranks everything else: it is what the real call gets.

use crate::cause::{Cause, Family};
use crate::diagnose::case::{Absence, Case, decision_of};
use crate::diagnose::evaluate::Requirements;
use crate::diagnose::finding::{Basis, Certainty, Finding};
use crate::diagnose::remark::Contradiction;

/// Turns a recognized refusal into a finding.
pub(in crate::diagnose) fn finding(case: &Case<'_>, requirements: &Requirements) -> Option<Finding> {
    let reading = case.test_call.recognized()?;
    // The same sentence answers a wrong id and one that the Region does not show to this account.
    let cause = match (reading.cause, &case.absence) {
        (Cause::InvalidModelId, Some(Absence::Hidden(_))) => Cause::ModelAccessNotGranted,
        (Cause::InvalidModelId, Some(Absence::NotOffered)) => Cause::RegionUnavailable,
        (cause, _) => cause,
    };
    let error = case.test_call.invocation.error.clone().unwrap_or_default();
    let mut finding = Finding {
        decision: decision_of(reading),
        action: reading.facts.action.clone(),
        resources: reading.facts.resource.iter().cloned().collect(),
        alternatives: reading.alternatives.clone(),
        ..Finding::new(cause, Certainty::Reported, Basis::TestCall(error))
    };
    if reading.cause.family() == Family::IamPermission && requirements.all_allowed() {
        finding.basis.push(Basis::SimulatorDisagrees);
    }
    Some(finding)
}

/// Returns where the test call and the simulator contradict each other.
pub(in crate::diagnose) fn contradictions(case: &Case<'_>, requirements: &Requirements) -> Vec<Contradiction> {
    let mut contradictions = Vec::new();
    let test_call = &case.test_call;
    if test_call.is_authorized() {
        let denied = requirements.requirements.iter().filter(|requirement| requirement.decision.is_denied());
        contradictions.extend(denied.map(|requirement| Contradiction::TestCallAuthorized {
            simulated: requirement.decision,
            action: requirement.request.action.clone(),
            resource: requirement.request.resource.clone(),
        }));
    }
    let refused = test_call.recognized().filter(|reading| reading.cause.family() == Family::IamPermission);
    let Some(refused) = refused else { return contradictions };
    if requirements.all_allowed() {
        contradictions.push(Contradiction::TestCallRefused);
    }
    let mut needed = requirements.requirements.iter().map(|requirement| requirement.request.action.as_str());
    if let Some(action) = &refused.facts.action
        && !may_be_needed_too(action)
        && !needed.clone().any(|needed| needed.eq_ignore_ascii_case(action))
    {
        let needed = needed.next().map(str::to_owned);
        contradictions.push(Contradiction::OtherAction { action: action.clone(), needed });
    }
    contradictions
}

/// Returns `true` if a call may need an action that is not its operation's own: the guardrail that an account or an organization
/// enforces, the API key that carries the call, the agreement that a first call makes, the key of an encrypted resource.
fn may_be_needed_too(action: &str) -> bool {
    const BESIDE: [&str; 4] =
        ["bedrock:ApplyGuardrail", "bedrock:CallWithBearerToken", "bedrock-mantle:CallWithBearerToken", "kms:Decrypt"];
    BESIDE.iter().any(|known| known.eq_ignore_ascii_case(action)) || action.starts_with("aws-marketplace:")
}
