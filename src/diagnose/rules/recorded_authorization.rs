//! AWS's own evaluation of a refused call, which outranks everything else that is known of it.
//!
//! Names the authorization ids that are worth asking about (that of the test call's refusal, that of a given error,
//! those of the doctor's own reads that IAM refused), and turns what IAM Toolbox shows into findings, into decisions of
//! requirements, and into why a read was refused. Where AWS does not say which policy type refuses, nothing is guessed.

use crate::diagnose::case::{Case, classified};
use crate::diagnose::evaluate::cause_of;
use crate::diagnose::finding::{Basis, Certainty, EvaluatedBy, EvaluatedName, Finding};
use crate::diagnose::requirement::{JudgedBy, Requirement};
use crate::diagnose::statement::DecidedBy;
use crate::diagnose::unread::{NotChecked, RecordedRefusal, Unchecked, Why};
use crate::evidence::{
    AuthorizationDetails, AuthorizationEvaluation, AuthorizationQuestion, Call, EvaluatedPolicy, Evidence,
    MatchedPolicy, Observation,
};
use crate::explain::{Classification, Facts};
use crate::iam::{Arn, Decision, PolicyType};

/// The call whose answer is itself what is asked here, and is not asked about.
const ITSELF: &str = "iam:GetRequestAuthorizationDetails";

/// The call without which the most is missing.
const SIMULATION: &str = "iam:SimulatePrincipalPolicy";

/// How AWS evaluated one refused call.
#[derive(Debug)]
pub(in crate::diagnose) struct Evaluated<'e>(&'e AuthorizationDetails);

/// Names the ids to ask about that have not been asked about.
pub(in crate::diagnose) fn open_questions(case: &Case<'_>) -> Vec<AuthorizationQuestion> {
    let evidence = case.evidence;
    if evidence.credentials.seen().is_none() {
        return Vec::new();
    }
    let mut questions: Vec<AuthorizationQuestion> = Vec::new();
    let all = question_of_test_call(case).into_iter().chain(question_of_given_error(case));
    for question in all.chain(refused_reads(evidence).map(|(_, question)| question)) {
        if evidence.authorization(&question).is_none() && !questions.contains(&question) {
            questions.push(question);
        }
    }
    questions
}

/// Returns how AWS evaluated the refused test call, where that is known.
pub(in crate::diagnose) fn of_test_call<'e>(case: &Case<'e>) -> Option<Evaluated<'e>> {
    details(case.evidence, &question_of_test_call(case)?)
}

/// Returns how AWS evaluated the call of the given error, where that is known.
pub(in crate::diagnose) fn of_given_error<'e>(case: &Case<'e>) -> Option<Evaluated<'e>> {
    details(case.evidence, &question_of_given_error(case)?)
}

fn details<'e>(evidence: &'e Evidence, question: &AuthorizationQuestion) -> Option<Evaluated<'e>> {
    evidence.authorization(question)?.seen().map(Evaluated)
}

fn question_of_test_call(case: &Case<'_>) -> Option<AuthorizationQuestion> {
    let error = case.evidence.invocation.refused()?;
    match &case.test_call.reading {
        Some(reading) => question(case.evidence, reading),
        // Evidence may hold the answer of a test call that its request no longer asks for.
        None => question(case.evidence, &classified(error)),
    }
}

fn question_of_given_error(case: &Case<'_>) -> Option<AuthorizationQuestion> {
    question(case.evidence, case.pasted.as_ref()?)
}

/// Reads the authorization id that a text carries, and where the record is kept: in the Region of the console's address,
/// or else in that of the refusal.
fn question(evidence: &Evidence, reading: &Classification) -> Option<AuthorizationQuestion> {
    let Facts { authorization_id, authorization_region, region, .. } = reading.facts.clone();
    // What does not have the form of an id is not sent anywhere (IAM Toolbox API Reference).
    let is_id = |id: &String| id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let authorization_id = authorization_id.filter(is_id)?;
    let region = authorization_region.or(region);
    Some(AuthorizationQuestion {
        authorization_id,
        region: region.unwrap_or_else(|| evidence.request.region.to_string()),
    })
}

