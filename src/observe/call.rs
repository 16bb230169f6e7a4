//! One call to AWS: under the deadline, timed, and its outcome read in one place.
//!
//! INVARIANT: an error of AWS is read here and nowhere else, through its metadata and its raw response, never
//! through its `Display` or `Debug` text.

use super::answer::{request_id, with_request_id};
use super::api::Api;
use super::shared::{Answer, AnyAnswer, Shared, is_about_the_rate};
use super::traffic::Traffic;
use crate::evidence::{Call, Failure, FailureKind, Observation, ServiceError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::{ErrorMetadata, ProvideErrorMetadata};
use futures_util::future::BoxFuture;
use std::any::Any;
use std::collections::HashMap;
use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How often a read is made that AWS throttles or cannot answer.
const ATTEMPTS: u32 = 7;

/// The first pause between two attempts; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Makes the calls of one diagnosis under its deadline, and remembers which endpoints failed.
#[derive(Debug)]
pub(super) struct Caller {
    deadline: Instant,
    /// The longest that one read may wait, so that what comes after a hanging endpoint still has time.
    patience: Duration,
    /// Durations are not measured against an embedded account, so that its reports are the same every time.
    timeless: bool,
    begun: Instant,
    broken: Mutex<HashMap<String, FailureKind>>,
    waits: Mutex<Waits>,
    /// How the run that this diagnosis belongs to treats AWS.
    pub(super) traffic: Arc<Traffic>,
    shared: Arc<Shared>,
}

/// The time in which calls of the diagnosis waited for their turn.
#[derive(Debug, Default)]
struct Waits {
    waiting: u32,
    since: Option<Instant>,
    waited: Duration,
}

/// By when a call has to be done.
#[derive(Clone, Copy, Debug)]
enum Limit {
    /// Like every read.
    Read,
    /// Like the test call, which may wait longer where a model has to answer.
    Live,
}

/// An endpoint as failures name it: the host, or the service where no host was configured.
pub(super) type Endpoint<'a> = &'a str;

impl Caller {
    /// Starts the clock: `total` for everything, of which a read may take half of `timeout`.
    pub(super) fn new(
        timeout: Duration,
        total: Duration,
        timeless: bool,
        traffic: Arc<Traffic>,
        shared: Arc<Shared>,
    ) -> Self {
        let now = Instant::now();
        Self {
            deadline: now + total,
            patience: timeout / 2,
            timeless,
            begun: now,
            broken: Mutex::default(),
            waits: Mutex::default(),
            traffic,
            shared,
        }
    }

    /// Returns the moment by which something that is not a call has to be done, such as loading credentials.
    pub(super) fn until(&self) -> Instant {
        self.limit(Limit::Read)
    }

    fn limit(&self, limit: Limit) -> Instant {
        match limit {
            Limit::Read => (self.deadline + self.waited()).min(Instant::now() + self.patience),
            // What comes after the test call wants its time too.
            Limit::Live => self.deadline - self.patience + self.waited(),
        }
    }

    /// Tells whether a pause leaves time for another call.
    pub(super) fn has_time_for(&self, pause: Duration) -> bool {
        let pause = if self.traffic.allowance > self.waited() { Duration::ZERO } else { pause };
        Instant::now() + pause + self.patience / 4 < self.deadline + self.waited()
    }

    /// Waits for a turn among the calls of many diagnoses, which costs this one no time of its own.
    pub(super) async fn wait<T>(&self, turn: impl Future<Output = T>) -> T {
        let _waiting = Waiting::new(self);
        turn.await
    }

    /// Returns how long calls of this diagnosis have waited for their turn, as far as that is granted.
    fn waited(&self) -> Duration {
        let waits = self.waits();
        let now = waits.since.map(|since| since.elapsed()).unwrap_or_default();
        (waits.waited + now).min(self.traffic.allowance)
    }

    fn waits(&self) -> MutexGuard<'_, Waits> {
        self.waits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a read whose answer all diagnoses of the account share; `about` tells it from others of the same API.
    pub(super) async fn shared<T, E>(
        &self,
        api: Api,
        endpoint: Endpoint<'_>,
        about: &[&str],
        call: impl Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
    ) -> Answer<T>
    where
        T: Send + Sync + 'static,
        E: ProvideErrorMetadata + Error + 'static,
    {
        self.once(api, endpoint, about, self.read(api, endpoint, call)).await
    }

    /// Takes the answer that another diagnosis of the account has or is about to have; else asks, and shares it.
    ///
    /// What `api` and `about` say decides the type of the answer.
    pub(super) async fn once<T: Send + Sync + 'static>(
        &self,
        api: Api,
        endpoint: Endpoint<'_>,
        about: &[&str],
        ask: impl Future<Output = (Observation<T>, Call)> + Send,
    ) -> Answer<T> {
        let ask = async {
            let (observation, call) = ask.await;
            let observation =
                observation.and_then(|seen| Observation::Seen(Arc::new(seen) as Arc<dyn Any + Send + Sync>));
            (observation, call)
        };
        let (observation, call) = self.once_of_any(api, endpoint, about, Box::pin(ask)).await;
        let other = |_| unreadable(endpoint, "the same question was answered otherwise");
        (observation.and_then(|seen| seen.downcast().map_or_else(other, Observation::Seen)), call)
    }

    async fn once_of_any(
        &self,
        api: Api,
        endpoint: Endpoint<'_>,
        about: &[&str],
        ask: BoxFuture<'_, AnyAnswer>,
    ) -> AnyAnswer {
        let question = std::iter::once(&api.name()).chain(about).copied().collect::<Vec<_>>().join("\n");
        let started = Instant::now();
        match tokio::time::timeout_at(self.until(), self.shared.find(&question)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(place)) => {
                let answer = ask.await;
                place.fill(&answer);
                answer
            }
            Err(_) => {
                let why = "another diagnosis waits for the same answer";
                let observation = failed(FailureKind::TimedOut, endpoint, why);
                self.note_broken(endpoint, &observation);
                let record = self.record(api, started, &observation);
                (observation, record)
            }
        }
    }

    /// Makes a read.
    pub(super) async fn read<T, E>(
        &self,
        api: Api,
        endpoint: Endpoint<'_>,
        call: impl Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
    ) -> (Observation<T>, Call)
    where
        T: Send,
        E: ProvideErrorMetadata + Error + 'static,
    {
        self.make(api, endpoint, Limit::Read, call).await
    }

    /// Makes a shared read again and again while AWS throttles it or fails, as long as there is time: IAM throttles
    /// early, and a list that is missing leaves a reading incomplete.
    pub(super) async fn patient<T, E, F>(
        &self,
        api: Api,
        endpoint: Endpoint<'_>,
        about: &[&str],
        call: impl Fn() -> F + Send + Sync,
    ) -> Answer<T>
    where
        T: Send + Sync + 'static,
        E: ProvideErrorMetadata + Error + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
    {
        let ask = async {
            let mut attempt = 0;
            loop {
                let (answer, record) = self.read(api, endpoint, call()).await;
                let pause = FIRST_PAUSE * 2_u32.pow(attempt);
                attempt += 1;
                let in_trouble = |error: &ServiceError| error.status.is_some_and(|status| status >= 500);
                let passes = answer.refused().is_some_and(|error| is_about_the_rate(error) || in_trouble(error));
                if !passes || attempt == ATTEMPTS || !self.has_time_for(pause) {
                    return (answer, record);
                }
                tokio::time::sleep(pause).await;
            }
        };
        self.once(api, endpoint, about, ask).await
    }

    /// Makes the test call, which may wait until the time that is left is wanted for what comes after it.
    pub(super) async fn test<T, E>(
        &self,
        api: Api,
        endpoint: Endpoint<'_>,
        call: impl Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
    ) -> (Observation<T>, Call)
    where
        T: Send,
        E: ProvideErrorMetadata + Error + 'static,
    {
        self.make(api, endpoint, Limit::Live, call).await
    }

    async fn make<T, E>(
        &self,
        api: Api,
        endpoint: Endpoint<'_>,
        limit: Limit,
        call: impl Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
    ) -> (Observation<T>, Call)
    where
        T: Send,
        E: ProvideErrorMetadata + Error + 'static,
    {
        let mut answer = None;
        // What hangs on the answer's type is kept small: there is a copy of it for every API.
        let call = async {
            match call.await {
                Ok(seen) => {
                    answer = Some(seen);
                    Observation::Seen(())
                }
                Err(error) => {
                    let cause = innermost(&error);
                    observe(error.map_service_error(|error| error.meta().clone()), &cause, endpoint)
                }
            }
        };
        let (observation, record) = self.make_any(api, endpoint, limit, Box::pin(call)).await;
        let nothing = || unreadable(endpoint, "the answer was lost");
        (observation.and_then(|()| answer.map_or_else(nothing, Observation::Seen)), record)
    }

    /// Makes a call that leaves its answer where it was told to.
    async fn make_any(
        &self,
        api: Api,
        endpoint: Endpoint<'_>,
        limit: Limit,
        call: BoxFuture<'_, Observation<()>>,
    ) -> (Observation<()>, Call) {
        // The semaphore is never closed; without a permit the call would only be less patient.
        let permit = self.wait(self.traffic.in_flight.acquire());
        let _permit = tokio::time::timeout_at(self.deadline + self.traffic.allowance, permit).await;
        let started = Instant::now();
        let until = self.limit(limit);
        let mut request_id = None;
        let observation = if let Some(kind) = self.broken_by(endpoint) {
            failed(
                FailureKind::NotAskedAgain,
                endpoint,
                match kind {
                    FailureKind::TimedOut => "the endpoint did not answer an earlier call in time",
                    _ => "the endpoint could not be reached by an earlier call",
                },
            )
        } else if started >= until {
            failed(FailureKind::OutOfTime, endpoint, "")
        } else {
            let _entry = self.traffic.enter(api);
            match tokio::time::timeout_at(until, with_request_id(call)).await {
                Ok((outcome, id)) => {
                    request_id = id;
                    outcome
                }
                Err(_) => failed(FailureKind::TimedOut, endpoint, &format!("waited {} s", seconds(started.elapsed()))),
            }
        };
        self.note_broken(endpoint, &observation);
        let record = Call { request_id, ..self.record(api, started, &observation) };
        (observation, record)
    }

    fn record<T>(&self, api: Api, started: Instant, observation: &Observation<T>) -> Call {
        let error = match observation {
            Observation::Seen(_) => None,
            Observation::Refused(error) => Some(error.clone()),
            Observation::Failed(failure) => {
                Some(ServiceError { message: Some(failure.to_string()), ..ServiceError::default() })
            }
            Observation::Skipped(reason) => {
                Some(ServiceError { message: reason.code().map(str::to_owned), ..ServiceError::default() })
            }
        };
        let milliseconds = |duration: Duration| {
            if self.timeless { 0 } else { u64::try_from(duration.as_millis()).unwrap_or(u64::MAX) }
        };
        Call {
            api: api.name().to_owned(),
            outcome: observation.outcome(),
            started_ms: milliseconds(started - self.begun),
            duration_ms: milliseconds(started.elapsed()),
            shared: false,
            request_id: None,
            error,
        }
    }

    fn note_broken<T>(&self, endpoint: Endpoint<'_>, observation: &Observation<T>) {
        if let Observation::Failed(Failure { kind, .. }) = observation
            && matches!(kind, FailureKind::TimedOut | FailureKind::Unreachable)
        {
            let mut broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
            broken.entry(endpoint.to_owned()).or_insert(*kind);
        }
    }

    fn broken_by(&self, endpoint: Endpoint<'_>) -> Option<FailureKind> {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner).get(endpoint).copied()
    }
}

