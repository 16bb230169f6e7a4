//! The policies of the principal that were read, parsed once, and what of them is missing.

use crate::diagnose::document::PolicyDocument;
use crate::diagnose::statement::{self, DecidedBy};
use crate::diagnose::unread::{Gap, GapReason, Missing};
use crate::evidence::{
    Evidence, Exclusion, HolderKind, MatchedStatement, Observation, PolicyContent, PolicyQuestion, PolicyRef, Trial,
};
use crate::iam::PolicyType;
use crate::policy::{Document, ManagedPolicy, Statement};

/// The policies of the principal, as far as they could be read.
#[derive(Debug)]
pub(in crate::diagnose) struct AttachedPolicies<'e> {
    pub(in crate::diagnose) sources: Vec<Source<'e>>,
    /// Policies and lists of policies that were not seen.
    pub(in crate::diagnose) gaps: Vec<Gap>,
    /// Whether the user or role was read, and with it its tags and whether it has a boundary.
    pub(in crate::diagnose) entity_read: bool,
    /// Whether it is known if there is a boundary, and what it says.
    pub(in crate::diagnose) boundary_known: bool,
    pub(in crate::diagnose) is_user: bool,
}

/// A policy with its text.
#[derive(Clone, Debug)]
pub(in crate::diagnose) struct Source<'e> {
    pub(in crate::diagnose) policy_type: PolicyType,
    pub(in crate::diagnose) reference: PolicyRef,
    pub(in crate::diagnose) holder: Option<(HolderKind, &'e str)>,
    pub(in crate::diagnose) text: String,
    pub(in crate::diagnose) document: Document,
}

impl<'e> AttachedPolicies<'e> {
    /// Parses what was read; `None` where no policy's text is known.
    pub(super) fn new(evidence: &'e Evidence) -> Option<Self> {
        let policies = &evidence.policies;
        let entity_read = policies.entity.seen().is_some();
        let mut attached_policies = Self {
            sources: Vec::new(),
            gaps: Vec::new(),
            entity_read,
            boundary_known: entity_read,
            is_user: policies.holders.iter().any(|holder| holder.kind == HolderKind::User),
        };
        if let Some(why) = policies.groups.why_unseen().filter(|_| attached_policies.is_user) {
            attached_policies.gaps.push(Gap { what: Missing::Groups, why: GapReason::Unseen(why) });
        }
        for holder in &policies.holders {
            let managed = ("managed", holder.managed.why_unseen());
            for (list, why) in [managed, ("inline", holder.inline.why_unseen())] {
                let what = || Missing::List { list, kind: holder.kind.as_str(), name: holder.name.clone() };
                attached_policies.gaps.extend(why.map(|why| Gap { what: what(), why: GapReason::Unseen(why) }));
            }
        }
        for (holder, reference) in attached(evidence) {
            match text_of(evidence, &reference) {
                Ok((text, document)) => attached_policies.sources.push(Source {
                    policy_type: PolicyType::IdentityPolicy,
                    reference,
                    holder: Some(holder),
                    text,
                    document,
                }),
                Err(why) => {
                    let what = Missing::Text(name_of(&reference).to_owned());
                    attached_policies.gaps.push(Gap { what, why });
                }
            }
        }
        if let Some(boundary) = policies.boundary() {
            let reference = PolicyRef::Managed(boundary.to_owned());
            match text_of(evidence, &reference) {
                Ok((text, document)) => attached_policies.sources.push(Source {
                    policy_type: PolicyType::PermissionsBoundary,
                    reference,
                    holder: None,
                    text,
                    document,
                }),
                Err(_) => attached_policies.boundary_known = false,
            }
        }
        let lists_seen = policies.holders.iter().any(|holder| holder.managed.seen().is_some());
        (lists_seen || !attached_policies.sources.is_empty()).then_some(attached_policies)
    }

    /// Returns the names of the identity-based policies that were read.
    pub(in crate::diagnose) fn names(&self) -> Vec<String> {
        let identity = self.sources.iter().filter(|source| source.policy_type == PolicyType::IdentityPolicy);
        identity.map(|source| name_of(&source.reference).to_owned()).collect()
    }

    /// Names a policy as the simulator's exclusion list wants it.
    pub(in crate::diagnose) fn exclusion(&self, statement: &DecidedBy) -> Option<Exclusion> {
        Some(self.source_of(statement)?.exclusion())
    }

