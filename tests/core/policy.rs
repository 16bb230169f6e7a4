//! The policy engine against cases as data, against definitions, and against all combinations of small things.

mod conditions;
mod decisions;
mod exhaustive;
mod generated;
mod lint;
mod properties;
