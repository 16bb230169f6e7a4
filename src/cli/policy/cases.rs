//! `policy simulate --cases`: one case a line in, one answer a line out, in the same order.
//!
//! One thread reads, one for each core evaluates, the calling one writes. Every queue is bounded, so that memory
//! does not grow with the input, and batches go round the workers in turn, so that order needs no sorting.

use crate::cli::bad_line::bad_line;
use crate::escape::escape_json;
use crate::policy::{AuthorizationCase, CaseError, decide};
use serde::Serialize;
use std::io::{self, BufRead, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// How many bytes of lines go to a worker at once.
const BATCH: usize = 256 << 10;
/// How many batches wait for a worker, or for the writer, at most.
const WAITING: usize = 4;
/// The longest line that is taken, in bytes.
const LONGEST_LINE: usize = 16 << 20;

/// What became of the lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// How many lines were answered with a decision.
    pub answered: usize,
    /// How many lines hold no case.
    pub bad: usize,
}

/// Whole lines, and the number of the first.
struct Batch {
    first_line: usize,
    text: Vec<u8>,
}

/// Answers every line of the input.
///
/// # Errors
/// When the input cannot be read, or the output cannot be written; what was read before is answered.
pub(super) fn answer_all(mut input: impl BufRead + Send, output: &mut impl Write) -> io::Result<Tally> {
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let (mut inboxes, mut outboxes) = (Vec::new(), Vec::new());
        for _ in 0..workers {
            let (to_worker, inbox) = sync_channel::<Batch>(WAITING);
            let (outbox, from_worker) = sync_channel::<(Vec<u8>, Tally)>(WAITING);
            inboxes.push(to_worker);
            outboxes.push(from_worker);
            scope.spawn(move || work(&inbox, &outbox));
        }
        let reader = scope.spawn(move || read_batches(&mut input, &inboxes));
        let tally = write_in_turn(&outboxes, output);
        // A writer that gave up drops the queues; workers and reader see it and end.
        drop(outboxes);
        let read = reader.join().unwrap_or_else(|_| Err(io::Error::other("the reading thread ended early")));
        tally.and_then(|tally| read.map(|()| tally))
    })
}

fn write_in_turn(outboxes: &[Receiver<(Vec<u8>, Tally)>], output: &mut impl Write) -> io::Result<Tally> {
    let mut total = Tally::default();
    for outbox in outboxes.iter().cycle() {
        let Ok((answers, tally)) = outbox.recv() else { break };
        output.write_all(&answers)?;
        total.answered += tally.answered;
        total.bad += tally.bad;
    }
    output.flush()?;
    Ok(total)
}

fn work(inbox: &Receiver<Batch>, outbox: &SyncSender<(Vec<u8>, Tally)>) {
    for batch in inbox {
        if outbox.send(answer_batch(&batch)).is_err() {
            return;
        }
    }
}

fn answer_batch(batch: &Batch) -> (Vec<u8>, Tally) {
    let mut answers = Vec::with_capacity(batch.text.len() / 4);
    let mut tally = Tally::default();
    for (index, line) in batch.text.split(|byte| *byte == b'\n').enumerate() {
        let number = batch.first_line + index;
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        match case(line, number) {
            Ok(case) => {
                let evaluation = decide(&case.question(), &case.policies);
                write_line(&mut answers, &case.answer(&evaluation));
                tally.answered += 1;
            }
            Err(CaseError { id, error }) => {
                let error = format!("column {}: {}", error.column, error.message);
                answers.extend_from_slice(bad_line(&id, number as u64, &error).as_bytes());
                answers.push(b'\n');
                tally.bad += 1;
            }
        }
    }
    (answers, tally)
}

fn case(line: &[u8], number: usize) -> Result<AuthorizationCase, CaseError> {
    let failed = |column: usize, message: String| CaseError {
        id: serde_json::Value::Null,
        error: crate::policy::ParseError { line: number, column, message },
    };
    if line.len() > LONGEST_LINE {
        return Err(failed(1, format!("the line is longer than {} MiB", LONGEST_LINE >> 20)));
    }
    let text = std::str::from_utf8(line)
        .map_err(|error| failed(error.valid_up_to() + 1, "this is not UTF-8 text".to_owned()))?;
    AuthorizationCase::parse_line(text, number)
}

fn write_line(answers: &mut Vec<u8>, answer: &impl Serialize) {
    // Serializing fails for no answer of these types.
    if let Ok(line) = serde_json::to_string(answer) {
        answers.extend_from_slice(escape_json(line).as_bytes());
        answers.push(b'\n');
    }
}

