//! Explains an error text: `cargo run --no-default-features --example explain -- error.txt`.

#![allow(clippy::print_stdout, reason = "an example shows what it found")]

use bedrock_access::cause::catalogue;
use bedrock_access::explain::explain_bytes;
use std::io::Read as _;

fn main() -> Result<(), std::io::Error> {
    let mut text = Vec::new();
    match std::env::args_os().nth(1) {
        Some(file) => text = std::fs::read(file)?,
        None => std::io::stdin().read_to_end(&mut text).map(drop)?,
    }
    let error = explain_bytes(&text).error;
    let entry = catalogue::entry(error.cause);
    println!("{}: {}", error.cause, entry.title);
    for (name, value) in [("principal", &error.principal), ("action", &error.action), ("resource", &error.resource)] {
        if let Some(value) = value {
            println!("  {name}: {}", bedrock_access::escape::escape(value));
        }
    }
    Ok(())
}
