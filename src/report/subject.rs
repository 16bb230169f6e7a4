//! Who calls what, and who can fix it, in words: what stands at the head of a report and of a request.

use super::foreign::on_one_line;
use super::remarks;
use crate::cause::{Cause, Family};
use crate::diagnose::{Basis, ChangeKind, Diagnosis, Finding};
use crate::evidence::ChosenBy;
use crate::iam::Arn;

/// Names the operation, what it is made to, and where.
pub(super) fn call(diagnosis: &Diagnosis) -> String {
    let request = &diagnosis.request;
    let model = request.model.as_ref().map(ToString::to_string);
    let resources = request.resources.iter().map(|arn| arn.resource.clone());
    let mut named: Vec<String> = model.into_iter().chain(resources).collect();
    let more = named.len().saturating_sub(2);
    named.truncate(2);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let named = if named.is_empty() { String::new() } else { format!(" {}", named.join(" with ")) };
    format!("{}{named}{more} in {}", request.operation.api_name(), request.region)
}

/// Names the principal in words.
pub(super) fn whom(diagnosis: &Diagnosis) -> String {
    let world = diagnosis.sandbox.as_ref().map(|world| format!(" (world `{}`)", on_one_line(world)));
    let own = diagnosis.caller.arn.as_ref().filter(|_| diagnosis.principal.chosen_by == ChosenBy::Caller);
    let who = match diagnosis.principal.arn.as_ref().or(own) {
        Some(arn) => format!("{} in account {}", named(arn), arn.account),
        None => "somebody who is not known".to_owned(),
    };
    let caller = diagnosis.caller.arn.as_ref().filter(|_| diagnosis.principal.chosen_by == ChosenBy::Option);
    let caller = caller.map(|caller| format!("; you are {}", named(caller))).unwrap_or_default();
    let warnings: String = diagnosis.warnings.iter().map(|one| format!("; {}", remarks::warning(one))).collect();
    format!("{who}{}{caller}{warnings}", world.unwrap_or_default())
}

/// Names a principal by its kind and its name.
pub(super) fn named(arn: &Arn) -> String {
    match arn.resource_type() {
        "assumed-role" => format!("role {}", arn.resource_id().split('/').next().unwrap_or_default()),
        "root" => "the root user".to_owned(),
        kind => format!("{kind} {}", arn.resource_name()),
    }
}

/// Names somebody who can do it; nobody where the caller can.
pub(super) fn who(finding: &Finding, diagnosis: &Diagnosis) -> Option<String> {
    let own = diagnosis.principal.arn.as_ref().map(|arn| arn.account.as_str());
    let account = own.or(diagnosis.caller.account.as_deref());
    let of_account = account.map_or_else(|| "the account".to_owned(), |account| format!("account {account}"));
    let meets = matches!(finding.remedy.changes.first().map(|change| &change.kind), Some(ChangeKind::MeetCondition(_)));
    let joins = matches!(finding.remedy.changes.first().map(|change| &change.kind), Some(ChangeKind::JoinProgram(_)));
    Some(match finding.cause {
        _ if meets => return None,
        _ if joins => format!("an administrator of {of_account}"),
        Cause::IdentityPolicyMissingAllow | Cause::IdentityPolicyExplicitDeny | Cause::ServiceRolePermission => {
            format!("whoever manages IAM in {of_account}")
        }
        Cause::PermissionsBoundary => "whoever owns the permissions boundary".to_owned(),
        Cause::SessionPolicy => "whoever creates the session".to_owned(),
        Cause::ServiceControlPolicy | Cause::ResourceControlPolicy => "the organization's administrator".to_owned(),
        Cause::VpcEndpointPolicy => "whoever manages the VPC endpoint".to_owned(),
        Cause::ResourcePolicy => match finding.basis.first() {
            Some(Basis::Trust(trust)) => format!("whoever manages IAM in account {}", trust.role.account),
            _ => "the owner of the resource".to_owned(),
        },
        Cause::ModelAccessNotGranted | Cause::MarketplacePermission => {
            format!("an administrator of {of_account} with AWS Marketplace permissions")
        }
        Cause::RegionUnavailable | Cause::LegacyModel => return None,
        cause if cause.family() == Family::ModelAccess => format!("an administrator of {of_account}"),
        Cause::QuotaExceeded => format!("an administrator of {of_account}"),
        _ => return None,
    })
}

/// Says what wrote the report, and when it looked.
pub(super) fn written_by(diagnosis: &Diagnosis) -> String {
    let moment = diagnosis.observed_at.get(..16).filter(|moment| moment.contains('T'));
    let moment = moment.map_or_else(|| diagnosis.observed_at.clone(), |moment| moment.replace('T', " "));
    format!("bedrock-access {}, {moment} UTC", env!("CARGO_PKG_VERSION"))
}
