//! Measures the doctor beside the manual way: the same questions by four AWS CLI processes, and by one boto3 script.
//!
//! All three ask the same served world, in turns, as whole processes; who calls, what the policies say, whether the
//! Region lists the model, and what AWS says of the access to it. Needs a Python with `tests/bench/requirements.txt`,
//! named by `BEDROCK_ACCESS_BENCH_PYTHON`. `cargo bench --bench manual`.

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

#[path = "process.rs"]
#[expect(dead_code, reason = "others measure more of a process")]
mod process;
#[path = "skip.rs"]
mod skip;
#[path = "table.rs"]
mod table;

use process::{PROGRAM, median, ms};
use skip::skip;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;
use table::{growth, row};

const WORLD: &str = "healthy";
const REGION: &str = "us-west-2";
const MODEL: &str = "amazon.nova-lite-v1:0";
const ROUNDS: usize = 5;

fn main() {
    table::open("manual");
    let Some(python) = std::env::var_os("BEDROCK_ACCESS_BENCH_PYTHON") else {
        skip("BEDROCK_ACCESS_BENCH_PYTHON names no Python with tests/bench/requirements.txt");
        return;
    };
    let role = caller();
    let action = "bedrock:InvokeModel";
    let resource = format!("arn:aws:bedrock:{REGION}::foundation-model/{MODEL}");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bench/manual.py");

    let runs = [0, 20, 100].map(|latency| {
        let served = Served::start(latency);
        let aws = |arguments: &[&str]| {
            let mut command = served.command(&python);
            command.args(["-m", "awscli", "--output", "json"]).args(arguments);
            command
        };
        let simulate = ["iam", "simulate-principal-policy", "--policy-source-arn", &role];
        let about = ["--action-names", action, "--resource-arns", &resource];
        let (mut doctor, mut boto3, mut cli) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let mut command = served.command(PROGRAM);
            command.args(["doctor", "--model", MODEL, "--region", REGION]);
            doctor.push(time(vec![command]));
            let mut command = served.command(&python);
            command.arg(&script).args([role.as_str(), action, &resource, MODEL]);
            boto3.push(time(vec![command]));
            cli.push(time(vec![
                aws(&["sts", "get-caller-identity"]),
                aws(&[&simulate[..], &about].concat()),
                aws(&["bedrock", "list-foundation-models"]),
                aws(&["bedrock", "get-foundation-model-availability", "--model-id", MODEL]),
            ]));
        }
        (latency, [doctor, cli, boto3].map(|mut times| median(&mut times)))
    });
    for (latency, [doctor, cli, boto3]) in runs {
        // What is wanted is wanted of the sandbox as it is; latency adds the same to both sides.
        let wanted = |times| if latency == 0 { times } else { f64::NEG_INFINITY };
        row(&format!("`doctor`, {latency} ms latency"), .., doctor, "ms");
        row("four AWS CLI processes", .., cli, "ms");
        row("one boto3 script", .., boto3, "ms");
        row("four AWS CLI processes beside `doctor`", wanted(10.0).., cli / doctor, "times");
        row("one boto3 script beside `doctor`", wanted(3.0).., boto3 / doctor, "times");
    }
    for (index, who) in ["`doctor`", "four AWS CLI processes", "one boto3 script"].into_iter().enumerate() {
        growth(who, "ms of latency", "ms", &runs.map(|(latency, times)| (f64::from(latency), times[index])));
    }
}

/// The role that calls in the world.
fn caller() -> String {
    let shown = Command::new(PROGRAM).args(["sandbox", "show", WORLD]).output().expect("the program runs");
    let world: serde_json::Value = serde_json::from_slice(&shown.stdout).expect("a world in JSON");
    world["caller"].as_str().expect("the caller's ARN").to_owned()
}

/// Runs commands one after the other, and returns the milliseconds that they took together.
fn time(commands: Vec<Command>) -> f64 {
    let one = |mut command: Command| {
        let started = Instant::now();
        let output = command.output().expect("the command runs");
        let time = ms(started.elapsed());
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        time
    };
    commands.into_iter().map(one).sum()
}

/// A served world, ended when it goes out of scope.
struct Served {
    child: Child,
    environment: Vec<(String, String)>,
    home: tempfile::TempDir,
}

impl Served {
    fn start(latency: u32) -> Self {
        let mut child = Command::new(PROGRAM)
            .args(["sandbox", "serve", WORLD, "--latency", &latency.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program serves");
        let mut environment = Vec::new();
        for line in BufReader::new(child.stdout.take().expect("its output")).lines() {
            let line = line.expect("a line");
            let Some((name, value)) = line.strip_prefix("export ").and_then(|line| line.split_once('=')) else { break };
            environment.push((name.to_owned(), value.trim_matches('\'').to_owned()));
        }
        Self { child, environment, home: tempfile::tempdir().expect("a folder") }
    }

    /// Prepares a command in the served world's environment and nothing else of AWS.
    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home.path())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_PAGER", "")
            .env("PYTHONWARNINGS", "ignore")
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
