//! The way of a request through the gates of AWS, and where it stops: a picture's content, without its lines.
//!
//! Every authorization of the call is a lane of its own, because a profile fans out over Regions; what lies before
//! and behind IAM is common to all. What was not seen is shown as that, and never as passed.

use super::checks::short;
use crate::bedrock::Whose;
use crate::cause::{Cause, Family};
use crate::diagnose::{Basis, Diagnosis, Finding, GateState, LiveOutcome, Requirement, Verdict};
use crate::iam::{Decision, PolicyType, PrincipalKind};

/// What is known of a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// The request passes.
    Passed,
    /// The request stops here.
    Stopped,
    /// Nobody saw.
    Unseen,
    /// The request stops before.
    Behind,
}

impl State {
    /// Returns the sign that stands for it, beside any colour.
    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Passed => "✓",
            Self::Stopped => "✗",
            Self::Unseen => "?",
            Self::Behind => "–",
        }
    }

    /// Says it in words.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Stopped => "stops here",
            Self::Unseen => "not seen",
            Self::Behind => "not reached",
        }
    }

    /// Returns the name that a style sheet knows it by.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Stopped => "stopped",
            Self::Unseen => "unseen",
            Self::Behind => "behind",
        }
    }
}

/// One gate on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gate {
    /// Its name.
    pub(super) name: &'static str,
    /// What is known of it.
    pub(super) state: State,
}

/// One authorization of the call on its way through the policies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lane {
    /// The Region and the resource.
    pub(super) label: String,
    /// The policies, in the order in which a refusal of theirs ends the evaluation.
    pub(super) gates: Vec<Gate>,
}

/// The whole way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Way {
    /// What comes before any policy.
    pub(super) first: Gate,
    /// The authorizations.
    pub(super) lanes: Vec<Lane>,
    /// What comes behind them, up to the model.
    pub(super) last: Vec<Gate>,
}

/// The gates of a lane, with the policy types that stand in each.
const POLICY_GATES: [(&str, &[PolicyType]); 5] = [
    ("organization", &[PolicyType::ServiceControlPolicy, PolicyType::ResourceControlPolicy]),
    ("boundary", &[PolicyType::PermissionsBoundary]),
    ("session policy", &[PolicyType::SessionPolicy]),
    ("identity policies", &[PolicyType::IdentityPolicy, PolicyType::ResourcePolicy]),
    ("VPC endpoint", &[PolicyType::VpcEndpointPolicy]),
];

/// Traces the way of a diagnosed request.
pub(super) fn trace(diagnosis: &Diagnosis) -> Way {
    let tracer = Tracer {
        diagnosis,
        authorized: matches!(diagnosis.invocation.outcome, LiveOutcome::Succeeded | LiveOutcome::BodyRejected),
    };
    let first = Gate { name: "authentication", state: tracer.authentication() };
    let mut lanes: Vec<Lane> =
        diagnosis.requirements.iter().map(|requirement| tracer.lane(requirement, first.state)).collect();
    if lanes.is_empty() {
        let gates =
            POLICY_GATES.map(|(name, types)| Gate { name, state: tracer.without_requirements(types, first.state) });
        lanes.push(Lane { label: "which resources the call needs is not known".to_owned(), gates: gates.to_vec() });
    }
    let stopped = first.state == State::Stopped
        || lanes.iter().flat_map(|lane| &lane.gates).any(|gate| gate.state == State::Stopped);
    Way { first, last: tracer.last(stopped), lanes }
}

struct Tracer<'d> {
    diagnosis: &'d Diagnosis,
    authorized: bool,
}

