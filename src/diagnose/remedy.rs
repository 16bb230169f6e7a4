//! Remedies: who does what so that the call works, with the least-privilege policy and the lines to paste.
//!
//! What a cause means in general stands in the catalogue; this file fills in this call's names. Nothing here is
//! ever run by this program.

use super::finding::{Change, ChangeKind, Finding, Remedy, Verified};
use super::legs::Legs;
use super::trials::Trials;
use crate::bedrock::{Marketplace, Operation, provider_of};
use crate::cause::Cause;
use crate::evidence::Evidence;
use crate::iam::{Arn, PolicyType, RequestContext};
use crate::policy::least_privilege;
use crate::request::LiveCall;
use serde_json::Value;

/// Mends a policy that refuses legs of the call.
pub(super) fn of_policy(cause: Cause, evidence: &Evidence, legs: &Legs) -> Remedy {
    let requests: Vec<RequestContext> = legs.legs.iter().map(|leg| leg.request.clone()).collect();
    match cause {
        Cause::IdentityPolicyMissingAllow => add_statement(evidence, legs.principal.as_ref(), &requests),
        Cause::IdentityPolicyExplicitDeny => narrow_deny(evidence, legs, PolicyType::IdentityPolicy),
        Cause::PermissionsBoundary => {
            let boundary = evidence.principal.seen().and_then(|source| source.boundary.clone());
            let mut remedy = allow_in(evidence, PolicyType::PermissionsBoundary, &requests);
            if let Some(change) = remedy.changes.first_mut() {
                change.policy.clone_from(&boundary);
            }
            if let Some(boundary) = boundary {
                remedy.steps.push(format!("add the statements below to the permissions boundary `{boundary}`"));
            }
            remedy
        }
        Cause::ServiceControlPolicy => exempt_from_scp(evidence, legs),
        Cause::SessionPolicy => allow_in(evidence, PolicyType::SessionPolicy, &requests),
        Cause::VpcEndpointPolicy => allow_in(evidence, PolicyType::VpcEndpointPolicy, &requests),
        Cause::ResourcePolicy => allow_in(evidence, PolicyType::ResourcePolicy, &requests),
        other => of_gate(other, evidence),
    }
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
        return add_statement(evidence, legs.principal.as_ref(), &[leg]);
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
    remedy.commands.push(check_again(evidence));
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

fn add_statement(evidence: &Evidence, principal: Option<&Arn>, requests: &[RequestContext]) -> Remedy {
    let mut remedy = allow_in(evidence, PolicyType::IdentityPolicy, requests);
    if let Some(principal) = principal {
        let (step, command) = attach(principal);
        remedy.steps.push(step);
        remedy.commands.insert(0, command);
    }
    remedy
}

/// Says how a policy is attached to a principal, and the line that does it.
fn attach(principal: &Arn) -> (String, String) {
    let name = principal.resource_id().rsplit('/').next().unwrap_or_default();
    if let Some(permission_set) = name.strip_prefix("AWSReservedSSO_") {
        let permission_set = permission_set.rsplit_once('_').map_or(permission_set, |(name, _)| name);
        return (
            format!("the role belongs to IAM Identity Center: add the policy to the permission set `{permission_set}`, not to the role"),
            "aws sso-admin put-inline-policy-to-permission-set --instance-arn INSTANCE_ARN --permission-set-arn PERMISSION_SET_ARN --inline-policy file://policy.json".to_owned(),
        );
    }
    let kind = if principal.resource_type() == "user" { "user" } else { "role" };
    (
        format!("save the policy as `policy.json` and attach it to the {kind} `{name}`"),
        format!(
            "aws iam put-{kind}-policy --{kind}-name {name} --policy-name AllowBedrockInvocation --policy-document file://policy.json"
        ),
    )
}

fn allow_in(evidence: &Evidence, policy_type: PolicyType, requests: &[RequestContext]) -> Remedy {
    let policy = least_privilege(requests);
    let change = Change {
        kind: ChangeKind::AddStatement,
        policy_type: Some(policy_type),
        policy: None,
        document: Some(policy.clone()),
        value: None,
    };
    Remedy {
        policy: Some(policy),
        commands: vec![check_again(evidence)],
        steps: Vec::new(),
        notes: Vec::new(),
        verified: None,
        changes: vec![change],
    }
}

fn narrow_deny(evidence: &Evidence, legs: &Legs, policy_type: PolicyType) -> Remedy {
    let mut policies: Vec<&str> = Vec::new();
    for policy in legs.deniers(policy_type).filter_map(|statement| statement.policy.as_deref()) {
        if !policies.contains(&policy) {
            policies.push(policy);
        }
    }
    let change = |policy: Option<&str>| Change {
        kind: ChangeKind::RemoveStatement,
        policy_type: Some(policy_type),
        policy: policy.map(str::to_owned),
        document: None,
        value: None,
    };
    let changes =
        if policies.is_empty() { vec![change(None)] } else { policies.iter().map(|name| change(Some(name))).collect() };
    let mut steps: Vec<String> =
        policies.iter().map(|name| format!("remove or narrow the denying statement in the policy `{name}`")).collect();
    if steps.is_empty() {
        steps.push("find the policy with the denying statement, and remove or narrow it".to_owned());
    }
    steps.push("an explicit deny wins over every allow: adding a permission does not help".to_owned());
    Remedy { policy: None, commands: vec![check_again(evidence)], steps, notes: Vec::new(), verified: None, changes }
}

fn exempt_from_scp(evidence: &Evidence, legs: &Legs) -> Remedy {
    let mut regions: Vec<&str> = Vec::new();
    let refused = legs.legs.iter().filter(|leg| leg.policy_type == Some(PolicyType::ServiceControlPolicy));
    for region in refused.filter_map(|leg| leg.request.requested_region()) {
        if !regions.contains(&region) {
            regions.push(region);
        }
    }
    let profile = legs
        .legs
        .iter()
        .find_map(|leg| leg.request.context.get("bedrock:InferenceProfileArn").and_then(|value| value.as_single()));
    let mut steps = Vec::new();
    if !regions.is_empty() {
        steps.push(format!(
            "the refused legs are evaluated with `aws:RequestedRegion` = {}: add it to the Regions that the policy allows",
            regions.iter().map(|region| format!("`{region}`")).collect::<Vec<_>>().join(", ")
        ));
    }
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
    Remedy {
        policy: None,
        commands: vec![check_again(evidence)],
        steps,
        notes: Vec::new(),
        verified: None,
        changes: vec![change],
    }
}

fn use_of(kind: ChangeKind, value: &str) -> Change {
    Change { kind, policy_type: None, policy: None, document: None::<Value>, value: Some(value.to_owned()) }
}

/// Returns the line that asks the same question again after the fix.
fn check_again(evidence: &Evidence) -> String {
    let request = &evidence.request;
    let mut line = format!("bedrock-access doctor --model {} --region {}", request.model, request.region);
    if request.operation != Operation::default() {
        line.push_str(&format!(" --operation {}", request.operation));
    }
    if let Some(principal) = &request.principal {
        line.push_str(&format!(" --principal {principal}"));
    }
    match request.live {
        LiveCall::None => {}
        LiveCall::Probe => line.push_str(" --probe"),
        LiveCall::Invoke => line.push_str(" --invoke"),
    }
    line
}
