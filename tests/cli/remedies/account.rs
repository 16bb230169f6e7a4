//! An account as the text of a world: diagnosed, called, copied and merged.

use crate::support::http::Client;
use crate::support::program::Doctor;
use bedrock_access::sandbox::World;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fs;
use std::sync::{Mutex, OnceLock};

/// Returns what the doctor says of the call that an account is about; each account is asked about once.
pub fn diagnosed(text: &str) -> Value {
    static KNOWN: OnceLock<Mutex<HashMap<String, Value>>> = OnceLock::new();
    let known = KNOWN.get_or_init(Mutex::default);
    if let Some(report) = known.lock().unwrap().get(text) {
        return report.clone();
    }
    let report = ask(text);
    known.lock().unwrap().insert(text.to_owned(), report.clone());
    report
}

fn ask(text: &str) -> Value {
    let file = tempfile::Builder::new().suffix(".json").tempfile().unwrap();
    fs::write(file.path(), text).unwrap();
    Doctor::new(["--sandbox", file.path().to_str().unwrap(), "--format", "json"]).run().json()
}

/// Returns `true` if the doctor says so, and the call itself comes through.
pub fn is_allowed(text: &str) -> bool {
    let world = World::parse(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    diagnosed(text)["verdict"] == "allowed" && Client::new(world).own_request().status == 200
}

/// Copies an account under other names and ids.
pub fn copied(text: &str) -> String {
    let names: Value = serde_json::from_str(text).unwrap();
    let mut copy = text
        .replace("111122223333", "123456789012")
        .replace("apps/chat-api", "svc/ledger")
        .replace("chat-api", "ledger")
        .replace("claude-sonnet-4-5-20250929-v1:0", "claude-renamed-v9:0")
        .replace("us-west-2", "ap-south-1");
    let own = names["principals"].as_array().unwrap().iter().flat_map(|principal| {
        let inline = principal["policies"].as_array().unwrap().iter().map(|policy| &policy["name"]);
        inline.filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
    });
    // What Identity Center provisions has a name of its own.
    for policy in own.filter(|policy| policy != "AwsSSOInlinePolicy") {
        copy = copy.replace(&format!("\"name\": \"{policy}\""), &format!("\"name\": \"the-{policy}\""));
    }
    let name = names["name"].as_str().unwrap();
    copy.replace(&format!("\"name\": \"{name}\""), "\"name\": \"a-copy\"")
}

/// Brings what is wrong in one world into another.
pub fn merged(one: &str, other: &str) -> String {
    let value = |name: &str| -> Value { serde_json::from_str(World::embedded_text(name).unwrap()).unwrap() };
    let (healthy, mut facts, mut wrong) = (value("healthy"), value(one), value(other));
    for same in ["name", "description"] {
        wrong[same] = healthy[same].clone();
    }
    json_patch::patch(&mut facts, &json_patch::diff(&healthy, &wrong)).unwrap();
    facts["name"] = json!("merged");
    format!("{facts:#}")
}

/// Returns a world with a patch (RFC 6902) of its facts.
pub fn patched(world: &str, patch: &Value) -> String {
    let mut facts: Value = serde_json::from_str(World::embedded_text(world).unwrap()).unwrap();
    let patch: json_patch::Patch = serde_json::from_value(patch.clone()).unwrap();
    json_patch::patch(&mut facts, &patch).unwrap();
    facts["name"] = json!("patched");
    format!("{facts:#}")
}
