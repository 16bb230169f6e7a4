//! Tests of what needs neither the AWS SDK nor the embedded account: `cargo test --no-default-features --test core`.

mod architecture;
mod diagnose;
mod explain;
#[cfg(feature = "iac")]
mod iac;
mod policy;
mod secret_filter;
mod supply_chain;
mod trail;

#[path = "../support"]
mod support {
    pub mod costly;
    pub mod files;
}
