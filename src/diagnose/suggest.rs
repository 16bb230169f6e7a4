//! What a model id that nothing lists was probably meant to be.
//!
//! Takes what was typed and what AWS lists. An id that is near may be that of another model, which another Region
//! has: whether it can only be a slip of the pen is a question of its own.

use crate::bedrock::provider_of;

/// Most ids that are offered.
const MOST: usize = 3;

/// The longest id that is compared: beyond it nothing is a slip of the pen, and comparing would cost.
const LONGEST: usize = 200;

/// The most letters in which an id may differ and be near.
const FURTHEST: usize = 4;

/// The most letters in which a slip of the pen may differ.
const FURTHEST_SLIP: usize = 2;

/// Returns the listed ids that come nearest to what was typed, the nearest first.
pub(super) fn nearest<'k>(typed: &str, known: impl Iterator<Item = &'k str>) -> Vec<&'k str> {
    if typed.len() > LONGEST {
        return Vec::new();
    }
    let mut near: Vec<(usize, &str)> = known.filter_map(|id| Some((distance(typed, id)?, id))).collect();
    near.sort_unstable();
    near.dedup();
    near.into_iter().take(MOST).map(|(_, id)| id).collect()
}

/// Returns `true` if what was typed can only be a slip: an id that lacks its ending or has one too many, that differs in a
/// letter or two and in no number, or that begins with no provider that the Region knows.
pub(super) fn is_slip<'k>(typed: &str, nearest: &str, mut known: impl Iterator<Item = &'k str>) -> bool {
    let numbers = |id: &str| id.chars().filter(char::is_ascii_digit).collect::<String>();
    is_beginning(typed, nearest)
        || strsim::osa_distance(typed, nearest) <= FURTHEST_SLIP && numbers(typed) == numbers(nearest)
        || !known.any(|id| provider_of(id) == provider_of(typed))
}

/// Says how far an id is from what was typed; nothing where it is not near.
fn distance(typed: &str, id: &str) -> Option<usize> {
    if is_beginning(typed, id) {
        return Some(0);
    }
    let allowed = (typed.len() / 4).clamp(1, FURTHEST);
    if typed.len().abs_diff(id.len()) <= allowed {
        let distance = strsim::osa_distance(&typed.to_ascii_lowercase(), &id.to_ascii_lowercase());
        if distance <= allowed {
            return Some(distance);
        }
    }
    // Names of marketing and of other clouds hold the right words in another order.
    let words = |id: &str| {
        let words = id.to_ascii_lowercase();
        words.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    };
    let (wanted, found): (Vec<String>, Vec<String>) = (words(typed), words(id));
    (wanted.len() > 1 && wanted.iter().all(|word| found.contains(word))).then_some(FURTHEST + 1)
}

fn is_beginning(one: &str, other: &str) -> bool {
    !one.is_empty() && !other.is_empty() && (one.starts_with(other) || other.starts_with(one))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTED: [&str; 7] = [
        "amazon.nova-lite-v1:0",
        "amazon.nova-pro-v1:0",
        "anthropic.claude-sonnet-4-5-20250929-v1:0",
        "anthropic.claude-sonnet-4-20250514-v1:0",
        "meta.llama3-1-8b-instruct-v1:0",
        "mistral.mistral-large-2402-v1:0",
        "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    ];

    #[test]
    fn the_nearest_is_offered_and_only_a_slip_is_called_one() {
        for (typed, expected, slip) in [
            ("anthropic.claude-sonnet-4-5-20250929", Some("anthropic.claude-sonnet-4-5-20250929-v1:0"), true),
            ("anthropic.claude-sonet-4-5-20250929-v1:0", Some("anthropic.claude-sonnet-4-5-20250929-v1:0"), true),
            ("antropic.claude-sonnet-4-5-20250929-v1:0", Some("anthropic.claude-sonnet-4-5-20250929-v1:0"), true),
            ("us.anthropic.claude-sonet-4-5-20250929-v1:0", Some("us.anthropic.claude-sonnet-4-5-20250929-v1:0"), true),
            ("Amazon.Nova-Lite-v1:0", Some("amazon.nova-lite-v1:0"), true),
            ("claude-sonnet-4.5", Some("anthropic.claude-sonnet-4-5-20250929-v1:0"), true),
            ("amazon.nova-light-v1:0", Some("amazon.nova-lite-v1:0"), false),
            // Models of their own, which another Region may have.
            ("amazon.nova-micro-v1:0", Some("amazon.nova-pro-v1:0"), false),
            ("mistral.mistral-large-2407-v1:0", Some("mistral.mistral-large-2402-v1:0"), false),
            ("meta.llama3-8b-instruct-v1:0", Some("meta.llama3-1-8b-instruct-v1:0"), false),
            ("cohere.command-r-v1:0", None, false),
        ] {
            let found = nearest(typed, LISTED.into_iter()).first().copied();
            assert_eq!(found, expected, "{typed}");
            if let Some(found) = found {
                assert_eq!(is_slip(typed, found, LISTED.into_iter()), slip, "{typed}");
            }
        }
        assert!(nearest(&"x".repeat(100_000), LISTED.into_iter()).is_empty());
    }
}
