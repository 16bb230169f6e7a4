//! The proposed change of policies, line by line.

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

/// Returns the lines that the changes of a finding add; what they take away is not always known.
pub(super) fn lines(finding: &Finding) -> Vec<Line> {
    let added = |document: &serde_json::Value| {
        let text = visible_json(serde_json::to_string_pretty(document).unwrap_or_default());
        text.lines().map(|line| Line { is_added: true, text: line.to_owned() }).collect::<Vec<_>>()
    };
    let changes = finding.remedy.changes.iter().filter(|change| change.kind == ChangeKind::AddStatement);
    changes.filter_map(|change| change.document.as_ref()).flat_map(added).collect()
}
