//! What could matter for this call and could not be seen, one line each.

use super::live::Live;
use super::reading;
use super::requirements::Requirements;
use super::{LiveOutcome, NotChecked, Verdict, authorization};
use crate::bedrock::{Given, Kind, Marketplace, provider_of};
use crate::evidence::{ChosenBy, Evidence, Observation};
use crate::iam::{Decision, PrincipalKind};
use crate::request::Request;
use core::net::IpAddr;

/// Lists what was not seen, only where it could change the answer.
pub(super) fn list(
    evidence: &Evidence,
    live: &Live,
    requirements: &Requirements,
    unread_gates: &[NotChecked],
    verdict: Verdict,
) -> Vec<NotChecked> {
    let mut unseen = Vec::new();
    let authorized = live.verdict() == Some(Verdict::Allowed);
    unsimulated(requirements, &mut unseen);
    if let Some(why) = reading::why_incomplete(evidence).filter(|_| !authorized) {
        unseen.push(NotChecked::new("the texts of the policies, beside what the policy simulator says of them", why));
    }
    if !authorized {
        unseen.extend(authorization::unseen(evidence));
        unseen.extend(unread_gates.iter().cloned());
    }
    match live.invocation.outcome {
        LiveOutcome::Failed => {
            unseen.push(NotChecked::new("the test call", live.invocation.failure.clone().unwrap_or_default()))
        }
        LiveOutcome::Refused if live.recognized().is_none() => {
            let text = live.invocation.error.as_ref().map(ToString::to_string).unwrap_or_default();
            unseen.push(NotChecked::new("the test call's answer", format!("it settles nothing: {text}")));
        }
        LiveOutcome::NotMade if live.invocation.failure.is_some() => {
            unseen.push(NotChecked::new("the test call", live.invocation.failure.clone().unwrap_or_default()))
        }
        _ => {}
    }
    if live.verdict().is_none() && evidence.credentials.seen().is_some() {
        unsimulatable(evidence, requirements, verdict, &mut unseen);
    }
    beside_the_call(&evidence.request, &mut unseen);
    unseen
}

/// What an operation hangs on that the request did not name, or that no API tells.
fn beside_the_call(request: &Request, unseen: &mut Vec<NotChecked>) {
    let operation = request.operation;
    if operation.service_role() == Given::Maybe && request.service_role.is_none() {
        let what = operation.acts_for().unwrap_or("resource").replace('-', " ");
        unseen.push(NotChecked::new(
            format!("what the {what}'s service role may do"),
            "the role was not named; `--service-role` names it, and `--model` the model that it calls",
        ));
    }
    if request.model.is_some() && !operation.model().gated {
        unseen.push(NotChecked::new(
            "the account's access to the model",
            format!("what Bedrock's read APIs tell of it is not known to count for `{operation}`"),
        ));
    }
    if request.given(Kind::KmsKey).next().is_some() {
        unseen.push(NotChecked::new(
            "the key's own policy",
            "the policy simulator was not given it, and a key's policy decides too",
        ));
    }
    if request.given(Kind::S3).next().is_some() {
        unseen.push(NotChecked::new(
            "the bucket's own policy",
            "it was not read, and it may deny what the role's policies allow",
        ));
    }
}

/// The requirements without a decision, the same reason once.
fn unsimulated(requirements: &Requirements, unseen: &mut Vec<NotChecked>) {
    let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
    for requirement in &requirements.requirements {
        let Some(why) = requirement.unread.as_deref() else { continue };
        let what = format!("{} on {}", requirement.request.action, requirement.request.resource);
        match reasons.iter_mut().find(|(known, _)| *known == why) {
            Some((_, requirements)) => requirements.push(what),
            None => reasons.push((why, vec![what])),
        }
    }
    for (why, requirements) in reasons {
        let requirements = match requirements.as_slice() {
            [only] => only.clone(),
            many => format!("any of the {} resources that the call needs", many.len()),
        };
        unseen.push(NotChecked::new(format!("the IAM policies for {requirements}"), why));
    }
    // What one requirement carries is left out of the others on purpose: it belongs to that requirement's action or resource.
    let is_given =
        |key: &str| requirements.requirements.iter().any(|requirement| requirement.request.context.get(key).is_some());
    let mut keys: Vec<&str> = Vec::new();
    for requirement in requirements.requirements.iter().filter(|requirement| requirement.decision == Decision::Allowed)
    {
        keys.extend(
            requirement
                .missing_context
                .iter()
                .map(String::as_str)
                .filter(|key| !keys.contains(key) && !is_given(key))
                .collect::<Vec<_>>(),
        );
    }
    if !keys.is_empty() {
        unseen.push(NotChecked::new(
            format!("policies that look at {}", keys.join(", ")),
            "the simulation was not given these keys, and without them a policy may decide otherwise; `--context` gives them",
        ));
    }
    for why in &requirements.unlisted {
        unseen.push(NotChecked::new("every authorization that the call needs", why));
    }
}

