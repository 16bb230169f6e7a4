//! Which models a principal can call: one diagnosis for each model and profile in each Region.
//!
//! Every cell is judged as `diagnose` judges a single call, on evidence cut out of the survey. The simulator is asked
//! about many resources at once where their context is the same; a requirement is asked about alone where such an answer
//! cannot settle it, and a cell that is based on a shared answer is at most [`Certainty::Inferred`].

use crate::bedrock::{InferenceProfile, ModelReference, Operation, Region, provider_of, required_retention};
use crate::cause::Cause;
use crate::diagnose::{
    Certainty, Diagnosis, ModelAccess, NotChecked, Unchecked, Verdict, first_questions, without_remedies,
};
use crate::evidence::{
    Answer, Evidence, FailureKind, ListedModel, Listing, Observation, RegionSeen, SharedAnswer, SharedQuestion,
    Simulation, SimulationQuestion, SkipReason, Survey, SurveyQuestion, Unseen,
};
use crate::iam::{Arn, Decision, RequestContext};
use crate::request::Request;
use std::collections::BTreeMap;

/// Resources that are asked about in one call. AWS documents no limit.
const AT_ONCE: usize = 100;

/// The key that the requirements behind a profile have and shared questions lack.
const PROFILE_KEY: &str = "bedrock:InferenceProfileArn";

/// What a principal can call, where.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    /// The world that answered instead of AWS.
    pub sandbox: Option<String>,
    /// When the observation began, RFC 3339 in UTC.
    pub observed_at: String,
    /// The operation.
    pub operation: Operation,
    /// The caller's ARN.
    pub caller: Option<Arn>,
    /// The principal whose policies were judged.
    pub principal: Option<Arn>,
    /// The Regions, in the order in which they were asked for.
    pub regions: Vec<Region>,
    /// The models and profiles, by id; models first.
    pub rows: Vec<Row>,
    /// What could not be read at all.
    pub not_checked: Vec<NotChecked>,
    /// How many calls each API was asked, by its name.
    pub calls: BTreeMap<String, usize>,
}

/// A model or profile.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its id.
    pub id: String,
    /// Whether it is an inference profile.
    pub is_profile: bool,
    /// The provider, as the model's id names it.
    pub provider: String,
    /// How it stands in each Region; none where the Region does not offer it.
    pub cells: Vec<Option<Cell>>,
}

/// A model or profile in one Region.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// What was read of the account's access to the model.
    pub access: ModelAccess,
    /// What IAM says of calling it by this id: the most restrictive decision over what the call needs.
    pub iam: Decision,
    /// The verdict on calling it by this id.
    pub direct: Verdict,
    /// The profiles of the Region through which a model can be called.
    pub through: Vec<String>,
    /// Whether it can be called, by its id or through a profile.
    pub verdict: Verdict,
    /// How sure the verdict on its id is; none where it is undetermined.
    pub certainty: Option<Certainty>,
    /// The first cause of a refusal of its id.
    pub cause: Option<Cause>,
    /// What keeps the verdict on its id open.
    pub unsettled: Option<NotChecked>,
}

impl Matrix {
    /// Returns `true` if everything is known.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let mut cells = self.rows.iter().flat_map(|row| &row.cells).flatten();
        self.not_checked.is_empty() && cells.all(|cell| cell.verdict != Verdict::Undetermined)
    }
}

/// Names what the simulator would still have to be asked; empty where nothing more can be learned.
///
/// With `exact`, every requirement is asked about alone. Like [`crate::diagnose::open_questions`], it ends.
#[must_use]
pub fn survey_questions(survey: &Survey, exact: bool) -> Vec<SurveyQuestion> {
    let mut shared: Vec<SharedQuestion> = Vec::new();
    let mut alone: Vec<SimulationQuestion> = Vec::new();
    for (region, subject) in subjects(survey) {
        let cut = Cut::of(survey, region, &subject);
        let Some((_, open)) = first_questions(&cut.evidence) else { continue };
        for question in open {
            if exact || asked_in_vain(survey, &question) {
                if !alone.contains(&question) {
                    alone.push(question);
                }
            } else {
                share(&mut shared, question);
            }
        }
    }
    let chunks = shared.into_iter().flat_map(|question| {
        let SharedQuestion { principal, action, context, resources } = question;
        let chunk = move |resources: &[String]| SharedQuestion {
            principal: principal.clone(),
            action: action.clone(),
            context: context.clone(),
            resources: resources.to_vec(),
        };
        resources.chunks(AT_ONCE).map(chunk).collect::<Vec<_>>()
    });
    chunks.map(SurveyQuestion::Shared).chain(alone.into_iter().map(SurveyQuestion::Alone)).collect()
}

