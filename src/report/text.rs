//! The diagnosis as text for a terminal: the answer first, the next step second, the evidence after them.

use super::styled::{Role, Styled};
use super::wording;
use crate::bedrock::Whose;
use crate::diagnose::{Diagnosis, Finding, Leg, LiveOutcome, Verdict};
use crate::evidence::{Call, FoundBy, Outcome};
use crate::iam::{Arn, Decision};
use crate::request::LiveCall;
use crate::visible::{visible, visible_json};
use textwrap::Options;

/// The columns that the text fits in; what cannot be broken, such as an ARN, may run over.
const WIDTH: usize = 80;

/// How much the text says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// The first line alone.
    Quiet,
    /// The answer, the checks, the fix.
    #[default]
    Normal,
    /// Every call as well.
    Verbose,
}

/// Lays a diagnosis out as text.
#[must_use]
pub fn text(diagnosis: &Diagnosis, detail: Detail) -> Styled {
    let mut out = Styled::default();
    first_line(&mut out, diagnosis);
    if detail == Detail::Quiet {
        return out;
    }
    if let Some(first) = diagnosis.findings.first() {
        labelled(&mut out, "why", &wording::summary(first, diagnosis));
        labelled(&mut out, "next", &next_step(first));
    } else if let (Verdict::Undetermined, Some(unseen)) = (diagnosis.verdict, diagnosis.not_checked.first()) {
        labelled(&mut out, "why", &format!("{}: {}", unseen.what, unseen.why));
        labelled(&mut out, "next", &settle(diagnosis));
    }
    checks(&mut out, diagnosis);
    for (number, finding) in diagnosis.findings.iter().enumerate() {
        fix(&mut out, diagnosis, finding, number);
    }
    list(&mut out, "Contradictions", diagnosis.contradictions.iter().cloned());
    list(&mut out, "Worth knowing", diagnosis.advice.iter().cloned());
    list(&mut out, "Ruled out", ruled_out(diagnosis).into_iter());
    let unseen = diagnosis.not_checked.iter().map(|unseen| format!("{}: {}", unseen.what, unseen.why));
    list(&mut out, "Not checked", unseen);
    if detail == Detail::Verbose {
        list(&mut out, "Calls", diagnosis.calls.iter().map(call));
    }
    out
}

fn first_line(out: &mut Styled, diagnosis: &Diagnosis) {
    let role = match diagnosis.verdict {
        Verdict::Allowed => Role::Allowed,
        Verdict::Denied => Role::Denied,
        Verdict::Undetermined => Role::Unknown,
    };
    out.push(role, diagnosis.verdict.as_str().to_uppercase());
    if let Some(world) = &diagnosis.sandbox {
        out.push(Role::Hint, format!(" (sandbox `{}`)", visible(world)));
    }
    out.line(Role::Plain, format!(": {}", wording::headline(diagnosis)));
}

fn next_step(finding: &Finding) -> String {
    let first = wording::steps(finding).into_iter().next().unwrap_or_default();
    format!("{}: {first}", wording::who(finding))
}

fn settle(diagnosis: &Diagnosis) -> String {
    if diagnosis.principal.chosen_by != "caller" {
        "run it with the principal's own credentials (`--profile`) and `--probe`, which settles it".to_owned()
    } else if diagnosis.invocation.kind == LiveCall::None {
        "`--probe` makes a test call that no model accepts, and settles it".to_owned()
    } else {
        "make what could not be read readable for this caller, and ask again".to_owned()
    }
}

fn checks(out: &mut Styled, diagnosis: &Diagnosis) {
    heading(out, "Checks");
    let caller = &diagnosis.caller;
    match (&caller.arn, caller.kind) {
        (Some(arn), Some(kind)) => {
            let source = caller.credential_source.as_deref().unwrap_or("an unknown source");
            let left = wording::time_left(diagnosis).map(|left| format!(", {left}")).unwrap_or_default();
            let account = caller.account.as_deref().unwrap_or("unknown");
            let text = format!("{arn} ({kind} in account {account}, credentials from {source}{left})");
            check(out, Mark::Good, "caller", &text);
        }
        _ => check(out, Mark::Unknown, "caller", "not known"),
    }
    if let Some(principal) = diagnosis.principal.arn.as_ref().filter(|arn| Some(*arn) != caller.arn.as_ref()) {
        let (mark, note) = match diagnosis.principal.found_by {
            Some(FoundBy::BareName) => {
                (Mark::Unknown, ": iam:GetRole could not be read, so its path is taken to be `/`")
            }
            Some(FoundBy::IdentityCenterForms) => {
                (Mark::Unknown, ": iam:GetRole could not be read, so it is one of the forms that Identity Center uses")
            }
            Some(FoundBy::Given | FoundBy::GetRole) => (Mark::Good, ""),
            None => (Mark::Unknown, ": not read"),
        };
        check(out, mark, "policies of", &format!("{principal}{note}"));
    }
    for leg in &diagnosis.legs {
        leg_check(out, leg);
    }
    model_checks(out, diagnosis);
    let mark = match diagnosis.invocation.outcome {
        LiveOutcome::Succeeded | LiveOutcome::BodyRejected | LiveOutcome::Throttled => Mark::Good,
        LiveOutcome::Refused => Mark::Bad,
        LiveOutcome::Failed => Mark::Unknown,
        LiveOutcome::NotMade => Mark::Skipped,
    };
    check(out, mark, "test call", &wording::invocation(diagnosis));
}

