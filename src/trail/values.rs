//! Splits JSON into the values that are one record each, without building anything.
//!
//! A record is an element of a list that is known to hold records (`Records`, `Events`, `logEvents` …), an element of
//! a list at the top, or a value at the top that holds no such list. The state is kept from one piece of the input to
//! the next, so that nothing but a record is ever held whole.

/// Lists that hold records, by the name under which they stand.
const LISTS: [&[u8]; 11] = [
    b"Records",
    b"records",
    b"Events",
    b"events",
    b"logEvents",
    b"QueryResultRows",
    b"Messages",
    b"results",
    b"Items",
    b"Rows",
    b"hits",
];

/// Objects in which such a list may stand.
const HOLDERS: [&[u8]; 2] = [b"ResultSet", b"hits"];

/// How deep a record may stand; deeper ones are parts of records.
const DEEPEST_LIST: usize = 2;

/// How much of a name is kept: more than the longest that is looked for.
const LONGEST_KEY: usize = 32;

/// The state between two bytes.
#[derive(Clone, Debug, Default)]
pub(super) struct Values {
    depth: usize,
    in_string: bool,
    escaped: bool,
    /// The last string outside of records: perhaps a name.
    key: Vec<u8>,
    /// The name of the object that is open at depth 2.
    holder: Vec<u8>,
    /// Where the record begins that is open, and how deep it stands.
    record: Option<(usize, usize)>,
    /// How deep the elements of the open list stand.
    list: Option<usize>,
    /// The open value at the top has held a list.
    held_list: bool,
    /// How far the bytes were looked at.
    at: usize,
    /// Something closed that was not open.
    pub(super) is_broken: bool,
}

impl Values {
    /// Looks at the bytes from where it stopped; hands on every record that ends in them, with its end.
    pub(super) fn advance(&mut self, bytes: &[u8], found: &mut dyn FnMut(&[u8])) {
        while let Some(byte) = bytes.get(self.at).copied() {
            if self.in_string {
                self.string(bytes, byte, found);
                continue;
            }
            match byte {
                b'"' => {
                    self.in_string = true;
                    if self.looks_for_lists() {
                        self.key.clear();
                    } else if self.record.is_none() && self.list == Some(self.depth) {
                        self.record = Some((self.at, self.depth));
                    }
                }
                b'{' | b'[' => self.open(byte),
                b'}' | b']' => self.close(bytes, found),
                _ => {}
            }
            self.at += 1;
        }
    }

    fn string(&mut self, bytes: &[u8], byte: u8, found: &mut dyn FnMut(&[u8])) {
        if self.escaped {
            self.escaped = false;
            self.at += 1;
            return;
        }
        match byte {
            b'\\' => {
                self.escaped = true;
                self.at += 1;
            }
            b'"' => {
                self.in_string = false;
                self.at += 1;
                // A string may be a record: `--query 'Events[].CloudTrailEvent'` lists them.
                if let Some((start, depth)) = self.record
                    && bytes.get(start) == Some(&b'"')
                    && depth == self.depth
                {
                    found(bytes.get(start..self.at).unwrap_or_default());
                    self.record = None;
                }
            }
            _ if self.looks_for_lists() && self.key.len() < LONGEST_KEY => {
                self.key.push(byte);
                self.at += 1;
            }
            _ => {
                let rest = bytes.get(self.at..).unwrap_or_default();
                self.at += memchr::memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
            }
        }
    }

    /// Returns `true` where a list of records may open: not within one, and not deep in a value.
    fn looks_for_lists(&self) -> bool {
        self.list.is_none() && self.depth <= DEEPEST_LIST
    }

    fn open(&mut self, byte: u8) {
        // A value at the top is a record as long as no list was seen in it.
        if self.record.is_none_or(|(_, depth)| depth == 0) {
            let is_list = byte == b'[';
            if self.list.is_some_and(|depth| depth == self.depth) {
                self.record = Some((self.at, self.depth));
            } else if self.list.is_none() {
                let named = LISTS.contains(&self.key.as_slice());
                let held = self.depth == 1 || (self.depth == 2 && HOLDERS.contains(&self.holder.as_slice()));
                if is_list && (self.depth == 0 || (named && held && self.depth <= DEEPEST_LIST)) {
                    self.list = Some(self.depth + 1);
                    self.held_list = true;
                    self.record = None;
                } else if self.depth == 0 {
                    self.held_list = false;
                    self.record = Some((self.at, 0));
                } else if self.depth == 1 {
                    self.holder.clone_from(&self.key);
                }
            }
        }
        self.depth += 1;
    }

