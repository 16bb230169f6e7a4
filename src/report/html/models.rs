//! `models_html`: the matrix of models and Regions, which can be filtered.

use super::filter::Filter;
use super::{Frame, class_of, sign_of};
use crate::diagnose::Verdict;
use crate::matrix::{Cell, Matrix, Row};
use crate::report::foreign::{Span, on_one_line, spans};
use crate::report::models::{access_in_short, decision_in_short, not_known, sums, verdict_in_short};
use askama::Template;

#[derive(Template)]
#[template(path = "models.html", config = "src/report/html/askama.toml")]
struct Page {
    frame: Frame,
    filters: [Filter; 5],
    caption: String,
    heads: Vec<String>,
    rows: Vec<RowView>,
    notes: Vec<Vec<Span>>,
}

struct RowView {
    classes: String,
    id: String,
    cells: Vec<CellView>,
}

struct CellView {
    class: &'static str,
    sign: Option<&'static str>,
    text: String,
    note: Option<String>,
}

/// Lays the matrix out as one HTML page: with one Region what the verdict rests on, with several their verdicts side
/// by side.
#[must_use]
pub fn models_html(matrix: &Matrix) -> String {
    let rows = || matrix.rows.iter();
    let filters = [
        Filter::new("Verdict", 'v', &["allowed", "denied", "undetermined"], rows().map(verdicts)),
        Filter::new("Kind", 'k', &["foundation model", "inference profile"], rows().map(kind)),
        Filter::new("Provider", 'p', &[], rows().map(provider)),
        Filter::new("Lifecycle", 'l', &["ACTIVE", "LEGACY"], rows().map(lifecycles)),
        Filter::new("Cause", 'c', &[], rows().map(causes)),
    ];
    let asked: [fn(&Row) -> Vec<&str>; 5] = [verdicts, kind, provider, lifecycles, causes];
    let single = matrix.regions.len() == 1;
    let heads = match single {
        true => ["Model or profile", "Verdict", "Lifecycle", "Access", "IAM"].map(str::to_owned).to_vec(),
        false => std::iter::once("Model or profile".to_owned())
            .chain(matrix.regions.iter().map(ToString::to_string))
            .collect(),
    };
    let views = rows().map(|row| RowView {
        classes: filters.iter().zip(asked).map(|(filter, asked)| filter.classes(&asked(row))).collect(),
        id: on_one_line(&row.id),
        cells: match row.cells.as_slice() {
            [Some(cell)] if single => alone(cell),
            cells => cells.iter().map(|cell| cell.as_ref().map_or_else(not_offered, verdict)).collect(),
        },
    });
    let who = matrix.principal.as_ref().or(matrix.caller.as_ref());
    let headline = format!("the models that can be called with `{}`", matrix.operation);
    let facts = std::iter::once(("principal", who.map(|arn| format!("`{arn}`"))))
        .chain(sums(matrix).into_iter().map(|sum| ("Region", Some(sum))))
        .chain([("observed", Some(matrix.observed_at.clone()))]);
    let rules: String = filters.iter().map(Filter::rules).collect();
    let page = Page {
        frame: Frame::new(None, matrix.sandbox.as_deref(), &headline, facts).with_rules(&rules),
        caption: match single {
            true => "What each verdict rests on".to_owned(),
            false => "The verdicts of the Regions side by side".to_owned(),
        },
        heads,
        rows: views.collect(),
        notes: not_known(matrix).iter().map(|note| spans(note)).collect(),
        filters,
    };
    // The template writes to a string, which cannot fail.
    page.render().unwrap_or_default()
}

fn cells(row: &Row) -> impl Iterator<Item = &Cell> {
    row.cells.iter().flatten()
}

fn verdicts(row: &Row) -> Vec<&str> {
    cells(row).map(|cell| cell.verdict.as_str()).collect()
}

fn kind(row: &Row) -> Vec<&str> {
    vec![if row.is_profile { "inference profile" } else { "foundation model" }]
}

fn provider(row: &Row) -> Vec<&str> {
    vec![row.provider.as_str()]
}

fn lifecycles(row: &Row) -> Vec<&str> {
    cells(row).filter_map(|cell| cell.access.lifecycle.as_deref()).collect()
}

/// Causes of what cannot be called at all; a model that is called through a profile has none.
fn causes(row: &Row) -> Vec<&str> {
    let denied = cells(row).filter(|cell| cell.verdict == Verdict::Denied);
    denied.filter_map(|cell| Some(cell.cause?.code())).collect()
}

fn verdict(cell: &Cell) -> CellView {
    CellView {
        class: class_of(cell.verdict),
        sign: Some(sign_of(cell.verdict)),
        text: verdict_in_short(cell),
        note: cell.unsettled.as_ref().map(|open| on_one_line(&crate::report::not_checked::line(open))),
    }
}

fn alone(cell: &Cell) -> Vec<CellView> {
    let plain = |text: &str| CellView { class: "", sign: None, text: on_one_line(text), note: None };
    vec![
        verdict(cell),
        plain(cell.access.lifecycle.as_deref().unwrap_or("?")),
        plain(&access_in_short(&cell.access)),
        plain(decision_in_short(cell.iam)),
    ]
}

fn not_offered() -> CellView {
    CellView { class: "behind", sign: Some("–"), text: "not offered".to_owned(), note: None }
}
