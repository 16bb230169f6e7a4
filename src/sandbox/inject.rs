//! Injection: what the world's faults do to the calls that they meet.
//!
//! A fault meets a call that was recognized and authenticated, and replaces its answer. The refusals of a service
//! itself (its rate limit, an error inside, a missing permission) are in every build; `damage` and `corrupt` need the
//! feature `faults`.

#[cfg(feature = "faults")]
mod corrupt;
#[cfg(feature = "faults")]
mod damage;

use super::call::Call;
use super::refusal::{Denial, Refusal};
use super::wire::Reply;
use super::world::{Fault, FaultKind};
use crate::iam::{Decision, PolicyType};
use std::sync::{Mutex, PoisonError};

/// The faults of an account, and how many calls each has met.
#[derive(Debug)]
pub(super) struct Injector {
    faults: Vec<Fault>,
    calls: Mutex<Vec<u32>>,
}

impl Injector {
    /// Takes the faults of a world.
    pub(super) fn new(faults: Vec<Fault>) -> Self {
        let calls = Mutex::new(vec![0; faults.len()]);
        Self { faults, calls }
    }

    /// Finds the fault that meets a call, and counts the call for every fault of its operation.
    pub(super) fn fault(&self, call: &Call<'_>) -> Option<FaultKind> {
        let mut counts = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let mut met = None;
        for (fault, calls) in self.faults.iter().zip(counts.iter_mut()) {
            if fault.is_about(call.operation.name) {
                met = met.or_else(|| fault.meets(*calls, call.request_id));
                *calls = calls.saturating_add(1);
            }
        }
        met
    }
}

/// Answers a call as a fault has it; `answer` makes the answer that it would get without.
pub(super) fn answer(kind: FaultKind, call: &Call<'_>, answer: impl FnOnce() -> Reply) -> Reply {
    let refuse = |refusal: Refusal| refusal.reply(call.service, call.request_id);
    match kind {
        FaultKind::Throttling => refuse(Refusal::throttled(call.service)),
        FaultKind::InternalError => refuse(Refusal::internal(call.service)),
        FaultKind::AccessDenied => refuse(denied(call)),
        #[cfg(feature = "faults")]
        other => damage::answer(other, call, answer),
        // A world that names another kind is refused when it is read.
        #[cfg(not(feature = "faults"))]
        _ => answer(),
    }
}

fn denied(call: &Call<'_>) -> Refusal {
    let action = match call.operation.name {
        "bedrock:Converse" => "bedrock:InvokeModel",
        "bedrock:ConverseStream" => "bedrock:InvokeModelWithResponseStream",
        name => name,
    };
    let (decision, policy_type) = (Decision::ImplicitDeny, PolicyType::IdentityPolicy);
    let denial = Denial { decision, policy_type, policy_arn: None };
    Refusal::denied(call.service, &call.caller.arn(), action, None, &denial)
}
