//! A case: the evidence, and everything derived from it, once.
//!
//! Whom the simulator is asked about, which requirements the call has, the policies parsed, the texts classified. Every
//! rule reads these and none derives them again.

mod attached;
mod exemption;
mod supplied;

pub(super) use attached::{AttachedPolicies, Source, open_policies, why_incomplete};
pub(super) use supplied::{Supplied, SuppliedPolicy};

use super::diagnosis::{Invocation, LiveOutcome};
use super::unread::ScpExemption;
use crate::bedrock::{Marketplace, provider_of};
use crate::cause::Cause;
use crate::evidence::{Evidence, Failure, FailureKind, Observation, ServiceError, Simulation, UseCaseForm};
use crate::explain::{self, Classification};
use crate::iam::{Arn, ContextKeys, Decision, RequestContext};
use crate::request::{LiveCall, Requirements};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The actions that the first call to a Marketplace model makes on the caller's behalf
/// (Bedrock User Guide, "Access Amazon Bedrock foundation models").
const SUBSCRIPTION_ACTIONS: [&str; 2] = ["aws-marketplace:Subscribe", "aws-marketplace:ViewSubscriptions"];

/// The evidence with what follows from it.
#[derive(Debug)]
pub(super) struct Case<'e> {
    /// The evidence.
    pub(super) evidence: &'e Evidence,
    /// The ARN to simulate: the likeliest that the simulator has not said it does not know.
    pub(super) principal: Option<Arn>,
    /// Every authorization of the call, as far as it can be told.
    pub(super) needed: Requirements,
    /// The principal's policies, where some were read.
    pub(super) attached: Option<AttachedPolicies<'e>>,
    /// The session and VPC endpoint policies that the user supplied.
    pub(super) supplied: Vec<Supplied<'e>>,
    /// Why no service control policy restricts the principal.
    pub(super) exemption: Option<ScpExemption>,
    /// The test call, read.
    pub(super) test_call: TestCall,
    /// The given error, read.
    pub(super) pasted: Option<Classification>,
}

impl<'e> Case<'e> {
    /// Derives everything from the evidence.
    pub(super) fn new(evidence: &'e Evidence) -> Self {
        let principal = current_candidate(evidence);
        Self {
            evidence,
            needed: evidence.requirements(),
            attached: AttachedPolicies::new(evidence),
            supplied: supplied::parse(&evidence.request.policies),
            exemption: exemption::find(evidence, principal.as_ref()),
            test_call: TestCall::new(evidence),
            pasted: evidence.request.error.as_ref().map(|given| explain::classify(None, None, &given.text)),
            principal,
        }
    }

    /// The requirements of the call itself, with the principal's ARN and tags in their context.
    pub(super) fn call_requirements(&self, principal: &Arn) -> Vec<RequestContext> {
        let requirements = self.needed.requirements.iter().cloned();
        requirements.map(|requirement| self.with_tags(with_principal(requirement, principal))).collect()
    }

    /// The Marketplace actions, where an agreement is missing that the caller would have to make.
    pub(super) fn subscription_requirements(&self, principal: &Arn) -> Vec<RequestContext> {
        let evidence = self.evidence;
        let missing =
            evidence.availability.seen().is_some_and(|fields| fields.agreement.as_deref() == Some("NOT_AVAILABLE"));
        let sold = evidence.base_model().is_some_and(|model| Marketplace::of(provider_of(model)) == Marketplace::Sold);
        if !(missing && sold) {
            return Vec::new();
        }
        let requirement = |action: &&str| {
            let context = ContextKeys::new()
                .with("aws:RequestedRegion", evidence.request.region.as_str())
                .with("aws:CalledViaLast", "bedrock.amazonaws.com")
                .with("aws:CalledVia", vec!["bedrock.amazonaws.com".to_owned()]);
            let requirement = RequestContext { action: (*action).to_owned(), resource: "*".to_owned(), context };
            self.with_tags(with_principal(requirement, principal))
        };
        SUBSCRIPTION_ACTIONS.iter().map(requirement).collect()
    }

    /// Every request context that the simulator is to judge of the principal.
    pub(super) fn requirements_to_simulate(&self, principal: &Arn) -> Vec<RequestContext> {
        let mut requirements = self.call_requirements(principal);
        requirements.extend(self.subscription_requirements(principal));
        requirements
    }

    /// Adds the tags of the principal under diagnosis, which the simulator does not fill in.
    fn with_tags(&self, mut requirement: RequestContext) -> RequestContext {
        for (key, value) in self.evidence.policies.entity.seen().iter().flat_map(|entity| &entity.tags) {
            let key = format!("aws:PrincipalTag/{key}");
            if requirement.context.get(&key).is_none() {
                requirement.context.set(&key, value.as_str());
            }
        }
        requirement
    }

    /// Walks over the classified texts of a refusal: the test call's and the given error's.
    pub(super) fn said(&self) -> impl Iterator<Item = &Classification> {
        self.test_call.reading.iter().chain(&self.pasted)
    }

    /// Returns the ARN of the policy that the test call's refusal names.
    pub(super) fn told_policy(&self) -> Option<&str> {
        self.test_call.reading.as_ref()?.facts.policy_arn.as_deref()
    }
}

/// Adds the principal's ARN, which the simulator does not fill in by itself.
pub(super) fn with_principal(mut requirement: RequestContext, principal: &Arn) -> RequestContext {
    if requirement.context.get("aws:PrincipalArn").is_none() {
        requirement.context.set("aws:PrincipalArn", principal.to_string());
    }
    requirement
}

