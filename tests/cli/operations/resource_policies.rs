//! The policy of a bucket that a job writes to: whatever it denies the job's role is never called allowed, and what it denies
//! somebody else is no matter. The same where the policy hides itself.

use super::account::{ask, at_once};
use crate::support::program::Doctor;
use serde_json::{Value, json};

const BUCKET: &str = "arn:aws:s3:::example-answers";
const OBJECTS: &str = "arn:aws:s3:::example-answers/*";
const JOB_ROLE: &str = "arn:aws:iam::111122223333:role/service-role/nightly-batch";
const OTHER: &str = "arn:aws:iam::111122223333:role/apps/other";

/// An account with a batch job whose bucket has a policy of one statement.
fn account(statement: &Value) -> Value {
    let text = include_str!("../../../src/sandbox/worlds/batch-bucket-policy.json");
    let mut world: Value = serde_json::from_str(text).unwrap();
    world["resource_policies"][BUCKET] = json!({"Version": "2012-10-17", "Statement": [statement]});
    world
}

/// The answer for an account whose bucket has a policy of one statement.
fn verdict(statement: &Value) -> (String, Value) {
    let report = ask(&account(statement), &[]).json();
    (report["verdict"].as_str().unwrap().to_owned(), report)
}

/// Every `Deny` of whom, what and where.
fn denials(whom: &[(&str, Value)]) -> Vec<Value> {
    let what = [
        ("Action", json!("s3:*")),
        ("Action", json!(["s3:PutObject", "s3:GetBucketPolicy"])),
        ("Action", json!("s3:Put*")),
        ("NotAction", json!("s3:GetObject")),
    ];
    let places = [json!([BUCKET, OBJECTS]), json!(OBJECTS), json!("*")];
    let mut all = Vec::new();
    for (whose, principal) in whom {
        for (element, actions) in &what {
            for place in &places {
                let mut statement = json!({"Effect": "Deny", "Resource": place});
                statement[*whose] = principal.clone();
                statement[*element] = actions.clone();
                all.push(statement);
            }
        }
    }
    all
}

