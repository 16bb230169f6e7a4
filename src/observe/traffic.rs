//! What all connections of a run share: HTTP connections, the number of calls in flight, the rate of simulations.

use super::api::Api;
use super::http;
use super::rate_limiter::RateLimiter;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Calls that one diagnosis may have in flight; more than it ever has.
const OF_ONE: usize = 32;

/// How much longer a diagnosis among many may take, for the time in which its calls wait for their turn.
const ALLOWANCE: Duration = Duration::from_secs(60);

/// How a run treats AWS: one pool of connections, a bound on the calls in flight, one rate limit for the simulator.
#[derive(Debug)]
pub struct Traffic {
    pub(super) in_flight: Semaphore,
    pub(super) simulator: RateLimiter,
    /// Waiting for a turn does not count against a diagnosis's deadline, up to this much.
    pub(super) allowance: Duration,
    /// Throttled reads are repeated more often: many diagnoses cause what one rarely meets.
    pub(super) patient: bool,
    pub(super) aws: SharedHttpClient,
    pub(super) loopback: SharedHttpClient,
    journal: Mutex<Journal>,
}

/// The progress of the calls of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Journal {
    /// How many have ended, whatever the answer.
    pub ended: usize,
    /// The names of those that have no answer yet, in the order in which they were made.
    pub under_way: Vec<&'static str>,
}

impl Traffic {
    /// The traffic of one diagnosis, whose deadline nothing extends.
    #[must_use]
    pub fn of_one() -> Self {
        Self::new(OF_ONE, Duration::ZERO, false)
    }

    /// The traffic of many diagnoses, with at most `calls_in_flight` calls at the same time, and at least one.
    #[must_use]
    pub fn of_many(calls_in_flight: usize) -> Self {
        Self::new(calls_in_flight.max(1), ALLOWANCE, true)
    }

    fn new(calls_in_flight: usize, allowance: Duration, patient: bool) -> Self {
        Self {
            in_flight: Semaphore::new(calls_in_flight.min(Semaphore::MAX_PERMITS)),
            simulator: RateLimiter::new(calls_in_flight),
            allowance,
            patient,
            aws: http::shared(),
            loopback: http::loopback(),
            journal: Mutex::default(),
        }
    }

    /// Returns the progress of the calls at this moment.
    #[must_use]
    pub fn journal(&self) -> Journal {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes that a call is made, until the entry is dropped.
    pub(super) fn enter(&self, api: Api) -> Entry<'_> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner).under_way.push(api.name());
        Entry(&self.journal, api)
    }
}

/// A call under way.
pub(super) struct Entry<'t>(&'t Mutex<Journal>, Api);

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        let mut journal = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        journal.ended += 1;
        if let Some(place) = journal.under_way.iter().position(|name| *name == self.1.name()) {
            journal.under_way.remove(place);
        }
    }
}
