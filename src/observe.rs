//! Asks AWS, and records the answers: the only room that knows the AWS SDK.
//!
//! [`Observer::gather`] takes the first look at everything that a diagnosis needs; [`Session::ask`] answers the
//! questions that [`crate::diagnose::open_questions`] finds open. Both record and never judge: a refusal, a
//! failure and a skipped call are observations like any other. Independent calls run at the same time, all under one
//! deadline, and an endpoint that failed once is not called again.
//!
//! One observer serves any number of diagnoses, one after the other or at the same time: credentials and clients are made
//! once, and what several diagnoses need is read once.
//!
//! Every call is a read, except for the test call, which is made only if the request asks for it.

mod account;
mod account_settings;
mod answer_cache;
mod answer_form;
mod api;
mod api_key;
mod authorization;
mod body;
mod call_runner;
mod caller;
mod children;
mod connection;
mod credentials;
mod endpoint;
mod events;
mod http;
mod kept_text;
mod model;
mod policies;
mod profiles;
mod programs;
mod rate_limiter;
mod resource_policies;
mod response;
mod sdk_error;
mod service_role;
mod signed;
mod simulate;
mod survey;
mod test_call;
mod traffic;

pub use account::{Account, EmbeddedAccount, GivenApiKey, GivenCredentials, RoleToAssume};
pub use api::{Api, ApiKind};
pub use caller::NamedPrincipal;
pub use children::kill_descendants;
pub use credentials::{default_region, is_guarded_thread};
pub use events::{History, Lookup, PAGE};
pub use survey::SurveySession;
pub use test_call::can_invoke;
pub use traffic::{Journal, Traffic};

use crate::bedrock::{Operation, Region};
use crate::evidence::{
    Answer, AuthorizationQuestion, AuthorizationRecord, ChosenBy, Evidence, Observation, PolicyQuestion, PolicyText,
    Question, SimulationQuestion, SkipReason, Subject, Unseen,
};
use crate::request::{LiveCall, Request};
use account::Clients;
use answer_cache::AnswerCache;
use call_runner::CallRunner;
use connection::Connection;
use futures_util::future::OptionFuture;
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// How much longer a diagnosis may take where a model has to answer.
const INVOKE_ALLOWANCE: Duration = Duration::from_secs(60);

/// One connection to an account, for any number of diagnoses.
#[derive(Debug)]
pub struct Observer {
    connection: Connection,
    timeout: Duration,
    traffic: Arc<Traffic>,
    cache: Arc<AnswerCache>,
}

/// A diagnosis under way: the clients and the deadline that its calls share.
#[derive(Debug)]
pub struct Session {
    clients: Option<Arc<Clients>>,
    calls: CallRunner,
}

impl Observer {
    /// Prepares to observe an account; `timeout` is the deadline of one diagnosis, credentials included.
    #[must_use]
    pub fn new(account: Account, timeout: Duration) -> Self {
        Self::with_traffic(Arc::new(Traffic::of_one()), account, timeout)
    }

    /// Prepares to observe an account whose calls share connections and limits with those of other observers.
    #[must_use]
    pub fn with_traffic(traffic: Arc<Traffic>, account: Account, timeout: Duration) -> Self {
        Self { connection: Connection::new(account, None), timeout, traffic, cache: Arc::new(AnswerCache::new()) }
    }

    /// Returns what this observer's calls share with those of others.
    #[must_use]
    pub fn traffic(&self) -> Arc<Traffic> {
        self.traffic.clone()
    }

    /// Uses the credentials of a role, which the account's own credentials assume first.
    #[must_use]
    pub fn assuming(self, role: Option<RoleToAssume>) -> Self {
        Self { connection: Connection::new(self.connection.account, role), ..self }
    }

    /// Forgets all shared answers, so that the next diagnosis reads everything again.
    pub fn forget_answers(&self) {
        self.cache.clear();
    }

    /// Reads only the identity of the caller.
    pub async fn identity(&self, region: Region) -> Evidence {
        let calls = self.calls(self.timeout);
        let reach = self.connection.clients(&region, &calls).await;
        let request = Request::new(None, Operation::ListFoundationModels, region);
        let mut evidence = Evidence::new(request, self.observed_at(), self.sandbox());
        evidence.credentials = reach.credentials;
        evidence.assumption = reach.assumption;
        match &reach.clients {
            Some(clients) => evidence.caller = caller::observe_caller(clients, &calls).await,
            None => evidence.skip_all(&SkipReason::NoCredentials),
        }
        evidence.calls = calls.take_records();
        evidence
    }

    /// Finds the ARN of the role or user with a name in the caller's account.
    pub async fn principal_named(&self, name: &str, region: &Region) -> NamedPrincipal {
        let calls = self.calls(self.timeout);
        let reach = self.connection.clients(region, &calls).await;
        match (&reach.clients, reach.credentials.why_unseen()) {
            (Some(clients), _) => caller::principal_named(clients, &calls, name).await,
            (None, why) => NamedPrincipal::NoAccount(why.unwrap_or(Unseen::Skipped(SkipReason::NoCredentials))),
        }
    }

