//! Reads targets from a file or standard input, one after the other, on a thread of its own.
//!
//! JSON lines are read as they come, so that memory does not grow with their number; a YAML list is read whole and
//! is bounded. An overlong line is dropped and answered in its place.

use super::target::{BadTarget, Target};
use crate::answer::doctor::Call;
use crate::cli::exit::Failure;
use crate::cli::output;
use serde_json::Value;
use serde_saphyr::Spanned;
use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal as _, Read};
use std::path::Path;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// The longest line, in bytes.
const LONGEST_LINE: usize = 1 << 20;

/// The largest YAML file, in bytes.
const LARGEST_YAML: u64 = 16 << 20;

/// How many targets are read ahead.
const AHEAD: usize = 64;

/// A target, or the reason why there is none, with the number of its line.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) line: u64,
    pub(super) target: Result<Target, BadTarget>,
}

/// What the reader sends.
pub(super) type Entries = Receiver<Result<Entry, Failure>>;

/// Sends targets that are ready, numbered from 1.
pub(super) fn ready(targets: Vec<Target>) -> Entries {
    let (sender, receiver) = channel(targets.len().max(1));
    for (line, target) in (1..).zip(targets) {
        // The channel has room for all of them.
        let _ = sender.try_send(Ok(Entry { line, target: Ok(target) }));
    }
    receiver
}

/// Starts to read; the channel ends with the input, or with the failure that ended it. `given` is the call that the
/// options describe.
pub(super) fn start(path: &Path, given: Call) -> Result<Entries, Failure> {
    let name = if is_standard_input(path) { "standard input".to_owned() } else { format!("`{}`", path.display()) };
    let input: Box<dyn Read + Send> = if is_standard_input(path) {
        if io::stdin().is_terminal() {
            output::note("type one target per line, then press Ctrl-D");
        }
        Box::new(io::stdin())
    } else {
        let file = File::open(path).map_err(|error| unreadable(&name, &error))?;
        if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
            return Err(Failure::input(format!("{name} cannot be read: it is a directory")));
        }
        Box::new(file)
    };
    let is_yaml = path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
    let (sender, receiver) = channel(AHEAD);
    let reading = std::thread::Builder::new().name("targets".to_owned()).spawn(move || {
        let mut input = BufReader::new(input);
        let read = match is_yaml || is_standard_input_of_yaml(&mut input) {
            true => read_yaml(input, &given, &sender),
            false => read_lines(input, &given, &sender),
        };
        if let Err(error) = read {
            // If nobody listens any more, nobody needs to know.
            let _ = sender.blocking_send(Err(unreadable(&name, &error)));
        }
    });
    // Do not wait for the thread: it may block on a terminal or a pipe.
    reading.map_err(|error| Failure::input(format!("a thread cannot be started: {error}")))?;
    Ok(receiver)
}

pub(super) fn is_standard_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn unreadable(name: &str, error: &io::Error) -> Failure {
    Failure::input(format!("{name} cannot be read: {error}"))
}

/// Recognizes YAML by its first character: a line of JSON begins with a brace. Consumes nothing.
fn is_standard_input_of_yaml(input: &mut impl BufRead) -> bool {
    let start = input.fill_buf().unwrap_or_default();
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    start.iter().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|first| matches!(first, b'-' | b'#'))
}

fn read_lines(mut input: impl BufRead, given: &Call, sender: &Sender<Result<Entry, Failure>>) -> io::Result<()> {
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let Some(whole) = read_line(&mut input, &mut line)? else { break };
        let text = if number == 1 { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line) } else { &line };
        if whole && text.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let target = if whole {
            Target::parse(text, given)
        } else {
            Err(BadTarget::nameless(format!("the line is longer than {} MiB", LONGEST_LINE >> 20)))
        };
        if sender.blocking_send(Ok(Entry { line: number, target })).is_err() {
            break;
        }
    }
    Ok(())
}

/// Reads a line; `Some(false)` if it was too long and is kept up to the limit only, `None` at the end.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Option<bool>> {
    let limit = LONGEST_LINE as u64 + 1;
    if input.by_ref().take(limit).read_until(b'\n', line)? == 0 {
        return Ok(None);
    }
    if line.ends_with(b"\n") || line.len() <= LONGEST_LINE {
        return Ok(Some(true));
    }
    loop {
        let buffer = input.fill_buf()?;
        let (used, ended) = match buffer.iter().position(|byte| *byte == b'\n') {
            Some(end) => (end + 1, true),
            None => (buffer.len(), buffer.is_empty()),
        };
        input.consume(used);
        if ended {
            return Ok(Some(false));
        }
    }
}

fn read_yaml(input: impl Read, given: &Call, sender: &Sender<Result<Entry, Failure>>) -> io::Result<()> {
    let mut text = String::new();
    input.take(LARGEST_YAML + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LARGEST_YAML {
        return Err(io::Error::other(format!(
            "a list in YAML has at most {} MiB; JSON lines have no end",
            LARGEST_YAML >> 20
        )));
    }
    let list: Vec<Spanned<Value>> = serde_saphyr::from_str(&text).map_err(|error| {
        let words = error.without_snippet().to_string();
        io::Error::other(format!("it is not a YAML list of targets: {words}"))
    })?;
    for element in list {
        let entry = Entry { line: element.referenced.line(), target: Target::from_value(element.value, given) };
        if sender.blocking_send(Ok(entry)).is_err() {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(
        read: impl FnOnce(&Sender<Result<Entry, Failure>>) -> io::Result<()>,
    ) -> Vec<(u64, Result<Value, String>)> {
        let (sender, mut receiver) = channel(100);
        read(&sender).unwrap();
        drop(sender);
        std::iter::from_fn(|| receiver.blocking_recv())
            .map(|entry| entry.unwrap())
            .map(|entry| (entry.line, entry.target.map(|target| target.id).map_err(|bad| bad.error)))
            .collect()
    }

    #[test]
    fn lines_are_read_one_by_one_and_an_overlong_one_costs_itself_alone() {
        let target = |id: u64| format!("{{\"id\": {id}, \"model\": \"amazon.nova-lite-v1:0\"}}\n");
        let mut input = format!("\u{feff}{}\n{}", target(1), target(3)).into_bytes();
        input.extend(std::iter::repeat_n(b'x', 3 * LONGEST_LINE));
        input.extend(format!("\n{}", target(5).trim_end()).into_bytes());
        let read = entries(|sender| read_lines(&input[..], &Call::default(), sender));
        let too_long = Err("the line is longer than 1 MiB".to_owned());
        assert_eq!(read, [(1, Ok(1.into())), (3, Ok(3.into())), (4, too_long), (5, Ok(5.into()))]);
    }

    #[test]
    fn a_yaml_list_names_its_lines() {
        let text =
            "# who may call what\n- id: chat\n  model: amazon.nova-lite-v1:0\n  expect: allowed\n- model: [no]\n";
        let read = entries(|sender| read_yaml(text.as_bytes(), &Call::default(), sender));
        assert_eq!(read[0], (2, Ok("chat".into())));
        assert_eq!(read[1].0, 5);
        assert!(read[1].1.as_ref().unwrap_err().contains("invalid type"), "{read:?}");
        assert!(is_standard_input_of_yaml(&mut text.as_bytes()) && !is_standard_input_of_yaml(&mut &b" {}"[..]));
    }
}
