//! An error that the user gives: what a call like this one was answered with, some time before.
//!
//! It is read like a live answer, and weighed as one of the past: where what is read now agrees, or cannot see what the
//! text speaks of, the text stands as reported. Where what is read now excludes what it says, nothing is claimed
//! either way: it may have been fixed since. What the text leaves ambiguous is settled by what is read.

use super::finding::{Basis, Certainty, Finding};
use super::live::Live;
use super::requirements::{JudgedBy, Requirement, Requirements};
use super::{NotChecked, RuledOut, Verdict, remedy};
use crate::cause::{Cause, Family};
use crate::evidence::{Evidence, Observation};
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

/// What a given error comes to.
#[derive(Debug, Default)]
pub(super) struct Past {
    /// The cause that it names, where that stands.
    pub(super) finding: Option<Finding>,
    /// Where what is read now says otherwise, in words.
    pub(super) contradictions: Vec<String>,
    /// What it tells that is no cause.
    pub(super) advice: Vec<String>,
    /// What it leaves open; while it does, nothing is predicted.
    pub(super) open: Vec<NotChecked>,
}

/// Weighs a given error against what was found and excluded without it.
pub(super) fn weigh(
    evidence: &Evidence,
    live: &Live,
    requirements: &Requirements,
    found: &[Finding],
    excluded: &[RuledOut],
) -> Past {
    let Some(given) = &evidence.request.error else { return Past::default() };
    let reading = explain::classify(None, None, &given.text);
    let mut past = Past::default();
    if given.principal.is_none() {
        past.advice.push("the given error names no principal, and is taken to be the caller's own".to_owned());
    }
    let weighing = Weighing { evidence, requirements, found, excluded, given, reading: &reading };
    match (live.verdict(), reading.cause) {
        (_, Cause::Unrecognized) => past.open.push(NotChecked::new(
            "the given error",
            "nothing in its text is an error that is known, so what is read here need not be its cause",
        )),
        (_, Cause::Throttled | Cause::ServiceUnavailable) => past.advice.push(format!(
            "the given error reports a passing limit ({}): the call had been authorized, and comes through when it is repeated more slowly",
            reading.cause
        )),
        _ if reading.body_rejected => past.advice.push(
            "the given error is about the request's body, which is read behind every access check: the call had been authorized"
                .to_owned(),
        ),
        (Some(Verdict::Allowed), cause) => past.contradictions.push(format!(
            "the given error says {cause}, and the test call is authorized now: it may have been fixed since, or the error was of another call"
        )),
        (Some(_), cause) => {
            if let Some(now) = live.recognized().filter(|now| now.cause != cause) {
                past.contradictions
                    .push(format!("the given error says {cause}, and the test call is refused with {} now", now.cause));
            }
        }
        (None, _) => weighing.settle(&mut past),
    }
    past
}

struct Weighing<'e> {
    evidence: &'e Evidence,
    requirements: &'e Requirements,
    found: &'e [Finding],
    excluded: &'e [RuledOut],
    given: &'e GivenError,
    reading: &'e Classification,
}

