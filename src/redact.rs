//! Redaction: the same case without the names that tell whose it is.
//!
//! Takes evidence and gives evidence, in which every account, name and id has become an alias such as `account-1`,
//! the same thing always the same alias, in all that one [`Redactor`] redacts. A report of redacted evidence is thus a
//! redacted report, in every format.
//! What is kept is what is recognized as AWS's or as plain language; everything else is replaced, so that a field
//! that is new is safe before anybody thought of it.

mod aliases;
mod arn;
mod document;
mod known;
mod position;
mod structured;
mod text;

use crate::bedrock::{DEFAULT_PROJECT, Operation, ProfileKind};
use crate::evidence::{DamagedEvidence, Evidence, Survey};
use crate::policy::ManagedPolicy;
use aliases::Aliases;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Redacts one case: a [`Redactor`] for it alone.
///
/// # Errors
///
/// As [`Redactor::evidence`].
pub fn redact(evidence: &Evidence) -> Result<Evidence, DamagedEvidence> {
    Redactor::default().evidence(evidence)
}

/// Replaces what identifies somebody: accounts, users, roles, sessions, groups, policies, organizations, networks,
/// requests, and every word of a free text that is neither AWS's nor plain language.
///
/// Models, Regions, actions, policy types, partitions and error codes stay readable, and so do the names of the
/// policies that AWS manages. It remembers every name that it replaced, so that what is redacted by one redactor can
/// be compared: the same thing has the same alias in all of it.
#[derive(Debug, Default)]
pub struct Redactor {
    aliases: Aliases,
    /// What is readable in this case though nothing in its form tells: the model and the Region that were asked for.
    readable: BTreeSet<String>,
    /// It is a trail's denials whose names are replaced.
    is_trail: bool,
}

/// What a string is, as far as its place tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// A text, an ARN, or a word of ours.
    Text,
    /// A value that a customer chose, in which plain words identify too: a condition's value.
    Chosen,
    /// A tag's value, in which numbers and dates identify as well.
    Tag,
    /// Tags, as pairs of a key and a value.
    Tags,
    /// A moment or a duration, which identifies nobody and decides.
    Time,
    /// The name or id of a thing of this kind, whatever it looks like.
    Name(&'static str),
    /// A policy's name or ARN.
    Policy,
    /// A statement's `Sid`.
    Sid,
    /// A policy document.
    Document,
    /// Where credentials come from, which may name a profile.
    Source,
    /// Ours, and the same in every file.
    Ours,
}

impl Redactor {
    /// Redacts evidence. The verdict, its causes and its requirements stay what they are.
    ///
    /// # Errors
    ///
    /// When the evidence does not hold together without what was replaced; nothing is given away then.
    pub fn evidence(&mut self, evidence: &Evidence) -> Result<Evidence, DamagedEvidence> {
        let mut readable = BTreeSet::from([evidence.request.region.to_string()]);
        let model = evidence.request.model.as_ref().map(ToString::to_string);
        readable.extend(model.filter(|model| !model.starts_with("arn:")));
        readable.extend(evidence.base_model().map(str::to_owned));
        // What AWS lists is AWS's.
        let listed = evidence.listing.seen().into_iter();
        readable.extend(listed.flat_map(|listing| listing.ids.iter().chain(&listing.callable).cloned()));
        self.readable = readable;
        // A refusal holds the id too, and comes first.
        for record in &evidence.authorizations {
            self.aliases.name("authorization", &record.question.authorization_id);
        }
        let mut redacted = Evidence::from_json(&self.json(evidence))?;
        position::follow(evidence, &mut redacted);
        Ok(redacted)
    }

    /// Returns the name behind each alias. It identifies the customer, so it must not travel with the redacted report.
    #[must_use]
    pub fn aliases(&self) -> BTreeMap<String, String> {
        self.aliases.map()
    }

