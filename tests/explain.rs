//! The explainer on real texts: causes, facts, wrappers, hostile input, secrets.

use bedrock_access::explain::explain;
use serde_json::Value;

fn messages() -> Vec<Value> {
    include_str!("fixtures/messages/messages.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn real_texts_are_explained() {
    let mut wrong = Vec::new();
    for message in messages() {
        let explanation = explain(message["text"].as_str().unwrap());
        let answer = serde_json::to_value(&explanation).unwrap();
        let accepted = message["accept"].as_array().unwrap();
        if !accepted.contains(&answer["cause"]) {
            wrong.push(format!("{}: cause {} not in {accepted:?}", message["id"], answer["cause"]));
        }
        for field in ["action", "resource", "principal", "error_code"] {
            let held = message[field].as_str().unwrap_or_default();
            let read = answer[field].as_str().unwrap_or_default();
            if !held.is_empty() && !held.eq_ignore_ascii_case(read) {
                wrong.push(format!("{}: {field} {read:?}, the text holds {held:?}", message["id"]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
