//! What a reader hands on of a source, one thing at a time, in the order in which it stands there.

use super::denials::Credential;
use crate::cause::Cause;
use crate::explain::ExplainedError;
use std::sync::Arc;

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Denials, and what belongs to them.
    Denials,
    /// What somebody pasted: refusals by other services as well, and whatever an error stands in.
    Errors,
    /// Calls to Amazon Bedrock that were served for a principal, by its name.
    Served(String),
}

/// Something found at a place of a source.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The line, counted from 1.
    pub line: u64,
    /// What was found.
    pub item: Item,
}

/// What was found.
#[derive(Clone, Debug)]
pub enum Item {
    /// A call that was denied.
    Denial(Box<Denial>),
    /// An error that is not a denial.
    Other(Cause),
    /// A second record of a call that has one of its own.
    Copy,
    /// A call that may have granted what was denied.
    Grant(Box<Grant>),
    /// A session that was made with a policy.
    Session(Box<Session>),
    /// A call that was served, where those were asked for.
    Served(Box<Served>),
    /// A record that could not be read, and why.
    Unreadable(String),
}

/// A denied call.
#[derive(Clone, Debug)]
pub struct Denial {
    pub(super) at: Option<i64>,
    pub(super) principal: Option<String>,
    pub(super) session: Option<String>,
    pub(super) account: Option<String>,
    pub(super) action: Option<String>,
    pub(super) resource: Option<String>,
    pub(super) model: Option<String>,
    pub(super) operation: Option<String>,
    pub(super) region: Option<String>,
    pub(super) vpc_endpoint: Option<String>,
    pub(super) credential: Option<Credential>,
    pub(super) error_code: Option<String>,
    pub(super) user_agent: Option<String>,
    pub(super) request_id: Option<String>,
    pub(super) event_id: Option<String>,
    /// The hash of the id of the key that signed the call.
    pub(super) key: Option<u64>,
    /// What the error says.
    pub(super) error: Arc<ExplainedError>,
}

impl Denial {
    /// Returns what the error says.
    #[must_use]
    pub fn error(&self) -> &Arc<ExplainedError> {
        &self.error
    }
}

/// A call that gives or takes away what decides about calls to models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub(super) at: i64,
    pub(super) event: String,
    pub(super) account: Option<String>,
    pub(super) subject: Subject,
}

/// Whose calls a grant concerns.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Subject {
    /// Those to models of the account, or to this one.
    Model(Option<String>),
    /// Those of the role with this name.
    Role(String),
    /// Those of the user with this name.
    User(String),
    /// Those of anybody.
    Anybody,
}

/// A session that was made with a policy of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub(super) at: Option<i64>,
    /// The API that made it.
    pub(super) from: String,
    /// The name of the role or federated user, and that of the session.
    pub(super) role: String,
    pub(super) name: String,
    /// The hash of the id of the key that it was given.
    pub(super) key: Option<u64>,
    /// The policy; empty where the session has managed policies alone.
    pub(super) policy: String,
    /// The ARNs of the managed policies that limit it.
    pub(super) policy_arns: Vec<String>,
}

/// A call that was served.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Served {
    /// The ARN of the IAM user or role.
    pub principal: Option<String>,
    /// The account that was called in.
    pub account: Option<String>,
    /// The service that was called, as IAM's actions begin with it.
    pub service: String,
    /// The API operation.
    pub operation: String,
    /// The model, as the call named it.
    pub model: Option<String>,
    /// What else it named: ARNs, or the type and id that end one, such as `knowledge-base/EXAMPLE`.
    pub resources: Vec<String>,
    /// The Region that was called.
    pub region: Option<String>,
    /// Whether it bore a Bedrock API key.
    pub bears_api_key: bool,
}
