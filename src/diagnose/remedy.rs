//! Remedies: who does what so that the call works, with the least-privilege policy and the lines to paste.
//!
//! What a cause means in general stands in the catalogue; this file fills in this call's names. Nothing here is
//! ever run by this program.

mod command;

pub(super) use command::check_again;

use super::finding::{Change, ChangeKind, Finding, Remedy, Verified};
use super::legs::Legs;
use super::trials::Trials;
use crate::bedrock::{Marketplace, provider_of};
use crate::cause::Cause;
use crate::evidence::Evidence;
use crate::iam::{PolicyType, RequestContext};
use crate::policy::least_privilege;
use serde_json::Value;

/// Mends a policy that refuses legs of the call.
pub(super) fn of_policy(cause: Cause, evidence: &Evidence, legs: &Legs) -> Remedy {
    let requests: Vec<RequestContext> = legs.legs.iter().map(|leg| leg.request.clone()).collect();
    let policy_type = match cause {
        Cause::IdentityPolicyMissingAllow => return add_statement(evidence, legs, &requests),
        Cause::IdentityPolicyExplicitDeny => PolicyType::IdentityPolicy,
        Cause::PermissionsBoundary => PolicyType::PermissionsBoundary,
        Cause::SessionPolicy => PolicyType::SessionPolicy,
        Cause::VpcEndpointPolicy => PolicyType::VpcEndpointPolicy,
        Cause::ResourcePolicy => PolicyType::ResourcePolicy,
        Cause::ServiceControlPolicy => return exempt_from_scp(evidence, legs),
        other => return of_gate(other, evidence),
    };
    if cause == Cause::IdentityPolicyExplicitDeny || denies_explicitly(evidence, legs, policy_type) {
        return narrow_deny(evidence, legs, policy_type);
    }
    let mut remedy = allow_in(evidence, legs, policy_type, &requests);
    let boundary = legs.boundary.clone();
    if let (PolicyType::PermissionsBoundary, Some(boundary)) = (policy_type, boundary) {
        remedy.steps.push(format!("add the statements below to the permissions boundary `{boundary}`"));
        if let Some(change) = remedy.changes.first_mut() {
            change.policy = Some(boundary);
        }
    }
    remedy
}

/// Tells whether a policy of the type denies with a statement, which no allow outvotes.
fn denies_explicitly(evidence: &Evidence, legs: &Legs, policy_type: PolicyType) -> bool {
    let told = evidence.invocation.refused().and_then(|error| error.message.as_deref());
    legs.refuses_explicitly(policy_type) || told.is_some_and(|text| text.contains("with an explicit deny"))
}

/// Mends what a live answer named: a permission on an action and resource of its own, or a gate.
pub(super) fn of_live(
    cause: Cause,
    evidence: &Evidence,
    legs: &Legs,
    action: Option<&str>,
    resource: Option<&str>,
) -> Remedy {
    let is_leg =
        action.is_none_or(|action| legs.legs.iter().any(|leg| leg.request.action.eq_ignore_ascii_case(action)));
    if cause == Cause::IdentityPolicyMissingAllow && !is_leg {
        let leg = RequestContext {
            action: action.unwrap_or_default().to_owned(),
            resource: resource.unwrap_or("*").to_owned(),
            context: crate::iam::ContextKeys::new(),
        };
        return add_statement(evidence, legs, &[leg]);
    }
    of_policy(cause, evidence, legs)
}

