//! The doctor's work: from one call to the evidence that a diagnosis is made of.
//!
//! A [`Call`] says what was asked, [`Inputs`] what was read besides; [`request()`] puts the request together, and
//! [`gather_all`] asks AWS or the embedded account until nothing is open.

mod call;
mod gather;
mod pasted;
mod request;

pub use call::{Call, Caller, Principal};
pub use gather::{gather_all, resolved};
pub use pasted::Pasted;
pub use request::{Asked, Inputs, request, requests, warnings, warnings_of};
