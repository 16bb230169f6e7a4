//! STS: who is calling.

use super::account::Call;
use super::protocol::Reply;
use super::refusal::Refusal;

/// Answers a call to STS.
pub(super) fn answer(call: &Call<'_>) -> Result<Reply, Refusal> {
    // GetCallerIdentity needs no permission, not even where a policy denies it (STS API Reference).
    Ok(call.query_reply(|xml| {
        xml.leaf("Arn", &call.caller.arn())
            .leaf("UserId", &call.caller.user_id())
            .leaf("Account", &call.account.world.account);
    }))
}
