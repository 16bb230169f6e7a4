//! The steps and notes of remedies: every sentence of them, for all formats.

use super::wording::listed;
use crate::bedrock::TrustedAccessProgram;
use crate::diagnose::{Condition, Note, Statements, Step, TlsFault};
use crate::request::is_tag_of_resource;

/// Words a step.
pub(super) fn step(step: &Step) -> String {
    match step {
        Step::Catalogue(step) => (*step).to_owned(),
        Step::TrustNames { role, who } => format!(
            "let the trust policy of `{role}` name `{}`, or the role behind it, for `sts:AssumeRole`",
            caller(who.as_ref())
        ),
        Step::AllowAssumeRole(who) => format!(
            "let the policies of `{}` allow `sts:AssumeRole` on the role, which another account always needs",
            caller(who.as_ref())
        ),
        Step::CopyManagedBoundary(boundary) => format!(
            "nobody can change `{boundary}`, which AWS manages: make a policy of your own of it, with the statements below added, and set that as the boundary"
        ),
        Step::AddToBoundary(boundary) => {
            format!("add the statements below to the permissions boundary `{boundary}`")
        }
        Step::AddToPermissionSet(name) => format!(
            "the role belongs to IAM Identity Center: add the policy to the permission set `{name}`, not to the role"
        ),
        Step::Attach { kind, name } => format!("save the policy as `policy.json` and attach it to the {kind} `{name}`"),
        Step::MeetCondition(condition) => meet(condition),
        Step::OrMeetCondition(condition) => format!("or {}", meet(condition)),
        Step::AllowGuardrail(guardrail) => format!(
            "let the principal apply it as well, which its policies do not yet: `bedrock:ApplyGuardrail` on `{guardrail}`"
        ),
        Step::NewSessionFirst => "make a new session first: this one is denied whatever it asks for, as where the role's sessions were revoked, which a policy with a date does (`AWSRevokeOlderSessions`)".to_owned(),
        Step::OwnerDecides(statements) => format!(
            "or ask whoever keeps the policy `{}` whether {} to let this call through: its condition protects something, and is not to be taken away for one call",
            statements.policy,
            match statements.sids.as_slice() {
                [] => "the statement is".to_owned(),
                [only] => format!("the statement `{only}` is"),
                many => format!("the statements {} are", listed(many)),
            }
        ),
        Step::OrOwnerOfGuardDecides(statements) => format!("or {}", ask_owner_of_guard(statements)),
        Step::OwnerOfGuardDecides(statements) => ask_owner_of_guard(statements),
        Step::DenyingPolicy(policy) => format!("the policy that denies is `{policy}`"),
        Step::AllowRegions(regions) => format!(
            "if the policy restricts Regions, add {} to those it allows: that is the `aws:RequestedRegion` of the refused resources",
            listed(regions)
        ),
        Step::ExemptProfile(profile) => format!(
            "or exempt calls through the profile with `ArnNotLike` on `bedrock:InferenceProfileArn` = `{profile}`"
        ),
        Step::ExemptPrincipal(principal) => {
            format!("or exempt the principal with `ArnNotLike` on `aws:PrincipalArn` = `{principal}`")
        }
        Step::NarrowNamed { policy_type, policy } => {
            format!("remove or narrow the denying statement in the {policy_type} `{policy}`")
        }
        Step::FindDenying(policy_type) => {
            format!("find the {policy_type} with the denying statement, and remove or narrow it")
        }
        Step::DeactivateKey(policy) => format!(
            "AWS attached `{policy}` because an access key was found in public: deactivate that key and make another"
        ),
        Step::DetachQuarantine(policy) => {
            format!("detach `{policy}` only then: it protects the account for as long as the key is known to others")
        }
        Step::AskWhyDenied(statements) => format!(
            "ask whoever keeps the policy `{}` whether {} is still wanted: an explicit deny is no accident",
            statements.policy,
            which(statements)
        ),
        Step::DetachManaged(policy) => {
            format!("if not, detach the AWS managed policy `{policy}`, whose statements nobody can change")
        }
        Step::NarrowByHand(statements) => format!("if not, {}", by_hand(statements)),
        Step::TakeAway(statements) => {
            format!("if not, {}: nothing else is in it, so take the policy away", by_hand(statements))
        }
        Step::LetThrough { statements, key, values } => {
            let to = match key.as_str() {
                "NotAction" | "NotResource" | "NotPrincipal" => format!("`{key}`, what the statement leaves alone"),
                _ => format!("what the condition on `{key}` names"),
            };
            format!(
                "in the policy `{}`, let `{}` through {}: add it to {to}",
                statements.policy,
                values.join(","),
                which(statements)
            )
        }
        Step::Narrow(statements) => {
            format!("if not, {}", by_hand(statements))
        }
        Step::JoinProgram(program) => {
            let TrustedAccessProgram { id, name, status, .. } = program;
            let next = match status.as_str() {
                "requestable" => "apply for it as its page says",
                "eligible" => "somebody who may accept its terms for the account has to enroll it",
                "disabled" => "somebody has switched it off for the account: ask them first",
                "revoked" => "AWS or the provider has withdrawn it: ask your AWS account team",
                _ => "see its page for what is missing",
            };
            format!("take part in the trusted access program `{name}` (`{id}`, status `{status}`): {next}")
        }
        Step::DecideRetention { needed, mode, region } => format!(
            "decide whether the data-retention mode `{needed}`, which the model asks for, is acceptable; the account has `{mode}` in {region}"
        ),
        Step::CallThroughProfile { region, profile } => {
            format!("call the model through an inference profile of {region}: `{profile}`")
        }
        Step::OrThrough(profiles) => format!(
            "or call it through {}, which may route to other Regions that the policies must then allow",
            listed(profiles)
        ),
        Step::CallRegion(regions) => format!("call a Region that has the model: {}", listed(regions)),
        Step::CallNearest { region, id, others } => {
            let or = if others.is_empty() { String::new() } else { format!(", or else {}", listed(others)) };
            format!("call `{id}` if that is what was meant, the nearest id that {region} lists{or}")
        }
        Step::CallAnother { region, models } => format!(
            "call another model, one that is ACTIVE and takes calls by its own id in {region}: {}",
            listed(models)
        ),
        Step::Tls(fault) => tls(*fault).to_owned(),
        Step::NameExistingRole(role) => {
            format!("name a role that exists: there is no `{role}`, or its path is another")
        }
        Step::NameRoleByItsArn(role) => format!("name the role by the ARN that it has: `{role}`"),
        Step::NameRoleOfAccount(account) => format!(
            "name a role of account {account}, in which the call is made: Bedrock takes none of another account, whatever the policies allow"
        ),
        Step::NarrowTrust(action) => {
            format!("remove or narrow the statement of the role trust policy that denies {action}")
        }
        Step::SetRetentionOfProject(needed) => {
            let needed = needed.map(|mode| format!(", and has to be `{mode}` at least")).unwrap_or_default();
            format!(
                "the data-retention mode of the project that the call names comes before the account's{needed}: decide with \
                 those who answer for the project's data whether it may be set there"
            )
        }
        Step::LetAssume(service) => {
            format!("let `{}` assume the role: give it the trust policy below", service.principal())
        }
        other => fixed(other).to_owned(),
    }
}

