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
