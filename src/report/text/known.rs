//! What is known and what is not: the checks in a few lines, how sure the answer is, and what could not be seen.

use super::because::sentence_of;
use super::page::Page;
use crate::cause::Family;
use crate::diagnose::{
    Advice, Basis, Certainty, Diagnosis, Finding, GateName, GateState, JudgedBy, LiveOutcome, NotChecked, Unchecked,
    Verdict,
};
use crate::evidence::ChosenBy;
use crate::iam::Decision;
use crate::report::sentence::{self, is_refused};
use crate::report::styled::Role;
use crate::report::{not_checked as unchecked, remarks, wording};
use crate::request::LiveCall;

/// How many pieces of advice, and how many open questions, are shown without `-v`.
const ADVICE: usize = 2;
const OPEN: usize = 3;

/// The longest reason for an open question, in characters.
const LONGEST: usize = 260;

/// Says of an undetermined answer what was seen, what was not, and what is likely.
pub(super) fn write(page: &mut Page, diagnosis: &Diagnosis) {
    checked(page, diagnosis);
    let mut label = "Not seen";
    let reasons = reasons(&diagnosis.not_checked);
    for (what, why) in reasons.iter().take(OPEN) {
        let text = sentence::cut(&format!("{what}: {why}"), LONGEST);
        page.wrapped(Role::Plain, &format!("  {label:<8} - "), &" ".repeat(13), &text);
        label = "";
    }
    let mut label = "Likely";
    for finding in &diagnosis.findings {
        page.labelled(label, &format!("{}.", wording::summary(finding, diagnosis)));
        label = "";
        for basis in wording::bases(&finding.basis).iter().take(1) {
            page.below(&sentence::cut(&sentence_of(basis), LONGEST));
        }
    }
}

/// Says of a refusal of IAM's what is missing, and not the whole of what AWS said.
fn in_short(why: &str) -> String {
    const MARK: &str = " is not authorized to perform: ";
    let Some((before, behind)) = why.split_once(MARK) else { return why.to_owned() };
    let action = behind.split(' ').next().unwrap_or_default();
    let said = before.rsplit_once("AccessDenied").map(|(said, _)| said).unwrap_or_default();
    // What a policy denies, the caller does not lack, and to allow it would be of no use.
    match behind.split_once(" with an explicit deny in ") {
        Some((_, policy)) => format!("{said}an explicit deny in {policy} refuses the caller {action}"),
        None => format!("{said}the caller lacks {action}"),
    }
}

/// Joins what was not checked for the same reason.
fn reasons(all: &[NotChecked]) -> Vec<(String, String)> {
    let mut joined: Vec<(String, String, usize)> = Vec::new();
    for one in all {
        let why = in_short(&sentence::without_arns(&unchecked::why(&one.why)));
        match joined.iter_mut().find(|(_, known, _)| *known == why) {
            Some((.., count)) => *count += 1,
            None => joined.push((sentence::without_arns(&unchecked::what(&one.what)), why, 1)),
        }
    }
    let more = |(what, why, count): (String, String, usize)| match count {
        1 => (what, why),
        2 => (format!("{what}, and one more"), why),
        n => (format!("{what}, and {} more", n - 1), why),
    };
    joined.into_iter().map(more).collect()
}

