//! The one pass over a text that finds its secrets.
//!
//! Takes the text and gives the stretches to cut out. Goes forward only: what was read as a secret, as an ARN or as a
//! run of letters is not read again.

use super::form;
use super::glue::{self, Tie, Value};
use super::names::{self, LONGEST, Strength};
use super::near;
use super::random::{Shape, run};
use std::ops::Range;

/// How far a secret key may stand from the id of its access key, in bytes.
const BESIDE: usize = 300;
/// How many bytes of a value decide whether it is a secret.
const SAMPLE: usize = 512;
/// The most of a canonical request that is cut, and of its first lines that is read, in bytes.
const CANONICAL_REQUEST: usize = 32 * 1024;
const PATH: usize = 2 * 1024;
const FULLWIDTH_COLON: &[u8] = "：".as_bytes();
/// The length of a secret access key.
const SECRET_KEY: usize = 40;
/// The shortest run of base64 that is taken for a token by its looks alone.
const LONG_RUN: usize = 49;

/// Returns the secrets of a text, those of one kind in order.
pub(super) fn scan(text: &str) -> Vec<Range<usize>> {
    let mut scanner = Scanner { text: text.as_bytes(), ..Scanner::default() };
    scanner.run();
    scanner.found
}

#[derive(Default)]
struct Scanner<'a> {
    text: &'a [u8],
    found: Vec<Range<usize>>,
    /// The letters and digits of the last words, in lower case: the end of a name.
    name: Vec<u8>,
    /// Where the last word ended.
    word_end: usize,
    /// Where the run of base64 ends that was looked at last.
    run_end: usize,
    /// Where the last access key's id ended.
    key_end: Option<usize>,
    /// A value that is a secret key if an access key's id follows.
    candidate: Option<Range<usize>>,
    /// Before this place nothing is taken for a secret by its looks.
    trusted_until: usize,
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-' || byte >= 0x80
}

