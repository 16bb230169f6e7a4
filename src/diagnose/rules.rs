//! The rules: each reads the case and the judged requirements, and returns what it found without a remedy.

pub(super) mod credentials;
pub(super) mod model_access;
pub(super) mod pasted_error;
pub(super) mod permissions;
pub(super) mod recorded_authorization;
pub(super) mod test_call;
pub(super) mod trust_policy;
