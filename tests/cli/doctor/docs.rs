//! Holds the documents to the program: the reference of commands, the jobs for CI, the permissions that it needs.
//!
//! `BLESS=1 cargo test --test cli doctor::docs` writes what is generated.

use crate::support::files;
use crate::support::many::embedded;
use crate::support::program::{Doctor, PROGRAM, run, schema};
use bedrock_access::observe::{Api, ApiKind};

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn docs() -> PathBuf {
    files::path("docs")
}

fn read(name: &str) -> String {
    fs::read_to_string(docs().join(name)).unwrap()
}

/// Compares a document with what it should be, or writes it where that is asked for.
fn hold(name: &str, expected: &str) {
    if files::is_blessing() {
        fs::write(docs().join(name), expected).unwrap();
    }
    let differing = read(name).lines().map(str::to_owned).zip(expected.lines()).find(|(a, b)| a != b);
    assert!(differing.is_none() && read(name) == expected, "BLESS=1 writes docs/{name}: {differing:?}");
}

fn program(arguments: &[&str]) -> String {
    let answer = run(arguments);
    assert_eq!(answer.status, 0, "{arguments:?}: {}", answer.stderr);
    answer.stdout
}

/// Returns the help of a command and of all below it.
fn reference(command: &[&str], page: &mut String) {
    let help = program(&[command, &["--help"]].concat());
    let name = ["bedrock-access"].iter().chain(command).copied().collect::<Vec<_>>().join(" ");
    let help: Vec<&str> = help.lines().map(str::trim_end).collect();
    page.push_str(&format!("\n## `{name}`\n\n```text\n{}\n```\n", help.join("\n").trim_end()));
    let below = help.iter().skip_while(|line| **line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    for line in below {
        match line.strip_prefix("  ").and_then(|line| line.split(' ').next()) {
            Some("" | "help") | None => {}
            Some(below) => reference(&[command, &[below]].concat(), page),
        }
    }
}

#[test]
fn the_reference_of_commands_is_what_help_says() {
    let mut page = "# Command line\n\nWhat `--help` says of each command; a test writes this page.\n".to_owned();
    reference(&[], &mut page);
    assert!(page.matches("\n## `").count() > 12, "{page}");
    let headings = |page: &str| page.lines().filter(|line| line.starts_with("## `")).count();
    assert!(headings(&page) >= headings(&read("cli.md")), "docs/cli.md shows a command that is gone");
    hold("cli.md", &page);
}

#[test]
fn every_option_and_command_is_told_by_an_example() {
    for command in ["doctor", "explain", "policy", "run", "sandbox", "completions", "man", "actions", "causes"] {
        let help = program(&[command, "--help"]);
        assert!(help.contains("Examples:") || command == "policy", "`{command} --help` shows no example");
    }
}

#[test]
fn shells_and_man_know_the_commands() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = program(&["completions", shell]);
        for word in ["doctor", "save-evidence", "sandbox"] {
            assert!(script.contains(word), "{shell} without {word}");
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man1");
    program(&["man", pages.to_str().unwrap()]);
    let page = fs::read_to_string(pages.join("bedrock-access-doctor.1")).unwrap();
    assert!(page.starts_with(".ie") || page.contains(".TH"), "{page}");
    assert!(page.contains("Examples:") && pages.join("bedrock-access.1").exists());
}

/// Runs the script of the job for GitLab with variables of ours, and returns its status and the variables that it sets.
#[cfg(unix)]
fn job_for_gitlab(folder: &Path, variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let job: Value = serde_saphyr::from_str(&read("ci/gitlab.yml")).unwrap();
    let job = &job["bedrock-access"];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let own = job["variables"].as_object().unwrap();
    for (name, _) in variables {
        assert!(own.contains_key(*name), "the job has no variable `{name}`");
    }
    let path = format!("{}:/usr/bin:/bin", Path::new(PROGRAM).parent().unwrap().display());
    let script: Vec<String> = job["script"].as_array().unwrap().iter().map(text).collect();
    let output = Command::new("/bin/sh")
        .args(["-e", "-c", &script.join("\n")])
        .env_clear()
        .env("PATH", path)
        .envs(own.iter().filter(|(name, _)| !name.starts_with("AWS_")).map(|(name, value)| (name, text(value))))
        .envs(variables.iter().copied())
        .current_dir(folder)
        .output()
        .unwrap();
    (output.status.code(), fs::read_to_string(folder.join("access.env")).unwrap_or_default())
}

#[cfg(unix)]
#[test]
fn the_job_for_gitlab_does_what_it_says() {
    let list = docs().join("ci/access.yaml");
    let list = list.to_str().unwrap();
    let denied = "VERDICT=denied\nCAUSE=identity-policy-missing-allow\n";
    // In neither world is everything as the list wants it, and a call that is not as expected counts as denied.
    for (world, targets, fail_on, status, variables) in [
        ("healthy", "", "undetermined", 0, "VERDICT=allowed\n"),
        ("iam-missing", "", "undetermined", 1, denied),
        ("iam-missing", "", "denied", 1, denied),
        ("iam-missing", "", "never", 0, denied),
        ("no-simulator", "", "undetermined", 1, "VERDICT=undetermined\n"),
        ("no-simulator", "", "finding", 0, "VERDICT=undetermined\n"),
        ("healthy", list, "denied", 1, "VERDICT=allowed\n"),
        ("healthy", "", "always", 2, ""),
        ("atlantis", "", "never", 2, ""),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let set = [("SANDBOX", world), ("TARGETS", targets), ("FAIL_ON", fail_on)];
        assert_eq!(job_for_gitlab(folder.path(), &set), (Some(status), variables.to_owned()), "{set:?}");
        if variables.is_empty() {
            continue;
        }
        let junit = fs::read_to_string(folder.path().join("access.xml")).unwrap();
        assert_eq!(junit.contains("<failure"), world == "iam-missing", "{junit}");
        if !targets.is_empty() {
            let junit = fs::read_to_string(folder.path().join("targets.xml")).unwrap();
            assert_eq!(junit.matches("<testsuite ").count(), 2, "{junit}");
            assert!(junit.contains("<failure message=\"expected "), "{junit}");
        }
    }
}

#[cfg(unix)]
#[test]
fn the_job_for_gitlab_checks_a_template() {
    let folder = tempfile::tempdir().unwrap();
    let role = |action: &str| {
        json!({"Resources": {
            "Role": {"Type": "AWS::IAM::Role", "Properties": {
                "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [
                    {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]},
                "Policies": [{"PolicyName": "invoke", "PolicyDocument": {"Version": "2012-10-17", "Statement": [
                    {"Effect": "Allow", "Action": action, "Resource": "*"}]}}]}},
            "Function": {"Type": "AWS::Lambda::Function", "Properties": {
                "Role": {"Fn::GetAtt": ["Role", "Arn"]}, "Runtime": "python3.12", "Handler": "index.handler",
                "Code": {"ZipFile": ""}, "Environment": {"Variables": {"MODEL_ID": "amazon.nova-lite-v1:0"}}}}}})
    };
    for (action, fail_on, status) in
        [("bedrock:InvokeModel", "finding", 0), ("bedrock:Converse", "finding", 1), ("bedrock:Converse", "denied", 0)]
    {
        fs::write(folder.path().join("template.json"), role(action).to_string()).unwrap();
        let set = [("MODEL", ""), ("TARGETS", ""), ("CHECK", "template.json"), ("FAIL_ON", fail_on)];
        assert_eq!(job_for_gitlab(folder.path(), &set), (Some(status), String::new()), "{action} {fail_on}");
        let junit = fs::read_to_string(folder.path().join("check.xml")).unwrap();
        assert_eq!(junit.contains("<failure"), action == "bedrock:Converse", "{junit}");
    }
}

