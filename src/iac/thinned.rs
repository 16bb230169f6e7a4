//! Leaves out of a plan, while it is read, the resources that cannot matter, so that only the others are parsed.
//!
//! Of a plan of 50,000 resources few are roles, policies or models. An element of a list of resources is passed over by its
//! strings and braces alone: one whose type cannot matter is replaced by a short one without a type, and is not validated
//! further. Whatever else is there, and whatever this file does not understand, is handed on as it is, so that the parser
//! judges it. Places in what is handed on are turned back into places of the source.

use super::node::Place;
use memchr::{memchr_iter, memchr2, memchr3, memrchr};
use std::io::{self, Read};

/// The lists of resources, by their keys.
const LISTS: [&[u8]; 3] = [b"resources", b"resource_changes", b"resource_drift"];

/// What stands for an element that is left out: it is still counted.
const LEFT_OUT: &[u8] = br#"{"address":"","type":"","change":0}"#;

/// How much is read, and handed on, at once, in bytes.
const BLOCK: usize = 128 * 1024;

/// A reader of JSON without the resources that cannot matter.
pub(super) struct Thinned<R> {
    input: R,
    can_matter: fn(&str) -> bool,
    /// What was read, of which the part before `at` was looked at.
    window: Vec<u8>,
    at: usize,
    /// What is to be handed on, of which the part before `given` was.
    out: Vec<u8>,
    given: usize,
    /// For each object and list that is open, whether it is a list of resources.
    open: Vec<bool>,
    /// Whether the last string was the key of such a list, and whether its value comes next.
    is_key: bool,
    is_value: bool,
    cuts: Vec<Cut>,
    line: usize,
    column: usize,
}

/// Where something shorter or longer was handed on, after which the columns of that line differ.
struct Cut {
    line: usize,
    column: usize,
    shift: isize,
}

impl<R: Read> Thinned<R> {
    /// Reads a plan or state; `can_matter` tells by a resource's type whether it is kept.
    pub(super) fn new(input: R, can_matter: fn(&str) -> bool) -> Self {
        Self {
            input,
            can_matter,
            window: Vec::new(),
            at: 0,
            out: Vec::new(),
            given: 0,
            open: Vec::new(),
            is_key: false,
            is_value: false,
            cuts: Vec::new(),
            line: 1,
            column: 0,
        }
    }

    /// Returns the place in the source of a place in what was handed on.
    pub(super) fn place(&self, line: usize, column: usize) -> Place {
        let before = self.cuts.iter().filter(|cut| cut.line == line && cut.column <= column);
        let shift: isize = before.map(|cut| cut.shift).sum();
        Place { line: line.max(1), column: column.saturating_add_signed(shift).max(1) }
    }

    /// Looks at some of the source; returns `false` at its end.
    fn advance(&mut self) -> io::Result<bool> {
        while self.out.len() < BLOCK {
            let is_whole = self.at < self.window.len() && self.token();
            if !is_whole && !self.more()? {
                // What is cut in the middle is handed on as it is.
                let rest = self.window.len() - self.at;
                self.hand_on(rest);
                return Ok(rest > 0 || !self.out.is_empty());
            }
        }
        Ok(true)
    }

    /// Reads more of the source; returns `false` at its end.
    fn more(&mut self) -> io::Result<bool> {
        self.window.drain(..self.at);
        self.at = 0;
        let before = self.window.len();
        // Twice as much each time, so that what is long is looked at from its start a few times only.
        let wanted = BLOCK.max(before) as u64;
        self.input.by_ref().take(wanted).read_to_end(&mut self.window)?;
        Ok(self.window.len() > before)
    }

    /// Hands on one token, or leaves out one resource; returns `false` where it is not there as a whole.
    fn token(&mut self) -> bool {
        let window = self.window.get(self.at..).unwrap_or_default();
        match window.first() {
            None => return false,
            Some(b'"') => {
                let Some(end) = end_of_string(window) else { return false };
                let text = window.get(1..end - 1).unwrap_or_default();
                self.is_key = LISTS.contains(&text);
                self.hand_on(end);
            }
            Some(b':') => {
                self.is_value = self.is_key;
                self.hand_on(1);
            }
            Some(b'{') if self.open.last() == Some(&true) => {
                let Some(element) = Element::read(window) else { return false };
                match element.kind.filter(|kind| !(self.can_matter)(kind)) {
                    Some(_) => self.leave_out(element.length),
                    None => self.hand_on(element.length),
                }
            }
            Some(open @ (b'{' | b'[')) => {
                self.open.push(*open == b'[' && self.is_value);
                (self.is_key, self.is_value) = (false, false);
                self.hand_on(1);
            }
            Some(b'}' | b']') => {
                self.open.pop();
                self.hand_on(1);
            }
            Some(b',') => {
                (self.is_key, self.is_value) = (false, false);
                self.hand_on(1);
            }
            Some(_) => {
                let is_token = |byte: &u8| matches!(byte, b'"' | b':' | b',' | b'{' | b'}' | b'[' | b']');
                let run = window.iter().position(is_token).unwrap_or(window.len());
                self.hand_on(run);
            }
        }
        true
    }

