//! `doctor --for BUNDLE`: the operations that an onboarding is about, one verdict each and one for all.
//!
//! One connection serves all of them, so that what they share is read once.

use super::args::{DoctorArgs, Format};
use super::observe::observe_all;
use crate::bedrock::Bundle;
use crate::cli::exit::{ExitStatus, Failure};
use crate::cli::{children, output, paint};
use crate::diagnose::{Diagnosis, Verdict, diagnose};
use crate::report::{self, Detail};

/// Diagnoses every operation of a bundle.
pub(super) fn run(args: &DoctorArgs, bundle: Bundle) -> Result<ExitStatus, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::input(format!("the system gives no event loop: {error}")))?;
    let observed = runtime.block_on(observe_all(args, bundle));
    // A thread that still resolves a name or waits for a credential process is not waited for.
    runtime.shutdown_background();
    children::end_all();
    let diagnoses: Vec<Diagnosis> = observed?.iter().map(diagnose).collect();
    let report = match args.format {
        Format::Json => report::bundle_json(&diagnoses),
        Format::Text => {
            let detail = match (args.quiet, args.verbose) {
                (true, _) => Detail::Quiet,
                (false, 0) => Detail::Normal,
                (false, _) => Detail::Verbose,
            };
            paint::paint(&report::bundle_text(bundle, &diagnoses, detail), args.color, args.output.is_some())
        }
    };
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
