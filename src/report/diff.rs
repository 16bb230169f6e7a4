//! The proposed change of policies, line by line.

use super::statements;
use crate::diagnose::{ChangeKind, Finding};
use crate::visible::visible_json;

/// One line of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Whether the line is added; else it is taken away.
    pub(super) is_added: bool,
    /// The line.
    pub(super) text: String,
}

/// Returns the lines that the changes of a finding take away, as far as they were read, and those that they add.
pub(super) fn lines(finding: &Finding) -> Vec<Line> {
    let added = |document: &serde_json::Value| {
        let text = visible_json(serde_json::to_string_pretty(document).unwrap_or_default());
        text.lines().map(|line| Line { is_added: true, text: line.to_owned() }).collect::<Vec<_>>()
    };
    let removes = finding.remedy.changes.iter().any(|change| change.kind == ChangeKind::RemoveStatement);
    let removed = statements::quoted(finding).into_iter().filter(|_| removes).filter_map(|it| it.quote.as_deref());
    let removed = removed.flat_map(str::lines).map(|line| Line { is_added: false, text: line.to_owned() });
    let changes = finding.remedy.changes.iter().filter(|change| change.kind == ChangeKind::AddStatement);
    removed.chain(changes.filter_map(|change| change.document.as_ref()).flat_map(added)).collect()
}
