//! How a source is laid out, told by its beginning: lines, records of a trail's file, JSON values, a table, a log.
//!
//! Names of files are not looked at.

use super::denials::Form;
use super::values::Values;
use memchr::memmem;

/// How much of a source is looked at, in bytes.
pub(super) const HEAD: usize = 64 * 1024;

/// What the records of a trail's file begin with, as CloudTrail writes them.
pub(super) const RECORD: &[u8] = b"{\"eventVersion\"";

/// How a source is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// One JSON object a line, or lines of a log.
    Lines,
    /// `{"Records":[{"eventVersion":…},…]}` without a blank.
    Trail,
    /// JSON values, or a list within one.
    Values,
    /// A table with a heading.
    Csv,
}

/// What the beginning of a source tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) layout: Layout,
    pub(super) form: Form,
    /// It holds events, and not lines of a log.
    pub(super) holds_events: bool,
    /// It is a log of an application, written as JSON.
    pub(super) is_log: bool,
}

/// Looks at the beginning of a source.
pub(super) fn head(head: &[u8]) -> Head {
    let text = head.trim_ascii_start();
    let holds = |needle: &str| memmem::find(head, needle.as_bytes()).is_some();
    let marks = [
        "ventVersion",
        "eventversion",
        "ventSource",
        "eventsource",
        "event_source",
        "class_uid",
        "detail-type",
        "ModelInvocationLog",
        "ventName",
        "eventname",
        "CloudTrailEvent",
        // Compressed data and JSON in base64.
        "\"H4sI",
        "\"eyJ",
        "\"eyA",
        "\"ewo",
        "\"W3s",
    ];
    let holds_events = marks.iter().any(|mark| holds(mark));
    let is_event = ["ventVersion", "eventversion", "ventSource", "eventsource", "class_uid", "CloudTrailEvent"];
    let has_message = ["\"level\"", "\"severity\"", "\"msg\"", "\"message\"", "\"log\"", "\"levelname\""];
    let is_log =
        has_message.iter().any(|mark| holds(mark)) && !is_event.iter().any(|mark| holds(mark)) && !holds("__type");
    let first_line = text.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_end();
    let starts_json = match text {
        [b'{', ..] => true,
        // A log may begin its lines with a bracket.
        [b'[', rest @ ..] => matches!(rest.trim_ascii_start().first(), Some(b'{' | b'[' | b'"' | b']') | None),
        _ => false,
    };
    if !starts_json {
        if is_heading(first_line) {
            return Head { layout: Layout::Csv, form: Form::AthenaCsv, holds_events: true, is_log: false };
        }
        let is_string = first_line.starts_with(b"\"{") || first_line.starts_with(b"\"[");
        let form = match () {
            () if is_string && holds_events => Form::LookupEvents,
            // An export of a log group has the time before each message.
            () if holds_events => Form::CloudwatchLogs,
            () => Form::Text,
        };
        let layout = if is_string { Layout::Values } else { Layout::Lines };
        return Head { layout, form, holds_events, is_log };
    }
    let form = match () {
        () if holds("CloudTrailEvent") || holds("\"Events\"") => Form::LookupEvents,
        () if holds("QueryResultRows") => Form::Lake,
        () if holds("logEvents") || (holds("\"message\"") && holds("\"events\"")) || holds("@message") => {
            Form::CloudwatchLogs
        }
        () if holds("class_uid") => Form::Ocsf,
        () if holds("detail-type") => Form::Eventbridge,
        () if holds("\"ResultSet\"") => Form::AthenaCsv,
        () if holds("\"Records\"") && text.starts_with(b"{") => Form::Records,
        () => Form::JsonLines,
    };
    if text.strip_prefix(b"{\"Records\":[").is_some_and(|rest| rest.starts_with(RECORD)) {
        return Head { layout: Layout::Trail, form: Form::Records, holds_events: true, is_log: false };
    }
    let has_line_end = first_line.len() < text.trim_ascii_end().len();
    if has_line_end && text.starts_with(b"{") && Values::is_one_without_list(first_line) {
        return Head { layout: Layout::Lines, form, holds_events, is_log };
    }
    // One event, or several that are laid out over lines.
    let form = if form == Form::JsonLines && holds_events { Form::Event } else { form };
    Head { layout: Layout::Values, form, holds_events, is_log }
}

