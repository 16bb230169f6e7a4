//! Every operation is allowed with exactly what the documentation says that it needs, and denied without any part of
//! it, with the right action and resource named.

use super::account::{Grant, ROLE, ask, at_once, role, service_role, world};
use bedrock_access::bedrock::Operation;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What a call needs, by hand from the documentation.
#[derive(Deserialize)]
pub struct Facts {
    pub operation: String,
    pub arguments: Vec<String>,
    pub caller: Vec<Grant>,
    pub role: Vec<Grant>,
}

pub fn table() -> Vec<Facts> {
    serde_json::from_str(include_str!("../../fixtures/operations/facts.json")).unwrap()
}

impl Facts {
    fn typed<'f>(&'f self, more: &[&'f str]) -> Vec<&'f str> {
        let typed = ["--operation", &self.operation, "--region", "us-west-2", "--principal", ROLE];
        typed.into_iter().chain(self.arguments.iter().map(String::as_str)).chain(more.iter().copied()).collect()
    }

    /// Names the case, for messages.
    fn name(&self) -> String {
        format!("{} {}", self.operation, self.arguments.join(" "))
    }
}

/// Returns the grants without one of them.
fn without(grants: &[Grant], missing: Option<usize>) -> Vec<Grant> {
    let kept = grants.iter().enumerate().filter(|(index, _)| Some(*index) != missing);
    kept.map(|(_, grant)| grant.clone()).collect()
}

#[test]
fn every_operation_is_in_the_table() {
    let known: BTreeSet<String> = table().into_iter().map(|facts| facts.operation).collect();
    let all: BTreeSet<String> = Operation::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(known, all);
}

#[test]
fn what_is_documented_is_enough() {
    let table = table();
    let answers =
        at_once(&table, |facts| ask(&world(&role(&facts.caller), &service_role(&facts.role)), &facts.typed(&[])));
    for (facts, answer) in table.iter().zip(answers) {
        assert_eq!(answer.status, 0, "{}: {}{}", facts.name(), answer.stdout, answer.stderr);
        let report = answer.json();
        let needed: BTreeSet<[&str; 3]> = report["requirements"]
            .as_array()
            .unwrap()
            .iter()
            .map(|requirement| ["whose", "action", "resource"].map(|field| requirement[field].as_str().unwrap()))
            .collect();
        let of = |whose: &'static str, grants: &'_ [Grant]| -> BTreeSet<[String; 3]> {
            grants.iter().map(|[action, resource]| [whose.to_owned(), action.clone(), resource.clone()]).collect()
        };
        let documented: BTreeSet<[String; 3]> =
            of("caller", &facts.caller).union(&of("service-role", &facts.role)).cloned().collect();
        let needed: BTreeSet<[String; 3]> =
            needed.into_iter().map(|requirement| requirement.map(str::to_owned)).collect();
        assert_eq!(needed, documented, "{}", facts.name());
    }
}

#[test]
fn without_any_one_of_them_the_call_is_denied() {
    let table = table();
    let cases: Vec<(&Facts, Option<usize>, Option<usize>)> = table
        .iter()
        .flat_map(|facts| {
            let callers = (0..facts.caller.len()).map(move |missing| (facts, Some(missing), None));
            let roles = (0..facts.role.len()).map(move |missing| (facts, None, Some(missing)));
            callers.chain(roles)
        })
        .collect();
    assert!(cases.len() >= 100, "{}", cases.len());
    let answers = at_once(&cases, |(facts, caller, of_role)| {
        let roles = [role(&without(&facts.caller, *caller)), service_role(&without(&facts.role, *of_role))];
        ask(&world(&roles[0], &roles[1]), &facts.typed(&[]))
    });
    for ((facts, caller, of_role), answer) in cases.iter().zip(answers) {
        let (missing, cause, family) = match (caller, of_role) {
            (Some(missing), _) => (&facts.caller[*missing], "identity-policy-missing-allow", "caller"),
            (None, missing) => (&facts.role[missing.unwrap()], "service-role-permission", "service-role"),
        };
        let name = format!("{} without {missing:?} of the {family}", facts.name());
        assert_eq!(answer.status, 1, "{name}: {}{}", answer.stdout, answer.stderr);
        let report = answer.json();
        let finding = &report["findings"][0];
        assert_eq!(finding["cause"], cause, "{name}");
        assert_eq!(finding["action"], missing[0].as_str(), "{name}");
        assert_eq!(finding["resources"], json!([missing[1]]), "{name}");
        assert_eq!(report["findings"].as_array().unwrap().len(), 1, "{name}: {report:#}");
        // With the policy that is proposed the simulator allows everything.
        assert_eq!(finding["remedy"]["verified"], "allowed", "{name}");
    }
}

#[test]
fn a_service_role_that_bedrock_may_not_assume_is_of_no_use() {
    for facts in table().iter().filter(|facts| facts.arguments.iter().any(|word| word == "--service-role")) {
        let mut trusting = service_role(&facts.role);
        trusting["trust"]["Statement"][0]["Principal"]["Service"] = json!("lambda.amazonaws.com");
        let answer = ask(&world(&role(&facts.caller), &trusting), &facts.typed(&[]));
        assert_eq!(answer.status, 1, "{}: {}", facts.name(), answer.stdout);
        let report = answer.json();
        assert_eq!(report["findings"][0]["cause"], "resource-policy", "{}", facts.name());
        assert_eq!(report["findings"][0]["action"], "sts:AssumeRole");
        assert_eq!(report["trust"][0]["trusts"], json!(["lambda.amazonaws.com"]));
    }
}

#[test]
fn an_operation_without_its_resource_is_wrong_usage() {
    for facts in table() {
        let world = world(&role(&facts.caller), &service_role(&facts.role));
        // Each option is left out in turn; what the operation can do without is no mistake.
        for (index, option) in facts.arguments.iter().enumerate().filter(|(_, word)| word.starts_with("--")) {
            let left: Vec<&str> = facts
                .arguments
                .iter()
                .enumerate()
                .filter(|(at, _)| *at != index && *at != index + 1)
                .map(|(_, word)| word.as_str())
                .collect();
            let typed = ["--operation", &facts.operation, "--region", "us-west-2", "--principal", ROLE];
            // Without the sandbox's own request behind it.
            let mut world: Value = world.clone();
            world["request"] = json!({"operation": "list-foundation-models", "region": "us-west-2"});
            let answer = ask(&world, &typed.into_iter().chain(left).collect::<Vec<_>>());
            if answer.status == 2 {
                assert!(answer.stderr.contains(option.as_str()), "{}: {}", facts.name(), answer.stderr);
            }
        }
    }
}
