//! Reads a source from its beginning to its end, piece by piece, and hands on what it holds.
//!
//! Memory is bounded whatever the source holds. A damaged record is counted and named, and never the end; a source that
//! cannot be read, or ends where it should not, says so.

use super::around::{Around, leads_on, why_not_all};
use super::csv::{self, Rows};
use super::denials::{Form, Source};
use super::envelope;
use super::event::Event;
use super::input::{Input, reason};
use super::item::{Entry, Item, Wanted};
use super::judge::Judge;
use super::layout::{HEAD, Head, Layout, RECORD, head, what_else};
use super::needle::{Needles, is_wanted};
use super::time;
use super::values::Values;
use memchr::memmem::{self, Finder};
use memchr::{memchr, memchr_iter, memchr2, memrchr};
use serde_json::Value;
use std::io::{ErrorKind, Read};

/// How much is read at once, in bytes: it stays in the processor's cache.
const CHUNK: usize = 256 * 1024;

/// The longest record, in bytes. CloudTrail's have 256 kB at most (AWS CloudTrail User Guide, "CloudTrail record
/// contents"); deliveries hold several.
const LONGEST: usize = 2 * 1024 * 1024;

/// How many lines behind one that holds an error code alone may hold its sentence.
const LINES_BEHIND: usize = 2;

/// How many records are looked at whether or not they hold what is looked for: where none of them is an event, the source
/// may be something else.
const SAMPLES: usize = 20;

/// What a string of JSON in a record begins with: in it an event may break off.
const EMBEDDED: [&[u8]; 2] = [b"{\\\"", b"\\\"event"];

/// How many damaged records a source may have of which each makes the rest be read again.
const MOST_DAMAGED: usize = 200;

/// Reads a source and hands on what it holds, in order; stops where nobody wants more.
///
/// Never fails: what goes wrong stands in the source that is returned.
pub fn read(name: &str, source: impl Read + Send, wanted: &Wanted, hand_on: &mut dyn FnMut(Entry) -> bool) -> Source {
    let mut about = Source::new(name);
    let input = match Input::open(source) {
        Ok(input) => input,
        Err(error) => {
            about.complete = false;
            about.error = Some(error);
            return about;
        }
    };
    about.compressed = input.compressed;
    let stored = std::sync::Arc::clone(&input.stored);
    let mut chunks = Chunks { input, buffer: Vec::with_capacity(CHUNK * 2), ended: false, error: None };
    while chunks.buffer.len() < HEAD && !chunks.ended {
        chunks.fill();
    }
    let first = chunks.buffer.get(..HEAD).unwrap_or(&chunks.buffer);
    let beginning = head(first);
    let what = what_else(first, chunks.ended && chunks.error.is_none());
    if let Some(what) = what.filter(|_| *wanted != Wanted::Errors) {
        about.error = Some(what.to_owned());
        about.bytes = stored.load(std::sync::atomic::Ordering::Relaxed);
        return about;
    }
    let needles = match wanted {
        Wanted::Served(principal) => Needles::of(principal),
        Wanted::Denials | Wanted::Errors if beginning.holds_events => Needles::of_records(),
        Wanted::Denials | Wanted::Errors => Needles::of_texts(),
    };
    let Some(needles) = needles else {
        about.complete = false;
        about.error = Some("nothing to look for was given".to_owned());
        return about;
    };
    let judge = Judge::new(wanted);
    let texts = (!judge.wants_served).then(Needles::of_texts).flatten();
    let mut reader = Reader {
        source: about,
        judge,
        needles,
        texts,
        head: beginning,
        hand_on,
        is_over: false,
        heading: Vec::new(),
        separator: b',',
        around: Around::default(),
        is_known: false,
        leads_on: false,
        samples: SAMPLES,
    };
    match beginning.layout {
        Layout::Lines => reader.lines(&mut chunks),
        Layout::Trail => reader.trail(&mut chunks),
        Layout::Values => reader.values(&mut chunks),
        Layout::Csv => reader.table(&mut chunks),
    }
    let (is_known, leads_to_more) = (reader.is_known, reader.leads_on);
    let mut source = reader.source;
    source.form = Some(beginning.form);
    source.bytes = stored.load(std::sync::atomic::Ordering::Relaxed);
    let claims_events = (beginning.holds_events || beginning.layout == Layout::Values) && !beginning.is_log;
    if let Some(error) = chunks.error {
        source.complete = false;
        source.error = Some(error);
    } else if leads_to_more && source.error.is_none() {
        source.complete = false;
        source.error = Some("its last page leads to another, which is not in it".to_owned());
    } else if claims_events && !is_known && source.events > 0 && source.error.is_none() && source.unreadable == 0 {
        source.error = Some("no event of CloudTrail was found in it".to_owned());
    }
    source
}