/// Cuts the input into batches of whole lines, and hands them to the workers in turn.
fn read_batches(input: &mut impl BufRead, inboxes: &[SyncSender<Batch>]) -> io::Result<()> {
    let mut line = 1;
    for inbox in inboxes.iter().cycle() {
        let mut text = Vec::with_capacity(BATCH + (BATCH >> 3));
        let mut lines = 0;
        while text.len() < BATCH {
            if !read_line(input, &mut text)? {
                break;
            }
            lines += 1;
        }
        if lines == 0 {
            return Ok(());
        }
        if inbox.send(Batch { first_line: line, text }).is_err() {
            return Ok(());
        }
        line += lines;
    }
    Ok(())
}

/// Appends one line with its end; of a line that is too long only as much as shows that it is.
fn read_line(input: &mut impl BufRead, text: &mut Vec<u8>) -> io::Result<bool> {
    let start = text.len();
    loop {
        let available = match input.fill_buf() {
            Ok(available) => available,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if available.is_empty() {
            return Ok(text.len() > start);
        }
        let end = available.iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(available.len(), |at| at + 1);
        let room = (LONGEST_LINE + 1).saturating_sub(text.len() - start);
        text.extend(available.iter().take(taken.min(room)));
        input.consume(taken);
        if end.is_some() {
            if text.last() != Some(&b'\n') {
                text.push(b'\n');
            }
            return Ok(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(id: usize) -> String {
        let policy = r#"{"Statement":{"Effect":"Allow","Action":"bedrock:Invoke*","Resource":"*"}}"#;
        format!(
            r#"{{"id":{id},"principal":"arn:aws:iam::111122223333:user/ana","action":"bedrock:InvokeModel","resource":"*","policies":{{"identity":[{policy}]}}}}"#
        )
    }

    fn answers(input: &[u8]) -> (Vec<serde_json::Value>, Tally) {
        let mut output = Vec::new();
        // A tiny buffer makes lines cross its end.
        let tally = answer_all(io::BufReader::with_capacity(7, input), &mut output).unwrap();
        let lines = String::from_utf8(output).unwrap();
        (lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), tally)
    }

    #[test]
    fn answers_come_in_the_order_of_the_lines() {
        let input: String = (0..5000).map(|id| case(id) + "\n").collect();
        let (answers, tally) = answers(input.as_bytes());
        assert_eq!(tally, Tally { answered: 5000, bad: 0 });
        for (id, answer) in answers.iter().enumerate() {
            assert_eq!((answer["id"].as_u64(), &answer["decision"]), (Some(id as u64), &"allowed".into()));
        }
        assert_eq!(answers[4711]["decided_by"][0]["line"], 4712);
    }

    #[test]
    fn a_bad_line_is_answered_in_its_place() {
        let mut input = format!("{}\n{{\"id\": 7, \"principal\": 1}}\n\n", case(0)).into_bytes();
        input.extend(b"\"\xff\"\r\n{\n");
        input.extend(case(9).as_bytes());
        let (answers, tally) = answers(&input);
        assert_eq!(tally, Tally { answered: 2, bad: 3 });
        let lines: Vec<&serde_json::Value> = answers.iter().map(|answer| &answer["line"]).collect();
        assert_eq!(lines, [&serde_json::Value::Null, &2.into(), &4.into(), &5.into(), &serde_json::Value::Null]);
        assert_eq!(answers[1]["id"], 7);
        assert_eq!(answers[1]["error"], "column 24: expected the caller's ARN, found a number");
        assert_eq!(answers[2]["error"], "column 2: this is not UTF-8 text");
        assert_eq!(answers[4]["id"], 9);
    }

    #[test]
    fn a_line_without_end_costs_no_more_than_the_limit() {
        let mut input = io::BufReader::new(io::Read::chain(
            io::Read::take(io::repeat(b'x'), 3 * LONGEST_LINE as u64),
            &b"\nnext\n"[..],
        ));
        let mut text = Vec::new();
        assert!(read_line(&mut input, &mut text).unwrap());
        assert_eq!(text.len(), LONGEST_LINE + 2);
        text.clear();
        assert!(read_line(&mut input, &mut text).unwrap());
        assert_eq!(text, b"next\n");
        assert!(!read_line(&mut input, &mut text).unwrap());
    }

    #[test]
    fn a_closed_output_ends_the_run() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        struct Endless(Vec<u8>, usize);
        impl io::Read for Endless {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                for slot in buffer.iter_mut() {
                    *slot = self.0[self.1 % self.0.len()];
                    self.1 += 1;
                }
                Ok(buffer.len())
            }
        }
        let endless = io::BufReader::new(Endless((case(1) + "\n").into_bytes(), 0));
        let error = answer_all(endless, &mut Closed).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }
}
