//! From evidence to verdict: why the call is refused, what makes it work, and how sure that is.
//!
//! Two pure functions. [`open_questions`] names what the policy simulator would still have to be asked;
//! [`diagnose`] runs every rule over the evidence and ranks what they found. No clock, environment, randomness,
//! I/O or async: the same evidence gives the same diagnosis, anywhere and at any time.
//!
//! A refused, failed or skipped check is never a cause by itself, unless credentials or the network prevent the
//! diagnosis altogether.

mod authorization;
mod credentials;
mod documents;
mod expectation;
mod finding;
mod gates;
mod given;
mod judge;
mod live;
mod models;
mod nearest;
mod organization;
mod past;
mod questions;
mod reading;
mod remedy;
mod requirements;
mod service_role;
mod statement;
mod trials;
mod trust;
mod unseen;
mod verdict;

pub use documents::PolicyDocument;
pub use expectation::Expectation;
pub use finding::{Basis, Certainty, Change, ChangeKind, Finding, Remedy, StatementId, Verified};
pub use models::{Cell, Matrix, Row, matrix, survey_questions};
pub use questions::open_questions;
pub use requirements::{JudgedBy, Requirement};
pub use statement::{DecidedBy, NearMiss};
pub use trust::Trust;
pub use verdict::Verdict;

use crate::bedrock::{ModelReference, Operation, Region};
use crate::cause::{Cause, DocumentedCause};
use crate::evidence::{Availability, Call, Evidence, FoundBy, Listing, Observation, ServiceError, UseCaseForm};
use crate::iam::{Arn, Decision, PolicyType, PrincipalKind};
use crate::request::LiveCall;

/// What a diagnosis came to: facts for the renderers to word.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnosis {
    /// Whether the call is allowed, denied, or cannot be told.
    pub verdict: Verdict,
    /// How sure the verdict is; none where it is undetermined.
    pub certainty: Option<Certainty>,
    /// Which of the two documented causes applies; none where the verdict is undetermined.
    pub documented_cause: Option<DocumentedCause>,
    /// The world that answered instead of AWS.
    pub sandbox: Option<String>,
    /// When the observation began, RFC 3339 in UTC.
    pub observed_at: String,
    /// What was asked.
    pub request: Asked,
    /// Who calls.
    pub caller: CallerSeen,
    /// Whose permissions were diagnosed.
    pub principal: PrincipalSeen,
    /// Every authorization that the call needs, judged.
    pub requirements: Vec<Requirement>,
    /// Whether the services that assume the roles concerned may do so.
    pub trust: Vec<Trust>,
    /// What was read of the account's access to the model.
    pub model_access: ModelAccess,
    /// The test call and its outcome.
    pub invocation: Invocation,
    /// The causes, the one to fix first at the head.
    pub findings: Vec<Finding>,
    /// The policy documents that they are about, as far as they were read.
    pub documents: Vec<PolicyDocument>,
    /// Causes that the evidence excludes, and why.
    pub ruled_out: Vec<RuledOut>,
    /// What could matter and could not be seen.
    pub not_checked: Vec<NotChecked>,
    /// Where two sources contradict each other, in words.
    pub contradictions: Vec<String>,
    /// What is no cause and worth knowing.
    pub advice: Vec<String>,
    /// What has to be known before anything else: whose permissions these are, where it is not the caller's.
    pub warnings: Vec<String>,
    /// Every call that was made.
    pub calls: Vec<Call>,
}

/// What a diagnosis says, less names and words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gist {
    /// The verdict.
    pub verdict: Verdict,
    /// How sure it is.
    pub certainty: Option<Certainty>,
    /// The causes, the one to fix first at the head.
    pub causes: Vec<Cause>,
    /// What became of each requirement, and by which policy type.
    pub requirements: Vec<(Decision, Option<PolicyType>)>,
}

impl Diagnosis {
    /// Returns what the diagnosis says, less names and words: cases of the same gist differ in whose they are, and in
    /// nothing that counts.
    #[must_use]
    pub fn gist(&self) -> Gist {
        Gist {
            verdict: self.verdict,
            certainty: self.certainty,
            causes: self.findings.iter().map(|finding| finding.cause).collect(),
            requirements: self
                .requirements
                .iter()
                .map(|requirement| (requirement.decision, requirement.policy_type))
                .collect(),
        }
    }
}

