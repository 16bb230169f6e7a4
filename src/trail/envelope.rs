//! What events are delivered in: answers of AWS's APIs, messages of queues and streams, logs of other programs.
//!
//! Takes any JSON value and finds the events in it, however deep: strings of JSON, base64, compressed data.

use super::event::Event;
use super::loose::{event_of, find};
use super::needle::{Needles, is_wanted};
use super::values::Values;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::MultiGzDecoder;
use serde_json::{Map, Value};
use std::io::Read as _;

/// How many envelopes may stand in one another.
const DEEPEST: usize = 16;

/// The most that a delivery may hold when it is decompressed, in bytes (Amazon Kinesis: 1 MiB compressed).
const LARGEST: u64 = 16 * 1024 * 1024;

/// Fields that hold events as strings of JSON, as objects, or as data.
///
/// `aws cloudtrail lookup-events`; EventBridge; CloudWatch Logs, Logs Insights; SQS; SNS, and both as Lambda is called
/// with them; Kinesis, Firehose and a subscription of CloudWatch Logs; Splunk; OpenSearch; Fluent Bit.
const HOLDERS: [&str; 16] = [
    "CloudTrailEvent",
    "detail",
    "message",
    "@message",
    "body",
    "Sns",
    "kinesis",
    "data",
    "awslogs",
    "result",
    "_raw",
    "_source",
    "event",
    "log",
    "value",
    "dynamodb",
];

/// Lists that hold them.
const LISTS: [&str; 7] = ["Records", "Events", "logEvents", "Messages", "QueryResultRows", "results", "hits"];

const TOO_DEEP: &str = "the record is wrapped too often";

/// What the fields of an event are called: a text that breaks off and has one of them is an event that was cut.
const FIELDS: [&str; 5] = ["ventVersion", "ventName", "ventSource", "eventversion", "eventname"];

/// What a value holds.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) events: Vec<Event<'static>>,
    /// Events that hold nothing that matters.
    pub(super) passed_over: usize,
    /// Messages that are not JSON.
    pub(super) texts: Vec<String>,
    /// What could not be read.
    pub(super) damaged: Vec<String>,
}

impl Found {
    /// Returns `true` if there was an event, whole or not.
    pub(super) fn has_events(&self) -> bool {
        !self.events.is_empty() || self.passed_over > 0 || !self.damaged.is_empty()
    }

    fn take(&mut self, other: Self) {
        self.events.extend(other.events);
        self.passed_over += other.passed_over;
        self.texts.extend(other.texts);
        self.damaged.extend(other.damaged);
    }
}

/// Finds the events of a value.
pub(super) fn open(value: &Value, depth: usize, found: &mut Found) {
    if depth > DEEPEST {
        found.damaged.push(TOO_DEEP.to_owned());
        return;
    }
    match value {
        Value::Object(object) => open_object(object, value, depth, found),
        Value::Array(list) => open_list(list, depth, found),
        Value::String(text) => open_text(text, depth, found),
        _ => {}
    }
}

fn open_object(object: &Map<String, Value>, value: &Value, depth: usize, found: &mut Found) {
    let is_delivery = find(object, "detail-type").is_some() || find(object, "CloudTrailEvent").is_some();
    if !is_delivery && let Some(event) = event_of(value) {
        found.events.push(event);
        return;
    }
    let mut of_lists = Found::default();
    for name in LISTS {
        if let Some(Value::Array(list)) = find(object, name) {
            list.iter().for_each(|element| open(element, depth + 1, &mut of_lists));
        }
    }
    if of_lists.has_events() {
        return found.take(of_lists);
    }
    // A field of such a name may hold something else: the search goes on until there is an event.
    let mut text = of_lists.texts.join("\n");
    for name in HOLDERS {
        let mut inner = Found::default();
        match holder(object, name) {
            Some(Value::String(text)) if matches!(name, "data" | "kinesis" | "awslogs") => {
                open_data(text, depth, &mut inner);
            }
            Some(held @ (Value::Object(_) | Value::String(_) | Value::Array(_))) => open(held, depth + 1, &mut inner),
            _ => continue,
        }
        if inner.has_events() {
            return found.take(inner);
        }
        if text.is_empty() {
            text = inner.texts.join("\n");
        }
    }
    // An envelope of another kind.
    for member in object.values() {
        let may_hold = match member {
            Value::String(text) => text.trim_start().starts_with(['{', '[']) || is_base64(text.trim()),
            Value::Object(_) | Value::Array(_) => true,
            _ => false,
        };
        if may_hold && depth < DEEPEST {
            let mut inner = Found::default();
            open(member, depth + 1, &mut inner);
            inner.damaged.retain(|error| error != TOO_DEEP);
            if inner.has_events() {
                found.take(Found { texts: Vec::new(), ..inner });
            }
        }
    }
    if !text.is_empty() {
        found.texts.push(text);
    }
}

