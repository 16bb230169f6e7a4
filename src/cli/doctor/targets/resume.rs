//! Resumes an earlier run: which targets it has answered, and which ids this run has seen.
//!
//! Ids are kept as hashes of 16 bytes: the only thing here that grows with the number of targets.

use super::tally::Tally;
use crate::cli::exit::Failure;
use crate::diagnose::{Expectation, Verdict};
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

/// The longest line that an earlier run may have written, in bytes.
const LONGEST_LINE: u64 = 16 << 20;

/// Ids that were seen, with the first line of each.
#[derive(Debug, Default)]
pub(super) struct Ids {
    hashers: (RandomState, RandomState),
    /// Line 0 is an answer of an earlier run.
    seen: HashMap<(u64, u64), u64>,
}

/// Whether an id was seen before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Met {
    /// It is new, or the target has none.
    Never,
    /// An earlier run answered it.
    Done,
    /// In this line of the same input.
    Before(u64),
}

impl Ids {
    /// Notes the id of a line, and returns whether it was seen before.
    pub(super) fn meet(&mut self, id: &Value, line: u64) -> Met {
        if id.is_null() {
            return Met::Never;
        }
        let text = id.to_string();
        let key = (self.hashers.0.hash_one(&text), self.hashers.1.hash_one(&text));
        match self.seen.get_mut(&key) {
            None => {
                self.seen.insert(key, line);
                Met::Never
            }
            Some(first) if *first == 0 => {
                // From now on the id is taken by this line.
                *first = line;
                Met::Done
            }
            Some(first) => Met::Before(*first),
        }
    }
}

/// The parts of an answer that decide whether it counts.
#[derive(Deserialize)]
struct Answered {
    schema: String,
    #[serde(default)]
    id: Value,
    verdict: Option<Verdict>,
    expect: Option<Expectation>,
}

/// Reads what an earlier run has answered, and counts it; a half-written last line is not an answer.
///
/// A file that does not exist yet holds no answer, so that the first run and the next have the same command line.
pub(super) fn read(path: &Path, ids: &mut Ids, tally: &mut Tally) -> Result<(), Failure> {
    let unreadable = |error: &io::Error| Failure::input(format!("`{}` cannot be read: {error}", path.display()));
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        file => file.map_err(|error| unreadable(&error))?,
    };
    let mut input = BufReader::new(file);
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        let read =
            input.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line).map_err(|error| unreadable(&error))?;
        if read == 0 {
            break;
        }
        if !line.ends_with(b"\n") {
            // Cut off - or not ours, and then it must not be cut off further.
            if !is_start_of_answer(&line) {
                return Err(not_ours(path, number));
            }
            break;
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let answer: Answered = serde_json::from_slice(&line).map_err(|_| not_ours(path, number))?;
        if let (true, Some(verdict)) = (answer.schema.starts_with("bedrock-access/diagnosis/"), answer.verdict)
            && !answer.id.is_null()
            && ids.meet(&answer.id, 0) == Met::Never
        {
            tally.count_earlier(verdict, answer.expect);
        }
    }
    Ok(())
}

fn not_ours(path: &Path, line: u64) -> Failure {
    Failure::input(format!("`{}` is not the output of an earlier run: line {line}", path.display()))
        .hint("`--skip-done` takes the JSON lines that `doctor --targets … --format json` wrote")
}

/// Returns `true` if a text can be the beginning of an answer that was not written to its end.
fn is_start_of_answer(text: &[u8]) -> bool {
    const START: &[u8] = b"{\"schema\":\"bedrock-access/";
    let text: Vec<u8> = text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).take(START.len()).collect();
    START.starts_with(&text)
}

/// Opens the output of an earlier run to be continued, without the half-written line at its end.
pub(super) fn continue_after(path: &Path) -> io::Result<File> {
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
    let mut end = file.seek(SeekFrom::End(0))?;
    let mut block = [0_u8; 4096];
    // Backwards, a block at a time, to the last line feed.
    while end > 0 {
        let start = end.saturating_sub(block.len() as u64);
        let length = usize::try_from(end - start).unwrap_or(block.len());
        let part = block.get_mut(..length).unwrap_or_default();
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(part)?;
        if let Some(at) = part.iter().rposition(|byte| *byte == b'\n') {
            end = start + at as u64 + 1;
            break;
        }
        end = start;
    }
    file.set_len(end)?;
    file.seek(SeekFrom::Start(end))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn an_id_is_met_once_and_then_never_new() {
        let mut ids = Ids::default();
        assert_eq!(ids.meet(&"a".into(), 0), Met::Never);
        assert_eq!(ids.meet(&"a".into(), 3), Met::Done);
        assert_eq!(ids.meet(&"a".into(), 4), Met::Before(3));
        assert_eq!(ids.meet(&7.into(), 5), Met::Never);
        assert_eq!(ids.meet(&"7".into(), 6), Met::Never);
        assert_eq!((ids.meet(&Value::Null, 7), ids.meet(&Value::Null, 8)), (Met::Never, Met::Never));
    }

    #[test]
    fn only_the_half_written_end_is_cut_off() {
        for (before, after) in [("", ""), ("half", ""), ("one\n", "one\n"), ("one\nha", "one\n")] {
            let mut scratch = tempfile::NamedTempFile::new().unwrap();
            scratch.write_all(before.as_bytes()).unwrap();
            continue_after(scratch.path()).unwrap().write_all(b"two\n").unwrap();
            assert_eq!(std::fs::read_to_string(scratch.path()).unwrap(), format!("{after}two\n"));
        }
        let scratch = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(scratch.path(), format!("one\n{}", "x".repeat(10_000))).unwrap();
        continue_after(scratch.path()).unwrap();
        assert_eq!(std::fs::read_to_string(scratch.path()).unwrap(), "one\n");
    }
}
