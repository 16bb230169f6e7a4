//! What the command line asks for, decided once: one call, many calls, or a replay of saved evidence.

use super::args::DoctorArgs;
use super::inputs::check_standard_input;
use crate::bedrock::{Bundle, Region};
use crate::cli::exit::Failure;
use std::path::PathBuf;

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Diagnose one call.
    OneCall,
    /// Diagnose many calls.
    Targets(Source),
    /// Replay saved evidence.
    SavedEvidence(PathBuf),
}

/// Where many calls come from.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// A file, or standard input.
    File(PathBuf),
    /// Every operation that a task needs.
    Bundle(Bundle),
    /// The calls that an AI client is configured to make.
    Client,
    /// The same call in several Regions.
    Regions(Vec<Region>),
}

impl Mode {
    /// Decides by the options, and checks what clap cannot.
    pub(super) fn from_args(args: &DoctorArgs) -> Result<Self, Failure> {
        check_standard_input(args)?;
        let several_regions = args.call.region.len() > 1;
        let mode = if let Some(path) = &args.evidence {
            Self::SavedEvidence(path.clone())
        } else if let Some(path) = &args.many.targets {
            Self::Targets(Source::File(path.clone()))
        } else if args.many.config.is_some() || args.many.client.is_some() {
            Self::Targets(Source::Client)
        } else if let Some(bundle) = args.many.bundle {
            Self::Targets(Source::Bundle(bundle))
        } else if several_regions {
            let mut regions: Vec<Region> = Vec::new();
            regions.extend(args.call.region.iter().cloned());
            regions.dedup();
            Self::Targets(Source::Regions(regions))
        } else {
            Self::OneCall
        };
        let wrong = |what: &str, hint: &str| Err(Failure::usage(what).hint(hint));
        match &mode {
            Self::Targets(Source::File(_) | Source::Bundle(_) | Source::Client) if several_regions => {
                wrong("several `--region` are for one call", "name a Region per target in the file")
            }
            Self::Targets(Source::Regions(_)) if args.save_fix.is_some() => {
                wrong("a fix is of one call, and several Regions were named", "save it for one Region at a time")
            }
            Self::Targets(Source::Regions(_)) if args.save_evidence.is_some() => {
                wrong("evidence is of one call, and several Regions were named", "save it for one Region at a time")
            }
            Self::OneCall | Self::SavedEvidence(_) if args.many.skip_done.is_some() => wrong(
                "`--skip-done` is for many calls",
                "it goes together with `--targets`, `--config`, `--for` or several `--region`",
            ),
            Self::OneCall if is_about_nothing(args) => Err(no_model()),
            _ => Ok(mode),
        }
    }
}

/// Returns `true` if nothing says which call to diagnose.
fn is_about_nothing(args: &DoctorArgs) -> bool {
    let call = &args.call;
    call.model.is_none() && call.error.is_none() && call.operation.is_none() && args.account.sandbox.is_none()
}

fn no_model() -> Failure {
    Failure::usage("which model? name it, or paste the error that you got").hint_lines(
        "one of these:
  bedrock-access doctor us.amazon.nova-lite-v1:0 --region us-west-2
  bedrock-access doctor \"An error occurred (AccessDeniedException) when calling …\"
  bedrock-access models            lists the models that you can call
  bedrock-access doctor --sandbox  tries it without an AWS account",
    )
}
