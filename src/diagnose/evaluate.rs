//! How the requirements of a call are judged: by the policy simulator, by the engine on the policies that were read and on
//! those that are not simulated, and by both with the proposed changes made.

mod attached;
mod lacking;
mod lift;
mod service_role;
mod simulated;
mod unsimulated;
mod what_if;

pub(super) use lacking::Lacking;
pub(super) use lift::{Lift, Lifted, lift_unsimulated};
pub(super) use simulated::attribute;
pub(super) use unsimulated::could_be_granted;
pub(super) use what_if::BUDGET;

use super::case::{AttachedPolicies, Case, completed};
use super::remark::{Advice, Contradiction, StatementName};
use super::requirement::{Conflict, JudgedBy, Requirement};
use super::statement::DecidedBy;
use super::unread::Why;
use crate::bedrock::Whose;
use crate::cause::Cause;
use crate::evidence::{Evidence, PolicyQuestion, SimulationQuestion, Trial};
use crate::iam::{Arn, ContextKeys, Decision, PolicyType, RequestContext};
use crate::policy::least_privilege;
use lacking::Texts;
use simulated::Judge;
use what_if::{Stage, WhatIf};

/// The requirements of a call: the caller's, and those of the role that Bedrock assumes.
#[derive(Clone, Debug, Default)]
pub(super) struct Judged {
    /// The caller's.
    pub(super) caller: Requirements,
    /// The service role's; empty where there is none.
    pub(super) service_role: Requirements,
}

impl Judged {
    /// Judges every requirement.
    pub(super) fn new(case: &Case<'_>) -> Self {
        Self { caller: judge_caller(case), service_role: judge_service_role(case) }
    }

    /// Returns the requirements of one of the two.
    pub(super) fn of(&self, whose: Whose) -> &Requirements {
        match whose {
            Whose::Caller => &self.caller,
            Whose::ServiceRole => &self.service_role,
        }
    }
}

/// The requirements of one principal.
#[derive(Clone, Debug, Default)]
pub(super) struct Requirements {
    /// The requirements, in the order in which the request lists them.
    pub(super) requirements: Vec<Requirement>,
    /// Why further requirements may exist.
    pub(super) unlisted: Vec<String>,
    /// The IAM user or role that was simulated, where one ARN answered.
    pub(super) principal: Option<Arn>,
    /// The names of the policies that were read.
    pub(super) policies_read: Option<Vec<String>>,
    /// Allows that are wider than the call needs.
    pub(super) advice: Vec<Advice>,
    /// Refusals of policies that were not simulated, on requirements that are refused for another reason as well.
    pub(super) further: Vec<Requirement>,
    /// The ARN of its permissions boundary, where that is known.
    pub(super) boundary: Option<String>,
    /// What the simulator says of the refused requirements once policies are changed.
    pub(super) what_if: WhatIf,
}

impl Requirements {
    /// Returns `true` if the call is allowed on every requirement, and all requirements are known.
    pub(super) fn all_allowed(&self) -> bool {
        !self.requirements.is_empty()
            && self.unlisted.is_empty()
            && self.requirements.iter().all(|requirement| requirement.decision == Decision::Allowed)
    }

    /// Returns `true` if a refusal, or a contradiction, is based on the texts of policies alone: then the texts that this
    /// program carries are checked to be the current ones.
    pub(super) fn depend_on_texts_alone(&self) -> bool {
        self.requirements
            .iter()
            .any(|requirement| requirement.judged_by == JudgedBy::Policies || requirement.contradiction.is_some())
    }

    /// Walks over the refused requirements, as they are and then with each further change made.
    pub(super) fn refusals(&self) -> impl Iterator<Item = (&Requirement, bool)> {
        let before = self.requirements.iter().map(|requirement| (requirement, false));
        let after = self.what_if.stages.iter().flat_map(Stage::conclusive).map(|requirement| (requirement, true));
        let further = self.further.iter().map(|requirement| (requirement, false));
        before.chain(further).chain(after).filter(|(requirement, _)| requirement.decision.is_denied())
    }

