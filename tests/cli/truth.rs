//! Worlds with an answer that AWS's documentation gives, and what a key that is not known must leave open.

use crate::support::files::root;
use crate::support::program::run;
use crate::support::saved::answer;
use crate::support::sweep::has_its_turn;
use bedrock_access::sandbox::World;
use serde::Deserialize;
use serde_json::{Value, json};
use std::fs;

const FOLDER: &str = "tests/fixtures/worlds/truth";

#[derive(Deserialize)]
struct Case {
    world: String,
    arguments: Vec<String>,
    verdict: String,
    cause: Option<String>,
    first_change: Option<String>,
    /// Whether any remedy may propose a policy; not said where that is of no interest.
    policy: Option<bool>,
    #[serde(default, deserialize_with = "said")]
    verified: Option<Value>,
    #[serde(default)]
    says: Vec<String>,
    #[serde(default)]
    never: Vec<String>,
    page: String,
}

/// Reads a field that is there, `null` as well.
fn said<'d, D: serde::Deserializer<'d>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

fn doctor(world: &str, arguments: &[&str]) -> Value {
    run(&[&["doctor", "--sandbox", world, "--format", "json"], arguments].concat()).json()
}

/// Writes a world to a file, and asks the doctor about it.
fn doctor_of(world: &Value, arguments: &[&str]) -> Value {
    let file = tempfile::Builder::new().suffix(".json").tempfile().unwrap();
    fs::write(file.path(), world.to_string()).unwrap();
    doctor(file.path().to_str().unwrap(), arguments)
}

fn mismatch(case: &Case) -> Option<String> {
    let path = root().join(FOLDER).join(format!("{}.json", case.world));
    let arguments: Vec<&str> = case.arguments.iter().map(String::as_str).collect();
    let report = doctor(path.to_str().unwrap(), &arguments);
    let text = report.to_string();
    let first = &report["findings"][0];
    let verdict = (report["verdict"].as_str().unwrap(), first["cause"].as_str());
    let mut wrong: Vec<String> = Vec::new();
    if verdict != (case.verdict.as_str(), case.cause.as_deref()) {
        wrong.push(format!("{verdict:?}"));
    }
    if case.first_change.is_some() && case.first_change.as_deref() != first["remedy"]["changes"][0]["change"].as_str() {
        wrong.push(format!("changes {}", first["remedy"]["changes"]));
    }
    let remedies = || report["findings"].as_array().unwrap().iter().map(|finding| &finding["remedy"]);
    if case.policy == Some(false) && remedies().any(|remedy| !remedy["policy"].is_null()) {
        wrong.push("a policy is proposed".to_owned());
    }
    if case.verified.as_ref().is_some_and(|verified| remedies().any(|remedy| remedy["verified"] != *verified)) {
        wrong.push("verified".to_owned());
    }
    wrong.extend(case.says.iter().filter(|word| !text.contains(word.as_str())).map(|word| format!("lacks {word}")));
    let never = case.never.iter().filter(|word| remedies().any(|remedy| remedy.to_string().contains(word.as_str())));
    wrong.extend(never.map(|word| format!("says {word}")));
    (!wrong.is_empty()).then(|| {
        let open = &report["not_checked"];
        format!("{} ({}): {}; {first:#}; {open:#}", case.world, case.page, wrong.join("; "))
    })
}

