//! What the evidence leaves open, and a further question could still settle.

use super::case::{Absence, Case, open_policies};
use super::evaluate::{self, Judged, open_about_service_role, scp_control, unanswered};
use super::remedy;
use super::rules::{model_access, recorded_authorization};
use crate::cause::Cause;
use crate::evidence::{Evidence, PolicyQuestion, Question, SimulationQuestion};
use crate::iam::Arn;

/// Names what would still have to be asked; empty where nothing more can be learned.
///
/// Ask, put the answers into the evidence, and call it again: every answer closes its question, whatever it is,
/// so that this ends.
#[must_use]
pub fn open_questions(evidence: &Evidence) -> Vec<Question> {
    let case = Case::new(evidence);
    let causes = blocking_causes(&case);
    let (mut simulations, mut policies) =
        case.principal.as_ref().map(|principal| about_principal(&case, principal, &causes)).unwrap_or_default();
    let (of_service_role, its_policies) = open_about_service_role(&case);
    simulations.extend(of_service_role);
    policies.extend(its_policies);
    let mut questions = further_reads(&case, &causes);
    questions.extend(simulations.into_iter().map(|question| Question::Simulate(Box::new(question))));
    questions.extend(policies.into_iter().map(Question::ReadPolicy));
    // Last and alone: AWS records its evaluation some seconds late, and nothing else may wait for that.
    if questions.is_empty() {
        questions.extend(recorded_authorization::open_questions(&case).into_iter().map(Question::Authorization));
    }
    questions
}

/// Names what is open about the principal: the policies are read while the requirements are simulated, and what follows
/// needs both.
fn about_principal(
    case: &Case<'_>,
    principal: &Arn,
    causes: &[Cause],
) -> (Vec<SimulationQuestion>, Vec<PolicyQuestion>) {
    let evidence = case.evidence;
    let first = unanswered(evidence, principal, &case.requirements_to_simulate(principal));
    let policies = open_policies(evidence, false);
    if !first.is_empty() || !policies.is_empty() {
        return (first, policies);
    }
    let requirements = Judged::new(case).caller;
    let policies = open_policies(evidence, requirements.depend_on_texts_alone());
    let control = scp_control(case, principal, &requirements.requirements);
    if let Some(question) = control.filter(|question| evidence.answer(question).is_none()) {
        return (vec![question], policies);
    }
    let is_simulated = requirements.requirements.iter().all(|requirement| requirement.unread.is_none());
    let simulations = match requirements.what_if.open {
        open if open.is_empty() && is_simulated => about_alternative_call(case, principal, causes),
        open => open,
    };
    (simulations, policies)
}

/// Asks whether what a remedy offers to call instead is allowed, within the budget of one diagnosis.
fn about_alternative_call(case: &Case<'_>, principal: &Arn, causes: &[Cause]) -> Vec<SimulationQuestion> {
    let Some(offered) = causes.iter().find_map(|cause| remedy::alternative_call(*cause, case)) else {
        return Vec::new();
    };
    let alternative = Case::new(&offered);
    let open = unanswered(&offered, principal, &alternative.call_requirements(principal));
    if case.evidence.answers.len() + open.len() > evaluate::BUDGET { Vec::new() } else { open }
}

/// What to read once more is known than at the first look.
fn further_reads(case: &Case<'_>, causes: &[Cause]) -> Vec<Question> {
    let evidence = case.evidence;
    let mut questions = Vec::new();
    if evidence.credentials.seen().is_none() || evidence.is_about_another_account() {
        return questions;
    }
    let another_id_helps =
        [Cause::InferenceProfileRequired, Cause::InvalidModelId, Cause::RegionUnavailable, Cause::LegacyModel];
    if evidence.profiles.is_skipped() && another_id_helps.iter().any(|cause| causes.contains(cause)) {
        questions.push(Question::Profiles);
    }
    if evidence.data_retention.is_skipped() && causes.contains(&Cause::DataRetentionMode) {
        questions.push(Question::DataRetention);
    }
    let may_be_hidden = matches!(case.absence, Some(Absence::NotOffered));
    if evidence.programs.is_skipped() && may_be_hidden {
        questions.push(Question::TrustedAccessPrograms);
    }
    questions
}

/// The causes that block the call besides IAM, as far as gates, a test call and a given error tell.
fn blocking_causes(case: &Case<'_>) -> Vec<Cause> {
    let mut causes: Vec<Cause> = model_access::find(case).findings.iter().map(|finding| finding.cause).collect();
    causes.extend(case.test_call.recognized().map(|reading| reading.cause));
    causes.extend(case.pasted.iter().map(|reading| reading.cause));
    causes
}
