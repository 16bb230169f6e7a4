//! Bedrock API keys, read offline: whose they are, where and how long they hold.
//!
//! The forms are those of the Bedrock User Guide, "API keys", and of AWS's token generator. The secret of a long-term
//! key and the signature of a short-term one are passed over and never kept; any text may come in.

use crate::iam::Arn;
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use std::fmt;
use time::format_description::well_known::Rfc3339;
use time::{Date, Duration, Month, OffsetDateTime, Time};

/// The longest key that is read, in bytes; a session token makes a short-term key long.
const MAX_LENGTH: usize = 64 * 1024;

/// Base64 as the keys have it, with or without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// What a Bedrock API key tells about itself.
#[derive(Clone, PartialEq, Eq)]
pub enum ApiKey {
    /// A key that stands for an IAM user made for it, until it is deleted or its own term ends.
    LongTerm {
        /// The user's name, such as `BedrockAPIKey-ab12`.
        user: String,
        /// The user's account.
        account: String,
    },
    /// A key made of somebody's credentials: it acts as whoever they belong to, for twelve hours at most.
    ShortTerm {
        /// The id of the access key that it was made with.
        access_key_id: String,
        /// The only Region that takes it.
        region: String,
        /// When it was made, RFC 3339 in UTC.
        issued_at: String,
        /// When it ends at the latest, RFC 3339 in UTC; sooner where the session behind it does.
        expires_at: String,
    },
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LongTerm { .. } => "LongTerm",
            Self::ShortTerm { .. } => "ShortTerm",
        })
    }
}

/// Why a text is no Bedrock API key; never with the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiKeyError {
    /// It begins or ends with white space, or holds some.
    WhiteSpace,
    /// It begins neither with `ABSK` nor with `bedrock-api-key-`.
    Prefix,
    /// What follows the beginning is not base64, or is cut off.
    Encoding,
    /// What is encoded is not what such a key holds.
    Content,
}

impl fmt::Display for ApiKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WhiteSpace => "it holds white space, which no key does",
            Self::Prefix => "it begins neither with `ABSK` nor with `bedrock-api-key-`",
            Self::Encoding => "what follows its beginning is not base64: it was cut off or changed",
            Self::Content => "what it encodes is not what a key holds: it was cut off or changed",
        })
    }
}

impl std::error::Error for ApiKeyError {}

impl ApiKey {
    /// Reads what a key tells.
    ///
    /// # Errors
    /// Says why a text is no key.
    pub fn decode(key: &str) -> Result<Self, ApiKeyError> {
        if key.chars().any(char::is_whitespace) {
            return Err(ApiKeyError::WhiteSpace);
        }
        if key.len() > MAX_LENGTH {
            return Err(ApiKeyError::Content);
        }
        if let Some(encoded) = key.strip_prefix("ABSK") {
            return long_term(&decoded(encoded)?).ok_or(ApiKeyError::Content);
        }
        if let Some(encoded) = key.strip_prefix("bedrock-api-key-") {
            return short_term(&decoded(encoded)?).ok_or(ApiKeyError::Content);
        }
        Err(ApiKeyError::Prefix)
    }

    /// Returns the ARN of the IAM user that a long-term key stands for; the console makes it without a path.
    #[must_use]
    pub fn user(&self, partition: &str) -> Option<Arn> {
        match self {
            Self::LongTerm { user, account } => Some(Arn::new(partition, "iam", "", account, &format!("user/{user}"))),
            Self::ShortTerm { .. } => None,
        }
    }
}

fn decoded(encoded: &str) -> Result<String, ApiKeyError> {
    let bytes = BASE64.decode(encoded).map_err(|_| ApiKeyError::Encoding)?;
    String::from_utf8(bytes).map_err(|_| ApiKeyError::Content)
}

/// Reads `USER[+N]-at-ACCOUNT:SECRET`.
fn long_term(text: &str) -> Option<ApiKey> {
    let (whose, secret) = text.split_once(':')?;
    let (user, account) = whose.rsplit_once("-at-")?;
    // A user's second key has a number behind the name.
    let user = match user.rsplit_once('+') {
        Some((name, number)) if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => user,
    };
    let is_name = (1..=64).contains(&user.len())
        && user.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte));
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    (is_name && is_account && !secret.is_empty())
        .then(|| ApiKey::LongTerm { user: user.to_owned(), account: account.to_owned() })
}

/// Reads the presigned request that a short-term key is.
fn short_term(text: &str) -> Option<ApiKey> {
    let (address, query) = text.split_once('?')?;
    if address.trim_start_matches("https://").trim_end_matches('/') != "bedrock.amazonaws.com" {
        return None;
    }
    let value = |name: &str| {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.into_owned())
    };
    if value("Action")? != "CallWithBearerToken" || value("X-Amz-Signature")?.is_empty() {
        return None;
    }
    let credential = value("X-Amz-Credential")?;
    let mut scope = credential.split('/');
    let (access_key_id, _date, region) = (scope.next()?, scope.next()?, scope.next()?);
    let is_id = (16..=128).contains(&access_key_id.len()) && access_key_id.bytes().all(|b| b.is_ascii_alphanumeric());
    if !is_id || region.parse::<super::Region>().is_err() {
        return None;
    }
    let issued = instant(&value("X-Amz-Date")?)?;
    let seconds: u32 = value("X-Amz-Expires")?.parse().ok()?;
    let expires = issued.checked_add(Duration::seconds(seconds.into()))?;
    Some(ApiKey::ShortTerm {
        access_key_id: access_key_id.to_owned(),
        region: region.to_owned(),
        issued_at: issued.format(&Rfc3339).ok()?,
        expires_at: expires.format(&Rfc3339).ok()?,
    })
}

