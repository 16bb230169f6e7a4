//! Explanations in words: the summary, the next steps, and the page that a terminal shows.
//!
//! Takes what `explain` read and the catalogue; decides nothing. Values from the text are put in back-quotes, and
//! unsafe characters are escaped. Never suggests a command that makes a call which costs money.

use super::paragraph::paragraph;
use super::steps;
use crate::bedrock::{Given, Kind, ModelReference, Operation, Region};
use crate::cause::{Cause, Family, catalogue};
use crate::escape::escape;
use crate::explain::{ExplainedError, Explanation, Facts, TextCertainty, model_of};
use crate::iam::{Arn, is_session_of_litellm};
use std::borrow::Cow;
use std::fmt::Write as _;

/// Returns what an error means, in one or two sentences.
#[must_use]
pub fn explanation_summary(error: &ExplainedError) -> String {
    let entry = catalogue::entry(error.cause);
    // Few are longer.
    let mut words = String::with_capacity(384);
    match (error.cause, error.certainty) {
        (Cause::Unrecognized, _) => match &error.error_code {
            Some(code) => {
                let _ = write!(words, "The text holds the error code `{code}` and no sentence that names a cause.");
            }
            None => words.push_str("Nothing in the text is an error that is known."),
        },
        (_, TextCertainty::Certain) => {
            let _ = write!(words, "{}.", entry.title);
        }
        (_, TextCertainty::Likely) => {
            let _ = write!(words, "Most likely: {}.", lower_first(entry.title));
        }
        (_, TextCertainty::Ambiguous) => {
            let _ = write!(words, "The text does not settle the cause; first to check: {}.", lower_first(entry.title));
        }
    }
    if let Some(action) = &error.action {
        let _ = write!(words, " `{action}`");
        if let Some(resource) = &error.resource {
            let _ = write!(words, " on `{resource}`");
        }
        words.push_str(" was refused");
        if let Some(principal) = &error.principal {
            let _ = write!(words, " for `{principal}`");
        }
        words.push('.');
    } else if let Some(model) = &error.model {
        let _ = write!(words, " The model is `{model}`.");
    }
    if let Some(note) = context_note(error) {
        words.push(' ');
        words.push_str(note);
    }
    words
}

/// Returns what a reader of this very text should also know.
fn context_note(error: &ExplainedError) -> Option<&'static str> {
    let family = error.cause.family();
    let action = error.action.as_deref().unwrap_or_default();
    let resource = error.resource.as_deref().unwrap_or_default();
    if family == Family::IamPermission {
        if resource.starts_with("arn:") && resource.contains(":bedrock:::foundation-model/") {
            return Some(
                "The Region-less model ARN is the mark of a `global.` inference profile: policies see the Region \
                 `unspecified` there.",
            );
        }
        if action.ends_with(":CallWithBearerToken") {
            return Some(
                "The call carried a Bedrock API key, which needs this action in addition to the action of the call.",
            );
        }
        if action.ends_with(":ApplyGuardrail") {
            return Some(
                "A guardrail was applied to the call, perhaps one that the account or the organization enforces.",
            );
        }
        if action.starts_with("bedrock-mantle:") {
            return Some(
                "The bedrock-mantle endpoint has actions of its own: `bedrock:InvokeModel` does not count there.",
            );
        }
        if !action.is_empty() && !action.starts_with("bedrock") {
            return Some("The refused action belongs to another service than Amazon Bedrock.");
        }
    }
    if error.cause == Cause::QuotaExceeded {
        return Some("In a new account the quota itself may be zero: compare its value with AWS's default.");
    }
    match family {
        Family::Capacity => Some("This is not about access."),
        Family::Network => Some("This is not about access: the text holds no answer from AWS."),
        Family::Request => Some("This is not about permissions."),
        _ => None,
    }
}

