//! What somebody expects of a call: that it is allowed, or that it is not.

use super::finding::Verdict;
use serde::{Deserialize, Serialize};

/// The verdict that a target was written down with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expectation {
    /// The call is to work.
    Allowed,
    /// The call is to be refused.
    Denied,
}

impl Expectation {
    /// Returns whether a verdict is as expected; `None` if the verdict is undetermined.
    #[must_use]
    pub fn is_met_by(self, verdict: Verdict) -> Option<bool> {
        match verdict {
            Verdict::Undetermined => None,
            Verdict::Allowed => Some(self == Self::Allowed),
            Verdict::Denied => Some(self == Self::Denied),
        }
    }

    /// Returns the verdict that is expected.
    #[must_use]
    pub fn verdict(self) -> Verdict {
        match self {
            Self::Allowed => Verdict::Allowed,
            Self::Denied => Verdict::Denied,
        }
    }

    /// Returns the word that target lines and reports use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Denied => "denied",
        }
    }
}