/// The steps of the action, with a runner's environment imitated.
#[cfg(unix)]
#[test]
#[cfg_attr(not(test_python), ignore = "needs Python: set BEDROCK_ACCESS_TEST_PYTHON")]
fn the_action_answers_as_it_promises() {
    let python = std::env::var("BEDROCK_ACCESS_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let program = Path::new(PROGRAM).parent().unwrap().display().to_string();
    let path = format!("{program}:{}", std::env::var("PATH").unwrap_or_default());
    let script = files::path("packaging/action/test.py");
    let output = Command::new(python).arg(script).env("PATH", path).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The job for GitHub names the action's inputs, and only those.
#[test]
fn the_job_for_github_gives_the_action_inputs_that_it_has() {
    let action: Value = serde_saphyr::from_str(&files::read("action.yml")).unwrap();
    let job: Value = serde_saphyr::from_str(&read("ci/github.yml")).unwrap();
    let inputs = action["inputs"].as_object().unwrap();
    let mut given = 0;
    for job in job["jobs"].as_object().unwrap().values() {
        for step in job["steps"].as_array().unwrap() {
            if step["uses"].as_str().is_some_and(|uses| uses.contains("/bedrock-access@")) {
                for name in step["with"].as_object().unwrap().keys() {
                    assert!(inputs.contains_key(name), "the action has no input `{name}`");
                    given += 1;
                }
            }
        }
    }
    assert!(given > 2);
}

/// The policy that the doctor needs: the permissions of all its reads.
fn own_policy() -> Value {
    let reads: BTreeSet<&str> =
        Api::ALL.iter().filter(|api| api.kind() == ApiKind::Read).filter_map(|api| api.permission()).collect();
    json!({
        "Version": "2012-10-17",
        "Statement": [{"Sid": "BedrockAccessDoctor", "Effect": "Allow", "Action": reads, "Resource": "*"}]
    })
}

#[test]
fn the_policy_in_the_document_is_that_of_the_reads() {
    let text = read("security.md");
    let (before, rest) = text.split_once("```json\n").unwrap();
    let (_, after) = rest.split_once("```").unwrap();
    hold("security.md", &format!("{before}```json\n{:#}\n```{after}", own_policy()));
}

/// Asks in a healthy world whose caller may read what the policy says; which call came out how.
fn outcomes(policy: &Value) -> (i32, BTreeMap<String, BTreeSet<String>>) {
    let mut world = embedded("healthy");
    let policies = world["principals"][0]["policies"].as_array_mut().unwrap();
    let own = policies.iter_mut().find(|policy| policy["name"] == "bedrock-doctor").unwrap();
    own["document"] = policy.clone();
    let file = tempfile::Builder::new().suffix(".json").tempfile().unwrap();
    fs::write(file.path(), world.to_string()).unwrap();
    let answer = Doctor::new(["--sandbox", file.path().to_str().unwrap(), "--format", "json"]).run();
    let report = answer.json();
    let mut outcomes: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for call in report["observations"].as_array().unwrap() {
        // What the caller may ask and does not exist is answered, not refused.
        let is_denied = call["error"]["code"].as_str().is_some_and(|code| code.starts_with("AccessDenied"));
        let outcome = call["outcome"].as_str().unwrap();
        let outcome = if outcome == "refused" && !is_denied { "answered" } else { outcome }.to_owned();
        outcomes.entry(call["api"].as_str().unwrap().to_owned()).or_default().insert(outcome);
    }
    (answer.status, outcomes)
}

#[test]
fn with_the_documents_policy_every_check_works_and_without_an_action_only_its_check_does_not() {
    let policy = own_policy();
    let (status, all) = outcomes(&policy);
    assert_eq!(status, 0, "{all:#?}");
    let seen = BTreeSet::from(["seen".to_owned()]);
    assert!(all.len() > 6 && all.values().all(|outcome| *outcome == seen), "{all:#?}");

    let actions: Vec<String> = serde_json::from_value(policy["Statement"][0]["Action"].clone()).unwrap();
    let mut tried = 0;
    for action in actions.iter().filter(|action| all.contains_key(*action)) {
        tried += 1;
        let mut less = policy.clone();
        less["Statement"][0]["Action"] = actions.iter().filter(|known| *known != action).cloned().collect();
        let (status, outcomes) = outcomes(&less);
        assert_ne!(status, 1, "{action}: what may not be read is no cause");
        assert_eq!(outcomes[action], BTreeSet::from(["refused".to_owned()]), "{action}");
        // A further look may become needed or pointless; none of the others is refused.
        for (api, outcome) in outcomes.iter().filter(|(api, _)| *api != action) {
            assert!(!outcome.contains("refused") && !outcome.contains("failed"), "{action}: {api} {outcome:?}");
        }
    }
    assert!(tried >= 6, "{tried}");

    // Only a refusal leads to a look at how AWS evaluated it.
    let refused = ["iam:GetRole", "iam:GetRequestAuthorizationDetails"];
    let mut less = policy.clone();
    less["Statement"][0]["Action"] =
        actions.iter().filter(|known| !refused.contains(&known.as_str())).cloned().collect();
    let (status, outcomes) = outcomes(&less);
    assert_ne!(status, 1, "what may not be read is no cause");
    for action in refused {
        assert_eq!(outcomes[action], BTreeSet::from(["refused".to_owned()]), "{action}");
    }
}

/// Returns the examples of JSON in a document.
fn examples(document: &str) -> Vec<Value> {
    let blocks = document.split("\n```json\n").skip(1);
    blocks.map(|block| serde_json::from_str(block.split("\n```").next().unwrap()).unwrap()).collect()
}

#[test]
fn every_example_of_json_keeps_to_its_schema() {
    let mut checked = 0;
    let pages = fs::read_dir(docs()).unwrap().map(|entry| entry.unwrap().path());
    let readme = docs().join("../README.md");
    for page in pages.filter(|page| page.extension().is_some_and(|ending| ending == "md")).chain([readme]) {
        for example in examples(&fs::read_to_string(&page).unwrap()) {
            checked += 1;
            if let Some(named) = example["schema"].as_str() {
                let name = named.trim_start_matches("bedrock-access/").replace('/', "-");
                assert!(schema(&name).is_valid(&example), "{}: {example}", page.display());
            } else if example["Statement"].is_array() {
                let policy = bedrock_access::policy::Document::parse(&example.to_string());
                assert!(policy.is_ok(), "{}: {policy:?}", page.display());
            } else {
                assert!(schema("target-1").is_valid(&example), "{}: {example}", page.display());
            }
        }
    }
    assert!(checked > 1);
    let listed: Value = serde_saphyr::from_str(&read("ci/access.yaml")).unwrap();
    for target in listed.as_array().unwrap() {
        assert!(schema("target-1").is_valid(target), "{target}");
    }
}
