//! What was closed on purpose stays closed: conditions on allows are kept or met, and guards are narrowed and never deleted.

use super::account::is_allowed;
use super::applier::{apply, changes, requested};
use crate::support::program::Doctor;
use bedrock_access::iam::{ContextKeys, Decision, RequestContext};
use bedrock_access::policy::{Document, Policies, Policy, Question, decide};
use bedrock_access::sandbox::World;
use serde_json::{Value, json};
use std::fs;

const CALLER: &str = "arn:aws:iam::111122223333:role/apps/chat-api";
const GUARDRAIL: &str = "arn:aws:bedrock:us-west-2:111122223333:guardrail/gr4example7mask";

/// Conditions on an allow, the value that meets each where a call can give it as `--context`, and one that does not.
const CONDITIONS: [(&str, &str, &str, Option<&str>, &str); 12] = [
    ("StringEquals", "aws:SourceVpce", "vpce-1", Some("vpce-1"), "vpce-2"),
    ("Bool", "aws:MultiFactorAuthPresent", "true", Some("true"), "false"),
    ("IpAddress", "aws:SourceIp", "198.51.100.0/24", Some("198.51.100.7"), "203.0.113.9"),
    ("StringEquals", "aws:SourceIdentity", "ana", Some("ana"), "olu"),
    ("StringEquals", "bedrock:ServiceTier", "default", Some("default"), "priority"),
    ("StringEquals", "aws:PrincipalOrgID", "o-other", None, "o-exampleorgid"),
    ("StringLike", "aws:userid", "AROA:*", None, "AIDA:x"),
    ("StringEquals", "aws:PrincipalTag/team", "ml", None, "web"),
    ("StringEquals", "aws:RequestedRegion", "eu-central-1", None, "us-west-2"),
    ("DateLessThan", "aws:CurrentTime", "2020-01-01T00:00:00Z", None, "2026-11-22T12:00:00Z"),
    ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::111122223333:role/other", None, CALLER),
    ("Null", "aws:SourceVpc", "false", Some("vpc-1"), ""),
];

/// What else is wrong: nothing, a resource or an action that no statement names.
const DEFECTS: [&str; 3] = ["nothing", "resource", "guardrail"];

fn healthy() -> Value {
    let mut facts: Value = serde_json::from_str(World::embedded_text("healthy").unwrap()).unwrap();
    facts["name"] = json!("guarded");
    facts["guardrails"] = json!([{"arn": GUARDRAIL, "version": "1"}]);
    facts
}

/// The statements of the policy that lets the caller invoke.
fn invoking(facts: &mut Value) -> &mut Vec<Value> {
    let policies = facts["principals"][0]["policies"].as_array_mut().unwrap();
    let policy = policies.iter_mut().find(|policy| policy["name"] == "bedrock-invoke").unwrap();
    policy["document"]["Statement"].as_array_mut().unwrap()
}

fn asked(facts: &Value, more: &[String]) -> Value {
    let file = tempfile::Builder::new().suffix(".json").tempfile().unwrap();
    fs::write(file.path(), facts.to_string()).unwrap();
    let fixed = ["--sandbox", file.path().to_str().unwrap(), "--format", "json"].map(str::to_owned);
    Doctor::new(fixed.iter().chain(more).map(String::as_str)).run().json()
}

fn arguments(parts: &[&str]) -> Vec<String> {
    parts.iter().map(|part| (*part).to_owned()).collect()
}

fn policies_of(principal: &Value, proposed: Option<&Value>) -> Policies {
    let own = principal["policies"].as_array().unwrap().iter().map(|policy| &policy["document"]);
    let documents = own.chain(proposed).map(|text| Policy::unnamed(Document::parse(&text.to_string()).unwrap()));
    Policies { identity: documents.collect(), ..Policies::default() }
}

fn decided(policies: &Policies, request: &RequestContext) -> Decision {
    decide(&Question::new(CALLER, request), policies).decision
}

