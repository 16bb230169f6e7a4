//! Spoiled, cut and hostile sources: what is whole is found, what is not is said, and nothing else happens.

use super::events::*;
use bedrock_access::trail::{Collector, Wanted, read};
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::io::Write as _;

fn some() -> Vec<Value> {
    (0..12)
        .map(|n| match n % 3 {
            0 => refused(n, n as usize, MODELS[0], &REFUSALS[n as usize]),
            _ => served(n, n as usize, MODELS[2]),
        })
        .collect()
}

fn trail(events: &[Value]) -> Vec<u8> {
    json!({"Records": events}).to_string().into_bytes()
}

fn lines(events: &[Value]) -> Vec<u8> {
    events.iter().map(|event| format!("{event}\n")).collect::<String>().into_bytes()
}

fn laid_out(events: &[Value]) -> Vec<u8> {
    serde_json::to_vec_pretty(&json!({"Records": events})).unwrap()
}

#[test]
fn a_source_that_is_cut_never_looks_whole() {
    let few: Vec<Value> = some().into_iter().take(4).collect();
    for (make, ends_with_lines) in [(trail as fn(&[Value]) -> Vec<u8>, false), (lines, true), (laid_out, false)] {
        let bytes = make(&few);
        let whole = denials_of(&bytes);
        assert!(whole.is_whole() && whole.denials == 2, "{whole:#?}");
        // Everywhere around the ends of records, and here and there within.
        let is_near_an_end = |cut: &usize| bytes[cut.saturating_sub(3)..*cut].contains(&b'}') || cut.is_multiple_of(41);
        for cut in (1..bytes.len() - 2).filter(is_near_an_end) {
            let denials = denials_of(&bytes[..cut]);
            // Lines may end anywhere between two records.
            let is_between = ends_with_lines && matches!(bytes.get(cut - 1..=cut), Some([b'\n', _] | [b'}', b'\n']));
            assert!(is_between || !denials.is_whole(), "cut at {cut}: {:?}", denials.sources);
            assert!(denials.denials <= 2);
        }
    }
}

#[test]
fn a_compressed_source_that_is_cut_or_spoiled_says_so() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&trail(&some())).unwrap();
    let bytes = encoder.finish().unwrap();
    assert!(denials_of(&bytes).is_whole());
    for cut in (3..bytes.len()).step_by(5) {
        assert!(!denials_of(&bytes[..cut]).is_whole(), "cut at {cut}");
    }
    for at in (10..bytes.len()).step_by(7) {
        let mut spoiled = bytes.clone();
        spoiled[at] ^= 0x55;
        assert!(!denials_of(&spoiled).is_whole(), "spoiled at {at}");
    }
}

#[test]
fn a_damaged_record_costs_itself_alone() {
    let events = some();
    for make in [trail, lines, laid_out] {
        let bytes = make(&events);
        for (number, event) in events.iter().enumerate().filter(|(_, event)| event.get("errorCode").is_some()) {
            let id = event["eventID"].as_str().unwrap();
            let at = memchr::memmem::find(&bytes, id.as_bytes()).unwrap();
            let mut spoiled = bytes.clone();
            // The quotation mark that ends the id.
            spoiled.remove(at + id.len());
            let denials = denials_of(&spoiled);
            assert_eq!(denials.denials, 3, "record {number}: {denials:#?}");
            assert!(!denials.unreadable.is_empty());
        }
    }
}

#[test]
fn what_is_refused_or_empty_is_never_all_clear() {
    for bytes in
        [&b""[..], b"PAR1\x15\x04\x15\x00", b"PK\x03\x04", b"\x1f\x8b", b"{\"a\":1}", b"[]x{", b"{\"Records\":["]
    {
        let denials = denials_of(bytes);
        assert_eq!(denials.denials, 0);
        assert!(!denials.is_whole(), "{bytes:?}: {:?}", denials.sources);
    }
    for bytes in [&b"{\"Records\":[]}"[..], b"{\"Events\": []}"] {
        let nothing = denials_of(bytes);
        assert!(nothing.events == 0 && nothing.is_whole(), "{:?}", nothing.sources);
    }
}

