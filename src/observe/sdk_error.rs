//! Reads an error of the SDK: AWS's answer with code and text, or why there is none.
//!
//! INVARIANT: an error of AWS is read here and nowhere else, through its metadata and its raw response, never
//! through its `Display` or `Debug` text. What is kept of it passes [`super::kept_text`].

use super::call_runner::failed;
use super::kept_text::{kept_text, kept_word};
use super::response::request_id;
use crate::evidence::{FailureKind, Observation, ServiceError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ErrorMetadata;
use std::error::Error;

/// The longest `x-amzn-errortype` header that is kept, in bytes.
const LONGEST_TYPE: usize = 256;

/// Reads an error; `cause` is the text of its innermost source.
pub(super) fn read<T>(error: SdkError<ErrorMetadata, HttpResponse>, cause: &str, endpoint: &str) -> Observation<T> {
    match error {
        SdkError::ServiceError(context) => {
            let raw = context.raw();
            let named = context.err().code().map(str::to_owned).zip(Some(context.err().message().map(str::to_owned)));
            // AWS always sends a code. An answer without one was sent by something between here and AWS.
            let Some((code, message)) = named.or_else(|| in_anthropics_form(raw)) else {
                return failed(FailureKind::Unreadable, endpoint, &origin_of(raw));
            };
            let Some(code) = kept_word(&code) else {
                return failed(FailureKind::Unreadable, endpoint, &origin_of(raw));
            };
            let error_type = raw.headers().get("x-amzn-errortype").filter(|kind| kind.len() <= LONGEST_TYPE);
            Observation::Refused(ServiceError {
                code: Some(code),
                message: message.as_deref().map(kept_text),
                status: Some(raw.status().as_u16()),
                request_id: request_id(raw.headers()),
                error_type: error_type.map(kept_text),
            })
        }
        SdkError::TimeoutError(_) => failed(FailureKind::TimedOut, endpoint, ""),
        SdkError::DispatchFailure(failure) => {
            let kind = if failure.is_timeout() { FailureKind::TimedOut } else { FailureKind::Unreachable };
            let detail = failure.as_connector_error().map(|error| innermost(error)).unwrap_or_default();
            failed(kind, endpoint, &kept_text(&detail))
        }
        SdkError::ResponseError(context) => {
            let detail = format!("{}: {}", origin_of(context.raw()), kept_text(cause));
            failed(FailureKind::Unreadable, endpoint, &detail)
        }
        _ => failed(FailureKind::Unreadable, endpoint, &kept_text(cause)),
    }
}

/// Reads an error in Anthropic's form, in which Bedrock answers for its newer models:
/// `{"type": "error", "error": {"type": "…", "message": "…"}, "request_id": "…"}`.
fn in_anthropics_form(raw: &HttpResponse) -> Option<(String, Option<String>)> {
    let body: serde_json::Value = serde_json::from_slice(raw.body().bytes()?).ok()?;
    let error = body.get("error").filter(|_| body.get("type").and_then(|kind| kind.as_str()) == Some("error"))?;
    let text = |name: &str| error.get(name).and_then(|value| value.as_str()).map(str::to_owned);
    Some((text("type")?, text("message")))
}

/// Describes an answer that is not one of AWS's: its status and what it says that it contains.
fn origin_of(raw: &HttpResponse) -> String {
    let kind = raw.headers().get("content-type").map(|kind| kind.split(';').next().unwrap_or_default().trim());
    let kind = kind.map_or_else(
        || "no content type".to_owned(),
        |kind| kept_word(kind).unwrap_or_else(|| "an unusual content type".to_owned()),
    );
    format!("HTTP status {} with {kind}", raw.status().as_u16())
}

/// Returns the text of an error's last source: what the operating system or the TLS library said.
pub(super) fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}
