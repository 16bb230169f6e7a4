//! What this crate's engine says of a requirement with the policies that were read.
//!
//! The engine may prove a denial: an explicit deny in any policy that was read, or no allow in all of them. It never
//! proves an allow, because it sees neither the organization's policies nor a session's. Whatever depends on a condition
//! key whose value is not known here stays undetermined.

use crate::diagnose::case::{AttachedPolicies, Source};
use crate::diagnose::statement::{self, DecidedBy, NearMiss};
use crate::evidence::{Exclusion, MatchedStatement, Trial};
use crate::iam::{Arn, Decision, PolicyType, RequestContext};
use crate::policy::{Document, Effect, Policies, Policy, Question, StatementRef, decide, decide_open, evaluate};
use crate::request::KnownCaller;

/// An allow of everything, beside which only denies count.
const EVERYTHING: &str =
    r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;

/// What the engine says of a requirement.
#[derive(Clone, Debug)]
pub(in crate::diagnose) struct Opinion {
    /// A denial is proven; allowed means by the policies that were read, all of them.
    pub(in crate::diagnose) decision: Decision,
    /// The type of policy that refuses.
    pub(in crate::diagnose) policy_type: Option<PolicyType>,
    /// The statements that decided.
    pub(in crate::diagnose) statements: Vec<DecidedBy>,
    /// Allows that miss the request.
    pub(in crate::diagnose) near_misses: Vec<NearMiss>,
    /// Condition keys whose values are not known, and on which the answer depends.
    pub(in crate::diagnose) depends_on: Vec<String>,
    /// Those of them through which a statement that was read could deny.
    pub(in crate::diagnose) may_deny: Vec<String>,
    /// The statements that could.
    pub(in crate::diagnose) possible_deniers: Vec<DecidedBy>,
}

/// Adds an allow of everything.
fn with_everything(mut policies: Policies) -> Policies {
    policies.identity.extend(Document::parse(EVERYTHING).ok().map(Policy::unnamed));
    policies
}

