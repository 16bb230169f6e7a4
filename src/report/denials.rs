//! Denials out of a trail: as text, JSON, Markdown and JUnit; the page of HTML is in `html`.
//!
//! What a group means was worked out by `trail`; here it is worded and laid out.

#[cfg(feature = "cli")]
use super::junit::{Case, CaseResult, Suite};
use super::markdown::{cell, inline};
use super::not_checked;
use super::styled::{Role, Styled};
use crate::cause::catalogue;
use crate::diagnose::Diagnosis;
use crate::escape::escape_json;
use crate::iam::Arn;
use crate::trail::{Denials, Group, Source};

/// How many groups the text shows before it says how many more there are.
const SHOWN: usize = 20;

/// Lays the groups out for a terminal; `verbose` shows all of them, what to do, and every source.
#[must_use]
pub fn denials_text(denials: &Denials, verbose: bool) -> Styled {
    let mut out = Styled::default();
    let role = match (denials.denials, denials.is_whole()) {
        (0, true) => Role::Allowed,
        (0, false) => Role::Unknown,
        _ => Role::Denied,
    };
    out.row(role, headline(denials));
    let shown = if verbose { denials.groups.len() } else { SHOWN };
    for group in denials.groups.iter().take(shown) {
        out.end_line();
        text_of_group(&mut out, group, verbose);
    }
    let hidden = denials.groups.len().saturating_sub(shown) as u64 + denials.groups_more;
    if hidden > 0 {
        out.end_line();
        let how = if verbose { "" } else { " (-v shows them)" };
        out.row(Role::Hint, format!("{} more groups{how}", number(hidden)));
    }
    let notes = notes(denials, verbose);
    if !notes.is_empty() {
        out.end_line();
        for note in notes {
            out.row(Role::Hint, note);
        }
    }
    out
}

fn text_of_group(out: &mut Styled, group: &Group, verbose: bool) {
    let title = catalogue::entry(group.cause).title;
    let new = if group.new == Some(true) { "NEW  " } else { "" };
    out.push(Role::Denied, format!("{:>6}  ", number(group.count)));
    out.push(Role::Heading, format!("{new}{title}"));
    out.row(Role::Plain, format!(" ({})", group.cause));
    for (name, value) in facts(group) {
        out.row(Role::Plain, format!("        {name:<8} {value}"));
    }
    if verbose {
        out.row(Role::Plain, format!("        Meaning  {}", group.summary));
        for other in &group.alternatives {
            out.row(Role::Plain, format!("        Or       {}: {}", other.cause, other.tell));
        }
        out.row(Role::Plain, format!("        Example  {}", example(group)));
    }
    for (at, step) in group.next.iter().take(if verbose { usize::MAX } else { 1 }).enumerate() {
        let name = if at == 0 { "Next" } else { "" };
        out.row(Role::Plain, format!("        {name:<8} {step}"));
    }
}

/// Says in a line what was found.
pub(super) fn headline(denials: &Denials) -> String {
    let of = match (denials.events, denials.sources.len()) {
        (0, 0) => String::new(),
        (events, _) => format!(" in {} events", number(events)),
    };
    let span = match (&denials.first, &denials.last) {
        (Some(first), Some(last)) if first != last => format!(", {first} to {last}"),
        (Some(first), _) => format!(", {first}"),
        _ => String::new(),
    };
    match denials.denials {
        0 if denials.is_whole() => format!("no denied calls{of}"),
        0 => format!("no denied calls found{of}, but not everything could be read"),
        1 => format!("1 denied call{of}{span}"),
        count => {
            let groups = denials.groups.len() as u64 + denials.groups_more;
            let groups = if groups == 1 { "1 group".to_owned() } else { format!("{} groups", number(groups)) };
            let new = denials.groups.iter().filter(|group| group.new == Some(true)).count();
            let compared = denials.groups.iter().any(|group| group.new.is_some());
            let new = if compared { format!(", {new} of them new") } else { String::new() };
            format!("{} denied calls in {groups}{new}{of}{span}", number(count))
        }
    }
}

