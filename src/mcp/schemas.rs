//! The published JSON schemas, which are what the tools' structured answers are held to.

use serde_json::{Map, Value};

/// The schemas by their names.
pub(super) const SCHEMAS: [(&str, &str); 17] = [
    ("actions-1", include_str!("../../docs/schema/actions-1.json")),
    ("check-1", include_str!("../../docs/schema/check-1.json")),
    ("denials-1", include_str!("../../docs/schema/denials-1.json")),
    ("diagnosis-1", include_str!("../../docs/schema/diagnosis-1.json")),
    ("error-1", include_str!("../../docs/schema/error-1.json")),
    ("evidence-1", include_str!("../../docs/schema/evidence-1.json")),
    ("explanation-1", include_str!("../../docs/schema/explanation-1.json")),
    ("generated-policy-1", include_str!("../../docs/schema/generated-policy-1.json")),
    ("log-1", include_str!("../../docs/schema/log-1.json")),
    ("models-1", include_str!("../../docs/schema/models-1.json")),
    ("policy-case-1", include_str!("../../docs/schema/policy-case-1.json")),
    ("policy-decision-1", include_str!("../../docs/schema/policy-decision-1.json")),
    ("policy-lint-1", include_str!("../../docs/schema/policy-lint-1.json")),
    ("policy-test-1", include_str!("../../docs/schema/policy-test-1.json")),
    ("simulation-1", include_str!("../../docs/schema/simulation-1.json")),
    ("target-1", include_str!("../../docs/schema/target-1.json")),
    ("world-1", include_str!("../../docs/schema/world-1.json")),
];

/// Returns the text of a schema.
pub(super) fn text(name: &str) -> Option<&'static str> {
    SCHEMAS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
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
        assert_eq!(names, SCHEMAS.map(|(name, _)| name));
        for (name, text) in SCHEMAS {
            let schema: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(schema.is_object(), "{name}");
        }
        assert!(fixed_words("diagnosis-1").contains(&"undetermined".to_owned()));
    }
}