/// Returns what to do next, for somebody who has only this text.
///
/// `region` completes the commands where the text names no Region: the one of the environment that made the call.
/// No command fails for want of what the text holds, and none makes a call that costs money.
#[must_use]
pub fn explanation_steps(error: &ExplainedError, region: Option<&str>) -> Vec<Cow<'static, str>> {
    let entry = catalogue::entry(error.cause);
    let region = usable(error.region.as_deref()).or(usable(region));
    let model = usable(error.model.as_deref());
    let parsed = model.and_then(|model| model.parse::<ModelReference>().ok());
    let mut steps = Vec::with_capacity(entry.steps.len() + 5);
    if error.cause == Cause::SessionPolicy && error.principal.as_deref().is_some_and(is_session_of_litellm) {
        steps.push(steps::LITELLM.into());
    }
    if error.cause == Cause::IdentityPolicyMissingAllow
        && let Some(statement) = statement(error)
    {
        steps.push(format!("add to the principal's policies, if no statement like it is there: {statement}").into());
        if error.resource.as_deref().is_some_and(|resource| resource.contains("inference-profile/")) {
            steps.push(
                "the call goes on to the models behind the profile: allow the same action on the model's ARN in every \
                 destination Region too (`bedrock-access doctor` prints the whole statement)"
                    .into(),
            );
        }
    }
    // What is said of profiles concerns calls to models alone.
    let calls_model = error.action.as_deref().is_none_or(is_of_models);
    let fits = |step: &&&str| calls_model || !step.contains("inference profile");
    steps.extend(entry.steps.iter().filter(fits).map(|step| Cow::Borrowed(*step)));
    for command in entry.commands {
        // A profile is asked for only where one is called, and availability is a matter of models.
        let about_profile = command.contains("get-inference-profile ");
        let about_model = command.contains("get-foundation-model-availability ");
        let named = if about_model { parsed.as_ref().and_then(ModelReference::base_model) } else { model };
        if !about_profile || parsed.as_ref().is_some_and(ModelReference::is_profile) {
            steps.push(catalogue::fill(command, named, region));
        }
    }
    if let Some(id) = &error.authorization_id {
        let region = error.authorization_region.as_deref().or(region).unwrap_or("REGION");
        let full = format!(
            "IAM keeps the full evaluation of this refusal for at least a day; fetch it with: aws iam-toolbox \
             get-request-authorization-details --authorization-id {id} --region {region}"
        );
        steps.push(full.into());
    }
    if let Some(policy) = &error.policy_arn {
        steps.push(format!("the policy that denies is `{policy}`").into());
    }
    if let Some(doctor) = doctor(error, region) {
        steps.push(doctor.into());
    }
    steps
}

/// Returns the value where it can stand in a command as it is: whole, and without a character of the shell's.
fn usable(value: Option<&str>) -> Option<&str> {
    let is_safe = |byte: u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'/' | b'.' | b'_' | b'-' | b'@' | b'+' | b'=')
    };
    let value = value?;
    (value.bytes().all(is_safe) && !value.contains("..")).then_some(value)
}

/// Returns `true` for the actions by which models are called.
fn is_of_models(action: &str) -> bool {
    let name = action.split(':').nth(1).unwrap_or_default();
    action.starts_with("bedrock")
        && (name.starts_with("Invoke") || name.starts_with("CreateInference") || name.contains("Converse"))
}

