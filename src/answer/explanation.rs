//! What a text says, without the names that tell whose it is.

use crate::explain::{ExplainedError, Explanation};
use crate::redact::Redactor;

/// Replaces accounts, principals, sessions, policies and ids of an explanation; cause, action, model and Region stay.
pub fn redact(explanation: &mut Explanation, redactor: &mut Redactor) {
    let errors = std::iter::once(&mut explanation.error).chain(&mut explanation.others);
    errors.for_each(|error| redact_error(error, redactor));
}

/// Likewise, of one error.
pub fn redact_error(error: &mut ExplainedError, redactor: &mut Redactor) {
    let facts = &mut error.facts;
    for fact in [
        &mut facts.principal,
        &mut facts.resource,
        &mut facts.policy_arn,
        &mut facts.model,
        &mut facts.request_id,
        &mut facts.authorization_id,
    ]
    .into_iter()
    .flatten()
    {
        *fact = redactor.message(fact);
    }
}
