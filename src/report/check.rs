//! What a deployment would allow, as text, JSON, SARIF, JUnit and Markdown.
//!
//! Takes what the check of each file gave; words findings and lays them out, and decides nothing.

use super::infrastructure::{hcl_statements, yaml_statements};
use super::json::TOOL;
#[cfg(feature = "cli")]
use super::junit::{self, Suite};
use super::styled::{Role, Styled};
use crate::escape::{escape, escape_json, escape_lines};
use crate::iac::{Change, ChangeTarget, Checked, CheckedRole, Finding, Form, Level, Problem, Reference, Unknown};
use crate::iam::{Decision, PolicyType};
use crate::policy::StatementRef;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// One file that was checked.
#[derive(Debug)]
pub struct CheckedFile {
    /// Its name.
    pub file: String,
    /// What it is.
    pub form: Form,
    /// `true` if it is written in JSON.
    pub is_json: bool,
    /// How many resources it declares.
    pub resources: usize,
    /// What the check gave.
    pub checked: Checked,
}

/// The files of one run, and what an earlier run had found.
#[derive(Debug, Default)]
pub struct CheckReport {
    files: Vec<CheckedFile>,
}

/// The languages that a change can be written in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ChangeLanguage {
    Hcl,
    Yaml,
    Json,
}

impl ChangeLanguage {
    fn as_str(self) -> &'static str {
        match self {
            Self::Hcl => "hcl",
            Self::Yaml => "yaml",
            Self::Json => "json",
        }
    }
}

impl CheckedFile {
    fn language(&self) -> ChangeLanguage {
        match self.form {
            form if form.is_terraform() => ChangeLanguage::Hcl,
            _ if self.is_json => ChangeLanguage::Json,
            _ => ChangeLanguage::Yaml,
        }
    }

    fn change_text(&self, change: &Change) -> String {
        let text = match self.language() {
            ChangeLanguage::Hcl => hcl_statements(&change.policy),
            ChangeLanguage::Yaml => yaml_statements(&change.policy),
            ChangeLanguage::Json => {
                let statements = change.policy.get("Statement").cloned().unwrap_or_default();
                format!("{statements:#}\n")
            }
        };
        change.references.iter().fold(text, |text, Reference { arn, address, attribute }| {
            let expression = match self.language() {
                ChangeLanguage::Hcl => format!("{}.{attribute}", local(address)),
                ChangeLanguage::Yaml => format!("!GetAtt {address}.{attribute}"),
                ChangeLanguage::Json => json!({"Fn::GetAtt": [address, attribute]}).to_string(),
            };
            text.replace(&format!("\"{arn}\""), &expression)
        })
    }
}

/// Returns the address as it is written within its module.
fn local(address: &str) -> &str {
    address.find("aws_").and_then(|at| address.get(at..)).unwrap_or(address)
}

/// Returns the sentence that says what is wrong, as a lower-case fragment.
fn message(problem: &Problem) -> String {
    match problem {
        Problem::Call { role, model, named_by, denied } => {
            let first = denied.first();
            let (action, resource) = match first {
                Some(denied) => (denied.action.as_str(), denied.resource.as_str()),
                None => ("bedrock:InvokeModel", "*"),
            };
            let more = match denied.len() {
                0 | 1 => String::new(),
                2 => " and one more resource".to_owned(),
                many => format!(" and {} more resources", many - 1),
            };
            let denied_by = first.and_then(|denied| denied.denied_by.as_ref());
            let why = match first.and_then(|denied| denied.policy_type) {
                _ if let Some(statement) = denied_by => format!("{} denies", statement_name(statement)),
                Some(PolicyType::IdentityPolicy) | None => format!("no policy of `{role}` allows"),
                Some(PolicyType::PermissionsBoundary) => format!("the permissions boundary of `{role}` does not allow"),
                Some(other) => format!("the {} does not allow", other.as_str().replace('-', " ")),
            };
            format!("{why} `{action}` on `{resource}`{more}, which `{model}` needs ({named_by})")
        }
        Problem::Trust { service, workload } => {
            format!("the trust policy does not let `{service}` assume the role, and `{workload}` runs with it")
        }
        Problem::Lint(message) => message.clone(),
    }
}

