//! Measures `doctor --targets`: diagnoses a second at 100 ms latency a call, and peak memory at two sizes.
//!
//! Takes the program of the same profile and an embedded account in this process; prints a table and asserts nothing.
//! `cargo bench --bench targets`, or `cargo test --bench targets` for the unoptimized program; `-- N` sets the number
//! of targets (1,000 without it; the memory is measured at ten times as many too).

#[path = "caller.rs"]
mod caller;
#[path = "../many/world.rs"]
#[expect(dead_code, reason = "the tests of `models` use the rest")]
mod world;

use bedrock_access::sandbox::World;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const PROGRAM: &str = env!("CARGO_BIN_EXE_bedrock-access");
const ROLES: usize = 10;
const MODELS: usize = 50;
const REGIONS: [&str; 2] = ["us-west-2", "us-east-1"];
const LATENCY: Duration = Duration::from_millis(100);

fn main() {
    let count = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(1000);
    let facts = roles_and_models();
    for (what, profiles, wanted) in [("foundation models", false, 20.0), ("profiles of four legs", true, 8.0)] {
        let count = if profiles { count / 5 } else { count };
        let run = run(&facts, count, profiles, LATENCY);
        println!(
            "{count} targets, {what}, 100 ms latency, 8 calls in flight: {:.1} s, {:.0} a second (wanted {wanted}), \
             {} calls, {} at once",
            run.time.as_secs_f64(),
            count as f64 / run.time.as_secs_f64(),
            run.calls,
            run.most_at_once
        );
    }
    let few = run(&facts, count, false, Duration::ZERO);
    let many = run(&facts, 10 * count, false, Duration::ZERO);
    for (count, run) in [(count, &few), (10 * count, &many)] {
        println!(
            "{count} targets without latency: {:.1} s, {:.0} a second, peak memory {:.1} MiB",
            run.time.as_secs_f64(),
            count as f64 / run.time.as_secs_f64(),
            run.peak as f64 / 1024.0
        );
    }
    println!(
        "peak memory at ten times the targets: {:.2} times (wanted at most 1.2)",
        many.peak as f64 / few.peak as f64
    );
}

struct Run {
    time: Duration,
    /// KiB.
    peak: u64,
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
    let mut peak = 0;
    let status = loop {
        peak = peak_of(child.id()).unwrap_or(peak);
        match child.try_wait().expect("a child") {
            Some(status) => break status,
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    let time = started.elapsed();
    let said = std::io::read_to_string(child.stderr.take().expect("a pipe")).expect("text");
    assert!(status.success(), "{status}: {said}");
    Run { time, peak, calls: sandbox.calls().values().sum(), most_at_once: sandbox.most_at_once() }
}

/// The largest resident size of a process so far, in KiB.
fn peak_of(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
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
