//! Looks at every answer before the SDK's reading of it counts: its form, and its request id.
//!
//! The SDK reads a damaged or repeated body as far as it can, and takes a missing list for an empty one. A denial that was
//! cut off would be lost that way, so [`StrictBody`] rejects every answer that is not of the form that its API documents.

use super::answer_form::{check_json, check_xml};
use super::api::Api;
use super::body;
use super::kept_text::kept_word;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    AfterDeserializationInterceptorContextRef, BeforeDeserializationInterceptorContextRef,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, Metadata};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::Headers;
use aws_smithy_types::config_bag::ConfigBag;
use std::cell::RefCell;

tokio::task_local! {
    /// The head of the last answer to the call that is being made.
    static HEAD: RefCell<Option<Head>>;
}

/// What stands before the body of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) status: Option<u16>,
    pub(super) request_id: Option<String>,
    pub(super) content_type: Option<String>,
}

/// Makes a call, and returns with its outcome the request id of the last answer that came back.
///
/// The SDK returns the id of an output and of an error through different types; its interceptors see both, on the task
/// that makes the call.
pub(super) async fn with_request_id<T>(call: impl Future<Output = T>) -> (T, Option<String>) {
    HEAD.scope(RefCell::default(), async {
        let outcome = call.await;
        (outcome, HEAD.with(RefCell::take).and_then(|head| head.request_id))
    })
    .await
}

/// Returns the head of the last answer to the call that is being made.
pub(super) fn current_head() -> Option<Head> {
    HEAD.try_with(|head| head.borrow().clone()).ok().flatten()
}

/// Notes the head of an answer to the call that is being made.
pub(super) fn note_head(response: &HttpResponse) {
    let head = Head {
        status: Some(response.status().as_u16()),
        request_id: request_id(response.headers()),
        content_type: response.headers().get("content-type").and_then(kept_word),
    };
    // Calls that are not this program's own, such as one for credentials, have no place for it.
    let _ = HEAD.try_with(|noted| *noted.borrow_mut() = Some(head));
}

/// Returns the id that AWS gave to a request; some proxies use S3's older name for it.
pub(super) fn request_id(headers: &Headers) -> Option<String> {
    headers.get("x-amzn-requestid").or_else(|| headers.get("x-amz-request-id")).and_then(kept_word)
}

/// Notes the head of every answer for [`with_request_id`] and [`current_head`].
#[derive(Debug)]
pub(super) struct CaptureRequestId;

impl Intercept for CaptureRequestId {
    fn name(&self) -> &'static str {
        "CaptureRequestId"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        note_head(context.response());
        Ok(())
    }
}

/// Rejects answers that do not have the form that their API documents.
#[derive(Debug)]
pub(super) struct StrictBody;

impl Intercept for StrictBody {
    fn name(&self) -> &'static str {
        "StrictBody"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // An event stream is not in memory; its frames have checksums of their own.
        let Some(body) = context.response().body().bytes() else { return Ok(()) };
        let status = context.response().status();
        let api = config.load::<Metadata>().and_then(Api::from_metadata);
        check(api, status.is_success(), status.as_u16(), body).map_err(Into::into)
    }
}

fn check(api: Option<Api>, is_success: bool, status: u16, body: &[u8]) -> Result<(), String> {
    let start = body.trim_ascii_start().first();
    if !is_success {
        // A refusal may have any form that its code can be read from, but it must not contradict itself.
        return match start {
            Some(b'<') => body::xml(body).map(drop),
            Some(b'{') => body::json(body).map(drop),
            _ => Ok(()),
        };
    }
    if status != 200 {
        return Err(format!("an answer with status {status}"));
    }
    let Some(api) = api else { return Err("the call has no name".to_owned()) };
    if api.is_in_query_protocol() {
        return check_xml(api, &body::xml(body)?);
    }
    match start {
        None if api.streams() => Ok(()),
        None => Err("the answer is empty".to_owned()),
        Some(_) => check_json(api, &body::json(body)?),
    }
}
