//! JSON with positions: a policy's text becomes a tree whose nodes know where they stand.
//!
//! Reports quote a statement's line and column and a malformed policy is told where it breaks, which a tree
//! without positions cannot give. Object keys that stand twice are refused, as IAM refuses them. Takes text,
//! gives [`Node`]s that borrow from it; knows nothing of policies.

use std::borrow::Cow;
use std::collections::HashSet;

/// How deep arrays and objects may be nested; a policy needs five levels.
const MAX_DEPTH: usize = 64;

/// A JSON value and the bytes it occupies.
#[derive(Clone, Debug)]
pub(crate) struct Node<'t> {
    /// The offset of its first byte.
    pub start: usize,
    /// The offset behind its last byte.
    pub end: usize,
    pub value: Value<'t>,
}

/// What a JSON value is.
#[derive(Clone, Debug)]
pub(crate) enum Value<'t> {
    Null,
    Bool(bool),
    /// A number, as it is written.
    Number(&'t str),
    String(Cow<'t, str>),
    Array(Vec<Node<'t>>),
    Object(Vec<Member<'t>>),
}

/// A key of an object and its value.
#[derive(Clone, Debug)]
pub(crate) struct Member<'t> {
    pub key: Cow<'t, str>,
    /// The offset of the key's opening quote.
    pub start: usize,
    pub node: Node<'t>,
}

/// Where a text stops being JSON, and what was expected there.
#[derive(Clone, Debug)]
pub(crate) struct JsonError {
    pub offset: usize,
    pub message: String,
}

impl<'t> Node<'t> {
    /// Returns the members of an object.
    pub fn members(&self) -> Option<&[Member<'t>]> {
        match &self.value {
            Value::Object(members) => Some(members),
            _ => None,
        }
    }

    /// Returns the elements of an array, or the value itself as the only element: IAM takes both everywhere.
    pub fn one_or_many(&self) -> &[Node<'t>] {
        match &self.value {
            Value::Array(nodes) => nodes,
            _ => std::slice::from_ref(self),
        }
    }

    /// Returns a string's text.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// Names the kind of value, for messages.
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        }
    }
}

/// Reads a text that holds one JSON value and nothing behind it.
pub(crate) fn read(text: &str) -> Result<Node<'_>, JsonError> {
    let mut reader = Reader { text, at: if text.starts_with('\u{feff}') { 3 } else { 0 }, depth: 0 };
    reader.skip_space();
    if reader.at == text.len() {
        return Err(reader.error("expected `{`, the text is empty"));
    }
    let node = reader.value()?;
    reader.skip_space();
    if reader.at < text.len() {
        return Err(reader.expected("the end of the text"));
    }
    Ok(node)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

