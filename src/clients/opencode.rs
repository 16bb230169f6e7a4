//! opencode: `opencode.json` or `opencode.jsonc`.
//!
//! Documentation: opencode.ai/docs/providers, /docs/config and /docs/agents; `packages/opencode/src/provider` (November 2026).
//! Files, strongest first: the project's, then `~/.config/opencode`. A Bedrock API key outranks every profile, and the
//! file outranks variables. Ids without a geography silently get one by the Region and the model. Region: the file's,
//! AWS_REGION, us-east-1. `{env:NAME}` and `{file:PATH}` stand for a variable and for what a file holds (/docs/config,
//! "Variables"). Keys that `/connect` stored are in a file of their own, which is not read.

use super::configuration::{
    Client, ConfigError, Configuration, Decides, Identity, Keys, Purpose, Remark, Secret, Token,
};
use super::settings::{
    Shared, access_keys, at, call, compare, endpoint, model, name_or_number, region, safe_name, secret_at, shown, text,
    text_at,
};
use super::variables::Variables;
use crate::bedrock::{Operation, Region};
use serde_json::Value;

const PROVIDER: &str = "amazon-bedrock";

/// Returns `true` if settings look like opencode's.
pub(super) fn is_it(settings: &Value) -> bool {
    let schema = text_at(settings, &["$schema"]).unwrap_or_default();
    let model = text_at(settings, &["model"]).unwrap_or_default();
    schema.contains("opencode.ai")
        || at(settings, &["provider", PROVIDER]).is_some()
        || settings.get("provider").is_some_and(Value::is_object) && model.contains('/')
        || model.starts_with("amazon-bedrock/") && settings.get("small_model").is_some()
}

/// The longest value of a file that is taken for a name, a Region or a model.
const LONGEST_WORD: usize = 200;

/// Puts variables and files where the settings name them, as far as these decide about calls; what cannot be had is remarked, and
/// leaves no value.
pub(super) fn substitute(own: &mut [Value], place: usize, variables: Variables<'_>) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let mut put = |value: Option<&mut Value>, decides: Decides, is_secret: bool| {
        let Some(value) = value else { return };
        let Some(text) = value.as_str().filter(|text| text.contains("{env:") || text.contains("{file:")) else {
            return;
        };
        *value = match substituted(text, &decides, is_secret, place, variables) {
            Ok(text) => Value::String(text),
            Err(remark) => {
                remarks.push(*remark);
                Value::Null
            }
        };
    };
    for settings in own {
        put(settings.get_mut("model"), Decides::Model(Purpose::Main), false);
        put(settings.get_mut("small_model"), Decides::Model(Purpose::Background), false);
        for part in ["agent", "mode", "command"] {
            for (name, agent) in settings.get_mut(part).and_then(Value::as_object_mut).into_iter().flatten() {
                let purpose = Purpose::Subagents(Some(safe_name(name)));
                put(agent.get_mut("model"), Decides::Model(purpose), false);
            }
        }
        let Some(provider) = settings.get_mut("provider").and_then(|all| all.get_mut(PROVIDER)) else { continue };
        for (name, value) in provider.get_mut("options").and_then(Value::as_object_mut).into_iter().flatten() {
            let (decides, is_secret) = match name.as_str() {
                "region" => (Decides::Region, false),
                "profile" => (Decides::Identity, false),
                "apiKey" | "accessKeyId" | "secretAccessKey" | "sessionToken" => (Decides::Identity, true),
                _ => (Decides::Other, false),
            };
            put(Some(value), decides, is_secret);
        }
        for (name, value) in provider.get_mut("models").and_then(Value::as_object_mut).into_iter().flatten() {
            put(value.get_mut("id"), Decides::Model(Purpose::Model(safe_name(name))), false);
        }
    }
    remarks
}

