//! What may stay: plain language, AWS's own words, numbers and dates. Nothing of it tells whose a case is.
//!
//! The list of words is that of this program's own sentences and of AWS's documentation and error texts.

use crate::bedrock::{Region, is_model_id};
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

/// The providers whose names begin a model's id.
const PROVIDERS_WITH_NAMES: [&str; 20] = [
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

/// Words in the names of models: families, sizes, uses.
const MODEL_WORDS: [&str; 92] = [
    "canvas",
    "chat",
    "claude",
    "coder",
    "command",
    "compact",
    "conservative",
    "control",
    "conversation",
    "core",
    "creative",
    "deepseek",
    "devstral",
    "diffusion",
    "e",
    "embed",
    "embeddings",
    "english",
    "erase",
    "express",
    "fable",
    "fast",
    "flash",
    "gemma",
    "generator",
    "glm",
    "gpt",
    "grok",
    "guide",
    "haiku",
    "image",
    "inpaint",
    "instant",
    "instruct",
    "it",
    "jamba",
    "jurassic",
    "kimi",
    "large",
    "light",
    "lite",
    "llama",
    "luna",
    "magistral",
    "marengo",
    "maverick",
    "medium",
    "micro",
    "mid",
    "mini",
    "minimax",
    "ministral",
    "mistral",
    "mixtral",
    "multilingual",
    "multimodal",
    "nano",
    "nemotron",
    "next",
    "nova",
    "object",
    "opus",
    "oss",
    "outpaint",
    "palmyra",
    "pegasus",
    "pixtral",
    "plus",
    "premier",
    "preview",
    "pro",
    "ray",
    "reasoner",
    "recolor",
    "reel",
    "remove",
    "replace",
    "rerank",
    "safeguard",
    "scout",
    "search",
    "sketch",
    "small",
    "sonic",
    "sonnet",
    "stable",
    "structure",
    "style",
    "super",
    "text",
    "thinking",
    "titan",
];

/// Values of condition keys that are AWS's and not chosen.
const FIXED_VALUES: [&str; 9] = [
    "true",
    "false",
    "unspecified",
    "SHORT_TERM",
    "LONG_TERM",
    "anthropic",
    "inherit",
    "default",
    // What every role of IAM Identity Center trusts (IAM User Guide, "Enabling SAML 2.0 federated principals").
    "https://signin.aws.amazon.com/saml",
];

/// Returns `true` if a text is one word of plain language, in any case.
pub(super) fn is_word(text: &str) -> bool {
    WORDS.contains(text.to_ascii_lowercase().as_str())
}

/// Returns `true` if a text is put together of plain words alone: `explicitDeny`, `not-asked-again`, `AccessDenied`.
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

/// Returns `true` if a text is a Region of AWS, by more than its form.
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

/// Returns `true` if a text is a date, or a date with a time.
pub(super) fn is_moment(text: &str) -> bool {
    let is_day = |text: &str| {
        let parts: Vec<&str> = text.split('-').collect();
        matches!(parts.as_slice(), [year, month, day] if year.len() == 4 && month.len() == 2 && day.len() == 2)
            && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
    };
    is_day(text) || OffsetDateTime::parse(text, &Rfc3339).is_ok()
}

/// Returns `true` if a chosen value is one of AWS's nevertheless.
pub(super) fn is_fixed_value(text: &str) -> bool {
    FIXED_VALUES.contains(&text) || is_number(text) || is_moment(text) || is_region(text)
}

/// Returns `true` if a name of the Internet belongs to AWS.
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

/// Returns `true` if a label of a host of AWS has a name in front of it that customers choose.
pub(super) fn is_named_by_customers(label: &str) -> bool {
    label == "s3"
        || label.starts_with("s3-")
        || matches!(
            label,
            "awsapps"
                | "console"
                | "execute-api"
                | "lambda-url"
                | "signin"
                | "elb"
                | "es"
                | "aoss"
                | "rds"
                | "cloudfront"
                | "auth"
        )
}

/// Returns `true` if a host is S3's without a bucket in its name, so that the path begins with the bucket.
pub(super) fn is_bucket_host(host: &str) -> bool {
    is_of_aws(host) && host.split('.').next().is_some_and(|first| first == "s3" || first.starts_with("s3-"))
}

/// Returns `true` if a text looks like a name of the Internet.
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
///
/// Goes back to the last star only, so that no pattern costs more than its length times that of the text.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut wanted, mut at) = (0, 0);
    // Behind the last star, and where its run ends for now.
    let mut star: Option<(usize, usize)> = None;
    while at < text.len() {
        match (pattern.get(wanted), star) {
            (Some('*'), _) => {
                wanted += 1;
                star = Some((wanted, at));
            }
            (Some('?'), _) => (wanted, at) = (wanted + 1, at + 1),
            (Some(letter), _) if text.get(at) == Some(letter) => (wanted, at) = (wanted + 1, at + 1),
            (_, Some((behind, end))) => {
                (wanted, at) = (behind, end + 1);
                star = Some((behind, end + 1));
            }
            _ => return false,
        }
    }
    pattern.get(wanted..).unwrap_or_default().iter().all(|letter| *letter == '*')
}

