//! The sandbox: an AWS account on loopback, for trying the doctor where nothing can break.
//!
//! A [`World`] states facts (who may do what, which models there are and how the account stands to them), and
//! every answer follows from those facts. The sandbox speaks the wire protocols of AWS, evaluates policies on
//! every call, expands a call to its resources itself and words its refusals itself, so that a mistake of the
//! doctor is not mirrored here. It never leaves loopback, reads no environment and opens no file.

mod account;
mod authenticate;
mod call;
mod caller;
#[cfg(feature = "faults")]
mod delivery;
mod dispatch;
mod effective_policies;
mod ids;
mod inject;
mod operation;
mod page;
mod records;
mod refusal;
mod server;
mod services;
mod signature;
mod snapshot;
mod wire;
mod world;
mod xml;

pub use server::Sandbox;
pub use world::{Fault, FaultError, FaultKind, Live, World, WorldError, WorldRequest};
