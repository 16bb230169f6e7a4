//! Each form made from the same 40 events gives the same groups, however it is compressed or wrapped.

use super::events::*;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bedrock_access::trail::{Denials, Form};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::io::Write as _;

/// Forty events: all ways of being refused, calls that were served, throttled and invalid, a grant, a copy.
fn forty() -> Vec<Value> {
    let mut events: Vec<Value> = (0..24)
        .map(|n| refused(n, n as usize % 3, MODELS[n as usize % MODELS.len()], &REFUSALS[n as usize % REFUSALS.len()]))
        .collect();
    events.extend((24..34).map(|n| served(n, 1, MODELS[2])));
    events.push(failed(34, "ThrottlingException", "Too many tokens, please wait before trying again."));
    events.push(failed(35, "ValidationException", "max_tokens_to_sample: range: 1..1,000,000"));
    let mut copy = refused(36, 0, MODELS[0], &REFUSALS[0]);
    copy["eventType"] = "AwsServiceEvent".into();
    copy["requestParameters"] = json!({});
    events.push(copy);
    let mut bearer = refused(37, 2, MODELS[0], &REFUSALS[0]);
    bearer["additionalEventData"] = json!({"callWithBearerToken": true});
    events.push(bearer);
    let mut grant = served(38, 0, MODELS[0]);
    grant["eventSource"] = "iam.amazonaws.com".into();
    grant["eventName"] = "PutRolePolicy".into();
    grant["requestParameters"] = json!({"roleName": "chat-0", "policyName": "bedrock", "policyDocument": "{}"});
    events.push(grant);
    let mut after = refused(39, 0, MODELS[2], &REFUSALS[0]);
    after["vpcEndpointId"] = "vpce-0123456789abcdef0".into();
    events.push(after);
    events
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn lines<'v>(values: impl IntoIterator<Item = &'v Value>) -> Vec<u8> {
    values.into_iter().map(|value| format!("{value}\n")).collect::<String>().into_bytes()
}