/// Says what a source is that holds neither events nor lines of a log; none for all others.
pub(super) fn what_else(head: &[u8], is_whole: bool) -> Option<&'static str> {
    let text = head.trim_ascii();
    let holds = |needle: &str| memmem::find(head, needle.as_bytes()).is_some();
    let starts = |mark: &str| text.get(..mark.len()).is_some_and(|start| start.eq_ignore_ascii_case(mark.as_bytes()));
    if text.is_empty() && is_whole {
        return Some("it is empty");
    }
    if ["null", "none", "undefined", "true", "false"].iter().any(|word| text.eq_ignore_ascii_case(word.as_bytes())) {
        return Some("it holds no events, and no list of them");
    }
    if ["<!doctype", "<html", "<?xml", "<error"].iter().any(|mark| starts(mark)) {
        return Some("it is a page or an answer in XML, not the events that were asked for");
    }
    let is_short = is_whole && text.len() < LONGEST_ANSWER;
    let is_prompted = FETCHING.iter().any(|mark| starts(mark));
    let mut calls = READS.iter().chain(&FETCHES);
    let failed = |api: &&str| holds(&format!("when calling the {api} operation"));
    let is_refused = is_short && holds("AccessDenied") && READS.iter().any(|api| holds(&format!(":{api}")));
    let has_events = holds("ventVersion") || holds("eventversion");
    if !has_events && (is_refused || (is_short && (is_prompted || calls.any(failed)))) {
        return Some("it holds the error of the call that was to read the events");
    }
    if holds("bedrock") {
        return None;
    }
    // What S3 tells of a new object, itself or through a queue, and what CloudTrail does.
    if ((holds("aws:s3\"") || holds("aws:s3\\\"")) && holds("eventSource") && holds("bucket"))
        || (holds("s3ObjectKey") && holds("s3Bucket"))
    {
        return Some("it tells of a file in S3 that was written, and not what the file holds: give that file");
    }
    if holds("digestStartTime") && holds("digestEndTime") {
        return Some("it is a digest, which holds the hashes of a trail's files and no events");
    }
    None
}

/// The longest answer that is an error, in bytes.
const LONGEST_ANSWER: usize = 4096;

/// Calls by which people fetch files.
const FETCHES: [&str; 5] = ["HeadObject", "GetObject", "ListObjects", "ListObjectsV2", "HeadBucket"];

/// How the AWS CLI and shells begin where a command fails before it has asked.
const FETCHING: [&str; 16] = [
    "Unable to locate credentials",
    "You must specify a region",
    "Could not connect to the endpoint",
    "Read timeout on endpoint",
    "Connect timeout on endpoint",
    "The config profile",
    "The SSO session",
    "Error loading SSO",
    "Error when retrieving",
    "Token has expired",
    "usage: aws",
    "aws: error",
    "bash:",
    "zsh:",
    "sh:",
    "404",
];

/// Calls by which people fetch events.
const READS: [&str; 9] = [
    "LookupEvents",
    "GetQueryResults",
    "StartQuery",
    "StartQueryExecution",
    "GetQueryExecution",
    "FilterLogEvents",
    "GetLogEvents",
    "DescribeQuery",
    "StartLiveTail",
];

/// Returns `true` for the names of columns that a table of events has.
fn is_heading(line: &[u8]) -> bool {
    let Ok(line) = std::str::from_utf8(line) else { return false };
    let names: Vec<String> = line
        .split([',', ';', '\t'])
        .map(|name| name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase())
        .collect();
    let has = |name: &str| names.iter().any(|known| known == name);
    !line.contains('{') && ((has("eventname") && names.len() > 1) || (has("message") && has("timestamp")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_tells_the_layout() {
        use Layout::{Csv, Lines, Trail, Values};
        let event = r#"{"eventVersion":"1.09","eventName":"InvokeModel"}"#;
        for (text, layout, form) in [
            (format!("{{\"Records\":[{event},{event}]}}"), Trail, Form::Records),
            (format!("{{\n \"Records\": [{event}]\n}}"), Values, Form::Records),
            (event.to_owned(), Values, Form::Event),
            (format!("{event}\n{event}\n"), Lines, Form::JsonLines),
            (format!("[{event}]"), Values, Form::Event),
            ("{\"Events\": [{\"CloudTrailEvent\": \"{}\"}]}".to_owned(), Values, Form::LookupEvents),
            (format!("{{\"detail-type\":\"x\",\"detail\":{event}}}"), Values, Form::Eventbridge),
            (format!("{{\"detail-type\":\"x\",\"detail\":{event}}}\n{{}}"), Lines, Form::Eventbridge),
            ("{\"QueryResultRows\": [[]]}".to_owned(), Values, Form::Lake),
            ("\"eventtime\",\"eventname\"\n\"x\",\"y\"".to_owned(), Csv, Form::AthenaCsv),
            ("eventID,eventName\n".to_owned(), Csv, Form::AthenaCsv),
            (format!("2024-07-08T17:06:49.000Z {event}\n"), Lines, Form::CloudwatchLogs),
            ("[2024-07-08] INFO started\n".to_owned(), Lines, Form::Text),
            ("{\"level\":\"info\"}\n{\"level\":\"info\"}\n".to_owned(), Lines, Form::JsonLines),
            (String::new(), Lines, Form::Text),
        ] {
            let found = head(text.as_bytes());
            assert_eq!((found.layout, found.form), (layout, form), "{text}");
        }
    }
}
