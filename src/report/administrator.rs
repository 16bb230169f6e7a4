//! The request to send to whoever can fix it: who cannot do what and why, the change, the lines that make it, and the one
//! that checks it. It stands alone: nobody has to know this program.

use super::fix_files::{self, File};
use super::problems::problems;
use super::shell::here_document;
use super::subject::{call, who, whom};
use super::{sentence, wording};
use crate::cause::DocumentedCause;
use crate::diagnose::{Diagnosis, Finding, Step, Verified};
use crate::escape::{escape_json, escape_lines};
use std::fmt::Write as _;

/// Writes the request; none where the caller can do it.
pub(super) fn request(finding: &Finding, diagnosis: &Diagnosis) -> Option<String> {
    let to = who(finding, diagnosis)?;
    let mut text = String::new();
    let mut line = |line: &str| {
        let _ = writeln!(text, "{}", escape_lines(line));
    };
    line(&format!("Amazon Bedrock access: {}", sentence::of(finding, diagnosis)));
    line("");
    line(&format!("To:    {to}"));
    line(&format!("Who:   {}", whom(diagnosis)));
    line(&format!("What:  {} is refused", call(diagnosis)));
    let documented = match finding.cause.family().documented_cause() {
        DocumentedCause::Neither => String::new(),
        documented => format!(" ({})", sentence::documented(documented)),
    };
    line(&format!("Why:   {}{documented}", wording::summary(finding, diagnosis)));
    line("");
    line("Please:");
    let edit = finding.remedy.edit.as_ref();
    let steps = match finding.remedy.steps.as_slice() {
        _ if edit.is_some() => Vec::new(),
        [Step::Attach { kind, name }] => vec![format!("attach the policy below to the {kind} `{name}`")],
        _ => wording::steps(finding),
    };
    for (number, step) in steps.iter().enumerate() {
        line(&format!("  {}. {step}", number + 1));
    }
    if let Some(edit) = edit {
        let name = edit.policy_name();
        let sid = edit.sid.as_ref().map(|sid| format!(", statement `{sid}`")).unwrap_or_default();
        line(&format!("  change the policy `{name}`{sid}, at line {}:", edit.line));
        for (sign, changed) in
            edit.removed.iter().map(|removed| ('-', removed)).chain(edit.added.iter().map(|added| ('+', added)))
        {
            line(&format!("  {sign} {changed}"));
        }
    }
    let files = fix_files::of(finding, diagnosis);
    for File { name, text } in &files {
        line("");
        line(here_document(name, text).trim_end());
    }
    if let Some(policy) = finding.remedy.policy.as_ref().filter(|_| files.is_empty()) {
        line("");
        line(&escape_json(serde_json::to_string_pretty(policy).unwrap_or_default()));
    }
    let commands = edit.map_or(&finding.remedy.commands, |edit| &edit.commands);
    let others: Vec<&String> = commands.iter().filter(|command| !command.starts_with("bedrock-access ")).collect();
    if files.is_empty() && !others.is_empty() {
        line("");
    }
    for command in others {
        line(command);
    }
    line("");
    match finding.remedy.verified {
        Some(Verified::Allowed) => line("Tested: with this change the IAM policy simulator allows the call."),
        Some(Verified::AllowedWithout) => {
            line("Tested: without the blocking policy the IAM policy simulator allows the call.");
        }
        None => {}
    }
    line("To check it afterwards:");
    line(&diagnosis.again);
    Some(text)
}

/// Returns the files that `--save-fix` writes: those that the fixes' lines read, and a request to send to whoever can make
/// the change; of several problems each in a folder of its own.
#[must_use]
pub fn fix_folder(diagnosis: &Diagnosis) -> Vec<(String, String)> {
    let problems: Vec<&Finding> = problems(diagnosis)
        .iter()
        .filter_map(|problem| problem.first().copied())
        .filter(|one| !one.is_likely)
        .collect();
    let is_one = problems.len() == 1;
    let mut files = Vec::new();
    for (number, finding) in problems.into_iter().enumerate() {
        let folder = if is_one { String::new() } else { format!("{}/", number + 1) };
        let whole = fix_files::of(finding, diagnosis).into_iter().map(|File { name, text }| {
            // A policy's name is somebody else's, and leads out of no folder.
            let is_plain = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
            (name.replace(|c: char| !is_plain(c), "-"), format!("{text}\n"))
        });
        let request = request(finding, diagnosis).map(|text| ("request.txt".to_owned(), text));
        files.extend(whole.chain(request).map(|(name, text)| (format!("{folder}{name}"), text)));
    }
    files
}
