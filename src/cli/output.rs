//! Standard output and standard error: the report alone goes to the first, everything else to the second.

use super::exit::Failure;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

/// Writes a finished answer to standard output.
///
/// A reader that closed the pipe has seen what it wanted: that is not an error, and the answer keeps its
/// exit status. Any other failure (a full disk) is.
pub(super) fn print(answer: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(answer.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::input(format!("standard output cannot be written: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes a failure to standard error, its hint on a line of its own.
pub(super) fn report_failure(failure: &Failure) {
    let mut stderr = io::stderr().lock();
    // Nowhere is left to say that standard error is gone.
    let _ = writeln!(stderr, "error: {}", failure.message);
    if let Some(hint) = &failure.hint {
        let _ = writeln!(stderr, "hint: {hint}");
    }
}

/// Writes a line for the person at the terminal to standard error.
pub(super) fn note(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Writes text to standard error as it is.
pub(super) fn aside(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Writes a finished answer to a file.
pub(super) fn write_file(path: &Path, answer: &str) -> Result<(), Failure> {
    std::fs::write(path, answer)
        .map_err(|error| Failure::input(format!("`{}` cannot be written: {error}", path.display())))
}
