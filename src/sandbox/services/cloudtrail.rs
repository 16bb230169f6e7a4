//! CloudTrail: `LookupEvents` on the account's own trail.
//!
//! Management events of the call's Region, newest first, 50 a page (CloudTrail API Reference, "LookupEvents"). Data
//! events and network activity events are not among them.

use crate::iam::ContextKeys;
use crate::sandbox::call::{Call, text};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::trail::Event;
use crate::sandbox::wire::Reply;
use serde_json::{Map, Value, json};

/// The most events of a page.
const PAGE: u64 = 50;

/// Answers `LookupEvents`.
pub(super) fn answer(call: &Call<'_>) -> Result<Reply, Refusal> {
    call.require(call.operation.name, "*", None, &ContextKeys::new())?;
    let body = call.body()?;
    let attributes = body.get("LookupAttributes").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if attributes.len() > 1 {
        let text = "You can specify only one attribute key-value pair at a time.";
        return Err(Refusal::service(400, "InvalidLookupAttributesException", text));
    }
    let from = body.get("StartTime").and_then(Value::as_f64).unwrap_or(0.0);
    let to = body.get("EndTime").and_then(Value::as_f64).unwrap_or(f64::MAX);
    if from > to {
        let text = "The start time must be before the end time.";
        return Err(Refusal::service(400, "InvalidTimeRangeException", text));
    }
    let size = body.get("MaxResults").and_then(Value::as_u64).unwrap_or(PAGE);
    if !(1..=PAGE).contains(&size) {
        let text = "The MaxResults value must be between 1 and 50.";
        return Err(Refusal::service(400, "InvalidMaxResultsException", text));
    }
    // A page goes on behind an event, so that events that came in meanwhile move nothing.
    let events = call.trail.newest_first();
    let mut matching = events.iter().filter(|event| {
        let time = seconds(event);
        event.text("eventCategory") == "Management"
            && event.text("awsRegion") == call.caller.region
            && (from..=to).contains(&time)
            && attributes.iter().all(|attribute| has(event, attribute))
    });
    if let Some(token) = body.get("NextToken").and_then(Value::as_str) {
        matching.find(|event| event.text("eventID") == token).ok_or_else(|| {
            Refusal::service(400, "InvalidNextTokenException", "The NextToken is invalid or expired.")
        })?;
    }
    let page: Vec<&Event> = matching.by_ref().take(usize::try_from(size).unwrap_or(50)).collect();
    let mut answer = Map::new();
    if let (Some(last), Some(_)) = (page.last(), matching.next()) {
        answer.insert("NextToken".to_owned(), json!(last.text("eventID")));
    }
    answer.insert("Events".to_owned(), page.into_iter().map(describe).collect());
    Ok(Reply::json_rpc(&Value::Object(answer)))
}

fn seconds(event: &Event) -> f64 {
    // Seconds since 1970 are exact in this type for longer than anybody needs.
    f64::from(u32::try_from(event.time.unix_timestamp()).unwrap_or(u32::MAX))
}

fn username(event: &Event) -> &str {
    let identity = event.record.get("userIdentity").unwrap_or(&Value::Null);
    match identity.get("userName").and_then(Value::as_str) {
        Some(name) => name,
        // For the session of a role it is the session's name.
        None => text(identity, "arn").rsplit('/').next().unwrap_or_default(),
    }
}

fn access_key(event: &Event) -> &str {
    event.record.get("userIdentity").map(|identity| text(identity, "accessKeyId")).unwrap_or_default()
}

fn read_only(event: &Event) -> &'static str {
    if event.record.get("readOnly").and_then(Value::as_bool) == Some(true) { "true" } else { "false" }
}

/// Returns `true` if an event has a lookup attribute.
fn has(event: &Event, attribute: &Value) -> bool {
    let wanted = text(attribute, "AttributeValue");
    match text(attribute, "AttributeKey") {
        "EventId" => event.text("eventID") == wanted,
        "EventName" => event.text("eventName") == wanted,
        "EventSource" => event.text("eventSource") == wanted,
        "ReadOnly" => read_only(event) == wanted,
        "Username" => username(event) == wanted,
        "AccessKeyId" => access_key(event) == wanted,
        _ => false,
    }
}

fn describe(event: &Event) -> Value {
    json!({
        "EventId": event.text("eventID"),
        "EventName": event.text("eventName"),
        "ReadOnly": read_only(event),
        "AccessKeyId": access_key(event),
        "EventTime": seconds(event),
        "EventSource": event.text("eventSource"),
        "Username": username(event),
        "Resources": [],
        "CloudTrailEvent": event.record.to_string(),
    })
}
