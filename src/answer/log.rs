//! A log of any length, read once and in constant memory.
//!
//! What is an error is decided as everywhere (`trail`). A line of any length is read: one that is too long for a record
//! is looked at in pieces that overlap, so that an error anywhere in it is found, and found once. Of a log, the lines around
//! an error that is wanted are kept as they pass by.

use crate::answer::Failure;
use crate::trail::{self, Entry, Item, Wanted};
use memchr::{memchr, memchr_iter, memmem, memrchr};
use std::collections::{HashSet, VecDeque};
use std::io::{self, Cursor, Read};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How much is read at once, in bytes.
const CHUNK: usize = 128 * 1024;

/// The longest line that is read as one, in bytes.
const LONGEST_LINE: usize = 512 * 1024;

/// The length of a piece of a longer one, and of what it has in common with the next, in bytes.
const PIECE: usize = 256 * 1024;
const OVERLAP: usize = 32 * 1024;

/// The most errors of a long line that are told apart.
const MOST_IN_LINE: usize = 4096;

/// How much of a long line is kept before and after an error in it, and of each line beside an error's, in bytes.
const AROUND: usize = 8 * 1024;

/// How many lines before and after an error's are kept.
const LINES_AROUND: u64 = 40;

/// The longest window, in bytes.
const LONGEST_WINDOW: usize = LONGEST_LINE + 2 * LINES_AROUND as usize * AROUND;

/// How much of what has passed by is held, in bytes: more than a reader holds of what it has not looked at.
const HELD: usize = 4 << 20;

/// How much of a source tells what it is, in bytes.
const HEAD: usize = 64 * 1024;

/// What stands before a piece, so that it is taken for a line of a log.
const MARK: &[u8] = b"| ";

/// Reads a log and hands on what it holds; the order is that of the lines, except around lines of more than half a MiB.
///
/// # Errors
///
/// When the log cannot be read to its end.
pub fn read(name: &str, source: impl Read + Send, found: &mut dyn FnMut(Entry)) -> Result<(), Failure> {
    passed(name, source, &Shared::default(), &mut |entry| {
        found(entry);
        None
    })
}

/// Reads a log and returns the lines around the last of the errors that `rank` gives the highest rank, with its line; the lines
/// are empty where they are too long to hold one error.
///
/// # Errors
///
/// When the log cannot be read to its end.
pub fn last(
    name: &str,
    source: impl Read + Send,
    rank: &dyn Fn(&Item) -> Option<u8>,
) -> Result<Option<(u64, String)>, Failure> {
    let shared = Shared { held: Some(Mutex::default()), ..Shared::default() };
    passed(name, source, &shared, &mut |entry| rank(&entry.item))?;
    let mut held = shared.held();
    let window = held.as_mut().and_then(|held| {
        held.capture();
        held.wanted.take()
    });
    Ok(window.and_then(|wanted| Some((wanted.line, String::from_utf8_lossy(&wanted.window?).into_owned()))))
}

fn passed(
    name: &str,
    source: impl Read + Send,
    shared: &Shared,
    found: &mut dyn FnMut(Entry) -> Option<u8>,
) -> Result<(), Failure> {
    let unreadable = |why: &str| Failure::input(format!("`{name}` cannot be read: {why}"));
    // What is compressed or in another encoding is so for the reader of the lines, too.
    let source = trail::text(source).map_err(|why| unreadable(&why))?;
    let tape = Tape::new(source, shared);
    let mut hand_on = |entry: Entry, window: Option<Vec<u8>>| {
        let line = entry.line;
        let rank = found(entry);
        if let (Some(rank), Some(held)) = (rank, shared.held().as_mut()) {
            held.want(line, rank, window);
        }
    };
    let about = trail::read(name, tape, &Wanted::Errors, &mut |entry| {
        for (entry, window) in shared.take() {
            hand_on(entry, Some(window));
        }
        hand_on(entry, None);
        true
    });
    for (entry, window) in shared.take() {
        hand_on(entry, Some(window));
    }
    match about.error.filter(|_| !about.complete) {
        Some(why) => Err(unreadable(&why)),
        None => Ok(()),
    }
}

