//! Paragraphs of the pages that explain texts and causes.

use super::layout::readable;

/// Appends a paragraph that begins with `lead` and whose further lines are indented below it.
pub(super) fn paragraph(page: &mut String, lead: &str, text: &str, columns: usize) {
    let indent = " ".repeat(lead.len().min(5));
    let options = textwrap::Options::new(readable(columns))
        .initial_indent(lead)
        .subsequent_indent(&indent)
        .break_words(false)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .word_separator(textwrap::WordSeparator::AsciiSpace);
    for line in textwrap::wrap(text, options) {
        page.push_str(&line);
        page.push('\n');
    }
}
