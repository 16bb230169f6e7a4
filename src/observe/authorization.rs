//! How AWS itself evaluated refused calls: looks their authorization ids up in IAM Toolbox.
//!
//! Takes ids with the Region of the refusal, and gives what is recorded there. AWS records it some seconds after the
//! refusal, so what is not found is looked for again, a few times and within the deadline. The checks that an
//! evaluation consists of are read from the answer's body, because the SDK's crate does not know them yet.

use super::account::Clients;
use super::api::Api;
use super::call::{Caller as Calls, not_made, unreadable};
use super::shared::is_about_the_rate;
use super::skipped;
use crate::evidence::{
    AuthorizationCheck, AuthorizationDetails, AuthorizationEvaluation, AuthorizationQuestion, Call, EvaluatedPolicy,
    MatchedPolicy, MatchedSid, Observation, ServiceError, SkipReason,
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
use std::time::Duration;

/// The pauses before what is not recorded yet is looked for again, in milliseconds: six seconds together.
const PAUSES: [u64; 6] = [250, 500, 750, 1000, 1500, 2000];

/// Pages of one record that are followed.
const MAX_PAGES: usize = 20;

/// Looks ids up, in the order of the questions.
pub(super) async fn look_up_all(
    clients: &Clients,
    calls: &Calls,
    questions: &[AuthorizationQuestion],
) -> Vec<(Observation<AuthorizationDetails>, Call)> {
    join_all(questions.iter().map(|question| look_up(clients, calls, question))).await
}

async fn look_up(
    clients: &Clients,
    calls: &Calls,
    question: &AuthorizationQuestion,
) -> (Observation<AuthorizationDetails>, Call) {
    if !clients.signs {
        return (skipped(SkipReason::NoCredentialsToAsk), not_made(Api::GetRequestAuthorizationDetails));
    }
    let AuthorizationQuestion { authorization_id, region } = question;
    let endpoint = clients.endpoint_in("iam-toolbox", region);
    let ask = async {
        let mut pauses = PAUSES.into_iter().map(Duration::from_millis);
        loop {
            let record = record(clients, question);
            let (answer, call) = calls.read(Api::GetRequestAuthorizationDetails, &endpoint, record).await;
            let passes = answer.refused().is_some_and(may_pass);
            match pauses.next().filter(|pause| passes && calls.has_time_for(*pause)) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return (answer, call),
            }
        }
    };
    let about = [authorization_id.as_str(), region.as_str()];
    let (answer, call) = calls.once(Api::GetRequestAuthorizationDetails, &endpoint, &about, Box::pin(ask)).await;
    let details = answer.and_then(|record| match record.as_ref() {
        Ok(details) => Observation::Seen(details.clone()),
        Err(why) => unreadable(&endpoint, why),
    });
    (details, call)
}

/// Tells whether a refusal may be another one a moment later.
fn may_pass(error: &ServiceError) -> bool {
    error.status.is_some_and(|status| status == 404 || status >= 500) || is_about_the_rate(error)
}

type Record = Result<AuthorizationDetails, String>;

/// Reads a record, page by page; an answer that is none tells why.
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
            Err(error) => return Ok(Err(error.to_string())),
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
    Ok(Err("the record goes on without an end".to_owned()))
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
    /// Deprecated since checks tell it.
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
