//! How AWS itself evaluated refused calls: looks their authorization ids up in IAM Toolbox.
//!
//! Takes ids with the Region of the refusal, and returns what is recorded there. AWS records it some seconds after the
//! refusal, so a missing record is looked for again, a few times and within the deadline. The checks that an evaluation
//! consists of are read from the answer's body, because the SDK's crate does not know them yet.

use super::account::Clients;
use super::api::Api;
use super::call_runner::{CallRunner, unreadable};
use super::skipped;
use crate::evidence::{
    AuthorizationCheck, AuthorizationDetails, AuthorizationEvaluation, AuthorizationQuestion, EvaluatedPolicy,
    MatchedPolicy, MatchedSid, Observation, SkipReason,
};
use crate::iam::{Decision, PolicyType};
use aws_sdk_iamtoolbox::operation::get_request_authorization_details::GetRequestAuthorizationDetailsError;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::AfterDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use futures_util::future::join_all;
use serde::Deserialize;
use std::sync::{Arc, Mutex, PoisonError};

/// Pages of one record that are followed.
const MAX_PAGES: usize = 20;

/// Looks ids up, in the order of the questions.
pub(super) async fn look_up_all(
    clients: &Clients,
    calls: &CallRunner,
    questions: &[AuthorizationQuestion],
) -> Vec<Observation<AuthorizationDetails>> {
    let questions = questions.iter().map(|question| (question, calls.branch()));
    join_all(questions.map(async |(question, calls)| look_up(clients, &calls, question).await)).await
}

async fn look_up(
    clients: &Clients,
    calls: &CallRunner,
    question: &AuthorizationQuestion,
) -> Observation<AuthorizationDetails> {
    if !clients.signs {
        calls.record_not_made(Api::GetRequestAuthorizationDetails);
        return skipped(SkipReason::NoCredentialsToAsk);
    }
    let AuthorizationQuestion { authorization_id, region } = question;
    let endpoint = clients.endpoint_in("iam-toolbox", region);
    let call = calls.to(Api::GetRequestAuthorizationDetails, &endpoint);
    let call = call.shared(&[authorization_id, region.as_str()]).until_recorded();
    call.ask(|| record(clients, question)).await.and_then(|record| match record.as_ref() {
        Ok(details) => Observation::Seen(details.clone()),
        Err(why) => unreadable(&endpoint, why),
    })
}

type Record = Result<AuthorizationDetails, String>;

/// Reads a record, page by page; `Err` says why an answer is not one.
async fn record(
    clients: &Clients,
    question: &AuthorizationQuestion,
) -> Result<Record, SdkError<GetRequestAuthorizationDetailsError, HttpResponse>> {
    let (mut details, mut token) = (AuthorizationDetails::default(), None);
    for _ in 0..MAX_PAGES {
        let body = Body::default();
        let request = clients.toolbox.get_request_authorization_details();
        let region = aws_sdk_iamtoolbox::config::Region::new(question.region.clone());
        let request = request.authorization_id(&question.authorization_id).set_next_token(token.take());
        let request = request.customize().interceptor(body.clone());
        request.config_override(aws_sdk_iamtoolbox::config::Builder::new().region(region)).send().await?;
        let page: Page = match serde_json::from_slice(&body.take()) {
            Ok(page) => page,
            Err(_) => return Ok(Err("the record does not have the documented form".to_owned())),
        };
        details.evaluations.extend(page.evaluations.into_iter().map(evaluation));
        for policy in page.policies.into_iter().filter_map(evaluated_policy) {
            if !details.policies.contains(&policy) {
                details.policies.push(policy);
            }
        }
        token = page.next_token;
        if token.is_none() {
            return Ok(Ok(details));
        }
    }
    Ok(Err("the record does not end".to_owned()))
}

/// Keeps an answer's body.
#[derive(Clone, Debug, Default)]
struct Body(Arc<Mutex<Vec<u8>>>);

