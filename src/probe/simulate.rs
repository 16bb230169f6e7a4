//! The policy simulator: one call for each action and leg, because the context is given per call.
//!
//! (IAM API Reference, "SimulatePrincipalPolicy".) The resource's own result is read, not the top-level one, which is
//! the most restrictive over all resources; and every page of the answer.

use super::account::Clients;
use super::call::Caller as Calls;
use crate::evidence::{
    Call, Exclusion, Failure, FailureKind, MatchedStatement, Observation, Question, Simulation, Trial,
};
use crate::iam::{Arn, ContextValue, Decision, RequestContext};
use aws_sdk_iam::error::SdkError;
use aws_sdk_iam::operation::simulate_principal_policy::SimulatePrincipalPolicyError;
use aws_sdk_iam::types::{
    ContextEntry, ContextKeyTypeEnum, EvaluationResult, PolicyEvaluationDecisionType, ResourceSpecificResult, Statement,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use futures_util::future::join_all;
use tokio::sync::Semaphore;

/// Calls to the simulator under way at once: it throttles early.
const AT_ONCE: usize = 4;

/// Pages of one answer that are followed; one action on one resource never needs more.
const MAX_PAGES: usize = 20;

const API: &str = "iam:SimulatePrincipalPolicy";

/// Answers questions, in their order.
pub(super) async fn all(
    clients: &Clients,
    calls: &Calls,
    questions: &[Question],
) -> Vec<(Observation<Simulation>, Call)> {
    let permits = Semaphore::new(AT_ONCE);
    join_all(questions.iter().map(async |question| {
        let Question::Simulate { principal, leg, trial } = question;
        // The semaphore is never closed; without a permit the call would only be less patient.
        let _permit = permits.acquire().await;
        one(clients, calls, principal, leg, trial).await
    }))
    .await
}

async fn one(
    clients: &Clients,
    calls: &Calls,
    principal: &Arn,
    leg: &RequestContext,
    trial: &Trial,
) -> (Observation<Simulation>, Call) {
    let endpoint = clients.endpoint("iam");
    let (answer, call) = calls.read(API, &endpoint, pages(clients, principal, leg, trial)).await;
    let simulation = match answer {
        Observation::Seen(results) => read(&results, leg).map_or_else(
            |detail| {
                Observation::Failed(Failure { kind: FailureKind::Unreadable, endpoint: Some(endpoint.clone()), detail })
            },
            Observation::Seen,
        ),
        Observation::Refused(error) => Observation::Refused(error),
        Observation::Failed(failure) => Observation::Failed(failure),
        Observation::Skipped(reason) => Observation::Skipped(reason),
    };
    (simulation, call)
}

async fn pages(
    clients: &Clients,
    principal: &Arn,
    leg: &RequestContext,
    trial: &Trial,
) -> Result<Vec<EvaluationResult>, SdkError<SimulatePrincipalPolicyError, HttpResponse>> {
    let mut results = Vec::new();
    let mut marker: Option<String> = None;
    for _ in 0..MAX_PAGES {
        let exclusions = trial.without.clone();
        let page = clients
            .iam
            .simulate_principal_policy()
            .policy_source_arn(principal.to_string())
            .action_names(&leg.action)
            .resource_arns(&leg.resource)
            .set_context_entries(Some(leg.context.iter().map(|(key, value)| context_entry(key, value)).collect()))
            .set_policy_input_list(trial.with.clone().map(|policy| vec![policy]))
            .set_marker(marker.take())
            .customize()
            .mutate_request(move |request| exclude(request, &exclusions))
            .send()
            .await?;
        results.extend(page.evaluation_results().iter().cloned());
        marker = page.marker().map(str::to_owned).filter(|_| page.is_truncated());
        if marker.is_none() {
            break;
        }
    }
    Ok(results)
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
    let kind = match value {
        ContextValue::Single(_) => ContextKeyTypeEnum::String,
        ContextValue::Multiple(_) => ContextKeyTypeEnum::StringList,
    };
    ContextEntry::builder()
        .context_key_name(key)
        .set_context_key_values(Some(value.values().to_vec()))
        .context_key_type(kind)
        .build()
}

/// Reads the decision on the leg's own resource.
fn read(results: &[EvaluationResult], leg: &RequestContext) -> Result<Simulation, String> {
    let result = results
        .iter()
        .find(|result| result.eval_action_name().eq_ignore_ascii_case(&leg.action))
        .ok_or_else(|| format!("the answer holds no result for `{}`", leg.action))?;
    let specific = result.resource_specific_results();
    let own = specific.iter().find(|own| own.eval_resource_name() == leg.resource);
    if own.is_none() && !specific.is_empty() && leg.resource != "*" {
        return Err(format!("the answer holds no result for `{}`", leg.resource));
    }
    let boundary = own
        .and_then(ResourceSpecificResult::permissions_boundary_decision_detail)
        .or_else(|| result.permissions_boundary_decision_detail());
    // Without a result for the resource there was only one to judge, and the top-level decision is about it.
    Ok(Simulation {
        decision: decision(own.map_or_else(|| result.eval_decision(), ResourceSpecificResult::eval_resource_decision))?,
        matched: own
            .map(ResourceSpecificResult::matched_statements)
            .filter(|statements| !statements.is_empty())
            .unwrap_or_else(|| result.matched_statements())
            .iter()
            .map(matched)
            .collect(),
        missing_context: own
            .map_or_else(|| result.missing_context_values(), ResourceSpecificResult::missing_context_values)
            .to_vec(),
        allowed_by_organizations: result
            .organizations_decision_detail()
            .map(aws_sdk_iam::types::OrganizationsDecisionDetail::allowed_by_organizations),
        allowed_by_boundary: boundary
            .map(aws_sdk_iam::types::PermissionsBoundaryDecisionDetail::allowed_by_permissions_boundary),
    })
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
    let start = statement.start_position();
    let number = |value: i32| u32::try_from(value).ok();
    MatchedStatement {
        policy: statement.source_policy_id().map(str::to_owned),
        source: statement.source_policy_type().map(|kind| kind.as_str().to_owned()),
        line: start.and_then(|start| number(start.line())),
        column: start.and_then(|start| number(start.column())),
    }
}
