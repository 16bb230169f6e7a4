//! The answer in a few words: one sentence for every cause, short enough for the first line of any report.

use super::foreign::on_one_line;
use crate::cause::{Cause, DocumentedCause};
use crate::diagnose::{
    Basis, Certainty, Diagnosis, Finding, LiveOutcome, Requirement, Unchecked, Verdict, WrongServiceRole,
};
use crate::iam::{Arn, Decision};

/// The longest sentence, in columns.
pub(super) const LONGEST: usize = 45;

/// Says what refuses the call.
pub(super) fn of(finding: &Finding, diagnosis: &Diagnosis) -> String {
    let whole = match finding.cause {
        Cause::InvalidModelId => {
            let model = diagnosis.request.model.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("no such model: {}", on_one_line(&model))
        }
        Cause::RegionUnavailable => format!("the model is not offered in {}", diagnosis.request.region),
        Cause::ResourcePolicy if is_trust(finding) => "the service may not assume the role".to_owned(),
        Cause::ResourcePolicy => {
            format!("blocked by the {}'s own policy", held_by(finding).unwrap_or("resource"))
        }
        Cause::ServiceRolePermission if names_foreign_role(finding) => {
            "the service role is of another account".to_owned()
        }
        Cause::ServiceRolePermission if names_no_role(finding) => "the service role does not exist".to_owned(),
        Cause::IdentityPolicyExplicitDeny if finding.is_of_leaked_key() => {
            "AWS quarantined a leaked access key".to_owned()
        }
        cause => match place(finding, diagnosis) {
            Some(region) if fixed(cause).len() + region.len() + 4 <= LONGEST => {
                format!("{} in {region}", fixed(cause))
            }
            _ => fixed(cause).to_owned(),
        },
    };
    cut(&whole, LONGEST)
}

/// Says what the diagnosis came to: a sentence for one problem, a few words for each of several.
pub(super) fn answer(diagnosis: &Diagnosis, columns: usize) -> String {
    match diagnosis.verdict {
        Verdict::Allowed => match diagnosis.invocation.outcome {
            LiveOutcome::Succeeded => "the model answered a test call".to_owned(),
            _ if diagnosis.certainty == Some(Certainty::Reported) => "AWS authorized a test call".to_owned(),
            _ => "predicted, not tried".to_owned(),
        },
        Verdict::Denied => denied(diagnosis, columns),
        Verdict::Undetermined => match diagnosis.findings.first() {
            Some(likely) => format!("cannot tell; likely cause: {}", short(likely)),
            None => {
                let open = match diagnosis.not_checked.first() {
                    _ if diagnosis.is_principal_missing() => "there is no such user or role",
                    open => open.map_or("too little could be read", |open| unread(&open.what)),
                };
                format!("cannot tell: {open}")
            }
        },
    }
}

fn denied(diagnosis: &Diagnosis, columns: usize) -> String {
    let mut problems: Vec<&Finding> = Vec::new();
    for finding in &diagnosis.findings {
        if !problems.iter().any(|known| short(known) == short(finding)) {
            problems.push(finding);
        }
    }
    if let [only] = problems.as_slice() {
        return of(only, diagnosis);
    }
    let named = |finding: &&Finding| {
        let likely = if finding.is_likely { " (likely)" } else { "" };
        format!("{}{likely}", short(finding))
    };
    let names: Vec<String> = problems.iter().map(named).collect();
    let list = |shown: usize| {
        let (head, rest) = (names.iter().take(shown).cloned().collect::<Vec<_>>().join(", "), names.len() - shown);
        let more = if rest == 0 { String::new() } else { format!(" and {rest} more") };
        format!("{} problems: {head}{more}", names.len())
    };
    let fitting = (1..=names.len()).rev().map(list).find(|text| text.chars().count() <= columns);
    fitting.unwrap_or_else(|| list(1))
}

