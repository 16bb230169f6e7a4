//! Every sentence about a diagnosis, for all formats alike.
//!
//! Lower-case fragments without full stop, IAM's and Bedrock's own terms, back-quotes round names from outside.

use super::remarks::VARIABLE;
use super::sentence::held_by;
use super::statements::{conditions, near_miss, place};
use super::{not_checked, steps};
use crate::bedrock::Whose;
use crate::cause::{Cause, DocumentedCause, Family, catalogue};
use crate::diagnose::{
    Basis, Certainty, DecidedBy, Diagnosis, EvaluatedBy, EvaluatedName, Finding, KeyFault, LiveOutcome, Trust, Verdict,
    Verified, WrongServiceRole,
};
use crate::iam::{Decision, PolicyType};
use crate::request::LiveCall;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Says in one line what the diagnosis came to.
pub(super) fn headline(diagnosis: &Diagnosis) -> String {
    match (diagnosis.verdict, diagnosis.findings.first()) {
        (Verdict::Allowed, _) if diagnosis.certainty == Some(Certainty::Reported) => {
            "the test call was authorized".to_owned()
        }
        (Verdict::Allowed, _) => "allowed as far as can be simulated, without a test call".to_owned(),
        (Verdict::Denied, Some(first)) => headline_of(diagnosis, first),
        _ => "what could be seen does not settle whether it is allowed".to_owned(),
    }
}

/// Says which of the documented causes a refusal comes down to, and the first finding's cause.
pub(super) fn headline_of(diagnosis: &Diagnosis, first: &Finding) -> String {
    let more = match diagnosis.findings.len() {
        0 | 1 => String::new(),
        n => format!(" and {} more", n - 1),
    };
    format!("{} [{}{more}]", documented(diagnosis, first), first.cause)
}

fn documented(diagnosis: &Diagnosis, first: &Finding) -> String {
    let documented = match diagnosis.documented_cause {
        Some(DocumentedCause::IamPermission) => "documented cause 1, IAM permission",
        Some(DocumentedCause::ModelAccess) => "documented cause 2, model access",
        Some(DocumentedCause::Both) => "both documented causes",
        _ => {
            return match outside(first) {
                Some(what) => format!("neither documented cause: {what}"),
                None => "neither documented cause".to_owned(),
            };
        }
    };
    match beside(diagnosis, first) {
        Some(also) => format!("{documented}, and {also}"),
        None => documented.to_owned(),
    }
}

/// Names where the first finding lies, where a further one is of a documented cause and it is not.
fn beside(diagnosis: &Diagnosis, first: &Finding) -> Option<&'static str> {
    let is_documented = |finding: &Finding| finding.cause.family().documented_cause() != DocumentedCause::Neither;
    outside(first).filter(|_| diagnosis.findings.iter().any(is_documented))
}

/// Names what a finding of neither documented cause is about.
fn outside(finding: &Finding) -> Option<&'static str> {
    match finding.cause.family() {
        Family::Credentials => Some("the credentials"),
        Family::Request => Some("the request"),
        Family::Capacity => Some("a limit of AWS"),
        Family::Network => Some("the network"),
        Family::IamPermission | Family::ModelAccess | Family::Unknown => None,
    }
}

/// Says in one sentence what a finding is.
pub(super) fn summary(finding: &Finding, diagnosis: &Diagnosis) -> String {
    let entry = catalogue::entry(finding.cause);
    match finding.cause {
        Cause::ResourcePolicy if matches!(finding.basis.first(), Some(Basis::Trust(_))) => trust_summary(finding),
        Cause::ServiceRolePermission if finding.action.is_some() => service_role_summary(finding),
        Cause::IdentityPolicyMissingAllow
        | Cause::IdentityPolicyExplicitDeny
        | Cause::PermissionsBoundary
        | Cause::SessionPolicy
        | Cause::ServiceControlPolicy
        | Cause::ResourceControlPolicy
        | Cause::VpcEndpointPolicy
        | Cause::ResourcePolicy => policy_summary(finding, diagnosis),
        Cause::NetworkUnreachable => {
            format!("the Bedrock endpoint of `{}` cannot be reached", diagnosis.request.region)
        }
        Cause::RegionUnavailable => {
            format!("{}: `{}` in {}", lower(entry.title), base_model(diagnosis), diagnosis.request.region)
        }
        Cause::ModelAccessNotGranted | Cause::LegacyModel | Cause::InferenceProfileRequired => {
            format!("{}: `{}`", lower(entry.title), base_model(diagnosis))
        }
        Cause::InvalidModelId => format!("{}: `{}`", lower(entry.title), named_model(diagnosis)),
        _ => lower(entry.title),
    }
}

