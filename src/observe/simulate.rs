//! The policy simulator: one call for each action and requirement, because the context is given per call.
//!
//! (IAM API Reference, "SimulatePrincipalPolicy".) The resource's own result is read, not the top-level one, which is
//! the most restrictive over all resources; and every page of the answer.

use super::account::Clients;
use super::api::Api;
use super::call_runner::{CallRunner, unreadable};
use crate::evidence::{
    Exclusion, MatchedStatement, Observation, SharedQuestion, Simulation, SimulationQuestion, Trial,
};
use crate::iam::{Arn, ContextKeys, ContextValue, Decision};
use crate::request::ContextKeyType;
use aws_sdk_iam::error::SdkError;
use aws_sdk_iam::operation::simulate_principal_policy::SimulatePrincipalPolicyError;
use aws_sdk_iam::types::{ContextEntry, ContextKeyTypeEnum, EvaluationResult, PolicyEvaluationDecisionType, Statement};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use futures_util::future::join_all;
use std::net::IpAddr;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Pages of one answer that are followed; one action on one resource never needs more.
const MAX_PAGES: usize = 20;

/// Answers questions, in their order.
pub(super) async fn all(
    clients: &Clients,
    calls: &CallRunner,
    questions: &[SimulationQuestion],
) -> Vec<Observation<Simulation>> {
    let questions = questions.iter().map(|question| (question, calls.branch()));
    join_all(questions.map(async |(question, calls)| one(clients, &calls, question).await)).await
}

async fn one(clients: &Clients, calls: &CallRunner, question: &SimulationQuestion) -> Observation<Simulation> {
    let SimulationQuestion { principal, requirement, trial } = question;
    let ask = Ask {
        principal,
        action: &requirement.action,
        resources: std::slice::from_ref(&requirement.resource),
        context: &requirement.context,
        trial,
    };
    let endpoint = clients.endpoint("iam");
    // The whole text of a question tells it from all others.
    let text = serde_json::to_string(question).unwrap_or_default();
    let call = calls.to(Api::SimulatePrincipalPolicy, &endpoint).shared(&[&text]);
    let answer = call.at_rate(&calls.traffic().simulator).ask(|| pages(clients, ask)).await;
    answer.and_then(|pages| {
        let read = read(&pages, &requirement.action, &requirement.resource);
        read.map_or_else(|detail| unreadable(&endpoint, &detail), Observation::Seen)
    })
}

/// Asks about many resources at once, and returns what is said of each, in their order.
///
/// Each has its own decision, statements and boundary; whether the organization allows is said of all together
/// (IAM API Reference, "EvaluationResult").
pub(super) async fn many(
    clients: &Clients,
    calls: &CallRunner,
    question: &SharedQuestion,
) -> Vec<Observation<Simulation>> {
    let SharedQuestion { principal, action, context, resources } = question;
    let trial = Trial::default();
    let ask = Ask { principal, action, resources, context, trial: &trial };
    let endpoint = clients.endpoint("iam");
    let call = calls.to(Api::SimulatePrincipalPolicy, &endpoint);
    let answer = call.at_rate(&calls.traffic().simulator).ask(|| pages(clients, ask)).await;
    let of_one = |resource: &String| {
        answer.clone().and_then(|pages| {
            let read = read(&pages, action, resource);
            read.map_or_else(|detail| unreadable(&endpoint, &detail), Observation::Seen)
        })
    };
    resources.iter().map(of_one).collect()
}

/// What one call to the simulator asks.
#[derive(Clone, Copy)]
struct Ask<'a> {
    principal: &'a Arn,
    action: &'a str,
    resources: &'a [String],
    context: &'a ContextKeys,
    trial: &'a Trial,
}

/// The results of all pages of an answer.
#[derive(Debug)]
struct Pages {
    results: Vec<EvaluationResult>,
    /// Whether the last page was reached.
    complete: bool,
}

/// Follows the pages of an answer.
async fn pages(clients: &Clients, ask: Ask<'_>) -> Result<Pages, SdkError<SimulatePrincipalPolicyError, HttpResponse>> {
    let mut results = Vec::new();
    let mut marker: Option<String> = None;
    for _ in 0..MAX_PAGES {
        let exclusions = ask.trial.without.clone();
        let page = clients
            .simulator
            .simulate_principal_policy()
            .policy_source_arn(ask.principal.to_string())
            .action_names(ask.action)
            .set_resource_arns(Some(ask.resources.to_vec()))
            .set_context_entries(Some(ask.context.iter().map(|(key, value)| context_entry(key, value)).collect()))
            .set_policy_input_list(ask.trial.with.clone().map(|policy| vec![policy]))
            .set_marker(marker.take())
            .customize()
            .mutate_request(move |request| exclude(request, &exclusions))
            .send()
            .await?;
        results.extend(page.evaluation_results().iter().cloned());
        marker = page.marker().map(str::to_owned);
        if !page.is_truncated() {
            return Ok(Pages { results, complete: true });
        }
        if marker.is_none() {
            break;
        }
    }
    Ok(Pages { results, complete: false })
}