fn leg_check(out: &mut Styled, leg: &Leg) {
    let (mark, decision) = match leg.decision {
        Decision::Allowed => (Mark::Good, "allowed".to_owned()),
        Decision::ExplicitDeny | Decision::ImplicitDeny => {
            let by = leg.policy_type.map(|policy_type| format!(" by {policy_type}")).unwrap_or_default();
            (Mark::Bad, format!("{}{by}", leg.decision))
        }
        Decision::Undetermined => (Mark::Unknown, "not simulated".to_owned()),
    };
    let region = leg.request.requested_region().unwrap_or("no Region");
    let whose = match leg.whose {
        Whose::Caller => "",
        Whose::ServiceRole => ", for the service role",
    };
    let text = format!("{decision}: {} on {}{whose}", leg.request.action, short(&leg.request.resource));
    check(out, mark, region, &text);
}

/// Returns the resource part of an ARN: the Region stands beside it, and the whole ARN in the evidence.
fn short(resource: &str) -> String {
    resource.parse::<Arn>().map_or_else(|_| resource.to_owned(), |arn| arn.resource)
}

fn model_checks(out: &mut Styled, diagnosis: &Diagnosis) {
    let access = &diagnosis.model_access;
    let Some(model) = &access.model else {
        if diagnosis.request.model.is_none() {
            return;
        }
        check(out, Mark::Unknown, "model", "which foundation model it is, is not known");
        return;
    };
    match access.listed {
        Some(true) => {
            let lifecycle = access.lifecycle.as_deref().unwrap_or("lifecycle unknown");
            let text =
                format!("{model} is listed in {} ({lifecycle}); listed is not accessible", diagnosis.request.region);
            check(out, Mark::Good, "model", &text);
        }
        Some(false) => {
            check(out, Mark::Bad, "model", &format!("{model} is not listed in {}", diagnosis.request.region))
        }
        None => check(out, Mark::Unknown, "model", &format!("{model}: the list of models could not be read")),
    }
    let fields = [
        ("agreement", &access.agreement, "AVAILABLE"),
        ("authorization", &access.authorization, "AUTHORIZED"),
        ("entitlement", &access.entitlement, "AVAILABLE"),
        ("Region", &access.region, "AVAILABLE"),
    ];
    if fields.iter().all(|(_, value, _)| value.is_none()) {
        check(out, Mark::Unknown, "access", "the account's access to the model could not be read");
    } else {
        let good = fields.iter().all(|(_, value, good)| value.as_deref() == Some(*good));
        let text: Vec<String> =
            fields.iter().map(|(name, value, _)| format!("{name} {}", value.as_deref().unwrap_or("unknown"))).collect();
        check(out, if good { Mark::Good } else { Mark::Bad }, "access", &text.join(", "));
    }
    match access.use_case_form {
        Some(true) => check(out, Mark::Good, "use case form", "submitted"),
        Some(false) => check(out, Mark::Bad, "use case form", "missing"),
        None if model.starts_with("anthropic.") => check(out, Mark::Unknown, "use case form", "could not be read"),
        None => {}
    }
}

