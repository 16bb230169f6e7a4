//! What the check allows before the deployment, the account allows after it: a world is made from the same infrastructure.

use crate::support::infrastructure::{ACCOUNT, App, Choices, REGION, document, right, terraform, trust, wrong};
use crate::support::program::run;
use serde_json::{Value, json};
use std::fs;

/// Puts an app's role into a world of the sandbox, as the caller that asks for the app's model.
fn world(app: &App, embedded: &Value) -> Value {
    let mut world = embedded.clone();
    let arn = format!("arn:aws:iam::{ACCOUNT}:role/{}", app.name);
    world["name"] = json!(app.name);
    world["caller"] = json!(arn);
    world["request"]["model"] = json!(app.model);
    world["request"]["region"] = json!(REGION);
    world["request"]["operation"] = json!("invoke-model");
    let role = &mut world["principals"][0];
    role["arn"] = json!(arn);
    role["policies"].as_array_mut().unwrap().push(json!({"name": "models", "document": document(app)}));
    role["trust"] = trust(app);
    if let Some(boundary) = &app.boundary {
        let mut statements = boundary["Statement"].as_array().unwrap().clone();
        // The doctor's own reads are not what is compared.
        statements
            .push(json!({"Effect": "Allow", "Action": ["iam:*", "bedrock:Get*", "bedrock:List*"], "Resource": "*"}));
        role["boundary"] = json!({
            "arn": format!("arn:aws:iam::{ACCOUNT}:policy/{}-boundary", app.name),
            "document": {"Version": "2012-10-17", "Statement": statements},
        });
    }
    world
}

#[test]
fn the_deployed_account_answers_as_the_check_did() {
    let embedded = run(&["sandbox", "show", "iam-missing"]);
    let embedded: Value = serde_json::from_str(&embedded.stdout).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let mut answers = [0, 0];
    for seed in 1..=14 {
        let mut choices = Choices::new(3000 + seed);
        let app = match seed % 2 {
            0 => right(format!("app-{seed}x"), &mut choices),
            _ => wrong(format!("app-{seed}x"), &mut choices),
        };
        let (plan, file) = (path("plan.json"), path("world.json"));
        fs::write(&plan, terraform(std::slice::from_ref(&app), 2).to_string()).unwrap();
        fs::write(&file, world(&app, &embedded).to_string()).unwrap();
        let checked = run(&["check", &plan, "--account", ACCOUNT, "--format", "json"]);
        let checked: Value = serde_json::from_str(&checked.stdout).unwrap();
        let before = checked["roles"][0]["calls"][0]["verdict"].as_str().unwrap().to_owned();
        let live = run(&["doctor", "--sandbox", &file, "--probe", "--format", "json"]);
        let report: Value =
            serde_json::from_str(&live.stdout).unwrap_or_else(|error| panic!("{error}: {}", live.stderr));
        let after = report["verdict"].as_str().unwrap();
        assert_eq!(before, after, "seed {seed}: {app:#?}\n{:#}", report["findings"]);
        answers[usize::from(after == "allowed")] += 1;
    }
    assert!(answers.iter().all(|count| *count >= 4), "{answers:?}");
}
