//! Asks CloudTrail's event history, page by page, at the rate that AWS allows.
//!
//! Pages are handed on as they came; nothing is judged.

use super::Observer;
use super::api::Api;
use super::kept_text::kept_text;
use super::sdk_error::innermost;
use super::signed::{Message, NotSent, Service, Signer, code_name};
use crate::bedrock::Region;
use crate::evidence::{Failure, FailureKind, Observation, ServiceError};
use aws_smithy_types::byte_stream::ByteStream;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

/// How long after a call the next one in the same Region is made: two in a second are allowed (AWS CloudTrail API
/// Reference, "LookupEvents").
const INTERVAL: Duration = Duration::from_millis(510);

/// How many events a page has at most (likewise).
pub const PAGE: usize = 50;

/// How often a call is made that was throttled or met trouble, and the pause after the first time; it doubles.
const ATTEMPTS: u32 = 6;
const FIRST_PAUSE: Duration = Duration::from_millis(800);

const TARGET: &str = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents";

/// Which events are asked for: those of a service between two moments, the newest first.
#[derive(Clone, Debug)]
pub struct Lookup {
    /// The host name of the service, such as `bedrock.amazonaws.com`.
    pub event_source: String,
    /// The first moment, in seconds since 1970.
    pub from: i64,
    /// The last moment, in seconds since 1970.
    pub until: i64,
}

/// A Region's event history.
#[derive(Debug)]
pub struct History {
    trail: Trail,
    patience: Duration,
    last_call: Option<Instant>,
}

/// Where CloudTrail is, and who asks.
#[derive(Debug)]
struct Trail {
    signer: Signer,
    region: Region,
}

impl Observer {
    /// Opens the event history of a Region.
    ///
    /// # Errors
    /// When there are no credentials to ask with.
    pub async fn history(&self, region: &Region) -> Result<History, Failure> {
        let calls = self.calls(self.timeout);
        let reach = self.connection.clients(region, &calls).await;
        match reach.clients {
            Some(clients) => {
                let trail = Trail { signer: clients.signer.clone(), region: region.clone() };
                Ok(History { trail, patience: self.timeout, last_call: None })
            }
            None => Err(match reach.credentials {
                Observation::Failed(failure) => failure,
                _ => failure(FailureKind::NoCredentials, "the role could not be assumed"),
            }),
        }
    }
}

impl History {
    /// Asks for a page: the answer's JSON, with the token of the next page where there is one.
    ///
    /// Waits for its turn, and asks again where the call came too fast or the service was in trouble.
    pub async fn page(&mut self, lookup: &Lookup, token: Option<&str>) -> Observation<Value> {
        let mut body = json!({
            "LookupAttributes": [{"AttributeKey": "EventSource", "AttributeValue": lookup.event_source}],
            "StartTime": lookup.from, "EndTime": lookup.until, "MaxResults": PAGE,
        });
        if let (Some(token), Some(fields)) = (token, body.as_object_mut()) {
            fields.insert("NextToken".to_owned(), token.into());
        }
        let body = body.to_string();
        let mut attempt = 0;
        loop {
            if let Some(last) = self.last_call {
                tokio::time::sleep_until(last + INTERVAL).await;
            }
            self.last_call = Some(Instant::now());
            let answer = match tokio::time::timeout(self.patience, self.trail.send(&body)).await {
                Ok(answer) => answer,
                Err(_) => Observation::Failed(self.trail.failure(FailureKind::TimedOut, "")),
            };
            attempt += 1;
            let passes = match &answer {
                Observation::Refused(error) => {
                    let code = error.code.as_deref().unwrap_or_default();
                    code.contains("Throttl")
                        || code.contains("TooMany")
                        || error.status.is_some_and(|status| status >= 500)
                }
                Observation::Failed(failure) => failure.kind == FailureKind::TimedOut,
                _ => false,
            };
            if !passes || attempt == ATTEMPTS {
                return answer;
            }
            tokio::time::sleep(FIRST_PAUSE * 2_u32.pow(attempt - 1)).await;
        }
    }
}

impl Trail {
    async fn send(&self, body: &str) -> Observation<Value> {
        let headers = &[("content-type", "application/x-amz-json-1.1"), ("x-amz-target", TARGET)];
        let message = Message { method: "POST", path: "/", headers, body };
        let response = match self.signer.send(Service::CloudTrail, &self.region, &message).await {
            Ok(response) => response,
            Err(why) => return Observation::Failed(self.not_sent(why)),
        };
        let status = response.status().as_u16();
        let header = |name: &str| response.headers().get(name).map(str::to_owned);
        let request_id = super::response::request_id(response.headers());
        let error_type = header("x-amzn-errortype");
        let bytes = match ByteStream::new(response.into_body()).collect().await {
            Ok(bytes) => bytes.into_bytes(),
            Err(error) => return Observation::Failed(self.failure(FailureKind::Unreadable, &error.to_string())),
        };
        let Ok(value) = serde_json::from_slice::<Value>(&bytes) else {
            let detail = format!("HTTP status {status}, and not JSON");
            return Observation::Failed(self.failure(FailureKind::Unreadable, &detail));
        };
        if status == 200 {
            return match value.get("Events") {
                Some(Value::Array(_)) => Observation::Seen(value),
                _ => Observation::Failed(self.failure(FailureKind::Unreadable, "the answer holds no events")),
            };
        }
        let text = |names: [&str; 2]| names.iter().find_map(|name| value.get(name)?.as_str()).map(str::to_owned);
        let code = text(["__type", "code"]).or_else(|| error_type.clone());
        Observation::Refused(ServiceError {
            code: code.as_deref().map(code_name),
            message: text(["message", "Message"]).map(|message| kept_text(&message)),
            status: Some(status),
            request_id,
            error_type,
        })
    }

    fn not_sent(&self, why: NotSent) -> Failure {
        match why {
            NotSent::NoCredentials => self.failure(FailureKind::NoCredentials, ""),
            NotSent::Credentials(detail) => self.failure(FailureKind::CredentialsProvider, &detail),
            NotSent::Malformed(detail) => self.failure(FailureKind::Unreadable, &detail),
            NotSent::Connection(error) => {
                let kind = if error.is_timeout() { FailureKind::TimedOut } else { FailureKind::Unreachable };
                self.failure(kind, &innermost(&error))
            }
        }
    }

    fn failure(&self, kind: FailureKind, detail: &str) -> Failure {
        let endpoint = Some(format!("{} of {}", Api::LookupEvents.name(), self.region));
        Failure { kind, endpoint, detail: detail.to_owned() }
    }
}

fn failure(kind: FailureKind, detail: &str) -> Failure {
    Failure { kind, endpoint: None, detail: detail.to_owned() }
}
