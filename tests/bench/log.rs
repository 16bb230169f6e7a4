//! Measures how a long log is read by `explain` and by `doctor --error`: the groups, the time, and the memory.
//!
//! 17 errors of six kinds among lines in which nothing went wrong, plain and gzipped, and one line as long as a sixteenth of
//! it. `cargo bench --bench log`; `-- full` sends 2 GiB, `-- 512` so many MiB.

#![allow(
    clippy::exit,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a benchmark stops where it is wrong"
)]

#[path = "process.rs"]
#[expect(dead_code, reason = "the time is taken while the memory is watched")]
mod process;
#[path = "table.rs"]
mod table;

use flate2::Compression;
use flate2::write::GzEncoder;
use process::{PROGRAM, peak};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{self, Read as _, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Instant;
use table::{growth, row};

const MIB: usize = 1 << 20;
const BLOCK: usize = 4 * MIB;

/// The kinds of errors: the cause that each has, and its text.
const KINDS: [(&str, &str); 6] = [
    (
        "identity-policy-missing-allow",
        "An error occurred (AccessDeniedException) when calling the InvokeModel operation: User: arn:aws:sts::111122223333:assumed-role/chat-api/task is not authorized to perform: bedrock:InvokeModel on resource: arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-lite-v1:0 because no identity-based policy allows the bedrock:InvokeModel action",
    ),
    (
        "session-policy",
        "litellm.APIConnectionError: BedrockException - User: arn:aws:sts::111122223333:assumed-role/proxy/litellm-session is not authorized to perform: bedrock:CountTokens on resource: arn:aws:bedrock:us-east-2::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0 because no session policy allows the bedrock:CountTokens action",
    ),
    (
        "service-control-policy",
        "API Error: 403 User: arn:aws:sts::111122223333:assumed-role/chat-api/dev is not authorized to perform: bedrock:InvokeModelWithResponseStream on resource: arn:aws:bedrock:us-east-2::foundation-model/anthropic.claude-haiku-4-5-20251001-v1:0 with an explicit deny in a service control policy",
    ),
    (
        "model-access-not-granted",
        "An error occurred (AccessDeniedException) when calling the InvokeModel operation: You don't have access to the model with the specified model ID.",
    ),
    (
        "use-case-form-missing",
        "An error occurred (ResourceNotFoundException) when calling the Converse operation: Model use case details have not been submitted for this account. Fill out the Anthropic use case details form before using the model. If you have already filled out the form, try again in 15 minutes.",
    ),
    (
        "credentials-expired",
        "An error occurred (ExpiredTokenException) when calling the Converse operation: The security token included in the request is expired",
    ),
];

/// Which kind each of the errors is, in the order of the log.
const ORDER: [usize; 17] = [0, 1, 0, 2, 3, 0, 4, 1, 5, 0, 2, 3, 4, 5, 1, 2, 0];

fn main() {
    let number = |argument: String| argument.parse::<usize>().ok();
    let is_full = std::env::args().any(|argument| argument == "full");
    let size = std::env::args().find_map(number).unwrap_or(if is_full { 2048 } else { 256 }) * MIB;
    table::open("log");
    let log = Log::new();
    let folder = tempfile::tempdir().expect("a temporary directory");
    let packed = folder.path().join("log.gz");
    let sizes = [size / 16, size / 4, size].map(|size| size.max(ORDER.len() * 2 * BLOCK));
    let mut peaks = Vec::new();
    let mut points = Vec::new();
    for size in sizes {
        let (read, lines) = (explain(|input| log.write(size, input)), log.lines(size));
        assert_eq!(found(&read.answer), lines, "the groups");
        peaks.push(read.peak);
        points.push((size as f64 / MIB as f64, read.seconds));
    }
    let mib = |size: usize| size / MIB;
    let [few, .., many] = peaks.as_slice() else { panic!("two sizes") };
    row(&format!("peak memory of `explain`, a log of {} MiB", mib(size)), .., *many, "MiB");
    row("the same beyond its peak at a sixteenth", ..=32.0, many - few, "MiB");
    growth("`explain` of a log, plain", "MiB", "s", &points);
    let mut encoder = GzEncoder::new(File::create(&packed).expect("a file"), Compression::fast());
    log.write(sizes[2], &mut encoder).expect("a file");
    encoder.finish().expect("a file");
    let read = explain(|input| copy(&packed, input));
    assert_eq!(found(&read.answer), log.lines(sizes[2]), "the groups");
    row("`explain` of the same, gzipped, by its length unpacked", .., sizes[2] as f64 / 1e6 / read.seconds, "MB/s");
    row("its peak memory, beyond that of the plain log", ..=32.0, read.peak - many, "MiB");
    let doctor = ["doctor", "--error", "-", "--sandbox", "healthy", "-q"];
    let read = run(&doctor, |input| log.write(sizes[2], input));
    let last = log.lines(sizes[2])["identity-policy-missing-allow"][2].clone();
    assert!(read.notes.contains(&format!("line {last}")), "{}", read.notes);
    row("`doctor --error` of the same, its peak memory beyond that of `explain`", ..=32.0, read.peak - many, "MiB");
    let read = explain(|input| log.one_line(sizes[0], input));
    assert_eq!(read.answer["refusals"], json!(KINDS.len()), "the groups");
    row(
        &format!("one line of {} MiB, its peak memory beyond that of the log", mib(sizes[0])),
        ..=32.0,
        read.peak - many,
        "MiB",
    );
    row("the same, bytes a second", .., sizes[0] as f64 / 1e6 / read.seconds, "MB/s");
}

/// A log, made as it is written.
struct Log {
    /// Lines in which nothing went wrong.
    block: Vec<u8>,
    lines: usize,
}

impl Log {
    fn new() -> Self {
        let mut block = Vec::new();
        let mut lines = 0;
        while block.len() < BLOCK {
            let (second, worker, took) = (lines % 60, lines % 7, lines % 911);
            let line = format!(
                "2026-07-08T10:20:{second:02}Z INFO worker-{worker} request {lines} answered in {took} ms with 1423 output tokens\n"
            );
            block.extend_from_slice(line.as_bytes());
            lines += 1;
        }
        Self { block, lines }
    }

    /// How many blocks stand before each error.
    fn places(size: usize) -> Vec<usize> {
        (1..=ORDER.len()).map(|number| number * (size / BLOCK) / (ORDER.len() + 1)).collect()
    }

    fn write(&self, size: usize, output: &mut dyn Write) -> io::Result<()> {
        let places = Self::places(size);
        for block in 0..size / BLOCK {
            for (kind, _) in ORDER.iter().zip(&places).filter(|(_, place)| **place == block) {
                writeln!(output, "2026-07-08T10:20:30Z ERROR worker-3 {}", KINDS[*kind].1)?;
            }
            output.write_all(&self.block)?;
        }
        Ok(())
    }

    /// Everything in one line, with an error of each kind.
    fn one_line(&self, size: usize, output: &mut dyn Write) -> io::Result<()> {
        let block: Vec<u8> = self.block.iter().map(|byte| if *byte == b'\n' { b' ' } else { *byte }).collect();
        let blocks = size / BLOCK;
        for number in 0..blocks {
            if let Some((_, text)) = KINDS.get(number).filter(|_| number < blocks) {
                output.write_all(text.as_bytes())?;
            }
            output.write_all(&block)?;
        }
        Ok(())
    }

    /// How many errors of each cause there are, with the first and the last line.
    fn lines(&self, size: usize) -> Value {
        let mut found = serde_json::Map::new();
        for (number, (kind, place)) in ORDER.iter().zip(Self::places(size)).enumerate() {
            let line = place * self.lines + number + 1;
            let group = found.entry(KINDS[*kind].0).or_insert_with(|| json!([0, line, 0]));
            group[0] = json!(group[0].as_u64().expect("a count") + 1);
            group[2] = json!(line);
        }
        Value::Object(found)
    }
}

/// How many errors of each cause were found, with the first and the last line.
fn found(answer: &Value) -> Value {
    let groups = answer["groups"].as_array().expect("groups");
    let group = |group: &Value| {
        let cause = group["cause"].as_str().expect("a cause").to_owned();
        (cause, json!([group["count"], group["first_line"], group["last_line"]]))
    };
    let found = Value::Object(groups.iter().map(group).collect());
    assert_eq!(found.as_object().expect("an object").len(), groups.len(), "one group for each kind");
    found
}

fn copy(file: &Path, output: &mut dyn Write) -> io::Result<()> {
    io::copy(&mut File::open(file)?, output).map(|_| ())
}

struct Run {
    seconds: f64,
    /// MiB.
    peak: f64,
    answer: Value,
    notes: String,
}

fn explain(feed: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Run {
    run(&["explain", "--log", "--format", "json"], feed)
}

/// Feeds the program, and looks at its memory before its input ends.
fn run(arguments: &[&str], feed: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Run {
    let started = Instant::now();
    let mut child = Command::new(PROGRAM)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut input = child.stdin.take().expect("standard input");
    let mut errors = child.stderr.take().expect("standard error");
    let notes = thread::spawn(move || {
        let mut notes = String::new();
        errors.read_to_string(&mut notes).map(|_| notes)
    });
    feed(&mut input).expect("the program reads");
    let peak = peak(child.id()).expect("the program waits for the end of its input");
    drop(input);
    let output = child.wait_with_output().expect("the program ends");
    let answer = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let notes = notes.join().expect("a thread").expect("text");
    Run { seconds: started.elapsed().as_secs_f64(), peak, answer, notes }
}
