//! Model references: what `--model` and `modelId` may hold.
//!
//! A reference is a foundation model's id, an inference profile's id, or the ARN of anything that
//! `bedrock:InvokeModel` accepts as a resource. Its form is checked, its existence is not.

use crate::iam::{Arn, ArnError};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The longest `modelId` that the API takes, in characters (API Reference, "Converse").
const MAX_LENGTH: usize = 2048;

/// The geographies that system-defined profile ids have been seen to start with. New ones appear, so an id
/// whose *second* part is a provider is taken for a profile too.
pub(super) const GEOGRAPHIES: [&str; 9] = ["us", "eu", "apac", "jp", "au", "ca", "in", "us-gov", "global"];

/// Model providers on Bedrock, as the first part of their model ids.
const PROVIDERS: [&str; 20] = [
    "ai21",
    "amazon",
    "anthropic",
    "cohere",
    "deepseek",
    "google",
    "luma",
    "meta",
    "minimax",
    "mistral",
    "moonshot",
    "moonshotai",
    "nvidia",
    "openai",
    "qwen",
    "stability",
    "twelvelabs",
    "writer",
    "xai",
    "zai",
];

/// What a call names as its model.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ModelReference {
    /// A foundation model's id, such as `amazon.nova-lite-v1:0`.
    FoundationModel(String),
    /// A system-defined inference profile's id, such as `us.amazon.nova-lite-v1:0`.
    InferenceProfile(String),
    /// The ARN of an invocable resource.
    Arn(InvocableArn),
}

/// An ARN that `bedrock:InvokeModel` accepts as its resource, or a SageMaker endpoint behind one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InvocableArn(Arn);

impl InvocableArn {
    /// The resource types under `arn:…:bedrock:` that a `modelId` may name.
    pub const RESOURCE_TYPES: [&str; 10] = [
        "application-inference-profile",
        "custom-model-deployment",
        "default-prompt-router",
        "foundation-model",
        "imported-model",
        "inference-profile",
        "marketplace",
        "prompt",
        "prompt-router",
        "provisioned-model",
    ];

    /// Returns the ARN.
    #[must_use]
    pub fn arn(&self) -> &Arn {
        &self.0
    }
}

/// Whether a provider's models are sold through AWS Marketplace, and so need an agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marketplace {
    /// Sold through AWS Marketplace.
    Sold,
    /// Has no product there (Bedrock User Guide, "Access Amazon Bedrock foundation models").
    NotSold,
    /// The documentation has said both.
    Unknown,
}

/// Why a text cannot name a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelReferenceError {
    /// Nothing was given.
    Empty,
    /// It is longer than the API takes.
    TooLong,
    /// It holds a character that no model id has.
    Character(char),
    /// It starts like an ARN and is none.
    Arn(ArnError),
    /// It is the ARN of something that cannot be invoked.
    NotInvocable(Arn),
    /// It is an ARN with a part that such an ARN does not have, or lacks one that it has.
    Malformed(&'static str),
}

impl fmt::Display for ModelReferenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the model id is empty"),
            Self::TooLong => write!(f, "a model id has at most {MAX_LENGTH} characters"),
            Self::Character(c) => write!(f, "a model id holds no `{}`", c.escape_default()),
            Self::Arn(error) => error.fmt(f),
            Self::Malformed(mistake) => f.write_str(mistake),
            Self::NotInvocable(arn) => write!(
                f,
                "`{}` is not a resource that can be invoked; those are {}",
                arn.resource_type(),
                InvocableArn::RESOURCE_TYPES.join(", ")
            ),
        }
    }
}

impl std::error::Error for ModelReferenceError {}

impl ModelReference {
    /// Returns the provider, such as `amazon`, where the reference shows it.
    #[must_use]
    pub fn provider(&self) -> Option<&str> {
        self.base_model().map(provider_of)
    }

    /// Returns the id of the foundation model behind the reference, where its form alone tells it.
    ///
    /// For a profile id that is what follows the geography. A profile's true models are read from
    /// `GetInferenceProfile`; this is what remains when that cannot be read.
    #[must_use]
    pub fn base_model(&self) -> Option<&str> {
        match self {
            Self::FoundationModel(id) => Some(id),
            Self::InferenceProfile(id) => id.split_once('.').map(|(_, model)| model),
            Self::Arn(InvocableArn(arn)) => match arn.resource_type() {
                "foundation-model" => Some(arn.resource_id()),
                "inference-profile" => arn.resource_id().split_once('.').map(|(_, model)| model),
                _ => None,
            },
        }
    }

