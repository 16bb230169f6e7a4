//! What AI clients are configured to call: each client is one file, with the page that documents it.
//!
//! Takes the text of configuration files and a function that looks variables up; gives the calls that the client will make:
//! models, operations, Regions, and the identity that makes them. Reads no file and no environment, and holds no sentence.
//! Secrets are carried in [`Secret`], which never shows them; no other text of a file is given without the filter for them.

mod claude_code;
mod codex;
mod configuration;
mod continue_dev;
mod litellm;
mod opencode;
mod settings;
mod spring_ai;
mod syntax;
mod variables;
mod zed;

pub use configuration::{
    AccessKeys, Client, ClientCall, ConfigError, Configuration, Decides, Effect, Identity, Instead, Keys, Purpose,
    Remark, Role, Secret, Token, Version, VersionNote,
};
pub use variables::Variables;

use serde_json::Value;

/// A client, and what tells its settings from those of others.
type Known = (Client, fn(&Value) -> bool);

/// Finds the client whose configuration a text is; the text may be cut off.
///
/// ```
/// use bedrock_access::clients::{Client, recognize};
/// assert_eq!(recognize("model_list:\n  - model_name: chat\n"), Some(Client::LiteLlm));
/// assert_eq!(recognize("{\"env\": {\"CLAUDE_CODE_USE_BEDROCK\": \"1\"}}"), Some(Client::ClaudeCode));
/// ```
#[must_use]
pub fn recognize(text: &str) -> Option<Client> {
    let text = text.trim_start_matches('\u{feff}');
    if text.len() > syntax::LARGEST {
        return None;
    }
    let start = text.trim_start();
    if start.starts_with('{') || start.starts_with("//") || start.starts_with("/*") {
        let settings = syntax::json(text).ok()?;
        let known: [Known; 4] = [
            (Client::OpenCode, opencode::is_it),
            (Client::ClaudeCode, claude_code::is_it),
            (Client::Zed, zed::is_it),
            (Client::Continue, continue_dev::is_it),
        ];
        return known.into_iter().find(|(_, is_it)| is_it(&settings)).map(|(client, _)| client);
    }
    let line_with = |name: &str| text.lines().any(|line| line.trim_start().starts_with(name));
    if line_with("spring.ai.") && !line_with("spring:") {
        return Some(Client::SpringAi);
    }
    if (line_with("model_provider") || line_with("[model_providers"))
        && syntax::toml(text).is_ok_and(|it| codex::is_it(&it))
    {
        return Some(Client::Codex);
    }
    if !["model_list", "models", "spring", "litellm_settings", "include"].iter().any(|name| line_with(name)) {
        return None;
    }
    let documents = syntax::yaml(text).ok()?;
    let known: [Known; 3] = [
        (Client::LiteLlm, litellm::is_it),
        (Client::Continue, continue_dev::is_it),
        (Client::SpringAi, spring_ai::is_it),
    ];
    known.into_iter().find(|(_, is_it)| documents.iter().any(is_it)).map(|(client, _)| client)
}

/// Reads configuration files of a client, the strongest first; `variables` is the client's environment, with the files that
/// the configuration names.
///
/// # Errors
///
/// Returns why a file is not a configuration, with its place among `files`; never a part of its text.
pub fn read(client: Client, files: &[&[u8]], variables: Variables<'_>) -> Result<Configuration, (usize, ConfigError)> {
    let mut values = Vec::new();
    let mut remarks = Vec::new();
    for (place, bytes) in files.iter().enumerate() {
        let mut own = parse(client, bytes).map_err(|error| (place, error))?;
        let further = |name: &str| variables.file(place, name).and_then(|bytes| parse(client, &bytes).ok());
        remarks.extend(match client {
            Client::LiteLlm => litellm::include(&mut own, &further),
            Client::OpenCode => opencode::substitute(&mut own, place, variables),
            Client::SpringAi => spring_ai::of_profiles(&mut own, variables, &further),
            _ => Vec::new(),
        });
        values.extend(own);
    }
    let read = match client {
        Client::ClaudeCode => claude_code::read,
        Client::Codex => codex::read,
        Client::Continue => continue_dev::read,
        Client::LiteLlm => litellm::read,
        Client::OpenCode => opencode::read,
        Client::SpringAi => spring_ai::read,
        Client::Zed => zed::read,
    };
    let read = read(&values, variables);
    let says_nothing = read == Err(ConfigError::NoBedrock(client));
    let mut config = match read {
        // What is missing may be in what was not read.
        Err(_) if says_nothing && remarks.iter().any(leaves_open) => Configuration::new(client),
        read => read.map_err(|error| (0, error))?,
    };
    remarks.into_iter().for_each(|remark| config.remark(remark));
    Ok(config)
}

/// Returns `true` for what hides which calls are made.
fn leaves_open(remark: &Remark) -> bool {
    matches!(
        remark,
        Remark::Unset { decides: Decides::Model(_) | Decides::Models, .. }
            | Remark::UnreadFile { decides: Decides::Model(_) | Decides::Models, .. }
    )
}

/// Parses one file; a YAML file of Spring may hold several documents, of which later ones outrank earlier ones.
fn parse(client: Client, bytes: &[u8]) -> Result<Vec<Value>, ConfigError> {
    if bytes.len() > syntax::LARGEST {
        return Err(ConfigError::TooLarge);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| ConfigError::NotText)?;
    if text.contains('\0') {
        return Err(ConfigError::NotText);
    }
    if text.trim().is_empty() {
        return Err(ConfigError::Empty);
    }
    let is_json = text.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '[', '/']);
    let yaml = || syntax::yaml(text);
    Ok(match client {
        Client::ClaudeCode | Client::OpenCode | Client::Zed => vec![syntax::json(text)?],
        Client::Codex => vec![syntax::toml(text)?],
        Client::Continue | Client::LiteLlm | Client::SpringAi if is_json => vec![syntax::json(text)?],
        Client::Continue | Client::LiteLlm => yaml()?.into_iter().take(1).collect(),
        Client::SpringAi if is_properties(text) => syntax::properties(text).into_iter().rev().collect(),
        Client::SpringAi => yaml()?.into_iter().rev().collect(),
    })
}

/// Returns `true` if most of a text are properties of Java: `a.b=c`.
fn is_properties(text: &str) -> bool {
    let mut goes_on = false;
    // A line that ends with a backslash goes on in the next.
    let begins = |line: &&str| !std::mem::replace(&mut goes_on, line.ends_with('\\'));
    let lines = text.lines().map(str::trim).filter(begins);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with(['#', '!']));
    let mut lines = lines.peekable();
    lines.peek().is_some() && lines.all(|line| line.split_once('=').is_some_and(|(name, _)| !name.contains(": ")))
}
