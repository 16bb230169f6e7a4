//! What a client is configured to do: its calls to Bedrock, the identity that makes each, and what is worth a remark.
//!
//! Plain data that every reader of a client gives. Holds no sentence: `report` words the remarks. Values of a secret are in
//! [`Secret`], which never shows them; every other text of a file has passed the filter for secrets.

use crate::bedrock::{ModelReference, Operation, Region};
use crate::iam::Arn;
use std::fmt;
use std::str::FromStr;

/// A client whose configuration can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Client {
    /// Anthropic's coding agent.
    ClaudeCode,
    /// A proxy in front of many providers.
    LiteLlm,
    /// A coding agent.
    OpenCode,
    /// An extension for editors.
    Continue,
    /// An editor.
    Zed,
    /// A framework for Java applications.
    SpringAi,
    /// `OpenAI`'s coding agent.
    Codex,
}

impl Client {
    /// Every client, in the order of their names.
    pub const ALL: [Self; 7] =
        [Self::ClaudeCode, Self::Codex, Self::Continue, Self::LiteLlm, Self::OpenCode, Self::SpringAi, Self::Zed];

    /// Returns the name on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClaudeCode => "claude-code",
            Self::Codex => "codex",
            Self::Continue => "continue",
            Self::LiteLlm => "litellm",
            Self::OpenCode => "opencode",
            Self::SpringAi => "spring-ai",
            Self::Zed => "zed",
        }
    }

    /// Returns the name as its makers write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ClaudeCode => "Claude Code",
            Self::Codex => "Codex",
            Self::Continue => "Continue",
            Self::LiteLlm => "LiteLLM",
            Self::OpenCode => "opencode",
            Self::SpringAi => "Spring AI",
            Self::Zed => "Zed",
        }
    }

    /// Returns the page that documents its configuration for Bedrock, read in November 2026.
    #[must_use]
    pub fn page(self) -> &'static str {
        match self {
            Self::ClaudeCode => "https://code.claude.com/docs/en/amazon-bedrock",
            Self::Codex => "https://developers.openai.com/codex/amazon-bedrock",
            Self::Continue => "https://docs.continue.dev/customize/model-providers/top-level/bedrock",
            Self::LiteLlm => "https://docs.litellm.ai/docs/providers/bedrock",
            Self::OpenCode => "https://opencode.ai/docs/providers",
            Self::SpringAi => "https://docs.spring.io/spring-ai/reference/api/bedrock.html",
            Self::Zed => "https://zed.dev/docs/ai/use-a-gateway",
        }
    }

    /// Returns where its configuration is, the strongest first; `~` is the home folder, all others are below the working
    /// folder or absolute.
    #[must_use]
    pub fn places(self) -> &'static [&'static str] {
        match self {
            Self::ClaudeCode => &[
                "/etc/claude-code/managed-settings.json",
                "/Library/Application Support/ClaudeCode/managed-settings.json",
                ".claude/settings.local.json",
                ".claude/settings.json",
                "~/.claude/settings.json",
            ],
            Self::Codex => &[".codex/config.toml", "~/.codex/config.toml"],
            Self::Continue => &["~/.continue/config.yaml", "~/.continue/config.json"],
            Self::LiteLlm => &["config.yaml", "litellm_config.yaml", "litellm-config.yaml"],
            Self::OpenCode => &[
                "opencode.jsonc",
                "opencode.json",
                "~/.config/opencode/opencode.jsonc",
                "~/.config/opencode/opencode.json",
            ],
            Self::SpringAi => &[
                "config/application.yml",
                "config/application.yaml",
                "config/application.properties",
                "application.yml",
                "application.yaml",
                "application.properties",
                "src/main/resources/application.yml",
                "src/main/resources/application.yaml",
                "src/main/resources/application.properties",
            ],
            Self::Zed => &[".zed/settings.json", "~/.config/zed/settings.json"],
        }
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Client {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|client| client.as_str() == name);
        known.ok_or_else(|| format!("no client `{name}`"))
    }
}

