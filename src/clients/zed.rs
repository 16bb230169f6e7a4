//! Zed: `settings.json`, with a provider `bedrock` and a model for each feature of the agent.
//!
//! Documentation: zed.dev/docs/ai/use-a-gateway and /agent-settings; `crates/bedrock/src/models.rs` (November 2026). It reads
//! ZED_AWS_PROFILE, ZED_AWS_REGION, ZED_ACCESS_KEY_ID … and ZED_BEDROCK_BEARER_TOKEN in place of AWS's variables. Its names
//! become ids by a table in its source, with a geography that follows from the Region. Without a model for summaries it
//! takes Claude Haiku 4.5 for them. It calls ConverseStream.

use super::configuration::{
    Client, ConfigError, Configuration, Identity, Instead, Keys, Purpose, Remark, Secret, Token,
};
use super::settings::{BEARER, Shared, access_keys, at, call, compare, endpoint, model, region, shown, text, text_at};
use super::variables::Variables;
use crate::bedrock::{Operation, Region};
use serde_json::Value;

/// Its name of Bedrock where a model is chosen.
const PROVIDER: &str = "amazon-bedrock";

/// The model for summaries and titles where none is chosen.
const FAST: &str = "claude-haiku-4-5";

/// Zed's names, the ids, and the geographies for which it calls a profile (`cross_region_inference_id`).
const MODELS: [(&str, &str, &[&str]); 23] = [
    ("claude-haiku-4-5", "anthropic.claude-haiku-4-5-20251001-v1:0", &["global", "us", "eu", "au", "jp", "apac"]),
    ("claude-sonnet-4", "anthropic.claude-sonnet-4-20250514-v1:0", &["global", "us", "eu", "apac"]),
    (
        "claude-sonnet-4-5",
        "anthropic.claude-sonnet-4-5-20250929-v1:0",
        &["global", "us", "us-gov", "eu", "au", "jp", "apac"],
    ),
    ("claude-opus-4-1", "anthropic.claude-opus-4-1-20250805-v1:0", &["us"]),
    ("claude-opus-4-5", "anthropic.claude-opus-4-5-20251101-v1:0", &["global", "us"]),
    ("claude-opus-4-6", "anthropic.claude-opus-4-6-v1", &["global", "us", "eu", "au"]),
    ("claude-opus-4-7", "anthropic.claude-opus-4-7", &["global", "us", "eu", "au"]),
    ("claude-sonnet-4-6", "anthropic.claude-sonnet-4-6", &["global", "us", "eu", "au", "jp"]),
    ("llama-4-scout-17b", "meta.llama4-scout-17b-instruct-v1:0", &["us"]),
    ("llama-4-maverick-17b", "meta.llama4-maverick-17b-instruct-v1:0", &["us"]),
    ("gemma-3-4b", "google.gemma-3-4b-it", &[]),
    ("gemma-3-12b", "google.gemma-3-12b-it", &[]),
    ("gemma-3-27b", "google.gemma-3-27b-it", &[]),
    ("mistral-large-3", "mistral.mistral-large-3-675b-instruct", &[]),
    ("pixtral-large", "mistral.pixtral-large-2502-v1:0", &["us"]),
    ("qwen3-32b", "qwen.qwen3-32b-v1:0", &[]),
    ("nova-lite", "amazon.nova-lite-v1:0", &["us", "ca", "eu", "apac"]),
    ("nova-pro", "amazon.nova-pro-v1:0", &["us", "eu", "apac"]),
    ("nova-premier", "amazon.nova-premier-v1:0", &["us"]),
    ("nova-2-lite", "amazon.nova-2-lite-v1:0", &["global", "us", "eu", "jp", "apac"]),
    ("gpt-oss-20b", "openai.gpt-oss-20b-1:0", &[]),
    ("gpt-oss-120b", "openai.gpt-oss-120b-1:0", &[]),
    ("deepseek-r1", "deepseek.r1-v1:0", &["us"]),
];

/// Returns `true` if settings look like Zed's.
pub(super) fn is_it(settings: &Value) -> bool {
    let agent = ["agent", "assistant"].iter().any(|part| at(settings, &[part, "default_model"]).is_some());
    settings.get("language_models").is_some() || agent
}

/// Reads the settings, the strongest first.
pub(super) fn read(files: &[Value], variables: Variables<'_>) -> Result<Configuration, ConfigError> {
    if !files.iter().all(Value::is_object) {
        return Err(ConfigError::NotSettings);
    }
    let mut config = Configuration::new(Client::Zed);
    let find = |path: &[&str]| files.iter().find_map(|file| at(file, path));
    let option = |name: &str| text(find(&["language_models", "bedrock", name]));
    let method = option("authentication_method").unwrap_or_default();
    let profile = option("profile").or_else(|| variables.get("ZED_AWS_PROFILE"));
    let profile = shown(&mut config, "profile", profile);
    let secret = |name: &str| variables.get(name).map(Secret::new);
    let keys = access_keys(secret("ZED_ACCESS_KEY_ID"), secret("ZED_SECRET_ACCESS_KEY"), secret("ZED_SESSION_TOKEN"));
    let token = secret("ZED_BEDROCK_BEARER_TOKEN").filter(|_| matches!(method.as_str(), "" | "api_key"));
    let by_profile = matches!(method.as_str(), "" | "named_profile" | "sso");
    let identity = Identity {
        token: token.map_or(Token::Nothing, Token::Given),
        keys: match (profile.filter(|_| by_profile), keys) {
            (Some(profile), _) => Keys::Profile(profile),
            (None, Some(keys)) => Keys::Given(keys),
            (None, None) => Keys::Shell,
        },
        role: None,
    };
    let own = region(&mut config, "region", option("region"));
    let named = own.or_else(|| variables.region(&["ZED_AWS_REGION"]));
    let shared = Shared {
        by_default: named.is_none(),
        region: named.or_else(|| "us-east-1".parse().ok()),
        last_resort: None,
        identity,
    };
    compare(&mut config, &shared, variables);
    for (variable, instead) in
        [("AWS_PROFILE", "ZED_AWS_PROFILE"), ("AWS_REGION", "ZED_AWS_REGION"), (BEARER, "ZED_BEDROCK_BEARER_TOKEN")]
    {
        if variables.has(variable) {
            config.remark(Remark::Ignores { variable, instead: Instead::Variable(instead) });
        }
    }
    if method == "api_key" && shared.identity.token == Token::Nothing
        || method.is_empty() && shared.identity.keys == Keys::Shell
    {
        config.remark(Remark::KeptElsewhere { place: "keychain" });
    }
    endpoint(&mut config, "endpoint_url", option("endpoint_url"), shared.region.as_ref());
    let allow_global = find(&["language_models", "bedrock", "allow_global"]).and_then(Value::as_bool).unwrap_or(false);
    models(&mut config, files, &shared, allow_global);
    config.or_nothing()
}

