//! The errors of a log, in words: equal ones together, with how often and in which lines.

use super::explanation::explanation_summary;
use super::explanation_json::write_error_json;
use super::paragraph::paragraph;
use crate::cause::Cause;
use crate::escape::{escape, escape_json};
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

/// What was found in a log, the most frequent first.
#[derive(Clone, Debug, Default)]
pub struct LogGroups {
    /// Equal refusals.
    pub groups: Vec<LogGroup>,
    /// How many refusals are in no group, because there are too many kinds.
    pub more: u64,
    /// Errors that are not refusals, and how many.
    pub others: Vec<(Cause, u64)>,
    /// How many records could not be read.
    pub unreadable: u64,
}

impl LogGroups {
    fn all(&self) -> u64 {
        self.groups.iter().map(|group| group.count).sum::<u64>() + self.more
    }
}

/// Lays out the groups of a log.
#[must_use]
pub fn log_text(name: &str, found: &LogGroups, columns: usize) -> String {
    let LogGroups { groups, others, unreadable, .. } = found;
    let mut page = String::new();
    let all = found.all();
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
    match unreadable {
        0 => {}
        1 => paragraph(&mut page, "", "1 record is damaged or too long, and was not read", columns),
        count => {
            paragraph(&mut page, "", &format!("{count} records are damaged or too long, and were not read"), columns);
        }
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

/// The groups of a log as `bedrock-access/log/1` has them, on one line; `id` tells several logs apart.
#[must_use]
pub fn log_json(id: Option<&str>, found: &LogGroups) -> String {
    let mut out = Vec::new();
    // Strings and numbers: cannot fail.
    let id = escape_json(serde_json::to_string(&id).unwrap_or_default());
    let counts = format!("\"refusals\":{},\"more\":{},\"unreadable\":{}", found.all(), found.more, found.unreadable);
    out.extend_from_slice(
        format!("{{\"schema\":\"bedrock-access/log/1\",\"id\":{id},{counts},\"groups\":[").as_bytes(),
    );
    for (number, group) in found.groups.iter().enumerate() {
        let comma = if number == 0 { "" } else { "," };
        let LogGroup { count, first, last, .. } = group;
        let head = format!("{comma}{{\"count\":{count},\"first_line\":{first},\"last_line\":{last},");
        out.extend_from_slice(head.as_bytes());
        write_error_json(&mut out, &group.error);
        out.push(b'}');
    }
    out.extend_from_slice(b"],\"others\":[");
    for (number, (cause, count)) in found.others.iter().enumerate() {
        let comma = if number == 0 { "" } else { "," };
        out.extend_from_slice(format!("{comma}{{\"cause\":\"{}\",\"count\":{count}}}", cause.code()).as_bytes());
    }
    out.extend_from_slice(b"]}\n");
    String::from_utf8_lossy(&out).into_owned()
}
