//! What the program saves and answers in every world, asked once for all tests of a binary.

use super::program::{Answer, Doctor};
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

/// Runs the program in a world as it stands, once for all tests: the same is asked by many.
pub fn answer(world: &str, arguments: &[&str]) -> Answer {
    static ANSWERS: OnceLock<Mutex<BTreeMap<String, Answer>>> = OnceLock::new();
    let known = ANSWERS.get_or_init(Mutex::default);
    let name = format!("{world} {arguments:?}");
    if let Some(answer) = known.lock().unwrap().get(&name) {
        return answer.clone();
    }
    let answer = Doctor::new([&["--sandbox", world], arguments].concat()).run();
    known.lock().unwrap().entry(name).or_insert(answer).clone()
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
