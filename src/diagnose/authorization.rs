//! AWS's own evaluation of a refused call, which outranks everything else that is known of it.
//!
//! Names the authorization ids that are worth asking about (that of the test call's refusal, that of a given error,
//! those of the doctor's own reads that IAM refused), and turns what IAM Toolbox tells into findings, into decisions of
//! requirements, and into why a read was refused. Where AWS does not tell which policy type refuses, nothing is guessed.

use super::finding::{Basis, Certainty, Finding};
use super::requirements::{self, JudgedBy, Requirement, Requirements};
use super::statement::DecidedBy;
use super::{NotChecked, remedy};
use crate::evidence::{
    AuthorizationDetails, AuthorizationEvaluation, AuthorizationQuestion, Call, EvaluatedPolicy, Evidence,
    MatchedPolicy, Observation,
};
use crate::explain;
use crate::iam::{Arn, Decision, PolicyType};

/// The call whose answer is itself what is asked here, and is not asked about.
const ITSELF: &str = "iam:GetRequestAuthorizationDetails";

/// The call without which the most is missing.
const SIMULATION: &str = "iam:SimulatePrincipalPolicy";

/// How AWS evaluated one refused call.
#[derive(Debug)]
pub(super) struct Evaluated<'e>(&'e AuthorizationDetails);

/// What the policies of one type come to in an evaluation.
#[derive(Debug)]
struct Refusal {
    policy_type: Option<PolicyType>,
    decision: Decision,
    statements: Vec<DecidedBy>,
}

/// Names the ids to ask about that have not been asked about.
pub(super) fn open_questions(evidence: &Evidence) -> Vec<AuthorizationQuestion> {
    if evidence.credentials.seen().is_none() {
        return Vec::new();
    }
    let mut questions: Vec<AuthorizationQuestion> = Vec::new();
    let all = question_of_live(evidence).into_iter().chain(question_of_given(evidence));
    for question in all.chain(refused_reads(evidence).map(|(_, question)| question)) {
        if evidence.authorization(&question).is_none() && !questions.contains(&question) {
            questions.push(question);
        }
    }
    questions
}

/// Returns how AWS evaluated the refused test call, where that is known.
pub(super) fn of_live(evidence: &Evidence) -> Option<Evaluated<'_>> {
    details(evidence, &question_of_live(evidence)?)
}

/// Returns how AWS evaluated the call of the given error, where that is known.
pub(super) fn of_given(evidence: &Evidence) -> Option<Evaluated<'_>> {
    details(evidence, &question_of_given(evidence)?)
}

fn details<'e>(evidence: &'e Evidence, question: &AuthorizationQuestion) -> Option<Evaluated<'e>> {
    evidence.authorization(question)?.seen().map(Evaluated)
}

fn question_of_live(evidence: &Evidence) -> Option<AuthorizationQuestion> {
    question(evidence, evidence.invocation.refused()?.message.as_deref()?)
}

fn question_of_given(evidence: &Evidence) -> Option<AuthorizationQuestion> {
    question(evidence, &evidence.request.error.as_ref()?.text)
}

/// Reads the authorization id that a text carries, and where the record is kept: in the Region of the console's address,
/// or else in that of the refusal.
fn question(evidence: &Evidence, text: &str) -> Option<AuthorizationQuestion> {
    let facts = explain::classify(None, None, text).facts;
    // What does not have the form of an id is not sent anywhere (IAM Toolbox API Reference).
    let is_id = |id: &String| id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let authorization_id = facts.authorization_id.filter(is_id)?;
    let region = facts.authorization_region.or(facts.region);
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
            let text = call.error.as_ref()?.message.as_deref()?;
            Some((call.api.as_str(), question(evidence, text)?))
        })
    };
    let other = |api: &str| api.starts_with("iam:") && api != SIMULATION && api != ITSELF;
    first(|api| api == SIMULATION).into_iter().chain(first(other))
}

