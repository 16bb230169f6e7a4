//! Asks the policy engine whether the policy of a session explains a refusal.

use crate::iam::{ContextKeys, Decision, RequestContext};
use crate::policy::{Document, Policies, Policy, Question, decide};
use crate::trail::{Denials, Group};
use serde_json::json;

/// Says of every group with a session's policy whether that policy refuses the call.
pub fn judge(denials: &mut Denials) {
    for group in &mut denials.groups {
        let explains = explains(group);
        if let Some(policy) = &mut group.session_policy {
            policy.explains = explains;
        }
    }
}

/// Decides the refused request with a principal that is allowed everything, so that only the session's policy can refuse.
///
/// What the event does not tell of the request's context leaves the answer open where a condition asks for it.
fn explains(group: &Group) -> Option<bool> {
    let policy = group.session_policy.as_ref()?;
    if !policy.policy_arns.is_empty() {
        // What the managed policies allow is not in the event.
        return None;
    }
    let session = Document::parse(&policy.document.to_string()).ok()?;
    let everything = json!({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}).to_string();
    let everything = Document::parse(&everything).ok()?;
    let mut context = ContextKeys::new();
    if let Some(region) = &group.region {
        context.set("aws:RequestedRegion", region.as_str());
    }
    let request = RequestContext { action: group.action.clone()?, resource: group.resource.clone()?, context };
    let policies = Policies {
        identity: vec![Policy::unnamed(everything)],
        session: Some(vec![Policy::new("session policy", session)]),
        ..Policies::default()
    };
    // Every key that conditions ask for and the event does not hold is unknown.
    let unknown: Vec<String> = conditions(&policy.document);
    let unknown: Vec<String> =
        unknown.into_iter().filter(|key| !key.eq_ignore_ascii_case("aws:RequestedRegion")).collect();
    let question = Question { principal: group.principal.as_deref()?, request: &request, unknown: &unknown };
    match decide(&question, &policies).decision {
        Decision::Allowed => Some(false),
        Decision::ExplicitDeny | Decision::ImplicitDeny => Some(true),
        Decision::Undetermined => None,
    }
}

/// Lists the condition keys of a policy.
fn conditions(document: &serde_json::Value) -> Vec<String> {
    let statements = match &document["Statement"] {
        serde_json::Value::Array(list) => list.iter().collect(),
        one => vec![one],
    };
    let blocks = statements.into_iter().filter_map(|statement| statement["Condition"].as_object());
    let operators = blocks.flat_map(|block| block.values()).filter_map(serde_json::Value::as_object);
    operators.flat_map(|keys| keys.keys().cloned()).collect()
}
