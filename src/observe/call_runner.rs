//! Runs the calls of one diagnosis: under its deadline, through one builder, with a record of each.
//!
//! [`CallRunner::to`] starts a call; the builder says who shares its answer, when it is repeated and how long it may
//! take. The runner keeps the record of every call in a fixed order, which does not depend on which answer came first,
//! and remembers which endpoints failed. It never reads an answer.

use super::answer_cache::{AnswerCache, AnyAnswer, is_about_the_rate};
use super::api::Api;
use super::rate_limiter::RateLimiter;
use super::response::with_request_id;
use super::sdk_error;
use super::traffic::Traffic;
use crate::evidence::{Call, Failure, FailureKind, Observation, Outcome, ServiceError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use futures_util::future::BoxFuture;
use std::collections::HashMap;
use std::error::Error;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The pauses before a read that AWS throttles or cannot answer is repeated, in milliseconds.
const THROTTLED_PAUSES: [u64; 6] = [100, 200, 400, 800, 1600, 3200];

/// The pauses before something that is not recorded yet is looked for again, in milliseconds: six seconds together.
const RECORDED_PAUSES: [u64; 6] = [250, 500, 750, 1000, 1500, 2000];

/// How often a call is made at the rate of a limiter while the service throttles or fails.
const RATED_ATTEMPTS: usize = 7;

/// Runs the calls of one diagnosis, or of one branch of it.
#[derive(Debug)]
pub(super) struct CallRunner {
    core: Arc<Core>,
    /// Where this branch's records belong among all of them.
    place: Vec<u32>,
    next: AtomicU32,
}

#[derive(Debug)]
struct Core {
    deadline: Instant,
    /// The longest that one read may wait, so that what comes after a hanging endpoint still has time.
    patience: Duration,
    /// Durations are not measured against an embedded account, so that its reports are the same every time.
    timeless: bool,
    begun: Instant,
    broken: Mutex<HashMap<String, FailureKind>>,
    waits: Mutex<Waits>,
    records: Mutex<Vec<(Vec<u32>, Call)>>,
    traffic: Arc<Traffic>,
    cache: Arc<AnswerCache>,
}

/// The time during which calls of the diagnosis waited for their turn.
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
    /// Like the test call, which may wait longer because a model has to answer.
    TestCall,
}

/// When a call is repeated.
#[derive(Clone, Copy, Debug)]
enum Retry<'r> {
    /// Never by this program.
    Never,
    /// While AWS throttles it or fails.
    Throttled,
    /// Also while AWS has not recorded yet what is asked for.
    Unrecorded,
    /// While AWS throttles it or fails, at a rate that other calls share.
    Rated(&'r RateLimiter),
}

impl Retry<'_> {
    /// Returns `true` if the same call may be answered differently a moment later.
    fn may_help(self, error: &ServiceError) -> bool {
        let in_trouble = error.status.is_some_and(|status| status >= 500);
        match self {
            Self::Never => false,
            Self::Throttled | Self::Rated(_) => is_about_the_rate(error) || in_trouble,
            Self::Unrecorded => is_about_the_rate(error) || in_trouble || error.status == Some(404),
        }
    }

    /// Returns the pause before the attempt with this number, which starts at 1; `None` if there is none.
    fn pause(self, attempt: usize) -> Option<Duration> {
        let of = |pauses: &[u64]| pauses.get(attempt.checked_sub(1)?).copied().map(Duration::from_millis);
        match self {
            Self::Never => None,
            Self::Throttled => of(&THROTTLED_PAUSES),
            Self::Unrecorded => of(&RECORDED_PAUSES),
            Self::Rated(limiter) => (attempt < RATED_ATTEMPTS).then(|| limiter.pause()),
        }
    }
}

impl CallRunner {
    /// Starts the clock: `total` for everything, of which a read may take half of `timeout`.
    pub(super) fn new(
        timeout: Duration,
        total: Duration,
        timeless: bool,
        traffic: Arc<Traffic>,
        cache: Arc<AnswerCache>,
    ) -> Self {
        let now = Instant::now();
        let core = Core {
            deadline: now + total,
            patience: timeout / 2,
            timeless,
            begun: now,
            broken: Mutex::default(),
            waits: Mutex::default(),
            records: Mutex::default(),
            traffic,
            cache,
        };
        Self { core: Arc::new(core), place: Vec::new(), next: AtomicU32::new(0) }
    }

