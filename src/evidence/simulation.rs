//! What the policy simulator is asked, and what it answers.

use super::Observation;
use crate::iam::{Arn, Decision, RequestContext};
use serde::{Deserialize, Serialize};

/// Asks the policy simulator about one requirement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimulationQuestion {
    /// The IAM user or role.
    pub principal: Arn,
    /// The requirement.
    #[serde(rename = "leg")]
    pub requirement: RequestContext,
    /// What is changed about the policies, for this question only.
    #[serde(default, skip_serializing_if = "Trial::is_empty")]
    pub trial: Trial,
}

impl SimulationQuestion {
    /// Asks about a requirement with the policies as they are.
    #[must_use]
    pub fn new(principal: &Arn, requirement: &RequestContext) -> Self {
        Self { principal: principal.clone(), requirement: requirement.clone(), trial: Trial::default() }
    }
}

/// A change of the policies that is tried in simulation and nowhere else.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// A policy document that the principal is given.
    pub with: Option<String>,
    /// Policies that are left out.
    pub without: Vec<Exclusion>,
}

impl Trial {
    /// Returns `true` if nothing is changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.with.is_none() && self.without.is_empty()
    }
}

/// A policy that a trial leaves out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exclusion {
    /// Every service control policy.
    ServiceControlPolicies,
    /// The permissions boundary.
    PermissionsBoundary,
    /// The managed policies whose ARN matches, with one `*` at most.
    ManagedPolicy(String),
    /// An inline policy.
    InlinePolicy {
        /// `user`, `group` or `role`.
        attached_to: String,
        /// The name of the user, group or role.
        entity: String,
        /// The policy's name.
        policy: String,
    },
}

/// A question and what came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The question.
    pub question: SimulationQuestion,
    /// The answer.
    pub simulation: Observation<Simulation>,
}

/// What `SimulatePrincipalPolicy` says of one action on one resource in one context.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Simulation {
    /// The decision on the resource itself, not the most restrictive over all.
    pub decision: Decision,
    /// The statements that contributed; empty on an implicit deny, and never one of an SCP.
    pub matched: Vec<MatchedStatement>,
    /// Keys that policies name and the simulation was not given. A hint: AWS names too many.
    pub missing_context: Vec<String>,
    /// Whether the organization's policies allow; absent outside an organization, and then unknown.
    pub allowed_by_organizations: Option<bool>,
    /// Whether the permissions boundary allows; absent where there is none.
    pub allowed_by_boundary: Option<bool>,
}

/// A statement that the simulator matched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchedStatement {
    /// The policy, as the simulator identifies it.
    pub policy: Option<String>,
    /// `user`, `group`, `role`, `aws-managed`, `user-managed`, `resource`, `none`.
    pub source: Option<String>,
    /// Where the statement begins, 1-based line.
    pub line: Option<u32>,
    /// Where the statement begins, 1-based column.
    pub column: Option<u32>,
    /// Where the statement ends, 1-based line and column.
    #[serde(default)]
    pub end: Option<(u32, u32)>,
}
