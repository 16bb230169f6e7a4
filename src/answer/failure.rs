//! Exit statuses and failures: one table for every command, and what a tool of the server says where it cannot answer.

use crate::escape::escape;
use std::process::ExitCode;

/// What a command's exit status says (the table stands in the README).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// 0: allowed, clean, recognized.
    Success,
    /// 1: a cause was found, or a finding, or a mismatch.
    Finding,
    /// 2: wrong usage.
    Usage,
    /// 3: undetermined, unrecognized, incomplete.
    Undetermined,
    /// 4: unreadable or damaged input, unwritable output, a port that cannot be had.
    Input,
    /// The status of a child process, passed on.
    Child(u8),
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(match status {
            ExitStatus::Success => 0,
            ExitStatus::Finding => 1,
            ExitStatus::Usage => 2,
            ExitStatus::Undetermined => 3,
            ExitStatus::Input => 4,
            ExitStatus::Child(code) => code,
        })
    }
}

/// Why a command could not do what was asked: a lower-case fragment, and a hint what to do.
#[derive(Debug)]
pub struct Failure {
    /// The exit status that it ends with.
    pub status: ExitStatus,
    /// What is wrong, naming the input and the place.
    pub message: String,
    /// The remedy, on a line of its own or, where this program wrote all of it, on several.
    pub hint: Option<String>,
}

impl Failure {
    /// Wrong usage (status 2).
    pub fn usage(message: impl Into<String>) -> Self {
        Self { status: ExitStatus::Usage, message: message.into(), hint: None }
    }

    /// Unreadable or damaged input, or unwritable output (status 4).
    pub fn input(message: impl Into<String>) -> Self {
        Self { status: ExitStatus::Input, message: message.into(), hint: None }
    }

    /// Adds the remedy, as one line: it may quote a name or a path, which must not begin another.
    #[must_use]
    pub fn hint(mut self, hint: impl AsRef<str>) -> Self {
        self.hint = Some(escape(hint.as_ref()).into_owned());
        self
    }

    /// Adds a remedy of several lines, in which nothing is quoted.
    #[must_use]
    pub fn hint_lines(mut self, lines: &'static str) -> Self {
        self.hint = Some(lines.to_owned());
        self
    }
}