fn fix(out: &mut Styled, diagnosis: &Diagnosis, finding: &Finding, number: usize) {
    let title = match diagnosis.findings.len() {
        1 => format!("Fix: {}", finding.cause),
        n => format!("Fix {} of {n}: {}", number + 1, finding.cause),
    };
    heading(out, &title);
    if number > 0 {
        wrapped(out, Role::Plain, "  ", "  ", &wording::summary(finding, diagnosis));
    }
    labelled(out, "who", wording::who(finding));
    labelled(out, "sure", finding.certainty.as_str());
    for basis in wording::bases(&finding.basis) {
        wrapped(out, Role::Plain, "  - ", "    ", &basis);
    }
    for other in &finding.alternatives {
        wrapped(out, Role::Hint, "  or ", "     ", &format!("{}: {}", other.cause, other.tell));
    }
    for (step, text) in wording::steps(finding).iter().enumerate() {
        let number = format!("  {}. ", step + 1);
        wrapped(out, Role::Plain, &number, "     ", text);
    }
    let told = diagnosis.findings.iter().take(number).any(|earlier| earlier.remedy.policy == finding.remedy.policy);
    if let Some(policy) = finding.remedy.policy.as_ref().filter(|_| !told) {
        let text = visible_json(serde_json::to_string_pretty(policy).unwrap_or_default());
        for line in text.lines() {
            out.line(Role::Code, format!("    {line}"));
        }
    }
    for command in &finding.remedy.commands {
        out.line(Role::Code, format!("    $ {command}"));
    }
    if let Some(verified) = finding.remedy.verified {
        labelled(out, "tried", wording::verified(verified));
    }
    for note in &finding.remedy.notes {
        wrapped(out, Role::Hint, "  note: ", "        ", note);
    }
    labelled(out, "after", &format!("in force {}", wording::takes_effect(finding)));
}

#[derive(Clone, Copy)]
enum Mark {
    Good,
    Bad,
    Unknown,
    Skipped,
}

fn check(out: &mut Styled, mark: Mark, what: &str, text: &str) {
    let (role, sign) = match mark {
        Mark::Good => (Role::Allowed, "✓"),
        Mark::Bad => (Role::Denied, "✗"),
        Mark::Unknown => (Role::Unknown, "?"),
        Mark::Skipped => (Role::Hint, "–"),
    };
    out.push(Role::Plain, "  ");
    out.push(role, sign);
    let first = format!(" {what:<13} ");
    let rest = " ".repeat(first.len() + 3);
    let indent = " ".repeat(3);
    // The sign stands outside of what is wrapped; the first line gives its columns back.
    let lines = fill(text, &format!("{indent}{first}"), &rest);
    out.line(Role::Plain, lines.strip_prefix(&indent).unwrap_or(&lines));
}

fn labelled(out: &mut Styled, label: &str, text: &str) {
    out.push(Role::Hint, format!("  {label:<5} "));
    let indent = " ".repeat(8);
    let lines = fill(text, &indent, &indent);
    out.line(Role::Plain, lines.strip_prefix(&indent).unwrap_or(&lines));
}

fn heading(out: &mut Styled, title: &str) {
    out.end_line();
    out.line(Role::Heading, title);
}

fn list(out: &mut Styled, title: &str, items: impl Iterator<Item = String>) {
    let mut items = items.peekable();
    if items.peek().is_some() {
        heading(out, title);
    }
    for item in items {
        wrapped(out, Role::Plain, "  - ", "    ", &item);
    }
}

fn wrapped(out: &mut Styled, role: Role, first: &str, rest: &str, text: &str) {
    out.line(role, fill(text, first, rest));
}

fn fill(text: &str, first: &str, rest: &str) -> String {
    // A line feed in somebody's text must not look like one of the layout's.
    let text = &text.split(['\n', '\r', '\t']).collect::<Vec<_>>().join(" ");
    let options = Options::new(WIDTH)
        .initial_indent(first)
        .subsequent_indent(rest)
        .break_words(false)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::fill(text, options)
}

/// Lists the causes that were ruled out, those for the same reason on one line.
fn ruled_out(diagnosis: &Diagnosis) -> Vec<String> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for ruled in &diagnosis.ruled_out {
        match reasons.iter_mut().find(|(why, _)| *why == ruled.why) {
            Some((_, causes)) => causes.push(ruled.cause.code()),
            None => reasons.push((&ruled.why, vec![ruled.cause.code()])),
        }
    }
    reasons.into_iter().map(|(why, causes)| format!("{}: {why}", causes.join(", "))).collect()
}

fn call(call: &Call) -> String {
    let outcome = match call.outcome {
        Outcome::Seen => "seen",
        Outcome::Refused => "refused",
        Outcome::Failed => "failed",
        Outcome::Skipped => "skipped",
    };
    let request = call
        .error
        .as_ref()
        .and_then(|error| error.request_id.as_ref())
        .map(|id| format!(", request {id}"))
        .unwrap_or_default();
    let error = call.error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
    format!("{} {outcome} in {} ms{request}{error}", call.api, call.duration_ms)
}