    fn hand_on(&mut self, length: usize) {
        let bytes = self.window.get(self.at..self.at + length).unwrap_or_default();
        self.out.extend_from_slice(bytes);
        self.line += memchr_iter(b'\n', bytes).count();
        self.column = match memrchr(b'\n', bytes) {
            Some(end) => bytes.len() - end - 1,
            None => self.column + bytes.len(),
        };
        self.at += length;
    }

    fn leave_out(&mut self, length: usize) {
        let bytes = self.window.get(self.at..self.at + length).unwrap_or_default();
        self.out.extend_from_slice(LEFT_OUT);
        match memrchr(b'\n', bytes) {
            // The lines stay what they are, and the columns of the last.
            Some(end) => {
                let lines = memchr_iter(b'\n', bytes).count();
                self.line += lines;
                self.column = bytes.len() - end - 1;
                self.out.resize(self.out.len() + lines, b'\n');
                self.out.resize(self.out.len() + self.column, b' ');
            }
            None => {
                self.column += LEFT_OUT.len();
                let shift = length.cast_signed() - LEFT_OUT.len().cast_signed();
                self.cuts.push(Cut { line: self.line, column: self.column, shift });
            }
        }
        self.at += length;
    }
}

impl<R: Read> Read for Thinned<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.out.len() {
            self.out.clear();
            self.given = 0;
            if !self.advance()? {
                return Ok(0);
            }
        }
        let count = self.out.get(self.given..).unwrap_or_default().read(buffer)?;
        self.given += count;
        Ok(count)
    }
}

/// Returns where a string ends that starts at the beginning, its last quote included; `None` where it does not.
fn end_of_string(bytes: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr2(b'"', b'\\', bytes.get(at..)?)? + 1;
        if bytes.get(at - 1) == Some(&b'"') {
            return Some(at);
        }
        at += 1;
    }
}

/// An object that starts at the beginning of some bytes.
struct Element<'b> {
    /// How many bytes it has.
    length: usize,
    /// Its type, where it has one type, without escapes, and one address.
    kind: Option<&'b str>,
}

impl<'b> Element<'b> {
    fn read(bytes: &'b [u8]) -> Option<Self> {
        let (mut at, mut depth) = (0, 0_usize);
        let (mut kinds, mut addresses) = (Vec::new(), 0);
        loop {
            at += memchr3(b'"', b'{', b'}', bytes.get(at..)?)?;
            match bytes.get(at)? {
                b'{' => depth += 1,
                b'}' => {
                    depth -= 1;
                    if depth == 0 {
                        break;
                    }
                }
                _ => {
                    let end = at + end_of_string(bytes.get(at..)?)?;
                    if depth == 1 {
                        match bytes.get(at + 1..end - 1)? {
                            b"type" => kinds.extend(value_of_key(bytes, end)?),
                            b"address" => addresses += usize::from(value_of_key(bytes, end)?.is_some()),
                            _ => {}
                        }
                    }
                    at = end;
                    continue;
                }
            }
            at += 1;
        }
        let kind = match kinds.as_slice() {
            [only] if addresses == 1 && !only.contains(&b'\\') => std::str::from_utf8(only).ok(),
            _ => None,
        };
        Some(Self { length: at + 1, kind })
    }
}