#[test]
fn no_remedy_goes_round_a_condition() {
    let mut held = 0;
    for (operator, key, value, met, unmet) in CONDITIONS {
        for defect in DEFECTS {
            let mut facts = healthy();
            let statements = invoking(&mut facts);
            for statement in statements.iter_mut() {
                statement["Condition"][operator][key] = json!(value);
            }
            let mut more = Vec::new();
            match defect {
                "resource" => drop(statements[1]["Resource"].as_array_mut().unwrap().pop()),
                "guardrail" => more.extend(arguments(&["--guardrail", "gr4example7mask:1"])),
                _ => {}
            }
            let given = met.map(|met| arguments(&["--context", &format!("{key}={met}")])).unwrap_or_default();
            for extra in [Vec::new(), given, arguments(&["--probe"])] {
                let report = asked(&facts, &[more.clone(), extra].concat());
                held += keeps_out(&format!("{key} {defect}"), &facts, &report, (key, unmet));
            }
        }
    }
    assert!(held > 100, "{held}");
}

/// Holds what a report proposes against calls that do not meet a condition; returns how many.
fn keeps_out(name: &str, facts: &Value, report: &Value, (key, unmet): (&str, &str)) -> usize {
    let before = policies_of(&facts["principals"][0], None);
    let mut held = 0;
    for change in changes(report).iter().filter(|change| change["change"] == "add-statement") {
        let after = policies_of(&facts["principals"][0], Some(&change["document"]));
        for requirement in report["requirements"].as_array().unwrap() {
            let request = requested(requirement, report);
            // What nothing guarded, nothing has to keep guarded.
            if request.action == "bedrock:ApplyGuardrail" {
                continue;
            }
            let without = RequestContext { context: request.context.without(key), ..request.clone() };
            let mut calls = vec![without.clone()];
            if !unmet.is_empty() {
                calls.push(RequestContext { context: without.context.clone().with(key, unmet), ..without });
            }
            for call in calls {
                assert_eq!(decided(&before, &call), decided(&after, &call), "{name}: {change:#} for {call:?}");
                held += 1;
            }
        }
    }
    // What only a condition keeps out is a matter of that condition, first of all.
    let first = &report["findings"][0];
    if first["cause"] == "identity-policy-missing-allow" && name.ends_with("nothing") {
        assert_eq!(first["remedy"]["changes"][0]["change"], "meet-condition", "{name}: {first:#}");
        assert!(first["remedy"]["policy"].is_null() && first["remedy"]["verified"].is_null(), "{name}: {first:#}");
        held += 1;
    }
    held
}

/// Denies that cover more than the call.
fn guards() -> Vec<Value> {
    let invoke = json!(["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"]);
    let west = json!([
        "arn:aws:bedrock:us-west-2::foundation-model/*",
        "arn:aws:bedrock:us-west-2:111122223333:inference-profile/*"
    ]);
    vec![
        json!({"Effect": "Deny", "NotAction": ["iam:*", "bedrock:Get*", "bedrock:List*", "s3:*"], "Resource": "*"}),
        json!({"Effect": "Deny", "NotAction": ["iam:*", "bedrock:Get*", "bedrock:List*"], "NotResource": west}),
        json!({"Effect": "Deny", "Action": invoke, "NotResource": west}),
        json!({"Sid": "Closed", "Effect": "Deny", "Action": invoke, "NotResource": "arn:aws:s3:::none"}),
    ]
}

/// Requests that a guard is there for, beside those of the call.
fn beside() -> Vec<RequestContext> {
    let request = |action: &str, resource: &str| RequestContext {
        action: action.to_owned(),
        resource: resource.to_owned(),
        context: ContextKeys::new(),
    };
    vec![
        request("ec2:RunInstances", "arn:aws:ec2:us-west-2:111122223333:instance/i-1"),
        request("bedrock:DeleteGuardrail", GUARDRAIL),
        request("bedrock:InvokeModel", "arn:aws:bedrock:eu-west-1::foundation-model/anthropic.claude-other-v1:0"),
        request("bedrock:InvokeModelWithResponseStream", "arn:aws:bedrock:eu-west-1::foundation-model/x"),
        request("s3:GetObject", "arn:aws:s3:::example/key"),
    ]
}

