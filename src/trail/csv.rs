//! Tables as Athena, CloudTrail Lake and consoles write them: a heading, then a row for each event.
//!
//! Splits rows and fields (RFC 4180: quotes around what holds separators, doubled within), no more.

/// The state between two bytes of a table.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rows {
    in_quotes: bool,
    at: usize,
}

impl Rows {
    /// Looks at the bytes from where it stopped, and returns the end of the next row, behind its line feed.
    pub(super) fn next_end(&mut self, bytes: &[u8]) -> Option<usize> {
        loop {
            let rest = bytes.get(self.at..).unwrap_or_default();
            let found = if self.in_quotes { memchr::memchr(b'"', rest) } else { memchr::memchr2(b'"', b'\n', rest) };
            let Some(found) = found else {
                self.at = bytes.len();
                return None;
            };
            self.at += found + 1;
            if rest.get(found) == Some(&b'"') {
                self.in_quotes = !self.in_quotes;
            } else {
                return Some(self.at);
            }
        }
    }

    /// Returns `true` within quotes that were not closed.
    pub(super) fn is_open(self) -> bool {
        self.in_quotes
    }

    pub(super) fn shift(&mut self, by: usize) {
        self.at -= by.min(self.at);
    }

    /// Takes the quote that was not closed for a mistake.
    pub(super) fn resume(&mut self, at: usize) {
        *self = Self { in_quotes: false, at };
    }
}

/// Splits a row into its fields.
pub(super) fn fields(row: &[u8], separator: u8) -> Vec<String> {
    let row = row.strip_suffix(b"\n").unwrap_or(row);
    let row = row.strip_suffix(b"\r").unwrap_or(row);
    let mut fields = Vec::new();
    let (mut field, mut in_quotes, mut bytes) = (Vec::new(), false, row.iter().peekable());
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' if in_quotes && bytes.peek() == Some(&&b'"') => {
                bytes.next();
                field.push(b'"');
            }
            b'"' => in_quotes = !in_quotes,
            byte if *byte == separator && !in_quotes => fields.push(std::mem::take(&mut field)),
            byte => field.push(*byte),
        }
    }
    fields.push(field);
    fields.into_iter().map(|field| String::from_utf8_lossy(&field).into_owned()).collect()
}

/// Returns the separator of a heading.
pub(super) fn separator(heading: &[u8]) -> u8 {
    [b',', b'\t', b';']
        .into_iter()
        .max_by_key(|mark| (heading.iter().filter(|byte| *byte == mark).count(), *mark == b','))
        .unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_separators_line_feeds_and_quotes() {
        let table = b"a,\"b\nc\",\"d \"\"e\"\"\"\r\nf,,g";
        let mut rows = Rows::default();
        let end = rows.next_end(table).unwrap();
        assert_eq!(fields(&table[..end], b','), ["a", "b\nc", "d \"e\""]);
        assert_eq!(rows.next_end(table), None);
        assert_eq!(fields(&table[end..], b','), ["f", "", "g"]);
        assert_eq!(separator(b"a;b;c"), b';');
    }
}
