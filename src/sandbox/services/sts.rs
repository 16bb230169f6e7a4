//! STS: who is calling, and sessions of roles.

use crate::iam::{Arn, ContextKeys};
use crate::sandbox::call::Call;
use crate::sandbox::refusal::{Refusal, required};
use crate::sandbox::wire::Reply;
use crate::sandbox::world::{PrincipalFacts, SECRET_ACCESS_KEY, is_session_name};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

/// How long a session may last, in seconds; a role's default maximum is an hour.
const DURATIONS: std::ops::RangeInclusive<i64> = 900..=3600;

/// Answers a call to STS.
pub(super) fn answer(call: &Call<'_>) -> Result<Reply, Refusal> {
    if call.operation.name == "sts:AssumeRole" {
        return assume_role(call);
    }
    // GetCallerIdentity needs no permission, not even where a policy denies it (STS API Reference).
    Ok(call.query_reply(|xml| {
        xml.leaf("Arn", &call.caller.arn())
            .leaf("UserId", &call.caller.user_id())
            .leaf("Account", &call.caller.facts.arn.account);
    }))
}

fn invalid(message: &str) -> Refusal {
    Refusal::invalid_input("ValidationError", message.to_owned())
}

fn assume_role(call: &Call<'_>) -> Result<Reply, Refusal> {
    let form = &call.operation.form;
    let (arn, name) = (required(form, "RoleArn")?, required(form, "RoleSessionName")?);
    if !is_session_name(name) {
        return Err(invalid(
            "The specified value for roleSessionName is invalid. It must have 2 to 64 characters of [\\w+=,.@-]",
        ));
    }
    if !form.structures("Tags").is_empty() {
        return Err(invalid("the sandbox takes no session tags"));
    }
    let seconds: i64 = form
        .get("DurationSeconds")
        .unwrap_or("3600")
        .parse()
        .ok()
        .filter(|seconds| DURATIONS.contains(seconds))
        .ok_or_else(|| invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role."))?;
    let role = trusted_role(call, arn, name)?;
    let malformed =
        |_| Refusal::invalid_input("MalformedPolicyDocument", "The policy is not in the valid JSON format.".to_owned());
    if !form.structures("PolicyArns").is_empty() {
        return Err(invalid("the sandbox takes a session policy as Policy, and no PolicyArns"));
    }
    let restrictions = form.get("Policy").map(str::to_owned).into_iter().collect();
    let expires = OffsetDateTime::now_utc() + Duration::seconds(seconds);
    let credentials = call
        .account
        .begin_session(call.snapshot, &role.arn, name, restrictions, expires)
        .ok_or_else(|| Refusal::internal(call.service))?
        .map_err(malformed)?;
    let session =
        Arn::new(&role.arn.partition, "sts", "", &role.arn.account, &format!("assumed-role/{}/{name}", role.name()));
    Ok(call.query_reply(|xml| {
        xml.element("AssumedRoleUser", |xml| {
            xml.leaf("AssumedRoleId", &format!("{}:{name}", role.unique_id())).leaf("Arn", &session.to_string());
        })
        .element("Credentials", |xml| {
            xml.leaf("AccessKeyId", &credentials.access_key)
                .leaf("SecretAccessKey", SECRET_ACCESS_KEY)
                .leaf("SessionToken", &credentials.token)
                .leaf("Expiration", &credentials.expires.format(&Rfc3339).unwrap_or_default());
        });
    }))
}

/// Finds the role, where the caller may assume it; whether it exists is not told apart.
fn trusted_role<'a>(call: &Call<'a>, arn: &str, session: &str) -> Result<&'a PrincipalFacts, Refusal> {
    let mut keys = ContextKeys::new().with("sts:RoleSessionName", session);
    if let Some(id) = call.operation.form.get("ExternalId") {
        keys.set("sts:ExternalId", id);
    }
    let snapshot = call.snapshot;
    let parsed = arn.parse::<Arn>().map_err(|_| invalid(&format!("{arn} is invalid")))?;
    snapshot
        .principal(&parsed)
        .map(|(facts, _)| facts)
        .filter(|facts| facts.is_role() && snapshot.may_assume(&call.caller, facts, &keys))
        .ok_or_else(|| Refusal::not_assumable(&call.caller.arn(), arn))
}