    /// Walks over the requests that policies of a type refuse, each once.
    pub(super) fn refused_by(&self, policy_type: PolicyType) -> impl Iterator<Item = &RequestContext> {
        let mut known: Vec<&RequestContext> = Vec::new();
        for (requirement, _) in self.refusals().filter(|(requirement, _)| requirement.policy_type == Some(policy_type))
        {
            if !known.contains(&&requirement.request) {
                known.push(&requirement.request);
            }
        }
        known.into_iter()
    }

    /// Walks over the requests that policies of a type deny explicitly, each once.
    pub(super) fn denied_by(&self, policy_type: PolicyType) -> impl Iterator<Item = &RequestContext> {
        let denied = |request: &&RequestContext| {
            self.refusals().any(|(requirement, _)| {
                requirement.decision == Decision::ExplicitDeny && requirement.request == **request
            })
        };
        self.refused_by(policy_type).filter(denied).collect::<Vec<_>>().into_iter()
    }

    /// Returns the policies of a type that were read for the principal of these requirements.
    pub(super) fn texts<'c>(&'c self, case: &'c Case<'c>, policy_type: PolicyType) -> Option<Texts<'c>> {
        Texts::of(case, self.attached(case), self.principal.as_ref(), policy_type)
    }

    /// Returns the principal's own policies, where they were read; a service role's are not.
    pub(super) fn attached<'c>(&self, case: &'c Case<'c>) -> Option<&'c AttachedPolicies<'c>> {
        self.policies_read.as_ref().and(case.attached.as_ref())
    }

    /// Returns what is not allowed, whatever refuses it: where the texts are known, they tell what of it they allow.
    pub(super) fn unallowed(&self) -> Vec<RequestContext> {
        let unallowed = self.requirements.iter().filter(|requirement| requirement.decision != Decision::Allowed);
        unallowed.map(|requirement| requirement.request.clone()).collect()
    }

    /// Returns what policies of a type refuse by not allowing it, and what nothing tells that they allow.
    pub(super) fn unallowed_by(&self, policy_type: PolicyType) -> Vec<RequestContext> {
        let mut unallowed: Vec<RequestContext> = Vec::new();
        let refused = self.refusals().filter(|(requirement, _)| {
            requirement.policy_type.unwrap_or(PolicyType::IdentityPolicy) == policy_type
                && requirement.decision == Decision::ImplicitDeny
        });
        let refused = refused.map(|(requirement, _)| &requirement.request);
        let open = self.requirements.iter().filter(|requirement| {
            let is_judged_again = self
                .what_if
                .stages
                .iter()
                .any(|stage| stage.conclusive().any(|tried| tried.request == requirement.request));
            requirement.decision != Decision::Allowed && !is_judged_again
        });
        let open = open.map(|requirement| &requirement.request);
        // In the order in which the call needs them.
        for request in refused.chain(open) {
            if !unallowed.contains(request) {
                unallowed.push(request.clone());
            }
        }
        let place = |request: &RequestContext| self.requirements.iter().position(|known| known.request == *request);
        unallowed.sort_by_key(|request| place(request).unwrap_or(usize::MAX));
        unallowed
    }

    /// Returns `true` if a policy of the type denies explicitly, now or once other policies are mended.
    pub(super) fn refuses_explicitly(&self, policy_type: PolicyType) -> bool {
        self.refusals().any(|(requirement, _)| {
            requirement.decision == Decision::ExplicitDeny && requirement.policy_type == Some(policy_type)
        })
    }

    /// Returns the statements that denied explicitly in policies of a type.
    pub(super) fn deniers(&self, policy_type: PolicyType) -> Vec<&DecidedBy> {
        let denied = self.refusals().filter(|(requirement, _)| requirement.decision == Decision::ExplicitDeny);
        let statements = denied.flat_map(|(requirement, _)| &requirement.decided_by);
        statements.filter(|statement| statement.policy_type == policy_type).collect()
    }

    /// Returns the statements that were read and could deny a requirement through a condition key whose value is not known:
    /// where a call was denied explicitly and nothing else says by which statement, it is one of these.
    pub(super) fn possible_deniers(&self, case: &Case<'_>, policy_type: PolicyType) -> Vec<DecidedBy> {
        let (Some(attached), Some(principal)) = (&case.attached, &self.principal) else { return Vec::new() };
        let mut deniers: Vec<DecidedBy> = Vec::new();
        for requirement in &self.requirements {
            let opinion = attached.judge(principal, &requirement.request, &Trial::default());
            for denier in opinion.possible_deniers {
                let is_known = |known: &DecidedBy| known.place() == denier.place() && known.policy == denier.policy;
                if denier.policy_type == policy_type && !deniers.iter().any(is_known) {
                    deniers.push(denier);
                }
            }
        }
        deniers
    }

    /// Returns where the simulator and other evidence contradict each other.
    pub(super) fn contradictions(&self) -> Vec<Contradiction> {
        let mut all = self.requirements.iter().filter_map(|known| Some((known, known.contradiction.clone()?)));
        let first = all.next();
        let more = all.count();
        let contradiction = |(requirement, conflict): (&Requirement, Conflict)| {
            let RequestContext { action, resource, .. } = requirement.request.clone();
            match conflict {
                Conflict::Policies { simulated, read } => {
                    Contradiction::SimulatorAndPolicies { simulated, action, resource, read, more }
                }
                Conflict::Exemption { simulated, exemption } => {
                    Contradiction::SimulatorAndExemption { simulated, action, resource, exemption, more }
                }
            }
        };
        first.map(contradiction).into_iter().collect()
    }
}

