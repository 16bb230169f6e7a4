//! Remedies for explicit denies: which statement of which policy goes, or what it lets through, and the document that
//! is left.

use super::super::finding::{Change, ChangeKind, Remedy, StatementId};
use super::super::reading::{Lifted, Reading};
use super::super::requirements::Requirements;
use super::super::statement::DecidedBy;
use super::{command, told_policy};
use crate::evidence::Evidence;
use crate::iam::PolicyType;
use crate::policy::ManagedPolicy;

/// A policy with the statements of it that deny.
struct Denying<'l> {
    policy: &'l str,
    first: &'l DecidedBy,
    statements: Vec<&'l DecidedBy>,
}

/// Lifts every statement that denies in policies of a type.
pub(super) fn lift(evidence: &Evidence, requirements: &Requirements, policy_type: PolicyType) -> Remedy {
    let mut denying: Vec<Denying<'_>> = Vec::new();
    for statement in requirements.deniers(policy_type) {
        let Some(policy) = statement.policy.as_deref() else { continue };
        let known = denying.iter_mut().find(|known| known.policy == policy && known.first.holder == statement.holder);
        match known {
            Some(known) if known.statements.iter().any(|other| other.place() == statement.place()) => {}
            Some(known) => known.statements.push(statement),
            None => denying.push(Denying { policy, first: statement, statements: vec![statement] }),
        }
    }
    let reading = requirements.policies_read.as_ref().and_then(|_| Reading::of(evidence));
    let mut remedy = Remedy::default();
    for policy in &denying {
        policy.lift(evidence, requirements, reading.as_ref(), policy_type, &mut remedy);
    }
    if denying.is_empty() {
        unnamed(evidence, requirements, policy_type, &mut remedy);
    }
    remedy.steps.push("an explicit deny wins over every allow: adding a permission does not help".to_owned());
    remedy.commands.push(command::check_again(evidence));
    remedy.console = remedy.console.or_else(|| requirements.principal.as_ref().and_then(command::console));
    remedy
}

/// A denying policy that nothing but its type is known of, or what a live answer names.
fn unnamed(evidence: &Evidence, requirements: &Requirements, policy_type: PolicyType, remedy: &mut Remedy) {
    let boundary = requirements.boundary.clone().filter(|_| policy_type == PolicyType::PermissionsBoundary);
    let policy = told_policy(evidence).or(boundary);
    let quarantine = policy.as_deref().and_then(|arn| arn.rsplit('/').next()).filter(|name| is_quarantine(name));
    match (quarantine, &policy) {
        (Some(name), _) => of_quarantine(name, requirements, remedy),
        (None, Some(policy)) => {
            remedy.steps.push(format!("remove or narrow the denying statement in the {policy_type} `{policy}`"));
        }
        (None, None) => {
            remedy.steps.push(format!("find the {policy_type} with the denying statement, and remove or narrow it"));
        }
    }
    remedy.changes.push(Change {
        policy_type: Some(policy_type),
        policy,
        attached_to: requirements.principal.as_ref().map(command::named),
        ..Change::new(ChangeKind::RemoveStatement)
    });
}

fn is_quarantine(name: &str) -> bool {
    name.starts_with("AWSCompromisedKeyQuarantine")
}

/// AWS attaches these by itself, and expects the key to be dealt with first (IAM User Guide, "AWS managed policies").
fn of_quarantine(name: &str, requirements: &Requirements, remedy: &mut Remedy) {
    let user =
        requirements.principal.as_ref().map(|principal| principal.resource_id().rsplit('/').next().unwrap_or_default());
    remedy.steps.extend([
        format!(
            "AWS attached `{name}` because an access key was found in public: deactivate that key and make another"
        ),
        "look through what the key did, in CloudTrail and on the bill, and follow the case that AWS Support opened"
            .to_owned(),
        format!("detach `{name}` only then: it protects the account for as long as the key is known to others"),
    ]);
    if let Some(user) = user {
        remedy.commands.extend(command::replace_keys(user));
    }
}