    fn close(&mut self, bytes: &[u8], found: &mut dyn FnMut(&[u8])) {
        let Some(depth) = self.depth.checked_sub(1) else {
            self.is_broken = true;
            return;
        };
        self.depth = depth;
        match self.record {
            Some((start, level)) if level == depth => {
                found(bytes.get(start..=self.at).unwrap_or_default());
                self.record = None;
            }
            None if self.list == Some(depth + 1) => self.list = None,
            _ => {}
        }
    }

    /// Returns where the bytes begin that are still needed.
    pub(super) fn needed(&self) -> usize {
        self.record.map_or(self.at, |(start, _)| start)
    }

    /// Forgets the bytes before those that are needed.
    pub(super) fn shift(&mut self, by: usize) {
        self.at -= by.min(self.at);
        if let Some((start, _)) = &mut self.record {
            *start -= by.min(*start);
        }
    }

    /// Returns `true` if a record or a list is open.
    pub(super) fn is_open(&self) -> bool {
        self.depth > 0 || self.in_string
    }

    /// Returns `true` if a record is open.
    pub(super) fn has_record(&self) -> bool {
        self.record.is_some()
    }

    /// Gives the open record up, and goes on where the next one begins.
    pub(super) fn resume(&mut self, at: usize) {
        self.depth = self.list.unwrap_or(0);
        self.in_string = false;
        self.escaped = false;
        self.record = None;
        self.at = at;
    }

    /// Returns `true` for exactly one object that holds no list of records.
    pub(super) fn is_one_without_list(line: &[u8]) -> bool {
        let (mut values, mut whole) = (Self::default(), false);
        let mut count = 0;
        values.advance(line, &mut |record| {
            count += 1;
            whole = record.len() == line.len();
        });
        count == 1 && whole && !values.held_list && !values.is_open()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(text: &str, piece: usize) -> Vec<String> {
        let (mut values, mut records, mut kept) = (Values::default(), Vec::new(), Vec::new());
        for part in text.as_bytes().chunks(piece) {
            kept.extend_from_slice(part);
            values.advance(&kept, &mut |record| records.push(String::from_utf8(record.to_vec()).unwrap()));
            let needed = values.needed();
            kept.drain(..needed);
            values.shift(needed);
        }
        assert!(!values.is_open() && !values.is_broken, "{text}");
        records
    }

    #[test]
    fn records_are_the_same_however_the_input_is_cut() {
        for (text, expected) in [
            (r#"{"Records":[{"a":1},{"b":[{"Records":[1]}]}]}"#, vec![r#"{"a":1}"#, r#"{"b":[{"Records":[1]}]}"#]),
            (r#"{"x":"]}\"","events" : [ {"m":"\\\"}"} ],"y":[1]} {"z":{}}"#, vec![r#"{"m":"\\\"}"}"#, r#"{"z":{}}"#]),
            (r#"[{"a":"{"},[1],"s\"t"]"#, vec![r#"{"a":"{"}"#, "[1]", r#""s\"t""#]),
            (r#"{"ResultSet":{"Rows":[{"Data":[1]}]}}"#, vec![r#"{"Data":[1]}"#]),
            (
                r#"{"QueryResultRows":[[{"a":"1"},{"b":"2"}]],"QueryStatus":"FINISHED"}"#,
                vec![r#"[{"a":"1"},{"b":"2"}]"#],
            ),
            (
                r#"{"detail":{"events":[1]},"resources":[]}{}"#,
                vec![r#"{"detail":{"events":[1]},"resources":[]}"#, "{}"],
            ),
            (r#"{"Records":[]}"#, vec![]),
        ] {
            for piece in 1..=text.len() {
                assert_eq!(records(text, piece), expected, "{text} in pieces of {piece}");
            }
        }
    }
}
