//! IAM policies offline: parse them, evaluate a request against them, and say which statement decided.
//!
//! Takes request contexts and documents, gives decisions; knows no model, makes no call, reads no file. What is
//! not known of a request makes a decision [`Decision::Undetermined`] and never an allow.
//!
//! ```
//! use bedrock_access::iam::{ContextKeys, Decision, PolicyType, RequestContext};
//! use bedrock_access::policy::{Document, Policies, Policy, Question, evaluate};
//!
//! let allow = r#"{"Statement": [{"Effect": "Allow", "Action": "bedrock:Get*", "Resource": "*"}]}"#;
//! let policies = Policies { identity: vec![Policy::new("read-only", Document::parse(allow)?)], ..Policies::default() };
//! let request = RequestContext {
//!     action: "bedrock:InvokeModel".to_owned(),
//!     resource: "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0".to_owned(),
//!     context: ContextKeys::new(),
//! };
//! let evaluation = evaluate(&Question::new("arn:aws:iam::111122223333:user/ana", &request), &policies);
//! assert_eq!(evaluation.decision, Decision::ImplicitDeny);
//! assert_eq!(evaluation.policy_type, Some(PolicyType::IdentityPolicy));
//! # Ok::<(), bedrock_access::policy::ParseError>(())
//! ```

mod action;
mod action_index;
mod arn_pattern;
mod authorization_case;
mod case_split;
mod condition;
mod decide;
mod document;
pub mod edit;
mod fold_hash;
mod json;
mod least_privilege;
mod lint;
mod managed;
mod matched_condition;
mod near_miss;
mod note;
mod pattern;
mod position;
mod principal;
mod query;
mod resource_control;
mod statement;
mod three_valued;
mod value_pattern;

pub use authorization_case::{AuthorizationCase, CaseAnswer, CaseError, Expectation, LoadPolicy};
pub use document::{Document, ParseError};
pub use least_privilege::{Grant, least_privilege, least_privilege_under};
pub use lint::{Finding, LintCode, Safety, Severity, lint};
pub use managed::ManagedPolicy;
pub use matched_condition::MatchedCondition;
pub use near_miss::{AllowMatch, Miss, NearMiss};
pub use note::{NotPrincipalReason, Note};
pub use statement::{Effect, Statement};

use crate::iam::{Decision, PolicyType, RequestContext};
use serde::Serialize;

/// A policy: a document, and the name by which reports call it.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The policy's name or ARN, or the file it was read from.
    pub name: Option<String>,
    /// What it says.
    pub document: Document,
}

impl Policy {
    /// Gives a document a name.
    #[must_use]
    pub fn new(name: impl Into<String>, document: Document) -> Self {
        Self { name: Some(name.into()), document }
    }

    /// Takes a document without a name.
    #[must_use]
    pub fn unnamed(document: Document) -> Self {
        Self { name: None, document }
    }
}

/// Every policy that has a say in a request.
///
/// The default is a principal without any policy, outside any organization: everything is implicitly denied.
#[derive(Clone, Debug, Default)]
pub struct Policies {
    /// Those attached to the user, its groups, or the role. None is an implicit deny.
    pub identity: Vec<Policy>,
    /// The permissions boundary, where the user or role has one.
    pub permissions_boundary: Option<Policy>,
    /// The service control policies, a level each, root first. No level: no organization. A level without
    /// policies is an implicit deny.
    pub service_control: Vec<Vec<Policy>>,
    /// The resource control policies, in the same way.
    pub resource_control: Vec<Vec<Policy>>,
    /// The session policies; `None`, or none in the list, where the session was made without.
    pub session: Option<Vec<Policy>>,
    /// The policy of the VPC endpoint that the request passes.
    pub vpc_endpoint: Option<Policy>,
    /// The policies attached to the resource.
    pub resource: Option<Vec<Policy>>,
}

/// Who asks for what, and what of it is not known.
#[derive(Clone, Copy, Debug)]
pub struct Question<'q> {
    /// The caller's ARN as STS or IAM prints it (a role's ARN stands for any session of it), or a service's name.
    pub principal: &'q str,
    /// The action, the resource and the whole context: a key that is not in it is absent.
    pub request: &'q RequestContext,
    /// The keys of which it is not known whether the request carries them, and with which value. They win over
    /// the context.
    pub unknown: &'q [String],
}