fn judge_caller(case: &Case<'_>) -> Requirements {
    let evidence = case.evidence;
    let unlisted = case.needed.unlisted.clone();
    let Some(principal) = &case.principal else {
        let why = evidence.principal.why_unseen().map_or(Why::PrincipalUnknown, Why::Unseen);
        let needed = case.needed.requirements.iter().cloned();
        let mut requirements: Vec<Requirement> =
            needed.map(|request| simulated::undetermined(request, why.clone())).collect();
        let further = unsimulated::judge(case, None, Whose::Caller, &mut requirements);
        return Requirements { requirements, further, unlisted, ..Requirements::default() };
    };
    let judge = Judge::for_principal(case);
    let mut requirements = judge.requirements(principal, case.call_requirements(principal));
    doubt_scps(case, principal, &mut requirements);
    leave_open_what_is_denied_in_part(case, principal, &mut requirements);
    leave_open_what_the_default_project_denies(case, principal, &mut requirements);
    let answered = requirements.iter().any(|requirement| requirement.unread.is_none());
    let certain = evidence.principal.seen().is_some_and(|source| source.candidates.len() == 1);
    // What is tried is tried in simulation, which does not know the other policies.
    let what_if = what_if::follow(&judge, principal, &requirements);
    let advice = wide_statements(case, &requirements);
    let further = unsimulated::judge(case, Some(principal), Whose::Caller, &mut requirements);
    Requirements {
        unlisted,
        principal: (answered || certain).then(|| principal.clone()),
        boundary: evidence.policies.boundary().map(str::to_owned),
        policies_read: case.attached.as_ref().map(|read| read.names()),
        advice,
        requirements,
        further,
        what_if,
    }
}

/// Asks the simulator, where it puts a refusal of the caller down to an SCP, about a read of Bedrock that has just succeeded: a
/// control of whether it knows every key that the SCP looks at.
pub(super) fn scp_control(
    case: &Case<'_>,
    principal: &Arn,
    requirements: &[Requirement],
) -> Option<SimulationQuestion> {
    let is_denied = |requirement: &Requirement| requirement.policy_type == Some(PolicyType::ServiceControlPolicy);
    let evidence = case.evidence;
    if !evidence.is_about_the_caller() || evidence.listing.seen().is_none() || !requirements.iter().any(is_denied) {
        return None;
    }
    let context = ContextKeys::new().with("aws:RequestedRegion", evidence.request.region.as_str());
    let read = RequestContext { action: "bedrock:ListFoundationModels".to_owned(), resource: "*".to_owned(), context };
    Some(SimulationQuestion::new(principal, &case.completed(read, principal)))
}

