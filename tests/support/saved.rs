//! The evidence of every world, gathered once for all tests of a binary.

use super::program::Doctor;
use bedrock_access::diagnose::{Diagnosis, diagnose};
use bedrock_access::evidence::Evidence;
use bedrock_access::report::junit::{Target, junit};
use bedrock_access::report::{Layout, html, json, markdown, text};
use std::collections::BTreeMap;
use std::fs;
use std::sync::{Mutex, OnceLock};

/// What `--format` takes.
pub const FORMATS: [&str; 5] = ["text", "json", "markdown", "html", "junit"];

/// Runs the program in a world, and returns what it saved.
pub fn evidence(world: &str) -> Evidence {
    static SAVED: OnceLock<Mutex<BTreeMap<String, String>>> = OnceLock::new();
    let known = SAVED.get_or_init(Mutex::default);
    if let Some(text) = known.lock().unwrap().get(world) {
        return Evidence::from_json(text).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("case.json");
    let answer = Doctor::new(["--sandbox", world, "-q", "--save-evidence", file.to_str().unwrap()]).run();
    assert_eq!(answer.stderr, "", "{world}");
    let text = fs::read_to_string(file).unwrap();
    let evidence = Evidence::from_json(&text).unwrap();
    known.lock().unwrap().insert(world.to_owned(), text);
    evidence
}

/// Writes a report as the program does.
pub fn report(evidence: &Evidence, format: &str) -> String {
    let diagnosis: &Diagnosis = &diagnose(evidence);
    match format {
        "text" => text(diagnosis, &Layout::default()).plain(),
        "json" => json(diagnosis),
        "markdown" => markdown(diagnosis),
        "html" => html(diagnosis),
        "junit" => junit(&[Target { id: None, diagnosis, expected: None }]).unwrap(),
        other => panic!("no format {other}"),
    }
}