fn base_model(diagnosis: &Diagnosis) -> String {
    diagnosis.model_access.model.clone().unwrap_or_else(|| named_model(diagnosis))
}

fn trust_summary(finding: &Finding) -> String {
    let trusts = finding.basis.iter().filter_map(|basis| match basis {
        Basis::Trust(trust) => Some(trust),
        _ => None,
    });
    let all: Vec<String> = trusts
        .map(|trust| {
            format!(
                "the role trust policy does not let `{}` assume `{}`",
                trust.service.principal(),
                trust.role.resource
            )
        })
        .collect();
    all.join("; ")
}

fn service_role_summary(finding: &Finding) -> String {
    match finding.basis.first() {
        Some(Basis::Refused { api: "iam:GetRole", .. }) => {
            return format!("the service role does not exist: {}", finding.resources.join(", "));
        }
        Some(Basis::WrongServiceRole(wrong)) => return wrong_service_role(wrong),
        _ => {}
    }
    let action = finding.action.as_deref().unwrap_or("the action");
    format!("the service role is not allowed {action} on {}", finding.resources.join(", "))
}

/// Says why a role is none that Bedrock can be given.
fn wrong_service_role(wrong: &WrongServiceRole) -> String {
    match wrong {
        WrongServiceRole::OfAnotherAccount { role, account } => {
            format!(
                "the service role is one of account {}, and the call is made in account {account}: {role}",
                role.account
            )
        }
        WrongServiceRole::OtherPath { named, found } => {
            format!("the service role does not exist under this ARN: {named}; the role of this name is {found}")
        }
    }
}

fn named_model(diagnosis: &Diagnosis) -> String {
    diagnosis.request.model.as_ref().map(ToString::to_string).unwrap_or_default()
}

/// Says what a role trust policy comes to for a service.
pub(super) fn trusts(trust: &Trust) -> String {
    let service = trust.service.principal();
    let trusted: Vec<String> = trust.trusts.iter().map(|service| format!("`{service}`")).collect();
    let trusted = match trusted.as_slice() {
        [] => "no service".to_owned(),
        some => some.join(", "),
    };
    match (&trust.unread, trust.decision) {
        (Some(why), _) => {
            format!("not known whether `{service}` may assume the role: {}", not_checked::why(why))
        }
        (None, Decision::Allowed) => format!("`{service}` may assume `{}`", trust.role.resource),
        (None, decision) => format!(
            "the role trust policy of `{}` says {decision} to `{service}` for {}; it trusts {trusted}",
            trust.role.resource, trust.action
        ),
    }
}

fn policy_summary(finding: &Finding, diagnosis: &Diagnosis) -> String {
    let explicit = finding.is_explicit_deny();
    if let Some(quarantine) = quarantine(finding) {
        let action = finding.action.as_deref().unwrap_or("the action");
        return format!(
            "AWS's quarantine policy `{quarantine}` denies {action}{}, because an access key was found in public",
            on_resources(finding, diagnosis, true)
        );
    }
    format!("{}{}", refusal(finding, diagnosis), on_resources(finding, diagnosis, explicit))
}

/// Says which policy refuses which action, without the resources.
pub(super) fn refusal(finding: &Finding, diagnosis: &Diagnosis) -> String {
    let explicit = finding.is_explicit_deny();
    let action = finding.action.as_deref().unwrap_or("the action");
    if let Some(quarantine) = quarantine(finding) {
        return format!("AWS's quarantine policy `{quarantine}` (an access key was found in public) denies {action}");
    }
    let policy = match finding.cause {
        Cause::PermissionsBoundary => "the permissions boundary",
        Cause::SessionPolicy => "the session policy",
        Cause::ServiceControlPolicy => "a service control policy of the organization",
        Cause::ResourceControlPolicy => "a resource control policy of the organization",
        Cause::VpcEndpointPolicy => "the VPC endpoint policy",
        Cause::ResourcePolicy => match held_by(finding) {
            Some("bucket") => "the bucket's policy",
            Some(_) => "the key's policy",
            None => "the resource's policy",
        },
        _ if explicit => "an identity-based policy",
        _ => "no identity-based policy",
    };
    let verb = match (finding.cause, explicit) {
        (Cause::IdentityPolicyMissingAllow, _) => "allows",
        (_, true) => "explicitly denies",
        (Cause::ServiceControlPolicy | Cause::ResourceControlPolicy, false) => "refuses",
        (_, false) => "does not allow",
    };
    let principal = match finding.whose {
        Whose::Caller => diagnosis.principal.arn.as_ref(),
        Whose::ServiceRole => diagnosis.request.service_role.as_ref(),
    };
    let whose = principal
        .map(|arn| format!(" to `{}`", arn.resource_id().rsplit('/').next().unwrap_or_default()))
        .unwrap_or_default();
    format!("{policy} {verb} {action}{whose}")
}

