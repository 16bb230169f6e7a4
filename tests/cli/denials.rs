//! `denials` as people run it: files, folders, formats, exit statuses, the event history, and what follows from a group.

use crate::support::http;
use crate::support::mcp::Client;
use crate::support::program::{Answer, bedrock_access, run, run_with_input, schema};
use bedrock_access::sandbox::World;
use serde_json::{Value, json};
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

const PROMPT: &str = "canary-prompt-5e1d";
const ADDRESS: &str = "203.0.113.99";

/// A refused call of the role that the sandbox's world `iam-missing` is about.
fn refused(number: u64) -> Value {
    let world: Value = serde_json::from_str(&run(&["sandbox", "show", "iam-missing"]).stdout).unwrap();
    let (role, model, region) = (
        world["caller"].as_str().unwrap().to_owned(),
        world["request"]["model"].as_str().unwrap().to_owned(),
        world["request"]["region"].as_str().unwrap().to_owned(),
    );
    event(number, &role, &model, &region)
}

fn event(number: u64, caller: &str, model: &str, region: &str) -> Value {
    let parts: Vec<&str> = caller.split([':', '/']).collect();
    let (account, name) = (parts[4], parts[parts.len() - if caller.contains("assumed-role") { 2 } else { 1 }]);
    let session = format!("arn:aws:sts::{account}:assumed-role/{name}/task");
    json!({
        "eventVersion": "1.11",
        "userIdentity": {"type": "AssumedRole", "arn": session, "accountId": account, "accessKeyId": "ASIAIOSFODNN7EXAMPLE"},
        "eventTime": format!("2026-07-08T10:{:02}:{:02}Z", number / 60 % 60, number % 60),
        "eventSource": "bedrock.amazonaws.com", "eventName": "InvokeModel", "awsRegion": region,
        "sourceIPAddress": ADDRESS, "userAgent": "Boto3/1.40.1",
        "errorCode": "AccessDenied",
        "errorMessage": format!("User: {session} is not authorized to perform: bedrock:InvokeModel on resource: arn:aws:bedrock:{region}::foundation-model/{model} because no identity-based policy allows the bedrock:InvokeModel action"),
        "requestParameters": {"modelId": model, "messages": PROMPT}, "responseElements": null,
        "requestID": format!("00000000-0000-4000-8000-{number:012}"), "eventID": format!("00000000-0000-4000-9000-{number:012}"),
        "eventType": "AwsApiCall", "recipientAccountId": account, "eventCategory": "Management"
    })
}

fn write(path: &Path, value: &Value) -> String {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, value.to_string()).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn every_format_says_the_same_and_keeps_no_prompt() {
    let folder = tempfile::tempdir().unwrap();
    let day = folder.path().join("AWSLogs/111122223333/CloudTrail/us-west-2/2026/07/08");
    write(&day.join("a.json"), &json!({"Records": [refused(1), refused(2)]}));
    write(&day.join("b.json"), &json!({"Records": [refused(3)]}));
    write(&folder.path().join("AWSLogs/111122223333/CloudTrail-Digest/x.json"), &json!({"digestStartTime": "x"}));
    let path = folder.path().to_str().unwrap();
    for (format, said) in [
        ("text", "3 denied calls in 1 group"),
        ("markdown", "3 denied calls in 1 group"),
        ("html", "3 denied calls in 1 group"),
        ("junit", "3 calls denied"),
        ("json", "\"denials\": 3"),
    ] {
        for redacted in [&[][..], &["--redact"]] {
            let answer = run(&[&["denials", path, "--format", format], redacted].concat());
            assert_eq!(answer.status, 1, "{format}: {}", answer.stderr);
            assert!(answer.stdout.contains(said), "{format}: {}", answer.stdout);
            assert!(answer.stdout.contains("identity-policy-missing-allow"), "{format}");
            assert!(!answer.stdout.contains(PROMPT) && !answer.stdout.contains(ADDRESS), "{format}");
            if !redacted.is_empty() {
                let account = refused(1)["recipientAccountId"].as_str().unwrap().to_owned();
                assert!(
                    !answer.stdout.contains(&account) && !answer.stdout.contains(path),
                    "{format}: {}",
                    answer.stdout
                );
            }
            if format == "json" {
                let schema = schema("denials-1");
                let errors: Vec<String> = schema.iter_errors(&answer.json()).map(|error| error.to_string()).collect();
                assert!(errors.is_empty(), "{errors:?}");
                assert_eq!(answer.json()["sources"].as_array().unwrap().len(), 2);
            }
        }
    }
}