fn models(config: &mut Configuration, files: &[Value], shared: &Shared, allow_global: bool) {
    let find = |name: &str| {
        files.iter().find_map(|file| at(file, &["agent", name]).or_else(|| at(file, &["assistant", name])))
    };
    let mut others = 0;
    let mut add = |config: &mut Configuration, purpose: Purpose, chosen: &Value| {
        if text_at(chosen, &["provider"]).as_deref() != Some(PROVIDER) {
            others += 1;
            return;
        }
        let Some(name) = shown(config, "model", text_at(chosen, &["model"])) else { return };
        let called = shared.region.as_ref().map_or(name.clone(), |region| id_of(&name, region, allow_global));
        if called != name {
            config.remark(Remark::Rewritten { from: name, to: called.clone() });
        }
        if let Some(id) = model(config, &purpose, &called) {
            config.call(call(purpose, Some(id), Operation::ConverseStream, shared));
        }
    };
    let main = find("default_model");
    if let Some(chosen) = main {
        add(config, Purpose::Main, chosen);
    }
    let is_bedrock = main.is_some_and(|chosen| text_at(chosen, &["provider"]).as_deref() == Some(PROVIDER));
    let background = ["thread_summary_model", "commit_message_model"];
    for name in background {
        if let Some(chosen) = find(name) {
            add(config, Purpose::Background, chosen);
        }
    }
    if is_bedrock && find("thread_summary_model").is_none() {
        let chosen = serde_json::json!({"provider": PROVIDER, "model": FAST});
        add(config, Purpose::Background, &chosen);
    }
    if let Some(chosen) = find("subagent_model") {
        add(config, Purpose::Subagents(None), chosen);
    }
    if let Some(chosen) = find("inline_assistant_model") {
        add(config, Purpose::Model("inline-assistant".to_owned()), chosen);
    }
    let alternatives = find("inline_alternatives").and_then(Value::as_array).into_iter().flatten();
    for (number, chosen) in alternatives.enumerate() {
        add(config, Purpose::Model(format!("inline-alternative-{}", number + 1)), chosen);
    }
    if others > 0 {
        config.remark(Remark::OtherProviders { count: others });
    }
}

/// Returns what Zed calls for one of its names; any other name is an id of the user's own.
fn id_of(name: &str, region: &Region, allow_global: bool) -> String {
    let plain = name.trim_end_matches("-latest").trim_end_matches("-thinking").trim_end_matches("-latest");
    let Some((_, id, geographies)) = MODELS.iter().find(|(known, ..)| *known == plain) else { return name.to_owned() };
    let region = region.to_string();
    let has = |geography: &str| geographies.contains(&geography);
    let starts = |parts: &[&str]| parts.iter().any(|part| region.starts_with(part));
    let geography = match region.as_str() {
        _ if starts(&["us-gov-"]) => "us-gov",
        _ if allow_global && has("global") => "global",
        "ap-southeast-2" | "ap-southeast-4" => "au",
        "ap-northeast-1" | "ap-northeast-3" => "jp",
        _ if starts(&["us-", "sa-"]) => "us",
        _ if starts(&["ca-"]) => "ca",
        _ if starts(&["eu-"]) => "eu",
        _ if starts(&["ap-", "me-"]) => "apac",
        _ => "",
    };
    if has(geography) { format!("{geography}.{id}") } else { (*id).to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_names_are_the_ids_of_its_source() {
        for (name, region, global, id) in [
            ("claude-sonnet-4-5", "us-west-2", false, "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
            (
                "claude-sonnet-4-5-thinking-latest",
                "eu-west-1",
                true,
                "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
            ),
            ("claude-sonnet-4-5", "us-gov-west-1", true, "us-gov.anthropic.claude-sonnet-4-5-20250929-v1:0"),
            ("nova-lite", "ca-central-1", false, "ca.amazon.nova-lite-v1:0"),
            ("nova-pro", "us-east-1", true, "us.amazon.nova-pro-v1:0"),
            ("claude-haiku-4-5", "ap-southeast-4", false, "au.anthropic.claude-haiku-4-5-20251001-v1:0"),
            ("gpt-oss-120b", "us-east-1", true, "openai.gpt-oss-120b-1:0"),
            ("my.own-model", "us-east-1", true, "my.own-model"),
        ] {
            assert_eq!(id_of(name, &region.parse().unwrap(), global), id, "{name} {region}");
        }
    }

    #[test]
    fn every_id_is_known() {
        for (name, id, _) in MODELS {
            assert!(crate::bedrock::known_models().any(|known| known == id), "{name}: {id}");
        }
    }
}