impl AttachedPolicies<'_> {
    /// Evaluates the policies for a requirement, with what a trial changes about them.
    pub(in crate::diagnose) fn judge(&self, principal: &Arn, requirement: &RequestContext, trial: &Trial) -> Opinion {
        let without_boundary = trial.without.contains(&Exclusion::PermissionsBoundary);
        let policies = self.policies(trial);
        let (request, unknown) = self.completed(principal, requirement, &policies);
        let principal = principal.to_string();
        let question = Question { principal: &principal, request: &request, unknown: &unknown };
        let evaluation = evaluate(&question, &policies);
        let (may_deny, possible_deniers) = match evaluation.decision {
            // Whether an allow matches is the simulator's to say; whether a deny does, it may not know.
            Decision::Undetermined | Decision::ImplicitDeny => {
                let doubted = decide(&question, &with_everything(policies.clone()));
                let deniers = doubted.decided_by.iter().filter(|statement| self.denies(statement));
                let deniers = deniers.filter_map(|statement| self.statement(statement, Some(&question))).collect();
                (doubted.unknown_keys, deniers)
            }
            _ => (Vec::new(), Vec::new()),
        };
        let proven = match (evaluation.decision, evaluation.policy_type) {
            // Another account's resource needs a policy of its own, and nobody read that.
            (_, Some(PolicyType::ResourcePolicy)) => false,
            (Decision::ImplicitDeny, Some(PolicyType::IdentityPolicy)) => self.gaps.is_empty(),
            (Decision::Allowed, _) => self.gaps.is_empty() && (self.boundary_known || without_boundary),
            _ => true,
        };
        Opinion {
            decision: if proven { evaluation.decision } else { Decision::Undetermined },
            policy_type: evaluation.policy_type.filter(|_| proven),
            statements: evaluation
                .decided_by
                .iter()
                .filter_map(|statement| self.statement(statement, Some(&question)))
                .collect(),
            near_misses: evaluation
                .near_misses
                .into_iter()
                .filter_map(|near| {
                    Some(NearMiss { statement: self.statement(&near.statement, None)?, misses: near.misses })
                })
                .collect(),
            depends_on: evaluation.unknown_keys,
            may_deny,
            possible_deniers,
        }
    }

    /// Returns the statements that deny some of what a requirement stands for, and not all of it: the `*` in its resource is a
    /// name that is not known yet. The simulator takes it for the character.
    pub(in crate::diagnose) fn denies_part(&self, principal: &Arn, requirement: &RequestContext) -> Vec<DecidedBy> {
        if !requirement.resource.contains('*') {
            return Vec::new();
        }
        let policies = with_everything(self.policies(&Trial::default()));
        let (request, unknown) = self.completed(principal, requirement, &policies);
        let principal = principal.to_string();
        let question = Question { principal: &principal, request: &request, unknown: &unknown };
        if decide(&question, &policies).decision != Decision::Allowed {
            return Vec::new();
        }
        let of_all = decide_open(&question, &policies);
        let deniers = of_all.decided_by.iter().filter(|statement| self.denies(statement));
        match of_all.decision {
            Decision::Allowed => Vec::new(),
            _ => deniers.filter_map(|statement| self.statement(statement, Some(&question))).collect(),
        }
    }

    /// Returns the statements that deny a request explicitly, as far as the policies were read and their keys are known.
    pub(in crate::diagnose) fn denies_explicitly(&self, principal: &Arn, request: &RequestContext) -> Vec<DecidedBy> {
        let policies = with_everything(self.policies(&Trial::default()));
        let (request, unknown) = self.completed(principal, request, &policies);
        let principal = principal.to_string();
        let question = Question { principal: &principal, request: &request, unknown: &unknown };
        let evaluation = decide(&question, &policies);
        match evaluation.decision {
            Decision::ExplicitDeny => {
                let deniers = evaluation.decided_by.iter();
                deniers.filter_map(|statement| self.statement(statement, Some(&question))).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Returns the policies with what a trial changes about them, each named by its place among those that were read.
    pub(super) fn policies(&self, trial: &Trial) -> Policies {
        let kept: Vec<(usize, &Source<'_>)> =
            self.sources.iter().enumerate().filter(|(_, source)| !source.is_left_out(trial)).collect();
        let of_type = |policy_type: PolicyType| {
            let of_type = kept.iter().filter(move |(_, source)| source.policy_type == policy_type);
            of_type.map(|(index, source)| Policy::new(index.to_string(), source.document.clone()))
        };
        let given = trial.with.as_deref().and_then(|text| Document::parse(text).ok()).map(Policy::unnamed);
        Policies {
            identity: of_type(PolicyType::IdentityPolicy).chain(given).collect(),
            permissions_boundary: of_type(PolicyType::PermissionsBoundary).next(),
            ..Policies::default()
        }
    }

    /// Adds to a requirement what is known of the caller, and returns the keys that policies look at and nobody knows.
    pub(super) fn completed(
        &self,
        principal: &Arn,
        requirement: &RequestContext,
        policies: &Policies,
    ) -> (RequestContext, Vec<String>) {
        let caller = self.caller(principal);
        let mut request = requirement.clone();
        caller.complete(&mut request.context);
        let documents = policies.identity.iter().chain(&policies.permissions_boundary);
        let keys = documents.flat_map(|policy| policy.document.condition_keys());
        let unknown = caller.unknown(keys, &request);
        (request, unknown)
    }

    /// Returns the keys that the simulator was not given, that the call may carry, and that no policy that was read looks
    /// at: a policy that was not read does, and may decide through them.
    pub(in crate::diagnose) fn unread_keys(
        &self,
        principal: &Arn,
        request: &RequestContext,
        missing: &[String],
    ) -> Vec<String> {
        let is_read = |key: &str| {
            let mut keys = self.sources.iter().flat_map(|source| source.document.condition_keys());
            keys.any(|known| known.eq_ignore_ascii_case(key))
        };
        let unread = missing.iter().map(String::as_str).filter(|key| !is_read(key));
        self.caller(principal).unknown(unread, request)
    }

    /// Returns what is known of a call of the principal.
    fn caller<'c>(&self, principal: &'c Arn) -> KnownCaller<'c> {
        KnownCaller {
            account: Some(&principal.account),
            entity: Some(principal),
            is_user: Some(self.is_user),
            // A session may carry tags that the role does not have; a user carries its own.
            has_all_tags: self.is_user && self.entity_read,
            // The requirement's context has it already.
            at: None,
        }
    }

    /// Adds to what the simulator says of a statement what the policy's text says.
    pub(in crate::diagnose) fn complete(&self, matched: &MatchedStatement, opinion: &Opinion) -> DecidedBy {
        let simulated = DecidedBy::simulated(matched);
        let named: Vec<&Source<'_>> = self
            .sources
            .iter()
            .filter(|source| matched.policy.as_deref().is_some_and(|name| source.is_called(name, matched)))
            .collect();
        let found = named.iter().find_map(|source| {
            let statement = statement::at_position(&source.document, &source.text, matched)?;
            Some((*source, statement))
        });
        if let Some((source, statement)) = found {
            let decided = source.decided_by(statement, simulated.policy_type);
            let same = |known: &&DecidedBy| known.place() == decided.place() && known.policy == decided.policy;
            return opinion.statements.iter().find(same).cloned().unwrap_or(decided);
        }
        // Without a position that fits, the engine's own answer names the statement, if it names one of the policy.
        let same_policy = |known: &&DecidedBy| known.policy_name() == simulated.policy_name();
        match opinion.statements.iter().filter(same_policy).collect::<Vec<_>>().as_slice() {
            [only] => (*only).clone(),
            _ => simulated,
        }
    }

    /// Returns the source that a statement of an evaluation is in.
    fn source(&self, statement: &StatementRef) -> Option<&Source<'_>> {
        self.sources.get(statement.policy.as_deref()?.parse::<usize>().ok()?)
    }

    fn denies(&self, statement: &StatementRef) -> bool {
        let source = self.source(statement);
        let found = source.and_then(|source| source.document.statements().get(statement.statement));
        found.is_some_and(|found| found.effect() == Effect::Deny)
    }

    pub(super) fn statement(&self, statement: &StatementRef, question: Option<&Question<'_>>) -> Option<DecidedBy> {
        let source = self.source(statement)?;
        let found = source.document.statements().get(statement.statement)?;
        let conditions = question.map(|question| found.matched_conditions(question)).unwrap_or_default();
        Some(DecidedBy { conditions, ..source.decided_by(found, statement.policy_type) })
    }
}