/// Names a statement by its `Sid`, else its place, and its policy.
fn statement_name(statement: &StatementRef) -> String {
    let policy = statement.policy.as_deref().map_or_else(String::new, |policy| format!(" of `{policy}`"));
    match &statement.sid {
        Some(sid) => format!("the statement `{sid}`{policy}"),
        None => format!("statement {}{policy}", statement.statement + 1),
    }
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "note",
    }
}

/// Returns what identifies a finding from run to run: where it is in the file does not count.
fn key(finding: &Finding) -> String {
    format!("{} {} {}", finding.code.as_str(), finding.address, message(&finding.problem))
}

impl CheckReport {
    /// Adds a file.
    pub fn add(&mut self, file: CheckedFile) {
        self.files.push(file);
    }

    /// Leaves out the findings that a baseline holds.
    ///
    /// # Errors
    /// The text is not a report of this command in JSON.
    pub fn hide_known(&mut self, baseline: &str) -> Result<usize, String> {
        let document: Value = serde_json::from_str(baseline).map_err(|error| error.to_string())?;
        if document.get("schema").and_then(Value::as_str) != Some("bedrock-access/check/1") {
            return Err("not a report of `check --format json`".to_owned());
        }
        let text =
            |finding: &Value, name: &str| finding.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let findings = document.get("findings").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let known: BTreeSet<String> = findings
            .iter()
            .map(|finding| {
                format!("{} {} {}", text(finding, "code"), text(finding, "address"), text(finding, "message"))
            })
            .collect();
        let before = self.findings().count();
        for file in &mut self.files {
            file.checked.findings.retain(|finding| !known.contains(&key(finding)));
        }
        Ok(before - self.findings().count())
    }

    /// Walks over the findings.
    pub fn findings(&self) -> impl Iterator<Item = (&CheckedFile, &Finding)> {
        self.files.iter().flat_map(|file| file.checked.findings.iter().map(move |finding| (file, finding)))
    }

    /// Returns `true` if something is to be fixed: a note is not, unless `notes` says so.
    #[must_use]
    pub fn has_findings(&self, notes: bool) -> bool {
        self.findings().any(|(_, finding)| notes || finding.level != Level::Note)
    }

    /// Returns `true` if something is not known before the deployment.
    #[must_use]
    pub fn has_unknown(&self) -> bool {
        self.files.iter().any(|file| !file.checked.unknown.is_empty())
    }

    fn roles(&self) -> impl Iterator<Item = &CheckedRole> {
        self.files.iter().flat_map(|file| &file.checked.roles)
    }

    fn unknown(&self) -> impl Iterator<Item = &Unknown> {
        self.files.iter().flat_map(|file| &file.checked.unknown)
    }

    fn summary(&self) -> String {
        let calls: Vec<Decision> = self.roles().flat_map(|role| role.calls.iter().map(|call| call.verdict)).collect();
        let allowed = calls.iter().filter(|verdict| **verdict == Decision::Allowed).count();
        let open = calls.iter().filter(|verdict| **verdict == Decision::Undetermined).count();
        format!(
            "{}, {}: {} allowed, {} denied, {open} unknown",
            count(self.files.len(), "file"),
            count(calls.len(), "call"),
            allowed,
            calls.len() - allowed - open
        )
    }

    /// Renders the report for people.
    #[must_use]
    pub fn text(&self) -> Styled {
        let mut page = Styled::default();
        for (file, finding) in self.findings() {
            let role = match finding.level {
                Level::Error => Role::Denied,
                Level::Warning => Role::Unknown,
                Level::Note => Role::Heading,
            };
            page.push(
                Role::Plain,
                format!("{}:{}:{}: ", escape(&finding.file), finding.place.line, finding.place.column),
            );
            page.push(role, format!("{}[{}]", level(finding.level), finding.code.as_str()));
            page.row(Role::Plain, format!(": {}: {}", finding.address, message(&finding.problem)));
            if let Some(change) = &finding.change {
                page.row(Role::Hint, format!("  {}", change_title(change)));
                for line in file.change_text(change).lines() {
                    page.row(Role::Code, format!("    {line}"));
                }
            }
            page.end_line();
        }
        for role in self.roles() {
            for call in &role.calls {
                let (mark, kind) = mark(call.verdict);
                page.push(kind, mark);
                page.row(Role::Plain, format!(" {} {} ({})", role.address, call.model, call.named_by));
            }
        }
        if self.has_unknown() {
            page.end_line();
            page.row(Role::Heading, "Not known before the deployment");
            for unknown in self.unknown() {
                page.row(Role::Unknown, format!("  ? {}: {}", unknown.address, unknown.what));
            }
        }
        if self.roles().any(|role| !role.calls.is_empty()) || self.has_unknown() {
            page.end_line();
        }
        let found = self.findings().count();
        match found {
            0 => page.row(Role::Allowed, format!("clean: {}", self.summary())),
            many => page.row(Role::Denied, format!("{} in {}", count(many, "finding"), self.summary())),
        }
        page
    }