/// Names the cause in two or three words.
pub(super) fn short(finding: &Finding) -> &'static str {
    match finding.cause {
        Cause::IdentityPolicyMissingAllow => "IAM permission",
        Cause::IdentityPolicyExplicitDeny if finding.is_of_leaked_key() => "leaked key",
        Cause::IdentityPolicyExplicitDeny => "IAM deny",
        Cause::PermissionsBoundary => "boundary",
        Cause::SessionPolicy => "session policy",
        Cause::ServiceControlPolicy => "SCP",
        Cause::ResourceControlPolicy => "RCP",
        Cause::VpcEndpointPolicy => "VPC endpoint",
        Cause::ResourcePolicy if is_trust(finding) => "trust policy",
        Cause::ResourcePolicy => match held_by(finding) {
            Some("bucket") => "bucket policy",
            Some(_) => "key policy",
            None => "its own policy",
        },
        Cause::ServiceRolePermission => "service role",
        Cause::ModelAccessNotGranted => "model access",
        Cause::UseCaseFormMissing => "use case form",
        Cause::MarketplacePermission => "Marketplace",
        Cause::MarketplaceAgreementPending => "agreement",
        Cause::PaymentInstrument => "payment",
        Cause::SalesAccessRequired => "AWS Sales",
        Cause::AccountRestricted => "account hold",
        Cause::AccountBeingVerified => "new account",
        Cause::UnsupportedGeography => "geography",
        Cause::ChannelProgramAccount => "AWS partner",
        Cause::DataRetentionMode => "data retention",
        Cause::LegacyModel => "retired model",
        Cause::RegionUnavailable => "Region",
        Cause::CredentialsMissing | Cause::CredentialsInvalid | Cause::CredentialsExpired => "credentials",
        Cause::SignatureMismatch => "signature",
        Cause::ApiKeyRejected => "API key",
        Cause::InferenceProfileRequired => "profile needed",
        Cause::InvalidModelId => "model ID",
        Cause::UnsupportedFeature => "feature",
        Cause::InvalidRequest => "request",
        Cause::Throttled => "throttling",
        Cause::QuotaExceeded => "quota",
        Cause::ServiceUnavailable => "capacity",
        Cause::NetworkUnreachable => "network",
        Cause::Unrecognized => "unknown",
    }
}

/// The sentences that hold no name.
fn fixed(cause: Cause) -> &'static str {
    match cause {
        Cause::IdentityPolicyMissingAllow => "IAM permission missing",
        Cause::IdentityPolicyExplicitDeny => "denied by an IAM policy",
        Cause::PermissionsBoundary => "blocked by the permissions boundary",
        Cause::SessionPolicy => "blocked by the session policy",
        Cause::ServiceControlPolicy => "blocked by an organization policy (SCP)",
        Cause::ResourceControlPolicy => "blocked by an organization policy (RCP)",
        Cause::VpcEndpointPolicy => "blocked by the VPC endpoint policy",
        Cause::ResourcePolicy => "blocked by the resource's own policy",
        Cause::ServiceRolePermission => "the service role lacks a permission",
        Cause::ModelAccessNotGranted => "the account has no access to this model",
        Cause::UseCaseFormMissing => "Anthropic's use case form is missing",
        Cause::MarketplacePermission => "no Marketplace agreement for this model",
        Cause::MarketplaceAgreementPending => "the Marketplace agreement is pending",
        Cause::PaymentInstrument => "no payment method that Marketplace accepts",
        Cause::SalesAccessRequired => "AWS Sales must grant access to this model",
        Cause::AccountRestricted => "AWS has blocked this account from Bedrock",
        Cause::AccountBeingVerified => "AWS is still verifying this account",
        Cause::UnsupportedGeography => "the provider does not serve this country",
        Cause::ChannelProgramAccount => "your AWS partner must arrange the access",
        Cause::DataRetentionMode => "the account's data retention does not fit",
        Cause::LegacyModel => "this model version is retired",
        Cause::RegionUnavailable => "the model is not offered in this Region",
        Cause::CredentialsMissing => "no AWS credentials found",
        Cause::CredentialsInvalid => "AWS does not accept the credentials",
        Cause::CredentialsExpired => "your AWS login has expired",
        Cause::SignatureMismatch => "the request's signature does not match",
        Cause::ApiKeyRejected => "the Bedrock API key was rejected",
        Cause::InferenceProfileRequired => "call it through an inference profile",
        Cause::InvalidModelId => "no such model",
        Cause::UnsupportedFeature => "a feature of the request is not available",
        Cause::InvalidRequest => "the request is malformed",
        Cause::Throttled => "too many requests at once",
        Cause::QuotaExceeded => "a quota is used up, or is zero",
        Cause::ServiceUnavailable => "the service cannot answer right now",
        Cause::NetworkUnreachable => "Bedrock cannot be reached from here",
        Cause::Unrecognized => "for a reason that is not known here",
    }
}

/// Says what was not seen, where that leaves the answer open.
fn unread(what: &Unchecked) -> &'static str {
    match what {
        Unchecked::Requirement { .. } | Unchecked::Requirements(_) => "IAM could not be simulated",
        Unchecked::PolicyTexts | Unchecked::Policies => "the policies could not be read",
        Unchecked::TestCall | Unchecked::TestCallAnswer | Unchecked::Call => "the test call settled nothing",
        Unchecked::Gate(_)
        | Unchecked::Availability
        | Unchecked::AvailabilityField(_)
        | Unchecked::MarketplaceAgreement
        | Unchecked::RetentionFits
        | Unchecked::ProfileReach
        | Unchecked::ModelBehindArn
        | Unchecked::ModelAccess => "model access could not be read",
        Unchecked::OtherAccount => "the other account cannot be read",
        Unchecked::Trust { .. } | Unchecked::RoleIsAssumed(_) | Unchecked::PrincipalIsAssumed(_) => {
            "the trust policy could not be read"
        }
        Unchecked::ServiceRole(_) => "the service role could not be read",
        Unchecked::TrustedAccessPrograms => "the trusted access programs were not read",
        Unchecked::KeyPolicy | Unchecked::BucketPolicy => "a resource's policy was not read",
        Unchecked::ConditionKeys(_) => "policies depend on unknown keys",
        Unchecked::SessionPolicy => "the session policy is not known",
        Unchecked::VpcEndpointPolicy => "the VPC endpoint policy is not known",
        Unchecked::GivenError | Unchecked::GivenErrorStands => "the error does not fit what was read",
        Unchecked::Credentials => "there are no credentials",
        _ => "too little could be read",
    }
}

