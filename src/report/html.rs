//! The diagnosis as one HTML file: self-contained, without script and network, for screens, paper and readers.
//!
//! The template escapes whatever is put into it; here its words and the picture's coordinates are made.

mod picture;

use super::diff::{self, Line};
use super::foreign::{Span, on_one_line, spans};
use super::outline::{self, Outline};
use super::way::{self, Gate, Way};
use super::{checks, statements, wording};
use crate::diagnose::{Diagnosis, Finding, Verdict};
use crate::visible::visible_lines;
use askama::Template;
use checks::Mark;
use picture::Picture;

/// Lays a diagnosis out as an HTML page.
#[must_use]
pub fn html(diagnosis: &Diagnosis) -> String {
    // The template writes to a string, which cannot fail.
    Page::of(diagnosis).render().unwrap_or_default()
}

#[derive(Template)]
#[template(path = "report.html", config = "src/report/html/askama.toml")]
struct Page {
    style: &'static str,
    title: String,
    verdict: String,
    verdict_class: &'static str,
    sandbox: Option<String>,
    headline: Vec<Span>,
    facts: Vec<Fact>,
    picture: Picture,
    gate_names: Vec<&'static str>,
    lanes: Vec<Row>,
    causes: Vec<CauseView>,
    checks: Vec<CheckView>,
    lists: Vec<List>,
    calls: Vec<Vec<Span>>,
}

struct Fact {
    name: &'static str,
    text: Vec<Span>,
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
    statements: Vec<StatementView>,
    documents: Vec<Document>,
    console: Option<String>,
    steps: Vec<Vec<Span>>,
    diff: Vec<Line>,
    commands: Vec<String>,
    notes: Vec<Vec<Span>>,
}

/// A policy as it is after the change.
struct Document {
    file: String,
    text: String,
}

/// A statement that decides, and its words where its policy was read.
struct StatementView {
    place: Vec<Span>,
    words: Option<String>,
}

impl Page {
    fn of(diagnosis: &Diagnosis) -> Self {
        let Outline { why, next, lists } = outline::of(diagnosis);
        let headline = wording::headline(diagnosis);
        let verdict = diagnosis.verdict.as_str().to_uppercase();
        let asked = &diagnosis.request;
        let facts = [
            ("why", why),
            ("next", next),
            ("model", asked.model.as_ref().map(|model| format!("`{model}`"))),
            ("operation", Some(format!("`{}` in `{}`", asked.operation, asked.region))),
            ("principal", diagnosis.principal.arn.as_ref().map(|arn| format!("`{arn}`"))),
            ("observed", Some(diagnosis.observed_at.clone())),
        ];
        let way = way::trace(diagnosis);
        Self {
            style: include_str!("html/style.css"),
            title: on_one_line(&format!("{verdict}: {}", headline.replace('`', ""))),
            verdict_class: match diagnosis.verdict {
                Verdict::Allowed => "passed",
                Verdict::Denied => "stopped",
                Verdict::Undetermined => "unseen",
            },
            verdict,
            sandbox: diagnosis.sandbox.as_deref().map(on_one_line),
            headline: spans(&headline),
            facts: facts.into_iter().filter_map(|(name, text)| Some(Fact { name, text: spans(&text?) })).collect(),
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
    let is_told = outline::is_told(diagnosis, number, finding);
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
                Some(StatementView {
                    place: spans(&statements::place(statement)?),
                    words: statement.quote.as_deref().map(|quote| visible_lines(quote).into_owned()),
                })
            })
            .collect(),
        documents: outline::documents(finding)
            .into_iter()
            .map(|(file, text)| Document { file: on_one_line(&file), text: visible_lines(&text).into_owned() })
            .collect(),
        console: finding.remedy.console.as_deref().map(on_one_line),
        steps: sentences(wording::steps(finding)),
        diff: if is_told {
            Vec::new()
        } else {
            diff::lines(finding)
                .into_iter()
                .map(|line| Line { text: visible_lines(&line.text).into_owned(), ..line })
                .collect()
        },
        commands: finding.remedy.commands.iter().map(|command| on_one_line(command)).collect(),
        notes: sentences(finding.remedy.notes.clone()),
    }
}