/// Returns the string that is the value of a key that ends here: nothing within where the value is none, or it is no key; `None`
/// where that is not there as a whole.
fn value_of_key(bytes: &[u8], end: usize) -> Option<Option<&[u8]>> {
    let next = |from: usize| Some(from + bytes.get(from..)?.iter().position(|byte| !byte.is_ascii_whitespace())?);
    let colon = next(end)?;
    if bytes.get(colon) != Some(&b':') {
        return Some(None);
    }
    let value = next(colon + 1)?;
    let rest = bytes.get(value..)?;
    if rest.first() != Some(&b'"') {
        // Not a plain string: the parser says so.
        return Some(None);
    }
    let length = end_of_string(rest)?;
    Some(rest.get(1..length - 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn can_matter(kind: &str) -> bool {
        kind.starts_with("aws_iam_")
    }

    /// A source that gives so many bytes at a time.
    struct Slow<'b>(&'b [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = self.1.min(buffer.len());
            self.0.read(buffer.get_mut(..length).unwrap())
        }
    }

    fn thinned(text: &[u8], at_once: usize) -> (Vec<u8>, Thinned<Slow<'_>>) {
        let mut reader = Thinned::new(Slow(text, at_once), can_matter);
        let mut out = Vec::new();
        reader.read_to_end(&mut out).unwrap();
        (out, reader)
    }

    fn resource() -> impl Strategy<Value = Value> {
        let text = "[a-z\"\\\\{}\\[\\]:, \n\u{e9}]{0,6}";
        let attributes = prop_oneof![
            text.prop_map(Value::from),
            Just(json!({"type": "aws_iam_role", "resources": [{"address": "x", "type": "y"}]})),
            Just(json!([[], [{}], "type", {"a": [1, null, true]}])),
        ];
        let kind =
            prop_oneof![Just(json!("aws_iam_role")), Just(json!("aws_s3_object")), Just(json!(7)), Just(Value::Null)];
        (kind, text, attributes).prop_map(|(kind, address, values)| {
            let mut resource =
                json!({"address": address, "mode": "managed", "values": values, "change": {"after": values}});
            if !kind.is_null() {
                resource["type"] = kind;
            }
            resource
        })
    }

    /// Returns the document with each resource that cannot matter replaced, as slowly as can be.
    fn expected(value: &Value) -> Value {
        let is_list = |key: &str| LISTS.contains(&key.as_bytes());
        match value {
            Value::Object(members) => {
                let member = |(key, value): (&String, &Value)| {
                    let value = match value {
                        Value::Array(items) if is_list(key) => items
                            .iter()
                            .map(|item| match item["type"].as_str() {
                                Some(kind) if !can_matter(kind) => serde_json::from_slice(LEFT_OUT).unwrap(),
                                _ => item.clone(),
                            })
                            .collect(),
                        other => expected(other),
                    };
                    (key.clone(), value)
                };
                Value::Object(members.iter().map(member).collect())
            }
            Value::Array(items) => items.iter().map(expected).collect(),
            other => other.clone(),
        }
    }

    proptest! {
        #[test]
        fn what_can_matter_stays_and_the_rest_is_counted(
            resources in prop::collection::vec(resource(), 0..6),
            changes in prop::collection::vec(resource(), 0..6),
            at_once in 1_usize..40, is_pretty in any::<bool>(),
        ) {
            let plan = json!({
                "format_version": "1.2", "variables": {"resources": {"value": ["x"]}},
                "planned_values": {"root_module": {"resources": resources, "child_modules": [{"resources": changes}]}},
                "resource_changes": changes,
                "configuration": {"root_module": {"resources": resources}},
            });
            let text = if is_pretty { serde_json::to_string_pretty(&plan) } else { serde_json::to_string(&plan) }.unwrap();
            let (out, _) = thinned(text.as_bytes(), at_once);
            let read: Value = serde_json::from_slice(&out).unwrap();
            prop_assert_eq!(read, expected(&plan));
        }

        #[test]
        fn what_is_cut_stays_cut_and_its_place_is_the_sources(
            resources in prop::collection::vec(resource(), 1..6), cut in 0.0_f64..1.0, is_pretty in any::<bool>(),
        ) {
            let plan = json!({"resource_changes": resources});
            let text = if is_pretty { serde_json::to_string_pretty(&plan) } else { serde_json::to_string(&plan) }.unwrap();
            let text = text.as_bytes();
            let cut = text.get(..(cut * text.len() as f64) as usize).unwrap();
            let (out, reader) = thinned(cut, 7);
            let error = serde_json::from_slice::<Value>(&out).unwrap_err();
            let slow = serde_json::from_slice::<Value>(cut).unwrap_err();
            let place = reader.place(error.line(), error.column());
            prop_assert_eq!((place.line, place.column), (slow.line().max(1), slow.column().max(1)));
        }

        #[test]
        fn whatever_is_damaged_behind_a_resource_is_found_at_its_place(
            resources in prop::collection::vec(resource(), 0..6), is_pretty in any::<bool>(),
        ) {
            let plan = json!({"resource_changes": resources});
            let text = if is_pretty { serde_json::to_string_pretty(&plan) } else { serde_json::to_string(&plan) }.unwrap();
            let text = format!("{}] nonsense", text.trim_end_matches(['}', ']']).trim_end());
            let (out, reader) = thinned(text.as_bytes(), 11);
            let error = serde_json::from_slice::<Value>(&out).unwrap_err();
            let slow = serde_json::from_slice::<Value>(text.as_bytes()).unwrap_err();
            let place = reader.place(error.line(), error.column());
            prop_assert_eq!((place.line, place.column), (slow.line().max(1), slow.column().max(1)));
        }
    }

    #[test]
    fn what_is_no_plain_resource_is_left_to_the_parser() {
        for text in [
            r#"{"resources":[{"type":"a","type":"b","address":"x"}]}"#,
            r#"{"resources":[{"ty\u0070e":"a","address":"x"}]}"#,
            r#"{"resources":[{"type":"\u0061","address":"x"}]}"#,
            r#"{"resources":[{"type":"a"}]}"#,
            r#"{"resources":[{"type":"a","address":7}]}"#,
            r#"{"resources":{"type":"a","address":"x"}}"#,
            r#"["resources",[{"type":"a","address":"x"}]]"#,
            r#"{"resources":[[{"type":"a","address":"x"}]]}"#,
            r#"}}]]{"resources":"#,
            "\"unfinished",
            "",
        ] {
            assert_eq!(thinned(text.as_bytes(), 3).0, text.as_bytes(), "{text}");
        }
    }
}