impl Scanner<'_> {
    fn byte(&self, at: usize) -> u8 {
        self.text.get(at).copied().unwrap_or(0)
    }

    /// Returns `true` if a byte belongs to a word; those of a full-width colon do not.
    fn is_word_at(&self, at: usize) -> bool {
        let byte = self.byte(at);
        let is_colon = || {
            (0..3).any(|back| at.checked_sub(back).is_some_and(|start| self.rest(start).starts_with(FULLWIDTH_COLON)))
        };
        is_word(byte) && (byte.is_ascii() || !is_colon())
    }

    fn rest(&self, at: usize) -> &[u8] {
        self.text.get(at..).unwrap_or_default()
    }

    fn run(&mut self) {
        let mut at = 0;
        while at < self.text.len() {
            at = self.step(at);
        }
    }

    /// Looks at one place and returns the next.
    fn step(&mut self, at: usize) -> usize {
        let byte = self.byte(at);
        if byte == b'-'
            && self.rest(at).starts_with(b"-----BEGIN ")
            && let Some((start, end)) = form::private_key(self.text, at)
        {
            return self.cut(start, end);
        }
        if let Some(end) = self.token(at) {
            return self.cut(at, end);
        }
        if byte == b'/'
            && let Some(end) = self.user_of_url(at)
        {
            return end;
        }
        if byte == b'a'
            && at >= self.run_end
            && let Some(end) = self.arn(at)
        {
            return end;
        }
        if at >= self.run_end
            && (byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
            && at >= self.trusted_until
            && let Some(end) = self.random_run(at)
        {
            return self.cut(at, end);
        }
        let next = at + 1;
        if self.is_word_at(at) && !self.is_word_at(next) {
            return self.word(next);
        }
        next
    }

    fn cut(&mut self, start: usize, end: usize) -> usize {
        self.found.push(start..end);
        self.name.clear();
        self.word_end = end;
        self.run_end = self.run_end.max(end);
        end.max(start + 1)
    }

    /// Returns where a token ends that its form gives away; notes what stands next to an access key's id.
    fn token(&mut self, at: usize) -> Option<usize> {
        if let Some(end) = form::access_key_end(self.text, at) {
            if let Some(candidate) =
                self.candidate.take().filter(|candidate| at.saturating_sub(candidate.end) <= BESIDE)
            {
                self.found.push(candidate);
            }
            self.key_end = Some(end);
            let listed = near::listed(self.text, end);
            self.found.extend(listed);
            return Some(end);
        }
        form::token_end(self.text, at)
    }

    /// Skips an ARN, in which only a token's form is a secret.
    fn arn(&mut self, at: usize) -> Option<usize> {
        if !self.rest(at).starts_with(b"arn:") || at > 0 && self.byte(at - 1).is_ascii_alphanumeric() {
            return None;
        }
        let mut end = at;
        let is_part = |byte: u8| !byte.is_ascii_whitespace() && !b"\"'`<>,;)]}&\\|".contains(&byte);
        while end < self.text.len() && is_part(self.byte(end)) {
            if let Some(token) = form::access_key_end(self.text, end).or_else(|| form::token_end(self.text, end)) {
                self.found.push(end..token);
                end = token;
            } else {
                end += 1;
            }
        }
        self.name.clear();
        self.word_end = end;
        self.run_end = end;
        Some(end)
    }

    /// Returns where a run of base64 ends that only chance makes.
    fn random_run(&mut self, at: usize) -> Option<usize> {
        let before = at.checked_sub(1).map_or(b' ', |at| self.byte(at));
        let (end, length) = run(self.text, at, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'));
        self.run_end = end.max(at + 1);
        // The console's address of IAM's record of a refusal.
        let is_record = self.text.get(..at).is_some_and(|before| before.ends_with(b"authorization-"));
        if length < SECRET_KEY || is_record {
            return None;
        }
        let shape = Shape::new(self.text.get(at..end.min(at + SAMPLE))?);
        let mut padded = end;
        while self.byte(padded) == b'=' && padded < end + 2 {
            padded += 1;
        }
        if length >= LONG_RUN && shape.is_random() {
            return Some(padded);
        }
        let apart = !is_word(before)
            && !matches!(before, b'.' | b'~' | b'@')
            && !is_word(self.byte(end))
            && !matches!(self.byte(end), b'.' | b'~' | b'=');
        if length != SECRET_KEY || !apart || shape.is_hex() || !shape.is_token() {
            return None;
        }
        if shape.is_random() && shape.digits > 0 || self.key_end.is_some_and(|key| at.saturating_sub(key) <= BESIDE) {
            return Some(end);
        }
        self.candidate = Some(at..end);
        None
    }

    /// Takes a word that ends at `end` to the name so far; cuts the value behind a secret's name.
    fn word(&mut self, end: usize) -> usize {
        let mut start = end;
        while start > self.word_end && end - start < LONGEST * 2 && self.is_word_at(start - 1) {
            start -= 1;
        }
        let joined =
            start == self.word_end + 1 && matches!(self.byte(self.word_end), b' ' | b'\n') && self.word_end > 0;
        if !joined {
            self.name.clear();
        }
        let letters = self.text.get(start..end).unwrap_or_default().iter().filter(|byte| !matches!(byte, b'_' | b'-'));
        self.name.extend(letters.map(u8::to_ascii_lowercase));
        let surplus = self.name.len().saturating_sub(LONGEST);
        self.name.drain(..surplus);
        self.word_end = end;
        if names::is_authorization_record(&self.name) {
            self.trusted_until = end + 300;
            return end;
        }
        if let Some(cut) = self.canonical_request(end) {
            return cut;
        }
        let Some(strength) = names::strength(&self.name) else { return end };
        let Some(value) = glue::value_behind(self.text, end) else { return end };
        match self.end_of_secret(strength, &value) {
            Some(secret_end) => self.cut(value.start, secret_end),
            None => end,
        }
    }

    /// Returns where the value behind a name ends, if it is a secret.
    fn end_of_secret(&self, strength: Strength, value: &Value) -> Option<usize> {
        let start = value.start;
        if self.rest(start).starts_with(b"[redacted]")
            || form::access_key_end(self.text, start).is_some()
            || self.rest(start).starts_with(b"arn:")
        {
            return None;
        }
        if strength == Strength::Line {
            let line = self.rest(start).iter().position(|byte| matches!(byte, b'\n' | b'\r' | b'"' | b'\'' | b'\\'));
            let end = start + line.unwrap_or(self.text.len() - start);
            return (value.tie == Tie::Assignment && end - start >= 8).then_some(end);
        }
        // The beginning decides, so that a long value costs its length once.
        let sample = self.text.get(..self.text.len().min(start + SAMPLE))?;
        let end = glue::value_end(sample, value);
        let is_secret = self.is_secret(strength, value, self.text.get(start..end)?, end);
        is_secret.then(|| if end == sample.len() { glue::value_end(self.text, value) } else { end })
    }

    fn is_secret(&self, strength: Strength, value: &Value, body: &[u8], end: usize) -> bool {
        let shape = Shape::new(body);
        if body.is_empty() || shape.uniform && shape.length > 1 || is_reference(body) || names::is_plain_word(body) {
            return false;
        }
        let spaced = body.iter().any(u8::is_ascii_whitespace);
        let looks_like_a_token = shape.length >= 16 && shape.is_token() && !spaced;
        match strength {
            // A word may be a password; prose about one may not.
            Strength::Password if value.tie == Tie::Assignment => {
                let sentence = value.quote.is_none() && self.goes_on_as_prose(end) || spaced && !is_phrase(body);
                let word = body.iter().all(u8::is_ascii_lowercase);
                !(sentence && (word || spaced))
                    && !(value.next_line && value.quote.is_none() && word)
                    && !body.starts_with(b"/")
            }
            Strength::Password => shape.length >= 6 && shape.is_token() && !spaced,
            Strength::Strong if value.tie == Tie::Assignment => {
                !spaced
                    && shape.length >= 6
                    && !is_code(body, value.quote.is_some())
                    && (shape.is_token() || shape.length >= 12 && !value.next_line)
            }
            Strength::Strong => looks_like_a_token && !is_uuid(body),
            Strength::Scheme => {
                !spaced && shape.length >= 8 && (shape.is_token() || body.ends_with(b"=") || shape.length >= 24)
            }
            Strength::Weak if value.tie == Tie::Assignment => {
                let other = is_uuid(body) || body.starts_with(b"AWS4-") || body.starts_with(b"http");
                !other && !spaced && shape.length >= 8 && shape.is_token() && !is_code(body, value.quote.is_some())
            }
            Strength::Weak => looks_like_a_token && shape.length >= 20 && !is_uuid(body) && !body.starts_with(b"http"),
            Strength::Line => true,
        }
    }

    /// Returns `true` if more words of a sentence stand behind a place.
    fn goes_on_as_prose(&self, end: usize) -> bool {
        let rest = self.rest(end);
        rest.first() == Some(&b' ') && rest.get(1).is_some_and(u8::is_ascii_lowercase)
    }

    /// Cuts the user and password out of `scheme://user:password@host`; returns where the address goes on.
    fn user_of_url(&mut self, at: usize) -> Option<usize> {
        let start = if self.rest(at).starts_with(b"//") {
            at + 2
        } else if self.rest(at).starts_with(br"/\/") {
            at + 3
        } else {
            return None;
        };
        let before = self.text.get(at.saturating_sub(2)..at)?;
        if !before.ends_with(b":") && before != br":\" {
            return None;
        }
        let authority = self
            .rest(start)
            .iter()
            .take(1024)
            .take_while(|byte| !byte.is_ascii_whitespace() && !b"/\"'`<>|\\".contains(byte));
        let length = authority.count();
        let authority = self.text.get(start..start + length)?;
        let sign = authority.iter().rposition(|byte| *byte == b'@')?;
        let user = authority.get(..sign)?;
        // `https://host?mail=a@b`: the sign is of the query.
        let query = user.iter().position(|byte| matches!(byte, b'?' | b'#'));
        let colon = user.iter().position(|byte| *byte == b':');
        let is_query = query.is_some_and(|query| colon.is_none_or(|colon| query < colon));
        let holds_password = colon.is_some_and(|colon| colon + 1 < user.len());
        let is_token = Shape::new(user).is_token() && user.len() >= 16;
        if is_query || !(holds_password || is_token) {
            return None;
        }
        Some(self.cut(start, start + sign))
    }

    /// Cuts the headers out of a canonical request that AWS quotes behind a signature that does not match.
    fn canonical_request(&mut self, end: usize) -> Option<usize> {
        let named = [&b"canonicalstringforthisrequestshouldhavebeen"[..], b"canonicalrequest", b"canonicalstring"];
        if !named.iter().any(|name| self.name.ends_with(name)) {
            return None;
        }
        let value = glue::value_behind(self.text, end)?;
        let rest = self.rest(value.start);
        let rest = rest.get(..CANONICAL_REQUEST).unwrap_or(rest);
        let methods = [&b"POST"[..], b"GET", b"PUT", b"DELETE", b"HEAD", b"PATCH"];
        if !methods.iter().any(|method| rest.starts_with(method)) {
            return None;
        }
        // The method and the path stay: they name the model.
        let headers = line_starts(rest.get(..PATH).unwrap_or(rest)).nth(1)?;
        let length = match value.quote {
            Some(quote) => rest.iter().position(|byte| *byte == quote),
            None => form::find(rest, b"String-to-Sign").or_else(|| form::find(rest, b"StringToSign")),
        };
        let block = rest.get(..length.unwrap_or(rest.len()))?;
        let mut last = block.len();
        while last > headers && block.get(last - 1) == Some(&b'\\') {
            last -= 1;
        }
        Some(self.cut(value.start + headers, value.start + last))
    }
}

