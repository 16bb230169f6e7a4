//! Damage: answers that are late, cut, corrupted, or somebody else's.
//!
//! Only in builds with the feature `faults`, which the tests have.

use super::corrupt::corrupt;
use crate::sandbox::call::Call;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::wire::{Delivery, Ending, Reply};
use crate::sandbox::world::FaultKind;
use time::format_description::well_known::Rfc2822;
use time::{Duration, OffsetDateTime};

/// How far the clock of a service is off, for [`FaultKind::ClockSkew`].
const SKEW: Duration = Duration::HOUR;

/// How old a signature may be (IAM User Guide, "Troubleshoot signed requests for AWS APIs").
const TOLERANCE: Duration = Duration::minutes(5);

/// Answers a call as a fault has it; `answer` makes the answer that it would get without.
pub(super) fn answer(kind: FaultKind, call: &Call<'_>, answer: impl FnOnce() -> Reply) -> Reply {
    let refuse = |refusal: Refusal| refusal.reply(call.service, call.request_id);
    let page = |status: u16| {
        let text = "<!DOCTYPE html>\n<html><body><h1>Please log in to this network</h1></body></html>\n";
        Reply::new(status, "text/html", text.as_bytes().to_vec())
    };
    match kind {
        FaultKind::ThrottlingRetryAfter => refuse(Refusal::throttled(call.service))
            .header("retry-after", "3600")
            .header("x-amz-retry-after", "3600000"),
        FaultKind::ClockSkew => skewed(call).map_or_else(answer, refuse).header("date", http_date(now() + SKEW)),
        FaultKind::ProxyLogin => page(200),
        FaultKind::ProxyDenied => page(403),
        FaultKind::ProxyAuthentication => page(407).header("proxy-authenticate", "Basic realm=\"network\""),
        FaultKind::BadGateway => page(502),
        FaultKind::Redirect => page(302).header("location", elsewhere(call)),
        FaultKind::RedirectSameMethod => page(307).header("location", elsewhere(call)),
        FaultKind::Hang => answer().delivered(Delivery::Never),
        FaultKind::HugeBody => answer().delivered(Delivery::Padded(100_000_000)),
        FaultKind::EndlessBody => answer().delivered(Delivery::Endless),
        FaultKind::SlowHead => answer().delivered(Delivery::Head(0, Ending::Drip)),
        FaultKind::SlowBody => answer().delivered(Delivery::Body(0, Ending::Drip)),
        FaultKind::Closed => answer().delivered(Delivery::Head(0, Ending::Close)),
        FaultKind::Reset => answer().delivered(Delivery::Head(0, Ending::Reset)),
        FaultKind::ResetInHead => answer().delivered(Delivery::Head(12, Ending::Reset)),
        FaultKind::ClosedInBody => halfway(answer(), Ending::Close),
        FaultKind::ResetInBody => halfway(answer(), Ending::Reset),
        FaultKind::NotHttp => answer().delivered(Delivery::Head(0, Ending::Junk)),
        FaultKind::EmptyBody
        | FaultKind::EmptyObject
        | FaultKind::Truncated
        | FaultKind::Malformed
        | FaultKind::DeeplyNested
        | FaultKind::InvalidUtf8
        | FaultKind::WrongTypes
        | FaultKind::UnknownValues
        | FaultKind::UnknownFields
        | FaultKind::WrongContentType
        | FaultKind::EmptyPages
        | FaultKind::EndlessPages => corrupt(kind, call, answer()),
        // The service's own refusals, which `inject` makes.
        FaultKind::Throttling | FaultKind::InternalError | FaultKind::AccessDenied => answer(),
    }
}

/// Lets half of the body through.
fn halfway(reply: Reply, ending: Ending) -> Reply {
    let half = reply.body.len() / 2;
    reply.delivered(Delivery::Body(half, ending))
}

/// Refuses a signature that is too old for a clock that is ahead.
fn skewed(call: &Call<'_>) -> Option<Refusal> {
    let stamp = |time: OffsetDateTime| {
        let (date, clock) = (time.date(), time.time());
        format!(
            "{:04}{:02}{:02}T{:02}{:02}{:02}Z",
            date.year(),
            u8::from(date.month()),
            date.day(),
            clock.hour(),
            clock.minute(),
            clock.second()
        )
    };
    let theirs = now() + SKEW;
    let earliest = stamp(theirs - TOLERANCE);
    // Stamps of one form compare as texts.
    let signed = call.request.header("x-amz-date").filter(|signed| *signed < earliest.as_str())?;
    Some(Refusal::signature_expired(
        call.service,
        format!("Signature expired: {signed} is now earlier than {earliest} ({} - 5 min.)", stamp(theirs)),
    ))
}

fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

fn http_date(time: OffsetDateTime) -> String {
    time.format(&Rfc2822).unwrap_or_default().replace("+0000", "GMT")
}

/// Returns the address of another host, which is this server by its other name: whoever follows is counted.
fn elsewhere(call: &Call<'_>) -> String {
    let port = call.request.header("host").and_then(|host| host.rsplit(':').next()).unwrap_or_default();
    format!("http://localhost:{port}/redirected")
}
