//! The policy engine against cases as data, against definitions, and against all combinations of small things.

mod conditions;
mod corrections;
mod decisions;
mod documented;
mod exhaustive;
mod generated;
mod lint;
mod mistakes;
mod open;
mod probes;
mod properties;