#[test]
fn the_exit_status_tells_none_from_not_known() {
    let served = {
        let mut event = refused(1);
        let fields = event.as_object_mut().unwrap();
        fields.remove("errorCode");
        fields.remove("errorMessage");
        event
    };
    for (input, status) in [
        (json!({"Records": [served]}).to_string().into_bytes(), 0),
        (json!({"Records": [refused(1)]}).to_string().into_bytes(), 1),
        (b"PAR1\x15\x04".to_vec(), 3),
        (Vec::new(), 3),
        (json!({"Records": [served]}).to_string().into_bytes()[..100].to_vec(), 3),
        (b"2026-07-09T10:00:00Z INFO nothing happened\n".to_vec(), 0),
    ] {
        let answer: Answer = run_with_input(bedrock_access(["denials", "-"]), &input).into();
        assert_eq!(answer.status, status, "{} {}", answer.stdout, answer.stderr);
    }
    assert_eq!(run(&["denials", "/no/such/file"]).status, 4);
    assert_eq!(run(&["denials"]).status, 2);
    for engine in ["athena", "lake", "logs-insights"] {
        let answer = run(&["denials", "--print-query", engine]);
        assert_eq!(answer.status, 0);
        assert!(answer.stdout.contains("ThrottlingException") && answer.stdout.contains("40"), "{}", answer.stdout);
    }
}

#[test]
fn a_baseline_makes_the_status_mean_new_ones() {
    let folder = tempfile::tempdir().unwrap();
    let first = write(&folder.path().join("first.json"), &json!({"Records": [refused(1)]}));
    let before = folder.path().join("before.json");
    let before = before.to_str().unwrap();
    assert_eq!(run(&["denials", &first, "--format", "json", "--output", before]).status, 1);
    assert_eq!(run(&["denials", &first, "--baseline", before]).status, 0);
    let other = event(2, "arn:aws:sts::111122223333:assumed-role/other/x", "amazon.nova-lite-v1:0", "us-west-2");
    let more = write(&folder.path().join("more.json"), &json!({"Records": [refused(1), other]}));
    let answer = run(&["denials", &more, "--baseline", before, "--format", "json"]);
    assert_eq!(answer.status, 1);
    let new: Vec<bool> =
        answer.json()["groups"].as_array().unwrap().iter().map(|group| group["new"].as_bool().unwrap()).collect();
    assert_eq!(new, [false, true]);
    assert_eq!(run(&["denials", &more, "--baseline", &first]).status, 4);
}

#[test]
fn the_doctor_says_whether_it_is_still_so() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(&folder.path().join("events.json"), &json!({"Records": [refused(1)]}));
    for (world, verdict) in [("iam-missing", "denied"), ("no-simulator", "undetermined")] {
        let answer = run(&["denials", &file, "--diagnose", "--sandbox", world, "--format", "json"]);
        assert_eq!(answer.status, 1, "{}", answer.stderr);
        let now = &answer.json()["groups"][0]["now"];
        assert_eq!(now["verdict"], verdict, "{world}: {now}");
    }
    let targets = folder.path().join("targets.jsonl");
    let answer = run(&["denials", &file, "--emit-targets", targets.to_str().unwrap()]);
    assert_eq!(answer.status, 1);
    let target: Value = serde_json::from_str(&fs::read_to_string(&targets).unwrap()).unwrap();
    assert!(schema("target-1").is_valid(&target), "{target}");
    let answer =
        run(&["doctor", "--targets", targets.to_str().unwrap(), "--sandbox", "iam-missing", "--format", "json"]);
    assert_eq!(answer.json()["verdict"], "denied", "{}", answer.stderr);
}

