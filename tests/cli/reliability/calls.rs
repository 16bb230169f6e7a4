//! No surprises: what is called, in every world and mode, stands in the one table, and models are called only where
//! that was asked for.

use crate::support::account::{Account, at_once};
use crate::support::program::PROGRAM;
use crate::support::sweep::{self, has_its_turn};
use bedrock_access::bedrock::{Bundle, Given, Operation};
use bedrock_access::observe::{Api, ApiKind};
use bedrock_access::sandbox::World;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::process::{Command, Stdio};

/// A run: the world, and what is typed; for the doctor about one call, beside the world's own request.
type Run = (&'static str, Vec<String>);

/// What is typed to ask about an operation: everything that it must be given.
pub fn asking(operation: Operation) -> Vec<String> {
    let mut typed = vec!["--operation".to_owned(), operation.to_string()];
    if matches!(operation.model().given, Given::Always | Given::UnlessCustom) {
        typed.extend(["--model".to_owned(), "anthropic.claude-sonnet-4-5-20250929-v1:0".to_owned()]);
    }
    for kind in operation.requires() {
        let arn = kind.form().replace("REGION", "us-west-2").replace("ACCOUNT", "111122223333");
        typed.extend(["--resource".to_owned(), arn]);
    }
    if operation.service_role() == Given::Always {
        typed.extend(["--service-role".to_owned(), "arn:aws:iam::111122223333:role/apps/chat-api".to_owned()]);
    }
    typed
}

/// Every world as it stands, and a share of them and of the operations in the modes that make a test call.
fn runs() -> Vec<Run> {
    let modes: [Vec<String>; 3] = [vec![], vec!["--probe".to_owned()], vec!["--invoke".to_owned()]];
    let worlds = World::names().flat_map(|world| modes.iter().map(move |mode| (world, mode.clone())));
    let operations = Operation::ALL
        .iter()
        .flat_map(|operation| modes.iter().map(|mode| ("healthy", [asking(*operation), mode.clone()].concat())));
    let chosen = worlds.chain(operations).enumerate();
    let chosen = chosen.filter(|(at, (_, typed))| typed.is_empty() || has_its_turn(*at, 2)).map(|(_, run)| run);
    let principals = ["arn:aws:iam::111122223333:role/apps/chat-api", "arn:aws:iam::111122223333:user/nobody"]
        .map(|principal| ("healthy", vec!["--principal".to_owned(), principal.to_owned()]));
    let role = ("healthy", vec!["--assume-role".to_owned(), "arn:aws:iam::111122223333:role/nobody".to_owned()]);
    chosen.chain(principals).chain([role]).collect()
}

fn listed(name: &str) -> Option<Api> {
    Api::ALL.iter().copied().find(|api| api.name() == name)
}

#[test]
fn nothing_is_called_that_the_table_does_not_list() {
    let runs = runs();
    let answers = at_once(4, &runs, |(world, arguments)| {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).chain(["--format", "json"]).collect();
        Account::ask(world, &arguments)
    });
    let mut called: BTreeSet<&str> = BTreeSet::new();
    for ((world, arguments), (answer, calls)) in runs.iter().zip(answers) {
        let run = format!("{world} {arguments:?}");
        assert!((0..=3).contains(&answer.status), "{run}: {} {}", answer.status, answer.stderr);
        let live = arguments.iter().any(|argument| ["--probe", "--invoke"].contains(&argument.as_str()));
        if answer.status == 2 {
            assert!(live, "{run}: {}", answer.stderr);
            assert!(calls.is_empty(), "{run}: {calls:?}");
            continue;
        }
        let mut tests = 0;
        for (name, count) in &calls {
            let api = listed(name).unwrap_or_else(|| panic!("{run}: `{name}` was called {count} times"));
            if api.kind() == ApiKind::Test {
                tests += count;
            }
        }
        assert!(tests <= u64::from(live), "{run}: {tests} test calls: {calls:?}");
        let report = answer.json();
        let made: BTreeSet<&str> = report["observations"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|call| call["outcome"] != "skipped")
            .map(|call| call["api"].as_str().unwrap())
            .collect();
        assert_eq!(made, calls.keys().copied().collect(), "{run}: the report tells every call");
        called.extend(calls.keys());
    }
    let others = other_runs();
    let answers = at_once(4, &others, calls_of);
    for (Fed { world, arguments, .. }, calls) in others.iter().zip(answers) {
        assert!(!calls.is_empty(), "{world} {arguments:?}");
        for name in calls.keys() {
            let api = listed(name).unwrap_or_else(|| panic!("{world} {arguments:?}: `{name}` was called"));
            assert_eq!(api.kind(), ApiKind::Read, "{world} {arguments:?}: {name}");
        }
        called.extend(calls.keys());
    }
    // The event history is not the sandbox's; `denials` has a server of its own for it.
    let of_diagnoses = Api::ALL.iter().filter(|api| api.kind() != ApiKind::History);
    let idle: Vec<&str> = of_diagnoses.map(|api| api.name()).filter(|name| !called.contains(name)).collect();
    assert!(idle.is_empty(), "no run makes these calls, so nothing is shown about them: {idle:?}");
}

