//! The sandbox: an AWS account on loopback, for trying the doctor where nothing can break.
//!
//! A [`World`] states facts (who may do what, which models there are and how the account stands to them), and
//! every answer follows from those facts. The sandbox speaks the wire protocols of AWS, evaluates policies on
//! every call, expands a call to its resources itself and words its refusals itself, so that a mistake of the
//! doctor is not mirrored here. It never leaves loopback, reads no environment and opens no file.

mod account;
mod agents;
mod authenticate;
mod authorize;
mod caller;
mod control_plane;
mod delivery;
mod directory;
mod event_stream;
mod fault;
mod fingerprint;
mod gates;
mod guardrails;
mod jobs;
mod protocol;
mod refusal;
mod requirements;
mod runtime;
mod server;
mod signature;
mod simulator;
mod sts;
mod toolbox;
mod world;
mod xml;

pub use fault::{Fault, FaultError, FaultKind};
pub use server::Sandbox;
pub use world::{Live, World, WorldError, WorldRequest};
