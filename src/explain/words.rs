//! The sentences of an explanation: the summary, the next steps, and the page that a terminal shows.
//!
//! Takes what was read and the catalogue; decides nothing. Values from the text stand in back-quotes; what could
//! steer a terminal is shown escaped.

use super::facts::{Facts, model_of};
use super::mention::Mention;
use super::{ExplainedError, Explanation, TextCertainty};
use crate::bedrock::{Given, Kind, Operation};
use crate::cause::{Cause, Family, catalogue};
use crate::escape::escape;
use crate::iam::Arn;
use std::borrow::Cow;
use std::fmt::Write as _;

/// The answer to a text in which nothing is recognized.
pub(super) fn unrecognized(length: usize) -> ExplainedError {
    let mention = Mention::new(Cause::Unrecognized, 0, length);
    let facts = Facts::default();
    ExplainedError {
        cause: Cause::Unrecognized,
        family: Family::Unknown,
        documented_cause: None,
        error_code: None,
        operation: None,
        principal: None,
        action: None,
        resource: None,
        policy_arn: None,
        model: None,
        region: None,
        request_id: None,
        authorization_id: None,
        span: [0, length],
        summary: summary(&mention, &facts),
        next: next(&mention, &facts),
        alternatives: Vec::new(),
        certainty: TextCertainty::Ambiguous,
        template: "",
    }
}