/// Says in a line or two what was checked.
pub(super) fn checked(page: &mut Page, diagnosis: &Diagnosis) {
    let mut lines: Vec<(Role, &str, String)> = Vec::new();
    let all = diagnosis.requirements.len();
    let allowed = diagnosis.requirements.iter().filter(|one| one.decision == Decision::Allowed).count();
    let refused = diagnosis.requirements.iter().filter(|one| is_refused(one)).count();
    if all > 0 {
        let text = match (allowed, refused) {
            (1, 0) if all == 1 => "IAM: the one resource that the call needs is simulated allowed".to_owned(),
            (0, 0) if all == 1 => "IAM: not known for the one resource that the call needs".to_owned(),
            (0, 1) if all == 1 => "IAM: refused on the one resource that the call needs".to_owned(),
            (n, 0) if n == all => format!("IAM: all {all} resources that the call needs are simulated allowed"),
            (0, 0) => format!("IAM: not known for any of the {all} resources that the call needs"),
            (n, 0) => format!("IAM: {n} of the {all} resources that the call needs are simulated allowed"),
            (n, refused) => {
                format!("IAM: {n} allowed and {refused} refused of the {all} resources that the call needs")
            }
        };
        lines.push(mark(if refused > 0 { Some(false) } else { (allowed == all).then_some(true) }, text));
    }
    let gate = |name: GateName| diagnosis.gate(name).map(|gate| gate.state);
    let listing = [GateName::Listing, GateName::Lifecycle, GateName::Region, GateName::InferenceProfile];
    let access = [GateName::Agreement, GateName::Authorization, GateName::Entitlement];
    for (gates, words) in [
        (&listing[..], "model listing and lifecycle"),
        (&access[..], "model access (agreement, authorization, entitlement)"),
        (&[GateName::UseCaseForm][..], "Anthropic's use case form"),
        (&[GateName::DataRetention][..], "data-retention mode"),
    ] {
        let states: Vec<GateState> = gates.iter().filter_map(|name| gate(*name)).collect();
        if states.is_empty() {
            continue;
        }
        let is = |wanted: GateState| states.contains(&wanted);
        let (state, word) = if is(GateState::Closed) {
            (Some(false), "closed")
        } else if is(GateState::LikelyClosed) {
            (None, "likely closed")
        } else if is(GateState::Unread) {
            (None, "not all of it could be read")
        } else {
            (Some(true), "ok")
        };
        lines.push(mark(state, format!("{words}: {word}")));
    }
    if diagnosis.invocation.kind != LiveCall::None {
        let state = match diagnosis.invocation.outcome {
            LiveOutcome::Succeeded | LiveOutcome::BodyRejected => Some(true),
            LiveOutcome::Refused => Some(false),
            _ => None,
        };
        lines.push(mark(state, format!("test call: {}", wording::invocation(diagnosis))));
    }
    if !lines.is_empty() {
        let how = if diagnosis.invocation.kind == LiveCall::None { "without" } else { "and with" };
        page.labelled("Checked", &format!("by reading, {how} a test call:"));
    }
    for (role, sign, text) in lines {
        page.row(role, sign, &text);
    }
}

fn mark(state: Option<bool>, text: String) -> (Role, &'static str, String) {
    match state {
        Some(true) => (Role::Allowed, "✓", text),
        Some(false) => (Role::Denied, "✗", text),
        None => (Role::Unknown, "?", text),
    }
}

/// Says in a line how sure the answer is, and what would settle it; below it, what else is worth knowing.
pub(super) fn confidence(page: &mut Page, diagnosis: &Diagnosis) {
    page.blank();
    if diagnosis.verdict == Verdict::Denied
        && let Some(certainty) = diagnosis.certainty
    {
        let settle = if can_probe(diagnosis) { "; add --probe for a test call that settles it" } else { "" };
        page.wrapped(Role::Plain, "", "", &format!("{}{settle}.", sure(certainty, diagnosis)));
    }
    let told: Vec<String> = diagnosis.advice.iter().filter(|advice| is_short(advice)).map(remarks::advice).collect();
    for advice in told.iter().take(ADVICE) {
        page.wrapped(Role::Plain, "Note: ", "", &sentence_of(advice));
    }
}

/// Returns `true` if a piece of advice is for everybody; the others are shown with `-v`.
fn is_short(advice: &Advice) -> bool {
    !matches!(advice, Advice::WideStatements { .. } | Advice::ReadInAccount { .. })
}

/// Returns `true` if a test call by the caller would settle it, and none was made.
pub(super) fn can_probe(diagnosis: &Diagnosis) -> bool {
    diagnosis.invocation.kind == LiveCall::None
        && diagnosis.request.operation.has_test_call()
        && matches!(diagnosis.principal.chosen_by, ChosenBy::Caller | ChosenBy::ApiKey)
        && matches!(diagnosis.certainty, None | Some(Certainty::Simulated | Certainty::Inferred))
        && diagnosis.caller.arn.is_some()
}