/// What there is to say of a group, by name.
pub(super) fn facts(group: &Group) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    let action = group.action.as_deref().unwrap_or("a call");
    let on = group.resource.as_ref().map(|resource| format!(" on {resource}")).unwrap_or_default();
    facts.push(("Refused", format!("{action}{on}")));
    let model = group.model.as_ref().filter(|model| group.resource.as_ref() != Some(model));
    let call: Vec<String> = [
        group.operation.clone(),
        model.map(|model| format!("model {model}")),
        group.region.as_ref().map(|region| format!("in {region}")),
        group.credential.filter(|kind| kind.as_str() == "bearer").map(|_| "with a Bedrock API key".to_owned()),
        group.vpc_endpoint.as_ref().map(|endpoint| format!("through {endpoint}")),
    ]
    .into_iter()
    .flatten()
    .collect();
    if !call.is_empty() {
        facts.push(("Call", call.join(", ")));
    }
    facts.push(("As", who(group)));
    facts.push(("When", when(group)));
    if let Some(policy) = &group.policy_arn {
        facts.push(("Policy", policy.clone()));
    }
    if let Some(grant) = &group.granted_before {
        facts.push(("Granted", format!("{} at {}: a grant may take up to 15 minutes to count", grant.event, grant.at)));
    }
    if let Some(policy) = &group.session_policy {
        let says = match policy.explains {
            Some(true) => "the policy engine says that it refuses this call",
            Some(false) => "the policy engine says that it allows this call",
            None => "whether it refuses this call cannot be told",
        };
        let with = match policy.policy_arns.as_slice() {
            [] => "a policy of its own".to_owned(),
            arns => format!("managed policies that limit it: {}", listed(arns, 0, 3)),
        };
        facts.push(("Session", format!("made by {} with {with}; {says}", policy.from)));
    }
    if let Some(now) = &group.now {
        facts.push(("Now", now_words(group).unwrap_or_else(|| now.verdict.clone())));
    }
    facts
}

/// Says how a group's call is now.
pub(super) fn now_words(group: &Group) -> Option<String> {
    let now = group.now.as_ref()?;
    Some(match now.verdict.as_str() {
        "allowed" => "fixed: the call is allowed now".to_owned(),
        "denied" => format!("still denied: {}", now.causes.join(", ")),
        _ => match &now.why {
            Some(why) => format!("cannot tell: {why}"),
            None => "cannot tell".to_owned(),
        },
    })
}

fn who(group: &Group) -> String {
    let name = match group.principal.as_deref().map(|arn| (arn, arn.parse::<Arn>())) {
        Some((_, Ok(arn))) if arn.service == "iam" => {
            format!("{} {} in account {}", arn.resource_type(), arn.resource_id(), arn.account)
        }
        Some((arn, _)) => arn.to_owned(),
        None => "an unknown principal".to_owned(),
    };
    let sessions = listed(&group.sessions, group.sessions_more, 3);
    if sessions.is_empty() { name } else { format!("{name}, sessions {sessions}") }
}

fn listed(names: &[String], more: u64, shown: usize) -> String {
    let text = names.iter().take(shown).cloned().collect::<Vec<_>>().join(", ");
    let left = names.len().saturating_sub(shown) as u64 + more;
    if left > 0 { format!("{text} and {} more", number(left)) } else { text }
}

fn when(group: &Group) -> String {
    match (&group.first, &group.last) {
        (Some(first), Some(last)) if first != last => format!("{first} to {last}"),
        (Some(first), _) => first.clone(),
        _ => "the time is not recorded".to_owned(),
    }
}

fn example(group: &Group) -> String {
    let event = group.example.event_id.as_ref().map(|id| format!(", event {id}")).unwrap_or_default();
    format!("{}:{}{event}", group.example.source, group.example.line)
}

/// What has to be said beside the groups.
pub(super) fn notes(denials: &Denials, verbose: bool) -> Vec<String> {
    let mut notes = Vec::new();
    if !denials.others.is_empty() {
        let others: Vec<String> =
            denials.others.iter().map(|(name, count)| format!("{} {name}", number(*count))).collect();
        notes.push(format!("Not denials: {}", others.join(", ")));
    }
    for source in &denials.sources {
        if verbose || !source.is_whole() {
            notes.push(source_words(source));
        }
    }
    if let Some(more) = &denials.sources_more {
        let unsound =
            if more.not_whole > 0 { format!(", {} of them not whole", number(more.not_whole)) } else { String::new() };
        notes.push(format!("{} more sources with {} events{unsound}", number(more.count), number(more.events)));
    }
    for place in denials.unreadable.iter().take(if verbose { usize::MAX } else { 3 }) {
        notes.push(format!("Unreadable: {}:{}: {}", place.source, place.line, place.error));
    }
    notes.extend(denials.limits.iter().map(|limit| format!("Not in it: {limit}")));
    notes
}