/// The request, as reports show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The model as it was given; none where the operation takes none.
    pub model: Option<ModelReference>,
    /// The operation.
    pub operation: Operation,
    /// The source Region.
    pub region: Region,
    /// What else the call names.
    pub resources: Vec<Arn>,
    /// The role that Bedrock assumes to carry the operation out.
    pub service_role: Option<Arn>,
}

impl Asked {
    /// Names what the call is made to: the model, or else the first resource, or else nothing.
    #[must_use]
    pub fn target(&self) -> String {
        let model = self.model.as_ref().map(ToString::to_string);
        model.or_else(|| self.resources.first().map(ToString::to_string)).unwrap_or_else(|| "nothing".to_owned())
    }
}

/// The caller, as far as it was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallerSeen {
    /// The ARN that STS printed.
    pub arn: Option<Arn>,
    /// The account.
    pub account: Option<String>,
    /// The IAM user's or role's ARN, with its path.
    pub principal_arn: Option<Arn>,
    /// The kind of principal.
    pub kind: Option<PrincipalKind>,
    /// Where the credentials came from.
    pub credential_source: Option<String>,
    /// When they expire, RFC 3339 in UTC.
    pub expires_at: Option<String>,
}

/// Whose permissions were diagnosed, and who chose it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrincipalSeen {
    /// The IAM user's or role's ARN, where it is known.
    pub arn: Option<Arn>,
    /// The kind of principal.
    pub kind: Option<PrincipalKind>,
    /// `caller`, `option`, `error` or `api-key`.
    pub chosen_by: &'static str,
    /// How the ARN was found.
    pub found_by: Option<FoundBy>,
}

/// What was read of the account's access to the model; none where it was not read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelAccess {
    /// The foundation model behind the request.
    pub model: Option<String>,
    /// Whether the Region lists the model; being listed is not having access.
    pub listed: Option<bool>,
    /// `ACTIVE` or `LEGACY`.
    pub lifecycle: Option<String>,
    /// The agreement's status.
    pub agreement: Option<String>,
    /// The authorization status.
    pub authorization: Option<String>,
    /// The entitlement's availability.
    pub entitlement: Option<String>,
    /// The Region's availability.
    pub region: Option<String>,
    /// Whether the use case form was found.
    pub use_case_form: Option<bool>,
}

/// How the test call came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LiveOutcome {
    /// No test call was asked for.
    NotMade,
    /// The model answered.
    Succeeded,
    /// The body was refused, which only happens behind every access check.
    BodyRejected,
    /// The call was refused.
    Refused,
    /// The call was authorized and came too often.
    Throttled,
    /// No answer came back, or none that can be read.
    Failed,
}

impl LiveOutcome {
    /// Returns the kebab-case name that JSON uses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotMade => "not-made",
            Self::Succeeded => "succeeded",
            Self::BodyRejected => "body-rejected",
            Self::Refused => "refused",
            Self::Throttled => "throttled",
            Self::Failed => "failed",
        }
    }
}

/// The test call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// What was asked for.
    pub kind: LiveCall,
    /// How it came out.
    pub outcome: LiveOutcome,
    /// AWS's error, raw.
    pub error: Option<ServiceError>,
    /// What prevented an answer, in words.
    pub failure: Option<String>,
}

/// A cause that the evidence excludes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuledOut {
    /// The cause.
    pub cause: Cause,
    /// Why, in words.
    pub why: String,
}

/// Something that could matter and could not be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotChecked {
    /// What.
    pub what: String,
    /// Why not.
    pub why: String,
}

impl NotChecked {
    fn new(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self { what: what.into(), why: why.into() }
    }
}

