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
        .map(|known| (distance(&name, &known.to_ascii_lowercase()), known))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// Counts the letters to add, drop or change to make one text of the other (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        let mut next = vec![left];
        for (to, above) in b.iter().zip(row.iter().skip(1)) {
            left = (diagonal + usize::from(from != *to)).min(above + 1).min(left + 1);
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_is_levenshteins() {
        for (a, b, expected) in
            [("", "", 0), ("a", "", 1), ("", "ab", 2), ("kitten", "sitting", 3), ("flaw", "lawn", 2), ("abc", "abc", 0)]
        {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }

    #[test]
    fn only_a_slip_of_the_pen_is_close() {
        let known = || ["InvokeModel", "ListFoundationModels", "ApplyGuardrail"].into_iter();
        assert_eq!(closest("InvokeModle", known()), Some("InvokeModel"));
        assert_eq!(closest("ApplyGaurdrail", known()), Some("ApplyGuardrail"));
        assert_eq!(closest("Converse", known()), None);
        assert_eq!(closest(&"x".repeat(100_000), known()), None);
    }
}
