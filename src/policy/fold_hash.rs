//! A hash of names that IAM compares without regard to case.

/// Hashes a text so that texts which differ in the case of ASCII letters only have the same hash.
///
/// Sets the bit that tells lower from upper case in every byte, which also maps a few other characters to each other.
#[inline]
pub(crate) fn fold_hash(text: &str) -> u64 {
    const LOWER: u64 = 0x2020_2020_2020_2020;
    const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
    let mix = |hash: u64, word: u64| (hash ^ (word | LOWER)).wrapping_mul(MULTIPLIER).rotate_left(29);
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    let hash = words.iter().fold(text.len() as u64, |hash, word| mix(hash, u64::from_le_bytes(*word)));
    let last = rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
    mix(hash, last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_does_not_depend_on_case() {
        for text in ["", "s3", "bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"] {
            assert_eq!(fold_hash(text), fold_hash(&text.to_ascii_uppercase()));
        }
        assert_ne!(fold_hash("bedrock:InvokeModel"), fold_hash("bedrock:InvokeModels"));
        assert_ne!(fold_hash("abcdefgh"), fold_hash("abcdefg"));
    }
}
