//! What a client's configuration does, in words: what differs from the shell first, then what else is worth knowing.
//!
//! Takes the facts that `clients` read and gives lines to stand before the answers, and the messages about files that are no
//! configuration. No text of a file reaches these lines except names, models and Regions, which passed the filter for secrets.

use super::paragraph::lines;
use super::styled::{Role, Styled};
use crate::clients::{
    Client, ConfigError, Configuration, Decides, Effect, Instead, Purpose, Remark, Version, VersionNote,
};
use crate::escape::escape;

/// Lays out what stands before the answers; `files` are those that were read, `world` is the sandbox if there is one.
#[must_use]
pub fn client_preface(config: &Configuration, files: &[String], world: Option<&str>, columns: usize) -> Styled {
    let mut out = Styled::default();
    let from = match files {
        [] => "the environment".to_owned(),
        files => files.iter().map(|file| format!("`{file}`")).collect::<Vec<_>>().join(", "),
    };
    let (differs, others): (Vec<&Remark>, Vec<&Remark>) =
        config.remarks.iter().partition(|remark| is_difference(remark));
    let name = config.client.name();
    let first = match (world, differs.is_empty()) {
        (Some(world), _) => {
            format!("{name} ({from}): in the sandbox, the caller of the world `{world}` makes its calls")
        }
        (None, true) => format!("{name} ({from}) uses the credentials and the Region of this shell"),
        (None, false) => {
            let all: Vec<String> = differs.iter().map(|remark| said(remark, config.client)).collect();
            format!("{name} ({from}) does not call as this shell does: {}", all.join("; "))
        }
    };
    wrapped(&mut out, Role::Heading, "", &first, columns);
    let more = if world.is_some() { config.remarks.iter().collect() } else { others };
    for remark in more {
        let text = match remark {
            Remark::Version(note) => version(note, config.version.as_ref()),
            remark => said(remark, config.client),
        };
        wrapped(&mut out, Role::Plain, "- ", &text, columns);
    }
    out.end_line();
    out
}

fn wrapped(out: &mut Styled, role: Role, lead: &str, text: &str, columns: usize) {
    for line in lines(lead, "  ", &escape(text), columns) {
        out.line(role, line);
    }
}

/// Returns `true` for a difference between the client's identity or Region and the shell's.
fn is_difference(remark: &Remark) -> bool {
    matches!(
        remark,
        Remark::Outranks { .. }
            | Remark::TokenOutranks { .. }
            | Remark::Assumes { .. }
            | Remark::RunsCommand { .. }
            | Remark::DefaultRegion { shell: Some(_), .. }
    )
}