impl Evaluated<'_> {
    /// Turns every policy type that refuses into a finding.
    pub(super) fn findings(&self, evidence: &Evidence, requirements: &Requirements) -> Vec<Finding> {
        let of_evaluation = |evaluation: &AuthorizationEvaluation| {
            let AuthorizationEvaluation { action, resource, .. } = evaluation;
            let finding = |refusal: Refusal| {
                let cause = requirements::cause_of(refusal.policy_type, refusal.decision);
                Finding {
                    cause,
                    certainty: Certainty::Verified,
                    action: Some(action.clone()),
                    resources: Some(resource.clone()).filter(|resource| !resource.is_empty()).into_iter().collect(),
                    remedy: remedy::of_live(cause, evidence, requirements, Some(action), Some(resource)),
                    basis: vec![Basis::Evaluation {
                        action: action.clone(),
                        resource: resource.clone(),
                        decision: refusal.decision,
                        policy_type: refusal.policy_type,
                        evaluated: self.evaluated(refusal.policy_type),
                        statements: refusal.statements,
                    }],
                    alternatives: Vec::new(),
                }
            };
            let known = self.refusals(evaluation).into_iter().filter(|refusal| refusal.policy_type.is_some());
            known.map(finding).collect::<Vec<_>>()
        };
        self.0.evaluations.iter().flat_map(of_evaluation).collect()
    }

    /// Puts AWS's decision on the requirements that it evaluated.
    pub(super) fn settle(&self, requirements: &mut [Requirement]) {
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
    pub(super) fn deniers(&self) -> Vec<DecidedBy> {
        self.0.evaluations.iter().flat_map(|evaluation| self.refusals(evaluation)).flat_map(|r| r.statements).collect()
    }

    /// Says in a fragment what refused.
    fn why(&self) -> Option<String> {
        let mut all: Vec<String> = Vec::new();
        for Refusal { policy_type, decision, statements } in self.0.evaluations.iter().flat_map(|e| self.refusals(e)) {
            let by = policy_type.map(|policy_type| format!(" by {policy_type}")).unwrap_or_default();
            let named: String = statements.iter().map(|statement| format!(", {}", name(statement))).collect();
            let said = format!("{decision}{by}{named}");
            if !all.contains(&said) {
                all.push(said);
            }
        }
        (!all.is_empty()).then(|| all.join("; "))
    }

    /// Tells what refuses in an evaluation, the one that AWS puts a refusal down to first.
    fn refusals(&self, evaluation: &AuthorizationEvaluation) -> Vec<Refusal> {
        if !evaluation.decision.is_denied() {
            return Vec::new();
        }
        let mut refusals: Vec<Refusal> = Vec::new();
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
    fn evaluated(&self, policy_type: Option<PolicyType>) -> Vec<String> {
        let of_type = self.0.policies.iter().filter(|policy| policy.policy_type == policy_type);
        of_type
            .map(|policy| match (policy.is_inline, holder(policy)) {
                (true, Some(holder)) => format!("an inline policy of `{holder}`"),
                (true, None) => "an inline policy".to_owned(),
                (false, _) => format!("`{}`", policy.uri),
            })
            .collect()
    }
}

/// Names a statement by its policy and its `Sid`.
fn name(statement: &DecidedBy) -> String {
    let policy = match (statement.policy_name(), &statement.holder) {
        (Some(policy), _) => format!("`{policy}`"),
        (None, Some(holder)) => format!("an inline policy of `{holder}`"),
        (None, None) => "an inline policy".to_owned(),
    };
    let sid = statement.sid.as_ref().map(|sid| format!(", statement `{sid}`")).unwrap_or_default();
    format!("{policy}{sid}")
}

/// Notes a refusal, together with others by the same policy type: an explicit deny outweighs an implicit one.
fn note(refusals: &mut Vec<Refusal>, policy_type: Option<PolicyType>, decision: Decision, statements: Vec<DecidedBy>) {
    match refusals.iter_mut().find(|known| known.policy_type == policy_type) {
        Some(known) => {
            known.decision = known.decision.min(decision);
            known.statements.extend(statements);
        }
        None => refusals.push(Refusal { policy_type, decision, statements }),
    }
}

/// Returns the name of the user, group or role that holds a policy.
fn holder(policy: &EvaluatedPolicy) -> Option<String> {
    let arn: Arn = policy.holders.first()?.parse().ok()?;
    let is_of_iam = arn.service == "iam";
    is_of_iam.then(|| arn.resource_id().rsplit('/').next().unwrap_or_default().to_owned())
}

/// Says what AWS's own evaluation tells of what could not be seen, or why it is not known of the refused call.
pub(super) fn unseen(evidence: &Evidence) -> Vec<NotChecked> {
    let mut unseen = Vec::new();
    let calls = [("the test call", question_of_live(evidence)), ("the given error", question_of_given(evidence))];
    for (what, question) in calls {
        let why = question.and_then(|question| evidence.authorization(&question)).and_then(Observation::why_unseen);
        if let Some(why) = why {
            let why = format!("{why}; IAM records it some seconds after the refusal, and keeps it for at least a day");
            unseen.push(NotChecked::new(format!("AWS's own evaluation of {what}"), why));
        }
    }
    let mut reads: Vec<(Vec<&str>, String)> = Vec::new();
    for (api, question) in refused_reads(evidence) {
        let Some(why) = details(evidence, &question).and_then(|evaluated| evaluated.why()) else { continue };
        match reads.iter_mut().find(|(_, known)| *known == why) {
            Some((apis, _)) => apis.push(api),
            None => reads.push((vec![api], why)),
        }
    }
    unseen.extend(reads.into_iter().map(|(apis, why)| {
        NotChecked::new(apis.join(" and "), format!("AWS's own evaluation of the refusal says {why}"))
    }));
    unseen
}
