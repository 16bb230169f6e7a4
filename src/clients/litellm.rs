//! LiteLLM: the proxy's `config.yaml`, with a model list, an identity for each model, and fallbacks.
//!
//! Documentation: docs.litellm.ai/docs/providers/bedrock and /docs/proxy/configs; `litellm/llms/bedrock/base_aws_llm.py`
//! (November 2026). Identity: an API key; else a role with a web identity token, then a role, a profile, keys, the shell.
//! With `aws_web_identity_token` it restricts the session by a policy of its own (`litellm.json`). `model_id` replaces the
//! model that is called; `include` names further files beside it, whose lists are added and whose other settings replace
//! (/docs/proxy/config_management); `os.environ/NAME` is a variable. Region: `aws_region_name`, the path's or ARN's, AWS_REGION_NAME, AWS_REGION, the profile's, us-west-2.

use super::configuration::{
    Client, ClientCall, ConfigError, Configuration, Decides, Effect, Identity, Keys, Purpose, Remark, Role, Secret,
    Token, VersionNote,
};
use super::settings::{
    BEARER, Shared, access_keys, at, call, compare, endpoint, model, name_or_number, region, safe_name, shown, text,
    text_at,
};
use super::variables::Variables;
use crate::bedrock::{Operation, client_form};
use crate::iam::Arn;
use serde_json::Value;
use std::collections::BTreeSet;

/// The policy that it sends along with `AssumeRoleWithWebIdentity`.
const SESSION_POLICY: &str = include_str!("litellm.json");

/// Routes behind `bedrock/` that call something else than the runtime's models.
const OTHER_ROUTES: [&str; 3] = ["claude_platform/", "agent/", "agentcore/"];

/// Versions before this change have a policy that allows fewer actions.
const OLDER: VersionNote = VersionNote {
    client: Client::LiteLlm,
    versions: "#30205",
    since: &[],
    effect: Effect::SmallerSessionPolicy,
    source: "BerriAI/litellm#30205",
};

/// The most files that are included.
const MOST_INCLUDED: usize = 64;

/// Adds the files that a configuration includes, and remarks those that cannot be read; theirs are not followed.
pub(super) fn include(own: &mut [Value], further: &dyn Fn(&str) -> Option<Vec<Value>>) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for settings in own.iter_mut().filter_map(Value::as_object_mut) {
        let Some(Value::Array(names)) = settings.remove("include") else { continue };
        for name in names.iter().filter_map(|name| text(Some(name))).take(MOST_INCLUDED) {
            let Some(Value::Object(included)) = further(&name).and_then(|documents| documents.into_iter().next())
            else {
                remarks.push(Remark::UnreadFile { file: safe_name(&name), decides: Decides::Models });
                continue;
            };
            for (key, value) in included {
                match (settings.get_mut(&key), value) {
                    (Some(Value::Array(list)), Value::Array(more)) => list.extend(more),
                    (_, value) => {
                        settings.insert(key, value);
                    }
                }
            }
        }
    }
    remarks
}

/// Returns what a parameter decides.
fn decides(parameter: &str, purpose: &Purpose) -> Decides {
    match parameter {
        "model" | "model_id" | "custom_llm_provider" => Decides::Model(purpose.clone()),
        "aws_region_name" => Decides::Region,
        // The token is the client's: that its variable is not set here says nothing.
        "aws_web_identity_token" | "aws_session_name" => Decides::Other,
        name if name == "api_key" || name.starts_with("aws_") && !name.contains("endpoint") => Decides::Identity,
        _ => Decides::Other,
    }
}

/// Returns `true` if settings look like LiteLLM's.
pub(super) fn is_it(settings: &Value) -> bool {
    settings.get("model_list").is_some_and(Value::is_array)
        || settings.get("litellm_settings").is_some() && settings.get("general_settings").is_some()
        || settings.get("include").is_some_and(Value::is_array)
            && ["litellm_settings", "general_settings", "router_settings"]
                .iter()
                .any(|part| settings.get(part).is_some())
}

/// Reads the configuration files, the strongest first: the first with a model list counts.
pub(super) fn read(files: &[Value], variables: Variables<'_>) -> Result<Configuration, ConfigError> {
    let Some(settings) = files.iter().find(|file| file.get("model_list").is_some()) else {
        return Err(ConfigError::NoBedrock(Client::LiteLlm));
    };
    let mut config = Configuration::new(Client::LiteLlm);
    let fallbacks = fallbacks(settings);
    let mut others = 0;
    let models = settings.get("model_list").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for (number, entry) in models.iter().enumerate() {
        let Some(params) = entry.get("litellm_params").filter(|params| params.is_object()) else { continue };
        let entry = Entry { settings, entry, params, variables };
        if let Some(variable) = entry.unset("model") {
            let name = name_or_number(&mut config, "model_name", text(entry.entry.get("model_name")), number);
            let variable = safe_name(&variable);
            config.remark(Remark::Unset { variable, decides: Decides::Model(Purpose::Model(name)) });
            continue;
        }
        match entry.route() {
            Some(route) => entry.calls(&mut config, &route, number, &fallbacks),
            None => others += 1,
        }
    }
    if others > 0 {
        config.remark(Remark::OtherProviders { count: others });
    }
    config.or_nothing()
}

