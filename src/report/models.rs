//! Which models a principal can call, as a table for people and as JSON, `bedrock-access/models/1`.

use super::foreign::on_one_line;
use super::json::{TOOL, Tool};
use super::not_checked::{self, line};
use super::paragraph::paragraph;
use super::styled::{Role, Styled};
use super::wording::listed;
use crate::bedrock::Region;
use crate::cause::Cause;
use crate::diagnose::{Certainty, ModelAccess, NotChecked, Verdict};
use crate::evidence::{NothingTaken, SurveyRequest};
use crate::iam::Decision;
use crate::matrix::{Cell, Matrix, Row};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;

const SCHEMA: &str = "bedrock-access/models/1";

/// Says that no model fits what a survey was narrowed to, and what there is.
#[must_use]
pub fn nothing_taken(request: &SurveyRequest, there: &NothingTaken) -> String {
    let named = |what: &str, name: &Option<String>| name.as_ref().map(|name| format!("{what} `{name}`"));
    let asked: Vec<String> =
        [named("provider", &request.provider), named("modality", &request.modality)].into_iter().flatten().collect();
    format!(
        "no model that is listed has the {}; the providers are {}, and the modalities {}",
        asked.join(" and the "),
        listed(&there.providers),
        listed(&there.modalities)
    )
}

/// Lays the matrix out as a table, its sentences for a terminal of so many columns: with one Region what the verdict rests on, with several their verdicts side by
/// side.
#[must_use]
pub fn models_text(matrix: &Matrix, columns: usize) -> Styled {
    let mut out = Styled::default();
    let who = matrix.principal.as_ref().or(matrix.caller.as_ref());
    let who = who.map_or_else(|| "an unknown principal".to_owned(), ToString::to_string);
    if let Some(world) = &matrix.sandbox {
        out.push(Role::Hint, format!("(sandbox `{world}`) "));
    }
    out.line(Role::Heading, format!("{} by {who}", matrix.operation.as_str()));
    for sum in sums(matrix) {
        out.line(Role::Plain, format!("  {sum}"));
    }
    out.end_line();
    table(&mut out, matrix);
    let cells = || matrix.rows.iter().flat_map(|row| &row.cells).flatten();
    let inferred = cells().filter(|cell| cell.certainty == Some(Certainty::Inferred)).count();
    if inferred > 0 {
        out.end_line();
        let verdicts = if inferred == 1 { "verdict is" } else { "verdicts are" };
        let text = format!(
            "{inferred} {verdicts} inferred, from AWS's account data or from simulations of many resources at once; \
             `--exact` asks the simulator about each resource alone"
        );
        out.push(Role::Hint, wrapped("", &text, columns));
    }
    let open = not_known(matrix);
    if !open.is_empty() {
        out.end_line();
        out.line(Role::Heading, "Not known");
        for line in open {
            out.push(Role::Plain, wrapped("- ", &line, columns));
        }
    }
    out
}

fn wrapped(lead: &str, text: &str, columns: usize) -> String {
    let mut page = String::new();
    paragraph(&mut page, lead, &on_one_line(text), columns);
    page
}

/// Sums up each Region in a line.
pub(super) fn sums(matrix: &Matrix) -> Vec<String> {
    let sum = |(column, region): (usize, &Region)| {
        let cells = || matrix.rows.iter().filter_map(|row| row.cells.get(column)?.as_ref());
        let count = |verdict: Verdict| cells().filter(|cell| cell.verdict == verdict).count();
        format!(
            "{region}: {} allowed, {} denied, {} undetermined of {} models and profiles",
            count(Verdict::Allowed),
            count(Verdict::Denied),
            count(Verdict::Undetermined),
            cells().count()
        )
    };
    matrix.regions.iter().enumerate().map(sum).collect()
}

/// Lists what is not known, each thing once and how often.
pub(super) fn not_known(matrix: &Matrix) -> Vec<String> {
    let cells = matrix.rows.iter().flat_map(|row| &row.cells).flatten();
    let mut open: BTreeMap<String, usize> = BTreeMap::new();
    for unseen in cells.filter_map(|cell| cell.unsettled.as_ref()).chain(&matrix.not_checked) {
        *open.entry(line(unseen)).or_default() += 1;
    }
    let counted = |(line, count): (String, usize)| {
        let times = if count > 1 { format!(" ({count} times)") } else { String::new() };
        format!("{line}{times}")
    };
    open.into_iter().map(counted).collect()
}

