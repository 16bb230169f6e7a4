//! Why the call is refused: a paragraph a problem, the resources where they differ, and what is not the problem.

use super::page::Page;
use crate::bedrock::{ModelReference, Whose};
use crate::cause::{Cause, Family};
use crate::diagnose::{
    Basis, Contradiction, Diagnosis, EvaluatedBy, Finding, GateName, GateState, JudgedBy, Requirement,
};
use crate::iam::{Arn, Decision};
use crate::report::problems::problems;
use crate::report::sentence::{self, concerned, is_refused};
use crate::report::styled::Role;
use crate::report::subject::named;
use crate::report::{remarks, statements, wording};

/// The most rows of resources, and the most pieces of evidence, that are shown of a problem.
const ROWS: usize = 8;
const PIECES: usize = 3;

/// The longest piece of evidence, in characters: of one problem, and of several.
const LONGEST: usize = 300;
const BRIEF: usize = 230;

/// Says why, problem for problem.
pub(super) fn write(page: &mut Page, diagnosis: &Diagnosis) {
    let problems = problems(diagnosis);
    let is_one = problems.len() == 1;
    let mut shown: Vec<String> = Vec::new();
    for (number, findings) in problems.iter().enumerate() {
        let Some(first) = findings.first() else { continue };
        let label = if number == 0 { "Because" } else { "" };
        let likely = if first.is_likely { "likely: " } else { "" };
        let number = if is_one { String::new() } else { format!("{}. ", number + 1) };
        let mut rows = rows(findings, diagnosis, if is_one { ROWS } else { ROWS / 2 });
        let drawn: Vec<String> = rows.iter().map(|row| format!("{}{}", row.sign, row.text)).collect();
        // What refuses the same resources as the problem before needs no second list of them.
        if !is_one && drawn == shown {
            rows.clear();
        }
        let text = sentence_of(&format!("{likely}{}", said(findings, diagnosis, !rows.is_empty())));
        page.labelled(label, &format!("{number}{text}"));
        for Row { role, sign, text } in &rows {
            page.row(*role, sign, text);
        }
        if !drawn.is_empty() {
            shown = drawn;
        }
        let pieces = pieces(findings);
        let (most, longest) = if is_one { (PIECES, LONGEST) } else { (1, BRIEF) };
        for piece in pieces.iter().take(most) {
            page.below(&sentence::cut(&sentence::without_arns(piece), longest));
        }
        if let [first, rest @ ..] = first.alternatives.as_slice()
            && is_one
        {
            let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
            page.below(&format!("The same words can also mean {}{more} (-v: how to tell).", first.cause));
        }
    }
    for contradiction in &diagnosis.contradictions {
        // That the simulator allows what was refused is said of the finding itself.
        if *contradiction != Contradiction::TestCallRefused {
            page.below(&format!("But {}.", sentence::without_arns(&remarks::contradiction(contradiction))));
        }
    }
    if let Some(fine) = fine(diagnosis) {
        page.below(&fine);
    }
}

/// Says in a sentence what is refused; a colon ends it where rows follow.
fn said(findings: &[&Finding], diagnosis: &Diagnosis, has_rows: bool) -> String {
    let Some(first) = findings.first() else { return String::new() };
    let end = if has_rows { ":" } else { "." };
    let resources = resources(findings, diagnosis);
    let all = resources.len();
    let refused = resources.iter().filter(|requirement| is_refused(requirement)).count();
    if refused == 0 {
        return format!("{}{end}", sentence::without_arns(&wording::summary(first, diagnosis)));
    }
    let is_allow = first.cause == Cause::IdentityPolicyMissingAllow
        || first.cause == Cause::ServiceRolePermission && !first.is_explicit_deny();
    let only = resources.first().filter(|_| all == 1).map(|only| label(&only.request.resource, None));
    if !is_allow {
        let every = if first.is_explicit_deny() { "all" } else { "any" };
        let on = match (only, refused) {
            (Some(only), _) => format!("on {only}"),
            (None, refused) if refused == all && has_rows => format!("on {every} of these"),
            (None, refused) if refused == all => format!("on {every} of the {all} resources that the call needs"),
            (None, 1) if has_rows => format!("on one of these {all}"),
            (None, refused) if has_rows => format!("on {refused} of these {all}"),
            (None, refused) => format!("on {refused} of the {all} resources that the call needs"),
        };
        return format!("{} {on}{end}", wording::refusal(first, diagnosis));
    }
    let actions: Vec<&str> = findings.iter().filter_map(|finding| finding.action.as_deref()).collect();
    let actions = actions.join(" and ");
    let who = match (first.whose, &diagnosis.request.service_role, &diagnosis.principal.arn) {
        (Whose::ServiceRole, Some(role), _) => format!("the {}", named(role)),
        (Whose::ServiceRole, None, _) => "the service role".to_owned(),
        (Whose::Caller, _, Some(arn)) => format!("the {}", named(arn)),
        (Whose::Caller, _, None) => "the principal".to_owned(),
    };
    let route = route(diagnosis, &resources);
    let these = if has_rows { "these" } else { "the resources" };
    match (only, refused) {
        (Some(only), _) => format!("no policy of {who} allows {actions} on {only}."),
        (None, refused) if refused == all => {
            let because = route.map(|route| format!(", because {route}")).unwrap_or_default();
            format!("no policy of {who} allows {actions}. The call needs it on all of {these}{because}{end}")
        }
        (None, refused) => {
            let because = route.map(|route| format!("{route}. ")).unwrap_or_default();
            let one = if refused == 1 { "one".to_owned() } else { refused.to_string() };
            let who = sentence_of(&who);
            let who = who.trim_end_matches('.');
            format!("{because}{who} must be allowed {actions} on all {all} of {these}, and is not on {one}{end}")
        }
    }
}

