//! `policy test`: cases with expectations, as a team keeps them beside its policies.

use super::read;
use crate::cli::exit::{ExitStatus, Failure};
use crate::cli::{output, paint};
use crate::policy::{AuthorizationCase, CaseError, ParseError, Policy, evaluate};
use crate::report::{self, TestRun};
use clap::{Args, ValueEnum};

const EXAMPLES: &str = "\
A file holds one case, a list of cases, or a case a line; JSON, or YAML by its ending. A policy is an object, or the
path of a file beside it.

Exit status: 0 all as expected, 1 a mismatch, a malformed policy or a case without expectation, 4 unreadable input";

/// Check that policies decide as expected.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct TestArgs {
    /// Files of cases
    #[arg(value_name = "FILE", required = true)]
    files: Vec<String>,
    /// The report's format
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
    /// When to colour the report
    #[arg(long, value_enum, default_value_t = paint::When::Auto, value_name = "WHEN")]
    color: paint::When,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Mismatches and a summary
    #[default]
    Text,
    /// What `docs/schema/policy-test-1.json` describes
    Json,
    /// `JUnit` XML
    Junit,
}

/// Tests.
pub(super) fn run(args: &TestArgs) -> Result<ExitStatus, Failure> {
    let mut run = TestRun::default();
    for file in &args.files {
        match cases(file, &read::text(file)?) {
            Ok(cases) => {
                for case in cases {
                    let evaluation = evaluate(&case.question(), &case.policies);
                    run.add(file, &case, evaluation);
                }
            }
            Err(Unreadable::Input(failure)) => return Err(failure),
            Err(Unreadable::Case(CaseError { id, error })) => run.add_malformed(file, &id, &error),
        }
    }
    let answer = match args.format {
        Format::Text => paint::paint(&run.text(), args.color, false),
        Format::Json => run.json(),
        Format::Junit => report::junit_of_tests(&run)
            .map_err(|error| Failure::input(format!("the report cannot be written as XML: {error}")))?,
    };
    output::print(&answer)?;
    Ok(if run.is_clean() { ExitStatus::Success } else { ExitStatus::Finding })
}

enum Unreadable {
    Input(Failure),
    Case(CaseError),
}

fn cases(file: &str, text: &str) -> Result<Vec<AuthorizationCase>, Unreadable> {
    // A policy file that cannot be read is bad input; one that is no policy is a finding.
    let mut unreadable = None;
    let mut load = |path: &str| -> Result<Policy, String> {
        let beside = read::beside(file, path);
        let text = read::text(&beside).map_err(|failure| {
            let message = failure.message.clone();
            unreadable = Some(failure);
            message
        })?;
        let document = crate::policy::Document::parse(&text).map_err(|error| format!("`{beside}`: {error}"))?;
        Ok(Policy::new(path, document))
    };
    let parsed = parse(file, text, &mut load);
    match (parsed, unreadable) {
        (_, Some(failure)) => Err(Unreadable::Input(failure)),
        (parsed, None) => parsed,
    }
}

fn parse(
    file: &str,
    text: &str,
    load: &mut dyn FnMut(&str) -> Result<Policy, String>,
) -> Result<Vec<AuthorizationCase>, Unreadable> {
    let ending = file.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    if matches!(ending.as_str(), "yaml" | "yml") {
        let value: serde_json::Value = serde_saphyr::from_str(text).map_err(|error| {
            Unreadable::Input(Failure::input(format!("`{file}` is not YAML: {}", first_line(&error.to_string()))))
        })?;
        return AuthorizationCase::parse_all(&format!("{value:#}"), 1, load).map_err(|wrong| {
            // The place is one of the JSON that was made of it, which nobody sees.
            let error = ParseError { line: 1, column: 1, message: wrong.error.message };
            Unreadable::Case(CaseError { id: wrong.id, error })
        });
    }
    if is_lines(text) {
        let mut cases = Vec::new();
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            cases.extend(AuthorizationCase::parse_all(line, index + 1, load).map_err(Unreadable::Case)?);
        }
        return Ok(cases);
    }
    AuthorizationCase::parse_all(text, 1, load).map_err(Unreadable::Case)
}

/// Tells whether a text holds a case a line: its first line is a whole object, and more follow.
fn is_lines(text: &str) -> bool {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let first = lines.next().unwrap_or_default();
    lines.next().is_some() && serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(first).is_ok()
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
