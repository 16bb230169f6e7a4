//! The trail: an event for every authenticated call, as CloudTrail records it.
//!
//! Shapes follow CloudTrail's record contents and events of Bedrock that were published. A refusal by IAM has the code
//! `AccessDenied`, whatever the service's own is; a call that an endpoint policy stops becomes a network activity event;
//! inference on `bedrock-mantle` is a data event. Prompts and answers are never kept.

use super::caller::Caller;
use super::ids;
use super::operation::Operation;
use super::refusal::Refusal;
use super::wire::{Service, WireRequest};
use serde_json::{Map, Value, json};
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// How many events are kept; the oldest goes first.
const KEPT: usize = 10_000;

/// Parameters of the `query` protocol that stand in an event: name on the wire, name in the event.
const PARAMETERS: &[(&str, &str)] = &[
    ("RoleName", "roleName"),
    ("UserName", "userName"),
    ("GroupName", "groupName"),
    ("PolicyName", "policyName"),
    ("PolicyArn", "policyArn"),
    ("PolicyDocument", "policyDocument"),
    ("PermissionsBoundary", "permissionsBoundary"),
    ("VersionId", "versionId"),
    ("RoleArn", "roleArn"),
    ("RoleSessionName", "roleSessionName"),
    ("Policy", "policy"),
];

/// The events of an account.
#[derive(Debug, Default)]
pub(super) struct Trail(Mutex<Events>);

#[derive(Debug, Default)]
struct Events {
    kept: VecDeque<Event>,
    /// How many events there have been.
    total: u64,
}

/// One event.
#[derive(Clone, Debug)]
pub(super) struct Event {
    /// The event in the form of CloudTrail's records.
    pub(super) record: Value,
    pub(super) time: OffsetDateTime,
}

/// A call that has ended.
pub(super) struct EndedCall<'a> {
    pub(super) caller: &'a Caller<'a>,
    pub(super) service: Service,
    pub(super) operation: &'a Operation,
    pub(super) request: &'a WireRequest,
    pub(super) request_id: &'a str,
    pub(super) refusal: Option<&'a Refusal>,
}

impl Event {
    /// Returns a text field of the record.
    pub(super) fn text(&self, field: &str) -> &str {
        self.record.get(field).and_then(Value::as_str).unwrap_or_default()
    }
}

impl Trail {
    fn events(&self) -> MutexGuard<'_, Events> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records a call.
    pub(super) fn record(&self, call: &EndedCall<'_>) {
        let mut events = self.events();
        let time = OffsetDateTime::now_utc();
        let record = call.record(time, events.total);
        events.total += 1;
        if events.kept.len() >= KEPT {
            events.kept.pop_front();
        }
        events.kept.push_back(Event { record, time });
    }

    /// Returns the events that are kept, newest first.
    pub(super) fn newest_first(&self) -> Vec<Event> {
        self.events().kept.iter().rev().cloned().collect()
    }

    /// Returns the records that came after so many others, and how many there have been in all.
    pub(super) fn since(&self, seen: u64) -> (Vec<Value>, u64) {
        let events = self.events();
        let new = usize::try_from(events.total.saturating_sub(seen)).unwrap_or(usize::MAX);
        let skipped = events.kept.len().saturating_sub(new);
        (events.kept.iter().skip(skipped).map(|event| event.record.clone()).collect(), events.total)
    }
}