/// Judges every model and profile in every Region.
#[must_use]
pub fn matrix(survey: &Survey) -> Matrix {
    let mut rows: BTreeMap<(bool, String), Row> = BTreeMap::new();
    let mut principal = None;
    for (column, region) in survey.regions.iter().enumerate() {
        for subject in subjects_of(survey, region) {
            let cut = Cut::of(survey, region, &subject);
            let diagnosis = without_remedies(&cut.evidence);
            principal = principal.or_else(|| diagnosis.principal.arn.clone());
            let row = rows.entry((subject.is_profile(), subject.id())).or_insert_with(|| Row {
                id: subject.id(),
                is_profile: subject.is_profile(),
                provider: provider_of(cut.evidence.base_model().unwrap_or_default()).to_owned(),
                cells: vec![None; survey.regions.len()],
            });
            if let Some(cell) = row.cells.get_mut(column) {
                *cell = Some(judge(&cut, diagnosis));
            }
        }
    }
    let mut rows: Vec<Row> = rows.into_values().collect();
    lead_through_profiles(survey, &mut rows);
    let mut calls = BTreeMap::new();
    for call in &survey.calls {
        *calls.entry(call.api.clone()).or_default() += 1;
    }
    Matrix {
        sandbox: survey.sandbox.clone(),
        observed_at: survey.observed_at.clone(),
        operation: survey.request.operation,
        caller: survey.caller.seen().map(|caller| caller.principal.arn.clone()),
        principal: principal.or_else(|| survey.request.principal.clone()),
        regions: survey.regions.iter().map(|seen| seen.region.clone()).collect(),
        rows,
        not_checked: unread(survey),
        calls,
    }
}

/// What a cell is about.
#[derive(Clone, Debug)]
enum Subject<'s> {
    Model(&'s str),
    Profile(&'s InferenceProfile),
}

impl Subject<'_> {
    fn is_profile(&self) -> bool {
        matches!(self, Self::Profile(_))
    }

    fn id(&self) -> String {
        match self {
            Self::Model(id) => (*id).to_owned(),
            Self::Profile(profile) => profile.id.clone(),
        }
    }

    /// The reference that a call would name: an application profile is named by its ARN.
    fn reference(&self) -> Option<ModelReference> {
        match self {
            Self::Model(id) => Some(ModelReference::FoundationModel((*id).to_owned())),
            Self::Profile(profile) => profile.arn.to_string().parse().ok(),
        }
    }

    fn base(&self) -> Option<&str> {
        match self {
            Self::Model(id) => Some(id),
            Self::Profile(profile) => profile.base_model(),
        }
    }
}

fn subjects(survey: &Survey) -> impl Iterator<Item = (&RegionSeen, Subject<'_>)> {
    survey.regions.iter().flat_map(move |region| subjects_of(survey, region).map(move |subject| (region, subject)))
}

fn subjects_of<'s>(survey: &'s Survey, region: &'s RegionSeen) -> impl Iterator<Item = Subject<'s>> {
    let models = region.models.seen().into_iter().flatten().filter(|model| survey.request.takes(model));
    let profiles = region.profiles.seen().into_iter().flatten().filter(|profile| survey.takes(profile));
    models.map(|model| Subject::Model(&model.listed.id)).chain(profiles.map(Subject::Profile))
}

/// The evidence of one cell, cut out of the survey.
struct Cut {
    evidence: Evidence,
    /// Whether an answer in it was given to a question about many resources.
    is_shared: bool,
}