    /// Returns a runner of the same diagnosis whose records stand together, behind those of earlier branches.
    pub(super) fn branch(&self) -> Self {
        Self { core: self.core.clone(), place: self.next_place(), next: AtomicU32::new(0) }
    }

    /// Begins a call.
    pub(super) fn to<'r>(&'r self, api: Api, endpoint: &'r str) -> CallTo<'r> {
        CallTo {
            runner: self,
            place: self.next_place(),
            api,
            endpoint,
            limit: Limit::Read,
            retry: Retry::Never,
            about: None,
        }
    }

    fn next_place(&self) -> Vec<u32> {
        let mut place = self.place.clone();
        place.push(self.next.fetch_add(1, Ordering::Relaxed));
        place
    }

    /// Takes the records of the calls that have ended, in their fixed order.
    pub(super) fn take_records(&self) -> Vec<Call> {
        let mut records = std::mem::take(&mut *self.records());
        records.sort_by(|(a, _), (b, _)| a.cmp(b));
        records.into_iter().map(|(_, call)| call).collect()
    }

    /// Adds the record of a call that was made elsewhere.
    pub(super) fn record(&self, call: Call) {
        let place = self.next_place();
        self.records().push((place, call));
    }

    /// Records that a call was not made.
    pub(super) fn record_not_made(&self, api: Api) {
        self.record(Call {
            api: api.name().to_owned(),
            outcome: Outcome::Skipped,
            started_ms: 0,
            duration_ms: 0,
            shared: false,
            request_id: None,
            error: None,
        });
    }

    fn records(&self) -> MutexGuard<'_, Vec<(Vec<u32>, Call)>> {
        self.core.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns how the run that this diagnosis belongs to treats AWS.
    pub(super) fn traffic(&self) -> &Traffic {
        &self.core.traffic
    }

    /// Returns the moment by which something that is not a call has to be done, such as loading credentials.
    pub(super) fn until(&self) -> Instant {
        self.core.limit(Limit::Read)
    }
}

impl Core {
    fn limit(&self, limit: Limit) -> Instant {
        match limit {
            Limit::Read => (self.deadline + self.waited()).min(Instant::now() + self.patience),
            // What comes after the test call needs its time too.
            Limit::TestCall => self.deadline - self.patience + self.waited(),
        }
    }

    /// Returns `true` if a pause leaves time for another call.
    fn has_time_for(&self, pause: Duration) -> bool {
        let pause = if self.traffic.allowance > self.waited() { Duration::ZERO } else { pause };
        Instant::now() + pause + self.patience / 4 < self.deadline + self.waited()
    }

    /// Waits for a turn among the calls of many diagnoses; the time does not count against this one's deadline.
    async fn wait<T>(&self, turn: impl Future<Output = T>) -> T {
        let _waiting = Waiting::new(self);
        turn.await
    }

    /// Returns how long calls of this diagnosis have waited for their turn, up to the allowance.
    fn waited(&self) -> Duration {
        let waits = self.waits();
        let now = waits.since.map(|since| since.elapsed()).unwrap_or_default();
        (waits.waited + now).min(self.traffic.allowance)
    }

    fn waits(&self) -> MutexGuard<'_, Waits> {
        self.waits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note_broken<T>(&self, endpoint: &str, observation: &Observation<T>) {
        if let Observation::Failed(Failure { kind, .. }) = observation
            && matches!(kind, FailureKind::TimedOut | FailureKind::Unreachable)
        {
            let mut broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
            broken.entry(endpoint.to_owned()).or_insert(*kind);
        }
    }

