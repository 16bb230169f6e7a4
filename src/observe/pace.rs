//! The pace at which the policy simulator is asked: it throttles early, and says so only by refusing.
//!
//! Additive increase, multiplicative decrease: every answer lets a little more calls be under way at once, a refusal
//! for the rate halves them and lets all wait. Shared by everything that asks, so that many diagnoses together are as
//! polite as one.

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

/// Lets calls pass at the pace that the simulator bears.
#[derive(Debug)]
pub(super) struct Pace {
    state: Mutex<State>,
    freed: Notify,
    largest: f64,
}

#[derive(Debug)]
struct State {
    window: f64,
    under_way: u32,
    /// Nobody asks before this moment.
    not_before: Instant,
    /// How long the next pause is.
    pause: Duration,
    /// When the pace was last slowed down.
    slowed: Instant,
}

/// The turn of one call; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Turn<'p> {
    pace: &'p Pace,
    began: Instant,
}

impl Pace {
    /// Allows at most so many calls at once, however well they are answered.
    pub(super) fn new(largest: usize) -> Self {
        let now = Instant::now();
        let state = State { window: FIRST_WINDOW, under_way: 0, not_before: now, pause: FIRST_PAUSE, slowed: now };
        let largest = u32::try_from(largest).map_or(FIRST_WINDOW, f64::from).max(1.0);
        let state = State { window: FIRST_WINDOW.min(largest), ..state };
        Self { state: Mutex::new(state), freed: Notify::new(), largest }
    }

    /// Waits for a turn.
    pub(super) async fn turn(&self) -> Turn<'_> {
        loop {
            // Before the look, so that no turn that ends meanwhile is missed.
            let freed = self.freed.notified();
            let until = {
                let mut state = self.state();
                let now = Instant::now();
                if now < state.not_before {
                    Some(state.not_before)
                } else if f64::from(state.under_way + 1) <= state.window {
                    state.under_way += 1;
                    return Turn { pace: self, began: now };
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

    /// Returns how long everybody waits after the next refusal.
    pub(super) fn pause(&self) -> Duration {
        self.state().pause
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn<'_> {
    /// Notes that the call was answered.
    pub(super) fn answered(self) {
        let mut state = self.pace.state();
        state.window = (state.window + 1.0 / state.window).min(self.pace.largest);
        state.pause = FIRST_PAUSE;
    }

    /// Notes that the call was refused in a way that may pass: it came too fast, or the service is in trouble.
    pub(super) fn slow_down(self) {
        let mut state = self.pace.state();
        // Calls that were under way together say the same thing once.
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

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.pace.state();
        state.under_way = state.under_way.saturating_sub(1);
        drop(state);
        self.pace.freed.notify_waiters();
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
            let pace = Pace::new(8);
            for _ in 0..100 {
                pace.turn().await.answered();
            }
            assert!(pace.state().window > 7.9, "{:?}", pace.state());
            let (first, second) = (pace.turn().await, pace.turn().await);
            first.slow_down();
            second.slow_down();
            let (window, pause) = {
                let state = pace.state();
                (state.window, state.pause)
            };
            assert!(window > 3.9 && window < 4.1 && pause == FIRST_PAUSE * 2, "{window} {pause:?}");
        });
    }

    #[test]
    fn nobody_asks_during_a_pause_and_never_more_than_the_window_at_once() {
        runtime().block_on(async {
            let pace = Pace::new(4);
            let begun = Instant::now();
            pace.turn().await.slow_down();
            let turns = (pace.turn().await, pace.turn().await);
            assert!(begun.elapsed() >= FIRST_PAUSE);
            // The window was halved to two.
            assert!(tokio::time::timeout(Duration::from_millis(20), pace.turn()).await.is_err());
            drop(turns);
            let _turn = tokio::time::timeout(Duration::from_millis(200), pace.turn()).await.unwrap();
        });
    }
}
