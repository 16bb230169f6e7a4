//! What may stay: plain language, AWS's own words, numbers and dates. Nothing of it tells whose a case is.
//!
//! The list of words is that of this program's own sentences and of AWS's documentation and error texts.

use crate::bedrock::Region;
use std::collections::HashSet;
use std::sync::LazyLock;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

static WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| include_str!("words.txt").split_whitespace().collect());

/// The longest number that tells nothing: statuses, ports, durations.
const LONGEST_NUMBER: usize = 6;

/// The beginnings and directions of Regions' names. Their form alone is that of many a name.
const AREAS: [&str; 15] =
    ["us", "eu", "ap", "sa", "ca", "me", "af", "il", "mx", "cn", "us-gov", "us-iso", "us-isob", "eu-isoe", "eusc"];
const DIRECTIONS: [&str; 10] =
    ["north", "south", "east", "west", "central", "northeast", "northwest", "southeast", "southwest", "de-east"];

/// Values of condition keys that are AWS's and not chosen.
const FIXED_VALUES: [&str; 8] =
    ["true", "false", "unspecified", "SHORT_TERM", "LONG_TERM", "anthropic", "inherit", "default"];

/// Tells whether a text is one word of plain language, in any case.
pub(super) fn is_word(text: &str) -> bool {
    WORDS.contains(text.to_ascii_lowercase().as_str())
}

/// Tells whether a text is put together of plain words alone: `explicitDeny`, `not-asked-again`, `AccessDenied`.
pub(super) fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.split(|c: char| !c.is_ascii_alphanumeric()).all(is_plain_part) && text.is_ascii()
}

fn is_plain_part(part: &str) -> bool {
    if part.is_empty() || is_word(part) || is_number(part) {
        return true;
    }
    let is_version = |rest: &str| !rest.is_empty() && rest.len() <= 3 && rest.chars().all(|c| c.is_ascii_digit());
    if part.strip_prefix(['v', 'V']).is_some_and(is_version) {
        return true;
    }
    // One number at most: an id of letters and digits is none of words and numbers.
    let pieces = pieces(part);
    let numbers = pieces.iter().filter(|piece| piece.starts_with(|c: char| c.is_ascii_digit())).count();
    numbers <= 1
        && pieces.iter().all(|piece| is_number(piece) || piece.len() > 1 && is_word(piece) || *piece == "A")
        && pieces.len() > 1
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.len() <= LONGEST_NUMBER && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Splits `GetIAMRole2` into `Get`, `IAM`, `Role`, `2`.
fn pieces(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    let kind = |at: usize| bytes.get(at).map(|byte| (byte.is_ascii_digit(), byte.is_ascii_uppercase()));
    let mut pieces = Vec::new();
    let mut start = 0;
    for at in 1..=bytes.len() {
        let (Some(before), here) = (kind(at - 1), kind(at)) else { continue };
        let ends = match here {
            None => true,
            Some(here) if before.0 != here.0 => true,
            Some((_, true)) => !before.1 || kind(at + 1).is_some_and(|next| !next.0 && !next.1),
            Some(_) => false,
        };
        if ends {
            pieces.extend(text.get(start..at));
            start = at;
        }
    }
    pieces
}

/// Tells whether a text is a Region of AWS, by more than its form.
pub(super) fn is_region(text: &str) -> bool {
    let known = |rest: &str| {
        AREAS.iter().any(|area| {
            rest.strip_prefix(area).and_then(|rest| rest.strip_prefix('-')).is_some_and(|rest| {
                rest.rsplit_once('-')
                    .is_some_and(|(direction, number)| DIRECTIONS.contains(&direction) && number.len() == 1)
            })
        })
    };
    text.parse::<Region>().is_ok() && known(text)
}

/// Tells whether a text is a date, or a date with a time.
pub(super) fn is_moment(text: &str) -> bool {
    let is_day = |text: &str| {
        let parts: Vec<&str> = text.split('-').collect();
        matches!(parts.as_slice(), [year, month, day] if year.len() == 4 && month.len() == 2 && day.len() == 2)
            && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
    };
    is_day(text) || OffsetDateTime::parse(text, &Rfc3339).is_ok()
}

/// Tells whether a chosen value is one of AWS's nevertheless.
pub(super) fn is_fixed_value(text: &str) -> bool {
    FIXED_VALUES.contains(&text) || is_number(text) || is_moment(text) || is_region(text)
}

/// Tells whether a name of the Internet belongs to AWS.
pub(super) fn is_of_aws(host: &str) -> bool {
    [
        "amazonaws.com",
        "amazonaws.com.cn",
        "amazonaws.eu",
        "api.aws",
        "aws.dev",
        "amazon.com",
        "aws.amazon.com",
        "awsapps.com",
    ]
    .iter()
    .any(|domain| host.strip_suffix(domain).is_some_and(|front| front.is_empty() || front.ends_with('.')))
}

/// Tells whether a text looks like a name of the Internet.
pub(super) fn is_host(text: &str) -> bool {
    const ENDINGS: [&str; 16] = [
        "com", "net", "org", "io", "dev", "cloud", "co", "app", "ai", "internal", "local", "corp", "lan", "home",
        "test", "example",
    ];
    let labels: Vec<&str> = text.split('.').collect();
    let formed = labels.iter().all(|label| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    });
    let ending = labels.last().copied().unwrap_or_default().to_ascii_lowercase();
    let country = ending.len() == 2 && ending.bytes().all(|byte| byte.is_ascii_lowercase()) && labels.len() > 2;
    formed && labels.len() > 1 && (ENDINGS.contains(&ending.as_str()) || country)
}

