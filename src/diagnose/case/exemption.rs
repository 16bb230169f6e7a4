//! Whom service control policies do not restrict: the organization's management account and service-linked roles
//! (Organizations User Guide, "Service control policies (SCPs)").
//!
//! No read of a member account tells which account manages the organization, but every text does that names a
//! service control policy: the policy's ARN holds the account that owns it.

use super::ScpExemption;
use crate::evidence::Evidence;
use crate::iam::Arn;

/// Returns why no service control policy restricts the principal under diagnosis; `None` where one may.
pub(super) fn find(evidence: &Evidence, candidate: Option<&Arn>) -> Option<ScpExemption> {
    let subject = || evidence.subject().principal.map(|known| known.arn);
    let principal = candidate.cloned().or_else(subject)?;
    if is_service_linked(&principal) {
        return Some(ScpExemption::ServiceLinkedRole(principal));
    }
    let manages = texts(evidence).filter_map(management_account).any(|manager| manager == principal.account);
    manages.then_some(ScpExemption::ManagementAccount(principal.account))
}

fn is_service_linked(principal: &Arn) -> bool {
    let name = principal.resource_id().split('/').next().unwrap_or_default();
    principal.resource.starts_with("role/aws-service-role/")
        || principal.resource_type() == "assumed-role" && name.starts_with("AWSServiceRoleFor")
}

/// Walks over what AWS said in this case, and the text that the user gave.
fn texts(evidence: &Evidence) -> impl Iterator<Item = &str> {
    let given = evidence.request.error.iter().map(|error| error.text.as_str());
    let refused = evidence.calls.iter().filter_map(|call| call.error.as_ref());
    given.chain(refused.chain(evidence.invocation.refused()).filter_map(|error| error.message.as_deref()))
}

/// Returns the account in the first ARN of a service control policy in a text: that of the organization's management
/// account. AWS's own policies, which name no account, tell nothing.
fn management_account(text: &str) -> Option<&str> {
    let owners = text.split(":organizations::").skip(1).filter_map(|rest| rest.split_once(":policy/"));
    let owners = owners
        .filter(|(_, policy)| policy.split([' ', '"']).next().unwrap_or_default().contains("service_control_policy/"));
    owners
        .map(|(account, _)| account)
        .find(|account| account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policys_arn_tells_who_manages_the_organization() {
        let text =
            |arn: &str| format!("User: x is not authorized … with an explicit deny in a service control policy: {arn}");
        let own = "arn:aws:organizations::444455556666:policy/o-exampleorgid/service_control_policy/p-regions1";
        for (text, account) in [
            (text(own), Some("444455556666")),
            (text("arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess"), None),
            (text("arn:aws:organizations::444455556666:policy/o-exampleorgid/resource_control_policy/p-1"), None),
            (text("arn:aws:organizations::12:policy/o-exampleorgid/service_control_policy/p-1"), None),
            (text(""), None),
        ] {
            assert_eq!(management_account(&text), account, "{text}");
        }
    }

    #[test]
    fn service_linked_roles_are_told_by_path_and_by_session() {
        for (arn, linked) in [
            ("arn:aws:iam::111122223333:role/aws-service-role/ops.example.com/AWSServiceRoleForOps", true),
            ("arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForOps/session", true),
            ("arn:aws:iam::111122223333:role/AWSServiceRoleForOps", false),
            ("arn:aws:iam::111122223333:role/apps/chat-api", false),
        ] {
            assert_eq!(is_service_linked(&arn.parse().unwrap()), linked, "{arn}");
        }
    }
}
