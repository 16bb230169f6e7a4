//! What the allows of a type of policy lack for a call, by the texts that were read.
//!
//! Tells what nobody allows from what is allowed under a condition that the call does not meet: the first is granted, the
//! second is not, because the condition was written on purpose. What is granted stands under the conditions of the
//! statement nearest to it, for the same reason.

use super::unsimulated;
use crate::diagnose::case::{AttachedPolicies, Case, Unsimulated, UnsimulatedPolicy};
use crate::diagnose::statement::{DecidedBy, NearMiss};
use crate::evidence::Trial;
use crate::iam::{Arn, PolicyType, RequestContext};
use crate::policy::{AllowMatch, Grant, Miss, Policies, Question, StatementRef, allow_matches, edit};
use crate::request::is_tag_of_resource;
use serde_json::{Map, Value};

/// The key that tells through which profile a model is called: it says what is asked for, as the model does, so that
/// another value in an allow opens nothing that was closed.
const PROFILE: &str = "bedrock:InferenceProfileArn";

/// Keys whose values come with the resource, so that no call meets a condition on them otherwise than by another resource.
const OF_RESOURCE: [&str; 4] =
    ["aws:RequestedRegion", "aws:ResourceAccount", "aws:ResourceOrgID", "aws:ResourceOrgPaths"];

/// What the allows of a type of policy lack.
#[derive(Clone, Debug, Default)]
pub(in crate::diagnose) struct Lacking {
    /// What is to be allowed, and under which conditions.
    pub(in crate::diagnose) grants: Vec<Grant>,
    /// The statements whose conditions are kept.
    pub(in crate::diagnose) kept: Vec<DecidedBy>,
    /// The allows that are withheld by conditions alone, with the conditions that the call does not meet, as far as is known.
    pub(in crate::diagnose) withheld: Vec<NearMiss>,
    /// The requests that they withhold.
    withheld_requests: Vec<RequestContext>,
}

impl Lacking {
    /// Everything is lacking, of which nothing was read.
    pub(in crate::diagnose) fn all(requests: &[RequestContext]) -> Self {
        Self { grants: requests.iter().cloned().map(Grant::new).collect(), ..Self::default() }
    }

    /// Returns `true` if the texts do not tell what is missing.
    pub(in crate::diagnose) fn is_empty(&self) -> bool {
        self.grants.is_empty() && self.withheld.is_empty()
    }

    /// Returns what a trial allows: what is to be granted, and what would be if the conditions were met.
    pub(super) fn on_trial(&self) -> Vec<Grant> {
        let met = self.withheld_requests.iter().cloned().map(Grant::new);
        let is_withheld = |grant: &&Grant| !self.withheld_requests.contains(&grant.request);
        self.grants.iter().filter(is_withheld).cloned().chain(met).collect()
    }

    fn withhold(&mut self, near: NearMiss, request: &RequestContext) {
        if !self.withheld.contains(&near) {
            self.withheld.push(near);
        }
        self.withheld_requests.push(request.clone());
    }
}

/// An allow of a policy that was read, held against a request.
#[derive(Clone, Debug)]
struct Allow {
    statement: DecidedBy,
    misses: Vec<Miss>,
    is_near: bool,
    /// The statement's `Condition` block.
    conditions: Map<String, Value>,
}

impl Allow {
    fn gives(&self) -> bool {
        self.misses.is_empty()
    }

    /// Returns `true` if conditions alone keep the request from being allowed.
    fn withholds(&self) -> bool {
        !self.gives() && self.misses.iter().all(|miss| condition_key(miss).is_some_and(|key| !is(key, PROFILE)))
    }

    fn is_same(&self, other: &Allow) -> bool {
        let (one, other) = (&self.statement, &other.statement);
        one.place() == other.place() && one.policy == other.policy && one.holder == other.holder
    }

