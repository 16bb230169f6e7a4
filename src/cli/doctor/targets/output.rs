//! Writes the answers: one line each, to standard output or a file, as soon as they are ready.

use super::Answer;
use super::resume::continue_after;
use super::tally::Tally;
use super::target::BadTarget;
use crate::cli::bad_line::bad_line;
use crate::cli::ci::harmless;
use crate::cli::critical::uninterrupted;
use crate::cli::doctor::args::{DoctorArgs, Format};
use crate::cli::doctor::layout;
use crate::cli::exit::Failure;
use crate::cli::{output, paint};
use crate::diagnose::{Diagnosis, Expectation, Verdict};
use crate::escape::escape_json;
use crate::report::junit::{self, Case, CaseResult, Suite, suite};
use crate::report::{self, Label, Layout, TargetRow};
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// How many deviations are named on standard error; the others are counted.
const NAMED: usize = 20;

/// The stream of answers.
pub(super) struct Output {
    format: Format,
    color: paint::When,
    /// `None` for standard output.
    file: Option<(File, String)>,
    deviations: Vec<String>,
    /// `JUnit` is one document: its suites are kept to the end, and then written whole.
    suites: Vec<Suite>,
    /// So is a page of Markdown or HTML: what it shows of each target is kept.
    rows: Vec<TargetRow>,
    sandbox: Option<String>,
    /// The file of a format that is one document.
    document: Option<PathBuf>,
    /// The reports of targets that are not allowed, if they are shown in full at the end.
    full: Option<(Layout, Vec<(String, Diagnosis)>)>,
    /// Only the summary is shown.
    quiet: bool,
}

impl Output {
    /// Opens the output; `in_full` shows the reports of targets that are not allowed after the lines.
    pub(super) fn open(
        args: &DoctorArgs,
        sandbox: Option<&str>,
        inputs: &[&Path],
        in_full: bool,
    ) -> Result<Self, Failure> {
        let (report, format) = (&args.report, args.report.format());
        let skip_done = &args.many.skip_done;
        if let Some(path) = &report.output {
            output::check_output(path, inputs)?;
        }
        if skip_done.is_some() && *skip_done == report.output && format != Format::Json {
            return Err(Failure::usage(
                "only JSON lines can be continued, and `--skip-done` names the `--output` itself",
            )
            .hint("`--format json` continues it; any other report goes to a file of its own"));
        }
        let document = report.output.clone().filter(|_| !matches!(format, Format::Text | Format::Json));
        let file = match &report.output {
            Some(path) if document.is_none() => {
                let continued = skip_done.as_ref() == Some(path);
                let file = if continued { continue_after(path) } else { File::create(path) };
                let name = path.display().to_string();
                Some((file.map_err(|error| unwritable(&format!("`{name}`"), &error))?, name))
            }
            _ => None,
        };
        Ok(Self {
            format,
            color: report.color(),
            file,
            deviations: Vec::new(),
            suites: Vec::new(),
            rows: Vec::new(),
            sandbox: sandbox.map(str::to_owned),
            document,
            quiet: report.quiet && format == Format::Text,
            full: (in_full && format == Format::Text && !report.quiet).then(|| (layout(args), Vec::new())),
        })
    }

    /// Writes what stands before all answers: to the output for text, to standard error for every other format.
    pub(super) fn preface(&mut self, preface: &report::Styled) -> Result<(), Failure> {
        if self.quiet {
            return Ok(());
        }
        if self.format == Format::Text {
            let text = self.paint(preface);
            return self.write_text(&text).map(drop);
        }
        for line in preface.plain().lines() {
            output::note(line);
        }
        Ok(())
    }

