//! Says which tools the tests may count on, and packs the program's relocations where that is asked for.
//!
//! The test harness can ignore a test only when it is built. Tests that need Python or a browser are built to run where
//! `CI` is set or a variable names the tool, and are reported as ignored elsewhere.
//!
//! Most of what the loader does at the start is to relocate the tables of the AWS SDK; packed they take a hundredth of
//! the space and less time. A C library older than glibc 2.36 does not load such a program, and Amazon Linux 2023, RHEL 9
//! and Ubuntu 22.04 have an older one: whoever builds for newer systems alone sets `BEDROCK_ACCESS_PACKED_RELOCATIONS`.

use std::env;

/// The condition under which a test runs that needs a tool, and the variable that names the tool.
const TOOLS: [(&str, &str); 2] =
    [("test_python", "BEDROCK_ACCESS_TEST_PYTHON"), ("test_browser", "BEDROCK_ACCESS_TEST_BROWSER")];

const PACKED: &str = "BEDROCK_ACCESS_PACKED_RELOCATIONS";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=CI");
    for (condition, variable) in TOOLS {
        println!("cargo:rustc-check-cfg=cfg({condition})");
        println!("cargo:rerun-if-env-changed={variable}");
        if env::var_os("CI").is_some() || env::var_os(variable).is_some() {
            println!("cargo:rustc-cfg={condition}");
        }
    }
    println!("cargo:rerun-if-env-changed={PACKED}");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|known| known == value);
    let is_glibc = is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu");
    if is_glibc && env::var_os(PACKED).is_some_and(|value| !value.is_empty()) {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}
