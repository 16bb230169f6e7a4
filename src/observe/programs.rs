//! The trusted access programs that are visible to the account: asked where a model is not listed, and one could hide it.
//!
//! No client of the SDK has the operation yet, so the call is signed here (Bedrock API Reference,
//! "ListTrustedAccessPrograms").

use super::account::Clients;
use super::api::Api;
use super::body::{self, Node};
use super::call_runner::{CallRunner, failed, unreadable};
use super::signed::{Message, Service, buffered, json_error, not_sent};
use crate::bedrock::{Region, TrustedAccessProgram};
use crate::evidence::{FailureKind, Observation};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ErrorMetadata;

/// The most programs that are kept.
const MOST: usize = 100;

/// Reads the programs, with the account's status in each.
pub(super) async fn observe(
    clients: &Clients,
    calls: &CallRunner,
    region: &Region,
) -> Observation<Vec<TrustedAccessProgram>> {
    let endpoint = clients.endpoint("bedrock");
    if !clients.signs {
        return failed(FailureKind::NoCredentials, &endpoint, "an API key alone does not sign this call");
    }
    let call = || async {
        let message = Message { method: "GET", path: "/trusted-access-programs", headers: &[], body: "" };
        let answer = clients.signer.send(Service::Bedrock, region, &message).await.map_err(not_sent)?;
        let answer = buffered(answer).await?;
        if answer.status().as_u16() == 200 {
            return Ok(programs(answer.body().bytes().unwrap_or_default()));
        }
        Err::<_, SdkError<ErrorMetadata, HttpResponse>>(json_error(answer))
    };
    let call = calls.to(Api::ListTrustedAccessPrograms, &endpoint).shared(&[region.as_str()]).ask(call);
    call.await.and_then(|programs| match programs.as_ref() {
        Some(programs) => Observation::Seen(programs.clone()),
        None => unreadable(&endpoint, "the answer does not list programs"),
    })
}

/// Reads the list; `None` where it does not have the form that the API documents.
fn programs(bytes: &[u8]) -> Option<Vec<TrustedAccessProgram>> {
    let document = body::json(bytes).ok()?;
    let Node::List(summaries) = document.get("programSummaries")? else { return None };
    let read = |summary: &Node| {
        let text = |name: &str| summary.get(name).and_then(Node::text).map(str::to_owned);
        Some(TrustedAccessProgram {
            id: text("programId")?,
            name: text("name")?,
            provider: text("providerName")?,
            status: text("status")?,
            status_reason: text("statusReason"),
        })
    };
    summaries.iter().take(MOST).map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_whole_or_not_at_all() {
        let one = r#"{"programId": "tap-1", "name": "Early", "providerName": "Anthropic", "status": "eligible"}"#;
        let list = |items: &str| programs(format!(r#"{{"programSummaries": [{items}]}}"#).as_bytes());
        assert_eq!(list("").map(|all| all.len()), Some(0));
        assert_eq!(list(one).map(|all| all[0].status.clone()).as_deref(), Some("eligible"));
        assert_eq!(list(&format!("{one}, {{}}")), None);
        for other in ["{}", "[]", "", "{\"programSummaries\": null}", "{\"programSummaries\": {}}"] {
            assert_eq!(programs(other.as_bytes()), None, "{other}");
        }
    }
}
