//! `targets_html`: many targets as a table that can be filtered.

use super::filter::Filter;
use super::{Frame, class_of, sign_of};
use crate::report::foreign::{Span, on_one_line, spans};
use crate::report::targets::TargetRow;
use askama::Template;

#[derive(Template)]
#[template(path = "targets.html", config = "src/report/html/askama.toml")]
struct Page {
    frame: Frame,
    filters: [Filter; 3],
    rows: Vec<RowView>,
}

struct RowView {
    classes: String,
    name: String,
    verdict: &'static str,
    class: &'static str,
    sign: &'static str,
    expected: &'static str,
    deviates: bool,
    call: Vec<Span>,
    why: Vec<Vec<Span>>,
}

/// Lays the answers to many targets out as one HTML page, under a line that sums them up.
#[must_use]
pub fn targets_html(rows: &[TargetRow], summary: &str, sandbox: Option<&str>) -> String {
    let filters = [
        Filter::new(
            "Verdict",
            'v',
            &["allowed", "denied", "undetermined"],
            rows.iter().map(|row| vec![row.verdict_words()]),
        ),
        Filter::new("Expectation", 'e', &["as expected", "not as expected"], rows.iter().map(|row| vec![row.met()])),
        Filter::new("Cause", 'c', &[], rows.iter().map(|row| row.causes.clone())),
    ];
    let rules: String = filters.iter().map(Filter::rules).collect();
    let views = rows.iter().map(|row| RowView {
        classes: [
            filters[0].classes(&[row.verdict_words()]),
            filters[1].classes(&[row.met()]),
            filters[2].classes(&row.causes),
        ]
        .concat(),
        name: on_one_line(&row.name),
        verdict: row.verdict_words(),
        class: row.verdict.map_or("stopped", class_of),
        sign: row.verdict.map_or("✗", sign_of),
        expected: row.expectation_words(),
        deviates: row.met() == "not as expected",
        call: spans(&row.call),
        why: row.why.iter().map(|why| spans(why)).collect(),
    });
    let frame = Frame::new(None, sandbox, summary, []).with_rules(&rules);
    let rows = views.collect();
    // The template writes to a string, which cannot fail.
    Page { frame, filters, rows }.render().unwrap_or_default()
}
