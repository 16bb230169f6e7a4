//! The decision: what all policies together say of one request.
//!
//! Follows the IAM User Guide, "Policy evaluation for requests within a single account" and "Cross-account policy
//! evaluation logic", and the AWS Organizations User Guide, "SCP evaluation" and "RCP evaluation". Every step is
//! taken in three-valued logic, so that an unknown key leaves undetermined exactly what hangs on it.

use super::principal::Grant;
use super::request::{Asked, CallerKind, Known};
use super::statement::{Effect, Statement};
use super::truth::Truth;
use super::{Evaluation, Policies, Policy, StatementRef};
use crate::iam::{Decision, PolicyType};
use std::collections::HashSet;

/// A statement that matches, or may.
struct Hit<'p> {
    policy_type: PolicyType,
    policy: &'p Policy,
    statement: &'p Statement,
    truth: Truth,
}

/// What the policies of one type say.
#[derive(Clone, Copy)]
struct Says {
    deny: Truth,
    allow: Truth,
}

impl Says {
    /// What a policy type says that is not there, and so does not restrict.
    const NOTHING: Self = Self { deny: Truth::No, allow: Truth::Yes };
}

/// How directly the resource's policies grant the request.
#[derive(Clone, Copy)]
struct Grants {
    account: Truth,
    owner: Truth,
    everyone: Truth,
    itself: Truth,
}

impl Grants {
    const NONE: Self = Self { account: Truth::No, owner: Truth::No, everyone: Truth::No, itself: Truth::No };

    fn any(self) -> Truth {
        self.account | self.owner | self.everyone | self.itself
    }
}

struct Evaluator<'a, 'q, 'p> {
    asked: &'a Asked<'q>,
    hits: Vec<Hit<'p>>,
}

impl<'p> Evaluator<'_, '_, 'p> {
    /// Evaluates policies of which any one may allow.
    fn says(&mut self, policy_type: PolicyType, policies: &'p [Policy]) -> Says {
        let mut says = Says { deny: Truth::No, allow: Truth::No };
        for policy in policies {
            for statement in policy.document.statements() {
                let truth = statement.matches(self.asked);
                if truth == Truth::No || statement.grant(self.asked).is_none() {
                    continue;
                }
                match statement.effect {
                    Effect::Allow => says.allow = says.allow | truth,
                    Effect::Deny => says.deny = says.deny | truth,
                }
                self.hits.push(Hit { policy_type, policy, statement, truth });
            }
        }
        says
    }

    fn says_if_any(&mut self, policy_type: PolicyType, policies: &'p [Policy]) -> Says {
        if policies.is_empty() { Says::NOTHING } else { self.says(policy_type, policies) }
    }

    /// Evaluates levels of which every one has to allow.
    ///
    /// Where the policies do not apply to the account (`exempt`), nothing they say counts.
    fn says_at_every_level(&mut self, policy_type: PolicyType, levels: &'p [Vec<Policy>], exempt: Truth) -> Says {
        let mut all = Says::NOTHING;
        if exempt == Truth::Yes {
            return all;
        }
        let before = self.hits.len();
        for level in levels {
            let says = self.says(policy_type, level);
            all = Says { deny: all.deny | says.deny, allow: all.allow & says.allow };
        }
        if exempt == Truth::Maybe {
            for hit in self.hits.iter_mut().skip(before) {
                hit.truth = Truth::Maybe;
            }
        }
        Says { deny: all.deny & !exempt, allow: all.allow | exempt }
    }

    fn grants(&mut self, policies: &'p [Policy]) -> (Truth, Grants) {
        let (mut deny, mut grants) = (Truth::No, Grants::NONE);
        for policy in policies {
            for statement in policy.document.statements() {
                let Some(grant) = statement.grant(self.asked) else { continue };
                let truth = statement.matches(self.asked);
                // A resource's policy has to name whom it allows; without that it can only deny.
                let names_nobody = statement.principals.is_none() && statement.effect == Effect::Allow;
                if truth == Truth::No || names_nobody {
                    continue;
                }
                match (statement.effect, grant) {
                    (Effect::Deny, _) => deny = deny | truth,
                    (Effect::Allow, Grant::Account) => grants.account = grants.account | truth,
                    (Effect::Allow, Grant::Owner) => grants.owner = grants.owner | truth,
                    (Effect::Allow, Grant::Everyone) => grants.everyone = grants.everyone | truth,
                    (Effect::Allow, Grant::Itself) => grants.itself = grants.itself | truth,
                }
                self.hits.push(Hit { policy_type: PolicyType::ResourcePolicy, policy, statement, truth });
            }
        }
        (deny, grants)
    }

