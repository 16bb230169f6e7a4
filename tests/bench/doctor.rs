//! Measures the doctor's critical path: how many calls wait for one another.
//!
//! Takes the program of the same profile and an embedded account in this process; prints a table and asserts nothing.
//! `cargo bench --bench doctor`, or `cargo test --bench doctor` for the unoptimized program.

#[path = "caller.rs"]
mod caller;

use bedrock_access::sandbox::World;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const PROGRAM: &str = env!("CARGO_BIN_EXE_bedrock-access");
const RUNS: usize = 9;

fn main() {
    for (what, wanted, arguments) in [
        (
            "a profile of three Regions, with a test call",
            "at most 4.5 times the latency and 60 ms",
            &["--model", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "--probe"][..],
        ),
        ("a foundation model, without", "at most 3.5 times", &["--model", "amazon.nova-lite-v1:0"]),
    ] {
        let start = median(arguments, Duration::ZERO);
        for latency in [50, 100, 200] {
            let latency = Duration::from_millis(latency);
            let time = median(arguments, latency);
            println!(
                "{what}: {} ms at {} ms latency, {:.2} times ({wanted}); {:.2} times without the {} ms of no latency",
                time.as_millis(),
                latency.as_millis(),
                time.as_secs_f64() / latency.as_secs_f64(),
                time.saturating_sub(start).as_secs_f64() / latency.as_secs_f64(),
                start.as_millis()
            );
        }
    }
}

/// The median time of the whole process.
fn median(arguments: &[&str], latency: Duration) -> Duration {
    let world = World::embedded("healthy").expect("the world");
    let (_sandbox, prepare) = caller::serve(world, latency);
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let started = Instant::now();
            let mut command = Command::new(PROGRAM);
            prepare(&mut command);
            let status = command
                .args(["doctor", "--region", "us-west-2", "--format", "json"])
                .args(arguments)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .expect("the program");
            assert!(status.success(), "{status}");
            started.elapsed()
        })
        .collect();
    times.sort();
    times[RUNS / 2]
}
