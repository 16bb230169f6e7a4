//! The work of the `policy` commands: expands the call that policies are asked about, evaluates it, and writes policies.

mod call;
mod generate;
mod simulate;

pub use call::NamedCall;
pub use generate::{Generated, WantedPolicy, generated, requirements_of_call, subscription};
pub use simulate::evaluated;