/// A source's bytes, as many as are looked at.
struct Chunks<'r> {
    input: Input<'r>,
    buffer: Vec<u8>,
    ended: bool,
    error: Option<String>,
}

impl Chunks<'_> {
    /// Reads on, up to one chunk more.
    fn fill(&mut self) {
        let kept = self.buffer.len();
        self.buffer.resize(kept + CHUNK, 0);
        let mut filled = kept;
        while let Some(free) = self.buffer.get_mut(filled..).filter(|free| !free.is_empty()) {
            match self.input.read(free) {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(count) => filled += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.ended = true;
                    self.error = Some(match error.kind() {
                        ErrorKind::UnexpectedEof => "it is cut off: its compressed end is missing".to_owned(),
                        ErrorKind::InvalidInput | ErrorKind::InvalidData => {
                            format!("it is damaged: {}", reason(&error))
                        }
                        _ => format!("it cannot be read further: {}", reason(&error)),
                    });
                    break;
                }
            }
        }
        self.buffer.truncate(filled);
    }

    fn consume(&mut self, count: usize) {
        self.buffer.drain(..count.min(self.buffer.len()));
    }
}

/// What is known while a source is read.
struct Reader<'h> {
    source: Source,
    judge: Judge,
    needles: Needles,
    /// What a message says that is no event and stands among events.
    texts: Option<Needles>,
    head: Head,
    hand_on: &'h mut dyn FnMut(Entry) -> bool,
    /// Nobody wants more.
    is_over: bool,
    heading: Vec<String>,
    separator: u8,
    /// What stands between the records.
    around: Around,
    /// An event was seen, or a text that says something.
    is_known: bool,
    /// The last page among the records leads to another.
    leads_on: bool,
    /// How many records are still looked at to see what they are.
    samples: usize,
}

