//! Limits the rate at which the policy simulator is called: it throttles early, and shows that only by refusing.
//!
//! Additive increase, multiplicative decrease: every answer allows slightly more calls at once; a throttled call halves
//! their number and makes all callers wait. All diagnoses of a run share it, so that many together are as polite as one.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// Calls under way at once in the beginning.
const FIRST_WINDOW: f64 = 4.0;

/// The pause after a first refusal; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Lets calls pass at the rate that the simulator accepts.
#[derive(Debug)]
pub(super) struct RateLimiter {
    state: Mutex<State>,
    freed: Notify,
    largest: f64,
}

#[derive(Debug)]
struct State {
    window: f64,
    under_way: u32,
    /// No call starts before this moment.
    not_before: Instant,
    /// How long the next pause is.
    pause: Duration,
    /// When the rate was last reduced.
    slowed: Instant,
}

/// Permission for one call; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Permit<'l> {
    limiter: &'l RateLimiter,
    began: Instant,
}

impl RateLimiter {
    /// Allows at most `largest` calls at once, however well they are answered.
    pub(super) fn new(largest: usize) -> Self {
        let now = Instant::now();
        let state = State { window: FIRST_WINDOW, under_way: 0, not_before: now, pause: FIRST_PAUSE, slowed: now };
        let largest = u32::try_from(largest).map_or(FIRST_WINDOW, f64::from).max(1.0);
        let state = State { window: FIRST_WINDOW.min(largest), ..state };
        Self { state: Mutex::new(state), freed: Notify::new(), largest }
    }

    /// Waits for a permit.
    pub(super) async fn acquire(&self) -> Permit<'_> {
        loop {
            // Before the state is read, so that no permit that ends in the meantime is missed.
            let freed = self.freed.notified();
            let until = {
                let mut state = self.state();
                let now = Instant::now();
                if now < state.not_before {
                    Some(state.not_before)
                } else if f64::from(state.under_way + 1) <= state.window {
                    state.under_way += 1;
                    return Permit { limiter: self, began: now };
                } else {
                    None
                }
            };
            match until {
                Some(moment) => tokio::time::sleep_until(moment).await,
                None => freed.await,
            }
        }
    }

    /// Returns how long all callers wait after the next refusal.
    pub(super) fn pause(&self) -> Duration {
        self.state().pause
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit<'_> {
    /// Notes that the call was answered.
    pub(super) fn answered(self) {
        let mut state = self.limiter.state();
        state.window = (state.window + 1.0 / state.window).min(self.limiter.largest);
        state.pause = FIRST_PAUSE;
    }

    /// Notes a refusal that may not last: the call came too fast, or the service is in trouble.
    pub(super) fn slow_down(self) {
        let mut state = self.limiter.state();
        // Calls that were under way together count once.
        if self.began < state.slowed {
            return;
        }
        let now = Instant::now();
        state.window = (state.window / 2.0).max(1.0);
        state.not_before = now + state.pause;
        state.pause = (state.pause * 2).min(LONGEST_PAUSE);
        state.slowed = now;
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let mut state = self.limiter.state();
        state.under_way = state.under_way.saturating_sub(1);
        drop(state);
        self.limiter.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
    }

    #[test]
    fn answers_widen_the_window_and_a_refusal_halves_it_once_for_calls_under_way_together() {
        runtime().block_on(async {
            let limiter = RateLimiter::new(8);
            for _ in 0..100 {
                limiter.acquire().await.answered();
            }
            assert!(limiter.state().window > 7.9, "{:?}", limiter.state());
            let (first, second) = (limiter.acquire().await, limiter.acquire().await);
            first.slow_down();
            second.slow_down();
            let (window, pause) = {
                let state = limiter.state();
                (state.window, state.pause)
            };
            assert!(window > 3.9 && window < 4.1 && pause == FIRST_PAUSE * 2, "{window} {pause:?}");
        });
    }

    #[test]
    fn no_call_starts_during_a_pause_and_never_more_than_the_window_at_once() {
        runtime().block_on(async {
            let limiter = RateLimiter::new(4);
            let begun = Instant::now();
            limiter.acquire().await.slow_down();
            let permits = (limiter.acquire().await, limiter.acquire().await);
            assert!(begun.elapsed() >= FIRST_PAUSE);
            // The window was halved to two.
            assert!(tokio::time::timeout(Duration::from_millis(20), limiter.acquire()).await.is_err());
            drop(permits);
            let _permit = tokio::time::timeout(Duration::from_millis(200), limiter.acquire()).await.unwrap();
        });
    }
}