    /// Writes an answer, and returns `false` if nobody reads any more.
    pub(super) fn write(&mut self, line: u64, answer: &Answer, tally: &mut Tally) -> Result<bool, Failure> {
        let mut text = match answer {
            Answer::Bad(bad) => {
                tally.bad += 1;
                match self.format {
                    Format::Junit => {
                        self.suites.push(suite_of_bad(line, bad));
                        return Ok(true);
                    }
                    Format::Markdown | Format::Html => {
                        self.rows.push(TargetRow::bad(&bad.id, line, &bad.error));
                        return Ok(true);
                    }
                    Format::Json => bad_line(&bad.id, line, &bad.error),
                    Format::Text => self.paint(&report::bad_target_line(&bad.id, line, &bad.error)),
                }
            }
            Answer::Diagnosed(answered) => {
                let (diagnosis, target) = answered.as_ref();
                let label = Label { id: &target.id, line, expect: target.expect };
                if tally.count(diagnosis.verdict, target.expect) == Some(false) {
                    self.deviations.push(report::deviation(diagnosis, &label));
                    self.deviations.truncate(NAMED);
                }
                match self.format {
                    Format::Json => escape_json(report::json_line(diagnosis, &label)),
                    Format::Junit => {
                        let id = label.name();
                        let expected = target.expect.map(Expectation::verdict);
                        self.suites.push(suite(&junit::Target { id: Some(&id), diagnosis, expected }));
                        return Ok(true);
                    }
                    Format::Markdown | Format::Html => {
                        self.rows.push(TargetRow::new(diagnosis, &label));
                        return Ok(true);
                    }
                    Format::Text => {
                        if let Some((_, full)) = &mut self.full
                            && diagnosis.verdict != Verdict::Allowed
                        {
                            full.push((label.name(), diagnosis.clone()));
                        }
                        self.paint(&report::target_line(diagnosis, &label))
                    }
                }
            }
        };
        if self.quiet {
            return Ok(true);
        }
        text.push('\n');
        self.write_text(&text)
    }

    fn paint(&self, text: &report::Styled) -> String {
        paint::paint(text, self.color, self.file.is_some())
    }

    fn write_text(&mut self, text: &str) -> Result<bool, Failure> {
        let (written, name) = match &mut self.file {
            Some((file, name)) => (uninterrupted(|| file.write_all(text.as_bytes())), format!("`{name}`")),
            None => {
                let text = harmless(text);
                let mut stdout = io::stdout().lock();
                (
                    uninterrupted(|| stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush())),
                    "standard output".to_owned(),
                )
            }
        };
        match written {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
            Err(error) => Err(unwritable(&name, &error)),
        }
    }

    /// Writes a document, whole or not at all.
    fn write_document(&mut self, document: &str) -> Result<(), Failure> {
        match &self.document {
            Some(path) => output::write_file(path, document),
            None => self.write_text(document).map(drop),
        }
    }

    /// Writes the summary: to the output for human formats, to standard error for machine formats.
    pub(super) fn end(&mut self, tally: &Tally) -> Result<(), Failure> {
        match self.format {
            Format::Json => output::note(&tally.summary()),
            Format::Junit => {
                let document = junit::write(&self.suites)
                    .map_err(|error| Failure::input(format!("the report cannot be written: {error}")))?;
                self.write_document(&document)?;
                output::note(&tally.summary());
            }
            Format::Markdown | Format::Html => {
                // Answers come in any order.
                self.rows.sort_by_key(|row| row.line);
                let (summary, sandbox) = (tally.summary(), self.sandbox.as_deref());
                let page = match self.format {
                    Format::Html => report::targets_html(&self.rows, &summary, sandbox),
                    _ => report::targets_markdown(&self.rows, &summary, sandbox),
                };
                self.write_document(&page)?;
                output::note(&summary);
            }
            Format::Text => {
                self.write_text(&format!("{}\n", tally.summary()))?;
                if let Some((layout, full)) = self.full.take() {
                    for (name, diagnosis) in full {
                        let report = self.paint(&report::text(&diagnosis, &layout));
                        self.write_text(&format!("\n== {name}\n{report}"))?;
                    }
                }
            }
        }
        for deviation in &self.deviations {
            output::note(&format!("not as expected: {deviation}"));
        }
        let unnamed = tally.deviating.saturating_sub(self.deviations.len() as u64);
        if unnamed > 0 {
            output::note(&format!("not as expected: {unnamed} more"));
        }
        Ok(())
    }
}

/// Returns a line without a diagnosis as a failed test case.
fn suite_of_bad(line: u64, bad: &BadTarget) -> Suite {
    let name = Label { id: &bad.id, line, expect: None }.name();
    let result = CaseResult::Failed { message: bad.error.clone(), text: bad.error.clone() };
    let case = Case { class: "target".to_owned(), name: format!("line {line} holds a target"), result };
    Suite { name, cases: vec![case], ..Suite::default() }
}

fn unwritable(name: &str, error: &io::Error) -> Failure {
    Failure::input(format!("{name} cannot be written: {error}"))
}
