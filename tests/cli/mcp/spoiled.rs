//! Messages that were right once: cut, with bytes changed or doubled, with values of other types. Each that can be answered is
//! answered, none is answered with what is no message, and none ends the server.

use super::calls;
use crate::support::mcp::Client;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How many messages are sent.
const MESSAGES: u64 = 1_500;

/// How long the last answer may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// A generator whose numbers are the same in each run (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(end.max(1)).unwrap()).unwrap()
    }

    fn of<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

/// The messages before they are spoiled. What makes calls to the account is left out, so that thousands take seconds; so is
/// what reads paths, since a spoiled path may be anybody's.
fn messages() -> Vec<(String, Value)> {
    let tools = calls()
        .into_iter()
        .filter(|(name, ..)| !["diagnose_call", "list_callable_models", "find_denials", "check_plan"].contains(name));
    let mut all: Vec<(String, Value)> = tools
        .map(|(name, _, arguments)| ("tools/call".to_owned(), json!({"name": name, "arguments": arguments})))
        .collect();
    for (method, params) in [
        ("ping", json!({})),
        (
            "initialize",
            json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}),
        ),
        ("tools/list", json!({})),
        ("resources/list", json!({"cursor": "x"})),
        ("resources/templates/list", json!({})),
        ("resources/read", json!({"uri": "bedrock-access://causes/model-access-not-granted"})),
        ("prompts/list", json!({})),
        ("prompts/get", json!({"name": "why_refused", "arguments": {"error": "x"}})),
        ("tools/call", json!({"name": "explain_error", "arguments": {"text": "x"}, "_meta": {"progressToken": 5}})),
    ] {
        all.push((method.to_owned(), params));
    }
    all
}

/// Changes a message's bytes in one to three places.
fn spoil_bytes(random: &mut Random, line: &mut Vec<u8>) {
    const PIECES: [&[u8]; 14] = [
        b"\"",
        b"\\",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"null",
        b"1e999",
        b"\\u0000",
        b"\\ud800",
        b"\xff\xfe",
        b"\xe2\x80\xae",
    ];
    for _ in 0..=random.below(3) {
        if line.is_empty() {
            return;
        }
        let (at, length) = (random.below(line.len()), 1 + random.below(16));
        let end = (at + length).min(line.len());
        match random.below(5) {
            0 => line[at] ^= 1 << random.below(8),
            1 => drop(line.drain(at..end)),
            2 => drop(line.splice(at..at, random.of(&PIECES).to_vec())),
            3 => {
                let piece = line[at..end].to_vec();
                drop(line.splice(at..at, piece));
            }
            _ => line.truncate(at),
        }
    }
    // An end of a line would make two messages of it.
    line.retain(|byte| *byte != b'\n');
}

/// Puts another value in one place of a message.
fn spoil_value(random: &mut Random, value: &mut Value) {
    let children = match value {
        Value::Array(items) => items.len(),
        Value::Object(members) => members.len(),
        _ => 0,
    };
    if children > 0 && random.below(4) > 0 {
        let at = random.below(children);
        let child = match value {
            Value::Array(items) => &mut items[at],
            Value::Object(members) => members.values_mut().nth(at).unwrap(),
            _ => return,
        };
        return spoil_value(random, child);
    }
    let mut deep = json!({});
    for _ in 0..100 {
        deep = json!({"a": [deep]});
    }
    *value = match random.below(12) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(-1),
        3 => json!(1e300),
        4 => json!(u64::MAX),
        5 => json!(""),
        6 => json!("\u{0}\u{1b}[31m\u{202e}"),
        7 => json!("é".repeat(10_000)),
        8 => json!([]),
        9 => deep,
        10 => json!([value.clone(), value.clone()]),
        _ => Value::Object(Map::from_iter([("x".to_owned(), value.clone())])),
    };
}

/// The id of a message that has to be answered.
fn asks(line: &[u8]) -> Option<String> {
    let value: Value = serde_json::from_slice(line).ok()?;
    let is_request = value["jsonrpc"] == "2.0" && value["method"].is_string();
    let id = Some(&value["id"]).filter(|id| id.is_string() || id.is_i64())?;
    is_request.then(|| id.to_string())
}

#[test]
fn spoiled_messages_are_answered_and_end_nothing() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let messages = messages();
    let mut client = Client::new(&["--sandbox", "iam-missing"]);
    let mut expected = BTreeSet::new();
    let mut sent = BTreeMap::new();
    for number in 0..MESSAGES {
        let (method, params) = random.of(&messages);
        let id = 1_000_000 + number;
        let mut message = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        let is_of_values = random.below(2) == 0;
        if is_of_values {
            // A message whose frame is whole reaches what reads its parameters.
            let spoiled = if random.below(4) == 0 { &mut message } else { &mut message["params"] };
            spoil_value(&mut random, spoiled);
        }
        let mut line = message.to_string().into_bytes();
        if !is_of_values {
            spoil_bytes(&mut random, &mut line);
        }
        if let Some(id) = asks(&line) {
            sent.insert(id.clone(), String::from_utf8_lossy(&line).into_owned());
            expected.insert(id);
        }
        line.push(b'\n');
        client.write(&line);
    }
    assert!(u64::try_from(expected.len()).unwrap() > MESSAGES / 4, "most are no messages: {}", expected.len());
    let last = client.begin("ping", json!({}));
    let (mut answers, mut is_answered) = (0_u64, false);
    while !(is_answered && expected.is_empty()) {
        let missing = || expected.iter().take(3).map(|id| &sent[id]).collect::<Vec<_>>();
        let answer = client.line_within(PATIENCE).unwrap_or_else(|| panic!("no answer to {:?}", missing()));
        if answer.get("method").is_some() {
            // Progress, told to who asked for it.
            assert_eq!(answer["method"], "notifications/progress", "{answer}");
            continue;
        }
        answers += 1;
        is_answered |= answer["id"] == json!(last);
        assert!(answer["result"].is_object() || answer["error"]["code"].is_i64(), "{answer}");
        assert!(
            !answer.to_string().contains("internal error"),
            "{answer} to {:?}",
            sent.get(&answer["id"].to_string())
        );
        expected.remove(&answer["id"].to_string());
    }
    assert!(answers <= MESSAGES + 1, "{answers}");
    assert_eq!(client.end(), (Some(0), String::new()));
}
