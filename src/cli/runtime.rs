//! The async runtime: started by the commands that call AWS, and left without waiting for its threads.

use super::exit::Failure;

/// Runs work on a runtime of its own, which nothing outlives.
pub(super) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    // One thread is enough for a dozen concurrent calls, and starts faster.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::input(format!("the async runtime cannot start: {error}")))?;
    let done = runtime.block_on(work);
    // Do not wait for a thread that still resolves a name or waits for a credential process.
    runtime.shutdown_background();
    crate::observe::kill_descendants();
    done
}