    /// Renders what `docs/schema/check-1.json` describes.
    #[must_use]
    pub fn json(&self, notes: bool) -> String {
        let findings: Vec<Value> = self
            .findings()
            .map(|(file, finding)| {
                json!({
                    "code": finding.code.as_str(), "level": level(finding.level), "address": finding.address,
                    "file": finding.file, "line": finding.place.line, "column": finding.place.column,
                    "message": message(&finding.problem),
                    "change": finding.change.as_ref().map(|change| json!({
                        "safe": change.safe, "language": file.language().as_str(), "text": file.change_text(change),
                    })),
                })
            })
            .collect();
        let inputs: Vec<Value> = self
            .files
            .iter()
            .map(|file| json!({"file": file.file, "form": file.form.as_str(), "resources": file.resources}))
            .collect();
        let unknown: Vec<Value> =
            self.unknown().map(|unknown| json!({"address": unknown.address, "what": unknown.what})).collect();
        let document = json!({
            "schema": "bedrock-access/check/1",
            "tool": TOOL,
            "verdict": if self.has_findings(notes) { "findings" } else { "clean" },
            "inputs": inputs,
            "roles": self.roles().map(role_json).collect::<Vec<_>>(),
            "findings": findings,
            "unknown": unknown,
        });
        escape_json(format!("{document:#}\n"))
    }

    /// Renders SARIF 2.1.0.
    #[must_use]
    pub fn sarif(&self) -> String {
        let codes: BTreeSet<&str> = self.findings().map(|(_, finding)| finding.code.as_str()).collect();
        let rules: Vec<Value> = codes.iter().map(|code| json!({"id": code})).collect();
        let results: Vec<Value> = self
            .findings()
            .map(|(file, finding)| {
                let change = finding.change.as_ref();
                let change = change.map_or_else(String::new, |change| {
                    format!("\n\n{}\n{}", change_title(change), file.change_text(change))
                });
                json!({
                    "ruleId": finding.code.as_str(),
                    "level": level(finding.level),
                    "message": {"text": format!("{}: {}{change}", finding.address, message(&finding.problem))},
                    "locations": [{
                        "physicalLocation": {
                            "artifactLocation": {"uri": super::lint::uri(&finding.file)},
                            "region": {"startLine": finding.place.line, "startColumn": finding.place.column},
                        },
                        "logicalLocations": [{"fullyQualifiedName": finding.address, "kind": "resource"}],
                    }],
                    "partialFingerprints": {"finding/v1": key(finding)},
                })
            })
            .collect();
        let log = json!({
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                "tool": {"driver": {"name": "bedrock-access", "version": env!("CARGO_PKG_VERSION"), "rules": rules}},
                "columnKind": "unicodeCodePoints",
                "results": results,
            }],
        });
        escape_json(format!("{log:#}\n"))
    }

    /// Renders JUnit: a suite per file, a case per call, and one per finding of the lint.
    ///
    /// # Errors
    /// A text cannot be written as XML.
    #[cfg(feature = "cli")]
    pub fn junit(&self) -> std::io::Result<String> {
        use super::junit::{Case, CaseResult};
        let mut suites = Vec::new();
        for file in &self.files {
            let mut cases = Vec::new();
            for role in &file.checked.roles {
                for call in &role.calls {
                    let name = format!("{} calls {} ({})", role.address, call.model, call.named_by);
                    let result = match call.verdict {
                        Decision::Allowed => CaseResult::Passed,
                        Decision::Undetermined => CaseResult::Skipped("not known before the deployment".to_owned()),
                        Decision::ExplicitDeny | Decision::ImplicitDeny => {
                            let denied: Vec<String> = call
                                .requirements
                                .iter()
                                .filter(|requirement| requirement.decision != Decision::Allowed)
                                .map(|requirement| format!("{} on {}", requirement.action, requirement.resource))
                                .collect();
                            CaseResult::Failed { message: "the call is denied".to_owned(), text: denied.join("\n") }
                        }
                    };
                    cases.push(Case { class: "calls".to_owned(), name, result });
                }
            }
            let other = file.checked.findings.iter().filter(|finding| !matches!(finding.problem, Problem::Call { .. }));
            for finding in other.filter(|finding| finding.level != Level::Note) {
                let text = finding.change.as_ref().map(|change| file.change_text(change)).unwrap_or_default();
                cases.push(Case {
                    class: finding.code.as_str().to_owned(),
                    name: finding.address.clone(),
                    result: CaseResult::Failed { message: message(&finding.problem), text },
                });
            }
            suites.push(Suite { name: file.file.clone(), cases, ..Suite::default() });
        }
        junit::write(&suites)
    }

    /// Renders Markdown for a pull request.
    #[must_use]
    pub fn markdown(&self) -> String {
        use super::markdown::{cell, code, fenced};
        let mut page = String::from("### bedrock-access check\n\n");
        page.push_str(&format!("{}\n\n", cell(&self.summary())));
        if self.findings().next().is_some() {
            page.push_str("| level | resource | finding |\n|---|---|---|\n");
            for (_, finding) in self.findings() {
                page.push_str(&format!(
                    "| {} | {} | {} ({}) |\n",
                    level(finding.level),
                    code(&finding.address),
                    cell(&message(&finding.problem)),
                    finding.code.as_str()
                ));
            }
            page.push('\n');
            for (file, finding) in self.findings() {
                let Some(change) = &finding.change else { continue };
                page.push_str(&format!(
                    "<details><summary>{} for {}</summary>\n\n{}\n</details>\n\n",
                    cell(&change_title(change)),
                    code(&finding.address),
                    fenced(&file.change_text(change), file.language().as_str())
                ));
            }
        }
        if self.has_unknown() {
            page.push_str("Not known before the deployment:\n\n");
            for unknown in self.unknown() {
                page.push_str(&format!("- {}: {}\n", code(&unknown.address), cell(&unknown.what)));
            }
        }
        escape_lines(&page).into_owned()
    }
}

