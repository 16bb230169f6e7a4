//! The files that a fix's lines read: whole documents, under the names that the lines give them.
//!
//! A document that is only part of what the file has to hold, such as statements for a boundary that was not read, is no
//! file: the line would put it in the place of the whole.

use super::outline;
use crate::diagnose::{Diagnosis, Finding, Step};
use crate::escape::escape_json;
use crate::iam::PolicyType;
use serde_json::Value;

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct File {
    /// Its name.
    pub(super) name: String,
    /// What it holds.
    pub(super) text: String,
}

/// Returns the files of a fix.
pub(super) fn of(finding: &Finding, diagnosis: &Diagnosis) -> Vec<File> {
    let remedy = &finding.remedy;
    if let Some(edit) = &remedy.edit {
        let name = edit.policy_name();
        return vec![File { name: format!("{name}.json"), text: escape_json(edit.after.clone()) }];
    }
    let mut files: Vec<File> =
        outline::documents(finding).into_iter().map(|(name, text)| File { name, text: escape_json(text) }).collect();
    let is_own = remedy.steps.iter().any(|step| matches!(step, Step::Attach { .. }));
    if let Some(policy) = remedy.policy.as_ref().filter(|_| is_own) {
        files.push(file("policy.json", policy));
    }
    for change in &remedy.changes {
        let name = match change.policy_type {
            Some(PolicyType::PermissionsBoundary) => "boundary.json",
            Some(PolicyType::VpcEndpointPolicy) => "endpoint.json",
            Some(PolicyType::ResourcePolicy) => "trust.json",
            _ => continue,
        };
        let whole = diagnosis.documents.iter().find_map(|document| document.after(change));
        if let Some(whole) = whole.filter(|whole| !whole.is_null()) {
            files.push(file(name, &whole));
        }
    }
    files.retain(|file| remedy.commands.iter().any(|line| line.contains(&format!("file://{}", file.name))));
    files
}

fn file(name: &str, document: &Value) -> File {
    let text = escape_json(serde_json::to_string_pretty(document).unwrap_or_default());
    File { name: name.to_owned(), text }
}
