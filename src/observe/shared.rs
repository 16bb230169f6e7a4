//! Answers that diagnoses of one account share: each question is asked once, by whoever comes first.
//!
//! Who asks the same meanwhile waits for that answer. Only what would be the same a moment later is kept: an answer,
//! or a refusal for good. What may pass (a throttled call, a time-out, an expired token) is asked again by the next.
//! The number of answers kept is bounded, so that memory does not grow with the number of diagnoses.

use crate::evidence::{Call, Observation, ServiceError};
use quick_cache::sync::{Cache, DefaultLifecycle, PlaceholderGuard};
use quick_cache::{DefaultHashBuilder, UnitWeighter};
use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// How many answers are kept; those that are asked for again stay longest.
const KEPT: usize = 2048;

/// What was read, with the record of the call that read it.
pub(super) type Answer<T> = (Observation<Arc<T>>, Call);

/// An answer of any type: what is done with it is compiled once, and not for every API.
pub(super) type AnyAnswer = Answer<dyn Any + Send + Sync>;

type Kept = Arc<AnyAnswer>;

/// The answers of one account, as one set of credentials reads them.
pub(super) struct Shared(Cache<String, Kept>);

/// The right and the duty to ask a question that nobody has asked yet.
pub(super) struct Place<'s>(
    PlaceholderGuard<'s, String, Kept, UnitWeighter, DefaultHashBuilder, DefaultLifecycle<String, Kept>>,
);

impl Shared {
    pub(super) fn new() -> Self {
        Self(Cache::new(KEPT))
    }

    /// Returns the answer to a question, where there is one or one is on its way; else the place for it.
    ///
    /// A place that is dropped empty falls to the next who waits.
    pub(super) async fn find(&self, question: &str) -> Result<AnyAnswer, Place<'_>> {
        match self.0.get_value_or_guard_async(question).await {
            Ok(kept) => Ok((*kept).clone()),
            Err(place) => Err(Place(place)),
        }
    }
}

impl Place<'_> {
    /// Keeps an answer for the others, if it is one that lasts.
    pub(super) fn fill(self, answer: &AnyAnswer) {
        let (observation, call) = answer;
        let lasts = match observation {
            Observation::Seen(_) => true,
            Observation::Refused(error) => !may_pass(error),
            Observation::Failed(_) | Observation::Skipped(_) => false,
        };
        if lasts {
            let kept = (observation.clone(), Call { shared: true, ..call.clone() });
            // The place may have been evicted meanwhile; then the next one asks again.
            let _ = self.0.insert(Arc::new(kept));
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("answers", &self.0.len()).finish()
    }
}

/// Tells whether a refusal says nothing about the next call.
fn may_pass(error: &ServiceError) -> bool {
    let code = error.code.as_deref().unwrap_or_default();
    is_about_the_rate(error) || error.status.is_some_and(|status| status >= 500) || code.contains("Expired")
}

/// Tells whether a call was refused because it came too fast.
pub(super) fn is_about_the_rate(error: &ServiceError) -> bool {
    let code = error.code.as_deref().unwrap_or_default();
    code.starts_with("Throttling")
        || code == "RequestLimitExceeded"
        || code == "TooManyRequestsException"
        || error.status == Some(429)
}
