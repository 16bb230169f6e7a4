//! Policy documents with the statements marked that a finding rests on.

use super::statements;
use crate::diagnose::{DecidedBy, Diagnosis, Finding, PolicyDocument};
use crate::escape::escape_lines;
use crate::policy::Document;
use serde_json::Value;
use std::ops::Range;

/// The longest document that is shown whole, in lines.
const LONGEST: usize = 80;

/// How many lines beside a marked one are shown of a longer document.
const CONTEXT: usize = 8;

/// A document, or what of it stands near the marked statements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Excerpt {
    /// The statements with their places, as sentences; where none is marked, the policy.
    pub(super) titles: Vec<String>,
    /// Whether the marked statements are no refusal, but allows that miss.
    pub(super) is_near: bool,
    /// What there is to see, where nothing is marked.
    pub(super) note: Option<&'static str>,
    /// The lines.
    pub(super) lines: Vec<Line>,
}

/// A line of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Its number; none where the document is not shown as it stands, or lines are left out.
    pub(super) number: Option<usize>,
    /// What stands before the mark.
    pub(super) before: String,
    /// What is marked.
    pub(super) marked: String,
    /// What stands behind it.
    pub(super) after: String,
}

/// Returns the documents that a finding is about, each with its statements marked.
pub(super) fn of(diagnosis: &Diagnosis, finding: &Finding) -> Vec<Excerpt> {
    let statements = finding.statements();
    let first_of = |document: &PolicyDocument| statements.iter().position(|statement| document.holds(statement));
    let mut documents: Vec<&PolicyDocument> = diagnosis.documents.iter().collect();
    documents.sort_by_key(|document| first_of(document).unwrap_or(usize::MAX));
    documents.into_iter().filter_map(|document| excerpt(document, &statements, finding)).collect()
}

fn excerpt(document: &PolicyDocument, statements: &[&DecidedBy], finding: &Finding) -> Option<Excerpt> {
    let own: Vec<&&DecidedBy> = statements.iter().filter(|statement| document.holds(statement)).collect();
    let is_changed = finding.remedy.changes.iter().any(|change| document.is_changed_by(change));
    if own.is_empty() && !is_changed {
        return None;
    }
    let stands = document.text.contains('\n');
    let text = if stands {
        document.text.clone()
    } else {
        // What is one line is laid out, and its statements are the same ones.
        format!("{:#}", serde_json::from_str::<Value>(&document.text).ok()?)
    };
    let parsed = Document::parse(&text).ok()?;
    let spans: Vec<Range<usize>> =
        own.iter().filter_map(|statement| Some(parsed.statements().get(statement.statement?)?.span())).collect();
    let name = document.policy.rsplit('/').next().unwrap_or(&document.policy);
    let titles = match own.is_empty() {
        true => vec![format!("the {} `{name}`", document.policy_type)],
        false => own.iter().filter_map(|statement| statements::place(statement)).collect(),
    };
    let note = spans.is_empty().then_some("no statement of it lets the call through");
    let is_near = !own.is_empty() && !finding.is_explicit_deny();
    Some(Excerpt { titles, is_near, note, lines: shortened(marked(&text, &spans, stands)) })
}

/// Splits a text into lines with what of each is marked, less the indentation that all lines behind the first have.
fn marked(text: &str, spans: &[Range<usize>], stands: bool) -> Vec<Line> {
    let indent_of = |line: &str| line.len() - line.trim_start().len();
    let behind = text.split('\n').skip(1).filter(|line| !line.trim().is_empty());
    let common = behind.map(indent_of).min().unwrap_or_default();
    let mut start = 0;
    let mut lines = Vec::new();
    for (number, line) in text.split('\n').enumerate() {
        let end = start + line.len();
        let within = spans.iter().find(|span| span.start < end && span.end > start);
        let (from, to) = within.map_or((line.len(), line.len()), |span| {
            // The indentation belongs to the layout.
            ((span.start.max(start) - start).max(indent_of(line)), span.end.min(end) - start)
        });
        let part = |range: Range<usize>| escape_lines(line.get(range).unwrap_or_default()).into_owned();
        lines.push(Line {
            number: stands.then_some(number + 1),
            before: part(common.min(indent_of(line))..from),
            marked: part(from..to.max(from)),
            after: part(to.max(from)..line.len()),
        });
        start = end + 1;
    }
    lines
}

/// Leaves out what stands far from every mark in a long document, and says how much.
fn shortened(lines: Vec<Line>) -> Vec<Line> {
    let marks: Vec<usize> =
        lines.iter().enumerate().filter(|(_, line)| !line.marked.is_empty()).map(|(at, _)| at).collect();
    if lines.len() <= LONGEST {
        return lines;
    }
    let is_near = |at: usize| match marks.as_slice() {
        [] => at < LONGEST,
        marks => marks.iter().any(|mark| mark.abs_diff(at) <= CONTEXT),
    };
    let mut shown = Vec::new();
    let mut skipped = 0;
    for (at, line) in lines.into_iter().enumerate() {
        if is_near(at) {
            shown.extend(skip(std::mem::take(&mut skipped)));
            shown.push(line);
        } else {
            skipped += 1;
        }
    }
    shown.extend(skip(skipped));
    shown
}

fn skip(lines: usize) -> Option<Line> {
    (lines > 0).then(|| Line {
        number: None,
        before: format!("… {lines} more lines …"),
        marked: String::new(),
        after: String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "{\n  \"Statement\": [{\n    \"Effect\": \"Deny\"\n  }, {\n    \"Effect\": \"Allow\"\n  }]\n}";

    #[test]
    fn the_statement_is_marked_and_nothing_beside_it() {
        let start = TEXT.find("{\n    \"Effect\": \"Deny\"").unwrap();
        let end = TEXT.find("}, {").unwrap() + 1;
        let drawn: Vec<String> = marked(TEXT, std::slice::from_ref(&(start..end)), true)
            .into_iter()
            .map(|line| format!("{}<{}>{}", line.before, line.marked, line.after))
            .collect();
        assert_eq!(
            drawn,
            [
                "{<>",
                "  \"Statement\": [<{>",
                "    <\"Effect\": \"Deny\">",
                "  <}>, {",
                "    \"Effect\": \"Allow\"<>",
                "  }]<>",
                "}<>"
            ]
        );
    }

    #[test]
    fn of_a_long_document_what_is_near_is_shown() {
        let text = (0..200).map(|number| number.to_string()).collect::<Vec<_>>().join("\n");
        let start = text.find("\n100\n").unwrap() + 1;
        let lines = shortened(marked(&text, std::slice::from_ref(&(start..start + 3)), true));
        assert_eq!(lines.len(), 2 * CONTEXT + 3);
        assert_eq!(lines.first().unwrap().before, "… 92 more lines …");
        assert_eq!(shortened(marked(&text, &[], true)).len(), LONGEST + 1);
    }
}