    /// Returns the conditions that a statement beside this one is to keep: all but those that tell what is asked for.
    fn kept(&self, is_of_same_kind: bool) -> Map<String, Value> {
        let mut block = self.conditions.clone();
        for keys in block.values_mut().filter_map(Value::as_object_mut) {
            keys.retain(|key, _| !is(key, PROFILE) && (is_of_same_kind || !is_tag_of_resource(key)));
        }
        block.retain(|_, keys| keys.as_object().is_none_or(|keys| !keys.is_empty()));
        block
    }
}

/// Returns the key of a condition that does not hold, as far as is known.
fn condition_key(miss: &Miss) -> Option<&str> {
    match miss {
        Miss::Condition { key, .. } => Some(key),
        _ => None,
    }
}

fn is(key: &str, name: &str) -> bool {
    key.eq_ignore_ascii_case(name)
}

/// The policies of one type that were read.
pub(in crate::diagnose) enum Texts<'c> {
    /// The principal's own.
    Attached(&'c AttachedPolicies<'c>, &'c Arn),
    /// One that the simulator does not evaluate.
    Unsimulated(&'c Unsimulated<'c>, &'c UnsimulatedPolicy, &'c Case<'c>, Option<&'c Arn>),
}

impl<'c> Texts<'c> {
    /// Returns the policies of a type that were read; `None` where none was. `attached` are those of the principal itself.
    pub(super) fn of(
        case: &'c Case<'c>,
        attached: Option<&'c AttachedPolicies<'c>>,
        principal: Option<&'c Arn>,
        policy_type: PolicyType,
    ) -> Option<Self> {
        match policy_type {
            PolicyType::IdentityPolicy | PolicyType::PermissionsBoundary => {
                let attached = attached?;
                let is_known = policy_type == PolicyType::IdentityPolicy || attached.boundary_known;
                Some(Self::Attached(attached, principal?)).filter(|_| is_known)
            }
            PolicyType::SessionPolicy | PolicyType::VpcEndpointPolicy => {
                let supplied = case.unsimulated.iter().find(|policy| policy.policy_type == policy_type)?;
                let policy = supplied.parsed.as_ref().ok()?;
                Some(Self::Unsimulated(supplied, policy, case, principal))
            }
            _ => None,
        }
    }

    /// Returns `true` if no policy of the type is unread, so that what these do not allow is not allowed.
    pub(in crate::diagnose) fn are_complete(&self, policy_type: PolicyType) -> bool {
        match self {
            Self::Attached(attached, _) if policy_type == PolicyType::IdentityPolicy => attached.gaps.is_empty(),
            _ => true,
        }
    }

    /// Holds every allow of a type against a request.
    fn allows(&self, policy_type: PolicyType, request: &RequestContext) -> Vec<Allow> {
        match self {
            Self::Attached(attached, principal) => {
                let policies = attached.policies(&Trial::default());
                let (completed, unknown) = attached.completed(principal, request, &policies);
                let principal = principal.to_string();
                let question = Question { principal: &principal, request: &completed, unknown: &unknown };
                held(&question, &policies, policy_type, |found| {
                    let statement = attached.statement(found, None)?;
                    let text = attached.source_of(&statement)?.text.as_str();
                    Some((statement, text))
                })
            }
            Self::Unsimulated(supplied, policy, case, principal) => {
                let (who, completed, unknown) = unsimulated::completed(policy, case, *principal, request);
                let question = Question { principal: &who, request: &completed, unknown: &unknown };
                held(&question, &policy.policies, policy_type, |found| {
                    Some((supplied.decided_by(policy, found)?, supplied.text))
                })
            }
        }
    }