impl Reader<'_> {
    fn give(&mut self, line: u64, item: Item) {
        if matches!(item, Item::Unreadable(_)) {
            self.source.unreadable += 1;
        }
        if !self.is_over {
            self.is_over = !(self.hand_on)(Entry { line, item });
        }
    }

    fn unreadable(&mut self, line: u64, error: impl Into<String>) {
        self.give(line, Item::Unreadable(error.into()));
    }

    /// Reads one object a line, or lines of a log.
    fn lines(&mut self, chunks: &mut Chunks<'_>) {
        let mut line = 1;
        let mut is_skipping = false;
        while !self.is_over {
            let end = match memrchr(b'\n', &chunks.buffer) {
                _ if chunks.ended => chunks.buffer.len(),
                Some(end) => end + 1,
                None if chunks.buffer.len() > LONGEST => {
                    if !is_skipping {
                        self.unreadable(line, format!("the line is longer than {} MiB", LONGEST >> 20));
                        self.source.events += 1;
                    }
                    is_skipping = true;
                    chunks.buffer.clear();
                    0
                }
                None => 0,
            };
            let mut block = chunks.buffer.get(..end).unwrap_or_default();
            if is_skipping && !block.is_empty() {
                // What is left of a line that was too long.
                let rest = memchr(b'\n', block).map_or(block.len(), |at| at + 1);
                line += 1;
                block = block.get(rest..).unwrap_or_default();
                is_skipping = false;
            }
            if !block.is_empty() {
                line += self.block_of_lines(block, line, chunks.ended);
            }
            chunks.consume(end);
            if chunks.ended {
                break;
            }
            chunks.fill();
        }
    }

    /// Reads whole lines, and returns how many they are.
    fn block_of_lines(&mut self, block: &[u8], first: u64, is_last: bool) -> u64 {
        let ends = memchr_iter(b'\n', block).count() as u64;
        let lines = ends + u64::from(!block.ends_with(b"\n"));
        self.source.events += lines - blank_lines(block);
        if self.head.holds_events {
            self.check_lines(block, first, is_last);
        }
        let (mut at, mut line, mut counted) = (0, first, 0);
        while let Some(hit) = self.needles.find(block, at).filter(|_| !self.is_over) {
            let start = block.get(..hit).and_then(|before| memrchr(b'\n', before)).map_or(0, |end| end + 1);
            let length = block.get(hit..).and_then(|rest| memchr(b'\n', rest)).map_or(block.len() - hit, |end| end + 1);
            let end = hit + length;
            line += memchr_iter(b'\n', block.get(counted..start).unwrap_or_default()).count() as u64;
            counted = start;
            let record = block.get(start..end).unwrap_or_default().trim_ascii();
            let mut next = end;
            if self.head.holds_events {
                self.candidate(record, line);
            } else if self.candidate_text(record, line, false) {
                // The sentence may stand in one of the next lines.
                next = lines_behind(block, end);
                let whole = block.get(start..next).unwrap_or_default();
                self.candidate_text(whole, line, true);
            }
            at = next;
        }
        if is_last && self.head.form != Form::Text {
            self.check_end(block, first + lines - 1);
        }
        lines
    }

    /// Looks at the lines in which nothing that matters was found: whether they are events, and whole.
    fn check_lines(&mut self, block: &[u8], first: u64, is_last: bool) {
        let mut rest = block;
        let mut line = first;
        while !rest.is_empty() {
            let end = memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
            let (whole, behind) = rest.split_at(end);
            let record = whole.trim_ascii();
            // The end of the source is looked at by itself.
            let is_end = is_last && behind.trim_ascii().is_empty();
            if !is_end && !self.head.is_log && is_cut(record, self.head.form) && self.is_passed_over(record) {
                self.unreadable(line, "the record is cut off");
            } else if !record.is_empty() {
                self.sample(record);
                self.look_closer(record, line);
            }
            self.check_embedded(record, line);
            rest = behind;
            line += 1;
        }
    }

    /// Looks at what is no event of the usual form: it may be a message that says that a call was refused, or a page.
    fn look_closer(&mut self, record: &[u8], line: u64) {
        if record.starts_with(RECORD) {
            return;
        }
        let is_page = |mark: &[u8]| memmem::find(record, mark).is_some();
        if is_page(b"extToken\"") || is_page(b"ext_token\"") {
            self.leads_on = serde_json::from_slice::<Value>(record).is_ok_and(|value| leads_on(&value, 4));
        } else if is_page(b"\"Events\"") || is_page(b"\"events\"") {
            self.leads_on = false;
        }
        let says_something = self.texts.as_ref().is_some_and(|texts| texts.find(record, 0).is_some());
        if says_something && self.needles.find(record, 0).is_none() {
            self.candidate(record, line);
        }
    }

    /// Returns `true` if nobody looks at a record for what it holds.
    fn is_passed_over(&self, record: &[u8]) -> bool {
        self.needles.find(record, 0).is_none() || !(self.judge.wants_served || is_wanted(record))
    }

    /// Notes that a string in a record holds an event that breaks off, and so may not hold what is looked for.
    fn check_embedded(&mut self, record: &[u8], line: u64) {
        let holds_text = EMBEDDED.iter().any(|mark| memmem::find(record, mark).is_some());
        if !holds_text || !self.is_passed_over(record) {
            return;
        }
        // An export of a log group has the time before each message.
        let start = memchr(b'{', record).unwrap_or_default();
        let Some(Ok(value)) = record.get(start..).map(serde_json::from_slice::<Value>) else { return };
        let mut found = envelope::Found::default();
        envelope::open(&value, 0, &mut found);
        if let Some(error) = found.damaged.into_iter().next() {
            self.unreadable(line, error);
        }
    }

    /// Looks whether a record is an event.
    fn sample(&mut self, record: &[u8]) {
        if self.is_known || self.samples == 0 {
            return;
        }
        self.samples -= 1;
        let start = memchr2(b'{', b'[', record).unwrap_or_default();
        let start = if record.first() == Some(&b'"') { 0 } else { start };
        let record = record.get(start..).unwrap_or_default();
        let Some(value) = serde_json::Deserializer::from_slice(record).into_iter::<Value>().next().and_then(Result::ok)
        else {
            return;
        };
        let mut found = envelope::Found::default();
        envelope::open(&value, 0, &mut found);
        self.is_known |= found.has_events();
    }

    /// Notes that the last line breaks off.
    fn check_end(&mut self, block: &[u8], line: u64) {
        let last = block.trim_ascii_end();
        let last = memrchr(b'\n', last).and_then(|end| last.get(end + 1..)).unwrap_or(last).trim_ascii();
        // It is one record, and so is looked at whole.
        let is_cut = serde_json::from_slice::<serde::de::IgnoredAny>(last).is_err_and(|error| error.is_eof());
        if last.starts_with(b"{") && is_cut {
            self.source.complete = false;
            self.source.error = Some("it is cut off in the middle of a record".to_owned());
            // A candidate was found unreadable already.
            if self.needles.find(last, 0).is_none() {
                self.unreadable(line, "the record is cut off");
            }
        }
    }

    /// Reads a file of a trail, whose records all begin alike.
    fn trail(&mut self, chunks: &mut Chunks<'_>) {
        let finder = Finder::new(RECORD);
        let mut line = 1;
        while !self.is_over {
            let searched = chunks.buffer.get(1..).unwrap_or_default();
            let end = match memmem::rfind(searched, RECORD) {
                _ if chunks.ended => chunks.buffer.len(),
                Some(at) => at + 1,
                None if chunks.buffer.len() > LONGEST => {
                    self.unreadable(line, format!("the record is longer than {} MiB", LONGEST >> 20));
                    chunks.buffer.len()
                }
                None => 0,
            };
            let block = chunks.buffer.get(..end).unwrap_or_default();
            self.block_of_trail(block, &finder, line);
            if chunks.ended {
                self.check_trail_end(block, line);
            }
            line += memchr_iter(b'\n', block).count() as u64;
            chunks.consume(end);
            if chunks.ended {
                break;
            }
            chunks.fill();
        }
    }

    fn block_of_trail(&mut self, block: &[u8], finder: &Finder<'_>, first: u64) {
        let mut starts = 0;
        let mut last = None;
        let (mut line, mut counted, mut damaged) = (first, 0, 0);
        for start in finder.find_iter(block) {
            starts += 1;
            self.sample(block.get(start..).unwrap_or_default());
            if let Some(from) = last.replace(start) {
                let piece = block.get(from..start).unwrap_or_default();
                let is_whole = is_balanced(piece)
                    || one_record(piece).is_some()
                    || damaged > MOST_DAMAGED
                    // What looked like the beginning of a record stood within one.
                    || around(block, finder, from, start).is_some();
                line += memchr_iter(b'\n', block.get(counted..from).unwrap_or_default()).count() as u64;
                counted = from;
                if !is_whole && self.is_passed_over(piece) {
                    damaged += 1;
                    self.unreadable(line, "the record is cut off");
                }
            }
        }
        self.source.events += starts;
        let mut at = 0;
        let (mut line, mut counted) = (first, 0);
        while let Some(hit) = self.needles.find(block, at).filter(|_| !self.is_over) {
            let before = block.get(..(hit + RECORD.len()).min(block.len())).unwrap_or_default();
            let Some(start) = memmem::rfind(before, RECORD).filter(|start| *start <= hit) else {
                at = hit + 1;
                continue;
            };
            let rest = block.get(start + 1..).unwrap_or_default();
            let mut end = finder.find(rest).map_or(block.len(), |next| start + 1 + next);
            line += memchr_iter(b'\n', block.get(counted..start).unwrap_or_default()).count() as u64;
            counted = start;
            let record = block.get(start..end).unwrap_or_default();
            if let Some(whole) = one_record(record) {
                self.candidate(whole, line);
            } else if let Some((from, to)) = around(block, finder, start, end) {
                // What looked like the beginning of a record stood within one.
                self.candidate(block.get(from..to).unwrap_or_default(), line);
                end = end.max(to);
            } else if let Some(several) = several_records(record) {
                // The next ones begin with another field.
                self.source.events += several.len() as u64 - 1;
                for one in several {
                    self.candidate(one.get().as_bytes(), line);
                }
            } else {
                self.damaged(record, line);
            }
            at = end;
        }
    }

    /// Notes that the last record breaks off, or the list is not closed.
    fn check_trail_end(&mut self, block: &[u8], line: u64) {
        let last = memmem::rfind(block, RECORD).and_then(|start| block.get(start..)).unwrap_or_default();
        let whole = one_record(last);
        // What stands behind the last is looked at as part of it.
        let end = memmem::rfind(last, b"]").filter(|_| whole.is_none());
        let list = end.and_then(|end| last.get(..end)).filter(|list| several_records(list).is_some());
        let record = whole.or(list);
        if !last.is_empty() && record.is_none() {
            self.source.complete = false;
            self.source.error = Some("it is cut off in the middle of a record".to_owned());
            if self.needles.find(last, 0).is_none() {
                self.unreadable(line, "the record is cut off");
            }
            return;
        }
        let behind = last.get(record.map_or(0, <[u8]>::len)..).unwrap_or_default().trim_ascii();
        self.around.take(b"{\"Records\":[");
        self.around.take(behind);
        self.check_around(line);
        if !(behind.starts_with(b"]") && behind.ends_with(b"}")) {
            self.source.complete = false;
            self.source.error = Some("it is cut off: the list of records is not closed".to_owned());
        }
    }

    /// Reads JSON values, or the elements of a list.
    fn values(&mut self, chunks: &mut Chunks<'_>) {
        let (mut values, mut line, mut damaged) = (Values::default(), 1, 0);
        while !self.is_over {
            let buffer = std::mem::take(&mut chunks.buffer);
            let base = buffer.as_ptr() as usize;
            let mut counted = 0;
            let mut between = 0;
            values.advance(&buffer, &mut |record| {
                let start = record.as_ptr() as usize - base;
                self.around.take(buffer.get(between..start).unwrap_or_default());
                between = start + record.len();
                line += memchr_iter(b'\n', buffer.get(counted..start).unwrap_or_default()).count() as u64;
                counted = start;
                self.source.events += 1;
                if self.needles.find(record, 0).is_some() {
                    self.candidate(record, line);
                } else {
                    self.sample(record);
                }
                self.look_closer(record, line);
                self.check_embedded(record, line);
            });
            let is_overlong = values.has_record() && buffer.len() - values.needed() > LONGEST;
            if is_overlong || (values.has_record() && chunks.ended) || values.is_broken {
                // A quotation mark may be lost: then the next record begins within this one.
                let start = values.needed();
                let next = buffer.get(start + 1..).and_then(next_record);
                let place = line + memchr_iter(b'\n', buffer.get(counted..start).unwrap_or_default()).count() as u64;
                self.source.events += 1;
                damaged += 1;
                if damaged > MOST_DAMAGED {
                    self.unreadable(place, "there are too many damaged records: the rest is not read");
                    self.source.complete = false;
                    self.source.error = Some("it is damaged in too many places".to_owned());
                    return;
                }
                match next {
                    Some(next) if !values.is_broken => {
                        self.unreadable(place, "the record is damaged");
                        values.resume(start + 1 + next);
                        chunks.buffer = buffer;
                        continue;
                    }
                    _ if chunks.ended && !is_overlong => {
                        self.unreadable(place, "the record is cut off");
                        self.source.complete = false;
                        self.source.error = Some("it is cut off in the middle of a record".to_owned());
                        return;
                    }
                    _ => {
                        self.unreadable(place, format!("the record is longer than {} MiB, or damaged", LONGEST >> 20));
                        values.resume(buffer.len());
                        values.is_broken = false;
                    }
                }
            }
            let needed = values.needed();
            self.around.take(buffer.get(between..needed).unwrap_or_default());
            line += memchr_iter(b'\n', buffer.get(counted..needed).unwrap_or_default()).count() as u64;
            chunks.buffer = buffer;
            chunks.consume(needed);
            values.shift(needed);
            if chunks.ended {
                if values.is_open() {
                    self.source.complete = false;
                    self.source.error = Some("it is cut off: not everything that opens is closed".to_owned());
                } else {
                    self.check_around(line);
                }
                break;
            }
            chunks.fill();
        }
    }

    /// Looks at what stands between the records: events in no list, and whether more pages belong to it.
    fn check_around(&mut self, line: u64) {
        let around = std::mem::take(&mut self.around);
        let values = around.values();
        if around.has_events() {
            match &values {
                Some(values) if !around.is_cut => values.iter().for_each(|value| self.value(value, line)),
                _ => self.unreadable(line, "events stand outside of the lists that are read"),
            }
        }
        if let Some(why) = values.as_deref().and_then(|values| why_not_all(values, self.source.events)) {
            self.source.complete = false;
            self.source.error = Some(why);
        }
    }

    /// Reads a table with a heading.
    fn table(&mut self, chunks: &mut Chunks<'_>) {
        let (mut rows, mut line) = (Rows::default(), 1);
        while !self.is_over {
            let buffer = std::mem::take(&mut chunks.buffer);
            let mut start = 0;
            while let Some(end) = rows.next_end(&buffer) {
                self.row(buffer.get(start..end).unwrap_or_default(), &mut line);
                start = end;
            }
            let rest = buffer.len() - start;
            if rows.is_open() && (rest > LONGEST || (chunks.ended && rest > 0)) {
                // A quotation mark is lost: the row ends with its line.
                self.unreadable(line, "a quotation mark is not closed");
                self.source.events += 1;
                let end =
                    buffer.get(start..).and_then(|rest| memchr(b'\n', rest)).map_or(buffer.len(), |at| start + at + 1);
                line += 1;
                rows.resume(end);
                chunks.buffer = buffer;
                chunks.consume(end);
                rows.shift(end);
                continue;
            }
            if chunks.ended {
                self.row(buffer.get(start..).unwrap_or_default(), &mut line);
                break;
            }
            chunks.buffer = buffer;
            chunks.consume(start);
            rows.shift(start);
            chunks.fill();
        }
    }

    fn row(&mut self, row: &[u8], line: &mut u64) {
        let place = *line;
        *line += memchr_iter(b'\n', row).count() as u64;
        if row.trim_ascii().is_empty() {
            return;
        }
        if self.heading.is_empty() {
            self.separator = csv::separator(row);
            self.heading = csv::fields(row, self.separator);
            return;
        }
        self.source.events += 1;
        let fields = csv::fields(row, self.separator);
        if fields.len() != self.heading.len() {
            let error = format!("the row has {} fields, and the heading {}", fields.len(), self.heading.len());
            self.unreadable(place, error);
            return;
        }
        let object = self.heading.iter().cloned().zip(fields.into_iter().map(Value::String)).collect();
        // Nothing is passed over: the error's code is a column, and what it is called is not in the row.
        self.value(&Value::Object(object), place);
    }

    /// Looks at a record that holds something that matters.
    fn candidate(&mut self, record: &[u8], line: u64) {
        if self.head.holds_events && !self.judge.wants_served && !is_wanted(record) {
            return;
        }
        if let Some(event) = Event::parse(record) {
            self.event(&event, line);
            return;
        }
        if !self.head.holds_events {
            self.candidate_text(record, line, true);
            return;
        }
        match serde_json::from_slice::<Value>(record) {
            Ok(value) => self.value(&value, line),
            Err(error) => self.not_json(record, line, &error),
        }
    }

    fn not_json(&mut self, record: &[u8], line: u64, error: &serde_json::Error) {
        if !matches!(record.first(), Some(b'{' | b'[' | b'"')) {
            // An export of a log group has the time before each message.
            let message = memmem::find(record, b"{").and_then(|at| record.get(at..)).unwrap_or_default();
            match serde_json::from_slice::<Value>(message) {
                Ok(value) => self.value(&value, line),
                Err(_) if memmem::find(message, RECORD).is_some() => self.damaged(record, line),
                Err(_) => {
                    self.candidate_text(record, line, true);
                }
            }
            return;
        }
        if std::str::from_utf8(record).is_err() {
            // Bytes that are not UTF-8 are replaced, not refused.
            let replaced = String::from_utf8_lossy(record);
            if let Ok(value) = serde_json::from_str::<Value>(&replaced) {
                self.value(&value, line);
                return;
            }
        }
        // Several values may stand in a line.
        let mut values = Vec::new();
        let mut split = Values::default();
        split.advance(record, &mut |value| values.push(value.to_vec()));
        if values.len() > 1 && !split.is_open() {
            self.source.events += values.len() as u64 - 1;
            for value in values {
                match serde_json::from_slice::<Value>(&value) {
                    Ok(value) => self.value(&value, line),
                    Err(error) => self.unreadable(line, words(&error)),
                }
            }
            return;
        }
        let error = words(error);
        self.damaged_as(record, line, &error);
    }

    fn damaged(&mut self, record: &[u8], line: u64) {
        let error = serde_json::from_slice::<serde::de::IgnoredAny>(record).err();
        let error = error.map_or_else(|| "the record is damaged".to_owned(), |error| words(&error));
        self.damaged_as(record, line, &error);
    }

    /// Counts a damaged record, and reads the whole ones that begin within it.
    fn damaged_as(&mut self, record: &[u8], line: u64, error: &str) {
        self.unreadable(line, error);
        let mut rest = record.get(1..).unwrap_or_default();
        let mut tries = MOST_DAMAGED;
        while let Some(next) = next_record(rest).and_then(|at| rest.get(at..)) {
            let mut stream = serde_json::Deserializer::from_slice(next).into_iter::<&serde_json::value::RawValue>();
            if let Some(Ok(whole)) = stream.next()
                && let Some(event) = Event::parse(whole.get().as_bytes())
            {
                self.source.events += 1;
                self.event(&event, line);
            }
            rest = next.get(1..).unwrap_or_default();
            tries -= 1;
            if tries == 0 {
                return self.unreadable(line, "there are more records in it than are looked for in a damaged one");
            }
        }
    }

    /// Looks at any JSON value: an event, or something that holds events.
    fn value(&mut self, value: &Value, line: u64) {
        let mut found = envelope::Found::default();
        envelope::open(value, 0, &mut found);
        self.is_known |= found.has_events();
        // The first one was counted with the record.
        self.source.events += (found.events.len() + found.passed_over).saturating_sub(1) as u64;
        let is_nothing = found.events.is_empty() && found.texts.is_empty() && found.passed_over == 0;
        for event in &found.events {
            self.event(event, line);
        }
        for error in &found.damaged {
            self.unreadable(line, error.clone());
        }
        for text in &found.texts {
            self.candidate_text(text.as_bytes(), line, true);
        }
        if is_nothing && found.damaged.is_empty() {
            let text = serde_json::to_vec(value).unwrap_or_default();
            self.candidate_text(&text, line, true);
        }
    }

    fn event(&mut self, event: &Event<'_>, line: u64) {
        self.is_known = true;
        if let Some(item) = self.judge.item(event) {
            self.give(line, item);
        }
    }

    /// Reads a text; returns `true` if it holds no more than a code, whose sentence may follow.
    fn candidate_text(&mut self, text: &[u8], line: u64, takes_codes: bool) -> bool {
        if self.judge.wants_served {
            return false;
        }
        if let Some(event) = memmem::find(text, RECORD).and_then(|at| Event::parse(text.get(at..)?)) {
            self.event(&event, line);
            return false;
        }
        let found = self.judge.text(text, time::at_the_head(text));
        if found.is_bare_code && !takes_codes {
            return true;
        }
        self.is_known |= !found.items.is_empty();
        for item in found.items {
            self.give(line, item);
        }
        false
    }
}

