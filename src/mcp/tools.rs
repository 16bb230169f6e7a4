//! The tools, one file for each command that they answer like.

mod actions;
mod check;
mod denials;
mod doctor;
mod explain;
mod fields;
mod models;
mod policy;

use super::tool::Tool;

/// The tools, in the order in which they are used.
pub(super) static TOOLS: [Tool; 9] = [
    explain::EXPLAIN_ERROR,
    doctor::DIAGNOSE_CALL,
    models::LIST_CALLABLE_MODELS,
    denials::FIND_DENIALS,
    check::CHECK_PLAN,
    policy::SIMULATE_POLICY,
    policy::LINT_POLICY,
    policy::GENERATE_POLICY,
    actions::REQUIRED_PERMISSIONS,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mcp::settings::Settings;
    use serde_json::json;

    #[test]
    fn every_tool_is_described_and_its_examples_are_valid() {
        for tool in &TOOLS {
            let described = tool.described(&Settings::default());
            assert!(tool.description.len() > 60, "{}", tool.name);
            assert!(described.output_schema.is_some_and(|schema| schema["type"] == "object"), "{}", tool.name);
            for (name, property) in tool.properties() {
                let told = property["description"].as_str().unwrap_or_default();
                assert!(told.len() > 10, "{} {name} has no description", tool.name);
                let examples = property["examples"].as_array().unwrap_or_else(|| panic!("{} {name}", tool.name));
                let one = json!({"type": "object", "properties": {"value": property}});
                for example in examples {
                    let valid = jsonschema::is_valid(&one, &json!({"value": example}));
                    assert!(valid, "{} {name}: {example}", tool.name);
                }
            }
            assert!(tool.required.iter().all(|name| tool.properties().contains_key(*name)));
        }
    }

    #[test]
    fn annotations_say_what_a_tool_may_do() {
        let of = |name: &str, settings: &Settings| {
            let tool = TOOLS.iter().find(|tool| tool.name == name).unwrap();
            let annotations = tool.described(settings).annotations.unwrap();
            (
                annotations.read_only_hint.unwrap(),
                annotations.idempotent_hint.unwrap(),
                annotations.open_world_hint.unwrap(),
            )
        };
        let usual = Settings::default();
        assert_eq!(of("diagnose_call", &usual), (true, true, true));
        assert_eq!(of("explain_error", &usual), (true, true, false));
        let testing = Settings { allow_test_calls: true, ..Settings::default() };
        assert_eq!(of("diagnose_call", &testing), (false, false, true));
        assert_eq!(of("list_callable_models", &testing), (true, true, true));
        let world = Settings { world: Some("healthy".to_owned()), ..Settings::default() };
        assert_eq!(of("diagnose_call", &world), (true, true, false));
    }
}
