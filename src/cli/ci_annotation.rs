//! What a log of CI shows of a diagnosis: a few lines where the report goes to a file, and on GitHub an annotation and the
//! job's summary (GitHub Actions, "Workflow commands").
//!
//! The one place that writes a workflow command. What stands in it is escaped so that it cannot begin another one.

use super::ci::harmless;
use super::output;
use crate::diagnose::{Diagnosis, Verdict};
use crate::escape::escape;
use crate::report;
use std::io::Write as _;

/// Tells a log what came out, so that no run that fails leaves an empty one.
///
/// `to_file` says whether the report went to a file. A summary that cannot be written is left out: the verdict stands.
pub(super) fn tell(diagnosis: &Diagnosis, to_file: bool) {
    let is_github = std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true");
    if !to_file && !is_github {
        return;
    }
    let lines = report::log_lines(diagnosis);
    if to_file {
        lines.iter().for_each(|line| output::note(line));
    }
    if !is_github {
        return;
    }
    if let Some(command) = annotation(diagnosis.verdict, &lines) {
        let _ = writeln!(std::io::stderr().lock(), "{command}");
    }
    let _ = append_summary(&report::markdown(diagnosis));
}

/// Returns the command that marks the job's step; none where the call is allowed.
fn annotation(verdict: Verdict, lines: &[String]) -> Option<String> {
    let level = match verdict {
        Verdict::Allowed => return None,
        Verdict::Denied => "error",
        Verdict::Undetermined => "warning",
    };
    Some(format!("::{level} title=bedrock-access::{}", harmless(&escaped(&lines.join("\n")))))
}

/// Escapes a message as GitHub's own toolkit does, after everything that a terminal would obey.
fn escaped(message: &str) -> String {
    let lines: Vec<String> = message.lines().map(|line| escape(line).replace('%', "%25")).collect();
    lines.join("%0A")
}

/// Adds the report to the summary of the job, which is a file that GitHub has made.
fn append_summary(markdown: &str) -> std::io::Result<()> {
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else { return Ok(()) };
    if !std::fs::metadata(&path)?.is_file() {
        return Ok(());
    }
    let mut file = std::fs::OpenOptions::new().append(true).open(path)?;
    file.write_all(format!("{}\n", markdown.trim_end()).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_an_annotation_begins_another_command() {
        let lines = ["DENIED: 100 %".to_owned(), "::set-env name=A::b\r\n::error::x".to_owned()];
        let command = annotation(Verdict::Denied, &lines).unwrap();
        assert_eq!(command.lines().count(), 1);
        assert!(command.starts_with("::error title=bedrock-access::DENIED: 100 %25%0A::set-env"), "{command}");
        assert_eq!(annotation(Verdict::Allowed, &lines), None);
        assert!(annotation(Verdict::Undetermined, &lines).unwrap().starts_with("::warning "));
    }
}
