//! The README is what a newcomer has: its example is real, its numbers are the code's, its links lead somewhere.
//!
//! Its commands are run in `commands.rs`.

use crate::support::files::{read, root};
use crate::support::program::run;
use std::fs;

fn readme() -> String {
    read("README.md")
}

fn program(arguments: &[&str]) -> (i32, String, String) {
    let answer = run(arguments);
    (answer.status, answer.stdout, answer.stderr)
}

#[test]
fn the_two_commands_stand_at_the_top_and_the_first_says_what_its_status_means() {
    let readme = readme();
    let block = readme.split("```").nth(1).unwrap();
    let commands: Vec<&str> = block.lines().skip(1).filter(|line| !line.is_empty()).collect();
    assert_eq!(commands.len(), 2, "{commands:?}");
    assert!(commands[0].starts_with("cargo run -- doctor --sandbox ") && commands[0].contains("exit status 1"));
    assert!(commands[1].starts_with("cargo test"));
    assert_eq!(program(&["doctor", "--sandbox"]).0, 1);
}

#[test]
fn the_example_is_what_the_program_prints() {
    let readme = readme();
    let example = readme.split("```text\n").nth(1).unwrap().split("```").next().unwrap();
    let (command, expected) = example.split_once('\n').unwrap();
    let arguments: Vec<&str> = command.strip_prefix("$ bedrock-access ").unwrap().split(' ').collect();
    let (_, printed, _) = program(&arguments);
    assert!(printed.starts_with(expected), "{printed}");
}

#[test]
fn the_number_of_causes_is_the_codes() {
    let counted = format!("this program knows {}", bedrock_access::cause::Cause::ALL.len());
    assert!(readme().contains(&counted), "{counted}");
}

#[test]
fn every_link_leads_somewhere() {
    let pages =
        fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let pages = pages.filter(|name| name.ends_with(".md")).map(|name| format!("docs/{name}"));
    let top = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"].map(str::to_owned);
    for (file, text) in pages.chain(top).map(|file| (file.clone(), read(&file))) {
        let folder = root().join(&file).parent().unwrap().to_owned();
        for target in text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            if !target.starts_with("http") && !target.starts_with('#') {
                let path = folder.join(target.split('#').next().unwrap());
                assert!(path.exists(), "{file} links to {target}");
            }
        }
    }
}

#[test]
fn help_and_version_need_no_environment() {
    for arguments in [&["--help"][..], &["--version"], &["doctor", "--help"], &["help", "policy"]] {
        let (status, stdout, stderr) = program(arguments);
        assert_eq!((status, stderr.as_str()), (0, ""), "{arguments:?}");
        assert!(!stdout.is_empty());
    }
    let (_, version, _) = program(&["--version"]);
    let lines: Vec<&str> = version.lines().collect();
    assert_eq!(lines[0], concat!("bedrock-access ", env!("CARGO_PKG_VERSION")));
    assert!(lines[1].starts_with("commit: ") && lines[2].contains("target: ") && lines[2].contains('-'), "{version}");
    assert_eq!(lines[3], "features: cli, clients, iac, report, sandbox");
    assert_eq!(program(&["-V"]).1.lines().count(), 1);
    let (status, _, stderr) = program(&["docter"]);
    assert_eq!(status, 2);
    assert!(stderr.contains("doctor"), "{stderr}");
}
