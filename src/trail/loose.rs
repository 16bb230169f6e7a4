//! Events in other clothes: renamed fields, structs printed as text, OCSF, logs of model invocations.
//!
//! Takes any JSON value and makes the event of it that `event` reads from CloudTrail's own form. Names are compared
//! without regard to case, underscores and dots, because exporters rename them.

use super::event::{
    Additional, Body, BodyError, Event, Identity, Issuer, Keys, Parameters, Response, SessionContext, Text,
};
use super::time;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// How deep printed structs are read.
const DEEPEST: usize = 8;

/// Makes an event of a value; none where it is not one.
pub(super) fn event_of(value: &Value) -> Option<Event<'static>> {
    let object = value.as_object()?;
    let event = match () {
        () if find(object, "api").is_some_and(Value::is_object) && find(object, "class_uid").is_some() => {
            of_ocsf(object)
        }
        () if text(object, "schemaType").as_deref() == Some("ModelInvocationLog") => of_invocation_log(object),
        () => of_record(object),
    };
    event.is_one().then_some(event)
}

fn of_record(record: &Map<String, Value>) -> Event<'static> {
    let identity = nested(record, "userIdentity");
    let context = nested(&identity, "sessionContext");
    let issuer = nested(&context, "sessionIssuer");
    let parameters = nested(record, "requestParameters");
    let response = nested(record, "responseElements");
    let additional = nested(record, "additionalEventData");
    // A query may select a field of a struct as a column of its own.
    let or = |found: Text<'static>, column: &str| if found.get().is_some() { found } else { field(record, column) };
    Event {
        event_time: field(record, "eventTime"),
        event_source: field(record, "eventSource"),
        event_name: field(record, "eventName"),
        event_type: field(record, "eventType"),
        event_id: field(record, "eventID"),
        request_id: field(record, "requestID"),
        aws_region: field(record, "awsRegion"),
        error_code: field(record, "errorCode"),
        error_message: field(record, "errorMessage"),
        user_agent: field(record, "userAgent"),
        recipient_account_id: field(record, "recipientAccountId"),
        vpc_endpoint_id: field(record, "vpcEndpointId"),
        user_identity: Identity {
            kind: or(field(&identity, "type"), "userIdentity.type"),
            arn: or(field(&identity, "arn"), "userIdentity.arn"),
            account_id: or(field(&identity, "accountId"), "userIdentity.accountId"),
            access_key_id: or(field(&identity, "accessKeyId"), "userIdentity.accessKeyId"),
            invoked_by: or(field(&identity, "invokedBy"), "userIdentity.invokedBy"),
            session_context: SessionContext {
                session_issuer: Issuer {
                    arn: or(field(&issuer, "arn"), "userIdentity.sessionContext.sessionIssuer.arn"),
                },
            },
        },
        request_parameters: Parameters {
            model_id: or(first(&parameters, &["modelId", "model"]), "requestParameters.modelId"),
            ..parameters_of(&parameters)
        },
        response_elements: response_of(&response),
        additional_event_data: Additional {
            inference_region: or(field(&additional, "inferenceRegion"), "additionalEventData.inferenceRegion"),
            call_with_bearer_token: or(
                field(&additional, "callWithBearerToken"),
                "additionalEventData.callWithBearerToken",
            ),
        },
    }
}

/// Reads what a request names, but for its model, which has more than one place.
fn parameters_of(parameters: &Map<String, Value>) -> Parameters<'static> {
    Parameters {
        model_id: Text::default(),
        call_with_bearer_token: field(parameters, "callWithBearerToken"),
        role_name: field(parameters, "roleName"),
        user_name: field(parameters, "userName"),
        role_arn: field(parameters, "roleArn"),
        role_session_name: field(parameters, "roleSessionName"),
        name: field(parameters, "name"),
        policy: field(parameters, "policy"),
        policy_arns: find(parameters, "policyArns").cloned().unwrap_or_default().into(),
        guardrail_identifier: first(parameters, &["guardrailIdentifier", "guardrailId"]),
        knowledge_base_id: field(parameters, "knowledgeBaseId"),
        agent_id: field(parameters, "agentId"),
        agent_alias_id: field(parameters, "agentAliasId"),
    }
}

fn response_of(response: &Map<String, Value>) -> Response<'static> {
    let body = nested(response, "body");
    let error = nested(&body, "error");
    Response {
        status_code: field(response, "statusCode"),
        body: Body { error: BodyError { message: field(&error, "message") } },
        assumed_role_user: Issuer { arn: field(&nested(response, "assumedRoleUser"), "arn") },
        credentials: Keys { access_key_id: field(&nested(response, "credentials"), "accessKeyId") },
    }
}

