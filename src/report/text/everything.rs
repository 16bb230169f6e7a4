//! What `-v` adds: every check, all the evidence, what was ruled out and what was not checked, and every call.

use super::page::Page;
use crate::diagnose::{Diagnosis, Finding};
use crate::report::checks::{self, Check, Mark};
use crate::report::foreign::on_one_line;
use crate::report::outline::{self, Outline};
use crate::report::problems::problems;
use crate::report::styled::Role;
use crate::report::{administrator, statements, wording};

/// Writes everything that is known.
pub(super) fn write(page: &mut Page, diagnosis: &Diagnosis) {
    page.heading("Checks");
    for one in &checks::list(diagnosis) {
        check(page, one);
    }
    for finding in &diagnosis.findings {
        evidence(page, finding);
    }
    for problem in problems(diagnosis) {
        if let Some(request) = problem.first().and_then(|finding| administrator::request(finding, diagnosis)) {
            page.heading("To send to whoever can fix it");
            for line in request.lines() {
                page.out.line(Role::Code, line);
            }
        }
    }
    let Outline { lists, .. } = outline::of(diagnosis);
    for (title, items) in lists {
        list(page, title, items.into_iter());
    }
    list(page, "Calls", diagnosis.calls.iter().map(outline::call));
    page.blank();
}

fn check(page: &mut Page, Check { mark, what, text, .. }: &Check) {
    let role = match mark {
        Mark::Good => Role::Allowed,
        Mark::Bad => Role::Denied,
        Mark::Unknown => Role::Unknown,
        Mark::Skipped => Role::Hint,
    };
    page.signed(role, mark.sign(), &format!("{what:<13} "), text);
}

fn evidence(page: &mut Page, finding: &Finding) {
    page.heading(&format!("Evidence for {} ({})", finding.cause, finding.certainty.as_str()));
    for basis in wording::bases(&finding.basis) {
        page.wrapped(Role::Plain, "  - ", "    ", &basis);
    }
    for statement in statements::quoted(finding) {
        let (Some(place), Some(words)) = (statements::place(statement), &statement.quote) else { continue };
        page.wrapped(Role::Plain, "    ", "    ", &format!("{place}:"));
        for line in words.lines() {
            page.out.line(Role::Code, format!("      | {}", on_one_line(line)));
        }
    }
    for other in &finding.alternatives {
        page.wrapped(Role::Hint, "  or ", "     ", &format!("{}: {}", other.cause, other.tell));
    }
}

fn list(page: &mut Page, title: &str, items: impl Iterator<Item = String>) {
    let mut items = items.peekable();
    if items.peek().is_some() {
        page.heading(title);
    }
    for item in items {
        page.wrapped(Role::Plain, "  - ", "    ", &item);
    }
}
