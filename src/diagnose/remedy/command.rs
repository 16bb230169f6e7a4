//! Lines to paste: how a policy is attached, and how the same question is asked again.

use crate::bedrock::{Given, Operation};
use crate::diagnose::change::Step;
use crate::escape::is_unsafe;
use crate::evidence::{ChosenBy, Evidence};
use crate::iam::Arn;
use crate::policy::Grant;
use crate::request::{LiveCall, Request};

/// How a policy is attached.
pub(super) struct Attach {
    pub(super) steps: Vec<Step>,
    pub(super) lines: Vec<String>,
    /// The name of the policy that is made, where it is one.
    pub(super) policy: Option<String>,
}

/// Says how a policy is attached to a principal, and the line that does it.
pub(super) fn attach(principal: &Arn, evidence: &Evidence, grants: &[Grant]) -> Attach {
    let name = name_of(principal);
    if let Some(permission_set) = name.strip_prefix("AWSReservedSSO_") {
        let permission_set = permission_set.rsplit_once('_').map_or(permission_set, |(name, _)| name);
        let account = account(evidence);
        let set = "--instance-arn INSTANCE_ARN --permission-set-arn PERMISSION_SET_ARN";
        return Attach {
            steps: vec![
                Step::AddToPermissionSet(permission_set.to_owned()),
                Step::MergePermissionSet,
                Step::ProvisionPermissionSet,
            ],
            lines: vec![
                format!("aws sso-admin get-inline-policy-for-permission-set {set}"),
                format!("aws sso-admin put-inline-policy-to-permission-set {set} --inline-policy file://policy.json"),
                // Other accounts that the set is assigned to have no part in this call.
                format!("aws sso-admin provision-permission-set {set} --target-type AWS_ACCOUNT --target-id {account}"),
            ],
            policy: None,
        };
    }
    // The name tells what is granted, so that the next fix does not replace this one; `:` and `/` are not allowed in it.
    let target = evidence.request.target().unwrap_or_default();
    let target = target.rsplit('/').next().unwrap_or_default();
    let region = &evidence.request.region;
    let first = grants.first().and_then(|grant| grant.request.action.split_once(':')).map(|(_, name)| name);
    let grants = match (evidence.request.operation.model().given, first) {
        (Given::Always, Some(action)) => format!("Allow{action}"),
        _ => format!("Allow-{}", evidence.request.operation),
    };
    let policy = match target.replace(':', "-") {
        target if target.is_empty() => format!("{grants}-{region}"),
        target => format!("{grants}-{region}-{target}"),
    };
    let policy = unused(policy, &named(principal), evidence);
    let kind = kind_of(principal);
    Attach {
        steps: vec![Step::Attach { kind, name: name.to_owned() }],
        lines: vec![format!(
            "aws iam put-{kind}-policy --{kind}-name {} --policy-name {} --policy-document file://policy.json",
            quoted(name),
            quoted(&policy)
        )],
        policy: Some(policy),
    }
}

/// Returns a name that no inline policy of the principal has, as far as they were listed: a policy that is put under the name
/// of another takes its place.
fn unused(name: String, holder: &str, evidence: &Evidence) -> String {
    let holders = evidence.policies.holders.iter();
    let own = holders.filter(|known| format!("{}/{}", known.kind.as_str(), known.name) == holder);
    let taken: Vec<&String> = own.filter_map(|known| known.inline.seen()).flatten().collect();
    let name: String = name.chars().take(128).collect();
    let numbered = (2..).map(|number| format!("{}-{number}", name.chars().take(120).collect::<String>()));
    let mut names = std::iter::once(name.clone()).chain(numbered);
    names.find(|name| !taken.contains(&name)).unwrap_or_default()
}

fn name_of(principal: &Arn) -> &str {
    principal.resource_id().rsplit('/').next().unwrap_or_default()
}

fn kind_of(principal: &Arn) -> &'static str {
    if principal.resource_type() == "user" { "user" } else { "role" }
}

/// Names a principal as `role/NAME` or `user/NAME`, without its path.
pub(super) fn named(principal: &Arn) -> String {
    format!("{}/{}", kind_of(principal), name_of(principal))
}

/// Returns the line that takes a managed policy off a user, group or role.
pub(super) fn detach((kind, name): (&str, &str), arn: &str) -> Option<String> {
    Some(format!("aws iam detach-{kind}-policy --{kind}-name {} --policy-arn {}", quoted(name), quoted(arn)))
}

/// Returns the line that takes a policy away: deletes an inline one, detaches a managed one.
pub(super) fn take_away(holder: Option<(&str, &str)>, policy: &str) -> Option<String> {
    let (kind, name) = holder?;
    if policy.starts_with("arn:") {
        return detach((kind, name), policy);
    }
    Some(format!("aws iam delete-{kind}-policy --{kind}-name {} --policy-name {}", quoted(name), quoted(policy)))
}

