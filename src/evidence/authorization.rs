//! Authorization details: how AWS itself evaluated a call that it refused.
//!
//! A refusal may carry an authorization id, by which IAM Toolbox hands out the evaluation for at least a day (IAM User
//! Guide, "Troubleshoot access denied error messages"; IAM Toolbox API Reference, "GetRequestAuthorizationDetails").
//! The request context is left out on purpose: it holds the caller's address.

use super::Observation;
use crate::iam::{Decision, PolicyType};
use serde::{Deserialize, Serialize};

/// Asks how AWS evaluated a refused call.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AuthorizationQuestion {
    /// The id in the refusal.
    pub authorization_id: String,
    /// The Region that keeps the record: that of the refusal.
    pub region: String,
}

/// An authorization id that was asked about, and what came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationRecord {
    /// The question.
    pub question: AuthorizationQuestion,
    /// The answer.
    pub details: Observation<AuthorizationDetails>,
}

/// AWS's own evaluation of a refused call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationDetails {
    /// Each action on each resource, evaluated.
    pub evaluations: Vec<AuthorizationEvaluation>,
    /// The policies that were evaluated.
    pub policies: Vec<EvaluatedPolicy>,
}

/// One action on one resource, as AWS evaluated it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationEvaluation {
    /// The action.
    pub action: String,
    /// The resource; empty for an action without one.
    pub resource: String,
    /// What it came to; undetermined where AWS uses a word that is not known.
    pub decision: Decision,
    /// The requirements that it consists of; none in answers of before they were told.
    #[serde(default)]
    pub checks: Vec<AuthorizationCheck>,
    /// The policies that matched, where no check tells them.
    #[serde(default)]
    pub matched: Vec<MatchedPolicy>,
}

/// One requirement of an evaluation: what the policies of one type say, at one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationCheck {
    /// The type of the policies.
    pub policy_type: PolicyType,
    /// What they came to; none where they did not affect the outcome.
    pub decision: Option<Decision>,
    /// The part of the organization that they are attached to, where they are an organization's.
    #[serde(default)]
    pub target: Option<String>,
    /// The policies that matched.
    #[serde(default)]
    pub matched: Vec<MatchedPolicy>,
}

/// A policy of which statements matched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchedPolicy {
    /// The ARN of a managed policy; of an inline one, what tells it from others.
    pub uri: String,
    /// The statements.
    pub statements: Vec<MatchedSid>,
}

/// A statement that matched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchedSid {
    /// Its `Sid`, or the one that AWS made up for it.
    pub sid: Option<String>,
    /// Whether it denies.
    pub denies: bool,
}

/// A policy that was evaluated, whether it matched or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvaluatedPolicy {
    /// The ARN of a managed policy; of an inline one, what tells it from others.
    pub uri: String,
    /// The type, where it is one that is known.
    pub policy_type: Option<PolicyType>,
    /// Whether it is an inline policy.
    #[serde(default)]
    pub is_inline: bool,
    /// The ARNs of what it is attached to.
    #[serde(default)]
    pub holders: Vec<String>,
}
