//! Corruption: bodies that are not what the API's model says.
//!
//! Works on the answer that the account gives, JSON or XML; what is neither, such as an event stream, is cut or
//! replaced as a whole. Only in builds with the feature `faults`.

use crate::sandbox::call::Call;
use crate::sandbox::wire::Reply;
use crate::sandbox::world::FaultKind;
use serde_json::{Value, json};

/// Levels of [`FaultKind::DeeplyNested`].
const DEPTH: usize = 100_000;

/// Corrupts an answer.
pub(super) fn corrupt(kind: FaultKind, call: &Call<'_>, mut reply: Reply) -> Reply {
    let query = call.service.is_query();
    let action = call.operation.name.split(':').nth(1).unwrap_or_default();
    let body = std::mem::take(&mut reply.body);
    reply.body = match kind {
        FaultKind::EmptyBody => Vec::new(),
        FaultKind::EmptyObject if query => {
            let namespace = call.service.namespace();
            format!("<{action}Response xmlns=\"{namespace}\"><{action}Result></{action}Result></{action}Response>")
                .into_bytes()
        }
        FaultKind::EmptyObject => b"{}".to_vec(),
        FaultKind::Truncated => body.get(..body.len() / 2).unwrap_or_default().to_vec(),
        FaultKind::Malformed => b"%%% this is <neither> {one nor the other %%%".to_vec(),
        FaultKind::DeeplyNested if query => format!("{}{}", "<a>".repeat(DEPTH), "</a>".repeat(DEPTH)).into_bytes(),
        FaultKind::DeeplyNested => format!("{{\"a\":{}{}}}", "[".repeat(DEPTH), "]".repeat(DEPTH)).into_bytes(),
        FaultKind::InvalidUtf8 => body.iter().map(|byte| if *byte == b'a' { 0xff } else { *byte }).collect(),
        FaultKind::WrongTypes if query => texts(&body, |text| of_other_type(text).map(str::to_owned)),
        FaultKind::WrongTypes => json(body, |value| value.leaves(&mut mistype)),
        FaultKind::UnknownValues if query => texts(&body, |text| is_decision(text).then(|| "somethingNew".to_owned())),
        FaultKind::UnknownValues => json(body, |value| value.leaves(&mut rename)),
        FaultKind::UnknownFields if query => within_result(
            &body,
            action,
            "<SomethingNew><member><Depth>1</Depth></member></SomethingNew><SomethingElse/>",
        ),
        FaultKind::UnknownFields => json(body, |value| {
            if let Value::Object(fields) = value {
                fields.insert("somethingNew".to_owned(), json!({"nested": [1, {"deeper": null}], "text": "x"}));
            }
        }),
        FaultKind::EmptyPages if query && call.operation.form.get("Marker").is_none() => {
            turn_page(&without_members(&body), action)
        }
        FaultKind::EndlessPages if query => turn_page(&body, action),
        FaultKind::EmptyPages if !query && call.operation.form.get("nextToken").is_none() => json(body, |value| {
            if let Value::Object(fields) = value {
                for list in fields.values_mut().filter_map(Value::as_array_mut) {
                    list.clear();
                }
                fields.insert("nextToken".to_owned(), json!("bmV4dA"));
            }
        }),
        FaultKind::EndlessPages => json(body, |value| {
            if let Value::Object(fields) = value {
                fields.insert("nextToken".to_owned(), json!("bmV4dA"));
            }
        }),
        _ => body,
    };
    if kind == FaultKind::WrongContentType {
        for (_, value) in reply.headers.iter_mut().filter(|(name, _)| *name == "content-type") {
            "text/plain".clone_into(value);
        }
    }
    reply
}

/// Changes a JSON body; what is no JSON is replaced by an object that the change is made to.
fn json(body: Vec<u8>, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut value = serde_json::from_slice(&body).unwrap_or_else(|_| json!({}));
    change(&mut value);
    value.to_string().into_bytes()
}

/// Walks over the values of a JSON document that hold no others.
trait Leaves {
    fn leaves(&mut self, change: &mut impl FnMut(&mut Value));
}

impl Leaves for Value {
    fn leaves(&mut self, change: &mut impl FnMut(&mut Value)) {
        match self {
            Value::Array(items) => items.iter_mut().for_each(|item| item.leaves(change)),
            Value::Object(fields) => fields.values_mut().for_each(|field| field.leaves(change)),
            leaf => change(leaf),
        }
    }
}

fn mistype(leaf: &mut Value) {
    *leaf = if leaf.is_string() { json!(7) } else { json!("seven") };
}

/// Replaces a value in capitals, which is what Bedrock's enumerations are written in.
fn rename(leaf: &mut Value) {
    let in_capitals = |text: &str| text.len() > 2 && text.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    if leaf.as_str().is_some_and(in_capitals) {
        *leaf = json!("SOMETHING_NEW");
    }
}

fn is_decision(text: &str) -> bool {
    ["allowed", "explicitDeny", "implicitDeny"].contains(&text)
}

fn of_other_type(text: &str) -> Option<&'static str> {
    let is_number = !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    (is_number || ["true", "false"].contains(&text)).then_some("seven")
}

/// Changes the texts between the tags of an XML document.
fn texts(body: &[u8], change: impl Fn(&str) -> Option<String>) -> Vec<u8> {
    let document = String::from_utf8_lossy(body);
    let mut changed = String::with_capacity(document.len());
    for piece in document.split_inclusive(['<', '>']) {
        match piece.strip_suffix('<').and_then(&change) {
            Some(text) => {
                changed.push_str(&text);
                changed.push('<');
            }
            None => changed.push_str(piece),
        }
    }
    changed.into_bytes()
}

/// Puts something at the beginning of the result.
fn within_result(body: &[u8], action: &str, content: &str) -> Vec<u8> {
    let opening = format!("<{action}Result>");
    String::from_utf8_lossy(body).replacen(&opening, &format!("{opening}{content}"), 1).into_bytes()
}

/// Takes the items out of a list.
fn without_members(body: &[u8]) -> Vec<u8> {
    let document = String::from_utf8_lossy(body);
    match (document.split_once("<member>"), document.rsplit_once("</member>")) {
        (Some((before, _)), Some((_, after))) => format!("{before}{after}").into_bytes(),
        _ => body.to_vec(),
    }
}

/// Says that another page follows.
fn turn_page(body: &[u8], action: &str) -> Vec<u8> {
    let rest = String::from_utf8_lossy(body).replace("<IsTruncated>false</IsTruncated>", "");
    within_result(rest.as_bytes(), action, "<IsTruncated>true</IsTruncated><Marker>bmV4dA</Marker>")
}
