//! Remedies for service control policies, whose text no member account can read: what they may look at is said with
//! an "if", and what the refused requests carry is handed over as data.

use super::super::finding::{Change, ChangeKind, Remedy};
use super::super::requirements::Requirements;
use super::{command, denies_explicitly, told_policy};
use crate::evidence::Evidence;
use crate::iam::{PolicyType, RequestContext};
use serde_json::{Map, Value, json};

/// The condition keys by which a denying statement can let the refused requests through.
const EXEMPTING: [&str; 3] = ["aws:RequestedRegion", "bedrock:InferenceProfileArn", "aws:PrincipalArn"];

/// What a refusal by such a policy tells of the account.
const MEMBERS: &str = "the account is a member of the organization: its management account, whose credentials these lines need, is not restricted";

/// Exempts the refused requests, or allows them at every level where no statement denies.
pub(super) fn exempt(evidence: &Evidence, requirements: &Requirements) -> Remedy {
    let refused: Vec<&RequestContext> = requirements.refused_by(PolicyType::ServiceControlPolicy).collect();
    let carried = |key: &str| -> Vec<&str> {
        let mut values: Vec<&str> = Vec::new();
        for value in refused.iter().filter_map(|request| request.context.get(key)?.as_single()) {
            if !values.contains(&value) {
                values.push(value);
            }
        }
        values
    };
    if !denies_explicitly(evidence, requirements, PolicyType::ServiceControlPolicy) {
        return allow(evidence, &refused);
    }
    let policy = told_policy(evidence);
    let mut steps = Vec::new();
    if let Some(policy) = &policy {
        steps.push(format!("the policy that denies is `{policy}`"));
    }
    let regions = carried("aws:RequestedRegion");
    if !regions.is_empty() {
        let regions = regions.iter().map(|region| format!("`{region}`")).collect::<Vec<_>>().join(", ");
        steps.push(format!(
            "if the policy restricts Regions, add {regions} to those it allows: that is the `aws:RequestedRegion` of the refused resources"
        ));
    }
    // The key is absent where the profile itself is evaluated, and a negated operator matches what is absent.
    let through_profile = refused.iter().all(|request| request.context.get("bedrock:InferenceProfileArn").is_some());
    if let ([profile], true) = (carried("bedrock:InferenceProfileArn").as_slice(), through_profile) {
        steps.push(format!(
            "or exempt calls through the profile with `ArnNotLike` on `bedrock:InferenceProfileArn` = `{profile}`"
        ));
    }
    if let [principal] = carried("aws:PrincipalArn").as_slice() {
        steps.push(format!("or exempt the principal with `ArnNotLike` on `aws:PrincipalArn` = `{principal}`"));
    }
    steps.push("where AWS Control Tower manages the policy, change it there and not by hand".to_owned());
    let values: Map<String, Value> = EXEMPTING
        .iter()
        .filter(|key| !carried(key).is_empty())
        .map(|key| ((*key).to_owned(), json!(carried(key))))
        .collect();
    let change = Change {
        policy_type: Some(PolicyType::ServiceControlPolicy),
        policy: policy.clone(),
        document: Some(Value::Object(values)),
        value: (!regions.is_empty()).then(|| regions.join(",")),
        ..Change::new(ChangeKind::Exempt)
    };
    Remedy {
        commands: command::service_control_policy(evidence, policy.as_deref()),
        console: command::console_of_service_control_policies(evidence),
        steps,
        notes: vec![MEMBERS.to_owned()],
        changes: vec![change],
        ..Remedy::default()
    }
}

/// Lets the actions through at the levels that do not allow them. Every level has to, and the policies there grant
/// nothing: what a principal may do of it, its own policies say (Organizations User Guide, "SCP evaluation").
fn allow(evidence: &Evidence, refused: &[&RequestContext]) -> Remedy {
    let mut actions: Vec<&str> = Vec::new();
    for request in refused {
        if !actions.contains(&request.action.as_str()) {
            actions.push(&request.action);
        }
    }
    let statement = json!({"Effect": "Allow", "Action": actions, "Resource": "*"});
    let policy = json!({"Version": "2012-10-17", "Statement": [statement]});
    let change = Change {
        policy_type: Some(PolicyType::ServiceControlPolicy),
        document: Some(policy.clone()),
        ..Change::new(ChangeKind::AddStatement)
    };
    Remedy {
        policy: Some(policy),
        commands: command::service_control_policy(evidence, None),
        console: command::console_of_service_control_policies(evidence),
        notes: vec![MEMBERS.to_owned()],
        steps: vec![
            "allow the action at every level of the organization above the account, and at the account itself: one level does not"
                .to_owned(),
        ],
        changes: vec![change],
        ..Remedy::default()
    }
}
