//! The diagnosis as Markdown, for a ticket or a pull request, with the request's way as a Mermaid picture.
//!
//! Text from outside stays text: it opens no link, mentions nobody, and closes no code block.

mod many;

pub use many::{models_markdown, targets_markdown};

use super::diff;
use super::foreign::{on_one_line, spans};
use super::outline::{self, Outline};
use super::way::{self, Gate, Way};
use super::{checks, documented_cause, sentence, statements, steps, subject, wording};
use crate::diagnose::{Diagnosis, Finding};
use crate::escape::{escape_json, escape_lines};

/// Lays a diagnosis out as Markdown (GitHub's and GitLab's).
#[must_use]
pub fn markdown(diagnosis: &Diagnosis) -> String {
    let Outline { why, next, lists } = outline::of(diagnosis);
    let mut page = Page(String::new());
    let world = if diagnosis.sandbox.is_some() { " (sandbox)" } else { "" };
    let verdict = diagnosis.verdict.as_str().to_uppercase();
    page.line(&format!("## {verdict}{world}: {}", inline(&sentence::answer(diagnosis, usize::MAX))));
    page.line("");
    for (label, text) in [
        ("Cause", documented_cause::words(diagnosis)),
        ("Call", Some(subject::call(diagnosis))),
        ("As", Some(subject::whom(diagnosis))),
        ("Because", why),
        ("Next", next),
        ("Written by", Some(subject::written_by(diagnosis))),
    ] {
        if let Some(text) = text {
            page.line(&format!("- **{label}:** {}", inline(&text)));
        }
    }
    page.heading("What the call must pass");
    page.checkpoints(&way::trace(diagnosis));
    page.line("\n<details><summary>As a picture</summary>\n");
    page.block("mermaid", &mermaid(diagnosis));
    page.line("\n</details>");
    page.heading("Checks");
    page.line("| | Check | What was seen |\n|---|---|---|");
    for check in checks::list(diagnosis) {
        page.line(&format!("| {} | {} | {} |", check.mark.sign(), cell(&check.what), cell(&check.text)));
    }
    for (number, finding) in diagnosis.findings.iter().enumerate() {
        page.fix(diagnosis, finding, number);
    }
    for (title, items) in lists {
        page.heading(title);
        for item in items {
            page.line(&format!("- {}", inline(&item)));
        }
    }
    page.line("\n<details><summary>Calls</summary>\n");
    for call in &diagnosis.calls {
        page.line(&format!("- {}", inline(&outline::call(call))));
    }
    page.line("\n</details>");
    page.0
}

struct Page(String);

impl Page {
    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    fn heading(&mut self, title: &str) {
        self.line(&format!("\n### {}\n", inline(title)));
    }

    /// Sets a table of the resources that are authorized, by what their authorization must pass; signs and words survive
    /// where a table does not.
    fn checkpoints(&mut self, way: &Way) {
        let gate = |gate: &Gate| format!("{} {}", gate.state.sign(), gate.state.words());
        let names = way.lanes.first().map(|lane| lane.gates.iter().map(|gate| gate.name).collect::<Vec<_>>());
        let names = names.unwrap_or_default();
        self.line(&format!("| Resource | {} |", names.join(" | ")));
        self.line(&format!("|---|{}", "---|".repeat(names.len())));
        for lane in &way.lanes {
            let cells: Vec<String> = lane.gates.iter().map(gate).collect();
            self.line(&format!("| {} | {} |", cell(&lane.label), cells.join(" | ")));
        }
        let around = std::iter::once(&way.first).chain(&way.last);
        let around: Vec<String> = around.map(|one| format!("{} {}", one.name, gate(one))).collect();
        self.line(&format!("\nBefore and behind: {}.", around.join("; ")));
    }