/// Says why the call is refused, or that it is allowed, or what would settle it.
#[must_use]
pub fn diagnose(evidence: &Evidence) -> Diagnosis {
    let mut requirements = requirements::judge(evidence);
    let live = live::read(evidence);
    let evaluated = authorization::of_live(evidence);
    requirements.evaluated = evaluated.iter().flat_map(|evaluated| evaluated.deniers()).collect();
    let mut gates = gates::read(evidence);
    let trust = trust::read(evidence);
    gates.unread.extend(trust.unread);

    let service_role = service_role::judge(evidence);

    let mut findings = credentials::findings(evidence, &live);
    findings.extend(live.findings(evidence, &requirements));
    findings.extend(evaluated.iter().flat_map(|evaluated| evaluated.findings(evidence, &requirements)));
    findings.extend(requirements.findings(evidence));
    findings.extend(service_role::findings(&service_role, evidence));
    findings.extend(trust.findings);
    findings.extend(gates.findings);
    let past = match &evidence.request.error {
        Some(_) => {
            let now = verdict::decide(&live, &requirements, &gates.unread, findings.clone());
            let excluded = verdict::ruled_out(evidence, &live, &requirements, &trust.seen, &now);
            past::weigh(evidence, &live, &requirements, &findings, &excluded)
        }
        None => past::Past::default(),
    };
    if past.finding.is_some() {
        let evaluated = authorization::of_given(evidence);
        findings.extend(evaluated.iter().flat_map(|evaluated| evaluated.findings(evidence, &requirements)));
    }
    findings.extend(past.finding);
    gates.advice.extend(past.advice);
    gates.unread.splice(..0, past.open);
    let findings = finding::rank(finding::merge(findings));
    if let Some(evaluated) = evaluated {
        evaluated.settle(&mut requirements.requirements);
    }
    let mut requirements = service_role.behind(requirements);

    let verdict = verdict::decide(&live, &requirements, &gates.unread, findings);
    let unseen = unseen::list(evidence, &live, &requirements, &gates.unread, verdict.verdict);
    let account_seen = evidence.caller.seen();

    Diagnosis {
        documented_cause: verdict.documented_cause(),
        ruled_out: verdict::ruled_out(evidence, &live, &requirements, &trust.seen, &verdict),
        contradictions: [past.contradictions, live.contradictions(&requirements), requirements.contradictions()]
            .concat(),
        verdict: verdict.verdict,
        certainty: verdict.certainty,
        documents: documents::concerned(evidence, &verdict.findings),
        findings: verdict.findings,
        sandbox: evidence.sandbox.clone(),
        observed_at: evidence.observed_at.clone(),
        request: Asked {
            model: evidence.request.model.clone(),
            operation: evidence.request.operation,
            region: evidence.request.region.clone(),
            resources: evidence.request.resources.clone(),
            service_role: evidence.request.service_role.clone(),
        },
        caller: CallerSeen {
            arn: account_seen.map(|caller| caller.principal.arn.clone()),
            account: account_seen.map(|caller| caller.account.clone()),
            principal_arn: evidence.is_about_the_caller().then(|| requirements.principal.clone()).flatten(),
            kind: account_seen.map(|caller| caller.principal.kind),
            credential_source: evidence.credentials.seen().map(|credentials| credentials.source.clone()),
            expires_at: evidence.credentials.seen().and_then(|credentials| credentials.expires_at.clone()),
        },
        principal: principal_seen(evidence, requirements.principal.clone()),
        requirements: requirements.requirements,
        trust: trust.seen,
        model_access: model_access(evidence),
        invocation: live.invocation,
        not_checked: unseen,
        advice: [gates.advice, credentials::advice(evidence), std::mem::take(&mut requirements.advice)].concat(),
        warnings: credentials::whose(evidence),
        calls: evidence.calls.clone(),
    }
}

fn principal_seen(evidence: &Evidence, settled: Option<Arn>) -> PrincipalSeen {
    let subject = evidence.subject();
    PrincipalSeen {
        kind: subject.principal.as_ref().map(|principal| principal.kind),
        arn: settled.or_else(|| subject.principal.map(|principal| principal.arn)),
        chosen_by: subject.chosen_by.as_str(),
        found_by: evidence.principal.seen().map(|source| source.found_by),
    }
}

fn model_access(evidence: &Evidence) -> ModelAccess {
    let listing: Option<&Listing> = evidence.listing.seen();
    let listed = listing.and_then(|listing| listing.model.as_ref());
    let availability: Option<&Availability> = evidence.availability.seen();
    let field = |pick: fn(&Availability) -> &Option<String>| availability.and_then(|fields| pick(fields).clone());
    ModelAccess {
        model: evidence.base_model().map(str::to_owned),
        listed: listing.map(|listing| listing.model.is_some()),
        lifecycle: listed.and_then(|model| model.lifecycle.clone()),
        agreement: field(|fields| &fields.agreement),
        authorization: field(|fields| &fields.authorization),
        entitlement: field(|fields| &fields.entitlement),
        region: field(|fields| &fields.region),
        use_case_form: form_submitted(&evidence.use_case_form),
    }
}

/// Tells whether the form is there; a 404 says that it is not, any other refusal says nothing.
fn form_submitted(form: &Observation<UseCaseForm>) -> Option<bool> {
    match form {
        Observation::Seen(_) => Some(true),
        Observation::Refused(error) if error.code.as_deref() == Some("ResourceNotFoundException") => Some(false),
        _ => None,
    }
}
