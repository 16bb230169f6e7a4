//! Counts the instructions of `explain` and of one policy decision, and holds them to the figures that are stored.
//!
//! Unlike a time, a count does not depend on what else the machine does. It does depend on the compiler, so that it is
//! compared with what the same compiler gave for the same target (`instructions.json`); more than a tenth above that
//! fails. Needs `valgrind`. `cargo bench --bench instructions`; `-- store` stores what was counted.

#![allow(
    clippy::exit,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a benchmark stops where it is wrong"
)]

#[path = "requests.rs"]
mod requests;
#[path = "skip.rs"]
mod skip;
#[path = "table.rs"]
mod table;
#[path = "text.rs"]
mod text;

use bedrock_access::policy::{Question, decide};
use requests::{requests, role};
use serde_json::{Map, Value, json};
use skip::skip;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};
use table::{growth, row};
use text::error_text;

const PROGRAM: &str = env!("CARGO_BIN_EXE_bedrock-access");
const STORED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bench/instructions.json");

/// How much more than stored is too much.
const TOO_MUCH: f64 = 1.1;

/// Decisions by which one is counted: what comes before them falls out of the difference.
const DECISIONS: [usize; 2] = [500, 1500];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    if let [mode, policies, count] = arguments.as_slice()
        && mode == "decide"
    {
        decide_all(policies.parse().expect("a number of policies"), count.parse().expect("a number of decisions"));
        return ExitCode::SUCCESS;
    }
    table::open("instructions");
    if let Err(error) = Command::new("valgrind").arg("--version").output() {
        skip(&format!("valgrind does not run: {error}"));
        return ExitCode::SUCCESS;
    }
    let text = error_text();
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("text");
    let explains = [1, 4, 16].map(|times| {
        fs::write(&file, text.repeat(times)).expect("a file");
        (
            (text.len() * times) as f64 / 1e3,
            instructions(Path::new(PROGRAM), &["explain", file.to_str().expect("UTF-8")]),
        )
    });
    let decisions = [5, 10, 20].map(|policies| (4.0 * policies as f64, of_a_decision(policies)));
    let counted = [("explain", explains[0].1), ("decision", decisions[0].1)];
    let is_within = compare(&counted, arguments.iter().any(|argument| argument == "store"));
    growth("`explain`", "kB of text", "instructions", &explains);
    growth("a decision", "statements", "instructions", &decisions);
    if is_within { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints the counts beside what is stored of this compiler, and tells whether all are near it; or stores them.
fn compare(counted: &[(&str, f64)], store: bool) -> bool {
    let (compiler, target) = toolchain();
    let text = fs::read_to_string(STORED).expect("the stored figures");
    let mut stored: Vec<Value> = serde_json::from_str(&text).expect("JSON");
    let is_this = |entry: &Value| entry["rustc"] == compiler && entry["target"] == target;
    if store {
        stored.retain(|entry| !is_this(entry));
        let figures: Map<String, Value> =
            counted.iter().map(|(name, count)| ((*name).to_owned(), json!(count.round()))).collect();
        stored.push(json!({"rustc": compiler, "target": target, "instructions": figures}));
        let text = serde_json::to_string_pretty(&stored).expect("JSON");
        fs::write(STORED, text + "\n").expect("the file of figures can be written");
    }
    let known = stored.iter().find(|entry| is_this(entry)).map(|entry| &entry["instructions"]);
    if known.is_none() {
        println!("| nothing is stored of rustc {compiler} for {target}, so that nothing can be compared; | | | |");
        println!("| `cargo bench --locked --bench instructions -- store` stores what follows | | | |");
    }
    let mut is_within = true;
    for (name, count) in counted {
        let before = known.map(|known| known[name].as_f64().expect("a stored figure"));
        let most = before.map_or(f64::INFINITY, |before| before * TOO_MUCH);
        row(&format!("instructions of one {name}"), ..=most, *count, "instructions");
        if let Some(before) = before {
            row("beside what is stored", ..=TOO_MUCH, count / before, "times");
            is_within &= count / before <= TOO_MUCH;
        }
    }
    is_within
}

/// The compiler's version and its target.
fn toolchain() -> (String, String) {
    let output = Command::new("rustc").arg("-vV").output().expect("rustc runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let line = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().to_owned();
    (line("rustc "), line("host: "))
}

/// The instructions of one decision: those of many, less those of fewer.
fn of_a_decision(policies: usize) -> f64 {
    let this = std::env::current_exe().expect("this program's path");
    let [few, many] =
        DECISIONS.map(|count| instructions(&this, &["decide", &policies.to_string(), &count.to_string()]));
    (many - few) / (DECISIONS[1] - DECISIONS[0]) as f64
}

fn decide_all(policies: usize, count: usize) {
    let role = role(policies);
    // As many requests each time, so that making them falls out too.
    for request in requests(DECISIONS[1]).iter().take(count) {
        std::hint::black_box(decide(&Question::new("arn:aws:iam::111122223333:role/chat", request), &role));
    }
}

/// The instructions of a whole process, in an empty environment.
fn instructions(program: &Path, arguments: &[&str]) -> f64 {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(arguments)
        .env_clear()
        .output()
        .expect("valgrind runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {said}", output.status);
    let count = said.lines().find_map(|line| line.split("Collected :").nth(1)).expect("callgrind's sum");
    count.trim().parse().expect("a number")
}
