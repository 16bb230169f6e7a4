//! Many diagnoses: a line each, as text or as JSON lines.

use super::json::Document;
use super::styled::{Role, Styled};
use super::{not_checked, outline, wording};
use crate::diagnose::{Diagnosis, Expectation, Finding, Verdict};
use crate::escape::escape_json;
use serde::Serialize;
use serde_json::Value;

/// What a target line says of itself: the answer repeats it.
#[derive(Clone, Copy, Debug)]
pub struct Label<'l> {
    /// The target's id; null where it has none.
    pub id: &'l Value,
    /// The number of its line, the first one is 1.
    pub line: u64,
    /// The verdict that is expected.
    pub expect: Option<Expectation>,
}

impl Label<'_> {
    /// Names the target: by its id, else by its line.
    #[must_use]
    pub fn name(&self) -> String {
        match self.id {
            Value::Null => format!("line {}", self.line),
            Value::String(id) => id.replace('\n', "\\n"),
            other => other.to_string(),
        }
    }
}

#[derive(Serialize)]
struct Labelled<'d> {
    #[serde(flatten)]
    document: Document<'d>,
    expect: Option<Expectation>,
    as_expected: Option<bool>,
}

/// Writes a diagnosis as one line of JSON, without its line feed.
#[must_use]
pub fn json_line(diagnosis: &Diagnosis, label: &Label<'_>) -> String {
    let as_expected = label.expect.and_then(|expect| expect.is_met_by(diagnosis.verdict));
    let mut document = Document::of(diagnosis);
    document.id = Some(label.id);
    // Strings, numbers and lists alone: serialization has no case to fail in.
    escape_json(serde_json::to_string(&Labelled { document, expect: label.expect, as_expected }).unwrap_or_default())
}

/// One answer among many, for a format that is one document: as little of it as is shown there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetRow {
    /// The number of the target's line, the first one is 1.
    pub line: u64,
    pub(super) name: String,
    /// None where the line holds no target.
    pub(super) verdict: Option<Verdict>,
    pub(super) expect: Option<Expectation>,
    /// The call, or what is wrong with the line, as a sentence.
    pub(super) call: String,
    pub(super) causes: Vec<&'static str>,
    /// Every cause with what comes next, or what keeps the verdict open.
    pub(super) why: Vec<String>,
}

impl TargetRow {
    /// Takes what is shown of a diagnosis.
    #[must_use]
    pub fn new(diagnosis: &Diagnosis, label: &Label<'_>) -> Self {
        let asked = &diagnosis.request;
        let on = asked.target().map(|target| format!(" on `{target}`")).unwrap_or_default();
        let who = diagnosis.principal.arn.as_ref().map(|arn| format!(" as `{arn}`")).unwrap_or_default();
        let why = |finding: &Finding| {
            format!("`{}`: {}; {}", finding.cause, wording::summary(finding, diagnosis), outline::next_step(finding))
        };
        Self {
            line: label.line,
            name: label.name(),
            verdict: Some(diagnosis.verdict),
            expect: label.expect,
            call: format!("`{}`{on} in `{}`{who}", asked.operation, asked.region),
            causes: diagnosis.findings.iter().map(|finding| finding.cause.code()).collect(),
            why: match diagnosis.verdict {
                Verdict::Undetermined => diagnosis.not_checked.iter().take(1).map(not_checked::line).collect(),
                _ => diagnosis.findings.iter().map(why).collect(),
            },
        }
    }

    /// Notes that a line holds no target.
    #[must_use]
    pub fn bad(id: &Value, line: u64, error: &str) -> Self {
        let name = Label { id, line, expect: None }.name();
        let call = error.to_owned();
        Self { line, name, verdict: None, expect: None, call, causes: Vec::new(), why: Vec::new() }
    }

    pub(super) fn verdict_words(&self) -> &'static str {
        self.verdict.map_or("not done", Verdict::as_str)
    }

    pub(super) fn expectation_words(&self) -> &'static str {
        self.expect.map_or("", Expectation::as_str)
    }

    /// Says whether the verdict is the expected one.
    pub(super) fn met(&self) -> &'static str {
        match self.expect.zip(self.verdict).map(|(expect, verdict)| expect.is_met_by(verdict)) {
            None => "nothing expected",
            Some(None) => "not known",
            Some(Some(true)) => "as expected",
            Some(Some(false)) => "not as expected",
        }
    }
}

/// Lays a diagnosis out in one line, without its line feed.
#[must_use]
pub fn target_line(diagnosis: &Diagnosis, label: &Label<'_>) -> Styled {
    let mut out = Styled::default();
    let role = match diagnosis.verdict {
        Verdict::Allowed => Role::Allowed,
        Verdict::Denied => Role::Denied,
        Verdict::Undetermined => Role::Unknown,
    };
    out.push(role, format!("{:<12}", diagnosis.verdict.as_str()));
    out.push(Role::Plain, format!("  {}  {}", label.name(), call(diagnosis)));
    match diagnosis.findings.first() {
        Some(first) => out.push(Role::Plain, format!(": {}", wording::headline_of(diagnosis, first))),
        None if diagnosis.verdict == Verdict::Undetermined => {
            if let Some(unseen) = diagnosis.not_checked.first() {
                out.push(Role::Plain, format!(": {}", not_checked::line(unseen)));
            }
        }
        None => {}
    }
    if let Some(expect) = label.expect
        && expect.is_met_by(diagnosis.verdict) != Some(true)
    {
        out.push(Role::Denied, format!("  [expected {}]", expect.as_str()));
    }
    out
}

/// Names a target that did not come out as expected.
#[must_use]
pub fn deviation(diagnosis: &Diagnosis, label: &Label<'_>) -> String {
    let expected = label.expect.map_or("nothing", Expectation::as_str);
    let mut text = Styled::default();
    text.push(
        Role::Plain,
        format!("{} is {}, expected {expected}: {}", label.name(), diagnosis.verdict.as_str(), call(diagnosis)),
    );
    text.plain()
}

/// Says in one line, without its line feed, that a line holds no target.
#[must_use]
pub fn bad_target_line(id: &Value, line: u64, error: &str) -> Styled {
    let mut out = Styled::default();
    out.push(Role::Denied, format!("{:<12}", "not done"));
    let label = Label { id, line, expect: None };
    out.push(Role::Plain, format!("  {}: {}", label.name(), error.replace('\n', " ")));
    out
}

fn call(diagnosis: &Diagnosis) -> String {
    let asked = &diagnosis.request;
    let on = asked.target().map(|target| format!(" on {target}")).unwrap_or_default();
    let who = diagnosis.principal.arn.as_ref().map(|arn| format!(" as {arn}")).unwrap_or_default();
    format!("{}{on} in {}{who}", asked.operation.as_str(), asked.region)
}
