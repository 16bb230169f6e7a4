//! The lifecycle: a model is refused from its end of life on; LEGACY alone is advice.

use crate::cause::Cause;
use crate::diagnose::case::{Case, instant};
use crate::diagnose::finding::Basis;
use crate::diagnose::found::Found;
use crate::diagnose::remark::Advice;
use crate::diagnose::unread::{GateName, Unchecked, Why};
use crate::evidence::ListedModel;

pub(super) fn check(case: &Case<'_>, listed: &ListedModel, found: &mut Found) {
    let field = |field: &'static str, value: &Option<String>| {
        let value = value.clone().unwrap_or_default();
        vec![Basis::Field { api: "bedrock:ListFoundationModels", field, value }]
    };
    let ended = listed.end_of_life.as_deref().and_then(instant).zip(instant(&case.evidence.observed_at));
    match (ended, listed.lifecycle.as_deref()) {
        (Some((end, now)), _) if end <= now => {
            let basis = field("modelLifecycle.endOfLifeTime", &listed.end_of_life);
            found.close(GateName::Lifecycle, Cause::LegacyModel, basis);
        }
        (_, Some("LEGACY")) => {
            found.advice.push(listed.end_of_life.clone().map_or(Advice::Legacy, Advice::LegacyUntil));
            found.open(GateName::Lifecycle, field("modelLifecycle.status", &listed.lifecycle));
        }
        (_, Some("ACTIVE")) => {
            found.open(GateName::Lifecycle, field("modelLifecycle.status", &listed.lifecycle));
        }
        (_, other) => {
            let why = Why::UnknownWord(other.map(str::to_owned));
            found.unread(GateName::Lifecycle, Unchecked::Gate(GateName::Lifecycle), why);
        }
    }
}
