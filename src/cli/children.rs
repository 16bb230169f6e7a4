//! Child processes that outlive their use: a credential process that did not answer in time.
//!
//! The SDK starts it and does not end it when the deadline drops the wait. Linux tells a process its children; on
//! other systems the child ends when it next writes to the closed pipe.

/// Ends every process that this one started, and those that they started.
#[cfg(target_os = "linux")]
pub(super) fn end_all() {
    end_below(std::process::id());
}

/// Does nothing where the system does not tell a process its children.
#[cfg(not(target_os = "linux"))]
pub(super) fn end_all() {}

#[cfg(target_os = "linux")]
fn end_below(parent: u32) {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{parent}/task")) else { return };
    for thread in threads.flatten() {
        let children = std::fs::read_to_string(thread.path().join("children")).unwrap_or_default();
        for child in children.split_whitespace().filter_map(|id| id.parse::<u32>().ok()) {
            // From below, so that no grandchild is orphaned before it is found.
            end_below(child);
            let id = i32::try_from(child).ok().and_then(rustix::process::Pid::from_raw);
            if let Some(id) = id {
                // It may have ended by itself in between.
                let _ = rustix::process::kill_process(id, rustix::process::Signal::KILL);
            }
        }
    }
}