#[test]
fn an_overlong_line_costs_itself_alone() {
    let event = refused(1, 1, MODELS[0], &REFUSALS[0]).to_string();
    let other = refused(2, 1, MODELS[0], &REFUSALS[0]).to_string();
    let long = format!("{event}\n{{\"eventVersion\":\"{}\"}}\n{other}\n", "x".repeat(5 << 20));
    let denials = denials_of(long.as_bytes());
    assert_eq!((denials.denials, denials.events), (2, 3));
    assert_eq!(denials.unreadable[0].line, 2);
    assert_eq!(denials.groups[0].example.line, 1);
}

#[test]
fn one_call_is_counted_once_however_often_it_is_recorded() {
    let event = refused(1, 1, MODELS[0], &REFUSALS[0]);
    let bytes = trail(&[event.clone(), event.clone()]);
    let denials = denials_of_all(&[("a", &bytes), ("b", &lines(&[event]))]);
    assert_eq!((denials.denials, denials.others["copies"]), (1, 2));
}

#[test]
fn a_grant_shortly_before_the_last_denial_is_named() {
    let grant = |seconds: u64, name: &str, source: &str, parameters: Value| {
        let mut event = served(seconds, 1, MODELS[0]);
        event["eventName"] = name.into();
        event["eventSource"] = source.into();
        event["requestParameters"] = parameters;
        event
    };
    let of_role = |role: &str| grant(100, "AttachRolePolicy", "iam.amazonaws.com", json!({"roleName": role}));
    let of_model = grant(100, "CreateFoundationModelAgreement", "bedrock.amazonaws.com", json!({"modelId": MODELS[0]}));
    for (grant, refusal, seconds, named) in [
        (of_role("chat-1"), 0, 160, Some("AttachRolePolicy")),
        (of_role("chat-1"), 0, 100 + 15 * 60, Some("AttachRolePolicy")),
        (of_role("chat-1"), 0, 101 + 15 * 60, None),
        (of_role("chat-1"), 0, 99, None),
        (of_role("chat-2"), 0, 160, None),
        (of_role("chat-1"), 7, 160, None),
        (of_model.clone(), 7, 160, Some("CreateFoundationModelAgreement")),
        (of_model, 0, 160, None),
    ] {
        let denied = refused(seconds, 1, MODELS[0], &REFUSALS[refusal]);
        for events in [[grant.clone(), denied.clone()], [denied, grant.clone()]] {
            let denials = denials_of(&trail(&events));
            let found = denials.groups[0].granted_before.as_ref().map(|grant| grant.event.as_str());
            assert_eq!(found, named, "{} and {seconds}", grant["eventName"]);
        }
    }
}

#[test]
fn the_policy_of_the_session_that_was_denied_is_shown() {
    let policy =
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]});
    let (role, session) = role(1);
    let mut made = served(5, 9, MODELS[0]);
    made["eventSource"] = "sts.amazonaws.com".into();
    made["eventName"] = "AssumeRole".into();
    made["requestParameters"] = json!({"roleArn": role, "roleSessionName": "task-1", "policy": policy.to_string()});
    made["responseElements"] =
        json!({"assumedRoleUser": {"arn": session}, "credentials": {"accessKeyId": "ASIAIOSFODNN7EXAMPLE"}});
    let denied = refused(60, 1, MODELS[0], &REFUSALS[3]);
    let denials = denials_of(&trail(&[denied.clone(), made.clone()]));
    let found = denials.groups[0].session_policy.as_ref().unwrap();
    assert_eq!((found.from.as_str(), &found.document), ("AssumeRole", &policy));
    // Of managed policies the event has the ARNs alone.
    let arn = "arn:aws:iam::111122223333:policy/limits";
    let mut limited = made.clone();
    limited["requestParameters"] = json!({"roleArn": role, "roleSessionName": "task-1", "policyArns": [{"arn": arn}]});
    let limited = denials_of(&trail(&[limited, denied.clone()]));
    let found = limited.groups[0].session_policy.as_ref().unwrap();
    assert_eq!((&found.document, found.policy_arns.as_slice()), (&Value::Null, &[arn.to_owned()][..]));
    // Another session of the same name has another key.
    made["responseElements"]["credentials"]["accessKeyId"] = "ASIAIOSFODNN7OTHER00".into();
    assert_eq!(denials_of(&trail(&[denied.clone(), made.clone()])).groups[0].session_policy, None);
}

