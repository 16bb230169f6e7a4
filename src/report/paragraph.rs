//! Paragraphs of the pages that explain texts and causes.

use super::layout::readable;
use std::borrow::Cow;

/// Appends a paragraph that begins with `lead` and whose further lines are indented below it.
pub(super) fn paragraph(page: &mut String, lead: &str, text: &str, columns: usize) {
    for line in lines(lead, &" ".repeat(lead.len().min(5)), text, columns) {
        page.push_str(&line);
        page.push('\n');
    }
}

/// Wraps a text at its spaces, so that every word can be copied; the first line begins with `lead`, the others with `indent`.
pub(super) fn lines<'t>(lead: &'t str, indent: &'t str, text: &'t str, columns: usize) -> Vec<Cow<'t, str>> {
    let options = textwrap::Options::new(readable(columns))
        .initial_indent(lead)
        .subsequent_indent(indent)
        .break_words(false)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .word_separator(textwrap::WordSeparator::AsciiSpace);
    textwrap::wrap(text, options)
}
