//! Packs the texts that the program carries, says which tools the tests may count on, records what the program was built
//! from, and packs its relocations where that is asked for.
//!
//! The test harness can ignore a test only when it is built. Tests that need Python or a browser are built to run where
//! `CI` is set or a variable names the tool, and are reported as ignored elsewhere.
//!
//! Most of what the loader does at the start is to relocate the tables of the AWS SDK; packed they take a hundredth of
//! the space and less time. A C library older than glibc 2.36 does not load such a program, and Amazon Linux 2023, RHEL 9
//! and Ubuntu 22.04 have an older one: whoever builds for newer systems alone sets `BEDROCK_ACCESS_PACKED_RELOCATIONS`.

use flate2::{Compression, write::ZlibEncoder};
use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::Command;

/// The condition under which a test runs that needs a tool, and the variable that names the tool.
const TOOLS: [(&str, &str); 2] =
    [("test_python", "BEDROCK_ACCESS_TEST_PYTHON"), ("test_browser", "BEDROCK_ACCESS_TEST_BROWSER")];

const PACKED: &str = "BEDROCK_ACCESS_PACKED_RELOCATIONS";

const COMMIT: &str = "BEDROCK_ACCESS_COMMIT";

/// The features that `--version` names where they are on.
const FEATURES: [&str; 5] = ["cli", "clients", "iac", "report", "sandbox"];

/// The folders of texts that `src/packed.rs` unpacks.
const FOLDERS: [&str; 3] = ["docs/schema", "src/policy/managed", "src/sandbox/worlds"];

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    for folder in FOLDERS {
        pack(Path::new(folder))?;
    }
    println!("cargo:rerun-if-env-changed=CI");
    for (condition, variable) in TOOLS {
        println!("cargo:rustc-check-cfg=cfg({condition})");
        println!("cargo:rerun-if-env-changed={variable}");
        if env::var_os("CI").is_some() || env::var_os(variable).is_some() {
            println!("cargo:rustc-cfg={condition}");
        }
    }
    record_build();
    println!("cargo:rerun-if-env-changed={PACKED}");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|known| known == value);
    let is_glibc = is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu");
    if is_glibc && env::var_os(PACKED).is_some_and(|value| !value.is_empty()) {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
    Ok(())
}

/// Writes the JSON files of a folder as one compressed stream into `OUT_DIR`: name and text in turns, each closed by a NUL.
fn pack(folder: &Path) -> io::Result<()> {
    println!("cargo:rerun-if-changed={}", folder.display());
    let mut files = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    // The order of a folder's entries is the file system's, and the bytes are to be the same everywhere.
    files.sort();
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    for file in &files {
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        write!(encoder, "{name}\0{}\0", fs::read_to_string(file)?)?;
    }
    let folder = folder.file_name().unwrap_or_default();
    let output = Path::new(&env::var_os("OUT_DIR").unwrap_or_default()).join(folder).with_extension("z");
    fs::write(output, encoder.finish()?)
}

/// Tells the program what `--version` prints: commit, target and features.
fn record_build() {
    println!("cargo:rerun-if-env-changed={COMMIT}");
    let commit = commit().unwrap_or_else(|| "not recorded".to_owned());
    println!("cargo:rustc-env={COMMIT}={commit}");
    println!("cargo:rustc-env=BEDROCK_ACCESS_TARGET={}", env::var("TARGET").unwrap_or_default());
    let is_on = |feature: &&str| env::var_os(format!("CARGO_FEATURE_{}", feature.to_uppercase())).is_some();
    let features: Vec<&str> = FEATURES.into_iter().filter(is_on).collect();
    println!("cargo:rustc-env=BEDROCK_ACCESS_FEATURES={}", features.join(", "));
}

/// Returns the commit: as it is given, as the crates registry's package has it, or as the repository says where this is a
/// build for release. Other builds do not ask, so that a commit rebuilds nothing.
fn commit() -> Option<String> {
    let given = env::var(COMMIT).ok().filter(|commit| !commit.is_empty());
    given.or_else(packaged_commit).or_else(|| {
        if env::var("PROFILE").is_ok_and(|profile| profile != "release") {
            return None;
        }
        println!("cargo:rerun-if-changed=.git/HEAD");
        let output = Command::new("git").args(["rev-parse", "--short=12", "HEAD"]).output().ok()?;
        let commit = String::from_utf8(output.stdout).ok()?.trim().to_owned();
        (output.status.success() && !commit.is_empty()).then_some(commit)
    })
}

/// Reads `.cargo_vcs_info.json`, which `cargo package` writes: `{"git": {"sha1": "…"}, …}`.
fn packaged_commit() -> Option<String> {
    let info = fs::read_to_string(".cargo_vcs_info.json").ok()?;
    let (_, behind) = info.split_once("\"sha1\"")?;
    let commit = behind.split('"').nth(1)?;
    commit.get(..12).map(str::to_owned)
}
