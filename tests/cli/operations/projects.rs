//! Projects: what a call on one needs, and what of the account counts no more.

use super::account::ask;
use crate::support::many::embedded;
use serde_json::{Value, json};

const PROJECT: &str = "arn:aws:bedrock:us-west-2:111122223333:project/proj_abcdefghijkl234567mn";
const DEFAULT: &str = "arn:aws:bedrock:us-west-2:111122223333:project/default";

fn add(world: &mut Value, statement: &Value) {
    world["principals"][0]["policies"]
        .as_array_mut()
        .unwrap()
        .push(json!({"name": "more", "document": {"Version": "2012-10-17", "Statement": [statement]}}));
}

fn with_project(account: &str, project: &str) -> Value {
    let mut world = embedded("retention-other-region");
    world["projects"] = json!([{"arn": PROJECT, "data_retention": project}]);
    world["request"]["project"] = json!(PROJECT.rsplit_once('/').unwrap().1);
    world["request"]["live"] = json!(null);
    world["data_retention"] = json!({"us-west-2": account});
    add(&mut world, &json!({"Effect": "Allow", "Action": "bedrock:InvokeModel*", "Resource": PROJECT}));
    world
}

#[test]
fn the_accounts_retention_settles_nothing_where_a_project_is_named() {
    for (account, project, served) in
        [("aws_review", "none", false), ("default", "aws_review", true), ("none", "aws_review", true)]
    {
        let world = with_project(account, project);
        let report = ask(&world, &[]).json();
        assert_eq!(report["verdict"], "undetermined", "{account} {project}: {report:#}");
        assert!(report["not_checked"].to_string().contains("the mode of the project comes before"), "{report:#}");
        let tried = ask(&world, &["--probe"]).json();
        assert_eq!(tried["verdict"], if served { "allowed" } else { "denied" }, "{account} {project}: {tried:#}");
        // What the account may keep is not to be changed for a project's sake.
        assert!(!tried["findings"].to_string().contains("put-account-data-retention"), "{tried:#}");
    }
}

#[test]
fn a_statement_about_the_default_project_leaves_a_call_without_one_open() {
    for (resource, verdict) in [
        (json!(DEFAULT), "undetermined"),
        (json!("arn:aws:bedrock:*:*:project/*"), "undetermined"),
        (json!(PROJECT), "allowed"),
    ] {
        let mut world = embedded("healthy");
        add(&mut world, &json!({"Effect": "Deny", "Action": "bedrock:InvokeModel*", "Resource": resource}));
        let report = ask(&world, &["--model", "amazon.nova-lite-v1:0"]).json();
        assert_eq!(report["verdict"], verdict, "{resource}: {report:#}");
    }
    let mut world = embedded("default-project");
    add(&mut world, &json!({"Effect": "Deny", "Action": "bedrock:InvokeModel*", "Resource": DEFAULT}));
    world["request"]["live"] = json!(null);
    assert_eq!(ask(&world, &[]).json()["verdict"], "undetermined");
    assert_eq!(ask(&world, &["--probe"]).json()["verdict"], "denied");
}

#[test]
fn the_knowledge_bases_own_role_is_named_where_it_is_not_known() {
    let mut world = embedded("knowledge-base");
    let arn = world["knowledge_bases"][0]["arn"].clone();
    add(&mut world, &json!({"Effect": "Allow", "Action": "bedrock:Retrieve", "Resource": arn}));
    let report = ask(&world, &[]).json();
    assert_eq!(report["request"]["operation"], "retrieve-and-generate");
    assert!(report["not_checked"].to_string().contains("what the knowledge base's service role may do"), "{report:#}");
}
