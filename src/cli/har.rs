//! The traffic of a browser (HAR): bodies in base64 are put as they are, so that an error in one is found.
//!
//! (HAR 1.2, "content": `text` is the body, in base64 where `encoding` says so.) Read as it passes by, in constant memory; what is
//! longer than an error or no text is left alone.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem;
use std::io::{self, Cursor, Read};

/// How much tells what a file is, in bytes.
const HEAD: usize = 4096;

/// How much is read at once, in bytes.
const CHUNK: usize = 64 * 1024;

/// The longest body that is decoded, and the shortest, in bytes of base64.
const LONGEST: usize = 64 * 1024;
const SHORTEST: usize = 24;

const NAME: &[u8] = b"\"text\"";

/// Returns a source with its bodies decoded where it is the traffic of a browser, and else as it is.
///
/// # Errors
///
/// When it cannot be read.
pub(super) fn decoded<'r>(mut source: impl Read + Send + 'r) -> io::Result<Box<dyn Read + Send + 'r>> {
    // Whoever sends line by line waits for an answer to each: a whole object in the first line is no traffic of a browser.
    let mut head = Vec::new();
    while head.len() < HEAD && !is_line_of_objects(&head) {
        let mut piece = [0; HEAD];
        match source.read(&mut piece) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(0) => break,
            count => head.extend_from_slice(piece.get(..count?).unwrap_or_default()),
        }
    }
    let holds = |word: &str| memmem::find(&head, word.as_bytes()).is_some();
    let is_har = head.trim_ascii_start().starts_with(b"{") && holds("\"log\"") && holds("\"entries\"");
    let whole = Cursor::new(head).chain(source);
    if !is_har {
        return Ok(Box::new(whole));
    }
    Ok(Box::new(Bodies { source: whole, held: Vec::new(), ready: Cursor::new(Vec::new()), ended: false }))
}

/// Returns `true` if a beginning is no object, or one that ends with its line.
fn is_line_of_objects(head: &[u8]) -> bool {
    let start = head.trim_ascii_start();
    let line = memchr::memchr(b'\n', start).and_then(|end| start.get(..end));
    !(start.is_empty() || start.starts_with(b"{")) || line.is_some_and(|line| line.trim_ascii_end().ends_with(b"}"))
}

struct Bodies<R> {
    source: R,
    /// What was read and not looked at.
    held: Vec<u8>,
    ready: Cursor<Vec<u8>>,
    ended: bool,
}

impl<R: Read> Read for Bodies<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.ready.read(target)?;
            if count > 0 || target.is_empty() || self.ended && self.held.is_empty() {
                return Ok(count);
            }
            let chunk = CHUNK as u64;
            self.ended = self.source.by_ref().take(chunk).read_to_end(&mut self.held)? == 0;
            self.ready = Cursor::new(self.convert());
        }
    }
}

impl<R> Bodies<R> {
    /// Takes what can be passed on, with its bodies decoded.
    fn convert(&mut self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.held.len());
        let mut from = 0;
        while let Some(at) = self.held.get(from..).and_then(|rest| memmem::find(rest, NAME)) {
            let name_end = from + at + NAME.len();
            let behind = self.held.get(name_end..).unwrap_or_default();
            let Some((body, end)) = body(behind) else {
                if behind.len() <= LONGEST && !self.ended {
                    // It goes on in what comes next.
                    out.extend_from_slice(self.held.get(from..from + at).unwrap_or_default());
                    self.held.drain(..from + at);
                    return out;
                }
                out.extend_from_slice(self.held.get(from..name_end).unwrap_or_default());
                from = name_end;
                continue;
            };
            out.extend_from_slice(self.held.get(from..name_end).unwrap_or_default());
            match plain(body) {
                Some(text) => {
                    out.push(b':');
                    out.extend_from_slice(&text);
                }
                None => out.extend_from_slice(behind.get(..end).unwrap_or_default()),
            }
            from = name_end + end;
        }
        // The name itself may be cut.
        let kept = if self.ended { 0 } else { NAME.len().min(self.held.len() - from) };
        let end = self.held.len() - kept;
        out.extend_from_slice(self.held.get(from..end).unwrap_or_default());
        self.held.drain(..end);
        out
    }
}

/// Returns the string behind a name and where it ends; nothing where it is not closed yet.
fn body(behind: &[u8]) -> Option<(&[u8], usize)> {
    let trimmed = behind.trim_ascii_start();
    let Some(value) = trimmed.strip_prefix(b":") else { return (!trimmed.is_empty()).then_some((&[], 0)) };
    let value = value.trim_ascii_start();
    let Some(inside) = value.strip_prefix(b"\"") else { return (!value.is_empty()).then_some((&[], 0)) };
    let start = behind.len() - inside.len();
    let length =
        inside.iter().position(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')))?;
    match inside.get(length) {
        Some(b'"') => Some((inside.get(..length)?, start + length + 1)),
        _ => Some((&[], 0)),
    }
}

/// Returns a body as a JSON string, if it is a text in base64.
fn plain(body: &[u8]) -> Option<Vec<u8>> {
    if !(SHORTEST..=LONGEST).contains(&body.len()) {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(body).ok()?).ok()?;
    serde_json::to_vec(&text).ok().filter(|_| text.trim_start().starts_with(['{', '[', '<']))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a few bytes at a time.
    struct Slowly<'t>(&'t [u8], usize);

    impl Read for Slowly<'_> {
        fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(target.len()).min(self.0.len());
            let (now, later) = self.0.split_at(count);
            self.0 = later;
            target[..count].copy_from_slice(now);
            Ok(count)
        }
    }

    fn read(text: &str, step: usize) -> String {
        let mut out = String::new();
        decoded(Slowly(text.as_bytes(), step)).unwrap().read_to_string(&mut out).unwrap();
        out
    }

    #[test]
    fn bodies_in_base64_are_put_as_they_are() {
        let error = "{\"message\":\"You don't have access to the model with the specified model ID.\"}";
        let body = STANDARD.encode(error);
        let har = |text: &str| {
            format!("{{\"log\": {{\"entries\": [{{\"content\": {{\"text\" : \"{text}\", \"size\": 1}}}}]}}}}")
        };
        for step in [1, 7, 1 << 20] {
            let whole = read(&har(&body), step);
            assert!(whole.contains("don't have access to the model"), "{whole}");
            assert!(serde_json::from_str::<serde_json::Value>(&whole).is_ok(), "{whole}");
            // What is no text in base64, or no traffic, stays as it is.
            let long = "A".repeat(LONGEST * 3);
            for text in
                ["", "short", "not base64 at all, but a text of some length", long.as_str(), &body[..body.len() - 3]]
            {
                assert_eq!(read(&har(text), step), har(text));
            }
            for text in [
                "",
                "{\"text\": \"eyJ",
                "{\"log\": 1, \"entries\": 2, \"text\"",
                "{\"log\": 1, \"entries\": 2, \"text\": 7}",
            ] {
                assert_eq!(read(text, step), text);
            }
        }
        // Across the pieces that are read.
        let many = har(&format!(
            "{body}\", \"x\": \"{}\"}}}}, {{\"content\": {{\"text\":\"{body}",
            "y".repeat(3 * CHUNK - 50)
        ));
        assert_eq!(read(&many, 1 << 20).matches("don't have access").count(), 2);
    }
}
