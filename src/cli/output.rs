//! Standard output and standard error: the report alone goes to the first, everything else to the second.

use super::ci::harmless;
use super::critical::uninterrupted;
use super::exit::Failure;
use crate::escape::escape;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

/// Writes a finished answer to standard output.
///
/// A reader that closed the pipe has seen what it wanted: that is not an error, and the answer keeps its
/// exit status. Any other failure (a full disk) is.
pub(super) fn print(answer: &str) -> Result<(), Failure> {
    let answer = harmless(answer);
    let mut stdout = io::stdout().lock();
    match uninterrupted(|| stdout.write_all(answer.as_bytes()).and_then(|()| stdout.flush())) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::input(format!("standard output cannot be written: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes a failure to standard error, its hint on a line of its own; both may contain untrusted input.
pub(super) fn report_failure(failure: &Failure) {
    let mut stderr = io::stderr().lock();
    // There is no place to report that standard error is closed.
    let _ = writeln!(stderr, "error: {}", harmless(&escape(&failure.message)));
    if let Some(hint) = &failure.hint {
        // A hint that quotes anything was made one line before.
        let lines: Vec<String> = hint.lines().map(|line| harmless(&escape(line)).into_owned()).collect();
        let _ = writeln!(stderr, "hint: {}", lines.join("\n"));
    }
}

/// Writes a line for the person at the terminal to standard error.
pub(super) fn note(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", harmless(&escape(line)));
}

/// Writes text to standard error that is escaped already.
pub(super) fn write_stderr(text: &str) {
    let _ = io::stderr().lock().write_all(harmless(text).as_bytes());
}

/// Writes a finished answer to a file, whole or not at all.
///
/// It is written next to its place and then moved there. A link is followed, and an existing file keeps its mode.
pub(super) fn write_file(path: &Path, answer: &str) -> Result<(), Failure> {
    check_output(path, &[])?;
    let written = match std::fs::metadata(path) {
        Ok(_) => path.canonicalize().and_then(|path| uninterrupted(|| replace(&path, answer))),
        Err(error) if error.kind() == ErrorKind::NotFound => uninterrupted(|| replace(path, answer)),
        Err(error) => Err(error),
    };
    written.map_err(|error| unwritable(path, &error.to_string()))
}

/// Checks, before any work is done, that a file can be written: its folder exists, it is neither a device nor a pipe,
/// and it is not one of the files that are read.
pub(super) fn check_output(path: &Path, inputs: &[&Path]) -> Result<(), Failure> {
    check_folder(path)?;
    if let Ok(metadata) = std::fs::metadata(path)
        && !metadata.is_file()
    {
        return Err(unwritable(path, "it is not a regular file")
            .hint("leave the option out: the report goes to standard output, which can be redirected"));
    }
    let same = |input: &&&Path| input.canonicalize().ok().is_some_and(|input| path.canonicalize().ok() == Some(input));
    match inputs.iter().find(same) {
        Some(_) => Err(Failure::usage(format!("`{}` is read and would be written to", path.display()))
            .hint("write to another file")),
        None => Ok(()),
    }
}

/// Checks, before any work is done, that the folder of a file exists.
pub(super) fn check_folder(path: &Path) -> Result<(), Failure> {
    match folder_of(path).metadata() {
        _ if path.is_dir() => Err(unwritable(path, "it is a directory")),
        Ok(folder) if folder.is_dir() => Ok(()),
        Ok(_) => Err(unwritable(path, "the folder in its path is a file")),
        Err(error) => Err(unwritable(path, &error.to_string())),
    }
}

fn unwritable(path: &Path, why: &str) -> Failure {
    Failure::input(format!("`{}` cannot be written: {why}", path.display()))
}

/// Returns the folder of a file.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Turns the signal of a file-size limit into an error of the write, so that no temporary file is left behind.
pub(super) fn catch_file_size_limit() {
    #[cfg(unix)]
    {
        // Without the handler everything else still works.
        let caught = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let _ = signal_hook::flag::register(SIGXFSZ, caught);
    }
}

/// The signal that a write beyond the limit of `ulimit -f` sends; it has this number on Linux and on macOS.
#[cfg(unix)]
const SIGXFSZ: i32 = 25;

fn replace(path: &Path, answer: &str) -> io::Result<()> {
    catch_file_size_limit();
    let mut builder = tempfile::Builder::new();
    builder.prefix(".bedrock-access-");
    let permissions = std::fs::metadata(path).map(|metadata| metadata.permissions()).ok();
    #[cfg(unix)]
    if permissions.is_none() {
        use std::os::unix::fs::PermissionsExt as _;
        // The process's umask applies, as for every new file.
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