/// Returns `true` if a text is the id of a model of AWS's catalogue: every part of its name is a family's, a size or a version.
pub(super) fn is_model(text: &str) -> bool {
    let is_part = |part: &str| part.is_empty() || part == "*" || MODEL_WORDS.contains(&part) || is_version(part);
    let mut labels = text.split('.').skip_while(|label| !PROVIDERS_WITH_NAMES.contains(label)).skip(1);
    is_model_id(text) && !is_host(text) && labels.all(|label| label.split(['-', ':', '_']).all(is_part))
}

/// Returns `true` if a part of a model's name is a version, a size or a date, with a family's name or two letters: `v2`,
/// `a35b`, `llama4`, `20250929`. Whatever else has a digit in it may be anybody's.
fn is_version(part: &str) -> bool {
    let is_run = |run: &str| run.len() <= 2 || MODEL_WORDS.contains(&run) || PROVIDERS_WITH_NAMES.contains(&run);
    part.len() <= 8
        && part.bytes().any(|byte| byte.is_ascii_digit())
        && part.split(|c: char| c.is_ascii_digit()).all(is_run)
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
    fn a_pattern_with_many_stars_is_matched_in_time() {
        let (text, pattern) = ("a".repeat(64), format!("{}b", "*a".repeat(40)));
        assert!(!matches(&pattern, &text));
        assert!(matches(&"*a".repeat(64), &text));
        assert!(!matches(&format!("{}b", "a*".repeat(2000)), &"a".repeat(4000)));
    }

    #[test]
    fn a_model_is_told_from_a_host_that_begins_like_one() {
        for model in [
            "anthropic.claude-sonnet-4-5-20250929-v1:0",
            "us.anthropic.claude-opus-4-8",
            "amazon.titan-embed-text-v2:0",
            "meta.llama4-maverick-17b-instruct-v1:0",
            "qwen.qwen3-coder-480b-a35b-v1:0",
            "anthropic.claude-*",
        ] {
            assert!(is_model(model), "{model}");
        }
        for other in [
            "anthropic.acmecorp.com",
            "eu.amazon.acmecorp.net",
            "luma.ana-mueller",
            "writer.acmecorp.com",
            "anthropic.claude-acme1",
            "amazon.nova-1acme-v1:0",
            "anthropic.claude-opus-4ana-7",
        ] {
            assert!(!is_model(other), "{other}");
        }
    }

    #[test]
    fn wildcards_match_as_iam_matches_them() {
        assert!(matches("chat-*", "chat-api") && matches("*-api", "chat-api") && matches("c?at*", "chat"));
        assert!(!matches("chat-*", "ledger") && !matches("chat", "chat-api") && matches("*", ""));
    }
}
