//! Runs `bedrock-access doctor` in an environment that holds nothing but what a test puts there.

use serde_json::Value;
use std::ffi::OsStr;
use std::process::{Command, Stdio};

/// The program, about to be run.
pub struct Doctor(pub Command);

/// What the program said.
pub struct Answer {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Doctor {
    /// Prepares `doctor` with arguments, without any environment.
    pub fn new<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(arguments: I) -> Self {
        Self::command("doctor", arguments)
    }

    /// Prepares `models` likewise.
    #[allow(dead_code, reason = "one of the test programs that share this file uses it")]
    pub fn models<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(arguments: I) -> Self {
        Self::command("models", arguments)
    }

    fn command<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(name: &str, arguments: I) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bedrock-access"));
        command.arg(name).args(arguments).env_clear().stdin(Stdio::null());
        // Without a home there is no config file, and without it no metadata service is asked.
        command.env("HOME", "/nonexistent").env("AWS_EC2_METADATA_DISABLED", "true");
        Self(command)
    }

    /// Adds environment variables.
    pub fn environment<'e>(mut self, variables: impl IntoIterator<Item = (&'e str, &'e str)>) -> Self {
        self.0.envs(variables);
        self
    }

    /// Runs the program to its end.
    pub fn run(mut self) -> Answer {
        let output = self.0.output().unwrap();
        Answer {
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