/// Returns a text with what it names in its place, once and not again in what was put there.
fn substituted(
    text: &str,
    decides: &Decides,
    is_secret: bool,
    place: usize,
    variables: Variables<'_>,
) -> Result<String, Box<Remark>> {
    let mut whole = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("{env:").into_iter().chain(rest.find("{file:")).min() {
        let (before, named) = rest.split_at(at);
        let Some(end) = named.find('}') else { break };
        let (inside, behind) = (named.get(1..end).unwrap_or_default(), named.get(end + 1..).unwrap_or_default());
        whole.push_str(before);
        if let Some(variable) = inside.strip_prefix("env:").map(str::trim) {
            let unset = || Box::new(Remark::Unset { variable: safe_name(variable), decides: decides.clone() });
            whole.push_str(&variables.get(variable).ok_or_else(unset)?);
        } else {
            let file = inside.strip_prefix("file:").unwrap_or_default().trim();
            let held = variables.file(place, file).and_then(|bytes| String::from_utf8(bytes).ok());
            let held = held.map(|held| held.trim().to_owned());
            // Whatever file a configuration names, nothing of it is shown that is no name.
            let is_word =
                |held: &String| held.len() <= LONGEST_WORD && held.bytes().all(|byte| byte.is_ascii_graphic());
            let unread = || Box::new(Remark::UnreadFile { file: safe_name(file), decides: decides.clone() });
            whole.push_str(&held.filter(|held| !held.is_empty() && (is_secret || is_word(held))).ok_or_else(unread)?);
        }
        rest = behind;
    }
    Ok(whole + rest)
}

/// Reads the files, the strongest first.
pub(super) fn read(files: &[Value], variables: Variables<'_>) -> Result<Configuration, ConfigError> {
    if !files.iter().all(Value::is_object) {
        return Err(ConfigError::NotSettings);
    }
    let mut config = Configuration::new(Client::OpenCode);
    let find = |path: &[&str]| files.iter().find_map(|file| text_at(file, path));
    let option = |name: &str| find(&["provider", PROVIDER, "options", name]);
    let secret = |name: &str| files.iter().find_map(|file| secret_at(file, &["provider", PROVIDER, "options", name]));
    let profile = shown(&mut config, "profile", option("profile"));
    let keys = access_keys(secret("accessKeyId"), secret("secretAccessKey"), secret("sessionToken"));
    let own = region(&mut config, "region", option("region"));
    let named = own.or_else(|| variables.region(&["AWS_REGION"]));
    let shared = Shared {
        by_default: named.is_none(),
        region: named.or_else(|| "us-east-1".parse().ok()),
        last_resort: None,
        identity: Identity {
            keys: match (profile, keys) {
                (_, Some(keys)) => Keys::Given(keys),
                (Some(profile), None) => Keys::Profile(profile),
                (None, None) => Keys::Shell,
            },
            token: secret("apiKey").map_or(Token::Shell, |key: Secret| Token::Given(key)),
            role: None,
        },
    };
    compare(&mut config, &shared, variables);
    endpoint(&mut config, "endpoint", option("endpoint").or_else(|| option("baseURL")), shared.region.as_ref());
    config.remark(Remark::KeptElsewhere { place: "~/.local/share/opencode/auth.json" });
    let mut others = 0;
    let mut add = |config: &mut Configuration, purpose: Purpose, written: Option<String>| {
        let Some(written) = written else { return };
        let Some(key) = written.strip_prefix("amazon-bedrock/") else {
            others += 1;
            return;
        };
        // A model of the provider's list may have another id.
        let id = find(&["provider", PROVIDER, "models", key, "id"]).unwrap_or_else(|| key.to_owned());
        let Some(id) = shown(config, "model", Some(id)) else { return };
        let called = shared.region.as_ref().map_or(id.clone(), |region| with_geography(&id, region));
        if called != key
            && let Some(from) = shown(config, "model", Some(key.to_owned()))
        {
            config.remark(Remark::Rewritten { from, to: called.clone() });
        }
        if let Some(id) = model(config, &purpose, &called) {
            config.call(call(purpose, Some(id), Operation::ConverseStream, &shared));
        }
    };
    let main = find(&["model"]);
    let small = find(&["small_model"]);
    add(&mut config, Purpose::Main, main.clone());
    match (small, &main) {
        (Some(small), _) => add(&mut config, Purpose::Background, Some(small)),
        (None, Some(main)) if main.starts_with("amazon-bedrock/") => {
            config.remark(Remark::NotPinned { purpose: Purpose::Background, name: None });
        }
        (None, _) => {}
    }
    for file in files {
        for part in ["agent", "mode", "command"] {
            let members = file.get(part).and_then(Value::as_object).into_iter().flatten();
            for (number, (name, agent)) in members.enumerate() {
                let Some(written) = text(agent.get("model")) else { continue };
                let name = name_or_number(&mut config, "agent", Some(name.clone()), number);
                add(&mut config, Purpose::Subagents(Some(name)), Some(written));
            }
        }
    }
    if others > 0 {
        config.remark(Remark::OtherProviders { count: others });
    }
    if main.is_none() && config.calls.is_empty() {
        return Err(ConfigError::NoBedrock(Client::OpenCode));
    }
    let calls_none = config.calls.is_empty() && others > 0;
    if calls_none { Err(ConfigError::NoBedrock(Client::OpenCode)) } else { config.or_nothing() }
}