/// What the doctor does not ask about may refuse the call still, whatever it says of the rest.
#[test]
fn fixed_is_said_only_of_what_was_asked() {
    let folder = tempfile::tempdir().unwrap();
    let role = "arn:aws:sts::111122223333:assumed-role/chat-api/session";
    let denied = |of: &str| {
        let mut event = event(1, role, "amazon.nova-lite-v1:0", "us-west-2");
        let on = "arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-lite-v1:0";
        event["errorMessage"] =
            format!("User: {role} is not authorized to perform: bedrock:InvokeModel on resource: {on} {of}").into();
        event
    };
    let plain = denied("because no identity-based policy allows the bedrock:InvokeModel action");
    let session = denied("because no session policy allows the bedrock:InvokeModel action");
    let endpoint = denied("because no VPC endpoint policy allows the bedrock:InvokeModel action");
    let mut bearer = denied("because no identity-based policy allows the bedrock:CallWithBearerToken action");
    bearer["errorMessage"] =
        bearer["errorMessage"].as_str().unwrap().replace("InvokeModel", "CallWithBearerToken").into();
    let mut limited = denied("");
    limited["errorMessage"] = "Your account is not authorized to invoke this API operation.".into();
    for (event, can_tell) in [(&plain, true), (&session, false), (&endpoint, false), (&bearer, false)] {
        let file = write(&folder.path().join("events.json"), &json!({ "Records": [event] }));
        let answer = run(&["denials", &file, "--diagnose", "--sandbox", "healthy", "--format", "json"]);
        let group = &answer.json()["groups"][0];
        let verdict = if can_tell { "allowed" } else { "undetermined" };
        assert_eq!(group["now"]["verdict"], verdict, "{group:#} {}", answer.stderr);
        assert_eq!(group["now"]["why"].is_string(), !can_tell, "{group:#}");
    }
}

#[test]
fn the_rights_of_keys_and_subscriptions_are_on_what_they_are_checked_on() {
    let folder = tempfile::tempdir().unwrap();
    let role = "arn:aws:sts::111122223333:assumed-role/chat/x";
    let mut bearer = event(1, role, "amazon.nova-lite-v1:0", "us-west-2");
    let on = "arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-lite-v1:0";
    let action = "bedrock:CallWithBearerToken";
    bearer["errorMessage"] = format!(
        "User: {role} is not authorized to perform: {action} on resource: {on} because no identity-based policy allows the {action} action"
    )
    .into();
    let mut sold = event(2, role, "anthropic.claude-sonnet-4-5-20250929-v1:0", "us-west-2");
    sold["errorMessage"] = "Model access is denied due to IAM user or service role is not authorized to perform the required \
        AWS Marketplace actions (aws-marketplace:ViewSubscriptions, aws-marketplace:Subscribe) to enable access to this model."
        .into();
    let file = write(&folder.path().join("events.json"), &json!({"Records": [bearer, sold]}));
    let denials = folder.path().join("denials.json");
    let denials = denials.to_str().unwrap();
    run(&["denials", &file, "--format", "json", "--output", denials]);
    let answer = run(&["policy", "generate", "--from", denials]);
    assert_eq!(answer.status, 0, "{}", answer.stderr);
    let statements = answer.json()["Statement"].as_array().unwrap().clone();
    let with = |action: &str| statements.iter().find(|one| one["Action"].to_string().contains(action)).unwrap();
    assert_eq!(with(action)["Resource"], "*");
    assert_eq!(
        with("aws-marketplace:Subscribe")["Condition"]["StringEquals"]["aws:CalledViaLast"],
        "bedrock.amazonaws.com"
    );
    // A log says what anybody writes into it.
    let claims = [
        "iam:* on resource: *",
        "kms:Decrypt on resource: arn:aws:kms:us-east-1:111122223333:key/bedrock",
        "bedrock:* on resource: *",
    ];
    let log: String = claims
        .iter()
        .map(|claim| format!("bedrock AccessDenied: User: arn:aws:iam::111122223333:role/x is not authorized to perform: {claim} because no identity-based policy allows it\n"))
        .collect();
    let hostile = folder.path().join("app.log");
    fs::write(&hostile, log).unwrap();
    let claimed = folder.path().join("claimed.json");
    let claimed = claimed.to_str().unwrap();
    run(&["denials", hostile.to_str().unwrap(), "--format", "json", "--output", claimed]);
    let answer = run(&["policy", "generate", "--from", claimed]);
    assert_eq!((answer.status, answer.stdout.as_str()), (3, ""), "{}", answer.stderr);
    // Aliases make no policy, and cannot be compared.
    run(&["denials", &file, "--redact", "--format", "json", "--output", denials]);
    for command in [&["policy", "generate", "--from", denials][..], &["denials", &file, "--baseline", denials]] {
        let answer = run(command);
        assert_eq!(answer.status, 4, "{}", answer.stdout);
        assert!(answer.stderr.contains("--redact"), "{}", answer.stderr);
    }
}

