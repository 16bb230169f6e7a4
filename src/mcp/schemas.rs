//! The published JSON schemas, which are what the tools' structured answers are held to.

use crate::packed::Folder;
use serde_json::{Map, Value};

/// The files of `docs/schema/`.
static FILES: Folder = Folder::new(include_bytes!(concat!(env!("OUT_DIR"), "/schema.z")));

/// The names of the schemas.
pub(super) const SCHEMAS: [&str; 17] = [
    "actions-1",
    "check-1",
    "denials-1",
    "diagnosis-1",
    "error-1",
    "evidence-1",
    "explanation-1",
    "generated-policy-1",
    "log-1",
    "models-1",
    "policy-case-1",
    "policy-decision-1",
    "policy-lint-1",
    "policy-test-1",
    "simulation-1",
    "target-1",
    "world-1",
];

/// Returns the text of a schema.
pub(super) fn text(name: &str) -> Option<&'static str> {
    FILES.text(name)
}

/// Returns a schema as the description of a tool's answer.
pub(super) fn of_answer(name: &str) -> Map<String, Value> {
    // They are checked by the tests, and there.
    let schema = text(name).and_then(|text| serde_json::from_str(text).ok());
    schema.unwrap_or_default()
}

/// Returns the words that a schema fixes: values of `const` and `enum`.
pub(super) fn fixed_words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    collect(&Value::Object(of_answer(name)), &mut words);
    words
}

fn collect(schema: &Value, words: &mut Vec<String>) {
    match schema {
        Value::Object(object) => {
            for (key, value) in object {
                match (key.as_str(), value) {
                    ("const", Value::String(word)) => words.push(word.clone()),
                    ("enum", Value::Array(list)) => {
                        words.extend(list.iter().filter_map(Value::as_str).map(str::to_owned));
                    }
                    _ => collect(value, words),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|value| collect(value, words)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_published_schema_is_served() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/schema");
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
            .collect();
        names.sort();
        assert_eq!(names, SCHEMAS);
        for name in SCHEMAS {
            let schema: Value =
                serde_json::from_str(text(name).unwrap()).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(schema.is_object(), "{name}");
        }
        assert!(fixed_words("diagnosis-1").contains(&"undetermined".to_owned()));
    }
}