    /// Redacts what was observed of many models. Which of them can be called, and why not, stays what it is.
    ///
    /// # Errors
    ///
    /// As [`Redactor::evidence`].
    pub fn survey(&mut self, survey: &Survey) -> Result<Survey, DamagedEvidence> {
        let request = &survey.request;
        let mut readable: BTreeSet<String> = request.regions.iter().map(ToString::to_string).collect();
        // They were typed to be compared with AWS's own words.
        readable.extend(request.provider.iter().chain(&request.modality).cloned());
        for region in &survey.regions {
            readable.insert(region.region.to_string());
            readable.extend(region.models.seen().into_iter().flatten().map(|model| model.listed.id.clone()));
            let profiles = region.profiles.seen().into_iter().flatten();
            let of_aws = profiles.filter(|profile| profile.kind == ProfileKind::SystemDefined);
            readable.extend(of_aws.map(|profile| profile.id.clone()));
        }
        self.readable = readable;
        Survey::from_json(&self.json(survey))
    }

    /// Redacts a message of this program as the texts inside evidence are.
    pub fn message(&mut self, text: &str) -> String {
        // What an operation can be is ours.
        self.readable = Operation::ALL.iter().map(|operation| operation.as_str().to_owned()).collect();
        // Twice: a pattern may stand in front of the name that it matches.
        self.text(text);
        self.text(text)
    }

    /// Redacts denials out of a trail, as JSON; `readable` are models, Regions and codes, which stay.
    pub fn document_of_trail(&mut self, denials: &Value, readable: BTreeSet<String>) -> Value {
        self.readable = readable;
        self.is_trail = true;
        // Twice: a name may stand in a text before the place that tells that it is one.
        self.walk(denials, Place::Text);
        let redacted = self.walk(denials, Place::Text);
        self.is_trail = false;
        redacted
    }

    fn json(&mut self, whole: &impl Serialize) -> String {
        // Strings, numbers, lists and maps with string keys alone: serialization has no case to fail in.
        let value = serde_json::to_value(whole).unwrap_or_default();
        // Twice: a name may stand in a text before the place that tells that it is one.
        self.walk(&value, Place::Text);
        self.walk(&value, Place::Text).to_string()
    }

    fn walk(&mut self, value: &Value, place: Place) -> Value {
        match value {
            Value::String(text) => Value::String(self.string(text, place)),
            Value::Array(list) if place == Place::Tags => match list.as_slice() {
                [Value::String(key), Value::String(value)] => {
                    Value::Array(vec![self.aliases.of("tag", key).into(), self.tag_value(value).into()])
                }
                list => Value::Array(list.iter().map(|item| self.walk(item, place)).collect()),
            },
            Value::Array(list) => Value::Array(list.iter().map(|item| self.walk(item, place)).collect()),
            Value::Object(object) => Value::Object(self.object(object, place)),
            other => other.clone(),
        }
    }

    fn object(&mut self, object: &Map<String, Value>, place: Place) -> Map<String, Value> {
        object
            .iter()
            .map(|(key, value)| {
                if matches!(place, Place::Chosen | Place::Tag | Place::Tags) {
                    let inner = match () {
                        () if is_tag(key) => Place::Tag,
                        () if is_time(key) => Place::Time,
                        () => place,
                    };
                    return (self.condition_key(key), self.walk(value, inner));
                }
                // An observation says nothing of what was seen: the key above it does.
                let inner = match () {
                    () if key == "seen" => place,
                    () if self.is_trail => place_in_trail(key, place),
                    () => place_of(key, object),
                };
                (key.clone(), self.walk(value, inner))
            })
            .collect()
    }

    fn string(&mut self, text: &str, place: Place) -> String {
        match place {
            Place::Ours => text.to_owned(),
            Place::Text => self.text(text),
            Place::Chosen => self.chosen(text),
            Place::Tag | Place::Tags => self.tag_value(text),
            Place::Time => self.time(text),
            Place::Name(_) | Place::Policy if text.starts_with("arn:") => self.text(text),
            Place::Name(kind) => self.aliases.name(kind, text),
            Place::Policy if ManagedPolicy::find(text).is_some() => text.to_owned(),
            Place::Policy => self.aliases.name("policy", text),
            Place::Sid => self.sid(text),
            Place::Document => self.document(text),
            Place::Source => self.source(text),
        }
    }

