//! Trusted access programs: who does not take part in one does not see its models.
//!
//! `ListFoundationModels`, `GetFoundationModel`, `ListInferenceProfiles` and `GetInferenceProfile` show only the models that
//! the account takes part in (Bedrock API Reference, "ListTrustedAccessPrograms"). Which models a program has, no API says.

use serde::{Deserialize, Serialize};

/// A program that is visible to the account, and how the account takes part in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustedAccessProgram {
    /// The identifier.
    pub id: String,
    /// The display name.
    pub name: String,
    /// The display name of the model provider.
    pub provider: String,
    /// `requestable`, `eligible`, `enabled`, `disabled` or `revoked`.
    pub status: String,
    /// Why it is requestable or revoked.
    #[serde(default)]
    pub status_reason: Option<String>,
}

impl TrustedAccessProgram {
    /// Returns `true` if the account takes part.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.status == "enabled"
    }

    /// Returns `true` if the program is of a provider, by the provider's part of a model id.
    #[must_use]
    pub fn is_of(&self, provider: &str) -> bool {
        let letters = |name: &str| -> String {
            name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
        };
        !provider.is_empty() && letters(&self.provider).starts_with(&letters(provider))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_told_by_its_provider() {
        let program = |provider: &str| TrustedAccessProgram {
            id: "tap-1".to_owned(),
            name: "Early access".to_owned(),
            provider: provider.to_owned(),
            status: "eligible".to_owned(),
            status_reason: None,
        };
        assert!(program("Anthropic").is_of("anthropic") && program("Mistral AI").is_of("mistral"));
        assert!(!program("Anthropic").is_of("amazon") && !program("Anthropic").is_of(""));
        assert!(!program("Anthropic").is_enabled());
    }
}