/// Finds a field that may hold an event. Names with a sign in front are those of one program, written in one way.
fn holder<'v>(object: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    if name.starts_with(['_', '@']) { object.get(name) } else { find(object, name) }
}

fn open_list(list: &[Value], depth: usize, found: &mut Found) {
    // A row of CloudTrail Lake is a list of objects with one key each; one of Logs Insights has `field` and `value`.
    let objects: Vec<&Map<String, Value>> = list.iter().filter_map(Value::as_object).collect();
    if objects.len() == list.len() && !list.is_empty() {
        let row: Option<Map<String, Value>> = objects
            .iter()
            .map(|object| match (object.get("field"), object.get("value")) {
                (Some(Value::String(field)), Some(value)) => Some((field.clone(), value.clone())),
                _ if object.len() == 1 => object.iter().next().map(|(key, value)| (key.clone(), value.clone())),
                _ => None,
            })
            .collect();
        if let Some(row) = row.filter(|row| row.len() == list.len()) {
            open(&Value::Object(row), depth + 1, found);
            return;
        }
    }
    list.iter().for_each(|element| open(element, depth + 1, found));
}

fn open_text(text: &str, depth: usize, found: &mut Found) {
    let inner = text.trim();
    match inner.as_bytes().first() {
        Some(b'{' | b'[') => match serde_json::from_str::<Value>(inner) {
            Ok(value) => open(&value, depth + 1, found),
            // A record of 256 kB at most: what is more was cut off.
            Err(_) if FIELDS.iter().any(|field| inner.contains(field)) => {
                found.damaged.push("the event in it is cut off".to_owned());
            }
            Err(_) => found.texts.push(inner.to_owned()),
        },
        // Compressed data, or JSON, in base64.
        Some(_) if is_base64(inner) => open_data(inner, depth, found),
        Some(_) => found.texts.push(inner.to_owned()),
        None => {}
    }
}

/// Returns `true` for base64 of what is compressed by gzip, or begins an object of JSON.
fn is_base64(text: &str) -> bool {
    let starts = ["H4sI", "eyJ", "eyA", "ewo", "W3s"].iter().any(|start| text.starts_with(start));
    starts && !text.contains(['.', ' ', '-'])
}

/// Opens base64, and what is compressed in it.
fn open_data(text: &str, depth: usize, found: &mut Found) {
    let plain: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let Ok(bytes) = STANDARD.decode(plain) else {
        if is_base64(text.trim()) {
            return found.damaged.push("the data in it is damaged".to_owned());
        }
        return open_text(text, depth, found);
    };
    let bytes = if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut inflated = Vec::new();
        match MultiGzDecoder::new(bytes.as_slice()).take(LARGEST + 1).read_to_end(&mut inflated) {
            Ok(length) if length as u64 <= LARGEST => inflated,
            Ok(_) => return found.damaged.push(format!("the data in it is larger than {} MiB", LARGEST >> 20)),
            Err(_) => return found.damaged.push("the data in it is damaged".to_owned()),
        }
    } else {
        bytes
    };
    let Some(needles) = Needles::of_records() else { return };
    let is_json = bytes.trim_ascii_start().starts_with(b"{") || bytes.trim_ascii_start().starts_with(b"[");
    if !is_json {
        return found.texts.push(String::from_utf8_lossy(&bytes).into_owned());
    }
    let mut damaged = 0;
    let mut values = Values::default();
    values.advance(&bytes, &mut |record| {
        if needles.find(record, 0).is_none() || !is_wanted(record) {
            found.passed_over += 1;
            return;
        }
        match serde_json::from_slice::<Value>(record) {
            Ok(value) => open(&value, depth + 1, found),
            Err(_) => damaged += 1,
        }
    });
    if damaged > 0 || values.is_open() {
        found.damaged.push("the data in it is damaged".to_owned());
    }
}
