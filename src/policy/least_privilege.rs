//! The policy that allows given requests and nothing else.

use super::edit;
use crate::iam::{ContextValue, RequestContext};
use serde_json::{Map, Value, json};

/// Condition keys that narrow an allow to how the call is made, where a request carries them.
const NARROWING_KEYS: [(&str, &str); 5] = [
    ("bedrock:InferenceProfileArn", "StringEquals"),
    ("bedrock-mantle:Model", "StringEquals"),
    ("aws:CalledViaLast", "StringEquals"),
    ("iam:PassedToService", "StringEquals"),
    ("kms:ViaService", "StringEquals"),
];

/// Writes the policy that allows every one of the requests, and for models behind an inference profile only calls
/// through that profile.
///
/// One statement for each combination of actions and conditions, in the order in which the requests come. The result
/// is a policy document of version 2012-10-17; for no request it has no statement.
///
/// ```
/// # use bedrock_access::iam::{ContextKeys, RequestContext};
/// # use bedrock_access::policy::least_privilege;
/// let request = RequestContext {
///     action: "bedrock:InvokeModel".to_owned(),
///     resource: "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0".to_owned(),
///     context: ContextKeys::new(),
/// };
/// let policy = least_privilege(&[request]);
/// assert_eq!(policy["Statement"][0]["Action"], "bedrock:InvokeModel");
/// ```
#[must_use]
pub fn least_privilege(requests: &[RequestContext]) -> Value {
    let grants: Vec<Grant> = requests.iter().cloned().map(Grant::new).collect();
    least_privilege_under(&grants)
}

/// A request that is to be allowed.
#[derive(Clone, Debug, PartialEq)]
pub struct Grant {
    /// The request.
    pub request: RequestContext,
    /// The `Condition` block under which it is to be allowed, beside what narrows it to how the call is made.
    pub under: Map<String, Value>,
}

impl Grant {
    /// Allows a request without any condition but how the call is made.
    #[must_use]
    pub fn new(request: RequestContext) -> Self {
        Self { request, under: Map::new() }
    }
}

/// Writes the policy that [`least_privilege`] writes, with further conditions on what is allowed.
#[must_use]
pub fn least_privilege_under(grants: &[Grant]) -> Value {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for grant in grants {
        let (action, resource) = (&grant.request.action, grant.request.resource.as_str());
        let conditions = conditions(grant);
        match groups.iter_mut().find(|group| group.action == action && group.conditions == conditions) {
            Some(group) if group.resources.contains(&resource) => {}
            Some(group) => group.resources.push(resource),
            None => groups.push(Group { action, conditions, resources: vec![resource] }),
        }
    }
    // Two actions on the same resources under the same conditions are one statement.
    let mut statements: Vec<(Vec<&str>, Group<'_>)> = Vec::new();
    for group in groups {
        let twin = statements
            .iter_mut()
            .find(|(_, known)| known.conditions == group.conditions && known.resources == group.resources);
        match twin {
            Some((actions, _)) => actions.push(group.action),
            None => statements.push((vec![group.action], group)),
        }
    }
    let statements: Vec<Value> = statements.iter().map(|(actions, group)| statement(actions, group)).collect();
    json!({"Version": "2012-10-17", "Statement": statements})
}

struct Group<'r> {
    action: &'r str,
    conditions: Map<String, Value>,
    resources: Vec<&'r str>,
}

/// Returns the conditions of a grant: those that it is to keep, and those that narrow it to how the call is made.
fn conditions(grant: &Grant) -> Map<String, Value> {
    let mut block = grant.under.clone();
    for (key, operator) in NARROWING_KEYS {
        let Some(value) = grant.request.context.get(key).and_then(ContextValue::as_single) else { continue };
        if let Some(keys) = edit::entry(&mut block, operator).as_object_mut() {
            // What the call carries is one of the values that are kept, and narrower.
            keys.retain(|known, _| !known.eq_ignore_ascii_case(key));
            keys.insert(key.to_owned(), json!(value));
        }
    }
    block
}

fn statement(actions: &[&str], group: &Group<'_>) -> Value {
    let mut statement = Map::new();
    statement.insert("Effect".to_owned(), json!("Allow"));
    statement.insert("Action".to_owned(), one_or_many(actions));
    statement.insert("Resource".to_owned(), one_or_many(&group.resources));
    if !group.conditions.is_empty() {
        statement.insert("Condition".to_owned(), Value::Object(group.conditions.clone()));
    }
    Value::Object(statement)
}

fn one_or_many(values: &[&str]) -> Value {
    match values {
        [only] => json!(only),
        many => json!(many),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::ContextKeys;

    fn request(action: &str, resource: &str, profile: Option<&str>) -> RequestContext {
        let mut context = ContextKeys::new().with("aws:RequestedRegion", "us-east-1");
        if let Some(profile) = profile {
            context.set("bedrock:InferenceProfileArn", profile);
        }
        RequestContext { action: action.to_owned(), resource: resource.to_owned(), context }
    }

    #[test]
    fn models_behind_a_profile_are_allowed_through_it_only() {
        let policy = least_privilege(&[
            request("bedrock:InvokeModel", "profile", None),
            request("bedrock:InvokeModel", "model-1", Some("profile")),
            request("bedrock:InvokeModel", "model-2", Some("profile")),
            request("bedrock:InvokeModel", "model-2", Some("profile")),
        ]);
        assert_eq!(
            policy,
            json!({"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": "bedrock:InvokeModel", "Resource": "profile"},
                {"Effect": "Allow", "Action": "bedrock:InvokeModel", "Resource": ["model-1", "model-2"],
                 "Condition": {"StringEquals": {"bedrock:InferenceProfileArn": "profile"}}},
            ]})
        );
    }

    #[test]
    fn actions_on_the_same_resources_share_a_statement() {
        let policy = least_privilege(&[
            request("bedrock:InvokeModel", "model", None),
            request("bedrock:InvokeModelWithResponseStream", "model", None),
        ]);
        assert_eq!(policy["Statement"].as_array().unwrap().len(), 1);
        assert_eq!(
            policy["Statement"][0]["Action"],
            json!(["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"])
        );
    }
}
