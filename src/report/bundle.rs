//! Several operations under one name: a verdict each, one for all, and the details of what is denied.

use super::json::json;
use super::styled::{Role, Styled};
use super::text::{Detail, text};
use super::wording;
use crate::bedrock::Bundle;
use crate::diagnose::{Diagnosis, Verdict};
use serde_json::{Value, json as value};

/// Returns the one verdict for all: denied where one is, and allowed only where all are.
#[must_use]
pub fn bundle_verdict(diagnoses: &[Diagnosis]) -> Verdict {
    let any = |verdict: Verdict| diagnoses.iter().any(|diagnosis| diagnosis.verdict == verdict);
    if any(Verdict::Denied) {
        Verdict::Denied
    } else if any(Verdict::Undetermined) {
        Verdict::Undetermined
    } else {
        Verdict::Allowed
    }
}

/// Writes one diagnosis a line, with the operation as its `id`.
#[must_use]
pub fn bundle_json(diagnoses: &[Diagnosis]) -> String {
    let mut lines = String::new();
    for diagnosis in diagnoses {
        // What was just written is JSON.
        let mut document: Value = serde_json::from_str(&json(diagnosis)).unwrap_or_default();
        if let Some(id) = document.get_mut("id") {
            *id = value!(diagnosis.request.operation.as_str());
        }
        lines.push_str(&document.to_string());
        lines.push('\n');
    }
    lines
}

/// Lays out a table of the operations, and below it what is not allowed.
#[must_use]
pub fn bundle_text(bundle: Bundle, diagnoses: &[Diagnosis], detail: Detail) -> Styled {
    let mut out = Styled::default();
    let verdict = bundle_verdict(diagnoses);
    out.push(role(verdict), verdict.as_str().to_uppercase());
    if let Some(world) = diagnoses.first().and_then(|diagnosis| diagnosis.sandbox.as_ref()) {
        out.push(Role::Hint, format!(" (sandbox `{world}`)"));
    }
    out.line(Role::Plain, format!(": {}", bundle_headline(bundle, diagnoses)));
    if detail == Detail::Quiet {
        return out;
    }
    let width = diagnoses.iter().map(|diagnosis| diagnosis.request.operation.as_str().len()).max().unwrap_or_default();
    for diagnosis in diagnoses {
        let sign = match diagnosis.verdict {
            Verdict::Allowed => "✓",
            Verdict::Denied => "✗",
            Verdict::Undetermined => "?",
        };
        out.push(Role::Plain, "  ");
        out.push(role(diagnosis.verdict), sign);
        let operation = diagnosis.request.operation.as_str();
        out.line(Role::Plain, format!(" {operation:<width$}  {}", gist(diagnosis)));
    }
    for diagnosis in diagnoses.iter().filter(|diagnosis| diagnosis.verdict != Verdict::Allowed) {
        out.end_line();
        out.line(Role::Heading, diagnosis.request.operation.as_str());
        out.append(text(diagnosis, detail));
    }
    out
}

/// Says how many of a bundle's operations are allowed.
pub(super) fn bundle_headline(bundle: Bundle, diagnoses: &[Diagnosis]) -> String {
    let allowed = diagnoses.iter().filter(|diagnosis| diagnosis.verdict == Verdict::Allowed).count();
    format!("{allowed} of {} operations of `{bundle}` are allowed", diagnoses.len())
}

/// Says what an operation comes to, in one line.
pub(super) fn gist(diagnosis: &Diagnosis) -> String {
    match diagnosis.findings.first() {
        Some(first) => format!("{}: {}", first.cause, wording::summary(first, diagnosis)),
        None => wording::headline(diagnosis),
    }
}

fn role(verdict: Verdict) -> Role {
    match verdict {
        Verdict::Allowed => Role::Allowed,
        Verdict::Denied => Role::Denied,
        Verdict::Undetermined => Role::Unknown,
    }
}