    /// Takes the first look, and returns the evidence with the session that answers further questions.
    ///
    /// Never fails: a failure is an observation, too.
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
        let session = Session { clients: reach.clients, calls };
        session.first_look(&mut evidence).await;
        (evidence, session)
    }

    /// Returns when the observation begins; the embedded account's clock stands still.
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

    /// Returns the world that answers instead of AWS.
    fn sandbox(&self) -> Option<String> {
        match &self.connection.account {
            Account::Embedded(embedded) => Some(embedded.world.clone()),
            Account::Aws { .. } => None,
        }
    }

    fn calls(&self, total: Duration) -> CallRunner {
        let timeless = matches!(self.connection.account, Account::Embedded(_));
        CallRunner::new(self.timeout, total, timeless, self.traffic.clone(), self.cache.clone())
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
            evidence.calls.extend(self.calls.take_records());
            return;
        };
        let request = evidence.request.clone();
        let credentials = evidence.credentials.seen();
        // In the order in which their records are shown.
        let (identity_calls, role_calls, model_calls, test_calls) =
            (self.calls.branch(), self.calls.branch(), self.calls.branch(), self.calls.branch());
        let resource_calls = self.calls.branch();
        // If a given error names a principal, the caller has to be known before the test call is made.
        let identity_and_test_call = async {
            let identity = Box::pin(caller::observe(clients, &identity_calls, &request, credentials));
            if request.error.as_ref().is_none_or(|error| error.principal.is_none()) {
                return tokio::join!(identity, Box::pin(test_call::observe(clients, &test_calls, &request)));
            }
            let identity = identity.await;
            let subject = Subject::of(&request, credentials, identity.caller.seen());
            let invocation = match subject.principal.filter(|_| subject.chosen_by == ChosenBy::Error) {
                Some(other) => test_call::not_made(&other.arn),
                None => Box::pin(test_call::observe(clients, &test_calls, &request)).await,
            };
            (identity, invocation)
        };
        let ((identity, invocation), service_role, resource_policies, model, endpoint) = tokio::join!(
            // On the heap: together they need more than a small stack.
            Box::pin(identity_and_test_call),
            Box::pin(service_role::observe(clients, &role_calls, &request)),
            Box::pin(resource_policies::observe(clients, &resource_calls, &request)),
            Box::pin(model::observe(clients, &model_calls, &request)),
            Box::pin(endpoint::observe(&clients.route, &self.calls)),
        );
        evidence.caller = identity.caller;
        evidence.principal = identity.principal;
        evidence.policies = identity.policies;
        evidence.service_role = service_role;
        evidence.resource_policies = resource_policies;
        evidence.profile = model.profile;
        evidence.listing = model.listing;
        evidence.availability = model.availability;
        evidence.use_case_form = model.use_case_form;
        evidence.guardrails = model.guardrails;
        evidence.data_retention = model.data_retention;
        evidence.endpoint = endpoint;
        evidence.invocation = invocation;
        evidence.calls.extend(self.calls.take_records());
    }

    /// Puts the answers to questions into the evidence, in the order in which they were asked.
    pub async fn ask(&self, evidence: &mut Evidence, questions: Vec<Question>) {
        let Some(clients) = &self.clients else { return };
        let (mut simulations, mut policies): (Vec<SimulationQuestion>, Vec<PolicyQuestion>) = (Vec::new(), Vec::new());
        let mut authorizations: Vec<AuthorizationQuestion> = Vec::new();
        let (mut wants_profiles, mut wants_retention, mut wants_programs) = (false, false, false);
        for question in questions {
            match question {
                Question::Simulate(question) => simulations.push(*question),
                Question::ReadPolicy(question) => policies.push(question),
                Question::Profiles => wants_profiles = true,
                Question::DataRetention => wants_retention = true,
                Question::TrustedAccessPrograms => wants_programs = true,
                Question::Authorization(question) => authorizations.push(question),
            }
        }
        // In the order in which their records are shown.
        let [of_profiles, of_retention, of_programs, of_simulations, of_policies, of_authorizations] =
            std::array::from_fn(|_| self.calls.branch());
        let profiles = wants_profiles.then(|| profiles::profiles(clients, &of_profiles));
        let retention = wants_retention.then(|| account_settings::data_retention(clients, &of_retention));
        let region = &evidence.request.region;
        let programs = wants_programs.then(|| programs::observe(clients, &of_programs, region));
        let (profiles, retention, programs, simulated, read, evaluated) = tokio::join!(
            OptionFuture::from(profiles),
            OptionFuture::from(retention),
            OptionFuture::from(programs),
            simulate::all(clients, &of_simulations, &simulations),
            policies::read_all(clients, &of_policies, &policies),
            authorization::look_up_all(clients, &of_authorizations, &authorizations),
        );
        if let Some(profiles) = profiles {
            evidence.profiles = profiles;
        }
        if let Some(mode) = retention {
            evidence.data_retention = mode;
        }
        if let Some(programs) = programs {
            evidence.programs = programs;
        }
        for (question, simulation) in simulations.into_iter().zip(simulated) {
            evidence.answers.push(Answer { question, simulation });
        }
        for (PolicyQuestion { policy, .. }, content) in policies.into_iter().zip(read) {
            // A text that was not read before replaces the note about that.
            evidence.policies.texts.retain(|known| known.policy != policy);
            evidence.policies.texts.push(PolicyText { policy, content });
        }
        for (question, details) in authorizations.into_iter().zip(evaluated) {
            evidence.authorizations.push(AuthorizationRecord { question, details });
        }
        evidence.calls.extend(self.calls.take_records());
    }
}

fn skipped<T>(reason: SkipReason) -> Observation<T> {
    Observation::Skipped(reason)
}
