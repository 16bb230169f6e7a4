//! What a page says of one diagnosis: the picture with what decides beside it, the causes, the checks.

use super::picture::Picture;
use crate::diagnose::{Diagnosis, Finding};
use crate::escape::escape_lines;
use crate::report::diff::{self, Side};
use crate::report::excerpt::{self, Line};
use crate::report::foreign::{Span, on_one_line, spans};
use crate::report::outline::{self, Outline};
use crate::report::steps;
use crate::report::way::{self, Gate, Way};
use crate::report::{checks, statements, wording};
use askama::Template;
use checks::Mark;

/// Lays out a diagnosis; `at` begins the names of its parts, `level` is that of its headings.
pub(super) fn body(diagnosis: &Diagnosis, at: &str, level: u8) -> String {
    // The template writes to a string, which cannot fail.
    Body::of(diagnosis, at, level).render().unwrap_or_default()
}

#[derive(Template)]
#[template(path = "diagnosis.html", config = "src/report/html/askama.toml")]
struct Body<'b> {
    at: &'b str,
    level: u8,
    picture: Picture,
    gate_names: Vec<&'static str>,
    lanes: Vec<Row>,
    causes: Vec<CauseView>,
    checks: Vec<CheckView>,
    lists: Vec<List>,
    calls: Vec<Vec<Span>>,
}

/// A lane with what is common to all.
struct Row {
    label: String,
    gates: Vec<Gate>,
}

struct CheckView {
    class: &'static str,
    sign: &'static str,
    word: &'static str,
    what: String,
    text: Vec<Span>,
}

struct List {
    title: &'static str,
    items: Vec<Vec<Span>>,
}

struct CauseView {
    title: String,
    summary: Vec<Span>,
    who: &'static str,
    certainty: &'static str,
    takes_effect: &'static str,
    tried: Option<&'static str>,
    bases: Vec<Vec<Span>>,
    alternatives: Vec<Vec<Span>>,
    excerpts: Vec<ExcerptView>,
    changes: Vec<ChangeView>,
    /// Statements whose document is not known.
    statements: Vec<StatementView>,
    documents: Vec<Document>,
    console: Option<String>,
    steps: Vec<Vec<Span>>,
    commands: Vec<String>,
    notes: Vec<Vec<Span>>,
}

struct ExcerptView {
    titles: Vec<Vec<Span>>,
    is_near: bool,
    note: Option<&'static str>,
    lines: Vec<Line>,
}

struct ChangeView {
    title: Vec<Span>,
    lines: Vec<diff::Line>,
}

/// A policy as it is after the change.
struct Document {
    file: String,
    text: String,
}

/// A statement that decides, and its words.
struct StatementView {
    place: Vec<Span>,
    words: String,
}

impl CauseView {
    fn has_sides(&self) -> bool {
        !self.excerpts.is_empty() || !self.changes.is_empty()
    }
}

impl<'b> Body<'b> {
    fn of(diagnosis: &Diagnosis, at: &'b str, level: u8) -> Self {
        let Outline { lists, .. } = outline::of(diagnosis);
        let way = way::trace(diagnosis);
        Self {
            at,
            level,
            picture: Picture::of(&way),
            gate_names: names(&way),
            lanes: rows(&way),
            causes: diagnosis.findings.iter().enumerate().map(|(at, finding)| cause(diagnosis, at, finding)).collect(),
            checks: checks::list(diagnosis).iter().map(check).collect(),
            lists: lists
                .into_iter()
                .map(|(title, items)| List { title, items: items.iter().map(|item| spans(item)).collect() })
                .collect(),
            calls: diagnosis.calls.iter().map(|call| spans(&outline::call(call))).collect(),
        }
    }
}

fn names(way: &Way) -> Vec<&'static str> {
    let lane = way.lanes.first().into_iter().flat_map(|lane| &lane.gates);
    std::iter::once(&way.first).chain(lane).chain(&way.last).map(|gate| gate.name).collect()
}

fn rows(way: &Way) -> Vec<Row> {
    way.lanes
        .iter()
        .map(|lane| Row {
            label: on_one_line(&lane.label),
            gates: std::iter::once(&way.first).chain(&lane.gates).chain(&way.last).copied().collect(),
        })
        .collect()
}

fn check(check: &checks::Check) -> CheckView {
    CheckView {
        class: match check.mark {
            Mark::Good => "passed",
            Mark::Bad => "stopped",
            Mark::Unknown => "unseen",
            Mark::Skipped => "behind",
        },
        sign: check.mark.sign(),
        word: check.mark.word(),
        what: on_one_line(&check.what),
        text: spans(&check.text),
    }
}

fn cause(diagnosis: &Diagnosis, number: usize, finding: &Finding) -> CauseView {
    let sentences = |texts: Vec<String>| texts.iter().map(|text| spans(text)).collect::<Vec<_>>();
    let excerpts = excerpt::of(diagnosis, finding);
    let is_shown = |place: &String| excerpts.iter().any(|excerpt| excerpt.titles.contains(place));
    let alternatives = finding.alternatives.iter().map(|other| format!("`{}`: {}", other.cause, other.tell)).collect();
    CauseView {
        title: outline::fix_title(diagnosis, number, finding),
        summary: spans(&wording::summary(finding, diagnosis)),
        who: wording::who(finding),
        certainty: finding.certainty.as_str(),
        takes_effect: wording::takes_effect(finding),
        tried: finding.remedy.verified.map(wording::verified),
        bases: sentences(wording::bases(&finding.basis)),
        alternatives: sentences(alternatives),
        statements: statements::quoted(finding)
            .into_iter()
            .filter_map(|statement| {
                let place = statements::place(statement).filter(|place| !is_shown(place))?;
                let words = escape_lines(statement.quote.as_deref()?).into_owned();
                Some(StatementView { place: spans(&place), words })
            })
            .collect(),
        excerpts: excerpts
            .into_iter()
            .map(|excerpt| ExcerptView {
                titles: excerpt.titles.iter().map(|title| spans(title)).collect(),
                is_near: excerpt.is_near,
                note: excerpt.note,
                lines: excerpt.lines,
            })
            .collect(),
        changes: diff::of(diagnosis, number, finding)
            .into_iter()
            .map(|change| ChangeView { title: spans(&change.title), lines: change.lines })
            .collect(),
        documents: outline::documents(finding)
            .into_iter()
            .map(|(file, text)| Document { file: on_one_line(&file), text: escape_lines(&text).into_owned() })
            .collect(),
        console: finding.remedy.console.as_deref().map(on_one_line),
        steps: sentences(wording::steps(finding)),
        commands: finding.remedy.commands.iter().map(|command| on_one_line(command)).collect(),
        notes: sentences(finding.remedy.notes.iter().map(steps::note).collect()),
    }
}
