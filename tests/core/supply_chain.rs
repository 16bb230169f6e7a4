//! What is published, and why some dependencies are there twice. Their licences and sources `cargo deny` holds (`deny.toml`).

use crate::support::files::root;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Crates that are there in two versions, with who wants the older one.
const TWICE: &[(&str, &str)] = &[
    ("block-buffer", "with digest"),
    ("const-oid", "with digest"),
    ("cpufeatures", "with sha2, and chacha20 of proptest"),
    ("crypto-common", "with digest"),
    ("digest", "p256 of aws-config signs logins with the older one, aws-sigv4 has moved on"),
    ("getrandom", "each generation of rand, ring and tempfile have their own"),
    ("hmac", "with digest"),
    ("rand", "aws-config has the older one, proptest the newer"),
    ("rand_core", "with rand"),
    ("sha2", "with digest"),
    ("shlex", "cc, which builds the cryptography, has the newer one"),
    ("syn", "the SDK's macros have the older one; neither is in the program"),
];

fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--offline", "--locked", "--format-version", "1", "--filter-platform"])
        .arg("x86_64-unknown-linux-gnu")
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

#[test]
fn the_package_is_the_program_and_no_test() {
    let output = Command::new(env!("CARGO"))
        .args(["package", "--list", "--allow-dirty", "--offline", "--locked"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let list = String::from_utf8(output.stdout).unwrap();
    let files: BTreeSet<&str> = list.lines().collect();
    for wanted in ["Cargo.toml", "README.md", "CHANGELOG.md", "LICENSE-MIT", "build.rs", "src/lib.rs", "src/main.rs"] {
        assert!(files.contains(wanted), "{wanted} is missing");
    }
    for worlds in ["src/sandbox/worlds/healthy.json", "examples/explain.rs"] {
        assert!(files.contains(worlds), "{worlds} is missing");
    }
    let unwanted: Vec<_> = files.iter().filter(|file| file.starts_with("tests/") || file.starts_with(".ci")).collect();
    assert!(unwanted.is_empty(), "{unwanted:?}");
}

#[test]
fn what_is_there_twice_is_explained() {
    let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in packages() {
        let name = package["name"].as_str().unwrap().to_owned();
        versions.entry(name).or_default().insert(package["version"].as_str().unwrap().to_owned());
    }
    let twice: BTreeSet<&str> =
        versions.iter().filter(|(_, versions)| versions.len() > 1).map(|(name, _)| name.as_str()).collect();
    let told: BTreeSet<&str> = TWICE.iter().map(|(name, _)| *name).collect();
    let untold: Vec<_> = twice.difference(&told).collect();
    assert!(untold.is_empty(), "two versions, and no reason in the table above: {untold:?}");
}