/// Returns the ARN to simulate: the likeliest candidate that the simulator has not said it does not know.
fn current_candidate(evidence: &Evidence) -> Option<Arn> {
    let source = evidence.principal.seen()?;
    let is_unknown = |candidate: &&Arn| {
        let answers = evidence.answers.iter().filter(|answer| answer.question.principal == **candidate);
        answers.into_iter().any(|answer| is_no_such_entity(&answer.simulation))
    };
    source.candidates.iter().find(|candidate| !is_unknown(candidate)).or_else(|| source.candidates.last()).cloned()
}

fn is_no_such_entity(simulation: &Observation<Simulation>) -> bool {
    simulation.refused().is_some_and(|error| error.code.as_deref().is_some_and(|code| code.starts_with("NoSuchEntity")))
}

/// Classifies an error that AWS answered with.
pub(super) fn classified(error: &ServiceError) -> Classification {
    explain::classify(error.code.as_deref(), error.status, error.message.as_deref().unwrap_or_default())
}

/// Returns whether the text of a refusal says that a policy denies explicitly or does not allow; `None` where it says
/// neither.
pub(super) fn decision_of(reading: &Classification) -> Option<Decision> {
    match reading.template.rsplit_once('-') {
        Some((_, "explicit")) => Some(Decision::ExplicitDeny),
        Some((_, "implicit")) => Some(Decision::ImplicitDeny),
        _ if reading.template == "explicit-unnamed" => Some(Decision::ExplicitDeny),
        _ => None,
    }
}

/// Returns `Some` where it is known whether the form is there: a 404 says that it is not, any other refusal says nothing.
pub(super) fn form_submitted(form: &Observation<UseCaseForm>) -> Option<bool> {
    match form {
        Observation::Seen(_) => Some(true),
        Observation::Refused(error) if error.code.as_deref() == Some("ResourceNotFoundException") => Some(false),
        _ => None,
    }
}

/// Reads a time as AWS writes it.
pub(super) fn instant(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok()
}

/// The test call, read: by its message, never by its code alone, because Bedrock sends gates of the account as
/// validation errors and a missing form as 404.
#[derive(Debug)]
pub(super) struct TestCall {
    /// For the report.
    pub(super) invocation: Invocation,
    /// What an error answer says.
    pub(super) reading: Option<Classification>,
    /// The network or the clock prevented an answer.
    pub(super) failure: Option<Failure>,
}

impl TestCall {
    fn new(evidence: &Evidence) -> Self {
        let kind = evidence.request.live;
        let mut call = Self {
            invocation: Invocation { kind, outcome: LiveOutcome::NotMade, error: None, failure: None },
            reading: None,
            failure: None,
        };
        if kind == LiveCall::None {
            return call;
        }
        match &evidence.invocation {
            Observation::Seen(_) => call.invocation.outcome = LiveOutcome::Succeeded,
            Observation::Refused(error) => {
                let reading = classified(error);
                let text = error.message.as_deref().unwrap_or_default();
                let is_about_probe = kind == LiveCall::Probe && is_about_the_probe(text);
                call.invocation.outcome = if reading.body_rejected || is_about_probe {
                    LiveOutcome::BodyRejected
                } else if reading.cause == Cause::Throttled {
                    LiveOutcome::Throttled
                } else {
                    LiveOutcome::Refused
                };
                call.invocation.error = Some(error.clone());
                call.reading = Some(reading);
            }
            Observation::Failed(failure) => {
                call.invocation.outcome = LiveOutcome::Failed;
                call.failure = Some(failure.clone());
                call.invocation.failure = evidence.invocation.why_unseen();
            }
            Observation::Skipped(_) => call.invocation.failure = evidence.invocation.why_unseen(),
        }
        call
    }

    /// Returns `true` if AWS authorized the call, by what came back.
    pub(super) fn is_authorized(&self) -> bool {
        matches!(self.invocation.outcome, LiveOutcome::Succeeded | LiveOutcome::BodyRejected | LiveOutcome::Throttled)
    }

    /// Returns the reading of a refusal whose text is known.
    pub(super) fn recognized(&self) -> Option<&Classification> {
        self.reading.as_ref().filter(|reading| {
            // A probe's body is meant to be invalid: that it is called so, in words that nothing knows, tells
            // neither that the call was authorized nor that it was not.
            let is_unclear = self.invocation.kind == LiveCall::Probe && reading.cause == Cause::InvalidRequest;
            self.invocation.outcome == LiveOutcome::Refused && is_refusal(reading.cause) && !is_unclear
        })
    }

    /// Returns `true` if the answer decides the verdict by itself.
    pub(super) fn decides(&self) -> bool {
        self.is_authorized() || self.recognized().is_some()
    }

    /// Returns the kind of failure that prevented an answer.
    pub(super) fn failure_kind(&self) -> Option<FailureKind> {
        self.failure.as_ref().map(|failure| failure.kind)
    }
}

/// Returns `true` if a refusal speaks of the probe's own body, which only a reader of the body can.
fn is_about_the_probe(text: &str) -> bool {
    text.contains("max_tokens_to_sample") || text.contains("deserialize the JSON body")
}

/// Returns `true` if a cause is a refusal. A text that nothing knows is not one that can be taken at its word, and a
/// service that cannot answer has refused nothing.
fn is_refusal(cause: Cause) -> bool {
    !matches!(cause, Cause::Unrecognized | Cause::ServiceUnavailable)
}