/// Returns the names of models that are called when others fail.
fn fallbacks(settings: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for part in ["router_settings", "litellm_settings"] {
        for kind in ["fallbacks", "context_window_fallbacks", "content_policy_fallbacks"] {
            let pairs = at(settings, &[part, kind]).and_then(Value::as_array).into_iter().flatten();
            let lists = pairs.filter_map(Value::as_object).flat_map(|pair| pair.values());
            names.extend(lists.filter_map(Value::as_array).flatten().filter_map(|name| text(Some(name))));
        }
        let all = at(settings, &[part, "default_fallbacks"]).and_then(Value::as_array).into_iter().flatten();
        names.extend(all.filter_map(|name| text(Some(name))));
    }
    names
}

/// One model of the list.
struct Entry<'s> {
    settings: &'s Value,
    entry: &'s Value,
    params: &'s Value,
    variables: Variables<'s>,
}

/// Where a model goes to.
struct Route {
    /// As it is written.
    model: String,
    is_mantle: bool,
    /// It calls no model of the runtime.
    is_other: bool,
}

impl Entry<'_> {
    /// Returns a parameter, with a variable that it names looked up.
    fn param(&self, name: &str) -> Option<String> {
        let own = text(self.params.get(name)).or_else(|| self.of_named_credential(name))?;
        match own.strip_prefix("os.environ/") {
            Some(variable) => self.variables.get(variable),
            None => Some(own),
        }
    }

    /// Returns a parameter of the credentials that the model names.
    fn of_named_credential(&self, name: &str) -> Option<String> {
        let wanted = text(self.params.get("litellm_credential_name"))?;
        let all = self.settings.get("credential_list").and_then(Value::as_array)?;
        let named = all.iter().find(|one| text_at(one, &["credential_name"]).as_deref() == Some(wanted.as_str()))?;
        text_at(named, &["credential_values", name])
    }

    /// Returns the variable that a parameter names, if it is not set.
    fn unset(&self, name: &str) -> Option<String> {
        let own = text(self.params.get(name)).or_else(|| self.of_named_credential(name))?;
        let variable = own.strip_prefix("os.environ/")?;
        (!self.variables.has(variable)).then(|| variable.to_owned())
    }

    fn secret(&self, name: &str) -> Option<Secret> {
        self.param(name).map(Secret::new)
    }

    /// Returns where the model goes to, if it is to Bedrock.
    fn route(&self) -> Option<Route> {
        let model = self.param("model")?;
        let provider = self.param("custom_llm_provider").unwrap_or_default();
        let is_mantle = model.starts_with("bedrock_mantle/") || model.starts_with("bedrock/mantle/");
        let bedrock = ["bedrock/", "bedrock_converse/", "bedrock_mantle/"];
        let behind = bedrock.iter().find_map(|prefix| model.strip_prefix(prefix));
        // Ids of AWS's form go to Bedrock without a prefix, too.
        let is_bedrock = behind.is_some() || provider.starts_with("bedrock") || crate::bedrock::is_model_id(&model);
        let is_other = behind.is_some_and(|rest| OTHER_ROUTES.iter().any(|route| rest.starts_with(route)));
        let model = model.strip_prefix("bedrock/mantle/").map_or(model.clone(), str::to_owned);
        is_bedrock.then_some(Route { model, is_mantle, is_other })
    }

    fn calls(&self, config: &mut Configuration, route: &Route, number: usize, fallbacks: &BTreeSet<String>) {
        let name = text(self.entry.get("model_name"));
        let is_fallback = name.as_ref().is_some_and(|name| fallbacks.contains(name));
        let name = name_or_number(config, "model_name", name, number);
        let mode = text_at(self.entry, &["model_info", "mode"]).unwrap_or_default();
        let form = client_form(&route.model);
        let is_embedding = mode == "embedding" || mode.is_empty() && form.model.contains("embed");
        let purpose = match mode.as_str() {
            "rerank" => Purpose::Rerank(name),
            _ if is_embedding => Purpose::Embeddings(name),
            _ if is_fallback => Purpose::Fallback(name),
            _ => Purpose::Model(name),
        };
        if route.is_other {
            config.remark(Remark::NotDiagnosed { purpose, operation: "claude_platform, agent" });
            return;
        }
        const OF_CREDENTIALS: [&str; 6] = [
            "api_key",
            "aws_access_key_id",
            "aws_secret_access_key",
            "aws_session_token",
            "aws_profile_name",
            "aws_region_name",
        ];
        let own = self.params.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
        for name in own.chain(OF_CREDENTIALS) {
            if let Some(variable) = self.unset(name) {
                config.remark(Remark::Unset { variable: safe_name(&variable), decides: decides(name, &purpose) });
            }
        }
        // It replaces the model, and is not known.
        if self.unset("model_id").is_some() {
            return;
        }
        let written = self.param("model_id").unwrap_or_else(|| form.model.to_owned());
        let Some(id) = model(config, &purpose, client_form(&written).model) else { return };
        if self.param("model_id").is_some() {
            config.remark(Remark::Rewritten { from: form.model.to_owned(), to: id.to_string() });
        }
        let in_arn = id.region().and_then(|region| region.parse().ok());
        let own = region(config, "aws_region_name", self.param("aws_region_name"));
        let in_path = form.region.and_then(|region| region.parse().ok());
        // An ARN works in its own Region alone, whatever stands beside it.
        let region = in_arn.or(own).or(in_path);
        let shared = Shared {
            region: region.or_else(|| self.variables.region(&["AWS_REGION_NAME", "AWS_REGION", "AWS_DEFAULT_REGION"])),
            last_resort: "us-west-2".parse().ok(),
            by_default: false,
            identity: self.identity(config, &purpose),
        };
        compare(config, &shared, self.variables);
        let given =
            ["api_base", "aws_bedrock_runtime_endpoint"].into_iter().find_map(|name| Some((name, self.param(name)?)));
        let ambient = || Some(("AWS_BEDROCK_RUNTIME_ENDPOINT", self.variables.get("AWS_BEDROCK_RUNTIME_ENDPOINT")?));
        if let Some((setting, url)) = given.or_else(ambient) {
            endpoint(config, setting, Some(url), shared.region.as_ref());
        }
        let operations: &[Operation] = match (&purpose, route.is_mantle) {
            (_, true) => &[Operation::MantleInference],
            (Purpose::Embeddings(_), _) => &[Operation::InvokeModel],
            (Purpose::Rerank(_), _) => {
                config.remark(Remark::NotDiagnosed { purpose: purpose.clone(), operation: "Rerank" });
                &[Operation::InvokeModel]
            }
            _ if mode == "image_generation" => &[Operation::InvokeModel],
            _ if route.model.contains("async_invoke/") => &[Operation::StartAsyncInvoke],
            _ if route.model.contains("invoke/") => &[Operation::InvokeModel, Operation::InvokeModelWithResponseStream],
            _ => &[Operation::Converse, Operation::ConverseStream],
        };
        for operation in operations {
            let made: ClientCall = call(purpose.clone(), Some(id.clone()), *operation, &shared);
            config.call(made);
        }
    }

    fn identity(&self, config: &mut Configuration, purpose: &Purpose) -> Identity {
        let ambient = |name: &str, variable: &str| self.param(name).or_else(|| self.variables.get(variable));
        let token = match self.secret("api_key") {
            Some(key) => Token::Given(key),
            None => Token::Shell,
        };
        let role = ambient("aws_role_name", "AWS_ROLE_NAME");
        let role = shown(config, "aws_role_name", role).and_then(|role| role.parse::<Arn>().ok());
        // The token is the client's: that its variable is not set here says nothing.
        let has_token = text(self.params.get("aws_web_identity_token")).is_some()
            || ambient("aws_web_identity_token", "AWS_WEB_IDENTITY_TOKEN").is_some();
        let has_session = ambient("aws_session_name", "AWS_SESSION_NAME").is_some();
        let profile = shown(config, "aws_profile_name", ambient("aws_profile_name", "AWS_PROFILE_NAME"));
        let keys = access_keys(
            self.secret("aws_access_key_id"),
            self.secret("aws_secret_access_key"),
            self.secret("aws_session_token"),
        );
        let bears = matches!(token, Token::Given(_)) || self.variables.has(BEARER);
        let Some(arn) = role.filter(|_| !bears) else {
            let keys = match (profile, keys) {
                (Some(profile), _) => Keys::Profile(profile),
                (None, Some(keys)) => Keys::Given(keys),
                (None, None) => Keys::Shell,
            };
            return Identity { keys, token, role: None };
        };
        let by_web_identity = has_token && has_session;
        config.remark(Remark::Assumes { role: arn.clone(), by_web_identity });
        if by_web_identity {
            let lacks = if matches!(purpose, Purpose::Rerank(_)) { vec!["bedrock:Rerank"] } else { Vec::new() };
            config.remark(Remark::OwnSessionPolicy { role: arn.clone(), lacks });
            config.remark(Remark::Version(OLDER));
        }
        let role = Role {
            arn,
            external_id: ambient("aws_external_id", "AWS_EXTERNAL_ID").map(Secret::new),
            by_web_identity,
            session_policy: by_web_identity.then_some(SESSION_POLICY),
        };
        // The role is assumed with the keys of the configuration or those of the shell, never with a profile.
        Identity { keys: keys.map_or(Keys::Shell, Keys::Given), token: Token::Nothing, role: Some(role) }
    }
}