/// Returns the name of the quarantine policy that a finding rests on, where it is one.
fn quarantine(finding: &Finding) -> Option<&str> {
    const NAME: &str = "AWSCompromisedKeyQuarantine";
    finding.basis.iter().find_map(|basis| match basis {
        Basis::Evaluated { statements, .. } => {
            statements.iter().find(|statement| statement.is_quarantine())?.policy_name()
        }
        Basis::TestCall(error) => {
            let text = error.message.as_deref()?;
            let name = text.get(text.find(NAME)?..)?;
            name.split(|c: char| !c.is_ascii_alphanumeric()).next()
        }
        _ => None,
    })
}

fn on_resources(finding: &Finding, diagnosis: &Diagnosis, explicit: bool) -> String {
    match finding.resources.as_slice() {
        [] => String::new(),
        [only] => format!(" on {only}"),
        all if all.len() >= diagnosis.requirements.len() => {
            let (any_of, count) = (if explicit { "all" } else { "any of the" }, all.len());
            format!(" on {any_of} {count} resources that the call needs")
        }
        some => format!(
            " on {} of the {} resources that the call needs: {}",
            some.len(),
            diagnosis.requirements.len(),
            some.join(", ")
        ),
    }
}

/// Names the statements of a decision in parentheses, where they are known.
fn named(statements: &[DecidedBy]) -> String {
    let places: Vec<String> = statements.iter().filter_map(place).collect();
    if places.is_empty() { String::new() } else { format!(" ({})", places.join(", ")) }
}

/// Says what one piece of evidence shows.
pub(super) fn basis(basis: &Basis) -> String {
    match basis {
        Basis::Evaluated { by, action, resource, decision, policy_type, statements } => {
            let decided = Decided { action, resource, decision: *decision, policy_type: *policy_type, statements };
            evaluated(by, &decided)
        }
        Basis::NearMiss { near, requirements } => {
            let more = if *requirements > 1 { format!(" (and likewise on {} more)", requirements - 1) } else { String::new() };
            format!("{}{more}", near_miss(near))
        }
        Basis::NothingNear { policies } if policies.is_empty() => "no policy is attached at all".to_owned(),
        Basis::NothingNear { policies } => format!(
            "no statement comes close in the policies that were read: {}",
            policies
                .iter()
                .map(|name| format!("`{}`", name.rsplit('/').next().unwrap_or(name)))
                .collect::<Vec<_>>()
                .join(", ")
        ),
        Basis::MissingContext(keys) => format!(
            "policies name condition keys that the simulation was not given, which may matter: {}",
            keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")
        ),
        Basis::GivenError(text) => format!("the given error says: {text}"),
        Basis::Settled { said, is } => {
            format!("the text alone would sooner be {said}, and also fits {is}: what was read settles it as {is}")
        }
        Basis::TestCall(error) => format!("the test call was answered with {error}"),
        Basis::Refused { api, error } => format!("{api} was answered with {error}"),
        Basis::Field { api, field, value } => format!("{api} says `{field}` = {value}"),
        Basis::NotListed { model, nearest } if nearest.is_empty() => {
            format!("bedrock:ListFoundationModels does not list `{model}` in the Region")
        }
        Basis::NotListed { model, nearest } => format!(
            "bedrock:ListFoundationModels does not list `{model}` in the Region; it lists {}",
            nearest.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ")
        ),
        Basis::HiddenByProgram(program) => format!(
            "the account is not in the trusted access program `{}` of {} (status `{}`{}), and Bedrock shows a program's models \
             to its members alone",
            program.name,
            program.provider,
            program.status,
            program.status_reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default(),
        ),
        Basis::Trust(trust) => trusts(trust),
        Basis::WrongServiceRole(wrong) => wrong_service_role(wrong),
        Basis::Failure(failure) => failure.to_string(),
        Basis::ApiKey(fault) => key_fault(fault),
        Basis::SimulatorDisagrees => {
            "the policy simulator allows every requirement: what refuses the call is something that it does not evaluate"
                .to_owned()
        }
    }
}

