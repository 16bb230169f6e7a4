//! `doctor --for BUNDLE`: the operations that an onboarding is about, one verdict each and one for all.
//!
//! One connection serves all of them, so that what they share is read once.

use super::args::{DoctorArgs, Format};
use super::observe::observe_all;
use super::{detail, without_names};
use crate::bedrock::Bundle;
use crate::cli::event_loop::on_event_loop;
use crate::cli::exit::{ExitStatus, Failure};
use crate::cli::{output, paint};
use crate::diagnose::{Diagnosis, Verdict, diagnose};
use crate::redact::Redactor;
use crate::report;
use crate::report::junit::{Target, junit};

/// Diagnoses every operation of a bundle.
pub(super) fn run(args: &DoctorArgs, bundle: Bundle) -> Result<ExitStatus, Failure> {
    let mut observed = on_event_loop(observe_all(args, bundle))?;
    if args.redact {
        // One for all of them: a role is called the same in every operation.
        let mut redactor = Redactor::default();
        let redacted = observed.iter().map(|evidence| without_names(evidence, &mut redactor));
        observed = redacted.collect::<Result<_, _>>()?;
    }
    let diagnoses: Vec<Diagnosis> = observed.iter().map(diagnose).collect();
    let report = render(args, bundle, &diagnoses)?;
    match &args.output {
        Some(path) => output::write_file(path, &report)?,
        None => output::print(&report)?,
    }
    Ok(match report::bundle_verdict(&diagnoses) {
        Verdict::Allowed => ExitStatus::Success,
        Verdict::Denied => ExitStatus::Finding,
        Verdict::Undetermined => ExitStatus::Undetermined,
    })
}

fn render(args: &DoctorArgs, bundle: Bundle, diagnoses: &[Diagnosis]) -> Result<String, Failure> {
    Ok(match args.format {
        Format::Json => report::bundle_json(diagnoses),
        Format::Text => {
            let text = report::bundle_text(bundle, diagnoses, detail(args));
            paint::paint(&text, args.color, args.output.is_some())
        }
        Format::Markdown => report::bundle_markdown(bundle, diagnoses),
        Format::Html => report::bundle_html(bundle, diagnoses),
        Format::Junit => {
            let target = |diagnosis| Target { id: Some(operation_of(diagnosis)), diagnosis, expected: None };
            let targets: Vec<Target<'_>> = diagnoses.iter().map(target).collect();
            junit(&targets).map_err(|error| Failure::input(format!("the report cannot be written: {error}")))?
        }
    })
}

fn operation_of(diagnosis: &Diagnosis) -> &str {
    diagnosis.request.operation.as_str()
}