#[test]
fn what_was_served_by_an_id_or_through_a_profile_is_allowed_there_alone() {
    let folder = tempfile::tempdir().unwrap();
    let served = |operation: &str, parameters: Value| {
        let mut event = event(1, "arn:aws:sts::111122223333:assumed-role/chat/x", "x", "us-east-1");
        event.as_object_mut().unwrap().retain(|key, _| !key.starts_with("error"));
        event["eventName"] = operation.into();
        event["requestParameters"] = parameters;
        event
    };
    let profile = "us.amazon.nova-micro-v1:0";
    let records = [
        served("Retrieve", json!({"knowledgeBaseId": "KBEXAMPLE1"})),
        served("ApplyGuardrail", json!({"guardrailIdentifier": "gr1example"})),
        served("InvokeModel", json!({"modelId": profile})),
    ];
    let file = write(&folder.path().join("served.json"), &json!({ "Records": records }));
    let role = "arn:aws:iam::111122223333:role/apps/chat";
    let answer = run(&["policy", "generate", "--from-cloudtrail", &file, "--principal", role]);
    assert_eq!(answer.status, 0, "{}", answer.stderr);
    assert!(!answer.stderr.contains("left out"), "{}", answer.stderr);
    let text = answer.stdout;
    for resource in [
        "arn:aws:bedrock:us-east-1:111122223333:knowledge-base/KBEXAMPLE1",
        "arn:aws:bedrock:us-east-1:111122223333:guardrail/gr1example",
        "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.amazon.nova-micro-v1:0",
        "arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-micro-v1:0",
    ] {
        assert!(text.contains(resource), "{resource}: {text}");
    }
    assert!(!text.contains("bedrock:*:"), "{text}");
}

#[test]
fn a_source_that_was_refused_is_an_error_for_ci() {
    let answer: Answer = run_with_input(bedrock_access(["denials", "-", "--format", "junit"]), b"PAR1\x15\x04").into();
    assert_eq!(answer.status, 3);
    assert!(answer.stdout.contains("errors=\"1\"") && answer.stdout.contains("<error message="), "{}", answer.stdout);
}

#[test]
fn the_policy_that_calls_lacked_is_written_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let event = event(1, "arn:aws:sts::111122223333:assumed-role/chat/x", "amazon.nova-lite-v1:0", "us-west-2");
    let file = write(&folder.path().join("events.json"), &json!({"Records": [event.clone()]}));
    let denials = folder.path().join("denials.json");
    let denials = denials.to_str().unwrap();
    run(&["denials", &file, "--format", "json", "--output", denials]);
    let answer = run(&["policy", "generate", "--from", denials]);
    assert_eq!(answer.status, 0, "{}", answer.stderr);
    let resource = "arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-lite-v1:0";
    let expected = json!([{"Effect": "Allow", "Action": "bedrock:InvokeModel", "Resource": resource}]);
    assert_eq!(answer.json()["Statement"], expected);
    let mut served = event;
    served.as_object_mut().unwrap().retain(|key, _| !key.starts_with("error"));
    let file = write(&folder.path().join("served.json"), &json!({"Records": [served]}));
    let role = "arn:aws:iam::111122223333:role/apps/chat";
    let answer = run(&["policy", "generate", "--from-cloudtrail", &file, "--principal", role]);
    assert_eq!(answer.status, 0, "{}", answer.stderr);
    assert_eq!(answer.json()["Statement"], expected);
    let nobody =
        run(&["policy", "generate", "--from-cloudtrail", &file, "--principal", "arn:aws:iam::111122223333:role/other"]);
    assert_eq!(nobody.status, 3, "{}", nobody.stderr);
}

/// CloudTrail's event history on loopback: pages of events, newest first, as the API answers.
struct EventHistory {
    endpoint: String,
    calls: Arc<Mutex<Vec<(String, Instant)>>>,
    left: Arc<AtomicUsize>,
    /// Events that it holds besides, by their moment, in seconds since 1970.
    late: Late,
    /// Every page leads to itself.
    is_stuck: Arc<AtomicBool>,
}