/// Says which conditions of denying statements hold.
fn why(decision: Decision, statements: &[DecidedBy]) -> String {
    let denies = decision == Decision::ExplicitDeny;
    statements.iter().filter(|_| denies).filter_map(conditions).map(|condition| format!("; {condition}")).collect()
}

/// Words the evidence for a reader: decisions that differ in their resource alone are one line.
pub(super) fn bases(all: &[Basis]) -> Vec<String> {
    let mut counted: Vec<(&Basis, usize)> = Vec::new();
    for one in all {
        match counted.iter_mut().find(|(known, _)| is_same_but_resource(known, one)) {
            Some((_, count)) => *count += 1,
            None => counted.push((one, 1)),
        }
    }
    let is_of_a_requirement = |one: &Basis| matches!(one, Basis::Evaluated { by, .. } if *by != EvaluatedBy::Supplied);
    counted
        .into_iter()
        .map(|(one, count)| match count {
            2 if is_of_a_requirement(one) => format!("{}, and on one more resource", basis(one)),
            3.. if is_of_a_requirement(one) => format!("{}, and on {} more resources", basis(one), count - 1),
            _ => basis(one),
        })
        .collect()
}

fn is_same_but_resource(one: &Basis, other: &Basis) -> bool {
    let mut alike = other.clone();
    if let (Basis::Evaluated { by, resource, .. }, Basis::Evaluated { resource: theirs, .. }) = (one, &mut alike)
        && *by != EvaluatedBy::Supplied
    {
        theirs.clone_from(resource);
    }
    *one == alike
}

/// A decision on one action and resource.
struct Decided<'b> {
    action: &'b str,
    resource: &'b str,
    decision: Decision,
    policy_type: Option<PolicyType>,
    statements: &'b [DecidedBy],
}

/// Says what was decided, and by whom.
fn evaluated(by: &EvaluatedBy, decided: &Decided<'_>) -> String {
    let Decided { action, resource, decision, policy_type, statements } = *decided;
    let named = named(statements);
    let when = |with_changes: bool| if with_changes { "with the other changes made, " } else { "" };
    let by_type = policy_type.map(|policy_type| format!(" by {policy_type}")).unwrap_or_default();
    match by {
        EvaluatedBy::Simulator { with_changes } => {
            let by_type = match policy_type {
                Some(PolicyType::IdentityPolicy) if statements.is_empty() => String::new(),
                _ => by_type,
            };
            let (when, why) = (when(*with_changes), why(decision, statements));
            format!("{when}the policy simulator says {decision}{by_type}{named} for {action} on {resource}{why}")
        }
        EvaluatedBy::Policies { with_changes } => {
            let (when, why) = (when(*with_changes), why(decision, statements));
            format!(
                "{when}the policies that were read come to {decision}{by_type}{named} for {action} on {resource}{why}"
            )
        }
        EvaluatedBy::Supplied => {
            let policy_type = policy_type.map_or("policy", PolicyType::as_str);
            format!("the given {policy_type} comes to {decision}{named} for {action} on {resource}")
        }
        EvaluatedBy::Aws { evaluated } => {
            let on = if resource.is_empty() { String::new() } else { format!(" on {resource}") };
            let names: Vec<String> = evaluated.iter().map(evaluated_name).collect();
            let looked = match (decision, names.as_slice()) {
                (Decision::ImplicitDeny, []) => "; there was no such policy".to_owned(),
                (Decision::ImplicitDeny, some) => format!("; it looked at {}", some.join(", ")),
                _ => String::new(),
            };
            format!("AWS's own evaluation says {decision}{by_type}{named} for {action}{on}{looked}")
        }
    }
}

/// Names a policy that AWS evaluated.
fn evaluated_name(name: &EvaluatedName) -> String {
    match name {
        EvaluatedName::Inline(Some(holder)) => format!("an inline policy of `{holder}`"),
        EvaluatedName::Inline(None) => "an inline policy".to_owned(),
        EvaluatedName::Managed(arn) => format!("`{arn}`"),
    }
}

/// Says why Bedrock will not take an API key.
fn key_fault(fault: &KeyFault) -> String {
    match fault {
        KeyFault::Unreadable(why) => format!("`{VARIABLE}` holds no Bedrock API key: {why}"),
        KeyFault::Ended(at) => format!("the Bedrock API key in `{VARIABLE}` ended at {at}"),
        KeyFault::OtherRegion { holds_in, called } => {
            format!("the Bedrock API key in `{VARIABLE}` holds in {holds_in} alone, and the call goes to {called}")
        }
    }
}

