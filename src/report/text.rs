//! The diagnosis as text for a terminal: the answer in the first line, then why, the fix, and how sure it is.
//!
//! Twenty to forty lines without what is there to paste; the rest stands behind `-v`.

mod because;
mod edit;
mod everything;
mod fix;
mod known;
mod page;
mod settle;

use super::layout::{Detail, Layout};
use super::styled::{Role, Styled};
use super::subject::{call, whom, written_by};
use super::{documented_cause, sentence};
use crate::diagnose::{Diagnosis, Verdict};
use page::Page;

/// The longest that a first line may be, in columns.
const FIRST_LINE: usize = 80;

/// Lays a diagnosis out as text.
#[must_use]
pub fn text(diagnosis: &Diagnosis, layout: &Layout) -> Styled {
    let mut page = Page::new(layout);
    first_line(&mut page, diagnosis);
    if layout.detail == Detail::Quiet {
        return page.out;
    }
    page.blank();
    if let Some(cause) = documented_cause::words(diagnosis) {
        page.labelled("Cause", &cause);
    }
    page.labelled("Call", &call(diagnosis));
    page.labelled("As", &whom(diagnosis));
    match diagnosis.verdict {
        Verdict::Denied => {
            because::write(&mut page, diagnosis);
            fix::write(&mut page, diagnosis, layout.detail);
        }
        Verdict::Undetermined => {
            known::write(&mut page, diagnosis);
            settle::write(&mut page, diagnosis);
        }
        Verdict::Allowed => {
            known::checked(&mut page, diagnosis);
            settle::prove(&mut page, diagnosis);
        }
    }
    known::confidence(&mut page, diagnosis);
    if layout.detail == Detail::Verbose {
        everything::write(&mut page, diagnosis);
    } else {
        known::not_checked(&mut page, diagnosis);
    }
    page.wrapped(Role::Hint, "", "", &written_by(diagnosis));
    page.out
}

fn first_line(page: &mut Page, diagnosis: &Diagnosis) {
    let role = match diagnosis.verdict {
        Verdict::Allowed => Role::Allowed,
        Verdict::Denied => Role::Denied,
        Verdict::Undetermined => Role::Unknown,
    };
    let verdict = diagnosis.verdict.as_str().to_uppercase();
    let sandbox = if diagnosis.sandbox.is_some() { " (sandbox)" } else { "" };
    let left = FIRST_LINE.saturating_sub(verdict.len() + sandbox.len() + 2);
    page.out.push(role, verdict);
    page.out.push(Role::Hint, sandbox);
    page.out.line(Role::Plain, format!(": {}", sentence::answer(diagnosis, left)));
}
