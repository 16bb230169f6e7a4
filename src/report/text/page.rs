//! The page that a text is written on: labels, paragraphs, lists and what is there to paste, as wide as the terminal.

use crate::report::foreign::on_one_line;
use crate::report::layout::Layout;
use crate::report::sentence::cut;
use crate::report::shell;
use crate::report::styled::{Role, Styled};
use textwrap::Options;

/// The columns of a label, with its indentation.
const LABEL: usize = 11;

/// A page.
pub(super) struct Page {
    pub(super) out: Styled,
    pub(super) columns: usize,
    profile: Option<String>,
}

impl Page {
    pub(super) fn new(layout: &Layout) -> Self {
        Self { out: Styled::default(), columns: layout.width(), profile: layout.profile.clone() }
    }

    pub(super) fn blank(&mut self) {
        self.out.end_line();
    }

    /// Writes a heading behind an empty line.
    pub(super) fn heading(&mut self, text: &str) {
        self.blank();
        self.wrapped(Role::Heading, "", "  ", text);
    }

    /// Writes a paragraph behind a label.
    pub(super) fn labelled(&mut self, label: &str, text: &str) {
        self.out.push(Role::Hint, format!("  {label:<8} "));
        let indent = " ".repeat(LABEL);
        let lines = fill(text, &indent, &indent, self.columns);
        self.out.line(Role::Plain, lines.get(LABEL..).unwrap_or(&lines));
    }

    /// Writes a paragraph below a labelled one.
    pub(super) fn below(&mut self, text: &str) {
        let indent = " ".repeat(LABEL);
        self.wrapped(Role::Plain, &indent, &indent, text);
    }

    /// Writes a row of a list below a labelled paragraph: a sign, and what it is about, cut where it is too long.
    pub(super) fn row(&mut self, role: Role, sign: &str, text: &str) {
        self.out.push(Role::Plain, " ".repeat(LABEL + 2));
        self.out.push(role, sign);
        let room = self.columns.saturating_sub(LABEL + 4);
        self.out.line(Role::Plain, format!(" {}", cut(&on_one_line(text), room)));
    }

    /// Writes a paragraph behind a sign and a label.
    pub(super) fn signed(&mut self, role: Role, sign: &str, label: &str, text: &str) {
        self.out.push(Role::Plain, "  ");
        self.out.push(role, sign);
        let first = format!("    {label}");
        let rest = " ".repeat(first.chars().count());
        // The sign stands outside of what is wrapped, which gives its columns back.
        let lines = fill(text, &first, &rest, self.columns);
        self.out.line(Role::Plain, lines.get(3..).unwrap_or(&lines));
    }

    /// Writes a paragraph that begins with `first` and whose further lines begin with `rest`.
    pub(super) fn wrapped(&mut self, role: Role, first: &str, rest: &str, text: &str) {
        self.out.line(role, fill(text, first, rest, self.columns));
    }

    /// Writes a line to paste, wrapped for a shell.
    pub(super) fn command(&mut self, indent: &str, line: &str) {
        let line = shell::with_profile(&on_one_line(line), self.profile.as_deref());
        for part in shell::wrapped(&line, self.columns.saturating_sub(indent.len())) {
            self.out.line(Role::Code, format!("{indent}{part}"));
        }
    }

    /// Writes an address behind a label, on one line however long it is: a broken one leads nowhere.
    pub(super) fn address(&mut self, label: &str, address: &str) {
        self.out.line(Role::Plain, format!("  {label}: {}", on_one_line(address)));
    }

    /// Writes a here-document that makes a file; it stands at the beginning of the line, where its end is seen.
    pub(super) fn file(&mut self, name: &str, text: &str) {
        for line in shell::here_document(name, text).lines() {
            self.out.line(Role::Code, line);
        }
    }
}

fn fill(text: &str, first: &str, rest: &str, columns: usize) -> String {
    let text = &on_one_line(text);
    let options = Options::new(columns)
        .initial_indent(first)
        .subsequent_indent(rest)
        .break_words(false)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::fill(text, options)
}
