//! `doctor`: asks AWS, or the embedded account, and says why the call is refused.
//!
//! Turns what was typed into a request, lets `probe` gather the evidence, asks what `diagnose` finds open until
//! nothing is, and prints the report; or takes evidence that was saved, and asks nobody.

mod args;
mod bundle;
mod error;
mod observe;
mod request;
mod saved;
mod targets;
mod wait;

pub(super) use args::{DoctorArgs, concurrency};

use super::event_loop::on_event_loop;
use super::exit::{ExitStatus, Failure};
use super::{interrupt, memory, output, paint};
use crate::diagnose::{Diagnosis, Verdict, diagnose};
use crate::evidence::Evidence;
use crate::redact::Redactor;
use crate::report::junit::{Target, junit};
use crate::report::{self, Detail};
use args::Format;
use observe::observe;

/// Diagnoses targets with the options of a command line, all with shared evidence; the answers are in order.
pub(super) fn diagnose_targets(
    options: &[String],
    targets: Vec<serde_json::Value>,
) -> Result<Vec<Result<Diagnosis, String>>, Failure> {
    targets::diagnose_all(options, targets)
}

/// Runs the command.
pub(super) fn run(args: &DoctorArgs) -> Result<ExitStatus, Failure> {
    interrupt::watch()?;
    memory::keep();
    if let Some(bundle) = args.bundle {
        return bundle::run(args, bundle);
    }
    if let Some(file) = &args.targets {
        return targets::run(args, file);
    }
    if let Some(path) = &args.save_evidence {
        saved::check(path, args.force)?;
    }
    let evidence = match &args.evidence {
        Some(path) => saved::read(path)?,
        None => match args.wait {
            Some(minutes) => wait::until_allowed(minutes, || gather(args))?,
            None => gather(args)?,
        },
    };
    let evidence = if args.redact { without_names(&evidence, &mut Redactor::default())? } else { evidence };
    if let Some(path) = &args.save_evidence {
        saved::write(path, &evidence, args.force)?;
    }
    let diagnosis = diagnose(&evidence);
    let report = render(&diagnosis, args)?;
    match &args.output {
        Some(path) => output::write_file(path, &report)?,
        None => output::print(&report)?,
    }
    Ok(match diagnosis.verdict {
        Verdict::Allowed => ExitStatus::Success,
        Verdict::Denied => ExitStatus::Finding,
        Verdict::Undetermined => ExitStatus::Undetermined,
    })
}

/// Redacts the evidence, so that whatever is made of it is redacted, and says where that changes the answer.
fn without_names(evidence: &Evidence, redactor: &mut Redactor) -> Result<Evidence, Failure> {
    let redacted = redactor
        .evidence(evidence)
        .map_err(|error| Failure::input(format!("the evidence does not hold together without its names: {error}")))?;
    if diagnose(&redacted).outcome() != diagnose(evidence).outcome() {
        output::note(
            "note: without the names the evidence leads to another answer: a policy of the case matches a part of one",
        );
    }
    Ok(redacted)
}

fn gather(args: &DoctorArgs) -> Result<Evidence, Failure> {
    on_event_loop(observe(args))
}

fn render(diagnosis: &Diagnosis, args: &DoctorArgs) -> Result<String, Failure> {
    Ok(match args.format {
        Format::Json => report::json(diagnosis),
        Format::Markdown => report::markdown(diagnosis),
        Format::Html => report::html(diagnosis),
        Format::Junit => {
            let target = Target { id: None, diagnosis, expected: None };
            junit(&[target]).map_err(|error| Failure::input(format!("the report cannot be written: {error}")))?
        }
        Format::Text => {
            let mut text = paint::paint(&report::text(diagnosis, detail(args)), args.color, args.output.is_some());
            if args.verbose > 1 {
                text.push_str(&paint::paint(&report::timeline(diagnosis), args.color, args.output.is_some()));
            }
            text
        }
    })
}

fn detail(args: &DoctorArgs) -> Detail {
    match (args.quiet, args.verbose) {
        (true, _) => Detail::Quiet,
        (false, 0) => Detail::Normal,
        (false, _) => Detail::Verbose,
    }
}
