//! The formats of a report, for tests that walk over all of them.

/// What `--format` takes.
pub const FORMATS: [&str; 5] = ["text", "json", "markdown", "html", "junit"];
