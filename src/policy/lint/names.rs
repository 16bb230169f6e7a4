//! Near names: what a misspelt action or key was probably meant to be.

/// Returns the known name that is closest to a misspelt one, if any is close enough to be meant.
pub(super) fn closest<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    // Beyond this length nothing is a slip of the pen, and comparing would cost.
    const LONGEST: usize = 100;
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
    fn only_a_slip_of_the_pen_is_close() {
        let known = || ["InvokeModel", "ListFoundationModels", "ApplyGuardrail"].into_iter();
        assert_eq!(closest("InvokeModle", known()), Some("InvokeModel"));
        assert_eq!(closest("ApplyGaurdrail", known()), Some("ApplyGuardrail"));
        assert_eq!(closest("Converse", known()), None);
        assert_eq!(closest(&"x".repeat(100_000), known()), None);
    }
}