#[test]
fn what_denies_the_jobs_role_is_never_allowed() {
    let everybody = json!("*");
    let mut all = denials(&[
        ("Principal", everybody.clone()),
        ("Principal", json!({"AWS": "*"})),
        ("Principal", json!({"AWS": JOB_ROLE})),
        ("Principal", json!({"AWS": [OTHER, JOB_ROLE]})),
        ("NotPrincipal", json!({"AWS": OTHER})),
    ]);
    // A condition that holds for the job, or that nothing here can tell.
    for condition in [
        json!({"StringNotEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}}),
        json!({"StringNotEquals": {"aws:PrincipalAccount": "444455556666"}}),
        json!({"ArnNotEquals": {"aws:PrincipalArn": OTHER}}),
        json!({"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}),
    ] {
        all.extend(denials(&[("Principal", everybody.clone())]).into_iter().map(|mut statement| {
            statement["Condition"] = condition.clone();
            statement
        }));
    }
    let answers = at_once(&all, verdict);
    for (statement, (verdict, report)) in all.iter().zip(&answers) {
        assert_ne!(verdict, "allowed", "{statement}: {report:#}");
    }
    // Where the caller may read the policy, and nothing is unknown, it is found.
    assert!(answers.iter().filter(|(verdict, _)| verdict == "denied").count() > 30);
    let named = |(_, report): &&(String, Value)| report["findings"][0]["cause"] == "resource-policy";
    assert!(answers.iter().filter(named).count() > 30);
}

#[test]
fn what_denies_others_alone_is_no_matter() {
    let mut all = denials(&[
        ("Principal", json!({"AWS": OTHER})),
        ("Principal", json!({"AWS": "arn:aws:iam::444455556666:root"})),
    ]);
    all.extend(denials(&[("Principal", json!("*"))]).into_iter().map(|mut statement| {
        statement["Condition"] = json!({"ArnEquals": {"aws:PrincipalArn": OTHER}});
        statement
    }));
    for (statement, (verdict, report)) in all.iter().zip(at_once(&all, verdict)) {
        assert_eq!(verdict, "allowed", "{statement}: {report:#}");
    }
}

#[test]
fn a_policy_that_hides_itself_is_said_to_and_no_grant_is_advised() {
    let statement = json!({
        "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [BUCKET, OBJECTS],
        "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}},
    });
    let file = tempfile::Builder::new().suffix(".json").tempfile().unwrap();
    std::fs::write(file.path(), account(&statement).to_string()).unwrap();
    let answer = Doctor::new(["--sandbox", file.path().to_str().unwrap()]).run();
    assert_eq!(answer.status, 3, "{}", answer.stdout);
    assert!(answer.stdout.contains("cannot tell: a resource's policy was not read"), "{}", answer.stdout);
    assert!(answer.stdout.contains("explicit deny in a resource-based policy"), "{}", answer.stdout);
    assert!(!answer.stdout.contains("allow the caller s3:GetBucketPolicy"), "{}", answer.stdout);
}

const KEY: &str = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

fn job_role(world: &mut Value) -> &mut Value {
    let principals = world["principals"].as_array_mut().unwrap();
    principals.iter_mut().find(|one| one["arn"] == JOB_ROLE).unwrap()
}

/// Takes an action away from the job's role.
fn without_action(world: &mut Value, action: &str) {
    let statements = job_role(world)["policies"][0]["document"]["Statement"].as_array_mut().unwrap();
    let before = statements.len();
    statements.retain(|statement| statement["Action"] != action);
    assert_eq!(statements.len(), before - 1);
}

#[test]
fn within_the_account_the_resources_policy_alone_is_a_grant() {
    let others = json!({"AWS": OTHER});
    for (principal, verdict) in [
        (json!({"AWS": JOB_ROLE}), "allowed"),
        (json!({"AWS": [OTHER, JOB_ROLE]}), "allowed"),
        // To the account: its identity policies decide, and do not allow.
        (json!({"AWS": "111122223333"}), "denied"),
        (others, "denied"),
    ] {
        let statement =
            json!({"Effect": "Allow", "Principal": principal, "Action": "s3:PutObject", "Resource": OBJECTS});
        let mut world = account(&statement);
        without_action(&mut world, "s3:PutObject");
        let report = ask(&world, &[]).json();
        assert_eq!(report["verdict"], verdict, "{statement}: {report:#}");
        // A boundary may limit it, and then nothing is granted without its word.
        job_role(&mut world)["boundary"] = json!("ReadOnlyAccess");
        assert_ne!(ask(&world, &[]).json()["verdict"], "allowed", "{statement}");
    }
    // A key's policy that names the role.
    let mut world =
        account(&json!({"Effect": "Deny", "Principal": {"AWS": OTHER}, "Action": "s3:*", "Resource": OBJECTS}));
    world["request"]["resources"].as_array_mut().unwrap().push(json!(KEY));
    let policy = |who: &str| {
        json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:GetKeyPolicy", "Resource": "*"},
            {"Effect": "Allow", "Principal": {"AWS": who}, "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": "*"},
        ]})
    };
    for (who, verdict) in [(JOB_ROLE, "allowed"), (OTHER, "denied")] {
        world["resource_policies"][KEY] = policy(who);
        let report = ask(&world, &[]).json();
        assert_eq!(report["verdict"], verdict, "{who}: {report:#}");
    }
}

#[test]
fn a_grant_that_an_unread_policy_could_give_is_not_called_missing() {
    // The bucket's policy lets the job's role write, and keeps itself from being read.
    let grant = |who: &str| {
        json!([
            {"Effect": "Allow", "Principal": {"AWS": who}, "Action": "s3:PutObject", "Resource": OBJECTS},
            {"Effect": "Deny", "Principal": "*", "Action": "s3:GetBucketPolicy", "Resource": BUCKET},
        ])
    };
    for who in [JOB_ROLE, OTHER] {
        let mut world = account(&json!({}));
        world["resource_policies"][BUCKET]["Statement"] = grant(who);
        without_action(&mut world, "s3:PutObject");
        let report = ask(&world, &[]).json();
        assert_eq!(report["verdict"], "undetermined", "{report:#}");
        let why = report["not_checked"].to_string();
        assert!(
            why.contains("no identity policy allows it; the policy of `arn:aws:s3:::example-answers` alone"),
            "{why}"
        );
        // A boundary limits what the bucket grants a role, and lacks the action.
        job_role(&mut world)["boundary"] = json!("ReadOnlyAccess");
        assert_eq!(ask(&world, &[]).json()["verdict"], "denied");
    }
}

#[test]
fn where_the_caller_may_not_read_a_resources_policy_the_report_says_what_it_could_give() {
    let report = Doctor::new(["--sandbox", "batch-service-role", "--format", "json"]).run().json();
    assert_eq!(report["verdict"], "denied");
    let mut unread = report["not_checked"].as_array().unwrap().iter();
    let bucket = unread.find(|one| one["what"] == "the bucket's own policy").unwrap();
    let why = bucket["why"].as_str().unwrap();
    assert!(
        why.starts_with("no identity policy allows it; the policy of `arn:aws:s3:::example-answers` alone"),
        "{why}"
    );
    assert!(why.contains("s3:GetBucketPolicy"), "{why}");
}

#[test]
fn a_part_that_is_denied_leaves_it_open() {
    for resource in ["arn:aws:s3:::example-answers/*.out", "arn:aws:s3:::example-answers/2026/*"] {
        let statement = json!({"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": resource});
        let (verdict, report) = verdict(&statement);
        assert_eq!(verdict, "undetermined", "{report:#}");
        assert!(report["not_checked"].to_string().contains("denies a part of it"), "{report:#}");
    }
}

#[test]
fn a_job_without_its_id_is_no_literal_of_a_trust_policy() {
    let everybody = json!({"Effect": "Deny", "Principal": {"AWS": OTHER}, "Action": "s3:*", "Resource": OBJECTS});
    let job = |id: &str| json!(format!("arn:aws:bedrock:us-west-2:111122223333:model-invocation-job/{id}"));
    for (operator, id, verdict) in [
        ("ArnLike", "*", "allowed"),
        ("ArnEquals", "*", "allowed"),
        ("StringLike", "*", "allowed"),
        ("StringEquals", "*", "denied"),
        ("StringEqualsIgnoreCase", "*", "denied"),
        // Whether the job gets such an id is not known.
        ("StringEquals", "a1b2c3d4e5f6", "undetermined"),
        ("ArnLike", "a*", "undetermined"),
    ] {
        let mut world = account(&everybody);
        job_role(&mut world)["trust"]["Statement"][0]["Condition"] = json!({operator: {"aws:SourceArn": job(id)}});
        let report = ask(&world, &[]).json();
        assert_eq!(report["verdict"], verdict, "{operator} {id}: {report:#}");
    }
}
