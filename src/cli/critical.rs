//! Writes that must not be cut in half by an interruption.
//!
//! Output and the handling of signals share this lock, and neither uses the other for it.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Held while something is written that must be whole.
static WRITING: Mutex<()> = Mutex::new(());

/// Runs a short write that an interruption waits for.
pub(super) fn uninterrupted<T>(write: impl FnOnce() -> T) -> T {
    let _writing = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    write()
}

/// Returns the lock if nothing is being written.
#[cfg(unix)]
pub(super) fn try_enter() -> Option<MutexGuard<'static, ()>> {
    WRITING.try_lock().ok()
}
