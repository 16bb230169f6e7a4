//! Spring AI: `application.yml` or `application.properties`, under `spring.ai.bedrock`.
//!
//! Documentation: docs.spring.io/spring-ai/reference/api/bedrock.html, /chat/bedrock-converse.html and /embeddings (November
//! 2026); Spring Boot, "Externalized Configuration": variables such as SPRING_AI_BEDROCK_AWS_REGION outrank the files, those of
//! active profiles (`application-prod.yml`) outrank the others, and `${NAME:default}` is a variable or another property. Chats go through Converse and ConverseStream, embeddings through InvokeModel. Identity:
//! keys, a profile, the AWS SDK's own search. Region: the setting's, else us-east-1.

use super::configuration::{
    Client, ConfigError, Configuration, Decides, Identity, Keys, Purpose, Remark, Secret, Token,
};
use super::settings::{Shared, access_keys, call, compare, model, region, safe_name, shown};
use super::variables::Variables;
use crate::bedrock::Operation;
use serde_json::Value;
use std::cell::RefCell;

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
    let chosen = Properties::new(files, variables).get("spring.profiles.active").unwrap_or_default();
    let active: Vec<&str> = chosen.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    let (documents, others): (Vec<Value>, Vec<Value>) =
        files.iter().cloned().partition(|file| is_active(file, &active));
    if !others.is_empty() {
        config.remark(Remark::OtherSpringProfiles { count: others.len() });
    }
    let properties = Properties::new(&documents, variables);
    let property = |name: &str| properties.get(name);
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
    for (placeholder, property) in properties.unresolved.take() {
        config.remark(Remark::Unset { variable: safe_name(&placeholder), decides: decides(&property) });
    }
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

/// The properties of an application: its documents, the strongest first, and its environment.
struct Properties<'p> {
    documents: &'p [Value],
    variables: Variables<'p>,
    /// Placeholders that stand for nothing here, and the property that names each.
    unresolved: RefCell<Vec<(String, String)>>,
}

impl<'p> Properties<'p> {
    fn new(documents: &'p [Value], variables: Variables<'p>) -> Self {
        Self { documents, variables, unresolved: RefCell::default() }
    }

    /// Returns a property with its placeholders replaced.
    fn get(&self, name: &str) -> Option<String> {
        let text = self.raw(name)?;
        match self.resolved(&text, 0) {
            Ok(text) => Some(text).filter(|text| !text.is_empty()),
            Err(placeholder) => {
                self.unresolved.borrow_mut().push((placeholder, name.to_owned()));
                None
            }
        }
    }

    /// Returns a property as it is written: of its variable, else of the first document that has it.
    fn raw(&self, name: &str) -> Option<String> {
        let variable: String =
            name.chars().filter(|c| *c != '-').map(|c| if c == '.' { '_' } else { c.to_ascii_uppercase() }).collect();
        self.variables.get(&variable).or_else(|| self.documents.iter().find_map(|document| at(document, name)))
    }

    /// Replaces placeholders, `${name}` or `${name:default}`, by variables or other properties (Spring Boot, "Property
    /// Placeholders"); returns the first that stands for nothing.
    fn resolved(&self, text: &str, depth: usize) -> Result<String, String> {
        let Some(at) = text.find("${").filter(|_| depth < DEEPEST) else { return Ok(text.to_owned()) };
        let (before, named) = text.split_at(at);
        let Some(end) = closing(named) else { return Ok(text.to_owned()) };
        let (inside, behind) = (named.get(2..end).unwrap_or_default(), named.get(end + 1..).unwrap_or_default());
        let (name, default) = inside.split_once(':').map_or((inside, None), |(name, default)| (name, Some(default)));
        let value = self.variables.get(name).or_else(|| self.raw(name));
        let value = match (value, default) {
            (Some(value), _) => self.resolved(&value, depth + 1)?,
            (None, Some(default)) => self.resolved(default, depth + 1)?,
            (None, None) => return Err(name.to_owned()),
        };
        Ok(format!("{before}{value}{}", self.resolved(behind, depth + 1)?))
    }
}

/// How deep placeholders are replaced in one another.
const DEEPEST: usize = 16;

/// Returns where a placeholder ends; others may stand in its default.
fn closing(named: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, c) in named.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth <= 1 => return Some(at),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Adds the files of active profiles, `application-NAME.yml` and the like beside a file, which outrank it; remarks what is not read.
pub(super) fn of_profiles(
    own: &mut Vec<Value>,
    variables: Variables<'_>,
    further: &dyn Fn(&str) -> Option<Vec<Value>>,
) -> Vec<Remark> {
    let imports = own.iter().any(|document| at_any(document, "spring.config.import"));
    let active = Properties::new(own, variables).get("spring.profiles.active").unwrap_or_default();
    let is_name = |name: &&str| {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        !name.is_empty() && name.len() <= 64 && name.chars().all(is_plain)
    };
    let mut stronger = Vec::new();
    // The last one outranks the others.
    for name in active.split(',').map(str::trim).filter(is_name).take(16).collect::<Vec<_>>().into_iter().rev() {
        for ending in ["properties", "yml", "yaml"] {
            stronger.extend(further(&format!("application-{name}.{ending}")).into_iter().flatten());
        }
    }
    own.splice(0..0, stronger);
    imports.then_some(Remark::NotRead { setting: "spring.config.import" }).into_iter().collect()
}

/// Returns `true` if a tree has something at the place of a property.
fn at_any(document: &Value, name: &str) -> bool {
    let Some((first, rest)) = name.split_once('.') else { return document.get(name).is_some() };
    document.get(name).is_some() || document.get(first).is_some_and(|inner| at_any(inner, rest))
}

/// Returns what a property decides.
fn decides(property: &str) -> Decides {
    match property {
        "spring.ai.bedrock.aws.region" => Decides::Region,
        name if name.starts_with("spring.ai.bedrock.aws.") => Decides::Identity,
        name if name.contains(".embedding.") => Decides::Model(Purpose::Embeddings("bedrock".to_owned())),
        name if name.ends_with(".model") => Decides::Model(Purpose::Main),
        _ => Decides::Models,
    }
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
