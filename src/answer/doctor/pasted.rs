//! A pasted error becomes the call that was refused with it.

use crate::answer::{Failure, log};
use crate::bedrock::{ModelReference, Operation, Region};
use crate::explain::{ExplainedError, explain};
use crate::iam::{Arn, Principal};
use crate::request::GivenError;
use crate::secrets::without_secrets;
use crate::trail::{Item, Wanted, read};
use std::io::Read;

/// How much of a long text is kept before and after its error, in bytes.
const AROUND: usize = 8 * 1024;

/// A pasted error, and what it reveals about its call.
#[derive(Debug, Default)]
pub struct Pasted {
    /// The error, as the evidence keeps it.
    pub error: Option<GivenError>,
    pub model: Option<ModelReference>,
    pub operation: Option<Operation>,
    pub region: Option<Region>,
    /// The refused action, where no operation needs it that can be asked about.
    pub unknown_action: Option<String>,
    /// Which of several errors was taken, in words.
    chosen: Option<String>,
}

impl Pasted {
    /// Reads the call out of a text; `name` is what the text is called where it holds none.
    ///
    /// # Errors
    ///
    /// When the text is blank.
    pub fn from_text(text: &str, name: &str) -> Result<Self, Failure> {
        Self::read(text, name, None)
    }

    /// Reads the call out of a log: of several refusals, the last one that names its model.
    ///
    /// # Errors
    ///
    /// When the log is blank.
    pub fn from_log(text: &str, name: &str) -> Result<Self, Failure> {
        Self::read(text, name, Some(2))
    }

    /// Likewise, of a log of any length, in constant memory.
    ///
    /// # Errors
    ///
    /// When the log cannot be read, or holds no refusal.
    pub fn from_long_log(source: impl Read + Send, name: &str) -> Result<Self, Failure> {
        let rank = |item: &Item| match item {
            Item::Denial(denial) => Some(u8::from(names_model(&denial.error().model))),
            _ => None,
        };
        let (line, window) = log::last(name, source, &rank)?.ok_or_else(|| {
            let from = if name == "-" { "< LOG" } else { name };
            Failure::input(format!("`{name}` holds no refusal"))
                .hint(format!("`bedrock-access explain --log {from}` lists the other errors in it"))
        })?;
        if window.is_empty() {
            return Err(Failure::input(format!("line {line} of `{name}` is too long to hold one error"))
                .hint(format!("`bedrock-access denials {name}` reads records of CloudTrail in any form")));
        }
        Ok(Self { chosen: Some(chosen(name, line)), ..Self::read(&window, name, Some(1))? })
    }

    /// Reads a text: where it holds at least so many refusals, the last one that names its model.
    fn read(text: &str, name: &str, last_of: Option<u64>) -> Result<Self, Failure> {
        if text.trim().is_empty() {
            return Err(Failure::input(format!("`{name}` holds no error message"))
                .hint("paste the whole message, with its model and principal"));
        }
        // First of all, so that no window begins inside a secret.
        let text = without_secrets(text);
        let last = last_of.and_then(|least| last_refusal(&text, least));
        let chosen = last.map(|(line, _)| chosen(name, line));
        let [from, to] = match last {
            // What stands around it in a log may be other errors.
            Some((_, span)) => span,
            None => {
                let [from, to] = explain(&text).error.span;
                let to = to.saturating_add(AROUND).min(text.len());
                [text.floor_char_boundary(from.saturating_sub(AROUND)), text.ceil_char_boundary(to)]
            }
        };
        let text = text.get(from..to).unwrap_or(&text).to_owned();
        let read = explain(&text).error;
        Ok(Self {
            model: read.model.as_deref().and_then(|model| model.parse().ok()),
            operation: operation(&read),
            region: read.region.as_deref().and_then(|region| region.parse().ok()),
            unknown_action: read.action.clone().filter(|action| is_unknown(action)),
            chosen,
            error: Some(GivenError { principal: read.principal.as_deref().and_then(principal), text }),
        })
    }

    /// Checks that the options do not contradict the text: then they would be about another call.
    ///
    /// # Errors
    ///
    /// When the model or the principal is not the text's.
    pub fn check(&self, model: Option<&ModelReference>, by: Option<&Arn>) -> Result<(), Failure> {
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

    /// Says where what was asked takes precedence over the text.
    #[must_use]
    pub fn notes(&self, operation: Operation, region: &Region) -> Vec<String> {
        let other = self.operation.filter(|said| said.iam_action() != operation.iam_action());
        let elsewhere = self.region.as_ref().filter(|said| *said != region);
        let operation =
            other.map(|said| format!("note: the error is about `{said}`; `{operation}` is diagnosed, as asked"));
        let region = elsewhere
            .map(|said| format!("note: the error names the Region `{said}`; `{region}` is diagnosed, as asked"));
        self.chosen.clone().into_iter().chain(operation).chain(region).collect()
    }
}

fn chosen(name: &str, line: u64) -> String {
    format!("note: of the errors in `{name}`, the last one that names a model is diagnosed: line {line}")
}

fn names_model(model: &Option<impl AsRef<str>>) -> bool {
    model.as_ref().is_some_and(|model| model.as_ref().parse::<ModelReference>().is_ok())
}

/// Finds the last refusal that names its model, in a text with at least so many: its line, and where it stands.
fn last_refusal(text: &str, least: u64) -> Option<(u64, [usize; 2])> {
    let (mut count, mut last) = (0_u64, None);
    read("log", text.as_bytes(), &Wanted::Errors, &mut |entry| {
        if let Item::Denial(denial) = &entry.item {
            count += 1;
            if names_model(&denial.error().model) {
                last = Some(entry.line);
            }
        }
        true
    });
    let line = last.filter(|_| count >= least)?;
    let before: usize = text.split_inclusive('\n').take(usize::try_from(line - 1).ok()?).map(str::len).sum();
    let rest = text.get(before..)?;
    let own = rest.lines().next().unwrap_or_default();
    let error = explain(own).error;
    let [from, to] = error.span;
    let from = own.floor_char_boundary(from.saturating_sub(AROUND));
    // An error that goes on in the next lines names its model there.
    let bounds = if error.model.is_some() { own } else { rest };
    let to = bounds.ceil_char_boundary(to.saturating_add(AROUND).min(bounds.len()));
    Some((line, [before + from, before + to]))
}

/// Returns `true` for an action of Bedrock's that belongs to none of the operations that can be asked about.
fn is_unknown(action: &str) -> bool {
    action.starts_with("bedrock") && !Operation::is_needed(action)
}

/// Returns the operation that the text names, or else the one that its action belongs to.
fn operation(read: &ExplainedError) -> Option<Operation> {
    let by_name = read.operation.as_deref().and_then(Operation::from_api_name);
    by_name.or_else(|| read.action.as_deref().and_then(Operation::from_action))
}

/// Returns the ARN of a user, role or session; `None` if it holds a placeholder.
fn principal(text: &str) -> Option<Arn> {
    let arn: Arn = text.parse().ok()?;
    let is_account = arn.account.len() == 12 && arn.account.bytes().all(|byte| byte.is_ascii_digit());
    (is_account && matches!(arn.service.as_str(), "iam" | "sts")).then_some(arn)
}
