//! What could matter for this call and could not be seen, each thing once.

use super::case::{Case, is_within, why_incomplete};
use super::diagnosis::LiveOutcome;
use super::evaluate::{Requirements, could_be_granted};
use super::finding::Verdict;
use super::rules::recorded_authorization;
use super::unread::{NotChecked, Unchecked, Why};
use crate::bedrock::{Given, Kind, Marketplace, provider_of};
use crate::evidence::{ChosenBy, Evidence, Observation, ResourcePolicy, Unseen};
use crate::iam::{Decision, PrincipalKind};
use core::net::IpAddr;

/// Lists what was not seen, only where it could change the answer; `found` is what rules could not read.
pub(super) fn list(
    case: &Case<'_>,
    requirements: &Requirements,
    found: &[NotChecked],
    verdict: Verdict,
) -> Vec<NotChecked> {
    let mut list = Vec::new();
    let is_authorized = case.test_call.is_authorized();
    undecided(requirements, &mut list);
    let incomplete = why_incomplete(case.evidence, case.attached.as_ref()).filter(|_| !is_authorized);
    list.extend(incomplete.map(|gap| NotChecked::new(Unchecked::PolicyTexts, Why::Incomplete(Box::new(gap)))));
    if !is_authorized {
        list.extend(recorded_authorization::not_checked(case));
        list.extend(found.iter().cloned());
    }
    test_call(case, &mut list);
    if is_authorized && verdict == Verdict::Undetermined {
        list.push(NotChecked::new(Unchecked::OtherRoutes, Why::RouteNotProved));
    }
    if !case.test_call.decides() && case.evidence.credentials.seen().is_some() {
        beyond_simulation(case.evidence, requirements, verdict, &mut list);
    }
    beyond_the_call(case, requirements, &mut list);
    list
}

fn test_call(case: &Case<'_>, list: &mut Vec<NotChecked>) {
    let invocation = &case.test_call.invocation;
    match (invocation.outcome, &invocation.failure) {
        (LiveOutcome::Failed | LiveOutcome::NotMade, Some(failure)) => {
            list.push(NotChecked::new(Unchecked::TestCall, failure.clone()));
        }
        (LiveOutcome::Unreadable, _) => {
            list.push(NotChecked::new(Unchecked::TestCallAnswer, Why::ProbeAnswered));
        }
        (LiveOutcome::Throttled, _) => {
            let text = invocation.error.as_ref().map(ToString::to_string).unwrap_or_default();
            list.push(NotChecked::new(Unchecked::TestCallAnswer, Why::Throttled(text)));
        }
        (LiveOutcome::Refused, _) if case.test_call.recognized().is_none() => {
            let text = invocation.error.as_ref().map(ToString::to_string).unwrap_or_default();
            list.push(NotChecked::new(Unchecked::TestCallAnswer, Why::AnswerSettlesNothing(text)));
        }
        _ => {}
    }
}

/// What an operation depends on that the request did not name, or that no API shows.
fn beyond_the_call(case: &Case<'_>, requirements: &Requirements, list: &mut Vec<NotChecked>) {
    let evidence = case.evidence;
    let request = &evidence.request;
    let operation = request.operation;
    if operation.service_role() == Given::Maybe && request.service_role.is_none() {
        let what = Unchecked::ServiceRole(operation.acts_for().unwrap_or("resource"));
        list.push(NotChecked::new(what, Why::ServiceRoleNotNamed { names_model: request.model.is_some() }));
    }
    if request.model.is_some() && !operation.model().gated {
        list.push(NotChecked::new(Unchecked::ModelAccess, Why::NotGated(operation)));
    }
    let of_resources = [
        (Kind::KmsKey, "kms", Unchecked::KeyPolicy, Why::KeyPolicyNotGiven),
        (Kind::S3, "s3", Unchecked::BucketPolicy, Why::BucketPolicyNotRead),
    ];
    for (kind, service, what, why) in of_resources {
        let read: Vec<&ResourcePolicy> =
            evidence.resource_policies.iter().filter(|read| read.resource.service == service).collect();
        // One that leaves the answer open is listed with what it leaves open.
        if request.given(kind).next().is_none() || list.iter().any(|known| known.what == what) {
            continue;
        }
        if read.is_empty() {
            list.push(NotChecked::new(what, why));
            continue;
        }
        let granting = read.iter().find_map(|read| could_grant(case, requirements, read));
        let any = || read.iter().find_map(|read| read.document.why_unseen()).map(Why::Unseen);
        list.extend(granting.or_else(any).map(|why| NotChecked::new(what, why)));
    }
}

