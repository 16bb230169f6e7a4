//! Claude Code: `settings.json`, whose `env` outranks the shell's variables.
//!
//! Documentation: code.claude.com/docs/en/amazon-bedrock, /settings, /model-config and /sub-agents (November 2026). Files,
//! strongest first: managed settings, `.claude/settings.local.json`, `.claude/settings.json`, `~/.claude/settings.json`.
//! It calls InvokeModelWithResponseStream, and ListInferenceProfiles to show what there is. Background work runs on the main
//! model unless a Haiku model is named. Region: AWS_REGION, AWS_DEFAULT_REGION, the profile's, us-east-1.

use super::configuration::{
    Client, ConfigError, Configuration, Effect, Identity, Keys, Purpose, Remark, Secret, Token, VersionNote,
};
use super::settings::{BEARER, Shared, access_keys, at, call, compare, endpoint, model, shown, text, text_at};
use super::variables::Variables;
use crate::bedrock::{ModelReference, Operation, client_form};
use serde_json::Value;

/// Changes between versions that matter for what is called (code.claude.com/docs/en/model-config, changelog).
const DEFAULTS: VersionNote = VersionNote {
    client: Client::ClaudeCode,
    versions: "2.1.207, 2.1.219, 2.1.280",
    since: &["2.1.207", "2.1.219", "2.1.280"],
    effect: Effect::OtherDefaults,
    source: "https://code.claude.com/docs/en/model-config",
};
const SUBAGENTS: VersionNote = VersionNote {
    client: Client::ClaudeCode,
    versions: "2.1.251",
    since: &["2.1.251"],
    effect: Effect::SubagentDefault,
    source: "https://code.claude.com/docs/en/sub-agents",
};

/// Returns `true` if settings look like Claude Code's.
pub(super) fn is_it(settings: &Value) -> bool {
    let schema = text_at(settings, &["$schema"]).unwrap_or_default();
    let in_env = |name: &str| name.starts_with("CLAUDE_CODE_") || name.starts_with("ANTHROPIC_");
    schema.contains("claude-code")
        || settings.get("awsAuthRefresh").is_some()
        || settings.get("awsCredentialExport").is_some()
        || at(settings, &["env"]).and_then(Value::as_object).is_some_and(|env| env.keys().any(|name| in_env(name)))
}

/// Settings with their variables, over the shell.
struct Effective<'s> {
    /// The strongest first.
    files: &'s [Value],
    shell: Variables<'s>,
}

impl Effective<'_> {
    fn setting(&self, name: &str) -> Option<&Value> {
        self.files.iter().find_map(|file| file.get(name))
    }

    /// Returns a variable that the settings set.
    fn own(&self, name: &str) -> Option<String> {
        self.files.iter().find_map(|file| match at(file, &["env", name])? {
            Value::Bool(flag) => Some(flag.to_string()),
            Value::Number(number) => Some(number.to_string()),
            value => text(Some(value)),
        })
    }

    fn get(&self, name: &str) -> Option<String> {
        self.own(name).or_else(|| self.shell.get(name))
    }

    fn is_on(&self, name: &str) -> bool {
        let value = self.get(name).unwrap_or_default().to_ascii_lowercase();
        matches!(value.as_str(), "1" | "true" | "yes" | "on")
    }
}

/// Reads settings files, the strongest first.
pub(super) fn read(files: &[Value], variables: Variables<'_>) -> Result<Configuration, ConfigError> {
    if !files.iter().all(Value::is_object) {
        return Err(ConfigError::NotSettings);
    }
    let env = Effective { files, shell: variables };
    let mut config = Configuration::new(Client::ClaudeCode);
    if !env.is_on("CLAUDE_CODE_USE_BEDROCK") {
        return Err(ConfigError::NoBedrock(Client::ClaudeCode));
    }
    let shared = shared(&mut config, &env);
    compare(&mut config, &shared, variables);
    // It runs even where the shell's credentials are valid; `awsAuthRefresh` only renews a profile's.
    if env.setting("awsCredentialExport").is_some() {
        config.remark(Remark::RunsCommand { setting: "awsCredentialExport" });
    }
    if env.setting("awsAuthRefresh").is_some() {
        config.remark(Remark::Renews { setting: "awsAuthRefresh" });
    }
    let url = env.get("ANTHROPIC_BEDROCK_BASE_URL");
    endpoint(&mut config, "ANTHROPIC_BEDROCK_BASE_URL", url, shared.region.as_ref());
    if env.is_on("CLAUDE_CODE_SKIP_BEDROCK_AUTH") {
        config.remark(Remark::OtherEndpoint { setting: "CLAUDE_CODE_SKIP_BEDROCK_AUTH" });
    }
    models(&mut config, &env, &shared);
    config.call(call(Purpose::ListProfiles, None, Operation::ListInferenceProfiles, &shared));
    config.or_nothing()
}