/// What LiteLLM does to the sessions that it makes (`base_aws_llm.py` in its source, November 2026).
pub(super) const LITELLM: &str = "LiteLLM made this session and attached a policy of its own to it, whose actions depend on \
    LiteLLM's version: update it, or give it credentials in another way than `aws_web_identity_token`";

/// Words the steps that hold no name.
fn fixed(step: &Step) -> &'static str {
    match step {
        Step::KeyFirst => {
            "deal with the access key that was found in public first: no permission is to be added while it works"
        }
        Step::ModelFirst => "name a model that exists first: no permission is to be added for one that nothing lists",
        Step::MergePermissionSet => {
            "a permission set has one inline policy, and the command replaces it: add the statements to what the first command shows, and save the whole as `policy.json`"
        }
        Step::ProvisionPermissionSet => "provision the permission set to the account: until then nothing changes",
        Step::ReadScpCondition => {
            "read what the denying statement looks at, and meet that with the call where it can be met: a guardrail, a tag, a network, a model or a Region that the policy lets through"
        }
        Step::ScpDeniesSubscribe => {
            "a service control policy denies `aws-marketplace:Subscribe` to every identity of this account: have the organization's administrator allow it there, or make the agreement from where it is allowed"
        }
        Step::GiveExternalId => "give the external id that the trust policy asks for, if it does (`--external-id`)",
        Step::SaveBoundary => "save the whole of it as `boundary.json`, and make it the version in force",
        Step::ControlTower => "where AWS Control Tower manages the policy, change it there and not by hand",
        Step::AllowAtEveryLevel => {
            "allow the action at every level of the organization above the account, and at the account itself: one level does not"
        }
        Step::ReviewKeyUse => {
            "look through what the key did, in CloudTrail and on the bill, and follow the case that AWS Support opened"
        }
        Step::ExplicitDenyWins => "an explicit deny wins over every allow: adding a permission does not help",
        Step::RequestAccessInGovCloud => "request access to the model on the console's page for it, in us-gov-west-1",
        Step::EnableInCommercialAccount => "enable the model in the commercial account that this one is linked to, too",
        Step::InvokeOrAgree => {
            "with AWS Marketplace permissions, invoke the model once, or make its agreement with the lines below: both accept its licence"
        }
        Step::CompleteOrAgreeAnew => {
            "with AWS Marketplace permissions, open the model in the console's model catalog and complete what is asked for there, or make its agreement anew with the lines below"
        }
        Step::OpenInCatalog => "open the model in the console's model catalog, and complete what is asked for there",
        Step::SubmitForm => "submit Anthropic's use case form, without which its models stay closed",
        Step::AskAgain => "ask for the model's availability again: it changes within two to fifteen minutes",
        Step::OpenCase => {
            "if it stays as it is, open a case with AWS Support: an account on hold is reported in the same way"
        }
        Step::SetRetention => "if it is, set it with PutAccountDataRetention",
        Step::SetRetentionOnMantle => {
            "on the bedrock-mantle endpoint set it there too (bedrock-mantle:PutAccountDataRetention)"
        }
        Step::CompareWithLists => "else compare the id with the list of models and inference profiles of the Region",
        Step::PoliciesAllowIt => "the policies allow that, as far as can be simulated",
        Step::PoliciesMustChange => "the policies do not allow that yet:",
        Step::PoliciesMustAllow => "the policies must allow that, which could not be simulated:",
        Step::DropBedrockTrust => {
            "take out the trust in `bedrock.amazonaws.com` unless an agent, knowledge base or job runs with this role: code that calls Bedrock runs with a role that its own service assumes"
        }
        // Worded with the names that they hold.
        _ => "",
    }
}

