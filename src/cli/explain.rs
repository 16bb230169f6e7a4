//! `explain`: which cause a pasted error text names, and what to do.
//!
//! Takes files, standard input or a paste; answers as text or JSON, redacted where that is asked. `--batch` answers each
//! line with a line of JSON, in order and in constant memory; `--log` groups the errors of a log, and so does whatever is
//! longer than one error can be. Makes no calls.

use super::exit::{ExitStatus, Failure};
use super::input::{Bytes, LONGEST_ERROR};
use super::{door, input, output, paint};
use crate::answer::explanation;
use crate::cause::Cause;
use crate::escape::escape;
use crate::explain;
use crate::redact::Redactor;
use crate::report;
use crate::trail::reason;
use clap::{Args, ValueEnum};
use std::fs::File;
use std::io::{self, Cursor, IsTerminal as _, Read};
use std::path::{Path, PathBuf};

mod batch;
mod log;

const EXAMPLES: &str = "\
Examples:
  bedrock-access explain error.txt
  pbpaste | bedrock-access explain
  bedrock-access explain --log app.log
  bedrock-access explain --batch < errors.jsonl

Exit status: 0 something was recognized, 2 wrong usage, 3 nothing was, 4 unreadable input";

/// Explain an error text, offline: which cause it names, whose, and what to do.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ExplainArgs {
    /// Files that hold error texts, gzipped or not; `-`, or no file, is standard input.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The form of the answer [default: text; with --batch: json]; JSON is one line per text or log.
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Format>,
    /// Read one `{"id", "text"}` per line, and answer each with one line of JSON, in order.
    #[arg(long)]
    batch: bool,
    /// Read a log of any length: equal errors are counted, with their first and last line. What is longer than 1 MiB is read
    /// like that without the option.
    #[arg(long, conflicts_with = "batch")]
    log: bool,
    /// Leave out the names that tell whose it is: accounts, principals, sessions, policies, ids. Models and Regions stay.
    #[arg(long, conflicts_with = "batch")]
    redact: bool,
    /// With --batch, count the causes on standard error at the end.
    #[arg(long, short)]
    verbose: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A page for people.
    Text,
    /// What `docs/schema/explanation-1.json` describes, and for a log `docs/schema/log-1.json`.
    Json,
}

/// Runs `explain`.
pub(super) fn run(arguments: &ExplainArgs) -> Result<ExitStatus, Failure> {
    let standard_input = [PathBuf::from("-")];
    let files = if arguments.files.is_empty() { &standard_input[..] } else { &arguments.files };
    if arguments.batch {
        if arguments.format == Some(Format::Text) {
            return Err(Failure::usage("`--batch` answers as JSON only").hint("leave `--format text` out"));
        }
        return batch::run(files, arguments.verbose);
    }
    let mut answering = Answering {
        as_json: arguments.format == Some(Format::Json),
        many: files.len() > 1,
        redactor: arguments.redact.then(Redactor::default),
    };
    let mut recognized = false;
    for (number, file) in files.iter().enumerate() {
        let name = if arguments.redact { format!("file {}", number + 1) } else { shown(file) };
        if answering.many && !answering.as_json && !arguments.log {
            let blank = if number == 0 { "" } else { "\n" };
            output::print(&format!("{blank}==> {} <==\n\n", escape(&name)))?;
        }
        recognized |= match arguments.log {
            true => log::run(&name, open(file)?, &mut answering)? == ExitStatus::Success,
            false => answer(file, &name, &mut answering)?,
        };
    }
    Ok(if recognized { ExitStatus::Success } else { ExitStatus::Undetermined })
}

/// How texts and logs are answered.
struct Answering {
    as_json: bool,
    /// There are several of them.
    many: bool,
    /// One for all, so that the same name has the same alias everywhere.
    redactor: Option<Redactor>,
}

/// Explains a text, or what is too long for one error as a log; returns whether a cause was recognized.
fn answer(file: &Path, name: &str, answering: &mut Answering) -> Result<bool, Failure> {
    let (text, rest) = read(file, LONGEST_ERROR)?;
    if let Some(rest) = rest {
        output::note(&format!("{} is longer than one error: it is read as a log, as with --log", self::name(file)));
        return Ok(log::run(name, Cursor::new(text).chain(rest), answering)? == ExitStatus::Success);
    }
    let mut explanation = explain::explain_bytes(&text);
    if answering.many {
        explanation.id = name.into();
    }
    if let Some(redactor) = &mut answering.redactor {
        explanation::redact(&mut explanation, redactor);
    }
    if answering.as_json {
        let mut line = Vec::new();
        report::write_explanation_json(&mut line, &explanation);
        line.push(b'\n');
        output::print(&String::from_utf8_lossy(&line))?;
    } else {
        output::print(&report::explanation_text(&explanation, None, paint::columns(false)))?;
    }
    Ok(is_recognized(file, &text, explanation.error.cause))
}

/// Returns whether an error was recognized in a text; says what the text is where it is something that another command takes.
fn is_recognized(file: &Path, text: &[u8], cause: Cause) -> bool {
    if cause != Cause::Unrecognized {
        return true;
    }
    let path = input::quoted(&file.to_string_lossy());
    let is_utf16 = text.starts_with(&[0xff, 0xfe]) || text.starts_with(&[0xfe, 0xff]);
    if text.contains(&0) && !is_utf16 {
        output::note(&format!("hint: {} is no text", name(file)));
    } else if let Some((what, command)) = door::no_error_in(text, &path) {
        output::note(&format!("hint: {} is {what}, not an error message: bedrock-access {command}", name(file)));
    }
    false
}

/// Reads a text up to a length, and returns what is left where it is longer.
fn read(file: &Path, longest: usize) -> Result<(Vec<u8>, Option<Bytes>), Failure> {
    let mut input = open(file)?;
    let mut text = Vec::new();
    input
        .by_ref()
        .take(longest as u64 + 1)
        .read_to_end(&mut text)
        .map_err(|error| Failure::input(format!("{} cannot be read: {}", name(file), reason(&error))))?;
    let is_longer = text.len() > longest;
    Ok((text, is_longer.then_some(input)))
}

fn open(file: &Path) -> Result<Bytes, Failure> {
    if is_standard_input(file) {
        if io::stdin().is_terminal() {
            output::note("paste the error text, then press Ctrl-D on a line of its own");
        }
        return input::unpacked("-", io::stdin());
    }
    match input::free_text(file) {
        // A text that was typed is taken as it is.
        Some(text) => Ok(Box::new(Cursor::new(text))),
        None => {
            let opened = File::open(file)
                .map_err(|error| Failure::input(format!("{} cannot be read: {}", name(file), reason(&error))))?;
            input::unpacked(&file.to_string_lossy(), opened)
        }
    }
}

fn is_standard_input(file: &Path) -> bool {
    file.as_os_str() == "-"
}

fn name(file: &Path) -> String {
    if is_standard_input(file) { shown(file) } else { format!("`{}`", file.display()) }
}

fn shown(file: &Path) -> String {
    if is_standard_input(file) { "standard input".to_owned() } else { file.display().to_string() }
}
