//! When "none denied" may be said: only of a source that holds events, all of them, each of them whole.

use super::events::*;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bedrock_access::trail::Denials;
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::io::Write as _;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn looked_up(event: &Value) -> Value {
    json!({"EventId": event["eventID"], "EventName": event["eventName"], "CloudTrailEvent": event.to_string()})
}

/// Says what stands where nothing was denied and nothing is wrong.
fn is_all_clear(denials: &Denials) -> bool {
    denials.denials == 0 && denials.is_whole()
}

#[test]
fn what_holds_no_events_is_not_all_clear() {
    let notice = json!({"eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "trail"}}});
    let in_queue = json!({"Messages": [{"Body": json!({"Records": [notice]}).to_string()}]});
    let refused = "An error occurred (AccessDeniedException) when calling the LookupEvents operation: User: \
        arn:aws:iam::111122223333:user/a is not authorized to perform: cloudtrail:LookupEvents";
    let texts = [
        String::new(),
        " \n\n".to_owned(),
        "null\n".to_owned(),
        "{}".to_owned(),
        r#"{"Records":null}"#.to_owned(),
        r#"{"Records":[{"a":1},{"b":2}]}"#.to_owned(),
        "<!DOCTYPE html><html><body>Sign in</body></html>".to_owned(),
        "<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code></Error>".to_owned(),
        json!({"Records": [notice]}).to_string(),
        in_queue.to_string(),
        json!({"s3Bucket": "trail", "s3ObjectKey": ["AWSLogs/1.json.gz"]}).to_string(),
        json!({"digestStartTime": "2026-07-08T00:00:00Z", "digestEndTime": "2026-07-08T01:00:00Z", "logFiles": []})
            .to_string(),
        refused.to_owned(),
        r#"{"__type":"AccessDeniedException","Message":"not authorized to perform: cloudtrail:LookupEvents"}"#
            .to_owned(),
    ];
    for text in texts {
        for bytes in [text.clone().into_bytes(), gzip(text.as_bytes())] {
            let denials = denials_of(&bytes);
            assert!(!denials.is_whole(), "{text}: {:?}", denials.sources);
            assert_eq!(denials.denials, 0, "{text}");
        }
    }
    // A list that is there and empty is an answer, and so is a log without a refusal.
    for text in [
        "[]",
        r#"{"Events":[]}"#,
        r#"{"Records": []}"#,
        "INFO started\n",
        "{\"level\":\"info\"}\n{\"level\":\"info\"}\n",
    ] {
        assert!(is_all_clear(&denials_of(text.as_bytes())), "{text}");
    }
}

#[test]
fn one_page_of_several_and_a_query_that_is_not_over_are_not_all_clear() {
    let event = served(1, 1, MODELS[0]);
    let page = |token: Value| json!({"Events": [looked_up(&event)], "NextToken": token}).to_string();
    let query = |status: &str| json!({"QueryStatus": status, "QueryResultRows": []}).to_string();
    let insights = |status: &str| json!({"results": [], "status": status}).to_string();
    for (text, is_all) in [
        (page("abc".into()), false),
        (page(Value::Null), true),
        (page("".into()), true),
        (page("abc".into()) + &page("def".into()), false),
        // The second is the last.
        (page("abc".into()) + "\n" + &page(Value::Null), true),
        (json!({"events": [{"message": event.to_string()}], "nextToken": "x"}).to_string(), false),
        (json!({"Records": [event], "NextToken": "x"}).to_string(), false),
        (query("FINISHED"), true),
        (insights("Complete"), true),
    ] {
        assert_eq!(is_all_clear(&denials_of(text.as_bytes())), is_all, "{text}");
    }
    for status in ["QUEUED", "RUNNING", "FAILED", "CANCELLED", "TIMED_OUT"] {
        let denials = denials_of(query(status).as_bytes());
        assert!(denials.sources[0].error.as_deref().unwrap().contains(status), "{:?}", denials.sources);
    }
    for status in ["Scheduled", "Running", "Failed", "Cancelled", "Timeout", "Unknown"] {
        assert!(!denials_of(insights(status).as_bytes()).is_whole(), "{status}");
    }
}

#[test]
fn an_event_is_found_in_an_envelope_of_any_kind() {
    let event = refused(1, 1, MODELS[0], &REFUSALS[0]);
    let text = event.to_string();
    let data = STANDARD.encode(gzip(text.as_bytes()));
    for wrapped in [
        json!({"source": "somebody", "event": event}),
        json!({"source": "somebody", "kind": "real", "id": "a", "event": event, "accept": ["x"]}),
        json!({"payload": {"inner": [event]}, "meta": 1}),
        json!({"payload": json!({"of": [event]}).to_string(), "message": "an event came in"}),
        json!({"body": data}),
        json!({"Body": STANDARD.encode(&text), "MessageId": "1"}),
        json!({"eventSource": "aws:kinesis", "eventName": "aws:kinesis:record", "kinesis": {"data": STANDARD.encode(&text)}}),
        json!({"eventName": "INSERT", "eventSource": "aws:dynamodb", "dynamodb": {"NewImage": {"event": {"S": text}}}}),
    ] {
        for source in [wrapped.to_string(), format!("{wrapped}\n{wrapped}\n"), json!([wrapped]).to_string(), {
            json!({"Messages": [{"Body": wrapped.to_string()}]}).to_string()
        }] {
            let denials = denials_of(source.as_bytes());
            assert_eq!((denials.denials, denials.is_whole()), (1, true), "{source}: {:?}", denials.sources);
        }
    }
    // Beside a list of others.
    let beside = json!({"events": [served(2, 1, MODELS[0])], "example": {"inside": event}}).to_string();
    assert_eq!(denials_of(beside.as_bytes()).denials, 1);
    // And without the column that says whose events they are.
    let table = "eventtime,eventname,errorcode,errormessage\n2026-07-08T17:06:49Z,InvokeModel,AccessDenied,no\n";
    assert_eq!(denials_of(table.as_bytes()).denials, 1);
}

#[test]
fn texts_in_the_place_of_names_and_addresses_are_not_kept() {
    let mut event = refused(1, 1, MODELS[0], &REFUSALS[0]);
    event["userAgent"] = "Boto3/1.40.1 md/Botocore#1.40.1 (203.0.113.9) canary@example.com [::1]:8080 x/203.0.113.8 \
        lang/python#3.13.1 \u{201e}canary\u{201c}"
        .into();
    event["requestParameters"] = json!({"modelId": "tell me about the canary"});
    event["errorCode"] = "AccessDenied canary@example.com".into();
    event["eventName"] = "203.0.113.7".into();
    let denials = denials_of(event.to_string().as_bytes());
    let group = &denials.groups[0];
    assert_eq!(group.user_agents, ["Boto3/1.40.1 md/Botocore#1.40.1 lang/python#3.13.1"]);
    let text = serde_json::to_string(&denials).unwrap();
    assert!(!text.contains("canary") && !text.contains("203.0.113"), "{text}");
}

#[test]
fn calls_without_an_id_are_calls_of_their_own() {
    let anonymous = |number: u64| {
        let mut event = refused(number, 1, MODELS[0], &REFUSALS[0]);
        event["requestID"] = "-".into();
        event.as_object_mut().unwrap().remove("eventID");
        event
    };
    let denials = denials_of(json!({"Records": [anonymous(1), anonymous(2)]}).to_string().as_bytes());
    assert_eq!((denials.denials, denials.others.len()), (2, 0));
}

#[test]
fn a_refusal_beside_events_is_found_whatever_it_stands_in() {
    let event = served(1, 1, MODELS[0]);
    let denied = refused(2, 1, MODELS[0], &REFUSALS[0]);
    let text = "AccessDeniedException: User: arn:aws:iam::111122223333:user/a is not authorized to perform: \
        bedrock:InvokeModel on resource: arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0";
    let pretty = serde_json::to_string_pretty(&denied).unwrap();
    let mut gateway = served(3, 1, MODELS[0]);
    gateway["responseElements"] = json!({"body": {"error": {"message": "Invalid Bearer token"}}});
    for source in [
        format!("2026-07-08T17:06:49Z {event}\n2026-07-08T17:06:50Z WARN {text}\n"),
        format!("{}\n{}\n", json!({"message": event.to_string()}), json!({"message": text})),
        json!({"events": [{"message": event.to_string()}, {"message": text}]}).to_string(),
        format!("{}\n", json!({"level": "warn", "token": "eyJhbGciOi.x.y", "msg": text})),
        json!({"Records": [{"eventSource": "aws:sqs", "body": STANDARD.encode(&pretty)}]}).to_string(),
        format!("{}\n", json!({"body": STANDARD.encode(json!([denied]).to_string())})),
        format!("{event}\n{}\n", json!({"payload": STANDARD.encode(gzip(denied.to_string().as_bytes()))})),
        json!({"Records": [gateway]}).to_string(),
    ] {
        let denials = denials_of(source.as_bytes());
        assert_eq!(denials.denials, 1, "{source}: {:?}", denials.sources);
    }
    for code in [
        "access_denied",
        "accessDeniedException",
        "com.amazon.coral.service#AccessDeniedException",
        "ForbiddenException",
        "403",
    ] {
        let mut event = denied.clone();
        event["errorCode"] = code.into();
        event["errorMessage"] = "something new".into();
        assert_eq!(denials_of(event.to_string().as_bytes()).denials, 1, "{code}");
    }
}

#[test]
fn what_is_not_all_of_it_is_said_wherever_it_stands() {
    let event = served(1, 1, MODELS[0]);
    let page = json!({"Events": [looked_up(&event)], "NextToken": "abc"});
    let cut = &serde_json::to_string_pretty(&event).unwrap()[..300];
    for source in [
        json!([page]).to_string(),
        format!("{}\n", json!({ "page": page })),
        json!({"pages": [page]}).to_string(),
        json!({"Events": [looked_up(&event)], "next_token": "x"}).to_string(),
        json!({"results": [[{"field": "@message", "value": event.to_string()}]], "status": "Complete", "statistics": {"recordsMatched": 25000.0}})
            .to_string(),
        json!({"QueryStatus": "FINISHED", "QueryResultRows": [], "QueryStatistics": {"TotalResultsCount": 5000}}).to_string(),
        format!("{event}\n{}\n{event}\n", json!({"payload": event.to_string()[..300]})),
        format!("{}\n{}\n", json!({"message": cut}), json!({"message": event.to_string()})),
        "You must specify a region. You can also configure your region by running \"aws configure\".\n".to_owned(),
        "\nUnable to locate credentials. You can configure credentials by running \"aws login\".\n".to_owned(),
        "An error occurred (403) when calling the HeadObject operation: Forbidden\n".to_owned(),
        "+ aws cloudtrail lookup-events --lookup-attributes AttributeValue=bedrock.amazonaws.com\n\nAn error occurred \
            (ThrottlingException) when calling the LookupEvents operation: Rate exceeded\n"
            .to_owned(),
        "{\"level\":\"info\",\"msg\":\"a\"}\n{\"level\":\"error\",\"msg\":\"An error occurred (Acc".to_owned(),
    ] {
        let denials = denials_of(source.as_bytes());
        assert!(!denials.is_whole() && denials.denials == 0, "{source}: {:?}", denials.sources);
    }
}

#[test]
fn logs_of_applications_are_no_alarm() {
    for source in [
        "{\"level\":\"info\",\"msg\":\"hello\"}\n".to_owned(),
        json!([{"level": "info", "msg": "hello"}]).to_string(),
        serde_json::to_string_pretty(&json!({"level": "info", "eventName": "signup", "message": "done"})).unwrap(),
        json!({"events": [{"message": "START RequestId: 1", "timestamp": 1}, {"message": "END RequestId: 1"}]}).to_string(),
        format!("{}\nplain line\n{}\n", json!({"level": "info", "token": "eyJh.x.y", "msg": "a"}), json!({"level": "info", "msg": "b"})),
        "java.nio.file.AccessDeniedException: /var/data/x\n".to_owned(),
        "org.springframework.security.access.AccessDeniedException: Access is denied\n".to_owned(),
        "An error occurred (AccessDeniedException) when calling the Scan operation: User: arn:aws:iam::111122223333:user/a is not \
            authorized to perform: dynamodb:Scan on resource: arn:aws:dynamodb:us-east-1:111122223333:table/x\n"
            .to_owned(),
    ] {
        let denials = denials_of(source.as_bytes());
        assert!(is_all_clear(&denials), "{source}: {:?} {:?}", denials.sources, denials.groups);
    }
}

#[test]
fn records_of_another_order_of_fields_are_read() {
    let reordered = |event: &Value| {
        let fields = event.as_object().unwrap().iter().rev().map(|(name, value)| format!("\"{name}\":{value}"));
        format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
    };
    let (event, denied) = (served(1, 1, MODELS[0]), refused(2, 1, MODELS[0], &REFUSALS[0]));
    for records in [[event.to_string(), reordered(&denied)], [denied.to_string(), reordered(&event)]] {
        let denials = denials_of(format!("{{\"Records\":[{}]}}", records.join(",")).as_bytes());
        assert_eq!((denials.denials, denials.events, denials.is_whole()), (1, 2, true), "{:?}", denials.sources);
    }
}

/// What was made to cost: time grows with the length, not with its square.
#[test]
fn hostile_sources_are_read_in_time() {
    for piece in [
        r#"{"eventVersion":"1","errorCode":{"#,
        r#"{"Records":[{"eventVersion""#,
        r#"{"eventVersion":"1","errorCode":"x"#,
    ] {
        let source = piece.repeat((1 << 19) / piece.len());
        let start = std::time::Instant::now();
        let denials = denials_of(source.as_bytes());
        assert!(!denials.is_whole());
        assert!(start.elapsed().as_secs() < 60, "{piece}: {:?}", start.elapsed());
    }
}

/// Puts a text where events stand as strings, between two that are whole.
fn delivered(form: usize, cut: &str, whole: &str) -> String {
    match form {
        0 => format!("{whole}\n{cut}\n{whole}\n"),
        1 => format!("{{\"Records\":[{whole},{cut},{whole}]}}"),
        2 => json!({"Messages": [{"Body": whole}, {"Body": cut}, {"Body": whole}]}).to_string(),
        3 => json!({"events": [{"message": whole}, {"message": cut}]}).to_string(),
        4 => format!("{}\n{}\n", json!({"message": cut}), json!({"message": whole})),
        5 => json!({"Events": [{"CloudTrailEvent": whole}, {"CloudTrailEvent": cut}]}).to_string(),
        6 => {
            json!({"Records": [{"body": json!({"Type": "Notification", "Message": cut}).to_string()}, {"body": whole}]})
                .to_string()
        }
        7 => format!("2026-07-08T17:06:49Z {whole}\n2026-07-08T17:06:50Z {cut}\n2026-07-08T17:06:51Z {whole}\n"),
        _ => json!({"Messages": [{"Body": STANDARD.encode(gzip(whole.as_bytes()))}, {"Body": STANDARD.encode(cut)}]})
            .to_string(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// An event that was cut may have been a refusal, even if what is left of it speaks of none.
    #[test]
    fn a_cut_event_is_never_all_clear(form in 0_usize..9, at in 0.05..0.99_f64, serial in 1_u64..500) {
        let whole = served(serial, 1, MODELS[0]).to_string();
        let other = served(serial + 1, 2, MODELS[1]).to_string();
        prop_assert!(is_all_clear(&denials_of(delivered(form, &other, &whole).as_bytes())), "form {}", form);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place in a text")]
        let cut = (other.len() as f64 * at) as usize;
        let cut = &other[..other.floor_char_boundary(cut.max(40))];
        let denials = denials_of(delivered(form, cut, &whole).as_bytes());
        prop_assert!(!denials.is_whole(), "form {form}: {cut}");
    }
}