    /// Returns every document that was read.
    pub(in crate::diagnose) fn documents(&self) -> Vec<PolicyDocument> {
        let document = |source: &Source<'_>| PolicyDocument {
            policy_type: source.policy_type,
            policy: policy_of(&source.reference).to_owned(),
            holder: source.holder.map(|(_, name)| name.to_owned()),
            text: source.text.clone(),
        };
        self.sources.iter().map(document).collect()
    }

    /// Returns the policy that a statement belongs to.
    pub(in crate::diagnose) fn source_of(&self, statement: &DecidedBy) -> Option<&Source<'e>> {
        self.sources.iter().find(|source| {
            let holder = source.holder.map(|(_, name)| name);
            let is_boundary = statement.policy_type == PolicyType::PermissionsBoundary;
            is_boundary == (source.policy_type == PolicyType::PermissionsBoundary)
                && Some(policy_of(&source.reference)) == statement.policy.as_deref()
                && (statement.holder.is_none() || statement.holder.as_deref() == holder)
        })
    }

    /// Returns `true` if a statement allows any action of Bedrock, or the action on anything.
    pub(in crate::diagnose) fn is_wide(&self, of: &DecidedBy) -> bool {
        let statement = self.source_of(of).zip(of.statement);
        statement.and_then(|(source, index)| source.document.statements().get(index)).is_some_and(|statement| {
            let any_action =
                statement.actions().any(|action| action == "*" || action.eq_ignore_ascii_case("bedrock:*"));
            any_action || statement.resources().any(|resource| resource == "*") || statement.excludes_actions()
        })
    }
}

impl Source<'_> {
    /// Returns a statement of the policy as one that decided.
    pub(in crate::diagnose) fn decided_by(&self, statement: &Statement, policy_type: PolicyType) -> DecidedBy {
        let number = |value: usize| u32::try_from(value).ok();
        DecidedBy {
            policy_type: if self.policy_type == PolicyType::PermissionsBoundary {
                self.policy_type
            } else {
                policy_type
            },
            source: Some(self.kind().to_owned()),
            holder: self.holder.map(|(_, name)| name.to_owned()),
            policy: Some(policy_of(&self.reference).to_owned()),
            statement: Some(statement.index()),
            sid: statement.sid().map(str::to_owned),
            line: number(statement.line()),
            column: number(statement.column()),
            quote: statement::quote(statement, &self.text),
            conditions: Vec::new(),
        }
    }

    /// Returns the simulator's word for what the policy is attached as.
    fn kind(&self) -> &'static str {
        match &self.reference {
            PolicyRef::Managed(arn) if is_of_aws(arn) => "aws-managed",
            PolicyRef::Managed(_) => "user-managed",
            PolicyRef::Inline { holder, .. } => holder.as_str(),
        }
    }

    /// Returns `true` if the simulator means this policy by a name: the policy's own, or one with its holder before it.
    pub(in crate::diagnose) fn is_called(&self, name: &str, matched: &MatchedStatement) -> bool {
        let own = name_of(&self.reference);
        let known_kind = ["user", "group", "role", "aws-managed", "user-managed"];
        let kind = matched.source.as_deref().map(str::to_ascii_lowercase);
        let kind_fits = kind.as_deref().is_none_or(|kind| !known_kind.contains(&kind) || kind == self.kind());
        let with_holder = self.holder.map(|(kind, holder)| format!("{kind}_{holder}_{own}"));
        kind_fits && (name == own || name == policy_of(&self.reference) || with_holder.as_deref() == Some(name))
    }

    fn exclusion(&self) -> Exclusion {
        match &self.reference {
            PolicyRef::Managed(arn) => Exclusion::ManagedPolicy(arn.clone()),
            PolicyRef::Inline { holder, entity, policy } => Exclusion::InlinePolicy {
                attached_to: holder.as_str().to_owned(),
                entity: entity.clone(),
                policy: policy.clone(),
            },
        }
    }

    /// Returns `true` if a trial leaves the policy out.
    pub(in crate::diagnose) fn is_left_out(&self, trial: &Trial) -> bool {
        trial.without.iter().any(|exclusion| match (exclusion, &self.reference) {
            (Exclusion::PermissionsBoundary, _) => self.policy_type == PolicyType::PermissionsBoundary,
            (Exclusion::ManagedPolicy(pattern), PolicyRef::Managed(arn)) => match pattern.split_once('*') {
                Some((start, end)) => arn.starts_with(start) && arn.ends_with(end),
                None => arn == pattern,
            },
            (Exclusion::InlinePolicy { .. }, _) => self.exclusion() == *exclusion,
            _ => false,
        })
    }
}

