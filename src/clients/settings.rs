//! What readers of configurations share: look-ups in a tree of settings, the model that a text names, and how the identity
//! of the settings differs from the shell's.
//!
//! A text is shown only if the filter for secrets finds nothing in it; a value that looks like a secret where a name, a
//! model or a Region belongs is not used, and remarked.

use super::configuration::{AccessKeys, ClientCall, Configuration, Identity, Keys, Purpose, Remark, Secret, Token};
use super::variables::Variables;
use crate::bedrock::{ModelReference, Operation, Region};
use crate::secrets::holds_secret;
use serde_json::Value;

/// The variable with a Bedrock API key, which every AWS SDK reads.
pub(super) const BEARER: &str = "AWS_BEARER_TOKEN_BEDROCK";

/// The longest text that is taken for a name, a profile or a model.
const LONGEST_NAME: usize = 2048;

/// Returns the value at a path of member names.
pub(super) fn at<'v>(value: &'v Value, path: &[&str]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, name| value.get(name))
}

/// Returns a text that is not empty.
pub(super) fn text(value: Option<&Value>) -> Option<String> {
    value.and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// Returns the text at a path.
pub(super) fn text_at(value: &Value, path: &[&str]) -> Option<String> {
    text(at(value, path))
}

/// Returns the secret at a path.
pub(super) fn secret_at(value: &Value, path: &[&str]) -> Option<Secret> {
    text_at(value, path).map(Secret::new)
}

/// Returns a text that may be shown; remarks one that looks like a secret.
pub(super) fn shown(config: &mut Configuration, field: &'static str, text: Option<String>) -> Option<String> {
    let text = text?;
    if text.len() > LONGEST_NAME || holds_secret(&text) {
        config.remark(Remark::LooksSecret { field });
        return None;
    }
    Some(text)
}

/// Returns the name of something of a configuration as it may be shown.
pub(super) fn safe_name(name: &str) -> String {
    if name.len() > LONGEST_NAME || holds_secret(name) { "…".to_owned() } else { name.to_owned() }
}

/// Returns a name for a call, which tells it apart where the configured one cannot be shown.
pub(super) fn name_or_number(
    config: &mut Configuration,
    field: &'static str,
    text: Option<String>,
    number: usize,
) -> String {
    shown(config, field, text).unwrap_or_else(|| (number + 1).to_string())
}

/// Returns a Region; one that cannot be parsed is as if nothing was there.
pub(super) fn region(config: &mut Configuration, field: &'static str, text: Option<String>) -> Option<Region> {
    shown(config, field, text).and_then(|text| text.parse().ok())
}

/// Returns a model by its id or ARN, as it is written.
pub(super) fn model(config: &mut Configuration, purpose: &Purpose, text: &str) -> Option<ModelReference> {
    let text = shown(config, "model", Some(text.to_owned()))?;
    match text.parse() {
        Ok(model) => Some(model),
        Err(_) => {
            config.remark(Remark::UnknownName { purpose: purpose.clone(), name: text, candidates: Vec::new() });
            None
        }
    }
}

/// Returns access keys; both halves are needed.
pub(super) fn access_keys(
    id: Option<Secret>,
    secret: Option<Secret>,
    session_token: Option<Secret>,
) -> Option<AccessKeys> {
    Some(AccessKeys { id: id?, secret: secret?, session_token })
}

/// A call with what the calls of a configuration share.
pub(super) fn call(purpose: Purpose, model: Option<ModelReference>, operation: Operation, of: &Shared) -> ClientCall {
    ClientCall {
        purpose,
        model,
        operation,
        region: of.region.clone(),
        last_resort: of.last_resort.clone(),
        identity: of.identity.clone(),
    }
}

/// What the calls of a configuration share.
#[derive(Clone, Debug, Default)]
pub(super) struct Shared {
    pub(super) region: Option<Region>,
    pub(super) last_resort: Option<Region>,
    /// The Region is the client's own choice, because nothing that it looks at names one.
    pub(super) by_default: bool,
    pub(super) identity: Identity,
}

/// Remarks an endpoint of the settings, unless it is Bedrock's own in the Region that is called.
pub(super) fn endpoint(
    config: &mut Configuration,
    setting: &'static str,
    url: Option<String>,
    called: Option<&Region>,
) {
    let Some(url) = url else { return };
    let behind = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
    let host = behind.split(['/', '?', '#', ':']).next().unwrap_or_default().to_ascii_lowercase();
    let is_aws = [".amazonaws.com", ".amazonaws.com.cn", ".api.aws"].iter().any(|end| host.ends_with(end));
    let names_service = ["bedrock-runtime", "bedrock-mantle"].iter().any(|name| host.contains(name));
    let region = host.split('.').find_map(|part| part.contains('-').then(|| part.parse::<Region>().ok())?);
    match region {
        _ if !is_aws || !names_service || behind.contains('@') => config.remark(Remark::OtherEndpoint { setting }),
        _ if host.contains(".vpce.") => config.remark(Remark::VpcEndpoint { setting }),
        Some(region) if called.is_some_and(|called| *called != region) => {
            config.remark(Remark::EndpointRegion { setting, region });
        }
        _ => {}
    }
}

/// Remarks how the identity and the Region of the settings differ from what this shell would take.
pub(super) fn compare(config: &mut Configuration, settings: &Shared, variables: Variables<'_>) {
    let identity = &settings.identity;
    let shell_profile = variables.get("AWS_PROFILE").filter(|profile| !holds_secret(profile));
    let has_token = match &identity.token {
        Token::Given(_) => true,
        Token::Shell => variables.has(BEARER),
        Token::Nothing => false,
    };
    let profile = match &identity.keys {
        Keys::Profile(name) | Keys::ProfileOrDefault(name) => Some(name.clone()),
        Keys::Shell | Keys::Given(_) => None,
    };
    if has_token {
        let in_settings = matches!(identity.token, Token::Given(_));
        let profile = profile.clone().or_else(|| shell_profile.clone());
        let has_keys = variables.has("AWS_ACCESS_KEY_ID") || matches!(identity.keys, Keys::Given(_));
        if in_settings || profile.is_some() || has_keys {
            config.remark(Remark::TokenOutranks { in_settings, profile });
        }
    }
    if let Some(name) = profile
        && shell_profile.as_ref() != Some(&name)
    {
        let shell_keys = shell_profile.is_none() && variables.has("AWS_ACCESS_KEY_ID");
        let variable = if shell_keys { "AWS_ACCESS_KEY_ID" } else { "AWS_PROFILE" };
        config.remark(Remark::Outranks {
            setting: "profile",
            value: Some(name),
            variable,
            shell: shell_profile.clone(),
        });
    }
    if matches!(identity.keys, Keys::Given(_)) {
        let variable = if shell_profile.is_some() { "AWS_PROFILE" } else { "AWS_ACCESS_KEY_ID" };
        config.remark(Remark::Outranks { setting: "access keys", value: None, variable, shell: shell_profile });
    }
    let shell_region = variables.region(&["AWS_REGION", "AWS_DEFAULT_REGION"]);
    if let Some(region) = settings.region.clone().filter(|_| settings.by_default) {
        let shell = shell_region.filter(|shell| *shell != region).map(|shell| shell.to_string());
        config.remark(Remark::DefaultRegion { region, shell });
    } else if let Some(region) = &settings.region
        && shell_region.as_ref() != Some(region)
    {
        config.remark(Remark::Outranks {
            setting: "Region",
            value: Some(region.to_string()),
            variable: "AWS_REGION",
            shell: shell_region.map(|region| region.to_string()),
        });
    }
}
