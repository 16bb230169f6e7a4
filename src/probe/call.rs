//! One call to AWS: under the deadline, timed, and its outcome read in one place.
//!
//! INVARIANT: an error of AWS is read here and nowhere else, through its metadata and its raw response, never
//! through its `Display` or `Debug` text.

use super::api::Api;
use crate::evidence::{Call, Failure, FailureKind, Observation, ServiceError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use std::collections::HashMap;
use std::error::Error;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Makes calls under one deadline, and remembers which endpoints failed.
#[derive(Debug)]
pub(super) struct Caller {
    deadline: Instant,
    live_deadline: Instant,
    /// The longest that one read may wait, so that what comes after a hanging endpoint still has time.
    patience: Duration,
    /// Durations are not measured against an embedded account, so that its reports are the same every time.
    timeless: bool,
    broken: Mutex<HashMap<String, FailureKind>>,
}

/// An endpoint as failures name it: the host, or the service where no host was configured.
pub(super) type Endpoint<'a> = &'a str;

impl Caller {
    /// Starts the clock: `timeout` for everything but the test call, `live_timeout` for that.
    pub(super) fn new(timeout: Duration, live_timeout: Duration, timeless: bool) -> Self {
        let now = Instant::now();
        Self {
            deadline: now + timeout,
            live_deadline: now + live_timeout,
            patience: timeout / 2,
            timeless,
            broken: Mutex::default(),
        }
    }

    /// Returns the moment by which something that is not a call has to be done, such as loading credentials.
    pub(super) fn until(&self) -> Instant {
        self.deadline.min(Instant::now() + self.patience)
    }

    /// Tells whether a pause leaves time for another call.
    pub(super) fn has_time_for(&self, pause: Duration) -> bool {
        Instant::now() + pause + self.patience / 4 < self.deadline
    }

    /// Makes a read.
    pub(super) async fn read<T, E>(
        &self,
        api: Api,
        endpoint: Endpoint<'_>,
        call: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> (Observation<T>, Call)
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        self.make(api, endpoint, self.until(), call).await
    }

    /// Makes the test call, which may wait as long as the whole diagnosis.
    pub(super) async fn test<T, E>(
        &self,
        api: Api,
        endpoint: Endpoint<'_>,
        call: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> (Observation<T>, Call)
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        self.make(api, endpoint, self.live_deadline, call).await
    }

    async fn make<T, E>(
        &self,
        api: Api,
        endpoint: Endpoint<'_>,
        until: Instant,
        call: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> (Observation<T>, Call)
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let started = Instant::now();
        let observation = if let Some(kind) = self.broken_by(endpoint) {
            failed(
                FailureKind::NotAskedAgain,
                endpoint,
                match kind {
                    FailureKind::TimedOut => "the endpoint did not answer an earlier call in time",
                    _ => "the endpoint could not be reached by an earlier call",
                },
            )
        } else if started >= until {
            failed(FailureKind::OutOfTime, endpoint, "")
        } else {
            match tokio::time::timeout_at(until, call).await {
                Ok(Ok(answer)) => Observation::Seen(answer),
                Ok(Err(error)) => observe(error, endpoint),
                Err(_) => failed(FailureKind::TimedOut, endpoint, &format!("waited {} s", seconds(started.elapsed()))),
            }
        };
        if let Observation::Failed(Failure {
            kind: kind @ (FailureKind::TimedOut | FailureKind::Unreachable), ..
        }) = &observation
        {
            let mut broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
            broken.entry(endpoint.to_owned()).or_insert(*kind);
        }
        let duration = if self.timeless { Duration::ZERO } else { started.elapsed() };
        let record = record(api, duration, &observation);
        (observation, record)
    }

    fn broken_by(&self, endpoint: Endpoint<'_>) -> Option<FailureKind> {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner).get(endpoint).copied()
    }
}

/// Notes a call that was not made, so that the record shows it.
pub(super) fn not_made(api: Api) -> Call {
    Call { api: api.name().to_owned(), outcome: crate::evidence::Outcome::Skipped, duration_ms: 0, error: None }
}

fn record<T>(api: Api, duration: Duration, observation: &Observation<T>) -> Call {
    let error = match observation {
        Observation::Seen(_) => None,
        Observation::Refused(error) => Some(error.clone()),
        Observation::Failed(failure) => {
            Some(ServiceError { message: Some(failure.to_string()), ..ServiceError::default() })
        }
        Observation::Skipped(reason) => Some(ServiceError { message: Some(reason.clone()), ..ServiceError::default() }),
    };
    let duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    Call { api: api.name().to_owned(), outcome: observation.outcome(), duration_ms, error }
}

/// Notes an answer that is not what AWS would answer.
pub(super) fn unreadable<T>(endpoint: Endpoint<'_>, detail: &str) -> Observation<T> {
    failed(FailureKind::Unreadable, endpoint, detail)
}

fn failed<T>(kind: FailureKind, endpoint: Endpoint<'_>, detail: &str) -> Observation<T> {
    Observation::Failed(Failure { kind, endpoint: Some(endpoint.to_owned()), detail: detail.to_owned() })
}

fn seconds(duration: Duration) -> String {
    format!("{:.1}", duration.as_secs_f64())
}

/// Reads an SDK error: AWS's answer with code and text, or why there is none.
fn observe<T, E>(error: SdkError<E, HttpResponse>, endpoint: Endpoint<'_>) -> Observation<T>
where
    E: ProvideErrorMetadata + Error + 'static,
{
    match error {
        SdkError::ServiceError(context) => {
            let raw = context.raw();
            let status = raw.status().as_u16();
            let header = |name: &str| raw.headers().get(name).map(str::to_owned);
            let code = context.err().code().map(str::to_owned);
            // AWS always sends a code. What comes without one was sent by something between here and AWS.
            if code.is_none() {
                let kind = header("content-type").unwrap_or_else(|| "no content type".to_owned());
                return failed(FailureKind::Unreadable, endpoint, &format!("HTTP status {status} with {kind}"));
            }
            Observation::Refused(ServiceError {
                code,
                message: context.err().message().map(str::to_owned),
                status: Some(status),
                request_id: header("x-amzn-requestid").or_else(|| header("x-amz-request-id")),
                error_type: header("x-amzn-errortype"),
            })
        }
        SdkError::TimeoutError(_) => failed(FailureKind::TimedOut, endpoint, ""),
        SdkError::DispatchFailure(failure) => {
            let kind = if failure.is_timeout() { FailureKind::TimedOut } else { FailureKind::Unreachable };
            let detail = failure.as_connector_error().map(|error| innermost(error)).unwrap_or_default();
            failed(kind, endpoint, &detail)
        }
        SdkError::ResponseError(context) => {
            let status = context.raw().status().as_u16();
            let kind = context.raw().headers().get("content-type").unwrap_or("no content type").to_owned();
            failed(FailureKind::Unreadable, endpoint, &format!("HTTP status {status} with {kind}"))
        }
        other => failed(FailureKind::Unreadable, endpoint, &innermost(&other)),
    }
}

/// Returns the text of an error's last source: what the operating system or the TLS library said.
pub(super) fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}
