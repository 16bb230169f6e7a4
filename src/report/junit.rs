//! `JUnit` XML, as every CI system reads it: suites of cases, whatever they are about.
//!
//! Of a diagnosis, one suite is a target and one case a check; the causes are cases that failed. `policy test` writes
//! its cases the same way.

use super::foreign::on_one_line;
use super::{checks, outline, sentence, wording};
use crate::diagnose::{Diagnosis, Verdict};
use crate::escape::{escape_json, escape_lines};
use checks::Mark;
use quick_xml::events::{BytesDecl, BytesText, Event};
use quick_xml::writer::Writer;
use std::io;

/// Cases that belong together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Suite {
    /// Its name.
    pub name: String,
    /// When its cases were run, RFC 3339 in UTC.
    pub timestamp: Option<String>,
    /// How long that took, in milliseconds.
    pub milliseconds: u64,
    /// What is to be known of the suite besides its cases: names and values.
    pub properties: Vec<(String, String)>,
    /// The cases.
    pub cases: Vec<Case>,
}

/// One case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// What the case belongs to: a file, a kind of check.
    pub class: String,
    /// Its name.
    pub name: String,
    /// How it came out.
    pub result: CaseResult,
}

/// How a case came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaseResult {
    /// As it should.
    Passed,
    /// Not as it should: a line that says it, and everything there is to say.
    Failed {
        /// The line.
        message: String,
        /// Everything.
        text: String,
    },
    /// It could not be told, and why.
    Skipped(String),
    /// What it asks about could not be read, and why.
    Error(String),
}

/// A diagnosis for `JUnit`, and what was expected of it.
#[derive(Clone, Copy, Debug)]
pub struct Target<'d> {
    /// The target's id, where it has one.
    pub id: Option<&'d str>,
    /// The diagnosis.
    pub diagnosis: &'d Diagnosis,
    /// The verdict that was expected; none where the call is simply to be allowed.
    pub expected: Option<Verdict>,
}

/// Writes diagnoses as one `JUnit` document.
///
/// # Errors
/// When the writer refuses a text.
pub fn junit(targets: &[Target<'_>]) -> io::Result<String> {
    write(&targets.iter().map(suite).collect::<Vec<_>>())
}

/// Writes suites as one `JUnit` document.
///
/// # Errors
/// When the writer refuses a text.
pub fn write(suites: &[Suite]) -> io::Result<String> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    writer
        .create_element("testsuites")
        .with_attribute(("name", "bedrock-access"))
        .write_inner_content(|writer| suites.iter().try_for_each(|suite| write_suite(writer, suite)))?;
    let mut bytes = writer.into_inner();
    bytes.push(b'\n');
    String::from_utf8(bytes).map_err(io::Error::other)
}

fn write_suite(writer: &mut Writer<Vec<u8>>, suite: &Suite) -> io::Result<()> {
    let count = |is: fn(&CaseResult) -> bool| suite.cases.iter().filter(|case| is(&case.result)).count().to_string();
    let failed = count(|result| matches!(result, CaseResult::Failed { .. }));
    let skipped = count(|result| matches!(result, CaseResult::Skipped(_)));
    let errors = count(|result| matches!(result, CaseResult::Error(_)));
    let (name, all) = (printable(&suite.name), suite.cases.len().to_string());
    let mut element = writer.create_element("testsuite").with_attributes([
        ("name", name.as_str()),
        ("tests", all.as_str()),
        ("failures", failed.as_str()),
        ("errors", errors.as_str()),
        ("skipped", skipped.as_str()),
    ]);
    if let Some(timestamp) = &suite.timestamp {
        element = element.with_attribute(("timestamp", timestamp.as_str()));
    }
    let time = format!("{}.{:03}", suite.milliseconds / 1000, suite.milliseconds % 1000);
    element.with_attribute(("time", time.as_str())).write_inner_content(|writer| {
        if !suite.properties.is_empty() {
            writer.create_element("properties").write_inner_content(|writer| {
                suite.properties.iter().try_for_each(|(name, value)| {
                    let value = printable(&on_one_line(value));
                    let property = writer.create_element("property");
                    property
                        .with_attributes([("name", name.as_str()), ("value", value.as_str())])
                        .write_empty()
                        .map(drop)
                })
            })?;
        }
        suite.cases.iter().try_for_each(|case| write_case(writer, case))
    })?;
    Ok(())
}

fn write_case(writer: &mut Writer<Vec<u8>>, case: &Case) -> io::Result<()> {
    let (class, name) = (printable(&on_one_line(&case.class)), printable(&on_one_line(&case.name)));
    let element =
        writer.create_element("testcase").with_attributes([("classname", class.as_str()), ("name", name.as_str())]);
    // Only the whole suite is timed.
    let element = element.with_attribute(("time", "0"));
    match &case.result {
        CaseResult::Passed => element.write_empty().map(drop),
        CaseResult::Failed { message, text } => element
            .write_inner_content(|writer| {
                let message = printable(&on_one_line(message));
                let failure = writer.create_element("failure").with_attribute(("message", message.as_str()));
                failure.write_text_content(BytesText::new(&printable(text))).map(drop)
            })
            .map(drop),
        CaseResult::Skipped(why) | CaseResult::Error(why) => element
            .write_inner_content(|writer| {
                let name = if matches!(case.result, CaseResult::Error(_)) { "error" } else { "skipped" };
                writer
                    .create_element(name)
                    .with_attribute(("message", printable(&on_one_line(why)).as_str()))
                    .write_empty()
                    .map(drop)
            })
            .map(drop),
    }
}

