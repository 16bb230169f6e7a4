//! What stands between a name and its value, in every notation: JSON within JSON, YAML, XML, shells, CSV, program text.
//!
//! Takes the place behind a name and returns where the value begins and how it is set; then where it ends.

use super::REDACTED;
use super::random::{escaped, is_base64};

/// How far a value may stand behind its name, in bytes.
const REACH: usize = 200;

/// How a value is tied to its name, the loosest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tie {
    /// By white space alone, as in prose and on command lines.
    Space,
    /// By a comma or bracket.
    Separator,
    /// By `=`, `:`, `=>`, a tag, a quote.
    Assignment,
}

/// A value behind a name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value {
    /// Where it begins.
    pub(super) start: usize,
    /// How it is tied to the name.
    pub(super) tie: Tie,
    /// The quote that it stands in.
    pub(super) quote: Option<u8>,
    /// Whether it stands on another line than its name.
    pub(super) next_line: bool,
}

/// A piece between a name and its value.
enum Unit {
    Space,
    Break,
    Separator,
    Assignment,
    Quote(u8),
    /// A quote or sign in the notation of URLs, HTML or JSON's code points.
    Encoded,
    Tag,
}

/// Finds the value behind a name that ends at `end`.
pub(super) fn value_behind(text: &[u8], end: usize) -> Option<Value> {
    let mut value = Value { start: end, tie: Tie::Space, quote: None, next_line: false };
    let mut any = false;
    let mut closed_tag = false;
    let mut quotes = 0;
    while value.start < end + REACH {
        let Some((unit, length)) = unit_at(text, value.start, closed_tag) else { break };
        any = true;
        value.quote = None;
        match unit {
            Unit::Space => {}
            Unit::Break => value.next_line = true,
            Unit::Separator => value.tie = value.tie.max(Tie::Separator),
            Unit::Assignment | Unit::Encoded => value.tie = Tie::Assignment,
            Unit::Tag => {
                value.tie = Tie::Assignment;
                closed_tag = true;
            }
            Unit::Quote(quote) => {
                quotes += 1;
                value.quote = Some(quote);
                // `name 'value'`: the first quote opens the value if something stood in front of it.
                if quotes > 1 && value.tie == Tie::Space {
                    value.tie = Tie::Separator;
                }
            }
        }
        value.start += length;
    }
    (any && value.start < text.len()).then_some(value)
}

fn unit_at(text: &[u8], at: usize, closed_tag: bool) -> Option<(Unit, usize)> {
    let rest = text.get(at..)?;
    let first = *rest.first()?;
    if let Some((unit, length)) = encoded(rest) {
        return Some((unit, length));
    }
    match first {
        b' ' | b'\t' => Some((Unit::Space, 1)),
        b'\n' | b'\r' => Some((Unit::Break, 1)),
        // A block of YAML: `|-`, `>+`.
        b'>' | b'|'
            if matches!(rest.get(1), Some(b'-' | b'+')) && matches!(rest.get(2), Some(b'\n' | b'\r' | b'\\')) =>
        {
            Some((Unit::Assignment, 2))
        }
        b':' | b'=' | b'|' => Some((Unit::Assignment, 1)),
        b'>' => Some((Unit::Assignment, 1)),
        b'-' if rest.get(1) == Some(&b'>') => Some((Unit::Assignment, 2)),
        b'*' if rest.get(1) == Some(&b'*') && rest.get(2) != Some(&b'*') => Some((Unit::Space, 2)),
        b'[' if rest.starts_with(REDACTED.as_bytes()) => None,
        b',' | b'(' | b'[' | b'{' | b';' => Some((Unit::Separator, 1)),
        b'"' | b'\'' | b'`' => Some((Unit::Quote(first), 1)),
        b'<' => tag(rest, closed_tag).map(|length| (Unit::Tag, length)),
        b'@' if matches!(rest.get(1), Some(b'"' | b'\'')) => Some((Unit::Space, 1)),
        0xef if rest.starts_with("：".as_bytes()) => Some((Unit::Assignment, 3)),
        _ if first.is_ascii_alphabetic() => word(rest),
        _ => None,
    }
}

