//! Suggestions for misspelt names: which known name was probably meant.
//!
//! Takes a name and the known ones, gives the closest if it is close enough to be a typing mistake. Never suggests for
//! long texts, so that untrusted input costs nothing.

/// The longest name that is compared, in bytes.
const LONGEST: usize = 100;

/// Returns the known name that is closest to a misspelt one, if any is close enough to be meant.
///
/// Letters count without regard to case. A quarter of the letters may differ, at least one and at most four.
pub(crate) fn closest<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    if name.len() > LONGEST {
        return None;
    }
    let name = name.to_ascii_lowercase();
    let allowed = (name.len() / 4).clamp(1, 4);
    known
        .filter(|known| known.len().abs_diff(name.len()) <= allowed)
        .map(|known| (strsim::osa_distance(&name, &known.to_ascii_lowercase()), known))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_typing_mistake_is_close() {
        let known = || ["InvokeModel", "ListFoundationModels", "ApplyGuardrail"].into_iter();
        assert_eq!(closest("InvokeModle", known()), Some("InvokeModel"));
        assert_eq!(closest("ApplyGaurdrail", known()), Some("ApplyGuardrail"));
        assert_eq!(closest("invokemodel", known()), Some("InvokeModel"));
        assert_eq!(closest("Converse", known()), None);
        assert_eq!(closest("", known()), None);
        assert_eq!(closest(&"x".repeat(100_000), known()), None);
    }
}