/// Returns the requirements that tell most of a problem, one for each resource: a refusal of any action tells more than an
/// allow of another.
fn resources<'d>(findings: &[&Finding], diagnosis: &'d Diagnosis) -> Vec<&'d Requirement> {
    let mut resources: Vec<&Requirement> = Vec::new();
    for requirement in findings.iter().flat_map(|finding| concerned(finding, diagnosis)) {
        let is_same = |known: &&mut &Requirement| {
            known.request.resource == requirement.request.resource
                && known.request.requested_region() == requirement.request.requested_region()
        };
        match resources.iter_mut().find(is_same) {
            Some(known) if is_refused(requirement) && !is_refused(known) => *known = requirement,
            Some(_) => {}
            None => resources.push(requirement),
        }
    }
    resources
}

/// Says through which profile a call reaches several Regions.
fn route(diagnosis: &Diagnosis, resources: &[&Requirement]) -> Option<String> {
    let requests = || resources.iter().map(|requirement| &requirement.request);
    let mut regions: Vec<&str> = requests().filter_map(|request| request.requested_region()).collect();
    regions.sort_unstable();
    regions.dedup();
    let is_profile = requests().any(|request| request.resource.contains("inference-profile/"));
    if regions.len() < 2 || !is_profile {
        return None;
    }
    let model = diagnosis.request.model.as_ref().map(ModelReference::to_string)?;
    let prefix = model.split_once('.').map(|(prefix, _)| prefix).filter(|prefix| prefix.len() <= 6);
    let profile = prefix.map_or_else(|| "the profile".to_owned(), |prefix| format!("the {prefix}. profile"));
    Some(format!("{profile} may route the call to {} Regions", regions.len()))
}

/// A row: a resource, and whether it is allowed.
struct Row {
    role: Role,
    sign: &'static str,
    text: String,
}

/// Returns the rows to show, where more than one resource counts.
fn rows(findings: &[&Finding], diagnosis: &Diagnosis, most: usize) -> Vec<Row> {
    let mut resources = resources(findings, diagnosis);
    let is_bad = |requirement: &&Requirement| is_refused(requirement);
    if resources.len() < 2 || !resources.iter().any(is_bad) {
        return Vec::new();
    }
    let all = resources.len();
    // What is refused has to be seen; what is allowed gives way.
    while resources.len() > most {
        match resources.iter().rposition(|resource| !is_bad(resource)) {
            Some(at) => drop(resources.remove(at)),
            None => resources.truncate(most),
        }
    }
    let left_out = all - resources.len();
    let mut before: Option<&str> = None;
    let mut rows: Vec<Row> = Vec::new();
    for requirement in &resources {
        let request = &requirement.request;
        let resource = label(&request.resource, before);
        before = Some(&request.resource);
        let (role, sign) = match requirement.decision {
            Decision::Allowed => (Role::Allowed, "✓"),
            Decision::Undetermined => (Role::Unknown, "?"),
            _ => (Role::Denied, "✗"),
        };
        let region = request.requested_region().unwrap_or("–");
        rows.push(Row { role, sign, text: format!("{region:<9}  {resource}") });
    }
    if left_out > 0 {
        rows.push(Row { role: Role::Hint, sign: "…", text: format!("and {left_out} more (-v)") });
    }
    rows
}

