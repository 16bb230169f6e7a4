//! Requests on which a statement and its correction are compared.
//!
//! They are made from what both say: each action and resource with its wildcards filled in several ways, and contexts in
//! which every condition is met, in which one is not, and in which keys are absent.

use super::super::query::parts;
use super::possible;
use super::published::INVOKE;
use crate::iam::{ContextKeys, ContextValue, RequestContext};
use serde_json::Value;

/// The most values of each kind that are combined.
const ACTIONS: usize = 6;
const RESOURCES: usize = 24;
const CONTEXTS: usize = 16;

/// A caller who stands for every role and user.
const ROLE: &str = "arn:aws:iam::111122223333:role/app";

/// The requests, not yet combined.
pub(super) struct Probes {
    principals: Vec<String>,
    /// Each resource with the actions that can be authorized on it.
    targets: Vec<(String, Vec<String>)>,
    contexts: Vec<Vec<(String, String)>>,
    /// The number of strings that one request is compared with.
    strings: usize,
}

impl Probes {
    /// Collects the values of a statement and of those that are to take its place.
    pub fn new(before: &[Value], after: &[Value]) -> Self {
        let (mut actions, mut resources, mut principals) = (Vec::new(), Vec::new(), vec![ROLE.to_owned()]);
        let texts = |statements: &[Value], names: [&str; 2]| -> Vec<String> {
            let lists = statements.iter().flat_map(|statement| names.map(|name| statement.get(name)));
            lists.flatten().flat_map(one_or_many).filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let mut strings = 0;
        let mut differing_first = |names: [&str; 2]| {
            let (old, new) = (texts(before, names), texts(after, names));
            strings += old.len() + new.len();
            let (changed, kept): (Vec<String>, Vec<String>) =
                old.iter().chain(&new).cloned().partition(|text| !(old.contains(text) && new.contains(text)));
            changed.into_iter().chain(kept).collect::<Vec<String>>()
        };
        for text in differing_first(["Action", "NotAction"]) {
            for fill in ["", "bedrock:InvokeModel", "Model", "ModelWithResponseStream", "InvokeModel"] {
                let action = text.replace('*', fill).replace('?', "x");
                if possible::action(&action) {
                    push(&mut actions, action, ACTIONS);
                }
            }
        }
        for text in differing_first(["Resource", "NotResource"]) {
            for fill in [["us-east-1", "111122223333", "amazon.x"], ["eu-west-3", "444455556666", "us.amazon.x"]] {
                let resource = filled(&text, fill);
                if possible::resource(&resource) {
                    push(&mut resources, resource, RESOURCES - NEIGHBOURS.len());
                }
            }
        }
        for text in NEIGHBOURS {
            push(&mut resources, text.to_owned(), RESOURCES);
        }
        for statement in before.iter().chain(after) {
            let services = statement.get("Principal").and_then(|principal| principal.get("Service"));
            let services = services.into_iter().flat_map(one_or_many).filter_map(Value::as_str);
            for service in services.filter(|service| possible::service(service)) {
                push(&mut principals, service.to_owned(), 8);
            }
        }
        let contexts = contexts(before, after);
        for action in INVOKE {
            push(&mut actions, action.to_owned(), ACTIONS + INVOKE.len());
        }
        let targets = resources.into_iter().map(|resource| {
            let fitting = actions.iter().filter(|action| possible::pair(action, &resource)).cloned().collect();
            (resource, fitting)
        });
        Self { principals, targets: targets.collect(), contexts, strings: strings.max(1) }
    }

    /// Returns how many comparisons of strings the probes amount to.
    pub fn cost(&self) -> usize {
        let pairs: usize = self.targets.iter().map(|(_, actions)| actions.len()).sum();
        self.principals.len() * pairs * self.contexts.len() * self.strings
    }

    /// Returns `true` if a closure does so for every request.
    pub fn all(&self, mut holds: impl FnMut(&str, &RequestContext) -> bool) -> bool {
        for context in &self.contexts {
            for (resource, actions) in &self.targets {
                let mut request = RequestContext {
                    action: String::new(),
                    resource: resource.clone(),
                    context: keys(context, resource),
                };
                for action in actions {
                    request.action.clone_from(action);
                    if !self.principals.iter().all(|principal| holds(principal, &request)) {
                        return false;
                    }
                }
            }
        }
        true
    }
}

/// Resources that an edit must not reach by accident.
const NEIGHBOURS: [&str; 6] = [
    "*",
    "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0",
    "arn:aws:bedrock:ap-south-1::foundation-model/amazon.nova-pro-v1:0",
    "arn:aws:bedrock:::foundation-model/amazon.nova-pro-v1:0",
    "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.amazon.nova-pro-v1:0",
    "arn:aws:bedrock:us-east-1:444455556666:application-inference-profile/abcdefghijkl",
];

fn push(list: &mut Vec<String>, text: String, most: usize) {
    if list.len() < most && !list.contains(&text) {
        list.push(text);
    }
}

fn one_or_many(value: &Value) -> &[Value] {
    match value {
        Value::Array(values) => values,
        one => std::slice::from_ref(one),
    }
}

/// Fills the wildcards of an ARN pattern, by the part in which they are.
fn filled(text: &str, [region, account, rest]: [&str; 3]) -> String {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let fills = ["aws", "aws", "bedrock", region, account, rest];
    let parts = parts.iter().zip(fills).map(|(part, fill)| match text.contains(':') {
        true => part.replace('*', fill).replace('?', "x"),
        false => part.replace('?', "x"),
    });
    parts.collect::<Vec<_>>().join(":")
}

/// Makes the contexts: everything met, one thing not, one key absent, nothing there.
fn contexts(before: &[Value], after: &[Value]) -> Vec<Vec<(String, String)>> {
    let mut keys: Vec<(String, Vec<String>)> = Vec::new();
    for statement in before.iter().chain(after) {
        let blocks = statement.get("Condition").and_then(Value::as_object);
        for (key, values) in blocks.into_iter().flatten().filter_map(|(_, block)| block.as_object()).flatten() {
            let at = keys.iter().position(|(known, _)| known.eq_ignore_ascii_case(key));
            let at = at.unwrap_or_else(|| {
                keys.push((key.clone(), Vec::new()));
                keys.len() - 1
            });
            for value in one_or_many(values) {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let text = filled(&text, ["us-east-1", "111122223333", "x"]).replace('*', "x");
                let text = text
                    .split_once('/')
                    .filter(|(ip, _)| ip.contains(['.', ':']) && !ip.contains("arn"))
                    .map_or(text.clone(), |(ip, _)| ip.to_owned());
                if let Some((_, known)) = keys.get_mut(at)
                    && !known.contains(&text)
                {
                    known.push(text);
                }
            }
        }
    }
    keys.truncate(8);
    let met: Vec<(String, String)> =
        keys.iter().filter_map(|(key, values)| Some((key.clone(), values.first()?.clone()))).collect();
    let mut all = vec![met.clone(), Vec::new()];
    for (at, (key, values)) in keys.iter().enumerate() {
        let mut without = met.clone();
        without.retain(|(known, _)| known != key);
        all.push(without);
        for value in values.iter().skip(1).take(2).map(String::as_str).chain(["other"]) {
            let mut varied = met.clone();
            if let Some((_, known)) = varied.get_mut(at) {
                value.clone_into(known);
            }
            all.push(varied);
        }
    }
    for context in &mut all {
        context.retain(|(key, value)| possible::key(key, value));
    }
    let mut distinct: Vec<Vec<(String, String)>> = Vec::new();
    for context in all {
        if distinct.len() < CONTEXTS && !distinct.contains(&context) {
            distinct.push(context);
        }
    }
    distinct
}

/// Turns pairs into a context with the Region of the resource, unless the pairs name one.
fn keys(pairs: &[(String, String)], resource: &str) -> ContextKeys {
    let mut keys = ContextKeys::new();
    if let Some([_, _, "bedrock", region, ..]) = parts(resource) {
        keys.set("aws:RequestedRegion", if region.is_empty() { "unspecified" } else { region });
    }
    for (key, value) in pairs {
        keys.set(key, ContextValue::Single(value.clone()));
    }
    keys
}