impl Weighing<'_> {
    fn settle(&self, past: &mut Past) {
        let said = self.reading.cause;
        if self.is_found(said) {
            past.finding = Some(self.finding(said, Vec::new()));
            return;
        }
        let alternatives = self.reading.alternatives.iter().map(|other| other.cause);
        if let Some(right) = alternatives.chain(self.unnamed()).find(|cause| self.is_found(*cause)) {
            past.finding = Some(self.finding(right, Vec::new()));
            return;
        }
        let left: Vec<&Alternative> =
            self.reading.alternatives.iter().filter(|other| self.is_excluded(other.cause).is_none()).collect();
        match self.is_excluded(said) {
            None => {
                let left = left.into_iter().copied().collect();
                past.finding = Some(self.finding(said, left));
            }
            Some(why) => {
                past.contradictions.push(format!(
                    "the given error says {said}, and what is read now excludes it ({why}): it may have been fixed since"
                ));
                let settles = if self.evidence.is_about_the_caller() {
                    "`--probe` settles it"
                } else {
                    "a test call by that principal settles it"
                };
                past.open.push(NotChecked::new(
                    "whether the given error would still come",
                    format!("it says {said}, and {why} now: it may have been fixed since; {settles}"),
                ));
            }
        }
    }

    /// Tells whether a cause was found without the text, and where the text tells of one refused resource, on that.
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

    /// Says why a cause cannot be what stands in the way now; none where it can.
    fn is_excluded(&self, cause: Cause) -> Option<String> {
        let evidence = self.evidence;
        if let Some(out) = self.excluded.iter().find(|out| out.cause == cause) {
            let speaks_of_a_requirement = cause.family() != Family::IamPermission || self.names_a_requirement();
            return speaks_of_a_requirement.then(|| out.why.clone());
        }
        if let Some(why) = self.simulated_otherwise(cause) {
            return Some(why);
        }
        let listed = evidence.listing.seen().and_then(|listing| listing.model.as_ref());
        match cause {
            Cause::InvalidModelId if evidence.profile.seen().is_some() => {
                Some("the Region knows the profile".to_owned())
            }
            Cause::InvalidModelId if !evidence.request.is_through_profile() && listed.is_some() => {
                Some("the Region lists the model".to_owned())
            }
            Cause::InferenceProfileRequired if evidence.profile.seen().is_some() => {
                Some("the call names an inference profile".to_owned())
            }
            Cause::InferenceProfileRequired => listed
                .is_some_and(|model| model.inference_types.iter().any(|kind| kind == "ON_DEMAND"))
                .then(|| "AWS lists the model as one for on-demand throughput".to_owned()),
            Cause::NetworkUnreachable => matches!(evidence.listing, Observation::Seen(_) | Observation::Refused(_))
                .then(|| "Bedrock answers from here".to_owned()),
            _ => None,
        }
    }

    /// Says how the simulator judges what the text says was refused, where that leaves no room for the cause: it allows
    /// it, or it names other policies and allows every requirement once those are mended.
    fn simulated_otherwise(&self, cause: Cause) -> Option<String> {
        let facts = &self.reading.facts;
        let requirement =
            self.named_requirements().next().filter(|_| facts.resource.is_some() && SIMULATED.contains(&cause))?;
        if !matches!(requirement.judged_by, JudgedBy::Simulator | JudgedBy::Both) {
            return None;
        }
        let RequestContext { action, resource, .. } = &requirement.request;
        match requirement.policy_type {
            None if requirement.decision == Decision::Allowed => {
                Some(format!("the policy simulator allows {action} on {resource}"))
            }
            Some(policy_type) if self.requirements.trials.successful().is_some() => Some(format!(
                "the policy simulator says {} by {policy_type} for {action} on {resource}, and names nothing behind it",
                requirement.decision
            )),
            _ => None,
        }
    }

    /// Tells whether what the text says was refused is among what was simulated.
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
        let mut basis = vec![Basis::GivenError(excerpt(&self.given.text))];
        if cause != self.reading.cause {
            basis.push(Basis::Settled { said: self.reading.cause, is: cause });
        } else if cause.family() == Family::IamPermission && self.requirements.all_allowed() {
            basis.push(Basis::SimulatorDisagrees);
        }
        let (action, resource) = (facts.action.clone(), facts.resource.clone());
        Finding {
            cause,
            certainty: Certainty::Reported,
            remedy: remedy::of_live(cause, self.evidence, self.requirements, action.as_deref(), resource.as_deref()),
            action,
            resources: resource.into_iter().collect(),
            basis,
            alternatives,
        }
    }
}

/// Returns the text on one line, cut where it is long.
fn excerpt(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= EXCERPT {
        return line;
    }
    format!("{}…", line.chars().take(EXCERPT).collect::<String>())
}