impl Body {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Intercept for Body {
    fn name(&self) -> &'static str {
        "Body"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response().body().bytes().unwrap_or_default();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = body.to_vec();
        Ok(())
    }
}

/// One page of a record, as it travels (IAM Toolbox API Reference, "GetRequestAuthorizationDetails").
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    evaluations: Vec<Evaluation>,
    #[serde(default)]
    policies: Vec<PolicyInfo>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Evaluation {
    action: String,
    resource: String,
    evaluated_effect: String,
    #[serde(default)]
    checks: Vec<Check>,
    /// Deprecated in favour of the checks.
    #[serde(default)]
    matched_policies: Vec<Matched>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Check {
    check_type: String,
    evaluated_effect: String,
    target_arn: Option<String>,
    #[serde(default)]
    matched_policies: Vec<Matched>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Matched {
    uri: String,
    #[serde(default)]
    matched_statements: Vec<MatchedStatement>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MatchedStatement {
    sid: Option<String>,
    evaluated_effect: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PolicyInfo {
    r#type: Option<String>,
    #[serde(default)]
    inline: bool,
    uri: Option<String>,
    #[serde(default)]
    attached_to: Vec<AttachedTo>,
}

#[derive(Deserialize)]
struct AttachedTo {
    arn: Option<String>,
}

fn evaluation(wire: Evaluation) -> AuthorizationEvaluation {
    AuthorizationEvaluation {
        action: wire.action,
        resource: wire.resource,
        decision: decision(&wire.evaluated_effect),
        checks: wire.checks.into_iter().filter_map(check).collect(),
        matched: wire.matched_policies.into_iter().map(matched).collect(),
    }
}

/// Reads a check; one of a type that is not known is left out, and the evaluation's own decision stays.
fn check(wire: Check) -> Option<AuthorizationCheck> {
    Some(AuthorizationCheck {
        policy_type: policy_type(&wire.check_type)?,
        decision: (wire.evaluated_effect != "NO_IMPACT").then(|| decision(&wire.evaluated_effect)),
        target: wire.target_arn,
        matched: wire.matched_policies.into_iter().map(matched).collect(),
    })
}

fn matched(wire: Matched) -> MatchedPolicy {
    let statement = |statement: MatchedStatement| MatchedSid {
        sid: statement.sid,
        denies: statement.evaluated_effect.as_deref() == Some("DENY"),
    };
    MatchedPolicy { uri: wire.uri, statements: wire.matched_statements.into_iter().map(statement).collect() }
}

fn evaluated_policy(wire: PolicyInfo) -> Option<EvaluatedPolicy> {
    Some(EvaluatedPolicy {
        uri: wire.uri?,
        policy_type: wire.r#type.as_deref().and_then(policy_type),
        is_inline: wire.inline,
        holders: wire.attached_to.into_iter().filter_map(|holder| holder.arn).collect(),
    })
}

fn decision(effect: &str) -> Decision {
    match effect {
        "ALLOW" => Decision::Allowed,
        "EXPLICIT_DENY" => Decision::ExplicitDeny,
        "IMPLICIT_DENY" => Decision::ImplicitDeny,
        _ => Decision::Undetermined,
    }
}

/// Reads the type of a check, or of a policy.
fn policy_type(name: &str) -> Option<PolicyType> {
    Some(match name {
        "RESOURCE_CONTROL_POLICY" => PolicyType::ResourceControlPolicy,
        "SERVICE_CONTROL_POLICY" => PolicyType::ServiceControlPolicy,
        "VPC_ENDPOINT" | "VPC_ENDPOINT_POLICY" => PolicyType::VpcEndpointPolicy,
        "PERMISSIONS_BOUNDARY" => PolicyType::PermissionsBoundary,
        "SESSION" | "SESSION_POLICY" => PolicyType::SessionPolicy,
        "PRINCIPAL" | "IDENTITY_BASED_POLICY" => PolicyType::IdentityPolicy,
        "RESOURCE" | "RESOURCE_BASED_POLICY" => PolicyType::ResourcePolicy,
        _ => return None,
    })
}