/// Returns `true` if a line of JSON breaks off, or is what is left of one.
fn is_cut(line: &[u8], form: Form) -> bool {
    let json = match form {
        // A message may be of any kind; the events among them are whole.
        Form::CloudwatchLogs | Form::Text => {
            let head = line.get(..RECORD.len() + 128).unwrap_or(line);
            memmem::find(head, RECORD).and_then(|start| line.get(start..)).unwrap_or_default()
        }
        _ => line,
    };
    // A string may hold a bracket alone: then it is parsed.
    !json.is_empty() && !is_balanced(json) && !is_json(json)
}

/// Leaves out the comma behind an element of a list.
fn without_comma(piece: &[u8]) -> &[u8] {
    let piece = piece.trim_ascii();
    piece.strip_suffix(b",").unwrap_or(piece)
}

/// Returns `true` if a piece of JSON begins and ends as a value does, with as many brackets closed as opened.
fn is_balanced(piece: &[u8]) -> bool {
    let piece = without_comma(piece);
    let count = |byte: u8| memchr_iter(byte, piece).count();
    match (piece.first(), piece.last()) {
        (Some(b'{'), Some(b'}')) => count(b'{') == count(b'}'),
        (Some(b'['), Some(b']')) => count(b'[') == count(b']'),
        (Some(b'"'), Some(b'"')) => piece.len() > 1,
        _ => false,
    }
}

