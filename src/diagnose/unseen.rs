//! What could matter for this call and could not be seen, one line each.

use super::legs::Legs;
use super::live::Live;
use super::{LiveOutcome, NotChecked, Verdict};
use crate::bedrock::{Given, Kind, Marketplace, provider_of};
use crate::evidence::Evidence;
use crate::iam::Decision;
use crate::request::Request;

/// Lists what was not seen, only where it could change the answer.
pub(super) fn list(
    evidence: &Evidence,
    live: &Live,
    legs: &Legs,
    unread_gates: &[NotChecked],
    verdict: Verdict,
) -> Vec<NotChecked> {
    let mut unseen = Vec::new();
    let authorized = live.verdict() == Some(Verdict::Allowed);
    unsimulated(legs, &mut unseen);
    if !authorized {
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
        unsimulatable(evidence, verdict, &mut unseen);
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

/// The legs without a decision, the same reason once.
fn unsimulated(legs: &Legs, unseen: &mut Vec<NotChecked>) {
    let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
    for leg in &legs.legs {
        let Some(why) = leg.unread.as_deref() else { continue };
        let what = format!("{} on {}", leg.request.action, leg.request.resource);
        match reasons.iter_mut().find(|(known, _)| *known == why) {
            Some((_, legs)) => legs.push(what),
            None => reasons.push((why, vec![what])),
        }
    }
    for (why, legs) in reasons {
        let legs = match legs.as_slice() {
            [only] => only.clone(),
            many => format!("any of the {} resources that the call needs", many.len()),
        };
        unseen.push(NotChecked::new(format!("the IAM policies for {legs}"), why));
    }
    // What one leg carries is left out of the others on purpose: it belongs to that leg's action or resource.
    let is_given = |key: &str| legs.legs.iter().any(|leg| leg.request.context.get(key).is_some());
    let mut keys: Vec<&str> = Vec::new();
    for leg in legs.legs.iter().filter(|leg| leg.decision == Decision::Allowed) {
        keys.extend(
            leg.missing_context
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
    for why in &legs.unlisted {
        unseen.push(NotChecked::new("every authorization that the call needs", why));
    }
}

/// What no simulation evaluates (IAM User Guide, "IAM policy testing with the IAM policy simulator").
fn unsimulatable(evidence: &Evidence, verdict: Verdict, unseen: &mut Vec<NotChecked>) {
    if verdict == Verdict::Allowed {
        let why = if !evidence.request.operation.has_test_call() {
            "the operation has no test call that starts or makes nothing"
        } else if evidence.is_about_the_caller() {
            "no test call was asked for; `--probe` makes one that no model accepts"
        } else {
            "only the principal itself can make a test call"
        };
        unseen.push(NotChecked::new("the call itself", why));
    }
    let session = evidence.is_about_the_caller()
        && evidence.caller.seen().is_some_and(|caller| caller.principal.kind.is_role_session());
    if session {
        unseen.push(NotChecked::new(
            "the session policy",
            "a policy handed over when the role was assumed restricts it further, and no API shows it",
        ));
    }
    unseen.push(NotChecked::new("the VPC endpoint policy", "the policy simulator does not evaluate it"));
    let third_party =
        evidence.base_model().is_some_and(|model| Marketplace::of(provider_of(model)) != Marketplace::NotSold);
    if third_party {
        unseen.push(NotChecked::new(
            "account-level gates of AWS and the provider (AWS Sales, geography, payment, data retention)",
            "no API shows them; only a call does",
        ));
    }
}
