//! The async runtime: made by the commands that ask AWS, and left without waiting for its threads.

use super::exit::Failure;

/// Works on an event loop of its own, which nothing outlives.
pub(super) fn on_event_loop<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    // One thread is enough for a dozen calls that wait, and starts sooner.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::input(format!("the system gives no event loop: {error}")))?;
    let done = runtime.block_on(work);
    // A thread that still resolves a name or waits for a credential process is not waited for.
    runtime.shutdown_background();
    crate::observe::kill_descendants();
    done
}
