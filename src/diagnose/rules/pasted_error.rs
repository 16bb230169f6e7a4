//! An error that the user gives: what a call like this one was answered with, some time before.
//!
//! It is read like the answer of a test call, and weighed as one of the past: where what is read now agrees, or cannot see
//! what the text speaks of, the text stands as reported. Where what is read now excludes what it says, nothing is claimed
//! either way: it may have been fixed since. What the text leaves ambiguous is settled by what is read.

use crate::cause::{Cause, Family};
use crate::diagnose::case::{Absence, Case, decision_of};
use crate::diagnose::diagnosis::RuledOut;
use crate::diagnose::evaluate::Requirements;
use crate::diagnose::finding::{Basis, Certainty, Finding};
use crate::diagnose::found::Found;
use crate::diagnose::remark::{Advice, Contradiction};
use crate::diagnose::requirement::{JudgedBy, Requirement};
use crate::diagnose::unread::{Excluded, NotChecked, Unchecked, Why};
use crate::evidence::Observation;
use crate::explain::{self, Alternative, Classification};
use crate::iam::{Decision, RequestContext};
use crate::request::GivenError;

/// The causes that the policy simulator can tell.
const SIMULATED: [Cause; 4] = [
    Cause::IdentityPolicyMissingAllow,
    Cause::IdentityPolicyExplicitDeny,
    Cause::PermissionsBoundary,
    Cause::ServiceControlPolicy,
];

/// The longest excerpt of a given error that a finding quotes, in characters.
const EXCERPT: usize = 400;

/// Compares a given error with what was found and excluded without it.
pub(in crate::diagnose) fn compare(
    case: &Case<'_>,
    requirements: &Requirements,
    found: &[Finding],
    excluded: &[RuledOut],
) -> Found {
    let (Some(given), Some(reading)) = (&case.evidence.request.error, &case.pasted) else { return Found::default() };
    let mut past = Found::default();
    if given.principal.is_none() {
        past.advice.push(Advice::ErrorNamesNobody);
    }
    let comparison = Comparison { case, requirements, found, excluded, given, reading };
    let said = reading.cause;
    if said == Cause::Unrecognized {
        past.not_checked.push(NotChecked::new(Unchecked::GivenError, Why::UnknownError));
    } else if matches!(said, Cause::Throttled | Cause::ServiceUnavailable) {
        past.advice.push(Advice::ErrorIsPassing(said));
    } else if reading.body_rejected {
        past.advice.push(Advice::ErrorIsAboutBody);
    } else if case.test_call.is_authorized() {
        past.contradictions.push(Contradiction::ErrorAndAuthorized(said));
    } else if let Some(now) = case.test_call.recognized() {
        if now.cause != said {
            past.contradictions.push(Contradiction::ErrorAndRefused { said, now: now.cause });
        }
    } else {
        comparison.settle(&mut past);
    }
    past
}

struct Comparison<'c, 'e> {
    case: &'c Case<'e>,
    requirements: &'c Requirements,
    found: &'c [Finding],
    excluded: &'c [RuledOut],
    given: &'c GivenError,
    reading: &'c Classification,
}

impl Comparison<'_, '_> {
    fn settle(&self, past: &mut Found) {
        // The same sentence answers a wrong id and one that the Region does not show to this account.
        let said = match (self.reading.cause, &self.case.absence) {
            (Cause::InvalidModelId, Some(Absence::Hidden(_))) => Cause::ModelAccessNotGranted,
            (cause, _) => cause,
        };
        if self.is_found(said) {
            past.findings.push(self.finding(said, Vec::new()));
            return;
        }
        let alternatives = self.reading.alternatives.iter().map(|other| other.cause);
        // On an account on hold, the fields of the availability tell anything.
        let is_settled = |cause: &Cause| {
            let mut found = self.found.iter().filter(|finding| finding.cause == *cause);
            self.is_found(*cause) && (said != Cause::AccountRestricted || found.any(|finding| !finding.is_likely))
        };
        if let Some(right) = alternatives.chain(self.unnamed()).find(is_settled) {
            past.findings.push(self.finding(right, Vec::new()));
            return;
        }
        let left: Vec<&Alternative> =
            self.reading.alternatives.iter().filter(|other| self.is_excluded(other.cause).is_none()).collect();
        match self.is_excluded(said) {
            None => {
                let left = left.into_iter().copied().collect();
                past.findings.push(self.finding(said, left));
            }
            Some(because) => {
                past.contradictions.push(Contradiction::ErrorAndExcluded { said, because: because.clone() });
                let by_caller = self.case.evidence.is_about_the_caller();
                let why = Why::ExcludedNow { said, because, by_caller };
                past.not_checked.push(NotChecked::new(Unchecked::GivenErrorStands, why));
            }
        }
    }