/// Words between a name and its value: `Some("…")`, `b'…'`, `"name": "X", "value": "…"`.
fn word(rest: &[u8]) -> Option<(Unit, usize)> {
    let length = rest.iter().take(12).take_while(|byte| byte.is_ascii_alphabetic()).count();
    let behind = rest.get(length).copied().unwrap_or(b' ');
    let word = rest.get(..length)?;
    let is = |known: &[u8]| word.eq_ignore_ascii_case(known);
    if length <= 2
        && matches!(behind, b'"' | b'\'')
        && [&b"b"[..], b"u", b"r", b"f", b"L", b"br", b"rb"].iter().any(|known| is(known))
    {
        return Some((Unit::Space, length));
    }
    if behind == b'('
        && [&b"Some"[..], b"Optional", b"Just", b"String", b"SecretStr", b"from"].iter().any(|known| is(known))
    {
        return Some((Unit::Assignment, length + 1));
    }
    let ends = !behind.is_ascii_alphanumeric() && !matches!(behind, b'_' | b'-' | b'.' | b'/' | b'+');
    if ends && [&b"value"[..], b"val", b"stringvalue", b"default"].iter().any(|known| is(known)) {
        return Some((Unit::Assignment, length));
    }
    (ends && [&b"is"[..], b"was", b"as", b"to"].iter().any(|known| is(known))).then_some((Unit::Space, length))
}

/// Signs in the notations of JSON, URLs and HTML.
fn encoded(rest: &[u8]) -> Option<(Unit, usize)> {
    match rest.first()? {
        b'\\' => {
            let run = rest.iter().take(32).take_while(|byte| **byte == b'\\').count();
            match rest.get(run)? {
                b'n' | b'r' => Some((Unit::Break, run + 1)),
                b't' | b' ' => Some((Unit::Space, run + 1)),
                b'\n' | b'\r' => Some((Unit::Break, run + 1)),
                quote @ (b'"' | b'\'') => Some((Unit::Quote(*quote), run + 1)),
                b'u' => {
                    let code = rest.get(run + 1..run + 5)?.strip_prefix(b"00")?;
                    let unit = sign(code)?;
                    Some((unit, run + 5))
                }
                b'x' => sign(rest.get(run + 1..run + 3)?).map(|unit| (unit, run + 3)),
                _ => None,
            }
        }
        b'%' => {
            let mut at = 1;
            while rest.get(at..at + 2) == Some(b"25") && at < 16 {
                at += 2;
            }
            sign(rest.get(at..at + 2)?).map(|unit| (unit, at + 2))
        }
        b'&' => {
            let mut at = 1;
            while rest.get(at..at + 4) == Some(b"amp;") && at < 32 {
                at += 4;
            }
            let name = rest.get(at..(at + 7).min(rest.len()))?;
            let end = name.iter().position(|byte| *byte == b';')?;
            let known = [
                &b"quot"[..],
                b"apos",
                b"gt",
                b"nbsp",
                b"colon",
                b"equals",
                b"#34",
                b"#39",
                b"#58",
                b"#61",
                b"#62",
                b"#x22",
                b"#x27",
                b"#x3A",
                b"#x3a",
                b"#x3D",
                b"#x3d",
                b"#x3E",
                b"#x3e",
            ];
            known.contains(&name.get(..end)?).then_some((Unit::Encoded, at + end + 1))
        }
        _ => None,
    }
}

/// Reads two digits of a code: a quote, a colon, an equals sign, a bracket, a blank.
fn sign(code: &[u8]) -> Option<Unit> {
    let code = str::from_utf8(code).ok()?;
    match u8::from_str_radix(code, 16).ok()? {
        b'"' | b'\'' | b':' | b'=' | b'>' => Some(Unit::Encoded),
        b' ' | b'\t' => Some(Unit::Space),
        b'\n' | b'\r' => Some(Unit::Break),
        b',' | b'{' | b'[' | b'(' => Some(Unit::Separator),
        _ => None,
    }
}

/// Returns the length of a tag that separates a name from its value; a placeholder such as `<token>` is none.
fn tag(rest: &[u8], closed_tag: bool) -> Option<usize> {
    if rest.starts_with(b"<![CDATA[") {
        return Some(9);
    }
    if rest.starts_with(b"<<\"") {
        return Some(2);
    }
    let end = rest.iter().take(120).position(|byte| *byte == b'>')?;
    let inner = rest.get(1..end)?;
    let name_end = inner.iter().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(inner.len());
    let known =
        [&b"b"[..], b"code", b"dd", b"em", b"kbd", b"pre", b"samp", b"span", b"string", b"strong", b"td", b"value"];
    let is_markup = inner.first() == Some(&b'/')
        || closed_tag
        || known.iter().any(|tag| inner.get(..name_end).is_some_and(|name| name.eq_ignore_ascii_case(tag)));
    is_markup.then_some(end + 1)
}

