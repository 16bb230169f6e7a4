//! `doctor`: asks AWS, or the embedded account, and says why the call is refused.
//!
//! Turns what was typed into a request, lets `probe` gather the evidence, asks what `diagnose` finds open until
//! nothing is, and prints the report. The async runtime lives here and is left without waiting for its threads.

mod args;
mod observe;
mod request;
mod targets;

pub(super) use args::{DoctorArgs, concurrency};

use super::exit::{ExitStatus, Failure};
use super::{children, output, paint};
use crate::diagnose::{Diagnosis, Verdict, diagnose};
use crate::report::{self, Detail};
use args::Format;
use observe::observe;

/// Runs the command.
pub(super) fn run(args: &DoctorArgs) -> Result<ExitStatus, Failure> {
    if let Some(file) = &args.targets {
        return targets::run(args, file);
    }
    // One thread is enough for a dozen calls that wait, and starts sooner.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::input(format!("the system gives no event loop: {error}")))?;
    let evidence = runtime.block_on(observe(args));
    // A thread that still resolves a name or waits for a credential process is not waited for.
    runtime.shutdown_background();
    children::end_all();
    let diagnosis = diagnose(&evidence?);
    let report = render(&diagnosis, args);
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

fn render(diagnosis: &Diagnosis, args: &DoctorArgs) -> String {
    match args.format {
        Format::Json => report::json(diagnosis),
        Format::Text => {
            let detail = match (args.quiet, args.verbose) {
                (true, _) => Detail::Quiet,
                (false, 0) => Detail::Normal,
                (false, _) => Detail::Verbose,
            };
            let mut text = paint::paint(&report::text(diagnosis, detail), args.color, args.output.is_some());
            if args.verbose > 1 {
                text.push_str(&paint::paint(&report::timeline(diagnosis), args.color, args.output.is_some()));
            }
            text
        }
    }
}
