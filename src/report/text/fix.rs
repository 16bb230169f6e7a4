//! The fix: who does what, the smallest change first, with what is there to paste.

use super::because::sentence_of;
use super::edit;
use super::page::Page;
use crate::diagnose::{ChangeKind, Diagnosis, Finding, Note, Step, Verified};
use crate::escape::escape_json;
use crate::iam::PolicyType;
use crate::report::fix_files::{self, File};
use crate::report::layout::Detail;
use crate::report::problems::problems;
use crate::report::styled::Role;
use crate::report::subject::who;
use crate::report::{sentence, steps, wording};

/// Writes a fix for every problem, and the line that checks them all.
pub(super) fn write(page: &mut Page, diagnosis: &Diagnosis, detail: Detail) {
    let problems = problems(diagnosis);
    let count = problems.iter().filter(|problem| problem.first().is_some_and(|first| !first.is_likely)).count();
    let is_brief = problems.len() > 1 && detail == Detail::Normal;
    let mut lines: Vec<&str> = Vec::new();
    for (number, problem) in problems.iter().enumerate() {
        let Some(finding) = problem.first() else { continue };
        let short = sentence::short(finding);
        // What may be no problem is not worked at before the others.
        if finding.is_likely && detail == Detail::Normal {
            page.heading(&format!("Likely, too: {short} (-v: how to fix it)"));
            continue;
        }
        let title = match (finding.is_likely, count) {
            (true, _) => format!("Likely, too ({short})"),
            (false, 1) => "Fix".to_owned(),
            (false, count) => format!("Fix {} of {count} ({short})", number + 1),
        };
        page.heading(&format!("{title}: {}", addressed(finding, diagnosis)));
        fix(page, finding, diagnosis, is_brief);
        lines.extend(finding.remedy.commands.iter().map(String::as_str).filter(|line| is_own(line)));
    }
    if is_brief && problems.iter().flatten().any(|finding| finding.remedy.notes.contains(&Note::NotEnoughAlone)) {
        page.blank();
        page.wrapped(Role::Plain, "", "", "Only all the changes together are enough: so the IAM simulator says.");
    }
    let mut told: Vec<&str> = Vec::new();
    for line in lines {
        if !told.contains(&line) {
            told.push(line);
        }
    }
    if !told.is_empty() {
        page.blank();
        page.wrapped(Role::Plain, "  ", "  ", "Then run:");
    }
    for line in told {
        page.command("  ", line);
    }
}

/// Returns `true` if a line asks this program.
fn is_own(line: &str) -> bool {
    line.starts_with("bedrock-access ")
}

/// Writes a fix; a brief one leaves out what `-v` shows.
fn fix(page: &mut Page, finding: &Finding, diagnosis: &Diagnosis, is_brief: bool) {
    let remedy = &finding.remedy;
    let change = remedy.edit.as_ref();
    let files = if change.is_some() { Vec::new() } else { fix_files::of(finding, diagnosis) };
    steps_of(page, finding, &files, is_brief);
    if let Some(change) = change {
        edit::write(page, change);
    }
    for File { name, text } in &files {
        page.blank();
        page.file(name, text);
    }
    let statements = remedy.policy.as_ref().filter(|_| change.is_none() && files.is_empty());
    if let Some(policy) = statements {
        page.blank();
        page.wrapped(Role::Plain, "  ", "  ", "The statements to add:");
        for line in escape_json(serde_json::to_string_pretty(policy).unwrap_or_default()).lines() {
            page.out.line(Role::Code, line);
        }
    }
    let commands: Vec<&String> = match change {
        Some(change) => change.commands.iter().collect(),
        None => remedy.commands.iter().filter(|line| !is_own(line)).collect(),
    };
    if !commands.is_empty() && files.is_empty() {
        page.blank();
    }
    if change.is_some() {
        page.wrapped(Role::Plain, "  ", "  ", "In the console, or with the file that `--save-fix DIR` writes:");
    }
    let indent = if files.is_empty() { "  " } else { "" };
    for line in &commands {
        page.command(indent, line);
    }
    let tested = tested(finding, diagnosis, is_brief);
    let is_pasted = !commands.is_empty() || !files.is_empty() || statements.is_some();
    if is_pasted && (!is_brief || tested.is_some()) {
        page.blank();
    }
    if let Some(console) = remedy.console.as_ref().filter(|_| !is_brief) {
        page.address("Console", console);
    }
    if let Some(tested) = tested {
        page.wrapped(Role::Plain, "  ", "  ", &tested);
    }
    for note in &remedy.notes {
        let matters = matches!(note, Note::ReplacesTrustPolicy | Note::AcceptsLicence | Note::WholeEndpointPolicy);
        if !is_brief || matters {
            page.wrapped(Role::Hint, "  Note: ", "  ", &sentence_of(&steps::note(note)));
        }
    }
}