#[test]
fn each_world_is_answered_as_the_documentation_says() {
    let text = fs::read_to_string(root().join(FOLDER).join("answers.json")).unwrap();
    let answers: Value = serde_json::from_str(&text).unwrap();
    let cases: Vec<Case> = serde_json::from_value(answers["cases"].clone()).unwrap();
    let worlds = fs::read_dir(root().join(FOLDER)).unwrap().count() - 2;
    assert_eq!(cases.len(), worlds, "a case for each world");
    let failures: Vec<String> = cases.iter().filter_map(mismatch).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// The world `healthy`, whose caller has a further statement.
fn with_statement(world: &str, statement: &Value) -> Value {
    let mut world: Value = serde_json::from_str(World::embedded_text(world).unwrap()).unwrap();
    let caller = world["caller"].clone();
    let principals = world["principals"].as_array_mut().unwrap();
    let principal = principals.iter_mut().find(|principal| principal["arn"] == caller).unwrap();
    let document = json!({"Version": "2012-10-17", "Statement": [statement]});
    principal["policies"].as_array_mut().unwrap().push(json!({"name": "more", "document": document}));
    world
}

fn deny(action: &str, condition: Value) -> Value {
    json!({"Sid": "More", "Effect": "Deny", "Action": action, "Resource": "*", "Condition": condition})
}

#[test]
fn a_condition_decides_where_its_key_is_known_and_leaves_open_where_it_is_not() {
    let invoke = "bedrock:InvokeModel*";
    for (action, condition, arguments, expected) in [
        (invoke, json!({"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}), &[][..], "denied"),
        (invoke, json!({"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}), &[], "allowed"),
        (invoke, json!({"NumericGreaterThan": {"aws:EpochTime": "1"}}), &[], "denied"),
        (invoke, json!({"NumericLessThan": {"aws:EpochTime": "1"}}), &[], "allowed"),
        (invoke, json!({"Bool": {"aws:ViaAWSService": "false"}}), &[], "denied"),
        (invoke, json!({"Bool": {"aws:ViaAWSService": "true"}}), &[], "allowed"),
        (invoke, json!({"Bool": {"aws:SecureTransport": "false"}}), &[], "allowed"),
        (invoke, json!({"Bool": {"aws:PrincipalIsAWSService": "false"}}), &[], "denied"),
        (invoke, json!({"Bool": {"aws:MultiFactorAuthPresent": "false"}}), &[], "undetermined"),
        (invoke, json!({"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}), &[], "undetermined"),
        (
            invoke,
            json!({"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}),
            &["--context", "aws:MultiFactorAuthPresent=true"],
            "allowed",
        ),
        (invoke, json!({"DateLessThan": {"aws:TokenIssueTime": "2099-01-01T00:00:00Z"}}), &[], "undetermined"),
        (invoke, json!({"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}), &[], "undetermined"),
        (
            invoke,
            json!({"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}),
            &["--context", "aws:SourceVpce=vpce-2"],
            "denied",
        ),
        (
            invoke,
            json!({"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}),
            &["--context", "aws:SourceVpce=vpce-1"],
            "allowed",
        ),
        (invoke, json!({"StringLike": {"aws:UserAgent": "*claude*"}}), &[], "undetermined"),
        (invoke, json!({"StringNotLike": {"bedrock:GuardrailIdentifier": "*gr1*"}}), &[], "denied"),
        // Statements about other actions and other services' keys do not count.
        ("s3:*", json!({"Bool": {"aws:MultiFactorAuthPresent": "false"}}), &[], "allowed"),
        (invoke, json!({"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}), &[], "allowed"),
    ] {
        let report = doctor_of(&with_statement("healthy", &deny(action, condition.clone())), arguments);
        let verdict = report["verdict"].as_str().unwrap();
        assert_eq!(verdict, expected, "{condition} {arguments:?}: {:#}", report["not_checked"]);
        if expected == "denied" {
            let changes = &report["findings"][0]["remedy"]["changes"];
            assert_eq!(changes[0]["change"], "meet-condition", "{condition}: {changes:#}");
            assert!(!changes.to_string().contains("remove-statement"), "{condition}: {changes:#}");
        }
    }
}

#[test]
fn while_one_key_is_unknown_no_format_says_allowed() {
    let allowed: Vec<&str> = World::names().filter(|world| answer(world, &["--format", "json"]).status == 0).collect();
    assert!(allowed.len() >= 3, "{allowed:?}");
    for world in allowed {
        let statement = deny("bedrock:*", json!({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}));
        let mut changed = with_statement(world, &statement);
        // A live call does not depend on what is known here.
        changed["request"].as_object_mut().unwrap().remove("live");
        let file = tempfile::Builder::new().suffix(".json").tempfile().unwrap();
        fs::write(file.path(), changed.to_string()).unwrap();
        let path = file.path().to_str().unwrap();
        for format in ["text", "json", "markdown", "html", "junit"] {
            let answer = run(&["doctor", "--sandbox", path, "--format", format]);
            assert_ne!(answer.status, 0, "{world} {format}: {}", answer.stdout);
            let says = answer
                .stdout
                .lines()
                .any(|line| line.starts_with("ALLOWED") || line.contains("\"verdict\": \"allowed\""));
            assert!(!says, "{world} {format}");
        }
    }
}

#[test]
fn models_says_what_the_doctor_says() {
    let files = fs::read_dir(root().join(FOLDER)).unwrap().map(|entry| entry.unwrap().path());
    let mut worlds: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|end| end == "json") && !path.ends_with("answers.json"))
        .collect();
    worlds.sort();
    for (_, path) in worlds.iter().enumerate().filter(|(at, _)| has_its_turn(*at, 2)) {
        let path = path.to_str().unwrap();
        let matrix = run(&["models", "--sandbox", path, "--exact", "--format", "json"]).json();
        let region = matrix["regions"][0].as_str().unwrap();
        for row in matrix["models"].as_array().unwrap() {
            let (id, cell) = (row["id"].as_str().unwrap(), &row["cells"][0]);
            if !cell["offered"].as_bool().unwrap() {
                continue;
            }
            let report = doctor(path, &["--model", id, "--operation", "invoke-model", "--region", region]);
            assert_eq!(cell["direct"], report["verdict"], "{path} {id}: {:#} {:#}", report["not_checked"], cell);
            assert_eq!(cell["cause"], report["findings"][0]["cause"], "{path} {id}");
        }
    }
}

#[test]
fn keys_of_one_partition_say_nothing_in_another() {
    for region in ["cn-north-1", "us-gov-west-1", "eusc-de-east-1"] {
        for world in ["healthy", "iam-missing", "model-access-missing"] {
            let report = doctor(world, &["--region", region]);
            assert_eq!(report["verdict"], "denied", "{world} {region}: {report:#}");
            let causes: Vec<_> = report["findings"].as_array().unwrap().iter().map(|found| &found["cause"]).collect();
            assert_eq!(causes, ["credentials-invalid"], "{world} {region}: {report:#}");
        }
    }
}
