//! What a report says beside checks and fixes, in the order of every format.

use super::foreign::on_one_line;
use super::{not_checked, remarks, sentence, wording};
use crate::diagnose::{Diagnosis, Excluded, Finding, Verdict};
use crate::evidence::{Call, ChosenBy, Outcome};
use crate::request::LiveCall;

/// The title of what the evidence excludes.
pub(super) const RULED_OUT: &str = "Ruled out";

/// The frame of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outline {
    /// Why the verdict is what it is, where there is more to say than the headline does.
    pub(super) why: Option<String>,
    /// What comes next, and who does it.
    pub(super) next: Option<String>,
    /// Lists behind the fixes, those that hold something, with their headings.
    pub(super) lists: Vec<(&'static str, Vec<String>)>,
}

/// Frames a diagnosis.
pub(super) fn of(diagnosis: &Diagnosis) -> Outline {
    let (why, next) = match (diagnosis.findings.first(), diagnosis.not_checked.first()) {
        (Some(first), _) if diagnosis.verdict != Verdict::Undetermined => {
            (Some(wording::summary(first, diagnosis)), Some(next_step(first)))
        }
        (_, Some(unseen)) if diagnosis.verdict == Verdict::Undetermined => {
            (Some(not_checked::line(unseen)), Some(settle(diagnosis)))
        }
        _ => (None, None),
    };
    // Whose permissions these are is the first thing to know, where they are not the caller's.
    let why = match diagnosis.warnings.as_slice() {
        [] => why,
        whose => Some(whose.iter().map(remarks::warning).chain(why).collect::<Vec<_>>().join("; ")),
    };
    let not_checked = diagnosis.not_checked.iter().map(not_checked::line).collect();
    let mut lists = vec![
        ("Contradictions", diagnosis.contradictions.iter().map(remarks::contradiction).collect()),
        ("Worth knowing", diagnosis.advice.iter().map(remarks::advice).collect()),
        (RULED_OUT, ruled_out(diagnosis)),
        ("Not checked", not_checked),
    ];
    lists.retain(|(_, items)| !items.is_empty());
    Outline { why, next, lists }
}

/// Says in a few lines what came out: the verdict with its sentence, why, and what comes next.
///
/// For a log that the report itself does not stand in. Each is one line; text from outside is made visible.
#[must_use]
pub fn log_lines(diagnosis: &Diagnosis) -> Vec<String> {
    let Outline { why, next, .. } = of(diagnosis);
    let verdict = diagnosis.verdict.as_str().to_uppercase();
    let mut lines = vec![format!("{verdict}: {}", sentence::answer(diagnosis, usize::MAX))];
    lines.extend(why.map(|why| format!("because: {}", on_one_line(&why))));
    lines.extend(next.map(|next| format!("next: {}", on_one_line(&next))));
    lines
}

/// Says what kind of fix a finding has, and which of how many it is.
pub(super) fn fix_title(diagnosis: &Diagnosis, number: usize, finding: &Finding) -> String {
    match diagnosis.findings.len() {
        _ if finding.is_likely => format!("Likely: {}", finding.cause),
        1 => format!("Fix: {}", finding.cause),
        n => format!("Fix {} of {n}: {}", number + 1, finding.cause),
    }
}

/// Returns `true` if an earlier finding has the same policy to attach, which is then shown once.
pub(super) fn is_told(diagnosis: &Diagnosis, number: usize, finding: &Finding) -> bool {
    finding.remedy.policy.is_some()
        && diagnosis.findings.iter().take(number).any(|earlier| earlier.remedy.policy == finding.remedy.policy)
}

/// Returns the documents that are left where statements are removed or narrowed, under the names of their files.
pub(super) fn documents(finding: &Finding) -> Vec<(String, String)> {
    let changed = finding.remedy.changes.iter().filter(|change| !change.statements.is_empty());
    changed
        .filter_map(|change| {
            let policy = change.policy.as_deref()?;
            let file = format!("{}.json", policy.rsplit('/').next().unwrap_or(policy));
            Some((file, serde_json::to_string_pretty(change.kind.document()?).unwrap_or_default()))
        })
        .collect()
}

/// Words a call for the record.
pub(super) fn call(call: &Call) -> String {
    let outcome = outcome(call.outcome);
    // A file of an earlier version has the id of a refusal alone, in the error.
    let of_error = || call.error.as_ref()?.request_id.as_ref();
    let request = call.request_id.as_ref().or_else(of_error).map(|id| format!(", request {id}")).unwrap_or_default();
    let error = call.error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
    format!("{} {outcome} in {} ms{request}{error}", call.api, call.duration_ms)
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Seen => "seen",
        Outcome::Refused => "refused",
        Outcome::Failed => "failed",
        Outcome::Skipped => "skipped",
    }
}

/// Says who mends a finding, and with which first step.
pub(super) fn next_step(finding: &Finding) -> String {
    let first = wording::steps(finding).into_iter().next().unwrap_or_default();
    format!("{}: {first}", wording::who(finding))
}

/// Says what settles an answer that is open.
pub(super) fn settle(diagnosis: &Diagnosis) -> String {
    let principal = diagnosis.principal.arn.as_ref().map(|arn| arn.account.as_str());
    let elsewhere = principal.filter(|account| diagnosis.caller.account.as_deref().is_some_and(|own| own != *account));
    if let Some(account) = elsewhere.filter(|_| diagnosis.principal.chosen_by != ChosenBy::ApiKey) {
        format!(
            "run it in account {account}: `--assume-role` with a role there, or `--profile` with credentials of that \
             account; the principal's own credentials and `--probe` settle it"
        )
    } else if diagnosis.is_principal_missing() {
        "check the principal's name and path: `--principal` takes the name alone as well, and suggests names that are near"
            .to_owned()
    } else if matches!(diagnosis.principal.chosen_by, ChosenBy::Option | ChosenBy::Error) {
        "run it with the principal's own credentials (`--profile`) and `--probe`, which settles it".to_owned()
    } else if diagnosis.invocation.kind == LiveCall::None && diagnosis.request.operation.has_test_call() {
        "`--probe` makes a test call that no model accepts, and settles it".to_owned()
    } else {
        "make what could not be read readable for this caller, and ask again".to_owned()
    }
}

/// Lists the causes that were ruled out, those for the same reason on one line.
fn ruled_out(diagnosis: &Diagnosis) -> Vec<String> {
    let mut reasons: Vec<(&Excluded, Vec<&str>)> = Vec::new();
    for ruled in &diagnosis.ruled_out {
        match reasons.iter_mut().find(|(why, _)| **why == ruled.why) {
            Some((_, causes)) => causes.push(ruled.cause.code()),
            None => reasons.push((&ruled.why, vec![ruled.cause.code()])),
        }
    }
    reasons.into_iter().map(|(why, causes)| format!("{}: {}", causes.join(", "), not_checked::excluded(why))).collect()
}
