//! Texts that a tool is given in place or by the name of a file. Standard input is the protocol's, and is never read.

use super::arguments::Arguments;
use super::error::ToolError;
use crate::policy::{Document, ManagedPolicy, Policy};
use serde_json::Value;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// The largest file that is read whole, in bytes.
const LARGEST: u64 = 64 << 20;

/// A text, and what it is called in the answer.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) name: String,
    pub(super) text: String,
}

/// Reads a file as UTF-8 text.
pub(super) fn file(argument: &str, path: &str) -> Result<Source, ToolError> {
    let path = existing(argument, path)?;
    let shown = path.display();
    let unreadable =
        |why: &dyn std::fmt::Display| ToolError::argument(argument, format!("`{shown}` cannot be read: {why}"));
    if !path.is_file() {
        return Err(unreadable(&"it is not a regular file"));
    }
    let mut bytes = Vec::new();
    File::open(&path)
        .and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes))
        .map_err(|error| unreadable(&error))?;
    if bytes.len() as u64 > LARGEST {
        return Err(unreadable(&format!("it is larger than {} MiB", LARGEST >> 20)));
    }
    let text = String::from_utf8(bytes).map_err(|_| unreadable(&"it is not UTF-8 text"))?;
    Ok(Source { name: shown.to_string(), text })
}

/// Returns the path of a file or folder that is there.
pub(super) fn existing(argument: &str, path: &str) -> Result<PathBuf, ToolError> {
    if path == "-" {
        return Err(ToolError::argument(argument, "standard input carries the protocol, and is no file"));
    }
    let metadata = std::fs::metadata(path)
        .map_err(|error| ToolError::argument(argument, format!("`{path}` cannot be read: {error}")))?;
    if !metadata.is_file() && !metadata.is_dir() {
        // A pipe or a device may never end.
        return Err(ToolError::argument(argument, format!("`{path}` is neither a file nor a folder")));
    }
    Ok(Path::new(path).to_owned())
}

/// Reads the text of a policy: the document as an object, its text, or the name of a file.
pub(super) fn policy_text(argument: &str, value: &Value) -> Result<Source, ToolError> {
    match value {
        Value::Object(_) => Ok(Source { name: argument.to_owned(), text: format!("{value:#}") }),
        Value::String(text) if text.trim_start().starts_with(['{', '[']) => {
            Ok(Source { name: argument.to_owned(), text: text.clone() })
        }
        Value::String(path) => file(argument, path),
        _ => Err(ToolError::argument(argument, "expected a policy document, or the path of a file with one")),
    }
}

/// Reads a policy, which may also be one that AWS manages, by its name.
pub(super) fn policy(argument: &str, value: &Value) -> Result<Policy, ToolError> {
    if let Some(managed) = value.as_str().and_then(ManagedPolicy::find) {
        return Ok(managed.policy());
    }
    let source = policy_text(argument, value)?;
    let document = Document::parse(&source.text).map_err(|error| {
        ToolError::argument(argument, format!("`{}` is not a policy: {error}", source.name))
            .hint("the tool `lint_policy` shows the place")
    })?;
    Ok(Policy::new(&source.name, document))
}

/// Reads a list of policies; one that is no list is a list of one.
pub(super) fn policies(arguments: &Arguments, name: &str) -> Result<Vec<Policy>, ToolError> {
    match arguments.value(name) {
        None => Ok(Vec::new()),
        Some(Value::Array(list)) => list.iter().map(|value| policy(name, value)).collect(),
        Some(value) => Ok(vec![policy(name, value)?]),
    }
}

/// Reads levels of an organization, root first, each a list of policies.
pub(super) fn levels(arguments: &Arguments, name: &str) -> Result<Vec<Vec<Policy>>, ToolError> {
    match arguments.value(name) {
        None => Ok(Vec::new()),
        Some(Value::Array(levels)) => levels
            .iter()
            .map(|level| match level {
                Value::Array(list) => list.iter().map(|value| policy(name, value)).collect(),
                value => Ok(vec![policy(name, value)?]),
            })
            .collect(),
        Some(value) => Ok(vec![vec![policy(name, value)?]]),
    }
}
