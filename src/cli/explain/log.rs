//! `explain --log`: a log of any length, read once and in constant memory.
//!
//! Equal errors are one group with its count, its first and its last line. What is an error and what it means is decided as
//! everywhere; a log without one is unrecognized.

use super::Answering;
use crate::answer::{explanation, log};
use crate::cause::Cause;
use crate::cli::exit::{ExitStatus, Failure};
use crate::cli::{output, paint};
use crate::redact::Redactor;
use crate::report::{self, LogGroup, LogGroups};
use crate::trail::Item;
use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;

/// The most groups that are kept; further ones are counted.
const MOST: usize = 1000;

/// Reads a log and prints its groups.
pub(super) fn run(name: &str, source: impl Read + Send, answering: &mut Answering) -> Result<ExitStatus, Failure> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut found = LogGroups::default();
    let mut others = HashMap::<Cause, u64>::new();
    log::read(name, source, &mut |entry| match entry.item {
        Item::Denial(denial) => {
            let error = denial.error();
            let key = format!(
                "{} {:?} {:?} {:?} {:?}",
                error.cause, error.action, error.resource, error.model, error.principal
            );
            match places.get(&key) {
                Some(place) => {
                    if let Some(group) = found.groups.get_mut(*place) {
                        group.count += 1;
                        group.first = group.first.min(entry.line);
                        group.last = group.last.max(entry.line);
                    }
                }
                None if found.groups.len() >= MOST => found.more += 1,
                None => {
                    places.insert(key, found.groups.len());
                    found.groups.push(LogGroup {
                        error: Arc::clone(error),
                        count: 1,
                        first: entry.line,
                        last: entry.line,
                    });
                }
            }
        }
        Item::Other(cause) => *others.entry(cause).or_default() += 1,
        Item::Unreadable(_) => found.unreadable += 1,
        _ => {}
    })?;
    found.groups.sort_by_key(|group| (std::cmp::Reverse(group.count), group.first));
    found.others = others.into_iter().collect();
    found.others.sort_by_key(|(cause, count)| (std::cmp::Reverse(*count), cause.code()));
    if let Some(redactor) = &mut answering.redactor {
        redacted(&mut found.groups, redactor);
    }
    if answering.as_json {
        let id = answering.many.then_some(name);
        output::print(&report::log_json(id, &found))?;
    } else {
        output::print(&report::log_text(name, &found, paint::columns(false)))?;
    }
    let recognized = !found.groups.is_empty() || found.others.iter().any(|(cause, _)| *cause != Cause::Unrecognized);
    Ok(if recognized { ExitStatus::Success } else { ExitStatus::Undetermined })
}

fn redacted(groups: &mut [LogGroup], redactor: &mut Redactor) {
    for group in groups {
        explanation::redact_error(Arc::make_mut(&mut group.error), redactor);
    }
}
