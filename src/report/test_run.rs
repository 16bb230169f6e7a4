//! A run of policy cases against their expectations.

use super::junit::{self, CaseResult, Suite};
use super::styled::{Role, Styled};
use crate::escape::escape_json;
use crate::iam::{Decision, PolicyType};
use crate::policy::{AuthorizationCase, Evaluation, Expectation, ParseError, StatementRef};
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
    pub fn add(&mut self, file: &str, case: &AuthorizationCase, evaluation: Evaluation) {
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

    /// Returns `true` if every case came out as expected.
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
        escape_json(format!("{value:#}\n"))
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
    let cases = run.results.iter().map(|result| junit::Case {
        class: result.file.clone(),
        name: result.name(),
        result: match &result.message {
            None => CaseResult::Passed,
            Some(message) => CaseResult::Failed { message: message.clone(), text: message.clone() },
        },
    });
    junit::write(&[Suite { name: "policy".to_owned(), cases: cases.collect(), ..Suite::default() }])
}
