//! What the tests of the command line share: the program and its answers, served accounts, saved evidence, files.

pub mod account;
pub mod files;
pub mod http;
pub mod infrastructure;
pub mod many;
pub mod mcp;
pub mod program;
pub mod python;
pub mod saved;
pub mod sweep;
