//! Explains the text of an error, offline: which cause, whose, of what, and what to do.
//!
//! Takes any text that people paste: tracebacks, JSON bodies, log lines, CloudTrail events, wrapped and
//! decorated in whatever way. Gives what the text itself holds and never more; where AWS's words do not settle
//! the cause, the alternatives stand beside it. Pure: no AWS, no clock, no I/O. Linear in the text's length.

mod anchors;
mod codes;
mod facts;
mod json;
mod plain;
mod reading;
mod secrets;
mod site;
mod token;
mod words;

pub use crate::cause::catalogue::TextCertainty;
pub use facts::Facts;
pub use words::to_text;

use crate::cause::{Cause, DocumentedCause, Family, catalogue};
use catalogue::{Note, Otherwise};
use plain::Plain;
use reading::{Reading, read};
use serde::Serialize;
use std::borrow::Cow;

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

impl Explanation {
    /// Appends the explanation as JSON, on one line and without line break.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        json::write(out, self);
    }
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
    /// AWS's error code.
    pub error_code: Option<String>,
    /// The API operation, as the text has it.
    pub operation: Option<String>,
    /// The ARN of the refused principal.
    pub principal: Option<String>,
    /// The refused IAM action.
    pub action: Option<String>,
    /// The refused resource.
    pub resource: Option<String>,
    /// The ARN of the policy that denies explicitly.
    pub policy_arn: Option<String>,
    /// The model's or inference profile's id or ARN.
    pub model: Option<String>,
    /// The Region.
    pub region: Option<String>,
    /// AWS's id of the request.
    pub request_id: Option<String>,
    /// The id under which IAM keeps the full evaluation.
    pub authorization_id: Option<String>,
    /// Where the error stands in the text, in bytes: its beginning and its end.
    pub span: [usize; 2],
    /// What it means, in one or two sentences.
    pub summary: String,
    /// What to do next, for somebody who has only this text.
    pub next: Vec<Cow<'static, str>>,
    /// What the text may mean instead, most probable first.
    pub alternatives: Vec<Alternative>,
    /// How far the text settles the cause.
    #[serde(skip)]
    pub certainty: TextCertainty,
    /// The name of the catalogue's template that the text is an instance of; empty where only a code was read.
    #[serde(skip)]
    pub template: &'static str,
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
    let plain = Plain::of(text);
    let mut found = read(&plain.text).into_iter().map(|reading| reading.explain(&plain));
    let error = found.next().unwrap_or_else(|| words::unrecognized(text.len()));
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
    let plain = Plain::of(whole.as_bytes());
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
            facts,
        };
    };
    if let Some(code) = code {
        reading.facts.error_code = Some(code.to_owned());
    }
    Classification {
        cause: reading.site.cause,
        certainty: reading.site.certainty,
        alternatives: alternatives(reading.site.otherwise),
        body_rejected: matches!(reading.site.note, Note::BodyRejected | Note::BodyDetail),
        template: reading.site.template,
        facts: reading.facts,
    }
}

fn alternatives(otherwise: &'static [Otherwise]) -> Vec<Alternative> {
    otherwise.iter().map(|other| Alternative { cause: other.cause, tell: other.tell }).collect()
}

impl Reading {
    fn explain(self, plain: &Plain) -> ExplainedError {
        let Self { site, facts } = self;
        let facts = secrets::without(facts);
        let summary = words::summary(&site, &facts);
        let next = words::next(&site, &facts);
        let Facts {
            error_code,
            operation,
            principal,
            action,
            resource,
            policy_arn,
            model,
            region,
            request_id,
            authorization_id,
            authorization_region: _,
        } = facts;
        let family = site.cause.family();
        ExplainedError {
            cause: site.cause,
            family,
            documented_cause: (site.cause != Cause::Unrecognized).then(|| family.documented_cause()),
            error_code,
            operation,
            principal,
            action,
            resource,
            policy_arn,
            model,
            region,
            request_id,
            authorization_id,
            span: [plain.origin(site.start), plain.origin(site.end)],
            summary,
            next,
            alternatives: alternatives(site.otherwise),
            certainty: site.certainty,
            template: site.template,
        }
    }
}
