//! The linter: the mistakes that people make in policies for Bedrock, each with its place and its correction.
//!
//! Takes a policy's text, gives findings in the order of the text. What can be known from one document alone is
//! judged; whether it fits a principal or an account is the evaluator's question.

mod actions;
mod code;
mod conditions;
mod global_keys;
mod names;
mod resources;
mod trust;
mod view;

pub use code::{LintCode, Severity};

use super::document::Document;
use super::json::{self, JsonError};
use super::position::{Position, Positions};
use serde::Serialize;
use view::View;

/// The longest policy that is linted, in bytes without white space, which IAM does not count either: what its
/// simulator takes (IAM API Reference, "SimulateCustomPolicy").
const LONGEST: usize = 131_072;

/// One mistake in a policy.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// Which mistake it is.
    pub code: LintCode,
    /// How bad it is.
    pub severity: Severity,
    /// The line of what is wrong, counted from 1.
    pub line: usize,
    /// The column of what is wrong, in characters, counted from 1.
    pub column: usize,
    /// The line of its end.
    pub end_line: usize,
    /// The column behind its end.
    pub end_column: usize,
    /// The statement's place in the policy, counted from 0; `None` for a policy that cannot be read.
    pub statement: Option<usize>,
    /// The statement's `Sid`.
    pub sid: Option<String>,
    /// What is wrong: a lower-case fragment.
    pub message: String,
    /// Why it matters: a sentence that is the same for every finding of the code.
    pub why: &'static str,
    /// The statement, or statements, as they should be; `None` where only the author can know.
    pub corrected: Option<serde_json::Value>,
}

/// A finding without its place in lines and columns.
struct Raw {
    code: LintCode,
    start: usize,
    end: usize,
    statement: usize,
    message: String,
    corrected: Option<serde_json::Value>,
}

/// Looks for mistakes in a policy's text.
///
/// ```
/// use bedrock_access::policy::{LintCode, lint};
/// let findings = lint(r#"{"Statement": {"Effect": "Allow", "Action": "bedrock:Converse", "Resource": "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"}}"#);
/// assert_eq!(findings[0].code, LintCode::UnknownAction);
/// assert_eq!(findings[0].corrected.as_ref().unwrap()["Action"], "bedrock:InvokeModel");
/// ```
#[must_use]
pub fn lint(text: &str) -> Vec<Finding> {
    let start = Position { line: 1, column: 1 };
    let mut positions = Positions::new(text, start);
    let malformed = |positions: &mut Positions<'_>, JsonError { offset, message }: JsonError| {
        let Position { line, column } = positions.at(offset);
        vec![Finding {
            code: LintCode::MalformedPolicy,
            severity: LintCode::MalformedPolicy.severity(),
            line,
            column,
            end_line: line,
            end_column: column + 1,
            statement: None,
            sid: None,
            message,
            why: LintCode::MalformedPolicy.why(),
            corrected: None,
        }]
    };
    let length = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).count();
    if length > LONGEST {
        let message = format!("the policy has {length} characters, and IAM takes none with more than {LONGEST}");
        return malformed(&mut positions, JsonError { offset: 0, message });
    }
    let root = match json::read(text) {
        Ok(root) => root,
        Err(error) => return malformed(&mut positions, error),
    };
    let document = match Document::from_node(&root, &mut positions) {
        Ok(document) => document,
        Err(error) => return malformed(&mut positions, error),
    };
    let views = View::all(&root, &document);
    let mut raw = Vec::new();
    let streams = actions::Streams::of(&views);
    for view in &views {
        actions::check(view, streams, &mut raw);
        resources::check(view, &views, &mut raw);
        conditions::check(view, &mut raw);
        trust::check(view, &mut raw);
    }
    raw.sort_by_key(|finding| (finding.start, finding.code));
    let mut place = Positions::new(text, start);
    let findings = raw.into_iter().map(|Raw { code, start, end, statement, message, corrected }| {
        let Position { line, column } = place.at(start);
        let Position { line: end_line, column: end_column } = place.at(end);
        let sid = document.statements().get(statement).and_then(|statement| statement.sid()).map(str::to_owned);
        Finding {
            code,
            severity: code.severity(),
            line,
            column,
            end_line,
            end_column,
            statement: Some(statement),
            sid,
            message,
            why: code.why(),
            corrected,
        }
    });
    findings.collect()
}