impl Tracer<'_> {
    fn authentication(&self) -> State {
        let prevented = |family| matches!(family, Family::Credentials | Family::Network);
        // A role that the service may not assume gives no credentials at all.
        if self.found(prevented) || self.diagnosis.findings.iter().any(is_of_trust) {
            State::Stopped
        } else if self.authorized || self.diagnosis.caller.arn.is_some() {
            State::Passed
        } else {
            State::Unseen
        }
    }

    fn lane(&self, requirement: &Requirement, first: State) -> Lane {
        let mut gates: Vec<Gate> = Vec::new();
        let mut stopped = first == State::Stopped;
        for (name, types) in POLICY_GATES {
            let state = if self.refuses(requirement, types) {
                State::Stopped
            } else if stopped {
                State::Behind
            } else {
                self.unrefused(requirement, types)
            };
            stopped |= state == State::Stopped;
            gates.push(Gate { name, state });
        }
        let region = requirement.request.requested_region().unwrap_or("no Region");
        let whose = match requirement.whose {
            Whose::Caller => "",
            Whose::ServiceRole => ", service role",
        };
        Lane { label: format!("{region}: {}{whose}", short(&requirement.request.resource)), gates }
    }

    /// Returns `true` if policies of the types refuse the requirement, now or once others are mended.
    fn refuses(&self, requirement: &Requirement, types: &[PolicyType]) -> bool {
        let by = requirement.policy_type.unwrap_or(PolicyType::IdentityPolicy);
        if requirement.decision.is_denied() && types.contains(&by) {
            return true;
        }
        let is_of_action = |finding: &&Finding| {
            finding.action.as_ref().is_none_or(|action| action.eq_ignore_ascii_case(&requirement.request.action))
        };
        let findings = self.diagnosis.findings.iter().filter(|finding| is_of(finding, types)).filter(is_of_action);
        findings.into_iter().any(|finding| {
            let names_a_requirement = self
                .diagnosis
                .requirements
                .iter()
                .any(|requirement| finding.resources.contains(&requirement.request.resource));
            finding.resources.contains(&requirement.request.resource)
                || !names_a_requirement && requirement.whose == Whose::Caller
        })
    }

    /// Returns what is known of policies that refuse nothing.
    fn unrefused(&self, requirement: &Requirement, types: &[PolicyType]) -> State {
        // One call proves the gates of the requirement that it took, and no requirement is denied here.
        if self.authorized {
            return State::Passed;
        }
        let simulated = requirement.decision != Decision::Undetermined;
        let is_session = self.diagnosis.principal.kind.is_none_or(PrincipalKind::is_role_session);
        match types {
            // The simulator knows none of these two.
            [PolicyType::SessionPolicy] if !is_session => State::Passed,
            [PolicyType::SessionPolicy | PolicyType::VpcEndpointPolicy] => State::Unseen,
            _ if simulated => State::Passed,
            _ => State::Unseen,
        }
    }

    fn without_requirements(&self, types: &[PolicyType], first: State) -> State {
        if self.diagnosis.findings.iter().any(|finding| is_of(finding, types)) {
            State::Stopped
        } else if first == State::Stopped {
            State::Behind
        } else if self.authorized {
            State::Passed
        } else {
            State::Unseen
        }
    }

    fn last(&self, stopped: bool) -> Vec<Gate> {
        let mut stopped = stopped;
        let mut gates = Vec::new();
        let asks_a_model = self.diagnosis.request.model.is_some();
        let states = [
            (
                "model access",
                self.diagnosis
                    .findings
                    .iter()
                    .any(|known| !known.is_likely && known.cause.family() == Family::ModelAccess),
                self.model_access(),
            ),
            (
                "request",
                self.found(|family| matches!(family, Family::Request | Family::Capacity | Family::Unknown)),
                if self.diagnosis.invocation.outcome == LiveOutcome::Succeeded { State::Passed } else { State::Unseen },
            ),
            (if asks_a_model { "model" } else { "service" }, false, self.model()),
        ];
        for (name, refuses, otherwise) in states {
            if name == "model access" && !asks_a_model && !refuses {
                continue;
            }
            let state = match otherwise {
                _ if refuses => State::Stopped,
                // What was read stays true behind a closed gate.
                State::Passed if name == "model access" => State::Passed,
                _ if stopped => State::Behind,
                other => other,
            };
            stopped |= state == State::Stopped;
            gates.push(Gate { name, state });
        }
        gates
    }

    fn model_access(&self) -> State {
        let mut states = self.diagnosis.gates.iter().map(|gate| gate.state);
        let is_open = !self.diagnosis.gates.is_empty() && states.all(|state| state == GateState::Open);
        if self.authorized || is_open { State::Passed } else { State::Unseen }
    }

    fn model(&self) -> State {
        match self.diagnosis.verdict {
            Verdict::Allowed => State::Passed,
            Verdict::Denied => State::Behind,
            Verdict::Undetermined => State::Unseen,
        }
    }

    fn found(&self, family: impl Fn(Family) -> bool) -> bool {
        self.diagnosis.findings.iter().any(|finding| family(finding.cause.family()))
    }
}

/// Returns `true` if a finding is of a role's trust policy, which lies before the call.
fn is_of_trust(finding: &Finding) -> bool {
    finding.basis.iter().any(|basis| matches!(basis, Basis::Trust(_)))
}

/// Returns `true` if a finding is of policies of the types.
fn is_of(finding: &Finding, types: &[PolicyType]) -> bool {
    if is_of_trust(finding) {
        return false;
    }
    let of = match finding.cause {
        Cause::IdentityPolicyMissingAllow | Cause::IdentityPolicyExplicitDeny | Cause::ServiceRolePermission => {
            PolicyType::IdentityPolicy
        }
        Cause::PermissionsBoundary => PolicyType::PermissionsBoundary,
        Cause::SessionPolicy => PolicyType::SessionPolicy,
        Cause::ServiceControlPolicy => PolicyType::ServiceControlPolicy,
        Cause::ResourceControlPolicy => PolicyType::ResourceControlPolicy,
        Cause::VpcEndpointPolicy => PolicyType::VpcEndpointPolicy,
        Cause::ResourcePolicy => PolicyType::ResourcePolicy,
        _ => return false,
    };
    types.contains(&of)
}