/// Returns why a resource's policy was not read that could give what no identity policy allows.
fn could_grant(case: &Case<'_>, requirements: &Requirements, read: &ResourcePolicy) -> Option<Why> {
    let unseen = read.document.why_unseen()?;
    let mut within = requirements.requirements.iter().filter(|known| is_within(&read.resource, &known.request));
    let is_lacking = within.any(|known| could_be_granted(case, known.whose, known));
    let resource = Box::new(read.resource.clone());
    is_lacking.then_some(Why::ResourcePolicyUnread { resource, is_allowed: false, unseen })
}

/// Returns `true` if two reasons say the same: each refusal has ids of its own, which say nothing of why.
fn is_same(one: &Why, other: &Why) -> bool {
    match (one, other) {
        (Why::Unseen(Unseen::Refused(one)), Why::Unseen(Unseen::Refused(other))) => {
            one.without_pointer() == other.without_pointer()
        }
        _ => one == other,
    }
}

/// The requirements without a decision, the same reason once.
fn undecided(requirements: &Requirements, list: &mut Vec<NotChecked>) {
    let mut reasons: Vec<(&Why, Vec<Unchecked>)> = Vec::new();
    for requirement in &requirements.requirements {
        let Some(why) = &requirement.unread else { continue };
        let what = Unchecked::Requirement {
            action: requirement.request.action.clone(),
            resource: requirement.request.resource.clone(),
        };
        match reasons.iter_mut().find(|(known, _)| is_same(known, why)) {
            Some((_, requirements)) => requirements.push(what),
            None => reasons.push((why, vec![what])),
        }
    }
    for (why, requirements) in reasons {
        let what = match (why, requirements.as_slice()) {
            (Why::ResourcePolicyUnread { resource, .. }, _) if resource.service == "s3" => Unchecked::BucketPolicy,
            (Why::ResourcePolicyUnread { .. }, _) => Unchecked::KeyPolicy,
            (_, [only]) => only.clone(),
            (_, many) => Unchecked::Requirements(many.len()),
        };
        list.push(NotChecked::new(what, why.clone()));
    }
    // What one requirement carries is left out of the others on purpose: it belongs to that requirement's action or resource.
    let is_given =
        |key: &str| requirements.requirements.iter().any(|requirement| requirement.request.context.get(key).is_some());
    let mut keys: Vec<String> = Vec::new();
    let allowed = requirements.requirements.iter().filter(|requirement| requirement.decision == Decision::Allowed);
    for key in allowed.flat_map(|requirement| &requirement.missing_context) {
        if !keys.contains(key) && !is_given(key) {
            keys.push(key.clone());
        }
    }
    if !keys.is_empty() {
        list.push(NotChecked::new(Unchecked::ConditionKeys(keys), Why::KeysNotGiven));
    }
    for why in &requirements.unlisted {
        list.push(NotChecked::new(Unchecked::FurtherRequirements, Why::Unlisted(why.clone())));
    }
}

