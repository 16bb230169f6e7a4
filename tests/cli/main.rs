//! Tests of the program as people run it, and of the embedded account: `cargo test --test cli FILTER`.

mod authorization;
mod check;
mod denials;
mod doctor;
mod evidence;
mod explain;
mod foreign_clients;
mod gates;
mod hostile;
mod independent_servers;
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
#[path = "../support/mod.rs"]
mod support;
mod targets;
