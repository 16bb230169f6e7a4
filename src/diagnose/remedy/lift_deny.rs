//! Remedies for explicit denies: which statement of which policy goes, or what it lets through, and the document that
//! is left.

use super::{attached_to, command, meet_condition};
use crate::diagnose::case::Case;
use crate::diagnose::change::{Change, ChangeKind, Left, Remedy, Statements, Step};
use crate::diagnose::evaluate::{Lift, Lifted, Requirements, lift_unsimulated};
use crate::diagnose::rules::recorded_authorization;
use crate::diagnose::statement::DecidedBy;
use crate::evidence::{Call, Evidence, Outcome};
use crate::iam::{PolicyType, RequestContext};
use crate::policy::ManagedPolicy;
use std::collections::BTreeSet;

/// A policy with the statements of it that deny.
struct Denying<'l> {
    policy: &'l str,
    first: &'l DecidedBy,
    statements: Vec<&'l DecidedBy>,
}

/// Lifts every statement that denies in policies of a type.
pub(super) fn lift(case: &Case<'_>, requirements: &Requirements, policy_type: PolicyType) -> Remedy {
    let record = recorded_authorization::of_test_call(case).map(|record| record.deniers()).unwrap_or_default();
    let mut statements = requirements.deniers(policy_type);
    if statements.is_empty() {
        // AWS's own evaluation calls inline policies by other names: it counts where nothing else names any.
        statements.extend(record.iter().filter(|statement| statement.policy_type == policy_type));
    }
    let possible = if statements.is_empty() { requirements.possible_deniers(case, policy_type) } else { Vec::new() };
    statements.extend(&possible);
    let mut remedy = Remedy::default();
    let (statements, is_conditional) =
        meet_condition::of_denies(&mut remedy, case, requirements, policy_type, statements);
    let mut denying: Vec<Denying<'_>> = Vec::new();
    for statement in statements {
        let Some(policy) = statement.policy.as_deref() else { continue };
        let known = denying.iter_mut().find(|known| known.policy == policy && known.first.holder == statement.holder);
        match known {
            Some(known) if known.statements.iter().any(|other| other.place() == statement.place()) => {}
            Some(known) => known.statements.push(statement),
            None => denying.push(Denying { policy, first: statement, statements: vec![statement] }),
        }
    }
    for policy in &denying {
        policy.lift(case, requirements, policy_type, &mut remedy);
    }
    if denying.is_empty() && !is_conditional {
        unnamed(case, requirements, policy_type, &mut remedy);
    }
    remedy.steps.push(Step::ExplicitDenyWins);
    remedy.commands.push(command::check_again(case.evidence));
    remedy.console = remedy.console.or_else(|| requirements.principal.as_ref().and_then(command::console));
    remedy
}

/// A denying policy of which nothing is known but its type, or what a live answer names.
fn unnamed(case: &Case<'_>, requirements: &Requirements, policy_type: PolicyType, remedy: &mut Remedy) {
    let boundary = requirements.boundary.clone().filter(|_| policy_type == PolicyType::PermissionsBoundary);
    let policy = case.told_policy(policy_type).map(str::to_owned).or(boundary);
    if policy.is_none() && policy_type == PolicyType::IdentityPolicy && refuses_the_session(case.evidence) {
        remedy.steps.extend([Step::NewSessionFirst, Step::FindDenying(policy_type)]);
        remedy.changes.push(Change {
            attached_to: requirements.principal.as_ref().map(command::named),
            ..Change::of_policy(ChangeKind::NewSession, policy_type)
        });
        return;
    }
    let quarantine = policy.as_deref().and_then(|arn| arn.rsplit('/').next()).filter(|name| is_quarantine(name));
    match (quarantine, &policy) {
        (Some(name), _) => of_quarantine(name, requirements, remedy),
        (None, Some(policy)) => remedy.steps.push(Step::NarrowNamed { policy_type, policy: policy.clone() }),
        (None, None) => remedy.steps.push(Step::FindDenying(policy_type)),
    }
    remedy.changes.push(Change {
        policy,
        attached_to: requirements.principal.as_ref().map(command::named),
        ..Change::of_policy(ChangeKind::RemoveStatement { left: Left::Unknown }, policy_type)
    });
}