impl Denying<'_> {
    fn lift(
        &self,
        evidence: &Evidence,
        requirements: &Requirements,
        reading: Option<&Reading<'_>>,
        policy_type: PolicyType,
        remedy: &mut Remedy,
    ) {
        let indices: Vec<usize> = self.statements.iter().filter_map(|statement| statement.statement).collect();
        let lifted = reading.filter(|_| !self.first.is_aws_managed()).and_then(|reading| {
            let refused: Vec<_> = requirements.denied_by(policy_type).collect();
            reading.lift(self.first, &indices, &refused)
        });
        let attached_to = self.attached_to(requirements, policy_type);
        let holder = attached_to.as_deref().and_then(|holder| holder.split_once('/'));
        let (step, line) = match &lifted {
            _ if self.first.is_aws_managed() => {
                (self.detach(), self.arn(evidence).and_then(|arn| command::detach(holder?, &arn)))
            }
            None => (self.by_hand(), None),
            Some(Lifted { document: None, .. }) => (
                format!("{}: nothing else is in it, so take the policy away", self.by_hand()),
                command::take_away(holder, self.policy),
            ),
            Some(Lifted { exempted: Some((key, value)), .. }) => (
                format!(
                    "in the policy `{}`, let `{value}` through {}: add it to what the condition on `{key}` names",
                    self.name(),
                    self.which()
                ),
                command::replace(holder, self.policy),
            ),
            Some(_) => (
                format!("in the policy `{}`, remove or narrow {}", self.name(), self.which()),
                command::replace(holder, self.policy),
            ),
        };
        if self.first.is_quarantine() {
            of_quarantine(self.name(), requirements, remedy);
        } else {
            remedy.steps.push(step);
        }
        remedy.commands.extend(line);
        if let Some(arn) = self.arn(evidence).filter(|_| !self.first.is_aws_managed()) {
            remedy.console = remedy.console.take().or_else(|| command::console_of_policy(&arn));
        }
        let exempted = lifted.as_ref().and_then(|lifted| lifted.exempted.as_ref());
        let kind = if exempted.is_some() { ChangeKind::Exempt } else { ChangeKind::RemoveStatement };
        remedy.changes.push(Change {
            policy_type: Some(policy_type),
            policy: Some(self.policy.to_owned()),
            // A boundary is nobody's to detach, and the principal's all the same.
            attached_to: match policy_type {
                PolicyType::IdentityPolicy => attached_to,
                _ => requirements.principal.as_ref().map(command::named),
            },
            statements: self.statements.iter().map(|statement| StatementId::of(statement)).collect(),
            value: exempted.map(|(key, value)| format!("{key}={value}")),
            document: lifted.and_then(|lifted| lifted.document),
            ..Change::new(kind)
        });
    }

    fn name(&self) -> &str {
        self.first.policy_name().unwrap_or(self.policy)
    }

    /// Names the statements, by `Sid` where they have one.
    fn which(&self) -> String {
        let sids: Option<Vec<String>> =
            self.statements.iter().map(|statement| statement.sid.as_ref().map(|sid| format!("`{sid}`"))).collect();
        match sids.as_deref() {
            Some([only]) => format!("the statement {only}"),
            Some(many) => format!("the statements {}", many.join(", ")),
            None => "the denying statement".to_owned(),
        }
    }

    fn by_hand(&self) -> String {
        format!("remove or narrow {} in the policy `{}`", self.which(), self.name())
    }

    fn detach(&self) -> String {
        format!("detach the AWS managed policy `{}`, whose statements nobody can change", self.name())
    }

    /// Returns what the policy is attached to, as `role/NAME`, `user/NAME` or `group/NAME`.
    fn attached_to(&self, requirements: &Requirements, policy_type: PolicyType) -> Option<String> {
        if policy_type != PolicyType::IdentityPolicy {
            return None;
        }
        let own = requirements.principal.as_ref().map(command::named);
        match (&self.first.holder, &self.first.source) {
            (Some(holder), _) => {
                let own_name = own.as_deref().and_then(|own| own.split_once('/')).map(|(_, name)| name);
                // Whatever is not the principal itself is a group of it.
                if own_name == Some(holder) { own } else { Some(format!("group/{holder}")) }
            }
            (None, Some(source)) if source == "group" => None,
            (None, _) => own,
        }
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