    fn broken_by(&self, endpoint: &str) -> Option<FailureKind> {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner).get(endpoint).copied()
    }

    fn record_of<T>(&self, api: Api, started: Instant, observation: &Observation<T>) -> Call {
        let in_words = |message: String| ServiceError { message: Some(message), ..ServiceError::default() };
        let error = match observation {
            Observation::Seen(_) => None,
            Observation::Refused(error) => Some(error.clone()),
            Observation::Failed(failure) => Some(in_words(failure.to_string())),
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
}

/// Counts the time during which it lives as waiting.
struct Waiting<'c>(&'c Core);

impl<'c> Waiting<'c> {
    fn new(core: &'c Core) -> Self {
        let mut waits = core.waits();
        waits.waiting += 1;
        waits.since.get_or_insert_with(Instant::now);
        drop(waits);
        Self(core)
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

/// A call that is about to be made.
#[derive(Debug)]
pub(super) struct CallTo<'r> {
    runner: &'r CallRunner,
    place: Vec<u32>,
    api: Api,
    endpoint: &'r str,
    limit: Limit,
    retry: Retry<'r>,
    /// What tells the question from others of the same API, if its answer is shared.
    about: Option<String>,
}

/// What makes one attempt.
type Attempt<'a> = dyn Fn() -> BoxFuture<'a, Observation<AnyAnswer>> + Send + Sync + 'a;

impl<'r> CallTo<'r> {
    /// Shares the answer among all diagnoses of the account; `about` tells it from others of the same API.
    pub(super) fn shared(mut self, about: &[&str]) -> Self {
        self.about = Some(about.join("\n"));
        self
    }

    /// Repeats the call while AWS throttles it or fails, as long as there is time: IAM throttles early, and a missing
    /// list leaves a reading incomplete.
    pub(super) fn retried(mut self) -> Self {
        self.retry = Retry::Throttled;
        self
    }

    /// Repeats the call also while AWS has not recorded yet what it asks for.
    pub(super) fn until_recorded(mut self) -> Self {
        self.retry = Retry::Unrecorded;
        self
    }

    /// Makes the call at a rate that other calls share, and repeats it while AWS throttles it or fails.
    pub(super) fn at_rate(mut self, limiter: &'r RateLimiter) -> Self {
        self.retry = Retry::Rated(limiter);
        self
    }

    /// Lets the call take the time of a test call, which waits for a model.
    pub(super) fn for_test_call(mut self) -> Self {
        self.limit = Limit::TestCall;
        self
    }

    /// Makes the call, and records it.
    pub(super) async fn ask<T, E, F>(self, call: impl Fn() -> F + Send + Sync) -> Observation<Arc<T>>
    where
        T: Send + Sync + 'static,
        E: ProvideErrorMetadata + Error + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
    {
        let (runner, place) = (self.runner, self.place.clone());
        let (answer, call) = self.ask_for_record(call).await;
        runner.records().push((place, call));
        answer
    }

    /// Makes the call, and returns its record.
    pub(super) async fn ask_for_record<T, E, F>(
        mut self,
        call: impl Fn() -> F + Send + Sync,
    ) -> (Observation<Arc<T>>, Call)
    where
        T: Send + Sync + 'static,
        E: ProvideErrorMetadata + Error + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
    {
        let endpoint = self.endpoint;
        // The type is part of the key, so that an answer always has the type that is asked for.
        self.about = self.about.map(|about| [self.api.name(), std::any::type_name::<T>(), &about].join("\n"));
        // Code that depends on the answer's type is kept small: there is a copy of it for every API.
        let attempt = || -> BoxFuture<'_, Observation<AnyAnswer>> {
            let call = call();
            Box::pin(async move {
                match call.await {
                    Ok(seen) => Observation::Seen(Arc::new(seen) as AnyAnswer),
                    Err(error) => {
                        let cause = sdk_error::innermost(&error);
                        sdk_error::read(error.map_service_error(|error| error.meta().clone()), &cause, endpoint)
                    }
                }
            })
        };
        let (answer, call) = self.once(&attempt).await;
        let seen = answer.and_then(|seen| match seen.downcast() {
            Ok(seen) => Observation::Seen(seen),
            Err(_) => unreadable(endpoint, ""),
        });
        (seen, call)
    }

