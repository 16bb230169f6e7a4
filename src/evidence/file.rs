//! Evidence as a file: what one machine observed, for another to diagnose.
//!
//! Takes and gives JSON text, and opens no file itself. A file that an earlier version saved is still read: what it
//! does not hold counts as skipped. What cannot be read is refused with its place, never filled in.

use super::{Evidence, SCHEMA, Survey};
use crate::escape::escape_json;
use serde::Deserialize;
use std::fmt;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// What a schema's name consists of before its number.
const SCHEMA_NAME: &str = "bedrock-access/evidence/";

/// Where a file is damaged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line, counted from 1; 0 if only the path is known.
    pub line: usize,
    /// The column, counted from 1 in bytes.
    pub column: usize,
    /// The way through the JSON, such as `caller.seen.principal.arn`; empty at its root.
    pub path: String,
}

/// Why a text is not evidence that this version can read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DamagedEvidence {
    /// It is JSON of another kind; what its `schema` says, if anything.
    OtherKind(Option<String>),
    /// A later version saved it, with this schema number.
    Newer(u64),
    /// It is no JSON, or a part of it is not what it should be.
    Malformed {
        /// Where.
        place: Place,
        /// What is wrong there.
        why: String,
    },
}

impl fmt::Display for DamagedEvidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherKind(None) => f.write_str("it names no `schema`, which evidence does"),
            Self::OtherKind(Some(schema)) => {
                write!(f, "its schema is `{}`, and that of evidence is `{SCHEMA}`", schema.escape_debug())
            }
            Self::Newer(number) => write!(f, "its schema has the number {number}, and this version reads 1"),
            Self::Malformed { place: Place { line, column, path }, why } => {
                let at = if path.is_empty() { String::new() } else { format!(" at `{}`", path.escape_debug()) };
                if *line > 0 {
                    write!(f, "line {line}, column {column}")?;
                }
                write!(f, "{at}: ")?;
                // What the file holds may be quoted there.
                why.chars().try_for_each(|c| {
                    if c.is_control() { write!(f, "{}", c.escape_default()) } else { write!(f, "{c}") }
                })
            }
        }
    }
}

impl std::error::Error for DamagedEvidence {}

impl DamagedEvidence {
    /// Says what to do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::OtherKind(_) => "`bedrock-access doctor … --save-evidence FILE` writes evidence",
            Self::Newer(_) => "read it with the version that wrote it, or a later one",
            Self::Malformed { .. } => {
                "it was cut short or edited on its way: have it saved again with `--save-evidence`, and sent as a file"
            }
        }
    }
}

impl Evidence {
    /// Writes the evidence as one JSON document, indented and ended with a line feed.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Strings, numbers, lists and maps with string keys alone: serialization has no case to fail in.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        escape_json(text)
    }

    /// Reads evidence that this version or an earlier one wrote.
    ///
    /// # Errors
    ///
    /// When the text is not JSON, is not evidence, was written by a later version, or lacks what no evidence is
    /// without; each with its place where there is one.
    pub fn from_json(text: &str) -> Result<Self, DamagedEvidence> {
        // Some editors and shells put a byte order mark in front.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let head: Head = read(text)?;
        let number = head.schema.as_deref().and_then(|schema| schema.strip_prefix(SCHEMA_NAME)?.parse::<u64>().ok());
        match number {
            Some(1) => read::<Self>(text).and_then(Self::checked),
            Some(later @ 2..) => Err(DamagedEvidence::Newer(later)),
            _ => Err(DamagedEvidence::OtherKind(head.schema)),
        }
    }
}