    /// Returns `true` if a cause was found without the text, and where the text names one refused resource, on that.
    fn is_found(&self, cause: Cause) -> bool {
        let (action, resource) = (&self.reading.facts.action, &self.reading.facts.resource);
        self.found.iter().filter(|finding| finding.cause == cause).any(|finding| {
            let of_iam = cause.family() == Family::IamPermission && !finding.resources.is_empty();
            let is_action = action
                .as_ref()
                .is_none_or(|said| finding.action.as_ref().is_none_or(|found| found.eq_ignore_ascii_case(said)));
            let is_resource = resource.as_ref().is_none_or(|said| finding.resources.contains(said));
            !of_iam || cause == Cause::ServiceRolePermission || is_action && is_resource
        })
    }

    /// The causes that a refusal by IAM has, where the text names no type of policy.
    fn unnamed(&self) -> impl Iterator<Item = Cause> {
        SIMULATED.into_iter().filter(|_| self.reading.template == "iam-no-clause")
    }

    /// Returns why a cause cannot be the reason now; `None` where it can.
    fn is_excluded(&self, cause: Cause) -> Option<Excluded> {
        let evidence = self.case.evidence;
        if let Some(out) = self.excluded.iter().find(|out| out.cause == cause) {
            let speaks_of_a_requirement = cause.family() != Family::IamPermission || self.names_a_requirement();
            return speaks_of_a_requirement.then(|| out.why.clone());
        }
        if let Some(why) = self.simulated_otherwise(cause) {
            return Some(why);
        }
        let listed = evidence.listing.seen().and_then(|listing| listing.model.as_ref());
        match cause {
            Cause::InvalidModelId if evidence.profile.seen().is_some() => Some(Excluded::ProfileKnown),
            Cause::InvalidModelId if !evidence.request.is_through_profile() && listed.is_some() => {
                Some(Excluded::ModelListed)
            }
            Cause::InferenceProfileRequired if evidence.profile.seen().is_some() => Some(Excluded::NamesProfile),
            Cause::InferenceProfileRequired => listed
                .is_some_and(|model| model.inference_types.iter().any(|kind| kind == "ON_DEMAND"))
                .then_some(Excluded::OnDemand),
            Cause::NetworkUnreachable => matches!(evidence.listing, Observation::Seen(_) | Observation::Refused(_))
                .then_some(Excluded::BedrockAnswers),
            _ => None,
        }
    }

    /// Returns how the simulator judges what the text says was refused, where that leaves no room for the cause: it allows
    /// it, or it names other policies and allows every requirement once those are changed.
    fn simulated_otherwise(&self, cause: Cause) -> Option<Excluded> {
        let facts = &self.reading.facts;
        let requirement =
            self.named_requirements().next().filter(|_| facts.resource.is_some() && SIMULATED.contains(&cause))?;
        if !matches!(requirement.judged_by, JudgedBy::Simulator | JudgedBy::Both) {
            return None;
        }
        let RequestContext { action, resource, .. } = requirement.request.clone();
        match requirement.policy_type {
            None if requirement.decision == Decision::Allowed => {
                Some(Excluded::RequirementAllowed { action, resource })
            }
            Some(policy_type) if self.requirements.what_if.successful().is_some() => {
                Some(Excluded::RefusedOtherwise { decision: requirement.decision, policy_type, action, resource })
            }
            _ => None,
        }
    }

    /// Returns `true` if what the text says was refused is among what was simulated.
    fn names_a_requirement(&self) -> bool {
        self.named_requirements().next().is_some()
    }

    fn named_requirements(&self) -> impl Iterator<Item = &Requirement> {
        let facts = &self.reading.facts;
        self.requirements.requirements.iter().filter(|requirement| {
            let is_action =
                facts.action.as_ref().is_none_or(|action| requirement.request.action.eq_ignore_ascii_case(action));
            is_action && facts.resource.as_ref().is_none_or(|resource| requirement.request.resource == *resource)
        })
    }

    fn finding(&self, cause: Cause, alternatives: Vec<Alternative>) -> Finding {
        let facts = &self.reading.facts;
        let mut finding = Finding {
            decision: decision_of(self.reading).filter(|_| cause == self.reading.cause),
            action: facts.action.clone(),
            resources: facts.resource.iter().cloned().collect(),
            alternatives,
            ..Finding::new(cause, Certainty::Reported, Basis::GivenError(excerpt(&self.given.text)))
        };
        if cause != self.reading.cause {
            finding.basis.push(Basis::Settled { said: self.reading.cause, is: cause });
        } else if cause.family() == Family::IamPermission && self.requirements.all_allowed() {
            finding.basis.push(Basis::SimulatorDisagrees);
        }
        finding
    }
}

/// Returns the text on one line; of a long one, the line with the error that was recognized.
fn excerpt(text: &str) -> String {
    let on_one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let whole = on_one_line(text);
    if whole.chars().count() <= EXCERPT {
        return whole;
    }
    let [start, end] = explain::explain(text).error.span;
    let recognized = text.get(start..end).filter(|words| !words.trim().is_empty()).unwrap_or(text);
    // What stands before the error on its line says which call it was of.
    let line = text.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let with_head = text.get(line..end).filter(|words| words.chars().count() <= EXCERPT);
    let quoted = on_one_line(with_head.unwrap_or(recognized));
    if quoted.chars().count() <= EXCERPT {
        return quoted;
    }
    format!("{}…", quoted.chars().take(EXCERPT).collect::<String>())
}
