//! Measures `models`: 120 models and 40 profiles in two Regions, at 100 ms latency a call.
//!
//! Takes the program of the same profile and an embedded account in this process; prints a table and asserts nothing.
//! `cargo bench --bench models`, or `cargo test --bench models` for the unoptimized program.

#[path = "caller.rs"]
mod caller;
#[path = "../many/world.rs"]
mod world;

use bedrock_access::sandbox::World;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const PROGRAM: &str = env!("CARGO_BIN_EXE_bedrock-access");

fn main() {
    let facts = world::many_models(&[]).to_string();
    println!(
        "{} models and {} profiles, 100 ms latency, 16 calls in flight (an embedded world: `{}`)",
        world::MODELS,
        world::PROFILES,
        world::embedded("healthy")["name"]
    );
    for (regions, exact) in [(&["us-west-2"][..], false), (&["us-west-2", "us-east-1"], false), (&["us-west-2"], true)]
    {
        let world = World::parse(&facts).expect("a world");
        let (sandbox, prepare) = caller::serve(world, Duration::from_millis(100));
        let mut command = Command::new(PROGRAM);
        prepare(&mut command);
        command.args(["models", "--concurrency", "16", "--format", "json"]);
        command.args(regions.iter().flat_map(|region| ["--region", region]));
        command.args(exact.then_some("--exact"));
        let started = Instant::now();
        let output = command.stdin(Stdio::null()).output().expect("the program");
        let time = started.elapsed();
        assert!(matches!(output.status.code(), Some(0 | 3)), "{}", String::from_utf8_lossy(&output.stderr));
        let simulations = sandbox.calls().get("iam:SimulatePrincipalPolicy").copied().unwrap_or_default();
        let calls: u64 = sandbox.calls().values().sum();
        println!(
            "{}{}: {:.2} s, {calls} calls, {simulations} of them to the simulator, {} at once",
            regions.join(" and "),
            if exact { ", every leg alone" } else { "" },
            time.as_secs_f64(),
            sandbox.most_at_once()
        );
    }
}