/// A value that is used and never shown.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Secret(String);

impl Secret {
    /// Takes a value.
    #[must_use]
    pub fn new(value: String) -> Self {
        Self(value)
    }

    /// Returns the value, to sign or to send with.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Access keys that stand in a configuration.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AccessKeys {
    /// The access key's id.
    pub id: Secret,
    /// The secret key.
    pub secret: Secret,
    /// The token of a session.
    pub session_token: Option<Secret>,
}

/// The keys that sign a client's calls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Keys {
    /// Those that this shell has.
    #[default]
    Shell,
    /// Those of a profile of the AWS config files.
    Profile(String),
    /// Those of a profile, or of the default profile if there is none of that name.
    ProfileOrDefault(String),
    /// Those in the configuration.
    Given(AccessKeys),
}

/// The Bedrock API key that a client's calls bear.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Token {
    /// The one in the variable `AWS_BEARER_TOKEN_BEDROCK`, if there is one.
    #[default]
    Shell,
    /// None: the client does not look at that variable.
    Nothing,
    /// The one in the configuration.
    Given(Secret),
}

/// A role that a client assumes before it calls.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Role {
    /// The role.
    pub arn: Arn,
    /// The external id that it sends.
    pub external_id: Option<Secret>,
    /// Whether it assumes the role with a token of an identity provider, which only the client has.
    pub by_web_identity: bool,
    /// The session policy that it sends along, if it has one of its own.
    pub session_policy: Option<&'static str>,
}

/// Who makes a call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Identity {
    /// What signs it.
    pub keys: Keys,
    /// What it bears instead of a signature.
    pub token: Token,
    /// The role that is assumed with these.
    pub role: Option<Role>,
}

/// What a call is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// What the user works with.
    Main,
    /// Titles, summaries and the like.
    Background,
    /// Agents that the main one starts, all or one by its name.
    Subagents(Option<String>),
    /// A model under a name of the configuration.
    Model(String),
    /// A model that is called when another one fails.
    Fallback(String),
    /// Completions while typing.
    Autocomplete(String),
    /// Vectors of texts.
    Embeddings(String),
    /// The order of search results.
    Rerank(String),
    /// The list of inference profiles, which shows the user what there is.
    ListProfiles,
}

/// One call that a client makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCall {
    /// What it is for.
    pub purpose: Purpose,
    /// The model.
    pub model: Option<ModelReference>,
    /// How the model is called.
    pub operation: Operation,
    /// The Region, if the configuration or a variable names one; else that of the profile counts.
    pub region: Option<Region>,
    /// The Region that the client takes if nothing names one.
    pub last_resort: Option<Region>,
    /// Who calls.
    pub identity: Identity,
}