impl Evidence {
    /// Rejects evidence with a value that cannot be what it claims: reports show it, and commands to paste contain it.
    fn checked(self) -> Result<Self, DamagedEvidence> {
        let malformed = |path: &str, why: &str| {
            let place = Place { line: 0, column: 0, path: path.to_owned() };
            Err(DamagedEvidence::Malformed { place, why: why.to_owned() })
        };
        if OffsetDateTime::parse(&self.observed_at, &Rfc3339).is_err() {
            return malformed("observed_at", "expected a time such as `2026-11-22T12:00:00Z`");
        }
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if self.caller.seen().is_some_and(|caller| !caller.account.chars().all(is_word)) {
            return malformed("caller.account", "expected an account id");
        }
        let is_id = |id: &str| id.chars().all(|c| c.is_ascii_alphanumeric() || "._:/-".contains(c));
        let listed = self.listing.seen();
        let mut ids = listed.into_iter().flat_map(|listing| listing.ids.iter().chain(&listing.callable));
        if !ids.all(|id| is_id(id)) {
            return malformed("listing", "expected model ids");
        }
        let profiles = self.profiles.seen().into_iter().flatten().chain(self.profile.seen());
        if profiles.into_iter().any(|profile| !is_id(&profile.id)) {
            return malformed("profiles", "expected profile ids");
        }
        Ok(self)
    }
}

impl Survey {
    /// Reads a survey from what serialization makes of it. There is no file of it, so that it names no schema.
    ///
    /// # Errors
    ///
    /// When a part of it is not what it should be, with its place.
    pub(crate) fn from_json(text: &str) -> Result<Self, DamagedEvidence> {
        read(text)
    }
}

/// What stands in every version of the schema.
#[derive(Deserialize)]
struct Head {
    schema: Option<String>,
}

fn read<'t, T: Deserialize<'t>>(text: &'t str) -> Result<T, DamagedEvidence> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let malformed = |error: &serde_json::Error, path: String| {
        let said = error.to_string();
        // The library repeats the place behind what it says.
        let why = said.rsplit_once(" at line ").map_or(said.as_str(), |(why, _)| why).to_owned();
        let path = if path == "." { String::new() } else { path };
        DamagedEvidence::Malformed { place: Place { line: error.line(), column: error.column(), path }, why }
    };
    let value = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| malformed(error.inner(), error.path().to_string()))?;
    reader.end().map_err(|error| malformed(&error, String::new()))?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::super::Observation;
    use super::*;

    const LEAST: &str = r#"{
  "schema": "bedrock-access/evidence/1",
  "observed_at": "2026-11-22T12:00:00Z",
  "request": {"model": "amazon.nova-lite-v1:0", "operation": "invoke-model", "region": "us-west-2"}
}"#;

    #[test]
    fn what_an_earlier_version_did_not_save_is_skipped() {
        let evidence = Evidence::from_json(LEAST).unwrap();
        assert!(matches!(evidence.caller, Observation::Skipped(_)));
        assert_eq!(Evidence::from_json(&evidence.to_json()).unwrap(), evidence);
        assert_eq!(Evidence::from_json(&format!("\u{feff}{LEAST}")).unwrap(), evidence);
    }

    #[test]
    fn damage_is_named_with_its_place() {
        for (damage, said) in [
            (
                LEAST.replace("us-west-2", "us west 2"),
                "line 4, column 99 at `request.region`: `us west 2` is not a Region's name",
            ),
            (LEAST.replace("invoke-model", "chat"), "at `request.operation`: unknown variant `chat`"),
            (LEAST.replace("\"observed_at\"", "\"seen_at\""), "missing field `observed_at`"),
            (LEAST.replace("evidence/1", "evidence/2"), "its schema has the number 2, and this version reads 1"),
            (LEAST.replace("evidence/1", "diagnosis/1"), "its schema is `bedrock-access/diagnosis/1`"),
            (LEAST.replace("evidence/1", "evidence/0"), "its schema is `bedrock-access/evidence/0`"),
            (LEAST.replace("\"schema\"", "\"format\""), "it names no `schema`"),
            (LEAST.chars().take(120).collect(), "EOF while parsing"),
            (format!("{LEAST} x"), "line 5, column 3: trailing characters"),
            (String::new(), "line 1, column 0: EOF while parsing"),
            ("[".repeat(10_000), "invalid type: sequence"),
        ] {
            let error = Evidence::from_json(&damage).unwrap_err();
            assert!(error.to_string().contains(said), "{said}: {error}");
            assert!(!error.remedy().is_empty());
        }
    }
}
