//! Measures `doctor --targets`: diagnoses a second at 100 ms latency a call, and peak memory at three sizes.
//!
//! Takes the program of the same profile and an embedded account in this process.
//! `cargo bench --bench targets`, or `cargo test --bench targets` for the unoptimized program; `-- full` diagnoses 1,000
//! targets with profiles too.

#[path = "caller.rs"]
mod caller;
#[path = "process.rs"]
#[expect(dead_code, reason = "others measure more of a process")]
mod process;
#[path = "table.rs"]
mod table;
#[path = "../support/many.rs"]
#[expect(dead_code, reason = "the tests of `models` use the rest")]
mod world;

use bedrock_access::sandbox::World;
use process::{PROGRAM, peak};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use table::{growth, row};

const ROLES: usize = 10;
const MODELS: usize = 50;
const REGIONS: [&str; 2] = ["us-west-2", "us-east-1"];
const LATENCY: Duration = Duration::from_millis(100);

/// What `--concurrency` is without being given.
const IN_FLIGHT: f64 = 8.0;

fn main() {
    let is_full = std::env::args().any(|argument| argument == "full");
    let facts = roles_and_models();
    table::open("targets");
    for (what, profiles, least, most) in [
        ("foundation models", false, 20.0, 1000),
        ("profiles of four requirements", true, 8.0, if is_full { 1000 } else { 400 }),
    ] {
        let runs = [most / 4, most / 2, most].map(|count| (count, run(&facts, count, profiles, LATENCY)));
        let [.., (_, run)] = &runs;
        let what = format!("`--targets`, {what}");
        row(&format!("{what}, {most} of them"), least.., most as f64 / run.seconds, "a second");
        row("its calls", .., run.calls as f64, "calls");
        row("of them at once", ..=IN_FLIGHT, run.most_at_once as f64, "calls");
        growth(&what, "targets", "s", &runs.map(|(count, run)| (count as f64, run.seconds)));
    }
    let runs = [1000, 3000, 10_000].map(|count| (count as f64, run(&facts, count, false, Duration::ZERO)));
    let [(_, few), .., (_, many)] = &runs;
    row("peak memory of 1,000 targets", .., few.peak, "MiB");
    row("peak memory at ten times the targets", ..=1.2, many.peak / few.peak, "times");
    growth("`--targets` without latency", "targets", "s", &runs.map(|(count, run)| (count, run.seconds)));
}

struct Run {
    seconds: f64,
    /// MiB.
    peak: f64,
    calls: u64,
    most_at_once: usize,
}

/// Diagnoses targets of ten principals, fifty models and two Regions, round and round.
fn run(facts: &Value, count: usize, profiles: bool, latency: Duration) -> Run {
    let mut lines = String::new();
    for n in 0..count {
        let (role, model, region) = (n % ROLES, n / ROLES % MODELS, REGIONS[n / ROLES / MODELS % 2]);
        let prefix = if profiles { "us." } else { "" };
        let target = json!({
            "id": n, "model": format!("{prefix}amazon.model-{model:02}-v1:0"), "region": region,
            "principal": format!("arn:aws:iam::111122223333:role/apps/bench-{role}"),
        });
        let _ = writeln!(lines, "{target}");
    }
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    fs::write(file.path(), lines).expect("room for the targets");
    let world = World::parse(&facts.to_string()).expect("a world");
    let (sandbox, prepare) = caller::serve(world, latency);
    let started = Instant::now();
    let mut command = Command::new(PROGRAM);
    prepare(&mut command);
    let mut child = command
        .args(["doctor", "--format", "json", "--targets"])
        .arg(file.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program");
    let mut most = 0.0;
    let status = loop {
        most = peak(child.id()).unwrap_or(most);
        match child.try_wait().expect("a child") {
            Some(status) => break status,
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    let seconds = started.elapsed().as_secs_f64();
    let said = std::io::read_to_string(child.stderr.take().expect("a pipe")).expect("text");
    assert!(status.success(), "{status}: {said}");
    Run { seconds, peak: most, calls: sandbox.calls().values().sum(), most_at_once: sandbox.most_at_once() }
}

/// Ten roles that may call fifty models in two Regions, alone and through a profile of three Regions.
fn roles_and_models() -> Value {
    let mut world = world::many_models(&[]);
    let gate = json!({
        "lifecycle": {"status": "ACTIVE"}, "agreement": {"status": "AVAILABLE"}, "authorization": "AUTHORIZED",
        "entitlement": "AVAILABLE", "region": "AVAILABLE",
    });
    let id = |n: usize| format!("amazon.model-{n:02}-v1:0");
    world["models"] = (0..MODELS)
        .map(|n| {
            json!({
                "id": id(n), "name": "Model", "provider": "Amazon", "inference_types": ["ON_DEMAND"],
                "regions": {"us-west-2": gate, "us-east-1": gate, "us-east-2": gate},
            })
        })
        .collect();
    world["profiles"] = (0..MODELS)
        .flat_map(|n| REGIONS.map(|region| (n, region)))
        .map(|(n, region)| {
            let reach = ["us-east-1", "us-east-2", "us-west-2"];
            let models = reach.map(|to| format!("arn:aws:bedrock:{to}::foundation-model/{}", id(n)));
            json!({"id": format!("us.{}", id(n)), "region": region, "models": models})
        })
        .collect();
    world["request"]["model"] = json!(id(0));
    let principals = world["principals"].as_array_mut().expect("principals");
    let policy = principals.iter().find(|role| role["access_key"].is_string()).expect("a caller")["policies"].clone();
    for n in 0..ROLES {
        principals.push(json!({"arn": format!("arn:aws:iam::111122223333:role/apps/bench-{n}"), "policies": policy}));
    }
    world
}
