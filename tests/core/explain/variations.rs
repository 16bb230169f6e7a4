//! Other words for the same: masks, wrappers, languages, several errors at once, and the cases that people described.

use super::{answer, assert_none};
use bedrock_access::explain::explain;
use bedrock_access::report::explanation_steps;
use serde_json::Value;

fn lines(file: &str) -> Vec<Value> {
    file.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn variations_are_read_like_what_they_vary() {
    let variations = lines(include_str!("../../fixtures/explain/variations.jsonl"));
    assert!(variations.len() >= 60);
    let mut wrong = Vec::new();
    for variation in &variations {
        let answer = answer(variation["text"].as_str().unwrap());
        let mut differs = |what: &str| wrong.push(format!("{}: {what}\n      {answer}", variation["id"]));
        if !variation["accept"].as_array().unwrap().contains(&answer["cause"]) {
            differs("cause");
        }
        for (field, expected) in variation.as_object().unwrap() {
            let matches = match field.as_str() {
                "id" | "text" | "accept" => true,
                "others" => {
                    let causes: Vec<Value> =
                        answer["others"].as_array().unwrap().iter().map(|other| other["cause"].clone()).collect();
                    Value::from(causes) == *expected
                }
                field => answer[field] == *expected,
            };
            if !matches {
                differs(field);
            }
        }
    }
    assert_none(&wrong);
}

#[test]
fn the_texts_of_the_cases_name_what_turned_out_to_be_true() {
    let mut wrong = Vec::new();
    for case in lines(include_str!("../../fixtures/explain/cases.jsonl")) {
        let answer = answer(case["text"].as_str().unwrap());
        if !case["accept"].as_array().unwrap().contains(&answer["cause"]) {
            wrong.push(format!("case {}: {}", case["case"], answer["cause"]));
        }
    }
    assert_none(&wrong);
}

#[test]
fn suggested_commands_hold_what_they_need_and_cost_nothing() {
    let texts = lines(include_str!("../../fixtures/messages/messages.jsonl"))
        .into_iter()
        .chain(lines(include_str!("../../fixtures/messages/messages-2.jsonl")))
        .chain(lines(include_str!("../../fixtures/messages/messages-3.jsonl")))
        .chain(lines(include_str!("../../fixtures/explain/variations.jsonl")));
    for message in texts {
        let explanation = explain(message["text"].as_str().unwrap());
        let steps = explanation_steps(&explanation.error, Some("eu-central-1"));
        for (number, step) in steps.iter().enumerate() {
            for call in ["--probe", "--invoke", "bedrock-runtime converse", "bedrock-runtime invoke"] {
                assert!(!step.contains(call), "{}: {step}", message["id"]);
            }
            assert!(!step.contains("--region REGION"), "{}: {step}", message["id"]);
            if let Some((_, model)) = step.split_once("get-foundation-model-availability --model-id ") {
                let model = model.split(' ').next().unwrap();
                assert!(
                    !["us.", "eu.", "global.", "apac.", "arn:"].iter().any(|start| model.starts_with(start)),
                    "{step}"
                );
            }
            let asks = step.contains(": bedrock-access doctor");
            assert!(!asks || step.contains("--model ") || step.contains("--operation "), "{}: {step}", message["id"]);
            assert!(!steps.iter().skip(number + 1).any(|other| other == step), "{step} twice");
        }
        let asks = steps.iter().filter(|step| step.starts_with("ask AWS itself")).count();
        assert!(asks <= 1, "{}: {steps:?}", message["id"]);
    }
}
