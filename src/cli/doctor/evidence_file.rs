//! Evidence files: readable by their owner only, never written over another file, and read with the place of any damage.

use crate::cli::critical::uninterrupted;
use crate::cli::exit::Failure;
use crate::cli::output::{catch_file_size_limit, check_folder, folder_of};
use crate::evidence::Evidence;
use crate::report;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;

/// The largest file that is read, in bytes; evidence of one call has some hundred kilobytes at most.
const MAX_EVIDENCE: u64 = 64 << 20;

/// Checks, before any call is made, that the evidence can be saved.
pub(super) fn check(path: &Path, force: bool) -> Result<(), Failure> {
    match path.symlink_metadata() {
        Ok(metadata) if metadata.is_dir() => Err(unwritable(path, "it is a directory")),
        Ok(metadata) if !metadata.is_file() && !metadata.is_symlink() => {
            Err(unwritable(path, "it is not a regular file"))
        }
        Ok(_) if !force => Err(exists(path)),
        _ => check_folder(path),
    }
}

/// Saves evidence whole or not at all.
///
/// It is written next to its place and then moved there, so that a reader never sees half of it.
pub(super) fn write(path: &Path, evidence: &Evidence, force: bool) -> Result<(), Failure> {
    let text = evidence.to_json();
    uninterrupted(|| place(path, &text, force))
}

/// Writes what aliases stand for; never over another file, unless that is forced.
pub(super) fn write_aliases(path: &Path, aliases: &BTreeMap<String, String>, force: bool) -> Result<(), Failure> {
    let document = serde_json::json!({
        "schema": "bedrock-access/aliases/1",
        "tool": report::TOOL,
        "aliases": aliases,
    });
    uninterrupted(|| place(path, &format!("{document:#}\n"), force))
}

fn place(path: &Path, text: &str, force: bool) -> Result<(), Failure> {
    catch_file_size_limit();
    // Only the owner can read such a file, from the beginning.
    let mut file = tempfile::Builder::new()
        .prefix(".bedrock-access-")
        .tempfile_in(folder_of(path))
        .map_err(|error| unwritable(path, error))?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.as_file().sync_all())
        .map_err(|error| unwritable(path, error))?;
    let moved = if force { file.persist(path) } else { file.persist_noclobber(path) };
    match moved {
        Ok(_) => Ok(()),
        Err(failed) if failed.error.kind() == ErrorKind::AlreadyExists => Err(exists(path)),
        Err(failed) => Err(unwritable(path, failed.error)),
    }
}

/// Reads a file of evidence, or standard input.
pub(super) fn read(path: &Path) -> Result<Evidence, Failure> {
    let shown = if path == Path::new("-") { "standard input".to_owned() } else { shown(path) };
    let unreadable = |error: &dyn std::fmt::Display| Failure::input(format!("{shown} cannot be read: {error}"));
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        io::stdin().lock().take(MAX_EVIDENCE + 1).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    } else {
        let file = File::open(path).map_err(|error| unreadable(&error))?;
        if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
            return Err(unreadable(&"it is a directory"));
        }
        file.take(MAX_EVIDENCE + 1).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    }
    if bytes.len() as u64 > MAX_EVIDENCE {
        return Err(unreadable(&format!("an evidence file has at most {MAX_EVIDENCE} bytes")));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Failure::input(format!("{shown} is not an evidence file: it is not UTF-8 text (byte {at})"))
            .hint("a shell's redirection or an editor may have changed it: send and store the file as it was written")
    })?;
    Evidence::from_json(&text)
        .map_err(|error| Failure::input(format!("{shown} is not an evidence file: {error}")).hint(error.remedy()))
}

fn exists(path: &Path) -> Failure {
    Failure::input(format!("{} exists already", shown(path))).hint("`--force` replaces it, or choose another name")
}

fn unwritable(path: &Path, error: impl std::fmt::Display) -> Failure {
    Failure::input(format!("{} cannot be written: {error}", shown(path)))
}

fn shown(path: &Path) -> String {
    format!("`{}`", path.display().to_string().escape_debug())
}
