//! `explain --batch`: one `{"id", "text"}` a line in, one explanation a line out, in order.
//!
//! One thread reads chunks of whole lines, as many as there are processors answer them, and this one writes them
//! in order. Every queue is bounded, so memory does not grow with the input. A bad line is answered in place.

use super::{is_standard_input, name, open};
use crate::cause::Cause;
use crate::cli::bad_line::bad_line;
use crate::cli::exit::{ExitStatus, Failure};
use crate::cli::output;
use crate::explain::{self, MAX_TEXT};
use crate::report;
use crate::trail::reason;
use serde::Deserialize;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read, Write};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// How much is read at once, in bytes.
const CHUNK: usize = 256 * 1024;

/// How many times as long as the lines their answers are, mostly.
const ANSWER: usize = 5;

/// The longest line that is answered, in bytes; a longer one is refused in place.
const MAX_LINE: usize = MAX_TEXT;

/// Whole lines, and the number of the first one.
struct Chunk {
    lines: Vec<u8>,
    first_line: u64,
    /// Whether the chunk stands for a line that is too long, which was dropped.
    too_long: bool,
}

/// The answers to a chunk.
#[derive(Default)]
struct Answers {
    bytes: Vec<u8>,
    bad: u64,
    causes: BTreeMap<Cause, u64>,
}

/// A line of the input.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(default)]
    id: Value,
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
}

/// Answers every line of the files.
pub(super) fn run(files: &[PathBuf], verbose: bool) -> Result<ExitStatus, Failure> {
    let mut inputs = Vec::with_capacity(files.len());
    for file in files {
        inputs.push((name(file), open(file)?, is_standard_input(file)));
    }
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let (jobs, queue) = sync_channel::<(Chunk, SyncSender<Answers>)>(workers);
    let (order, ordered) = sync_channel::<Receiver<Answers>>(workers * 2);
    let queue = Mutex::new(queue);
    let mut total = Answers::default();
    let (read, written) = thread::scope(|scope| {
        let reader = scope.spawn(move || read_all(inputs, &jobs, &order));
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok((chunk, reply)) = job else { break };
                    // The writer is gone when standard output is closed; then nobody waits.
                    let _ = reply.send(answer(&chunk));
                }
            });
        }
        let written = write_all(ordered, &mut total);
        let read = reader.join().unwrap_or_else(|_| Err(Failure::input("the reading thread ended early")));
        (read, written)
    });
    written?;
    if verbose {
        let mut counts: Vec<(u64, Cause)> = total.causes.iter().map(|(cause, count)| (*count, *cause)).collect();
        counts.sort_by_key(|(count, cause)| (std::cmp::Reverse(*count), *cause));
        for (count, cause) in counts {
            output::note(&format!("{count:>8}  {cause}"));
        }
        if total.bad > 0 {
            output::note(&format!("{:>8}  bad lines", total.bad));
        }
    }
    read?;
    Ok(if total.bad == 0 { ExitStatus::Success } else { ExitStatus::Input })
}

/// An input: its name for messages, its bytes, and whether it is standard input.
type Input = (String, Box<dyn Read + Send>, bool);

fn read_all(
    inputs: Vec<Input>,
    jobs: &SyncSender<(Chunk, SyncSender<Answers>)>,
    order: &SyncSender<Receiver<Answers>>,
) -> Result<(), Failure> {
    let mut line = 1;
    for (name, mut input, _) in inputs {
        let send = |chunk: Chunk| {
            let (reply, answers) = sync_channel(1);
            order.send(answers).is_ok() && jobs.send((chunk, reply)).is_ok()
        };
        match read_chunks(&mut input, &mut line, send) {
            Ok(true) => {}
            // Nobody reads the answers any more.
            Ok(false) => break,
            Err(error) => return Err(Failure::input(format!("{name} cannot be read: {}", reason(&error)))),
        }
    }
    Ok(())
}

/// Reads an input in chunks of whole lines; returns whether anybody still wants them.
fn read_chunks(input: &mut dyn Read, line: &mut u64, send: impl Fn(Chunk) -> bool) -> io::Result<bool> {
    let mut buffer: Vec<u8> = Vec::with_capacity(CHUNK);
    let mut skipping = false;
    loop {
        let kept = buffer.len();
        buffer.resize(kept + CHUNK, 0);
        let count = match input.read(buffer.get_mut(kept..).unwrap_or_default()) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {
                buffer.truncate(kept);
                continue;
            }
            count => count?,
        };
        buffer.truncate(kept + count);
        let ended = count == 0;
        if skipping {
            match buffer.iter().position(|byte| *byte == b'\n') {
                Some(end) => {
                    buffer.drain(..=end);
                    skipping = false;
                }
                None if ended => return Ok(true),
                None => {
                    buffer.clear();
                    continue;
                }
            }
        }
        // Only what was just read can hold the last line break.
        let end = match buffer.iter().rposition(|byte| *byte == b'\n') {
            Some(end) => end + 1,
            None if ended => buffer.len(),
            None if buffer.len() > MAX_LINE => {
                buffer.clear();
                skipping = true;
                if !send(Chunk { lines: Vec::new(), first_line: *line, too_long: true }) {
                    return Ok(false);
                }
                *line += 1;
                continue;
            }
            None => continue,
        };
        let rest = buffer.split_off(if ended { buffer.len() } else { end });
        if !buffer.is_empty() {
            let lines = std::mem::replace(&mut buffer, rest);
            let count = lines.iter().filter(|byte| **byte == b'\n').count() as u64;
            if !send(Chunk { lines, first_line: *line, too_long: false }) {
                return Ok(false);
            }
            *line += count;
        }
        if ended {
            return Ok(true);
        }
    }
}