/// Returns the line that puts a changed document in a policy's place.
pub(super) fn replace(holder: Option<(&str, &str)>, policy: &str) -> Option<String> {
    let file = format!("{}.json", policy.rsplit('/').next().unwrap_or(policy));
    if policy.starts_with("arn:") {
        return Some(new_version(policy, &file));
    }
    let (kind, name) = holder?;
    Some(format!(
        "aws iam put-{kind}-policy --{kind}-name {} --policy-name {} --policy-document {}",
        quoted(name),
        quoted(policy),
        quoted(&format!("file://{file}"))
    ))
}

/// Returns the line that puts a new version of a managed policy in force.
pub(super) fn new_version(arn: &str, file: &str) -> String {
    format!(
        "aws iam create-policy-version --policy-arn {} --policy-document {} --set-as-default",
        quoted(arn),
        quoted(&format!("file://{file}"))
    )
}

/// Returns the line that puts a role's trust policy in the place of the one it has.
pub(super) fn replace_trust(role: &str) -> String {
    format!("aws iam update-assume-role-policy --role-name {} --policy-document file://trust.json", quoted(role))
}

/// Returns the lines that show a user's access keys and deactivate one.
pub(super) fn replace_keys(user: &str) -> [String; 2] {
    let user = quoted(user);
    [
        format!("aws iam list-access-keys --user-name {user}"),
        format!("aws iam update-access-key --user-name {user} --access-key-id ACCESS_KEY_ID --status Inactive"),
    ]
}

/// Returns the account that is diagnosed, or a word for it where it is not known.
fn account(evidence: &Evidence) -> String {
    evidence.account().unwrap_or_else(|| "ACCOUNT_ID".to_owned())
}

/// Returns the lines that find and replace a service control policy, and the one that checks it; they are for the
/// organization's management account.
pub(super) fn service_control_policy(evidence: &Evidence, policy: Option<&str>) -> Vec<String> {
    let id = policy.and_then(|arn| arn.rsplit('/').next());
    let mut lines = Vec::new();
    if id.is_none() {
        let account = account(evidence);
        lines.push(format!(
            "aws organizations list-policies-for-target --target-id {account} --filter SERVICE_CONTROL_POLICY"
        ));
    }
    let id = quoted(id.unwrap_or("POLICY_ID"));
    lines.push(format!(
        "aws organizations describe-policy --policy-id {id} --query Policy.Content --output text > scp.json"
    ));
    lines.push(format!("aws organizations update-policy --policy-id {id} --content file://scp.json"));
    lines.push(check_again(evidence));
    lines
}

/// Returns the lines that find an endpoint's policy and put another in its place.
pub(super) fn endpoint_policy(evidence: &Evidence) -> [String; 2] {
    let region = &evidence.request.region;
    [
        format!(
            "aws ec2 describe-vpc-endpoints --filters 'Name=service-name,Values=com.amazonaws.{region}.bedrock*' --query \"VpcEndpoints[].[VpcEndpointId,ServiceName,PolicyDocument]\" --region {region}"
        ),
        format!(
            "aws ec2 modify-vpc-endpoint --vpc-endpoint-id VPC_ENDPOINT_ID --policy-document file://endpoint.json --region {region}"
        ),
    ]
}

/// Returns the console's list of an organization's service control policies.
pub(super) fn console_of_service_control_policies(evidence: &Evidence) -> Option<String> {
    let partition = evidence.request.region.partition();
    Some(format!("{}/organizations/v2/home/policies/service-control-policy", console_of(partition.as_str())?))
}

/// Returns the console's page of a Region for a service.
pub(super) fn console_in_region(evidence: &Evidence, page: &str) -> Option<String> {
    let region = &evidence.request.region;
    let (service, anchor) = page.split_once('#')?;
    Some(format!("{}/{service}/home?region={region}#{anchor}", console_of(region.partition().as_str())?))
}

/// Returns the console's page of a user or role; none where the partition's console is not known, or the name is none
/// that IAM gives.
pub(super) fn console(principal: &Arn) -> Option<String> {
    let name = name_of(principal);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    if name.is_empty() || name.starts_with("AWSReservedSSO_") || !name.chars().all(is_plain) {
        return None;
    }
    let list = if kind_of(principal) == "user" { "users" } else { "roles" };
    Some(format!("{}/iam/home#/{list}/details/{name}?section=permissions", console_of(&principal.partition)?))
}