/// Mends a gate behind IAM, the credentials, or the request itself.
pub(super) fn of_gate(cause: Cause, evidence: &Evidence) -> Remedy {
    let region = &evidence.request.region;
    let model = evidence.base_model().unwrap_or("MODEL_ID");
    let provider = provider_of(model);
    let mut remedy = Remedy::default();
    match cause {
        Cause::ModelAccessNotGranted | Cause::MarketplacePermission => {
            remedy
                .commands
                .push(format!("aws bedrock get-foundation-model-availability --model-id {model} --region {region}"));
            if Marketplace::of(provider) != Marketplace::NotSold {
                remedy.commands.push(format!(
                    "aws bedrock list-foundation-model-agreement-offers --model-id {model} --region {region}"
                ));
                remedy.commands.push(format!(
                    "aws bedrock create-foundation-model-agreement --model-id {model} --offer-token OFFER_TOKEN --region {region}"
                ));
                remedy
                    .notes
                    .push("creating the agreement accepts the model's licence (EULA) for the account".to_owned());
            }
            if cause == Cause::ModelAccessNotGranted {
                remedy.changes.push(use_of(ChangeKind::AcceptAgreement, model));
            }
        }
        Cause::UseCaseFormMissing => {
            remedy.commands.push(format!(
                "aws bedrock put-use-case-for-model-access --form-data fileb://use-case.json --region {region}"
            ));
            remedy.changes.push(use_of(ChangeKind::SubmitUseCaseForm, provider));
        }
        Cause::LegacyModel => {
            remedy.commands.push(format!(
                "aws bedrock list-foundation-models --by-provider {provider} --region {region} --query \"modelSummaries[?modelLifecycle.status=='ACTIVE'].modelId\""
            ));
            remedy.changes.push(Change { value: None, ..use_of(ChangeKind::UseModel, "") });
        }
        Cause::RegionUnavailable => {
            remedy.commands.push(format!(
                "aws bedrock list-inference-profiles --region {region} --query \"inferenceProfileSummaries[?contains(inferenceProfileId, '{model}')].inferenceProfileId\""
            ));
            remedy.changes.push(Change { value: None, ..use_of(ChangeKind::UseRegion, "") });
        }
        Cause::InferenceProfileRequired | Cause::InvalidModelId => {
            remedy.commands.push(format!(
                "aws bedrock list-inference-profiles --region {region} --query \"inferenceProfileSummaries[?contains(inferenceProfileId, '{model}')].inferenceProfileId\""
            ));
            if cause == Cause::InvalidModelId {
                remedy.commands.push(format!(
                    "aws bedrock list-foundation-models --region {region} --query \"modelSummaries[].modelId\""
                ));
            }
            remedy.changes.push(Change { value: None, ..use_of(ChangeKind::UseModel, "") });
        }
        Cause::CredentialsExpired | Cause::CredentialsInvalid | Cause::CredentialsMissing => {
            remedy.commands.push("aws sts get-caller-identity".to_owned());
            remedy.changes.push(Change { value: None, ..use_of(ChangeKind::RenewCredentials, "") });
        }
        Cause::NetworkUnreachable => {
            remedy.notes.push(format!("is `{region}` the right Region? a Region without Bedrock has no endpoint"));
        }
        _ => {}
    }
    remedy.commands.push(command::check_again(evidence));
    remedy
}

/// Notes on the remedies what their trial in simulation proved, and never more.
///
/// A change is verified by itself only where it is the only one: of several, none is enough alone.
pub(super) fn verify(findings: &mut [Finding], trials: &Trials) {
    let Some(trial) = trials.successful() else { return };
    if let [only] = findings {
        only.remedy.verified =
            Some(if trial.without.is_empty() { Verified::Allowed } else { Verified::AllowedWithout });
        return;
    }
    for finding in findings {
        finding.remedy.notes.push(
            "this change alone is not enough; with the changes of all the causes found, the policy simulator allows every leg"
                .to_owned(),
        );
    }
}

fn add_statement(evidence: &Evidence, legs: &Legs, requests: &[RequestContext]) -> Remedy {
    let mut remedy = allow_in(evidence, legs, PolicyType::IdentityPolicy, requests);
    if let Some(principal) = &legs.principal {
        let (step, line) = command::attach(principal, evidence);
        remedy.steps.push(step);
        remedy.commands.insert(0, line);
    }
    remedy
}

fn allow_in(evidence: &Evidence, legs: &Legs, policy_type: PolicyType, requests: &[RequestContext]) -> Remedy {
    let policy = least_privilege(requests);
    let change = Change {
        kind: ChangeKind::AddStatement,
        policy_type: Some(policy_type),
        policy: None,
        document: Some(policy.clone()),
        value: None,
    };
    let notes = legs.unlisted.iter().map(|why| format!("the policy may not be all that is needed: {why}")).collect();
    Remedy {
        policy: Some(policy),
        commands: vec![command::check_again(evidence)],
        notes,
        changes: vec![change],
        ..Remedy::default()
    }
}