/// Takes no SCP denial at the simulator's word where it denies the control as well.
fn doubt_scps(case: &Case<'_>, principal: &Arn, requirements: &mut [Requirement]) {
    let control = scp_control(case, principal, requirements);
    let answer = control.and_then(|question| case.evidence.answer(&question)).and_then(|answer| answer.seen());
    if !answer.is_some_and(|control| control.decision.is_denied() && control.allowed_by_organizations == Some(false)) {
        return;
    }
    for requirement in requirements.iter_mut() {
        if requirement.policy_type == Some(PolicyType::ServiceControlPolicy) {
            *requirement = simulated::undetermined(requirement.request.clone(), Why::ScpControlDenied);
        }
    }
}

/// Makes requirements undetermined of which a policy that was read denies a part: which part the call falls in, is not known.
fn leave_open_what_is_denied_in_part(case: &Case<'_>, principal: &Arn, requirements: &mut [Requirement]) {
    let Some(attached) = &case.attached else { return };
    for requirement in requirements.iter_mut().filter(|known| known.decision == Decision::Allowed) {
        let deniers = attached.denies_part(principal, &requirement.request);
        if let Some(first) = deniers.into_iter().next() {
            unsimulated::leave_open(requirement, Some(Why::DeniedInPart(Box::new(first))));
        }
    }
}

/// Makes requirements undetermined where a statement about projects, which was read, denies the call on the default one.
///
/// Whether a call that names no project is authorized on the default one too, AWS's pages and what was observed contradict each
/// other about. A statement that only spares some models names no project, and is taken for what it was written for.
fn leave_open_what_the_default_project_denies(case: &Case<'_>, principal: &Arn, requirements: &mut [Requirement]) {
    let Some(attached) = &case.attached else { return };
    let Some(on_project) = case.evidence.request.on_default_project(case.evidence.account().as_deref()) else { return };
    let mut deniers = attached.denies_explicitly(principal, &on_project).into_iter();
    let names_projects = |denier: &DecidedBy| denier.quote.as_ref().is_some_and(|text| text.contains(":project/"));
    let Some(denier) = deniers.find(names_projects) else { return };
    for requirement in requirements.iter_mut() {
        unsimulated::leave_open(requirement, Some(Why::DeniedOnDefaultProject(Box::new(denier.clone()))));
    }
}

/// Judges the role that Bedrock assumes: an agent, a knowledge base or a job calls its model, its buckets and its keys with
/// a role of its own.
fn judge_service_role(case: &Case<'_>) -> Requirements {
    let Some(role) = case.evidence.request.service_role.clone() else { return Requirements::default() };
    let requests = service_role_requests(case.evidence);
    let judge = Judge::for_service_role(case);
    let mut requirements: Vec<Requirement> = match why_role_unasked(case.evidence) {
        Some(why) => requests.into_iter().map(|request| simulated::undetermined(request, why.clone())).collect(),
        None => judge.requirements(&role, requests),
    };
    for requirement in &mut requirements {
        requirement.whose = Whose::ServiceRole;
    }
    service_role::complete(case.evidence, &role, &mut requirements);
    let what_if = what_if::follow(&judge, &role, &requirements);
    let boundary = case.evidence.service_role.seen().and_then(|role| role.boundary.clone());
    let further = unsimulated::judge(case, Some(&role), Whose::ServiceRole, &mut requirements);
    Requirements { requirements, further, principal: Some(role), boundary, what_if, ..Requirements::default() }
}

/// Names what the simulator would still have to be asked about the service role, and the policies of it to read.
pub(super) fn open_about_service_role(case: &Case<'_>) -> (Vec<SimulationQuestion>, Vec<PolicyQuestion>) {
    let Some(role) = case.evidence.request.service_role.as_ref() else { return Default::default() };
    if why_role_unasked(case.evidence).is_some() {
        return Default::default();
    }
    let first = unanswered(case.evidence, role, &service_role_requests(case.evidence));
    if !first.is_empty() {
        return (first, Vec::new());
    }
    let judged = judge_service_role(case);
    let policies = service_role::open_policies(case.evidence, role, &judged.requirements);
    (judged.what_if.open, policies)
}

