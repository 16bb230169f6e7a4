//! What was checked, and how it came out: the same list for every format.

use super::wording;
use crate::bedrock::Whose;
use crate::diagnose::{Diagnosis, GateName, GateState, LiveOutcome, Requirement};
use crate::evidence::FoundBy;
use crate::iam::{Arn, Decision, RequestContext};

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// As it should be.
    Good,
    /// Not as it should be.
    Bad,
    /// It could not be seen.
    Unknown,
    /// Nobody asked for it.
    Skipped,
}

impl Mark {
    /// Returns the sign that stands for it, beside any colour.
    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Good => "✓",
            Self::Bad => "✗",
            Self::Unknown => "?",
            Self::Skipped => "–",
        }
    }

    /// Returns the word for it.
    #[cfg(feature = "report")]
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Unknown => "unknown",
            Self::Skipped => "skipped",
        }
    }
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Check {
    /// How it came out.
    pub(super) mark: Mark,
    /// What was looked at, in a word or two.
    pub(super) what: String,
    /// What is asked, whatever the answer is.
    pub(super) asked: String,
    /// What was seen.
    pub(super) text: String,
}

/// Lists the checks of a diagnosis, in the order in which AWS would come to them.
pub(super) fn list(diagnosis: &Diagnosis) -> Vec<Check> {
    let mut list = Vec::new();
    let out = &mut list;
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
    for requirement in &diagnosis.requirements {
        requirement_check(out, requirement);
    }
    for trust in &diagnosis.trust {
        let mark = match trust.decision {
            Decision::Allowed => Mark::Good,
            Decision::Undetermined => Mark::Unknown,
            _ => Mark::Bad,
        };
        check(out, mark, "trust", &wording::trusts(trust));
    }
    model_checks(out, diagnosis);
    let mark = match diagnosis.invocation.outcome {
        LiveOutcome::Succeeded | LiveOutcome::BodyRejected => Mark::Good,
        LiveOutcome::Refused => Mark::Bad,
        LiveOutcome::Throttled | LiveOutcome::Unreadable | LiveOutcome::Failed => Mark::Unknown,
        LiveOutcome::NotMade => Mark::Skipped,
    };
    check(out, mark, "test call", &wording::invocation(diagnosis));
    list
}

fn requirement_check(out: &mut Vec<Check>, requirement: &Requirement) {
    let (mark, decision) = match requirement.decision {
        Decision::Allowed => (Mark::Good, "allowed".to_owned()),
        Decision::ExplicitDeny | Decision::ImplicitDeny => {
            let by = requirement.policy_type.map(|policy_type| format!(" by {policy_type}")).unwrap_or_default();
            (Mark::Bad, format!("{}{by}", requirement.decision))
        }
        Decision::Undetermined => (Mark::Unknown, "not simulated".to_owned()),
    };
    let region = requirement.request.requested_region().unwrap_or("no Region");
    let whose = match requirement.whose {
        Whose::Caller => "",
        Whose::ServiceRole => ", for the service role",
    };
    let text = format!("{decision}: {} on {}{whose}", requirement.request.action, short(&requirement.request.resource));
    let RequestContext { action, resource, .. } = &requirement.request;
    let asked = format!("{action} on {} in {region}{whose}", short(resource));
    out.push(Check { mark, what: region.to_owned(), asked, text });
}

/// Returns the resource part of an ARN: the Region stands beside it, and the whole ARN in the evidence.
pub(super) fn short(resource: &str) -> String {
    resource.parse::<Arn>().map_or_else(|_| resource.to_owned(), |arn| arn.resource)
}

fn model_checks(out: &mut Vec<Check>, diagnosis: &Diagnosis) {
    let access = &diagnosis.model_access;
    let Some(model) = &access.model else {
        if diagnosis.request.model.is_none() {
            return;
        }
        check(out, Mark::Unknown, "model", "which foundation model it is, is not known");
        return;
    };
    let region = &diagnosis.request.region;
    match access.listed {
        Some(true) => {
            let lifecycle = access.lifecycle.as_deref().unwrap_or("lifecycle unknown");
            let text = format!("{model} is listed in {region} ({lifecycle}); listed is not accessible");
            check(out, mark_of(diagnosis, &[GateName::Listing]), "model", &text);
        }
        Some(false) => {
            // A profile may be offered where its model is not listed for itself.
            let mark = diagnosis.gate(GateName::Listing).map_or(Mark::Unknown, |gate| mark_of_state(gate.state));
            check(out, mark, "model", &format!("{model} is not listed in {region}"));
        }
        None => check(out, Mark::Unknown, "model", &format!("{model}: the list of models could not be read")),
    }
    let fields = [
        ("agreement", &access.agreement),
        ("authorization", &access.authorization),
        ("entitlement", &access.entitlement),
        ("Region", &access.region),
    ];
    if fields.iter().all(|(_, value)| value.is_none()) {
        check(out, Mark::Unknown, "access", "the account's access to the model could not be read");
    } else {
        let text: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name} {}", value.as_deref().unwrap_or("unknown"))).collect();
        let gates = [GateName::Agreement, GateName::Authorization, GateName::Entitlement, GateName::Region];
        check(out, mark_of(diagnosis, &gates), "access", &text.join(", "));
    }
    let form = diagnosis.gate(GateName::UseCaseForm).map(|gate| mark_of_state(gate.state));
    match (access.use_case_form, form) {
        (Some(submitted), mark) => {
            let seen = if submitted { Mark::Good } else { Mark::Unknown };
            let text = if submitted { "submitted" } else { "missing" };
            check(out, mark.unwrap_or(seen), "use case form", text);
        }
        (None, Some(mark)) => check(out, mark, "use case form", "could not be read"),
        (None, None) => {}
    }
}

/// Returns the mark of several checkpoints: as bad as the worst of them.
fn mark_of(diagnosis: &Diagnosis, names: &[GateName]) -> Mark {
    let states = || diagnosis.gates.iter().filter(|gate| names.contains(&gate.name)).map(|gate| gate.state);
    let is_any = |wanted: Mark| states().any(|state| mark_of_state(state) == wanted);
    if is_any(Mark::Bad) {
        Mark::Bad
    } else if is_any(Mark::Unknown) || states().next().is_none() {
        Mark::Unknown
    } else {
        Mark::Good
    }
}

fn mark_of_state(state: GateState) -> Mark {
    match state {
        GateState::Open => Mark::Good,
        GateState::Closed => Mark::Bad,
        GateState::LikelyClosed | GateState::Unread => Mark::Unknown,
    }
}

fn check(out: &mut Vec<Check>, mark: Mark, what: &str, text: &str) {
    out.push(Check { mark, what: what.to_owned(), asked: what.to_owned(), text: text.to_owned() });
}
