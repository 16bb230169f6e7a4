//! Answers that the diagnoses of one account share: each question is asked once, by the first that needs it.
//!
//! A diagnosis that asks the same question in the meantime waits for that answer. Only answers that would be the same a
//! moment later are kept: an answer, or a lasting refusal. A passing failure (a throttled call, a time-out, an expired
//! token) is asked again by the next diagnosis. The number of kept answers is bounded, so that memory does not grow with
//! the number of diagnoses.

use crate::evidence::{Call, Observation, ServiceError};
use quick_cache::sync::{Cache, DefaultLifecycle, PlaceholderGuard};
use quick_cache::{DefaultHashBuilder, UnitWeighter};
use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// How many answers are kept; those that are asked for again stay longest.
const KEPT: usize = 2048;

/// An answer of any type: the code that handles it is compiled once, and not for every API.
pub(super) type AnyAnswer = Arc<dyn Any + Send + Sync>;

/// What was read, with the record of the call that read it.
type Recorded = (Observation<AnyAnswer>, Call);

type Kept = Arc<Recorded>;

/// The answers of one account, as one set of credentials reads them.
pub(super) struct AnswerCache(Cache<String, Kept>);

/// The empty place for an answer: its holder asks the question.
pub(super) struct Slot<'s>(
    PlaceholderGuard<'s, String, Kept, UnitWeighter, DefaultHashBuilder, DefaultLifecycle<String, Kept>>,
);

impl AnswerCache {
    pub(super) fn new() -> Self {
        Self(Cache::new(KEPT))
    }

    /// Returns the answer to a question if there is one or one is on its way, else the slot for it.
    ///
    /// A slot that is dropped empty goes to the next one that waits.
    pub(super) async fn find(&self, question: &str) -> Result<Recorded, Slot<'_>> {
        match self.0.get_value_or_guard_async(question).await {
            Ok(kept) => Ok((*kept).clone()),
            Err(slot) => Err(Slot(slot)),
        }
    }
}

impl AnswerCache {
    /// Forgets every answer.
    pub(super) fn clear(&self) {
        self.0.clear();
    }
}

impl Slot<'_> {
    /// Keeps an answer for the others, if it lasts.
    pub(super) fn fill(self, answer: &Recorded) {
        let (observation, call) = answer;
        let lasts = match observation {
            Observation::Seen(_) => true,
            Observation::Refused(error) => !may_pass(error),
            Observation::Failed(_) | Observation::Skipped(_) => false,
        };
        if lasts {
            let kept = (observation.clone(), Call { shared: true, ..call.clone() });
            // The slot may have been evicted in the meantime; then the next one asks again.
            let _ = self.0.insert(Arc::new(kept));
        }
    }
}

impl fmt::Debug for AnswerCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnswerCache").field("answers", &self.0.len()).finish()
    }
}

/// Returns `true` if a refusal says nothing about the next call.
fn may_pass(error: &ServiceError) -> bool {
    let code = error.code.as_deref().unwrap_or_default();
    is_about_the_rate(error) || error.status.is_some_and(|status| status >= 500) || code.contains("Expired")
}

/// Returns `true` if a call was refused because it came too fast.
pub(super) fn is_about_the_rate(error: &ServiceError) -> bool {
    let code = error.code.as_deref().unwrap_or_default();
    code.starts_with("Throttling")
        || code == "RequestLimitExceeded"
        || code == "TooManyRequestsException"
        || error.status == Some(429)
}
