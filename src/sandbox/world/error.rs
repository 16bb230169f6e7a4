//! What is wrong with a world file, and where.

use crate::escape::escape;
use crate::policy::ParseError;
use std::fmt;

/// Why a text is not a world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorldError {
    place: Place,
    message: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// The file as a whole.
    File,
    /// A line and a column, counted from 1.
    Position(usize, usize),
    /// A JSON Pointer.
    Pointer(String),
}

impl WorldError {
    pub(super) fn empty() -> Self {
        let message = "it is empty; `bedrock-access sandbox show healthy` prints a world to start from";
        Self { place: Place::File, message: message.to_owned() }
    }

    pub(super) fn json(error: &serde_json::Error) -> Self {
        // serde_json ends its message with the position, which stands at the beginning here.
        let text = error.to_string();
        let suffix = format!(" at line {} column {}", error.line(), error.column());
        let message = text.strip_suffix(&suffix).unwrap_or(&text).to_owned();
        let place = match error.line() {
            0 => Place::File,
            line => Place::Position(line, error.column()),
        };
        Self { place, message }
    }

    pub(super) fn in_document(pointer: &str, error: &ParseError) -> Self {
        let message = format!("{} (the policy at `{pointer}`)", error.message);
        Self { place: Place::Position(error.line, error.column), message }
    }

    pub(super) fn at(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { place: Place::Pointer(pointer.into()), message: message.into() }
    }

    /// Returns the line and column, counted from 1, where the text itself is at fault.
    #[must_use]
    pub fn position(&self) -> Option<(usize, usize)> {
        match self.place {
            Place::Position(line, column) => Some((line, column)),
            _ => None,
        }
    }
}

impl fmt::Display for WorldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::File => {}
            Place::Position(line, column) => write!(f, "line {line}, column {column}: ")?,
            Place::Pointer(pointer) => write!(f, "at `{pointer}`: ")?,
        }
        // The message quotes a file that may be anybody's.
        f.write_str(&escape(&self.message))
    }
}

impl std::error::Error for WorldError {}
