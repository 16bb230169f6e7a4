//! Codex: `config.toml` with the provider `amazon-bedrock`.
//!
//! Documentation: developers.openai.com/codex/amazon-bedrock and /codex/config (November 2026). It calls the endpoint
//! `bedrock-mantle` alone, which has an IAM prefix of its own. A Bedrock API key in AWS_BEARER_TOKEN_BEDROCK comes before the
//! profile of the settings, and that before AWS_PROFILE. A model that is not named is the version's choice.

use super::configuration::{
    Client, ConfigError, Configuration, Effect, Identity, Keys, Purpose, Remark, Token, VersionNote,
};
use super::settings::{Shared, call, compare, endpoint, model, region, shown, text_at};
use super::variables::Variables;
use crate::bedrock::Operation;
use serde_json::Value;

const PROVIDER: &str = "amazon-bedrock";

const FIRST: VersionNote = VersionNote {
    client: Client::Codex,
    versions: "0.128.0",
    since: &["0.128.0"],
    effect: Effect::NoBedrock,
    source: "https://help.openai.com/en/articles/20001253-configure-codex-with-amazon-bedrock",
};

/// Returns `true` if settings look like Codex's.
pub(super) fn is_it(settings: &Value) -> bool {
    settings.get("model_provider").is_some() || settings.get("model_providers").is_some()
}

/// Reads the files, the strongest first.
pub(super) fn read(files: &[Value], variables: Variables<'_>) -> Result<Configuration, ConfigError> {
    if !files.iter().all(Value::is_object) {
        return Err(ConfigError::NotSettings);
    }
    let mut config = Configuration::new(Client::Codex);
    let find = |path: &[&str]| files.iter().find_map(|file| text_at(file, path));
    // A profile of Codex itself, which is not one of AWS.
    let chosen = find(&["profile"]);
    let setting = |name: &str| {
        let of_profile = chosen.as_deref().and_then(|profile| find(&["profiles", profile, name]));
        of_profile.or_else(|| find(&[name]))
    };
    if setting("model_provider").as_deref() != Some(PROVIDER) {
        return Err(ConfigError::NoBedrock(Client::Codex));
    }
    let aws = |name: &str| find(&["model_providers", PROVIDER, "aws", name]);
    let profile = shown(&mut config, "model_providers.amazon-bedrock.aws.profile", aws("profile"));
    let own = region(&mut config, "model_providers.amazon-bedrock.aws.region", aws("region"));
    let shared = Shared {
        region: own.or_else(|| variables.region(&["AWS_REGION", "AWS_DEFAULT_REGION"])),
        last_resort: None,
        by_default: false,
        identity: Identity { keys: profile.map_or(Keys::Shell, Keys::Profile), token: Token::Shell, role: None },
    };
    compare(&mut config, &shared, variables);
    endpoint(&mut config, "base_url", find(&["model_providers", PROVIDER, "base_url"]), shared.region.as_ref());
    match setting("model") {
        Some(written) => add(&mut config, Purpose::Main, &written, &shared),
        None => config.remark(Remark::NotPinned { purpose: Purpose::Main, name: None }),
    }
    if let Some(written) = setting("review_model") {
        add(&mut config, Purpose::Model("review".to_owned()), &written, &shared);
    }
    config.remark(Remark::NotPinned { purpose: Purpose::Background, name: None });
    config.remark(Remark::Version(FIRST));
    config.or_nothing()
}

fn add(config: &mut Configuration, purpose: Purpose, written: &str, shared: &Shared) {
    if let Some(id) = model(config, &purpose, written) {
        config.call(call(purpose, Some(id), Operation::MantleInference, shared));
    }
}