    /// Sets a block of code, with a fence that nothing in it closes.
    fn block(&mut self, language: &str, text: &str) {
        let text = escape_lines(text);
        let mut longest = 0;
        let mut run = 0;
        for c in text.chars() {
            run = if c == '`' { run + 1 } else { 0 };
            longest = longest.max(run);
        }
        let fence = "`".repeat(longest.max(2) + 1);
        self.line(&format!("{fence}{language}\n{}\n{fence}", text.trim_end()));
    }

    fn fix(&mut self, diagnosis: &Diagnosis, finding: &Finding, number: usize) {
        self.heading(&outline::fix_title(diagnosis, number, finding));
        self.line(&inline(&wording::summary(finding, diagnosis)));
        self.line("");
        self.line(&format!("- **Who:** {}", inline(wording::who(finding))));
        self.line(&format!("- **Certainty:** {}", finding.certainty.as_str()));
        for basis in wording::bases(&finding.basis) {
            self.line(&format!("- {}", inline(&basis)));
        }
        for statement in statements::quoted(finding) {
            if let (Some(place), Some(words)) = (statements::place(statement), &statement.quote) {
                self.line(&format!("\n{}:\n", inline(&place)));
                self.block("json", words);
            }
        }
        for other in &finding.alternatives {
            self.line(&format!("- or {}: {}", inline(other.cause.code()), inline(other.tell)));
        }
        self.line("");
        for (step, text) in wording::steps(finding).iter().enumerate() {
            self.line(&format!("{}. {}", step + 1, inline(text)));
        }
        self.line("");
        if let Some(policy) = finding.remedy.policy.as_ref().filter(|_| !outline::is_told(diagnosis, number, finding)) {
            self.block("json", &escape_json(serde_json::to_string_pretty(policy).unwrap_or_default()));
        }
        for change in diff::of(diagnosis, number, finding).iter().filter(|change| !change.is_new) {
            self.line(&format!("\nThe change of {}:\n", inline(&change.title)));
            let lines: Vec<String> =
                change.lines.iter().map(|line| format!("{} {}", line.side.sign(), line.text)).collect();
            self.block("diff", &lines.join("\n"));
        }
        for (file, text) in outline::documents(finding) {
            self.line(&format!("\n{} is then:\n", code(&on_one_line(&file))));
            self.block("json", &text);
        }
        if !finding.remedy.commands.is_empty() {
            self.block("sh", &finding.remedy.commands.join("\n"));
        }
        if let Some(console) = &finding.remedy.console {
            self.line(&format!("\n- **Console:** {}", code(&on_one_line(console))));
        }
        if let Some(verified) = finding.remedy.verified {
            self.line(&format!("\n- **Tested:** {}", wording::verified(verified)));
        }
        for note in &finding.remedy.notes {
            self.line(&format!("- **Note:** {}", inline(&steps::note(note))));
        }
        self.line(&format!("- **Takes effect:** {}", inline(wording::takes_effect(finding))));
    }
}

/// Sets a sentence: values as code, and everything else as the letters that it is.
pub(super) fn inline(sentence: &str) -> String {
    let mut line = String::new();
    for span in spans(sentence) {
        if span.is_code {
            line.push_str(&code(&span.text));
            continue;
        }
        for word in span.text.split_inclusive(' ') {
            let (core, end) = word.strip_suffix(' ').map_or((word, ""), |core| (core, " "));
            // What would become a link or a mention of somebody is code.
            let links = ["://", "www.", "@", "arn:"].iter().any(|mark| core.contains(mark))
                || core.strip_prefix('#').is_some_and(|number| number.starts_with(|c: char| c.is_ascii_digit()));
            if links {
                let name = core.trim_end_matches([',', '.', ';', ':', ')']);
                line.push_str(&code(name));
                line.push_str(&escaped(core.strip_prefix(name).unwrap_or_default()));
            } else {
                line.push_str(&escaped(core));
            }
            line.push_str(end);
        }
    }
    line
}