/// Reads API activity (OCSF, class 6003 "API Activity"; Amazon Security Lake maps CloudTrail's fields to it).
fn of_ocsf(activity: &Map<String, Value>) -> Event<'static> {
    let api = nested(activity, "api");
    let (request, response) = (nested(&api, "request"), nested(&api, "response"));
    let actor = nested(activity, "actor");
    let (user, session) = (nested(&actor, "user"), nested(&actor, "session"));
    let (cloud, metadata) = (nested(activity, "cloud"), nested(activity, "metadata"));
    let unmapped = nested(activity, "unmapped");
    let parameters = nested(&unmapped, "requestParameters");
    let parameters = if parameters.is_empty() { nested(&api, "request.data") } else { parameters };
    let parameters = if parameters.is_empty() { nested(&request, "data") } else { parameters };
    let moment = find(activity, "time").and_then(Value::as_i64).map(|milliseconds| time::format(milliseconds / 1000));
    let account = field(&nested(&cloud, "account"), "uid");
    let unmapped_or = |name: &str, other: Text<'static>| {
        let found = field(&unmapped, name);
        if found.get().is_some() { found } else { other }
    };
    Event {
        event_time: Text::owned(moment.or_else(|| text(activity, "time_dt").map(Cow::into_owned))),
        event_source: field(&nested(&api, "service"), "name"),
        event_name: field(&api, "operation"),
        event_type: unmapped_or("eventType", field(&metadata, "event_code")),
        event_id: first(&metadata, &["uid"]),
        request_id: field(&request, "uid"),
        aws_region: field(&cloud, "region"),
        error_code: field(&response, "error"),
        error_message: first(&response, &["message", "error_message"]),
        user_agent: field(&nested(activity, "http_request"), "user_agent"),
        recipient_account_id: unmapped_or("recipientAccountId", account),
        vpc_endpoint_id: unmapped_or("vpcEndpointId", field(&nested(activity, "src_endpoint"), "vpc_endpoint_uid")),
        user_identity: Identity {
            kind: field(&user, "type"),
            arn: Text::owned(arn_of(&user)),
            account_id: field(&nested(&user, "account"), "uid"),
            access_key_id: first(&user, &["credential_uid"]),
            invoked_by: field(&actor, "invoked_by"),
            session_context: SessionContext { session_issuer: Issuer { arn: field(&session, "issuer") } },
        },
        request_parameters: Parameters {
            model_id: {
                let model = first(&parameters, &["modelId", "model"]);
                if model.get().is_some() { model } else { field(&unmapped, "requestParameters.modelId") }
            },
            ..parameters_of(&parameters)
        },
        response_elements: response_of(&nested(&response, "data")),
        additional_event_data: Additional {
            call_with_bearer_token: field(&unmapped, "additionalEventData.callWithBearerToken"),
            inference_region: field(&unmapped, "additionalEventData.inferenceRegion"),
        },
    }
}

/// Returns the ARN of an actor: `uid` where it is one (OCSF 1.0 and Security Lake), else `uid_alt`.
fn arn_of(user: &Map<String, Value>) -> Option<String> {
    let arns = ["uid", "uid_alt", "arn"].into_iter().filter_map(|name| text(user, name));
    arns.map(Cow::into_owned).find(|uid| uid.starts_with("arn:"))
}

/// Reads a log of model invocations, whose `input` and `output` are prompts and stay unread (Bedrock User Guide, "Monitor
/// model invocation").
fn of_invocation_log(log: &Map<String, Value>) -> Event<'static> {
    Event {
        event_time: field(log, "timestamp"),
        event_source: Text(Some(Cow::Borrowed("bedrock.amazonaws.com"))),
        event_name: field(log, "operation"),
        request_id: field(log, "requestId"),
        aws_region: field(log, "region"),
        error_code: field(log, "errorCode"),
        error_message: field(log, "errorMessage"),
        recipient_account_id: field(log, "accountId"),
        user_identity: Identity { arn: field(&nested(log, "identity"), "arn"), ..Identity::default() },
        request_parameters: Parameters { model_id: field(log, "modelId"), ..Parameters::default() },
        ..Event::default()
    }
}

/// Finds a field by its name, written in whatever way.
pub(super) fn find<'v>(object: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    if let Some(value) = object.get(name) {
        return Some(value);
    }
    object.iter().find(|(key, _)| is_called(key, name)).map(|(_, value)| value)
}

fn is_called(key: &str, name: &str) -> bool {
    let letters = |text: &str| {
        text.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase()).collect::<Vec<u8>>()
    };
    // Most keys are shorter or longer than what is looked for.
    key.len() >= name.bytes().filter(u8::is_ascii_alphanumeric).count() && letters(key) == letters(name)
}

