//! `explain`: which cause a pasted error text names, and what to do.
//!
//! Takes files, standard input or a paste; answers as text or JSON. `--batch` answers each line with a line of
//! JSON, in order and in constant memory; `--log` groups the errors of a log. Makes no calls.

use super::exit::{ExitStatus, Failure};
use super::{input, output, paint};
use crate::cause::Cause;
use crate::escape::escape;
use crate::explain::{self, MAX_TEXT};
use crate::report;
use clap::{Args, ValueEnum};
use std::fs::File;
use std::io::{self, IsTerminal as _, Read};
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
    /// Files that hold error texts; `-`, or no file, is standard input.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The form of the answer [default: text; with --batch: json]; JSON is one line per text.
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Format>,
    /// Read one `{"id", "text"}` per line, and answer each with one line of JSON, in order.
    #[arg(long)]
    batch: bool,
    /// Read a log of any length: equal errors are counted, with their first and last line.
    #[arg(long, conflicts_with_all = ["batch", "format"])]
    log: bool,
    /// With --batch, count the causes on standard error at the end.
    #[arg(long, short)]
    verbose: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A page for people.
    Text,
    /// What `docs/schema/explanation-1.json` describes.
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
    if arguments.log {
        let mut found = ExitStatus::Undetermined;
        for file in files {
            let shown = if is_standard_input(file) { "standard input".to_owned() } else { file.display().to_string() };
            if log::run(&shown, open(file)?)? == ExitStatus::Success {
                found = ExitStatus::Success;
            }
        }
        return Ok(found);
    }
    let many = files.len() > 1;
    let mut recognized = false;
    let mut answer = Vec::new();
    let mut failure = None;
    for file in files {
        let text = match read(file) {
            Ok(text) => text,
            Err(error) => {
                failure = Some(error);
                break;
            }
        };
        let mut explanation = explain::explain_bytes(&text);
        recognized |= explanation.error.cause != Cause::Unrecognized;
        match arguments.format.unwrap_or(Format::Text) {
            Format::Json => {
                if many {
                    explanation.id = file.display().to_string().into();
                }
                report::write_explanation_json(&mut answer, &explanation);
                answer.push(b'\n');
            }
            Format::Text => {
                if many {
                    let blank = if answer.is_empty() { "" } else { "\n" };
                    answer.extend_from_slice(
                        format!("{blank}==> {} <==\n\n", escape(&file.display().to_string())).as_bytes(),
                    );
                }
                answer
                    .extend_from_slice(report::explanation_text(&explanation, None, paint::columns(false)).as_bytes());
            }
        }
    }
    output::print(&String::from_utf8_lossy(&answer))?;
    match failure {
        Some(failure) => Err(failure),
        None if recognized => Ok(ExitStatus::Success),
        None => Ok(ExitStatus::Undetermined),
    }
}

/// Reads a whole text, up to the length that is explained.
fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    let name = name(file);
    let mut input = open(file)?;
    if is_standard_input(file) && io::stdin().is_terminal() {
        output::note("paste the error text, then press Ctrl-D on a line of its own");
    }
    let mut text = Vec::new();
    let limit = MAX_TEXT as u64 + 1;
    input
        .by_ref()
        .take(limit)
        .read_to_end(&mut text)
        .map_err(|error| Failure::input(format!("{name} cannot be read: {}", reason(&error))))?;
    if text.len() > MAX_TEXT {
        return Err(Failure::input(format!("{name} is larger than {} MiB", MAX_TEXT / 1024 / 1024))
            .hint("a log of any length is read with --log, and one text per line with --batch"));
    }
    Ok(text)
}

fn open(file: &Path) -> Result<Box<dyn Read + Send>, Failure> {
    if is_standard_input(file) {
        return Ok(Box::new(io::stdin()));
    }
    if let Some(text) = input::free_text(file) {
        return Ok(Box::new(io::Cursor::new(text)));
    }
    File::open(file)
        .and_then(input::unpacked)
        .map_err(|error| Failure::input(format!("{} cannot be read: {}", name(file), reason(&error))))
}

fn is_standard_input(file: &Path) -> bool {
    file.as_os_str() == "-"
}

fn name(file: &Path) -> String {
    if is_standard_input(file) { "standard input".to_owned() } else { format!("`{}`", file.display()) }
}

/// Returns the reason of an error in lower case, without the number that the system gives it.
fn reason(error: &io::Error) -> String {
    let words = error.to_string();
    let words = words.split(" (os error").next().unwrap_or_default();
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}