/// Returns `true` if IAM and Bedrock refused a session of a role whatever it asked, each time with an explicit deny of an
/// identity-based policy: so they do where the role's sessions were revoked (IAM User Guide, "Revoke IAM role temporary security
/// credentials"), and no policy can be read to see whether they were.
fn refuses_the_session(evidence: &Evidence) -> bool {
    let is_session =
        evidence.caller.seen().is_some_and(|caller| caller.principal.arn.resource_type() == "assumed-role");
    let mut asked = evidence
        .calls
        .iter()
        .filter(|call| !call.api.starts_with("sts:") && matches!(call.outcome, Outcome::Seen | Outcome::Refused));
    let is_denied = |call: &Call| {
        let message = call.error.as_ref().and_then(|error| error.message.as_deref());
        message.is_some_and(|text| text.contains("explicit deny in an identity-based policy"))
    };
    let services: BTreeSet<&str> =
        evidence.calls.iter().filter(|call| is_denied(call)).filter_map(|call| call.api.split(':').next()).collect();
    is_session && evidence.is_about_the_caller() && services.len() > 1 && asked.all(is_denied)
}

fn is_quarantine(name: &str) -> bool {
    name.starts_with("AWSCompromisedKeyQuarantine")
}

/// AWS attaches these by itself, and expects the key to be dealt with first (IAM User Guide, "AWS managed policies").
fn of_quarantine(name: &str, requirements: &Requirements, remedy: &mut Remedy) {
    let user =
        requirements.principal.as_ref().map(|principal| principal.resource_id().rsplit('/').next().unwrap_or_default());
    remedy.steps.extend([
        Step::DeactivateKey(name.to_owned()),
        Step::ReviewKeyUse,
        Step::DetachQuarantine(name.to_owned()),
    ]);
    if let Some(user) = user {
        remedy.commands.extend(command::replace_keys(user));
    }
}

