//! What the engine says of a requirement with the policies that the policy simulator does not evaluate.
//!
//! Those are a session policy, that of a VPC endpoint, and those of buckets and keys (IAM User Guide, "IAM policy testing with
//! the IAM policy simulator"). A resource's policy alone may also grant what no identity policy allows.

use super::simulated::undetermined;
use crate::bedrock::Whose;
use crate::cause::Cause;
use crate::diagnose::case::{Case, Unsimulated, UnsimulatedPolicy, classified, is_within};
use crate::diagnose::requirement::{JudgedBy, Requirement};
use crate::diagnose::statement::{self, DecidedBy};
use crate::diagnose::unread::Why;
use crate::evidence::ServiceError;
use crate::iam::{Arn, Decision, PolicyType, RequestContext};
use crate::policy::{Evaluation, Policies, Question, StatementRef, decide_open, evaluate};
use crate::request::KnownCaller;

/// Judges the requirements of the caller or of the service role, and returns what refuses in addition to the first decision.
///
/// A requirement that is not refused otherwise takes over the decision; of one that is, the further refusal is returned, so
/// that both are fixed at once.
pub(in crate::diagnose) fn judge(
    case: &Case<'_>,
    principal: Option<&Arn>,
    whose: Whose,
    requirements: &mut [Requirement],
) -> Vec<Requirement> {
    let mut further = Vec::new();
    // What was supplied is the caller's: a service role has a session of its own, and calls from within AWS.
    let counts = |one: &&Unsimulated<'_>| whose == Whose::Caller || one.policy_type == PolicyType::ResourcePolicy;
    for unsimulated in case.unsimulated.iter().filter(counts) {
        let concerned = requirements.iter_mut().filter(|requirement| unsimulated.applies_to(&requirement.request));
        let policy = match &unsimulated.parsed {
            Ok(policy) => policy,
            Err(error) => {
                let why = Why::SuppliedUnparsable {
                    policy_type: unsimulated.policy_type,
                    name: unsimulated.name.clone(),
                    error: error.clone(),
                };
                concerned.for_each(|requirement| leave_open(requirement, Some(why.clone())));
                continue;
            }
        };
        for requirement in concerned {
            let judged = Requirement { whose, ..unsimulated.judge(policy, case, principal, &requirement.request) };
            match judged.decision {
                Decision::Allowed => {
                    if let Some(granted) = unsimulated.grants(policy, case, principal, whose, requirement) {
                        *requirement = granted;
                    }
                }
                Decision::Undetermined => leave_open(requirement, judged.unread),
                _ if requirement.decision.is_denied() => further.push(judged),
                _ => *requirement = judged,
            }
        }
    }
    leave_open_what_failed(case, whose, requirements);
    further
}

/// Makes requirements undetermined that an unread resource policy could decide otherwise: one that no identity policy allows it
/// could allow, and one that is allowed it could deny. A policy that the caller's own policies do not let it read is only named
/// under "not checked": it says nothing of the call.
fn leave_open_what_failed(case: &Case<'_>, whose: Whose, requirements: &mut [Requirement]) {
    for read in &case.evidence.resource_policies {
        let lacks_right = read.document.refused().is_some_and(lacks_right);
        let Some(unseen) = read.document.why_unseen().filter(|_| !lacks_right) else { continue };
        for requirement in requirements.iter_mut().filter(|known| is_within(&read.resource, &known.request)) {
            let is_allowed = !could_be_granted(case, whose, requirement);
            let resource = Box::new(read.resource.clone());
            let why = Why::ResourcePolicyUnread { resource, is_allowed, unseen: unseen.clone() };
            if is_allowed {
                leave_open(requirement, Some(why));
            } else {
                *requirement = Requirement { whose, ..undetermined(requirement.request.clone(), why) };
            }
        }
    }
}

/// Returns `true` if nothing but an allow is lacking, which the policy of the resource can give as well as an identity policy:
/// within one account either is enough (IAM User Guide, "Policy evaluation for requests within a single account").
///
/// A permissions boundary may limit such a grant, and is not evaluated here.
pub(in crate::diagnose) fn could_be_granted(case: &Case<'_>, whose: Whose, requirement: &Requirement) -> bool {
    let lacks_allow =
        requirement.decision == Decision::ImplicitDeny && requirement.policy_type == Some(PolicyType::IdentityPolicy);
    let has_boundary = match whose {
        Whose::Caller => case.evidence.policies.boundary().is_some(),
        Whose::ServiceRole => case.evidence.service_role.seen().is_none_or(|role| role.boundary.is_some()),
    };
    lacks_allow && !has_boundary
}

/// Returns `true` if a refusal to read a resource's policy comes from the caller's side. One that comes from the policy itself,
/// or does not say where it comes from, may be the policy's `Deny` of the call too.
fn lacks_right(error: &ServiceError) -> bool {
    let is_denied = error.code.as_deref().is_some_and(|code| code.starts_with("AccessDenied"));
    is_denied && !matches!(classified(error).cause, Cause::ResourcePolicy | Cause::Unrecognized)
}

/// A requirement that is allowed otherwise is not, as long as a further policy leaves it open.
pub(super) fn leave_open(requirement: &mut Requirement, why: Option<Why>) {
    if requirement.decision == Decision::Allowed {
        requirement.decision = Decision::Undetermined;
        requirement.decided_by.clear();
        requirement.unread = why;
    }
}

