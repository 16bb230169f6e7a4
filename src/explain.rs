//! Explains the text of an error, offline: which cause, whose, of what, and what to do.
//!
//! Takes any text that people paste: tracebacks, JSON bodies, log lines, CloudTrail events, wrapped and
//! decorated in any way. Returns what the text itself holds and never more; where AWS's words do not settle
//! the cause, the alternatives are listed too. Facts only: `report` words them. Pure: no AWS, no clock, no I/O. Linear in
//! the text's length.

mod classify;
mod error_codes;
mod facts;
mod grammar;
mod mention;
mod normalize;
mod phrases;
mod surroundings;

pub use crate::cause::catalogue::TextCertainty;
pub(crate) use classify::is_action_of_bedrock;
pub use facts::Facts;
pub(crate) use facts::model_of;

use crate::cause::{Cause, DocumentedCause, Family, catalogue};
use crate::iam::Decision;
use catalogue::{Note, Otherwise};
use classify::{Classified, read};
use normalize::Normalized;
use serde::Serialize;
use std::ops::Deref;

/// The longest text that is read, in bytes; what follows is ignored.
pub const MAX_TEXT: usize = 64 * 1024 * 1024;

/// The most further errors that one explanation lists.
const MAX_OTHERS: usize = 1000;

/// What a text says, as `bedrock-access/explanation/1` has it.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// The name and version of the format.
    pub schema: &'static str,
    /// The id that the text came with, in batches.
    pub id: serde_json::Value,
    /// What is explained.
    #[serde(flatten)]
    pub error: ExplainedError,
    /// The further errors of the same text, the most telling first.
    pub others: Vec<ExplainedError>,
}

/// One error of a text.
#[derive(Clone, Debug, Serialize)]
pub struct ExplainedError {
    /// The cause.
    pub cause: Cause,
    /// Its family.
    pub family: Family,
    /// Which of the two documented causes it is; `null` where nothing is recognized.
    pub documented_cause: Option<DocumentedCause>,
    /// What the text holds of it.
    #[serde(flatten)]
    pub facts: Facts,
    /// Where the error stands in the text, in bytes: its beginning and its end.
    pub span: [usize; 2],
    /// What the text may mean instead, most probable first.
    pub alternatives: Vec<Alternative>,
    /// How far the text settles the cause.
    #[serde(skip)]
    pub certainty: TextCertainty,
    /// The name of the catalogue's template that the text is an instance of; empty where only a code was read.
    #[serde(skip)]
    pub template: &'static str,
    /// Whether a policy denies explicitly or none allows; `None` if the text is not a refusal by IAM.
    #[serde(skip)]
    pub decision: Option<Decision>,
}

/// An error reads as its facts.
impl Deref for ExplainedError {
    type Target = Facts;

    fn deref(&self) -> &Facts {
        &self.facts
    }
}

/// Another cause that a text may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Alternative {
    /// The other cause.
    pub cause: Cause,
    /// What tells it apart from the first.
    pub tell: &'static str,
}

/// What an error answer means whose code, status and message are known.
#[derive(Clone, Debug)]
pub struct Classification {
    /// The cause.
    pub cause: Cause,
    /// How far the text settles it.
    pub certainty: TextCertainty,
    /// What it may mean instead.
    pub alternatives: Vec<Alternative>,
    /// Whether the model refused the request's body, which shows that the call had been authorized.
    pub body_rejected: bool,
    /// The name of the catalogue's template; empty where only the code or status spoke.
    pub template: &'static str,
    /// Whether a policy denies explicitly or none allows; `None` if the text is not a refusal by IAM.
    pub decision: Option<Decision>,
    /// What the message holds.
    pub facts: Facts,
}

/// Explains a text.
///
/// ```
/// # use bedrock_access::{cause::Cause, explain::explain};
/// let explanation = explain("An error occurred (ValidationException) when calling the Converse operation: Operation not allowed");
/// assert_eq!(explanation.error.cause, Cause::AccountRestricted);
/// assert_eq!(explanation.error.operation.as_deref(), Some("Converse"));
/// ```
#[must_use]
pub fn explain(text: &str) -> Explanation {
    explain_bytes(text.as_bytes())
}

/// Explains a text that may not be valid UTF-8; spans are in bytes of what was given.
#[must_use]
pub fn explain_bytes(text: &[u8]) -> Explanation {
    let text = text.get(..MAX_TEXT).unwrap_or(text);
    let plain = Normalized::of(text);
    let mut found = read(&plain.text).into_iter().map(|reading| reading.explain(&plain));
    let error = found.next().unwrap_or_else(|| unrecognized(text.len()));
    let others = found.take(MAX_OTHERS).collect();
    Explanation { schema: "bedrock-access/explanation/1", id: serde_json::Value::Null, error, others }
}

/// Classifies an answer of AWS whose error code, HTTP status and message are known.
///
/// The code is AWS's (`AccessDeniedException`), without the address that `x-amzn-errortype` carries behind it.
#[must_use]
pub fn classify(code: Option<&str>, status: Option<u16>, message: &str) -> Classification {
    let message = message.get(..message.floor_char_boundary(MAX_TEXT)).unwrap_or(message);
    // The code in front, as clients print it: phrases that need it see it, and a bare code is read.
    let whole = match code {
        Some(code) => format!("{code}: {message}"),
        None => message.to_owned(),
    };
    let plain = Normalized::of(whole.as_bytes());
    let Some(mut reading) = read(&plain.text).into_iter().next() else {
        let cause = match status {
            Some(429) => Cause::Throttled,
            Some(500..) => Cause::ServiceUnavailable,
            _ => Cause::Unrecognized,
        };
        let facts = Facts { error_code: code.map(str::to_owned), ..Facts::default() };
        let certainty = if cause == Cause::Unrecognized { TextCertainty::Ambiguous } else { TextCertainty::Likely };
        return Classification {
            cause,
            certainty,
            alternatives: Vec::new(),
            body_rejected: false,
            template: "",
            decision: None,
            facts,
        };
    };
    if let Some(code) = code {
        reading.facts.error_code = Some(code.to_owned());
    }
    Classification {
        cause: reading.mention.cause,
        certainty: reading.mention.certainty,
        alternatives: alternatives(reading.mention.otherwise),
        body_rejected: matches!(reading.mention.note, Note::BodyRejected | Note::BodyDetail),
        template: reading.mention.template,
        decision: reading.mention.decision,
        facts: reading.facts,
    }
}

fn alternatives(otherwise: &'static [Otherwise]) -> Vec<Alternative> {
    otherwise.iter().map(|other| Alternative { cause: other.cause, tell: other.tell }).collect()
}

/// Returns the answer to a text in which nothing is recognized.
fn unrecognized(length: usize) -> ExplainedError {
    ExplainedError {
        cause: Cause::Unrecognized,
        family: Family::Unknown,
        documented_cause: None,
        facts: Facts::default(),
        span: [0, length],
        alternatives: Vec::new(),
        certainty: TextCertainty::Ambiguous,
        template: "",
        decision: None,
    }
}

impl Classified {
    fn explain(self, plain: &Normalized) -> ExplainedError {
        let Self { mention, facts, .. } = self;
        let family = mention.cause.family();
        ExplainedError {
            cause: mention.cause,
            family,
            documented_cause: (mention.cause != Cause::Unrecognized).then(|| family.documented_cause()),
            facts: facts.without_secrets(),
            span: [plain.origin(mention.start), plain.origin(mention.end)],
            alternatives: alternatives(mention.otherwise),
            certainty: mention.certainty,
            template: mention.template,
            decision: mention.decision,
        }
    }
}
