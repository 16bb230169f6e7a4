//! Every fault at every call: the doctor ends in time, says what it could not see, and takes no failure for a yes.
//!
//! The outcome is the table of `docs/reliability.md`; `BLESS=1` writes it. Without `BLESS` a sample of the cells is run.
//! `MATRIX=worlds` runs each fault in every world that makes the call, which takes long.

use super::calls::asking;
use crate::support::account::{Account, at_once};
use crate::support::files;
use bedrock_access::bedrock::Operation;
use bedrock_access::observe::{Api, ApiKind};
use bedrock_access::sandbox::{Fault, FaultKind, Live, World};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The deadline that the doctor is given, in seconds.
const TIMEOUT: u64 = 6;

/// How much later it may end.
const GRACE: Duration = Duration::from_secs(1);

/// The calls whose refusal is the answer that was asked for.
const TESTS: [&str; 4] =
    ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream", "bedrock:Converse", "bedrock:ConverseStream"];

/// The calls that no scene makes: `--assume-role` asks for one, `denials --live` for another, and a KMS key for the last.
const ELSEWHERE: [&str; 3] = ["sts:AssumeRole", "cloudtrail:LookupEvents", "kms:GetKeyPolicy"];

/// What `--invoke` adds to the deadline.
const INVOKE_ALLOWANCE: Duration = Duration::from_secs(60);

/// Faults that are waited for, so that many cells can wait at once.
const SLOW: [FaultKind; 3] = [FaultKind::Hang, FaultKind::SlowHead, FaultKind::SlowBody];

/// A world with what is typed, and how it comes out without a fault.
#[derive(Clone, Debug)]
struct Scene {
    world: &'static str,
    arguments: Vec<String>,
    verdict: String,
    calls: BTreeSet<&'static str>,
    /// The calls that the world itself refuses: a fault there changes one refusal into another.
    refused: BTreeSet<String>,
}

impl Scene {
    fn invokes(&self) -> bool {
        self.arguments.iter().any(|argument| argument == "--invoke")
    }
}

/// One fault at one call in one scene.
#[derive(Clone, Debug)]
struct Cell<'a> {
    api: &'static str,
    kind: FaultKind,
    scene: &'a Scene,
}

/// How a cell came out.
#[derive(Clone, Debug)]
struct Outcome {
    /// What the table shows.
    shown: String,
    /// What must not be.
    offences: Vec<String>,
}

/// Returns every scene: what worlds are about, and a test call of every kind.
fn scenes() -> Vec<Scene> {
    let mut arguments = vec![Vec::new(), vec!["--probe".to_owned()]];
    for operation in Operation::ALL {
        arguments.push(asking(operation));
        if operation.has_test_call() {
            let model = World::embedded("healthy").unwrap().request.model.unwrap().to_string();
            let typed = ["--operation", operation.as_str(), "--model", &model].map(str::to_owned).to_vec();
            arguments.extend(["--probe", "--invoke"].map(|live| [typed.clone(), vec![live.to_owned()]].concat()));
        }
    }
    let typed: Vec<(&'static str, Vec<String>)> =
        World::names().flat_map(|world| arguments.iter().map(move |arguments| (world, arguments.clone()))).collect();
    // The live modes are wanted of one world that allows and of one that denies, and where a world asks for one itself;
    // the plain mode of all.
    let asks_itself = |world: &str, arguments: &[String]| {
        arguments == ["--probe"] && World::embedded(world).is_some_and(|world| world.request.live == Some(Live::Probe))
    };
    let chosen: Vec<_> = typed
        .into_iter()
        .filter(|(world, arguments)| {
            let is_wanted = arguments.is_empty() || asks_itself(world, arguments) || everywhere();
            is_wanted || ["healthy", "iam-missing"].contains(world) && *arguments != ["--probe"]
        })
        .collect();
    let scenes = at_once(4, &chosen, |(world, arguments)| {
        let borrowed: Vec<&str> = arguments.iter().map(String::as_str).chain(["--format", "json"]).collect();
        let (answer, calls) = Account::ask(world, &borrowed);
        (answer.status != 2).then(|| {
            let report = answer.json();
            let refused = report["observations"].as_array().unwrap().iter().filter(|call| call["outcome"] == "refused");
            Scene {
                world,
                arguments: arguments.clone(),
                verdict: text(&report["verdict"]).to_owned(),
                calls: calls.into_keys().collect(),
                refused: refused.map(|call| text(&call["api"]).to_owned()).collect(),
            }
        })
    });
    scenes.into_iter().flatten().collect()
}

fn everywhere() -> bool {
    std::env::var("MATRIX").is_ok_and(|extent| extent == "worlds")
}

fn blessed() -> bool {
    files::is_blessing()
}

/// The name of all calls at once.
const EVERY: &str = "*";

/// Walks over the names of the calls, and over all of them at once.
fn columns() -> impl Iterator<Item = &'static str> {
    Api::ALL.iter().map(|api| api.name()).filter(|name| !ELSEWHERE.contains(name)).chain([EVERY])
}