/// Sets a sentence in a cell of a table, where a bar ends the cell even within code.
pub(super) fn cell(sentence: &str) -> String {
    inline(sentence).replace("\\|", "|").replace('|', "\\|")
}

/// Returns a block of code that nothing in it can close.
#[cfg(feature = "iac")]
pub(super) fn fenced(text: &str, language: &str) -> String {
    let mut page = Page(String::new());
    page.block(language, text);
    page.0
}

pub(super) fn code(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    match longest {
        0 => format!("`{text}`"),
        run => {
            let fence = "`".repeat(run + 1);
            format!("{fence} {text} {fence}")
        }
    }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '~' | '!' | '$' => escaped.extend(['\\', c]),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Draws the way as a Mermaid flow chart.
fn mermaid(diagnosis: &Diagnosis) -> String {
    let way = way::trace(diagnosis);
    let mut chart = "flowchart LR\n".to_owned();
    let mut put = |line: String| chart.push_str(&format!("    {line}\n"));
    let node = |id: &str, gate: &Gate| {
        format!("{id}[\"{} {}<br>{}\"]:::{}", gate.state.sign(), gate.name, gate.state.words(), gate.state.class())
    };
    put(node("first", &way.first));
    for (number, lane) in way.lanes.iter().enumerate() {
        put(format!("subgraph lane{number}[\"{}\"]", label(&lane.label)));
        put("direction LR".to_owned());
        for (at, gate) in lane.gates.iter().enumerate() {
            put(node(&format!("lane{number}gate{at}"), gate));
        }
        let ids: Vec<String> = (0..lane.gates.len()).map(|at| format!("lane{number}gate{at}")).collect();
        put(ids.join(" --> "));
        put("end".to_owned());
        put(format!("first --> lane{number} --> last0"));
    }
    for (at, gate) in way.last.iter().enumerate() {
        put(node(&format!("last{at}"), gate));
    }
    let ids: Vec<String> = (0..way.last.len()).map(|at| format!("last{at}")).collect();
    put(ids.join(" --> "));
    for (class, style) in [
        ("passed", "fill:#e6f4ea,stroke:#0a6b2d,color:#1b1f24"),
        ("stopped", "fill:#fde8e8,stroke:#b3141d,color:#1b1f24,stroke-width:3px"),
        ("unseen", "fill:#fff4d6,stroke:#7a5200,color:#1b1f24,stroke-dasharray:4"),
        ("behind", "fill:#f2f3f5,stroke:#57606a,color:#1b1f24"),
    ] {
        put(format!("classDef {class} {style}"));
    }
    chart
}

/// Makes a label that ends no string and opens no directive.
fn label(text: &str) -> String {
    on_one_line(text)
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || " .:/,*-_…".contains(c) { c } else { '?' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_stays_text() {
        for (text, expected) in [
            ("a <b>bold</b> *claim*", "a &lt;b&gt;bold&lt;/b&gt; \\*claim\\*"),
            ("see https://evil.example/x, now", "see `https://evil.example/x`, now"),
            ("ask @everyone about #12", "ask `@everyone` about `#12`"),
            ("the role `chat|api`", "the role `chat|api`"),
            ("an odd ` back-quote", "an odd \\` back-quote"),
            ("![x](javascript:y)", "\\!\\[x\\](javascript:y)"),
            ("one\nline\u{202e}", "one line\\\\u{202e}"),
        ] {
            assert_eq!(inline(text), expected);
        }
        assert_eq!(cell("a|b `c|d`"), "a\\|b `c\\|d`");
        assert_eq!(label("x\"]; click a href \"javascript:1\""), "x??? click a href ?javascript:1?");
    }

    #[test]
    fn nothing_closes_a_block_of_code() {
        let mut page = Page(String::new());
        page.block("json", "```\n# not a heading");
        assert_eq!(page.0, "````json\n```\n# not a heading\n````\n");
    }
}