/// Says in words which of the two documented causes a family of causes is.
pub(super) fn documented(cause: DocumentedCause) -> &'static str {
    match cause {
        DocumentedCause::IamPermission => "the identity lacks the IAM permission",
        DocumentedCause::ModelAccess => "access to the model has not been granted",
        _ => "neither the IAM permission nor access to the model",
    }
}

/// Returns the one Region in which the call is refused, where it is allowed in others.
fn place<'d>(finding: &Finding, diagnosis: &'d Diagnosis) -> Option<&'d str> {
    let of_action = concerned(finding, diagnosis);
    let (refused, others): (Vec<&Requirement>, Vec<&Requirement>) =
        of_action.into_iter().partition(|requirement| is_refused(requirement));
    let region = refused.first()?.request.requested_region()?;
    let is_there = |requirement: &&&Requirement| requirement.request.requested_region() == Some(region);
    let is_alone = refused.iter().all(|requirement| is_there(&requirement));
    let elsewhere = others.iter().any(|other| other.decision == Decision::Allowed && !is_there(&other));
    (is_alone && elsewhere && region != "unspecified").then_some(region)
}

/// Returns the requirements that a finding is about, refused or not: those of its action.
pub(super) fn concerned<'d>(finding: &Finding, diagnosis: &'d Diagnosis) -> Vec<&'d Requirement> {
    let Some(action) = &finding.action else { return Vec::new() };
    let is_of_action = |requirement: &&Requirement| {
        requirement.whose == finding.whose && requirement.request.action.eq_ignore_ascii_case(action)
    };
    diagnosis.requirements.iter().filter(is_of_action).collect()
}

/// Returns `true` if a requirement is refused.
pub(super) fn is_refused(requirement: &Requirement) -> bool {
    matches!(requirement.decision, Decision::ExplicitDeny | Decision::ImplicitDeny)
}

/// Names what a resource's policy that refuses belongs to, where it is a bucket or a key.
pub(super) fn held_by(finding: &Finding) -> Option<&'static str> {
    let arn: Arn = finding.resources.first()?.parse().ok()?;
    match arn.service.as_str() {
        "s3" => Some("bucket"),
        "kms" => Some("key"),
        _ => None,
    }
}

fn is_trust(finding: &Finding) -> bool {
    matches!(finding.basis.first(), Some(Basis::Trust(_)))
}

fn names_foreign_role(finding: &Finding) -> bool {
    matches!(finding.basis.first(), Some(Basis::WrongServiceRole(WrongServiceRole::OfAnotherAccount { .. })))
}

fn names_no_role(finding: &Finding) -> bool {
    matches!(
        finding.basis.first(),
        Some(Basis::Refused { api: "iam:GetRole", .. } | Basis::WrongServiceRole(WrongServiceRole::OtherPath { .. }))
    )
}

/// Shows every ARN of a text by its resource: where it is told what AWS said, and nothing is to be copied.
pub(super) fn without_arns(text: &str) -> String {
    let short = |word: &str| {
        let Some(start) = word.find("arn:aws") else { return word.to_owned() };
        let (before, arn) = word.split_at(start);
        match arn.splitn(6, ':').collect::<Vec<_>>().as_slice() {
            [_, _, _, _, _, resource] if !resource.is_empty() => format!("{before}{resource}"),
            _ => word.to_owned(),
        }
    };
    text.split(' ').map(short).collect::<Vec<_>>().join(" ")
}

/// Shortens a text: what is cut is its end, and that is shown.
pub(super) fn cut(text: &str, columns: usize) -> String {
    if text.chars().count() <= columns {
        return text.to_owned();
    }
    let head: String = text.chars().take(columns.saturating_sub(1)).collect();
    format!("{}…", head.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sentence_fits() {
        for cause in Cause::ALL {
            assert!(fixed(*cause).chars().count() <= LONGEST, "{cause}");
        }
        assert_eq!(cut("no such model: anthropic.claude", 20), "no such model: anth…");
    }

    #[test]
    fn arns_are_shown_by_their_resource() {
        let said =
            "User: arn:aws:sts::111122223333:assumed-role/a/b on `arn:aws:bedrock:us-west-2::foundation-model/x:0`.";
        assert_eq!(without_arns(said), "User: assumed-role/a/b on `foundation-model/x:0`.");
        assert_eq!(without_arns("arn:aws and arn:aws:iam::"), "arn:aws and arn:aws:iam::");
    }
}