#[test]
fn no_remedy_deletes_a_guard() {
    for guard in guards() {
        for in_boundary in [false, true] {
            let mut facts = healthy();
            let everything = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
            let guarding = json!({"Version": "2012-10-17", "Statement": [everything, guard]});
            let principal = &mut facts["principals"][0];
            if in_boundary {
                principal["boundary"] = json!({"arn": "arn:aws:iam::111122223333:policy/guard", "document": guarding});
            } else {
                let alone = json!({"name": "guard", "document": {"Version": "2012-10-17", "Statement": [guard]}});
                principal["policies"].as_array_mut().unwrap().push(alone);
            }
            let report = asked(&facts, &[]);
            assert_eq!(report["verdict"], "denied", "{guard}");
            let all = changes(&report);
            assert!(all.iter().all(|change| change["change"] == "exempt"), "{guard}: {all:#?}");
            let identity = |documents: Vec<Value>| Policies {
                identity: documents
                    .iter()
                    .map(|text| Policy::unnamed(Document::parse(&text.to_string()).unwrap()))
                    .collect(),
                ..Policies::default()
            };
            let allow = json!({"Version": "2012-10-17", "Statement": [everything]});
            let before = identity(vec![guarding.clone()]);
            let after = identity(vec![allow, all[0]["document"].clone()]);
            let is_by_action = guard.get("NotResource").is_none();
            for request in beside().iter().filter(|request| !is_by_action || !request.action.contains("InvokeModel")) {
                assert_eq!(decided(&before, request), decided(&after, request), "{request:?}: {:#}", all[0]);
            }
            assert!(is_allowed(&apply(&facts.to_string(), &all, &report)), "{guard}: {all:#?}");
        }
    }
}

/// AWS's own policy that denies everything is attached on purpose, too.
#[test]
fn a_policy_of_aws_that_denies_everything_stays() {
    let mut facts: Value = serde_json::from_str(World::embedded_text("healthy").unwrap()).unwrap();
    facts["name"] = json!("guarded");
    facts["principals"][0]["managed_policies"] = json!(["AWSDenyAll"]);
    facts["caller"] = json!("arn:aws:iam::111122223333:user/platform/ana");
    let report = asked(&facts, &arguments(&["--principal", CALLER]));
    let first = &report["findings"][0];
    assert_eq!(first["cause"], "identity-policy-explicit-deny", "{:#}", report["findings"]);
    assert_eq!((kinds(first), &first["remedy"]["verified"]), (vec![], &Value::Null));
    assert!(!first["remedy"]["commands"].to_string().contains("detach"), "{first:#}");
}

#[test]
fn a_verified_remedy_makes_the_call_pass() {
    let mut verified = 0;
    for resource in 0..3 {
        for guarded in [false, true] {
            let mut facts = healthy();
            let statements = invoking(&mut facts);
            statements[1]["Resource"].as_array_mut().unwrap().remove(resource);
            if guarded {
                facts["principals"][0]["tags"]["team"] = json!("ml");
                for statement in invoking(&mut facts) {
                    statement["Condition"]["StringEquals"]["aws:PrincipalTag/team"] = json!("ml");
                }
            }
            let report = asked(&facts, &[]);
            let first = &report["findings"][0]["remedy"];
            assert_eq!(first["verified"], "allowed", "{:#}", report["findings"]);
            let document = first["policy"].to_string();
            assert_eq!(document.contains("aws:PrincipalTag/team"), guarded, "{document}");
            assert!(is_allowed(&apply(&facts.to_string(), &changes(&report), &report)));
            verified += 1;
        }
    }
    assert_eq!(verified, 6);
}

const ANSWERS: &str = "arn:aws:s3:::example-answers";
const PROMPTS: &str = "arn:aws:s3:::example-prompts";
const NIGHTLY: &str = "arn:aws:iam::111122223333:role/service-role/nightly-batch";

