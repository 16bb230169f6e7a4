//! What commands and tools have in common: the work between what was asked, as values, and the answer, as values.
//!
//! Knows neither a command line nor a protocol, and writes nothing: what is to be noted is returned. The command line and
//! the server for agents take their answers from here, so that both give the same.

mod account;
pub mod check;
mod context;
pub mod denials;
pub mod doctor;
pub mod explanation;
mod failure;
pub mod log;
mod models;
mod operation;
pub mod policy;
mod world;

pub use account::{Served, account_id, account_of, configured_region};
pub use context::context_keys;
pub use failure::{ExitStatus, Failure};
pub use models::surveyed;
pub use operation::operation_named;
pub use world::{DEFAULT_WORLD, load_world, read_world};