    /// Returns `true` if the reference is an inference profile, system-defined or application.
    #[must_use]
    pub fn is_profile(&self) -> bool {
        match self {
            Self::FoundationModel(_) => false,
            Self::InferenceProfile(_) => true,
            Self::Arn(InvocableArn(arn)) => {
                matches!(arn.resource_type(), "inference-profile" | "application-inference-profile")
            }
        }
    }

    /// Returns the ARN, where the reference is one.
    #[must_use]
    pub fn arn(&self) -> Option<&Arn> {
        match self {
            Self::Arn(arn) => Some(arn.arn()),
            Self::FoundationModel(_) | Self::InferenceProfile(_) => None,
        }
    }

    /// Returns the Region that an ARN names.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        match self {
            Self::Arn(InvocableArn(arn)) if !arn.region.is_empty() => Some(&arn.region),
            _ => None,
        }
    }
}

/// Names the classic mistakes in the ARN of a model (Service Authorization Reference, "Resource types defined by
/// Amazon Bedrock").
fn mistake_in(arn: &Arn) -> Option<&'static str> {
    let of_aws = arn.service == "bedrock" && arn.resource_type() == "foundation-model";
    if arn.region.is_empty() {
        Some("a model is invoked in a Region: the ARN names none")
    } else if of_aws && !arn.account.is_empty() {
        Some("foundation models belong to AWS: leave the account in the ARN empty")
    } else if of_aws && is_profile_id(arn.resource_id()) {
        Some("this is an inference profile's id: its ARN has `inference-profile/` and an account")
    } else if !of_aws && arn.account.is_empty() {
        Some("the ARN lacks the account id; AWS alone leaves it empty, for foundation models")
    } else {
        None
    }
}

/// Tells an inference profile's id from a foundation model's by its first parts.
fn is_profile_id(id: &str) -> bool {
    let mut parts = id.split('.');
    let (first, second) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    !PROVIDERS.contains(&first) && (GEOGRAPHIES.contains(&first) || PROVIDERS.contains(&second))
}

/// Returns `true` if a text has the form of the id of AWS's models or profiles: a known provider, perhaps behind a
/// geography, and a name.
#[must_use]
pub fn is_model_id(text: &str) -> bool {
    let mut parts = text.split('.');
    let first = parts.next().unwrap_or_default();
    let provider = if GEOGRAPHIES.contains(&first) { parts.next().unwrap_or_default() } else { first };
    PROVIDERS.contains(&provider)
        && parts.next().is_some_and(|name| !name.is_empty())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '-' | '_' | '*'))
}

/// Returns the provider in a foundation model's id: its part before the first dot.
#[must_use]
pub fn provider_of(model: &str) -> &str {
    model.split('.').next().unwrap_or(model)
}

/// Returns `true` if an id begins with a provider, as each of Bedrock's does (Bedrock User Guide, "Supported foundation models"):
/// `anthropic.claude-sonnet-4-5` does, `claude-sonnet-4.5` does not.
#[must_use]
pub fn has_provider(model: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphabetic();
    let is_word = |text: &str| text.starts_with(is_letter) && !text.contains(['-', ' ']);
    model.split_once('.').is_some_and(|(provider, name)| is_word(provider) && name.starts_with(is_letter))
}

impl Marketplace {
    /// Returns whether a provider's models are sold through AWS Marketplace.
    #[must_use]
    pub fn of(provider: &str) -> Self {
        match provider {
            "amazon" | "deepseek" | "meta" | "mistral" | "qwen" => Self::NotSold,
            "openai" => Self::Unknown,
            _ => Self::Sold,
        }
    }
}

impl FromStr for ModelReference {
    type Err = ModelReferenceError;

    fn from_str(text: &str) -> Result<Self, ModelReferenceError> {
        if text.is_empty() {
            return Err(ModelReferenceError::Empty);
        }
        if text.chars().count() > MAX_LENGTH {
            return Err(ModelReferenceError::TooLong);
        }
        if let Some(c) = text.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '-' | '_' | '/')))
        {
            return Err(ModelReferenceError::Character(c));
        }
        if text.starts_with("arn:") {
            let arn: Arn = text.parse().map_err(ModelReferenceError::Arn)?;
            let invocable = match arn.service.as_str() {
                "bedrock" => {
                    InvocableArn::RESOURCE_TYPES.contains(&arn.resource_type()) && !arn.resource_id().is_empty()
                }
                "sagemaker" => arn.resource_type() == "endpoint",
                _ => false,
            };
            return match mistake_in(&arn) {
                _ if !invocable => Err(ModelReferenceError::NotInvocable(arn)),
                Some(mistake) => Err(ModelReferenceError::Malformed(mistake)),
                None => Ok(Self::Arn(InvocableArn(arn))),
            };
        }
        let id = text.to_owned();
        Ok(if is_profile_id(text) { Self::InferenceProfile(id) } else { Self::FoundationModel(id) })
    }
}