impl Denying<'_> {
    fn lift(&self, case: &Case<'_>, requirements: &Requirements, policy_type: PolicyType, remedy: &mut Remedy) {
        let evidence = case.evidence;
        let indices: Vec<usize> = self.statements.iter().filter_map(|statement| statement.statement).collect();
        let attached = requirements.attached(case);
        // Nobody can change what AWS manages, and it was attached on purpose.
        let is_guard = attached.is_some_and(|attached| attached.is_guard(self.first, &indices));
        if is_guard && self.first.is_aws_managed() && !self.first.is_quarantine() {
            return remedy.steps.push(Step::OwnerOfGuardDecides(self.which()));
        }
        let refused: Vec<&RequestContext> = self.denied(requirements, policy_type);
        let lift = attached
            .filter(|_| !self.first.is_aws_managed())
            .and_then(|attached| attached.lift(self.first, &indices, &refused));
        let principal = requirements.principal.as_ref().map(ToString::to_string);
        let lift =
            lift.or_else(|| lift_unsimulated(case, policy_type, self.first, &indices, &refused, principal.as_deref()));
        let lifted = match lift {
            Some(Lift::Guard) => return remedy.steps.push(Step::OwnerOfGuardDecides(self.which())),
            Some(Lift::Known(lifted)) => Some(lifted),
            None => None,
        };
        let attached_to = attached_to(self.first, requirements, policy_type);
        let identity = attached_to.as_deref().filter(|_| policy_type == PolicyType::IdentityPolicy);
        let holder = identity.and_then(|holder| holder.split_once('/'));
        let (step, line) = match &lifted {
            _ if self.first.is_aws_managed() => (
                Step::DetachManaged(self.name().to_owned()),
                self.arn(evidence).and_then(|arn| command::detach(holder?, &arn)),
            ),
            None => (Step::NarrowByHand(self.which()), None),
            Some(Lifted { document: None, .. }) => {
                (Step::TakeAway(self.which()), command::take_away(holder, self.policy))
            }
            Some(Lifted { exempted: Some((key, values)), .. }) => {
                let (statements, key, values) = (self.which(), key.clone(), values.clone());
                let step = Step::LetThrough { statements, key, values };
                (step, command::replace(holder, self.policy))
            }
            Some(_) => (Step::Narrow(self.which()), command::replace(holder, self.policy)),
        };
        if self.first.is_quarantine() {
            // Without `line`: a quarantine is taken away after the key was dealt with, not by what is pasted at once.
            of_quarantine(self.name(), requirements, remedy);
        } else {
            let is_guard = matches!(step, Step::LetThrough { .. });
            // Nobody denies by accident.
            remedy.steps.extend((!is_guard).then(|| Step::AskWhyDenied(self.which())));
            remedy.steps.push(step);
            remedy.steps.extend(is_guard.then(|| Step::OrOwnerOfGuardDecides(self.which())));
            remedy.commands.extend(line);
        }
        if let Some(arn) = self.arn(evidence).filter(|_| !self.first.is_aws_managed()) {
            remedy.console = remedy.console.take().or_else(|| command::console_of_policy(&arn));
        }
        let kind = match lifted {
            Some(Lifted { exempted: Some((key, values)), document: Some(document) }) => {
                ChangeKind::Exempt { key, values, document }
            }
            Some(Lifted { document: Some(document), .. }) => {
                ChangeKind::RemoveStatement { left: Left::Document(document) }
            }
            Some(Lifted { document: None, .. }) => ChangeKind::RemoveStatement { left: Left::Nothing },
            None => ChangeKind::RemoveStatement { left: Left::Unknown },
        };
        remedy.changes.push(Change {
            policy: Some(self.policy.to_owned()),
            attached_to,
            statements: self.statements.iter().map(|statement| (*statement).clone()).collect(),
            ..Change::of_policy(kind, policy_type)
        });
    }

    /// Returns the requests that these statements deny: those of which nothing says which statement does count as theirs.
    fn denied<'r>(&self, requirements: &'r Requirements, policy_type: PolicyType) -> Vec<&'r RequestContext> {
        let is_own = |statement: &DecidedBy| {
            statement.policy.as_deref() == Some(self.policy)
                && self.statements.iter().any(|own| own.place() == statement.place())
        };
        let denied = requirements.denied_by(policy_type);
        let own: Vec<&RequestContext> = denied
            .filter(|request| {
                let mut refusals = requirements.refusals().filter(|(known, _)| known.request == **request);
                refusals.any(|(known, _)| known.decided_by.iter().any(is_own))
            })
            .collect();
        if own.is_empty() { requirements.denied_by(policy_type).collect() } else { own }
    }

    fn name(&self) -> &str {
        self.first.policy_name().unwrap_or(self.policy)
    }

    /// Names the statements, by `Sid` where they have one.
    fn which(&self) -> Statements {
        let sids: Option<Vec<String>> = self.statements.iter().map(|statement| statement.sid.clone()).collect();
        Statements { policy: self.name().to_owned(), sids: sids.unwrap_or_default() }
    }

    /// Returns the ARN of a managed policy.
    fn arn(&self, evidence: &Evidence) -> Option<String> {
        if self.policy.starts_with("arn:") {
            return Some(self.policy.to_owned());
        }
        let partition = evidence.request.region.partition().as_str();
        let carried = ManagedPolicy::find(self.policy).filter(|_| self.first.is_aws_managed())?;
        Some(carried.arn.replacen("arn:aws:", &format!("arn:{partition}:"), 1))
    }
}