impl Cut {
    fn of(survey: &Survey, region: &RegionSeen, subject: &Subject<'_>) -> Self {
        let mut request = Request::new(subject.reference(), survey.request.operation, region.region.clone());
        request.principal = survey.request.principal.clone();
        let mut evidence = Evidence::new(request, survey.observed_at.clone(), survey.sandbox.clone());
        evidence.credentials = survey.credentials.clone();
        evidence.caller = survey.caller.clone();
        evidence.principal = survey.principal.clone();
        if let Subject::Profile(profile) = subject {
            evidence.profile = Observation::Seen((*profile).clone());
        }
        evidence.listing = region.models.clone().and_then(|models| {
            let model = models.iter().find(|model| Some(model.listed.id.as_str()) == subject.base());
            Observation::Seen(Listing {
                model: model.map(|model| model.listed.clone()),
                ids: models.iter().map(|model| model.listed.id.clone()).collect(),
                callable: models
                    .iter()
                    .map(|model| &model.listed)
                    .filter(|listed| is_callable(listed))
                    .map(|listed| listed.id.clone())
                    .collect(),
            })
        });
        if let Some(availability) = subject.base().and_then(|base| region.availability.get(base)) {
            evidence.availability = availability.clone();
        }
        evidence.use_case_form = region.use_case_form.clone();
        evidence.guardrails = region.guardrails.clone();
        if subject.base().is_some_and(|base| required_retention(base).is_some()) {
            evidence.data_retention = region.data_retention.clone();
        }
        evidence.invocation = Observation::Skipped(SkipReason::NoTestCallAsked);
        let mut cut = Self { evidence, is_shared: false };
        cut.answer_from(survey);
        cut
    }

    /// Takes the survey's answers over. One may say that the principal is unknown; then the next candidate's count.
    fn answer_from(&mut self, survey: &Survey) {
        let mut asked: Option<Arn> = None;
        while let Some((principal, open)) = first_questions(&self.evidence) {
            if asked.as_ref() == Some(&principal) {
                break;
            }
            for question in open {
                let exact = survey.answers.iter().find(|answer| answer.question == question);
                let simulation = match exact {
                    Some(answer) => answer.simulation.clone(),
                    None => match shared_answer(survey, &question)
                        .and_then(|answer| settled(&answer, &question.requirement))
                    {
                        Some(simulation) => {
                            self.is_shared = true;
                            simulation
                        }
                        None => continue,
                    },
                };
                self.evidence.answers.push(Answer { question, simulation });
            }
            asked = Some(principal);
        }
    }
}

/// Returns `true` if a model is ACTIVE and takes calls by its own id.
fn is_callable(listed: &ListedModel) -> bool {
    listed.lifecycle.as_deref() == Some("ACTIVE") && listed.inference_types.iter().any(|kind| kind == "ON_DEMAND")
}

/// Puts a question to those that can be asked in one call with it: all but the profile's key is the same.
fn share(shared: &mut Vec<SharedQuestion>, question: SimulationQuestion) {
    let SimulationQuestion { principal, requirement, .. } = question;
    let context = requirement.context.without(PROFILE_KEY);
    let alike = shared
        .iter_mut()
        .find(|known| known.principal == principal && known.action == requirement.action && known.context == context);
    match alike {
        Some(known) if known.resources.contains(&requirement.resource) => {}
        Some(known) => known.resources.push(requirement.resource),
        None => {
            shared.push(SharedQuestion {
                principal,
                action: requirement.action,
                context,
                resources: vec![requirement.resource],
            });
        }
    }
}

/// What a question about many resources said of one requirement.
struct OfMany<'s> {
    simulation: &'s Observation<Simulation>,
}

fn shared_answer<'s>(survey: &'s Survey, question: &SimulationQuestion) -> Option<OfMany<'s>> {
    let SimulationQuestion { principal, requirement, .. } = question;
    let context = requirement.context.without(PROFILE_KEY);
    let of_requirement = |answer: &'s SharedAnswer| {
        let SharedQuestion { principal: whose, action, context: common, resources } = &answer.question;
        if whose != principal || *action != requirement.action || *common != context {
            return None;
        }
        let position = resources.iter().position(|resource| *resource == requirement.resource)?;
        Some(OfMany { simulation: answer.simulations.get(position)? })
    };
    survey.shared.iter().find_map(of_requirement)
}

/// Returns `true` if the question was part of a shared one, whose answer does not settle it.
fn asked_in_vain(survey: &Survey, question: &SimulationQuestion) -> bool {
    shared_answer(survey, question).is_some_and(|answer| settled(&answer, &question.requirement).is_none())
}