    /// `profile NAME` or `source (profile NAME)`.
    fn source(&mut self, text: &str) -> String {
        match text.split_once("profile ") {
            Some((before, rest)) => {
                let (name, after) = rest.split_once(')').map_or((rest, ""), |(name, _)| (name, ")"));
                let name = if name == "default" { name.to_owned() } else { self.aliases.name("profile", name) };
                format!("{}profile {name}{after}", self.text(before))
            }
            None => self.text(text),
        }
    }
}

/// Returns `true` if a condition key reads a tag, whose values a customer chose.
fn is_tag(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["tag/", "tagkeys"].into_iter().any(|part| key.contains(part))
}

/// Returns `true` if a condition key holds a moment or a duration, which identifies nobody and decides.
fn is_time(key: &str) -> bool {
    ["aws:CurrentTime", "aws:EpochTime", "aws:TokenIssueTime", "aws:MultiFactorAuthAge"]
        .iter()
        .any(|time| time.eq_ignore_ascii_case(key))
}

/// Returns `true` if the object names a policy of AWS whose name is not on the list: it may be told where it is plain words.
fn is_unknown_policy_of_aws(object: &Map<String, Value>) -> bool {
    let word = |key: &str| object.get(key).and_then(Value::as_str);
    word("source").is_some_and(|source| source.eq_ignore_ascii_case("aws-managed"))
        && word("policy").is_none_or(|policy| ManagedPolicy::find(policy).is_none())
}

/// Returns what stands under a key of a trail's denials.
fn place_in_trail(key: &str, above: Place) -> Place {
    match key {
        _ if matches!(above, Place::Document | Place::Ours) => above,
        "tool" | "schema" | "id" | "cause" | "family" | "documented_cause" | "first" | "last" | "at" | "from"
        | "form" | "operation" | "region" | "resource_region" | "policy_type" | "credential" | "error_codes"
        | "verdict" | "causes" | "event" | "over_time" | "limits" | "next" | "alternatives" => Place::Ours,
        "account" => Place::Name("account"),
        "sessions" => Place::Name("session"),
        "name" | "source" => Place::Name("file"),
        "event_id" => Place::Name("event"),
        "request_ids" => Place::Name("request"),
        "vpc_endpoint" => Place::Name("vpc-endpoint"),
        "policy_arn" => Place::Policy,
        "document" => Place::Document,
        _ => Place::Text,
    }
}

/// Returns what stands under a key. What is not told is a text, in which nothing unknown stays.
fn place_of(key: &str, object: &Map<String, Value>) -> Place {
    let word = |key: &str| object.get(key).and_then(Value::as_str);
    let holder = ["attached_to", "holder", "kind"].into_iter().find_map(word);
    match key {
        // A policy may be called like an operation, and the operation stays what it is.
        "schema" | "operation" | "live" | "service" | "sandbox" => Place::Ours,
        "account" => Place::Name("account"),
        // The names of AWS's own policies are known to everybody.
        "policy" if is_unknown_policy_of_aws(object) => Place::Text,
        "policy" | "inline" => Place::Policy,
        // A managed policy has its ARN there, and an inline one an id.
        "uri" => Place::Name("inline-policy"),
        "sid" => Place::Sid,
        "entity" | "name" => Place::Name(match holder {
            Some("user") => "user",
            Some("group") => "group",
            Some("role") => "role",
            _ => "name",
        }),
        "id" if object.contains_key("provider") && object.contains_key("status") => Place::Name("program"),
        "project" if word("project") == Some(DEFAULT_PROJECT) => Place::Ours,
        "project" => Place::Name("project"),
        "groups" => Place::Name("group"),
        "request_id" => Place::Name("request"),
        "authorization_id" => Place::Name("authorization"),
        "document" | "trust" | "with" => Place::Document,
        "context" => Place::Chosen,
        "tags" => Place::Tags,
        "source" => Place::Source,
        _ => Place::Text,
    }
}