/// Returns who asks, the requirement with what is known of the caller, and the keys that the policy looks at and nobody knows.
pub(super) fn completed(
    policy: &UnsimulatedPolicy,
    case: &Case<'_>,
    principal: Option<&Arn>,
    requirement: &RequestContext,
) -> (String, RequestContext, Vec<String>) {
    let mut request = requirement.clone();
    let evidence = case.evidence;
    let arn = principal.or_else(|| evidence.caller.seen().map(|caller| &caller.principal.arn));
    let account = evidence.account();
    let caller = KnownCaller {
        account: account.as_deref(),
        entity: principal,
        is_user: arn.map(|arn| arn.resource_type() == "user"),
        at: Some(&evidence.observed_at),
        has_all_tags: case.attached.as_ref().is_some_and(|read| read.is_user && read.entity_read),
    };
    caller.complete(&mut request.context);
    let keys = policy.document().into_iter().flat_map(|document| document.condition_keys());
    let unknown = caller.unknown(keys, &request);
    (arn.map(ToString::to_string).unwrap_or_default(), request, unknown)
}

impl Unsimulated<'_> {
    fn judge(
        &self,
        policy: &UnsimulatedPolicy,
        case: &Case<'_>,
        principal: Option<&Arn>,
        requirement: &RequestContext,
    ) -> Requirement {
        let (who, request, unknown) = completed(policy, case, principal, requirement);
        let question = Question { principal: &who, request: &request, unknown: &unknown };
        let mut evaluation = evaluate(&question, &policy.policies);
        if evaluation.decision == Decision::Allowed {
            // A `*` in the resource is a name that is not known yet.
            let of_all = decide_open(&question, &policy.policies);
            if of_all.decision != Decision::Allowed {
                evaluation = Evaluation { decision: Decision::Undetermined, ..of_all };
            }
        }
        let mut judged = self.requirement(policy, case, requirement, &evaluation);
        // What the statements look at tells how the call meets them.
        for decided in judged.decided_by.iter_mut().filter(|_| judged.decision == Decision::ExplicitDeny) {
            let index = decided.statement.unwrap_or(usize::MAX);
            let statement = policy.document().and_then(|document| document.statements().get(index));
            decided.conditions = statement.map(|found| found.matched_conditions(&question)).unwrap_or_default();
        }
        judged
    }

    /// Returns the requirement as allowed, where no identity policy allows it and the policy of the resource itself names the
    /// principal.
    fn grants(
        &self,
        policy: &UnsimulatedPolicy,
        case: &Case<'_>,
        principal: Option<&Arn>,
        whose: Whose,
        requirement: &Requirement,
    ) -> Option<Requirement> {
        if self.policy_type != PolicyType::ResourcePolicy || !could_be_granted(case, whose, requirement) {
            return None;
        }
        let (who, request, unknown) = completed(policy, case, principal, &requirement.request);
        let question = Question { principal: &who, request: &request, unknown: &unknown };
        let alone = Policies { resource: policy.policies.resource.clone(), ..Policies::default() };
        let evaluation = evaluate(&question, &alone);
        let is_granted =
            evaluation.decision == Decision::Allowed && decide_open(&question, &alone).decision == Decision::Allowed;
        is_granted.then(|| Requirement { whose, ..self.requirement(policy, case, &requirement.request, &evaluation) })
    }

    fn requirement(
        &self,
        policy: &UnsimulatedPolicy,
        case: &Case<'_>,
        requirement: &RequestContext,
        evaluation: &Evaluation,
    ) -> Requirement {
        let mut decision = evaluation.decision;
        let mut unread = None;
        // Whether an endpoint's policy is asked about the models of other Regions is documented nowhere.
        let is_of_other_region = requirement.requested_region() != Some(case.evidence.request.region.as_str());
        if self.policy_type == PolicyType::VpcEndpointPolicy && is_of_other_region && decision != Decision::Allowed {
            decision = Decision::Undetermined;
            unread = Some(Why::EndpointAndOtherRegions);
        } else if decision == Decision::Undetermined {
            unread = Some(Why::SuppliedDependsOn {
                policy_type: self.policy_type,
                name: self.name.clone(),
                keys: evaluation.unknown_keys.clone(),
            });
        }
        let decided_by = evaluation.decided_by.iter().filter_map(|statement| self.decided_by(policy, statement));
        Requirement {
            whose: Whose::Caller,
            request: requirement.clone(),
            is_hard: true,
            decision,
            policy_type: decision.is_denied().then_some(self.policy_type),
            judged_by: JudgedBy::Policies,
            decided_by: decided_by.collect(),
            near_misses: Vec::new(),
            missing_context: Vec::new(),
            unread,
            contradiction: None,
        }
    }

    pub(super) fn decided_by(&self, policy: &UnsimulatedPolicy, statement: &StatementRef) -> Option<DecidedBy> {
        let quote = || {
            let mut statements = policy.document()?.statements().iter();
            let found = statements.find(|known| known.index() == statement.statement)?;
            statement::quote(found, self.text)
        };
        (statement.policy_type == self.policy_type).then(|| DecidedBy {
            policy_type: self.policy_type,
            source: None,
            holder: None,
            policy: statement.policy.clone(),
            statement: Some(statement.statement),
            sid: statement.sid.clone(),
            line: u32::try_from(statement.line).ok(),
            column: u32::try_from(statement.column).ok(),
            quote: quote(),
            conditions: Vec::new(),
        })
    }
}
