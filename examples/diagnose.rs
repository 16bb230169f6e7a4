//! Diagnoses saved evidence: `cargo run --no-default-features --example diagnose -- case.json`.
//!
//! `bedrock-access doctor … --save-evidence case.json` writes such a file.

#![allow(clippy::print_stdout, reason = "an example shows what it found")]

use bedrock_access::diagnose::diagnose;
use bedrock_access::evidence::Evidence;
use bedrock_access::report::{Layout, text};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args_os().nth(1).ok_or("give a file of evidence")?;
    let evidence = Evidence::from_json(&std::fs::read_to_string(file)?)?;
    let diagnosis = diagnose(&evidence);
    print!("{}", text(&diagnosis, &Layout::default()).plain());
    Ok(())
}
