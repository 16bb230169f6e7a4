//! Values of options that several commands take: durations with units, operations and models by any of their names.

use super::output;
use crate::answer::operation_named as operation;
use crate::bedrock::{ClientForm, ModelReference, Operation, Resolved, client_form, resolve_model};
use crate::escape::is_unsafe;
use clap::builder::{PossibleValue, TypedValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command};
use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::Duration;

/// The longest `--timeout`.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(3600);

/// The longest `--wait`.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3600);

/// Parses a deadline; a plain number is seconds.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    duration(text, 1.0).filter(|time| *time <= LONGEST_TIMEOUT).ok_or_else(|| {
        "expected a duration such as `10s` or `2m`, more than 0 and at most an hour; a plain number is seconds"
            .to_owned()
    })
}

/// Parses a waiting time; a plain number is minutes.
pub(super) fn minutes(text: &str) -> Result<Duration, String> {
    duration(text, 60.0).filter(|time| *time <= LONGEST_WAIT).ok_or_else(|| {
        "expected a duration such as `90s` or `15m`, more than 0 and at most a day; a plain number is minutes"
            .to_owned()
    })
}

/// Reads a number with a unit; without one it is in units of so many seconds.
fn duration(text: &str, unit: f64) -> Option<Duration> {
    let text = text.trim();
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c.is_whitespace());
    let unit = match text.get(number.len()..).unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "" => unit,
        "ms" => 0.001,
        "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
        "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
        "h" | "hour" | "hours" => 3600.0,
        _ => return None,
    };
    let number = number.parse::<f64>().ok().filter(|number| *number > 0.0 && number.is_finite())?;
    Duration::try_from_secs_f64(number * unit).ok().filter(|time| !time.is_zero())
}

/// Parses the number of calls in flight.
pub(super) fn concurrency() -> impl TypedValueParser<Value = usize> {
    clap::value_parser!(u16).range(1..=1000).map(usize::from)
}

/// Parses the name of a file that is written in addition to the report.
pub(super) fn a_file(text: &str) -> Result<PathBuf, String> {
    match text {
        "" | "-" => Err("evidence is saved to a file, in addition to the report".to_owned()),
        path => Ok(PathBuf::from(path)),
    }
}

/// Parses a condition key with a value.
pub(super) fn context_pair(text: &str) -> Result<(String, String), String> {
    if text.chars().any(is_unsafe) {
        return Err("a condition key and its value cannot hold control characters".to_owned());
    }
    match text.split_once('=') {
        Some((key, value)) if key.contains(':') => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected KEY=VALUE with a condition key such as `aws:SourceVpce`".to_owned()),
    }
}

/// Returns the parser of an operation.
pub(super) fn operation_parser() -> OperationParser {
    OperationParser
}

/// Parses an operation by its name here, its API name, or its IAM action, without regard to case.
#[derive(Clone, Copy, Debug)]
pub(super) struct OperationParser;

impl TypedValueParser for OperationParser {
    type Value = Operation;

    fn parse_ref(&self, command: &Command, argument: Option<&Arg>, value: &OsStr) -> Result<Operation, clap::Error> {
        let text = value.to_string_lossy();
        if let Some(operation) = operation(&text) {
            return Ok(operation);
        }
        let mut error = clap::Error::new(ErrorKind::InvalidValue).with_cmd(command);
        if let Some(argument) = argument {
            error.insert(ContextKind::InvalidArg, ContextValue::String(argument.to_string()));
        }
        error.insert(ContextKind::InvalidValue, ContextValue::String(text.clone().into_owned()));
        let names = Operation::ALL.map(|operation| operation.as_str().to_owned());
        let alike = names.iter().map(|name| (strsim::jaro_winkler(&text.to_ascii_lowercase(), name), name));
        if let Some((_, name)) = alike.filter(|(likeness, _)| *likeness > 0.7).max_by(|(a, _), (b, _)| a.total_cmp(b)) {
            error.insert(ContextKind::SuggestedValue, ContextValue::String(name.clone()));
        }
        error.insert(ContextKind::ValidValue, ContextValue::Strings(names.to_vec()));
        Err(error)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(Operation::ALL.into_iter().map(|operation| PossibleValue::new(operation.as_str()))))
    }
}

/// Reads a model by its id or ARN, as a client writes it, or by a name that only one model has; the last two are said.
pub(super) fn model_value(name: &str) -> Result<ModelReference, String> {
    if let ClientForm { model, region: Some(region) } = client_form(name) {
        return Err(format!("it names the Region `{region}` too: give `{model}`, and `--region {region}`"));
    }
    match resolve_model(name) {
        Resolved::Exact(model) => {
            if model.to_string() != name {
                output::note(&format!("note: `{name}` is the model `{model}`"));
            }
            Ok(model)
        }
        Resolved::One(model) => {
            output::note(&format!("note: `{name}` is taken for the model `{model}`, the only one of that name"));
            Ok(model)
        }
        Resolved::Several(ids) => match ids.as_slice() {
            [one] => Err(format!("no model has just this name; it may be {one}")),
            ids => Err(format!("several models have this name, name one of them: {}", ids.join(", "))),
        },
        Resolved::Unknown(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_a_unit_or_the_usual_one() {
        for (text, is_seconds, is_minutes) in [
            ("5", Some(5_000), Some(300_000)),
            ("5s", Some(5_000), Some(5_000)),
            ("1.5m", Some(90_000), Some(90_000)),
            ("250ms", Some(250), Some(250)),
            ("15 min", Some(900_000), Some(900_000)),
            ("2h", None, Some(7_200_000)),
            ("0", None, None),
            ("-1s", None, None),
            ("5x", None, None),
            ("inf", None, None),
            ("1e300h", None, None),
            ("", None, None),
        ] {
            let millis = |time: Result<Duration, String>| time.ok().map(|time| time.as_millis());
            assert_eq!((millis(seconds(text)), millis(minutes(text))), (is_seconds, is_minutes), "{text}");
        }
    }
}
