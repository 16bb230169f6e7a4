//! Measures the doctor's critical path: how many calls wait for one another.
//!
//! Takes the program of the same profile and an embedded account in this process.
//! `cargo bench --bench doctor`, or `cargo test --bench doctor` for the unoptimized program.

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

#[path = "caller.rs"]
mod caller;
#[path = "process.rs"]
#[expect(dead_code, reason = "others measure more of a process")]
mod process;
#[path = "table.rs"]
mod table;

use bedrock_access::sandbox::World;
use process::{PROGRAM, median, ms, run};
use serde_json::{Value, json};
use std::process::Command;
use std::time::Duration;
use table::{growth, row};

const RUNS: usize = 9;

fn main() {
    table::open("doctor");
    let inline: Value = serde_json::from_str(World::embedded_text("healthy").expect("the world")).expect("JSON");
    let managed = with_managed_policies(inline.clone());
    let profile = ["--model", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "--probe"];
    let model = ["--model", "amazon.nova-lite-v1:0"];
    for (what, world, arguments, most) in [
        ("a profile of three Regions, with a test call", &inline, &profile[..], 4.5 * 100.0 + 60.0),
        ("a foundation model, without", &inline, &model, 3.5 * 100.0),
        ("the same, by a managed policy of the account", &managed, &model, f64::INFINITY),
    ] {
        let points = [0, 50, 100, 200].map(|latency| (latency as f64, time(world, arguments, latency)));
        row(&format!("`doctor` on {what}, 100 ms latency"), ..=most, points[2].1, "ms");
        growth(&format!("`doctor` on {what}"), "ms of latency", "ms", &points[1..]);
        row("the same without latency: what is the program's own", .., points[0].1, "ms");
    }
}

/// The median time of the whole process, in milliseconds.
fn time(world: &Value, arguments: &[&str], latency: u64) -> f64 {
    let world = World::parse(&world.to_string()).expect("a world");
    let (_sandbox, prepare) = caller::serve(world, Duration::from_millis(latency));
    let mut times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let mut command = Command::new(PROGRAM);
            prepare(&mut command);
            command.args(["doctor", "--region", "us-west-2", "--format", "json"]).args(arguments);
            ms(run(command))
        })
        .collect();
    median(&mut times)
}

/// The world with its roles' inline policies as managed ones, whose version has to be read before their text.
fn with_managed_policies(mut world: Value) -> Value {
    for principal in world["principals"].as_array_mut().expect("principals") {
        let inline = principal["policies"].take();
        let managed = inline.as_array().expect("policies").iter().map(|policy| {
            let name = policy["name"].as_str().expect("a name");
            json!({"arn": format!("arn:aws:iam::111122223333:policy/{name}"), "document": policy["document"]})
        });
        principal["managed_policies"].as_array_mut().expect("policies").extend(managed);
        principal["policies"] = json!([]);
    }
    world
}
