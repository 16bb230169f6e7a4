//! The decision: what all policies together say about one request.
//!
//! Follows the IAM User Guide, "Policy evaluation for requests within a single account" and "Cross-account policy
//! evaluation logic", and the AWS Organizations User Guide, "SCP evaluation" and "RCP evaluation". Every step is taken in
//! three-valued logic, so that an unknown key leaves undetermined exactly what depends on it. Never reads JSON.

use super::note::{NotPrincipalReason, Note};
use super::principal::{Grant, Spared};
use super::query::{Known, Query, RequestPrincipalKind};
use super::statement::{Effect, Statement};
use super::three_valued::Ternary;
use super::{Evaluation, Policies, Policy, StatementRef, resource_control};
use crate::iam::{Decision, PolicyType};
use std::collections::HashSet;

/// The key that says which account manages the organization.
const MANAGEMENT_ACCOUNT: &str = "aws:PrincipalOrgMasterAccountId";

/// A statement that matches the request, or may.
struct StatementMatch<'p> {
    policy_type: PolicyType,
    /// The policy's place among those of its type.
    index: usize,
    policy: &'p Policy,
    statement: &'p Statement,
    matches: Ternary,
}

/// Whether the policies of one type deny, and whether they allow.
#[derive(Clone, Copy)]
struct PolicyEffect {
    deny: Ternary,
    allow: Ternary,
}

impl PolicyEffect {
    /// The effect of a policy type that is absent, and so does not restrict.
    const UNRESTRICTED: Self = Self { deny: Ternary::No, allow: Ternary::Yes };
}

/// Whether the resource's policies allow the caller, by how directly they name it.
#[derive(Clone, Copy)]
struct Allows {
    account: Ternary,
    owner: Ternary,
    everyone: Ternary,
    itself: Ternary,
}

impl Allows {
    const NONE: Self = Self { account: Ternary::No, owner: Ternary::No, everyone: Ternary::No, itself: Ternary::No };

    fn any(self) -> Ternary {
        self.account | self.owner | self.everyone | self.itself
    }

    fn add(&mut self, grant: Grant, matches: Ternary) {
        let allow = match grant {
            Grant::Account => &mut self.account,
            Grant::Owner => &mut self.owner,
            Grant::Everyone => &mut self.everyone,
            Grant::Itself => &mut self.itself,
        };
        *allow = *allow | matches;
    }
}

struct Evaluator<'a, 'q, 'p> {
    query: &'a Query<'q>,
    matches: Vec<StatementMatch<'p>>,
}

impl<'p> Evaluator<'_, '_, 'p> {
    /// Evaluates policies of which any one may allow. `first` is the place of the first among those of its type.
    fn effect(&mut self, policy_type: PolicyType, first: usize, policies: &'p [Policy]) -> PolicyEffect {
        let mut effect = PolicyEffect { deny: Ternary::No, allow: Ternary::No };
        for (index, policy) in (first..).zip(policies) {
            for statement in policy.document.statements_about(self.query) {
                let Some((_, matches)) = statement.matches_caller(self.query) else { continue };
                match statement.effect {
                    Effect::Allow => effect.allow = effect.allow | matches,
                    Effect::Deny => effect.deny = effect.deny | matches,
                }
                self.matches.push(StatementMatch { policy_type, index, policy, statement, matches });
            }
        }
        effect
    }

    fn effect_if_any(&mut self, policy_type: PolicyType, policies: &'p [Policy]) -> PolicyEffect {
        if policies.is_empty() { PolicyEffect::UNRESTRICTED } else { self.effect(policy_type, 0, policies) }
    }

    /// Evaluates levels of which every one has to allow.
    ///
    /// Where the policies do not apply to the request (`exempt`), they neither deny nor restrict.
    fn effect_of_levels(
        &mut self,
        policy_type: PolicyType,
        levels: &'p [Vec<Policy>],
        exempt: Ternary,
    ) -> PolicyEffect {
        let mut all = PolicyEffect::UNRESTRICTED;
        if exempt == Ternary::Yes {
            return all;
        }
        let (before, mut first) = (self.matches.len(), 0);
        for level in levels {
            let effect = self.effect(policy_type, first, level);
            first += level.len();
            all = PolicyEffect { deny: all.deny | effect.deny, allow: all.allow & effect.allow };
        }
        if exempt == Ternary::Maybe {
            for found in self.matches.iter_mut().skip(before) {
                found.matches = Ternary::Maybe;
            }
        }
        PolicyEffect { deny: all.deny & !exempt, allow: all.allow | exempt }
    }