fn table(out: &mut Styled, matrix: &Matrix) {
    let single = matrix.regions.len() == 1;
    let mut heads = vec!["MODEL OR PROFILE".to_owned()];
    if single {
        heads.extend(["LIFECYCLE", "ACCESS", "IAM", "VERDICT"].map(str::to_owned));
    } else {
        heads.extend(matrix.regions.iter().map(ToString::to_string));
    }
    let lines: Vec<Vec<(Role, String)>> = matrix
        .rows
        .iter()
        .map(|row| {
            let mut line = vec![(Role::Plain, row.id.clone())];
            match row.cells.as_slice() {
                [Some(cell)] if single => {
                    let lifecycle = cell.access.lifecycle.clone().unwrap_or_else(|| "?".to_owned());
                    line.push((Role::Plain, lifecycle));
                    line.push((Role::Plain, access_in_short(&cell.access)));
                    line.push((Role::Plain, decision_in_short(cell.iam).to_owned()));
                    line.push((role_of(cell.verdict), verdict_in_short(cell)));
                }
                cells => line.extend(cells.iter().map(|cell| match cell {
                    Some(cell) => (role_of(cell.verdict), verdict_in_short(cell)),
                    None => (Role::Hint, "-".to_owned()),
                })),
            }
            line
        })
        .collect();
    let width = |column: usize| {
        let cells = lines.iter().filter_map(|line| line.get(column)).map(|(_, text)| text.len());
        cells.chain(heads.get(column).map(String::len)).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..heads.len()).map(width).collect();
    let heads: Vec<(Role, String)> = heads.into_iter().map(|head| (Role::Heading, head)).collect();
    for line in std::iter::once(&heads).chain(&lines) {
        let last = line.len().saturating_sub(1);
        for (column, ((role, text), width)) in line.iter().zip(&widths).enumerate() {
            out.push(*role, text.as_str());
            if column < last {
                out.push(Role::Plain, " ".repeat(width.saturating_sub(text.len()) + 2));
            }
        }
        out.end_line();
    }
}

fn role_of(verdict: Verdict) -> Role {
    match verdict {
        Verdict::Allowed => Role::Allowed,
        Verdict::Denied => Role::Denied,
        Verdict::Undetermined => Role::Unknown,
    }
}

pub(super) fn decision_in_short(decision: Decision) -> &'static str {
    match decision {
        Decision::Undetermined => "?",
        known => known.as_str(),
    }
}

/// Names the first thing that stands between the account and the model.
pub(super) fn access_in_short(access: &ModelAccess) -> String {
    let fields = [
        ("agreement", &access.agreement, "AVAILABLE"),
        ("authorization", &access.authorization, "AUTHORIZED"),
        ("entitlement", &access.entitlement, "AVAILABLE"),
        ("region", &access.region, "AVAILABLE"),
    ];
    if access.use_case_form == Some(false) {
        return "form missing".to_owned();
    }
    let closed = fields.iter().find(|(_, value, good)| value.as_deref().is_some_and(|value| value != *good));
    match closed {
        Some((name, value, _)) => format!("{name} {}", value.as_deref().unwrap_or_default()),
        None if fields.iter().all(|(_, value, _)| value.is_some()) => "open".to_owned(),
        None => "?".to_owned(),
    }
}

/// Says the verdict, and the way to it or the cause.
pub(super) fn verdict_in_short(cell: &Cell) -> String {
    let mut text = cell.verdict.as_str().to_owned();
    match cell.verdict {
        Verdict::Allowed if cell.direct != Verdict::Allowed => {
            let prefixes: Vec<&str> = cell.through.iter().map(|id| id.split('.').next().unwrap_or(id)).collect();
            let _ = write!(text, " via {}", prefixes.join(", "));
        }
        Verdict::Denied => {
            if let Some(cause) = cell.cause {
                let _ = write!(text, ": {cause}");
            }
        }
        _ => {}
    }
    if cell.access.lifecycle.as_deref() == Some("LEGACY") {
        text.push_str(" (LEGACY)");
    }
    text
}

