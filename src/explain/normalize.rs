//! The plain text inside a pasted one: escapes, entities, decoration and hard wraps undone.
//!
//! Takes bytes as they were pasted and gives text whose every position leads back to a byte of the paste, so
//! that spans refer to the original. Invalid UTF-8 is replaced, never refused. One pass, linear in the input.

/// A line break that survives as one character; a blank line survives as two.
const BREAK: char = '\n';
/// How far a terminal escape or an HTML tag may reach, in bytes.
const MARKUP_REACH: usize = 300;

/// Normalized text, and where each part of it came from.
#[derive(Debug, Default)]
pub(super) struct Normalized {
    /// The text.
    pub(super) text: String,
    /// Pairs of positions, in the plain text and in the paste, wherever the distance between them changes.
    shifts: Vec<(usize, usize)>,
    /// The length of what was read, in bytes.
    length: usize,
    /// For a paste in UTF-16: where each byte of its UTF-8 form came from.
    transcoded: Option<Vec<usize>>,
}

impl Normalized {
    /// Returns the byte of the paste that a position of the plain text came from.
    pub(super) fn origin(&self, position: usize) -> usize {
        let after = self.shifts.partition_point(|(plain, _)| *plain <= position);
        let (plain, origin) = after.checked_sub(1).and_then(|at| self.shifts.get(at)).copied().unwrap_or((0, 0));
        let origin = (origin + (position - plain)).min(self.length);
        match &self.transcoded {
            Some(origins) => origins.get(origin).or(origins.last()).copied().unwrap_or(0),
            None => origin,
        }
    }

    /// Undoes the wrapping of a paste.
    pub(super) fn of(paste: &[u8]) -> Self {
        // Windows PowerShell writes files so.
        match paste {
            [0xff, 0xfe, units @ ..] => Self::of_utf16(units, u16::from_le_bytes),
            [0xfe, 0xff, units @ ..] => Self::of_utf16(units, u16::from_be_bytes),
            _ => Self::of_utf8(paste),
        }
    }

    fn of_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Self {
        let units = bytes.chunks_exact(2).map(|pair| match pair {
            [first, second] => unit([*first, *second]),
            _ => 0,
        });
        let mut text = String::with_capacity(bytes.len() / 2);
        let mut origins = Vec::with_capacity(bytes.len() / 2);
        // Behind the byte order mark.
        let mut origin = 2;
        for character in char::decode_utf16(units) {
            let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
            origins.extend(std::iter::repeat_n(origin, character.len_utf8()));
            text.push(character);
            origin += character.len_utf16() * 2;
        }
        origins.push(origin);
        Self { transcoded: Some(origins), ..Self::of_utf8(text.as_bytes()) }
    }

    fn of_utf8(paste: &[u8]) -> Self {
        let mut reader = Reader { paste, at: 0, out: Self { length: paste.len(), ..Self::default() } };
        reader.out.text.reserve(paste.len());
        reader.read();
        reader.out
    }
}

struct Reader<'a> {
    paste: &'a [u8],
    at: usize,
    out: Normalized,
}

/// Bytes that can be copied as they are.
const fn is_ordinary(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && !matches!(byte, b'\\' | b'&' | b'`' | b'*' | b'<')
}

/// [`is_ordinary`] of every byte.
const ORDINARY: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < table.len() {
        #[expect(clippy::indexing_slicing, clippy::cast_possible_truncation, reason = "`byte` stays below 256")]
        {
            table[byte] = is_ordinary(byte as u8);
        }
        byte += 1;
    }
    table
};