    /// Takes the answer that another diagnosis of the account has or is about to have; else asks, and shares it.
    async fn once(&self, attempt: &Attempt<'_>) -> (Observation<AnyAnswer>, Call) {
        let Some(question) = &self.about else { return self.repeat(attempt).await };
        let core = &self.runner.core;
        let started = Instant::now();
        match tokio::time::timeout_at(core.limit(Limit::Read), core.cache.find(question)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(slot)) => {
                let answer = self.repeat(attempt).await;
                slot.fill(&answer);
                answer
            }
            Err(_) => {
                let why = "another diagnosis waits for the same answer";
                let observation = failed(FailureKind::TimedOut, self.endpoint, why);
                core.note_broken(self.endpoint, &observation);
                let record = core.record_of(self.api, started, &observation);
                (observation, record)
            }
        }
    }

    /// Makes the call, and again as often as that may help.
    async fn repeat(&self, attempt: &Attempt<'_>) -> (Observation<AnyAnswer>, Call) {
        let core = &self.runner.core;
        for number in 1.. {
            let permit = match self.retry {
                Retry::Rated(limiter) => Some(core.wait(limiter.acquire()).await),
                _ => None,
            };
            let (answer, record) = self.attempt(attempt()).await;
            let may_help = answer.refused().is_some_and(|error| self.retry.may_help(error));
            let is_rated = permit.is_some();
            if let Some(permit) = permit {
                if may_help {
                    permit.slow_down();
                } else if answer.outcome() != Outcome::Failed {
                    permit.answered();
                }
            }
            match self.retry.pause(number).filter(|pause| may_help && core.has_time_for(*pause)) {
                // The limiter itself makes everybody wait.
                Some(_) if is_rated => {}
                Some(pause) => tokio::time::sleep(pause).await,
                None => return (answer, record),
            }
        }
        (failed(FailureKind::OutOfTime, self.endpoint, ""), self.nothing())
    }

    fn nothing(&self) -> Call {
        let observation: Observation<()> = failed(FailureKind::OutOfTime, self.endpoint, "");
        self.runner.core.record_of(self.api, Instant::now(), &observation)
    }

    async fn attempt(&self, call: BoxFuture<'_, Observation<AnyAnswer>>) -> (Observation<AnyAnswer>, Call) {
        let core = &self.runner.core;
        // The semaphore is never closed; without a permit the call would only be less polite.
        let permit = core.wait(core.traffic.in_flight.acquire());
        let _permit = tokio::time::timeout_at(core.deadline + core.traffic.allowance, permit).await;
        let started = Instant::now();
        let until = core.limit(self.limit);
        let mut request_id = None;
        let observation = if let Some(kind) = core.broken_by(self.endpoint) {
            failed(
                FailureKind::NotAskedAgain,
                self.endpoint,
                match kind {
                    FailureKind::TimedOut => "the endpoint did not answer an earlier call in time",
                    _ => "the endpoint could not be reached by an earlier call",
                },
            )
        } else if started >= until {
            failed(FailureKind::OutOfTime, self.endpoint, "")
        } else {
            let _entry = core.traffic.enter(self.api);
            match tokio::time::timeout_at(until, with_request_id(call)).await {
                Ok((outcome, id)) => {
                    request_id = id;
                    outcome
                }
                Err(_) => {
                    let waited = format!("waited {:.1} s", started.elapsed().as_secs_f64());
                    failed(FailureKind::TimedOut, self.endpoint, &waited)
                }
            }
        };
        core.note_broken(self.endpoint, &observation);
        let record = Call { request_id, ..core.record_of(self.api, started, &observation) };
        (observation, record)
    }
}

/// Returns the observation of an answer that is not what AWS would answer.
pub(super) fn unreadable<T>(endpoint: &str, detail: &str) -> Observation<T> {
    failed(FailureKind::Unreadable, endpoint, detail)
}

pub(super) fn failed<T>(kind: FailureKind, endpoint: &str, detail: &str) -> Observation<T> {
    Observation::Failed(Failure { kind, endpoint: Some(endpoint.to_owned()), detail: detail.to_owned() })
}
