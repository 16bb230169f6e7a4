//! What `policy generate` writes for an operation is what the documentation says that it needs: for the caller, for the
//! service role, and for whoever assumes that role.

use super::account::{ROLE, SERVICE_ROLE, ask, at_once, world};
use super::needs::{Facts, table};
use crate::support::program::run;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Runs `policy generate`, and returns its exit status, what it wrote, and what it said beside that.
fn generate(arguments: &[&str]) -> (i32, String, String) {
    let answer = run(&[&["policy", "generate"], arguments].concat());
    (answer.status, answer.stdout, answer.stderr)
}

impl Facts {
    fn generated(&self, of: &str) -> Value {
        let typed = ["--operation", &self.operation, "--region", "us-west-2", "--account", "111122223333", "--of", of];
        let routes: &[&str] = match self.arguments.iter().any(|word| word.starts_with("us.")) {
            true => &["--destination-region", "us-east-1", "--destination-region", "us-east-2"],
            false => &[],
        };
        let arguments = self.arguments.iter().map(String::as_str);
        let (status, written, said) =
            generate(&typed.into_iter().chain(arguments).chain(routes.iter().copied()).collect::<Vec<_>>());
        assert_eq!(status, 0, "{} {:?}: {said}", self.operation, self.arguments);
        serde_json::from_str(&written).unwrap()
    }
}

/// Lists what a policy grants, one action on one resource each.
fn grants(policy: &Value) -> BTreeSet<[String; 2]> {
    let list = |value: &Value| -> Vec<String> {
        match value {
            Value::Array(many) => many.iter().map(|one| one.as_str().unwrap().to_owned()).collect(),
            one => vec![one.as_str().unwrap().to_owned()],
        }
    };
    let statements = policy["Statement"].as_array().unwrap().iter();
    statements
        .flat_map(|statement| {
            let resources = list(&statement["Resource"]);
            list(&statement["Action"]).into_iter().flat_map(move |action| {
                resources.iter().map(|resource| [action.clone(), resource.clone()]).collect::<Vec<_>>()
            })
        })
        .collect()
}

#[test]
fn all_three_policies_are_what_is_documented_and_enough() {
    let outcomes = at_once(&table(), |facts| {
        let name = format!("{} {:?}", facts.operation, facts.arguments);
        let caller = facts.generated("caller");
        assert_eq!(grants(&caller), facts.caller.iter().cloned().collect(), "{name}");
        let of =
            |arn: &str, policy: Value| json!({"arn": arn, "policies": [{"name": "generated", "document": policy}]});
        let mut assumed = of(SERVICE_ROLE, json!({"Version": "2012-10-17", "Statement": []}));
        if facts.arguments.iter().any(|word| word == "--service-role") {
            let role = facts.generated("service-role");
            assert_eq!(grants(&role), facts.role.iter().cloned().collect(), "{name}");
            assumed = of(SERVICE_ROLE, role);
            assumed["trust"] = facts.generated("trust");
        }
        let typed = ["--operation", &facts.operation, "--region", "us-west-2", "--principal", ROLE];
        let typed: Vec<&str> = typed.into_iter().chain(facts.arguments.iter().map(String::as_str)).collect();
        let answer = ask(&world(&of(ROLE, caller), &assumed), &typed);
        (name, answer)
    });
    for (name, answer) in outcomes {
        assert_eq!(answer.status, 0, "{name}: {}{}", answer.stdout, answer.stderr);
    }
}

/// The call that the next tests write policies for.
const CREATE_AGENT: [&str; 8] = [
    "--operation",
    "create-agent",
    "--model",
    "us.amazon.nova-lite-v1:0",
    "--region",
    "us-west-2",
    "--service-role",
    SERVICE_ROLE,
];

#[test]
fn the_three_policies_of_an_agent_in_every_form() {
    let mut shown = String::new();
    for format in ["json", "terraform", "cloudformation"] {
        for of in ["caller", "service-role", "trust"] {
            let more = ["--any-destination", "--of", of, "--format", format];
            let (status, written, said) = generate(&[&CREATE_AGENT[..], &more].concat());
            assert_eq!(status, 0, "{said}");
            shown += &format!("## --of {of} --format {format}\n{written}{said}\n");
        }
    }
    insta::assert_snapshot!("agent_policies", shown);
}

#[test]
fn what_has_no_service_role_has_no_policy_for_one() {
    let of = |arguments: &[&str], more: &[&str]| {
        let (status, written, said) = generate(&[arguments, more].concat());
        assert_eq!((status, written.as_str()), (2, ""), "{said}");
        said
    };
    let invoke = ["--model", "amazon.nova-lite-v1:0", "--region", "us-west-2"];
    assert!(of(&invoke, &["--of", "trust"]).contains("no service role carries out `invoke-model`"));
    let alias = "arn:aws:bedrock:us-west-2:111122223333:agent-alias/AGENT12345/ALIAS12345";
    let agent = ["--operation", "invoke-agent", "--resource", alias];
    assert!(of(&agent, &["--of", "service-role"]).contains("add `--service-role` and the role's ARN"));
    assert!(
        of(&CREATE_AGENT, &["--any-destination", "--of", "trust", "--api-key"]).contains("about the caller's policy")
    );
    let without_model = ["--operation", "create-agent", "--region", "us-west-2", "--service-role", SERVICE_ROLE];
    assert!(of(&without_model, &["--of", "service-role"]).contains("what `create-agent` needs cannot be told"));
}
