//! The files of the repository, for the tests of both binaries.

use std::fs;
use std::path::{Path, PathBuf};

/// Returns the repository's folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the path of a file of the repository.
pub fn path(name: &str) -> PathBuf {
    root().join(name)
}

/// Reads a file of the repository.
pub fn read(name: &str) -> String {
    let path = path(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns `true` if the tests are to write the generated files instead of comparing them: `BLESS=1` is set.
pub fn is_blessing() -> bool {
    std::env::var_os("BLESS").is_some()
}
