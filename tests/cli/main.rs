//! Tests of the program as people run it, and of the embedded account: `cargo test --test cli FILTER`.

mod authorization;
mod check;
#[cfg(unix)]
mod commands;
mod doctor;
mod doors;
mod evidence;
mod explain;
mod foreign_clients;
mod gates;
mod hostile;
mod independent_servers;
mod inputs;
mod models;
mod operations;
mod policy;
mod probe;
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