    /// Evaluates the policies of the resource: whether they deny, and how directly they allow the caller.
    fn allows(&mut self, policies: &'p [Policy]) -> (Ternary, Allows) {
        let (mut deny, mut allows) = (Ternary::No, Allows::NONE);
        for (index, policy) in policies.iter().enumerate() {
            for statement in policy.document.statements_about(self.query) {
                // A resource's policy has to name whom it allows; without that it can only deny.
                if statement.principals.is_none() && statement.effect == Effect::Allow {
                    continue;
                }
                let Some((grant, matches)) = statement.matches_caller(self.query) else { continue };
                match statement.effect {
                    Effect::Deny => deny = deny | matches,
                    Effect::Allow => allows.add(grant, matches),
                }
                let policy_type = PolicyType::ResourcePolicy;
                self.matches.push(StatementMatch { policy_type, index, policy, statement, matches });
            }
        }
        (deny, allows)
    }

    /// Returns whether an account is the organization's management account, which its SCPs and RCPs do not restrict.
    fn is_management(&self, account: &str) -> Ternary {
        match self.query.key(MANAGEMENT_ACCOUNT) {
            Known::Absent => Ternary::No,
            Known::Unknown => Ternary::Maybe,
            Known::Value(id) => (!account.is_empty() && id.as_single() == Some(account)).into(),
        }
    }

    /// Returns whether the organization's SCPs leave the request alone.
    fn is_exempt_from_scps(&self) -> Ternary {
        let caller = &self.query.caller;
        Ternary::from(caller.is_service_linked_role()) | self.is_management(caller.account)
    }

    /// Returns whether the organization's RCPs leave the request alone.
    fn is_exempt_from_rcps(&self) -> Ternary {
        let exempt = self.query.caller.is_service_linked_role() || !resource_control::applies_to(self.query);
        Ternary::from(exempt) | self.is_management(self.query.resource_account())
    }
}

/// Decides a request.
pub(super) fn decide(query: &Query<'_>, policies: &Policies) -> Evaluation {
    let mut evaluator = Evaluator { query, matches: Vec::new() };
    let rcp_exempt = if policies.resource_control.is_empty() { Ternary::Yes } else { evaluator.is_exempt_from_rcps() };
    let scp_exempt = if policies.service_control.is_empty() { Ternary::Yes } else { evaluator.is_exempt_from_scps() };
    let rcp = evaluator.effect_of_levels(PolicyType::ResourceControlPolicy, &policies.resource_control, rcp_exempt);
    let scp = evaluator.effect_of_levels(PolicyType::ServiceControlPolicy, &policies.service_control, scp_exempt);
    let endpoint = evaluator.effect_if_any(PolicyType::VpcEndpointPolicy, policies.vpc_endpoint.as_slice());
    let boundary = evaluator.effect_if_any(PolicyType::PermissionsBoundary, policies.permissions_boundary.as_slice());
    let session = evaluator.effect_if_any(PolicyType::SessionPolicy, policies.session.as_deref().unwrap_or_default());
    let identity = evaluator.effect(PolicyType::IdentityPolicy, 0, &policies.identity);
    let (resource_deny, allows) = evaluator.allows(policies.resource.as_deref().unwrap_or_default());

    let explicit = [
        (PolicyType::ResourceControlPolicy, rcp.deny),
        (PolicyType::ServiceControlPolicy, scp.deny),
        (PolicyType::VpcEndpointPolicy, endpoint.deny),
        (PolicyType::PermissionsBoundary, boundary.deny),
        (PolicyType::SessionPolicy, session.deny),
        (PolicyType::IdentityPolicy, identity.deny),
        (PolicyType::ResourcePolicy, resource_deny),
    ];
    if let Some(policy_type) = first_certain(&explicit) {
        return evaluator.denied(Decision::ExplicitDeny, policy_type, policies);
    }

    let bounded = BoundedDecision::new(query, boundary.allow, session.allow, identity.allow, allows);
    let implicit = [
        (PolicyType::ResourceControlPolicy, !rcp.allow),
        (PolicyType::ServiceControlPolicy, !scp.allow),
        (PolicyType::VpcEndpointPolicy, !endpoint.allow),
        (PolicyType::PermissionsBoundary, bounded.boundary_denies),
        (PolicyType::SessionPolicy, bounded.session_denies),
        (PolicyType::IdentityPolicy, bounded.identity_denies),
        (PolicyType::ResourcePolicy, bounded.resource_denies),
    ];
    if let Some(policy_type) = first_certain(&implicit) {
        return evaluator.denied(Decision::ImplicitDeny, policy_type, policies);
    }
    let denies = explicit.iter().fold(Ternary::No, |any, (_, deny)| any | *deny);
    let decided = rcp.allow & scp.allow & endpoint.allow & bounded.allowed & !denies;
    if decided == Ternary::Yes { evaluator.allowed(policies) } else { evaluator.undetermined(policies) }
}