    /// Tells whether an account is the organization's management account, which its SCPs and RCPs do not
    /// restrict.
    fn is_management(&self, account: &str) -> Truth {
        match self.asked.key("aws:PrincipalOrgMasterAccountId") {
            Known::Absent => Truth::No,
            Known::Unknown => Truth::Maybe,
            Known::Value(id) => (!account.is_empty() && id.as_single() == Some(account)).into(),
        }
    }
}

/// Decides a request.
pub(super) fn decide(asked: &Asked<'_>, policies: &Policies) -> Evaluation {
    let mut evaluator = Evaluator { asked, hits: Vec::new() };
    let caller = &asked.caller;
    let service_linked = Truth::from(caller.is_service_linked_role());

    let resource_exempt = || service_linked | evaluator.is_management(asked.resource_account());
    let caller_exempt = || service_linked | evaluator.is_management(caller.account);
    let (rcp_exempt, scp_exempt) = (
        if policies.resource_control.is_empty() { Truth::Yes } else { resource_exempt() },
        if policies.service_control.is_empty() { Truth::Yes } else { caller_exempt() },
    );
    let rcp = evaluator.says_at_every_level(PolicyType::ResourceControlPolicy, &policies.resource_control, rcp_exempt);
    let scp = evaluator.says_at_every_level(PolicyType::ServiceControlPolicy, &policies.service_control, scp_exempt);
    let endpoint = evaluator.says_if_any(PolicyType::VpcEndpointPolicy, policies.vpc_endpoint.as_slice());
    let boundary = evaluator.says_if_any(PolicyType::PermissionsBoundary, policies.permissions_boundary.as_slice());
    let session = evaluator.says_if_any(PolicyType::SessionPolicy, policies.session.as_deref().unwrap_or_default());
    let identity = evaluator.says(PolicyType::IdentityPolicy, &policies.identity);
    let (resource_deny, grants) = evaluator.grants(policies.resource.as_deref().unwrap_or_default());

    let explicit = [
        (PolicyType::ResourceControlPolicy, rcp.deny),
        (PolicyType::ServiceControlPolicy, scp.deny),
        (PolicyType::VpcEndpointPolicy, endpoint.deny),
        (PolicyType::PermissionsBoundary, boundary.deny),
        (PolicyType::SessionPolicy, session.deny),
        (PolicyType::IdentityPolicy, identity.deny),
        (PolicyType::ResourcePolicy, resource_deny),
    ];
    let of = |list: &[(PolicyType, Truth)]| list.iter().find(|(_, truth)| *truth == Truth::Yes).map(|(of, _)| *of);
    if let Some(policy_type) = of(&explicit) {
        return evaluator.refused(Decision::ExplicitDeny, policy_type);
    }

    let within = Within::new(asked, boundary.allow, session.allow, identity.allow, grants);
    let implicit = [
        (PolicyType::ResourceControlPolicy, !rcp.allow),
        (PolicyType::ServiceControlPolicy, !scp.allow),
        (PolicyType::VpcEndpointPolicy, !endpoint.allow),
        (PolicyType::PermissionsBoundary, within.boundary_refuses),
        (PolicyType::SessionPolicy, within.session_refuses),
        (PolicyType::IdentityPolicy, within.identity_refuses),
        (PolicyType::ResourcePolicy, within.resource_refuses),
    ];
    if let Some(policy_type) = of(&implicit) {
        return evaluator.refused(Decision::ImplicitDeny, policy_type);
    }
    let nothing_denies = explicit.iter().all(|(_, truth)| *truth == Truth::No);
    let everything_allows = rcp.allow & scp.allow & endpoint.allow & within.allowed;
    match everything_allows {
        // The parts above name every way to be refused; should one be missing, it is still a refusal.
        Truth::No => evaluator.refused(Decision::ImplicitDeny, PolicyType::IdentityPolicy),
        Truth::Yes if nothing_denies => evaluator.allowed(),
        _ => evaluator.undetermined(),
    }
}

