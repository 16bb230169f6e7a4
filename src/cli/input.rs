//! Files and standard input, read whole as text and no further than a bound.

use super::exit::Failure;
use std::fs::File;
use std::io::{self, Read};

/// The largest file that is read whole, in bytes; a policy has at most some 130 kB.
const LARGEST: u64 = 64 << 20;

/// Reads a file, or standard input for `-`, as UTF-8 text.
pub(in crate::cli) fn text(path: &str) -> Result<String, Failure> {
    let failed = |error: io::Error| Failure::input(format!("`{path}` cannot be read: {error}"));
    let mut bytes = Vec::new();
    let source: &mut dyn Read =
        if path == "-" { &mut io::stdin().lock() } else { &mut File::open(path).map_err(failed)? };
    source.take(LARGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > LARGEST) {
        return Err(Failure::input(format!("`{path}` is larger than {} MiB", LARGEST >> 20))
            .hint("policies and cases are small text files; is this the right one?"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Failure::input(format!("`{path}` is not UTF-8 text (byte {at})")).hint("a policy is JSON in UTF-8")
    })
}
