//! Text whose parts are labelled by what they are, for a terminal to paint or to leave plain.

use crate::escape::{escape, escape_lines};

/// What a part of a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Nothing special.
    Plain,
    /// The heading of a section.
    Heading,
    /// Something is allowed or good.
    Allowed,
    /// Something is denied or wrong.
    Denied,
    /// Something is not known.
    Unknown,
    /// A hint or an aside.
    Hint,
    /// Something to copy: a command, a policy, a name.
    Code,
}

/// A text of labelled parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Styled(Vec<(Role, String)>);

impl Styled {
    /// Appends a part.
    pub fn push(&mut self, role: Role, text: impl Into<String>) {
        self.0.push((role, escape_lines(&text.into()).into_owned()));
    }

    /// Appends another text.
    pub fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Ends the line.
    pub fn end_line(&mut self) {
        self.push(Role::Plain, "\n");
    }

    /// Appends a part and ends the line.
    pub fn line(&mut self, role: Role, text: impl Into<String>) {
        self.push(role, text);
        self.end_line();
    }

    /// Appends a part that is one line whatever it holds, and ends the line.
    pub fn row(&mut self, role: Role, text: impl Into<String>) {
        self.push(role, escape(&text.into()).into_owned());
        self.end_line();
    }

    /// Returns the text without its labels.
    #[must_use]
    pub fn plain(&self) -> String {
        self.0.iter().map(|(_, text)| text.as_str()).collect()
    }

    /// Returns the text with every part as `paint` makes it.
    #[must_use]
    pub fn painted(&self, paint: impl Fn(Role, &str) -> String) -> String {
        self.0.iter().map(|(role, text)| if text == "\n" { text.clone() } else { paint(*role, text) }).collect()
    }
}