/// Writes the exclusion list into the request's form.
///
/// The SDK knows the parameter, and in the query protocol it writes a union's value without the member's name
/// (`PolicyExclusionList.member.1=scp` for `….member.1.PolicyType=scp`), which IAM refuses; so the fields are written
/// here, before the request is signed.
fn exclude(request: &mut HttpRequest, exclusions: &[Exclusion]) {
    let Some(form) = request.body().bytes().and_then(|bytes| std::str::from_utf8(bytes).ok()) else { return };
    let mut fields = form_urlencoded::Serializer::new(form.to_owned());
    for (number, exclusion) in exclusions.iter().enumerate() {
        let mut field = |name: &str, value: &str| {
            fields.append_pair(&format!("PolicyExclusionList.member.{}.{name}", number + 1), value);
        };
        match exclusion {
            Exclusion::ServiceControlPolicies => field("PolicyType", "scp"),
            Exclusion::PermissionsBoundary => field("PolicyType", "permission-boundary"),
            Exclusion::ManagedPolicy(pattern) => field("PolicyArn", pattern),
            Exclusion::InlinePolicy { attached_to, entity, policy } => {
                field("InlinePolicyIdentifier.PolicyName", policy);
                field("InlinePolicyIdentifier.AttachmentType", attached_to);
                field("InlinePolicyIdentifier.AttachmentName", entity);
            }
        }
    }
    let form = fields.finish();
    request.headers_mut().insert("content-length", form.len().to_string());
    *request.body_mut() = SdkBody::from(form);
}

fn context_entry(key: &str, value: &ContextValue) -> ContextEntry {
    ContextEntry::builder()
        .context_key_name(key)
        .set_context_key_values(Some(value.values().to_vec()))
        .context_key_type(context_key_type(key, value))
        .build()
}

/// Returns the type that a condition key's value is passed with.
///
/// A value that cannot be of the key's type is passed as a string: the simulator rejects the whole call otherwise.
fn context_key_type(key: &str, value: &ContextValue) -> ContextKeyTypeEnum {
    let values = value.values();
    let all = |of_type: fn(&str) -> bool| !values.is_empty() && values.iter().all(|value| of_type(value));
    let kind = ContextKeyType::for_key(key);
    let fits = match kind {
        ContextKeyType::Boolean => all(|value| value == "true" || value == "false"),
        ContextKeyType::Date => all(|value| OffsetDateTime::parse(value, &Rfc3339).is_ok()),
        ContextKeyType::Ip => all(|value| value.parse::<IpAddr>().is_ok()),
        ContextKeyType::Numeric => all(|value| value.parse::<i64>().is_ok()),
        ContextKeyType::String => true,
    };
    let kind = if fits { kind } else { ContextKeyType::String };
    ContextKeyTypeEnum::from(kind.as_str(matches!(value, ContextValue::Multiple(_))))
}

/// Reads the decision on a resource of its own, from every result that speaks of it.
///
/// The most restrictive counts. An answer that is incomplete, about something else, or at odds with itself is no
/// answer.
fn read(pages: &Pages, action: &str, resource: &str) -> Result<Simulation, String> {
    if !pages.complete {
        return Err("the answer does not end".to_owned());
    }
    let mut read: Option<Simulation> = None;
    for result in pages.results.iter().filter(|result| result.eval_action_name().eq_ignore_ascii_case(action)) {
        for simulation in read_one(result, resource)? {
            let stricter = read.as_ref().is_none_or(|known| rank(simulation.decision) > rank(known.decision));
            if stricter {
                read = Some(simulation);
            }
        }
    }
    read.ok_or_else(|| format!("the answer holds no result for `{action}` on `{resource}`"))
}

fn rank(decision: Decision) -> u8 {
    match decision {
        Decision::Allowed => 0,
        Decision::Undetermined => 1,
        Decision::ImplicitDeny => 2,
        Decision::ExplicitDeny => 3,
    }
}