/// Writes the matrix as one JSON document, indented and ended with a line feed.
#[must_use]
pub fn models_json(matrix: &Matrix) -> String {
    let document = Document {
        schema: SCHEMA,
        tool: TOOL,
        sandbox: matrix.sandbox.as_deref(),
        observed_at: &matrix.observed_at,
        operation: matrix.operation.as_str(),
        caller: matrix.caller.as_ref().map(ToString::to_string),
        principal: matrix.principal.as_ref().map(ToString::to_string),
        regions: matrix.regions.iter().map(ToString::to_string).collect(),
        complete: matrix.is_complete(),
        models: matrix.rows.iter().map(|row| row_json(matrix, row)).collect(),
        not_checked: matrix.not_checked.iter().map(unread).collect(),
        calls: &matrix.calls,
    };
    // Strings, numbers and lists alone: serialization has no case to fail in.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

#[derive(Serialize)]
struct Document<'m> {
    schema: &'static str,
    tool: Tool,
    sandbox: Option<&'m str>,
    observed_at: &'m str,
    operation: &'static str,
    caller: Option<String>,
    principal: Option<String>,
    regions: Vec<String>,
    complete: bool,
    models: Vec<RowJson<'m>>,
    not_checked: Vec<Unread>,
    calls: &'m BTreeMap<String, usize>,
}

#[derive(Serialize)]
struct RowJson<'m> {
    id: &'m str,
    kind: &'static str,
    provider: &'m str,
    cells: Vec<CellJson<'m>>,
}

#[derive(Serialize)]
struct CellJson<'m> {
    region: String,
    offered: bool,
    lifecycle: Option<&'m str>,
    agreement: Option<&'m str>,
    authorization: Option<&'m str>,
    entitlement: Option<&'m str>,
    availability: Option<&'m str>,
    use_case_form: Option<&'static str>,
    iam: Option<Decision>,
    direct: Option<&'static str>,
    through: &'m [String],
    verdict: Option<&'static str>,
    certainty: Option<&'static str>,
    cause: Option<Cause>,
    unsettled: Option<Unread>,
}

#[derive(Serialize)]
struct Unread {
    what: String,
    why: String,
}

fn unread(not_checked: &NotChecked) -> Unread {
    Unread { what: not_checked::what(&not_checked.what), why: not_checked::why(&not_checked.why) }
}

fn row_json<'m>(matrix: &'m Matrix, row: &'m Row) -> RowJson<'m> {
    RowJson {
        id: &row.id,
        kind: if row.is_profile { "inference-profile" } else { "foundation-model" },
        provider: &row.provider,
        cells: matrix
            .regions
            .iter()
            .zip(&row.cells)
            .map(|(region, cell)| cell_json(region.to_string(), cell.as_ref()))
            .collect(),
    }
}

fn cell_json(region: String, cell: Option<&Cell>) -> CellJson<'_> {
    let access = cell.map(|cell| &cell.access);
    CellJson {
        region,
        offered: cell.is_some(),
        lifecycle: access.and_then(|access| access.lifecycle.as_deref()),
        agreement: access.and_then(|access| access.agreement.as_deref()),
        authorization: access.and_then(|access| access.authorization.as_deref()),
        entitlement: access.and_then(|access| access.entitlement.as_deref()),
        availability: access.and_then(|access| access.region.as_deref()),
        use_case_form: access
            .and_then(|access| access.use_case_form)
            .map(|found| if found { "submitted" } else { "missing" }),
        iam: cell.map(|cell| cell.iam),
        direct: cell.map(|cell| cell.direct.as_str()),
        through: cell.map_or(&[], |cell| &cell.through),
        verdict: cell.map(|cell| cell.verdict.as_str()),
        certainty: cell.and_then(|cell| cell.certainty).map(Certainty::as_str),
        cause: cell.and_then(|cell| cell.cause),
        unsettled: cell.and_then(|cell| cell.unsettled.as_ref()).map(unread),
    }
}
