//! Continue: `config.yaml`, or the older `config.json`.
//!
//! Documentation: docs.continue.dev/customize/model-providers/top-level/bedrock and /reference; `core/llm/llms/Bedrock.ts`
//! (November 2026). It does not look at AWS_PROFILE: keys in the file, else the profile that the file names, else one named
//! `bedrock`, else the default one. Chat and completions stream through ConverseStream; embeddings and reranking go through
//! InvokeModel. Region: the file's, else us-east-1.

use super::configuration::{
    Client, ConfigError, Configuration, Identity, Instead, Keys, Purpose, Remark, Secret, Token,
};
use super::settings::{Shared, access_keys, call, compare, model, name_or_number, region, shown, text};
use super::variables::Variables;
use crate::bedrock::Operation;
use serde_json::Value;

/// The profile that it looks for if none is named.
const PROFILE: &str = "bedrock";

/// Returns `true` if settings look like Continue's.
pub(super) fn is_it(settings: &Value) -> bool {
    let models = settings.get("models").and_then(Value::as_array);
    let is_model = |entry: &Value| entry.get("provider").is_some() && entry.get("model").is_some();
    let has_provider = models.is_some_and(|models| models.iter().any(is_model));
    has_provider || settings.get("tabAutocompleteModel").is_some() || settings.get("embeddingsProvider").is_some()
}

/// Reads the configuration; the first file counts.
pub(super) fn read(files: &[Value], variables: Variables<'_>) -> Result<Configuration, ConfigError> {
    let Some(settings) = files.first().filter(|file| file.is_object()) else { return Err(ConfigError::NotSettings) };
    let mut config = Configuration::new(Client::Continue);
    let mut others = 0;
    let mut main_is_taken = false;
    let models = settings.get("models").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for (number, entry) in models.iter().enumerate() {
        if !is_bedrock(entry) {
            others += 1;
            continue;
        }
        let name = text(entry.get("name")).or_else(|| text(entry.get("title")));
        let name = name_or_number(&mut config, "name", name, number);
        let roles: Vec<&str> = match entry.get("roles").and_then(Value::as_array) {
            Some(roles) => roles.iter().filter_map(Value::as_str).collect(),
            // Chat, edit, apply and summarize are the roles of a model that names none.
            None => vec!["chat"],
        };
        let talks = roles.iter().any(|role| ["chat", "edit", "apply", "summarize", "subagent"].contains(role));
        if talks {
            let purpose = if main_is_taken { Purpose::Model(name.clone()) } else { Purpose::Main };
            main_is_taken = true;
            add(&mut config, entry, purpose, Operation::ConverseStream, variables);
        }
        for role in roles {
            match role {
                "autocomplete" => {
                    let purpose = Purpose::Autocomplete(name.clone());
                    add(&mut config, entry, purpose, Operation::ConverseStream, variables);
                }
                "embed" => {
                    let purpose = Purpose::Embeddings(name.clone());
                    add(&mut config, entry, purpose, Operation::InvokeModel, variables);
                }
                "rerank" => {
                    let purpose = Purpose::Rerank(name.clone());
                    add(&mut config, entry, purpose, Operation::InvokeModel, variables);
                }
                _ => {}
            }
        }
    }
    for (field, purpose, operation) in [
        ("tabAutocompleteModel", Purpose::Autocomplete("tab".to_owned()), Operation::ConverseStream),
        ("embeddingsProvider", Purpose::Embeddings("codebase".to_owned()), Operation::InvokeModel),
        ("reranker", Purpose::Rerank("codebase".to_owned()), Operation::InvokeModel),
    ] {
        let Some(entry) = settings.get(field) else { continue };
        let name = text(entry.get("name")).unwrap_or_default();
        if is_bedrock(entry) || name == "bedrock" {
            // The reranker keeps its options one level deeper.
            let options = entry.get("params").filter(|params| params.is_object()).unwrap_or(entry);
            add(&mut config, options, purpose, operation, variables);
        } else {
            others += 1;
        }
    }
    if others > 0 {
        config.remark(Remark::OtherProviders { count: others });
    }
    config.or_nothing()
}

fn is_bedrock(entry: &Value) -> bool {
    text(entry.get("provider")).is_some_and(|provider| matches!(provider.as_str(), "bedrock" | "bedrockimport"))
}

fn add(config: &mut Configuration, entry: &Value, purpose: Purpose, operation: Operation, variables: Variables<'_>) {
    // Options stand under `env` in YAML, and beside the model in JSON.
    let option = |name: &str| text(entry.get("env").and_then(|env| env.get(name))).or_else(|| text(entry.get(name)));
    let written = option("modelArn").or_else(|| option("model"));
    let Some(written) = written else {
        config.remark(Remark::NotPinned { purpose, name: None });
        return;
    };
    let Some(id) = model(config, &purpose, &written) else { return };
    let secret = |name: &str| option(name).filter(|value| !value.contains("${{")).map(Secret::new);
    let keys = access_keys(secret("accessKeyId"), secret("secretAccessKey"), secret("sessionToken"));
    let profile = shown(config, "profile", option("profile"));
    let in_arn = id.region().and_then(|region| region.parse().ok());
    let named = in_arn.or_else(|| region(config, "region", option("region")));
    let shared = Shared {
        by_default: named.is_none(),
        region: named.or_else(|| "us-east-1".parse().ok()),
        last_resort: None,
        identity: Identity {
            keys: keys.map_or_else(
                || profile.map_or_else(|| Keys::ProfileOrDefault(PROFILE.to_owned()), Keys::Profile),
                Keys::Given,
            ),
            token: secret("apiKey").map_or(Token::Nothing, Token::Given),
            role: None,
        },
    };
    if variables.has("AWS_PROFILE") {
        config.remark(Remark::Ignores { variable: "AWS_PROFILE", instead: Instead::OwnProfile(PROFILE) });
    }
    compare(config, &shared, variables);
    config.call(call(purpose, Some(id), operation, &shared));
}
