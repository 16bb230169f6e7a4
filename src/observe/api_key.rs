//! The Bedrock API key in the environment: what it reveals about itself, and which calls carry it.
//!
//! The SDK takes the key from `AWS_BEARER_TOKEN_BEDROCK` by itself; only deviations from that are set here. The key
//! goes into requests and nowhere else.

use crate::bedrock::ApiKey;
use crate::evidence::BedrockApiKey;
use aws_config::SdkConfig;
use aws_sdk_bedrockruntime::config::Token;
use aws_smithy_runtime_api::client::auth::AuthSchemeId;
use aws_smithy_runtime_api::client::auth::http::HTTP_BEARER_AUTH_SCHEME_ID;

/// The variable that holds the key.
pub(super) const VARIABLE: &str = "AWS_BEARER_TOKEN_BEDROCK";

/// The scheme of signed requests.
const SIGNED: AuthSchemeId = AuthSchemeId::new("sigv4");

/// Which calls to Bedrock carry a key.
#[derive(Clone)]
pub(super) enum Bearer {
    /// As the SDK decides by itself.
    Unchanged,
    /// None: the variable is set and empty, and the SDK would send an empty key; or a role's credentials are to be used.
    Nothing,
    /// All of them, this one.
    Key(String),
}

impl Bearer {
    pub(super) fn from_environment() -> Self {
        if std::env::var_os(VARIABLE).is_some() && !is_borne() { Self::Nothing } else { Self::Unchanged }
    }

    pub(super) fn for_bedrock(&self, config: &SdkConfig) -> aws_sdk_bedrock::config::Builder {
        let builder = aws_sdk_bedrock::config::Builder::from(config);
        match self {
            Self::Unchanged => builder,
            Self::Nothing => builder.auth_scheme_preference([SIGNED]),
            Self::Key(key) => {
                builder.bearer_token(Token::new(key.clone(), None)).auth_scheme_preference([HTTP_BEARER_AUTH_SCHEME_ID])
            }
        }
    }

    pub(super) fn for_runtime(&self, config: &SdkConfig) -> aws_sdk_bedrockruntime::config::Builder {
        let builder = aws_sdk_bedrockruntime::config::Builder::from(config);
        match self {
            Self::Unchanged => builder,
            Self::Nothing => builder.auth_scheme_preference([SIGNED]),
            Self::Key(key) => {
                builder.bearer_token(Token::new(key.clone(), None)).auth_scheme_preference([HTTP_BEARER_AUTH_SCHEME_ID])
            }
        }
    }
}

/// Returns `true` if the environment holds a key that is more than white space.
pub(super) fn is_borne() -> bool {
    std::env::var_os(VARIABLE).is_some_and(|key| !key.to_string_lossy().trim().is_empty())
}

/// Reads what the key in the environment reveals; `access_key_id` is the one that signs the other calls.
pub(super) fn in_environment(access_key_id: Option<&str>) -> Option<BedrockApiKey> {
    let key = std::env::var_os(VARIABLE)?;
    Some(match key.to_str() {
        _ if !is_borne() => BedrockApiKey::Empty,
        Some(key) => describe(key, access_key_id),
        None => BedrockApiKey::Unreadable { why: "it is not text".to_owned() },
    })
}

/// Reads what a key reveals, and nothing that must stay secret.
pub(super) fn describe(key: &str, access_key_id: Option<&str>) -> BedrockApiKey {
    match ApiKey::decode(key) {
        Ok(ApiKey::LongTerm { user, account }) => BedrockApiKey::LongTerm { user, account },
        Ok(ApiKey::ShortTerm { access_key_id: own, region, issued_at, expires_at }) => BedrockApiKey::ShortTerm {
            is_callers: access_key_id == Some(own.as_str()),
            access_key: masked(&own),
            region,
            issued_at,
            expires_at,
        },
        Err(error) => BedrockApiKey::Unreadable { why: error.to_string() },
    }
}

/// Returns the first and last letters of an access key's id, enough to recognize it.
fn masked(id: &str) -> String {
    let (start, end) = (id.get(..4).unwrap_or_default(), id.len().checked_sub(4).and_then(|from| id.get(from..)));
    format!("{start}…{}", end.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_access_keys_id_is_shown_in_part() {
        assert_eq!(masked("ASIAIOSFODNN7EXAMPLE"), "ASIA…MPLE");
        assert_eq!(masked("AS"), "…");
    }
}
