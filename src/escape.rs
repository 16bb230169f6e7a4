//! Foreign text, made visible: what could steer a terminal, turn the reading direction or hide is shown as an escape.
//!
//! Names, messages, policies and saved evidence are anybody's. Every room may use this one, and every format shows
//! foreign text through it; markup of a format is that format's to escape.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Returns `true` if a character does something to a reader instead of being read.
///
/// Controls of both blocks; marks, embeddings and isolates of direction (Unicode Standard Annex #9, "Directional
/// Formatting Characters"); separators of lines; what has no width or stands for nothing (The Unicode Standard, "Special
/// Areas and Format Characters"). The joiners stay: scripts and emoji need them.
#[must_use]
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// Shows a text on one line.
#[must_use]
pub fn escape(text: &str) -> Cow<'_, str> {
    escaped(text, |_| false)
}

/// Shows a text whose line feeds are its layout.
#[must_use]
pub fn escape_lines(text: &str) -> Cow<'_, str> {
    escaped(text, |c| c == '\n')
}

fn escaped(text: &str, stays: impl Fn(char) -> bool) -> Cow<'_, str> {
    let shows = |c: char| stays(c) || !is_unsafe(c);
    if text.chars().all(shows) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if shows(c) { shown.push(c) } else { shown.extend(c.escape_default()) }
    }
    Cow::Owned(shown)
}

/// Shows a JSON document: escaped as JSON escapes, so that it reads back as the same values.
///
/// Takes what a serializer wrote, where such characters stand in strings alone and line feeds are layout.
#[must_use]
pub fn escape_json(document: String) -> String {
    // Most documents are plain, which is seen without looking at characters.
    let is_plain = document.bytes().fold(true, |all, byte| all & (matches!(byte, b' '..=b'~') | (byte == b'\n')));
    if is_plain || document.chars().all(|c| c == '\n' || !is_unsafe(c)) {
        return document;
    }
    let mut shown = String::with_capacity(document.len() + 8);
    for c in document.chars() {
        if c == '\n' || !is_unsafe(c) {
            shown.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            // Writing into a string cannot fail.
            let _ = write!(shown, "\\u{unit:04x}");
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_is_shown_and_the_rest_stays() {
        for (text, shown) in [
            ("plain, ü, 日本, 👩\u{200d}🚀", "plain, ü, 日本, 👩\u{200d}🚀"),
            ("\u{1b}[2J\u{7}", "\\u{1b}[2J\\u{7}"),
            ("a\u{202e}b\u{2066}c\u{2069}", "a\\u{202e}b\\u{2066}c\\u{2069}"),
            ("nul\0 del\u{7f} csi\u{9b}", "nul\\u{0} del\\u{7f} csi\\u{9b}"),
            ("line\nline\r\ttab", "line\\nline\\r\\ttab"),
            ("tag\u{e0041}", "tag\\u{e0041}"),
        ] {
            assert_eq!(escape(text), shown);
        }
        assert_eq!(escape_lines("a\nb\rc"), "a\nb\\rc");
    }

    #[test]
    fn json_reads_back_as_it_was() {
        let value = serde_json::json!({"a\u{202e}": ["\u{1b}\0\n", "x\u{e0041}\u{2028}y", "ü"]});
        for text in [serde_json::to_string(&value), serde_json::to_string_pretty(&value)] {
            let shown = escape_json(text.unwrap());
            assert!(!shown.chars().any(|c| c != '\n' && is_unsafe(c)), "{shown}");
            assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
        }
    }
}