fn said(remark: &Remark, client: Client) -> String {
    match remark {
        Remark::Outranks { setting, value, variable, shell } => {
            let own = value.as_ref().map_or_else(|| (*setting).to_owned(), |value| format!("{setting} `{value}`"));
            match shell {
                Some(shell) => format!("{own} of its settings, not `{shell}` of {variable}"),
                None if *setting == "Region" => format!("{own} of its settings, where this shell names none"),
                None => format!("{own} of its settings, not this shell's credentials"),
            }
        }
        Remark::TokenOutranks { in_settings, profile } => {
            let place = if *in_settings { "of its settings" } else { "in AWS_BEARER_TOKEN_BEDROCK" };
            let without = match profile {
                Some(profile) => format!("the profile `{profile}` has"),
                None => "access keys have".to_owned(),
            };
            format!("the Bedrock API key {place} makes the calls, and {without} no effect on them")
        }
        Remark::Assumes { role, by_web_identity: true } => {
            format!(
                "it assumes `{role}` with a web identity token that only it has, so the role is diagnosed as another principal"
            )
        }
        Remark::Assumes { role, by_web_identity: false } => format!("it assumes `{role}`"),
        Remark::RunsCommand { setting } => format!(
            "the command of `{setting}` makes its credentials; it is not run here, and the calls are checked with this shell's"
        ),
        Remark::OwnSessionPolicy { role, lacks } => {
            let lacks = if lacks.is_empty() {
                String::new()
            } else {
                format!("; it lacks {}, which this configuration needs, whatever the role allows", lacks.join(", "))
            };
            format!(
                "{} attaches a session policy of its own when it assumes `{role}`: only what both allow is allowed{lacks}",
                client.name()
            )
        }
        Remark::Unset { variable, decides } => format!(
            "the configuration takes a value from `{variable}`, which is not set in this shell{}",
            not_known(decides)
        ),
        Remark::UnreadFile { file, decides } => format!(
            "the configuration takes a value from the file `{file}`, which is not there or holds no such value{}",
            not_known(decides)
        ),
        Remark::NotRead { setting } => format!("what `{setting}` names is not read here, and may change all of this"),
        Remark::Renews { setting } => {
            format!("the command of `{setting}` renews credentials that have expired; it is not run here")
        }
        Remark::EndpointRegion { setting, region } => format!(
            "`{setting}` sends the calls to the endpoint of `{region}`, and they are signed for another Region, which AWS refuses"
        ),
        Remark::VpcEndpoint { setting } => format!(
            "`{setting}` sends the calls through a VPC endpoint, whose policy no API returns: `--vpc-endpoint-policy FILE` gives it"
        ),
        Remark::Ignores { variable, instead } => match instead {
            Instead::Variable(own) => format!("{} does not read {variable}; it reads {own}", client.name()),
            Instead::OwnProfile(own) => format!(
                "{} does not read {variable}; it uses the profile of its settings, else `{own}`, else the default one",
                client.name()
            ),
        },
        Remark::OtherEndpoint { setting } => format!(
            "`{setting}` sends the calls to another endpoint, which may sign them itself; only Bedrock's own is checked here"
        ),
        Remark::KeptElsewhere { place } => {
            let place = if *place == "keychain" { "the system's keychain".to_owned() } else { format!("`{place}`") };
            format!("credentials that were entered in {} are in {place}, which is not read", client.name())
        }
        Remark::NotPinned { purpose, name } => {
            let name = name.as_ref().map_or_else(String::new, |name| format!(" (`{name}`)"));
            format!(
                "no model ID is configured for {}{name}: the version of {} decides, so that call is not checked",
                purpose_words(purpose),
                client.name()
            )
        }
        Remark::BackgroundIsMain => {
            "background work runs on the main model, because no Haiku model is configured".to_owned()
        }
        Remark::Rewritten { from, to } => format!("`{from}` is called as `{to}`"),
        Remark::UnknownName { purpose, name, candidates } => {
            let which = if candidates.is_empty() {
                "is not the ID of a model".to_owned()
            } else {
                format!("may be {}", candidates.join(", "))
            };
            format!("`{name}`, configured for {}, {which}; that call is not checked", purpose_words(purpose))
        }
        Remark::DefaultRegion { region, shell: Some(shell) } => {
            format!("Region `{region}` by default, not `{shell}` of this shell")
        }
        Remark::DefaultRegion { region, shell: None } => {
            format!("no Region is configured, and {} then takes `{region}`", client.name())
        }
        Remark::NotDiagnosed { purpose, operation } => {
            format!("{} also calls {operation}, which is not checked here", purpose_words(purpose))
        }
        Remark::OtherSpringProfiles { count: 1 } => {
            "1 document for a profile of Spring that is not active is left out".to_owned()
        }
        Remark::OtherSpringProfiles { count } => {
            format!("{count} documents for profiles of Spring that are not active are left out")
        }
        Remark::OtherProviders { count: 1 } => "1 model of another provider is left out".to_owned(),
        Remark::OtherProviders { count } => format!("{count} models of other providers are left out"),
        Remark::LooksSecret { field } => format!("the value of `{field}` looks like a secret and is not used"),
        Remark::Version(note) => version(note, None),
    }
}

/// Says what is not known without a value.
fn not_known(decides: &Decides) -> String {
    match decides {
        Decides::Model(purpose) => {
            format!(": which model is called for {} is not known, and that call is not checked", purpose_words(purpose))
        }
        Decides::Models => ": the models in it are not known, and are not checked".to_owned(),
        Decides::Identity => {
            ": who makes the calls is not known, and they are checked with what this shell has".to_owned()
        }
        Decides::Region => {
            ": in which Region it calls is not known, and the next one that it looks for is taken".to_owned()
        }
        Decides::Other => String::new(),
    }
}

