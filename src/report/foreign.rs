//! Text from outside, made harmless to show: in a terminal, in Markdown, in HTML, in XML.

use crate::escape::escape;

/// Shows a text on one line: a line feed in somebody's text must not look like one of the layout's.
pub(super) fn on_one_line(text: &str) -> String {
    escape(&text.split(['\n', '\r', '\t']).collect::<Vec<_>>().join(" ")).into_owned()
}

/// A part of a sentence: words of ours, or a value between back-quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// Whether it is a value.
    pub(super) is_code: bool,
    /// The text, on one line.
    pub(super) text: String,
}

/// Splits a sentence at its back-quotes; an odd one belongs to the text.
pub(super) fn spans(sentence: &str) -> Vec<Span> {
    let sentence = on_one_line(sentence);
    let parts: Vec<&str> = sentence.split('`').collect();
    let whole = parts.len() % 2 == 1;
    if !whole {
        return vec![Span { is_code: false, text: sentence }];
    }
    parts
        .into_iter()
        .enumerate()
        .filter(|(_, text)| !text.is_empty())
        .map(|(at, text)| Span { is_code: at % 2 == 1, text: text.to_owned() })
        .collect()
}
