//! The error text of 1 kB that the start is measured with.

/// The real text that is nearest to 1 kB.
pub fn error_text() -> String {
    let texts = include_str!("../fixtures/messages/messages.jsonl").lines().map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).expect("a message");
        message["text"].as_str().expect("a text").to_owned()
    });
    texts.min_by_key(|text| text.len().abs_diff(1000)).expect("a text")
}