fn version(note: &VersionNote, known: Option<&Version>) -> String {
    let (client, versions, source) = (note.client.name(), note.versions, note.source);
    if let Some(known) = known.filter(|_| !note.since.is_empty()) {
        let last = note.since.iter().rev().find(|since| known.is_since(since));
        return match (note.effect, last) {
            (Effect::OtherDefaults, Some(last)) => {
                format!("{client} {known} has the default models of {last} ({source})")
            }
            (Effect::OtherDefaults, None) => {
                format!("{client} {known} has other default models than {versions} and later ({source})")
            }
            (Effect::SubagentDefault, Some(_)) => format!(
                "in {client} {known}, CLAUDE_CODE_SUBAGENT_MODEL is only a default, which a sub-agent may override ({source})"
            ),
            (Effect::SubagentDefault, None) => format!(
                "in {client} {known}, CLAUDE_CODE_SUBAGENT_MODEL is the model of every sub-agent, whatever it asks for ({source})"
            ),
            (Effect::NoBedrock, None) => format!(
                "{client} {known} has no provider for Bedrock, and makes none of these calls; {versions} is the first that has ({source})"
            ),
            (Effect::NoBedrock, Some(_)) => format!("{client} {known} has a provider for Bedrock ({source})"),
            (Effect::SmallerSessionPolicy, _) => format!("{client} {known}: see {source}"),
        };
    }
    match note.effect {
        Effect::OtherDefaults => {
            format!("the default models of {client} changed in {versions} ({source})")
        }
        Effect::SubagentDefault => format!(
            "since {client} {versions}, CLAUDE_CODE_SUBAGENT_MODEL is only a default, which a sub-agent may override ({source})"
        ),
        Effect::SmallerSessionPolicy => format!(
            "the session policy is that of November 2026; {client} before its pull request {versions} allows fewer actions \
             ({source})"
        ),
        Effect::NoBedrock => format!("{client} before {versions} has no provider for Bedrock ({source})"),
    }
}

fn purpose_words(purpose: &Purpose) -> String {
    match purpose {
        Purpose::Main => "the main model".to_owned(),
        Purpose::Background => "background work".to_owned(),
        Purpose::Subagents(None) => "sub-agents".to_owned(),
        Purpose::Subagents(Some(name)) => format!("the agent `{name}`"),
        Purpose::Model(name) => format!("`{name}`"),
        Purpose::Fallback(name) => format!("the fallback `{name}`"),
        Purpose::Autocomplete(name) => format!("autocomplete (`{name}`)"),
        Purpose::Embeddings(name) => format!("embeddings (`{name}`)"),
        Purpose::Rerank(name) => format!("reranking (`{name}`)"),
        Purpose::ListProfiles => "the list of models".to_owned(),
    }
}

/// Says why a file is not a configuration, and what to do.
#[must_use]
pub fn config_error(client: Option<Client>, file: &str, error: &ConfigError) -> (String, Option<String>) {
    let name = client.map_or("a client", Client::name);
    let known = Client::ALL.map(Client::as_str).join(", ");
    let hint = |text: String| Some(text);
    match error {
        ConfigError::NotText => (format!("`{file}` is not UTF-8 text"), None),
        ConfigError::Empty => (format!("`{file}` is empty"), None),
        ConfigError::TooLarge => (format!("`{file}` is too large for a configuration of {name}"), None),
        ConfigError::TooDeep => (format!("`{file}` is nested too deeply for a configuration of {name}"), None),
        ConfigError::Syntax { format, line } => (format!("`{file}` is not valid {format}: line {line}"), None),
        ConfigError::NotSettings => (format!("`{file}` is not a configuration of {name}"), None),
        ConfigError::Unrecognized => (
            format!("`{file}` is not a configuration that is known here"),
            hint(format!("`--client NAME` says whose it is; known clients are {known}")),
        ),
        ConfigError::NoBedrock(client) if file.is_empty() => (
            format!("no configuration of {} for Bedrock was found", client.name()),
            hint(format!("looked in {}; `--config FILE` names another place", client.places().join(", "))),
        ),
        ConfigError::NoBedrock(client) => (
            format!("{} is not configured to call Bedrock by `{file}`", client.name()),
            hint(format!("its documentation: {}", client.page())),
        ),
    }
}