/// What is worth saying about a configuration, strongest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remark {
    /// A setting takes effect in place of a variable of the shell.
    Outranks {
        /// The setting's name.
        setting: &'static str,
        /// Its value, unless it is a secret.
        value: Option<String>,
        /// The shell's variable.
        variable: &'static str,
        /// The variable's value, unless it is a secret; `None` also if it is not set.
        shell: Option<String>,
    },
    /// A Bedrock API key is sent, and a profile or keys have no effect on the calls.
    TokenOutranks {
        /// Whether the key is in the configuration, and not in the shell.
        in_settings: bool,
        /// The profile without effect, if it is one.
        profile: Option<String>,
    },
    /// A variable is set in the shell, and the client does not look at it.
    Ignores {
        /// The variable.
        variable: &'static str,
        /// What the client looks at instead.
        instead: Instead,
    },
    /// The configuration takes a value from a variable that is not set in this shell.
    Unset {
        /// The variable.
        variable: String,
        /// What is not known without it.
        decides: Decides,
    },
    /// The configuration takes a value from a file that cannot be read here, or holds no such value.
    UnreadFile {
        /// The file, as the configuration names it.
        file: String,
        /// What is not known without it.
        decides: Decides,
    },
    /// A setting names further configurations, which are not read here.
    NotRead {
        /// The setting.
        setting: &'static str,
    },
    /// A command of the settings renews credentials; it is not run here.
    Renews {
        /// The setting.
        setting: &'static str,
    },
    /// An endpoint of Bedrock in another Region than the calls are signed for.
    EndpointRegion {
        /// The setting.
        setting: &'static str,
        /// The Region of the endpoint.
        region: Region,
    },
    /// Calls go through an interface endpoint, whose policy is not known.
    VpcEndpoint {
        /// The setting.
        setting: &'static str,
    },
    /// A role is assumed.
    Assumes {
        /// The role.
        role: Arn,
        /// Whether with a token that only the client has.
        by_web_identity: bool,
    },
    /// The client restricts the session of its role by a policy of its own.
    OwnSessionPolicy {
        /// The role.
        role: Arn,
        /// The actions of the configuration that the policy lacks.
        lacks: Vec<&'static str>,
    },
    /// A command of the settings makes the credentials; it is not run here.
    RunsCommand {
        /// The setting.
        setting: &'static str,
    },
    /// Calls go somewhere else than to Bedrock's own endpoint, which is not looked at.
    OtherEndpoint {
        /// The setting.
        setting: &'static str,
    },
    /// Credentials may be kept where they are not looked for.
    KeptElsewhere {
        /// The place.
        place: &'static str,
    },
    /// A model has no id in the configuration: the client's version decides.
    NotPinned {
        /// What it is for.
        purpose: Purpose,
        /// The name that stands in place of an id.
        name: Option<String>,
    },
    /// Background work runs on the main model.
    BackgroundIsMain,
    /// What is called is not what the configuration says.
    Rewritten {
        /// As it is written.
        from: String,
        /// As it is called.
        to: String,
    },
    /// A name fits no model, or several.
    UnknownName {
        /// What it is for.
        purpose: Purpose,
        /// The name.
        name: String,
        /// What it may mean.
        candidates: Vec<String>,
    },
    /// The Region is the client's own choice.
    DefaultRegion {
        /// The Region.
        region: Region,
        /// That of the shell, which the client does not take.
        shell: Option<String>,
    },
    /// A call that cannot be diagnosed.
    NotDiagnosed {
        /// What it is for.
        purpose: Purpose,
        /// The API operation.
        operation: &'static str,
    },
    /// Documents for profiles of Spring that are not active.
    OtherSpringProfiles {
        /// How many documents.
        count: usize,
    },
    /// Models of other providers than Bedrock are left out.
    OtherProviders {
        /// How many.
        count: usize,
    },
    /// A field whose value looks like a secret, where none belongs; it is not used.
    LooksSecret {
        /// The field.
        field: &'static str,
    },
    /// What differs between versions of the client.
    Version(VersionNote),
}

/// What a value decides that is not known here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decides {
    /// Which model is called for this.
    Model(Purpose),
    /// Which models are called at all.
    Models,
    /// Who calls.
    Identity,
    /// In which Region.
    Region,
    /// Something else, which changes no answer.
    Other,
}

/// What a client looks at in place of AWS's variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instead {
    /// A profile that its settings name, or one of this name.
    OwnProfile(&'static str),
    /// A variable of its own.
    Variable(&'static str),
}

/// What is known about versions of a client, with its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VersionNote {
    /// The client.
    pub client: Client,
    /// Which versions, in words.
    pub versions: &'static str,
    /// From which versions on it is otherwise, in their order; none where only a change is known.
    pub since: &'static [&'static str],
    /// What they do.
    pub effect: Effect,
    /// Where that is written.
    pub source: &'static str,
}

/// What some versions of a client do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Other default models.
    OtherDefaults,
    /// The variable for sub-agents is only a default.
    SubagentDefault,
    /// The session policy allows fewer actions.
    SmallerSessionPolicy,
    /// There is no provider for Bedrock.
    NoBedrock,
}