fn narrow_deny(evidence: &Evidence, legs: &Legs, policy_type: PolicyType) -> Remedy {
    let mut denying: Vec<(&str, bool)> = Vec::new();
    for statement in legs.deniers(policy_type) {
        let of_aws = statement.source.as_deref() == Some("aws-managed");
        if let Some(policy) = statement.policy.as_deref()
            && !denying.contains(&(policy, of_aws))
        {
            denying.push((policy, of_aws));
        }
    }
    let mut steps: Vec<String> = denying
        .iter()
        .map(|(policy, of_aws)| match of_aws {
            true if policy.starts_with("AWSCompromisedKeyQuarantine") => format!(
                "AWS attached `{policy}` because an access key leaked: delete that key and look at what it did, then detach the policy"
            ),
            true => format!("detach the AWS managed policy `{policy}`, whose statements nobody can change"),
            false => format!("remove or narrow the denying statement in the policy `{policy}`"),
        })
        .collect();
    if steps.is_empty() {
        steps.push(format!("find the {policy_type} with the denying statement, and remove or narrow it"));
    }
    steps.push("an explicit deny wins over every allow: adding a permission does not help".to_owned());
    let policies = if denying.is_empty() {
        let boundary = legs.boundary.clone();
        vec![boundary.filter(|_| policy_type == PolicyType::PermissionsBoundary)]
    } else {
        denying.iter().map(|(policy, _)| Some((*policy).to_owned())).collect()
    };
    let changes = policies
        .into_iter()
        .map(|policy| Change {
            kind: ChangeKind::RemoveStatement,
            policy_type: Some(policy_type),
            policy,
            document: None,
            value: None,
        })
        .collect();
    Remedy { commands: vec![command::check_again(evidence)], steps, changes, ..Remedy::default() }
}

/// Mends a service control policy, whose text the simulator hides: what it may look at is said with an "if".
fn exempt_from_scp(evidence: &Evidence, legs: &Legs) -> Remedy {
    let refused: Vec<&RequestContext> = legs
        .legs
        .iter()
        .filter(|leg| leg.policy_type == Some(PolicyType::ServiceControlPolicy))
        .map(|leg| &leg.request)
        .collect();
    let mut regions: Vec<&str> = Vec::new();
    for region in refused.iter().filter_map(|request| request.requested_region()) {
        if !regions.contains(&region) {
            regions.push(region);
        }
    }
    let mut steps = Vec::new();
    if !denies_explicitly(evidence, legs, PolicyType::ServiceControlPolicy) {
        steps.push(
            "allow the action at every level of the organization above the account: one level does not".to_owned(),
        );
    }
    if !regions.is_empty() {
        let regions = regions.iter().map(|region| format!("`{region}`")).collect::<Vec<_>>().join(", ");
        steps.push(format!(
            "if the policy restricts Regions, add {regions} to those it allows: that is the `aws:RequestedRegion` of the refused resources"
        ));
    }
    // The key is absent where the profile itself is evaluated, and a negated operator matches what is absent.
    let profile = refused
        .iter()
        .map(|request| request.context.get("bedrock:InferenceProfileArn").and_then(|value| value.as_single()))
        .collect::<Option<Vec<&str>>>()
        .and_then(|profiles| profiles.first().copied());
    if let Some(profile) = profile {
        steps.push(format!(
            "or exempt calls through the profile with `ArnNotLike` on `bedrock:InferenceProfileArn` = `{profile}`"
        ));
    }
    steps.push("where AWS Control Tower manages the policy, change it there and not by hand".to_owned());
    let change = Change {
        kind: ChangeKind::Exempt,
        policy_type: Some(PolicyType::ServiceControlPolicy),
        policy: legs.deniers(PolicyType::ServiceControlPolicy).find_map(|statement| statement.policy.clone()),
        document: None,
        value: (!regions.is_empty()).then(|| regions.join(",")),
    };
    Remedy { commands: vec![command::check_again(evidence)], steps, changes: vec![change], ..Remedy::default() }
}

fn use_of(kind: ChangeKind, value: &str) -> Change {
    Change { kind, policy_type: None, policy: None, document: None::<Value>, value: Some(value.to_owned()) }
}
