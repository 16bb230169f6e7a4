//! Bundles: one verdict an operation and one for all, with the exit status of the worst.

use super::account::{Grant, ROLE, SERVICE_ROLE, policy, role, service_role, trusting_bedrock, world};
use crate::support::program::{Answer, Doctor, schema};
use bedrock_access::bedrock::Bundle;
use serde_json::{Value, json};

const NOVA: &str = "amazon.nova-lite-v1:0";
const NOVA_ARN: &str = "arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-lite-v1:0";
const BASE: &str = "arn:aws:bedrock:us-west-2:111122223333:knowledge-base/KB12345678";
const ALIAS: &str = "arn:aws:bedrock:us-west-2:111122223333:agent-alias/AGENT12345/ALIAS12345";

fn ask(world: &Value, format: &str, arguments: &[&str]) -> Answer {
    let file = tempfile::Builder::new().suffix(".json").tempfile().unwrap();
    std::fs::write(file.path(), world.to_string()).unwrap();
    let typed = ["--sandbox", file.path().to_str().unwrap(), "--format", format, "--region", "us-west-2"];
    Doctor::new(typed.into_iter().chain(["--principal", ROLE]).chain(arguments.iter().copied())).run()
}

fn grant(action: &str, resource: &str) -> Grant {
    [action.to_owned(), resource.to_owned()]
}

/// Everything that a bundle can be given.
fn typed(bundle: Bundle) -> Vec<&'static str> {
    let (model, role) = (["--model", NOVA], ["--service-role", SERVICE_ROLE]);
    let data = ["--resource", "arn:aws:s3:::example-data"];
    match bundle {
        Bundle::Invoke | Bundle::Streaming | Bundle::ProvisionedThroughput => model.to_vec(),
        Bundle::Agents => [&model[..], &role, &["--resource", ALIAS]].concat(),
        Bundle::KnowledgeBase => [&model[..], &["--resource", BASE]].concat(),
        Bundle::FineTuning | Bundle::Batch => [&model[..], &role, &data].concat(),
        Bundle::ReadOnlyAudit => Vec::new(),
    }
}

#[test]
fn every_bundle_is_allowed_to_an_administrator_and_denied_to_nobody_in_particular() {
    let service = json!({
        "arn": SERVICE_ROLE, "managed_policies": ["AdministratorAccess"], "trust": trusting_bedrock(),
    });
    for bundle in Bundle::ALL {
        let arguments = [&["--for", bundle.as_str()][..], &typed(bundle)].concat();
        for (role, status) in [
            (json!({"arn": ROLE, "managed_policies": ["AdministratorAccess"]}), 0),
            (
                json!({"arn": ROLE, "policies": [{"name": "none", "document": policy(&[grant("s3:GetObject", "*")])}]}),
                1,
            ),
        ] {
            let answer = ask(&world(&role, &service), "json", &arguments);
            assert_eq!(answer.status, status, "{bundle}: {}{}", answer.stdout, answer.stderr);
            let ids: Vec<String> = answer
                .stdout
                .lines()
                .map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned())
                .collect();
            let operations: Vec<String> = bundle.operations().iter().map(ToString::to_string).collect();
            assert_eq!(ids, operations, "{bundle}");
        }
    }
}

#[test]
fn one_line_an_operation_and_the_details_of_what_is_denied() {
    let role = role(&[grant("bedrock:RetrieveAndGenerate", "*"), grant("bedrock:InvokeModel", NOVA_ARN)]);
    let world = world(&role, &service_role(&[]));
    let arguments = ["--for", "knowledge-base", "--model", NOVA, "--resource", BASE];
    let validator = schema("diagnosis-1");
    let answer = ask(&world, "json", &arguments);
    for line in answer.stdout.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert!(validator.is_valid(&line), "{line:#}");
        assert_eq!(line["findings"][0]["action"], "bedrock:Retrieve");
    }
    let text = ask(&world, "text", &arguments);
    assert_eq!(text.status, 1);
    let name = text.stdout.split('`').nth(1).unwrap().to_owned();
    insta::assert_snapshot!("bundle", text.stdout.replace(&name, "WORLD"));
    let html = ask(&world, "html", &arguments).stdout.replace(&name, "WORLD");
    insta::assert_snapshot!("bundle.html", &html[html.find("</style>").unwrap()..]);
    insta::assert_snapshot!("bundle.markdown", ask(&world, "markdown", &arguments).stdout.replace(&name, "WORLD"));
    for format in ["json", "text", "markdown", "html", "junit"] {
        let answer = ask(&world, format, &arguments);
        assert_eq!(answer.status, 1, "{format}");
        for operation in Bundle::KnowledgeBase.operations() {
            assert!(answer.stdout.contains(operation.as_str()), "{format} without {operation}");
        }
    }
    let identifiers: Vec<&str> = html.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let unique: std::collections::BTreeSet<&str> = identifiers.iter().copied().collect();
    assert_eq!(unique.len(), identifiers.len(), "{identifiers:?}");
    let quiet = ask(&world, "text", &[&arguments[..], &["-q"]].concat());
    assert_eq!(quiet.stdout.lines().count(), 1, "{}", quiet.stdout);
}

#[test]
fn what_no_operation_of_a_bundle_takes_is_wrong_usage() {
    let world = world(&role(&[]), &service_role(&[]));
    for (arguments, said) in [
        (vec!["--for", "invoke", "--model", NOVA, "--resource", BASE], "not a resource of any operation of `invoke`"),
        (vec!["--for", "agents", "--model", NOVA, "--resource", ALIAS], "--service-role"),
        (vec!["--for", "knowledge-base", "--resource", BASE], "--model"),
        (vec!["--for", "everything"], "everything"),
        (vec!["--for", "invoke", "--operation", "converse"], "cannot be used with"),
    ] {
        let mut world = world.clone();
        world["request"] = json!({"operation": "list-foundation-models", "region": "us-west-2"});
        let answer = ask(&world, "json", &arguments);
        assert_eq!(answer.status, 2, "{arguments:?}: {}", answer.stdout);
        assert!(answer.stderr.contains(said), "{arguments:?}: {}", answer.stderr);
    }
}