type Late = Arc<Mutex<Vec<i64>>>;

/// How many events a page has here; the API's fifty would only make the test long.
const PAGE: usize = 3;

impl EventHistory {
    /// Serves `count` events in each Region; the call of this number is throttled, and no more than `budget` are answered.
    fn start(count: usize, throttled: Option<usize>, budget: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let (calls, left) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicUsize::new(budget)));
        let (seen, remaining) = (Arc::clone(&calls), Arc::clone(&left));
        let (late, is_stuck): (Late, _) = (Arc::default(), Arc::new(AtomicBool::new(false)));
        let (held, sticks) = (Arc::clone(&late), Arc::clone(&is_stuck));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (seen, remaining) = (Arc::clone(&seen), Arc::clone(&remaining));
                let (held, sticks) = (Arc::clone(&held), Arc::clone(&sticks));
                thread::spawn(move || {
                    let mut stream = stream.unwrap();
                    while let Some((head, body)) = request(&mut stream) {
                        let region = head.split("Credential=").nth(1).unwrap().split('/').nth(2).unwrap().to_owned();
                        assert!(head.to_lowercase().contains("cloudtrail_20131101.lookupevents"), "{head}");
                        let number = {
                            let mut seen = seen.lock().unwrap();
                            seen.push((region.clone(), Instant::now()));
                            seen.len()
                        };
                        let (status, answer) = if throttled == Some(number) {
                            (400, json!({"__type": "ThrottlingException", "message": "Rate exceeded"}))
                        } else if remaining
                            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
                            .is_err()
                        {
                            (400, json!({"__type": "com.amazonaws.cloudtrail#AccessDeniedException", "message": "no"}))
                        } else {
                            let mut page =
                                page(&serde_json::from_slice(&body).unwrap(), count, &region, &held.lock().unwrap());
                            if sticks.load(Ordering::SeqCst) {
                                page["NextToken"] = "1".into();
                            }
                            (200, page)
                        };
                        let answer = answer.to_string();
                        let head = format!(
                            "HTTP/1.1 {status} x\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: {}\r\n\r\n",
                            answer.len()
                        );
                        if stream.write_all(format!("{head}{answer}").as_bytes()).is_err() {
                            break;
                        }
                    }
                });
            }
        });
        Self { endpoint, calls, left, late, is_stuck }
    }

    fn ask(&self, arguments: &[&str]) -> Answer {
        let mut command = bedrock_access(["denials", "--live", "--format", "json"]);
        command.args(arguments).env("AWS_ENDPOINT_URL", &self.endpoint);
        command.env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE").env("AWS_SECRET_ACCESS_KEY", "none");
        command.output().unwrap().into()
    }
}

fn request(stream: &mut std::net::TcpStream) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
            let length = head
                .lines()
                .find_map(|line| {
                    line.to_lowercase()
                        .strip_prefix("content-length:")
                        .map(|value| value.trim().parse::<usize>().unwrap())
                })
                .unwrap_or(0);
            while bytes.len() < end + 4 + length {
                let count = stream.read(&mut piece).ok().filter(|count| *count > 0)?;
                bytes.extend_from_slice(&piece[..count]);
            }
            return Some((head, bytes[end + 4..].to_vec()));
        }
        let count = stream.read(&mut piece).ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&piece[..count]);
    }
}