fn source_words(source: &Source) -> String {
    let form = source.form.map_or("form not recognized", |form| form.as_str());
    let unreadable = match source.unreadable {
        0 => String::new(),
        count => format!(", {} unreadable", number(count)),
    };
    let error = source.error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
    let cut = if source.complete { "" } else { ", not read to its end" };
    format!("Source {} ({form}): {} events{unreadable}{cut}{error}", source.name, number(source.events))
}

/// Groups the digits of a number.
pub(super) fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Says what keeps a verdict open, first of all.
#[must_use]
pub fn first_not_checked(diagnosis: &Diagnosis) -> Option<String> {
    diagnosis.not_checked.first().map(not_checked::line)
}

/// Writes the denials as one JSON document, `bedrock-access/denials/1`, indented and ended with a line feed.
#[must_use]
pub fn denials_json(denials: &Denials) -> String {
    // Strings, numbers and lists alone: serialization has no case to fail in.
    let mut text = escape_json(serde_json::to_string_pretty(denials).unwrap_or_default());
    text.push('\n');
    text
}

/// Lays the groups out as Markdown: a table, and what to do for each cause.
#[must_use]
pub fn denials_markdown(denials: &Denials) -> String {
    let mut page = format!("## {}\n", inline(&headline(denials)));
    if !denials.groups.is_empty() {
        page.push_str("\n| Calls | Cause | Refused | Principal | Region | First and last | Now |\n|--:|---|---|---|---|---|---|\n");
    }
    for group in &denials.groups {
        let quoted = |text: &Option<String>| text.as_ref().map(|text| format!("`{text}`")).unwrap_or_default();
        let on = group.resource.as_ref().or(group.model.as_ref()).map(|on| format!(" on `{on}`")).unwrap_or_default();
        let new = if group.new == Some(true) { "**new** " } else { "" };
        page.push_str(&format!(
            "| {} | {new}{} | {} | {} | {} | {} | {} |\n",
            group.count,
            cell(&format!("`{}`", group.cause)),
            cell(&format!("{}{on}", quoted(&group.action))),
            cell(&quoted(&group.principal)),
            cell(&quoted(&group.region)),
            cell(&when(group)),
            cell(&now_words(group).unwrap_or_default()),
        ));
    }
    let mut causes: Vec<_> = denials.groups.iter().map(|group| group.cause).collect();
    causes.sort();
    causes.dedup();
    for cause in causes {
        let Some(group) = denials.groups.iter().find(|group| group.cause == cause) else { continue };
        let entry = catalogue::entry(cause);
        page.push_str(&format!("\n### `{cause}`: {}\n\n{}\n\n", inline(entry.title), inline(entry.meaning)));
        for step in &group.next {
            page.push_str(&format!("- {}\n", inline(step)));
        }
    }
    let notes = notes(denials, false);
    if !notes.is_empty() {
        page.push('\n');
        for note in notes {
            page.push_str(&format!("- {}\n", inline(&note)));
        }
    }
    page
}

/// Makes a `JUnit` suite: each group is a case that failed, or passed where it is fixed or was known before; each source
/// is one that passed where it was read whole.
#[cfg(feature = "cli")]
#[must_use]
pub fn denials_suite(denials: &Denials) -> Suite {
    let groups = denials.groups.iter().map(|group| {
        let on = group.resource.as_ref().or(group.model.as_ref()).cloned().unwrap_or_default();
        let who = group.principal.clone().unwrap_or_default();
        let name = format!("{}: {} {on} {who}", group.cause, group.action.clone().unwrap_or_default());
        let text: Vec<String> = facts(group)
            .into_iter()
            .map(|(name, value)| format!("{name}: {value}"))
            .chain(group.next.iter().map(|step| format!("- {step}")))
            .collect();
        let verdict = group.now.as_ref().map(|now| now.verdict.as_str());
        let result = match (group.new, verdict) {
            (Some(false), _) | (_, Some("allowed")) => CaseResult::Passed,
            _ => CaseResult::Failed {
                message: format!("{} calls denied: {}", group.count, group.summary),
                text: text.join("\n"),
            },
        };
        Case { class: "denials".to_owned(), name: name.trim().to_owned(), result }
    });
    let sources = denials.sources.iter().map(|source| Case {
        class: "source".to_owned(),
        name: source.name.clone(),
        result: if source.is_whole() { CaseResult::Passed } else { CaseResult::Error(source_words(source)) },
    });
    let cases = groups.chain(sources).collect();
    Suite { name: "denials".to_owned(), timestamp: denials.last.clone(), cases, ..Suite::default() }
}
