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
mod api_key;
mod authorization;
mod call;
mod caller;
mod connection;
mod endpoint;
mod events;
mod gates;
mod http;
mod live;
mod model;
mod pace;
mod policies;
mod service_role;
mod shared;
mod simulate;
mod survey;
mod traffic;

pub use account::{Account, EmbeddedAccount, RoleToAssume, default_region};
pub use api::{Api, ApiKind};
pub use events::{History, Lookup, PAGE};
pub use live::can_invoke;
pub use survey::SurveySession;
pub use traffic::{Journal, Traffic};

use crate::evidence::{
    Answer, AuthorizationQuestion, AuthorizationRecord, ChosenBy, Evidence, Observation, PolicyQuestion, PolicyText,
    Question, SimulationQuestion, SkipReason, Subject,
};
use crate::request::{LiveCall, Request};
use account::Clients;
use call::Caller as Calls;
use connection::Connection;
use futures_util::future::OptionFuture;
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

    /// Returns what this probe's calls have in common with those of others.
    #[must_use]
    pub fn traffic(&self) -> Arc<Traffic> {
        self.traffic.clone()
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
        let mut evidence = Evidence::new(request, self.observed_at(), self.sandbox());
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
        let Some(clients) = &self.clients else {
            let reason = match &evidence.assumption {
                Some(_) => SkipReason::RoleNotAssumed,
                None => SkipReason::NoCredentials,
            };
            evidence.skip_all(&reason);
            return;
        };
        let request = evidence.request.clone();
        let credentials = evidence.credentials.seen();
        // Whose call the test call would be has to be known first where a given error names somebody.
        let identity_and_live = async {
            let identity = Box::pin(caller::look(clients, &self.calls, &request, credentials));
            if request.error.as_ref().is_none_or(|error| error.principal.is_none()) {
                return tokio::join!(identity, Box::pin(live::look(clients, &self.calls, &request)));
            }
            let identity = identity.await;
            let subject = Subject::of(&request, credentials, identity.caller.seen());
            let invocation = match subject.principal.filter(|_| subject.chosen_by == ChosenBy::Error) {
                Some(other) => live::not_made(&other.arn),
                None => Box::pin(live::look(clients, &self.calls, &request)).await,
            };
            (identity, invocation)
        };
        let ((identity, invocation), (service_role, role_calls), model, endpoint) = tokio::join!(
            // On the heap: together they are more than a small stack holds.
            Box::pin(identity_and_live),
            Box::pin(service_role::look(clients, &self.calls, &request)),
            Box::pin(model::look(clients, &self.calls, &request)),
            Box::pin(endpoint::look(&clients.route, &self.calls)),
        );
        evidence.caller = identity.caller;
        evidence.principal = identity.principal;
        evidence.policies = identity.policies;
        evidence.service_role = service_role;
        evidence.profile = model.profile;
        evidence.listing = model.listing;
        evidence.availability = model.availability;
        evidence.use_case_form = model.use_case_form;
        evidence.guardrails = model.guardrails;
        evidence.data_retention = model.data_retention;
        evidence.endpoint = endpoint;
        evidence.invocation = invocation.outcome;
        evidence.calls =
            [std::mem::take(&mut evidence.calls), identity.calls, role_calls, model.calls, invocation.calls].concat();
    }

    /// Puts the answers to questions into the evidence, in the order in which they were asked.
    pub async fn ask(&self, evidence: &mut Evidence, questions: Vec<Question>) {
        let Some(clients) = &self.clients else { return };
        let (mut simulations, mut policies): (Vec<SimulationQuestion>, Vec<PolicyQuestion>) = (Vec::new(), Vec::new());
        let (mut profiles, mut data_retention) = (None, None);
        let mut authorizations: Vec<AuthorizationQuestion> = Vec::new();
        for question in questions {
            match question {
                Question::Simulate(question) => simulations.push(*question),
                Question::ReadPolicy(question) => policies.push(question),
                Question::Profiles => profiles = Some(gates::profiles(clients, &self.calls)),
                Question::DataRetention => data_retention = Some(gates::data_retention(clients, &self.calls)),
                Question::Authorization(question) => authorizations.push(question),
            }
        }
        let (profiles, data_retention, simulated, read, evaluated) = tokio::join!(
            OptionFuture::from(profiles),
            OptionFuture::from(data_retention),
            simulate::all(clients, &self.calls, &simulations),
            policies::read_all(clients, &self.calls, &policies),
            authorization::look_up_all(clients, &self.calls, &authorizations),
        );
        if let Some((profiles, call)) = profiles {
            evidence.profiles = profiles;
            evidence.calls.push(call);
        }
        if let Some((mode, call)) = data_retention {
            evidence.data_retention = mode;
            evidence.calls.push(call);
        }
        for (question, (simulation, call)) in simulations.into_iter().zip(simulated) {
            evidence.answers.push(Answer { question, simulation });
            evidence.calls.push(call);
        }
        for (PolicyQuestion { policy, .. }, (content, calls)) in policies.into_iter().zip(read) {
            // What was not fetched before is fetched now, and takes its place.
            evidence.policies.texts.retain(|known| known.policy != policy);
            evidence.policies.texts.push(PolicyText { policy, content });
            evidence.calls.extend(calls);
        }
        for (question, (details, call)) in authorizations.into_iter().zip(evaluated) {
            evidence.authorizations.push(AuthorizationRecord { question, details });
            evidence.calls.push(call);
        }
    }
}

fn skipped<T>(reason: SkipReason) -> Observation<T> {
    Observation::Skipped(reason)
}
