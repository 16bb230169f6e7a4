//! Measures `check` on a Terraform plan of 50,000 resources, with its growth over three sizes, as whole processes.
//!
//! One resource in twenty-five is a role, its policy or what runs with it; each stands in `planned_values`, in
//! `resource_changes` and in the configuration, as `terraform show -json` writes it.

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

#[path = "../support/infrastructure.rs"]
mod infrastructure;
#[path = "process.rs"]
#[expect(dead_code, reason = "the time is taken while the memory is watched")]
mod process;
#[path = "table.rs"]
mod table;

use infrastructure::{ACCOUNT, App, Choices, right, terraform, wrong};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use table::{growth, row};

const RESOURCES: usize = 50_000;

fn main() {
    table::open("check");
    let folder = tempfile::tempdir().expect("a folder");
    let mut points = Vec::new();
    for size in [RESOURCES / 10, RESOURCES / 3, RESOURCES] {
        let file = folder.path().join(format!("plan-{size}.json"));
        fs::write(&file, plan(size).to_string()).expect("the plan is written");
        let bytes = fs::metadata(&file).expect("the plan").len();
        let (seconds, memory) = measure(&file);
        points.push((size as f64, seconds));
        if size == RESOURCES {
            row("size of the plan", 150.0.., bytes as f64 / 1e6, "MB");
            row("a plan of 50,000 resources", ..=3.0, seconds, "s");
            row("memory at its peak", ..=300.0, memory, "MiB");
        }
    }
    growth("resources of a plan", "resources", "s", &points);
}

/// Makes a plan in which each resource stands where Terraform has it.
fn plan(resources: usize) -> Value {
    // A role, its policy and a workload, and a boundary for some.
    let apps = resources / 75;
    let mut choices = Choices::new(7);
    let apps: Vec<App> = (0..apps)
        .map(|index| match index % 50 {
            0 => wrong(format!("app-{index}x"), &mut choices),
            _ => right(format!("app-{index}x"), &mut choices),
        })
        .collect();
    let mut plan = terraform(&apps, 0);
    let others = resources - plan["resource_changes"].as_array().expect("a list").len();
    plan = terraform(&apps, others);
    // What real resources have beside their names.
    let filling: serde_json::Map<String, Value> =
        (0..36).map(|index| (format!("attribute_{index}"), json!(format!("value {index} of a resource")))).collect();
    for change in plan["resource_changes"].as_array_mut().expect("a list") {
        if change["address"].as_str().is_some_and(|address| address.contains(".other_")) {
            change["change"]["after"].as_object_mut().expect("an object").extend(filling.clone());
        }
    }
    let planned: Vec<Value> = plan["resource_changes"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|change| {
            json!({"address": change["address"], "mode": "managed", "type": change["type"], "name": change["name"],
                "values": change["change"]["after"], "sensitive_values": {}})
        })
        .collect();
    plan["planned_values"]["root_module"]["resources"] = json!(planned);
    plan
}

/// Checks a plan: the median of three runs in seconds, and the peak in MiB.
fn measure(plan: &Path) -> (f64, f64) {
    let (mut times, mut memory) = (Vec::new(), 0.0_f64);
    for _ in 0..3 {
        let mut command = Command::new(process::PROGRAM);
        command.arg("check").arg(plan).args(["--account", ACCOUNT, "--format", "json"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let started = Instant::now();
        let mut child = command.spawn().expect("the program runs");
        let status = loop {
            memory = memory.max(process::peak(child.id()).unwrap_or_default());
            match child.try_wait().expect("a child") {
                Some(status) => break status,
                None => thread::sleep(Duration::from_millis(2)),
            }
        };
        times.push(started.elapsed().as_secs_f64());
        assert_eq!(status.code(), Some(1), "the plan has mistakes");
    }
    (process::median(&mut times), memory)
}
