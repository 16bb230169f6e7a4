//! The diagnosis as text for a terminal: the answer first, the next step second, the evidence after them.

use super::checks::{self, Check, Mark};
use super::foreign::on_one_line;
use super::outline::{self, Outline};
use super::styled::{Role, Styled};
use super::{statements, steps, wording};
use crate::diagnose::{DecidedBy, Diagnosis, Finding, Verdict};
use crate::escape::escape_json;
use textwrap::Options;

/// The columns that the text fits in; what cannot be broken, such as an ARN, may run over.
const WIDTH: usize = 80;

/// How much the text says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// The first line alone.
    Quiet,
    /// The answer, the checks, the fix.
    #[default]
    Normal,
    /// Every call as well.
    Verbose,
}

/// Lays a diagnosis out as text.
#[must_use]
pub fn text(diagnosis: &Diagnosis, detail: Detail) -> Styled {
    let mut out = Styled::default();
    first_line(&mut out, diagnosis);
    if detail == Detail::Quiet {
        return out;
    }
    let Outline { why, next, lists } = outline::of(diagnosis);
    if let Some(why) = why {
        labelled(&mut out, "why", &why);
    }
    if let Some(next) = next {
        labelled(&mut out, "next", &next);
    }
    heading(&mut out, "Checks");
    for one in &checks::list(diagnosis) {
        check(&mut out, one);
    }
    for (number, finding) in diagnosis.findings.iter().enumerate() {
        fix(&mut out, diagnosis, finding, number);
    }
    // Where nothing is wrong, nobody asks what else it could have been.
    let excluded_is_told = diagnosis.verdict != Verdict::Allowed || detail == Detail::Verbose;
    for (title, items) in lists.into_iter().filter(|(title, _)| *title != outline::RULED_OUT || excluded_is_told) {
        list(&mut out, title, items.into_iter());
    }
    if detail == Detail::Verbose {
        list(&mut out, "Calls", diagnosis.calls.iter().map(outline::call));
    }
    out
}

fn first_line(out: &mut Styled, diagnosis: &Diagnosis) {
    let role = match diagnosis.verdict {
        Verdict::Allowed => Role::Allowed,
        Verdict::Denied => Role::Denied,
        Verdict::Undetermined => Role::Unknown,
    };
    let verdict = diagnosis.verdict.as_str().to_uppercase();
    let sandbox =
        diagnosis.sandbox.as_ref().map(|world| format!(" (sandbox `{}`)", on_one_line(world))).unwrap_or_default();
    let left = WIDTH.saturating_sub(verdict.len() + sandbox.chars().count() + 2);
    out.push(role, verdict);
    out.push(Role::Hint, sandbox);
    let headline = wording::headline(diagnosis);
    // A long name takes the room of what the second line says in full.
    let headline = if headline.chars().count() > left { wording::short_headline(diagnosis, left) } else { headline };
    out.line(Role::Plain, format!(": {headline}"));
}

fn check(out: &mut Styled, Check { mark, what, text }: &Check) {
    let role = match mark {
        Mark::Good => Role::Allowed,
        Mark::Bad => Role::Denied,
        Mark::Unknown => Role::Unknown,
        Mark::Skipped => Role::Hint,
    };
    out.push(Role::Plain, "  ");
    out.push(role, mark.sign());
    let first = format!(" {what:<13} ");
    let rest = " ".repeat(first.chars().count() + 3);
    let indent = " ".repeat(3);
    // The sign stands outside of what is wrapped; the first line gives its columns back.
    let lines = fill(text, &format!("{indent}{first}"), &rest);
    out.line(Role::Plain, lines.strip_prefix(&indent).unwrap_or(&lines));
}

fn fix(out: &mut Styled, diagnosis: &Diagnosis, finding: &Finding, number: usize) {
    let title = outline::fix_title(diagnosis, number, finding);
    heading(out, &title);
    if number > 0 {
        wrapped(out, Role::Plain, "  ", "  ", &wording::summary(finding, diagnosis));
    }
    labelled(out, "who", wording::who(finding));
    labelled(out, "sure", finding.certainty.as_str());
    for basis in wording::bases(&finding.basis) {
        wrapped(out, Role::Plain, "  - ", "    ", &basis);
    }
    for statement in statements::quoted(finding) {
        quote(out, statement);
    }
    for other in &finding.alternatives {
        wrapped(out, Role::Hint, "  or ", "     ", &format!("{}: {}", other.cause, other.tell));
    }
    for (step, text) in wording::steps(finding).iter().enumerate() {
        let number = format!("  {}. ", step + 1);
        wrapped(out, Role::Plain, &number, "     ", text);
    }
    let told = outline::is_told(diagnosis, number, finding);
    if let Some(policy) = finding.remedy.policy.as_ref().filter(|_| !told) {
        let text = escape_json(serde_json::to_string_pretty(policy).unwrap_or_default());
        for line in text.lines() {
            out.line(Role::Code, format!("    {line}"));
        }
    }
    for command in &finding.remedy.commands {
        out.line(Role::Code, format!("    $ {}", on_one_line(command)));
    }
    documents(out, finding);
    if let Some(console) = &finding.remedy.console {
        labelled(out, "page", console);
    }
    if let Some(verified) = finding.remedy.verified {
        labelled(out, "tried", wording::verified(verified));
    }
    for note in &finding.remedy.notes {
        wrapped(out, Role::Hint, "  note: ", "        ", &steps::note(note));
    }
    labelled(out, "after", &format!("in force {}", wording::takes_effect(finding)));
}

/// Shows the documents that are left where statements are removed or narrowed, under the names of their files.
fn documents(out: &mut Styled, finding: &Finding) {
    for (file, text) in outline::documents(finding) {
        wrapped(out, Role::Plain, "  ", "  ", &format!("`{file}` is then:"));
        for line in text.lines() {
            out.line(Role::Code, format!("    {line}"));
        }
    }
}

/// Quotes a statement, with its lines' numbers where they stand as they are in the policy.
fn quote(out: &mut Styled, statement: &DecidedBy) {
    let (Some(place), Some(words)) = (statements::place(statement), &statement.quote) else { return };
    wrapped(out, Role::Plain, "    ", "    ", &format!("{place}:"));
    for line in words.lines() {
        out.line(Role::Code, format!("      | {}", on_one_line(line)));
    }
}

fn labelled(out: &mut Styled, label: &str, text: &str) {
    out.push(Role::Hint, format!("  {label:<5} "));
    let indent = " ".repeat(8);
    let lines = fill(text, &indent, &indent);
    out.line(Role::Plain, lines.strip_prefix(&indent).unwrap_or(&lines));
}

fn heading(out: &mut Styled, title: &str) {
    out.end_line();
    out.line(Role::Heading, title);
}

fn list(out: &mut Styled, title: &str, items: impl Iterator<Item = String>) {
    let mut items = items.peekable();
    if items.peek().is_some() {
        heading(out, title);
    }
    for item in items {
        wrapped(out, Role::Plain, "  - ", "    ", &item);
    }
}

fn wrapped(out: &mut Styled, role: Role, first: &str, rest: &str, text: &str) {
    out.line(role, fill(text, first, rest));
}

fn fill(text: &str, first: &str, rest: &str) -> String {
    let text = &on_one_line(text);
    let options = Options::new(WIDTH)
        .initial_indent(first)
        .subsequent_indent(rest)
        .break_words(false)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::fill(text, options)
}