/// What no simulation evaluates (IAM User Guide, "IAM policy testing with the IAM policy simulator").
fn unsimulatable(evidence: &Evidence, requirements: &Requirements, verdict: Verdict, unseen: &mut Vec<NotChecked>) {
    if verdict == Verdict::Allowed {
        let why = if !evidence.request.operation.has_test_call() {
            "the operation has no test call that starts or makes nothing"
        } else if matches!(evidence.subject().chosen_by, ChosenBy::Caller | ChosenBy::ApiKey) {
            "no test call was asked for; `--probe` makes one that no model accepts"
        } else {
            "only the principal itself can make a test call"
        };
        unseen.push(NotChecked::new("the call itself", why));
    }
    let subject = evidence.subject();
    let session = evidence.request.policies.session.is_none()
        && subject.principal.as_ref().is_some_and(|principal| principal.kind.is_role_session());
    if session {
        unseen.push(NotChecked::new(
            "the session policy",
            "a policy handed over when the role was assumed restricts it further, and no API shows it; `--session-policy` gives it",
        ));
    }
    let is_user = subject.principal.as_ref().is_some_and(|principal| principal.kind == PrincipalKind::IamUser);
    if is_user && requirements.requirements.iter().any(|requirement| requirement.unread.is_some()) {
        unseen.push(NotChecked::new(
            "a quarantine policy",
            "AWS attaches `AWSCompromisedKeyQuarantineV3` to a user whose access key leaked, and it denies invoking; what is attached to this user could not be simulated",
        ));
    }
    unseen.extend(endpoint_policy(evidence));
    if in_an_organization(evidence) && !evidence.is_about_another_account() {
        unseen.push(NotChecked::new(
            "guardrails that the organization enforces",
            "they need bedrock:ApplyGuardrail like the account's own, and only the management account's policies show them",
        ));
    }
    let third_party =
        evidence.base_model().is_some_and(|model| Marketplace::of(provider_of(model)) != Marketplace::NotSold);
    if third_party {
        unseen.push(NotChecked::new(
            "account-level gates of AWS and the provider (AWS Sales, geography, payment, data retention)",
            "no API shows them; only a call does",
        ));
    }
}

/// Says whether the call passes a VPC endpoint whose policy has a say; nothing where it does not, or where its
/// policy was given.
fn endpoint_policy(evidence: &Evidence) -> Option<NotChecked> {
    if evidence.request.policies.vpc_endpoint.is_some() {
        return None;
    }
    let what = "the VPC endpoint policy";
    if !matches!(evidence.subject().chosen_by, ChosenBy::Caller | ChosenBy::ApiKey) {
        return Some(NotChecked::new(what, "which way the principal's own calls take is not known"));
    }
    let given = "no simulation evaluates it; `--vpc-endpoint-policy` gives it";
    // The name tells by itself, also where it could not be resolved from here.
    let host = match &evidence.endpoint {
        Observation::Seen(endpoint) => Some(&endpoint.host),
        Observation::Failed(failure) => failure.endpoint.as_ref(),
        _ => None,
    };
    if let Some(host) = host.filter(|host| host.contains(".vpce.amazonaws.com")) {
        return Some(NotChecked::new(what, format!("calls go to `{host}`, which is a VPC endpoint, and {given}")));
    }
    match &evidence.endpoint {
        Observation::Seen(endpoint) => {
            let private = endpoint.addresses.iter().find(|address| is_private(**address))?;
            Some(NotChecked::new(
                what,
                format!(
                    "`{}` resolves to the private address {private}: calls pass a VPC endpoint, and {given}",
                    endpoint.host
                ),
            ))
        }
        unseen => Some(NotChecked::new(
            what,
            format!("whether calls pass a VPC endpoint is not known: {}", unseen.why_unseen().unwrap_or_default()),
        )),
    }
}

/// Tells whether an address belongs to a private network: RFC 1918, RFC 6598, link-local, or IPv6 unique local.
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

/// Tells whether the account belongs to an organization: the simulator speaks of one only then.
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
