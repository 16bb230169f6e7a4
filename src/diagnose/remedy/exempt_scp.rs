//! Remedies for service control policies, whose text no member account can read: what they may look at is said with
//! an "if", and what the refused requests carry is handed over as data.

use super::{command, denies_explicitly};
use crate::diagnose::case::Case;
use crate::diagnose::change::{Change, ChangeKind, Note, Remedy, Step};
use crate::diagnose::evaluate::Requirements;
use crate::evidence::Evidence;
use crate::iam::{PolicyType, RequestContext};
use serde_json::{Map, Value, json};

/// The condition keys by which a denying statement can let the refused requests through.
const EXEMPTING: [&str; 3] = ["aws:RequestedRegion", "bedrock:InferenceProfileArn", "aws:PrincipalArn"];

/// Exempts the refused requests, or allows them at every level where no statement denies.
pub(super) fn exempt(case: &Case<'_>, requirements: &Requirements) -> Remedy {
    let evidence = case.evidence;
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
    if !denies_explicitly(case, requirements, PolicyType::ServiceControlPolicy) {
        return allow(evidence, &refused);
    }
    let policy = case.told_policy().map(str::to_owned);
    let mut steps: Vec<Step> = policy.iter().cloned().map(Step::DenyingPolicy).collect();
    let regions: Vec<String> = carried("aws:RequestedRegion").into_iter().map(str::to_owned).collect();
    if !regions.is_empty() {
        steps.push(Step::AllowRegions(regions.clone()));
    }
    // The key is absent where the profile itself is evaluated, and a negated operator matches what is absent.
    let through_profile = refused.iter().all(|request| request.context.get("bedrock:InferenceProfileArn").is_some());
    if let ([profile], true) = (carried("bedrock:InferenceProfileArn").as_slice(), through_profile) {
        steps.push(Step::ExemptProfile((*profile).to_owned()));
    }
    if let [principal] = carried("aws:PrincipalArn").as_slice() {
        steps.push(Step::ExemptPrincipal((*principal).to_owned()));
    }
    steps.push(Step::ControlTower);
    let keys: Map<String, Value> = EXEMPTING
        .iter()
        .filter(|key| !carried(key).is_empty())
        .map(|key| ((*key).to_owned(), json!(carried(key))))
        .collect();
    let change = Change {
        policy: policy.clone(),
        ..Change::of_policy(ChangeKind::ExemptUnread { keys, regions }, PolicyType::ServiceControlPolicy)
    };
    Remedy {
        commands: command::service_control_policy(evidence, policy.as_deref()),
        console: command::console_of_service_control_policies(evidence),
        steps,
        notes: vec![Note::MemberAccount],
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
    let kind = ChangeKind::AddStatement { statements: policy.clone() };
    let change = Change::of_policy(kind, PolicyType::ServiceControlPolicy);
    Remedy {
        policy: Some(policy),
        commands: command::service_control_policy(evidence, None),
        console: command::console_of_service_control_policies(evidence),
        notes: vec![Note::MemberAccount],
        steps: vec![Step::AllowAtEveryLevel],
        changes: vec![change],
        ..Remedy::default()
    }
}
