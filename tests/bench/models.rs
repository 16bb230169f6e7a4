//! Measures `models`: 120 models and 40 profiles in two Regions, at 100 ms latency a call.
//!
//! Takes the program of the same profile and an embedded account in this process.
//! `cargo bench --bench models`, or `cargo test --bench models` for the unoptimized program.

#[path = "caller.rs"]
mod caller;
#[path = "process.rs"]
#[expect(dead_code, reason = "others measure more of a process")]
mod process;
#[path = "table.rs"]
mod table;
#[path = "../support/many.rs"]
mod world;

use bedrock_access::sandbox::World;
use process::PROGRAM;
use serde_json::Value;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use table::{growth, row};

fn main() {
    table::open("models");
    println!(
        "| {} models, {} profiles, 100 ms latency, 16 calls in flight, made of the world `{}` | | | |",
        world::MODELS,
        world::PROFILES,
        world::embedded("healthy")["name"].as_str().unwrap_or_default()
    );
    let facts = world::many_models(&[]);
    let both = ["us-west-2", "us-east-1"];
    for (regions, arguments, most) in
        [(&both[..1], &[][..], f64::INFINITY), (&both[..], &[], 5.0), (&both[..1], &["--exact"], f64::INFINITY)]
    {
        let run = run(&facts, regions, arguments);
        let what = [&["`models`", &regions.join(" and ")], arguments].concat().join(" ");
        row(&what, ..=most, run.seconds, "s");
        row("its calls", .., run.calls as f64, "calls");
        row("of them to the simulator", .., run.simulations as f64, "calls");
        row("of them at once", ..=16.0, run.most_at_once as f64, "calls");
    }
    let points = [30, 60, 120].map(|count| (count as f64, run(&first(facts.clone(), count), &both, &[]).seconds));
    growth("`models` in two Regions", "models", "s", &points);
}

struct Run {
    seconds: f64,
    calls: u64,
    simulations: u64,
    most_at_once: usize,
}

fn run(facts: &Value, regions: &[&str], arguments: &[&str]) -> Run {
    let world = World::parse(&facts.to_string()).expect("a world");
    let (sandbox, prepare) = caller::serve(world, Duration::from_millis(100));
    let mut command = Command::new(PROGRAM);
    prepare(&mut command);
    command.args(["models", "--concurrency", "16", "--format", "json"]);
    command.args(regions.iter().flat_map(|region| ["--region", region])).args(arguments);
    let started = Instant::now();
    let output = command.stdin(Stdio::null()).output().expect("the program");
    let seconds = started.elapsed().as_secs_f64();
    assert!(matches!(output.status.code(), Some(0 | 3)), "{}", String::from_utf8_lossy(&output.stderr));
    let calls = sandbox.calls();
    Run {
        seconds,
        calls: calls.values().sum(),
        simulations: calls.get("iam:SimulatePrincipalPolicy").copied().unwrap_or_default(),
        most_at_once: sandbox.most_at_once(),
    }
}

/// The world with its first models alone, and their profiles.
fn first(mut facts: Value, count: usize) -> Value {
    let gone: Vec<String> = (count..world::MODELS).map(world::model).collect();
    let is_kept = |id: &Value| !gone.iter().any(|gone| id.as_str().is_some_and(|id| id.ends_with(gone)));
    for list in ["models", "profiles"] {
        facts[list].as_array_mut().expect("a list").retain(|entry| is_kept(&entry["id"]));
    }
    facts
}