/// Returns the id of an EC2 instance that a session is named by.
pub(super) fn instance_id(text: &str) -> Option<&str> {
    text.strip_prefix("i-").filter(|id| matches!(id.len(), 8 | 17) && id.chars().all(|c| c.is_ascii_hexdigit()))
}

/// Matches IAM's wildcards: `*` for any run of characters, `?` for one.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    match pattern.chars().next() {
        None => text.is_empty(),
        Some('*') => {
            let rest = pattern.trim_start_matches('*');
            text.char_indices()
                .map(|(at, _)| at)
                .chain([text.len()])
                .any(|at| matches(rest, text.get(at..).unwrap_or_default()))
        }
        Some(wanted) => text.chars().next().is_some_and(|found| {
            (wanted == '?' || wanted == found)
                && matches(
                    pattern.get(wanted.len_utf8()..).unwrap_or_default(),
                    text.get(found.len_utf8()..).unwrap_or_default(),
                )
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_stay_and_ids_do_not() {
        for plain in [
            "explicitDeny",
            "not-asked-again",
            "NOT_AVAILABLE",
            "AccessDeniedException",
            "v7",
            "GetIAMRole",
            "us-west-2",
            "A",
        ] {
            assert!(is_plain(plain), "{plain}");
        }
        for id in ["acme-prod", "a1b2c3d4", "7d9f", "AcmeCanary", "chatbot9zq", "über", "1234567", "ab12cd34"] {
            assert!(!is_plain(id), "{id}");
        }
    }

    #[test]
    fn a_region_is_told_by_more_than_its_form() {
        assert!(is_region("eu-central-1") && is_region("us-gov-west-1") && is_region("ap-southeast-5"));
        assert!(!is_region("acme-prod-1") && !is_region("us-acme-1") && !is_region("us-west-22"));
    }

    #[test]
    fn wildcards_match_as_iam_matches_them() {
        assert!(matches("chat-*", "chat-api") && matches("*-api", "chat-api") && matches("c?at*", "chat"));
        assert!(!matches("chat-*", "ledger") && !matches("chat", "chat-api") && matches("*", ""));
    }
}
