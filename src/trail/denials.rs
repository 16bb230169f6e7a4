//! What a trail comes to: the sources, the groups of denials, and what was counted beside them.
//!
//! Plain data in the form of `bedrock-access/denials/1`, written and read back: `--baseline` and `policy generate`
//! take what an earlier run wrote. Holds no prompt, source address, tag or key.

use crate::cause::{Cause, DocumentedCause, Family};
use crate::iam::PolicyType;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The name and version of the format.
pub const SCHEMA: &str = "bedrock-access/denials/1";

/// Which program wrote a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

impl Default for Tool {
    fn default() -> Self {
        Self { name: "bedrock-access".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }
    }
}

/// Everything that the sources hold about denials.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Denials {
    /// The name and version of the format.
    pub schema: String,
    /// The program that wrote it.
    #[serde(default)]
    pub tool: Tool,
    /// How many events, or lines of a log, were read.
    pub events: u64,
    /// How many calls were denied.
    pub denials: u64,
    /// When the first denial was recorded, RFC 3339 in UTC.
    pub first: Option<String>,
    /// When the last one was.
    pub last: Option<String>,
    /// What was read.
    pub sources: Vec<Source>,
    /// The sources that are not listed, because there are too many.
    #[serde(default)]
    pub sources_more: Option<SourcesMore>,
    /// Errors that are not denials, by cause, and copies of calls that are counted already.
    pub others: BTreeMap<String, u64>,
    /// The groups, the most frequent first.
    pub groups: Vec<Group>,
    /// Denials whose group was not kept because there are too many groups.
    #[serde(default)]
    pub groups_more: u64,
    /// Records that could not be read, at most 20.
    pub unreadable: Vec<Unreadable>,
    /// How many more there are.
    #[serde(default)]
    pub unreadable_more: u64,
    /// The denials over time.
    #[serde(default)]
    pub over_time: OverTime,
    /// What the sources cannot hold, in sentences.
    #[serde(default)]
    pub limits: Vec<String>,
    /// Whether names have been replaced by aliases; the ids of the groups are then made of aliases.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub redacted: bool,
}

/// How many denials there were in each stretch of time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverTime {
    /// How long a stretch is, in seconds.
    pub seconds: u64,
    /// The stretches in which there was a denial, in order.
    pub counts: Vec<Stretch>,
}

/// One stretch of time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// When it begins, RFC 3339 in UTC.
    pub from: String,
    /// How many denials it holds.
    pub denials: u64,
}

/// A file, standard input, or a Region that was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The file's name, `-`, or `live:REGION`.
    pub name: String,
    /// The form that its events have; none where it was not recognized.
    pub form: Option<Form>,
    /// Whether it is compressed.
    pub compressed: bool,
    /// How many bytes it has, as it is stored.
    pub bytes: u64,
    /// How many events, or lines of a log, it holds.
    pub events: u64,
    /// How many of them could not be read.
    pub unreadable: u64,
    /// Whether it was read to its end, and ends where it should.
    pub complete: bool,
    /// Why it was not, or why it can hold no denial.
    pub error: Option<String>,
}

/// Sources that are not listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourcesMore {
    /// How many they are.
    pub count: u64,
    /// How many bytes they have, as they are stored.
    pub bytes: u64,
    /// How many events they hold.
    pub events: u64,
    /// How many of them were not read whole.
    pub not_whole: u64,
}

impl Source {
    /// Returns a source of which nothing was read yet.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            form: None,
            compressed: false,
            bytes: 0,
            events: 0,
            unreadable: 0,
            complete: true,
            error: None,
        }
    }

    /// Returns `true` if nothing of the source is unknown.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.complete && self.unreadable == 0 && self.error.is_none()
    }
}

/// The forms in which people hold events (AWS CloudTrail User Guide; Amazon Security Lake User Guide).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// A file of a trail: `{"Records": […]}`.
    Records,
    /// The answer of `aws cloudtrail lookup-events`.
    LookupEvents,
    /// One event.
    Event,
    /// Events as EventBridge delivers them.
    Eventbridge,
    /// Events as CloudWatch Logs holds them.
    CloudwatchLogs,
    /// Rows of a query in CloudTrail Lake.
    Lake,
    /// Rows of a query in Athena, or another table with a heading.
    AthenaCsv,
    /// API activity in the Open Cybersecurity Schema Framework.
    Ocsf,
    /// One JSON object a line.
    JsonLines,
    /// Lines of a log.
    Text,
}

impl Form {
    /// Returns the name that JSON uses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Records => "records",
            Self::LookupEvents => "lookup-events",
            Self::Event => "event",
            Self::Eventbridge => "eventbridge",
            Self::CloudwatchLogs => "cloudwatch-logs",
            Self::Lake => "lake",
            Self::AthenaCsv => "athena-csv",
            Self::Ocsf => "ocsf",
            Self::JsonLines => "json-lines",
            Self::Text => "text",
        }
    }
}

/// A record that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unreadable {
    /// The source.
    pub source: String,
    /// The line in it, counted from 1.
    pub line: u64,
    /// What is wrong.
    pub error: String,
}