/// Writes the steps; what a line to paste does needs none.
fn steps_of(page: &mut Page, finding: &Finding, files: &[File], is_brief: bool) {
    let is_whole_boundary = files.iter().any(|file| file.name == "boundary.json");
    let is_pasted = |step: &Step| match step {
        Step::Attach { .. } => true,
        Step::AddToBoundary(_) | Step::SaveBoundary => is_whole_boundary,
        _ => false,
    };
    let steps: Vec<String> = match finding.remedy.steps.as_slice() {
        [] => wording::steps(finding),
        own => own.iter().filter(|step| !is_pasted(step)).map(steps::step).collect(),
    };
    match steps.as_slice() {
        [] => {}
        [first, rest @ ..] if is_brief || rest.is_empty() => {
            let more = match rest.len() {
                0 => String::new(),
                1 => " (-v: one more step)".to_owned(),
                more => format!(" (-v: {more} more steps)"),
            };
            let first = sentence_of(first);
            page.wrapped(Role::Plain, "  ", "  ", &format!("{}{more}.", first.trim_end_matches('.')));
        }
        many => {
            for (number, step) in many.iter().enumerate() {
                page.wrapped(Role::Plain, &format!("  {}. ", number + 1), "     ", &sentence_of(step));
            }
        }
    }
}

/// Says what was simulated, and how long the change takes.
fn tested(finding: &Finding, diagnosis: &Diagnosis, is_brief: bool) -> Option<String> {
    let own = || diagnosis.requirements.iter().filter(|one| one.whose == finding.whose).map(|one| &one.request);
    let is_one_action = own().zip(own().skip(1)).all(|(one, next)| one.action == next.action);
    let what = if is_one_action { "resources" } else { "permissions" };
    let all = match own().count() {
        1 => "the call".to_owned(),
        count => format!("all {count} {what}"),
    };
    let tested = match finding.remedy.verified {
        Some(Verified::Allowed) if finding.remedy.edit.is_some() => {
            Some(format!("Tested: the IAM simulator allows {all} with this permission added."))
        }
        Some(Verified::Allowed) => Some(format!("Tested: with it the IAM simulator allows {all}.")),
        Some(Verified::AllowedWithout) => {
            Some(format!("Tested: without the blocking policy the IAM simulator allows {all}."))
        }
        None => None,
    };
    let effect = wording::takes_effect(finding).split(';').next().unwrap_or_default();
    let effect = match effect {
        _ if is_brief => None,
        "-" => None,
        "at once" => Some("Takes effect at once.".to_owned()),
        text => Some(format!("Takes effect: {text}.")),
    };
    let text: Vec<String> = tested.into_iter().chain(effect).collect();
    (!text.is_empty()).then(|| text.join(" "))
}

/// Says who does what.
fn addressed(finding: &Finding, diagnosis: &Diagnosis) -> String {
    let deed = deed(finding);
    match who(finding, diagnosis) {
        Some(who) => format!("ask {who} {}", deed.map_or_else(|| "for this".to_owned(), |deed| format!("to {deed}"))),
        None => deed.unwrap_or("you can do this").to_owned(),
    }
}

/// Says in a few words what is to be done.
fn deed(finding: &Finding) -> Option<&'static str> {
    let change = finding.remedy.changes.first()?;
    if finding.is_of_leaked_key() {
        return Some("deal with the leaked access key");
    }
    if finding.remedy.steps.iter().any(|step| matches!(step, Step::AddToPermissionSet(_))) {
        return Some("add this to the permission set");
    }
    let is_trust = change.policy.as_deref().is_some_and(|policy| policy.contains(":role/"));
    Some(match (&change.kind, change.policy_type) {
        _ if finding.remedy.edit.is_some() => "change one statement",
        (ChangeKind::AddStatement { .. }, Some(PolicyType::PermissionsBoundary)) => "let the boundary allow it",
        (ChangeKind::AddStatement { .. }, Some(PolicyType::SessionPolicy)) => "let the session policy allow it",
        (ChangeKind::AddStatement { .. }, Some(PolicyType::VpcEndpointPolicy)) => "let the endpoint's policy allow it",
        (ChangeKind::AddStatement { .. }, Some(PolicyType::ResourcePolicy)) if is_trust => {
            "let the service assume the role"
        }
        (ChangeKind::AddStatement { .. }, Some(PolicyType::ResourcePolicy)) => "let its own policy allow it",
        (ChangeKind::AddStatement { .. }, _) => "add this policy",
        (ChangeKind::RemoveStatement { .. }, Some(PolicyType::IdentityPolicy)) => "decide about the deny",
        (ChangeKind::RemoveStatement { .. } | ChangeKind::Exempt { .. } | ChangeKind::ExemptUnread { .. }, _) => {
            "let this call through"
        }
        (ChangeKind::MeetCondition(_), _) => "meet the policy's condition with the call",
        (ChangeKind::NewSession, _) => "make a new session",
        (ChangeKind::SubmitUseCaseForm(_), _) => "submit the use case form",
        (ChangeKind::AcceptAgreement(_), _) => "accept the model's agreement",
        (ChangeKind::JoinProgram(_), _) => "take part in the provider's program",
        (ChangeKind::UseModel(_), _) => "call another model or profile",
        (ChangeKind::UseRegion(_), _) => "call another Region",
        (ChangeKind::RenewCredentials(_), _) => "renew the credentials",
        (ChangeKind::SetRetentionMode(_), _) => "decide on the data-retention mode",
    })
}