/// Reads `20261122T093000Z`, the time of a signature.
fn instant(text: &str) -> Option<OffsetDateTime> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let digits = |text: &str, length: usize| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(date, 8) || !digits(time, 6) {
        return None;
    }
    let number = |text: &str, from: usize, to: usize| text.get(from..to)?.parse::<u8>().ok();
    let year = date.get(..4)?.parse::<i32>().ok()?;
    let month = Month::try_from(number(date, 4, 6)?).ok()?;
    let day = Date::from_calendar_date(year, month, number(date, 6, 8)?).ok()?;
    let time = Time::from_hms(number(time, 0, 2)?, number(time, 2, 4)?, number(time, 4, 6)?).ok()?;
    Some(day.with_time(time).assume_utc())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn long(text: &str) -> String {
        format!("ABSK{}", BASE64.encode(text))
    }

    fn short(text: &str) -> String {
        format!("bedrock-api-key-{}", BASE64.encode(text))
    }

    const PRESIGNED: &str = "bedrock.amazonaws.com/?Action=CallWithBearerToken&X-Amz-Algorithm=AWS4-HMAC-SHA256\
        &X-Amz-Credential=ASIAIOSFODNN7EXAMPLE%2F20261122%2Fus-west-2%2Fbedrock%2Faws4_request\
        &X-Amz-Date=20261122T093000Z&X-Amz-Expires=43200&X-Amz-Security-Token=canary\
        &X-Amz-SignedHeaders=host&X-Amz-Signature=canary&Version=1";

    #[test]
    fn a_long_term_key_names_its_user_and_account() {
        for (text, user) in [
            ("BedrockAPIKey-ab12-at-111122223333:canary", "BedrockAPIKey-ab12"),
            ("BedrockAPIKey-ab12+1-at-111122223333:canary", "BedrockAPIKey-ab12"),
            ("at-at-at-111122223333:canary:with:colons", "at-at"),
        ] {
            let key = ApiKey::decode(&long(text)).unwrap();
            assert_eq!(key, ApiKey::LongTerm { user: user.to_owned(), account: "111122223333".to_owned() });
            let arn = key.user("aws").unwrap().to_string();
            assert_eq!(arn, format!("arn:aws:iam::111122223333:user/{user}"));
            assert!(!format!("{key:?}").contains("canary"));
        }
    }

    #[test]
    fn a_short_term_key_names_its_access_key_region_and_times() {
        let expected = ApiKey::ShortTerm {
            access_key_id: "ASIAIOSFODNN7EXAMPLE".to_owned(),
            region: "us-west-2".to_owned(),
            issued_at: "2026-11-22T09:30:00Z".to_owned(),
            expires_at: "2026-11-22T21:30:00Z".to_owned(),
        };
        assert_eq!(ApiKey::decode(&short(PRESIGNED)).unwrap(), expected);
        assert_eq!(ApiKey::decode(&short(&format!("https://{PRESIGNED}"))).unwrap(), expected);
        assert_eq!(expected.user("aws"), None);
    }

    #[test]
    fn what_is_no_key_says_why_and_nothing_of_itself() {
        let cut = short(PRESIGNED);
        for (key, error) in [
            ("", ApiKeyError::Prefix),
            ("canary", ApiKeyError::Prefix),
            ("sk-canary", ApiKeyError::Prefix),
            (" ABSKcanary", ApiKeyError::WhiteSpace),
            ("ABSKcanary\n", ApiKeyError::WhiteSpace),
            ("ABSK", ApiKeyError::Content),
            ("ABSK!!!!", ApiKeyError::Encoding),
            (&long("canary"), ApiKeyError::Content),
            (&long("user-at-1234:canary"), ApiKeyError::Content),
            (&long("user-at-111122223333:"), ApiKeyError::Content),
            (&long("us er-at-111122223333:canary"), ApiKeyError::Content),
            (&short("canary"), ApiKeyError::Content),
            (&short(&PRESIGNED.replace("bedrock.amazonaws.com", "evil.example")), ApiKeyError::Content),
            (&short(&PRESIGNED.replace("CallWithBearerToken", "Other")), ApiKeyError::Content),
            (&short(&PRESIGNED.replace("20261122T093000Z", "20261399T993000Z")), ApiKeyError::Content),
            (&short(&PRESIGNED.replace("43200", "-1")), ApiKeyError::Content),
            (cut.get(..60).unwrap(), ApiKeyError::Content),
        ] {
            let found = ApiKey::decode(key).unwrap_err();
            assert_eq!(found, error, "{key}");
            assert!(!found.to_string().contains("canary"));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in ".{0,200}", bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            for key in [text.clone(), format!("ABSK{text}"), format!("bedrock-api-key-{text}")] {
                let _ = ApiKey::decode(&key);
            }
            for prefix in ["ABSK", "bedrock-api-key-"] {
                let _ = ApiKey::decode(&format!("{prefix}{}", BASE64.encode(&bytes)));
            }
        }
    }
}