/// Names a resource in words: its kind and its name, or that it is the one before.
fn label(resource: &str, before: Option<&str>) -> String {
    let parsed: Option<Arn> = resource.parse().ok();
    let Some(arn) = parsed else {
        return if resource == "*" { "any resource (`*`)".to_owned() } else { resource.to_owned() };
    };
    if before.and_then(|before| before.parse::<Arn>().ok()).is_some_and(|before| before.resource == arn.resource) {
        return format!("same {}", kind(&arn));
    }
    match arn.service.as_str() {
        "s3" => format!("s3://{}", arn.resource),
        _ if arn.resource_id().is_empty() => arn.resource.clone(),
        _ => format!("{} {}", kind(&arn), arn.resource_id()),
    }
}

fn kind(arn: &Arn) -> String {
    match arn.resource_type() {
        "foundation-model" => "model".to_owned(),
        "inference-profile" => "profile".to_owned(),
        "application-inference-profile" => "application profile".to_owned(),
        kind => kind.replace('-', " "),
    }
}

/// Words the evidence that says more than who decided what.
fn pieces(findings: &[&Finding]) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut has_near = false;
    let mut add = |piece: String| {
        if !pieces.contains(&piece) {
            pieces.push(piece);
        }
    };
    for basis in findings.iter().flat_map(|finding| &finding.basis) {
        match basis {
            Basis::Evaluated { by: EvaluatedBy::Aws { .. }, .. } => add(sentence_of(&wording::basis(basis))),
            Basis::Evaluated { by, decision, statements, .. } => {
                let with_changes = matches!(
                    by,
                    EvaluatedBy::Simulator { with_changes: true } | EvaluatedBy::Policies { with_changes: true }
                );
                if with_changes {
                    add("It shows once the other changes are made.".to_owned());
                }
                let denying = statements.iter().filter(|_| *decision == Decision::ExplicitDeny);
                for statement in denying {
                    let place = statements::place(statement).map(|place| format!("{place} denies it"));
                    if let Some(text) = statements::conditions(statement).or(place) {
                        add(sentence_of(&text));
                    }
                }
            }
            // The nearest is enough.
            Basis::NearMiss { .. } if has_near => {}
            Basis::NearMiss { near, requirements } => {
                has_near = true;
                let more =
                    if *requirements > 1 { format!(", and likewise {} more", requirements - 1) } else { String::new() };
                add(format!("{}{more}.", statements::comes_close(near)));
            }
            // A deny that was found needs no more keys.
            Basis::MissingContext(_) if findings.iter().any(|finding| finding.is_explicit_deny()) => {}
            Basis::Trust(trust) if trust.trusts.is_empty() => add("It trusts no service.".to_owned()),
            Basis::Trust(trust) => add(format!("It trusts {}.", wording::listed(&trust.trusts))),
            other => add(sentence_of(&wording::basis(other))),
        }
    }
    pieces
}

/// Makes a fragment a sentence: a capital at its head, a full stop at its end.
pub(super) fn sentence_of(fragment: &str) -> String {
    let is_name = fragment
        .split(' ')
        .next()
        .is_some_and(|word| word.contains('`') || word.trim_end_matches([':', '.', ',']).contains([':', '.']));
    let mut chars = fragment.chars();
    let head = chars.next().map(|first| if is_name { first.to_string() } else { first.to_uppercase().to_string() });
    let end = if fragment.ends_with(['.', '!', '?', ':']) { "" } else { "." };
    format!("{}{}{end}", head.unwrap_or_default(), chars.as_str())
}

/// Says what is not the problem, where that was seen.
fn fine(diagnosis: &Diagnosis) -> Option<String> {
    let is_family = |family: Family| diagnosis.findings.iter().any(|finding| finding.cause.family() == family);
    if is_family(Family::IamPermission) && !is_family(Family::ModelAccess) {
        let is_open = |gate: &GateName| diagnosis.gate(*gate).is_some_and(|gate| gate.state == GateState::Open);
        let names = [GateName::Agreement, GateName::Authorization, GateName::Entitlement];
        let all_open = diagnosis.gates.iter().all(|gate| gate.state == GateState::Open);
        return (all_open && names.iter().all(is_open))
            .then(|| "Model access looks fine (agreement, authorization, entitlement).".to_owned());
    }
    let is_iam = is_family(Family::IamPermission)
        || diagnosis.findings.iter().any(|finding| finding.cause == Cause::MarketplacePermission);
    let count = diagnosis.requirements.len();
    let simulated = |requirement: &Requirement| {
        requirement.decision == Decision::Allowed
            && matches!(requirement.judged_by, JudgedBy::Simulator | JudgedBy::Both)
    };
    (!is_iam && is_family(Family::ModelAccess) && count > 0 && diagnosis.requirements.iter().all(simulated)).then(
        || {
            let all = if count == 1 { "what the call needs".to_owned() } else { format!("all {count} resources") };
            format!("IAM looks fine: the simulator allows {all}.")
        },
    )
}
