//! What AWS publishes of actions, resource types, condition keys, services and ids, as far as linting asks for it.

use crate::bedrock::{ModelReference, ServiceAuthorization, is_model_id, known_models};

/// The actions under which models are invoked.
pub(super) const INVOKE: [&str; 2] = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"];

/// The action that switched model access on before it was on by default.
pub(super) const UNUSED: &str = "PutFoundationModelEntitlement";

/// Returns the resource types of a service, as the ARNs spell them.
pub(super) fn types(service: &str) -> Vec<String> {
    let forms = ServiceAuthorization::of(service).map(ServiceAuthorization::resource_types);
    let kinds = forms.into_iter().flatten().filter_map(|(_, published)| {
        let resource = published.arn.splitn(6, ':').nth(5)?;
        resource.split(['/', '$']).next().map(str::to_owned)
    });
    kinds.collect()
}

/// The keys that hold ARNs (Service Authorization Reference, "Condition keys for Amazon Bedrock"; IAM User Guide, "AWS
/// global condition context keys").
const ARN_KEYS: [&str; 8] = [
    "aws:PrincipalArn",
    "aws:SourceArn",
    "bedrock-mantle:ProjectArn",
    "bedrock:GuardrailIdentifier",
    "bedrock:InferenceProfileArn",
    "bedrock:ModelArn",
    "bedrock:ProjectArn",
    "bedrock:PromptRouterArn",
];

/// The keys of which every value is known.
pub(super) const ENUMERATED: [(&str, &[&str]); 4] = [
    ("bedrock:BearerTokenType", &["SHORT_TERM", "LONG_TERM"]),
    ("bedrock-mantle:BearerTokenType", &["SHORT_TERM", "LONG_TERM"]),
    ("bedrock:ServiceTier", &["reserved", "priority", "default", "flex"]),
    ("aws:PrincipalType", &["Account", "User", "FederatedUser", "AssumedRole", "Anonymous"]),
];

/// Returns `true` if a request can carry a value of a key.
pub(super) fn is_possible_value(key: &str, value: &str) -> bool {
    if key.eq_ignore_ascii_case("iam:PassedToService") {
        return !is_endpoint(value);
    }
    let known = ENUMERATED.iter().find(|(known, _)| known.eq_ignore_ascii_case(key));
    known.is_none_or(|(_, known)| known.contains(&value)) && (!holds_arns(key) || value.starts_with("arn:"))
}

/// Returns `true` if a key holds ARNs.
pub(super) fn holds_arns(key: &str) -> bool {
    ARN_KEYS.iter().any(|known| known.eq_ignore_ascii_case(key))
}

/// Names of Bedrock's endpoints, which are not service principals.
const ENDPOINTS: [&str; 4] = [
    "bedrock-runtime.amazonaws.com",
    "bedrock-agent.amazonaws.com",
    "bedrock-agent-runtime.amazonaws.com",
    "runtime.bedrock.amazonaws.com",
];

/// Returns `true` if a name is that of an endpoint and not a service principal.
pub(super) fn is_endpoint(name: &str) -> bool {
    ENDPOINTS.iter().any(|endpoint| endpoint.eq_ignore_ascii_case(name))
}

/// Returns `true` if an id is an inference profile's; with wildcards, if its first part shows it.
pub(super) fn is_profile_id(id: &str) -> bool {
    let probe: String = id.chars().map(|c| if matches!(c, '*' | '?') { 'x' } else { c }).collect();
    !id.starts_with(['*', '?', '$']) && matches!(probe.parse(), Ok(ModelReference::InferenceProfile(_)))
}

/// Returns `true` if no part that every model id has is missing.
pub(super) fn is_whole_model_id(id: &str) -> bool {
    is_model_id(id) && !is_profile_id(id) && (known_models().any(|known| known == id) || completions(id).is_empty())
}

/// Returns the known ids that begin with an id and go on with a date or a version.
pub(super) fn completions(model: &str) -> Vec<&'static str> {
    let goes_on = |known: &&'static str| {
        let Some(rest) = known.strip_prefix(model) else { return false };
        // `:8k` and the like, behind a version, name a context length: another way to buy the model.
        if rest.matches(':').count() + model.matches(':').count() > 1 {
            return false;
        }
        let digit = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
        rest.strip_prefix("-v").or_else(|| rest.strip_prefix(':')).is_some_and(digit)
            || rest
                .strip_prefix("-20")
                .is_some_and(|date| date.get(..6).is_some_and(|date| date.bytes().all(|b| b.is_ascii_digit())))
    };
    known_models().filter(goes_on).collect()
}
