#![doc = include_str!("../README.md")]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::print_stdout,
        clippy::print_stderr,
        clippy::exit
    )
)]

pub mod bedrock;
pub mod cause;
pub mod diagnose;
pub mod escape;
pub mod evidence;
pub mod explain;
#[cfg(feature = "iac")]
pub mod iac;
pub mod iam;
pub mod matrix;
pub mod policy;
pub mod redact;
pub mod report;
pub mod request;
pub mod secrets;
pub mod trail;

#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "cli")]
pub mod observe;
#[cfg(feature = "sandbox")]
pub mod sandbox;
