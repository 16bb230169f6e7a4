//! Exit statuses and failures of the commands, which are those of every answer.

pub use crate::answer::{ExitStatus, Failure};