/// Returns where the lines of a block begin, but for the first; a line break may be escaped.
fn line_starts(block: &[u8]) -> impl Iterator<Item = usize> {
    let is_break = |at: usize| match block.get(at) {
        Some(b'\n') => true,
        Some(b'n') => at.checked_sub(1).and_then(|at| block.get(at)) == Some(&b'\\'),
        _ => false,
    };
    (0..block.len()).filter(move |at| is_break(*at)).map(|at| at + 1)
}

/// Returns `true` if a value only refers to a secret: a variable, a placeholder, a mask.
fn is_reference(body: &[u8]) -> bool {
    let first = body.first().copied().unwrap_or(0);
    let mask = body.iter().all(|byte| matches!(byte, b'*' | b'.' | b'x' | b'X' | b'-' | b'_' | b'#' | b'?'));
    let variable = first == b'$'
        && body.get(1).is_some_and(|byte| {
            matches!(byte, b'{' | b'(')
                || byte.is_ascii_uppercase()
                    && body
                        .iter()
                        .skip(1)
                        .all(|byte| byte.is_ascii_uppercase() || matches!(byte, b'_') || byte.is_ascii_digit())
        });
    let placeholder = matches!(first, b'<' | b'{' | b'[')
        || body.starts_with(b"%(")
        || body.starts_with(b"...")
        || body.starts_with("…".as_bytes());
    let masked_end = body.ends_with(b"...") && body.len() <= 16 || body.ends_with(b"****");
    mask || variable
        || placeholder
        || masked_end
        || body.starts_with(b"YOUR_")
        || body.starts_with(b"your-")
        || body.starts_with(b"your_")
}

