//! The verdict: which evidence outranks which.
//!
//! Strongest first: the live answer of the asked call; a requirement that the simulator denies or a gate that AWS states
//! as closed; then a prediction that the call is allowed, if every requirement is simulated allowed and every gate is
//! read as open; else undetermined.

use super::RuledOut;
use super::finding::{Certainty, Finding};
use super::live::Live;
use super::requirements::Requirements;
use super::{NotChecked, Trust, form_submitted, organization};
use crate::cause::{Cause, DocumentedCause, Family};
use crate::evidence::Evidence;
use crate::iam::Decision;
use crate::request::LiveCall;
use serde::Deserialize;

/// The answer to "is this call allowed?".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is, or as far as can be simulated it would be.
    Allowed,
    /// It is refused, and a cause was found.
    Denied,
    /// What was seen does not settle it.
    Undetermined,
}

impl Verdict {
    /// Returns the word that JSON and text use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Denied => "denied",
            Self::Undetermined => "undetermined",
        }
    }
}

/// A verdict with what it rests on.
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
    live: &Live,
    requirements: &Requirements,
    unread_gates: &[NotChecked],
    findings: Vec<Finding>,
) -> Ruling {
    if live.verdict() == Some(Verdict::Allowed) {
        return Ruling { verdict: Verdict::Allowed, certainty: Some(Certainty::Reported), findings: Vec::new() };
    }
    if let Some(first) = findings.first() {
        return Ruling { verdict: Verdict::Denied, certainty: Some(first.certainty), findings };
    }
    // Who asks for proof and gets none is not served by a prediction.
    let unproven = live.invocation.kind != LiveCall::None;
    if requirements.all_allowed() && unread_gates.is_empty() && !unproven {
        return Ruling { verdict: Verdict::Allowed, certainty: Some(Certainty::Simulated), findings };
    }
    Ruling { verdict: Verdict::Undetermined, certainty: None, findings }
}

impl Ruling {
    /// Tells which of the two documented causes the findings come down to.
    pub(super) fn documented_cause(&self) -> Option<DocumentedCause> {
        let has = |family: Family| self.findings.iter().any(|finding| finding.cause.family() == family);
        match self.verdict {
            Verdict::Undetermined => None,
            Verdict::Allowed => Some(DocumentedCause::None),
            Verdict::Denied => Some(match (has(Family::IamPermission), has(Family::ModelAccess)) {
                (true, true) => DocumentedCause::Both,
                (true, false) => DocumentedCause::IamPermission,
                (false, true) => DocumentedCause::ModelAccess,
                (false, false) => DocumentedCause::Neither,
            }),
        }
    }
}

/// Lists the causes that the evidence excludes. What was not read excludes nothing.
pub(super) fn ruled_out(
    evidence: &Evidence,
    live: &Live,
    requirements: &Requirements,
    trust: &[Trust],
    ruling: &Ruling,
) -> Vec<RuledOut> {
    let mut out: Vec<RuledOut> = Vec::new();
    let mut exclude = |cause: Cause, why: &str| {
        let found = ruling.findings.iter().any(|finding| finding.cause == cause);
        if !found && !out.iter().any(|known| known.cause == cause) {
            out.push(RuledOut { cause, why: why.to_owned() });
        }
    };
    if live.verdict() == Some(Verdict::Allowed) {
        let why = "the test call passed every authorization and every access check";
        exclude(Cause::IdentityPolicyMissingAllow, why);
        exclude(Cause::ModelAccessNotGranted, why);
    } else if requirements.all_allowed() && live.recognized().is_none() {
        let why = "the policy simulator allows every requirement";
        exclude(Cause::IdentityPolicyMissingAllow, why);
        exclude(Cause::IdentityPolicyExplicitDeny, why);
        exclude(Cause::PermissionsBoundary, why);
        exclude(Cause::ServiceControlPolicy, why);
    }
    if let Some(why) = organization::exempt(evidence) {
        exclude(Cause::ServiceControlPolicy, &why);
    }
    for trust in trust.iter().filter(|trust| trust.decision == Decision::Allowed) {
        let why = format!("the role trust policy lets `{}` assume `{}`", trust.service.principal(), trust.role);
        exclude(Cause::ResourcePolicy, &why);
    }
    if let Some(fields) = evidence.availability.seen() {
        if fields.agreement.as_deref() == Some("AVAILABLE") {
            exclude(Cause::MarketplacePermission, "the model's agreement is AVAILABLE");
        }
        let open = fields.authorization.as_deref() == Some("AUTHORIZED")
            && fields.entitlement.as_deref() == Some("AVAILABLE")
            && fields.agreement.as_deref() == Some("AVAILABLE");
        if open && live.recognized().is_none() {
            exclude(Cause::ModelAccessNotGranted, "AWS reports the account as authorized and the agreement as made");
        }
    }
    if let Some(listed) = evidence.listing.seen().and_then(|listing| listing.model.as_ref()) {
        exclude(Cause::RegionUnavailable, "the Region lists the model");
        if listed.lifecycle.as_deref() == Some("ACTIVE") {
            exclude(Cause::LegacyModel, "the model's lifecycle is ACTIVE");
        }
    }
    if form_submitted(&evidence.use_case_form) == Some(true) && live.recognized().is_none() {
        exclude(Cause::UseCaseFormMissing, "the use case form is submitted");
    }
    if evidence.caller.seen().is_some() {
        exclude(Cause::CredentialsExpired, "STS accepted the credentials");
        exclude(Cause::CredentialsInvalid, "STS accepted the credentials");
    }
    out
}
