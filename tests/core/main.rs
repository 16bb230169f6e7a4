//! Tests of what needs neither the AWS SDK nor the embedded account: `cargo test --no-default-features --test core`.

#![allow(
    clippy::exit,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test stops where it is wrong"
)]

mod architecture;
#[cfg(feature = "clients")]
mod clients;
mod diagnose;
mod explain;
#[cfg(feature = "iac")]
mod iac;
mod policy;
mod redaction;
mod secret_filter;
mod supply_chain;
mod trail;

#[path = "../support"]
mod support {
    pub mod costly;
    pub mod files;
    #[cfg(feature = "iac")]
    pub mod infrastructure;
}