/// What the one who reads a log and the one who passes it on have in common.
#[derive(Debug, Default)]
struct Shared {
    /// What was found in pieces, with what stands around it.
    found: Mutex<Vec<(Entry, Vec<u8>)>>,
    /// What has passed by, where the lines around an error are wanted.
    held: Option<Mutex<Held>>,
}

impl Shared {
    fn take(&self) -> Vec<(Entry, Vec<u8>)> {
        std::mem::take(&mut *self.found.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn held(&self) -> Option<MutexGuard<'_, Held>> {
        self.held.as_ref().map(|held| held.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The last lines that passed by.
#[derive(Debug, Default)]
struct Held {
    /// Whole lines, with the number of the first and how many they are.
    blocks: VecDeque<(u64, u64, Vec<u8>)>,
    length: usize,
    wanted: Option<WantedError>,
}

/// The error that is the last one of its kind so far.
#[derive(Debug)]
struct WantedError {
    line: u64,
    rank: u8,
    /// What stands around it, once that is known.
    window: Option<Vec<u8>>,
}

impl Held {
    fn want(&mut self, line: u64, rank: u8, window: Option<Vec<u8>>) {
        let is_better = self.wanted.as_ref().is_none_or(|wanted| (rank, line) >= (wanted.rank, wanted.line));
        if is_better {
            self.wanted = Some(WantedError { line, rank, window });
        }
    }

    /// Holds lines that pass by, and lets go of those that passed long ago.
    fn push(&mut self, first: u64, lines: u64, block: Vec<u8>) {
        self.length += block.len();
        self.blocks.push_back((first, lines, block));
        while self.length > HELD && self.blocks.len() > 1 {
            let end = self.blocks.front().map_or(0, |(first, lines, _)| first + lines);
            if self.wanted.as_ref().is_some_and(|wanted| wanted.line.saturating_sub(LINES_AROUND) < end) {
                self.capture();
            }
            self.length -= self.blocks.pop_front().map_or(0, |(_, _, block)| block.len());
        }
    }

    /// Keeps what stands around the error that is wanted.
    fn capture(&mut self) {
        let Some(wanted) = self.wanted.as_mut().filter(|wanted| wanted.window.is_none()) else { return };
        let (from, to) = (wanted.line.saturating_sub(LINES_AROUND), wanted.line + LINES_AROUND);
        let mut window = Vec::new();
        for (first, lines, block) in &self.blocks {
            if first + lines <= from || *first > to {
                continue;
            }
            for (number, line) in (*first..).zip(block.split_inclusive(|byte| *byte == b'\n')) {
                match number {
                    _ if number == wanted.line => window.extend_from_slice(line),
                    // Of another line, the beginning is enough.
                    _ if (from..=to).contains(&number) => match line.get(..AROUND) {
                        Some(beginning) => window.extend(beginning.iter().chain(b"\n")),
                        None => window.extend_from_slice(line),
                    },
                    _ => {}
                }
            }
        }
        // A line of a document that is longer than one error is no window.
        wanted.window = Some(if window.len() > LONGEST_WINDOW { Vec::new() } else { window });
    }
}

/// Passes a log on, in whole lines; a line that is too long becomes an empty one, and is looked at in pieces.
struct Tape<'s, R> {
    source: R,
    shared: &'s Shared,
    /// What was read, of which a part has been passed on and a part can be.
    buffer: Vec<u8>,
    passed: usize,
    ready: usize,
    /// The line that comes next, counted from 1.
    line: u64,
    ended: bool,
    /// It is one document of events, whose reader bounds its own memory; nothing is known before the first chunk.
    is_document: Option<bool>,
}

impl<'s, R: Read> Tape<'s, R> {
    fn new(source: R, shared: &'s Shared) -> Self {
        let buffer = Vec::with_capacity(2 * CHUNK);
        Self { source, shared, buffer, passed: 0, ready: 0, line: 1, ended: false, is_document: None }
    }

    /// Reads on, up to one chunk more.
    fn fill(&mut self) -> io::Result<()> {
        let kept = self.buffer.len();
        self.buffer.resize(kept + CHUNK, 0);
        let count = loop {
            match self.source.read(self.buffer.get_mut(kept..).unwrap_or_default()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                count => break count,
            }
        };
        self.buffer.truncate(kept + count.as_ref().copied().unwrap_or(0));
        self.ended = count? == 0;
        Ok(())
    }

    /// Makes whole lines ready.
    fn prepare(&mut self) -> io::Result<()> {
        self.buffer.drain(..self.ready);
        (self.passed, self.ready) = (0, 0);
        while self.is_document.is_none() && self.buffer.len() < HEAD && !self.ended {
            self.fill()?;
        }
        let is_document = *self.is_document.get_or_insert_with(|| is_document(&self.buffer));
        while !self.ended {
            if let Some(end) = memrchr(b'\n', &self.buffer) {
                self.ready = end + 1;
                break;
            }
            if self.buffer.len() > LONGEST_LINE {
                if !is_document {
                    return self.long_line();
                }
                self.ready = self.buffer.len();
                break;
            }
            self.fill()?;
        }
        if self.ended {
            self.ready = self.buffer.len();
        }
        self.pass_by();
        Ok(())
    }

    /// Counts the lines that are ready, and holds them where they are wanted.
    fn pass_by(&mut self) {
        let block = self.buffer.get(..self.ready).unwrap_or_default();
        let ends = memchr_iter(b'\n', block).count() as u64;
        if let Some(mut held) = self.shared.held() {
            held.push(self.line, ends.max(1), block.to_vec());
        }
        self.line += ends;
    }

    /// Looks at a long line in pieces, and passes its end on, so that the lines keep their numbers.
    fn long_line(&mut self) -> io::Result<()> {
        let mut is_first = true;
        // As of every line, equal errors count once.
        let mut seen = HashSet::new();
        let end = loop {
            // The buffer begins with what the last piece has in common with this one.
            while self.buffer.len() <= PIECE && !self.ended && memchr(b'\n', &self.buffer).is_none() {
                self.fill()?;
            }
            let end = memchr(b'\n', &self.buffer).or_else(|| self.ended.then_some(self.buffer.len()));
            if let Some(end) = end.filter(|end| *end <= PIECE) {
                break end;
            }
            self.piece(PIECE, is_first, false, &mut seen);
            self.buffer.drain(..PIECE - OVERLAP);
            is_first = false;
        };
        self.piece(end, is_first, true, &mut seen);
        self.buffer.drain(..end);
        self.ready = self.buffer.len().min(1);
        self.pass_by();
        Ok(())
    }

    /// Finds the errors of a piece that begin in its own part, and were not `seen` in the same line.
    fn piece(&self, length: usize, is_first: bool, is_last: bool, seen: &mut HashSet<String>) {
        let piece = self.buffer.get(..length).unwrap_or_default();
        let own = if is_first { 0 } else { OVERLAP / 2 }..if is_last { usize::MAX } else { length - OVERLAP / 2 };
        let mut is_new = |what: String| seen.len() < MOST_IN_LINE && seen.insert(what);
        trail::read("a piece", Cursor::new(MARK).chain(piece), &Wanted::Errors, &mut |entry| {
            let window = match &entry.item {
                Item::Denial(denial) => {
                    let error = denial.error();
                    let [start, end] = error.span.map(|at| at.saturating_sub(MARK.len()));
                    if !own.contains(&start) || !is_new(format!("{} {:?}", error.cause, error.facts)) {
                        return true;
                    }
                    start.saturating_sub(AROUND)..end.saturating_add(AROUND).min(piece.len())
                }
                Item::Other(cause) if is_new(cause.code().to_owned()) => 0..0,
                _ => return true,
            };
            let found = (Entry { line: self.line, item: entry.item }, piece.get(window).unwrap_or_default().to_vec());
            self.shared.found.lock().unwrap_or_else(PoisonError::into_inner).push(found);
            true
        });
    }
}

impl<R: Read> Read for Tape<'_, R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        // A long line at the very end leaves nothing to pass on.
        while self.passed == self.ready && !(self.ended && self.buffer.len() == self.ready) {
            self.prepare()?;
        }
        let count = self.buffer.get(self.passed..self.ready).unwrap_or_default().read(target)?;
        self.passed += count;
        Ok(count)
    }
}

/// Returns `true` for events of CloudTrail or the traffic of a browser, of which one line may hold any number.
fn is_document(beginning: &[u8]) -> bool {
    let head = beginning.get(..HEAD).unwrap_or(beginning);
    let holds = |word: &str| memmem::find(head, word.as_bytes()).is_some();
    let is_json = head.trim_ascii_start().starts_with(b"{") || head.trim_ascii_start().starts_with(b"[");
    let is_events =
        ["ventVersion", "ventSource", "CloudTrailEvent", "class_uid", "ventName", "logEvents", "\"Events\""];
    is_json && (is_events.iter().any(|word| holds(word)) || holds("\"log\"") && holds("\"entries\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(role: &str) -> String {
        format!(
            "AccessDeniedException: User: arn:aws:sts::111122223333:assumed-role/{role}/s is not authorized to perform: \
             bedrock:InvokeModel on resource: arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-lite-v1:0 because no \
             identity-based policy allows the bedrock:InvokeModel action"
        )
    }

    /// The lines and principals of what is found.
    fn found(log: &str) -> Vec<(u64, String)> {
        let mut all = Vec::new();
        read("log", log.as_bytes(), &mut |entry| match entry.item {
            Item::Denial(denial) => all.push((entry.line, denial.error().principal.clone().unwrap_or_default())),
            Item::Other(cause) => all.push((entry.line, cause.code().to_owned())),
            _ => {}
        })
        .unwrap();
        all
    }

    fn filler(length: usize) -> String {
        "nothing to see here, ".chars().cycle().take(length).collect()
    }

    #[test]
    fn an_error_is_found_once_wherever_it_stands_in_a_long_line() {
        let step = PIECE - OVERLAP;
        let edges =
            [0, 1, step - 400, step, step + OVERLAP / 2 - 200, step + OVERLAP / 2, PIECE - 200, PIECE, PIECE + 50];
        for before in edges.into_iter().chain([LONGEST_LINE - 100, LONGEST_LINE, 3 * step + 17, 1_500_000]) {
            let line = format!("{}{}{}", filler(before), refusal("chat"), filler(1_600_000 - before));
            let log = format!("one\n{line}\nthree\n{}\n", refusal("last"));
            let expected = ["chat", "last"].map(|role| format!("arn:aws:sts::111122223333:assumed-role/{role}/s"));
            assert_eq!(found(&log), [(2, expected[0].clone()), (4, expected[1].clone())], "{before}");
            // At the very end, and without a line end.
            let log = format!("{}{}", filler(before + 600_000), refusal("chat"));
            assert_eq!(found(&log), [(1, expected[0].clone())], "{before}");
        }
    }

    #[test]
    fn equal_errors_of_a_long_line_count_once_and_others_too() {
        let part = format!(
            "{}{}{}ThrottlingException: Too many requests, please wait before trying again. ",
            filler(40_000),
            refusal("chat"),
            filler(30_000)
        );
        let log = format!("{}\n{}\n", part.repeat(20), refusal("chat"));
        let lines: Vec<u64> = found(&log).into_iter().map(|(line, _)| line).collect();
        assert_eq!(lines, [1, 1, 2]);
    }

    #[test]
    fn the_lines_around_the_last_error_are_kept() {
        let wanted = |item: &Item| match item {
            Item::Denial(denial) => Some(u8::from(denial.error().model.is_some())),
            _ => None,
        };
        let quiet = format!("{}\n", filler(100));
        for behind in [0, 1, 39, 41, 100_000] {
            let before = quiet.repeat(60_000);
            let log = format!("{before}before\n{}\n{}", refusal("chat"), quiet.repeat(behind));
            let (line, window) = last("log", log.as_bytes(), &wanted).unwrap().unwrap();
            assert_eq!(line, 60_002);
            assert!(window.contains("before\nAccessDenied"), "{behind}");
            assert!(window.len() < 82 * 101 + refusal("chat").len(), "{behind}: {}", window.len());
        }
        let log = format!("{}{}{}\n{}", filler(3_000_000), refusal("chat"), filler(3_000_000), quiet.repeat(50_000));
        let (line, window) = last("log", log.as_bytes(), &wanted).unwrap().unwrap();
        assert_eq!(line, 1);
        assert!(window.contains(&refusal("chat")) && window.len() < 3 * AROUND, "{}", window.len());
        assert_eq!(last("log", quiet.as_bytes(), &wanted).unwrap(), None);
    }
}
