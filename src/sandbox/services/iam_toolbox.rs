//! IAM Toolbox: `GetRequestAuthorizationDetails`, the record of a refused call by its authorization id.

use crate::iam::ContextKeys;
use crate::sandbox::call::Call;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::wire::Reply;

/// Answers `GetRequestAuthorizationDetails`.
pub(super) fn answer(call: &Call<'_>) -> Result<Reply, Refusal> {
    call.require(call.operation.name, "*", None, &ContextKeys::new())?;
    let id = &call.operation.label;
    let is_id = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    if id.len() > 256 || !id.bytes().all(is_id) {
        return Err(Refusal::service(
            400,
            "ValidationException",
            format!(
                "1 validation error detected: Value '{id}' at 'authorizationId' failed to satisfy constraint: Member \
                 must satisfy regular expression pattern: [0123456789abcdefghijklmnopqrstuvwxyz]+"
            ),
        ));
    }
    let details = call.records().find(id, &call.caller.region);
    details.map(|details| Reply::json(&details)).ok_or_else(|| {
        let text = "The requested policy or authorization details do not exist in this region or have expired.";
        Refusal::service(404, "ResourceNotFoundException", text)
    })
}
