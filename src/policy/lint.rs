//! The linter: mistakes that people make in policies for Bedrock, each with its place and its correction.
//!
//! Takes a policy's text, returns findings in the order of the text. It judges what one document alone can show; whether
//! the policy fits a principal or an account is the evaluator's question. A correction is shown only if the engine finds
//! that it takes nothing away and weakens no deny.

mod actions;
mod arns;
mod code;
mod correction;
mod denies;
mod global_keys;
mod keys;
mod models;
mod names;
mod possible;
mod probes;
mod profiles;
mod published;
mod sids;
mod streaming;
mod tags;
mod trust;
mod values;
mod variables;
mod view;
mod width;

pub use code::{LintCode, Severity};
pub use correction::Safety;

use super::document::Document;
use super::edit;
use super::json::{self, JsonError, Node};
use super::position::{Position, Positions};
use correction::Correction;
use serde::Serialize;
use view::View;

/// The longest policy that is linted, in bytes without white space, which IAM does not count either: the limit of its
/// simulator (IAM API Reference, "SimulateCustomPolicy").
const LONGEST: usize = 131_072;

/// How many comparisons may be spent on checking the corrections of one policy.
const BUDGET: usize = 20_000_000;

/// How many corrections a report of one policy has at most; when these are made, linting again shows the others.
const MOST_CORRECTIONS: usize = 100;

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
    /// The column after its end.
    pub end_column: usize,
    /// The statement's place in the policy, counted from 0; `None` for a policy that cannot be read.
    pub statement: Option<usize>,
    /// The statement's `Sid`.
    pub sid: Option<String>,
    /// What is wrong: a lower-case fragment.
    pub message: String,
    /// Why it matters: a sentence that is the same for every finding of the code.
    pub why: &'static str,
    /// What to do: a lower-case fragment; `None` if the message says it.
    pub advice: Option<String>,
    /// The statement, or statements, as they should be; `None` where only the author can know.
    pub corrected: Option<serde_json::Value>,
    /// Whether the correction can be made without a person who reads it; `None` without a correction.
    pub safety: Option<Safety>,
}

impl Finding {
    /// Returns a policy with this finding's correction in it, `None` if there is no correction or no such statement.
    ///
    /// `policy` is the policy that was linted, as JSON.
    #[must_use]
    pub fn correct(&self, policy: &serde_json::Value) -> Option<serde_json::Value> {
        let statements = match self.corrected.as_ref()? {
            serde_json::Value::Array(statements) => statements.as_slice(),
            one => std::slice::from_ref(one),
        };
        edit::with_replaced(policy, self.statement?, statements)
    }
}

/// A finding without its place in lines and columns, and with a correction that is not checked yet.
struct Raw {
    code: LintCode,
    severity: Severity,
    start: usize,
    end: usize,
    statement: usize,
    message: String,
    advice: Option<String>,
    correction: Option<Correction>,
}

/// Looks for mistakes in a policy's text.
///
/// ```
/// use bedrock_access::policy::{LintCode, Safety, lint};
/// let findings = lint(r#"{"Statement": {"Effect": "Allow", "Action": "bedrock:Converse", "Resource": "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"}}"#);
/// assert_eq!(findings[0].code, LintCode::UnknownAction);
/// assert_eq!(findings[0].corrected.as_ref().unwrap()["Action"], "bedrock:InvokeModel");
/// assert_eq!(findings[0].safety, Some(Safety::Safe));
/// ```
#[must_use]
pub fn lint(text: &str) -> Vec<Finding> {
    let length = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).count();
    if length > LONGEST {
        let message = format!("the policy has {length} characters, and IAM takes none with more than {LONGEST}");
        return malformed(text, JsonError { offset: 0, message });
    }
    let root = match json::read(text) {
        Ok(root) => root,
        Err(error) => return malformed(text, error),
    };
    let document = match Document::from_node(&root, &mut Positions::new(text, START)) {
        Ok(document) => document,
        Err(error) => return malformed(text, error),
    };
    let has_variables = has_variables(&root);
    let views = View::all(&root, &document);
    let mut raw = find(&views, has_variables);
    raw.sort_by_key(|finding| (finding.start, finding.code));
    check_corrections(&views, &mut raw, has_variables);
    let mut places = Positions::new(text, START);
    raw.into_iter().map(|finding| placed(finding, &document, &mut places)).collect()
}