impl Reader<'_> {
    fn rest(&self) -> &[u8] {
        self.paste.get(self.at..).unwrap_or_default()
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.paste.get(self.at + ahead).copied()
    }

    /// Notes that the plain text continues at the reader's place.
    fn mark(&mut self) {
        let pair = (self.out.text.len(), self.at);
        match self.out.shifts.last_mut() {
            Some(last) if last.0 == pair.0 => *last = pair,
            _ => self.out.shifts.push(pair),
        }
    }

    /// Puts out `character` for the next `length` bytes of the paste.
    fn replace(&mut self, length: usize, character: char) {
        self.mark();
        self.out.text.push(character);
        self.at += length;
        self.mark();
    }

    fn skip(&mut self, length: usize) {
        self.at += length;
        self.mark();
    }

    fn read(&mut self) {
        while let Some(byte) = self.peek(0) {
            let run = self.rest().iter().position(|byte| ORDINARY.get(usize::from(*byte)) != Some(&true));
            let run = run.unwrap_or(self.rest().len());
            if run > 0 {
                let end = self.at + run;
                // Printable ASCII is valid UTF-8.
                if let Some(Ok(text)) = self.paste.get(self.at..end).map(str::from_utf8) {
                    self.out.text.push_str(text);
                }
                self.at = end;
                continue;
            }
            match byte {
                b'\\' => self.read_escape(),
                b'&' => self.read_entity(),
                b'<' => self.read_tag(),
                b'`' => self.skip(1),
                b'*' => self.read_star(),
                b'\n' | b'\r' => self.read_break(),
                b'\t' => self.replace(1, ' '),
                0x1b => self.read_terminal_escape(1),
                0x80.. => self.read_character(),
                _ => self.skip(1),
            }
        }
    }

    /// Drops the `**` and `***` of Markdown, and keeps the stars of policies and of masked account ids.
    fn read_star(&mut self) {
        let run = self.rest().iter().take_while(|byte| **byte == b'*').count();
        let is_word = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'`');
        let in_pattern = matches!(self.out.text.as_bytes().last(), Some(b'/' | b':')) && !is_word(self.peek(run));
        if matches!(run, 2 | 3) && !in_pattern {
            self.skip(run);
        } else {
            self.out.text.extend(std::iter::repeat_n('*', run));
            self.at += run;
        }
    }

    /// Reads a run of backslashes and what it escapes: JSON (once or many times), Markdown, shells.
    fn read_escape(&mut self) {
        let run = self.rest().iter().take_while(|byte| **byte == b'\\').count();
        match self.peek(run) {
            Some(b'n') => {
                self.at += run;
                self.read_break();
            }
            Some(b'r' | b't') => self.replace(run + 1, ' '),
            Some(b'\n' | b'\r') => {
                self.at += run;
                self.read_break();
            }
            Some(b'u') => match self.hex(run + 1, 4) {
                Some(code) => self.read_unicode_escape(run, code),
                None => self.replace(run, '\\'),
            },
            Some(b'x') => match self.hex(run + 1, 2) {
                Some(0x1b) => self.read_terminal_escape(run + 3),
                Some(code) if (0x20..0x7f).contains(&code) => {
                    self.replace(run + 3, char::from_u32(code).unwrap_or(' '));
                }
                Some(0x80..) => self.read_escaped_bytes(run, b'x', 16),
                _ => self.replace(run, '\\'),
            },
            // C's way of writing bytes, as in what gRPC prints.
            Some(b'2' | b'3') if self.octal(run).is_some() => self.read_escaped_bytes(run, b'0', 8),
            Some(b'0') if self.rest().get(run..).is_some_and(|rest| rest.starts_with(b"033[")) => {
                self.read_terminal_escape(run + 3);
            }
            Some(b'e') if self.peek(run + 1) == Some(b'[') => self.read_terminal_escape(run + 1),
            Some(byte) if byte.is_ascii_punctuation() => self.skip(run),
            _ => self.replace(run, '\\'),
        }
    }

    /// Reads a byte that is written in three octal digits.
    fn octal(&self, from: usize) -> Option<u32> {
        let digits = self.rest().get(from..from + 3)?;
        if !digits.iter().all(|digit| (b'0'..=b'7').contains(digit)) {
            return None;
        }
        u32::from_str_radix(str::from_utf8(digits).ok()?, 8).ok().filter(|byte| *byte < 0x100)
    }

    /// Reads a character whose UTF-8 bytes are each escaped: `\xe2\x80\x99`, `\342\200\231`.
    fn read_escaped_bytes(&mut self, run: usize, kind: u8, radix: u32) {
        // The length of one escape: backslashes, the `x`, the digits.
        let length = run + 3;
        let mut bytes = Vec::with_capacity(4);
        for number in 0..4 {
            let from = number * length;
            let backslashes = self.rest().get(from..from + run);
            let marked = kind != b'x' || self.peek(from + run) == Some(b'x');
            let code = match radix {
                16 => self.hex(from + run + 1, 2),
                _ => self.octal(from + run),
            };
            match code.and_then(|code| u8::try_from(code).ok()) {
                Some(byte)
                    if marked
                        && byte >= 0x80
                        && backslashes.is_some_and(|text| text.iter().all(|byte| *byte == b'\\')) =>
                {
                    bytes.push(byte)
                }
                _ => break,
            }
        }
        let whole = (2..=bytes.len()).find_map(|count| str::from_utf8(bytes.get(..count)?).ok()?.chars().next());
        match whole {
            Some(character) => self.put(character.len_utf8() * length, character),
            None => self.replace(run, '\\'),
        }
    }

    fn hex(&self, from: usize, digits: usize) -> Option<u32> {
        let digits = self.rest().get(from..from + digits)?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        u32::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
    }

    fn read_unicode_escape(&mut self, run: usize, code: u32) {
        let length = run + 5;
        if (0xd800..0xdc00).contains(&code)
            && self.peek(length) == Some(b'\\')
            && self.peek(length + run) == Some(b'u')
            && let Some(low) = self.hex(length + run + 1, 4)
            && (0xdc00..0xe000).contains(&low)
        {
            let character = char::from_u32(0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00));
            return self.put(length + run + 5, character.unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        match code {
            0x0a => self.replace(length, BREAK),
            0x1b => self.read_terminal_escape(length),
            _ => self.put(length, char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)),
        }
    }

    /// Puts a character in the form that the grammars expect, in place of `length` bytes.
    fn put(&mut self, length: usize, character: char) {
        match character {
            '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}' | '\u{2032}' | '\u{b4}' => self.replace(length, '\''),
            '\u{201c}'..='\u{201f}' | '\u{2033}' | '\u{ab}' | '\u{bb}' => self.replace(length, '"'),
            '\u{2010}' | '\u{2011}' => self.replace(length, '-'),
            '\u{ff01}'..='\u{ff5e}' => {
                self.replace(length, char::from_u32(u32::from(character) - 0xfee0).unwrap_or(' '));
            }
            // A name that was blackened, and not a frame.
            '\u{2588}' if self.out.text.ends_with([':', '/', '-', '█']) => self.replace(length, character),
            // Box drawing, and the bullets that terminals draw.
            '\u{2500}'..='\u{259f}' | '\u{23bf}' => self.replace(length, ' '),
            '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}' => self.skip(length),
            _ if character.is_whitespace() => self.replace(length, ' '),
            _ if character.is_control() => self.skip(length),
            _ => self.replace(length, character),
        }
    }

    fn read_character(&mut self) {
        let window = self.rest().get(..4).unwrap_or(self.rest());
        let valid = match str::from_utf8(window) {
            Ok(text) => text,
            Err(error) => window.get(..error.valid_up_to()).map(str::from_utf8).and_then(Result::ok).unwrap_or(""),
        };
        match valid.chars().next() {
            Some(character) => self.put(character.len_utf8(), character),
            None => self.replace(1, char::REPLACEMENT_CHARACTER),
        }
    }

    /// Skips a terminal's escape sequence whose introducer takes `introducer` bytes.
    fn read_terminal_escape(&mut self, introducer: usize) {
        let reach = self.rest().len().min(introducer + MARKUP_REACH);
        let body = self.rest().get(introducer + 1..reach).unwrap_or_default();
        let length = match self.peek(introducer) {
            Some(b'[') => body.iter().position(|byte| (0x40..0x7f).contains(byte)).map_or(1, |end| end + 2),
            Some(b']') => {
                body.iter().position(|byte| *byte == 0x07 || *byte == b'\\' || *byte == 0x1b).map_or(1, |end| end + 2)
            }
            Some(_) => 1,
            None => 0,
        };
        self.skip((introducer + length).min(self.rest().len()));
    }

    fn read_entity(&mut self) {
        let mut start = 1;
        // `&amp;quot;`: escaped more than once.
        while self.rest().get(start..).is_some_and(|rest| rest.starts_with(b"amp;")) {
            start += 4;
        }
        let name = self.rest().get(start..(start + 10).min(self.rest().len())).unwrap_or_default();
        let end = name.iter().position(|byte| *byte == b';');
        let decoded = end.and_then(|end| name.get(..end)).and_then(|name| str::from_utf8(name).ok()).and_then(entity);
        match (decoded, end) {
            (Some(character), Some(end)) => self.put(start + end + 1, character),
            _ => self.replace(start, '&'),
        }
    }

    /// Drops an HTML tag; what else stands in angle brackets is a placeholder and stays.
    fn read_tag(&mut self) {
        let reach = self.rest().len().min(MARKUP_REACH);
        let window = self.rest().get(1..reach).unwrap_or_default();
        let closing = usize::from(window.first() == Some(&b'/'));
        let inner = window.get(closing..).unwrap_or_default();
        let length = inner.iter().take(11).take_while(|byte| byte.is_ascii_alphanumeric()).count();
        let name = inner.get(..length).unwrap_or_default();
        let tag = match inner.get(length) {
            Some(b'>' | b' ' | b'/') => TAGS.iter().find(|(tag, _)| tag.as_bytes().eq_ignore_ascii_case(name)),
            _ => None,
        };
        let end = tag.and_then(|_| window.iter().position(|byte| *byte == b'>'));
        match (tag, end) {
            (Some((_, true)), Some(end)) => self.replace(end + 2, ' '),
            (Some(_), Some(end)) => self.skip(end + 2),
            _ => {
                self.out.text.push('<');
                self.at += 1;
            }
        }
    }

    /// Reads a line break and everything that only decorates the lines around it.
    ///
    /// The reader stands at the break's first byte (or at the `n` of an escaped one).
    fn read_break(&mut self) {
        let start = self.at;
        self.trim_end();
        let had_quote = self.take_concatenation();
        self.at = start;
        self.mark();
        let mut breaks = 0;
        let mut line_start = true;
        while let Some(byte) = self.peek(0) {
            match byte {
                b'\n' => {
                    breaks += 1;
                    line_start = true;
                    self.at += 1;
                }
                b'n' if breaks == 0 => {
                    breaks = 1;
                    self.at += 1;
                }
                b'\r' => {
                    if self.peek(1) != Some(b'\n') {
                        breaks += 1;
                    }
                    line_start = true;
                    self.at += 1;
                }
                b'\\' if self.escaped_break().is_some() => {
                    self.at += self.escaped_break().unwrap_or(1);
                    breaks += 1;
                    line_start = true;
                }
                b' ' | b'\t' => self.at += 1,
                b'|' | b'>' if line_start => self.at += 1,
                b'#' if line_start && matches!(self.peek(1), Some(b' ' | b'#' | b'\n' | b'\t')) => self.at += 1,
                b'/' if line_start && self.peek(1) == Some(b'/') => self.at += 2,
                b'-' if line_start && self.peek(1) == Some(b' ') => {
                    self.at += 2;
                    line_start = false;
                }
                b'*' if line_start && matches!(self.peek(1), Some(b' ' | b'\n')) && !self.expects_a_resource() => {
                    self.at += 1;
                    line_start = false;
                }
                // Box drawing: U+2500 to U+259F.
                0xe2 if self.peek(1).is_some_and(|second| (0x94..=0x96).contains(&second)) => self.at += 3,
                _ => break,
            }
        }
        if had_quote.is_some() && breaks == 1 {
            if self.peek(0) == Some(b'f') && self.peek(1) == had_quote {
                self.at += 1;
            }
            if self.peek(0) == had_quote {
                self.at += 1;
            } else if let Some(quote) = had_quote {
                self.out.text.push(char::from(quote));
            }
        } else if let Some(quote) = had_quote {
            self.out.text.push(char::from(quote));
        }
        let resume = self.at;
        self.at = start;
        self.mark();
        self.out.text.push(BREAK);
        if breaks > 1 {
            self.out.text.push(BREAK);
        }
        self.at = resume;
        self.mark();
    }

    /// Returns the length of an escaped `\n` or `\r` at the reader's place.
    fn escaped_break(&self) -> Option<usize> {
        let run = self.rest().iter().take(16).take_while(|byte| **byte == b'\\').count();
        matches!(self.peek(run), Some(b'n' | b'r')).then_some(run + 1)
    }

    /// Returns `true` if a star at the start of a line is a resource rather than a bullet.
    fn expects_a_resource(&self) -> bool {
        let behind = self.rest().get(1..).unwrap_or_default().trim_ascii_start();
        let goes_on = behind.is_empty() || behind.starts_with(b"because") || behind.starts_with(b"with ");
        goes_on && (self.out.text.ends_with("resource:") || self.out.text.ends_with("resource(s):"))
    }

    fn trim_end(&mut self) {
        let length = self.out.text.trim_end_matches([' ', '\t']).len();
        self.cut(length);
    }

    fn cut(&mut self, length: usize) {
        if length < self.out.text.len() {
            self.out.text.truncate(length);
            while self.out.shifts.last().is_some_and(|(plain, _)| *plain > length) {
                self.out.shifts.pop();
            }
        }
    }

    /// Takes the end of a string literal that the next line continues: `"…" +`, `"…" \`, `"…"`.
    ///
    /// Only where the next line begins with the same quote; that is checked by the caller, which puts the
    /// quote back otherwise.
    fn take_concatenation(&mut self) -> Option<u8> {
        let text = self.out.text.trim_end_matches(['+', '\\']).trim_end_matches(' ');
        let quote = text.as_bytes().last().copied().filter(|byte| matches!(byte, b'"' | b'\''))?;
        let length = text.len() - 1;
        let next = self.rest().iter().skip_while(|byte| byte.is_ascii_whitespace() || **byte == b'\\').take(2);
        let next: Vec<u8> = next.copied().collect();
        let continues = next.first() == Some(&quote) || (next.first() == Some(&b'f') && next.get(1) == Some(&quote));
        if !continues {
            return None;
        }
        self.cut(length);
        Some(quote)
    }
}