/// What boundary, session, identity and resource policies come to among themselves.
struct Within {
    allowed: Truth,
    boundary_refuses: Truth,
    session_refuses: Truth,
    identity_refuses: Truth,
    resource_refuses: Truth,
}

impl Within {
    fn new(asked: &Asked<'_>, boundary: Truth, session: Truth, identity: Truth, grants: Grants) -> Self {
        let caller = &asked.caller;
        let no = Truth::No;
        if caller.account.is_empty() && caller.kind == CallerKind::Other {
            // An AWS service has no policies of its own: the resource's policy alone decides.
            let allowed = grants.itself | grants.everyone;
            return Self {
                allowed,
                boundary_refuses: no,
                session_refuses: no,
                identity_refuses: no,
                resource_refuses: !allowed,
            };
        }
        if asked.resource_account() != caller.account {
            // Across accounts both sides have to allow, and nothing overrides anything.
            return Self {
                allowed: boundary & session & identity & grants.any(),
                boundary_refuses: !boundary,
                session_refuses: !session,
                identity_refuses: !identity,
                resource_refuses: !grants.any(),
            };
        }
        // Within the account a grant to the caller itself is limited by nothing, one to everybody by the session's
        // policies, one to the role or user behind a session also by the boundary; one to the account only hands the
        // decision to the identity policies.
        let granted = grants.itself | (grants.everyone & session) | (grants.owner & boundary & session);
        let own = identity & boundary & session;
        let (allowed, resource_refuses) = if resource_must_allow(asked) {
            (granted | (own & grants.account), !grants.any())
        } else {
            (granted | own, no)
        };
        Self {
            allowed,
            boundary_refuses: !(boundary | grants.itself | grants.everyone),
            session_refuses: !(session | grants.itself),
            identity_refuses: !(identity | grants.itself | grants.everyone | grants.owner),
            resource_refuses,
        }
    }
}

/// Tells whether the resource's own policy has to allow within the account too: a key's policy and a role's trust
/// policy (KMS Developer Guide, "Key policies"; IAM User Guide, "Roles terms and concepts").
fn resource_must_allow(asked: &Asked<'_>) -> bool {
    asked.service.eq_ignore_ascii_case("kms")
        || (asked.service.eq_ignore_ascii_case("sts")
            && asked.name.get(.."AssumeRole".len()).is_some_and(|name| name.eq_ignore_ascii_case("AssumeRole")))
}

impl Evaluator<'_, '_, '_> {
    fn refs(&self, wanted: impl Fn(&Hit<'_>) -> bool) -> Vec<StatementRef> {
        let wanted = self.hits.iter().filter(|hit| wanted(hit));
        wanted.map(|hit| StatementRef::new(hit.policy_type, hit.policy, hit.statement)).collect()
    }

    fn refused(self, decision: Decision, policy_type: PolicyType) -> Evaluation {
        let decided_by = match decision {
            Decision::ExplicitDeny => self.refs(|hit| hit.statement.effect == Effect::Deny && hit.truth == Truth::Yes),
            _ => Vec::new(),
        };
        Evaluation {
            decision,
            policy_type: Some(policy_type),
            decided_by,
            near_misses: Vec::new(),
            unknown_keys: Vec::new(),
        }
    }

    fn allowed(self) -> Evaluation {
        Evaluation {
            decision: Decision::Allowed,
            policy_type: None,
            decided_by: self.refs(|hit| hit.statement.effect == Effect::Allow && hit.truth == Truth::Yes),
            near_misses: Vec::new(),
            unknown_keys: Vec::new(),
        }
    }

    fn undetermined(self) -> Evaluation {
        let may_match = |hit: &Hit<'_>| hit.truth == Truth::Maybe;
        let mut unknown_keys: Vec<String> = Vec::new();
        let mut seen = HashSet::new();
        let management = "aws:PrincipalOrgMasterAccountId";
        let keys = self.hits.iter().filter(|hit| may_match(hit)).flat_map(|hit| hit.statement.keys());
        for key in keys.chain(std::iter::once(management)) {
            if matches!(self.asked.key(key), Known::Unknown) && seen.insert(key.to_ascii_lowercase()) {
                unknown_keys.push(key.to_owned());
            }
        }
        Evaluation {
            decision: Decision::Undetermined,
            policy_type: None,
            decided_by: self.refs(may_match),
            near_misses: Vec::new(),
            unknown_keys,
        }
    }
}