/// Lists the cells: each fault at each call, where the call is made in a world that allows and in one that denies.
fn cells(scenes: &[Scene]) -> Vec<Cell<'_>> {
    let mut cells = Vec::new();
    for (column, api) in columns().enumerate() {
        let calling = |verdict: &str| -> Vec<&Scene> {
            let calls = scenes.iter().filter(|scene| api == EVERY || scene.calls.contains(api));
            let mut calling: Vec<&Scene> = calls.filter(|scene| scene.verdict == verdict).collect();
            calling.sort_by_key(|scene| !TESTS.contains(&api) && scene.refused.contains(api));
            calling
        };
        let (allowed, denied) = (calling("allowed"), calling("denied"));
        assert!(!allowed.is_empty() || !denied.is_empty(), "no scene calls {api}");
        for (row, &kind) in FaultKind::ALL.iter().enumerate() {
            let is_ci = std::env::var_os("CI").is_some();
            let sampled = blessed() || everywhere() || (row + column) % 12 == 0;
            let waits_long = SLOW.contains(&kind) && api.contains("Converse");
            if !sampled || waits_long && !(blessed() || everywhere() || is_ci) {
                continue;
            }
            let take = if everywhere() { usize::MAX } else { 1 };
            let scenes = allowed.iter().take(take).chain(denied.iter().take(take));
            cells.extend(scenes.map(|scene| Cell { api, kind, scene }));
        }
    }
    cells
}