fn sure(certainty: Certainty, diagnosis: &Diagnosis) -> &'static str {
    let first = diagnosis.findings.first();
    let is_based_on = |wanted: fn(&Basis) -> bool| first.is_some_and(|first| first.basis.iter().any(wanted));
    match certainty {
        Certainty::Verified => "Confirmed by AWS's own evaluation",
        Certainty::Reported if first.is_some_and(|first| first.cause.family() == Family::Network) => {
            "Seen from here: no answer came back"
        }
        Certainty::Reported if is_based_on(|basis| matches!(basis, Basis::TestCall(_))) => {
            "AWS refused the test call with these words"
        }
        Certainty::Reported if is_based_on(|basis| matches!(basis, Basis::GivenError(_))) => {
            "AWS refused the call with these words: the error that was given"
        }
        Certainty::Reported if is_based_on(|basis| matches!(basis, Basis::Refused { .. })) => {
            "AWS refused with these words"
        }
        Certainty::Reported => "As AWS and this machine report it",
        Certainty::Simulated if is_by_policies(first, diagnosis) => {
            "Evaluated from the policies that were read; the IAM simulator could not be asked"
        }
        Certainty::Simulated => "Predicted by the IAM simulator",
        Certainty::Inferred if is_based_on(|basis| matches!(basis, Basis::Evaluated { .. } | Basis::Trust(_))) => {
            "Inferred from the text of the policy"
        }
        Certainty::Inferred => "Inferred from account settings",
    }
}

/// Returns `true` if this program's own reading of the policies decided, alone.
fn is_by_policies(first: Option<&Finding>, diagnosis: &Diagnosis) -> bool {
    let Some(first) = first else { return false };
    let refused: Vec<_> = sentence::concerned(first, diagnosis).into_iter().filter(|one| is_refused(one)).collect();
    !refused.is_empty() && refused.iter().all(|one| one.judged_by == JudgedBy::Policies)
}

/// Names in a line what could matter and was not seen.
pub(super) fn not_checked(page: &mut Page, diagnosis: &Diagnosis) {
    let mut names: Vec<String> = Vec::new();
    for one in &diagnosis.not_checked {
        let name = name(&one.what);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.is_empty() {
        return;
    }
    page.wrapped(Role::Plain, "", "", &format!("Not checked: {} (-v: why).", names.join(", ")));
}

/// Names in two or three words what was not checked.
fn name(what: &Unchecked) -> String {
    let fixed = match what {
        Unchecked::Gate(GateName::UseCaseForm) => "use case form",
        Unchecked::Gate(GateName::EnforcedGuardrails) => "enforced guardrails",
        Unchecked::Gate(GateName::Agreement) | Unchecked::MarketplaceAgreement => "model agreement",
        Unchecked::Gate(GateName::Authorization) => "model authorization",
        Unchecked::Gate(GateName::Entitlement) => "entitlement",
        Unchecked::Gate(GateName::DataRetention) | Unchecked::RetentionFits => "data-retention mode",
        Unchecked::Gate(GateName::Listing | GateName::Region | GateName::Lifecycle | GateName::InvocationType)
        | Unchecked::ModelBehindArn => "model listing",
        Unchecked::Gate(GateName::InferenceProfile) | Unchecked::ProfileReach | Unchecked::ProfileOfPastCall => {
            "inference profile"
        }
        Unchecked::Availability
        | Unchecked::AvailabilityField(_)
        | Unchecked::OtherAccount
        | Unchecked::ModelAccess => "model access",
        Unchecked::PrincipalIsAssumed(_) | Unchecked::RoleIsAssumed(_) | Unchecked::Trust { .. } => "trust policy",
        Unchecked::PolicyTexts | Unchecked::Policies => "policy texts",
        Unchecked::TestCall | Unchecked::TestCallAnswer => "test call",
        Unchecked::ServiceRole(_) => "service role",
        Unchecked::TrustedAccessPrograms => "trusted access programs",
        Unchecked::KeyPolicy => "KMS key policy",
        Unchecked::BucketPolicy => "bucket policy",
        Unchecked::Requirement { .. } | Unchecked::Requirements(_) => "IAM simulation",
        Unchecked::ConditionKeys(_) => "some condition keys",
        Unchecked::FurtherRequirements => "further permissions",
        Unchecked::Call => "the call itself",
        Unchecked::SessionPolicy => "session policy",
        Unchecked::QuarantinePolicy => "quarantine policy",
        Unchecked::VpcEndpointPolicy => "VPC endpoint policy",
        Unchecked::OtherRoutes => "other Regions of the profile",
        Unchecked::OrganizationGuardrails => "organization guardrails",
        Unchecked::AccountGates => "account holds",
        Unchecked::EvaluationOfTestCall | Unchecked::EvaluationOfGivenError => "AWS's own evaluation",
        Unchecked::GivenError | Unchecked::GivenErrorStands => "the given error",
        Unchecked::Credentials => "credentials",
        Unchecked::Reads(_) | Unchecked::Models(_) | Unchecked::Profiles(_) => return unchecked::what(what),
    };
    fixed.to_owned()
}
