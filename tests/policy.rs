//! The policy engine against cases as data, against definitions, and against all combinations of small things.

#[path = "policy/lint.rs"]
mod lint;