fn text<'v>(object: &'v Map<String, Value>, name: &str) -> Option<Cow<'v, str>> {
    match find(object, name)? {
        Value::String(text) if text.is_empty() || text == "null" || text == "-" => None,
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Bool(value) => Some(Cow::Owned(value.to_string())),
        Value::Number(number) => Some(Cow::Owned(number.to_string().trim_end_matches(".0").to_owned())),
        // A policy may be given as an object.
        Value::Object(object) => serde_json::to_string(object).ok().map(Cow::Owned),
        Value::Null | Value::Array(_) => None,
    }
}

fn field(object: &Map<String, Value>, name: &str) -> Text<'static> {
    Text::owned(text(object, name).map(Cow::into_owned))
}

fn first(object: &Map<String, Value>, names: &[&str]) -> Text<'static> {
    names.iter().map(|name| field(object, name)).find(|text| text.get().is_some()).unwrap_or_default()
}

/// Returns a field's object: as it is, out of a string of JSON, or out of a printed struct.
fn nested(object: &Map<String, Value>, name: &str) -> Map<String, Value> {
    match find(object, name) {
        Some(Value::Object(inner)) => inner.clone(),
        Some(Value::String(text)) if text.trim_start().starts_with('{') => {
            match serde_json::from_str(text).or_else(|_| struct_of(text).ok_or(())) {
                Ok(Value::Object(inner)) => inner,
                _ => Map::new(),
            }
        }
        _ => Map::new(),
    }
}

/// Reads a struct as Trino prints it: `{a=b, c={d=e}, f=[…]}`.
pub(super) fn struct_of(text: &str) -> Option<Value> {
    let mut reader = Struct { text: text.trim(), at: 0 };
    let value = reader.object(0)?;
    Some(Value::Object(value))
}

struct Struct<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Struct<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn object(&mut self, depth: usize) -> Option<Map<String, Value>> {
        if depth > DEEPEST || !self.rest().starts_with('{') {
            return None;
        }
        self.at += 1;
        let mut object = Map::new();
        loop {
            let rest = self.rest().trim_start_matches([' ', ',']);
            self.at = self.text.len() - rest.len();
            if rest.starts_with('}') {
                self.at += 1;
                return Some(object);
            }
            let name = key(rest)?.to_owned();
            self.at += name.len() + 1;
            let value = if self.rest().starts_with('{') && key(self.rest().get(1..).unwrap_or_default()).is_some() {
                Value::Object(self.object(depth + 1)?)
            } else {
                Value::String(self.scalar())
            };
            object.insert(name, value);
        }
    }

    /// Reads up to the next field's name or the struct's end; a value may hold anything, and braces in pairs.
    fn scalar(&mut self) -> String {
        let rest = self.rest();
        let (mut depth, mut end) = (0_usize, rest.len());
        for (at, c) in rest.char_indices() {
            match c {
                '{' | '[' => depth += 1,
                '}' | ']' if depth == 0 => {
                    end = at;
                    break;
                }
                '}' | ']' => depth -= 1,
                ',' if depth == 0 && rest.get(at + 1..).and_then(|next| key(next.trim_start())).is_some() => {
                    end = at;
                    break;
                }
                _ => {}
            }
        }
        let value = rest.get(..end).unwrap_or_default().trim().to_owned();
        self.at += end;
        value
    }
}

/// Returns the name that a text begins with, where an equals sign follows it.
fn key(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'))?;
    (end > 0 && text.get(end..)?.starts_with('=')).then(|| text.get(..end))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_printed_struct_is_read_as_deep_as_it_goes() {
        let text = "{type=AssumedRole, arn=arn:aws:sts::111122223333:assumed-role/chat/s, sessioncontext={attributes={mfaauthenticated=false}, sessionissuer={type=Role, arn=arn:aws:iam::111122223333:role/apps/chat}}, note=a, b {c}, list=[x=1, y=2]}";
        assert_eq!(
            struct_of(text).unwrap(),
            json!({"type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/chat/s",
                "sessioncontext": {"attributes": {"mfaauthenticated": "false"},
                    "sessionissuer": {"type": "Role", "arn": "arn:aws:iam::111122223333:role/apps/chat"}},
                "note": "a, b {c}", "list": "[x=1, y=2]"})
        );
        for text in ["", "{", "{a=b", "{=}", "a=b", "{a={b=c}"] {
            let _ = struct_of(text);
        }
        assert_eq!(struct_of("{}"), Some(json!({})));
    }

    #[test]
    fn names_are_found_however_they_are_written() {
        let object = json!({"error_code": "AccessDenied", "useridentity.arn": "x", "Event ID": "7"});
        let object = object.as_object().unwrap();
        assert_eq!(field(object, "errorCode").get(), Some("AccessDenied"));
        assert_eq!(field(object, "userIdentity.arn").get(), Some("x"));
        assert_eq!(field(object, "eventID").get(), Some("7"));
        assert_eq!(field(object, "errorMessage").get(), None);
    }
}