/// Returns where a value ends that begins at `value.start`.
pub(super) fn value_end(text: &[u8], value: &Value) -> usize {
    let end = match value.quote {
        Some(quote) => quoted_end(text, value.start, quote),
        None => bare_end(text, value.start),
    };
    continued(text, value.start, end)
}

fn quoted_end(text: &[u8], start: usize, quote: u8) -> usize {
    let mut escaped = false;
    // Where the opening quote is escaped itself, so is the closing one.
    let nested = start >= 2 && text.get(start - 2) == Some(&b'\\');
    let mut at = start;
    while let Some(byte) = text.get(at) {
        match byte {
            b'\n' => break,
            b'\\' if !nested => escaped = !escaped,
            byte if *byte == quote && !escaped => break,
            _ => escaped = false,
        }
        at += 1;
    }
    // The backslashes of the closing quote.
    while nested && at > start && text.get(at - 1) == Some(&b'\\') {
        at -= 1;
    }
    at
}

fn bare_end(text: &[u8], start: usize) -> usize {
    let mut at = start;
    while let Some(byte) = text.get(at) {
        let behind = text.get(at + 1).copied().unwrap_or(b' ');
        let goes_on = behind.is_ascii_alphanumeric()
            || matches!(behind, b'+' | b'/' | b'!' | b'#' | b'$' | b'%' | b'^' | b'@' | b'_' | b'-');
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' | b'"' | b'\'' | b'`' | b'<' | b'>' => break,
            b',' | b';' | b')' | b']' | b'}' | b'|' if !goes_on => break,
            // The next field of a list, the next part of a connection string or URL.
            b',' | b';' | b'&' if names_follow(text, at + 1) => break,
            b'\\' => match text.get(at..).and_then(escaped) {
                Some(length) => {
                    at += length;
                    continue;
                }
                None if text.get(at..).and_then(encoded).is_some() => break,
                None => {}
            },
            b'%' | b'&' if text.get(at..).and_then(encoded).is_some() => break,
            _ => {}
        }
        at += 1;
    }
    // A full stop ends the sentence.
    while at > start + 1
        && matches!(text.get(at - 1), Some(b'.' | b':' | b'!' | b'?'))
        && matches!(text.get(at), None | Some(b' ' | b'\n'))
    {
        at -= 1;
    }
    at
}

/// Returns `true` if `name=` or `name:` stands at a place.
fn names_follow(text: &[u8], at: usize) -> bool {
    let rest = text.get(at..(at + 48).min(text.len())).unwrap_or_default();
    let trimmed = rest.trim_ascii_start();
    let length = trimmed
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b' '))
        .count();
    length > 0 && matches!(trimmed.get(length), Some(b'=' | b':' | b'"' | b'\'')) || rest.starts_with(b"amp;")
}

/// Follows a token that a hard wrap broke onto the next lines.
fn continued(text: &[u8], start: usize, end: usize) -> usize {
    let mut end = end;
    let mut long = end - start >= 32;
    while long {
        let mut at = end;
        if text.get(at) == Some(&b'\\') && matches!(text.get(at + 1), Some(b'\n' | b'\r')) {
            at += 1;
        }
        if !matches!(text.get(at), Some(b'\n' | b'\r')) {
            break;
        }
        while matches!(text.get(at), Some(b'\n' | b'\r' | b' ' | b'\t')) && at - end < 80 {
            at += 1;
        }
        let breaks = text.get(end..at).unwrap_or_default().iter().filter(|byte| **byte == b'\n').count();
        let length = text
            .get(at..)
            .unwrap_or_default()
            .iter()
            .take_while(|byte| is_base64(**byte) || matches!(byte, b'=' | b'.' | b'%'))
            .count();
        let line = text.get(at..at + length).unwrap_or_default();
        let shape = super::random::Shape::new(line);
        let closed = !matches!(text.get(at + length), Some(b' ' | b':' | b'('));
        let goes_on = breaks == 1 && length >= 4 && closed && (shape.is_token() || line.ends_with(b"="));
        if !goes_on {
            break;
        }
        long = length >= 32;
        end = at + length;
    }
    end
}