const START: Position = Position { line: 1, column: 1 };

/// Runs every check.
fn find(views: &[View<'_>], has_variables: bool) -> Vec<Raw> {
    let mut found = Vec::new();
    for view in views {
        actions::check(view, &mut found);
        arns::check(view, views, &mut found);
        width::check(view, &mut found);
        keys::check(view, &mut found);
        values::check(view, &mut found);
        tags::check(view, views, &mut found);
        denies::check(view, views, &mut found);
        trust::check(view, &mut found);
        variables::check(view, has_variables, &mut found);
    }
    sids::check(views, &mut found);
    profiles::check(views, &mut found);
    streaming::check(views, &mut found);
    found
}

/// Takes out the corrections that the engine finds harmful, those that change nothing, and those beyond the limit.
fn check_corrections(views: &[View<'_>], found: &mut [Raw], has_variables: bool) {
    let (mut budget, mut shown) = (BUDGET, 0);
    let broken = broken_deny(views, found);
    for finding in found {
        let Some(correction) = finding.correction.take() else { continue };
        let Some(view) = views.get(finding.statement) else { continue };
        if let Some(deny) = broken.filter(|_| view.allows() && !finding.code.is_about_sids()) {
            let advice = finding.advice.as_deref().unwrap_or("correct this");
            finding.advice =
                Some(format!("first correct statement {}, whose deny has no effect; then {advice}", deny + 1));
            continue;
        }
        let original = view.value();
        let is_shown = shown < MOST_CORRECTIONS
            && correction.statements.as_slice() != std::slice::from_ref(&original)
            && correction.does_no_harm(&original, has_variables, &mut budget);
        if is_shown {
            shown += 1;
            finding.correction = Some(correction);
        }
    }
}

/// Returns the place of a denying statement with an error, if there is one.
///
/// As long as it does not deny what it says, an allow that is made to work could grant what its author means to deny.
fn broken_deny(views: &[View<'_>], found: &[Raw]) -> Option<usize> {
    let is_broken = |finding: &&Raw| {
        finding.severity == Severity::Error
            && !finding.code.is_about_sids()
            && views.get(finding.statement).is_some_and(|view| !view.allows())
    };
    found.iter().find(is_broken).map(|finding| finding.statement)
}

/// Gives a finding its place in lines and columns.
fn placed(finding: Raw, document: &Document, places: &mut Positions<'_>) -> Finding {
    let Raw { code, severity, start, end, statement, message, advice, correction } = finding;
    let Position { line, column } = places.at(start);
    let Position { line: end_line, column: end_column } = places.at(end);
    let sid = document.statements().get(statement).and_then(|statement| statement.sid()).map(str::to_owned);
    let safety = correction.as_ref().map(|correction| correction.safety);
    Finding {
        code,
        severity,
        line,
        column,
        end_line,
        end_column,
        statement: Some(statement),
        sid,
        message,
        why: code.why(),
        advice,
        corrected: correction.map(Correction::into_value),
        safety,
    }
}

/// Returns the one finding of a text that is not a policy.
fn malformed(text: &str, JsonError { offset, message }: JsonError) -> Vec<Finding> {
    let code = LintCode::MalformedPolicy;
    let Position { line, column } = Positions::new(text, START).at(offset);
    vec![Finding {
        code,
        severity: code.severity(),
        line,
        column,
        end_line: line,
        end_column: column + 1,
        statement: None,
        sid: None,
        message,
        why: code.why(),
        advice: None,
        corrected: None,
        safety: None,
    }]
}

/// Returns `true` if the policy's version has policy variables.
fn has_variables(root: &Node<'_>) -> bool {
    let version = root.members().and_then(|members| members.iter().find(|member| member.key == "Version"));
    version.is_some_and(|version| version.node.as_str() == Some("2012-10-17"))
}
