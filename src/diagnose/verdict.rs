//! The verdict: which evidence outranks which.
//!
//! Strongest first: the live answer of the asked call; a requirement that the simulator denies or a gate that AWS states
//! as closed; then a prediction that the call is allowed, if every requirement is simulated allowed and every gate is
//! read as open; else undetermined.

use super::case::{Case, Proof};
use super::diagnosis::{Gate, GateState, RuledOut};
use super::evaluate::Requirements;
use super::finding::{Basis, Certainty, Finding, Verdict};
use super::requirement::{JudgedBy, Requirement, Trust};
use super::unread::{Excluded, GateName, NotChecked};
use crate::cause::{Cause, DocumentedCause, Family};
use crate::iam::{Decision, PolicyType};
use crate::request::LiveCall;

/// A verdict with what it is based on.
#[derive(Debug)]
pub(super) struct Ruling {
    pub(super) verdict: Verdict,
    pub(super) certainty: Option<Certainty>,
    pub(super) findings: Vec<Finding>,
}

/// Weighs the evidence.
///
/// INVARIANT: nothing that was refused, failed or skipped leads to [`Verdict::Allowed`].
pub(super) fn decide(
    case: &Case<'_>,
    requirements: &Requirements,
    not_checked: &[NotChecked],
    findings: Vec<Finding>,
) -> Ruling {
    if let Some(proof) = &case.test_call.proof {
        return proved(proof, case, requirements, findings);
    }
    if let Some(first) = findings.iter().find(|finding| !finding.is_likely) {
        return Ruling { verdict: Verdict::Denied, certainty: Some(first.certainty), findings };
    }
    // A prediction is no answer where a proof was asked for; a call that came too often was neither.
    let is_unproved = case.test_call.invocation.kind != LiveCall::None && !case.test_call.is_throttled();
    if findings.is_empty() && requirements.all_allowed() && not_checked.is_empty() && !is_unproved {
        return Ruling { verdict: Verdict::Allowed, certainty: Some(Certainty::Simulated), findings };
    }
    Ruling { verdict: Verdict::Undetermined, certainty: None, findings }
}

/// Weighs a call that AWS authorized: through a profile that proves only the route that was taken.
fn proved(_: &Proof, case: &Case<'_>, requirements: &Requirements, findings: Vec<Finding>) -> Ruling {
    let allowed = |findings| Ruling { verdict: Verdict::Allowed, certainty: Some(Certainty::Reported), findings };
    if !case.evidence.request.is_through_profile() {
        return allowed(Vec::new());
    }
    let source = case.evidence.request.region.as_str();
    let is_other_route = |requirement: &&Requirement| {
        let is_model = requirement.request.resource.contains(":foundation-model/");
        is_model && requirement.request.requested_region() != Some(source) && requirement.decision.is_denied()
    };
    let refused: Vec<&Requirement> = requirements.requirements.iter().filter(is_other_route).collect();
    if refused.is_empty() {
        return allowed(Vec::new());
    }
    // Simulator and engine agree that another route is refused: the profile works where it was routed this time.
    let is_agreed = |finding: &Finding| {
        finding.resources.iter().any(|resource| {
            refused.iter().any(|known| known.judged_by == JudgedBy::Both && known.request.resource == *resource)
        })
    };
    let mut findings: Vec<Finding> =
        findings.into_iter().filter(|finding| finding.cause.family() == Family::IamPermission).collect();
    findings.retain(is_agreed);
    match findings.first() {
        Some(first) => Ruling { verdict: Verdict::Denied, certainty: Some(first.certainty), findings },
        None => Ruling { verdict: Verdict::Undetermined, certainty: None, findings },
    }
}

impl Ruling {
    /// Returns which of the two documented causes applies; `None` where the verdict is undetermined.
    pub(super) fn documented_cause(&self) -> Option<DocumentedCause> {
        match self.verdict {
            Verdict::Undetermined => None,
            Verdict::Allowed => Some(DocumentedCause::None),
            Verdict::Denied => Some(self.cause_of_findings()),
        }
    }

