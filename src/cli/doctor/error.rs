//! `--error`: a pasted error becomes the call that it was the answer to.

use crate::bedrock::{ModelReference, Operation, Region};
use crate::cli::exit::Failure;
use crate::cli::{input, output};
use crate::explain::{ExplainedError, explain};
use crate::iam::{Arn, Principal};
use crate::request::GivenError;
use crate::secrets::without_secrets;

/// How much of a long text is kept on either side of its error, in bytes.
const AROUND: usize = 8 * 1024;

/// A given error, and what it says of its call.
#[derive(Debug, Default)]
pub(super) struct Pasted {
    /// The error, as the evidence keeps it.
    pub(super) error: Option<GivenError>,
    pub(super) model: Option<ModelReference>,
    pub(super) operation: Option<Operation>,
    pub(super) region: Option<Region>,
}

impl Pasted {
    /// Reads a file with an error, or standard input for `-`; without one, nothing is said.
    pub(super) fn read(path: Option<&str>) -> Result<Self, Failure> {
        let Some(path) = path else { return Ok(Self::default()) };
        let text = input::text(path)?;
        if text.trim().is_empty() {
            return Err(Failure::input(format!("`{path}` holds no text"))
                .hint("paste the whole error, with its model and principal"));
        }
        // First of all, so that no window begins inside a secret.
        let text = without_secrets(&text);
        let [from, to] = explain(&text).error.span;
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

    /// Holds what was typed against what the text says: whoever contradicts it asks about another call.
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
            return Err(Failure::usage(format!("the error is of `{said}`, and `--principal` names `{typed}`"))
                .hint("leave `--principal` out: the error's own principal is diagnosed"));
        }
        Ok(())
    }

    /// Says where what was typed outranks what the text says.
    pub(super) fn note(&self, operation: Operation, region: &Region) {
        if let Some(said) = self.operation.filter(|said| said.iam_action() != operation.iam_action()) {
            output::note(&format!("note: the error is of `{said}`, and `{operation}` is diagnosed, as asked"));
        }
        if let Some(said) = self.region.as_ref().filter(|said| *said != region) {
            output::note(&format!("note: the error names the Region `{said}`, and `{region}` is diagnosed, as asked"));
        }
    }
}

/// Returns the operation that the text names, or else the one that its action belongs to.
fn operation(read: &ExplainedError) -> Option<Operation> {
    let by_name = read.operation.as_deref().and_then(Operation::from_api_name);
    let action = read.action.as_deref().and_then(|action| action.strip_prefix("bedrock:"));
    by_name.or_else(|| action.and_then(Operation::from_api_name))
}

/// Returns the ARN of a user, role or session; a placeholder in it makes it none.
fn principal(text: &str) -> Option<Arn> {
    let arn: Arn = text.parse().ok()?;
    let is_account = arn.account.len() == 12 && arn.account.bytes().all(|byte| byte.is_ascii_digit());
    (is_account && matches!(arn.service.as_str(), "iam" | "sts")).then_some(arn)
}
