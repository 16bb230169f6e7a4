//! `explain --log`: a log of any length, read once and in constant memory.
//!
//! Equal errors are one group with its count, its first and its last line. What is an error and what it means is decided as
//! everywhere; a log without one is unrecognized.

use crate::cause::Cause;
use crate::cli::exit::{ExitStatus, Failure};
use crate::cli::{output, paint};
use crate::report::{self, LogGroup};
use crate::trail::{Item, Wanted, read};
use std::collections::HashMap;
use std::io::Read;

/// The most groups that are kept; further ones are counted.
const MOST: usize = 1000;

/// Reads a log and prints its groups.
pub(super) fn run(name: &str, source: impl Read + Send) -> Result<ExitStatus, Failure> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut groups: Vec<LogGroup> = Vec::new();
    let (mut more, mut others) = (0_u64, HashMap::<Cause, u64>::new());
    let about = read(name, source, &Wanted::Denials, &mut |entry| {
        match entry.item {
            Item::Denial(denial) => {
                let error = denial.error();
                let key = format!(
                    "{} {:?} {:?} {:?} {:?}",
                    error.cause, error.action, error.resource, error.model, error.principal
                );
                match places.get(&key) {
                    Some(place) => {
                        if let Some(group) = groups.get_mut(*place) {
                            group.count += 1;
                            group.last = entry.line;
                        }
                    }
                    None if groups.len() >= MOST => more += 1,
                    None => {
                        places.insert(key, groups.len());
                        groups.push(LogGroup { error: error.clone(), count: 1, first: entry.line, last: entry.line });
                    }
                }
            }
            Item::Other(cause) => *others.entry(cause).or_default() += 1,
            _ => {}
        }
        true
    });
    if let Some(error) = about.error.filter(|_| !about.complete) {
        return Err(Failure::input(format!("`{name}` cannot be read: {error}")));
    }
    groups.sort_by_key(|group| (std::cmp::Reverse(group.count), group.first));
    let mut others: Vec<(Cause, u64)> = others.into_iter().collect();
    others.sort_by_key(|(cause, count)| (std::cmp::Reverse(*count), cause.code()));
    output::print(&report::log_text(name, &groups, more, &others, paint::columns(false)))?;
    let recognized = !groups.is_empty() || others.iter().any(|(cause, _)| *cause != Cause::Unrecognized);
    Ok(if recognized { ExitStatus::Success } else { ExitStatus::Undetermined })
}