    /// Returns which of the two documented causes is likely, where the verdict is undetermined.
    pub(super) fn likely_cause(&self) -> Option<DocumentedCause> {
        (self.verdict == Verdict::Undetermined && !self.findings.is_empty())
            .then(|| self.cause_of_findings())
            .filter(|cause| *cause != DocumentedCause::Neither)
    }

    fn cause_of_findings(&self) -> DocumentedCause {
        let has = |family: Family| self.findings.iter().any(|finding| finding.cause.family() == family);
        match (has(Family::IamPermission), has(Family::ModelAccess)) {
            (true, true) => DocumentedCause::Both,
            (true, false) => DocumentedCause::IamPermission,
            (false, true) => DocumentedCause::ModelAccess,
            (false, false) => DocumentedCause::Neither,
        }
    }
}

/// Lists the causes that the evidence excludes. What was not read excludes nothing.
pub(super) fn ruled_out(
    case: &Case<'_>,
    requirements: &Requirements,
    gates: &[Gate],
    trust: &[Trust],
    findings: &[Finding],
) -> Vec<RuledOut> {
    let mut out: Vec<RuledOut> = Vec::new();
    let mut exclude = |cause: Cause, why: Excluded| {
        let is_scp = |finding: &Finding| finding.policy_type == Some(PolicyType::ServiceControlPolicy);
        let is_found = findings
            .iter()
            .any(|finding| finding.cause == cause || cause == Cause::ServiceControlPolicy && is_scp(finding));
        if !is_found && !out.iter().any(|known| known.cause == cause) {
            out.push(RuledOut { cause, why });
        }
    };
    let is_refused = case.test_call.recognized().is_some();
    if case.test_call.is_authorized() {
        exclude(Cause::IdentityPolicyMissingAllow, Excluded::TestCallPassed);
        exclude(Cause::ModelAccessNotGranted, Excluded::TestCallPassed);
    } else if requirements.all_allowed() && !is_refused {
        for cause in [
            Cause::IdentityPolicyMissingAllow,
            Cause::IdentityPolicyExplicitDeny,
            Cause::PermissionsBoundary,
            Cause::ServiceControlPolicy,
        ] {
            exclude(cause, Excluded::SimulatorAllows);
        }
    }
    if let Some(exemption) = &case.exemption {
        exclude(Cause::ServiceControlPolicy, Excluded::Exempt(exemption.clone()));
    }
    for trust in trust.iter().filter(|trust| trust.decision == Decision::Allowed) {
        let why = Excluded::Trusted { service: trust.service, role: trust.role.clone() };
        exclude(Cause::ResourcePolicy, why);
    }
    let says = |name: GateName, word: &str| {
        let is_said = |basis: &Basis| matches!(basis, Basis::Field { value, .. } if value == word);
        gates.iter().any(|gate| gate.name == name && gate.state == GateState::Open && gate.basis.iter().any(is_said))
    };
    let is_open = |name: GateName| gates.iter().any(|gate| gate.name == name && gate.state == GateState::Open);
    if says(GateName::Agreement, "AVAILABLE") {
        exclude(Cause::MarketplacePermission, Excluded::Open(GateName::Agreement));
        if is_open(GateName::Authorization) && is_open(GateName::Entitlement) && !is_refused {
            exclude(Cause::ModelAccessNotGranted, Excluded::AccessReported);
        }
    }
    if is_open(GateName::Listing) {
        exclude(Cause::RegionUnavailable, Excluded::Open(GateName::Listing));
        if says(GateName::Lifecycle, "ACTIVE") {
            exclude(Cause::LegacyModel, Excluded::Open(GateName::Lifecycle));
        }
    }
    // A refusal for want of the form is a finding; any other is not about it.
    if is_open(GateName::UseCaseForm) {
        exclude(Cause::UseCaseFormMissing, Excluded::Open(GateName::UseCaseForm));
    }
    if case.evidence.caller.seen().is_some() {
        exclude(Cause::CredentialsExpired, Excluded::StsAccepted);
        exclude(Cause::CredentialsInvalid, Excluded::StsAccepted);
    }
    out
}
