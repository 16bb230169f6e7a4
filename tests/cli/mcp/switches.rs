//! What reaches the account: reads of the documented list, and a test call only with both switches.

use crate::support::account::Account;
use crate::support::mcp::{Client, text};
use bedrock_access::observe::{Api, ApiKind};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Calls a tool against a world that is served as AWS would be; returns its result with the calls that arrived.
fn ask(world: &str, options: &[&str], arguments: &Value) -> (Value, BTreeMap<&'static str, u64>) {
    let account = Account::named(world);
    let mut client = Client::with(options, &account.environment);
    let mut all = json!({});
    for pair in account.request.chunks(2) {
        match pair[0].as_str() {
            "--resource" => all["resources"] = json!([pair[1]]),
            option => all[option.trim_start_matches("--").replace('-', "_")] = json!(pair[1]),
        }
    }
    all.as_object_mut().unwrap().extend(arguments.as_object().unwrap().clone());
    let result = client.call("diagnose_call", all);
    let (status, stderr) = client.end();
    assert_eq!((status, stderr.as_str()), (Some(0), ""), "standard error is for mistakes of this program");
    (result, account.sandbox.calls())
}

fn test_calls(calls: &BTreeMap<&'static str, u64>) -> Vec<&'static str> {
    let is_test =
        |name: &&'static str| Api::ALL.iter().any(|api| api.name() == *name && matches!(api.kind(), ApiKind::Test));
    calls.iter().filter(|(_, count)| **count > 0).map(|(name, _)| *name).filter(is_test).collect()
}

#[test]
fn a_test_call_needs_both_switches() {
    for world in ["use-case-form", "model-access-missing", "healthy"] {
        for (options, test_call, is_made) in [
            (&[][..], None, false),
            (&[], Some("none"), false),
            (&[], Some("probe"), false),
            (&[], Some("invoke"), false),
            (&["--allow-test-calls"], None, false),
            (&["--allow-test-calls"], Some("none"), false),
            (&["--allow-test-calls"], Some("probe"), true),
            (&["--allow-test-calls"], Some("invoke"), true),
        ] {
            let arguments = test_call.map_or(json!({}), |kind| json!({"test_call": kind}));
            let (result, calls) = ask(world, options, &arguments);
            let made = test_calls(&calls);
            assert_eq!(!made.is_empty(), is_made, "{world} {options:?} {test_call:?}: {made:?}");
            let is_refused = options.is_empty() && matches!(test_call, Some("probe" | "invoke"));
            assert_eq!(result["isError"], is_refused, "{world}: {}", text(&result));
            if is_refused {
                assert!(calls.values().all(|count| *count == 0), "nothing at all is called: {calls:?}");
            }
        }
    }
}

#[test]
fn a_world_of_its_own_makes_no_test_call_either() {
    // Its own request asks for one, and neither switch does.
    let mut client = Client::new(&["--sandbox", "use-case-form"]);
    let result = client.call("diagnose_call", json!({}));
    assert_eq!(result["structuredContent"]["invocation"]["kind"], "none", "{result}");
    let mut client = Client::new(&["--sandbox", "use-case-form", "--allow-test-calls"]);
    let result = client.call("diagnose_call", json!({}));
    assert_eq!(result["structuredContent"]["invocation"]["kind"], "none", "{result}");
}

#[test]
fn only_the_documented_calls_are_made() {
    let listed: BTreeSet<&str> = Api::ALL.iter().map(|api| api.name()).collect();
    for world in ["iam-missing", "profile-leg-missing", "both", "expired-credentials", "no-simulator"] {
        let (_, calls) = ask(world, &[], &json!({}));
        let made: Vec<&str> = calls.iter().filter(|(_, count)| **count > 0).map(|(name, _)| *name).collect();
        assert!(!made.is_empty() && made.iter().all(|name| listed.contains(name)), "{world}: {made:?}");
    }
    // The offline tools call nothing, whatever the environment offers.
    let account = Account::named("iam-missing");
    let mut client = Client::with(&[], &account.environment);
    for (tool, _, arguments) in super::calls() {
        if !["diagnose_call", "list_callable_models"].contains(&tool) {
            assert_eq!(client.call(tool, arguments)["isError"], false, "{tool}");
        }
    }
    assert!(account.sandbox.calls().values().all(|count| *count == 0), "{:?}", account.sandbox.calls());
}