/// Says how a condition is met.
fn meet(condition: &Condition) -> String {
    let Condition { denies, operator, key, expected, actual } = condition;
    if let Some(must_carry) = condition.must_carry() {
        return carry(condition, must_carry);
    }
    let is = |name: &str| key.eq_ignore_ascii_case(name);
    let how = if is("bedrock:GuardrailIdentifier") {
        "name a guardrail that the policy accepts in the call"
    } else if is("aws:SourceVpce") || is("aws:SourceVpc") {
        "make the call through a VPC endpoint that the policy accepts"
    } else if is("aws:SourceIp") || is("aws:VpcSourceIp") {
        "make the call from an address that the policy accepts"
    } else if is("aws:MultiFactorAuthPresent") || is("aws:MultiFactorAuthAge") {
        "make the call with a session that was made with a second factor (`aws sts get-session-token --serial-number`)"
    } else if is("aws:TokenIssueTime") {
        "make a new session: the policy refuses those that were issued before a time"
    } else if is("aws:CurrentTime") || is("aws:EpochTime") {
        "the policy's date decides: those who keep the policy must renew it"
    } else if is("aws:RequestedRegion") {
        "call a Region, or a profile that keeps to Regions, that the policy accepts"
    } else if key.to_ascii_lowercase().starts_with("aws:principaltag/") {
        "give the principal, or its session, the tag that the policy asks for"
    } else if is_tag_of_resource(key) {
        TAG_THE_RESOURCE
    } else if is("aws:UserAgent") {
        "call with a client that the policy accepts"
    } else {
        "make the call so that it meets the condition"
    };
    let carries = match actual {
        None => "the call does not carry it, as far as is known".to_owned(),
        Some(value) => format!("the call carries {}", listed(value.values())),
    };
    let effect = if *denies { "denies where" } else { "allows where" };
    format!("{how}: the policy {effect} `{operator}` on `{key}` holds with {}, and {carries}", listed(expected))
}

/// What meets a condition on the tags of the resource (Bedrock's page of the Service Authorization Reference: foundation models
/// have no such key).
const TAG_THE_RESOURCE: &str = "tag the resource as the policy asks, and where it is a foundation model, which cannot be \
                                tagged, let those who keep the policy leave models out of the statement";

