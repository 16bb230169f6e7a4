//! Reports as one HTML file: self-contained, without script and network, for screens, paper and readers.
//!
//! The templates escape whatever is put into them; here the frame of a page is made. `body` makes what a page says of
//! one diagnosis.

mod body;
mod denials;
mod filter;
mod models;
mod picture;
mod targets;

pub use denials::denials_html;
pub use models::models_html;
pub use targets::targets_html;

use super::foreign::{Span, on_one_line, spans};
use super::outline::{self, Outline};
use super::{documented_cause, sentence, subject};
use crate::diagnose::{Diagnosis, Verdict};
use askama::Template;
use body::body;

/// What every page has: its title, its head and its style.
struct Frame {
    style: String,
    title: String,
    /// The verdict with the class of its colour.
    verdict: Option<(String, &'static str)>,
    sandbox: Option<String>,
    headline: Vec<Span>,
    facts: Vec<Fact>,
}

struct Fact {
    name: &'static str,
    text: Vec<Span>,
}

impl Frame {
    /// Frames a page; `facts` that there are none of are left out.
    fn new(
        verdict: Option<Verdict>,
        sandbox: Option<&str>,
        headline: &str,
        facts: impl IntoIterator<Item = (&'static str, Option<String>)>,
    ) -> Self {
        let verdict = verdict.map(|verdict| (verdict.as_str().to_uppercase(), class_of(verdict)));
        let said = verdict.as_ref().map(|(word, _)| format!("{word}: ")).unwrap_or_default();
        Self {
            style: include_str!("html/style.css").to_owned(),
            title: on_one_line(&format!("{said}{}", headline.replace('`', ""))),
            verdict,
            sandbox: sandbox.map(on_one_line),
            headline: spans(headline),
            facts: facts.into_iter().filter_map(|(name, text)| Some(Fact { name, text: spans(&text?) })).collect(),
        }
    }

    /// Adds rules to the style.
    fn with_rules(mut self, rules: &str) -> Self {
        self.style.push_str(rules);
        self
    }
}

/// Returns the sign that stands for a verdict, beside any colour.
fn sign_of(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allowed => "✓",
        Verdict::Denied => "✗",
        Verdict::Undetermined => "?",
    }
}

/// Returns the class that colours a verdict.
fn class_of(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allowed => "passed",
        Verdict::Denied => "stopped",
        Verdict::Undetermined => "unseen",
    }
}

#[derive(Template)]
#[template(path = "report.html", config = "src/report/html/askama.toml")]
struct Page {
    frame: Frame,
    body: String,
}

/// Lays a diagnosis out as an HTML page.
#[must_use]
pub fn html(diagnosis: &Diagnosis) -> String {
    let Outline { why, next, .. } = outline::of(diagnosis);
    let asked = &diagnosis.request;
    let facts = [
        ("cause", documented_cause::words(diagnosis)),
        ("because", why),
        ("next", next),
        ("model", asked.model.as_ref().map(|model| format!("`{model}`"))),
        ("operation", Some(format!("`{}` in `{}`", asked.operation, asked.region))),
        ("principal", diagnosis.principal.arn.as_ref().map(|arn| format!("`{arn}`"))),
        ("written by", Some(subject::written_by(diagnosis))),
    ];
    let answer = sentence::answer(diagnosis, usize::MAX);
    let model = asked.model.as_ref().map(|model| format!(": `{model}`")).unwrap_or_default();
    let whom = diagnosis.principal.arn.as_ref().map(|arn| format!(" for {}", subject::named(arn))).unwrap_or_default();
    let headline = format!("{answer}{model}{whom}");
    let frame = Frame::new(Some(diagnosis.verdict), diagnosis.sandbox.as_deref(), &headline, facts);
    // The template writes to a string, which cannot fail.
    Page { frame, body: body(diagnosis, "", 2) }.render().unwrap_or_default()
}