impl Cell<'_> {
    fn name(&self) -> String {
        format!("{} at {} in {} {:?}", self.kind.as_str(), self.api, self.scene.world, self.scene.arguments)
    }

    fn is_slow(&self) -> bool {
        SLOW.contains(&self.kind)
    }

    fn run(&self) -> Outcome {
        let fault: Fault = format!("{}={}", self.api, self.kind.as_str()).parse().unwrap();
        let account = Account::serve(World::embedded(self.scene.world).unwrap().with_fault(fault));
        let timeout = TIMEOUT.to_string();
        let typed = self.scene.arguments.iter().map(String::as_str);
        let arguments: Vec<&str> = typed.chain(["--format", "json", "--timeout", &timeout]).collect();
        let started = Instant::now();
        let answer = account.doctor(&arguments).run();
        let took = started.elapsed();
        let calls = account.sandbox.calls();
        let mut offences = Vec::new();
        let mut deadline = Duration::from_secs(TIMEOUT) + GRACE;
        if self.scene.invokes() {
            deadline += INVOKE_ALLOWANCE;
        }
        if took > deadline {
            offences.push(format!("took {took:?}"));
        }
        if answer.stderr.contains("panicked") || ![0, 1, 3].contains(&answer.status) {
            offences.push(format!("ended with {}: {}", answer.status, answer.stderr));
        }
        if let Some(count) = calls.get("unknown") {
            offences.push(format!("made {count} requests that are no calls: a redirect was followed"));
        }
        for api in Api::ALL.iter().filter(|api| api.kind() == ApiKind::Test) {
            if calls.get(api.name()).is_some_and(|count| *count > 1) {
                offences.push(format!("repeated {}", api.name()));
            }
        }
        let Ok(report) = serde_json::from_str::<Value>(&answer.stdout) else {
            offences.push("gave no report".to_owned());
            return Outcome { shown: "!".to_owned(), offences };
        };
        self.judge(&report, &mut offences);
        Outcome { shown: self.show(&report), offences }
    }

    /// Returns `true` if an answer of the call went unseen.
    fn is_unseen(&self, report: &Value) -> bool {
        let mut calls = report["observations"].as_array().unwrap().iter();
        calls.any(|call| {
            (self.api == EVERY || call["api"] == self.api) && ["failed", "refused"].contains(&text(&call["outcome"]))
        })
    }

    fn judge(&self, report: &Value, offences: &mut Vec<String>) {
        let verdict = text(&report["verdict"]);
        let truth = self.scene.verdict.as_str();
        let unseen = self.is_unseen(report);
        // What a service refuses or throttles at the test call is the call's own answer.
        let refused_itself = TESTS.contains(&self.api)
            && matches!(
                self.kind,
                FaultKind::AccessDenied
                    | FaultKind::ClockSkew
                    | FaultKind::Throttling
                    | FaultKind::ThrottlingRetryAfter
                    | FaultKind::InternalError
            );
        // Who lacks the right to read a resource's policy is told that, and has the answer of before it was read at all.
        let lacks_right = self.api == "s3:GetBucketPolicy"
            && self.kind == FaultKind::AccessDenied
            && report["not_checked"].to_string().contains("the bucket's own policy");
        if verdict == "allowed" && truth == "denied" && !refused_itself && !lacks_right {
            offences.push("says allowed where the truth is denied".to_owned());
        }
        let live = ["succeeded", "body-rejected", "throttled"].contains(&text(&report["invocation"]["outcome"]));
        // The policies' own texts explain what the simulator says; that they were not read has to be told.
        let explains =
            self.api.contains("Policies") || self.api.contains("PolicyVersion") || self.api.ends_with("Policy");
        let is_told = report["not_checked"].to_string().contains("the texts of the policies");
        let explained = explains && !self.api.contains("Simulate") && is_told;
        if verdict == "allowed" && unseen && !live && !explained && !lacks_right {
            offences.push("says allowed without having seen the answer".to_owned());
        }
        if verdict == "denied" && truth == "allowed" && !refused_itself {
            let family = text(&report["findings"][0]["family"]);
            if !["credentials", "network", "capacity"].contains(&family) {
                offences.push(format!("blames {} where nothing is wrong", report["findings"][0]["cause"]));
            }
        }
        if verdict == "undetermined" && report["not_checked"].as_array().is_none_or(Vec::is_empty) {
            offences.push("does not say what it could not see".to_owned());
        }
    }

    fn show(&self, report: &Value) -> String {
        let family = text(&report["findings"][0]["family"]);
        let letter = match (text(&report["verdict"]), family) {
            ("allowed", _) => "A",
            ("undetermined", _) => "U",
            (_, "network") => "N",
            (_, "credentials") => "C",
            (_, "capacity") => "Q",
            _ => "D",
        };
        if self.is_unseen(report) { letter.to_lowercase() } else { letter.to_owned() }
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[test]
fn a_fault_is_never_taken_for_an_answer() {
    let scenes = scenes();
    let cells = cells(&scenes);
    let told = told();
    let mut outcomes: Vec<Option<Outcome>> = vec![None; cells.len()];
    let indexed: Vec<(usize, &Cell<'_>)> = cells.iter().enumerate().collect();
    let (slow, quick): (Vec<_>, Vec<_>) = indexed.into_iter().partition(|(_, cell)| cell.is_slow());
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| at_once(24, &slow, |(at, cell)| (*at, cell.run())));
        let working = scope.spawn(|| at_once(3, &quick, |(at, cell)| (*at, cell.run())));
        for (at, outcome) in waiting.join().unwrap().into_iter().chain(working.join().unwrap()) {
            outcomes[at] = Some(outcome);
        }
    });
    let mut outcomes: Vec<Outcome> = outcomes.into_iter().map(Option::unwrap).collect();
    // What only a busy machine can account for is tried once more, alone.
    let mut table = table(&cells, &outcomes);
    for (at, cell) in cells.iter().enumerate() {
        let key = (cell.kind.as_str().to_owned(), cell.api.to_owned());
        let differs = !blessed() && !everywhere() && told.get(&key).is_some_and(|shown| table.get(&key) != Some(shown));
        if !outcomes[at].offences.is_empty() || differs {
            outcomes[at] = cell.run();
        }
    }
    let offences: Vec<String> = cells
        .iter()
        .zip(&outcomes)
        .filter(|(_, outcome)| !outcome.offences.is_empty())
        .map(|(cell, outcome)| format!("{}: {}", cell.name(), outcome.offences.join("; ")))
        .collect();
    assert!(offences.is_empty(), "{} of {} cells:\n{}", offences.len(), cells.len(), offences.join("\n"));
    if everywhere() {
        return;
    }
    table = self::table(&cells, &outcomes);
    if blessed() {
        write(&table, cells.len());
        return;
    }
    for (key, shown) in &table {
        match told.get(key) {
            Some(told) => assert_eq!(shown, told, "{key:?}: docs/reliability.md says otherwise; BLESS=1 writes it"),
            None => panic!("{key:?} is not in docs/reliability.md; BLESS=1 writes it"),
        }
    }
}