/// Returns what a shared answer says of a requirement, where that is what an answer of its own would say.
///
/// The organization's verdict is given for all resources together (IAM API Reference, "EvaluationResult"), so that
/// a denial has to be asked about alone; and so has a requirement behind a profile where a policy looks at the profile's key.
fn settled(answer: &OfMany<'_>, requirement: &RequestContext) -> Option<Observation<Simulation>> {
    let simulation = match answer.simulation {
        Observation::Seen(simulation) => simulation,
        // One resource that the simulator does not take spoils the call for all.
        Observation::Refused(error) if error.code.as_deref().is_some_and(|code| code.starts_with("InvalidInput")) => {
            return None;
        }
        Observation::Failed(failure) if failure.kind == FailureKind::Unreadable => return None,
        unseen => return Some(unseen.clone()),
    };
    let looks_at_profile = simulation.missing_context.iter().any(|key| key.eq_ignore_ascii_case(PROFILE_KEY));
    if requirement.context.get(PROFILE_KEY).is_some() && looks_at_profile {
        return None;
    }
    match (simulation.allowed_by_organizations, simulation.decision) {
        // What is allowed is allowed by the organization too: the denial was another resource's.
        (Some(false), Decision::Allowed) => {
            Some(Observation::Seen(Simulation { allowed_by_organizations: Some(true), ..simulation.clone() }))
        }
        (Some(false), _) => None,
        _ => Some(Observation::Seen(simulation.clone())),
    }
}

fn judge(cut: &Cut, diagnosis: Diagnosis) -> Cell {
    let certainty = match diagnosis.certainty {
        Some(_) if cut.is_shared => Some(Certainty::Inferred),
        certainty => certainty,
    };
    Cell {
        access: diagnosis.model_access,
        iam: diagnosis
            .requirements
            .iter()
            .map(|requirement| requirement.decision)
            .max_by_key(|decision| weight(*decision))
            .unwrap_or(Decision::Undetermined),
        direct: diagnosis.verdict,
        through: Vec::new(),
        verdict: diagnosis.verdict,
        certainty,
        cause: diagnosis.findings.first().map(|finding| finding.cause),
        unsettled: match diagnosis.verdict {
            Verdict::Undetermined => diagnosis.not_checked.into_iter().next(),
            _ => None,
        },
    }
}

/// The most restrictive decision weighs most; one that is not known outweighs an allow.
fn weight(decision: Decision) -> u8 {
    match decision {
        Decision::Allowed => 0,
        Decision::Undetermined => 1,
        Decision::ImplicitDeny => 2,
        Decision::ExplicitDeny => 3,
    }
}

/// Notes at each model the profiles that lead to it.
fn lead_through_profiles(survey: &Survey, rows: &mut [Row]) {
    let mut ways: Vec<(String, usize, String, Verdict)> = Vec::new();
    for row in rows.iter().filter(|row| row.is_profile) {
        for (column, cell) in row.cells.iter().enumerate() {
            let profiles = survey.regions.get(column).and_then(|region| region.profiles.seen());
            let profile = profiles.into_iter().flatten().find(|profile| profile.id == row.id);
            if let (Some(cell), Some(base)) = (cell, profile.and_then(InferenceProfile::base_model)) {
                ways.push((base.to_owned(), column, row.id.clone(), cell.verdict));
            }
        }
    }
    for (base, column, profile, verdict) in ways {
        let row = rows.iter_mut().find(|row| !row.is_profile && row.id == base);
        let Some(cell) = row.and_then(|row| row.cells.get_mut(column)).and_then(Option::as_mut) else { continue };
        match verdict {
            Verdict::Allowed => {
                cell.through.push(profile);
                cell.verdict = Verdict::Allowed;
            }
            Verdict::Undetermined if cell.verdict == Verdict::Denied => cell.verdict = Verdict::Undetermined,
            _ => {}
        }
    }
}

/// What could not be read of whole Regions, or of the principal.
fn unread(survey: &Survey) -> Vec<NotChecked> {
    let mut unread = Vec::new();
    let mut note = |what: Unchecked, why: Option<Unseen>| unread.extend(why.map(|why| NotChecked::new(what, why)));
    note(Unchecked::Credentials, survey.credentials.why_unseen());
    note(Unchecked::Policies, survey.principal.why_unseen());
    for seen in &survey.regions {
        note(Unchecked::Models(seen.region.to_string()), seen.models.why_unseen());
        note(Unchecked::Profiles(seen.region.to_string()), seen.profiles.why_unseen());
    }
    unread
}
