//! A simulated call: every authorization that it needs, with the statement that decides it.

use super::styled::{Role, Styled};
use crate::escape::escape_json;
use crate::iam::{ContextValue, Decision, RequestContext};
use crate::policy::{Evaluation, Miss, NearMiss, NotPrincipalReason, Note, StatementRef};
use crate::request::Request;
use serde::Serialize;

/// What the policies say of one call.
#[derive(Debug, Serialize)]
pub struct Simulation {
    schema: &'static str,
    /// The model, as it was named.
    model: String,
    operation: String,
    region: String,
    decision: Decision,
    #[serde(rename = "legs")]
    requirements: Vec<Requirement>,
    unlisted: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Requirement {
    action: String,
    resource: String,
    requested_region: Option<String>,
    #[serde(flatten)]
    evaluation: Evaluation,
}

impl Simulation {
    /// Puts the evaluated authorizations of a call together; `unlisted` says why there may be more.
    #[must_use]
    pub fn new(request: &Request, requirements: Vec<(RequestContext, Evaluation)>, unlisted: Vec<String>) -> Self {
        let decision = overall(&requirements, &unlisted);
        let requirements = requirements.into_iter().map(|(request, evaluation)| Requirement {
            requested_region: request.requested_region().map(str::to_owned),
            action: request.action,
            resource: request.resource,
            evaluation,
        });
        Self {
            schema: "bedrock-access/simulation/1",
            model: request.target().unwrap_or_default(),
            operation: request.operation.to_string(),
            region: request.region.as_str().to_owned(),
            decision,
            requirements: requirements.collect(),
            unlisted,
        }
    }

    /// Returns what the call comes to: a denied authorization denies it, and it is allowed when all are.
    #[must_use]
    pub fn decision(&self) -> Decision {
        self.decision
    }

    /// Renders one JSON object and a line's end.
    #[must_use]
    pub fn json(&self) -> String {
        // No key of these types is anything but a string, so that this cannot fail.
        escape_json(serde_json::to_string_pretty(self).map(|text| text + "\n").unwrap_or_default())
    }

    /// Renders a page for people.
    #[must_use]
    pub fn text(&self) -> Styled {
        let mut page = Styled::default();
        page.row(Role::Heading, format!("{} of {} in {}", self.operation, self.model, self.region));
        for requirement in &self.requirements {
            page.end_line();
            requirement.write(&mut page);
        }
        page.end_line();
        self.write_verdict(&mut page);
        page
    }

