//! Authentication: whose an access key or an API key is, and whether it is still valid.
//!
//! The keys are those of the world and of the sessions that `AssumeRole` has made. A signature's bytes are not
//! checked, the session token beside them is.

use super::account::Account;
use super::caller::Caller;
use super::refusal::Refusal;
use super::signature::{Credential, Signature};
use super::snapshot::Snapshot;
use super::wire::{Service, WireRequest};
use super::world::SESSION_TOKEN;
use crate::bedrock::Region;
use crate::iam::ContextKeys;
use time::OffsetDateTime;

/// A caller, the session token that it must show, and when its session ends.
type Known<'a> = (Caller<'a>, Option<String>, Option<OffsetDateTime>);

/// Finds who signed a request.
pub(super) fn authenticate<'a>(
    account: &Account,
    snapshot: &'a Snapshot,
    signature: Signature,
    request: &WireRequest,
) -> Result<Caller<'a>, Refusal> {
    let service = signature.service;
    let access_key = match &signature.credential {
        Credential::AccessKey(access_key) => access_key,
        Credential::ApiKey(token) => return bearer(snapshot, service, token, request.header("user-agent")),
    };
    let region = signature.region.unwrap_or_default();
    let (token, agent) = (request.header("x-amz-security-token"), request.header("user-agent"));
    let (caller, expected, expires) = from_world(snapshot, access_key, &region, agent)
        .or_else(|| from_session(account, snapshot, access_key, &region, agent))
        .ok_or_else(|| Refusal::invalid_token(service))?;
    // A partition knows its own accounts alone (AWS General Reference, "Partitions").
    let is_of_partition = |region: &str| {
        region.parse::<Region>().map_or(true, |region| region.partition().as_str() == caller.facts.arn.partition)
    };
    if token != expected.as_deref() || !is_of_partition(&region) {
        return Err(Refusal::invalid_token(service));
    }
    if expires.is_some_and(|end| end <= OffsetDateTime::now_utc()) {
        return Err(Refusal::expired_token(service));
    }
    Ok(caller)
}

/// Finds the caller that a Bedrock API key stands for, and evaluates whether it may call with one.
///
/// A bearer token names no Region and loopback has none, so the call is taken to be for the world's.
fn bearer<'a>(
    snapshot: &'a Snapshot,
    service: Service,
    token: &str,
    agent: Option<&str>,
) -> Result<Caller<'a>, Refusal> {
    let is_mantle = service == Service::Mantle;
    if !["ABSK", "bedrock-api-key-"].iter().any(|prefix| token.starts_with(prefix)) {
        let text = "Invalid API Key format: Must start with pre-defined prefix";
        return Err(if is_mantle { Refusal::mantle_api_key() } else { Refusal::api_key(text) });
    }
    let rejected = || {
        let text = "Authentication failed: Please make sure your API Key is valid.";
        if is_mantle { Refusal::mantle_api_key() } else { Refusal::api_key(text) }
    };
    let key = snapshot.world.api_keys.iter().find(|key| key.key == token).ok_or_else(rejected)?;
    if key.expires.is_some_and(|end| end <= OffsetDateTime::now_utc()) {
        return Err(Refusal::api_key("Bearer Token has expired"));
    }
    let region = &snapshot.world.request.region;
    if key.region.as_ref().is_some_and(|valid| valid != region) {
        return Err(rejected());
    }
    let (facts, policies) = snapshot.principals().find(|(facts, _)| facts.arn == key.principal).ok_or_else(rejected)?;
    let caller = Snapshot::caller(facts, policies, region.as_str(), agent);
    let kind = if key.is_short_term() { "SHORT_TERM" } else { "LONG_TERM" };
    let prefix = if is_mantle { "bedrock-mantle" } else { "bedrock" };
    let action = format!("{prefix}:CallWithBearerToken");
    let keys = ContextKeys::new().with(&format!("{prefix}:BearerTokenType"), kind);
    match snapshot.authorize(&caller, &action, "*", &keys) {
        Ok(()) => Ok(caller),
        Err(denial) => Err(Refusal::denied(service, &caller.arn(), &action, Some("*"), &denial)),
    }
}

/// Finds the caller of an access key in the world, with its session token and the session's end.
fn from_world<'a>(snapshot: &'a Snapshot, access_key: &str, region: &str, agent: Option<&str>) -> Option<Known<'a>> {
    let (facts, policies) = snapshot.principals().find(|(facts, _)| facts.access_key.as_deref() == Some(access_key))?;
    let token = facts.is_role().then(|| SESSION_TOKEN.to_owned());
    Some((Snapshot::caller(facts, policies, region, agent), token, facts.session_expires))
}

/// Finds the caller of an access key among the sessions that were made.
fn from_session<'a>(
    account: &Account,
    snapshot: &'a Snapshot,
    access_key: &str,
    region: &str,
    agent: Option<&str>,
) -> Option<Known<'a>> {
    let (session, policies) = account.session(access_key, snapshot)?;
    let (facts, _) = snapshot.principal(&session.role)?;
    let caller = Caller {
        facts,
        session_name: Some(session.name),
        policies,
        region: region.to_owned(),
        user_agent: agent.map(str::to_owned),
    };
    Some((caller, Some(session.token), Some(session.expires)))
}
