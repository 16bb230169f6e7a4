//! Reading what the `policy` commands take: policies by their file or their name.

pub(super) use crate::cli::input::text;

use crate::cli::exit::Failure;
use crate::policy::{Document, ManagedPolicy, Policy};
use std::path::Path;

/// Reads a policy, whose name is its path; the name of an AWS managed policy stands for its text.
pub(super) fn policy(path: &str) -> Result<Policy, Failure> {
    if let Some(managed) = ManagedPolicy::find(path)
        && !Path::new(path).exists()
    {
        return Ok(managed.policy());
    }
    let document = Document::parse(&text(path)?).map_err(|error| {
        Failure::input(format!("`{path}` is not a policy: {error}"))
            .hint(format!("`bedrock-access policy lint {path}` says more"))
    })?;
    Ok(Policy::new(path, document))
}

/// Returns a path that is relative to the file which names it.
pub(super) fn beside(file: &str, path: &str) -> String {
    match Path::new(file).parent() {
        Some(folder) if file != "-" => folder.join(path).to_string_lossy().into_owned(),
        _ => path.to_owned(),
    }
}