/// Says what an error means in one or two sentences.
pub(super) fn summary(mention: &Mention, facts: &Facts) -> String {
    let entry = catalogue::entry(mention.cause);
    // Few are longer.
    let mut words = String::with_capacity(384);
    match (mention.cause, mention.certainty) {
        (Cause::Unrecognized, _) => match &facts.error_code {
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
    if let Some(action) = &facts.action {
        let _ = write!(words, " Refused is `{action}`");
        if let Some(resource) = &facts.resource {
            let _ = write!(words, " on `{resource}`");
        }
        if let Some(principal) = &facts.principal {
            let _ = write!(words, " for `{principal}`");
        }
        words.push('.');
    } else if let Some(model) = &facts.model {
        let _ = write!(words, " The model is `{model}`.");
    }
    if let Some(note) = aside(mention, facts) {
        words.push(' ');
        words.push_str(note);
    }
    words
}

/// What a reader of this very text should know beside.
fn aside(mention: &Mention, facts: &Facts) -> Option<&'static str> {
    let family = mention.cause.family();
    let action = facts.action.as_deref().unwrap_or_default();
    let resource = facts.resource.as_deref().unwrap_or_default();
    if family == Family::IamPermission {
        if resource.starts_with("arn:") && resource.contains(":bedrock:::foundation-model/") {
            return Some(
                "The Region-less model ARN is the mark of a `global.` inference profile: policies see the Region \
                 `unspecified` there.",
            );
        }
        if action.ends_with(":CallWithBearerToken") {
            return Some("The call carried a Bedrock API key, which needs this action beside the one of the call.");
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
    match family {
        Family::Capacity => Some("This is not about access."),
        Family::Network => Some("This is not about access: no answer of AWS stands in the text."),
        Family::Request => Some("This is not about permissions."),
        _ => None,
    }
}

/// Says what to do next, for somebody who has only this text.
pub(super) fn next(mention: &Mention, facts: &Facts) -> Vec<Cow<'static, str>> {
    let entry = catalogue::entry(mention.cause);
    let mut steps = Vec::with_capacity(entry.steps.len() + 5);
    if mention.cause == Cause::IdentityPolicyMissingAllow
        && let Some(statement) = statement(facts)
    {
        steps.push(format!("add to the principal's policies, if no statement like it is there: {statement}").into());
        if facts.resource.as_deref().is_some_and(|resource| resource.contains("inference-profile/")) {
            steps.push(
                "the call goes on to the models behind the profile: allow the same action on the model's ARN in every \
                 destination Region too (`bedrock-access doctor` prints the whole statement)"
                    .into(),
            );
        }
    }
    steps.extend(entry.steps.iter().map(|step| Cow::Borrowed(*step)));
    for command in entry.commands {
        // A profile is asked for only where one is called.
        let about_profile = command.contains("get-inference-profile ");
        if !about_profile || facts.model.as_deref().is_some_and(is_profile) {
            steps.push(catalogue::fill(command, usable(facts.model.as_deref()), usable(facts.region.as_deref())));
        }
    }
    if let Some(id) = &facts.authorization_id {
        let region = facts.authorization_region.as_ref().or(facts.region.as_ref()).map_or("REGION", String::as_str);
        let full = format!(
            "IAM keeps the full evaluation of this refusal for at least a day; fetch it with: aws iam-toolbox \
             get-request-authorization-details --authorization-id {id} --region {region}"
        );
        steps.push(full.into());
    }
    if let Some(policy) = &facts.policy_arn {
        steps.push(format!("the policy that denies is `{policy}`").into());
    }
    if let Some(doctor) = doctor(mention, facts) {
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

fn is_profile(model: &str) -> bool {
    model.parse::<crate::bedrock::ModelReference>().is_ok_and(|model| model.is_profile())
}

/// The least statement that allows what the text names.
fn statement(facts: &Facts) -> Option<String> {
    let action = facts.action.as_deref()?;
    let resource = facts.resource.as_deref()?;
    let whole = resource == "*" || (resource.starts_with("arn:") && !resource.contains(['…', '<', '{']));
    let whole = whole && !resource.contains("...") && resource.split(':').count() >= 6 || resource == "*";
    // Neither grammar lets a quote or a backslash into its value.
    whole.then(|| format!(r#"{{"Effect":"Allow","Action":"{action}","Resource":"{resource}"}}"#))
}

/// The command that asks AWS itself, with the values of the text.
fn doctor(mention: &Mention, facts: &Facts) -> Option<String> {
    let foreign = facts
        .action
        .as_deref()
        .is_some_and(|action| !action.starts_with("bedrock") && !action.starts_with("aws-marketplace:"));
    if foreign || mention.cause == Cause::Unrecognized && facts.error_code.is_none() {
        return None;
    }
    let resource = facts.resource.as_deref().filter(|resource| model_of(resource).is_some());
    let named = facts.model.as_deref().or(resource);
    let model = usable(named).unwrap_or("MODEL_ID");
    let region = usable(facts.region.as_deref()).unwrap_or("REGION");
    let operation = facts.operation.as_deref().and_then(Operation::from_api_name).or_else(|| {
        let name = facts.action.as_deref()?.strip_prefix("bedrock:")?;
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
        let refused = usable(facts.resource.as_deref()).and_then(|resource| resource.parse::<Arn>().ok());
        for kind in operation.requires() {
            let named = refused.as_ref().filter(|arn| Kind::of(arn) == Some(*kind)).map(ToString::to_string);
            let _ = write!(command, " --resource {}", named.unwrap_or_else(|| kind.form().to_owned()));
        }
        if operation.service_role() == Given::Always {
            let _ = write!(command, " --service-role ROLE_ARN");
        }
    }
    if let Some(principal) = usable(facts.principal.as_deref())
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

/// Shows an explanation as a page of text.
#[must_use]
pub fn to_text(explanation: &Explanation) -> String {
    let mut page = String::new();
    page_of(&mut page, &explanation.error);
    for (number, other) in explanation.others.iter().enumerate() {
        let _ = write!(page, "\nFurther error {} of the same text\n\n", number + 1);
        page_of(&mut page, other);
    }
    page
}

fn page_of(page: &mut String, error: &ExplainedError) {
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
    wrapped(page, "", &error.summary);
    page.push('\n');
    let facts = [
        ("error code", &error.error_code),
        ("operation", &error.operation),
        ("principal", &error.principal),
        ("action", &error.action),
        ("resource", &error.resource),
        ("policy", &error.policy_arn),
        ("model", &error.model),
        ("Region", &error.region),
        ("request id", &error.request_id),
        ("authorization id", &error.authorization_id),
    ];
    let mut any = false;
    for (name, value) in facts {
        if let Some(value) = value {
            let _ = writeln!(page, "  {name:<17}{}", escape(value));
            any = true;
        }
    }
    if any {
        page.push('\n');
    }
    let _ = writeln!(page, "Next ({})", entry.who);
    for step in &error.next {
        step_of(page, step);
    }
    if !error.alternatives.is_empty() {
        page.push_str("\nIt may also be\n");
        for other in &error.alternatives {
            wrapped(page, "- ", &format!("{}: {}", other.cause, other.tell));
        }
    }
    let _ = writeln!(page, "\n{}\n{}", entry.documentation.title, entry.documentation.url);
}

/// Writes a step; a command or statement in it stands on a line of its own, whole, so that it can be copied.
fn step_of(page: &mut String, step: &str) {
    let at = [": bedrock-access ", ": aws ", ": {"].into_iter().filter_map(|mark| step.find(mark)).min();
    match at.map(|at| (step.get(..=at), step.get(at + 2..))) {
        Some((Some(words), Some(command))) => {
            wrapped(page, "- ", words);
            let _ = writeln!(page, "    {}", escape(command));
        }
        _ if step.starts_with("aws ") || step.starts_with("curl ") => {
            let _ = writeln!(page, "- {}", escape(step));
        }
        _ => wrapped(page, "- ", step),
    }
}

/// Writes a paragraph.
fn wrapped(page: &mut String, bullet: &str, text: &str) {
    let text = escape(text);
    let indent = " ".repeat(bullet.len());
    let options = textwrap::Options::new(100)
        .initial_indent(bullet)
        .subsequent_indent(&indent)
        .break_words(false)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .word_separator(textwrap::WordSeparator::AsciiSpace);
    for line in textwrap::wrap(&text, options) {
        page.push_str(&line);
        page.push('\n');
    }
}