fn world(name: &str) -> Value {
    let mut facts: Value = serde_json::from_str(World::embedded_text(name).unwrap()).unwrap();
    facts["name"] = json!("guarded");
    facts["request"]["live"] = Value::Null;
    facts
}

fn kinds(finding: &Value) -> Vec<&str> {
    let changes = finding["remedy"]["changes"].as_array().unwrap();
    changes.iter().map(|change| change["change"].as_str().unwrap()).collect()
}

/// A bucket's policy that denies by a condition protects the bucket: the call meets it.
#[test]
fn the_condition_of_a_resources_policy_is_met() {
    for (operator, key, value, given) in [
        ("StringNotEquals", "s3:x-amz-server-side-encryption", "aws:kms", Some("AES256")),
        ("StringNotEquals", "aws:SourceVpce", "vpce-1", Some("vpce-2")),
        ("ArnNotLike", "aws:PrincipalArn", "arn:aws:iam::111122223333:role/nightly-batch", None),
        ("Bool", "aws:SecureTransport", "true", None),
    ] {
        let mut facts = world("batch-bucket-policy");
        let guard = json!({
            "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": format!("{ANSWERS}/*"),
            "Condition": {operator: {key: value}},
        });
        let policy = json!({"Version": "2012-10-17", "Statement": [guard]});
        facts["resource_policies"] = json!({ANSWERS: policy, PROMPTS: null});
        let given = given.map(|given| arguments(&["--context", &format!("{key}={given}")])).unwrap_or_default();
        let report = asked(&facts, &given);
        let first = &report["findings"][0];
        assert_eq!((&first["cause"], kinds(first)), (&json!("resource-policy"), vec!["meet-condition"]), "{key}");
    }
}

#[test]
fn whom_a_bucket_lets_in_is_added_to_and_not_taken_away() {
    let mut facts = world("batch-bucket-policy");
    let guard = json!({
        "Effect": "Deny", "NotPrincipal": {"AWS": [NIGHTLY]}, "Action": "s3:PutObject", "Resource": format!("{ANSWERS}/*"),
    });
    facts["resource_policies"] = json!({ANSWERS: {"Version": "2012-10-17", "Statement": [guard]}, PROMPTS: null});
    let report = asked(&facts, &[]);
    let first = &report["findings"][0];
    assert_eq!((&first["cause"], kinds(first)), (&json!("resource-policy"), vec!["exempt"]));
    let left = &first["remedy"]["changes"][0]["document"]["Statement"][0];
    assert_eq!(left["NotPrincipal"]["AWS"], json!([NIGHTLY, "arn:aws:iam::111122223333:root"]));
}

#[test]
fn a_service_role_meets_the_condition_of_its_own_policy() {
    let mut facts = world("agent-role");
    let role = facts["principals"].as_array_mut().unwrap().iter_mut();
    let role = role.into_iter().find(|role| role["arn"].as_str().unwrap().contains("support")).unwrap();
    let statement = |statement: Value| json!({"Version": "2012-10-17", "Statement": [statement]});
    let allow = json!({"Effect": "Allow", "Action": "bedrock:*", "Resource": "*"});
    let guard = json!({
        "Sid": "OnlyGuarded", "Effect": "Deny", "Action": ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"],
        "Resource": "*", "Condition": {"StringNotEquals": {"bedrock:GuardrailIdentifier": format!("{GUARDRAIL}:1")}},
    });
    role["policies"] =
        json!([{"name": "all", "document": statement(allow)}, {"name": "guard", "document": statement(guard)}]);
    let report = asked(&facts, &[]);
    let first = &report["findings"][0];
    let all = (&first["cause"], kinds(first));
    assert_eq!(all, (&json!("service-role-permission"), vec!["meet-condition"]), "{first:#}");
}