/// Lists names between back-quotes.
pub(super) fn listed<T: AsRef<str>>(names: &[T]) -> String {
    names.iter().map(|name| format!("`{}`", name.as_ref())).collect::<Vec<_>>().join(", ")
}

/// Names a statement by its policy and its `Sid`.
pub(super) fn statement_name(statement: &DecidedBy) -> String {
    let policy = match (statement.policy_name(), &statement.holder) {
        (Some(policy), _) => format!("`{policy}`"),
        (None, Some(holder)) => format!("an inline policy of `{holder}`"),
        (None, None) => "an inline policy".to_owned(),
    };
    let sid = statement.sid.as_ref().map(|sid| format!(", statement `{sid}`")).unwrap_or_default();
    format!("{policy}{sid}")
}

/// Returns who mends a finding.
pub(super) fn who(finding: &Finding) -> &'static str {
    catalogue::entry(finding.cause).who
}

/// Returns the steps that mend a finding: this call's own, or else what the catalogue says of the cause.
pub(super) fn steps(finding: &Finding) -> Vec<String> {
    if finding.remedy.steps.is_empty() {
        catalogue::entry(finding.cause).steps.iter().map(|step| (*step).to_owned()).collect()
    } else {
        finding.remedy.steps.iter().map(steps::step).collect()
    }
}

/// Says what trying a remedy in simulation showed.
pub(super) fn verified(verified: Verified) -> &'static str {
    match verified {
        Verified::Allowed => "with this change the policy simulator allows every requirement",
        Verified::AllowedWithout => "without the blocking policy the policy simulator allows every requirement",
    }
}

/// Says when a remedy is in force.
pub(super) fn takes_effect(finding: &Finding) -> &'static str {
    catalogue::entry(finding.cause).takes_effect
}

/// Says how long the credentials still work, seen from when they were looked at.
pub(super) fn time_left(diagnosis: &Diagnosis) -> Option<String> {
    let instant = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok();
    let expires = diagnosis.caller.expires_at.as_deref()?;
    let left = instant(expires)? - instant(&diagnosis.observed_at)?;
    Some(if left.is_negative() {
        format!("expired at {expires}")
    } else if left.whole_hours() > 0 {
        format!("{} h {} min left", left.whole_hours(), left.whole_minutes() % 60)
    } else {
        format!("{} min left", left.whole_minutes())
    })
}

/// Says in one fragment how the test call came out.
pub(super) fn invocation(diagnosis: &Diagnosis) -> String {
    let invocation = &diagnosis.invocation;
    let kind = match invocation.kind {
        LiveCall::None if !diagnosis.request.operation.has_test_call() => {
            return format!("`{}` has none that starts or makes nothing", diagnosis.request.operation);
        }
        LiveCall::None => {
            return "not made; `--probe` makes one that no model accepts, `--invoke` one of a single token".to_owned();
        }
        LiveCall::Probe => "the probe",
        LiveCall::Invoke => "the invocation",
    };
    let text = invocation.error.as_ref().map(ToString::to_string).unwrap_or_default();
    let failure = invocation.failure.as_ref().map(not_checked::unseen);
    match invocation.outcome {
        LiveOutcome::NotMade => {
            format!("{kind} was not made: {}", failure.unwrap_or_else(|| "nothing could be called".to_owned()))
        }
        LiveOutcome::Unreadable => {
            "the probe was answered as if a model had accepted it: unreadable, and tokens may have been billed"
                .to_owned()
        }
        LiveOutcome::Succeeded => "the model answered".to_owned(),
        LiveOutcome::BodyRejected => {
            "authorized: only the body was refused, which comes behind every access check".to_owned()
        }
        LiveOutcome::Throttled => format!("throttled, which proves nothing: {text}"),
        LiveOutcome::Refused => format!("{kind} was refused: {text}"),
        LiveOutcome::Failed => {
            format!("{kind} got no answer: {}", failure.unwrap_or_else(|| "the reason is not known".to_owned()))
        }
    }
}

/// Makes a catalogue's title the beginning of a fragment; a name at its head keeps its capital.
fn lower(title: &str) -> String {
    match title.split_once(' ') {
        Some((first @ ("A" | "An" | "No" | "The" | "This"), rest)) => format!("{} {rest}", first.to_lowercase()),
        _ => title.to_owned(),
    }
}