/// Counts the time in which it lives as waiting.
struct Waiting<'c>(&'c Caller);

impl<'c> Waiting<'c> {
    fn new(caller: &'c Caller) -> Self {
        let mut waits = caller.waits();
        waits.waiting += 1;
        waits.since.get_or_insert_with(Instant::now);
        drop(waits);
        Self(caller)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut waits = self.0.waits();
        waits.waiting = waits.waiting.saturating_sub(1);
        if waits.waiting == 0
            && let Some(since) = waits.since.take()
        {
            waits.waited += since.elapsed();
        }
    }
}

/// Notes a call that was not made, so that the record shows it.
pub(super) fn not_made(api: Api) -> Call {
    let outcome = crate::evidence::Outcome::Skipped;
    Call {
        api: api.name().to_owned(),
        outcome,
        started_ms: 0,
        duration_ms: 0,
        shared: false,
        request_id: None,
        error: None,
    }
}

/// Notes an answer that is not what AWS would answer.
pub(super) fn unreadable<T>(endpoint: Endpoint<'_>, detail: &str) -> Observation<T> {
    failed(FailureKind::Unreadable, endpoint, detail)
}

fn failed<T>(kind: FailureKind, endpoint: Endpoint<'_>, detail: &str) -> Observation<T> {
    Observation::Failed(Failure { kind, endpoint: Some(endpoint.to_owned()), detail: detail.to_owned() })
}