#[test]
fn a_key_that_is_only_to_be_there_is_no_value() {
    for (asked_for, carries) in [("true", false), ("false", true)] {
        let mut facts = healthy();
        facts["request"]["live"] = Value::Null;
        let guard = json!({
            "Effect": "Deny", "Action": "bedrock:InvokeModel", "Resource": "*",
            "Condition": {"Null": {"bedrock:GuardrailIdentifier": asked_for}},
        });
        let document = json!({"Version": "2012-10-17", "Statement": [guard]});
        facts["principals"][0]["policies"].as_array_mut().unwrap().push(json!({"name": "guard", "document": document}));
        let given = if carries { arguments(&["--guardrail", "gr4example7mask:1"]) } else { Vec::new() };
        let report = asked(&facts, &given);
        let denied = report["findings"].as_array().unwrap().iter();
        let mut denied = denied.filter(|finding| finding["cause"] == "identity-policy-explicit-deny");
        let remedy = &denied.next().unwrap()["remedy"];
        let text = remedy.to_string();
        assert!(!text.contains("guardrail/true") && !text.contains("guardrail/false"), "{remedy:#}");
        let step = remedy["steps"][0].as_str().unwrap();
        let how = if carries { "make the call without a guardrail" } else { "name a guardrail in the call" };
        assert!(step.starts_with(how), "{step}");
    }
}

#[test]
fn nobody_is_told_to_tag_a_foundation_model() {
    for condition in [
        json!({"StringNotEquals": {"aws:ResourceTag/team": "chat"}}),
        json!({"Null": {"aws:ResourceTag/team": "true"}}),
    ] {
        let mut facts = healthy();
        facts["request"]["live"] = Value::Null;
        let guard = json!({"Effect": "Deny", "Action": "bedrock:InvokeModel", "Resource": "*", "Condition": condition});
        let document = json!({"Version": "2012-10-17", "Statement": [guard]});
        facts["principals"][0]["policies"].as_array_mut().unwrap().push(json!({"name": "guard", "document": document}));
        let report = asked(&facts, &[]);
        let mut denied = report["findings"].as_array().unwrap().iter();
        let found = denied.find(|finding| finding["cause"] == "identity-policy-explicit-deny").unwrap();
        let steps = found["remedy"]["steps"].to_string();
        assert!(steps.contains("cannot be tagged, let those who keep the policy leave models out"), "{steps}");
    }
}

#[test]
fn a_model_that_does_not_exist_gets_no_permission() {
    for id in ["us.anthropic.claude-sonnet-4-5-20250929-v2:0", "anthropic.claude-sonnet-4-9-20250929-v1:0"] {
        for probe in [&[][..], &["--probe"]] {
            let mut facts = healthy();
            facts["request"]["live"] = Value::Null;
            let report = asked(&facts, &arguments(&[&["--model", id], probe].concat()));
            let findings = report["findings"].as_array().unwrap();
            assert_ne!(findings[0]["family"], "iam-permission", "{id} {probe:?}: {:#}", report["findings"]);
            for finding in findings.iter().filter(|finding| finding["family"] == "iam-permission") {
                assert!(finding["remedy"]["policy"].is_null(), "{finding:#}");
                assert_eq!(finding["remedy"]["changes"], json!([]));
            }
        }
    }
}

#[test]
fn a_role_that_cannot_be_passed_gets_no_permission() {
    for role in [
        "arn:aws:iam::999988887777:role/service-role/nightly-batch",
        "arn:aws:iam::111122223333:role/nightly-batch",
        "arn:aws:iam::111122223333:role/service-role/nobody",
    ] {
        let mut facts = world("batch-bucket-policy");
        facts["resource_policies"] = json!({ANSWERS: null, PROMPTS: null});
        let report = asked(&facts, &arguments(&["--service-role", role]));
        let first = &report["findings"][0];
        assert_eq!(first["cause"], "service-role-permission", "{role}: {:#}", report["findings"]);
        assert!(first["remedy"]["policy"].is_null(), "{first:#}");
        assert!(!report["findings"].to_string().contains("add-statement"), "{role}");
    }
}
