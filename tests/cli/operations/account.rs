//! Accounts made for one question: a role with exactly the permissions that are named, diagnosed by an administrator.

use crate::support::program::{Answer, Doctor};
use serde_json::{Value, json};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The role whose permissions are in question.
pub const ROLE: &str = "arn:aws:iam::111122223333:role/apps/chat-api";

/// The role that Bedrock assumes.
pub const SERVICE_ROLE: &str = "arn:aws:iam::111122223333:role/service-role/jobs";

/// The administrator who asks.
const ADMINISTRATOR: &str = "arn:aws:iam::111122223333:user/platform/ana";

/// An (action, resource) that is granted.
pub type Grant = [String; 2];

/// Writes one statement for each grant, and nothing wider.
pub fn policy(grants: &[Grant]) -> Value {
    let statements: Vec<Value> = grants
        .iter()
        .map(|[action, resource]| {
            let mut statement = json!({"Effect": "Allow", "Action": action, "Resource": resource});
            if action == "iam:PassRole" {
                statement["Condition"] = json!({"StringEquals": {"iam:PassedToService": "bedrock.amazonaws.com"}});
            }
            statement
        })
        .collect();
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// Returns the trust policy of a service role, as the Bedrock User Guide has it.
pub fn trusting_bedrock() -> Value {
    json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "bedrock.amazonaws.com"}, "Action": "sts:AssumeRole",
        "Condition": {
            "StringEquals": {"aws:SourceAccount": "111122223333"},
            "ArnLike": {"aws:SourceArn": "arn:aws:bedrock:us-west-2:111122223333:*"},
        },
    }]})
}

/// Takes the healthy world's models and organization, and puts other principals in it.
pub fn world(role: &Value, service_role: &Value) -> Value {
    let text = include_str!("../../../src/sandbox/worlds/healthy.json");
    let mut world: Value = serde_json::from_str(text).unwrap();
    world["principals"] = json!([
        {"arn": ADMINISTRATOR, "access_key": "AKIAUSERANA01EXAMPLE", "managed_policies": ["AdministratorAccess"]},
        role,
        service_role,
    ]);
    world["groups"] = json!([]);
    world["caller"] = json!(ADMINISTRATOR);
    world
}

/// Returns the role in question with inline grants.
pub fn role(grants: &[Grant]) -> Value {
    json!({"arn": ROLE, "policies": [{"name": "granted", "document": policy(grants)}]})
}

/// Returns the service role with inline grants.
pub fn service_role(grants: &[Grant]) -> Value {
    json!({
        "arn": SERVICE_ROLE,
        "policies": [{"name": "granted", "document": policy(grants)}],
        "trust": trusting_bedrock(),
    })
}

/// Lets the administrator ask the doctor, in a world made for it.
pub fn ask(world: &Value, arguments: &[&str]) -> Answer {
    let file = tempfile::Builder::new().suffix(".json").tempfile().unwrap();
    std::fs::write(file.path(), world.to_string()).unwrap();
    let typed = ["--sandbox", file.path().to_str().unwrap(), "--format", "json"];
    // A sandbox reads nothing of the user's environment.
    Doctor::new(typed.iter().chain(arguments)).environment([("AWS_PROFILE", "elsewhere")]).run()
}

/// Works on items on four threads, and returns the results in the items' order.
pub fn at_once<I: Sync, R: Send>(items: &[I], work: impl Fn(&I) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let results: Vec<Mutex<Option<R>>> = items.iter().map(|_| Mutex::default()).collect();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some((item, result)) = {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    items.get(at).zip(results.get(at))
                } {
                    *result.lock().unwrap() = Some(work(item));
                }
            });
        }
    });
    results.into_iter().map(|result| result.into_inner().unwrap().unwrap()).collect()
}