/// Returns the least statement that allows what the text names.
fn statement(error: &ExplainedError) -> Option<String> {
    let action = error.action.as_deref()?;
    let resource = error.resource.as_deref()?;
    let parts: Vec<&str> = resource.splitn(6, ':').collect();
    let whole = match parts.as_slice() {
        ["*"] => true,
        ["arn", _, _, region, account, id] => {
            let account =
                account.is_empty() || account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
            let region = region.is_empty() || region.parse::<Region>().is_ok();
            account && region && !id.contains("...") && !id.contains(['…', '<', '{', '[', '█'])
        }
        _ => false,
    };
    // Neither grammar lets a quote or a backslash into its value.
    whole.then(|| format!(r#"{{"Effect":"Allow","Action":"{action}","Resource":"{resource}"}}"#))
}

/// Returns the command that asks AWS itself, with the values of the text.
fn doctor(error: &ExplainedError, region: Option<&str>) -> Option<String> {
    // An action that no operation is authorized by is none that the doctor asks about.
    let is_asked = |action: &str| {
        is_of_models(action)
            || action.starts_with("aws-marketplace:")
            || action == "bedrock:CallWithBearerToken"
            || (action.starts_with("bedrock") && Operation::is_needed(action))
    };
    if error.action.as_deref().is_some_and(|action| !is_asked(action)) {
        return None;
    }
    let resource = error.resource.as_deref().filter(|resource| model_of(resource).is_some());
    let named = error.model.as_deref().or(resource);
    let model = usable(named).unwrap_or("MODEL_ID");
    let region = region.unwrap_or("REGION");
    let operation = error.operation.as_deref().and_then(Operation::from_api_name).or_else(|| {
        let name = error.action.as_deref()?.strip_prefix("bedrock:")?;
        Operation::from_api_name(name)
    });
    let rule = operation.unwrap_or_default().model().given;
    let mut command = String::with_capacity(256);
    command.push_str("ask AWS itself: bedrock-access doctor");
    if rule == Given::Always || rule != Given::Never && usable(named).is_some() {
        let _ = write!(command, " --model {model}");
    }
    let _ = write!(command, " --region {region}");
    if let Some(operation) = operation {
        let _ = write!(command, " --operation {operation}");
        let refused = usable(error.resource.as_deref()).and_then(|resource| resource.parse::<Arn>().ok());
        for kind in operation.requires() {
            let named = refused.as_ref().filter(|arn| Kind::of(arn) == Some(*kind)).map(ToString::to_string);
            let _ = write!(command, " --resource {}", named.unwrap_or_else(|| kind.form().to_owned()));
        }
        if operation.service_role() == Given::Always {
            let _ = write!(command, " --service-role ROLE_ARN");
        }
    }
    if let Some(principal) = usable(error.principal.as_deref())
        && principal.split(':').nth(4).is_some_and(|account| account.len() == 12)
    {
        let _ = write!(command, " --principal {principal}");
    }
    Some(command)
}

/// Makes a heading's first letter small, unless its first word is a name.
fn lower_first(title: &str) -> String {
    let first = title.split([' ', '\'']).next().unwrap_or_default();
    if matches!(first, "AWS" | "Anthropic" | "Bedrock") {
        return title.to_owned();
    }
    let mut lower = title.to_owned();
    if let Some(letter) = lower.get_mut(..1) {
        letter.make_ascii_lowercase();
    }
    lower
}

/// Returns an explanation as a page of text, for a terminal of so many columns; `region` is as in
/// [`explanation_steps`].
#[must_use]
pub fn explanation_text(explanation: &Explanation, region: Option<&str>, columns: usize) -> String {
    let mut page = String::new();
    push_error(&mut page, &explanation.error, region, columns);
    for (number, other) in explanation.others.iter().enumerate() {
        let _ = write!(page, "\nFurther error {} of the same text\n\n", number + 1);
        push_error(&mut page, other, region, columns);
    }
    page
}

fn push_error(page: &mut String, error: &ExplainedError, region: Option<&str>, columns: usize) {
    let entry = catalogue::entry(error.cause);
    let _ = writeln!(page, "{}: {}", error.cause, entry.title);
    let documented = match error.documented_cause {
        Some(crate::cause::DocumentedCause::IamPermission) => "documented cause 1, the IAM permission",
        Some(crate::cause::DocumentedCause::ModelAccess) => "documented cause 2, access to the model",
        Some(_) => "neither of the two documented causes",
        None => "not recognized",
    };
    let certainty = match (error.cause, error.certainty) {
        (Cause::Unrecognized, _) => "",
        (_, TextCertainty::Certain) => "; the text names the cause",
        (_, TextCertainty::Likely) => "; the usual cause of this text",
        (_, TextCertainty::Ambiguous) => "; the text does not settle it",
    };
    let _ = writeln!(page, "({documented}{certainty})\n");
    shown(page, "", &explanation_summary(error), columns);
    page.push('\n');
    let mut any = false;
    for (name, value) in Facts::NAMES.iter().zip(error.facts.values()) {
        if let Some(value) = value {
            let _ = writeln!(page, "  {:<17}{}", label(name), escape(value));
            any = true;
        }
    }
    if any {
        page.push('\n');
    }
    let _ = writeln!(page, "Next ({})", entry.who);
    for step in explanation_steps(error, region) {
        push_step(page, &step, columns);
    }
    if !error.alternatives.is_empty() {
        page.push_str("\nIt may also be\n");
        for other in &error.alternatives {
            shown(page, "- ", &format!("{}: {}", other.cause, other.tell), columns);
        }
    }
    let _ = writeln!(page, "\n{}\n{}", entry.documentation.title, entry.documentation.url);
}

/// Appends a step; a command or statement in it gets a line of its own, whole, so that it can be copied.
fn push_step(page: &mut String, step: &str, columns: usize) {
    let at = [": bedrock-access ", ": aws ", ": {"].into_iter().filter_map(|mark| step.find(mark)).min();
    match at.map(|at| (step.get(..=at), step.get(at + 2..))) {
        Some((Some(words), Some(command))) => {
            shown(page, "- ", words, columns);
            let _ = writeln!(page, "    {}", escape(command));
        }
        _ if step.starts_with("aws ") || step.starts_with("curl ") => {
            let _ = writeln!(page, "- {}", escape(step));
        }
        _ => shown(page, "- ", step, columns),
    }
}

/// Returns what a fact is called on a page.
fn label(name: &str) -> String {
    match name {
        "policy_arn" => "policy".to_owned(),
        "region" => "Region".to_owned(),
        name => name.replace('_', " "),
    }
}

/// Appends a paragraph that may hold parts of the text.
fn shown(page: &mut String, lead: &str, text: &str, columns: usize) {
    paragraph(page, lead, &escape(text), columns);
}
