//! The request of a command line, with what is noted about it on standard error.

use crate::answer::doctor::{self, Asked, Call, Inputs};
use crate::bedrock::Region;
use crate::cli::exit::Failure;
use crate::cli::output;
use crate::request::Request;
use crate::sandbox::World;

/// Puts the request together, and notes where an option takes precedence over the error.
pub(super) async fn request(
    call: &Call,
    inputs: &Inputs,
    world: Option<&World>,
    configured: impl AsyncFnOnce() -> Result<Region, Failure>,
) -> Result<Asked, Failure> {
    let asked = doctor::request(call, inputs, world, configured).await?;
    asked.notes.iter().for_each(|note| output::note(note));
    Ok(asked)
}

/// Notes, before test calls, what they may cost or accept.
pub(super) fn warn<'r>(requests: impl IntoIterator<Item = &'r Request>) {
    doctor::warnings(requests).into_iter().for_each(output::note);
}

/// Notes what test calls may cost or accept.
pub(super) fn warn_of(is_billed: bool, is_third_party: bool) {
    doctor::warnings_of(is_billed, is_third_party).into_iter().for_each(output::note);
}