fn shared(config: &mut Configuration, env: &Effective<'_>) -> Shared {
    let secret = |name: &str| env.own(name).map(Secret::new);
    let keys = access_keys(secret("AWS_ACCESS_KEY_ID"), secret("AWS_SECRET_ACCESS_KEY"), secret("AWS_SESSION_TOKEN"));
    // The AWS SDK for JavaScript takes a profile before keys in variables.
    let keys = match (shown(config, "AWS_PROFILE", env.own("AWS_PROFILE")), keys) {
        (Some(profile), _) => Keys::Profile(profile),
        (None, Some(_)) if env.shell.has("AWS_PROFILE") => Keys::Shell,
        (None, Some(keys)) => Keys::Given(keys),
        (None, None) => Keys::Shell,
    };
    let token = env.own(BEARER).map_or(Token::Shell, |token| Token::Given(Secret::new(token)));
    let region = shown(config, "AWS_REGION", env.get("AWS_REGION").or_else(|| env.get("AWS_DEFAULT_REGION")));
    Shared {
        region: region.and_then(|region| region.parse().ok()),
        last_resort: "us-east-1".parse().ok(),
        by_default: false,
        identity: Identity { keys, token, role: None },
    }
}

fn models(config: &mut Configuration, env: &Effective<'_>, shared: &Shared) {
    const STREAM: Operation = Operation::InvokeModelWithResponseStream;
    let haiku = env.get("ANTHROPIC_DEFAULT_HAIKU_MODEL").or_else(|| env.get("ANTHROPIC_SMALL_FAST_MODEL"));
    let main = env.get("ANTHROPIC_MODEL").or_else(|| text(env.setting("model")));
    let alias = |name: &str| match name {
        "haiku" => Some(haiku.clone()),
        "sonnet" => Some(env.get("ANTHROPIC_DEFAULT_SONNET_MODEL")),
        "opus" | "best" | "opusplan" => Some(env.get("ANTHROPIC_DEFAULT_OPUS_MODEL")),
        "fable" => Some(env.get("ANTHROPIC_DEFAULT_FABLE_MODEL")),
        "default" | "inherit" => Some(None),
        _ => None,
    };
    // A name of the client's own is what the settings pin for it, or the version's choice.
    let resolve = |config: &mut Configuration, purpose: &Purpose, name: Option<String>| -> Option<ModelReference> {
        let name = shown(config, "model", name.clone()).or_else(|| name.is_none().then(String::new))?;
        let plain = client_form(&name).model;
        let id = match alias(plain) {
            _ if name.is_empty() => None,
            Some(pinned) => pinned,
            None => Some(name.clone()),
        };
        let Some(id) = id else {
            let name = Some(name).filter(|name| !name.is_empty());
            config.remark(Remark::NotPinned { purpose: purpose.clone(), name });
            return None;
        };
        // The overrides are named by Anthropic's ids, without the mark of a long context.
        let plain = client_form(&id).model;
        let overrides = env.setting("modelOverrides");
        let overridden = overrides.and_then(|all| text(all.get(&id)).or_else(|| text(all.get(plain))));
        let called = overridden.unwrap_or_else(|| client_form(&id).model.to_owned());
        let called = shown(config, "model", Some(called))?;
        if called != name {
            config.remark(Remark::Rewritten { from: name, to: called.clone() });
        }
        model(config, purpose, &called)
    };
    if let Some(id) = resolve(config, &Purpose::Main, main.clone()) {
        config.call(call(Purpose::Main, Some(id), STREAM, shared));
    }
    if main.as_deref() == Some("opusplan")
        && let Some(id) = resolve(config, &Purpose::Model("sonnet".to_owned()), Some("sonnet".to_owned()))
    {
        config.call(call(Purpose::Model("sonnet".to_owned()), Some(id), STREAM, shared));
    }
    match haiku.clone() {
        Some(name) => {
            let id = resolve(config, &Purpose::Background, Some(name));
            let region = env.get("ANTHROPIC_SMALL_FAST_MODEL_AWS_REGION");
            let region = shown(config, "ANTHROPIC_SMALL_FAST_MODEL_AWS_REGION", region);
            let region = region.and_then(|region| region.parse().ok());
            let own = Shared { region: region.or_else(|| shared.region.clone()), ..shared.clone() };
            if let Some(id) = id {
                config.call(call(Purpose::Background, Some(id), STREAM, &own));
            }
        }
        None => config.remark(Remark::BackgroundIsMain),
    }
    if let Some(name) = env.get("CLAUDE_CODE_SUBAGENT_MODEL").filter(|name| name != "inherit") {
        config.remark(Remark::Version(SUBAGENTS));
        if let Some(id) = resolve(config, &Purpose::Subagents(None), Some(name)) {
            config.call(call(Purpose::Subagents(None), Some(id), STREAM, shared));
        }
    }
    // What a user can switch to, and a sub-agent can ask for.
    for (name, variable) in [
        ("opus", "ANTHROPIC_DEFAULT_OPUS_MODEL"),
        ("sonnet", "ANTHROPIC_DEFAULT_SONNET_MODEL"),
        ("fable", "ANTHROPIC_DEFAULT_FABLE_MODEL"),
        ("custom", "ANTHROPIC_CUSTOM_MODEL_OPTION"),
    ] {
        let Some(pinned) = env.get(variable) else { continue };
        let purpose = Purpose::Model(name.to_owned());
        let id = resolve(config, &purpose, Some(pinned));
        if let Some(id) = id
            && !config.calls.iter().any(|call| call.model.as_ref() == Some(&id) && call.region == shared.region)
        {
            config.call(call(purpose, Some(id), STREAM, shared));
        }
    }
    if config.remarks.iter().any(|remark| matches!(remark, Remark::NotPinned { .. })) {
        config.remark(Remark::Version(DEFAULTS));
    }
}
