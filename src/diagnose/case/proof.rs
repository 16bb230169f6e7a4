//! What proves that AWS authorized a test call: a model's answer, or its rejection of the probe's body.
//!
//! Nothing else proves it. A 429 comes before or after the checks; any other 400 may be a gate of the account; a 200 to a body
//! that no model accepts is not an answer of a model. [`Proof`] can be made in this file alone.

use crate::cause::Cause;
use crate::evidence::ServiceError;
use crate::explain::Classification;
use crate::request::LiveCall;
use serde::Deserialize;
use std::sync::LazyLock;

/// Shows that AWS authorized the test call.
#[derive(Clone, Copy, Debug)]
pub(in crate::diagnose) struct Proof(());

/// A form in which models reject a body.
#[derive(Deserialize)]
struct BodyRejection {
    /// Every part that such a text holds.
    parts: Vec<String>,
    /// A text that AWS gave, and where it was reported; they show that the form is real.
    #[cfg(test)]
    text: String,
    #[cfg(test)]
    source: String,
}

/// The forms that are known; without them nothing is proved.
static BODY_REJECTIONS: LazyLock<Vec<BodyRejection>> =
    LazyLock::new(|| serde_json::from_str(include_str!("body_rejections.json")).unwrap_or_default());

impl Proof {
    /// Takes an answer that the model gave: to the operation's own call, never to the probe.
    pub(super) fn from_answer(kind: LiveCall) -> Option<Self> {
        (kind == LiveCall::Invoke).then_some(Self(()))
    }

    /// Takes the rejection of the probe's body: status 400 by AWS, with a text that models answer such a body with.
    pub(super) fn from_rejection(kind: LiveCall, error: &ServiceError, reading: &Classification) -> Option<Self> {
        let code = error.code.as_deref().map(|code| code.split(':').next().unwrap_or(code));
        let is_validation = matches!(code, Some("ValidationException" | "invalid_request_error"));
        let is_of_aws = error.request_id.as_deref().is_some_and(|id| !id.trim().is_empty());
        // A text that names another cause as well is not about the body alone.
        let is_about_body = matches!(reading.cause, Cause::InvalidRequest | Cause::Unrecognized);
        let text = error.message.as_deref().unwrap_or_default();
        let is_known = BODY_REJECTIONS.iter().any(|form| form.parts.iter().all(|part| text.contains(part)));
        let proves = kind == LiveCall::Probe
            && error.status == Some(400)
            && is_validation
            && is_of_aws
            && is_about_body
            && is_known;
        proves.then_some(Self(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::case::classified;

    fn proves(kind: LiveCall, error: &ServiceError) -> bool {
        Proof::from_rejection(kind, error, &classified(error)).is_some()
    }

    fn rejection(text: &str) -> ServiceError {
        ServiceError {
            code: Some("ValidationException".to_owned()),
            message: Some(text.to_owned()),
            status: Some(400),
            request_id: Some("5e1d9c2a-7b6f-4f57-9f3e-2a7d3c1b0e99".to_owned()),
            error_type: None,
        }
    }

    #[test]
    fn each_known_rejection_proves_and_nothing_near_it_does() {
        assert!(BODY_REJECTIONS.len() > 4);
        for form in BODY_REJECTIONS.iter() {
            let BodyRejection { parts, text, source } = form;
            let error = rejection(text);
            assert!(parts.iter().all(|part| text.contains(part)), "{text}");
            assert!(source.starts_with("https://"), "{text}");
            assert!(proves(LiveCall::Probe, &error), "{text}");
            assert!(!proves(LiveCall::Invoke, &error), "our own body was at fault: {text}");
            for spoiled in [
                ServiceError { status: Some(200), ..error.clone() },
                ServiceError { status: Some(403), ..error.clone() },
                ServiceError { status: Some(429), ..error.clone() },
                ServiceError { status: None, ..error.clone() },
                ServiceError { request_id: None, ..error.clone() },
                ServiceError { request_id: Some(" ".to_owned()), ..error.clone() },
                ServiceError { code: None, ..error.clone() },
                ServiceError { code: Some("AccessDeniedException".to_owned()), ..error.clone() },
                ServiceError { code: Some("ThrottlingException".to_owned()), ..error.clone() },
            ] {
                assert!(!proves(LiveCall::Probe, &spoiled), "{spoiled:?}");
            }
        }
    }

    #[test]
    fn other_texts_of_a_400_prove_nothing() {
        for text in [
            "Operation not allowed",
            "The provided model identifier is invalid.",
            "Invocation of model ID anthropic.claude-x with on-demand throughput isn’t supported.",
            "Your account is not authorized to invoke this API operation.",
            "data retention mode 'default' is not available for this model",
            "bad request",
            "#: required key [s3Location] not found",
            "The model returned the following errors: the model is not ready",
            "",
        ] {
            assert!(!proves(LiveCall::Probe, &rejection(text)), "{text}");
        }
    }

    #[test]
    fn an_answer_proves_where_the_model_was_asked_and_not_where_the_probe_was_sent() {
        assert!(Proof::from_answer(LiveCall::Invoke).is_some());
        assert!(Proof::from_answer(LiveCall::Probe).is_none());
        assert!(Proof::from_answer(LiveCall::None).is_none());
    }
}
