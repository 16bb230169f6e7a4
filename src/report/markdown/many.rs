//! Many answers as Markdown: tables for a ticket, with the reports below them where there are few.

use super::{cell, code, inline, markdown};
use crate::bedrock::Bundle;
use crate::diagnose::Diagnosis;
use crate::matrix::Matrix;
use crate::report::bundle::{bundle_headline, bundle_verdict, gist};
use crate::report::foreign::on_one_line;
use crate::report::models::{access_in_short, decision_in_short, not_known, sums, verdict_in_short};
use crate::report::targets::TargetRow;

/// Lays the diagnoses of a bundle's operations out as Markdown: a table, and below it the report of each.
#[must_use]
pub fn bundle_markdown(bundle: Bundle, diagnoses: &[Diagnosis]) -> String {
    let verdict = bundle_verdict(diagnoses).as_str().to_uppercase();
    let world = world(diagnoses.first().and_then(|diagnosis| diagnosis.sandbox.as_deref()));
    let mut page = format!("# {verdict}{world}: {}\n\n", inline(&bundle_headline(bundle, diagnoses)));
    page.push_str("| Operation | Verdict | Why |\n|---|---|---|\n");
    for diagnosis in diagnoses {
        let (operation, verdict) = (diagnosis.request.operation, diagnosis.verdict.as_str());
        page.push_str(&format!("| `{operation}` | {verdict} | {} |\n", cell(&gist(diagnosis))));
    }
    for diagnosis in diagnoses {
        page.push_str(&format!("\n# `{}`\n\n{}", diagnosis.request.operation, markdown(diagnosis)));
    }
    page
}

/// Lays the answers to many targets out as Markdown, under a line that sums them up.
#[must_use]
pub fn targets_markdown(rows: &[TargetRow], summary: &str, sandbox: Option<&str>) -> String {
    let mut page = format!("## {}{}\n\n", inline(summary), world(sandbox));
    page.push_str("| Target | Verdict | Expected | Call and why |\n|---|---|---|---|\n");
    for row in rows {
        let expected = match row.met() {
            "not as expected" => format!("**{}**", row.expectation_words()),
            _ => row.expectation_words().to_owned(),
        };
        let why: String = row.why.iter().map(|why| format!("<br>{}", cell(why))).collect();
        let (name, verdict, call) = (cell(&row.name), row.verdict_words(), cell(&row.call));
        page.push_str(&format!("| {name} | {verdict} | {expected} | {call}{why} |\n"));
    }
    page
}

/// Lays the matrix out as Markdown.
#[must_use]
pub fn models_markdown(matrix: &Matrix) -> String {
    let who = matrix.principal.as_ref().or(matrix.caller.as_ref());
    let who = who.map(|arn| format!(" by {}", code(&arn.to_string()))).unwrap_or_default();
    let mut page = format!("## `{}`{who}{}\n\n", matrix.operation, world(matrix.sandbox.as_deref()));
    for sum in sums(matrix) {
        page.push_str(&format!("- {}\n", inline(&sum)));
    }
    let single = matrix.regions.len() == 1;
    let heads = match single {
        true => ["Lifecycle", "Access", "IAM", "Verdict"].map(str::to_owned).to_vec(),
        false => matrix.regions.iter().map(ToString::to_string).collect(),
    };
    page.push_str(&format!("\n| Model or profile | {} |\n|---|{}\n", heads.join(" | "), "---|".repeat(heads.len())));
    for row in &matrix.rows {
        let cells: Vec<String> = match row.cells.as_slice() {
            [Some(alone)] if single => vec![
                cell(alone.access.lifecycle.as_deref().unwrap_or("?")),
                cell(&access_in_short(&alone.access)),
                decision_in_short(alone.iam).to_owned(),
                cell(&verdict_in_short(alone)),
            ],
            cells => cells
                .iter()
                .map(|one| one.as_ref().map_or("–".to_owned(), |one| cell(&verdict_in_short(one))))
                .collect(),
        };
        page.push_str(&format!("| {} | {} |\n", code(&on_one_line(&row.id).replace('|', "\\|")), cells.join(" | ")));
    }
    let open = not_known(matrix);
    if !open.is_empty() {
        page.push_str("\n### Not known\n\n");
        page.extend(open.iter().map(|line| format!("- {}\n", inline(line))));
    }
    page
}

fn world(name: Option<&str>) -> String {
    name.map(|name| inline(&format!(" (sandbox `{name}`)"))).unwrap_or_default()
}