/// Returns `true` for one or more values of JSON, perhaps with a comma behind.
fn is_json(piece: &[u8]) -> bool {
    let piece = without_comma(piece);
    serde_json::Deserializer::from_slice(piece).into_iter::<serde::de::IgnoredAny>().all(|value| value.is_ok())
}

/// Finds where the next event begins, however it is laid out.
fn next_record(bytes: &[u8]) -> Option<usize> {
    memmem::find_iter(bytes, b"\"eventVersion\"").find_map(|at| {
        let before = bytes.get(..at)?.trim_ascii_end();
        before.ends_with(b"{").then(|| before.len() - 1)
    })
}

/// Returns the end of the lines behind a place that may belong to the one before it.
fn lines_behind(block: &[u8], from: usize) -> usize {
    let mut end = from;
    for _ in 0..LINES_BEHIND {
        let rest = block.get(end..).unwrap_or_default();
        end += memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
    }
    end
}

/// Counts the lines that hold nothing.
fn blank_lines(block: &[u8]) -> u64 {
    let has_blank = matches!(block.first(), Some(b'\n' | b'\r'))
        || memmem::find(block, b"\n\n").is_some()
        || memmem::find(block, b"\n\r").is_some();
    if !has_blank {
        return 0;
    }
    let ended = block.strip_suffix(b"\n").unwrap_or(block);
    ended.split(|byte| *byte == b'\n').filter(|line| line.trim_ascii().is_empty()).count() as u64
}

