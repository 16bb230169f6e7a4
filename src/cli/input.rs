//! Files and standard input, read whole as text and no further than a limit.

use super::exit::Failure;
use super::har;
use super::output;
use crate::escape::is_unsafe;
use crate::trail::{self, reason};
use std::fs::File;
use std::io::{self, IsTerminal as _, Read};
use std::path::Path;

/// The largest file that is read whole, in bytes; a policy has at most some 130 kB.
const LARGEST: u64 = 64 << 20;

/// The longest text that is read as one error, in bytes; what is longer is a log.
pub(in crate::cli) const LONGEST_ERROR: usize = 1 << 20;

/// Reads a file, or standard input for `-`, as UTF-8 text.
pub(in crate::cli) fn text(path: &str) -> Result<String, Failure> {
    let bytes = bytes(path)?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Failure::input(format!("`{path}` is not UTF-8 text (byte {at})")).hint("a policy is JSON in UTF-8")
    })
}

/// A text that is read as far as it is needed.
pub(in crate::cli) type Bytes = Box<dyn Read + Send>;

/// Reads a log or an error message, decompressed and in UTF-8; of what is longer than one error can be, also what follows.
pub(in crate::cli) fn log(path: &str) -> Result<(Vec<u8>, Option<Bytes>), Failure> {
    let mut source: Bytes = if path == "-" {
        if io::stdin().is_terminal() {
            output::note("paste the text, then press Ctrl-D on a line of its own");
        }
        readable(path, io::stdin())?
    } else {
        readable(path, File::open(path).map_err(|error| unreadable(path, &reason(&error)))?)?
    };
    let mut text = Vec::new();
    let longest = LONGEST_ERROR as u64 + 1;
    source.by_ref().take(longest).read_to_end(&mut text).map_err(|error| unreadable(path, &reason(&error)))?;
    let is_longer = text.len() > LONGEST_ERROR;
    Ok((text, is_longer.then_some(source)))
}

/// Returns the bytes of a source of this name, decompressed and else as they are.
pub(in crate::cli) fn unpacked<'r>(
    name: &str,
    source: impl Read + Send + 'r,
) -> Result<Box<dyn Read + Send + 'r>, Failure> {
    let source = trail::unpacked(source).map_err(|error| unreadable(name, &error))?;
    har::decoded(source).map_err(|error| unreadable(name, &reason(&error)))
}

/// Returns the text of a source of this name, decompressed and in UTF-8.
fn readable<'r>(name: &str, source: impl Read + Send + 'r) -> Result<Box<dyn Read + Send + 'r>, Failure> {
    let source = trail::text(source).map_err(|error| unreadable(name, &error))?;
    har::decoded(source).map_err(|error| unreadable(name, &reason(&error)))
}

fn unreadable(name: &str, why: &str) -> Failure {
    let name = if name == "-" { "standard input".to_owned() } else { format!("`{name}`") };
    Failure::input(format!("{name} cannot be read: {why}"))
}

/// Unpacks gzip up to a limit.
pub(in crate::cli) fn unzipped(bytes: &[u8], limit: u64) -> io::Result<Vec<u8>> {
    let mut unpacked = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes).take(limit + 1).read_to_end(&mut unpacked)?;
    if u64::try_from(unpacked.len()).is_ok_and(|length| length > limit) {
        return Err(io::Error::other(format!("it holds more than {} MiB", limit >> 20)));
    }
    Ok(unpacked)
}

fn bytes(path: &str) -> Result<Vec<u8>, Failure> {
    let failed = |error: io::Error| Failure::input(format!("`{path}` cannot be read: {}", reason(&error)));
    let mut bytes = Vec::new();
    let source: &mut dyn Read = if path == "-" {
        if io::stdin().is_terminal() {
            output::note("paste the text, then press Ctrl-D on a line of its own");
        }
        &mut io::stdin().lock()
    } else {
        &mut File::open(path).map_err(failed)?
    };
    source.take(LARGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > LARGEST) {
        return Err(Failure::input(format!("`{path}` is larger than {} MiB", LARGEST >> 20))
            .hint("is this the right file? of a log, cut out the lines around the error"));
    }
    Ok(bytes)
}

/// Returns an argument as a text if it is one: it holds white space, and no file has this name.
pub(in crate::cli) fn free_text(argument: &Path) -> Option<Vec<u8>> {
    let text = argument.to_str()?;
    (text.contains(char::is_whitespace) && !argument.exists()).then(|| text.as_bytes().to_vec())
}

/// Returns a path as a POSIX shell takes it, or `FILE` where a line to paste cannot show it as it is.
pub(in crate::cli) fn quoted(path: &str) -> String {
    match shlex::try_quote(path) {
        Ok(word) if !path.contains(is_unsafe) => word.into_owned(),
        _ => "FILE".to_owned(),
    }
}