/// A version of a client, as `2.1.207`; what follows its numbers does not count.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(Vec<u64>);

impl Version {
    /// Returns `true` if this version has what came with another.
    #[must_use]
    pub fn is_since(&self, other: &str) -> bool {
        other.parse::<Self>().is_ok_and(|other| *self >= other)
    }
}

impl FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let plain = text.strip_prefix('v').unwrap_or(text);
        let plain = plain.split(['-', '+', ' ']).next().unwrap_or_default();
        let numbers: Option<Vec<u64>> = plain.split('.').take(8).map(|number| number.parse().ok()).collect();
        numbers.map(Self).ok_or_else(|| format!("no version `{text}`"))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<String> = self.0.iter().map(u64::to_string).collect();
        f.write_str(&numbers.join("."))
    }
}

/// What a client is configured to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// The client.
    pub client: Client,
    /// Its version, where that is known.
    pub version: Option<Version>,
    /// Its calls, the main one first.
    pub calls: Vec<ClientCall>,
    /// What is worth saying.
    pub remarks: Vec<Remark>,
}

/// Why a file is not a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigError {
    /// It is not UTF-8 text.
    NotText,
    /// It holds nothing.
    Empty,
    /// It is larger than any configuration.
    TooLarge,
    /// It is nested deeper than any configuration.
    TooDeep,
    /// It is not written in the client's format.
    Syntax {
        /// JSON, YAML, TOML.
        format: &'static str,
        /// The line, counted from 1.
        line: usize,
    },
    /// It is not an object of settings.
    NotSettings,
    /// No client is known whose configuration looks like this.
    Unrecognized,
    /// It calls no model of Bedrock.
    NoBedrock(Client),
}

impl Configuration {
    /// Begins a configuration without calls.
    pub(super) fn new(client: Client) -> Self {
        Self { client, version: None, calls: Vec::new(), remarks: Vec::new() }
    }

    /// Adds a remark once.
    pub(super) fn remark(&mut self, remark: Remark) {
        if !self.remarks.contains(&remark) {
            self.remarks.push(remark);
        }
    }

    /// Adds a call once.
    pub(super) fn call(&mut self, call: ClientCall) {
        if !self.calls.contains(&call) {
            self.calls.push(call);
        }
    }

    /// Returns the configuration, or that it calls nothing.
    pub(super) fn or_nothing(self) -> Result<Self, ConfigError> {
        let says = self.remarks.iter().any(|remark| {
            matches!(
                remark,
                Remark::NotPinned { .. }
                    | Remark::UnknownName { .. }
                    | Remark::LooksSecret { .. }
                    | Remark::NotDiagnosed { .. }
                    | Remark::Unset { decides: Decides::Model(_) | Decides::Models, .. }
                    | Remark::UnreadFile { decides: Decides::Model(_) | Decides::Models, .. }
            )
        });
        if self.calls.is_empty() && !says { Err(ConfigError::NoBedrock(self.client)) } else { Ok(self) }
    }
}

impl Purpose {
    /// Returns a short name that tells calls apart, such as `main` or `agent/reviewer`.
    #[must_use]
    pub fn id(&self) -> String {
        match self {
            Self::Main => "main".to_owned(),
            Self::Background => "background".to_owned(),
            Self::Subagents(None) => "agents".to_owned(),
            Self::Subagents(Some(name)) => format!("agent/{name}"),
            Self::Model(name) => format!("model/{name}"),
            Self::Fallback(name) => format!("fallback/{name}"),
            Self::Autocomplete(name) => format!("autocomplete/{name}"),
            Self::Embeddings(name) => format!("embeddings/{name}"),
            Self::Rerank(name) => format!("rerank/{name}"),
            Self::ListProfiles => "list-profiles".to_owned(),
        }
    }
}