/// Returns the first policy type that certainly denies.
fn first_certain(denies: &[(PolicyType, Ternary)]) -> Option<PolicyType> {
    denies.iter().find(|(_, denies)| *denies == Ternary::Yes).map(|(policy_type, _)| *policy_type)
}

/// What boundary, session, identity and resource policies decide among themselves.
struct BoundedDecision {
    allowed: Ternary,
    boundary_denies: Ternary,
    session_denies: Ternary,
    identity_denies: Ternary,
    resource_denies: Ternary,
}

impl BoundedDecision {
    fn new(query: &Query<'_>, boundary: Ternary, session: Ternary, identity: Ternary, allows: Allows) -> Self {
        let caller = &query.caller;
        let no = Ternary::No;
        if caller.account.is_empty() && caller.kind == RequestPrincipalKind::Other {
            // An AWS service has no policies of its own: the resource's policy alone decides.
            let allowed = allows.itself | allows.everyone;
            return Self {
                allowed,
                boundary_denies: no,
                session_denies: no,
                identity_denies: no,
                resource_denies: !allowed,
            };
        }
        // The root user needs no allow on its own side, and has no boundary (IAM User Guide, "How AWS enforcement code
        // logic evaluates requests to allow or deny access": all requests are implicitly denied except the root user's).
        let root = Ternary::from(caller.kind == RequestPrincipalKind::Root);
        let (boundary, identity) = (boundary | root, identity | root);
        if query.resource_account() != caller.account {
            // Across accounts both sides have to allow, and neither replaces the other.
            return Self {
                allowed: boundary & session & identity & allows.any(),
                boundary_denies: !boundary,
                session_denies: !session,
                identity_denies: !identity,
                resource_denies: !allows.any(),
            };
        }
        // Within the account nothing limits an allow to the caller itself. The session's policies limit one to everybody,
        // and the boundary too limits one to the role or user behind a session. One to the account only hands the decision
        // to the identity policies.
        let granted = allows.itself | (allows.everyone & session) | (allows.owner & boundary & session);
        let own = identity & boundary & session;
        let (allowed, resource_denies) = if resource_must_allow(query) {
            (granted | (own & allows.account), !allows.any())
        } else {
            (granted | own, no)
        };
        Self {
            allowed,
            boundary_denies: !(boundary | allows.itself | allows.everyone),
            session_denies: !(session | allows.itself),
            identity_denies: !(identity | allows.itself | allows.everyone | allows.owner),
            resource_denies,
        }
    }
}