/// Answers a call: events from `StartTime` to `EndTime`, two in each second so that a page may end between them.
fn page(asked: &Value, count: usize, region: &str, late: &[i64]) -> Value {
    let since = asked["StartTime"].as_i64().unwrap();
    let until = asked["EndTime"].as_i64().unwrap();
    let newest = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64 / 86_400
        * 86_400
        - 3600;
    let all: Vec<Value> = (0..count)
        .map(|number| {
            let mut event =
                event(number as u64, "arn:aws:sts::111122223333:assumed-role/chat/x", "amazon.nova-lite-v1:0", region);
            event["requestID"] = format!("{region}-{number}").into();
            let at = newest - (number / 2) as i64;
            json!({"EventId": format!("{region}-{number}"), "EventTime": at, "CloudTrailEvent": event.to_string()})
        })
        .filter(|event| event["EventTime"].as_i64().unwrap() <= until)
        .collect();
    let besides = late.iter().filter(|at| (since..=until).contains(*at)).map(|at| {
        let mut event = event(1, "arn:aws:sts::111122223333:assumed-role/chat/x", "amazon.nova-lite-v1:0", region);
        event["requestID"] = format!("late-{at}").into();
        json!({"EventId": format!("late-{at}"), "EventTime": at, "CloudTrailEvent": event.to_string()})
    });
    let all: Vec<Value> = besides.chain(all).collect();
    let from = asked["NextToken"].as_str().map_or(0, |token| token.parse::<usize>().unwrap());
    let events: Vec<Value> = all.iter().skip(from).take(PAGE).cloned().collect();
    let next = from + events.len();
    let mut answer = json!({ "Events": events });
    if next < all.len() {
        answer["NextToken"] = next.to_string().into();
    }
    answer
}

#[test]
fn the_event_history_is_read_page_by_page_at_the_rate_that_is_allowed() {
    let history = EventHistory::start(8, Some(3), 1000);
    let answer = history.ask(&["--region", "us-east-1", "--region", "us-west-2", "--since", "3d"]);
    assert_eq!(answer.status, 1, "{}", answer.stderr);
    let denials = answer.json();
    assert_eq!((&denials["denials"], &denials["events"]), (&json!(16), &json!(16)), "{denials:#}");
    assert_eq!(denials["sources"].as_array().unwrap().len(), 2);
    assert!(denials["sources"].as_array().unwrap().iter().all(|source| source["complete"] == true));
    assert!(denials["limits"].to_string().contains("data events"));
    assert!(answer.stderr.contains("are expected"), "{}", answer.stderr);
    let calls = history.calls.lock().unwrap();
    assert_eq!(calls.len(), 7);
    for region in ["us-east-1", "us-west-2"] {
        let times: Vec<Instant> = calls.iter().filter(|(name, _)| name == region).map(|(_, at)| *at).collect();
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= Duration::from_millis(450)), "two in a second");
    }
}

#[test]
fn an_interrupted_reading_goes_on_and_counts_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state.json");
    let state = state.to_str().unwrap();
    let history = EventHistory::start(9, None, 1);
    let arguments = ["--region", "us-east-1", "--since", "3d", "--resume", state];
    let cut = history.ask(&arguments);
    let denials = cut.json();
    assert_eq!(denials["sources"][0]["complete"], false, "{denials:#}");
    assert!(denials["sources"][0]["error"].as_str().unwrap().contains("AccessDeniedException"));
    assert_eq!(denials["denials"], 3);
    history.left.store(1000, Ordering::SeqCst);
    let whole = history.ask(&arguments).json();
    assert_eq!((&whole["denials"], &whole["events"]), (&json!(9), &json!(9)), "{whole:#}");
    assert_eq!(whole["sources"][0]["complete"], true);
    assert_eq!(whole["groups"].as_array().unwrap().len(), 1);
    assert_eq!(whole["groups"][0]["count"], 9);
}

/// The event history holds an event up to 15 minutes after the call: a later run asks for that time again.
#[test]
fn an_event_that_comes_in_late_is_counted_by_the_next_run_and_once() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state.json");
    let arguments = ["--region", "us-east-1", "--since", "1h", "--resume", state.to_str().unwrap()];
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64;
    let history = EventHistory::start(0, None, 1000);
    let (early, late) = (now - 1500, now - 600);
    *history.late.lock().unwrap() = vec![now - 60, early];
    assert_eq!(history.ask(&arguments).json()["denials"], 2);
    for expected in [3, 3] {
        *history.late.lock().unwrap() = vec![now - 60, late, early];
        let denials = history.ask(&arguments).json();
        assert_eq!((&denials["denials"], &denials["others"]), (&json!(expected), &json!({})), "{denials:#}");
    }
}

#[test]
fn a_history_that_leads_to_itself_ends_and_says_so() {
    let history = EventHistory::start(0, None, 1000);
    history.is_stuck.store(true, Ordering::SeqCst);
    let answer = history.ask(&["--region", "us-east-1"]);
    assert_eq!(answer.status, 3, "{}", answer.stdout);
    assert!(answer.json()["sources"][0]["error"].as_str().unwrap().contains("leads to"), "{}", answer.stdout);
    assert_eq!(history.calls.lock().unwrap().len(), 2);
}