/// Walks over the doctor's own reads that IAM refused with an id: the first simulation and the first other one, which
/// stand for the rest.
fn refused_reads(evidence: &Evidence) -> impl Iterator<Item = (&str, AuthorizationQuestion)> {
    let first = |wanted: fn(&str) -> bool| {
        evidence.calls.iter().filter(move |call| wanted(&call.api)).find_map(|call: &Call| {
            let error = call.error.as_ref().filter(|error| error.message.is_some())?;
            Some((call.api.as_str(), question(evidence, &classified(error))?))
        })
    };
    let other = |api: &str| api.starts_with("iam:") && api != SIMULATION && api != ITSELF;
    first(|api| api == SIMULATION).into_iter().chain(first(other))
}

impl Evaluated<'_> {
    /// Turns every policy type that refuses into a finding.
    pub(in crate::diagnose) fn findings(&self) -> Vec<Finding> {
        let of_evaluation = |evaluation: &AuthorizationEvaluation| {
            let AuthorizationEvaluation { action, resource, .. } = evaluation;
            let finding = |refusal: RecordedRefusal| Finding {
                decision: Some(refusal.decision),
                policy_type: refusal.policy_type,
                action: Some(action.clone()),
                resources: Some(resource.clone()).filter(|resource| !resource.is_empty()).into_iter().collect(),
                ..Finding::new(
                    cause_of(refusal.policy_type, refusal.decision),
                    Certainty::Verified,
                    Basis::Evaluated {
                        by: EvaluatedBy::Aws { evaluated: self.evaluated(refusal.policy_type) },
                        action: action.clone(),
                        resource: resource.clone(),
                        decision: refusal.decision,
                        policy_type: refusal.policy_type,
                        statements: refusal.statements,
                    },
                )
            };
            let known = self.refusals(evaluation).into_iter().filter(|refusal| refusal.policy_type.is_some());
            known.map(finding).collect::<Vec<_>>()
        };
        self.0.evaluations.iter().flat_map(of_evaluation).collect()
    }

    /// Puts AWS's decision on the requirements that it evaluated.
    pub(in crate::diagnose) fn override_with_record(&self, requirements: &mut [Requirement]) {
        for evaluation in self.0.evaluations.iter().filter(|known| known.decision != Decision::Undetermined) {
            let is_it = |requirement: &&mut Requirement| {
                requirement.request.action.eq_ignore_ascii_case(&evaluation.action)
                    && requirement.request.resource == evaluation.resource
            };
            let refusals = self.refusals(evaluation);
            let policy_type = refusals.first().and_then(|refusal| refusal.policy_type);
            for requirement in requirements.iter_mut().filter(is_it) {
                // What only confirms that it is refused says less than what is known.
                if policy_type.is_none() && evaluation.decision.is_denied() && requirement.decision.is_denied() {
                    continue;
                }
                requirement.decision = evaluation.decision;
                requirement.policy_type = policy_type;
                requirement.judged_by = JudgedBy::Aws;
                requirement.decided_by = refusals.iter().flat_map(|refusal| refusal.statements.clone()).collect();
                requirement.unread = None;
            }
        }
    }

    /// Returns every statement that denied.
    pub(in crate::diagnose) fn deniers(&self) -> Vec<DecidedBy> {
        self.0.evaluations.iter().flat_map(|evaluation| self.refusals(evaluation)).flat_map(|r| r.statements).collect()
    }

    /// Returns everything that refused, each once.
    fn all_refusals(&self) -> Vec<RecordedRefusal> {
        let mut all: Vec<RecordedRefusal> = Vec::new();
        for refusal in self.0.evaluations.iter().flat_map(|evaluation| self.refusals(evaluation)) {
            if !all.contains(&refusal) {
                all.push(refusal);
            }
        }
        all
    }

    /// Returns what refuses in an evaluation, the one that AWS puts a refusal down to first.
    fn refusals(&self, evaluation: &AuthorizationEvaluation) -> Vec<RecordedRefusal> {
        if !evaluation.decision.is_denied() {
            return Vec::new();
        }
        let mut refusals: Vec<RecordedRefusal> = Vec::new();
        for check in &evaluation.checks {
            let Some(decision) = check.decision.filter(|decision| decision.is_denied()) else { continue };
            let statements = check.matched.iter().flat_map(|policy| self.deniers_of(policy, check.policy_type));
            note(&mut refusals, Some(check.policy_type), decision, statements.collect());
        }
        for policy in evaluation.matched.iter().filter(|_| evaluation.checks.is_empty()) {
            let Some(policy_type) = self.policy(&policy.uri).and_then(|known| known.policy_type) else { continue };
            let statements = self.deniers_of(policy, policy_type);
            if !statements.is_empty() {
                note(&mut refusals, Some(policy_type), Decision::ExplicitDeny, statements);
            }
        }
        if refusals.is_empty() {
            note(&mut refusals, None, evaluation.decision, Vec::new());
        }
        refusals.sort_by_key(|refusal| (refusal.decision, refusal.policy_type));
        refusals
    }

    /// Returns the denying statements of a policy that matched.
    fn deniers_of(&self, matched: &MatchedPolicy, policy_type: PolicyType) -> Vec<DecidedBy> {
        let known = self.policy(&matched.uri);
        let is_inline = known.map_or(!matched.uri.starts_with("arn:"), |known| known.is_inline);
        let is_of_aws = matched.uri.contains(":iam::aws:policy/");
        let statement = |sid: &Option<String>| DecidedBy {
            policy_type,
            source: is_of_aws.then(|| "aws-managed".to_owned()),
            holder: known.and_then(holder),
            policy: (!is_inline).then(|| matched.uri.clone()),
            statement: None,
            sid: sid.clone(),
            line: None,
            column: None,
            quote: None,
            conditions: Vec::new(),
        };
        matched.statements.iter().filter(|known| known.denies).map(|known| statement(&known.sid)).collect()
    }

    fn policy(&self, uri: &str) -> Option<&EvaluatedPolicy> {
        self.0.policies.iter().find(|policy| policy.uri == uri)
    }

    /// Names the policies of a type that were evaluated.
    fn evaluated(&self, policy_type: Option<PolicyType>) -> Vec<EvaluatedName> {
        let of_type = self.0.policies.iter().filter(|policy| policy.policy_type == policy_type);
        let name = |policy: &EvaluatedPolicy| match policy.is_inline {
            true => EvaluatedName::Inline(holder(policy)),
            false => EvaluatedName::Managed(policy.uri.clone()),
        };
        of_type.map(name).collect()
    }
}

