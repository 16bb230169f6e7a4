//! The account's trail: what calls leave behind, looked up and in a file; and commands whose AWS is a world.

use super::value;
use crate::support::http::{Answer, Client};
use bedrock_access::sandbox::World;
use serde_json::{Value, json};
use std::process::{Command, Output};

fn lookup(client: &mut Client, body: &Value) -> Answer {
    let (key, token) = (client.access_key.clone(), client.token.take());
    "AKIAUSERANA01EXAMPLE".clone_into(&mut client.access_key);
    let answer = client.json_rpc("cloudtrail", "CloudTrail_20131101.LookupEvents", body);
    (client.access_key, client.token) = (key, token);
    answer
}

fn records(answer: &Answer) -> Vec<Value> {
    let body = answer.json();
    let events = body["Events"].as_array().unwrap_or_else(|| panic!("{}", answer.text()));
    events.iter().map(|event| serde_json::from_str(event["CloudTrailEvent"].as_str().unwrap()).unwrap()).collect()
}

#[test]
fn a_refusal_stands_in_the_trail_with_cloudtrails_fields() {
    let mut client = Client::named("iam-missing");
    let refused = client.own_request();
    let denied = client.json_rpc("cloudtrail", "CloudTrail_20131101.LookupEvents", &json!({}));
    assert_eq!(denied.json()["__type"], "AccessDeniedException");
    let wanted = json!({"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "Converse"}]});
    let found = records(&lookup(&mut client, &wanted));
    let [event] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(
        (event["errorCode"].as_str(), event["errorMessage"].as_str()),
        (Some("AccessDenied"), Some(refused.message().as_str()))
    );
    assert_eq!(event["eventSource"], "bedrock.amazonaws.com");
    assert_eq!(event["requestParameters"], json!({"modelId": client.model}));
    assert_eq!(
        event["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"],
        "arn:aws:iam::111122223333:role/apps/chat-api"
    );
    assert_eq!(event["requestID"].as_str(), refused.header("x-amzn-requestid"));
    assert!(event.get("resources").is_none() && !event.to_string().contains("hello there"), "{event}");
    // Every field that published events of Bedrock have, but for the TLS that loopback lacks.
    let published: Value = serde_json::from_str(include_str!("../../fixtures/cloudtrail/denied-invoke.json")).unwrap();
    for field in published["event"].as_object().unwrap().keys().filter(|field| *field != "tlsDetails") {
        assert!(event.get(field).is_some(), "{field}");
    }
}

#[test]
fn lookups_are_by_region_time_and_page() {
    let mut client = Client::named("healthy");
    for _ in 0..7 {
        assert_eq!(client.get("/foundation-models").status, 200);
    }
    let list = |client: &mut Client, body: Value| lookup(client, &body);
    let attribute = json!([{"AttributeKey": "EventName", "AttributeValue": "ListFoundationModels"}]);
    let mut token = Value::Null;
    let mut sizes = Vec::new();
    loop {
        let mut body = json!({"LookupAttributes": attribute, "MaxResults": 3});
        if !token.is_null() {
            body["NextToken"] = token;
        }
        let page = list(&mut client, body).json();
        sizes.push(page["Events"].as_array().unwrap().len());
        token = page["NextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(sizes, [3, 3, 1]);
    let later = json!({"LookupAttributes": attribute, "StartTime": 4_000_000_000_u32});
    assert_eq!(records(&list(&mut client, later)).len(), 0);
    client.region = "us-east-1".to_owned();
    assert_eq!(records(&list(&mut client, json!({"LookupAttributes": attribute}))).len(), 0);
    for (body, code) in [
        (json!({"MaxResults": 51}), "InvalidMaxResultsException"),
        (json!({"NextToken": "none"}), "InvalidNextTokenException"),
        (json!({"StartTime": 2, "EndTime": 1}), "InvalidTimeRangeException"),
    ] {
        assert_eq!(list(&mut client, body).json()["__type"], code);
    }
}

#[test]
fn an_endpoints_refusal_and_mantles_inference_are_no_management_events() {
    for (world, category, code) in
        [("vpc-endpoint", "NetworkActivity", "VpceAccessDenied"), ("mantle-prefix", "Data", "AccessDenied")]
    {
        let mut client = Client::named(world);
        client.own_request();
        let (events, total) = client.sandbox.events_since(0);
        assert_eq!(total, 1);
        assert_eq!(
            (events[0]["eventCategory"].as_str(), events[0]["errorCode"].as_str()),
            (Some(category), Some(code))
        );
        assert!(records(&lookup(&mut client, &json!({}))).is_empty(), "{world}");
    }
}

#[test]
fn grants_and_session_policies_are_in_the_trail() {
    let mut client = Client::named("healthy");
    let (key, token) = (client.access_key.clone(), client.token.take());
    "AKIAUSERANA01EXAMPLE".clone_into(&mut client.access_key);
    let put = [
        ("Action", "PutRolePolicy"),
        ("RoleName", "chat-api"),
        ("PolicyName", "x"),
        ("PolicyDocument", "{\"Statement\": []}"),
    ];
    client.query("iam", &put);
    let assume = [
        ("Action", "AssumeRole"),
        ("RoleArn", "arn:aws:iam::111122223333:role/apps/chat-api"),
        ("RoleSessionName", "shell"),
        ("Policy", "{}"),
    ];
    client.query("sts", &assume);
    (client.access_key, client.token) = (key, token);
    let (events, _) = client.sandbox.events_since(0);
    assert_eq!(
        (events[0]["eventName"].as_str(), events[0]["awsRegion"].as_str()),
        (Some("PutRolePolicy"), Some("us-east-1"))
    );
    assert_eq!(
        (events[0]["requestParameters"]["policyName"].as_str(), events[0]["readOnly"].as_bool()),
        (Some("x"), Some(false))
    );
    assert_eq!(events[1]["requestParameters"]["policy"], "{}");
}

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bedrock-access"))
        .args(["sandbox", "run"])
        .args(arguments)
        .env("AWS_PROFILE", "mine")
        .env("AWS_ENDPOINT_URL_STS", "https://elsewhere.example")
        .env("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
        .env("AWS_WEB_IDENTITY_TOKEN_FILE", "/var/run/token")
        .env("AWS_ROLE_ARN", "arn:aws:iam::444455556666:role/elsewhere")
        .env("HTTP_PROXY", "http://127.0.0.1:9")
        .env("http_proxy", "http://127.0.0.1:9")
        .env("NO_PROXY", "internal.example")
        .env_remove("no_proxy")
        .output()
        .unwrap()
}

#[test]
fn a_command_reaches_the_world_past_a_proxy_and_a_shell_that_ignores_endpoints() {
    let program = env!("CARGO_BIN_EXE_bedrock-access");
    let asked = run(&["healthy", "--", program, "whoami"]);
    assert_eq!(asked.status.code(), Some(0), "{}", String::from_utf8_lossy(&asked.stderr));
}

#[cfg(unix)]
#[test]
fn a_command_gets_the_world_as_its_aws_and_keeps_its_exit_status() {
    let shown = run(&["healthy", "--", "env"]);
    let text = String::from_utf8(shown.stdout).unwrap();
    assert_eq!(shown.status.code(), Some(0), "{}", String::from_utf8_lossy(&shown.stderr));
    let value = |name: &str| text.lines().find_map(|line| line.strip_prefix(&format!("{name}=")));
    assert!(value("AWS_ENDPOINT_URL").unwrap().starts_with("http://127.0.0.1:"));
    assert_eq!(
        value("AWS_ACCESS_KEY_ID"),
        World::embedded("healthy").map(|world| world.caller_credentials().0.to_owned()).as_deref()
    );
    assert_eq!(
        (value("AWS_ROLE_ARN"), value("AWS_WEB_IDENTITY_TOKEN_FILE"), value("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")),
        (None, None, Some("false"))
    );
    assert_eq!((value("NO_PROXY"), value("no_proxy")), (Some("127.0.0.1,internal.example"), Some("127.0.0.1")));
    assert_eq!(
        (value("AWS_PROFILE"), value("AWS_ENDPOINT_URL_STS"), value("AWS_REGION")),
        (None, None, Some("us-west-2"))
    );
    assert_eq!(run(&["healthy", "--", "sh", "-c", "exit 7"]).status.code(), Some(7));
    assert_eq!(run(&["--", "sh", "-c", "kill -TERM $$"]).status.code(), Some(143));
    assert_eq!(run(&["healthy", "--", "/no/such/command"]).status.code(), Some(127));
    let ana =
        run(&["healthy", "--principal", "ana", "--", "sh", "-c", "echo $AWS_ACCESS_KEY_ID ${AWS_SESSION_TOKEN-none}"]);
    assert_eq!(String::from_utf8_lossy(&ana.stdout), "AKIAUSERANA01EXAMPLE none\n");
    let nobody = run(&["healthy", "--principal", "nobody", "--", "true"]);
    assert_eq!(nobody.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&nobody.stderr).contains("the world's principals with a key: chat-api, ana, olu"));
    // The server answers while the command runs: the doctor itself is one.
    let doctor = env!("CARGO_BIN_EXE_bedrock-access");
    let model = value_of_model();
    let answer = run(&[
        "iam-missing",
        "--",
        doctor,
        "doctor",
        "--model",
        &model,
        "--operation",
        "converse",
        "-q",
        "--color",
        "never",
    ]);
    assert_eq!(answer.status.code(), Some(1), "{}", String::from_utf8_lossy(&answer.stderr));
}

fn value_of_model() -> String {
    value("iam-missing")["request"]["model"].as_str().unwrap().to_owned()
}

#[cfg(unix)]
#[test]
fn serve_appends_its_trail_to_a_file() {
    use std::io::{BufRead as _, BufReader};
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("trail.jsonl");
    let mut child = Command::new(env!("CARGO_BIN_EXE_bedrock-access"))
        .args(["sandbox", "serve", "iam-missing", "--trail", file.to_str().unwrap()])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let line = BufReader::new(child.stdout.take().unwrap()).lines().next().unwrap().unwrap();
    let address = line.strip_prefix("export AWS_ENDPOINT_URL='http://").unwrap().trim_end_matches('\'').to_owned();
    let client = Client::named("iam-missing");
    let authorization = client.authorization("bedrock");
    let token = client.token.clone().unwrap();
    let headers = [("authorization", authorization.as_str()), ("x-amz-security-token", token.as_str())];
    let path = format!("/model/{}/converse", client.model);
    let answer = crate::support::http::raw_to(&address, "POST", &path, &headers, b"{}");
    assert_eq!(answer.status, 403);
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(143));
    let text = std::fs::read_to_string(&file).unwrap();
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.len(), 1);
    assert_eq!(
        (events[0]["eventName"].as_str(), events[0]["errorCode"].as_str()),
        (Some("Converse"), Some("AccessDenied"))
    );
}
