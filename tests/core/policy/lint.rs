//! Every mistake is found where it stands, its correction fixes it or it has advice, and a clean look-alike is left alone.

use crate::support::files;
use bedrock_access::policy::{Finding, LintCode, Severity, lint};
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

/// Returns how often a policy has a mistake.
fn count(policy: &Value, code: &str) -> usize {
    with_code(&pretty(policy), code).len()
}

#[test]
fn the_correction_fixes_the_mistake_or_there_is_advice() {
    for case in cases() {
        let (code, what) = (case["code"].as_str().unwrap(), &case["what"]);
        let finding = with_code(&pretty(&case["mistake"]), code).remove(0);
        assert_eq!(finding.corrected.is_some(), finding.safety.is_some());
        if case["advice_only"] == true {
            assert_eq!(finding.corrected, None, "{code}: {what}");
            assert!(finding.advice.is_some(), "{code}: {what}");
            continue;
        }
        let corrected = finding
            .correct(&case["mistake"])
            .unwrap_or_else(|| panic!("{code} ({what}): no correction, {:?}", finding.advice));
        // A statement may hold the same mistake twice, and each finding corrects its own.
        assert!(count(&corrected, code) < count(&case["mistake"], code), "{code} ({what}):\n{}", pretty(&corrected));
        let found: Vec<Finding> = lint(&pretty(&corrected));
        let before = lint(&pretty(&case["mistake"]));
        let new = found.iter().find(|one| !before.iter().any(|old| old.code == one.code) && one.corrected.is_none());
        assert!(new.is_none_or(|new| new.severity == Severity::Note), "{code} ({what}): {new:#?}");
    }
}

#[test]
fn advice_is_a_fragment_that_says_what_to_do() {
    for case in cases() {
        for finding in lint(&pretty(&case["mistake"])) {
            let Some(advice) = &finding.advice else {
                assert!(finding.corrected.is_some(), "{}: neither advice nor correction", finding.code);
                continue;
            };
            assert!(!advice.ends_with('.') && !advice.is_empty(), "{advice}");
            let first = advice.chars().next().unwrap();
            assert!(first.is_lowercase() || first == '`', "{advice}");
        }
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

#[test]
fn the_page_lists_every_code_with_its_level_and_reason() {
    let page = files::read("docs/policy.md");
    for code in LintCode::ALL {
        let why = code.why().replace('|', "\\|");
        let row = format!("| `{}` | {} | {why} |", code.as_str(), code.severity().as_str());
        assert!(page.lines().any(|line| line == row), "docs/policy.md lacks\n{row}");
    }
}
