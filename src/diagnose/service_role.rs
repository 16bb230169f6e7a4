//! The service role's half: what the role that Bedrock assumes must be allowed, judged like the caller's.
//!
//! An agent, a knowledge base or a job calls its model, its buckets and its keys with a role of its own. Where that
//! role is refused the caller is not at fault, and the cause is `service-role-permission`; what kind of policy
//! refuses, the basis and the remedy say.

use super::finding::{Finding, Verified};
use super::judge::{self, Judge};
use super::questions::{unanswered, with_principal};
use super::requirements::{Requirement, Requirements};
use super::trials;
use crate::bedrock::Whose;
use crate::cause::Cause;
use crate::evidence::{Evidence, SimulationQuestion};
use crate::iam::{Arn, RequestContext};

/// Judges every requirement of the service role; without a role there is none.
pub(super) fn judge(evidence: &Evidence) -> Requirements {
    let requests = requests(evidence);
    let Some(role) = evidence.request.service_role.clone() else { return Requirements::default() };
    let judge = Judge::of_service_role(evidence);
    let mut requirements: Vec<Requirement> = match why_unasked(evidence) {
        Some(why) => requests.into_iter().map(|request| judge::undetermined(request, why.clone())).collect(),
        None => judge.requirements(&role, requests),
    };
    for requirement in &mut requirements {
        requirement.whose = Whose::ServiceRole;
    }
    let trials = trials::follow(&judge, &role, &requirements);
    let boundary = evidence.service_role.seen().and_then(|role| role.boundary.clone());
    Requirements { requirements, principal: Some(role), boundary, trials, ..Requirements::default() }
}

/// Names what the simulator would still have to be asked about the role.
pub(super) fn open_questions(evidence: &Evidence) -> Vec<SimulationQuestion> {
    let Some(role) = evidence.request.service_role.as_ref() else { return Vec::new() };
    if why_unasked(evidence).is_some() {
        return Vec::new();
    }
    let first = unanswered(evidence, role, &requests(evidence));
    if first.is_empty() { judge(evidence).trials.open } else { first }
}

/// Turns the refused requirements into findings: whichever policy refuses, it is the role that lacks the permission.
pub(super) fn findings(role: &Requirements, evidence: &Evidence) -> Vec<Finding> {
    let mut findings = role.findings(evidence);
    for finding in &mut findings {
        finding.cause = Cause::ServiceRolePermission;
    }
    // Where several actions are missing and one policy allows them all, that policy is enough.
    let given = findings.first().and_then(|first| first.remedy.policy.clone());
    let enough = role.trials.successful().is_some_and(|stage| stage.exact);
    if enough && given.is_some() && findings.iter().all(|finding| finding.remedy.policy == given) {
        for finding in &mut findings {
            finding.remedy.verified = Some(Verified::Allowed);
            finding.remedy.notes.clear();
        }
    }
    findings
}

impl Requirements {
    /// Puts the service role's requirements behind the caller's, for what looks at all of them.
    pub(super) fn behind(self, mut callers: Requirements) -> Requirements {
        callers.requirements.extend(self.requirements);
        callers
    }
}

fn requests(evidence: &Evidence) -> Vec<RequestContext> {
    let Some(role) = &evidence.request.service_role else { return Vec::new() };
    let requirements = evidence.request.requirements(evidence.profile.seen(), Some(&account_of(evidence, role)));
    requirements.service_role.into_iter().map(|requirement| with_principal(requirement, role)).collect()
}

/// The role belongs to the account whose resources it uses.
fn account_of(evidence: &Evidence, role: &Arn) -> String {
    evidence.account().unwrap_or_else(|| role.account.clone())
}

/// Says why the simulator cannot be asked about the role from here.
fn why_unasked(evidence: &Evidence) -> Option<String> {
    let role = evidence.request.service_role.as_ref()?;
    match evidence.caller.seen() {
        None => Some("the caller is not known".to_owned()),
        Some(caller) if caller.account != role.account => Some(format!(
            "the service role belongs to account {}, and the caller to {}: its policies can only be read there",
            role.account, caller.account
        )),
        Some(_) => None,
    }
}
