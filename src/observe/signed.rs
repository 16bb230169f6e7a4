//! Calls that are signed and sent here, to services of which this program has no client of the SDK.
//!
//! Each is in the table of calls like every other. Nothing is repeated, and no answer is read.

use super::body;
use super::response::note_head;
use crate::bedrock::Region;
use aws_config::SdkConfig;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings, UriPathNormalizationMode,
    sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::http::{HttpConnector as _, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use aws_smithy_types::error::metadata::ErrorMetadata;
use aws_types::service_config::ServiceConfigKey;
use std::error::Error;
use std::fmt;
use std::time::SystemTime;

/// A service that is called so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    Bedrock,
    CloudTrail,
    Kms,
    S3,
}

impl Service {
    /// Returns the name that requests are signed for and that the host name begins with.
    fn name(self) -> &'static str {
        match self {
            Self::Bedrock => "bedrock",
            Self::CloudTrail => "cloudtrail",
            Self::Kms => "kms",
            Self::S3 => "s3",
        }
    }

    /// Returns the name by which configuration names it (AWS SDKs and Tools Reference Guide, "Service-specific endpoints").
    fn id(self) -> &'static str {
        match self {
            Self::Bedrock => "Bedrock",
            Self::CloudTrail => "CloudTrail",
            Self::Kms => "KMS",
            Self::S3 => "S3",
        }
    }
}

/// Where the services are, and who asks.
#[derive(Clone, Debug)]
pub(super) struct Signer {
    credentials: Option<SharedCredentialsProvider>,
    connector: SharedHttpConnector,
    config: SdkConfig,
}

/// What is sent.
pub(super) struct Message<'m> {
    pub(super) method: &'static str,
    /// The path with the query, beginning with `/`.
    pub(super) path: &'m str,
    pub(super) headers: &'m [(&'static str, &'static str)],
    pub(super) body: &'m str,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum NotSent {
    /// There are no credentials to sign with.
    NoCredentials,
    /// The credentials could not be provided.
    Credentials(String),
    /// The request could not be made.
    Malformed(String),
    /// The connection failed.
    Connection(ConnectorError),
}

impl fmt::Display for NotSent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCredentials => f.write_str("there are no credentials"),
            Self::Credentials(detail) | Self::Malformed(detail) => f.write_str(detail),
            Self::Connection(error) => fmt::Display::fmt(error, f),
        }
    }
}

impl Error for NotSent {}

impl Signer {
    /// Signs with the credentials of a configuration; uses the proxy of the environment if `reads_environment`.
    pub(super) fn of(config: &SdkConfig, reads_environment: bool) -> Self {
        let connector = if reads_environment { super::http::connector() } else { super::http::loopback_connector() };
        Self { credentials: config.credentials_provider(), connector, config: config.clone() }
    }

    /// Returns where a service is in a Region, `https://HOST`.
    pub(super) fn endpoint(&self, service: Service, region: &Region) -> String {
        let key = ServiceConfigKey::builder()
            .service_id(service.id())
            .env("AWS_ENDPOINT_URL")
            .profile("endpoint_url")
            .build();
        let own = key.ok().and_then(|key| self.config.service_config()?.load_config(key));
        let named = own.or_else(|| self.config.endpoint_url().map(str::to_owned));
        let fips = if self.config.use_fips() == Some(true) { "-fips" } else { "" };
        // AWS General Reference, "Service endpoints and quotas".
        let suffix = match region.partition().as_str() {
            "aws-cn" => "amazonaws.com.cn",
            "aws-iso" => "c2s.ic.gov",
            "aws-iso-b" => "sc2s.sgov.gov",
            "aws-iso-e" => "cloud.adc-e.uk",
            "aws-iso-f" => "csp.hci.ic.gov",
            "aws-eusc" => "amazonaws.eu",
            _ => "amazonaws.com",
        };
        named.unwrap_or_else(|| format!("https://{}{fips}.{region}.{suffix}", service.name()))
    }

    /// Sends a message to a service in a Region.
    ///
    /// # Errors
    /// When there is no answer; an answer with an error status is one.
    pub(super) async fn send(
        &self,
        service: Service,
        region: &Region,
        message: &Message<'_>,
    ) -> Result<HttpResponse, NotSent> {
        let request = self.signed(service, region, message).await?;
        let answer = self.connector.call(request).await.map_err(NotSent::Connection)?;
        note_head(&answer);
        Ok(answer)
    }