/// Returns the console's page of a customer managed policy, or of the bucket or key whose policy it is.
pub(super) fn console_of_policy(arn: &str) -> Option<String> {
    let parsed: Arn = arn.parse().ok()?;
    let console = console_of(&parsed.partition)?;
    let is_name = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    match (parsed.service.as_str(), parsed.resource.as_str()) {
        ("s3", bucket) if is_name(bucket) => return Some(format!("{console}/s3/buckets/{bucket}?tab=permissions")),
        ("kms", _) if is_name(parsed.resource_id()) && is_name(&parsed.region) => {
            let (region, key) = (&parsed.region, parsed.resource_id());
            return Some(format!("{console}/kms/home?region={region}#/kms/keys/{key}"));
        }
        ("iam", _) => {}
        _ => return None,
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-:/".contains(c);
    if parsed.account == "aws" || !arn.chars().all(is_plain) {
        return None;
    }
    let encoded = arn.replace(':', "%3A").replace('/', "%2F");
    Some(format!("{console}/iam/home#/policies/details/{encoded}"))
}

/// Returns a partition's console (AWS General Reference, "AWS Management Console").
fn console_of(partition: &str) -> Option<&'static str> {
    match partition {
        "aws" => Some("https://console.aws.amazon.com"),
        "aws-us-gov" => Some("https://console.amazonaws-us-gov.com"),
        "aws-cn" => Some("https://console.amazonaws.cn"),
        "aws-eusc" => Some("https://console.amazonaws-eusc.eu"),
        _ => None,
    }
}

/// How the lines begin that ask this program.
const OWN: &str = "bedrock-access doctor";

/// Returns `true` if a line asks this program.
pub(super) fn is_own(line: &str) -> bool {
    line.starts_with(OWN)
}

/// Returns the line that asks the same question again after the fix.
pub(in crate::diagnose) fn check_again(evidence: &Evidence) -> String {
    check(evidence, &evidence.request, evidence.assumption.as_ref().map(|assumption| &assumption.role))
}

/// Returns the line that asks about another request of the same principal.
pub(super) fn check_other(evidence: &Evidence, request: &Request) -> String {
    check(evidence, request, evidence.assumption.as_ref().map(|assumption| &assumption.role))
}

/// Returns the line that asks the same question with the credentials of a role.
pub(in crate::diagnose) fn check_as(evidence: &Evidence, role: &Arn) -> String {
    check(evidence, &evidence.request, Some(role))
}

fn check(evidence: &Evidence, request: &Request, assumed: Option<&Arn>) -> String {
    let mut line = OWN.to_owned();
    if let Some(world) = &evidence.sandbox {
        line.push_str(&format!(" --sandbox {}", quoted(world)));
    }
    if let Some(model) = &request.model {
        line.push_str(&format!(" --model {}", quoted(&model.to_string())));
    }
    line.push_str(&format!(" --region {}", request.region));
    if request.operation != Operation::default() || evidence.sandbox.is_some() {
        line.push_str(&format!(" --operation {}", request.operation));
    }
    for resource in &request.resources {
        line.push_str(&format!(" --resource {}", quoted(&resource.to_string())));
    }
    if let Some(role) = &request.service_role {
        line.push_str(&format!(" --service-role {}", quoted(&role.to_string())));
    }
    if let Some(service) = request.service {
        line.push_str(&format!(" --service {service}"));
    }
    let of_error = Some(evidence.subject()).filter(|subject| subject.chosen_by == ChosenBy::Error);
    let of_error = of_error.and_then(|subject| subject.principal).map(|principal| principal.arn);
    if let Some(principal) = request.principal.as_ref().or(of_error.as_ref()) {
        line.push_str(&format!(" --principal {}", quoted(&principal.to_string())));
    }
    if let Some(role) = assumed {
        line.push_str(&format!(" --assume-role {}", quoted(&role.to_string())));
    }
    if let Some(guardrail) = &request.guardrail {
        line.push_str(&format!(" --guardrail {}", quoted(&guardrail.to_string())));
    }
    if let Some(project) = &request.project {
        line.push_str(&format!(" --project {}", quoted(&project.to_string())));
    }
    for (option, policy) in
        [("session-policy", &request.policies.session), ("vpc-endpoint-policy", &request.policies.vpc_endpoint)]
    {
        if let Some(policy) = policy {
            line.push_str(&format!(" --{option} {}", quoted(&policy.name)));
        }
    }
    for (key, value) in request.context.iter() {
        for value in value.values() {
            line.push_str(&format!(" --context {}", quoted(&format!("{key}={value}"))));
        }
    }
    match request.live {
        LiveCall::None => {}
        LiveCall::Probe => line.push_str(" --probe"),
        LiveCall::Invoke => line.push_str(" --invoke"),
    }
    line
}

/// Quotes a word for a POSIX shell where it needs that.
///
/// What a report has to escape would be another word when it is pasted: `VALUE` stands there, to be filled in.
pub(super) fn quoted(word: &str) -> String {
    match shlex::try_quote(word) {
        Ok(quoted) if !word.contains(is_unsafe) => quoted.into_owned(),
        _ => "VALUE".to_owned(),
    }
}
