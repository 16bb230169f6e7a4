//! Wildcard patterns: `*` for any run of characters, `?` for exactly one.
//!
//! Matching neither recurses nor copies: it remembers the last `*` only, so its cost is bounded by pattern
//! length times text length (IAM User Guide, "IAM JSON policy elements: Resource").

/// `?` in a list of tokens; a token below 256 is that byte.
const ONE: u16 = 256;
/// `*` in a list of tokens.
const MANY: u16 = 257;

/// Whether letters are compared with regard to case; beside wildcards ASCII only, as AWS names are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LetterCase {
    Sensitive,
    Ignored,
}

/// A compiled pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pattern {
    /// `*`: matches everything.
    Anything,
    /// No wildcard.
    Literal(Box<str>, LetterCase),
    /// A literal and one `*` at the end.
    Prefix(Box<str>, LetterCase),
    /// Literals with `*` between them, compared with regard to case: how the text starts, what follows in this order, and
    /// how it ends. The least is the sum of their lengths.
    Segments { start: Box<str>, between: Box<[Box<str>]>, end: Box<str>, least: usize },
    /// Any other mixture.
    Wild { tokens: Box<[u16]>, least: usize, case: LetterCase },
}

/// Tokens under construction: literal text, wildcards, and text that only looks like one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tokens(Vec<u16>);

impl Tokens {
    /// Appends text in which `*` and `?` are wildcards.
    pub fn push_wild(&mut self, text: &str) {
        self.0.extend(text.bytes().map(|byte| match byte {
            b'*' => MANY,
            b'?' => ONE,
            byte => u16::from(byte),
        }));
    }

    /// Appends text in which every character stands for itself.
    pub fn push_literal(&mut self, text: &str) {
        self.0.extend(text.bytes().map(u16::from));
    }
}

impl Pattern {
    /// Compiles a pattern text in which `*` and `?` are wildcards.
    pub fn new(text: &str, case: LetterCase) -> Self {
        let first_wildcard = text.find(['*', '?']);
        match first_wildcard {
            None => Self::Literal(text.into(), case),
            Some(0) if text == "*" => Self::Anything,
            Some(at) if at + 1 == text.len() && text.ends_with('*') => {
                Self::Prefix(text.get(..at).unwrap_or_default().into(), case)
            }
            Some(_) if case == LetterCase::Sensitive && !text.contains('?') => Self::segments(text),
            Some(_) => {
                let mut tokens = Tokens::default();
                tokens.push_wild(text);
                Self::of_tokens(tokens, case)
            }
        }
    }

    /// Compiles a pattern with at least one `*` and no `?`, compared with regard to case.
    fn segments(text: &str) -> Self {
        let mut parts: Vec<&str> = text.split('*').collect();
        let (end, start) = (parts.pop().unwrap_or_default(), parts.first().copied().unwrap_or_default());
        let between: Vec<Box<str>> =
            parts.iter().skip(1).filter(|part| !part.is_empty()).map(|part| (*part).into()).collect();
        if start.is_empty() && end.is_empty() && between.is_empty() {
            return Self::Anything;
        }
        let least = start.len() + end.len() + between.iter().map(|part| part.len()).sum::<usize>();
        Self::Segments { start: start.into(), between: between.into(), end: end.into(), least }
    }

    /// Returns the text that the pattern stands for, if it has no wildcard.
    pub fn as_literal(&self) -> Option<&str> {
        match self {
            Self::Literal(text, _) => Some(text),
            _ => None,
        }
    }

    /// Compiles tokens that were put together piece by piece.
    pub fn of_tokens(Tokens(mut tokens): Tokens, case: LetterCase) -> Self {
        if case == LetterCase::Ignored {
            for token in &mut tokens {
                if let Ok(byte) = u8::try_from(*token) {
                    *token = u16::from(byte.to_ascii_lowercase());
                }
            }
        }
        // Two stars in a row match the same as one.
        tokens.dedup_by(|a, b| *a == MANY && *b == MANY);
        if *tokens == [MANY] {
            return Self::Anything;
        }
        let least = tokens.iter().filter(|token| **token != MANY).count();
        Self::Wild { tokens: tokens.into(), least, case }
    }

