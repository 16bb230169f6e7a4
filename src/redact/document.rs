//! Policy documents: redacted in place, so that every line of a document stays the line that it was.
//!
//! The layout is kept because positions refer to it. Keys, effects and actions stay; names, ids and the values that
//! somebody chose go.

use super::Redactor;

/// What is open at a place of the document.
struct Level {
    is_object: bool,
    /// The key that the next value belongs to.
    key: String,
    /// Whether the next string is a key.
    at_key: bool,
}

impl Redactor {
    /// Redacts a policy document; a text that is none is redacted as a text.
    pub(super) fn document(&mut self, text: &str) -> String {
        if !text.trim_start().starts_with('{') {
            return self.text(text);
        }
        let mut redacted = String::with_capacity(text.len());
        let mut levels: Vec<Level> = Vec::new();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            if c == '"' {
                let end = literal_end(rest).unwrap_or(rest.len());
                let (literal, after) = rest.split_at(end);
                redacted.push_str(&self.literal(literal, &mut levels));
                rest = after;
                continue;
            }
            match c {
                '{' => levels.push(Level { is_object: true, key: String::new(), at_key: true }),
                '[' => levels.push(Level { is_object: false, key: String::new(), at_key: false }),
                '}' | ']' => {
                    levels.pop();
                }
                ',' => {
                    if let Some(level) = levels.last_mut() {
                        level.at_key = level.is_object;
                    }
                }
                _ => {}
            }
            // Outside of strings JSON has numbers and three words. An account's id may be written as a number.
            let end = rest.find(['"', '{', '[', '}', ']', ',', ':']).unwrap_or(rest.len()).max(c.len_utf8());
            let (plain, after) = rest.split_at(end);
            redacted.push_str(&self.text(plain));
            rest = after;
        }
        redacted
    }

    /// Redacts a string with its quotes, and notes it where it is a key.
    fn literal(&mut self, literal: &str, levels: &mut [Level]) -> String {
        let Ok(text) = serde_json::from_str::<String>(literal) else { return self.text(literal) };
        let keys: Vec<String> = levels.iter().filter(|level| level.is_object).map(|level| level.key.clone()).collect();
        let condition = keys.iter().position(|key| key.eq_ignore_ascii_case("Condition"));
        let shown = match levels.last_mut() {
            Some(level) if level.at_key => {
                level.key.clone_from(&text);
                level.at_key = false;
                // Condition, operator, key: the third may be that of a tag.
                if condition.is_some_and(|at| at + 2 < keys.len()) {
                    self.condition_key(&text)
                } else {
                    self.text(&text)
                }
            }
            _ => match keys.last().map(|key| key.to_ascii_lowercase()).as_deref() {
                Some(key) if condition.is_some() && super::is_tag(key) => self.tag_value(&text),
                Some(key) if condition.is_some() && super::is_time(key) => self.time(&text),
                _ if condition.is_some() => self.chosen(&text),
                Some("sid") => self.sid(&text),
                _ => self.text(&text),
            },
        };
        if shown == text { literal.to_owned() } else { serde_json::Value::String(shown).to_string() }
    }

    /// A statement's `Sid` holds letters and digits alone.
    pub(super) fn sid(&mut self, sid: &str) -> String {
        if super::known::is_plain(sid) {
            return sid.to_owned();
        }
        let alias = format!("Sid{}", self.aliases.number("statement", sid));
        self.aliases.speak(sid, &alias);
        alias
    }
}

/// Finds the end of the string that a text begins with, behind its closing quote.
fn literal_end(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}
