//! The one place through which every text that AWS or a library wrote passes before it is kept.
//!
//! Takes the text as it came; returns it without secrets and cut to a length that a report can show. Values that AWS
//! documents as one word (a request id, an error code, a status) are kept only if they are one.

use crate::secrets::{holds_secret, without_secrets};

/// The longest text that is kept, in bytes; AWS's longest known refusals have about 2,000.
const LONGEST_TEXT: usize = 16 * 1024;

/// The longest word that is kept, in bytes.
const LONGEST_WORD: usize = 128;

/// Returns a text as it may be kept in evidence and shown in reports.
pub(super) fn kept_text(text: &str) -> String {
    let end = text.floor_char_boundary(LONGEST_TEXT.min(text.len()));
    without_secrets(text.get(..end).unwrap_or_default()).into_owned()
}

/// Returns a value that has to be one word, such as a request id or an error code; `None` if it is something else.
pub(super) fn kept_word(word: &str) -> Option<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '#' | ':' | '/');
    (!word.is_empty() && word.len() <= LONGEST_WORD && word.chars().all(is_part) && !holds_secret(word))
        .then(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_a_word() {
        for word in ["AccessDeniedException", "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0", "NOT_AVAILABLE"] {
            assert_eq!(kept_word(word).as_deref(), Some(word));
        }
        for other in ["", "two words", "tab\t", "IQoJb3JpZ2luX2VjE+w==", &"x".repeat(129)] {
            assert_eq!(kept_word(other), None, "{other}");
        }
    }

    #[test]
    fn an_endless_text_is_cut() {
        assert_eq!(kept_text(&"é".repeat(LONGEST_TEXT)).len(), LONGEST_TEXT);
    }
}
