//! Guardrails that the account enforces: each is one more authorization, so that unread ones leave one unknown.

use crate::bedrock::EnforcedGuardrail;
use crate::diagnose::case::Case;
use crate::diagnose::found::Found;
use crate::diagnose::remark::Advice;
use crate::diagnose::unread::{GateName, Unchecked};
use crate::evidence::Observation;

pub(super) fn check(case: &Case<'_>, found: &mut Found) {
    let evidence = case.evidence;
    if !evidence.request.operation.model().answers {
        return;
    }
    match &evidence.guardrails {
        Observation::Seen(enforced) => {
            let holds = |guardrail: &&EnforcedGuardrail| {
                evidence.base_model().is_none_or(|model| guardrail.is_enforced_on(model))
            };
            let advice = |guardrail: &EnforcedGuardrail| Advice::GuardrailEnforced(guardrail.arn.clone());
            found.advice.extend(enforced.iter().filter(holds).map(advice));
            found.open(GateName::EnforcedGuardrails, Vec::new());
        }
        unseen => {
            let what = Unchecked::Gate(GateName::EnforcedGuardrails);
            found.unread(GateName::EnforcedGuardrails, what, unseen.why_unseen());
        }
    }
}
