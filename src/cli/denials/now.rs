//! `--diagnose`: asks the doctor about each group now.

use super::DenialsArgs;
use super::targets;
use crate::cli::doctor;
use crate::cli::exit::Failure;
use crate::diagnose::{Diagnosis, Verdict};
use crate::report;
use crate::trail::{Denials, Now};

/// Asks about every group, with shared evidence, and notes what the doctor says.
pub(super) fn diagnose(args: &DenialsArgs, denials: &mut Denials) -> Result<(), Failure> {
    let targets: Vec<Result<serde_json::Value, &str>> = denials.groups.iter().map(targets::target).collect();
    let mut options = vec!["--timeout".to_owned(), args.timeout.to_string()];
    for (name, value) in [("--profile", args.profile.as_ref()), ("--sandbox", args.sandbox.as_ref())] {
        if let Some(value) = value {
            options.extend([name.to_owned(), value.clone()]);
        }
    }
    if args.probe {
        options.push("--probe".to_owned());
    }
    let asked = targets.iter().filter_map(|target| target.as_ref().ok()).cloned().collect();
    let mut answers = doctor::diagnose_targets(&options, asked)?.into_iter();
    for (group, target) in denials.groups.iter_mut().zip(targets) {
        group.now = Some(match target {
            Err(why) => cannot_tell(why.to_owned()),
            Ok(_) => match answers.next() {
                Some(Ok(diagnosis)) => now(&diagnosis),
                Some(Err(error)) => cannot_tell(error),
                None => cannot_tell("it was not asked about".to_owned()),
            },
        });
    }
    Ok(())
}

fn now(diagnosis: &Diagnosis) -> Now {
    let open = report::first_not_checked(diagnosis);
    Now {
        verdict: diagnosis.verdict.as_str().to_owned(),
        causes: diagnosis.findings.iter().map(|finding| finding.cause.code().to_owned()).collect(),
        why: open.filter(|_| diagnosis.verdict == Verdict::Undetermined),
    }
}

fn cannot_tell(why: String) -> Now {
    Now { verdict: Verdict::Undetermined.as_str().to_owned(), causes: Vec::new(), why: Some(why) }
}