impl EndedCall<'_> {
    fn record(&self, time: OffsetDateTime, number: u64) -> Value {
        let mut fields = Map::new();
        let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
        put("eventVersion", json!("1.11"));
        put("userIdentity", self.identity());
        let second = time.replace_nanosecond(0).unwrap_or(time);
        put("eventTime", json!(second.format(&Rfc3339).unwrap_or_default()));
        put("eventSource", json!(format!("{}.amazonaws.com", self.source())));
        put("eventName", json!(self.event_name()));
        put("awsRegion", json!(self.region()));
        let address = self.caller.facts.context.get("aws:SourceIp").map_or("127.0.0.1", String::as_str);
        put("sourceIPAddress", json!(address));
        put("userAgent", json!(self.caller.user_agent.as_deref().unwrap_or("-")));
        let by_endpoint = self.refusal.is_some_and(|refusal| refusal.message.contains("VPC endpoint policy"));
        if let Some(refusal) = self.refusal {
            let (code, message) = match refusal.code.as_str() {
                _ if by_endpoint => ("VpceAccessDenied", "The request was denied due to a VPC endpoint policy"),
                "AccessDeniedException" | "access_denied" => ("AccessDenied", refusal.message.as_str()),
                code => (code, refusal.message.as_str()),
            };
            put("errorCode", json!(code));
            put("errorMessage", json!(message));
        }
        put("requestParameters", self.parameters());
        put("responseElements", Value::Null);
        if self.service != Service::Mantle && self.bears_token() {
            put("additionalEventData", json!({ "callWithBearerToken": true }));
        }
        put("requestID", json!(self.request_id));
        let id = ids::of(&[self.request_id.as_bytes(), &number.to_le_bytes()]);
        put("eventID", json!(ids::request_id(id, number)));
        put("readOnly", json!(self.is_read()));
        put("eventType", json!(if by_endpoint { "AwsVpceEvent" } else { "AwsApiCall" }));
        let category = if by_endpoint {
            "NetworkActivity"
        } else if self.service == Service::Mantle {
            "Data"
        } else {
            "Management"
        };
        put("managementEvent", json!(category == "Management"));
        put("recipientAccountId", json!(self.caller.facts.arn.account));
        put("eventCategory", json!(category));
        Value::Object(fields)
    }

    fn bears_token(&self) -> bool {
        self.request.header("authorization").is_some_and(|header| header.starts_with("Bearer "))
    }

    fn identity(&self) -> Value {
        let (facts, arn) = (self.caller.facts, self.caller.arn());
        let key = self.access_key().unwrap_or_default();
        if !facts.is_role() {
            return json!({
                "type": "IAMUser", "principalId": facts.unique_id(), "arn": arn, "accountId": facts.arn.account,
                "accessKeyId": key, "userName": facts.name(),
            });
        }
        let issuer = json!({
            "type": "Role", "principalId": facts.unique_id(), "arn": facts.arn.to_string(),
            "accountId": facts.arn.account, "userName": facts.name(),
        });
        let issued = facts.session_issued.unwrap_or_else(OffsetDateTime::now_utc);
        let issued = issued.replace_nanosecond(0).unwrap_or(issued).format(&Rfc3339).unwrap_or_default();
        let attributes = json!({ "creationDate": issued, "mfaAuthenticated": "false" });
        json!({
            "type": "AssumedRole", "principalId": self.caller.user_id(), "arn": arn, "accountId": facts.arn.account,
            "accessKeyId": key, "sessionContext": { "sessionIssuer": issuer, "attributes": attributes },
        })
    }

    /// Returns the access key that signed the call; a bearer token has none.
    fn access_key(&self) -> Option<&str> {
        self.request.header("authorization")?.split_once("Credential=")?.1.split('/').next()
    }

    /// Returns the name of the service before `.amazonaws.com`.
    fn source(&self) -> &'static str {
        match self.service {
            Service::Sts => "sts",
            Service::Iam | Service::Toolbox => "iam",
            Service::Bedrock => "bedrock",
            Service::Mantle => "bedrock-mantle",
            Service::AgentCore => "bedrock-agentcore",
            Service::Kms => "kms",
            Service::S3 => "s3",
            Service::Ecr => "ecr",
            Service::Organizations => "organizations",
            Service::SsoAdmin => "sso",
            Service::CloudTrail => "cloudtrail",
        }
    }

    fn event_name(&self) -> &str {
        self.operation.name.split_once(':').map_or(self.operation.name, |(_, name)| name)
    }

    /// Returns the Region that the event is recorded in: the services of the whole partition are in one.
    fn region(&self) -> &str {
        match self.service {
            Service::Iam | Service::Organizations => "us-east-1",
            _ => &self.caller.region,
        }
    }

    /// Returns what the call names: a model, or the parameters of IAM and STS.
    fn parameters(&self) -> Value {
        let mut named = Map::new();
        for (wire, name) in PARAMETERS {
            if let Some(value) = self.operation.form.get(wire) {
                named.insert((*name).to_owned(), json!(value));
            }
        }
        let label = &self.operation.label;
        if self.request.path.starts_with("/model/") {
            named.insert("modelId".to_owned(), json!(label));
        } else if let Some(model) = self.model_in_body() {
            let name = if self.service == Service::Mantle { "model" } else { "modelId" };
            named.insert(name.to_owned(), json!(model));
        }
        if self.service == Service::Mantle && self.bears_token() {
            named.insert("callWithBearerToken".to_owned(), json!(true));
        }
        if named.is_empty() { Value::Null } else { Value::Object(named) }
    }

    fn model_in_body(&self) -> Option<String> {
        if self.service.is_query() || self.request.body.is_empty() {
            return None;
        }
        let body: Value = serde_json::from_slice(&self.request.body).ok()?;
        let model = ["modelId", "model", "baseModelIdentifier"].iter().find_map(|field| body.get(*field)?.as_str());
        model.map(str::to_owned)
    }

    fn is_read(&self) -> bool {
        let name = self.event_name();
        let reads =
            ["Get", "List", "Describe", "Lookup", "Simulate", "Invoke", "Converse", "Retrieve", "Count", "Apply"];
        reads.iter().any(|verb| name.starts_with(verb))
    }
}
