//! Kills child processes that are no longer needed, such as a credential process that did not answer in time.
//!
//! The SDK starts it and does not end it when the deadline is over. Linux lists the children of a process; on other
//! systems the child ends when it next writes to the closed pipe.

/// Kills every process that this one started, and their descendants.
#[cfg(target_os = "linux")]
pub fn kill_descendants() {
    kill_below(std::process::id());
}

/// Does nothing where the system does not list the children of a process.
#[cfg(not(target_os = "linux"))]
pub fn kill_descendants() {}

#[cfg(target_os = "linux")]
fn kill_below(parent: u32) {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{parent}/task")) else { return };
    for thread in threads.flatten() {
        let children = std::fs::read_to_string(thread.path().join("children")).unwrap_or_default();
        for child in children.split_whitespace().filter_map(|id| id.parse::<u32>().ok()) {
            // Grandchildren first, so that none is orphaned before it is found.
            kill_below(child);
            let id = i32::try_from(child).ok().and_then(rustix::process::Pid::from_raw);
            if let Some(id) = id {
                // It may have ended in the meantime.
                let _ = rustix::process::kill_process(id, rustix::process::Signal::KILL);
            }
        }
    }
}