impl TryFrom<String> for ModelReference {
    type Error = ModelReferenceError;

    fn try_from(text: String) -> Result<Self, ModelReferenceError> {
        text.parse()
    }
}

impl From<ModelReference> for String {
    fn from(model: ModelReference) -> Self {
        model.to_string()
    }
}

impl fmt::Display for ModelReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FoundationModel(id) | Self::InferenceProfile(id) => f.write_str(id),
            Self::Arn(InvocableArn(arn)) => arn.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> ModelReference {
        text.parse().unwrap()
    }

    #[test]
    fn ids_are_told_apart_by_their_first_parts() {
        for id in ["amazon.nova-lite-v1:0", "anthropic.claude-opus-4-6-v1", "meta.llama3-3-70b-instruct-v1:0"] {
            assert_eq!(parse(id), ModelReference::FoundationModel(id.to_owned()));
        }
        for id in [
            "us.amazon.nova-lite-v1:0",
            "global.anthropic.claude-x-v1:0",
            "us-gov.anthropic.claude-x",
            "mars.anthropic.claude-x",
        ] {
            assert_eq!(parse(id), ModelReference::InferenceProfile(id.to_owned()));
        }
    }

    #[test]
    fn the_base_model_is_cut_at_the_geography_and_nowhere_else() {
        assert_eq!(parse("us.meta.llama3-3-70b-instruct-v1:0").base_model(), Some("meta.llama3-3-70b-instruct-v1:0"));
        assert_eq!(
            parse("arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0").base_model(),
            Some("amazon.nova-lite-v1:0")
        );
        assert_eq!(parse("arn:aws:bedrock:us-east-1:111122223333:provisioned-model/abcdefghijkl").base_model(), None);
    }

    #[test]
    fn what_cannot_be_invoked_is_refused_by_name() {
        let error = "arn:aws:bedrock:us-east-1:111122223333:custom-model/b.c:1/abcdefghijkl"
            .parse::<ModelReference>()
            .unwrap_err();
        assert!(error.to_string().starts_with("`custom-model` is not a resource that can be invoked"), "{error}");
        assert_eq!("".parse::<ModelReference>(), Err(ModelReferenceError::Empty));
        assert_eq!("mødel".parse::<ModelReference>(), Err(ModelReferenceError::Character('ø')));
        assert_eq!("m".repeat(2049).parse::<ModelReference>(), Err(ModelReferenceError::TooLong));
        assert!("arn:aws:s3:::b".parse::<ModelReference>().is_err());
        assert_eq!(
            "arn:aws:bedrock:us-east-1:111122223333:imported-model/x;y".parse::<ModelReference>(),
            Err(ModelReferenceError::Character(';'))
        );
    }

    #[test]
    fn every_model_of_bedrock_has_a_provider() {
        for id in ["amazon.nova-lite-v1:0", "ai21.jamba-1-5-mini-v1:0", "openai.gpt-oss-20b-1:0", "zai.glm-4.6", "x.y"]
        {
            assert!(has_provider(id), "{id}");
        }
        for name in ["sonnet-9.9", "gemini-2.5-pro", "gpt-4o", "gpt4.1", "claude-sonnet-4.5", "", ".", "a.", "4.5"] {
            assert!(!has_provider(name), "{name}");
        }
    }

    #[test]
    fn the_classic_mistakes_in_arns_are_named() {
        for (arn, said) in [
            ("arn:aws:bedrock:us-east-1:111122223333:foundation-model/amazon.nova-lite-v1:0", "belong to AWS"),
            ("arn:aws:bedrock:::foundation-model/amazon.nova-lite-v1:0", "names none"),
            ("arn:aws:bedrock:us-east-1::inference-profile/us.amazon.nova-lite-v1:0", "lacks the account id"),
            ("arn:aws:bedrock:us-east-1::foundation-model/us.amazon.nova-lite-v1:0", "an inference profile's id"),
        ] {
            let error = arn.parse::<ModelReference>().unwrap_err().to_string();
            assert!(error.contains(said), "{arn}: {error}");
        }
    }
}
