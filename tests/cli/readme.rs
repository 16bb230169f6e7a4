//! The README is what a newcomer has: its commands run, its example is real, its tables are the code's.

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
fn every_command_that_the_readme_shows_is_understood() {
    let readme = readme();
    let shown = readme
        .lines()
        .filter_map(|line| line.strip_prefix("bedrock-access "))
        .map(|line| line.split(" #").next().unwrap().trim());
    let mut seen = 0;
    for line in shown {
        seen += 1;
        let mut words: Vec<&str> = line.split(' ').collect();
        if let Some(end) = words.iter().position(|word| *word == "--") {
            words.truncate(end);
        }
        // `--help` is answered after the arguments before it were parsed as far as they go, and before any is used.
        for word in words.iter().filter(|word| word.starts_with("--")) {
            let subcommand: Vec<&str> = words.iter().copied().take_while(|word| is_subcommand(word)).collect();
            let (status, help, _) = program(&[&subcommand[..], &["--help"]].concat());
            assert_eq!(status, 0, "{line}");
            assert!(help.contains(word), "`{word}` of `{line}` is not in its help");
        }
    }
    assert!(seen >= 8, "{seen} commands");
}

fn is_subcommand(word: &str) -> bool {
    ["doctor", "models", "explain", "policy", "simulate", "lint", "generate", "run", "sandbox", "causes"]
        .contains(&word)
}

#[test]
fn the_number_of_causes_is_the_codes() {
    let counted = format!("this program knows {}", bedrock_access::cause::Cause::ALL.len());
    assert!(readme().contains(&counted), "{counted}");
}

#[test]
fn every_link_leads_somewhere() {
    for (file, text) in [
        "README.md",
        "docs/architecture.md",
        "docs/ci.md",
        "docs/many.md",
        "docs/performance.md",
        "docs/reliability.md",
        "docs/scale.md",
        "docs/policy.md",
        "docs/quick-start.md",
        "docs/runbook.md",
        "docs/sandbox.md",
        "docs/security.md",
    ]
    .map(|file| (file, fs::read_to_string(root().join(file)).unwrap()))
    {
        let folder = root().join(file).parent().unwrap().to_owned();
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
    let (status, _, stderr) = program(&["docter"]);
    assert_eq!(status, 2);
    assert!(stderr.contains("doctor"), "{stderr}");
}