    async fn signed(&self, service: Service, region: &Region, message: &Message<'_>) -> Result<HttpRequest, NotSent> {
        let malformed = |error: &dyn Error| NotSent::Malformed(error.to_string());
        let provider = self.credentials.as_ref().ok_or(NotSent::NoCredentials)?;
        let credentials = provider.provide_credentials().await;
        let credentials = credentials.map_err(|error| NotSent::Credentials(super::sdk_error::innermost(&error)))?;
        let identity = credentials.into();
        let mut settings = SigningSettings::default();
        if service == Service::S3 {
            // Amazon S3 User Guide, "Signature calculations for the authorization header".
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
            settings.percent_encoding_mode = PercentEncodingMode::Single;
            settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        }
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(region.as_str())
            .name(service.name())
            .time(SystemTime::now())
            .settings(settings)
            .build()
            .map_err(|error| malformed(&error))?
            .into();
        let url = format!("{}{}", self.endpoint(service, region).trim_end_matches('/'), message.path);
        let body = SignableBody::Bytes(message.body.as_bytes());
        let signable = SignableRequest::new(message.method, &url, message.headers.iter().copied(), body)
            .map_err(|error| malformed(&error))?;
        let (instructions, _) = sign(signable, &parameters).map_err(|error| malformed(&error))?.into_parts();
        let mut request = HttpRequest::new(SdkBody::from(message.body.to_owned()));
        request.set_method(message.method).map_err(|error| malformed(&error))?;
        request.set_uri(url).map_err(|error| malformed(&error))?;
        for (name, value) in message.headers {
            request.headers_mut().insert(*name, *value);
        }
        for (name, value) in instructions.headers() {
            request.headers_mut().insert(name.to_owned(), value.to_owned());
        }
        Ok(request)
    }
}

/// Returns why there is no answer, as a client of the SDK would.
pub(super) fn not_sent(why: NotSent) -> SdkError<ErrorMetadata, HttpResponse> {
    match why {
        NotSent::Connection(error) => SdkError::dispatch_failure(error),
        other => SdkError::dispatch_failure(ConnectorError::user(Box::new(other))),
    }
}

/// Reads the whole answer, so that errors can be told by its text.
pub(super) async fn buffered(answer: HttpResponse) -> Result<HttpResponse, SdkError<ErrorMetadata, HttpResponse>> {
    let (status, headers) = (answer.status(), answer.headers().clone());
    let bytes = match ByteStream::new(answer.into_body()).collect().await {
        Ok(bytes) => bytes.into_bytes(),
        Err(error) => return Err(SdkError::dispatch_failure(ConnectorError::io(Box::new(error)))),
    };
    let mut whole = HttpResponse::new(status, SdkBody::from(bytes));
    *whole.headers_mut() = headers;
    Ok(whole)
}

/// Returns the bare name of an error: `com.amazonaws.cloudtrail#ThrottlingException` and one with an address behind a colon.
pub(super) fn code_name(code: &str) -> String {
    let name = code.rsplit('#').next().unwrap_or_default();
    name.split(':').next().unwrap_or_default().to_owned()
}

/// Returns the error of an answer in JSON: its code stands in the body or in a header, and a namespace or an address may
/// stand around it.
pub(super) fn json_error(answer: HttpResponse) -> SdkError<ErrorMetadata, HttpResponse> {
    let document = body::json(answer.body().bytes().unwrap_or_default());
    let text = |name: &str| document.as_ref().ok()?.get(name)?.text().map(str::to_owned);
    let code = text("__type").or_else(|| answer.headers().get("x-amzn-errortype").map(str::to_owned));
    refused(code.as_deref().map(code_name), text("message").or_else(|| text("Message")), answer)
}

/// Returns an error of a service, as a client of the SDK would.
pub(super) fn refused(
    code: Option<String>,
    message: Option<String>,
    answer: HttpResponse,
) -> SdkError<ErrorMetadata, HttpResponse> {
    let mut error = ErrorMetadata::builder();
    if let Some(code) = code {
        error = error.code(code);
    }
    if let Some(message) = message {
        error = error.message(message);
    }
    SdkError::service_error(error.build(), answer)
}