    /// Finds out what is lacking for some requests of a call.
    pub(in crate::diagnose) fn lacking(
        &self,
        policy_type: PolicyType,
        requests: &[RequestContext],
        call: &[RequestContext],
    ) -> Lacking {
        let mut lacking = Lacking::default();
        for request in requests {
            let allows = self.allows(policy_type, request);
            if allows.iter().any(Allow::gives) {
                continue;
            }
            let withholding = allows.iter().filter(|allow| allow.withholds()).min_by_key(|allow| allow.misses.len());
            if let Some(Allow { statement, misses, .. }) = withholding {
                lacking.withhold(NearMiss { statement: statement.clone(), misses: misses.clone() }, request);
                continue;
            }
            self.grant(&mut lacking, policy_type, request, &allows, call);
        }
        lacking
    }

    /// Grants a request that no statement is about, under the conditions of the statement nearest to it.
    fn grant(
        &self,
        lacking: &mut Lacking,
        policy_type: PolicyType,
        request: &RequestContext,
        allows: &[Allow],
        call: &[RequestContext],
    ) {
        let others = call.iter().filter(|other| *other != request && is_beside(&other.action, &request.action));
        let of_others: Vec<Allow> = others.flat_map(|other| self.allows(policy_type, other)).collect();
        let grants_rest =
            |allow: &Allow| of_others.iter().any(|other| other.is_same(allow) && (other.gives() || other.withholds()));
        let is_near_others = |allow: &Allow| of_others.iter().any(|other| other.is_same(allow) && other.is_near);
        let near = allows.iter().filter(|allow| allow.is_near);
        let beside = allows.iter().filter(|allow| grants_rest(allow) || is_near_others(allow));
        let neighbour = near
            .max_by_key(|allow| (grants_rest(allow), allow.kept(true).len()))
            .or_else(|| beside.max_by_key(|allow| (grants_rest(allow), allow.kept(false).len())));
        let Some(neighbour) = neighbour else { return lacking.grants.push(Grant::new(request.clone())) };
        let under = neighbour.kept(neighbour.is_near);
        let is_kept = |key: &str| {
            let mut keys = under.values().filter_map(Value::as_object).flat_map(Map::keys);
            keys.any(|known| is(known, key))
        };
        let unmet = neighbour.misses.iter().filter(|miss| condition_key(miss).is_some_and(is_kept));
        let unmet: Vec<Miss> = unmet.cloned().collect();
        // No call meets what comes with the resource.
        let is_closed = unmet
            .iter()
            .filter_map(condition_key)
            .any(|key| OF_RESOURCE.iter().any(|name| is(key, name)) || is_tag_of_resource(key));
        if !unmet.is_empty() {
            let near = NearMiss { statement: neighbour.statement.clone(), misses: unmet };
            lacking.withhold(near, request);
        }
        if is_closed {
            return;
        }
        if !under.is_empty() && !lacking.kept.contains(&neighbour.statement) {
            lacking.kept.push(neighbour.statement.clone());
        }
        lacking.grants.push(Grant { request: request.clone(), under });
    }
}

/// Returns `true` if two actions are one, with or without what is behind its name, such as the stream of an answer.
fn is_beside(one: &str, other: &str) -> bool {
    let (one, other) = (one.to_ascii_lowercase(), other.to_ascii_lowercase());
    one.starts_with(&other) || other.starts_with(&one)
}

/// Holds the allows of a type against a question; `place` finds a statement and the text of its policy.
fn held<'t>(
    question: &Question<'_>,
    policies: &Policies,
    policy_type: PolicyType,
    place: impl Fn(&StatementRef) -> Option<(DecidedBy, &'t str)>,
) -> Vec<Allow> {
    let matches = allow_matches(question, policies, policy_type).into_iter();
    let allow = |found: AllowMatch| {
        let (statement, text) = place(&found.statement)?;
        let document: Value = serde_json::from_str(text).ok()?;
        let conditions = edit::statements(&document).get(found.statement.statement)?.get("Condition").cloned();
        let conditions = conditions.and_then(|block| block.as_object().cloned()).unwrap_or_default();
        Some(Allow { statement, misses: found.misses, is_near: found.is_near, conditions })
    };
    matches.filter_map(allow).collect()
}
