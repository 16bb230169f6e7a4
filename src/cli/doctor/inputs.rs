//! What `doctor` reads besides the command line: the pasted error and the policies that no API returns.
//!
//! Everything is read once, before any call is made and before any output is opened, so that `--wait` and many targets
//! use the same text. Standard input can be used by one option only.

use super::args::DoctorArgs;
use crate::answer::doctor::{Inputs, Pasted};
use crate::cli::exit::Failure;
use crate::cli::input;
use crate::policy::Document;
use crate::request::{GivenPolicies, GivenPolicy};
use std::io::{Cursor, Read as _};
use std::path::Path;

/// Reads every text that the options name.
pub(super) fn read(args: &DoctorArgs) -> Result<Inputs, Failure> {
    let policy = |path: &Option<String>| path.as_deref().map(given_policy).transpose();
    Ok(Inputs {
        pasted: args.call.error.as_deref().map(pasted).transpose()?.unwrap_or_default(),
        policies: GivenPolicies {
            session: policy(&args.call.session_policy)?,
            vpc_endpoint: policy(&args.call.vpc_endpoint_policy)?,
        },
    })
}

/// Reads an error: a text with white space as it is, else a file, or standard input for `-`.
fn pasted(source: &str) -> Result<Pasted, Failure> {
    let is_text = source.contains(char::is_whitespace) && !Path::new(source).exists();
    if is_text {
        return Pasted::from_text(source, "the text");
    }
    let (text, rest) = input::log(source)?;
    match rest {
        Some(rest) => Pasted::from_long_log(Cursor::new(text).chain(rest), source),
        None => Pasted::from_log(&String::from_utf8_lossy(&text), source),
    }
}

/// Checks that at most one option reads standard input.
pub(super) fn check_standard_input(args: &DoctorArgs) -> Result<(), Failure> {
    let is_standard = |text: Option<&str>| text == Some("-");
    let path = |path: &Option<std::path::PathBuf>| path.as_ref().is_some_and(|path| path == Path::new("-"));
    let users = [
        ("`--error`", is_standard(args.call.error.as_deref())),
        ("`--session-policy`", is_standard(args.call.session_policy.as_deref())),
        ("`--vpc-endpoint-policy`", is_standard(args.call.vpc_endpoint_policy.as_deref())),
        ("`--targets`", path(&args.many.targets)),
        ("`--config`", path(&args.many.config)),
        ("`--evidence`", path(&args.evidence)),
    ];
    let users: Vec<&str> = users.into_iter().filter(|(_, reads)| *reads).map(|(name, _)| name).collect();
    match users.as_slice() {
        [] | [_] => Ok(()),
        several => {
            Err(Failure::usage(format!("standard input can be read once, and {} read it", several.join(" and ")))
                .hint("save one of them to a file, and name the file"))
        }
    }
}

/// Reads a policy that no API returns.
fn given_policy(path: &str) -> Result<GivenPolicy, Failure> {
    let document = input::text(path)?;
    Document::parse(&document).map_err(|error| {
        Failure::input(format!("`{path}` is not a policy: {error}"))
            .hint(format!("`bedrock-access policy lint {}` says more", input::quoted(path)))
    })?;
    Ok(GivenPolicy { name: path.to_owned(), document })
}