/// HTML tags, and whether each separates words.
const TAGS: [(&str, bool); 37] = [
    ("a", false),
    ("b", false),
    ("blockquote", true),
    ("body", true),
    ("br", true),
    ("code", false),
    ("div", true),
    ("em", false),
    ("font", false),
    ("h1", true),
    ("h2", true),
    ("h3", true),
    ("h4", true),
    ("h5", true),
    ("h6", true),
    ("hr", true),
    ("html", true),
    ("i", false),
    ("kbd", false),
    ("li", true),
    ("mark", false),
    ("ol", true),
    ("p", true),
    ("pre", true),
    ("samp", false),
    ("small", false),
    ("span", false),
    ("strong", false),
    ("table", true),
    ("tbody", true),
    ("td", true),
    ("th", true),
    ("tr", true),
    ("tt", false),
    ("u", false),
    ("ul", true),
    ("wbr", false),
];

fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code);
    }
    Some(match name {
        "quot" | "ldquo" | "rdquo" | "laquo" | "raquo" => '"',
        "apos" | "lsquo" | "rsquo" => '\'',
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "nbsp" => ' ',
        "hellip" => '…',
        "mdash" => '—',
        "ndash" => '–',
        "middot" => '·',
        "colon" => ':',
        "sol" => '/',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(paste: &str) -> String {
        Normalized::of(paste.as_bytes()).text
    }

    #[test]
    fn wrappings_are_undone() {
        for (paste, expected) in [
            (r#"{\"Message\":\"User\"}"#, r#"{"Message":"User"}"#),
            (r#"{\\\"Message\\\":\\\"a\\nb\\\"}"#, "{\"Message\":\"a\nb\"}"),
            (r"isn\u0027t \u2019", "isn't '"),
            ("isn’t “x”", "isn't \"x\""),
            ("&quot;a&amp;quot; &#39;b&#x27; &lt;id&gt; &unknown;", "\"a\" 'b' <id> &unknown;"),
            (r"INVALID\_PAYMENT\_INSTRUMENT", "INVALID_PAYMENT_INSTRUMENT"),
            ("arn:aws:bedrock:`**`us-east-2`**`…", "arn:aws:bedrock:us-east-2…"),
            ("foundation-model/** x", "foundation-model/** x"),
            ("arn:aws:sts::********:assumed-role/x", "arn:aws:sts::********:assumed-role/x"),
            ("***bold***", "bold"),
            ("│ one    │\n│ two   │\n", "  one\ntwo\n"),
            ("// one\n    // two", "// one\ntwo"),
            ("one\r\n\r\ntwo", "one\n\ntwo"),
            ("\u{feff}\u{1b}[31mred\u{1b}[0m \u{1b}]8;;http://x\u{7}link", "red link"),
            ("\"one \" +\n   \"two\"", "\"one \ntwo\""),
            ("{\"a\": \"b\"\n}", "{\"a\": \"b\"\n}"),
            ("<p>a <code>b</code></p><id>", " a b <id>"),
            ("resource:\n* because", "resource:\n* because"),
            ("x\n* item", "x\nitem"),
        ] {
            assert_eq!(plain(paste), expected, "{paste:?}");
        }
    }

    #[test]
    fn positions_lead_back_to_the_paste() {
        let paste = "\u{1b}[1mA\u{1b}[0m\\\"B\\\" │\r\n│ &quot;C";
        let plain = Normalized::of(paste.as_bytes());
        for letter in ['A', 'B', 'C'] {
            let position = plain.text.find(letter).unwrap();
            assert_eq!(plain.origin(position), paste.find(letter).unwrap(), "{letter}: {:?}", plain.text);
        }
    }

    #[test]
    fn utf16_is_read() {
        let mut paste = vec![0xff, 0xfe];
        paste.extend("é“A” B".encode_utf16().flat_map(u16::to_le_bytes));
        let plain = Normalized::of(&paste);
        assert_eq!(plain.text, "é\"A\" B");
        assert_eq!(plain.origin(plain.text.find('B').unwrap()), 12);
        assert_eq!(plain.origin(plain.text.len()), paste.len());
    }

    #[test]
    fn invalid_utf8_is_replaced() {
        let plain = Normalized::of(b"a\xff\xe2\x80b");
        assert_eq!(plain.text, "a\u{fffd}\u{fffd}\u{fffd}b");
        assert_eq!(plain.origin(plain.text.find('b').unwrap()), 4);
    }
}