    fn write_verdict(&self, page: &mut Styled) {
        let denied = self.requirements.iter().filter(|requirement| requirement.evaluation.decision.is_denied()).count();
        let all = self.requirements.len();
        match self.decision {
            Decision::Allowed => {
                let what =
                    if all == 1 { "the one authorization".to_owned() } else { format!("all {all} authorizations") };
                page.row(Role::Allowed, format!("allowed: these policies allow {what} of the call"));
            }
            Decision::Undetermined => page.row(Role::Unknown, "undetermined: what is known does not settle the call"),
            _ => page
                .row(Role::Denied, format!("denied: {denied} of {all} authorizations refused, and the call needs all")),
        }
        for reason in &self.unlisted {
            page.row(Role::Hint, format!("not listed: {reason}; name them with `--destination-region`"));
        }
    }
}

fn overall(requirements: &[(RequestContext, Evaluation)], unlisted: &[String]) -> Decision {
    let any = |decision: Decision| requirements.iter().any(|(_, evaluation)| evaluation.decision == decision);
    if any(Decision::ExplicitDeny) {
        Decision::ExplicitDeny
    } else if any(Decision::ImplicitDeny) {
        Decision::ImplicitDeny
    } else if any(Decision::Undetermined) || !unlisted.is_empty() || requirements.is_empty() {
        Decision::Undetermined
    } else {
        Decision::Allowed
    }
}

impl Requirement {
    fn write(&self, page: &mut Styled) {
        let role = match self.evaluation.decision {
            Decision::Allowed => Role::Allowed,
            Decision::Undetermined => Role::Unknown,
            _ => Role::Denied,
        };
        let word = match self.evaluation.decision {
            Decision::Allowed => "allowed",
            Decision::ExplicitDeny => "explicit deny",
            Decision::ImplicitDeny => "implicit deny",
            Decision::Undetermined => "undetermined",
        };
        page.push(role, format!("{word:<14}"));
        let region = self.requested_region.as_deref().unwrap_or("-");
        page.row(Role::Plain, format!("{}  {region}", self.action));
        page.row(Role::Plain, format!("              {}", self.resource));
        let by = match self.evaluation.decision {
            Decision::Undetermined => "depends on",
            _ => "by",
        };
        for statement in &self.evaluation.decided_by {
            page.row(Role::Hint, format!("              {by} {}", place(statement)));
        }
        if let (Decision::ImplicitDeny, Some(policy_type)) = (self.evaluation.decision, self.evaluation.policy_type) {
            page.row(Role::Hint, format!("              no {policy_type} allows it"));
        }
        for key in &self.evaluation.unknown_keys {
            page.row(
                Role::Hint,
                format!("              unknown: `{key}` (`--context {key}=VALUE` or `--absent {key}`)"),
            );
        }
        for note in &self.evaluation.notes {
            page.row(Role::Hint, format!("              {}", note_wording(note)));
        }
        for near_miss in &self.evaluation.near_misses {
            write_near_miss(page, near_miss);
        }
    }
}

/// Names a statement: type, file with line and column, place in the policy, `Sid`.
fn place(statement: &StatementRef) -> String {
    let StatementRef { policy_type, policy, statement, sid, line, column, .. } = statement;
    let policy = policy.as_deref().unwrap_or("policy");
    let sid = sid.as_deref().map_or_else(String::new, |sid| format!(" `{sid}`"));
    format!("{policy_type} {policy}:{line}:{column}, statement {statement}{sid}")
}

fn write_near_miss(page: &mut Styled, near_miss: &NearMiss) {
    page.row(Role::Hint, format!("              near: {}", place(&near_miss.statement)));
    for miss in &near_miss.misses {
        page.row(Role::Hint, format!("                {}", wording(miss)));
    }
}

fn note_wording(note: &Note) -> String {
    match note {
        Note::ResourceControlPoliciesDoNotApply { service, list_of } => format!(
            "resource control policies do not apply to `{service}` (services that support them, as of {list_of})"
        ),
        Note::RootUser => "the root user needs no identity-based policy".to_owned(),
        Note::NotPrincipal { reason } => match reason {
            NotPrincipalReason::PermissionsBoundary => {
                "a deny with `NotPrincipal` always denies a principal that has a permissions boundary"
            }
            NotPrincipalReason::AccountNotListed => {
                "`NotPrincipal` lists the principal without its account, so the deny matches"
            }
            NotPrincipalReason::SessionNotListed => {
                "`NotPrincipal` lists the role without the session: whether the deny matches depends on the service"
            }
        }
        .to_owned(),
    }
}

fn wording(miss: &Miss) -> String {
    let list = |values: &[String]| values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ");
    match miss {
        Miss::Action { asked, patterns } => format!("the action is `{asked}`, and it has {}", list(patterns)),
        Miss::Resource { pattern, part: Some(part), expected: Some(expected), actual: Some(actual), .. } => {
            let shown = |text: &str| if text.is_empty() { "none".to_owned() } else { format!("`{text}`") };
            let part = match part.as_str() {
                "region" => "the Region of the resource".to_owned(),
                "resource" => "the resource".to_owned(),
                other => format!("the {other} of the resource"),
            };
            format!("{part} is {}, and `{pattern}` has {}", shown(actual), shown(expected))
        }
        Miss::Resource { pattern, .. } => format!("the resource does not match `{pattern}`"),
        Miss::Principal { asked } => format!("its principals do not include `{asked}`"),
        Miss::Condition { operator, key, expected, actual, unknown } => {
            let actual = match actual {
                Some(ContextValue::Single(value)) => format!("is `{value}`"),
                Some(ContextValue::Multiple(values)) => format!("is [{}]", list(values)),
                None if *unknown => "is not known".to_owned(),
                None => "is absent".to_owned(),
            };
            format!("{operator} {key} expects {}, and the key {actual}", list(expected))
        }
    }
}
