//! `run COMMAND`: runs a command, and explains the Bedrock error that it fails with.
//!
//! Standard input and output are inherited; standard error passes through a pipe, byte by byte as it comes, and
//! its tail is kept. With `--stdout`, so does standard output. The exit status is the command's. Only threads, but for
//! `--doctor`, which diagnoses the call that failed: the command and the doctor have the same environment.

#[cfg(unix)]
use super::child::signals;
use super::child::{exit_code, not_started, wait};
use super::doctor;
use super::exit::{ExitStatus, Failure};
use super::output;
use crate::bedrock::Operation;
use crate::cause::{Cause, Family};
use crate::explain::{self, Explanation};
use crate::report;
use clap::Args;
use std::ffi::OsString;
use std::io::{self, ErrorKind, Read};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

const EXAMPLES: &str = "\
Examples:
  bedrock-access run python app.py
      runs your program unchanged; explains its Bedrock error after its own output
  bedrock-access run --doctor -- python app.py
      also asks AWS why, with the credentials and variables that the program has
  bedrock-access run -- aws bedrock-runtime converse --model-id amazon.nova-lite-v1:0 --messages file://m.json

Exit status: the command's own; 126 or 127 if it cannot be run";

/// Run a command; if it fails with a Bedrock error, explain that on standard error.
///
/// Standard input and output are passed through; standard error is a pipe, so the command may turn colours off. Options
/// come before the command.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct RunArgs {
    /// Diagnose the call at once, in the command's environment
    #[arg(long)]
    doctor: bool,
    /// Look for the error on standard output, too
    ///
    /// It is passed through unchanged, but through a pipe.
    #[arg(long)]
    stdout: bool,
    /// The command and its arguments; `--` before it is optional
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// How much of the end of standard error is kept, in bytes.
const TAIL: usize = 256 * 1024;

/// How long a silence on standard error ends the reading, once the command itself has ended.
///
/// A process that the command left behind may hold the pipe for ever; the command's own output is in it already.
const SILENCE: Duration = Duration::from_millis(50);

/// How long the reading goes on at most, once the command itself has ended: a process that it left behind may write
/// for ever.
const LONGEST_DRAIN: Duration = Duration::from_millis(500);

/// Runs `run`.
pub(super) fn run(arguments: &RunArgs) -> Result<ExitStatus, Failure> {
    let Some((program, rest)) = arguments.command.split_first() else {
        return Err(Failure::usage("no command was given").hint("bedrock-access run COMMAND"));
    };
    // Before the command starts, so that no signal gets lost between.
    #[cfg(unix)]
    let signals = signals::Watch::start()?;
    let mut command = Command::new(program);
    command.args(rest).stderr(Stdio::piped());
    if arguments.stdout {
        command.stdout(Stdio::piped());
    }
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return Err(not_started(program, &error)),
    };
    #[cfg(unix)]
    signals.pass_to(&child);
    let (progress, heard) = channel();
    // Not joined: the pipes may stay open after the command has ended.
    let errors = Tail::default();
    if let Some(pipe) = child.stderr.take() {
        let (tail, progress) = (errors.clone(), progress.clone());
        thread::spawn(move || copy(pipe, io::stderr, &tail, &progress));
    }
    let outputs = Tail::default();
    if let Some(pipe) = child.stdout.take() {
        let tail = outputs.clone();
        thread::spawn(move || copy(pipe, io::stdout, &tail, &progress));
    } else {
        drop(progress);
    }
    let status = wait(&mut child)?;
    drain(&heard);
    if !status.success() {
        // What a program prints last on standard error is why it ended.
        let texts = [errors.text(), outputs.text()];
        let found = texts.iter().map(|text| (text, explain::explain_bytes(text)));
        let found = found.into_iter().find(|(text, explanation)| concerns_bedrock(explanation, text));
        match found {
            Some((text, explanation)) if arguments.doctor => diagnose_failure(text, &explanation),
            Some((_, explanation)) => explain_failure(&explanation),
            None if arguments.doctor && !arguments.stdout => output::note(
                "note: the command failed without an error of Bedrock on standard error; `run --stdout` also looks at its standard output",
            ),
            None => {}
        }
    }
    Ok(ExitStatus::Child(exit_code(status)))
}

/// The end of what a command wrote.
#[derive(Clone, Debug, Default)]
struct Tail(Arc<Mutex<Vec<u8>>>);

impl Tail {
    fn push(&self, piece: &[u8]) {
        let mut tail = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tail.extend_from_slice(piece);
        if tail.len() > 2 * TAIL {
            let surplus = tail.len() - TAIL;
            tail.drain(..surplus);
        }
    }

    fn text(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Copies what comes through a pipe to a stream of this process, keeps its tail, and reports every piece.
fn copy<W: io::Write>(mut pipe: impl Read, stream: impl Fn() -> W, tail: &Tail, progress: &Sender<()>) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let count = match pipe.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(_) => break,
        };
        let piece = buffer.get(..count).unwrap_or_default();
        let mut stream = stream();
        // The command must not block if nobody reads our streams any more.
        let _ = stream.write_all(piece).and_then(|()| stream.flush());
        tail.push(piece);
        let _ = progress.send(());
    }
}

/// Waits until everything that the ended command wrote is copied.
fn drain(heard: &Receiver<()>) {
    let ended = Instant::now();
    while ended.elapsed() < LONGEST_DRAIN && heard.recv_timeout(SILENCE).is_ok() {}
}

/// Diagnoses the call that an error is about; where the error does not say which, explains it.
fn diagnose_failure(text: &[u8], explanation: &Explanation) {
    let text = String::from_utf8_lossy(text).into_owned();
    match doctor::report_on(&text) {
        Ok(report) => {
            output::write_stderr(&format!("\nbedrock-access diagnoses the error above\n\n{report}"));
        }
        Err(failure) => {
            explain_failure(explanation);
            output::report_failure(&failure);
        }
    }
}

/// Explains the error of a failed command.
fn explain_failure(explanation: &Explanation) {
    // The command made its call in this environment.
    let region = ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().find_map(|name| std::env::var(name).ok());
    let page = report::explanation_text(explanation, region.as_deref(), report::COLUMNS);
    output::write_stderr(&format!("\nbedrock-access explains the error above\n\n{page}"));
}

fn concerns_bedrock(explanation: &Explanation, tail: &[u8]) -> bool {
    let error = &explanation.error;
    let names_bedrock = || tail.windows(7).any(|word| word.eq_ignore_ascii_case(b"bedrock"));
    let calls_bedrock = error.operation.as_deref().and_then(Operation::from_api_name).is_some();
    match error.family {
        Family::Unknown => false,
        Family::ModelAccess | Family::Credentials => true,
        _ => error.cause != Cause::Unrecognized && (calls_bedrock || error.model.is_some() || names_bedrock()),
    }
}
