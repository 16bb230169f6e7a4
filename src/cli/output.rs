//! Standard output and standard error: the report alone goes to the first, everything else to the second.

use super::exit::Failure;
use super::interrupt::whole;
use crate::escape::escape;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

/// Writes a finished answer to standard output.
///
/// A reader that closed the pipe has seen what it wanted: that is not an error, and the answer keeps its
/// exit status. Any other failure (a full disk) is.
pub(super) fn print(answer: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match whole(|| stdout.write_all(answer.as_bytes()).and_then(|()| stdout.flush())) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::input(format!("standard output cannot be written: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes a failure to standard error, its hint on a line of its own; both may quote what is anybody's.
pub(super) fn report_failure(failure: &Failure) {
    let mut stderr = io::stderr().lock();
    // Nowhere is left to say that standard error is gone.
    let _ = writeln!(stderr, "error: {}", escape(&failure.message));
    if let Some(hint) = &failure.hint {
        let _ = writeln!(stderr, "hint: {}", escape(hint));
    }
}

/// Writes a line for the person at the terminal to standard error.
pub(super) fn note(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", escape(line));
}

/// Writes text to standard error as it is.
pub(super) fn aside(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Writes a finished answer to a file, whole or not at all.
///
/// It is written beside its place and then moved there. A link is followed, and what is there keeps its mode; what is
/// no regular file, such as a pipe, is written to.
pub(super) fn write_file(path: &Path, answer: &str) -> Result<(), Failure> {
    let written = match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => path.canonicalize().and_then(|path| whole(|| replace(&path, answer))),
        Ok(_) => std::fs::write(path, answer),
        Err(error) if error.kind() == ErrorKind::NotFound => whole(|| replace(path, answer)),
        Err(error) => Err(error),
    };
    written.map_err(|error| Failure::input(format!("`{}` cannot be written: {error}", path.display())))
}

/// Says before the work is done that its answer could not be written where it is wanted.
pub(super) fn check_folder(path: &Path) -> Result<(), Failure> {
    let unwritable = |why: String| Failure::input(format!("`{}` cannot be written: {why}", path.display()));
    match folder_of(path).metadata() {
        _ if path.is_dir() => Err(unwritable("it is a directory".to_owned())),
        Ok(folder) if folder.is_dir() => Ok(()),
        Ok(_) => Err(unwritable("what should be its folder is none".to_owned())),
        Err(error) => Err(unwritable(error.to_string())),
    }
}

/// Returns the folder that a file stands in or would stand in.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn replace(path: &Path, answer: &str) -> io::Result<()> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".bedrock-access-");
    let permissions = std::fs::metadata(path).map(|metadata| metadata.permissions()).ok();
    #[cfg(unix)]
    if permissions.is_none() {
        use std::os::unix::fs::PermissionsExt as _;
        // The process's mask takes away from it, as from every file that is made.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder_of(path))?;
    file.write_all(answer.as_bytes())?;
    if let Some(permissions) = permissions {
        file.as_file().set_permissions(permissions)?;
    }
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
