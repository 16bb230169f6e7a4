//! The folder that `--save-fix` makes: the files that a fix's lines read, and a request to send.
//!
//! Writes nothing where there is nothing to fix, and over no file unless it is told to.

use crate::cli::exit::Failure;
use crate::cli::output;
use crate::diagnose::Diagnosis;
use crate::report;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// Checks, before any call is made, that the folder can be one.
pub(super) fn check(folder: &Path) -> Result<(), Failure> {
    match folder.metadata() {
        Ok(metadata) if !metadata.is_dir() => Err(unwritable(folder, "it is not a folder")),
        _ => Ok(()),
    }
}

/// Writes the files of the fixes.
pub(super) fn write(folder: &Path, diagnosis: &Diagnosis, force: bool) -> Result<(), Failure> {
    let files = report::fix_folder(diagnosis);
    if files.is_empty() {
        output::note("note: there is no fix to save");
        return Ok(());
    }
    // All or nothing, as far as what stands there already goes.
    for (name, _) in files.iter().filter(|_| !force) {
        let path = folder.join(name);
        if path.symlink_metadata().is_ok() {
            return Err(Failure::input(format!("{} exists already", shown(&path)))
                .hint("`--force` replaces it, or choose another folder"));
        }
    }
    for (name, text) in &files {
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|error| unwritable(parent, said(&error)))?;
        }
        output::write_file(&path, text)?;
        output::note(&format!("note: {} is written", shown(&path)));
    }
    Ok(())
}

fn said(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::PermissionDenied => "it may not be made".to_owned(),
        _ => error.to_string(),
    }
}

fn unwritable(path: &Path, error: impl std::fmt::Display) -> Failure {
    Failure::input(format!("{} cannot be written: {error}", shown(path)))
}

fn shown(path: &Path) -> String {
    format!("`{}`", path.display().to_string().escape_debug())
}