fn write_all(ordered: Receiver<Receiver<Answers>>, total: &mut Answers) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    for answers in ordered {
        let Ok(answers) = answers.recv() else { continue };
        total.bad += answers.bad;
        for (cause, count) in answers.causes {
            *total.causes.entry(cause).or_default() += count;
        }
        if let Err(error) = stdout.write_all(&answers.bytes).and_then(|()| stdout.flush()) {
            if error.kind() == ErrorKind::BrokenPipe {
                return Ok(());
            }
            return Err(Failure::input(format!("standard output cannot be written: {}", reason(&error))));
        }
    }
    Ok(())
}

/// Answers the lines of a chunk.
fn answer(chunk: &Chunk) -> Answers {
    let mut answers = Answers { bytes: Vec::with_capacity(chunk.lines.len() * ANSWER), ..Answers::default() };
    if chunk.too_long {
        let error = format!("the line is longer than {} MiB", MAX_LINE / 1024 / 1024);
        answers.push_bad(&Value::Null, chunk.first_line, &error);
        return answers;
    }
    for (number, line) in (chunk.first_line..).zip(chunk.lines.split(|byte| *byte == b'\n')) {
        let line = if number == 1 { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line) } else { line };
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        answers.answer_line(line, number);
    }
    answers
}

impl Answers {
    fn answer_line(&mut self, line: &[u8], number: u64) {
        // The second reading is for bytes that are no UTF-8 and for halves of surrogate pairs: replaced, not refused.
        let parsed: Result<Line<'_>, _> = serde_json::from_slice(line);
        match parsed {
            Ok(line) => self.answer_text(line, number),
            Err(error) => {
                let repaired = repair(line);
                match serde_json::from_str::<Line<'_>>(&repaired) {
                    Ok(line) => self.answer_text(line, number),
                    Err(_) => self.push_bad(&Value::Null, number, &refusal(line, &error)),
                }
            }
        }
    }

    fn answer_text(&mut self, line: Line<'_>, number: u64) {
        let Some(text) = line.text else {
            return self.push_bad(&line.id, number, "the line has no `text`");
        };
        let mut explanation = explain::explain(&text);
        explanation.id = line.id;
        *self.causes.entry(explanation.error.cause).or_default() += 1;
        report::write_explanation_json(&mut self.bytes, &explanation);
        self.bytes.push(b'\n');
    }

    fn push_bad(&mut self, id: &Value, line: u64, error: &str) {
        self.bad += 1;
        self.bytes.extend_from_slice(bad_line(id, line, error).as_bytes());
        self.bytes.push(b'\n');
    }
}

/// Says what is wrong with a line.
fn refusal(line: &[u8], error: &serde_json::Error) -> String {
    match serde_json::from_slice::<Value>(line) {
        Ok(Value::Object(object)) if object.get("text").is_some_and(|text| !text.is_string()) => {
            "`text` is not a string".to_owned()
        }
        Ok(Value::Object(_)) => "the line is not an `{\"id\", \"text\"}`".to_owned(),
        Ok(_) => "the line is not a JSON object".to_owned(),
        Err(_) => {
            let words = error.to_string();
            let words = words.split(" at line ").next().unwrap_or_default();
            format!("the line is not valid JSON: {words} at column {}", error.column())
        }
    }
}

/// Replaces invalid UTF-8 and escaped halves of surrogate pairs.
fn repair(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let mut repaired = String::with_capacity(text.len());
    let mut rest = text.as_ref();
    while let Some(at) = rest.find("\\u") {
        let (before, escape) = rest.split_at(at);
        repaired.push_str(before);
        let backslashes = before.bytes().rev().take_while(|byte| *byte == b'\\').count();
        let unit = |from: usize| {
            escape
                .get(from..from + 6)
                .filter(|unit| unit.starts_with("\\u"))
                .and_then(|unit| unit.get(2..))
                .and_then(|digits| u32::from_str_radix(digits, 16).ok())
        };
        let length = match (unit(0), unit(6)) {
            _ if backslashes % 2 == 1 => 2,
            (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => 12,
            (Some(0xd800..0xe000), _) => {
                repaired.push_str("\\ufffd");
                rest = escape.get(6..).unwrap_or_default();
                continue;
            }
            _ => 2,
        };
        repaired.push_str(escape.get(..length).unwrap_or(escape));
        rest = escape.get(length..).unwrap_or_default();
    }
    repaired.push_str(rest);
    repaired
}
