//! Keeps secrets that a text may hold out of what is answered.
//!
//! Takes the facts read from a text and gives them without access keys, API keys, session tokens and
//! signatures. Facts are ARNs, ids and names; a value that holds a secret is cut there, never shown in part.

use super::facts::Facts;
use crate::secrets::without_secrets;

/// Returns the facts without secrets.
pub(super) fn without(facts: Facts) -> Facts {
    let clean = |value: Option<String>| value.map(|value| without_secrets(&value).into_owned());
    Facts {
        error_code: clean(facts.error_code),
        operation: clean(facts.operation),
        principal: clean(facts.principal),
        action: clean(facts.action),
        resource: clean(facts.resource),
        policy_arn: clean(facts.policy_arn),
        model: clean(facts.model),
        region: clean(facts.region),
        request_id: clean(facts.request_id),
        authorization_id: clean(facts.authorization_id),
        authorization_region: clean(facts.authorization_region),
    }
}