/// Returns why not every policy of the principal was read, where lists or texts of them are missing.
pub(in crate::diagnose) fn why_incomplete(evidence: &Evidence, read: Option<&AttachedPolicies<'_>>) -> Option<Gap> {
    let unlisted = evidence.policies.holders.iter().find_map(|holder| {
        let why = holder.managed.why_unseen().or_else(|| holder.inline.why_unseen())?;
        let what = Missing::Attached { kind: holder.kind.as_str(), name: holder.name.clone() };
        Some(Gap { what, why: GapReason::Unseen(why) })
    });
    unlisted.or_else(|| read?.gaps.first().cloned())
}

/// Walks over everything that is attached, with what holds it.
fn attached(evidence: &Evidence) -> impl Iterator<Item = ((HolderKind, &str), PolicyRef)> {
    evidence.policies.holders.iter().flat_map(|holder| {
        let managed = holder.managed.seen().into_iter().flatten().cloned().map(PolicyRef::Managed);
        let inline = holder.inline.seen().into_iter().flatten().map(|policy| PolicyRef::Inline {
            holder: holder.kind,
            entity: holder.name.clone(),
            policy: policy.clone(),
        });
        managed.chain(inline).map(|reference| ((holder.kind, holder.name.as_str()), reference))
    })
}

/// Names the policies whose texts are not known and were not asked for.
///
/// Skips AWS managed policies that this program carries, unless `verify` is set: then an answer depends on the carried
/// version's still being the current one.
pub(in crate::diagnose) fn open_policies(evidence: &Evidence, verify: bool) -> Vec<PolicyQuestion> {
    let boundary = evidence.policies.boundary().map(|arn| PolicyRef::Managed(arn.to_owned()));
    let mut open: Vec<PolicyQuestion> = Vec::new();
    for policy in attached(evidence).map(|(_, policy)| policy).chain(boundary) {
        let carried = carried(&policy);
        let wanted = carried.is_none() || verify;
        let asked = evidence.policies.text(&policy).is_some() || open.iter().any(|known| known.policy == policy);
        if wanted && !asked {
            let known_version = carried.map(|policy| policy.version.clone());
            open.push(PolicyQuestion { policy, known_version });
        }
    }
    open
}

fn carried(policy: &PolicyRef) -> Option<&'static ManagedPolicy> {
    match policy {
        PolicyRef::Managed(arn) if is_of_aws(arn) => ManagedPolicy::find(arn),
        _ => None,
    }
}

fn is_of_aws(arn: &str) -> bool {
    arn.contains(":iam::aws:policy/")
}

/// Returns a policy's text and what it says, or why they are not known.
fn text_of(evidence: &Evidence, policy: &PolicyRef) -> Result<(String, Document), GapReason> {
    let carried = carried(policy).map(|policy| (format!("{:#}", policy.json), policy.document.clone()));
    match (evidence.policies.text(policy), carried) {
        (Some(Observation::Seen(PolicyContent { document: Some(text), .. })), _) => {
            let document = Document::parse(text).map_err(|error| GapReason::Unparsable(error.to_string()))?;
            Ok((text.clone(), document))
        }
        (None | Some(Observation::Seen(_)), Some(carried)) => Ok(carried),
        (None | Some(Observation::Seen(_)), None) => Err(GapReason::NotRead),
        (Some(unseen), _) => Err(unseen.why_unseen().map_or(GapReason::NotRead, GapReason::Unseen)),
    }
}

/// Returns the policy's name, without path.
pub(in crate::diagnose) fn name_of(policy: &PolicyRef) -> &str {
    match policy {
        PolicyRef::Managed(arn) => arn.rsplit('/').next().unwrap_or(arn),
        PolicyRef::Inline { policy, .. } => policy,
    }
}

/// Returns what reports call the policy: the ARN of a managed one, the name of an inline one.
pub(in crate::diagnose) fn policy_of(policy: &PolicyRef) -> &str {
    match policy {
        PolicyRef::Managed(arn) => arn,
        PolicyRef::Inline { policy, .. } => policy,
    }
}