/// Makes a suite of a diagnosis: one case a check.
#[must_use]
pub fn suite(target: &Target<'_>) -> Suite {
    let Target { id, diagnosis, expected } = target;
    let asked = &diagnosis.request;
    let model = asked.model.as_ref().map(|model| format!(" {model}")).unwrap_or_default();
    let name = format!("{}{model} in {}", asked.operation, asked.region);
    let name = id.map_or(name.clone(), |id| format!("{id}: {name}"));
    // Where a refusal is what was wanted, what leads to it is no failure.
    let wanted = *expected == Some(diagnosis.verdict);
    let failed = |message: String, text: String| match wanted {
        true => CaseResult::Passed,
        false => CaseResult::Failed { message, text },
    };
    let mut cases =
        vec![Case { class: "verdict".to_owned(), name: "verdict".to_owned(), result: verdict(diagnosis, *expected) }];
    for check in checks::list(diagnosis) {
        let result = match check.mark {
            Mark::Good => CaseResult::Passed,
            Mark::Bad if wanted => CaseResult::Passed,
            // What is behind it is a cause, which fails once, however many checks it shows in.
            Mark::Bad | Mark::Unknown | Mark::Skipped => CaseResult::Skipped(check.text.clone()),
        };
        cases.push(Case { class: "check".to_owned(), name: check.asked, result });
    }
    for (number, finding) in diagnosis.findings.iter().enumerate() {
        let mut text: Vec<String> =
            vec![on_one_line(&wording::summary(finding, diagnosis)), format!("who: {}", wording::who(finding))];
        text.extend(wording::bases(&finding.basis).into_iter().map(|basis| format!("- {}", on_one_line(&basis))));
        text.extend(
            wording::steps(finding)
                .into_iter()
                .enumerate()
                .map(|(at, step)| format!("{}. {}", at + 1, on_one_line(&step))),
        );
        if let Some(policy) = finding.remedy.policy.as_ref().filter(|_| !outline::is_told(diagnosis, number, finding)) {
            text.push(escape_json(serde_json::to_string_pretty(policy).unwrap_or_default()));
        }
        text.extend(finding.remedy.commands.iter().map(|command| format!("$ {command}")));
        let summary = wording::summary(finding, diagnosis);
        let result = match finding.is_likely {
            true => CaseResult::Skipped(summary),
            false => failed(summary, text.join("\n")),
        };
        cases.push(Case { class: "cause".to_owned(), name: finding.cause.code().to_owned(), result });
    }
    let took = diagnosis.calls.iter().map(|call| call.started_ms.saturating_add(call.duration_ms)).max();
    Suite {
        name,
        timestamp: Some(diagnosis.observed_at.clone()),
        milliseconds: took.unwrap_or_default(),
        properties: properties(diagnosis),
        cases,
    }
}

fn properties(diagnosis: &Diagnosis) -> Vec<(String, String)> {
    let first = diagnosis.findings.first().filter(|_| diagnosis.verdict == Verdict::Denied);
    let all = [
        ("version", Some(env!("CARGO_PKG_VERSION").to_owned())),
        ("sandbox", diagnosis.sandbox.clone()),
        ("verdict", Some(diagnosis.verdict.as_str().to_owned())),
        ("cause", first.map(|first| first.cause.code().to_owned())),
        ("operation", Some(diagnosis.request.operation.to_string())),
        ("model", diagnosis.request.model.as_ref().map(ToString::to_string)),
        ("region", Some(diagnosis.request.region.to_string())),
        ("principal", diagnosis.principal.arn.as_ref().map(ToString::to_string)),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn verdict(diagnosis: &Diagnosis, expected: Option<Verdict>) -> CaseResult {
    let said = on_one_line(&format!("{}: {}", diagnosis.verdict.as_str(), sentence::answer(diagnosis, usize::MAX)));
    // Each cause is a case that fails for itself.
    let is_told = diagnosis.findings.iter().any(|finding| !finding.is_likely);
    match (expected, diagnosis.verdict) {
        (Some(expected), verdict) if expected == verdict => CaseResult::Passed,
        (Some(expected), _) => {
            CaseResult::Failed { message: format!("expected {}, and it is {said}", expected.as_str()), text: said }
        }
        (None, Verdict::Allowed) => CaseResult::Passed,
        (None, Verdict::Denied) if is_told => CaseResult::Skipped(said),
        (None, Verdict::Denied) => CaseResult::Failed { message: said.clone(), text: said },
        (None, Verdict::Undetermined) => CaseResult::Skipped(said),
    }
}

/// Replaces what XML 1.0 cannot hold, and shows what would turn the reading direction.
fn printable(text: &str) -> String {
    escape_lines(text).chars().filter(|c| !matches!(c, '\u{fffe}' | '\u{ffff}')).collect()
}