impl<'q> Question<'q> {
    /// Asks with a context that is wholly known.
    #[must_use]
    pub fn new(principal: &'q str, request: &'q RequestContext) -> Self {
        Self { principal, request, unknown: &[] }
    }
}

/// What a request comes to under a set of policies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evaluation {
    /// The decision.
    pub decision: Decision,
    /// The type of policy that refuses: explicit denies before implicit ones, then in the order of
    /// [`PolicyType::ALL`]. `None` when allowed or undetermined.
    pub policy_type: Option<PolicyType>,
    /// The statements that decided: every deny that matches, or every allow that was needed, or, where the
    /// decision is undetermined, every statement that may match. Empty for an implicit deny.
    pub decided_by: Vec<StatementRef>,
    /// The statements that would have allowed, had one thing been different; closest first.
    pub near_misses: Vec<NearMiss>,
    /// The unknown keys that an undetermined decision depends on.
    pub unknown_keys: Vec<String>,
    /// The rules that decided in addition to what the statements say.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
}

impl Evaluation {
    fn new(decision: Decision) -> Self {
        Self {
            decision,
            policy_type: None,
            decided_by: Vec::new(),
            near_misses: Vec::new(),
            unknown_keys: Vec::new(),
            notes: Vec::new(),
        }
    }
}

/// Names a statement and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct StatementRef {
    /// The type of policy that it belongs to.
    pub policy_type: PolicyType,
    /// The policy's place among those of its type, counted from 0; of SCPs and RCPs over all levels, root first.
    pub policy_index: usize,
    /// The policy's name or ARN.
    pub policy: Option<String>,
    /// The statement's place in the policy, counted from 0.
    pub statement: usize,
    /// Its `Sid`.
    pub sid: Option<String>,
    /// The line of its opening brace, counted from 1.
    pub line: usize,
    /// The column of its opening brace, counted from 1.
    pub column: usize,
}

impl StatementRef {
    fn new(policy_type: PolicyType, policy_index: usize, policy: &Policy, statement: &Statement) -> Self {
        Self {
            policy_type,
            policy_index,
            policy: policy.name.clone(),
            statement: statement.index,
            sid: statement.sid.as_deref().map(str::to_owned),
            line: statement.line,
            column: statement.column,
        }
    }
}

/// Decides a request, and says for an implicit deny which statements missed it closely.
#[must_use]
pub fn evaluate(question: &Question<'_>, policies: &Policies) -> Evaluation {
    let mut evaluation = decide(question, policies);
    if evaluation.decision == Decision::ImplicitDeny {
        let query = query::Query::new(question).with(policies);
        evaluation.near_misses = near_miss::near_misses(&query, policies, evaluation.policy_type);
    }
    evaluation
}

/// Decides everything that a request stands for: a `*` in its resource, or in the value of a key, is whatever will be there,
/// such as the id of a job that is still to be made.
///
/// The decision is [`Decision::Undetermined`] where some of it is allowed and some is not, with no unknown key where it is that
/// alone. [`decide`] and [`evaluate`] compare such a `*` as the character, as AWS's policy simulator does.
#[must_use]
pub fn decide_open(question: &Question<'_>, policies: &Policies) -> Evaluation {
    decide::decide(&query::Query::new(question).with(policies).open(), policies)
}

/// Holds every allow of a policy type against a request: whether it allows it, or what it would take. What denies is not
/// looked at.
#[must_use]
pub fn allow_matches(question: &Question<'_>, policies: &Policies, policy_type: PolicyType) -> Vec<AllowMatch> {
    near_miss::allow_matches(&query::Query::new(question).with(policies), policies, policy_type)
}

/// Decides a request as [`evaluate`] does, without looking for near misses: for many requests in a row.
#[must_use]
pub fn decide(question: &Question<'_>, policies: &Policies) -> Evaluation {
    let evaluation = decide::decide(&query::Query::new(question).with(policies), policies);
    if evaluation.decision == Decision::Undetermined {
        return case_split::resolve(question, policies, &evaluation).unwrap_or(evaluation);
    }
    evaluation
}
