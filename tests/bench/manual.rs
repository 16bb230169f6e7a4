//! Measures the doctor beside the manual way: the same questions by four AWS CLI processes, and by one boto3 script.
//!
//! All three ask the same served world, in turns, as whole processes; who calls, what the policies say, whether the
//! Region lists the model, and what AWS says of the access to it. Needs a Python with `tests/foreign/requirements.txt`,
//! named by `BEDROCK_ACCESS_TEST_PYTHON`. `cargo bench --bench manual`; prints medians and asserts nothing.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PROGRAM: &str = env!("CARGO_BIN_EXE_bedrock-access");
const WORLD: &str = "healthy";
const REGION: &str = "us-west-2";
const MODEL: &str = "amazon.nova-lite-v1:0";
const ROUNDS: usize = 9;

fn main() {
    let Some(python) = std::env::var_os("BEDROCK_ACCESS_TEST_PYTHON") else {
        println!("skipped: BEDROCK_ACCESS_TEST_PYTHON names no Python with tests/foreign/requirements.txt");
        return;
    };
    let role = caller();
    let action = "bedrock:InvokeModel";
    let resource = format!("arn:aws:bedrock:{REGION}::foundation-model/{MODEL}");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bench/manual.py");

    for latency in ["0", "20", "100"] {
        let served = Served::start(latency);
        let aws = |arguments: &[&str]| {
            let mut command = served.command(&python);
            command.args(["-m", "awscli", "--output", "json"]).args(arguments);
            command
        };
        let (mut doctor, mut boto3, mut cli) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            doctor.push(time(|| {
                let mut command = served.command(PROGRAM);
                command.args(["doctor", "--model", MODEL, "--region", REGION]);
                vec![command]
            }));
            boto3.push(time(|| {
                let mut command = served.command(&python);
                command.arg(&script).args([role.as_str(), action, &resource, MODEL]);
                vec![command]
            }));
            cli.push(time(|| {
                vec![
                    aws(&["sts", "get-caller-identity"]),
                    aws(&[
                        "iam",
                        "simulate-principal-policy",
                        "--policy-source-arn",
                        &role,
                        "--action-names",
                        action,
                        "--resource-arns",
                        &resource,
                    ]),
                    aws(&["bedrock", "list-foundation-models"]),
                    aws(&["bedrock", "get-foundation-model-availability", "--model-id", MODEL]),
                ]
            }));
        }
        let [doctor, boto3, cli] = [doctor, boto3, cli].map(median);
        println!(
            "{latency:>3} ms latency: doctor {doctor:.0} ms; boto3 script {boto3:.0} ms, {:.1} times; four AWS CLI processes {cli:.0} ms, {:.1} times",
            boto3 / doctor,
            cli / doctor
        );
    }
}

/// The role that calls in the world.
fn caller() -> String {
    let shown = Command::new(PROGRAM).args(["sandbox", "show", WORLD]).output().expect("the program runs");
    let world: serde_json::Value = serde_json::from_slice(&shown.stdout).expect("a world in JSON");
    world["caller"].as_str().expect("the caller's ARN").to_owned()
}

/// Runs commands one after the other, and returns the milliseconds that they took together.
fn time(commands: impl FnOnce() -> Vec<Command>) -> f64 {
    let mut elapsed = Duration::ZERO;
    for mut command in commands() {
        let started = Instant::now();
        let output = command.output().expect("the command runs");
        elapsed += started.elapsed();
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    elapsed.as_secs_f64() * 1e3
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// A served world, ended when it goes out of scope.
struct Served {
    child: Child,
    environment: Vec<(String, String)>,
    home: tempfile::TempDir,
}

impl Served {
    fn start(latency: &str) -> Self {
        let mut child = Command::new(PROGRAM)
            .args(["sandbox", "serve", WORLD, "--latency", latency])
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
