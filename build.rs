//! Says which tools the tests may count on, and packs the program's relocations where the machine that builds can also load them packed.
//!
//! Most of what the loader does at the start is to relocate the tables of the AWS SDK; packed they take a hundredth of
//! the space and less time. The C library reads them from glibc 2.36 on, and an older one does not load such a program:
//! who builds for an older system sets `BEDROCK_ACCESS_PLAIN_RELOCATIONS`. Other systems are left as they are.
//!
//! The test harness can ignore a test only when it is built. Tests that need Python or a browser are built to run where
//! `CI` is set or a variable names the tool, and are reported as ignored elsewhere.

use std::env;
use std::process::Command;

const PLAIN: &str = "BEDROCK_ACCESS_PLAIN_RELOCATIONS";

/// The condition under which a test runs that needs a tool, and the variable that names the tool.
const TOOLS: [(&str, &str); 2] =
    [("test_python", "BEDROCK_ACCESS_TEST_PYTHON"), ("test_browser", "BEDROCK_ACCESS_TEST_BROWSER")];

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
    println!("cargo:rerun-if-env-changed={PLAIN}");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|known| known == value);
    let is_glibc = is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu");
    let is_native = env::var("HOST").is_ok_and(|host| is("TARGET", &host));
    if is_glibc && is_native && env::var_os(PLAIN).is_none() && glibc().is_some_and(|version| version >= (2, 36)) {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// The version of this machine's C library.
fn glibc() -> Option<(u32, u32)> {
    let output = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (major, minor) = text.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