/// Denials that differ in nothing but their time and session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// The same for the same group in any run.
    pub id: String,
    /// Whether an earlier run did not have it; none without one.
    pub new: Option<bool>,
    /// The cause.
    pub cause: Cause,
    /// Its family.
    pub family: Family,
    /// Which of the two documented causes it is; none where nothing is recognized.
    pub documented_cause: Option<DocumentedCause>,
    /// How many calls were denied.
    pub count: u64,
    /// When the first one was.
    pub first: Option<String>,
    /// When the last one was.
    pub last: Option<String>,
    /// The ARN of the IAM user or role.
    pub principal: Option<String>,
    /// The names of the role's sessions, at most 20.
    pub sessions: Vec<String>,
    /// How many more there are.
    #[serde(default)]
    pub sessions_more: u64,
    /// The account that was called in.
    pub account: Option<String>,
    /// The IAM action that was refused.
    pub action: Option<String>,
    /// The resource that it was refused on.
    pub resource: Option<String>,
    /// The model, as the call named it.
    pub model: Option<String>,
    /// The API operation.
    pub operation: Option<String>,
    /// The Region that was called.
    pub region: Option<String>,
    /// The Region of the refused resource.
    pub resource_region: Option<String>,
    /// The type of the policy that refuses, as far as AWS's text says it.
    pub policy_type: Option<PolicyType>,
    /// The ARN of the policy that denies explicitly.
    pub policy_arn: Option<String>,
    /// The id of the VPC endpoint that the call passed.
    pub vpc_endpoint: Option<String>,
    /// How the calls were signed.
    pub credential: Option<Credential>,
    /// AWS's error codes.
    pub error_codes: Vec<String>,
    /// The programs that called, at most 20.
    pub user_agents: Vec<String>,
    /// How many more there are.
    #[serde(default)]
    pub user_agents_more: u64,
    /// AWS's ids of the calls, at most 5.
    pub request_ids: Vec<String>,
    /// Where one of them is recorded.
    pub example: Example,
    /// What it means.
    pub summary: String,
    /// What to do next.
    pub next: Vec<String>,
    /// What it may be instead.
    pub alternatives: Vec<Alternative>,
    /// What was granted within 15 minutes before the last denial: the denial may be propagation.
    pub granted_before: Option<GrantedBefore>,
    /// The policy that one of the sessions was made with.
    pub session_policy: Option<SessionPolicy>,
    /// How it is now; none where nobody asked.
    pub now: Option<Now>,
}

/// How a call is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Credential {
    /// With an access key (AWS Signature Version 4).
    Sigv4,
    /// With a Bedrock API key.
    Bearer,
}

impl Credential {
    /// Returns the name that JSON uses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sigv4 => "sigv4",
            Self::Bearer => "bearer",
        }
    }
}

/// The place of a denial.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// The source.
    pub source: String,
    /// The line in it, counted from 1.
    pub line: u64,
    /// CloudTrail's id of the event.
    pub event_id: Option<String>,
}

/// Another cause that the text may have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alternative {
    /// The cause.
    pub cause: Cause,
    /// What tells it apart from the first.
    pub tell: String,
}

/// A grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantedBefore {
    /// The name of the API call.
    pub event: String,
    /// When it was made.
    pub at: String,
}

/// The policy that a session was made with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SessionPolicy {
    /// The name of the API call that made the session.
    pub from: String,
    /// The policy; null where the session has managed policies alone.
    pub document: Value,
    /// The ARNs of the managed policies that limit the session.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policy_arns: Vec<String>,
    /// Whether the policy refuses what was refused, by the policy engine; none where it does not tell.
    #[serde(default)]
    pub explains: Option<bool>,
}

/// What the doctor says of a group's call now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Now {
    /// `allowed`, `denied` or `undetermined`.
    pub verdict: String,
    /// The causes that it found.
    pub causes: Vec<String>,
    /// Why it cannot be told, where it cannot.
    #[serde(default)]
    pub why: Option<String>,
}

impl Denials {
    /// Reads what an earlier run wrote.
    ///
    /// # Errors
    /// When it is not a document of this form.
    pub fn from_json(text: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(text).map_err(|error| format!("it is not JSON: {error}"))?;
        match value.get("schema").and_then(Value::as_str) {
            Some(SCHEMA) => serde_json::from_value(value).map_err(|error| error.to_string()),
            Some(other) => Err(format!("its schema is `{other}`, not `{SCHEMA}`")),
            None => Err(format!("it has no `schema`; what `denials --format json` writes has `{SCHEMA}`")),
        }
    }

    /// Marks the groups that an earlier run did not have.
    pub fn compare_with(&mut self, earlier: &Self) {
        let known: std::collections::BTreeSet<&str> = earlier.groups.iter().map(|group| group.id.as_str()).collect();
        for group in &mut self.groups {
            group.new = Some(!known.contains(group.id.as_str()));
        }
    }

    /// Returns `true` if every source was read whole.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.sources.iter().all(Source::is_whole) && self.sources_more.is_none_or(|more| more.not_whole == 0)
    }
}
