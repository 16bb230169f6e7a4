//! Signatures: which access key signed a request, for which service and Region; or which API key it bears.
//!
//! Only the credential scope of the `Authorization` header is read (AWS General Reference, "Signing AWS API
//! requests"). The signature itself is not recomputed: every secret of the sandbox is public.

use super::refusal::Refusal;
use super::wire::{Service, WireRequest};

/// What a signature says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signature {
    pub(super) credential: Credential,
    /// The Region in the credential scope; a bearer token names none.
    pub(super) region: Option<String>,
    pub(super) service: Service,
}

/// What a caller proves itself with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Credential {
    AccessKey(String),
    /// A Bedrock API key, as a bearer token.
    ApiKey(String),
}

/// Reads the signature of a request.
///
/// A refusal comes with the service whose protocol it is to be told in.
pub(super) fn read(request: &WireRequest) -> Result<Signature, (Service, Refusal)> {
    let by_form = Service::for_form(request);
    let Some(header) = request.header("authorization") else {
        return Err((by_form, Refusal::missing_token(by_form)));
    };
    if let Some(token) = header.strip_prefix("Bearer ") {
        let credential = Credential::ApiKey(token.trim().to_owned());
        return Ok(Signature { credential, region: None, service: by_form });
    }
    let parameters = header.strip_prefix("AWS4-HMAC-SHA256").unwrap_or_default();
    let parameter = |name: &str| {
        let mut pairs = parameters.split(',').filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
    };
    for part in ["Credential", "Signature", "SignedHeaders"] {
        if parameter(part).is_none_or(str::is_empty) {
            return Err((by_form, Refusal::incomplete_signature(by_form, part)));
        }
    }
    let scope: Vec<&str> = parameter("Credential").unwrap_or_default().split('/').collect();
    let [access_key, _date, region, service, "aws4_request"] = scope.as_slice() else {
        return Err((by_form, Refusal::incomplete_signature(by_form, "Credential")));
    };
    match Service::for_scope(service, &request.path) {
        Some(service) => {
            let credential = Credential::AccessKey((*access_key).to_owned());
            Ok(Signature { credential, region: Some((*region).to_owned()), service })
        }
        None if service.starts_with("bedrock") => Err((by_form, Refusal::wrong_scope(by_form))),
        None => Err((by_form, Refusal::foreign_service(service))),
    }
}