/// What no simulation evaluates (IAM User Guide, "IAM policy testing with the IAM policy simulator").
fn beyond_simulation(evidence: &Evidence, requirements: &Requirements, verdict: Verdict, list: &mut Vec<NotChecked>) {
    let subject = evidence.subject();
    let is_callers = matches!(subject.chosen_by, ChosenBy::Caller | ChosenBy::ApiKey);
    if verdict == Verdict::Allowed {
        let why = match evidence.request.operation.has_test_call() {
            false => Why::NoTestCall,
            true if is_callers => Why::TestCallNotAsked,
            true => Why::OnlyThePrincipal,
        };
        list.push(NotChecked::new(Unchecked::Call, why));
    }
    let kind = subject.principal.as_ref().map(|principal| principal.kind);
    if evidence.request.policies.session.is_none() && kind.is_some_and(PrincipalKind::is_role_session) {
        list.push(NotChecked::new(Unchecked::SessionPolicy, Why::SessionPolicyHidden));
    }
    let is_open = requirements.requirements.iter().any(|requirement| requirement.unread.is_some());
    if kind == Some(PrincipalKind::IamUser) && is_open {
        list.push(NotChecked::new(Unchecked::QuarantinePolicy, Why::MaybeQuarantined));
    }
    list.extend(
        why_endpoint_policy_open(evidence, is_callers).map(|why| NotChecked::new(Unchecked::VpcEndpointPolicy, why)),
    );
    if in_an_organization(evidence) && !evidence.is_about_another_account() {
        list.push(NotChecked::new(Unchecked::OrganizationGuardrails, Why::OnlyManagementAccount));
    }
    let is_third_party =
        evidence.base_model().is_some_and(|model| Marketplace::of(provider_of(model)) != Marketplace::NotSold);
    if is_third_party {
        list.push(NotChecked::new(Unchecked::AccountGates, Why::OnlyACall));
    }
}

/// Returns why a VPC endpoint's policy may have a say; `None` where it has none, or where it was supplied.
fn why_endpoint_policy_open(evidence: &Evidence, is_callers: bool) -> Option<Why> {
    if evidence.request.policies.vpc_endpoint.is_some() {
        return None;
    }
    if !is_callers {
        return Some(Why::RouteUnknown);
    }
    // The name tells by itself, also where it could not be resolved from here.
    let host = match &evidence.endpoint {
        Observation::Seen(endpoint) => Some(&endpoint.host),
        Observation::Failed(failure) => failure.endpoint.as_ref(),
        _ => None,
    };
    if let Some(host) = host.filter(|host| host.contains(".vpce.amazonaws.com")) {
        return Some(Why::VpcEndpointHost(host.clone()));
    }
    match &evidence.endpoint {
        Observation::Seen(endpoint) => {
            let address = *endpoint.addresses.iter().find(|address| is_private(**address))?;
            Some(Why::PrivateAddress { host: endpoint.host.clone(), address })
        }
        unseen => unseen.why_unseen().map(Why::EndpointNotRead),
    }
}

/// Returns `true` if an address belongs to a private network: RFC 1918, RFC 6598, link-local, or IPv6 unique local.
/// Loopback does not: what listens there stands in for AWS.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            address.is_private() || address.is_link_local() || first == 100 && second & 0b1100_0000 == 64
        }
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(mapped) => is_private(IpAddr::V4(mapped)),
            None => address.is_unique_local() || address.is_unicast_link_local(),
        },
    }
}

/// Returns `true` if the account belongs to an organization: the simulator speaks of one only then.
fn in_an_organization(evidence: &Evidence) -> bool {
    let mut simulations = evidence.answers.iter().filter_map(|answer| answer.simulation.seen());
    simulations.any(|simulation| simulation.allowed_by_organizations.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_those_that_no_public_endpoint_has() {
        for (address, private) in [
            ("10.0.0.10", true),
            ("172.16.5.4", true),
            ("172.32.0.1", false),
            ("192.168.1.1", true),
            ("100.64.0.1", true),
            ("100.128.0.1", false),
            ("169.254.1.1", true),
            ("127.0.0.1", false),
            ("52.94.133.131", false),
            ("fd00::1", true),
            ("fe80::1", true),
            ("::1", false),
            ("2600:1f14::1", false),
            ("::ffff:10.0.0.1", true),
        ] {
            assert_eq!(is_private(address.parse().unwrap()), private, "{address}");
        }
    }
}