/// Returns `true` if the resource's own policy has to allow within the account too.
///
/// So it is with a key's policy (KMS Developer Guide, "Key policies") and with a role's trust policy, for assuming the role
/// and for everything that is done with it (IAM User Guide, "Roles terms and concepts", "Pass session tags in AWS STS" and
/// "Monitor and control actions taken with assumed roles").
fn resource_must_allow(query: &Query<'_>) -> bool {
    const WITH_ASSUMING: [&str; 3] = ["TagSession", "SetSourceIdentity", "SetContext"];
    if query.service.eq_ignore_ascii_case("kms") {
        return true;
    }
    let starts = |start: &str| query.name.get(..start.len()).is_some_and(|name| name.eq_ignore_ascii_case(start));
    // `TagSession` is also asked for federated users, who have no trust policy.
    let is_role = || matches!(query.parts, Some([_, _, "iam", _, _, resource]) if resource.starts_with("role/"));
    query.service.eq_ignore_ascii_case("sts")
        && (starts("AssumeRole") || WITH_ASSUMING.iter().any(|name| query.name.eq_ignore_ascii_case(name)) && is_role())
}

impl Evaluator<'_, '_, '_> {
    fn refs(&self, wanted: impl Fn(&StatementMatch<'_>) -> bool) -> Vec<StatementRef> {
        let wanted = self.matches.iter().filter(|found| wanted(found));
        wanted.map(|found| StatementRef::new(found.policy_type, found.index, found.policy, found.statement)).collect()
    }

    fn denied(self, decision: Decision, policy_type: PolicyType, policies: &Policies) -> Evaluation {
        let denies =
            |found: &StatementMatch<'_>| found.statement.effect == Effect::Deny && found.matches == Ternary::Yes;
        let decided_by = if decision == Decision::ExplicitDeny { self.refs(denies) } else { Vec::new() };
        Evaluation {
            decided_by,
            policy_type: Some(policy_type),
            notes: self.notes(policies, denies),
            ..Evaluation::new(decision)
        }
    }

    fn allowed(self, policies: &Policies) -> Evaluation {
        let allows =
            |found: &StatementMatch<'_>| found.statement.effect == Effect::Allow && found.matches == Ternary::Yes;
        Evaluation {
            decided_by: self.refs(allows),
            notes: self.notes(policies, allows),
            ..Evaluation::new(Decision::Allowed)
        }
    }

    fn undetermined(self, policies: &Policies) -> Evaluation {
        let may_match = |found: &StatementMatch<'_>| found.matches == Ternary::Maybe;
        let mut unknown_keys: Vec<String> = Vec::new();
        let mut seen = HashSet::new();
        let keys = self.matches.iter().filter(|found| may_match(found)).flat_map(|found| found.statement.keys());
        for key in keys.chain(std::iter::once(MANAGEMENT_ACCOUNT)) {
            if matches!(self.query.key(key), Known::Unknown) && seen.insert(key.to_ascii_lowercase()) {
                unknown_keys.push(key.to_owned());
            }
        }
        Evaluation {
            decided_by: self.refs(may_match),
            unknown_keys,
            notes: self.notes(policies, may_match),
            ..Evaluation::new(Decision::Undetermined)
        }
    }

    /// Lists the rules that decided in addition to what the statements say.
    fn notes(&self, policies: &Policies, decided: impl Fn(&StatementMatch<'_>) -> bool) -> Vec<Note> {
        let mut notes = Vec::new();
        if !policies.resource_control.is_empty() && !resource_control::applies_to(self.query) {
            notes.push(Note::resource_control_does_not_apply(self.query.service));
        }
        if self.query.caller.kind == RequestPrincipalKind::Root {
            notes.push(Note::RootUser);
        }
        for found in self.matches.iter().filter(|found| decided(found)) {
            let Some(principals) = found.statement.principals.as_ref() else { continue };
            if !principals.negated || found.statement.effect == Effect::Allow {
                continue;
            }
            let reason = match principals.spared(self.query) {
                Spared::NeverWithBoundary => Some(NotPrincipalReason::PermissionsBoundary),
                Spared::AccountNotListed => Some(NotPrincipalReason::AccountNotListed),
                Spared::SessionNotListed => Some(NotPrincipalReason::SessionNotListed),
                Spared::No | Spared::Yes => None,
            };
            let note = reason.map(|reason| Note::NotPrincipal { reason });
            notes.extend(note.filter(|note| !notes.contains(note)));
        }
        notes
    }
}
