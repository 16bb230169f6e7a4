//! Every mistake is found where it stands, its correction mends it, and a clean look-alike is left alone.

use bedrock_access::policy::{Finding, LintCode, lint};
use serde_json::Value;

const CASES: &str = include_str!("../../fixtures/policy/lint.json");

fn cases() -> Vec<Value> {
    serde_json::from_str(CASES).unwrap()
}

fn pretty(policy: &Value) -> String {
    serde_json::to_string_pretty(policy).unwrap()
}

fn with_code(text: &str, code: &str) -> Vec<Finding> {
    lint(text).into_iter().filter(|finding| finding.code.as_str() == code).collect()
}

/// Returns what stands at a finding's place.
fn quoted(text: &str, finding: &Finding) -> String {
    assert_eq!(finding.line, finding.end_line);
    let line = text.lines().nth(finding.line - 1).unwrap();
    line.chars().skip(finding.column - 1).take(finding.end_column - finding.column).collect()
}

#[test]
fn every_code_has_a_case() {
    let cases = cases();
    for code in LintCode::ALL.iter().filter(|code| **code != LintCode::MalformedPolicy) {
        assert!(cases.iter().any(|case| case["code"] == code.as_str()), "{code} has no case");
        assert!(!code.why().is_empty() && !code.page().is_empty());
    }
    for case in &cases {
        assert!(LintCode::ALL.iter().any(|code| case["code"] == code.as_str()), "{} is no code", case["code"]);
    }
}

#[test]
fn the_mistake_is_found_where_it_stands() {
    for case in cases() {
        let text = pretty(&case["mistake"]);
        let code = case["code"].as_str().unwrap();
        let found = with_code(&text, code);
        let places: Vec<String> = found.iter().map(|finding| quoted(&text, finding)).collect();
        let expected = case["at"].as_str().unwrap();
        assert!(places.iter().any(|place| place == expected), "{code} ({}): {places:?}", case["what"]);
    }
}

#[test]
fn the_clean_look_alike_is_left_alone() {
    for case in cases() {
        let text = pretty(&case["clean"]);
        let found: Vec<(&str, String)> =
            lint(&text).into_iter().map(|finding| (finding.code.as_str(), finding.message)).collect();
        assert!(found.is_empty(), "{} ({}): {found:?}", case["code"], case["what"]);
    }
}

#[test]
fn the_correction_mends_the_mistake() {
    for case in cases() {
        let code = case["code"].as_str().unwrap();
        let finding = with_code(&pretty(&case["mistake"]), code).remove(0);
        let Some(corrected) = finding.corrected else {
            // Only the author knows what a wrong key was meant to say.
            assert!(["unknown-condition-key", "resource-too-wide"].contains(&code), "{code}: {}", case["what"]);
            continue;
        };
        let mut policy = case["mistake"].clone();
        let statements = policy["Statement"].as_array_mut().unwrap();
        let fresh = match corrected {
            Value::Array(statements) => statements,
            statement => vec![statement],
        };
        let at = finding.statement.unwrap();
        statements.splice(at..=at, fresh);
        // A statement may hold the same mistake twice, and each finding corrects its own.
        let left = with_code(&pretty(&policy), code).len();
        let before = with_code(&pretty(&case["mistake"]), code).len();
        assert!(left < before, "{code} ({}):\n{}", case["what"], pretty(&policy));
    }
}

#[test]
fn what_is_no_policy_is_one_finding_with_its_place() {
    for (text, line, column, message) in [
        ("", 1, 1, "expected `{`, the text is empty"),
        ("\u{0}\u{1}", 1, 1, "expected a JSON value, found `\\0`"),
        ("{\"Statement\": [{}]}", 1, 16, "the statement has no `Effect`"),
        (
            "{\n \"Statement\": {\"Effect\": \"Allow\", \"Action\": \"*\", \"Resourcé\": 1}}",
            2,
            50,
            "`Resourcé` is no element of a statement; expected `Resource`",
        ),
        (
            "{\"Statement\": {\"Effect\": \"Allow\", \"Action\": \"*\", \"Target\": 1}}",
            1,
            50,
            "`Target` is no element of a statement; expected `Sid`, `Effect`, `Principal`, `Action`, `Resource`, `Condition` or a `Not…` of these",
        ),
        ("{\"Version\": \"2012-10-18\"}", 1, 13, "expected `2012-10-17` or `2008-10-17`, found `2012-10-18`"),
        (
            "{\"Statement\": {\"Effect\": \"Allow\", \"action\": \"*\"}}",
            1,
            35,
            "`action` is no element of a statement; expected `Action`",
        ),
        (
            "{\"Statement\": {\"Effect\": \"Allow\", \"Action\": \"*\", \"Resource\": \"*\", \"Condition\": {\"StringEqual\": {}}}}",
            1,
            81,
            "`StringEqual` is no condition operator; did you mean `StringEquals`?",
        ),
    ] {
        let found = lint(text);
        assert_eq!(found.len(), 1, "{text:?}: {found:?}");
        let finding = &found[0];
        assert_eq!(finding.code, LintCode::MalformedPolicy);
        assert_eq!((finding.line, finding.column, finding.message.as_str()), (line, column, message), "{text:?}");
    }
}

#[test]
fn what_is_longer_than_any_policy_is_refused_at_once() {
    let statement = r#"{"Effect":"Allow","Action":"bedrock:InvokeModel","Resource":"*"}"#;
    let text = format!("{{\"Statement\": [{}]}}", vec![statement; 3000].join(",\n"));
    let found = lint(&text);
    assert_eq!(found.len(), 1);
    assert!(found[0].message.starts_with("the policy has 195015 characters"), "{}", found[0].message);
    // White space is free.
    let spaced = format!("{{\"Statement\": [{}{statement}]}}", " ".repeat(200_000));
    assert!(lint(&spaced).iter().all(|finding| finding.code != LintCode::MalformedPolicy));
}
