//! How the server was started: what no tool can change.

/// How the server was started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The world that answers in place of AWS: an embedded one's name, or a file.
    pub world: Option<String>,
    /// Whether tools may make test calls where their argument asks for one.
    pub allow_test_calls: bool,
    /// Whether accounts, names and ids have aliases in every answer.
    pub redact: bool,
    /// The profile of the AWS config files whose credentials are used.
    pub profile: Option<String>,
}
