//! What a call must be allowed: each requirement with its decision, and each role that a service must be able to assume.

use super::statement::{DecidedBy, NearMiss};
use super::unread::Why;
use crate::bedrock::Whose;
use crate::iam::{Arn, AssumingService, Decision, PolicyType, RequestContext};

/// One authorization of the call, judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// Whose permission it is.
    pub whose: Whose,
    /// The request context.
    pub request: RequestContext,
    /// Whether a refusal of it refuses the call; one that may not count is simulated and mentioned, and alone is no cause.
    pub is_hard: bool,
    /// What was decided; undetermined where nothing answers.
    pub decision: Decision,
    /// The policy type that a refusal is attributed to.
    pub policy_type: Option<PolicyType>,
    /// What the decision is based on.
    pub judged_by: JudgedBy,
    /// The statements that decided, where they are known.
    pub decided_by: Vec<DecidedBy>,
    /// Allows that miss the requirement, and how.
    pub near_misses: Vec<NearMiss>,
    /// Keys that policies name and the simulation was not given.
    pub missing_context: Vec<String>,
    /// Why there is no decision.
    pub unread: Option<Why>,
    /// How the simulator and other evidence contradict each other.
    pub(super) contradiction: Option<Conflict>,
}

/// What contradicts the policy simulator on a requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Conflict {
    /// The simulator says one thing, and the policies that were read another.
    Policies {
        /// What the simulator says.
        simulated: Decision,
        /// What the policies say.
        read: Decision,
    },
    /// The simulator attributes its decision to a service control policy, which does not restrict the principal.
    Exemption {
        /// What the simulator says.
        simulated: Decision,
        /// Why the principal is exempt.
        exemption: super::unread::ScpExemption,
    },
}

/// What a requirement was judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JudgedBy {
    /// Nothing that could be seen.
    Nothing,
    /// The policy simulator.
    Simulator,
    /// The policies that were read, by this program's own engine.
    Policies,
    /// Both, and they agree.
    Both,
    /// AWS's own evaluation of the refused call.
    Aws,
}

/// Whether a service may assume a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trust {
    /// The role.
    pub role: Arn,
    /// The service.
    pub service: AssumingService,
    /// The action of the trust policy that decided: the first that is not allowed.
    pub action: &'static str,
    /// The decision; undetermined where the trust policy was not read or depends on what is not known.
    pub decision: Decision,
    /// Why there is no decision.
    pub unread: Option<Why>,
    /// The services that the trust policy names.
    pub trusts: Vec<String>,
    /// The ARNs on whose behalf the role may be assumed.
    pub(super) sources: Vec<String>,
    /// The trust policy, where it was read.
    pub(super) document: Option<String>,
}
