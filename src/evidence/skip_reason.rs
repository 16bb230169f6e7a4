//! Why something was not looked at, as a code that the evidence file stores.
//!
//! Files of version 0.1.0 hold a sentence in the code's place: the sentences that it wrote are read as their codes, and
//! any other text is kept as it is. The sentences that people read stand in `report`.

use serde::{Deserialize, Serialize};

/// Why nothing was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub enum SkipReason {
    /// Nothing asked for it, or the evidence is older than the question.
    NotAsked,
    /// There are no credentials.
    NoCredentials,
    /// There are no credentials besides the Bedrock API key.
    OnlyApiKey,
    /// There are no credentials to read policies with, besides the Bedrock API key.
    OnlyApiKeyToRead,
    /// There are no credentials to ask IAM Toolbox with.
    NoCredentialsToAsk,
    /// The role that was to be assumed was refused.
    RoleNotAssumed,
    /// STS did not say who calls.
    CallerUnknown,
    /// The API key does not say who made it.
    ApiKeyOfSomebody,
    /// The principal belongs to another account than the caller.
    OtherAccount {
        /// The principal's account.
        account: String,
        /// The caller's account.
        reader: String,
    },
    /// The policy simulator does not take the root user.
    RootUser,
    /// The policy simulator does not take a federated user.
    FederatedUser,
    /// The principal is neither a user nor a role.
    NeitherUserNorRole,
    /// The session's ARN names no role.
    SessionWithoutRole,
    /// The operation does not call a model.
    NoModelAnswers,
    /// The operation does not take a service role, or none was named.
    NoServiceRole,
    /// The foundation model behind the request is not known.
    ModelUnknown,
    /// The model is not an inference profile.
    NotAProfile,
    /// The model is not documented to need a data-retention mode.
    NoRetentionNeeded,
    /// No model of the Region is documented to need a data-retention mode.
    NoRetentionNeededByAny,
    /// Only Anthropic's models need the use case form.
    FormNotNeeded,
    /// No Region was asked about.
    NoRegion,
    /// The runtime's endpoint is not known.
    EndpointUnknown,
    /// A proxy makes the connections.
    BehindProxy,
    /// No test call was asked for.
    NoTestCallAsked,
    /// The operation has no test call that starts or makes nothing.
    NoTestCall,
    /// The model's native request body is not known.
    NoNativeBody,
    /// The given error is another principal's, and a test call would be the caller's.
    TestCallOfAnother {
        /// The principal that the error names.
        principal: String,
    },
    /// The question is what would happen if something else were called.
    NotCalled,
    /// A text that an earlier version stored, and that is not one of its own sentences.
    Said(String),
}

/// The form in the file.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Stored {
    Code(String),
    OtherAccount { other_account: String, reader: String },
    TestCallOf { test_call_of: String },
}

use SkipReason as R;

/// Each code with the sentence that version 0.1.0 wrote in its place.
const CODES: [(R, &str, &str); 26] = [
    (R::NotAsked, "not-asked", "it was not asked for"),
    (R::NoCredentials, "no-credentials", "there are no credentials"),
    (R::OnlyApiKey, "only-api-key", "there are no credentials beside the Bedrock API key"),
    (
        R::OnlyApiKeyToRead,
        "only-api-key-to-read",
        "there are no credentials to read policies with, beside the Bedrock API key",
    ),
    (R::NoCredentialsToAsk, "no-credentials-to-ask", "there are no credentials to ask with"),
    (R::RoleNotAssumed, "role-not-assumed", "the role could not be assumed"),
    (R::CallerUnknown, "caller-unknown", "the caller is not known"),
    (R::ApiKeyOfSomebody, "api-key-of-somebody", API_KEY_OF_SOMEBODY),
    (R::RootUser, "root-user", "the root user cannot be simulated"),
    (R::FederatedUser, "federated-user", "a federated user cannot be simulated"),
    (R::NeitherUserNorRole, "neither-user-nor-role", "the principal is neither a user nor a role"),
    (R::SessionWithoutRole, "session-without-role", "the session's ARN names no role"),
    (R::NoModelAnswers, "no-model-answers", "no model answers the operation"),
    (R::NoServiceRole, "no-service-role", "the call has no service role"),
    (R::ModelUnknown, "model-unknown", "which foundation model it is, is not known"),
    (R::NotAProfile, "not-a-profile", "the model is not an inference profile"),
    (R::NoRetentionNeeded, "no-retention-needed", "the model is not documented to need a certain mode"),
    (R::NoRetentionNeededByAny, "no-retention-needed-by-any", "no model is documented to need a certain mode"),
    (R::FormNotNeeded, "form-not-needed", "only Anthropic's models need the form"),
    (R::NoRegion, "no-region", "no Region was asked about"),
    (R::EndpointUnknown, "endpoint-unknown", "the endpoint of the runtime is not known"),
    (R::BehindProxy, "behind-proxy", "a proxy makes the connections, and where it looks the name up is not known"),
    (R::NoTestCallAsked, "no-test-call-asked", "no test call was asked for"),
    (R::NoTestCall, "no-test-call", "the operation has no test call"),
    (R::NoNativeBody, "no-native-body", "the model's native request body is not known; `--probe` needs none"),
    (R::NotCalled, "not-called", "it was not called"),
];

