//! What given policies say of a call.

use super::call::Call;
use crate::iam::{Arn, RequestContext};
use crate::policy::{Evaluation, Policies, Question, evaluate};
use crate::request::KnownCaller;

/// Evaluates every authorization of a call; keys that the policies read and that nobody stated are unknown.
#[must_use]
pub fn evaluated(
    call: &Call,
    policies: &Policies,
    by: Option<&Arn>,
    absent: &[String],
) -> Vec<(RequestContext, Evaluation)> {
    let account = call.account.clone().or_else(|| by.map(|arn| arn.account.clone()));
    let partition = call.request.region.partition();
    let principal = match by {
        Some(arn) => arn.to_string(),
        None => format!("arn:{}:iam::{}:role/caller", partition.as_str(), account.as_deref().unwrap_or("123456789012")),
    };
    let read = keys_read(policies);
    let caller = KnownCaller {
        account: account.as_deref(),
        // A session's key holds its role's ARN, whose path the session's own ARN does not tell.
        entity: by.filter(|arn| arn.service == "iam"),
        ..KnownCaller::default()
    };
    let evaluate_requirement = |requirement: &RequestContext| {
        let mut request = requirement.clone();
        caller.complete(&mut request.context);
        let is_absent = |key: &&String| absent.iter().any(|known| known.eq_ignore_ascii_case(key));
        let keys = read.iter().filter(|key| !is_absent(key)).map(String::as_str);
        let unknown = caller.unknown(keys, &request);
        let question = Question { principal: &principal, request: &request, unknown: &unknown };
        let evaluation = evaluate(&question, policies);
        (request, evaluation)
    };
    call.requirements.iter().map(evaluate_requirement).collect()
}

fn keys_read(policies: &Policies) -> Vec<String> {
    let lists = [&policies.identity].into_iter().chain(&policies.service_control).chain(&policies.resource_control);
    let options = [&policies.permissions_boundary, &policies.vpc_endpoint].into_iter().flatten();
    let more = policies.session.iter().chain(&policies.resource).flatten();
    let documents = lists.flatten().chain(options).chain(more).map(|policy| &policy.document);
    documents.flat_map(|document| document.condition_keys()).map(str::to_owned).collect()
}
