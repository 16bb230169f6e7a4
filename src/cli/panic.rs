//! A mistake of this program: said in two lines with what to report, and ended with status 4.
//!
//! A panic's message may quote anything, so it is shown escaped and cut; its place in the source tells more.

use super::output;
use crate::observe::is_guarded_thread;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook};

/// The longest message that is shown, in characters.
const LONGEST: usize = 200;

/// Runs the program, and returns `None` if it panics; the message is on standard error by then.
pub(super) fn caught<T>(run: impl FnOnce() -> T) -> Option<T> {
    set_hook(Box::new(report));
    catch_unwind(AssertUnwindSafe(run)).ok()
}

fn report(panic: &PanicHookInfo<'_>) {
    // The SDK's panics on unusual settings are caught, and reported as what they are.
    if is_guarded_thread() {
        return;
    }
    let message = panic.payload_as_str().unwrap_or("no message");
    let message: String = message.chars().take(LONGEST).collect();
    let place = panic.location().map(|place| {
        // Without the folders of the machine that built it.
        let file = place.file().rsplit_once("/src/").map_or(place.file(), |(_, file)| file);
        format!("{file}:{}", place.line())
    });
    output::note(&format!(
        "error: internal error of bedrock-access {} at {}: {message}",
        env!("CARGO_PKG_VERSION"),
        place.as_deref().unwrap_or("an unknown place")
    ));
    output::note("hint: please report this line with the command that you typed; remove names that are not public");
}