fn read_one(result: &EvaluationResult, resource: &str) -> Result<Vec<Simulation>, String> {
    let organizations = result
        .organizations_decision_detail()
        .map(aws_sdk_iam::types::OrganizationsDecisionDetail::allowed_by_organizations);
    let boundary = |detail: Option<&aws_sdk_iam::types::PermissionsBoundaryDecisionDetail>| {
        detail.map(aws_sdk_iam::types::PermissionsBoundaryDecisionDetail::allowed_by_permissions_boundary)
    };
    let top = decision(result.eval_decision())?;
    let specific = result.resource_specific_results();
    if specific.is_empty() {
        // There was one resource to judge; `*` stands for it, and no other ARN or pattern does.
        let name = result.eval_resource_name().unwrap_or("*");
        if name != resource && name != "*" {
            return Ok(Vec::new());
        }
        return Ok(vec![Simulation {
            decision: top,
            matched: result.matched_statements().iter().map(matched).collect(),
            missing_context: result.missing_context_values().to_vec(),
            allowed_by_organizations: organizations,
            allowed_by_boundary: boundary(result.permissions_boundary_decision_detail()),
        }]);
    }
    let own = specific.iter().filter(|own| own.eval_resource_name() == resource || resource == "*");
    own.map(|own| {
        let decided = decision(own.eval_resource_decision())?;
        // The top-level decision is the most restrictive over the resources, and only one was asked about.
        if rank(top) > rank(decided) && specific.len() == 1 {
            return Err(format!("the answer says both {top} and {decided}"));
        }
        let statements = own.matched_statements();
        let statements = if statements.is_empty() { result.matched_statements() } else { statements };
        Ok(Simulation {
            decision: decided,
            matched: statements.iter().map(matched).collect(),
            missing_context: own.missing_context_values().to_vec(),
            allowed_by_organizations: organizations,
            allowed_by_boundary: boundary(own.permissions_boundary_decision_detail())
                .or_else(|| boundary(result.permissions_boundary_decision_detail())),
        })
    })
    .collect()
}

fn decision(decision: &PolicyEvaluationDecisionType) -> Result<Decision, String> {
    match decision {
        PolicyEvaluationDecisionType::Allowed => Ok(Decision::Allowed),
        PolicyEvaluationDecisionType::ExplicitDeny => Ok(Decision::ExplicitDeny),
        PolicyEvaluationDecisionType::ImplicitDeny => Ok(Decision::ImplicitDeny),
        other => Err(format!("the simulator's decision `{}` is not known", other.as_str())),
    }
}

fn matched(statement: &Statement) -> MatchedStatement {
    let (start, end) = (statement.start_position(), statement.end_position());
    let number = |value: i32| u32::try_from(value).ok();
    MatchedStatement {
        policy: statement.source_policy_id().map(str::to_owned),
        source: statement.source_policy_type().map(|kind| kind.as_str().to_owned()),
        line: start.and_then(|start| number(start.line())),
        column: start.and_then(|start| number(start.column())),
        end: end.and_then(|end| number(end.line()).zip(number(end.column()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_entry_has_the_type_of_its_key() {
        use ContextKeyTypeEnum as Type;
        let list = |values: &[&str]| ContextValue::Multiple(values.iter().map(|value| (*value).to_owned()).collect());
        for (key, value, expected) in [
            ("aws:RequestedRegion", "us-west-2".into(), Type::String),
            ("aws:SourceIp", "203.0.113.7".into(), Type::Ip),
            ("AWS:SourceIP", "2001:db8::1".into(), Type::Ip),
            // An address block is not an address; as a string the call is at least answered.
            ("aws:SourceIp", "203.0.113.0/24".into(), Type::String),
            ("aws:SecureTransport", "true".into(), Type::Boolean),
            ("aws:SecureTransport", "yes".into(), Type::String),
            ("aws:CurrentTime", "2026-11-28T12:00:00Z".into(), Type::Date),
            ("aws:MultiFactorAuthAge", "300".into(), Type::Numeric),
            ("aws:PrincipalArn", "arn:aws:iam::111122223333:role/x".into(), Type::String),
            ("aws:TagKeys", list(&["a", "b"]), Type::StringList),
            ("aws:VpcSourceIp", list(&["10.0.0.1"]), Type::IpList),
            ("aws:TagKeys", list(&[]), Type::StringList),
        ] {
            assert_eq!(context_key_type(key, &value), expected, "{key} {value:?}");
        }
    }
}
