//! The dependencies: what licence each has, that no banned crate is among them, and why some are there twice.
//!
//! Reads `deny.toml` and `cargo metadata --offline`, so that it needs no network and no other tool.

use crate::support::files::root;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
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

/// Reads the strings of a list or of keys of a name in `deny.toml`.
fn allowed() -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("deny.toml")).unwrap();
    let (_, rest) = text.split_once("allow = [").unwrap();
    rest.split(']').next().unwrap().split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

fn banned() -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("deny.toml")).unwrap();
    let lines = text.lines().filter_map(|line| line.strip_prefix("crate = \""));
    lines.map(|name| name.trim_end_matches('"').to_owned()).collect()
}

/// Tells whether an SPDX expression can be met with the licences allowed: one side of an `OR`, all of an `AND`.
fn is_met(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let expression = expression.trim();
    let split = |word: &str| -> Vec<String> {
        let (mut parts, mut depth, mut part) = (Vec::new(), 0_i32, String::new());
        for token in expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ").split_whitespace() {
            match token {
                "(" => depth += 1,
                ")" => depth -= 1,
                _ => {}
            }
            if depth == 0 && token == word {
                parts.push(std::mem::take(&mut part));
            } else {
                part.push_str(token);
                part.push(' ');
            }
        }
        parts.push(part);
        parts
    };
    for word in ["OR", "AND"] {
        let parts = split(word);
        if parts.len() > 1 {
            let mut met = parts.iter().map(|part| is_met(part, allowed));
            return if word == "OR" { met.any(|met| met) } else { met.all(|met| met) };
        }
    }
    match expression.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) {
        Some(inner) => is_met(inner, allowed),
        None => allowed.contains(&expression.split_whitespace().collect::<Vec<_>>().join(" ")),
    }
}

#[test]
fn an_expression_is_met_by_one_side_or_all() {
    let allowed = ["MIT", "Apache-2.0 WITH LLVM-exception", "ISC"].map(str::to_owned).into();
    for (expression, met) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("MIT OR GPL-3.0", true),
        ("GPL-3.0/MIT", true),
        ("MIT AND GPL-3.0", false),
        ("ISC AND (GPL-3.0 OR MIT)", true),
        ("(GPL-3.0 AND MIT) OR (ISC AND GPL-2.0)", false),
        ("Apache-2.0 WITH LLVM-exception OR GPL-3.0", true),
    ] {
        assert_eq!(is_met(expression, &allowed), met, "{expression}");
    }
}

#[test]
fn every_dependency_has_a_licence_that_is_allowed() {
    let allowed = allowed();
    assert!(allowed.contains("MIT"), "{allowed:?}");
    let packages = packages();
    assert!(packages.len() > 100);
    let mut offences = Vec::new();
    for package in &packages {
        let (name, licence) = (&package["name"], package["license"].as_str().unwrap_or("none"));
        if !is_met(licence, &allowed) {
            offences.push(format!("{name} {}: {licence}", package["version"]));
        }
    }
    assert!(offences.is_empty(), "{offences:#?}");
}

#[test]
fn no_banned_crate_and_no_foreign_source_is_among_them() {
    let banned = banned();
    assert!(banned.contains("openssl-sys"), "{banned:?}");
    for package in packages() {
        let name = package["name"].as_str().unwrap();
        assert!(!banned.contains(name), "{name} is banned by deny.toml");
        let source = package["source"].as_str().unwrap_or_default();
        let from_registry = source.starts_with("registry+https://github.com/rust-lang/crates.io-index");
        assert!(from_registry || name == "bedrock-access", "{name} comes from {source:?}");
    }
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