/// Returns the record that a piece begins with, if nothing but the list's own signs is behind it.
fn one_record(piece: &[u8]) -> Option<&[u8]> {
    // Most pieces end so.
    let plain = piece.strip_suffix(b",").filter(|plain| plain.ends_with(b"}"));
    if let Some(plain) = plain
        && Event::parse(plain).is_some()
    {
        return Some(plain);
    }
    let mut stream = serde_json::Deserializer::from_slice(piece).into_iter::<serde::de::IgnoredAny>();
    stream.next()?.ok()?;
    let (record, behind) = piece.split_at_checked(stream.byte_offset())?;
    let behind = behind.trim_ascii();
    (behind == b"," || behind.starts_with(b"]") || behind.is_empty()).then_some(record)
}

/// Returns the records of a piece that holds several, because only the first begins as CloudTrail's do.
fn several_records(piece: &[u8]) -> Option<Vec<&serde_json::value::RawValue>> {
    let mut rest = piece.trim_ascii();
    let mut records = Vec::new();
    // The end of the list may stand behind the last.
    while !rest.is_empty() && !rest.starts_with(b"]") {
        let mut stream = serde_json::Deserializer::from_slice(rest).into_iter::<&serde_json::value::RawValue>();
        records.push(stream.next()?.ok()?);
        let next = rest.get(stream.byte_offset()..)?.trim_ascii_start();
        rest = next.strip_prefix(b",").unwrap_or(next).trim_ascii_start();
    }
    (records.len() > 1).then_some(records)
}

/// Finds the record that holds a piece, where the piece's beginning is not that of a record: it begins at most two
/// pieces before, and ends at most two behind.
fn around(block: &[u8], finder: &Finder<'_>, start: usize, end: usize) -> Option<(usize, usize)> {
    let mut ends = vec![end];
    for _ in 0..2 {
        let last = *ends.last()?;
        let next = block.get(last + 1..).and_then(|rest| finder.find(rest)).map_or(block.len(), |at| last + 1 + at);
        ends.push(next);
    }
    let mut from = start;
    for _ in 0..3 {
        for to in &ends {
            if let Some(whole) = block.get(from..*to).and_then(one_record)
                && from + whole.len() > start
            {
                return Some((from, from + whole.len()));
            }
        }
        from = block.get(..from).and_then(|before| memmem::rfind(before, RECORD))?;
    }
    None
}

/// Words an error of the JSON parser, without the line, which is always the first.
fn words(error: &serde_json::Error) -> String {
    let words = error.to_string();
    let words = words.split(" at line ").next().unwrap_or_default();
    format!("not valid JSON: {words} at column {}", error.column())
}
