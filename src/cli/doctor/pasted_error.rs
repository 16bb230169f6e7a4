//! `--error`: a pasted error becomes the call that was refused with it.

use crate::bedrock::{ModelReference, Operation, Region};
use crate::cli::exit::Failure;
use crate::cli::{input, output};
use crate::explain::{ExplainedError, explain};
use crate::iam::{Arn, Principal};
use crate::request::GivenError;
use crate::secrets::without_secrets;
use crate::trail::{Item, Wanted, read};
use std::path::Path;

/// How much of a long text is kept before and after its error, in bytes.
const AROUND: usize = 8 * 1024;

/// A pasted error, and what it reveals about its call.
#[derive(Debug, Default)]
pub(super) struct Pasted {
    /// The error, as the evidence keeps it.
    pub(super) error: Option<GivenError>,
    pub(super) model: Option<ModelReference>,
    pub(super) operation: Option<Operation>,
    pub(super) region: Option<Region>,
}

impl Pasted {
    /// Reads an error: a text with white space as it is, else a file, or standard input for `-`.
    pub(super) fn read(source: Option<&str>) -> Result<Self, Failure> {
        let Some(source) = source else { return Ok(Self::default()) };
        let is_text = source.contains(char::is_whitespace) && !Path::new(source).exists();
        let text = if is_text { source.to_owned() } else { input::log(source)? };
        if text.trim().is_empty() {
            let name = if is_text { "the text" } else { source };
            return Err(Failure::input(format!("`{name}` holds no error message"))
                .hint("paste the whole message, with its model and principal"));
        }
        // First of all, so that no window begins inside a secret.
        let text = without_secrets(&text);
        let [from, to] = match last_of_several(&text) {
            Some((line, span)) if !is_text => {
                output::note(&format!(
                    "note: of the errors in `{source}`, the last one that names a model is diagnosed: line {line}"
                ));
                span
            }
            _ => explain(&text).error.span,
        };
        let from = text.floor_char_boundary(from.saturating_sub(AROUND));
        let to = text.ceil_char_boundary(to.saturating_add(AROUND).min(text.len()));
        let text = text.get(from..to).unwrap_or(&text).to_owned();
        let read = explain(&text).error;
        Ok(Self {
            model: read.model.as_deref().and_then(|model| model.parse().ok()),
            operation: operation(&read),
            region: read.region.as_deref().and_then(|region| region.parse().ok()),
            error: Some(GivenError { principal: read.principal.as_deref().and_then(principal), text }),
        })
    }

    /// Checks that the options do not contradict the text: then they would be about another call.
    pub(super) fn check(&self, model: Option<&ModelReference>, by: Option<&Arn>) -> Result<(), Failure> {
        let bases =
            model.and_then(ModelReference::base_model).zip(self.model.as_ref().and_then(ModelReference::base_model));
        if let Some((typed, said)) = bases.filter(|(typed, said)| typed != said) {
            return Err(Failure::usage(format!(
                "the error is about the model `{said}`, and `--model` names `{typed}`"
            ))
            .hint("leave `--model` out, or name an inference profile of the same model"));
        }
        let said = self.error.as_ref().and_then(|error| error.principal.as_ref());
        if let Some((typed, said)) =
            by.zip(said).filter(|(typed, said)| !Principal::new((*said).clone()).is_same_entity(typed))
        {
            return Err(Failure::usage(format!("the error is about `{said}`, and `--principal` names `{typed}`"))
                .hint("leave `--principal` out: the error's own principal is diagnosed"));
        }
        Ok(())
    }

    /// Notes where an option takes precedence over the text.
    pub(super) fn note(&self, operation: Operation, region: &Region) {
        if let Some(said) = self.operation.filter(|said| said.iam_action() != operation.iam_action()) {
            output::note(&format!("note: the error is about `{said}`; `{operation}` is diagnosed, as asked"));
        }
        if let Some(said) = self.region.as_ref().filter(|said| *said != region) {
            output::note(&format!("note: the error names the Region `{said}`; `{region}` is diagnosed, as asked"));
        }
    }
}

/// Finds the last of several refusals in a log that names its model: its line, and where it stands.
fn last_of_several(text: &str) -> Option<(u64, [usize; 2])> {
    let (mut count, mut last) = (0_u64, None);
    read("log", text.as_bytes(), &Wanted::Denials, &mut |entry| {
        if let Item::Denial(denial) = &entry.item {
            count += 1;
            if denial.error().model.as_deref().is_some_and(|model| model.parse::<ModelReference>().is_ok()) {
                last = Some(entry.line);
            }
        }
        true
    });
    let line = last.filter(|_| count > 1)?;
    let before: usize = text.split_inclusive('\n').take(usize::try_from(line - 1).ok()?).map(str::len).sum();
    let rest = text.get(before..)?;
    let [from, to] = explain(rest.lines().next().unwrap_or_default()).error.span;
    Some((line, [before + from, before + to]))
}

/// Returns the operation that the text names, or else the one that its action belongs to.
fn operation(read: &ExplainedError) -> Option<Operation> {
    let by_name = read.operation.as_deref().and_then(Operation::from_api_name);
    let action = read.action.as_deref().and_then(|action| action.strip_prefix("bedrock:"));
    by_name.or_else(|| action.and_then(Operation::from_api_name))
}

/// Returns the ARN of a user, role or session; `None` if it holds a placeholder.
fn principal(text: &str) -> Option<Arn> {
    let arn: Arn = text.parse().ok()?;
    let is_account = arn.account.len() == 12 && arn.account.bytes().all(|byte| byte.is_ascii_digit());
    (is_account && matches!(arn.service.as_str(), "iam" | "sts")).then_some(arn)
}