/// What 0.1.0 wrote where a short-term API key does not say whose it is.
const API_KEY_OF_SOMEBODY: &str = "Bedrock sees the principal whose access key made the Bedrock API key in `AWS_BEARER_TOKEN_BEDROCK`, and which that is, is not known";

impl SkipReason {
    /// Returns the code that the evidence file stores, where the reason is a code alone.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        CODES.iter().find(|(reason, _, _)| reason == self).map(|(_, code, _)| *code)
    }
}

impl From<&str> for SkipReason {
    /// Reads a code, or a sentence of version 0.1.0.
    fn from(text: &str) -> Self {
        let known = CODES.iter().find(|(_, code, sentence)| *code == text || *sentence == text);
        known.map_or_else(|| of_sentence(text), |(reason, _, _)| reason.clone())
    }
}

/// Reads the two sentences of 0.1.0 that hold a name.
fn of_sentence(text: &str) -> SkipReason {
    let other_account = || {
        let rest = text.strip_prefix("the principal belongs to account ")?;
        let (account, rest) = rest.split_once(", and the caller to ")?;
        let (reader, _) = rest.split_once(": its policies can only be read there")?;
        Some(SkipReason::OtherAccount { account: account.to_owned(), reader: reader.to_owned() })
    };
    let test_call = || {
        let rest = text.strip_prefix("the given error is of ")?;
        let (principal, _) = rest.split_once(", and a test call would be the caller's own")?;
        Some(SkipReason::TestCallOfAnother { principal: principal.to_owned() })
    };
    other_account().or_else(test_call).unwrap_or_else(|| SkipReason::Said(text.to_owned()))
}

impl From<Stored> for SkipReason {
    fn from(stored: Stored) -> Self {
        match stored {
            Stored::Code(text) => Self::from(text.as_str()),
            Stored::OtherAccount { other_account: account, reader } => Self::OtherAccount { account, reader },
            Stored::TestCallOf { test_call_of: principal } => Self::TestCallOfAnother { principal },
        }
    }
}

impl From<SkipReason> for Stored {
    fn from(reason: SkipReason) -> Self {
        match reason {
            SkipReason::OtherAccount { account, reader } => Self::OtherAccount { other_account: account, reader },
            SkipReason::TestCallOfAnother { principal } => Self::TestCallOf { test_call_of: principal },
            SkipReason::Said(text) => Self::Code(text),
            other => Self::Code(other.code().unwrap_or_default().to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_of_0_1_0_are_read_as_their_codes_and_stored_as_codes() {
        for (reason, code, sentence) in CODES {
            assert_eq!(SkipReason::from(sentence), reason);
            assert_eq!(serde_json::to_value(&reason).unwrap(), *code);
            assert_eq!(serde_json::from_value::<SkipReason>((*code).into()).unwrap(), reason);
        }
        let sentence = "the principal belongs to account 111122223333, and the caller to 444455556666: its policies can only be read there";
        let other = SkipReason::OtherAccount { account: "111122223333".to_owned(), reader: "444455556666".to_owned() };
        assert_eq!(SkipReason::from(sentence), other);
        let stored = serde_json::to_value(&other).unwrap();
        assert_eq!(stored, serde_json::json!({"other_account": "111122223333", "reader": "444455556666"}));
        assert_eq!(serde_json::from_value::<SkipReason>(stored).unwrap(), other);
        let said = SkipReason::from("somebody pulled the plug");
        assert_eq!(serde_json::to_value(&said).unwrap(), "somebody pulled the plug");
    }
}
