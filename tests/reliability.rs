//! It keeps working, and asks no more than it says: what AWS, the network and the machine may do to it.
//!
//! Every test runs the real program against the sandbox, which is reached through the environment like AWS, and which
//! counts what it was asked.

#[path = "reliability/account.rs"]
mod account;
#[path = "reliability/calls.rs"]
mod calls;
#[path = "reliability/credentials.rs"]
mod credentials;
#[path = "reliability/faults.rs"]
mod faults;
#[path = "reliability/matrix.rs"]
mod matrix;
#[path = "reliability/network.rs"]
mod network;
#[path = "doctor/run.rs"]
mod run;
#[path = "reliability/signals.rs"]
mod signals;
#[path = "reliability/soak.rs"]
mod soak;
#[path = "reliability/tls.rs"]
mod tls;
#[path = "many/world.rs"]
#[expect(dead_code, reason = "the tests of `models` use the rest")]
mod world;
