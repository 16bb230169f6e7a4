//! How random a value looks: what tells a key from a name.
//!
//! Takes the bytes of a value and counts its letters, digits and changes of case. A word, a CamelCase name or a hash in
//! hexadecimal never counts as random; 40 characters of base64 practically always do.

/// What a value is made of.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shape {
    /// Characters, an escaped one counted once.
    pub(super) length: usize,
    pub(super) upper: usize,
    pub(super) lower: usize,
    pub(super) digits: usize,
    /// Runs of lower-case letters.
    lower_runs: usize,
    /// Whether every letter is one of a to f and in lower case.
    only_hex: bool,
    /// Whether every character is the same, as in a mask.
    pub(super) uniform: bool,
}

impl Shape {
    /// Measures a value.
    pub(super) fn new(value: &[u8]) -> Self {
        let mut shape = Self { only_hex: true, uniform: true, ..Self::default() };
        let mut before = 0;
        for byte in value {
            shape.length += 1;
            match byte {
                b'A'..=b'Z' => shape.upper += 1,
                b'a'..=b'z' => {
                    shape.lower += 1;
                    shape.lower_runs += usize::from(!u8::is_ascii_lowercase(&before));
                }
                b'0'..=b'9' => shape.digits += 1,
                _ => {}
            }
            shape.only_hex &= matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            shape.uniform &= before == 0 || before.eq_ignore_ascii_case(byte);
            before = *byte;
        }
        shape
    }

    /// Returns `true` if only chance makes such a value: upper and lower case alternate as in no name.
    pub(super) fn is_random(&self) -> bool {
        self.upper >= 3 && self.lower >= 3 && self.lower <= self.lower_runs * 3
    }

    /// Returns `true` if the value may be a key or token where a name or a place says so.
    pub(super) fn is_token(&self) -> bool {
        let mixed = self.digits > 0 && self.upper + self.lower > 0;
        !self.uniform && (mixed || self.is_random())
    }

    /// Returns `true` if the value is a hash or a number in hexadecimal.
    pub(super) fn is_hex(&self) -> bool {
        self.only_hex
    }
}

/// Returns `true` if a byte may stand in base64, in either alphabet.
pub(super) fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

/// Characters of base64 that an encoding writes in another way, and the length of it: `\/`, `\u002b`, `%2F`, `&#x3D;`.
pub(super) fn escaped(rest: &[u8]) -> Option<usize> {
    let backslashes = rest.iter().take(16).take_while(|byte| **byte == b'\\').count();
    if backslashes > 0 {
        let behind = rest.get(backslashes..)?;
        if behind.first() == Some(&b'/') {
            return Some(backslashes + 1);
        }
        let code = behind.strip_prefix(b"u00")?.get(..2)?;
        return is_base64_code(code).then_some(backslashes + 5);
    }
    if rest.first() == Some(&b'%') {
        let mut length = 1;
        while rest.get(length..length + 2) == Some(b"25") && length < 16 {
            length += 2;
        }
        return rest.get(length..length + 2).filter(|code| is_base64_code(code)).map(|_| length + 2);
    }
    let entity = rest.strip_prefix(b"&#")?;
    let end = entity.iter().take(6).position(|byte| *byte == b';')?;
    let code = entity.get(..end)?;
    let known = [&b"43"[..], b"47", b"61", b"x2B", b"x2b", b"x2F", b"x2f", b"x3D", b"x3d"];
    known.contains(&code).then_some(end + 3)
}

fn is_base64_code(code: &[u8]) -> bool {
    [b"2b", b"2f", b"3d"].iter().any(|known| code.eq_ignore_ascii_case(*known))
}

/// Returns where a run of base64 ends that begins at `start`, and how many characters it has.
pub(super) fn run(text: &[u8], start: usize, is_part: impl Fn(u8) -> bool) -> (usize, usize) {
    let (mut at, mut count) = (start, 0);
    while let Some(byte) = text.get(at) {
        if is_part(*byte) {
            at += 1;
        } else if let Some(length) = text.get(at..).and_then(escaped) {
            at += length;
        } else {
            break;
        }
        count += 1;
    }
    (at, count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_look_random_and_names_do_not() {
        for key in ["wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "aB3dE5fG7hI9jK1lM2nO4pQ6rS8tU0vW2xY4zA6b"] {
            assert!(Shape::new(key.as_bytes()).is_random(), "{key}");
        }
        for name in [
            "BedrockWorkshopStudioSageMakerExecution1",
            "AmazonBedrockExecutionRoleForKnowledgeBasedxxxxxxxxxxxxxxxxxx",
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        ] {
            assert!(!Shape::new(name.as_bytes()).is_random(), "{name}");
        }
    }

    #[test]
    fn a_run_goes_through_escapes() {
        for (text, characters) in
            [(r"ab\/cd", 5), (r"ab\\\/cd", 5), (r"ab\u002Bcd", 5), ("ab%2Fcd", 5), ("ab%252fcd", 5), ("ab&#x2B;cd", 5)]
        {
            assert_eq!(run(text.as_bytes(), 0, is_base64), (text.len(), characters), "{text}");
        }
        assert_eq!(run(b"ab%20cd", 0, is_base64), (2, 2));
    }
}
