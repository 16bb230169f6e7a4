//! Runs `bedrock-access` in an environment that holds nothing but what a test puts there.

use super::files;
use serde_json::Value;
use std::ffi::OsStr;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

/// The program's path.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_bedrock-access");

/// Prepares the program with arguments, without environment and input.
pub fn bedrock_access<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(arguments: I) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).env_clear().stdin(Stdio::null());
    // Without a home there is no config file, and without it no metadata service is asked.
    command.env("HOME", "/nonexistent").env("AWS_EC2_METADATA_DISABLED", "true");
    command
}

/// Runs the program with arguments to its end.
pub fn run(arguments: &[&str]) -> Answer {
    bedrock_access(arguments).output().unwrap().into()
}

/// Runs a prepared program with an input.
pub fn run_with_input(mut command: Command, input: &[u8]) -> Output {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        // A program that ends before it has read everything is no failure of the test.
        scope.spawn(move || stdin.write_all(input));
        child.wait_with_output().unwrap()
    })
}

/// Reads a published schema: `docs/schema/NAME.json`.
pub fn schema(name: &str) -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(&files::read(&format!("docs/schema/{name}.json"))).unwrap();
    jsonschema::validator_for(&schema).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// What the program said.
#[derive(Clone)]
pub struct Answer {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl From<Output> for Answer {
    fn from(output: Output) -> Self {
        Self {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Answer {
    /// Reads the report as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}\n{}", self.stdout, self.stderr))
    }
}

/// The program, about to be run.
pub struct Doctor(pub Command);

impl Doctor {
    /// Prepares `doctor` with arguments, without any environment.
    pub fn new<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(arguments: I) -> Self {
        let mut command = bedrock_access(["doctor"]);
        command.args(arguments);
        Self(command)
    }

    /// Prepares `models` likewise.
    pub fn models<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(arguments: I) -> Self {
        let mut command = bedrock_access(["models"]);
        command.args(arguments);
        Self(command)
    }

    /// Adds environment variables.
    pub fn environment<'e>(mut self, variables: impl IntoIterator<Item = (&'e str, &'e str)>) -> Self {
        self.0.envs(variables);
        self
    }

    /// Runs the program to its end.
    pub fn run(mut self) -> Answer {
        self.0.output().unwrap().into()
    }
}