fn seconds(duration: Duration) -> String {
    format!("{:.1}", duration.as_secs_f64())
}

/// Reads an SDK error: AWS's answer with code and text, or why there is none.
fn observe(error: SdkError<ErrorMetadata, HttpResponse>, cause: &str, endpoint: Endpoint<'_>) -> Observation<()> {
    match error {
        SdkError::ServiceError(context) => {
            let raw = context.raw();
            let status = raw.status().as_u16();
            let header = |name: &str| raw.headers().get(name).map(str::to_owned);
            let code = context.err().code().map(str::to_owned);
            // AWS always sends a code. What comes without one was sent by something between here and AWS.
            if code.is_none() {
                let kind = header("content-type").unwrap_or_else(|| "no content type".to_owned());
                return failed(FailureKind::Unreadable, endpoint, &format!("HTTP status {status} with {kind}"));
            }
            Observation::Refused(ServiceError {
                code,
                message: context.err().message().map(str::to_owned),
                status: Some(status),
                request_id: request_id(raw.headers()),
                error_type: header("x-amzn-errortype"),
            })
        }
        SdkError::TimeoutError(_) => failed(FailureKind::TimedOut, endpoint, ""),
        SdkError::DispatchFailure(failure) => {
            let kind = if failure.is_timeout() { FailureKind::TimedOut } else { FailureKind::Unreachable };
            let detail = failure.as_connector_error().map(|error| innermost(error)).unwrap_or_default();
            failed(kind, endpoint, &detail)
        }
        SdkError::ResponseError(context) => {
            let status = context.raw().status().as_u16();
            let kind = context.raw().headers().get("content-type").unwrap_or("no content type").to_owned();
            failed(FailureKind::Unreadable, endpoint, &format!("HTTP status {status} with {kind}: {cause}"))
        }
        _ => failed(FailureKind::Unreadable, endpoint, cause),
    }
}

/// Returns the text of an error's last source: what the operating system or the TLS library said.
pub(super) fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}