/// Puts the geography before an id that opencode puts there (`resolveModelID` in its source).
fn with_geography(id: &str, region: &Region) -> String {
    const HAVE_ONE: [&str; 6] = ["global.", "us.", "eu.", "jp.", "apac.", "au."];
    const US: [&str; 7] = ["nova-micro", "nova-lite", "nova-pro", "nova-premier", "nova-2", "claude", "deepseek"];
    const EU: [&str; 5] = ["claude", "nova-lite", "nova-micro", "llama3", "pixtral"];
    const EU_REGIONS: [&str; 7] =
        ["eu-west-1", "eu-west-2", "eu-west-3", "eu-north-1", "eu-central-1", "eu-south-1", "eu-south-2"];
    const AU: [&str; 2] = ["anthropic.claude-sonnet-4-5", "anthropic.claude-haiku"];
    const AP: [&str; 4] = ["claude", "nova-lite", "nova-micro", "nova-pro"];
    let holds = |parts: &[&str]| parts.iter().any(|part| id.contains(part));
    let region = region.to_string();
    if HAVE_ONE.iter().any(|prefix| id.starts_with(prefix)) || id.starts_with("arn:") {
        return id.to_owned();
    }
    let geography = match region.split('-').next().unwrap_or_default() {
        "us" if holds(&US) && !region.starts_with("us-gov") => "us",
        "eu" if holds(&EU) && EU_REGIONS.contains(&region.as_str()) => "eu",
        "ap" if ["ap-southeast-2", "ap-southeast-4"].contains(&region.as_str()) && holds(&AU) => "au",
        "ap" if region == "ap-northeast-1" && holds(&AP) => "jp",
        "ap" if holds(&AP) => "apac",
        _ => return id.to_owned(),
    };
    format!("{geography}.{id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_geography_follows_from_the_region_and_the_model() {
        for (id, region, called) in [
            ("anthropic.claude-sonnet-4-5-20250929-v1:0", "us-west-2", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
            ("anthropic.claude-sonnet-4-5-20250929-v1:0", "eu-west-1", "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"),
            (
                "anthropic.claude-haiku-4-5-20251001-v1:0",
                "ap-southeast-2",
                "au.anthropic.claude-haiku-4-5-20251001-v1:0",
            ),
            ("amazon.nova-pro-v1:0", "ap-northeast-1", "jp.amazon.nova-pro-v1:0"),
            ("amazon.nova-pro-v1:0", "ap-south-1", "apac.amazon.nova-pro-v1:0"),
            ("anthropic.claude-sonnet-4-5-20250929-v1:0", "us-gov-west-1", "anthropic.claude-sonnet-4-5-20250929-v1:0"),
            ("global.anthropic.claude-opus-4-8", "us-west-2", "global.anthropic.claude-opus-4-8"),
            ("openai.gpt-oss-120b-1:0", "us-west-2", "openai.gpt-oss-120b-1:0"),
        ] {
            assert_eq!(with_geography(id, &region.parse().unwrap()), called, "{id} {region}");
        }
    }
}
