//! The `policy` commands as a program.

mod command;
mod schema;
