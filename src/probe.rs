//! Asks AWS, and records what comes back: the only room that knows the AWS SDK.
//!
//! [`Probe::gather`] takes the first look at everything that a diagnosis needs; [`Session::ask`] answers the
//! questions that [`crate::diagnose::open_questions`] finds open. Both record and never judge: a refusal, a
//! failure and a skipped call are observations like any other. Independent calls run at once, all under one
//! deadline, and an endpoint that failed once is not asked again.
//!
//! One probe serves any number of diagnoses, one after the other or at once: credentials and clients are made once,
//! and what several diagnoses want to know is read once.
//!
//! Every call is a read, but for the test call, which is made only where the request asks for it.

mod account;
mod answer;
mod api;
mod call;
mod caller;
mod connection;
mod http;
mod live;
mod model;
mod pace;
mod service_role;
mod shared;
mod simulate;
mod survey;
mod traffic;

pub use account::{Account, EmbeddedAccount, RoleToAssume, default_region};
pub use api::{Api, ApiKind};
pub use live::can_invoke;
pub use survey::SurveySession;
pub use traffic::Traffic;

use crate::evidence::{Answer, Call, Evidence, Observation, Question, SimulationQuestion};
use crate::request::{LiveCall, Request};
use account::Clients;
use call::Caller as Calls;
use connection::Connection;
use shared::Shared;
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// How much longer a diagnosis may take where a model has to answer.
const INVOKE_ALLOWANCE: Duration = Duration::from_secs(60);

/// One connection to an account, for any number of diagnoses.
#[derive(Debug)]
pub struct Probe {
    connection: Connection,
    timeout: Duration,
    traffic: Arc<Traffic>,
    shared: Arc<Shared>,
}

/// A diagnosis under way: the clients and the deadline that its calls share.
#[derive(Debug)]
pub struct Session {
    clients: Option<Arc<Clients>>,
    calls: Calls,
}

impl Probe {
    /// Prepares to look at an account; `timeout` is the deadline of one diagnosis, credentials included.
    #[must_use]
    pub fn new(account: Account, timeout: Duration) -> Self {
        Self::amid(Arc::new(Traffic::of_one()), account, timeout)
    }

    /// Prepares to look at an account amid the traffic of others.
    #[must_use]
    pub fn amid(traffic: Arc<Traffic>, account: Account, timeout: Duration) -> Self {
        Self { connection: Connection::new(account, None), timeout, traffic, shared: Arc::new(Shared::new()) }
    }

    /// Asks with the credentials of a role, which the account's own credentials assume first.
    #[must_use]
    pub fn assuming(self, role: Option<RoleToAssume>) -> Self {
        Self { connection: Connection::new(self.connection.account, role), ..self }
    }

    /// Takes the first look, and returns what was seen with the session that answers further questions.
    ///
    /// Never fails: whatever goes wrong is an observation.
    pub async fn gather(&self, request: Request) -> (Evidence, Session) {
        let timeout = match request.live {
            LiveCall::Invoke => self.timeout + INVOKE_ALLOWANCE,
            LiveCall::None | LiveCall::Probe => self.timeout,
        };
        let calls = self.calls(timeout);
        let reach = self.connection.clients(&request.region, &calls).await;
        let reason = match &reach.assumption {
            Some(_) => "the role could not be assumed",
            None => "there are no credentials",
        };
        let mut evidence = Evidence::unobserved(request, reason);
        evidence.observed_at = self.observed_at();
        evidence.sandbox = self.sandbox();
        evidence.credentials = reach.credentials;
        evidence.assumption = reach.assumption;
        evidence.calls = reach.calls;
        let session = Session { clients: reach.clients, calls };
        session.first_look(&mut evidence).await;
        (evidence, session)
    }

    /// When the observation begins: the embedded account's clock stands still.
    fn observed_at(&self) -> String {
        match &self.connection.account {
            Account::Embedded(embedded) => embedded.observed_at.clone(),
            Account::Aws { .. } => OffsetDateTime::now_utc()
                .replace_nanosecond(0)
                .ok()
                .and_then(|now| now.format(&Rfc3339).ok())
                .unwrap_or_default(),
        }
    }

    /// The world that answers instead of AWS.
    fn sandbox(&self) -> Option<String> {
        match &self.connection.account {
            Account::Embedded(embedded) => Some(embedded.world.clone()),
            Account::Aws { .. } => None,
        }
    }

    fn calls(&self, live_timeout: Duration) -> Calls {
        let timeless = matches!(self.connection.account, Account::Embedded(_));
        Calls::new(self.timeout, live_timeout, timeless, self.traffic.clone(), self.shared.clone())
    }
}

impl Session {
    async fn first_look(&self, evidence: &mut Evidence) {
        let Some(clients) = &self.clients else { return };
        let request = evidence.request.clone();
        let (identity, (service_role, role_calls), model, invocation) = tokio::join!(
            caller::look(clients, &self.calls, &request),
            service_role::look(clients, &self.calls, &request),
            model::look(clients, &self.calls, &request),
            live::look(clients, &self.calls, &request),
        );
        evidence.caller = identity.caller;
        evidence.principal = identity.principal;
        evidence.service_role = service_role;
        evidence.profile = model.profile;
        evidence.listing = model.listing;
        evidence.availability = model.availability;
        evidence.use_case_form = model.use_case_form;
        evidence.invocation = invocation.outcome;
        evidence.calls =
            [std::mem::take(&mut evidence.calls), identity.calls, role_calls, model.calls, invocation.calls].concat();
    }

    /// Puts the answers to questions into the evidence, in the order in which they were asked.
    pub async fn ask(&self, evidence: &mut Evidence, questions: Vec<Question>) {
        let Some(clients) = &self.clients else { return };
        let simulations: Vec<SimulationQuestion> =
            questions.into_iter().map(|Question::Simulate(question)| question).collect();
        let answers: Vec<(Observation<_>, Call)> = simulate::all(clients, &self.calls, &simulations).await;
        for (question, (simulation, call)) in simulations.into_iter().zip(answers) {
            evidence.answers.push(Answer { question, simulation });
            evidence.calls.push(call);
        }
    }
}

fn skipped<T>(reason: &str) -> Observation<T> {
    Observation::Skipped(reason.to_owned())
}