fn change_title(change: &Change) -> String {
    match (&change.target, change.safe) {
        (ChangeTarget::TrustPolicy, _) => "add to the trust policy:".to_owned(),
        (ChangeTarget::IdentityPolicy, true) => "change, tried with the policies of this file:".to_owned(),
        (ChangeTarget::IdentityPolicy, false) => "possible change (review it first):".to_owned(),
        (ChangeTarget::Limit(policy_type, address), _) => {
            let kind = policy_type.as_str().replace('-', " ");
            format!("what the {kind} `{address}` would have to allow (ask who set this limit first):")
        }
    }
}

fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

fn mark(decision: Decision) -> (&'static str, Role) {
    match decision {
        Decision::Allowed => ("✓", Role::Allowed),
        Decision::Undetermined => ("?", Role::Unknown),
        Decision::ExplicitDeny | Decision::ImplicitDeny => ("✗", Role::Denied),
    }
}

fn verdict(decision: Decision) -> &'static str {
    match decision {
        Decision::Allowed => "allowed",
        Decision::Undetermined => "undetermined",
        Decision::ExplicitDeny | Decision::ImplicitDeny => "denied",
    }
}

fn role_json(role: &CheckedRole) -> Value {
    let calls: Vec<Value> = role
        .calls
        .iter()
        .map(|call| {
            let requirements: Vec<Value> = call
                .requirements
                .iter()
                .map(|requirement| {
                    json!({
                        "action": requirement.action, "resource": requirement.resource,
                        "requested_region": requirement.requested_region, "decision": requirement.decision,
                        "decided_by": requirement.decided_by,
                    })
                })
                .collect();
            json!({
                "model": call.model, "operation": call.operation, "region": call.region, "named_by": call.named_by,
                "verdict": verdict(call.verdict), "requirements": requirements,
            })
        })
        .collect();
    let trust: Vec<Value> =
        role.trust.iter().map(|(service, decision)| json!({"service": service, "decision": decision})).collect();
    let pass: Vec<Value> =
        role.pass_role.iter().map(|(by, decision)| json!({"by": by, "decision": decision})).collect();
    json!({
        "address": role.address, "name": role.name, "services": role.services, "calls": calls, "trust": trust,
        "pass_role": pass,
    })
}