    /// Returns `true` if the whole text matches.
    #[inline]
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Anything => true,
            Self::Literal(literal, LetterCase::Sensitive) => same(literal, text),
            Self::Literal(literal, LetterCase::Ignored) => {
                same(literal, text)
                    || literal.eq_ignore_ascii_case(text)
                    || !(literal.is_ascii() && text.is_ascii()) && literal.to_lowercase() == text.to_lowercase()
            }
            Self::Prefix(prefix, LetterCase::Sensitive) => text.starts_with(&**prefix),
            Self::Prefix(prefix, LetterCase::Ignored) => {
                text.get(..prefix.len()).is_some_and(|start| start == &**prefix || start.eq_ignore_ascii_case(prefix))
            }
            Self::Segments { start, between, end, least } => {
                *least <= text.len() && segments_match(start, between, end, text)
            }
            Self::Wild { tokens, least, case } => *least <= text.len() && wild_match(tokens, text.as_bytes(), *case),
        }
    }
}

/// How much of what a text with `*` stands for a pattern matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Overlap {
    /// Whatever the text stands for matches.
    Whole,
    /// Some of it does, as far as can be told.
    Part,
    /// Nothing of it does.
    None,
}

impl Pattern {
    /// Compares with a text in which `*` stands for any run of characters of a name, which holds neither `*` nor `?`.
    pub fn overlap(&self, text: &str) -> Overlap {
        let case = match self {
            Self::Literal(_, case) | Self::Prefix(_, case) | Self::Wild { case, .. } => *case,
            Self::Anything | Self::Segments { .. } => LetterCase::Sensitive,
        };
        let lower = |text: &str| if case == LetterCase::Ignored { text.to_lowercase() } else { text.to_owned() };
        let mut tokens = Tokens::default();
        match self {
            Self::Anything => return Overlap::Whole,
            Self::Literal(literal, _) => tokens.push_literal(&lower(literal)),
            Self::Prefix(prefix, _) => {
                tokens.push_literal(&lower(prefix));
                tokens.0.push(MANY);
            }
            Self::Segments { start, between, end, .. } => {
                tokens.push_literal(start);
                for part in between {
                    tokens.0.push(MANY);
                    tokens.push_literal(part);
                }
                tokens.0.push(MANY);
                tokens.push_literal(end);
            }
            Self::Wild { tokens: known, .. } => tokens.0.extend(known),
        }
        let mut open = Tokens::default();
        for (number, piece) in lower(text).split('*').enumerate() {
            if number > 0 {
                open.0.push(MANY);
            }
            open.push_literal(piece);
        }
        let same = |pattern: u16, text: u16| pattern == text || pattern == ONE;
        // Only a star of the pattern takes a star of the text, and a part of a character is none that `?` takes.
        let covers = relates(&tokens.0, &open.0, false, |pattern, text, near| match (pattern, text) {
            (MANY, _) => near.above || near.left,
            (_, MANY) => false,
            (ONE, byte) if byte >= 0x80 => false,
            _ => near.diagonal && same(pattern, text),
        });
        // Of two stars that meet, one can end first. No name holds `*` or `?`.
        let is_wildcard = |token: u16| token == u16::from(b'*') || token == u16::from(b'?');
        let meets = relates(&tokens.0, &open.0, true, |pattern, text, near| match (pattern, text) {
            (MANY, _) => near.above || near.left,
            (_, MANY) => near.left || near.above && !is_wildcard(pattern),
            _ => near.diagonal && same(pattern, text),
        });
        match (covers, meets) {
            (true, _) => Overlap::Whole,
            (false, true) => Overlap::Part,
            (false, false) => Overlap::None,
        }
    }
}

/// What was found for the beginnings that are one token shorter.
#[derive(Clone, Copy)]
struct Near {
    /// Without the pattern's last token.
    above: bool,
    /// Without the text's last token.
    left: bool,
    /// Without either.
    diagonal: bool,
}

