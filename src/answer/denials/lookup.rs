//! CloudTrail's event history, page by page: what a page holds, and how far back a Region was read.

use crate::bedrock::Region;
use crate::evidence::Observation;
use crate::observe::{History, Lookup, Observer};
use crate::trail::{Collector, Denials, Entry, Source, Wanted, moment, read as read_source};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Instant;

/// The service whose calls are asked for.
const BEDROCK: &str = "bedrock.amazonaws.com";

/// What the event history does not hold (AWS CloudTrail User Guide, "Working with CloudTrail event history"; Bedrock User
/// Guide, "Monitor Amazon Bedrock API calls using CloudTrail").
pub const LIMITS: [&str; 3] = [
    "data events: calls to the Mantle endpoint, agents, gateways, guardrails and knowledge bases at run time",
    "network activity events: what the policy of a VPC endpoint refused",
    "what other services recorded: changes of IAM policies, and the policies of sessions",
];

/// How far a Region was read, from its newest event backwards.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Progress {
    pub from: i64,
    pub until: i64,
    pub done: bool,
    /// The ids of the events of the oldest second that were read.
    pub border: BTreeSet<String>,
    /// The moment that the run asks up to, in seconds since 1970.
    #[serde(default)]
    pub to: i64,
    /// The hashes of the ids of events within [`LAG`] before that, whose like may still come in.
    #[serde(default)]
    pub late: BTreeSet<u64>,
    /// Those that an earlier run read.
    #[serde(default)]
    pub known: BTreeSet<u64>,
    pub source: Option<Source>,
}

/// How long an event may take until the event history holds it, in seconds: 15 minutes (AWS CloudTrail User Guide, "Working
/// with CloudTrail event history"), and some more.
pub const LAG: i64 = 20 * 60;

impl Progress {
    /// Returns what is to be asked next: from a moment to another.
    #[must_use]
    pub fn between(from: i64, to: i64) -> Self {
        Self { from, until: to, to, ..Self::default() }
    }

    /// Goes on from the end of a run that was read to its end, and asks once more for the time whose events may have come
    /// in since.
    pub fn go_on(&mut self, to: i64) {
        let known = std::mem::take(&mut self.late);
        let source = self.source.take();
        *self = Self { known, source, ..Self::between(self.to - LAG, to) };
    }
}

/// What came back for a Region.
pub struct Page {
    pub region: Region,
    pub history: Option<History>,
    pub lookup: Lookup,
    pub state: Progress,
    /// The token of the page that was asked for; none of the first.
    pub token: Option<String>,
    pub answer: Observation<Value>,
}

impl Page {
    /// Returns the token of the page behind this one; none behind the last.
    ///
    /// # Errors
    /// When it is the token of this page: asking for it would never end.
    pub fn next(&self) -> Result<Option<String>, &'static str> {
        let Observation::Seen(page) = &self.answer else { return Ok(None) };
        match page.get("NextToken").and_then(Value::as_str).filter(|token| !token.is_empty()) {
            Some(token) if self.token.as_deref() == Some(token) => {
                Err("CloudTrail's answer leads to the page that was asked for, and to no other")
            }
            token => Ok(token.map(str::to_owned)),
        }
    }
}

/// Asks for the newest page of a Region.
pub async fn first_page(probe: &Observer, region: Region, state: Progress) -> Page {
    let lookup = Lookup { event_source: BEDROCK.to_owned(), from: state.from, until: state.until };
    match probe.history(&region).await {
        Ok(mut history) => {
            let answer = history.page(&lookup, None).await;
            Page { region, history: Some(history), lookup, state, token: None, answer }
        }
        Err(failure) => {
            Page { region, history: None, lookup, state, token: None, answer: Observation::Failed(failure) }
        }
    }
}

/// Asks for the page behind a token.
pub async fn next_page(mut history: History, region: Region, lookup: Lookup, state: Progress, token: String) -> Page {
    let answer = history.page(&lookup, Some(&token)).await;
    Page { region, history: Some(history), lookup, state, token: Some(token), answer }
}