/// Says how a call meets a condition that asks whether it carries a key, and not with which value.
fn carry(condition: &Condition, must_carry: bool) -> String {
    let Condition { denies, key, .. } = condition;
    let how = match (must_carry, key.eq_ignore_ascii_case("bedrock:GuardrailIdentifier")) {
        (true, false) if is_tag_of_resource(key) => TAG_THE_RESOURCE.to_owned(),
        (true, true) => "name a guardrail in the call".to_owned(),
        (false, true) => "make the call without a guardrail".to_owned(),
        (true, false) => format!("make the call so that it carries `{key}`"),
        (false, false) => format!("make the call so that it does not carry `{key}`"),
    };
    let effect = if *denies { "denies" } else { "allows" };
    let which = if must_carry == *denies { "without" } else { "with" };
    format!("{how}: the policy {effect} calls {which} `{key}`")
}

fn caller(who: Option<&String>) -> &str {
    who.map_or("the caller", String::as_str)
}

/// Names statements, by `Sid` where they have one.
fn which(statements: &Statements) -> String {
    match statements.sids.as_slice() {
        [] => "the denying statement".to_owned(),
        [only] => format!("the statement `{only}`"),
        many => format!("the statements {}", listed(many)),
    }
}

fn ask_owner_of_guard(statements: &Statements) -> String {
    format!(
        "ask whoever keeps the policy `{}` whether {} is to let this call through: it guards more than this call, and is not to be taken away for it",
        statements.policy,
        which(statements)
    )
}

fn by_hand(statements: &Statements) -> String {
    format!("remove or narrow {} in the policy `{}`", which(statements), statements.policy)
}

fn tls(fault: TlsFault) -> &'static str {
    match fault {
        TlsFault::Clock => {
            "the certificate that the endpoint showed is not valid at this machine's time: set the clock right, or have the proxy or firewall that shows it renew it"
        }
        TlsFault::Name => {
            "the endpoint showed a certificate of another name: check the endpoint that is configured, what its name resolves to, and the proxy on the way"
        }
        TlsFault::Trust => {
            "the certificate that the endpoint showed is not trusted here: where a proxy or firewall reads TLS on the way, add its root certificate to the system's trust store, or name a file that holds it in `SSL_CERT_FILE` (the file of `AWS_CA_BUNDLE` will do)"
        }
        TlsFault::NoRoots => {
            "without root certificates none is trusted: a slim image of a container needs the package `ca-certificates`"
        }
        TlsFault::Handshake => {
            "what answers there does not speak TLS, or breaks it off: check scheme and port of the endpoint that is configured, and the proxy or firewall on the way"
        }
    }
}

/// The form's fields (Bedrock API Reference, "PutUseCaseForModelAccess"); the users are inside the company, outside it,
/// or both.
const USE_CASE: &str = r#"{"companyName": "…", "companyWebsite": "https://…", "intendedUsers": "0, 1 or 2: internal, external, both", "industryOption": "…", "otherIndustryOption": "", "useCases": "…"}"#;

/// Words what to know before taking the steps.
pub(super) fn note(note: &Note) -> String {
    let fixed = match note {
        Note::AcceptsLicence => "creating the agreement accepts the model's licence (EULA) for the account",
        Note::UseCaseFile => return format!("`use-case.json` holds {USE_CASE}"),
        Note::FormMayBeInherited => {
            "a form that the organization's management account submitted holds here too, and the read API need not show it: a call tells"
        }
        Note::IsRightRegion(region) => {
            return format!("is `{region}` the right Region? a Region without Bedrock has no endpoint");
        }
        Note::KeepsConditions(statements) => {
            return format!(
                "the new statement keeps the condition of {} in the policy `{}`: whoever wrote it wanted it for what is granted there",
                match statements.sids.as_slice() {
                    [] => "the statement nearest to it".to_owned(),
                    sids =>
                        format!("{} {}", if sids.len() == 1 { "the statement" } else { "the statements" }, listed(sids)),
                },
                statements.policy
            );
        }
        Note::MayNotBeAll(why) => return format!("the policy may not be all that is needed: {why}"),
        Note::WholeEndpointPolicy => {
            "`endpoint.json` holds the whole of the endpoint's policy, with the statements added"
        }
        Note::LiteLlmAttachesPolicy => LITELLM,
        Note::SessionKeepsPolicy => "a session that exists keeps the policy that it was made with: make a new one",
        Note::MemberAccount => {
            "the account is a member of the organization: its management account, whose credentials these lines need, is not restricted"
        }
        Note::NotEnoughAlone => {
            "this change alone is not enough; with the changes of all the causes found, the policy simulator allows every requirement"
        }
        Note::ReplacesTrustPolicy => "the command replaces the whole trust policy",
    };
    fixed.to_owned()
}
