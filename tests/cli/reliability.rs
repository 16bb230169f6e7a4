//! It keeps working, and asks no more than it says: what AWS, the network and the machine may do to it.
//!
//! Every test runs the real program against the sandbox, which is reached through the environment like AWS, and which
//! counts what it was asked.

mod calls;
mod credentials;
mod faults;
mod matrix;
mod network;
mod signals;
mod soak;
mod tls;
