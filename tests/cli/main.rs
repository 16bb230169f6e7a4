//! Tests of the program as people run it, and of the embedded account: `cargo test --test cli FILTER`.

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

mod authorization;
mod calls;
mod check;
mod clients;
#[cfg(unix)]
mod commands;
mod denials;
mod doctor;
mod doors;
mod evidence;
mod explain;
mod foreign_clients;
mod gates;
mod hostile;
mod independent_servers;
mod inputs;
mod mcp;
mod models;
mod operations;
mod policy;
mod probe;
mod public_reports;
mod reading;
mod readme;
mod reliability;
mod remedies;
mod sandbox;
mod secrets;
mod spoiled;
#[path = "../support/mod.rs"]
mod support;
mod targets;
mod truth;
