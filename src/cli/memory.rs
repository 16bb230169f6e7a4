//! The memory of a process that holds credentials: its own, and nobody's file.

/// Lets no crash write the memory into a core dump, and no other process of the user read it.
///
/// (Linux manual, "`PR_SET_DUMPABLE`".) Processes that this one starts are not concerned.
#[cfg(target_os = "linux")]
pub(super) fn keep() {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    // Where the kernel refuses, all is as for any other program.
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

/// Leaves it to the system elsewhere.
#[cfg(not(target_os = "linux"))]
pub(super) fn keep() {}