type Table = BTreeMap<(String, String), String>;

/// Puts the outcomes of a cell's scenes side by side: the world that allows, then the one that denies.
fn table(cells: &[Cell<'_>], outcomes: &[Outcome]) -> Table {
    let mut table = Table::new();
    for (cell, outcome) in cells.iter().zip(outcomes) {
        let shown = table.entry((cell.kind.as_str().to_owned(), cell.api.to_owned())).or_default();
        if shown.is_empty() && cell.scene.verdict == "denied" {
            shown.push('-');
        }
        shown.push_str(&outcome.shown);
    }
    table
}

fn path() -> PathBuf {
    files::path("docs/reliability.md")
}

/// The marks between which the document's table is generated.
const MARKS: (&str, &str) = ("<!-- matrix -->\n", "<!-- end of matrix -->");

/// Cuts the document into what is before, within and behind the marks.
fn parts(document: &str) -> (&str, &str, &str) {
    let (before, rest) = document.split_once(MARKS.0).unwrap();
    let (matrix, after) = rest.split_once(MARKS.1).unwrap();
    (before, matrix, after)
}

/// Reads the document's table: the calls are numbered above it.
fn told() -> Table {
    let document = fs::read_to_string(path()).unwrap();
    let (_, matrix, _) = parts(&document);
    let numbered = matrix.lines().filter_map(|line| line.split_once(". `")).map(|(_, name)| name.trim_end_matches('`'));
    let calls: Vec<&str> = numbered.collect();
    let mut table = Table::new();
    for row in matrix.lines().filter(|line| line.starts_with("| `")) {
        let columns: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        for (call, shown) in calls.iter().zip(&columns[1..]) {
            table.insert((columns[0].trim_matches('`').to_owned(), (*call).to_owned()), (*shown).to_owned());
        }
    }
    table
}

/// Writes the document's table.
fn write(table: &Table, runs: usize) {
    let mut matrix = String::new();
    for (column, api) in columns().enumerate() {
        let _ = writeln!(matrix, "{}. `{api}`", column + 1);
    }
    let count = columns().count();
    let heads: String = (1..=count).map(|column| format!(" {column:<2} |")).collect();
    let _ = writeln!(matrix, "\n{} faults at {} calls, {runs} runs:\n", FaultKind::ALL.len(), count - 1);
    let _ = writeln!(matrix, "| fault |{heads}\n|---|{}", "---|".repeat(count));
    for kind in FaultKind::ALL {
        let cell = |api: &str| &table[&(kind.as_str().to_owned(), api.to_owned())];
        let cells: String = columns().map(|api| format!(" {} |", cell(api))).collect();
        let _ = writeln!(matrix, "| `{}` |{cells}", kind.as_str());
    }
    let document = fs::read_to_string(path()).unwrap();
    let (before, _, after) = parts(&document);
    fs::write(path(), format!("{before}{}{matrix}{}{after}", MARKS.0, MARKS.1)).unwrap();
}
