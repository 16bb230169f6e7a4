//! What all connections of a run have in common: HTTP connections, the number of calls in flight, the simulator's pace.

use super::http;
use super::pace::Pace;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Calls that one diagnosis may have in flight; more than it ever has.
const OF_ONE: usize = 32;

/// How much longer a diagnosis among many may take, for the time in which its calls wait for their turn.
const ALLOWANCE: Duration = Duration::from_secs(60);

/// How a run treats AWS: one pool of connections, a bound on the calls in flight, one pace for the simulator.
#[derive(Debug)]
pub struct Traffic {
    pub(super) in_flight: Semaphore,
    pub(super) pace: Pace,
    /// Waiting for a turn is not counted against a diagnosis's deadline, up to this much.
    pub(super) allowance: Duration,
    /// Throttled reads are repeated patiently: many diagnoses cause what one seldom meets.
    pub(super) patient: bool,
    pub(super) aws: SharedHttpClient,
    pub(super) loopback: SharedHttpClient,
}

impl Traffic {
    /// The traffic of one diagnosis, whose deadline nothing extends.
    #[must_use]
    pub fn of_one() -> Self {
        Self::new(OF_ONE, Duration::ZERO, false)
    }

    /// The traffic of many diagnoses with at most so many calls in flight together, at least one.
    #[must_use]
    pub fn of_many(calls_in_flight: usize) -> Self {
        Self::new(calls_in_flight.max(1), ALLOWANCE, true)
    }

    fn new(calls_in_flight: usize, allowance: Duration, patient: bool) -> Self {
        Self {
            in_flight: Semaphore::new(calls_in_flight.min(Semaphore::MAX_PERMITS)),
            pace: Pace::new(calls_in_flight),
            allowance,
            patient,
            aws: http::shared(),
            loopback: http::loopback(),
        }
    }
}
