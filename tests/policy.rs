//! The policy engine against cases as data, against definitions, and against all combinations of small things.

#[cfg(feature = "cli")]
#[path = "policy/cli.rs"]
mod cli;
#[path = "policy/conditions.rs"]
mod conditions;
#[path = "policy/corrections.rs"]
mod corrections;
#[path = "policy/decisions.rs"]
mod decisions;
#[path = "policy/exhaustive.rs"]
mod exhaustive;
#[path = "policy/generated.rs"]
mod generated;
#[path = "policy/lint.rs"]
mod lint;
#[path = "policy/mistakes.rs"]
mod mistakes;
#[path = "policy/probes.rs"]
mod probes;
#[path = "policy/properties.rs"]
mod properties;
#[cfg(feature = "cli")]
#[path = "policy/schema.rs"]
mod schema;
