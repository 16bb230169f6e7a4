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
use super::sentence;
use super::styled::{Role, Styled};
use super::subject::{call, whom};
use crate::cause::{DocumentedCause, Family};
use crate::diagnose::{Diagnosis, Finding, Verdict};
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
    cause(&mut page, diagnosis);
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
    page.wrapped(Role::Hint, "", "", &known::written_by(diagnosis));
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

/// Says which of the documented causes it is, in words, with the codes.
fn cause(page: &mut Page, diagnosis: &Diagnosis) {
    let of = |wanted: DocumentedCause| {
        let mut codes: Vec<String> = Vec::new();
        for finding in diagnosis.findings.iter().filter(|one| one.cause.family().documented_cause() == wanted) {
            let likely = finding.is_likely && diagnosis.verdict == Verdict::Denied;
            let code = format!("{}{}", finding.cause, if likely { ", likely" } else { "" });
            if !codes.contains(&code) {
                codes.push(code);
            }
        }
        (!codes.is_empty()).then(|| codes.join(", "))
    };
    let worded = |wanted: DocumentedCause, codes: &str| format!("{} ({codes})", sentence::documented(wanted));
    let (iam, access) = (of(DocumentedCause::IamPermission), of(DocumentedCause::ModelAccess));
    let documented = match (&iam, &access) {
        (Some(iam), Some(access)) => Some(format!(
            "both of AWS's 2 documented ones: 1, {}; 2, {}",
            worded(DocumentedCause::IamPermission, iam),
            worded(DocumentedCause::ModelAccess, access)
        )),
        (Some(iam), None) => {
            Some(format!("1 of AWS's 2 documented ones: {}", worded(DocumentedCause::IamPermission, iam)))
        }
        (None, Some(access)) => {
            Some(format!("2 of AWS's 2 documented ones: {}", worded(DocumentedCause::ModelAccess, access)))
        }
        (None, None) => None,
    };
    let outside = of(DocumentedCause::Neither).map(|codes| (area(&diagnosis.findings), codes));
    let text = match (documented, outside) {
        (Some(documented), Some((area, codes))) => format!("{documented}; and {area} ({codes})"),
        (Some(documented), None) => documented,
        (None, Some((area, codes))) => {
            format!("neither of AWS's 2 documented ones (IAM permission, model access), but {area} ({codes})")
        }
        (None, None) if diagnosis.verdict == Verdict::Undetermined => {
            "not known: neither of AWS's 2 documented ones (IAM permission, model access) is proved".to_owned()
        }
        (None, None) => return,
    };
    match diagnosis.verdict {
        Verdict::Undetermined if !diagnosis.findings.is_empty() => {
            page.labelled("Cause", &format!("not proved; likely {text}"));
        }
        _ => page.labelled("Cause", &text),
    }
}

/// Names what the findings of neither documented cause are about.
fn area(findings: &[Finding]) -> &'static str {
    let mut families = findings.iter().map(|finding| finding.cause.family());
    let outside = families.find(|family| family.documented_cause() == DocumentedCause::Neither);
    match outside {
        Some(Family::Credentials) => "the credentials",
        Some(Family::Request) => "the request",
        Some(Family::Capacity) => "a limit of AWS",
        Some(Family::Network) => "the network",
        _ => "something else",
    }
}
