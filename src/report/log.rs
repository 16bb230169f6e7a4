//! The errors of a log, in words: equal ones together, with how often and in which lines.

use super::explanation::explanation_summary;
use super::paragraph::paragraph;
use crate::cause::Cause;
use crate::escape::escape;
use crate::explain::ExplainedError;
use std::sync::Arc;

/// How many groups are shown.
const SHOWN: usize = 20;

/// Equal errors of a log.
#[derive(Clone, Debug)]
pub struct LogGroup {
    /// What the first of them says.
    pub error: Arc<ExplainedError>,
    /// How many there are.
    pub count: u64,
    /// The line of the first one, counted from 1.
    pub first: u64,
    /// The line of the last one.
    pub last: u64,
}

/// Lays out the groups of a log, the most frequent first; `more` errors are in no group, `others` are not refusals.
#[must_use]
pub fn log_text(name: &str, groups: &[LogGroup], more: u64, others: &[(Cause, u64)], columns: usize) -> String {
    let mut page = String::new();
    let all: u64 = groups.iter().map(|group| group.count).sum::<u64>() + more;
    let name = escape(name);
    match all {
        0 => paragraph(&mut page, "", &format!("no refusal by Bedrock or IAM was found in `{name}`"), columns),
        1 => paragraph(&mut page, "", &format!("1 refusal in `{name}`"), columns),
        _ => {
            let kinds =
                if groups.len() == 1 { "all of them equal".to_owned() } else { format!("of {} kinds", groups.len()) };
            paragraph(&mut page, "", &format!("{all} refusals in `{name}`, {kinds}"), columns);
        }
    }
    for (group, number) in groups.iter().zip(1..).take(SHOWN) {
        let error = &group.error;
        page.push('\n');
        let lines = match (group.count, group.first == group.last) {
            (1, _) | (_, true) => format!("line {}", group.first),
            (_, false) => format!("lines {} to {}", group.first, group.last),
        };
        let times = if group.count == 1 { "once".to_owned() } else { format!("{} times", group.count) };
        paragraph(&mut page, &format!("{number}. "), &format!("{} ({times}, {lines})", error.cause.code()), columns);
        paragraph(&mut page, "   ", &escape(&explanation_summary(error)), columns);
    }
    if groups.len() > SHOWN {
        page.push_str(&format!("\n… and {} more kinds\n", groups.len() - SHOWN));
    }
    if !others.is_empty() {
        let listed: Vec<String> = others.iter().map(|(cause, count)| format!("{} ({count})", cause.code())).collect();
        page.push('\n');
        paragraph(&mut page, "", &format!("other errors: {}", listed.join(", ")), columns);
    }
    if all > 0 {
        page.push('\n');
        paragraph(
            &mut page,
            "",
            "`bedrock-access doctor --error FILE` diagnoses the last one that names its model",
            columns,
        );
    }
    page
}
