//! A case: the evidence, and everything derived from it, once.
//!
//! Whom the simulator is asked about, which requirements the call has, the policies parsed, the texts classified. Every
//! rule reads these and none derives them again.

mod absence;
mod attached;
mod exemption;
mod proof;
mod unsimulated;

pub(super) use absence::Absence;
pub(super) use attached::{AttachedPolicies, Source, open_policies, why_incomplete};
pub(super) use proof::Proof;
pub(super) use unsimulated::{Unsimulated, UnsimulatedPolicy, is_within};

use super::diagnosis::{Invocation, LiveOutcome};
use super::unread::ScpExemption;
use crate::bedrock::{Marketplace, provider_of};
use crate::cause::Cause;
use crate::evidence::{Evidence, Failure, FailureKind, Observation, ServiceError, UseCaseForm};
use crate::explain::{self, Classification};
use crate::iam::{Arn, ContextKeys, Decision, PolicyType, RequestContext};
use crate::request::{KnownCaller, LiveCall, Requirements};
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
    /// The policies that the policy simulator does not evaluate.
    pub(super) unsimulated: Vec<Unsimulated<'e>>,
    /// Why the Region does not list the model.
    pub(super) absence: Option<Absence>,
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
            unsimulated: unsimulated::parse(evidence),
            absence: absence::find(evidence),
            exemption: exemption::find(evidence, principal.as_ref()),
            test_call: TestCall::new(evidence),
            pasted: evidence.request.error.as_ref().map(|given| explain::classify(None, None, &given.text)),
            principal,
        }
    }

    /// The requirements of the call itself, with the principal's ARN and tags in their context.
    pub(super) fn call_requirements(&self, principal: &Arn) -> Vec<RequestContext> {
        let requirements = self.needed.requirements.iter().cloned();
        requirements.map(|requirement| self.completed(requirement, principal)).collect()
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
            self.completed(requirement, principal)
        };
        SUBSCRIPTION_ACTIONS.iter().map(requirement).collect()
    }

    /// Every request context that the simulator is to judge of the principal.
    pub(super) fn requirements_to_simulate(&self, principal: &Arn) -> Vec<RequestContext> {
        let mut requirements = self.call_requirements(principal);
        requirements.extend(self.subscription_requirements(principal));
        requirements
    }

    /// Adds what every call of the principal under diagnosis carries.
    pub(super) fn completed(&self, requirement: RequestContext, principal: &Arn) -> RequestContext {
        self.with_tags(completed(requirement, principal, &self.evidence.observed_at))
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

    /// Returns the ARN of the policy that the test call's refusal names, where it is one of the type.
    pub(super) fn told_policy(&self, policy_type: PolicyType) -> Option<&str> {
        let reading = self.test_call.reading.as_ref()?;
        let is_of_type = match reading.cause {
            Cause::IdentityPolicyExplicitDeny | Cause::IdentityPolicyMissingAllow => PolicyType::IdentityPolicy,
            Cause::PermissionsBoundary => PolicyType::PermissionsBoundary,
            Cause::SessionPolicy => PolicyType::SessionPolicy,
            Cause::ServiceControlPolicy => PolicyType::ServiceControlPolicy,
            Cause::ResourceControlPolicy => PolicyType::ResourceControlPolicy,
            Cause::VpcEndpointPolicy => PolicyType::VpcEndpointPolicy,
            Cause::ResourcePolicy => PolicyType::ResourcePolicy,
            _ => return None,
        };
        reading.facts.policy_arn.as_deref().filter(|_| is_of_type == policy_type)
    }
}

/// Adds what every call of the principal carries and the simulator does not fill in by itself.
pub(super) fn completed(mut requirement: RequestContext, principal: &Arn, observed_at: &str) -> RequestContext {
    let caller = KnownCaller { entity: Some(principal), at: Some(observed_at), ..KnownCaller::default() };
    caller.complete_for_simulator(&mut requirement.context);
    requirement
}

/// Returns the ARN to simulate: the likeliest candidate that the simulator has not said it does not know.
fn current_candidate(evidence: &Evidence) -> Option<Arn> {
    let source = evidence.principal.seen()?;
    let is_unknown = |candidate: &&Arn| {
        let answers = evidence.answers.iter().filter(|answer| answer.question.principal == **candidate);
        answers.into_iter().any(|answer| answer.simulation.refused().is_some_and(ServiceError::is_no_such_entity))
    };
    source.candidates.iter().find(|candidate| !is_unknown(candidate)).or_else(|| source.candidates.last()).cloned()
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
    /// What proves that AWS authorized the call.
    pub(super) proof: Option<Proof>,
    /// The network or the clock prevented an answer.
    pub(super) failure: Option<Failure>,
}

impl TestCall {
    fn new(evidence: &Evidence) -> Self {
        let kind = evidence.request.live;
        let mut call = Self {
            invocation: Invocation { kind, outcome: LiveOutcome::NotMade, error: None, failure: None },
            reading: None,
            proof: None,
            failure: None,
        };
        if kind == LiveCall::None {
            return call;
        }
        match &evidence.invocation {
            Observation::Seen(_) => {
                call.proof = Proof::from_answer(kind);
                call.invocation.outcome =
                    if call.proof.is_some() { LiveOutcome::Succeeded } else { LiveOutcome::Unreadable };
            }
            Observation::Refused(error) => {
                let reading = classified(error);
                call.proof = Proof::from_rejection(kind, error, &reading);
                call.invocation.outcome = if call.proof.is_some() {
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
        self.proof.is_some()
    }

    /// Returns `true` if the call came too often, which proves nothing either way.
    pub(super) fn is_throttled(&self) -> bool {
        self.invocation.outcome == LiveOutcome::Throttled
    }

    /// Returns the reading of a refusal whose text is known.
    pub(super) fn recognized(&self) -> Option<&Classification> {
        self.reading.as_ref().filter(|reading| {
            // The body is this program's own: that it is called invalid, in words that prove nothing, tells neither that the
            // call was authorized nor that it was not.
            let is_unclear = reading.cause == Cause::InvalidRequest;
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

/// Returns `true` if a cause is a refusal. A text that nothing knows is not one that can be taken at its word, and a
/// service that cannot answer has refused nothing.
fn is_refusal(cause: Cause) -> bool {
    !matches!(cause, Cause::Unrecognized | Cause::ServiceUnavailable)
}