#[test]
fn a_refused_history_is_never_all_clear() {
    let history = EventHistory::start(0, None, 0);
    let answer = history.ask(&["--region", "us-east-1"]);
    assert_eq!(answer.status, 3, "{}", answer.stdout);
    let history = EventHistory::start(0, None, 10);
    assert_eq!(history.ask(&["--region", "us-east-1"]).status, 0);
}

/// The tool of the server for agents asks CloudTrail only with its argument, and then finds what the command finds.
#[test]
fn the_tool_asks_cloudtrail_only_where_it_is_told_to() {
    let history = EventHistory::start(8, None, 1000);
    let environment = [
        ("AWS_ENDPOINT_URL", history.endpoint.as_str()),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "none"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let mut client = Client::with(&[], &environment);
    assert_eq!(client.call("find_denials", json!({}))["isError"], true);
    assert_eq!(history.calls.lock().unwrap().len(), 0);
    let both = json!({"live": true, "regions": ["us-east-1", "us-west-2"]});
    let answer = client.call("find_denials", both)["structuredContent"].clone();
    assert_eq!(answer["denials"], 16, "{answer}");
    schema("denials-1").validate(&answer).unwrap();
    let command = history.ask(&["--region", "us-east-1", "--region", "us-west-2"]).json();
    // Regions answer the command in any order.
    let groups = |answer: &Value| {
        let mut groups = answer["groups"].as_array().unwrap().clone();
        groups.sort_by_key(|group| group["id"].to_string());
        groups
    };
    assert_eq!(groups(&answer), groups(&command));
    for part in ["denials", "others", "limits", "over_time"] {
        assert_eq!(answer[part], command[part], "{part}");
    }
}

/// What a script provokes stands in the account's own trail, is found there, is still denied, and after the fix is fixed.
#[test]
fn a_refusal_is_followed_from_the_trail_of_the_account_to_its_fix() {
    let mut facts: Value = serde_json::from_str(World::embedded_text("iam-missing").unwrap()).unwrap();
    // The caller may read the trail, and repair its own role.
    let own = facts["principals"][0]["policies"][0]["document"]["Statement"].as_array_mut().unwrap();
    let more = ["cloudtrail:LookupEvents", "iam:PutRolePolicy"];
    own.push(json!({"Effect": "Allow", "Action": more, "Resource": "*"}));
    let client = http::Client::new(World::parse(&facts.to_string()).unwrap());
    for _ in 0..3 {
        assert_eq!(client.own_request().status, 403);
    }
    let endpoint = client.sandbox.endpoint();
    let environment = [
        ("AWS_ENDPOINT_URL", endpoint.as_str()),
        ("AWS_ACCESS_KEY_ID", &client.access_key),
        ("AWS_SECRET_ACCESS_KEY", "secret-that-the-sandbox-does-not-compare"),
        ("AWS_SESSION_TOKEN", client.token.as_deref().unwrap_or_default()),
        ("AWS_REGION", "us-west-2"),
    ];
    let now = || {
        let mut command = bedrock_access(["denials", "--live", "--since", "1h", "--diagnose", "--format", "json"]);
        let answer: Answer = command.env_clear().envs(environment).output().unwrap().into();
        let denials = answer.json();
        assert_eq!(denials["denials"], 3, "{denials:#}\n{}", answer.stderr);
        let [group] = denials["groups"].as_array().unwrap().as_slice() else { panic!("{denials:#}") };
        assert_eq!(group["cause"], "identity-policy-missing-allow");
        group["now"].clone()
    };
    let before = now();
    assert_eq!(before["verdict"], "denied", "{before}");
    let policy =
        run(&["policy", "generate", "--model", &client.model, "--region", "us-west-2", "--account", "111122223333"]);
    let put = client.query(
        "iam",
        &[
            ("Action", "PutRolePolicy"),
            ("Version", "2010-05-08"),
            ("RoleName", "chat-api"),
            ("PolicyName", "repaired"),
            ("PolicyDocument", &policy.stdout),
        ],
    );
    assert_eq!(put.status, 200, "{}", put.text());
    let after = now();
    assert_eq!(after["verdict"], "allowed", "{after}");
}
