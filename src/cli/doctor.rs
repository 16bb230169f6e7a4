//! `doctor`: asks AWS, or the embedded account, and says why the call is refused.
//!
//! Decides once what the command line asks for ([`mode`]), reads what it names ([`inputs`]), lets `observe` gather the
//! evidence, asks the questions that `diagnose` finds open, and prints the report; or replays saved evidence.

mod args;
mod client;
mod evidence_file;
mod first_run;
mod fix_folder;
mod inputs;
mod mode;
mod observe;
mod request;
mod targets;
mod wait;

pub(super) use args::DoctorArgs;

use super::door;
use super::exit::{ExitStatus, Failure};
use super::runtime::block_on;
use super::{ci_annotation, interrupt, memory, output, paint};
use crate::diagnose::{Diagnosis, Verdict, diagnose};
use crate::escape::escape_json;
use crate::evidence::Evidence;
use crate::redact::Redactor;
use crate::report::junit::{Target, junit};
use crate::report::{self, Detail, Layout};
use args::Format;
use mode::Mode;
use std::io::IsTerminal as _;
use std::path::Path;

/// Diagnoses targets with the options of a command line, all with shared evidence; the answers are in order.
pub(super) fn diagnose_targets(
    options: &[String],
    targets: Vec<serde_json::Value>,
) -> Result<Vec<Result<Diagnosis, String>>, Failure> {
    targets::diagnose_all(options, targets)
}

/// Diagnoses the call that an error is about, in the environment of this process, and returns the report as text.
pub(super) fn report_on(error: &str) -> Result<String, Failure> {
    memory::forbid_core_dumps();
    let args = DoctorArgs::from_options([format!("--error={error}")])?;
    let inputs = inputs::read(&args)?;
    let evidence = block_on(observe::observe(&args, &inputs))?;
    first_run::explain_credentials(&evidence, None);
    render(&diagnose(&evidence), &args)
}

/// Runs the command.
pub(super) fn run(args: &DoctorArgs) -> Result<ExitStatus, Failure> {
    interrupt::watch()?;
    memory::forbid_core_dumps();
    let args = &door::opened(args.clone())?;
    if args.force && args.save_evidence.is_none() && args.save_fix.is_none() && args.report.alias_file.is_none() {
        return Err(Failure::usage("`--force` needs `--save-evidence`, `--save-fix` or `--alias-file`"));
    }
    let evidence = match Mode::from_args(args)? {
        Mode::Targets(source) => return targets::run(args, source),
        Mode::SavedEvidence(path) => {
            let evidence = evidence_file::read(&path)?;
            check_outputs(args)?;
            evidence
        }
        Mode::OneCall => {
            let inputs = inputs::read(args)?;
            check_outputs(args)?;
            let evidence = block_on(observe::observe(args, &inputs))?;
            first_run::explain_credentials(&evidence, args.account.profile.as_deref());
            evidence
        }
    };
    let mut redactor = Redactor::default();
    let evidence = if args.report.redact { without_names(&evidence, &mut redactor)? } else { evidence };
    if let Some(path) = &args.save_evidence {
        evidence_file::write(path, &evidence, args.force)?;
    }
    let diagnosis = diagnose(&evidence);
    let report = render(&diagnosis, args)?;
    if let Some(folder) = &args.save_fix {
        fix_folder::write(folder, &diagnosis, args.force)?;
    }
    match &args.report.output {
        Some(path) => output::write_file(path, &report)?,
        None => output::print(&report)?,
    }
    show_aliases(&redactor, args)?;
    ci_annotation::tell(&diagnosis, args.report.output.is_some());
    Ok(match diagnosis.verdict {
        Verdict::Allowed => ExitStatus::Success,
        Verdict::Denied => ExitStatus::Finding,
        Verdict::Undetermined => ExitStatus::Undetermined,
    })
}

/// Checks, before any call is made, that everything can be written where it should be.
fn check_outputs(args: &DoctorArgs) -> Result<(), Failure> {
    if let Some(path) = &args.save_evidence {
        evidence_file::check(path, args.force)?;
    }
    if let Some(folder) = &args.save_fix {
        fix_folder::check(folder)?;
    }
    if let Some(path) = &args.report.alias_file {
        evidence_file::check(path, args.force)?;
    }
    if let Some(path) = &args.report.output {
        output::check_output(path, &inputs_of(args))?;
    }
    Ok(())
}

/// Returns the files that the options name to be read.
fn inputs_of(args: &DoctorArgs) -> Vec<&Path> {
    let texts = [&args.call.error, &args.call.session_policy, &args.call.vpc_endpoint_policy, &args.account.sandbox];
    let files = [&args.evidence, &args.many.targets, &args.many.config, &args.save_evidence];
    let texts = texts.into_iter().filter_map(|text| text.as_deref()).map(Path::new);
    texts.chain(files.into_iter().filter_map(|file| file.as_deref())).collect()
}

/// Redacts the evidence, so that everything made from it is redacted, and notes if that changes the answer.
fn without_names(evidence: &Evidence, redactor: &mut Redactor) -> Result<Evidence, Failure> {
    let redacted = redactor
        .evidence(evidence)
        .map_err(|error| Failure::input(format!("the evidence cannot be redacted without breaking it: {error}")))?;
    if diagnose(&redacted).outcome() != diagnose(evidence).outcome() {
        output::note("note: redaction changes the diagnosis, because a policy matches part of a redacted name");
    }
    Ok(redacted)
}

/// Keeps what the aliases stand for, and shows it to a person; a log is not for it.
fn show_aliases(redactor: &Redactor, args: &DoctorArgs) -> Result<(), Failure> {
    let aliases = redactor.aliases();
    if let Some(path) = &args.report.alias_file {
        evidence_file::write_aliases(path, &aliases, args.force)?;
    }
    if !aliases.is_empty() && std::io::stderr().is_terminal() {
        output::note("aliases, which the report does not hold:");
        aliases.iter().for_each(|(alias, value)| output::note(&format!("  {alias} = {value}")));
    }
    Ok(())
}

fn render(diagnosis: &Diagnosis, options: &DoctorArgs) -> Result<String, Failure> {
    let args = &options.report;
    Ok(match args.format() {
        Format::Json => escape_json(report::json(diagnosis)),
        Format::Markdown => report::markdown(diagnosis),
        Format::Html => report::html(diagnosis),
        Format::Junit => {
            let target = Target { id: None, diagnosis, expected: None };
            junit(&[target]).map_err(|error| Failure::input(format!("the report cannot be written: {error}")))?
        }
        Format::Text => {
            let to_file = args.output.is_some();
            let mut text = paint::paint(&report::text(diagnosis, &layout(options)), args.color(), to_file);
            if args.verbose > 1 {
                text.push_str(&paint::paint(&report::timeline(diagnosis), args.color(), to_file));
            }
            text
        }
    })
}

/// Says how a text is laid out: with the profile in the lines to paste that this command was given.
fn layout(args: &DoctorArgs) -> Layout {
    let detail = match (args.report.quiet, args.report.verbose) {
        (true, _) => Detail::Quiet,
        (false, 0) => Detail::Normal,
        (false, _) => Detail::Verbose,
    };
    // Saved evidence is somebody's else, perhaps, and a profile may bear a name.
    let is_own = args.evidence.is_none() && !args.report.redact;
    let profile = args.account.profile.clone().filter(|_| is_own);
    Layout { detail, columns: paint::columns(args.report.output.is_some()), profile }
}