#[test]
fn a_log_is_read_line_by_line() {
    let mut log = String::new();
    for n in 0..2000 {
        log.push_str(&format!("2026-07-08T00:{:02}:{:02}Z INFO request {n} handled in 12 ms\n", n / 60 % 60, n % 60));
    }
    let error = "An error occurred (AccessDeniedException) when calling the InvokeModel operation: You don't have access to the model with the specified model ID.";
    log.push_str(&format!("2026-07-09T10:00:00Z ERROR {error}\n2026-07-09T10:00:05Z ERROR {error}\nTraceback\n"));
    log.push_str("2026-07-09T10:01:00Z ERROR An error occurred (ThrottlingException) when calling the InvokeModel operation: Too many requests, please wait before trying again.\n");
    let denials = denials_of(log.as_bytes());
    assert_eq!((denials.denials, denials.groups.len(), denials.events), (2, 1, 2004));
    let group = &denials.groups[0];
    assert_eq!((group.cause.code(), group.example.line), ("model-access-not-granted", 2001));
    assert_eq!(group.first.as_deref(), Some("2026-07-09T10:00:00Z"));
    assert_eq!(group.last.as_deref(), Some("2026-07-09T10:00:05Z"));
    assert_eq!(denials.others["throttled"], 1);
}

/// The text of every template that names a refusal is found in a log.
#[test]
fn every_known_text_of_a_refusal_is_found_in_a_log() {
    let file = include_str!("../../fixtures/messages/messages.jsonl");
    let (mut missed, mut count) = (Vec::new(), 0);
    for line in file.lines() {
        let message: Value = serde_json::from_str(line).unwrap();
        let text = message["text"].as_str().unwrap().replace(['\n', '\r'], " ");
        let error = bedrock_access::explain::explain(&text).error;
        let family = error.family.as_str();
        if !matches!(family, "iam-permission" | "model-access" | "credentials") {
            continue;
        }
        // A log holds what other services refused as well, and that is none of Bedrock's.
        let action = error.action.as_deref().unwrap_or("bedrock:");
        let is_ours = action.starts_with("bedrock") || action.starts_with("aws-marketplace:");
        let denials = || denials_of(format!("2026-07-09T10:00:00Z INFO started\n{text}\n").as_bytes());
        if !is_ours && !text.to_lowercase().contains("bedrock") {
            assert_eq!(denials().denials, 0, "{text}");
            continue;
        }
        count += 1;
        let denials = denials();
        if !denials.groups.iter().any(|group| group.cause == error.cause) {
            missed.push((error.cause, text));
        }
    }
    assert!(count > 100, "{count}");
    assert!(missed.is_empty(), "{} of {count}: {missed:#?}", missed.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    /// Records are the same on the fast way (as CloudTrail writes them), line by line, and value by value with their
    /// fields in another order.
    #[test]
    fn the_fast_ways_find_what_the_slow_one_finds(
        picks in prop::collection::vec((0usize..14, 0usize..5, 0usize..4, any::<bool>()), 0..40),
        odd in "[\\PC\\n\"\\\\{}\\[\\]]{0,60}",
    ) {
        let events: Vec<Value> = picks.iter().enumerate().map(|(n, (kind, model, who, strange))| {
            let n = n as u64;
            let mut event = match REFUSALS.get(*kind) {
                Some(refusal) => refused(n, *who, MODELS[*model], refusal),
                None if *kind == 12 => served(n, *who, MODELS[*model]),
                None => failed(n, "ThrottlingException", "Too many requests, please wait before trying again."),
            };
            if *strange {
                event["requestParameters"]["odd"] = odd.clone().into();
                event["requestParameters"]["nested"] = json!({"inner": [{"eventVersion": "x", "text": odd}, odd]});
                event["userAgent"] = odd.clone().into();
            }
            event
        }).collect();
        let fast = denials_of(&trail(&events));
        let sorted = |event: &Value| -> Value {
            let mut fields: Vec<(String, Value)> = event.as_object().unwrap().clone().into_iter().collect();
            fields.reverse();
            Value::Object(fields.into_iter().collect())
        };
        let slow = json!({"x": 1, "Records": events.iter().map(sorted).collect::<Vec<_>>()}).to_string();
        let slow = denials_of(slow.as_bytes());
        let by_line = denials_of(&lines(&events));
        prop_assert_eq!(groups_of(&fast), groups_of(&slow));
        prop_assert_eq!(groups_of(&fast), groups_of(&by_line));
        prop_assert_eq!(&fast.others, &slow.others);
        prop_assert_eq!(fast.denials, by_line.denials);
        if !events.is_empty() {
            prop_assert_eq!(slow.events, events.len() as u64);
        }
    }

    /// Whatever bytes come, in whatever pieces: the reader ends, and what it shows steers nothing.
    #[test]
    fn any_bytes_are_read_to_their_end(mut bytes in prop::collection::vec(any::<u8>(), 0..300), at in 0usize..2000, byte in any::<u8>()) {
        let _ = denials_of(&bytes);
        let mut whole = trail(&some());
        let at = at % whole.len();
        whole[at] = byte;
        bytes.extend_from_slice(&whole);
        let _ = denials_of(&bytes);
        let denials = denials_of(&whole);
        prop_assert!(denials.denials <= 12);
    }
}

#[test]
fn nobody_who_has_enough_gets_more() {
    let bytes = lines(&(0..1000).map(|n| refused(n, 0, MODELS[0], &REFUSALS[0])).collect::<Vec<_>>());
    let mut taken = 0;
    read("x", bytes.as_slice(), &Wanted::Denials, &mut |_| {
        taken += 1;
        taken < 3
    });
    assert_eq!(taken, 3);
}

#[test]
fn groups_and_names_are_bounded_and_what_is_left_out_is_counted() {
    let mut collector = Collector::default();
    let template = refused(7, 7, MODELS[0], &REFUSALS[0]).to_string();
    let event = |n: u64| {
        let number = format!("{n:012}");
        template.replace("000000000007", &number).replace("chat-7", &format!("chat-{n}")) + "\n"
    };
    let bytes = (0..10_050).map(event).collect::<String>().into_bytes();
    let source = read("x", bytes.as_slice(), &Wanted::Denials, &mut |entry| {
        collector.add("x", entry);
        true
    });
    collector.end_source(source);
    let denials = collector.finish();
    assert_eq!((denials.denials, denials.groups.len(), denials.groups_more), (10_050, 10_000, 50));
    let many: Vec<Value> = (0..50)
        .map(|n| {
            let mut event = refused(n, 1, MODELS[0], &REFUSALS[7]);
            event["userIdentity"]["arn"] = format!("arn:aws:sts::{ACCOUNT}:assumed-role/chat-1/session-{n}").into();
            event
        })
        .collect();
    let denials = denials_of(&lines(&many));
    let group = &denials.groups[0];
    assert_eq!((denials.groups.len(), group.count, group.sessions.len(), group.sessions_more), (1, 50, 20, 30));
    assert_eq!(group.request_ids.len(), 5);
}
