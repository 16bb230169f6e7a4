//! A run of policy cases against their expectations.

use super::styled::{Role, Styled};
use crate::iam::{Decision, PolicyType};
use crate::policy::{Case, Evaluation, Expectation, ParseError, StatementRef};
use crate::visible::{visible, visible_json};
use quick_xml::events::{BytesDecl, BytesText, Event};
use quick_xml::writer::Writer;
use serde::Serialize;

/// What became of each case, in the order in which they were read.
#[derive(Debug, Default)]
pub struct TestRun {
    results: Vec<TestResult>,
}

#[derive(Debug, Serialize)]
struct TestResult {
    file: String,
    id: serde_json::Value,
    ok: bool,
    /// Why it is not: what was expected and what came out, or why the case cannot be read.
    message: Option<String>,
    decision: Option<Decision>,
    policy_type: Option<PolicyType>,
    decided_by: Vec<StatementRef>,
}

impl TestRun {
    /// Adds a case that was evaluated.
    pub fn add(&mut self, file: &str, case: &Case, evaluation: Evaluation) {
        let message = match &case.expect {
            None => Some("the case expects nothing; give it `expect`".to_owned()),
            Some(expect) if expect.is_met(&evaluation) => None,
            Some(expect) => Some(format!("expected {}, got {}", expected(*expect), got(&evaluation))),
        };
        self.results.push(TestResult {
            file: file.to_owned(),
            id: case.id.clone(),
            ok: message.is_none(),
            message,
            decision: Some(evaluation.decision),
            policy_type: evaluation.policy_type,
            decided_by: evaluation.decided_by,
        });
    }

    /// Adds a case, or a policy of one, that cannot be read.
    pub fn add_malformed(&mut self, file: &str, id: &serde_json::Value, error: &ParseError) {
        self.results.push(TestResult {
            file: file.to_owned(),
            id: id.clone(),
            ok: false,
            message: Some(error.to_string()),
            decision: None,
            policy_type: None,
            decided_by: Vec::new(),
        });
    }

    /// Tells whether every case came out as expected.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.results.iter().all(|result| result.ok)
    }

    /// Renders one JSON object and a line's end.
    #[must_use]
    pub fn json(&self) -> String {
        let passed = self.results.iter().filter(|result| result.ok).count();
        let value = serde_json::json!({
            "schema": "bedrock-access/policy-test/1",
            "passed": passed,
            "failed": self.results.len() - passed,
            "results": self.results,
        });
        visible_json(format!("{value:#}\n"))
    }

    /// Renders the mismatches and a summary for people.
    #[must_use]
    pub fn text(&self) -> Styled {
        let mut page = Styled::default();
        for result in self.results.iter().filter(|result| !result.ok) {
            page.push(Role::Denied, "failed  ");
            page.row(Role::Plain, format!("{} {}", result.file, result.name()));
            page.row(Role::Plain, format!("        {}", result.message.as_deref().unwrap_or_default()));
            for statement in &result.decided_by {
                let StatementRef { policy_type, policy, statement, line, column, .. } = statement;
                let policy = policy.as_deref().unwrap_or("the case");
                page.row(
                    Role::Hint,
                    format!("        by {policy_type}, statement {statement} ({policy}:{line}:{column})"),
                );
            }
        }
        let passed = self.results.iter().filter(|result| result.ok).count();
        let role = if self.is_clean() { Role::Allowed } else { Role::Denied };
        page.row(role, format!("{passed} of {} as expected", self.results.len()));
        page
    }
}

impl TestResult {
    fn name(&self) -> String {
        match &self.id {
            serde_json::Value::String(text) => text.clone(),
            serde_json::Value::Null => "(no id)".to_owned(),
            other => other.to_string(),
        }
    }
}

fn expected(Expectation { decision, policy_type }: Expectation) -> String {
    policy_type.map_or_else(|| decision.to_string(), |policy_type| format!("{decision} by {policy_type}"))
}

fn got(evaluation: &Evaluation) -> String {
    let mut text = evaluation.decision.to_string();
    if let Some(policy_type) = evaluation.policy_type {
        text = format!("{text} by {policy_type}");
    }
    if !evaluation.unknown_keys.is_empty() {
        text = format!("{text} (unknown: {})", evaluation.unknown_keys.join(", "));
    }
    text
}

/// Renders the run as `JUnit` XML.
///
/// # Errors
/// When the writer refuses a text.
pub fn junit_of_tests(run: &TestRun) -> std::io::Result<String> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let failed = run.results.iter().filter(|result| !result.ok).count().to_string();
    let all = run.results.len().to_string();
    let suite = writer.create_element("testsuite").with_attributes([
        ("name", "policy"),
        ("tests", all.as_str()),
        ("failures", failed.as_str()),
        ("errors", "0"),
    ]);
    suite.write_inner_content(|writer| {
        for result in &run.results {
            let (name, file) = (visible(&result.name()).into_owned(), visible(&result.file));
            let case = writer
                .create_element("testcase")
                .with_attributes([("classname", file.as_ref()), ("name", name.as_str())]);
            match &result.message {
                None => {
                    case.write_empty()?;
                }
                Some(message) => {
                    let message = visible(message);
                    case.write_inner_content(|writer| {
                        let failure = writer.create_element("failure").with_attribute(("message", message.as_ref()));
                        failure.write_text_content(BytesText::new(&message))?;
                        Ok(())
                    })?;
                }
            }
        }
        Ok(())
    })?;
    let mut bytes = writer.into_inner();
    bytes.push(b'\n');
    String::from_utf8(bytes).map_err(std::io::Error::other)
}
