//! The sandbox over HTTP: worlds, answers, refusals, and what it will not do.

mod bedrock;
mod command;
mod iam;
mod operations;
mod refusals;
mod socket;
mod toolbox;
mod worlds;
mod writes;

use crate::support::http::Client;
use bedrock_access::sandbox::World;
use serde_json::Value;

const CALLER: &str = "arn:aws:iam::111122223333:role/apps/chat-api";
const CLAUDE: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";
const NOVA: &str = "amazon.nova-lite-v1:0";
const HEALTHY: &str = include_str!("../../src/sandbox/worlds/healthy.json");

fn value(world: &str) -> Value {
    serde_json::from_str(World::embedded_text(world).unwrap()).unwrap()
}

fn model_arn(region: &str, model: &str) -> String {
    format!("arn:aws:bedrock:{region}::foundation-model/{model}")
}

fn apply(facts: &mut Value, patch: &Value) {
    let patch: json_patch::Patch = serde_json::from_value(patch.clone()).unwrap();
    json_patch::patch(facts, &patch).unwrap();
}

fn patched(world: &str, patch: &Value) -> World {
    let mut facts = value(world);
    apply(&mut facts, patch);
    World::parse(&facts.to_string()).unwrap_or_else(|error| panic!("{world}: {error}"))
}

fn mends() -> serde_json::Map<String, Value> {
    serde_json::from_str(include_str!("../fixtures/worlds/mends.json")).unwrap()
}

/// Returns the authorization id at the end of a refusal.
fn authorization_id(message: &str) -> Option<&str> {
    message.rsplit_once("with the following authorization id: ").map(|(_, id)| id)
}

/// Makes the call that a world is about, and says what came back; an authorization id is one of its own each time.
fn asked(client: &Client) -> String {
    let answer = client.own_request();
    let who = client.query("sts", &[("Action", "GetCallerIdentity")]);
    let identity = who.element("Arn").unwrap_or_else(|| format!("{} {}", who.status, who.code()));
    let kind = answer.header("x-amzn-errortype").unwrap_or("-");
    let said = if answer.status == 200 { String::new() } else { answer.message() };
    let body = match authorization_id(&said) {
        Some(id) => answer.text().replace(id, "ID"),
        None => answer.text(),
    };
    format!("caller: {identity}\nstatus: {}\nerrortype: {kind}\nbody: {body}\n", answer.status)
}