/// Prints a value as Trino prints a struct.
fn printed(value: &Value) -> String {
    match value {
        Value::Object(object) => {
            let fields: Vec<String> =
                object.iter().map(|(key, value)| format!("{}={}", key.to_lowercase(), printed(value))).collect();
            format!("{{{}}}", fields.join(", "))
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The columns of Athena's table (AWS CloudTrail User Guide, "Querying AWS CloudTrail logs").
const COLUMNS: [&str; 16] = [
    "eventVersion",
    "userIdentity",
    "eventTime",
    "eventSource",
    "eventName",
    "awsRegion",
    "userAgent",
    "errorCode",
    "errorMessage",
    "requestParameters",
    "responseElements",
    "additionalEventData",
    "requestID",
    "eventID",
    "eventType",
    "recipientAccountId",
];

fn csv(events: &[Value]) -> Vec<u8> {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let columns: Vec<&str> = COLUMNS.iter().copied().chain(["vpcEndpointId"]).collect();
    let mut table: String = columns.iter().map(|name| quoted(&name.to_lowercase())).collect::<Vec<_>>().join(",");
    for event in events {
        let row: Vec<String> = columns
            .iter()
            .map(|name| match &event[*name] {
                Value::Null => String::new(),
                Value::String(text) => quoted(text),
                identity if *name == "userIdentity" => quoted(&printed(identity)),
                other => quoted(&other.to_string()),
            })
            .collect();
        table.push_str(&format!("\n{}", row.join(",")));
    }
    table.into_bytes()
}

fn lake(events: &[Value]) -> Vec<u8> {
    let rows: Vec<Value> = events
        .iter()
        .map(|event| {
            let cells = event.as_object().unwrap().iter().filter(|(_, value)| !value.is_null());
            let cell = |(name, value): (&String, &Value)| {
                let text = match value {
                    Value::String(time) if name == "eventTime" => time.replace('T', " ").replace('Z', ".000"),
                    value => printed(value),
                };
                json!({name: text})
            };
            cells.map(cell).collect::<Vec<_>>().into()
        })
        .collect();
    json!({"QueryStatus": "FINISHED", "QueryResultRows": rows}).to_string().into_bytes()
}

fn ocsf(event: &Value) -> Value {
    let identity = &event["userIdentity"];
    let seconds = event["eventTime"].as_str().map(|time| {
        let number = |range: std::ops::Range<usize>| time[range].parse::<i64>().unwrap();
        // July 2026 began 1782864000 seconds after 1970.
        1_782_864_000 + (number(8..10) - 1) * 86_400 + number(11..13) * 3600 + number(14..16) * 60 + number(17..19)
    });
    json!({
        "metadata": {"product": {"name": "CloudTrail", "vendor_name": "AWS"}, "uid": event["eventID"], "version": "1.1.0"},
        "time": seconds.unwrap() * 1000, "class_uid": 6003, "class_name": "API Activity",
        "api": {
            "operation": event["eventName"], "service": {"name": event["eventSource"]},
            "request": {"uid": event["requestID"], "data": event["requestParameters"].to_string()},
            "response": {"error": event["errorCode"], "message": event["errorMessage"], "data": event["responseElements"].to_string()}
        },
        "actor": {
            "user": {"type": identity["type"], "uid": identity["arn"], "uid_alt": identity["principalId"], "credential_uid": identity["accessKeyId"], "account": {"uid": identity["accountId"]}},
            "session": {"issuer": identity["sessionContext"]["sessionIssuer"]["arn"]}
        },
        "cloud": {"provider": "AWS", "region": event["awsRegion"], "account": {"uid": event["recipientAccountId"]}},
        "src_endpoint": {"ip": event["sourceIPAddress"]}, "http_request": {"user_agent": event["userAgent"]},
        "unmapped": {"eventType": event["eventType"], "recipientAccountId": event["recipientAccountId"], "vpcEndpointId": event["vpcEndpointId"],
            "additionalEventData.callWithBearerToken": event["additionalEventData"]["callWithBearerToken"]}
    })
}

/// Every form that people hold events in, by its name here.
pub fn forms(events: &[Value]) -> Vec<(&'static str, Form, Vec<u8>)> {
    let records = json!({"Records": events});
    let looked_up: Vec<Value> = events
        .iter()
        .map(|event| json!({"EventId": event["eventID"], "EventName": event["eventName"], "Username": "x", "CloudTrailEvent": event.to_string()}))
        .collect();
    let bridged: Vec<Value> = events
        .iter()
        .map(|event| json!({"version": "0", "detail-type": "AWS API Call via CloudTrail", "source": "aws.bedrock", "resources": [], "detail": event}))
        .collect();
    let logged: Vec<Value> = events
        .iter()
        .map(|event| json!({"logStreamName": "111122223333_CloudTrail_us-west-2", "timestamp": 1_783_000_000_000_u64, "message": event.to_string()}))
        .collect();
    let subscribed = |part: &[Value]| {
        json!({"messageType": "DATA_MESSAGE", "owner": ACCOUNT, "logGroup": "trail", "logEvents": part}).to_string()
    };
    let data: Vec<Value> =
        logged.chunks(7).map(|part| STANDARD.encode(gzip(subscribed(part).as_bytes())).into()).collect();
    let utf16: Vec<u8> =
        format!("\u{feff}{}", json!({"Events": looked_up})).encode_utf16().flat_map(u16::to_le_bytes).collect();
    vec![
        ("a file of a trail", Form::Records, records.to_string().into_bytes()),
        ("the same, laid out", Form::Records, serde_json::to_vec_pretty(&records).unwrap()),
        ("the same, with its keys in order", Form::Records, {
            let sorted = |event: &Value| {
                let mut fields: Vec<(String, Value)> = event.as_object().unwrap().clone().into_iter().collect();
                fields.sort_by(|a, b| a.0.cmp(&b.0));
                Value::Object(fields.into_iter().collect())
            };
            json!({"Records": events.iter().map(sorted).collect::<Vec<_>>()}).to_string().into_bytes()
        }),
        ("lookup-events", Form::LookupEvents, json!({"Events": looked_up}).to_string().into_bytes()),
        (
            "lookup-events, laid out",
            Form::LookupEvents,
            serde_json::to_vec_pretty(&json!({"Events": looked_up})).unwrap(),
        ),
        ("lookup-events of a Windows shell", Form::LookupEvents, utf16),
        ("the events of lookup-events as strings", Form::Event, {
            json!(events.iter().map(Value::to_string).collect::<Vec<_>>()).to_string().into_bytes()
        }),
        ("the events of lookup-events as text", Form::Event, {
            events.iter().map(Value::to_string).collect::<Vec<_>>().join("\t").into_bytes()
        }),
        ("a list of events", Form::Event, json!(events).to_string().into_bytes()),
        ("events one after the other, laid out", Form::Event, {
            events.iter().map(|event| format!("{event:#}\n")).collect::<String>().into_bytes()
        }),
        ("a line for each event", Form::JsonLines, lines(events)),
        ("a line for each event, in Athena's lower case", Form::JsonLines, {
            let lower = |event: &Value| -> Value {
                event
                    .as_object()
                    .unwrap()
                    .iter()
                    .map(|(key, value)| (key.to_lowercase(), value.clone()))
                    .collect::<serde_json::Map<_, _>>()
                    .into()
            };
            lines(&events.iter().map(lower).collect::<Vec<_>>())
        }),
        ("EventBridge", Form::Eventbridge, lines(&bridged)),
        (
            "EventBridge without line feeds",
            Form::Eventbridge,
            bridged.iter().map(Value::to_string).collect::<String>().into_bytes(),
        ),
        (
            "filter-log-events",
            Form::CloudwatchLogs,
            json!({"events": logged, "searchedLogStreams": []}).to_string().into_bytes(),
        ),
        ("a subscription", Form::CloudwatchLogs, logged.chunks(9).map(subscribed).collect::<String>().into_bytes()),
        ("an exported log group", Form::CloudwatchLogs, {
            events
                .iter()
                .map(|event| format!("{} {event}\n", event["eventTime"].as_str().unwrap()))
                .collect::<String>()
                .into_bytes()
        }),
        ("Logs Insights", Form::CloudwatchLogs, {
            let row = |event: &Value| json!([{"field": "@timestamp", "value": "2026-07-08 00:00:00.000"}, {"field": "@message", "value": event.to_string()}]);
            json!({"results": events.iter().map(row).collect::<Vec<_>>(), "status": "Complete"})
                .to_string()
                .into_bytes()
        }),
        ("CloudTrail Lake", Form::Lake, lake(events)),
        ("Athena", Form::AthenaCsv, csv(events)),
        ("OCSF", Form::Ocsf, lines(&events.iter().map(ocsf).collect::<Vec<_>>())),
        ("SQS", Form::Eventbridge, {
            json!({"Messages": bridged.iter().map(|event| json!({"MessageId": "x", "Body": event.to_string()})).collect::<Vec<_>>()}).to_string().into_bytes()
        }),
        ("SNS in SQS, as Lambda is called", Form::Eventbridge, {
            let record = |event: &Value| json!({"messageId": "x", "body": json!({"Type": "Notification", "Message": event.to_string()}).to_string()});
            json!({"Records": bridged.iter().map(record).collect::<Vec<_>>()}).to_string().into_bytes()
        }),
        ("SNS, as Lambda is called", Form::Eventbridge, {
            let record = |event: &Value| json!({"EventSource": "aws:sns", "Sns": {"Message": event.to_string()}});
            json!({"Records": bridged.iter().map(record).collect::<Vec<_>>()}).to_string().into_bytes()
        }),
        ("Kinesis", Form::Records, {
            json!({"Records": data.iter().map(|data| json!({"eventSource": "aws:kinesis", "kinesis": {"data": data}})).collect::<Vec<_>>()}).to_string().into_bytes()
        }),
        ("Kinesis get-records", Form::Records, {
            json!({"Records": data.iter().map(|data| json!({"SequenceNumber": "1", "Data": data})).collect::<Vec<_>>()})
                .to_string()
                .into_bytes()
        }),
        ("Firehose", Form::Event, {
            json!({"records": data.iter().map(|data| json!({"recordId": "1", "data": data})).collect::<Vec<_>>()})
                .to_string()
                .into_bytes()
        }),
        ("OpenSearch", Form::Event, {
            json!({"hits": {"hits": events.iter().map(|event| json!({"_source": event})).collect::<Vec<_>>()}})
                .to_string()
                .into_bytes()
        }),
    ]
}

fn check(name: &str, denials: &Denials, expected: &Denials) {
    assert_eq!(groups_of(denials), groups_of(expected), "{name}");
    assert_eq!((denials.denials, &denials.others), (expected.denials, &expected.others), "{name}");
    assert_eq!(denials.events, expected.events, "{name}");
    assert!(denials.is_whole(), "{name}: {:?} {:?}", denials.sources, denials.unreadable);
}

#[test]
fn every_form_of_the_same_events_gives_the_same_groups() {
    let events = forty();
    let all = forms(&events);
    let (_, _, trail) = &all[0];
    let expected = denials_of(trail);
    assert_eq!((expected.events, expected.denials), (40, 26));
    assert_eq!(json!(expected.others), json!({"copies": 1, "invalid-request": 1, "throttled": 1}));
    for refusal in &REFUSALS {
        let count: u64 =
            expected.groups.iter().filter(|group| group.cause.code() == refusal.cause).map(|group| group.count).sum();
        let more = if refusal.cause == REFUSALS[0].cause { 2 } else { 0 };
        assert_eq!(count, 2 + more, "{}", refusal.cause);
    }
    for (name, form, bytes) in &all {
        let denials = denials_of(bytes);
        check(name, &denials, &expected);
        assert_eq!(denials.sources[0].form, Some(*form), "{name}");
        let compressed = gzip(bytes);
        let denials = denials_of(&compressed);
        check(name, &denials, &expected);
        assert!(denials.sources[0].compressed);
        assert_eq!(denials.sources[0].bytes, compressed.len() as u64, "{name}");
        let text = serde_json::to_string(&denials).unwrap();
        for canary in CANARIES {
            assert!(!text.contains(canary), "{name}: {canary}");
        }
    }
}

#[test]
fn a_single_event_is_read_in_each_form() {
    let event = refused(1, 1, MODELS[0], &REFUSALS[0]);
    for (name, _, bytes) in forms(std::slice::from_ref(&event)) {
        let denials = denials_of(&bytes);
        assert_eq!((denials.denials, denials.groups.len()), (1, 1), "{name}");
        let group = &denials.groups[0];
        assert_eq!(group.principal.as_deref(), Some("arn:aws:iam::111122223333:role/apps/chat-1"), "{name}");
        assert_eq!(group.sessions, ["task-1"], "{name}");
        assert_eq!(group.first.as_deref(), Some("2026-07-08T00:00:01Z"), "{name}");
    }
}

#[test]
fn published_events_are_answered_one_by_one() {
    let file: Value = serde_json::from_str(include_str!("../../fixtures/trail/cloudtrail.json")).unwrap();
    for case in file["events"].as_array().unwrap() {
        let (id, event) = (case["id"].as_str().unwrap(), &case["event"]);
        for bytes in [event.to_string(), format!("{event:#}"), json!({"Records": [event]}).to_string()] {
            let denials = denials_of(bytes.as_bytes());
            assert_eq!(denials.denials > 0, case["is_denial"].as_bool().unwrap(), "{id}: {denials:#?}");
            assert_eq!(denials.unreadable.len(), 0, "{id}");
            let accepted: Vec<&str> =
                case["accept"].as_array().unwrap().iter().map(|cause| cause.as_str().unwrap()).collect();
            for group in &denials.groups {
                assert!(accepted.contains(&group.cause.code()), "{id}: {} is not of {accepted:?}", group.cause);
            }
        }
    }
    for (name, envelope) in file["envelopes_derived_from_event_a"].as_object().unwrap() {
        let denials = denials_of(envelope.to_string().as_bytes());
        assert_eq!(denials.denials, 1, "{name}");
        assert_eq!(denials.groups[0].cause.code(), "model-access-not-granted", "{name}");
        assert_eq!(denials.groups[0].model.as_deref(), Some("anthropic.claude-3-sonnet-20240229-v1:0"), "{name}");
        assert_eq!(denials.groups[0].first.as_deref(), Some("2024-07-08T17:06:49Z"), "{name}");
    }
}