/// Notes a refusal, together with others by the same policy type: an explicit deny outweighs an implicit one.
fn note(
    refusals: &mut Vec<RecordedRefusal>,
    policy_type: Option<PolicyType>,
    decision: Decision,
    statements: Vec<DecidedBy>,
) {
    match refusals.iter_mut().find(|known| known.policy_type == policy_type) {
        Some(known) => {
            known.decision = known.decision.min(decision);
            known.statements.extend(statements);
        }
        None => refusals.push(RecordedRefusal { policy_type, decision, statements }),
    }
}

/// Returns the name of the user, group or role that holds a policy.
fn holder(policy: &EvaluatedPolicy) -> Option<String> {
    let arn: Arn = policy.holders.first()?.parse().ok()?;
    let is_of_iam = arn.service == "iam";
    is_of_iam.then(|| arn.resource_id().rsplit('/').next().unwrap_or_default().to_owned())
}

/// Returns what AWS's own evaluation says of what could not be seen, or why it is not known of the refused call.
pub(in crate::diagnose) fn not_checked(case: &Case<'_>) -> Vec<NotChecked> {
    let evidence = case.evidence;
    let mut not_checked = Vec::new();
    let calls = [
        (Unchecked::EvaluationOfTestCall, question_of_test_call(case)),
        (Unchecked::EvaluationOfGivenError, question_of_given_error(case)),
    ];
    for (what, question) in calls {
        let unseen = question.and_then(|question| evidence.authorization(&question)).and_then(Observation::why_unseen);
        not_checked.extend(unseen.map(|unseen| NotChecked::new(what, Why::NotRecorded(unseen))));
    }
    let mut reads: Vec<(Vec<String>, Vec<RecordedRefusal>)> = Vec::new();
    for (api, question) in refused_reads(evidence) {
        let refusals = details(evidence, &question).map(|evaluated| evaluated.all_refusals()).unwrap_or_default();
        if refusals.is_empty() {
            continue;
        }
        match reads.iter_mut().find(|(_, known)| *known == refusals) {
            Some((apis, _)) => apis.push(api.to_owned()),
            None => reads.push((vec![api.to_owned()], refusals)),
        }
    }
    let read = |(apis, refusals)| NotChecked::new(Unchecked::Reads(apis), Why::Refusals(refusals));
    not_checked.extend(reads.into_iter().map(read));
    not_checked
}