/// A run of any command that is given something on standard input, which not all of them read.
struct Fed {
    world: &'static str,
    arguments: Vec<String>,
    input: &'static str,
}

const TARGET: &str = "{\"model\": \"us.anthropic.claude-sonnet-4-5-20250929-v1:0\"}\n";

/// What a call was answered with, with the id of a record that IAM keeps of it.
const ERROR: &str = "An error occurred (AccessDeniedException) when calling the Converse operation: User: \
    arn:aws:sts::111122223333:assumed-role/chat-api/chat-api-7d9f is not authorized to perform: bedrock:InvokeModel \
    on resource: arn:aws:bedrock:us-west-2::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0 with an \
    explicit deny in a service control policy";

const ALLOW: &str = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;

/// The models of every world, a list of targets and an error in it, and what else the doctor can be told.
fn other_runs() -> Vec<Fed> {
    let model = ["--model", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"];
    let role = "arn:aws:iam::111122223333:role/apps/chat-api";
    let mut runs = Vec::new();
    let mut add = |world: &'static str, words: &[&[&str]], input: &'static str| {
        let region = World::embedded(world).unwrap().request.region.to_string();
        let words = words.concat();
        let arguments = words.iter().copied().chain(["--region", &region]).map(str::to_owned).collect();
        runs.push(Fed { world, arguments, input });
    };
    for world in sweep::worlds("called", 3) {
        add(world, &[&["models"]], "");
        add(world, &[&["models", "--exact", "--redact"]], "");
        add(world, &[&["doctor", "--targets", "-"]], TARGET);
        add(world, &[&["doctor", "--error", "-"]], ERROR);
        add(world, &[&["doctor", "--guardrail", "gr0123456789:1"], &model], "");
        add(world, &[&["doctor", "--session-policy", "-"], &model], ALLOW);
        add(world, &[&["doctor", "--vpc-endpoint-policy", "-"], &model], ALLOW);
    }
    let named = ["arn:aws:s3:::example-prompts/nightly/", "arn:aws:s3:::example-answers"];
    let key = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let resources: Vec<&str> = named.iter().chain([&key]).flat_map(|arn| ["--resource", arn]).collect();
    let job = ["--operation", "create-model-invocation-job", "--model", "amazon.nova-lite-v1:0"];
    let batch = ["--service-role", "arn:aws:iam::111122223333:role/service-role/nightly-batch"];
    add("batch-bucket-policy", &[&["doctor"], &job, &batch, &resources], "");
    for service in ["lambda", "ec2", "ecs", "eks-pod-identity", "bedrock", "sagemaker"] {
        add("healthy", &[&["doctor", "--principal", role, "--service", service], &model], "");
    }
    add("healthy", &[&["doctor", "--wait", "1"], &model], "");
    for bundle in Bundle::ALL {
        let mut needed: Vec<String> = Vec::new();
        for operation in bundle.operations() {
            for pair in asking(*operation).chunks(2).filter(|pair| pair[0] != "--operation") {
                // One model and one role for all of them.
                let many = pair[0] == "--resource";
                if !needed.chunks(2).any(|known| known == pair || !many && known[0] == pair[0]) {
                    needed.extend_from_slice(pair);
                }
            }
        }
        let needed: Vec<&str> = needed.iter().map(String::as_str).collect();
        add("healthy", &[&["doctor", "--for", bundle.as_str()], &needed], "");
    }
    runs
}

/// Runs the program in a world, and returns the calls that reached the account.
fn calls_of(run: &Fed) -> BTreeMap<&'static str, u64> {
    let account = Account::named(run.world);
    let mut child = Command::new(PROGRAM)
        .args(&run.arguments)
        .env_clear()
        .env("HOME", "/nonexistent")
        .envs(account.environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    // Not all of them read it.
    let _ = child.stdin.take().unwrap().write_all(run.input.as_bytes());
    let status = child.wait().unwrap();
    assert!(matches!(status.code(), Some(0 | 1 | 3)), "{} {:?}: {status}", run.world, run.arguments);
    account.sandbox.calls()
}

#[test]
fn the_sandbox_counts_what_it_is_asked() {
    let (_, calls) = Account::ask("iam-missing", &[]);
    let expected: BTreeMap<&str, u64> = [("sts:GetCallerIdentity", 1), ("iam:GetRole", 1)].into();
    for (name, count) in expected {
        assert_eq!(calls.get(name), Some(&count), "{calls:?}");
    }
    assert!(calls["iam:SimulatePrincipalPolicy"] > 1, "{calls:?}");
}