fn service_role_requests(evidence: &Evidence) -> Vec<RequestContext> {
    let Some(role) = &evidence.request.service_role else { return Vec::new() };
    // The role belongs to the account whose resources it uses.
    let account = evidence.account().unwrap_or_else(|| role.account.clone());
    let requirements = evidence.request.requirements(evidence.profile.seen(), Some(&account));
    let requests = requirements.service_role.into_iter();
    requests.map(|requirement| completed(requirement, role, &evidence.observed_at)).collect()
}

/// Returns why the simulator cannot be asked about the service role from here.
fn why_role_unasked(evidence: &Evidence) -> Option<Why> {
    let role = evidence.request.service_role.as_ref()?;
    match evidence.caller.seen() {
        None => Some(Why::CallerUnknown),
        Some(caller) if caller.account != role.account => {
            Some(Why::RoleOfAnotherAccount { account: role.account.clone(), caller: caller.account.clone() })
        }
        Some(_) => None,
    }
}

/// Asks about requirements that have not been asked about yet.
pub(super) fn unanswered(
    evidence: &Evidence,
    principal: &Arn,
    requirements: &[RequestContext],
) -> Vec<SimulationQuestion> {
    let questions = requirements.iter().map(|requirement| SimulationQuestion::new(principal, requirement));
    questions.filter(|question| evidence.answer(question).is_none()).collect()
}

/// Names the statements that allow the call and far more, with the policy that would be enough. No cause of anything.
fn wide_statements(case: &Case<'_>, requirements: &[Requirement]) -> Vec<Advice> {
    let is_known = |requirement: &Requirement| requirement.decision != Decision::Undetermined;
    // Enough is only what is known whole.
    let Some(attached) = case.attached.as_ref().filter(|_| case.needed.unlisted.is_empty()) else { return Vec::new() };
    if !requirements.iter().all(is_known) {
        return Vec::new();
    }
    let mut wide: Vec<(StatementName, String)> = Vec::new();
    let allowed = requirements.iter().filter(|requirement| requirement.decision == Decision::Allowed);
    for statement in
        allowed.flat_map(|requirement| &requirement.decided_by).filter(|statement| attached.is_wide(statement))
    {
        let number = || StatementName::Number(statement.statement.map_or(1, |index| index + 1));
        let name = statement.sid.clone().map_or_else(number, StatementName::Sid);
        let named = (name, statement.policy_name().unwrap_or_default().to_owned());
        if !wide.contains(&named) {
            wide.push(named);
        }
    }
    if wide.is_empty() {
        return Vec::new();
    }
    let requests: Vec<RequestContext> = requirements.iter().map(|requirement| requirement.request.clone()).collect();
    vec![Advice::WideStatements { statements: wide, enough: least_privilege(&requests) }]
}

/// Returns the cause that a refusal by policies of the type is.
pub(super) fn cause_of(policy_type: Option<PolicyType>, decision: Decision) -> Cause {
    match (policy_type, decision) {
        (Some(PolicyType::ResourceControlPolicy), _) => Cause::ResourceControlPolicy,
        (Some(PolicyType::ServiceControlPolicy), _) => Cause::ServiceControlPolicy,
        (Some(PolicyType::VpcEndpointPolicy), _) => Cause::VpcEndpointPolicy,
        (Some(PolicyType::PermissionsBoundary), _) => Cause::PermissionsBoundary,
        (Some(PolicyType::SessionPolicy), _) => Cause::SessionPolicy,
        (Some(PolicyType::ResourcePolicy), _) => Cause::ResourcePolicy,
        (Some(PolicyType::IdentityPolicy) | None, Decision::ExplicitDeny) => Cause::IdentityPolicyExplicitDeny,
        (Some(PolicyType::IdentityPolicy) | None, _) => Cause::IdentityPolicyMissingAllow,
    }
}