/// Returns `true` if a value is an expression of a program: `credentials.secret_key`, `getSecret(`.
fn is_code(body: &[u8], quoted: bool) -> bool {
    let is_name = body
        .iter()
        .all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'.' | b'(' | b')' | b'[' | b']' | b'-'));
    let joined = body.iter().any(|byte| matches!(byte, b'_' | b'.' | b'(' | b'-'));
    let is_call = body.contains(&b'(')
        || body.starts_with(b"self.")
        || body.starts_with(b"os.")
        || body.starts_with(b"process.env");
    let names_itself = {
        let name: Vec<u8> =
            body.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase).collect();
        name.len() <= LONGEST && names::strength(&name).is_some()
    };
    names_itself
        || is_name && joined && body.iter().all(|byte| !byte.is_ascii_uppercase() || !quoted)
        || is_call && !quoted
}

/// Returns `true` if a quoted text with blanks may be a passphrase rather than a sentence.
fn is_phrase(body: &[u8]) -> bool {
    !body.ends_with(b".")
        && body.iter().filter(|byte| **byte == b' ').count() <= 4
        && !body.first().is_some_and(u8::is_ascii_uppercase)
}

fn is_uuid(value: &[u8]) -> bool {
    value.len() == 36 && value.split(|byte| *byte == b'-').map(<[u8]>::len).eq([8, 4, 4, 4, 12])
}
