//! No surprises: what is called, in every world and mode, stands in the one table, and models are called only where
//! that was asked for.

use crate::account::{Account, at_once};
use bedrock_access::bedrock::Operation;
use bedrock_access::probe::{Api, ApiKind};
use bedrock_access::sandbox::World;
use std::collections::{BTreeMap, BTreeSet};

/// A run of the doctor: the world, and what is typed beside the world's own request.
type Run = (&'static str, Vec<&'static str>);

/// Every world in every mode, and every operation in every mode.
fn runs() -> Vec<Run> {
    let modes = [vec![], vec!["--probe"], vec!["--invoke"]];
    let worlds = World::names().flat_map(|world| modes.iter().map(move |mode| (world, mode.clone())));
    let operations = Operation::ALL.iter().flat_map(|operation| {
        modes.iter().map(|mode| ("healthy", [vec!["--operation", operation.as_str()], mode.clone()].concat()))
    });
    let principals = ["arn:aws:iam::111122223333:role/apps/chat-api", "arn:aws:iam::111122223333:user/nobody"]
        .map(|principal| ("healthy", vec!["--principal", principal]));
    worlds.chain(operations).chain(principals).collect()
}

fn listed(name: &str) -> Option<Api> {
    Api::ALL.iter().copied().find(|api| api.name() == name)
}

#[test]
fn nothing_is_called_that_the_table_does_not_list() {
    let runs = runs();
    let answers =
        at_once(4, &runs, |(world, arguments)| Account::ask(world, &[&arguments[..], &["--format", "json"]].concat()));
    let mut called: BTreeSet<&str> = BTreeSet::new();
    for ((world, arguments), (answer, calls)) in runs.iter().zip(answers) {
        let run = format!("{world} {arguments:?}");
        assert!((0..=3).contains(&answer.status), "{run}: {} {}", answer.status, answer.stderr);
        let live = arguments.iter().any(|argument| ["--probe", "--invoke"].contains(argument));
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
    let idle: Vec<&str> = Api::ALL.iter().map(|api| api.name()).filter(|name| !called.contains(name)).collect();
    assert!(idle.is_empty(), "no run makes these calls, so nothing is shown about them: {idle:?}");
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
