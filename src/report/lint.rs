//! Lint findings as text, JSON and SARIF.

use super::styled::{Role, Styled};
use crate::escape::{escape, escape_json};
use crate::policy::{Finding, LintCode, Severity};
use serde_json::{Value, json};

/// The findings of some files, in the order in which these were given.
#[derive(Debug, Default)]
pub struct LintReport {
    files: Vec<(String, Vec<Finding>)>,
}

impl LintReport {
    /// Adds a file with what was found in it.
    pub fn add(&mut self, file: &str, findings: Vec<Finding>) {
        self.files.push((file.to_owned(), findings));
    }

    /// Tells whether nothing was found anywhere.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.files.iter().all(|(_, findings)| findings.is_empty())
    }

    /// Renders the findings for people, each with its correction.
    #[must_use]
    pub fn text(&self) -> Styled {
        let mut page = Styled::default();
        let mut count = 0;
        for (file, findings) in &self.files {
            for finding in findings {
                count += 1;
                let role = match finding.severity {
                    Severity::Error => Role::Denied,
                    Severity::Warning => Role::Unknown,
                    Severity::Note => Role::Heading,
                };
                page.push(Role::Plain, format!("{}:{}:{}: ", escape(file), finding.line, finding.column));
                page.push(role, format!("{}[{}]", finding.severity, finding.code));
                page.row(Role::Plain, format!(": {}", finding.message));
                page.row(Role::Hint, format!("  why: {}", finding.why));
                page.row(Role::Hint, format!("  see: {}", finding.code.page()));
                if let Some(corrected) = &finding.corrected {
                    page.row(Role::Hint, "  corrected:");
                    for line in format!("{corrected:#}").lines() {
                        page.row(Role::Code, format!("    {line}"));
                    }
                }
                page.end_line();
            }
        }
        let files = match self.files.len() {
            1 => "1 file".to_owned(),
            many => format!("{many} files"),
        };
        match count {
            0 => page.row(Role::Allowed, format!("clean: {files}")),
            1 => page.row(Role::Denied, format!("1 finding in {files}")),
            many => page.row(Role::Denied, format!("{many} findings in {files}")),
        }
        page
    }

    /// Renders one JSON object and a line's end.
    #[must_use]
    pub fn json(&self) -> String {
        let files: Vec<Value> =
            self.files.iter().map(|(file, findings)| json!({"file": file, "findings": findings})).collect();
        escape_json(format!("{:#}\n", json!({"schema": "bedrock-access/policy-lint/1", "files": files})))
    }

    /// Renders SARIF 2.1.0, with every rule whether it found something or not.
    #[must_use]
    pub fn sarif(&self) -> String {
        let rules: Vec<Value> = LintCode::ALL.iter().map(|code| rule(*code)).collect();
        let results: Vec<Value> = self
            .files
            .iter()
            .flat_map(|(file, findings)| findings.iter().map(move |finding| result(file, finding)))
            .collect();
        let log = json!({
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                "tool": {"driver": {
                    "name": "bedrock-access",
                    "version": env!("CARGO_PKG_VERSION"),
                    "rules": rules,
                }},
                "columnKind": "unicodeCodePoints",
                "results": results,
            }],
        });
        escape_json(format!("{log:#}\n"))
    }
}

fn rule(code: LintCode) -> Value {
    json!({
        "id": code.as_str(),
        "shortDescription": {"text": code.why()},
        "help": {"text": format!("{}. See {}.", code.why(), code.page())},
        "defaultConfiguration": {"level": code.severity().as_str()},
    })
}

fn result(file: &str, finding: &Finding) -> Value {
    let index = LintCode::ALL.iter().position(|code| *code == finding.code);
    let corrected = finding.corrected.as_ref().map_or_else(String::new, |value| format!("\n\nCorrected:\n{value:#}"));
    json!({
        "ruleId": finding.code.as_str(),
        "ruleIndex": index,
        "level": finding.severity.as_str(),
        "message": {"text": format!("{}: {}{corrected}", finding.message, finding.why)},
        "locations": [{"physicalLocation": {
            "artifactLocation": {"uri": uri(file)},
            "region": {
                "startLine": finding.line,
                "startColumn": finding.column,
                "endLine": finding.end_line,
                "endColumn": finding.end_column,
            },
        }}],
    })
}

/// Writes a path as the relative reference that SARIF wants: slashes, and no character that a URI cannot hold.
pub(super) fn uri(path: &str) -> String {
    let mut uri = String::new();
    for byte in path.replace('\\', "/").bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}
