//! What stands around the records of a source: whether it is one page of several, or the answer of a query that is not
//! over, and events that are in none of the lists that hold records.
//!
//! Takes the bytes between records as they come, and keeps them without the records: a few lines, whatever the source has.

use memchr::memmem;
use serde_json::{Map, Value};

/// How much is kept, in bytes.
const LONGEST: usize = 1 << 20;

/// What the token of a further page is called (CloudTrail's `LookupEvents`, `GetQueryResults`; CloudWatch Logs'
/// `FilterLogEvents`; Athena's `GetQueryResults`).
const TOKENS: [&str; 3] = ["NextToken", "nextToken", "next_token"];

/// The bytes around the records.
#[derive(Debug, Default)]
pub(super) struct Around {
    text: Vec<u8>,
    /// More was there than is kept.
    pub(super) is_cut: bool,
}

impl Around {
    /// Takes what stands between two records.
    pub(super) fn take(&mut self, between: &[u8]) {
        if between.iter().all(|byte| matches!(byte, b',' | b' ' | b'\n' | b'\r' | b'\t')) {
            return;
        }
        let free = LONGEST - self.text.len();
        self.is_cut |= between.len() > free;
        self.text.extend_from_slice(between.get(..free).unwrap_or(between));
    }

    /// Returns the values, without their records; none where they are not whole.
    pub(super) fn values(&self) -> Option<Vec<Value>> {
        serde_json::Deserializer::from_slice(&self.text).into_iter().collect::<Result<_, _>>().ok()
    }

    /// Returns `true` if an event stands in it.
    pub(super) fn has_events(&self) -> bool {
        ["eventVersion", "eventversion"].iter().any(|field| memmem::find(&self.text, field.as_bytes()).is_some())
    }
}

/// Returns `true` if a record is itself a page, or holds one, that leads to another.
pub(super) fn leads_on(value: &Value, depth: usize) -> bool {
    match value {
        Value::Object(object) => {
            // A request that asks for a page has one, too.
            let is_page = ["Events", "events", "Records", "QueryResultRows", "results", "logEvents"]
                .iter()
                .any(|list| object.get(*list).is_some_and(Value::is_array));
            (is_page && token_of(object).is_some())
                || (depth > 0 && object.values().any(|member| leads_on(member, depth - 1)))
        }
        Value::Array(list) => depth > 0 && list.iter().any(|member| leads_on(member, depth - 1)),
        _ => false,
    }
}

/// Returns the name of the field that leads to the next page, where there is one.
fn token_of(page: &Map<String, Value>) -> Option<&'static str> {
    let leads = |name: &&str| page.get(*name).and_then(Value::as_str).is_some_and(|token| !token.is_empty());
    TOKENS.into_iter().find(leads)
}

/// Says why the last of some answers, which held so many records, does not hold all that was asked for; none where it does.
pub(super) fn why_not_all(values: &[Value], records: u64) -> Option<String> {
    let last = values.last()?;
    // CloudWatch Logs Insights, CloudTrail Lake, Elasticsearch.
    let counts = ["/statistics/recordsMatched", "/QueryStatistics/TotalResultsCount", "/hits/total/value"];
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of rows")]
    let matched = counts.iter().find_map(|path| last.pointer(path)?.as_f64()).map(|count| count.max(0.0) as u64);
    if let Some(matched) = matched.filter(|matched| *matched > records && values.len() == 1) {
        return Some(format!(
            "the query matched {matched} rows, and it holds {records}: ask for a shorter time, or page by page"
        ));
    }
    if last.pointer("/meta/page/after").is_some_and(|after| after.as_str().is_some_and(|after| !after.is_empty())) {
        return Some("it is one page of several: its `meta.page.after` leads to the next".to_owned());
    }
    let last = last.as_object()?;
    if let Some(token) = token_of(last) {
        return Some(format!(
            "it is one page of several: its `{token}` leads to the next; the AWS CLI reads all pages without `--max-items` \
             and `--no-paginate`"
        ));
    }
    let status = match (last.get("QueryStatus"), last.get("status"), last.get("results")) {
        (Some(Value::String(status)), ..) if status != "FINISHED" => status,
        (None, Some(Value::String(status)), Some(_)) if status != "Complete" => status,
        _ => return None,
    };
    let status: String = status.chars().filter(|c| c.is_ascii_alphabetic() || *c == '_').take(20).collect();
    Some(format!("the query had not given all its rows: its status is `{status}`"))
}
