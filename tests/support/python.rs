//! The Python interpreter that runs foreign clients and independent servers.
//!
//! It is `python3`, or what `BEDROCK_ACCESS_TEST_PYTHON` names. The tests that need it are ignored unless the build finds
//! that variable or `CI` (see `build.rs`); once run, they fail where the interpreter lacks a package.

use std::process::{Command, Stdio};

/// Returns an interpreter that can import packages.
pub fn interpreter(packages: &[&str]) -> String {
    let python = std::env::var("BEDROCK_ACCESS_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    for package in packages {
        let import = Command::new(&python).args(["-c", &format!("import {package}")]).stderr(Stdio::null()).status();
        assert!(
            import.is_ok_and(|status| status.success()),
            "`{python}` cannot import `{package}`: install tests/foreign/requirements.txt, and set BEDROCK_ACCESS_TEST_PYTHON"
        );
    }
    python
}
