//! Spring AI: `application.yml` or `application.properties`, under `spring.ai.bedrock`.
//!
//! Documentation: docs.spring.io/spring-ai/reference/api/bedrock.html, /chat/bedrock-converse.html and /embeddings (November
//! 2026); Spring Boot, "Externalized Configuration": variables such as SPRING_AI_BEDROCK_AWS_REGION outrank the files, and
//! `${NAME:default}` is a variable. Chats go through Converse and ConverseStream, embeddings through InvokeModel. Identity:
//! keys, a profile, the AWS SDK's own search. Region: the setting's, else us-east-1.

use super::configuration::{Client, ConfigError, Configuration, Identity, Keys, Purpose, Remark, Secret, Token};
use super::settings::{Shared, access_keys, call, compare, model, region, shown};
use super::variables::Variables;
use crate::bedrock::Operation;
use serde_json::Value;

const EMBED_COHERE: &str = "cohere.embed-multilingual-v3";

/// Returns `true` if settings look like Spring's, for Bedrock.
pub(super) fn is_it(settings: &Value) -> bool {
    let ai = settings.get("spring").and_then(|spring| spring.get("ai"));
    ai.is_some() || settings.as_object().is_some_and(|all| all.keys().any(|key| key.starts_with("spring.ai.")))
}

/// Reads the documents of the files, the strongest first.
pub(super) fn read(files: &[Value], variables: Variables<'_>) -> Result<Configuration, ConfigError> {
    if !files.iter().all(|file| file.is_object() || file.is_null()) {
        return Err(ConfigError::NotSettings);
    }
    let mut config = Configuration::new(Client::SpringAi);
    let chosen = property(files, variables, "spring.profiles.active").unwrap_or_default();
    let active: Vec<&str> = chosen.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    let (documents, others): (Vec<Value>, Vec<Value>) =
        files.iter().cloned().partition(|file| is_active(file, &active));
    if !others.is_empty() {
        config.remark(Remark::OtherSpringProfiles { count: others.len() });
    }
    let property = |name: &str| property(&documents, variables, name);
    let aws = |name: &str| property(&format!("spring.ai.bedrock.aws.{name}"));
    let keys = access_keys(
        aws("access-key").map(Secret::new),
        aws("secret-key").map(Secret::new),
        aws("session-token").map(Secret::new),
    );
    let profile = shown(&mut config, "spring.ai.bedrock.aws.profile.name", aws("profile.name"));
    let own = region(&mut config, "spring.ai.bedrock.aws.region", aws("region"));
    let shared = Shared {
        by_default: own.is_none(),
        region: own.or_else(|| "us-east-1".parse().ok()),
        last_resort: None,
        identity: Identity {
            keys: match (keys, profile) {
                (Some(keys), _) => Keys::Given(keys),
                (None, Some(profile)) => Keys::Profile(profile),
                (None, None) => Keys::Shell,
            },
            token: Token::Shell,
            role: None,
        },
    };
    let chat = property("spring.ai.model.chat");
    let embedding = property("spring.ai.model.embedding");
    let written = ["spring.ai.bedrock.converse.chat.options.model", "spring.ai.bedrock.converse.chat.model"];
    let chat_model = written.iter().find_map(|name| property(name));
    if chat.as_deref() == Some("bedrock-converse") || chat.is_none() && chat_model.is_some() {
        match chat_model {
            Some(written) => {
                if let Some(id) = model(&mut config, &Purpose::Main, &written) {
                    for operation in [Operation::Converse, Operation::ConverseStream] {
                        config.call(call(Purpose::Main, Some(id.clone()), operation, &shared));
                    }
                }
            }
            None => config.remark(Remark::NotPinned { purpose: Purpose::Main, name: None }),
        }
    }
    for (kind, standard) in [("cohere", Some(EMBED_COHERE)), ("titan", None)] {
        let names = [
            format!("spring.ai.bedrock.{kind}.embedding.model"),
            format!("spring.ai.bedrock.{kind}.embedding.options.model"),
        ];
        let written = names.iter().find_map(|name| property(name));
        let is_chosen = embedding.as_deref() == Some(&format!("bedrock-{kind}"));
        if !is_chosen && (written.is_none() || embedding.is_some()) {
            continue;
        }
        let purpose = Purpose::Embeddings(kind.to_owned());
        match written.or_else(|| standard.map(str::to_owned)) {
            Some(written) => {
                if let Some(id) = model(&mut config, &purpose, &written) {
                    config.call(call(purpose, Some(id), Operation::InvokeModel, &shared));
                }
            }
            None => config.remark(Remark::NotPinned { purpose, name: None }),
        }
    }
    let others = [chat, embedding].into_iter().flatten().filter(|kind| !kind.starts_with("bedrock") && kind != "none");
    let others = others.count();
    if config.calls.is_empty() && config.remarks.is_empty() {
        return Err(ConfigError::NoBedrock(Client::SpringAi));
    }
    compare(&mut config, &shared, variables);
    if others > 0 {
        config.remark(Remark::OtherProviders { count: others });
    }
    config.or_nothing()
}

/// Returns `true` if a document counts: it names no profiles, or profiles that are active (Spring Boot, "Activation Properties").
///
/// An expression is names with `!`, `&` and `|`; one with parentheses is taken for none that is active.
fn is_active(document: &Value, active: &[&str]) -> bool {
    let written = at(document, "spring.config.activate.on-profile").or_else(|| at(document, "spring.profiles"));
    let Some(expression) = written else { return true };
    let holds = |name: &str| match name.trim().strip_prefix('!') {
        Some(name) => !active.contains(&name.trim()),
        None => active.contains(&name.trim()),
    };
    let is_plain = !expression.contains(['(', ')']);
    is_plain && expression.split([',', '|']).any(|all| all.split('&').all(holds))
}

/// Returns a property: of its variable, else of the first document that has it.
fn property(documents: &[Value], variables: Variables<'_>, name: &str) -> Option<String> {
    let variable: String =
        name.chars().filter(|c| *c != '-').map(|c| if c == '.' { '_' } else { c.to_ascii_uppercase() }).collect();
    let own = || documents.iter().find_map(|document| at(document, name));
    let text = variables.get(&variable).or_else(own)?;
    placeholder(&text, variables)
}

/// Finds a property in a tree whose keys may be dotted, and may be written `access-key`, `accessKey` or `access_key`.
fn at(document: &Value, name: &str) -> Option<String> {
    if name.is_empty() {
        return match document {
            Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            _ => None,
        };
    }
    document.as_object()?.iter().find_map(|(key, value)| {
        let mut rest = name;
        for part in key.split('.') {
            let (first, behind) = rest.split_once('.').unwrap_or((rest, ""));
            if loose(part) != loose(first) {
                return None;
            }
            rest = behind;
        }
        at(value, rest)
    })
}

fn loose(key: &str) -> String {
    key.chars().filter(|c| !matches!(c, '-' | '_')).map(|c| c.to_ascii_lowercase()).collect()
}

/// Replaces a text that is one placeholder by its variable, or by its default.
fn placeholder(text: &str, variables: Variables<'_>) -> Option<String> {
    let Some(inside) = text.strip_prefix("${").and_then(|text| text.strip_suffix('}')) else {
        return Some(text.to_owned());
    };
    let (name, default) = inside.split_once(':').map_or((inside, None), |(name, default)| (name, Some(default)));
    variables.get(name).or_else(|| default.map(str::to_owned).filter(|default| !default.is_empty()))
}