/// Takes the events of a page that were not read before.
pub fn take_page(page: &Value, state: &mut Progress, source: &mut Source, collector: &mut Collector) {
    let events = page.get("Events").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let id = |event: &Value| event.get("EventId").and_then(Value::as_str).map(str::to_owned);
    let is_new =
        |event: &&Value| id(event).is_none_or(|id| !state.border.contains(&id) && !state.known.contains(&hash(&id)));
    let new: Vec<&Value> = events.iter().filter(is_new).collect();
    let bytes = serde_json::json!({ "Events": new }).to_string();
    let name = source.name.clone();
    let mut entries: Vec<Entry> = Vec::new();
    let read = read_source(&name, bytes.as_bytes(), &Wanted::Denials, &mut |entry| {
        entries.push(entry);
        true
    });
    entries.into_iter().for_each(|entry| collector.add(&name, entry));
    source.form = Some(crate::trail::Form::LookupEvents);
    source.bytes += read.bytes;
    source.events += read.events;
    source.unreadable += read.unreadable;
    // The newest come first, so that everything before the oldest second is still to be read.
    for event in events {
        let Some(at) = event.get("EventTime").and_then(event_time) else { continue };
        if at >= state.to - LAG {
            state.late.extend(id(event).as_deref().map(hash));
        }
        if at < state.until {
            state.border.clear();
            state.until = at;
        }
        if at == state.until {
            state.border.extend(id(event));
        }
    }
}

/// Returns the hash of an event's id.
fn hash(id: &str) -> u64 {
    crate::trail::hash(id.as_bytes())
}

/// Reads the time of an event: seconds since 1970 in JSON of the API, a text in what the AWS CLI prints.
fn event_time(time: &Value) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "seconds since 1970 have no fraction that matters")]
    let number = time.as_f64().map(|seconds| seconds as i64);
    number.or_else(|| time.as_str().and_then(moment))
}

/// Says why a page was not seen.
pub fn words(unseen: &Observation<Value>) -> String {
    match unseen {
        Observation::Refused(error) => {
            let code = error.code.as_deref().unwrap_or("an error");
            let hint = if code.contains("AccessDenied") { "; `cloudtrail:LookupEvents` is needed" } else { "" };
            format!("CloudTrail refused: {code}{hint}")
        }
        Observation::Failed(failure) => failure.to_string(),
        Observation::Skipped(_) | Observation::Seen(_) => String::new(),
    }
}

/// Asks Regions for what they recorded between two moments, one after the other, and collects the denials.
///
/// A Region that refuses or fails is a source that is not whole. `until` ends the asking: what was found by then stays.
pub async fn recent(observer: &Observer, regions: &[Region], from: i64, to: i64, until: Instant) -> Denials {
    let mut collector = Collector::default();
    for region in regions {
        let mut page = first_page(observer, region.clone(), Progress::between(from, to)).await;
        let mut source = Source::new(&format!("live:{region}"));
        loop {
            let next = page.next();
            let Page { region, history, lookup, mut state, answer, .. } = page;
            let error = match &answer {
                Observation::Seen(seen) => {
                    take_page(seen, &mut state, &mut source, &mut collector);
                    next.as_ref().err().map(|error| (*error).to_owned())
                }
                unseen => Some(words(unseen)),
            };
            if error.is_some() {
                source.complete = false;
                source.error = error;
            }
            let token = next.unwrap_or_default();
            let (Some(token), Some(history)) = (token, history) else { break };
            if Instant::now() >= until {
                source.complete = false;
                source.error = Some("the time was over before its oldest page".to_owned());
                break;
            }
            page = next_page(history, region, lookup, state, token).await;
        }
        collector.end_source(source);
    }
    LIMITS.iter().for_each(|limit| collector.limit(limit));
    collector.finish()
}
