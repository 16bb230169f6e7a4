//! What became of one look: seen, refused, failed or skipped.

use super::SkipReason;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One thing that was looked at: seen, or why not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Observation<T> {
    /// AWS answered.
    Seen(T),
    /// AWS answered with an error.
    Refused(ServiceError),
    /// No answer of AWS came back.
    Failed(Failure),
    /// It was not looked at, and why.
    Skipped(SkipReason),
}

impl<T> Default for Observation<T> {
    /// Nothing asked for it, or the evidence is older than the question.
    fn default() -> Self {
        Self::Skipped(SkipReason::NotAsked)
    }
}

impl<T> Observation<T> {
    /// Returns what was seen.
    #[must_use]
    pub fn seen(&self) -> Option<&T> {
        match self {
            Self::Seen(value) => Some(value),
            _ => None,
        }
    }

    /// Reads on in what was seen; what was not seen stays as it is.
    #[must_use]
    pub fn and_then<U>(self, read: impl FnOnce(T) -> Observation<U>) -> Observation<U> {
        match self {
            Self::Seen(value) => read(value),
            Self::Refused(error) => Observation::Refused(error),
            Self::Failed(failure) => Observation::Failed(failure),
            Self::Skipped(reason) => Observation::Skipped(reason),
        }
    }

    /// Returns `true` if it was not looked at.
    #[must_use]
    pub fn is_skipped(&self) -> bool {
        matches!(self, Self::Skipped(_))
    }

    /// Returns AWS's error, where it answered with one.
    #[must_use]
    pub fn refused(&self) -> Option<&ServiceError> {
        match self {
            Self::Refused(error) => Some(error),
            _ => None,
        }
    }

    /// Returns why no answer came, where none did.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed(failure) => Some(failure),
            _ => None,
        }
    }

    /// Returns the contract's word for the outcome.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Seen(_) => Outcome::Seen,
            Self::Refused(_) => Outcome::Refused,
            Self::Failed(_) => Outcome::Failed,
            Self::Skipped(_) => Outcome::Skipped,
        }
    }

    /// Returns why nothing was seen; `None` where it was.
    #[must_use]
    pub fn why_unseen(&self) -> Option<Unseen> {
        match self {
            Self::Seen(_) => None,
            Self::Refused(error) => Some(Unseen::Refused(error.clone())),
            Self::Failed(failure) => Some(Unseen::Failed(failure.clone())),
            Self::Skipped(reason) => Some(Unseen::Skipped(reason.clone())),
        }
    }
}

/// Why something was not seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unseen {
    /// AWS answered with an error.
    Refused(ServiceError),
    /// No answer of AWS came back.
    Failed(Failure),
    /// It was not looked at.
    Skipped(SkipReason),
}

/// The contract's word for how a call came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// AWS answered.
    Seen,
    /// AWS answered with an error.
    Refused,
    /// No answer came back.
    Failed,
    /// Not asked.
    Skipped,
}

/// An error that AWS answered with, raw: whoever reads it classifies it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceError {
    /// The error code, such as `AccessDeniedException`.
    pub code: Option<String>,
    /// The message, as AWS wrote it.
    pub message: Option<String>,
    /// The HTTP status.
    pub status: Option<u16>,
    /// AWS's request id.
    pub request_id: Option<String>,
    /// The `x-amzn-errortype` header, whole: its URL tells IAM's refusals from Bedrock's.
    #[serde(default)]
    pub error_type: Option<String>,
}

impl ServiceError {
    /// Returns `true` if IAM knows no user, role or policy of that name (IAM API Reference, "Common error types").
    #[must_use]
    pub fn is_no_such_entity(&self) -> bool {
        self.code.as_deref().is_some_and(|code| code.starts_with("NoSuchEntity"))
    }

    /// Says the error without the address that IAM puts behind a denial, where further details stand.
    #[must_use]
    pub fn without_pointer(&self) -> String {
        let text = self.to_string();
        match text.split_once(". Go to https://") {
            Some((said, rest)) if rest.contains("#/authorization-details/") => said.to_owned(),
            _ => text,
        }
    }
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.code, &self.message) {
            (Some(code), Some(message)) => write!(f, "{code}: {message}"),
            (Some(text), None) | (None, Some(text)) => f.write_str(text),
            (None, None) => match self.status {
                Some(status) => write!(f, "HTTP status {status} without a message"),
                None => f.write_str("an error without a message"),
            },
        }
    }
}

/// Why no answer came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What kind of failure it was.
    pub kind: FailureKind,
    /// The endpoint's host, where one was called.
    pub endpoint: Option<String>,
    /// The cause in words, from the library that failed.
    pub detail: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            FailureKind::NoCredentials => "no credentials",
            FailureKind::CredentialsProvider => "the credentials could not be loaded",
            FailureKind::MalformedKeys => "the keys are malformed",
            FailureKind::TimedOut => "no answer in time",
            FailureKind::Unreachable => "the endpoint cannot be reached",
            FailureKind::Unreadable => "the answer could not be read",
            FailureKind::NotAskedAgain => "not asked again",
            FailureKind::OutOfTime => "the time was over",
        })?;
        if let Some(endpoint) = &self.endpoint {
            write!(f, " (`{endpoint}`)")?;
        }
        if !self.detail.is_empty() {
            write!(f, ": {}", self.detail)?;
        }
        Ok(())
    }
}

/// The kinds of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// No provider had credentials.
    NoCredentials,
    /// A provider was configured and did not deliver.
    CredentialsProvider,
    /// The endpoint did not answer in time.
    TimedOut,
    /// The connection could not be made, or broke.
    Unreachable,
    /// The keys hold characters that no key has.
    MalformedKeys,
    /// Something answered that is no answer of AWS.
    Unreadable,
    /// The endpoint had failed before in this diagnosis.
    NotAskedAgain,
    /// The deadline of the diagnosis had passed.
    OutOfTime,
}
