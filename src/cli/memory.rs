//! Disables core dumps, because the memory holds credentials.

/// Prevents core dumps, and other processes of the user from reading the memory.
///
/// (Linux manual, "`PR_SET_DUMPABLE`".) Child processes are not affected.
#[cfg(target_os = "linux")]
pub(super) fn forbid_core_dumps() {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    // If the kernel refuses, this process is like any other.
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

/// Does nothing on other systems.
#[cfg(not(target_os = "linux"))]
pub(super) fn forbid_core_dumps() {}
