//! What the doctor says is done, and then the same call is made: it has to be allowed, by the doctor and live.
//!
//! The applier knows no world. It reads the report and changes the account, as a program of the administrator's would.

pub mod account;
mod alone;
pub mod applier;
mod guards;

use crate::support::sweep;
use account::{copied, diagnosed, is_allowed, merged, patched};
use applier::{apply, changes};
use bedrock_access::sandbox::World;
use serde_json::{Value, json};

/// The families of causes that no change of an account or a call mends.
const PASSING: [&str; 2] = ["network", "capacity"];

/// Worlds that no change of the account mends: AWS opens them, or takes a means of payment in its console; and one whose gate
/// the doctor does not read yet.
const BEYOND: [&str; 4] = ["sales-gate", "account-hold", "payment-instrument", "trusted-access-program"];

/// Reports on an account, with its text: those with something to mend.
fn denied(texts: impl IntoIterator<Item = (String, String)>) -> Vec<(String, String, Value)> {
    let reports = texts.into_iter().map(|(name, text)| {
        let report = diagnosed(&text);
        (name, text, report)
    });
    let to_mend = |(_, _, report): &(String, String, Value)| {
        let first = &report["findings"][0];
        !first.is_null() && !PASSING.contains(&first["family"].as_str().unwrap())
    };
    reports.filter(to_mend).collect()
}

fn worlds() -> Vec<(String, String)> {
    let names = World::names().filter(|name| !BEYOND.contains(name));
    names.map(|name| (name.to_owned(), World::embedded_text(name).unwrap().to_owned())).collect()
}

fn copies() -> Vec<(String, String)> {
    let chosen = sweep::worlds("fixed copies", 3).filter(|name| !BEYOND.contains(name));
    chosen.map(|name| (format!("a copy of {name}"), copied(World::embedded_text(name).unwrap()))).collect()
}

/// Returns `true` if a report says that further authorizations may be needed: where nobody could read where a profile routes to, no
/// policy can name it.
fn may_need_more(report: &Value) -> bool {
    let open = report["not_checked"].as_array().unwrap();
    let is_open = open.iter().any(|open| open["what"] == "every authorization that the call needs");
    is_open && changes(report).iter().any(|change| change["change"] == "add-statement")
}

/// Applies every change of a report at once, and returns what still stands in the way.
fn left_after_mending(name: &str, text: &str, report: &Value) -> Option<String> {
    let mended = apply(text, &changes(report), report);
    if is_allowed(&mended) || may_need_more(report) {
        return None;
    }
    let changes = Value::from(changes(report));
    Some(format!("{name}: {} after {changes:#}", diagnosed(&mended)["headline"]))
}

#[test]
fn what_the_first_report_names_makes_every_world_allowed() {
    let all = denied(worlds());
    assert!(all.len() > 30, "{}", all.len());
    let open = all.iter().filter(|(.., report)| may_need_more(report)).map(|(name, ..)| name);
    assert_eq!(open.collect::<Vec<_>>(), ["litellm-session"]);
    let failures: Vec<String> =
        all.iter().filter_map(|(name, text, report)| left_after_mending(name, text, report)).collect();
    assert_eq!(failures, [] as [String; 0]);
}

#[test]
fn the_same_holds_under_other_names_and_ids() {
    let all = denied(copies());
    let failures: Vec<String> =
        all.iter().filter_map(|(name, text, report)| left_after_mending(name, text, report)).collect();
    assert_eq!(failures, [] as [String; 0]);
}

/// What first stands in the way there is nothing that a program could do.
#[test]
fn what_no_change_mends_has_none() {
    for name in BEYOND.iter().filter(|name| **name != "trusted-access-program") {
        let report = diagnosed(World::embedded_text(name).unwrap());
        assert_eq!(report["verdict"], "denied", "{name}");
        assert_eq!(report["findings"][0]["remedy"]["changes"], json!([]), "{name}");
    }
}

#[test]
fn nothing_is_named_that_is_not_needed() {
    let (mut several, mut unneeded) = (Vec::new(), Vec::new());
    for (name, text, report) in denied(worlds()) {
        let all = changes(&report);
        if all.len() > 1 {
            several.push(name.clone());
        }
        for left_out in 0..all.len() {
            let mut fewer = all.clone();
            let change = fewer.remove(left_out);
            if is_allowed(&apply(&text, &fewer, &report)) {
                unneeded.push(format!("{name} is allowed without {change:#}"));
            }
        }
    }
    assert_eq!(unneeded, [] as [String; 0]);
    assert_eq!(
        several,
        ["both", "two-denying-policies", "scp-behind-missing-allow", "guardrail-required", "boundary-and-scp"]
    );
}

#[test]
fn where_two_things_are_wrong_both_are_named_at_once() {
    let policies = ["iam-missing", "iam-explicit-deny", "permissions-boundary", "scp-region-deny", "deny-on-condition"];
    let others = ["model-access-missing", "use-case-form", "marketplace", "scp-region-deny", "permissions-boundary"];
    let pairs = policies.iter().flat_map(|one| others.iter().map(move |other| (*one, *other)));
    let mut failures = Vec::new();
    for (one, other) in pairs.filter(|(one, other)| one != other) {
        let text = merged(one, other);
        failures.extend(left_after_mending(&format!("{one} + {other}"), &text, &diagnosed(&text)));
    }
    assert_eq!(failures, [] as [String; 0]);
}

/// What no embedded world has: each is a world with a patch of its facts, and what the first change is.
#[test]
fn what_is_wrong_otherwise_is_mended_by_the_same_applier() {
    let mut failures = Vec::new();
    let cases: Value = serde_json::from_str(include_str!("../fixtures/worlds/more.json")).unwrap();
    for case in cases.as_array().unwrap() {
        let name = case["what"].as_str().unwrap();
        let text = patched(case["world"].as_str().unwrap(), &case["patch"]);
        let report = diagnosed(&text);
        assert_eq!(report["findings"][0]["cause"], case["cause"], "{name}: {}", report["headline"]);
        let kinds: Vec<&Value> = report["findings"][0]["remedy"]["changes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|change| &change["change"])
            .collect();
        assert_eq!(serde_json::to_value(kinds).unwrap(), case["changes"], "{name}");
        failures.extend(left_after_mending(name, &text, &report));
    }
    assert_eq!(failures, [] as [String; 0]);
}

#[test]
fn nothing_restricts_the_management_account() {
    for name in ["scp-region-deny", "global-profile"] {
        let patch = json!([{"op": "replace", "path": "/organization/management_account", "value": "111122223333"}]);
        let text = patched(name, &patch);
        assert!(is_allowed(&text), "{name}: {:#}", diagnosed(&text)["findings"]);
    }
}

#[test]
fn the_policy_alone_allows_the_call_and_nothing_else() {
    let mut held = 0;
    for (name, text, report) in denied(worlds().into_iter().chain(copies())) {
        held += alone::check(&name, &text, &report);
    }
    let least = if sweep::is_whole() { 500 } else { 300 };
    assert!(held > least, "{held}");
}