impl<'t> Reader<'t> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn error(&self, message: impl Into<String>) -> JsonError {
        JsonError { offset: self.at, message: message.into() }
    }

    fn expected(&self, what: &str) -> JsonError {
        match self.text.get(self.at..).and_then(|rest| rest.chars().next()) {
            Some(c) if c.is_control() => self.error(format!("expected {what}, found `{}`", c.escape_debug())),
            Some(c) => self.error(format!("expected {what}, found `{c}`")),
            None => self.error(format!("expected {what}, the text ends here")),
        }
    }

    fn value(&mut self) -> Result<Node<'t>, JsonError> {
        let start = self.at;
        let value = match self.peek() {
            Some(b'{') => self.nested(Self::object)?,
            Some(b'[') => self.nested(Self::array)?,
            Some(b'"') => Value::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => Value::Number(self.number()?),
            _ if self.literal("true") => Value::Bool(true),
            _ if self.literal("false") => Value::Bool(false),
            _ if self.literal("null") => Value::Null,
            _ => return Err(self.expected("a JSON value")),
        };
        Ok(Node { start, end: self.at, value })
    }

    fn nested(&mut self, read: impl FnOnce(&mut Self) -> Result<Value<'t>, JsonError>) -> Result<Value<'t>, JsonError> {
        if self.depth == MAX_DEPTH {
            return Err(self.error(format!("nested deeper than {MAX_DEPTH} levels")));
        }
        self.depth += 1;
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn literal(&mut self, word: &str) -> bool {
        let found = self.text.as_bytes().get(self.at..).is_some_and(|rest| rest.starts_with(word.as_bytes()));
        if found {
            self.at += word.len();
        }
        found
    }

    fn object(&mut self) -> Result<Value<'t>, JsonError> {
        self.at += 1;
        let mut members: Vec<Member<'t>> = Vec::new();
        let mut seen: HashSet<Cow<'t, str>> = HashSet::new();
        self.skip_space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Object(members));
        }
        loop {
            self.skip_space();
            let start = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.expected(if members.is_empty() {
                    "a key in quotes or `}`"
                } else {
                    "a key in quotes"
                }));
            }
            let key = self.string()?;
            // Few keys are compared directly; many go through a set, so that a hostile text costs no square.
            let twice = if members.len() < 8 {
                members.iter().any(|member| member.key == key)
            } else {
                if seen.is_empty() {
                    seen.extend(members.iter().map(|member| member.key.clone()));
                }
                !seen.insert(key.clone())
            };
            if twice {
                return Err(JsonError {
                    offset: start,
                    message: format!("the key `{key}` stands twice in this object"),
                });
            }
            self.skip_space();
            if self.peek() != Some(b':') {
                return Err(self.expected("`:`"));
            }
            self.at += 1;
            self.skip_space();
            let node = self.value()?;
            members.push(Member { key, start, node });
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Value::Object(members));
                }
                _ => return Err(self.expected("`,` or `}`")),
            }
        }
    }

    fn array(&mut self) -> Result<Value<'t>, JsonError> {
        self.at += 1;
        let mut nodes = Vec::new();
        self.skip_space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::Array(nodes));
        }
        loop {
            self.skip_space();
            nodes.push(self.value()?);
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Value::Array(nodes));
                }
                _ => return Err(self.expected("`,` or `]`")),
            }
        }
    }

    fn number(&mut self) -> Result<&'t str, JsonError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits(),
            _ => return Err(self.expected("a digit")),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.some_digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.some_digits()?;
        }
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    fn digits(&mut self) {
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
    }

    fn some_digits(&mut self) -> Result<(), JsonError> {
        if !matches!(self.peek(), Some(b'0'..=b'9')) {
            return Err(self.expected("a digit"));
        }
        self.digits();
        Ok(())
    }

    fn string(&mut self) -> Result<Cow<'t, str>, JsonError> {
        let quote = self.at;
        self.at += 1;
        let mut run = self.at;
        let mut decoded = String::new();
        loop {
            match self.peek() {
                Some(b'"') => {
                    let rest = self.text.get(run..self.at).unwrap_or_default();
                    self.at += 1;
                    if run == quote + 1 {
                        return Ok(Cow::Borrowed(rest));
                    }
                    decoded.push_str(rest);
                    return Ok(Cow::Owned(decoded));
                }
                Some(b'\\') => {
                    decoded.push_str(self.text.get(run..self.at).unwrap_or_default());
                    self.at += 1;
                    decoded.push(self.escape()?);
                    run = self.at;
                }
                Some(0..0x20) => return Err(self.expected("`\"`, the end of the string, on the same line")),
                Some(_) => self.at += 1,
                None => {
                    return Err(JsonError {
                        offset: quote,
                        message: "expected `\"`, this string has no end".to_owned(),
                    });
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let c = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                return self.unicode_escape();
            }
            _ => return Err(self.expected("one of `\"` `\\` `/` `b` `f` `n` `r` `t` `u` behind `\\`")),
        };
        self.at += 1;
        Ok(c)
    }

    fn unicode_escape(&mut self) -> Result<char, JsonError> {
        let first = self.hex4()?;
        let code = if (0xd800..0xdc00).contains(&first) {
            if !self.literal("\\u") {
                return Err(self.expected("the second half of a surrogate pair"));
            }
            let second = self.hex4()?;
            if !(0xdc00..0xe000).contains(&second) {
                return Err(self.error("expected the second half of a surrogate pair before here"));
            }
            0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)
        } else {
            first
        };
        char::from_u32(code).ok_or_else(|| self.error("this escape is half of a surrogate pair"))
    }

    fn hex4(&mut self) -> Result<u32, JsonError> {
        let mut code = 0;
        for _ in 0..4 {
            let Some(digit) = self.peek().and_then(|byte| char::from(byte).to_digit(16)) else {
                return Err(self.expected("four hexadecimal digits behind `\\u`"));
            };
            code = code * 16 + digit;
            self.at += 1;
        }
        Ok(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(node: &Node<'_>) -> serde_json::Value {
        match &node.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(b) => (*b).into(),
            Value::Number(text) => serde_json::from_str(text).unwrap(),
            Value::String(text) => text.as_ref().into(),
            Value::Array(nodes) => nodes.iter().map(plain).collect(),
            Value::Object(members) => members.iter().map(|m| (m.key.to_string(), plain(&m.node))).collect(),
        }
    }

    #[test]
    fn reads_what_another_reader_reads() {
        for text in [
            r#"{}"#,
            r#"[]"#,
            r#" [1, -0.5e+3, 0, true, false, null, "a\u00e9\ud83d\ude00\n\/\"\\"] "#,
            r#"{"a": {"b": [{"c": "d"}]}, "é": "ß"}"#,
            r#""""#,
        ] {
            assert_eq!(plain(&read(text).unwrap()), serde_json::from_str::<serde_json::Value>(text).unwrap(), "{text}");
        }
    }

    #[test]
    fn says_where_and_what_was_expected() {
        for (text, offset, message) in [
            ("", 0, "expected `{`, the text is empty"),
            ("  \n", 3, "expected `{`, the text is empty"),
            ("{", 1, "expected a key in quotes or `}`, the text ends here"),
            (r#"{"a" 1}"#, 5, "expected `:`, found `1`"),
            (r#"{"a": 1,}"#, 8, "expected a key in quotes, found `}`"),
            (r#"{"a": 1 "b": 2}"#, 8, "expected `,` or `}`, found `\"`"),
            (r#"{"a": "b"#, 6, "expected `\"`, this string has no end"),
            ("{\"a\": \"b\nc\"}", 8, "expected `\"`, the end of the string, on the same line, found `\\n`"),
            (r#"[1 2]"#, 3, "expected `,` or `]`, found `2`"),
            (r#"[01]"#, 2, "expected `,` or `]`, found `1`"),
            (r#"[1.]"#, 3, "expected a digit, found `]`"),
            (r#"["\x"]"#, 3, "expected one of `\"` `\\` `/` `b` `f` `n` `r` `t` `u` behind `\\`, found `x`"),
            (r#"["\ud800"]"#, 8, "expected the second half of a surrogate pair, found `\"`"),
            (r#"["\udc00"]"#, 8, "this escape is half of a surrogate pair"),
            (r#"{} x"#, 3, "expected the end of the text, found `x`"),
            (r#"{"a": 1, "a": 2}"#, 9, "the key `a` stands twice in this object"),
            ("\u{1}", 0, "expected a JSON value, found `\\u{1}`"),
        ] {
            let error = read(text).unwrap_err();
            assert_eq!((error.offset, error.message.as_str()), (offset, message), "{text:?}");
        }
    }

    #[test]
    fn a_key_given_twice_is_found_among_many() {
        let keys: Vec<String> = (0..1000).map(|i| format!("\"k{i}\": {i}")).collect();
        assert!(read(&format!("{{{}}}", keys.join(","))).is_ok());
        let twice = format!("{{{}, \"k999\": 0}}", keys.join(","));
        assert!(read(&twice).unwrap_err().message.contains("`k999` stands twice"));
    }

    #[test]
    fn depth_is_bounded() {
        assert!(read(&"[".repeat(100_000)).unwrap_err().message.contains("nested deeper"));
    }
}
