//! Reading what the `policy` commands take: policies by their file or their name.

pub(super) use crate::cli::input::text;

use crate::cli::exit::Failure;
use crate::cli::input::quoted;
use crate::iam::suggest::closest;
use crate::policy::{Document, ManagedPolicy, Policy};
use std::path::Path;

/// Reads a policy, whose name is its path, or the AWS managed policy of that name.
pub(super) fn policy(path: &str) -> Result<Policy, Failure> {
    if let Some(managed) = ManagedPolicy::find(path)
        && !Path::new(path).exists()
    {
        return Ok(managed.policy());
    }
    if path != "-" && !Path::new(path).exists() {
        let names = ManagedPolicy::names();
        if let Some(near) = closest(path, names) {
            return Err(Failure::input(format!("there is neither a file nor an AWS managed policy `{path}`"))
                .hint(format!("did you mean the managed policy `{near}`?")));
        }
    }
    let document = Document::parse(&text(path)?).map_err(|error| {
        Failure::input(format!("`{path}` is not a policy: {error}"))
            .hint(format!("`bedrock-access policy lint {}` shows the place", quoted(path)))
    })?;
    Ok(Policy::new(path, document))
}

/// Returns a path relative to the file that names it.
pub(super) fn relative_to(file: &str, path: &str) -> String {
    match Path::new(file).parent() {
        Some(folder) if file != "-" => folder.join(path).to_string_lossy().into_owned(),
        _ => path.to_owned(),
    }
}
