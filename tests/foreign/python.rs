//! The Python interpreter that runs foreign clients and independent servers.
//!
//! It is `python3`, or what `BEDROCK_ACCESS_TEST_PYTHON` names. Where it lacks a package a test says that it is
//! skipped; where `CI` is set it fails instead.

use std::process::{Command, Stdio};

/// Returns the interpreter.
pub fn interpreter() -> String {
    std::env::var("BEDROCK_ACCESS_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

/// Tells whether the interpreter can import a package; if not, says so, and fails in CI.
pub fn has(package: &str) -> bool {
    let python = interpreter();
    let import = Command::new(&python).args(["-c", &format!("import {package}")]).stderr(Stdio::null()).status();
    let found = import.is_ok_and(|status| status.success());
    if !found {
        assert!(std::env::var_os("CI").is_none(), "`{python}` cannot import `{package}`");
        eprintln!("skipped: `{python}` cannot import `{package}`; set BEDROCK_ACCESS_TEST_PYTHON to one that can");
    }
    found
}