/// Goes through all beginnings of two lists of tokens, and returns what `rule` finds for the whole of both.
///
/// A text of stars alone is empty too, where `is_open`.
fn relates(pattern: &[u16], text: &[u16], is_open: bool, rule: impl Fn(u16, u16, Near) -> bool) -> bool {
    let mut row = vec![true];
    let mut left = true;
    for token in text {
        left = left && is_open && *token == MANY;
        row.push(left);
    }
    for token in pattern {
        let mut cells = row.iter();
        let mut diagonal = cells.next().copied().unwrap_or_default();
        let mut left = *token == MANY && diagonal;
        let mut next = vec![left];
        for (of_text, above) in text.iter().zip(cells) {
            left = rule(*token, *of_text, Near { above: *above, left, diagonal });
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

/// Compares texts; names such as those of Regions differ at their end first.
#[inline]
fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.as_bytes().last() == b.as_bytes().last() && a == b
}

/// Matches literals that follow each other in a text, each as far to the left as it can be.
#[inline]
fn segments_match(start: &str, between: &[Box<str>], end: &str, text: &str) -> bool {
    let middle = text.strip_prefix(start).and_then(|rest| rest.strip_suffix(end));
    let Some(mut middle) = middle else { return false };
    for part in between {
        let Some((_, behind)) = middle.split_once(&**part) else { return false };
        middle = behind;
    }
    true
}

/// Matches tokens with a text, both from the left, going back to the last star only.
///
/// With [`LetterCase::Ignored`] the tokens are lower case already. INVARIANT: `at` and every place to go back to are
/// boundaries of characters, so that `?` never takes a part of one.
fn wild_match(tokens: &[u16], text: &[u8], case: LetterCase) -> bool {
    let (mut token, mut at) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while let Some(byte) = text.get(at) {
        let matched = match tokens.get(token) {
            Some(&MANY) => {
                token += 1;
                back = Some((token, at));
                continue;
            }
            Some(&ONE) => Some(width(*byte)),
            Some(&expected) => {
                let byte = if case == LetterCase::Ignored { byte.to_ascii_lowercase() } else { *byte };
                (u16::from(byte) == expected).then_some(1)
            }
            None => None,
        };
        match (matched, back) {
            (Some(width), _) => {
                token += 1;
                at += width;
            }
            (None, Some((after_star, from))) => {
                let from = from + text.get(from).map_or(1, |byte| width(*byte));
                back = Some((after_star, from));
                (token, at) = (after_star, from);
            }
            (None, None) => return false,
        }
    }
    tokens.get(token..).is_some_and(|rest| rest.iter().all(|token| *token == MANY))
}

/// Returns how many bytes the character has that starts with this byte of UTF-8.
fn width(byte: u8) -> usize {
    match byte {
        0..0xc0 => 1,
        0xc0..0xe0 => 2,
        0xe0..0xf0 => 3,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, character by character; exponential, and so obviously right.
    fn naive(pattern: &[char], text: &[char]) -> bool {
        match (pattern, text) {
            ([], []) => true,
            (['*', rest @ ..], _) => naive(rest, text) || (!text.is_empty() && naive(pattern, &text[1..])),
            (['?', rest @ ..], [_, tail @ ..]) => naive(rest, tail),
            ([p, rest @ ..], [t, tail @ ..]) => p == t && naive(rest, tail),
            _ => false,
        }
    }

    fn all_words(letters: &[char], longest: usize) -> Vec<String> {
        let mut words = vec![String::new()];
        let mut last = words.clone();
        for _ in 0..longest {
            last = last.iter().flat_map(|word| letters.iter().map(move |c| format!("{word}{c}"))).collect();
            words.extend(last.iter().cloned());
        }
        words
    }

    #[test]
    fn agrees_with_the_definition_on_every_small_pattern_and_text() {
        let texts: Vec<(String, Vec<char>)> =
            all_words(&['a', 'é'], 6).into_iter().map(|t| (t.clone(), t.chars().collect())).collect();
        for pattern in all_words(&['a', 'é', '*', '?'], 5) {
            let chars: Vec<char> = pattern.chars().collect();
            let compiled = Pattern::new(&pattern, LetterCase::Sensitive);
            for (text, text_chars) in &texts {
                assert_eq!(compiled.matches(text), naive(&chars, text_chars), "{pattern:?} on {text:?}");
            }
        }
    }

    #[test]
    fn overlaps_are_those_of_everything_that_the_text_stands_for() {
        let words = all_words(&['a', 'b'], 3);
        let stood_for = |open: &str| {
            let mut all = vec![String::new()];
            for c in open.chars() {
                let next = |start: &String| match c {
                    '*' => words.iter().map(|word| format!("{start}{word}")).collect(),
                    c => vec![format!("{start}{c}")],
                };
                all = all.iter().flat_map(next).collect();
            }
            all
        };
        for open in all_words(&['a', 'b', '*'], 3) {
            let texts = stood_for(&open);
            for pattern in all_words(&['a', 'b', '*', '?'], 3) {
                let compiled = Pattern::new(&pattern, LetterCase::Sensitive);
                let matching = texts.iter().filter(|text| compiled.matches(text)).count();
                let is_right = match compiled.overlap(&open) {
                    Overlap::Whole => matching == texts.len(),
                    Overlap::Part => matching > 0,
                    Overlap::None => matching == 0,
                };
                assert!(
                    is_right,
                    "{pattern:?} on {open:?}: {:?}, {matching} of {}",
                    compiled.overlap(&open),
                    texts.len()
                );
            }
        }
        // A star in a literal is a character, which no name holds.
        assert_eq!(Pattern::Literal("job/*".into(), LetterCase::Sensitive).overlap("job/*"), Overlap::None);
        assert_eq!(Pattern::Literal("job/a".into(), LetterCase::Sensitive).overlap("job/*"), Overlap::Part);
        assert_eq!(Pattern::new("JOB/*", LetterCase::Ignored).overlap("job/*"), Overlap::Whole);
    }

    #[test]
    fn case_is_ignored_where_iam_ignores_it() {
        for pattern in ["bedrock:invoke*", "BEDROCK:?nvokemodel", "bedrock:INVOKEMODEL", "*Model", "*"] {
            assert!(Pattern::new(pattern, LetterCase::Ignored).matches("bedrock:InvokeModel"), "{pattern}");
        }
        assert!(!Pattern::new("*model", LetterCase::Sensitive).matches("bedrock:InvokeModel"));
        assert!(!Pattern::new("bedrock:i*", LetterCase::Sensitive).matches("bedrock:InvokeModel"));
    }

    #[test]
    fn literal_wildcards_stand_for_themselves() {
        let mut tokens = Tokens::default();
        tokens.push_wild("a*");
        tokens.push_literal("*?");
        let pattern = Pattern::of_tokens(tokens, LetterCase::Sensitive);
        assert!(pattern.matches("abc*?"));
        assert!(!pattern.matches("abcde"));
    }

    /// The definition as a table of prefixes, which longer texts can be held against.
    fn table(pattern: &[char], text: &[char]) -> bool {
        let mut row = vec![false; text.len() + 1];
        row[0] = true;
        for p in pattern {
            let mut next = vec![false; text.len() + 1];
            for at in 0..=text.len() {
                next[at] = match p {
                    '*' => row[at] || (at > 0 && next[at - 1]),
                    '?' => at > 0 && row[at - 1],
                    p => at > 0 && row[at - 1] && text[at - 1] == *p,
                };
            }
            row = next;
        }
        row[text.len()]
    }

    proptest::proptest! {
        #[test]
        fn agrees_with_the_definition_on_longer_ones(pattern in "[ab:é*?]{0,30}", text in "[ab:é]{0,60}") {
            let (pattern_chars, text_chars): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
            let expected = table(&pattern_chars, &text_chars);
            proptest::prop_assert_eq!(Pattern::new(&pattern, LetterCase::Sensitive).matches(&text), expected);
        }

        #[test]
        fn a_text_matches_what_is_cut_out_of_it(text in "[ab:é]{1,40}", cut in 0_usize..40, width in 0_usize..40) {
            let chars: Vec<char> = text.chars().collect();
            let (from, to) = (cut.min(chars.len()), (cut + width).min(chars.len()));
            let hole: String = chars[..from].iter().chain(&['*']).chain(&chars[to..]).collect();
            proptest::prop_assert!(Pattern::new(&hole, LetterCase::Sensitive).matches(&text));
        }
    }
}
