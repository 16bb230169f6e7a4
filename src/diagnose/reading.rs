//! The policies that were read, put together for the engine, and what it says of a requirement with them.
//!
//! The engine may prove a denial: an explicit deny in any policy that was read, or no allow in all of them. It never
//! proves an allow, because it sees neither the organization's policies nor a session's. A condition key whose value
//! is not known here leaves undetermined what hangs on it.

use super::documents::PolicyDocument;
use super::statement::{self, DecidedBy, NearMiss};
use crate::evidence::{
    Evidence, Exclusion, HolderKind, MatchedStatement, Observation, PolicyContent, PolicyQuestion, PolicyRef, Trial,
};
use crate::iam::{Arn, ContextKeys, Decision, PolicyType, RequestContext};
use crate::policy::{Document, ManagedPolicy, Policies, Policy, Question, Statement, StatementRef, evaluate};
use serde_json::Value;

/// Keys that a call of a principal to Bedrock does not carry unless its requirement says so: those of a guardrail or a profile
/// that is not used, of a call that a service makes, and of tags that are given to something new.
const ABSENT_UNLESS_GIVEN: [&str; 10] = [
    "bedrock:InferenceProfileArn",
    "bedrock:GuardrailIdentifier",
    "bedrock:PromptRouterArn",
    "aws:CalledVia",
    "aws:CalledViaFirst",
    "aws:CalledViaLast",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:PrincipalServiceName",
    "aws:TagKeys",
];

/// The policies of the principal, as far as they could be read.
#[derive(Debug)]
pub(super) struct Reading<'e> {
    sources: Vec<Source<'e>>,
    /// Policies and lists of policies that were not seen, one reason each.
    pub(super) gaps: Vec<String>,
    /// Whether it is known if there is a boundary, and what it says.
    boundary_known: bool,
    is_user: bool,
}

/// A policy with its text.
#[derive(Clone, Debug)]
struct Source<'e> {
    policy_type: PolicyType,
    reference: PolicyRef,
    holder: Option<(HolderKind, &'e str)>,
    text: String,
    document: Document,
}

/// What the engine says of a requirement.
#[derive(Clone, Debug)]
pub(super) struct Opinion {
    /// A denial is proven; allowed means by the policies that were read, all of them.
    pub(super) decision: Decision,
    /// The type of policy that refuses.
    pub(super) policy_type: Option<PolicyType>,
    /// The statements that decided.
    pub(super) statements: Vec<DecidedBy>,
    /// Allows that miss the request.
    pub(super) near_misses: Vec<NearMiss>,
    /// Condition keys whose values are not known, and on which the answer hangs.
    pub(super) hangs_on: Vec<String>,
}

/// A policy that no longer denies.
#[derive(Debug)]
pub(super) struct Lifted {
    /// The condition key and the values that are let through; none where statements are removed.
    pub(super) exempted: Option<(String, String)>,
    /// What is left; none where that is nothing.
    pub(super) document: Option<Value>,
}

impl<'e> Reading<'e> {
    /// Puts together what was read; none where no policy's text is known.
    pub(super) fn of(evidence: &'e Evidence) -> Option<Self> {
        let policies = &evidence.policies;
        let mut reading = Self {
            sources: Vec::new(),
            gaps: Vec::new(),
            boundary_known: policies.entity.seen().is_some(),
            is_user: policies.holders.iter().any(|holder| holder.kind == HolderKind::User),
        };
        if let Some(why) = policies.groups.why_unseen().filter(|_| reading.is_user) {
            reading.gaps.push(format!("the user's groups: {why}"));
        }
        for holder in &policies.holders {
            for (what, list) in [("managed", &holder.managed), ("inline", &holder.inline)] {
                if let Some(why) = list.why_unseen() {
                    reading.gaps.push(format!("the {what} policies of the {} `{}`: {why}", holder.kind, holder.name));
                }
            }
        }
        for (holder, reference) in attached(evidence) {
            match text_of(evidence, &reference) {
                Ok((text, document)) => reading.sources.push(Source {
                    policy_type: PolicyType::IdentityPolicy,
                    reference,
                    holder: Some(holder),
                    text,
                    document,
                }),
                Err(why) => reading.gaps.push(format!("the policy `{}`: {why}", name_of(&reference))),
            }
        }
        if let Some(boundary) = policies.boundary() {
            let reference = PolicyRef::Managed(boundary.to_owned());
            match text_of(evidence, &reference) {
                Ok((text, document)) => reading.sources.push(Source {
                    policy_type: PolicyType::PermissionsBoundary,
                    reference,
                    holder: None,
                    text,
                    document,
                }),
                Err(_) => reading.boundary_known = false,
            }
        }
        let lists_seen = policies.holders.iter().any(|holder| holder.managed.seen().is_some());
        (lists_seen || !reading.sources.is_empty()).then_some(reading)
    }

    /// Returns the names of the identity-based policies that were read.
    pub(super) fn names(&self) -> Vec<String> {
        let identity = self.sources.iter().filter(|source| source.policy_type == PolicyType::IdentityPolicy);
        identity.map(|source| name_of(&source.reference).to_owned()).collect()
    }

    /// Says what the policies come to for a requirement, with what a trial changes about them.
    pub(super) fn judge(&self, principal: &Arn, requirement: &RequestContext, trial: &Trial) -> Opinion {
        let kept: Vec<(usize, &Source<'_>)> =
            self.sources.iter().enumerate().filter(|(_, source)| !source.is_left_out(trial)).collect();
        let of_type = |policy_type: PolicyType| {
            let of_type = kept.iter().filter(move |(_, source)| source.policy_type == policy_type);
            of_type.map(|(index, source)| Policy::new(index.to_string(), source.document.clone()))
        };
        let without_boundary = trial.without.contains(&Exclusion::PermissionsBoundary);
        let given = trial.with.as_deref().and_then(|text| Document::parse(text).ok()).map(Policy::unnamed);
        let policies = Policies {
            identity: of_type(PolicyType::IdentityPolicy).chain(given).collect(),
            permissions_boundary: of_type(PolicyType::PermissionsBoundary).next(),
            ..Policies::default()
        };
        let request = self.with_what_is_known(requirement, principal);
        let unknown = self.unknown_keys(&policies, &request);
        let principal = principal.to_string();
        let question = Question { principal: &principal, request: &request, unknown: &unknown };
        let evaluation = evaluate(&question, &policies);
        let proven = match (evaluation.decision, evaluation.policy_type) {
            // Another account's resource needs a policy of its own, and nobody read that.
            (_, Some(PolicyType::ResourcePolicy)) => false,
            (Decision::ImplicitDeny, Some(PolicyType::IdentityPolicy)) => self.gaps.is_empty(),
            (Decision::Allowed, _) => self.gaps.is_empty() && (self.boundary_known || without_boundary),
            _ => true,
        };
        Opinion {
            decision: if proven { evaluation.decision } else { Decision::Undetermined },
            policy_type: evaluation.policy_type.filter(|_| proven),
            statements: evaluation
                .decided_by
                .iter()
                .filter_map(|statement| self.statement(statement, Some(&question)))
                .collect(),
            near_misses: evaluation
                .near_misses
                .into_iter()
                .filter_map(|near| {
                    Some(NearMiss { statement: self.statement(&near.statement, None)?, misses: near.misses })
                })
                .collect(),
            hangs_on: evaluation.unknown_keys,
        }
    }

    /// Adds to what the simulator says of a statement what the policy's text says.
    pub(super) fn complete(&self, matched: &MatchedStatement, opinion: &Opinion) -> DecidedBy {
        let simulated = DecidedBy::simulated(matched);
        let named: Vec<&Source<'_>> = self
            .sources
            .iter()
            .filter(|source| matched.policy.as_deref().is_some_and(|name| source.is_called(name, matched)))
            .collect();
        let found = named.iter().find_map(|source| {
            let statement = statement::at_position(&source.document, &source.text, matched)?;
            Some((*source, statement))
        });
        if let Some((source, statement)) = found {
            let decided = source.decided_by(statement, simulated.policy_type);
            let same = |known: &&DecidedBy| known.place() == decided.place() && known.policy == decided.policy;
            return opinion.statements.iter().find(same).cloned().unwrap_or(decided);
        }
        // Without a position that fits, the engine's own answer names the statement, if it names one of the policy.
        let same_policy = |known: &&DecidedBy| known.policy_name() == simulated.policy_name();
        match opinion.statements.iter().filter(same_policy).collect::<Vec<_>>().as_slice() {
            [only] => (*only).clone(),
            _ => simulated,
        }
    }

    /// Names a policy as the simulator's exclusion list wants it.
    pub(super) fn exclusion(&self, statement: &DecidedBy) -> Option<Exclusion> {
        let source = self.source_of(statement)?;
        Some(source.exclusion())
    }

    /// Changes a policy so that statements of it no longer deny requests: a statement whose condition lets some values
    /// through lets those of the requests through as well, and any other is removed.
    pub(super) fn lift(&self, of: &DecidedBy, statements: &[usize], refused: &[&RequestContext]) -> Option<Lifted> {
        let source = self.source_of(of)?;
        let mut document: Value = serde_json::from_str(&source.text).ok()?;
        let listed = document.get_mut("Statement")?;
        if !listed.is_array() {
            // One statement may stand without a list around it.
            *listed = Value::Array(vec![listed.take()]);
        }
        let listed = listed.as_array_mut()?;
        let exempted: Option<Vec<(String, String)>> =
            statements.iter().map(|index| exempt(listed.get_mut(*index)?, refused)).collect();
        match exempted.as_deref() {
            Some([first, ..]) => Some(Lifted { exempted: Some(first.clone()), document: Some(document) }),
            _ => {
                let mut index = 0;
                listed.retain(|_| {
                    index += 1;
                    !statements.contains(&(index - 1))
                });
                let is_empty = listed.is_empty();
                Some(Lifted { exempted: None, document: (!is_empty).then_some(document) })
            }
        }
    }

    /// Returns every document that was read.
    pub(super) fn documents(&self) -> Vec<PolicyDocument> {
        let document = |source: &Source<'_>| PolicyDocument {
            policy_type: source.policy_type,
            policy: policy_of(&source.reference).to_owned(),
            holder: source.holder.map(|(_, name)| name.to_owned()),
            text: source.text.clone(),
        };
        self.sources.iter().map(document).collect()
    }

    fn source_of(&self, statement: &DecidedBy) -> Option<&Source<'e>> {
        self.sources.iter().find(|source| {
            let holder = source.holder.map(|(_, name)| name);
            let is_boundary = statement.policy_type == PolicyType::PermissionsBoundary;
            is_boundary == (source.policy_type == PolicyType::PermissionsBoundary)
                && Some(policy_of(&source.reference)) == statement.policy.as_deref()
                && (statement.holder.is_none() || statement.holder.as_deref() == holder)
        })
    }

    /// Tells whether a statement allows any action of Bedrock, or the action on anything.
    pub(super) fn is_wide(&self, of: &DecidedBy) -> bool {
        let statement = self.source_of(of).zip(of.statement);
        statement.and_then(|(source, index)| source.document.statements().get(index)).is_some_and(|statement| {
            let any_action =
                statement.actions().any(|action| action == "*" || action.eq_ignore_ascii_case("bedrock:*"));
            any_action || statement.resources().any(|resource| resource == "*") || statement.excludes_actions()
        })
    }

    fn statement(&self, statement: &StatementRef, question: Option<&Question<'_>>) -> Option<DecidedBy> {
        let source = self.sources.get(statement.policy.as_deref()?.parse::<usize>().ok()?)?;
        let found = source.document.statements().get(statement.statement)?;
        let conditions = question.map(|question| found.matched_conditions(question)).unwrap_or_default();
        Some(DecidedBy { conditions, ..source.decided_by(found, statement.policy_type) })
    }

    /// Adds the keys that every call of the principal carries with values that are known.
    fn with_what_is_known(&self, requirement: &RequestContext, principal: &Arn) -> RequestContext {
        let mut context = ContextKeys::new()
            .with("aws:PrincipalAccount", principal.account.as_str())
            .with("aws:PrincipalType", if self.is_user { "User" } else { "AssumedRole" })
            .with("aws:PrincipalIsAWSService", "false")
            .with("aws:ViaAWSService", "false")
            .with("aws:SecureTransport", "true");
        if self.is_user {
            context.set("aws:username", principal.resource_id().rsplit('/').next().unwrap_or_default());
        }
        for (key, value) in requirement.context.iter() {
            context.set(key, value.clone());
        }
        RequestContext { context, ..requirement.clone() }
    }

    /// Lists the keys that the policies read and of which it is not known what the call carries.
    fn unknown_keys(&self, policies: &Policies, request: &RequestContext) -> Vec<String> {
        let documents = policies.identity.iter().chain(&policies.permissions_boundary);
        let mut unknown: Vec<String> = Vec::new();
        for key in documents.flat_map(|policy| policy.document.condition_keys()) {
            let known = request.context.get(key).is_some() || self.is_absent(key, &request.resource);
            if !known && !unknown.iter().any(|other| other.eq_ignore_ascii_case(key)) {
                unknown.push(key.to_owned());
            }
        }
        unknown
    }

    /// Tells whether the call does not carry a key that its requirement does not have.
    fn is_absent(&self, key: &str, resource: &str) -> bool {
        let starts = |prefix: &str| key.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
        let untaggable = resource.contains(":foundation-model/") || resource.contains(":inference-profile/");
        ABSENT_UNLESS_GIVEN.iter().any(|known| known.eq_ignore_ascii_case(key))
            || starts("aws:RequestTag/")
            || (starts("aws:ResourceTag/") && untaggable)
            // A session may carry tags that the role does not have; a user carries its own.
            || (starts("aws:PrincipalTag/") && self.is_user && self.boundary_known)
    }
}

impl Source<'_> {
    fn decided_by(&self, statement: &Statement, policy_type: PolicyType) -> DecidedBy {
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

    /// Tells whether the simulator means this policy by a name: the policy's own, or one with its holder before it.
    fn is_called(&self, name: &str, matched: &MatchedStatement) -> bool {
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

    fn is_left_out(&self, trial: &Trial) -> bool {
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

/// Adds to a denying statement's condition the values of the refused requests, where it has one that lets values
/// through; tells the key and the values.
fn exempt(statement: &mut Value, refused: &[&RequestContext]) -> Option<(String, String)> {
    const LETS_THROUGH: [&str; 5] =
        ["StringNotEquals", "StringNotEqualsIgnoreCase", "StringNotLike", "ArnNotEquals", "ArnNotLike"];
    let conditions = statement.get_mut("Condition")?.as_object_mut()?;
    let operators = conditions.iter_mut().filter(|(operator, _)| {
        let plain = operator.strip_suffix("IfExists").unwrap_or(operator);
        LETS_THROUGH.iter().any(|known| known.eq_ignore_ascii_case(plain))
    });
    for (key, expected) in operators.filter_map(|(_, keys)| keys.as_object_mut()).flatten() {
        let carried: Option<Vec<&str>> = refused.iter().map(|request| request.context.get(key)?.as_single()).collect();
        let Some(carried) = carried.filter(|values| !values.is_empty()) else { continue };
        let mut values: Vec<Value> = match expected.take() {
            Value::Array(values) => values,
            single => vec![single],
        };
        let mut added: Vec<&str> = Vec::new();
        for value in carried {
            if !added.contains(&value) {
                added.push(value);
                values.push(Value::from(value));
            }
        }
        *expected = Value::Array(values);
        return Some((key.clone(), added.join(",")));
    }
    None
}

/// Says why not every policy of the principal was read, where lists or texts of them are missing.
pub(super) fn why_incomplete(evidence: &Evidence) -> Option<String> {
    let unlisted = evidence.policies.holders.iter().find_map(|holder| {
        let why = holder.managed.why_unseen().or_else(|| holder.inline.why_unseen())?;
        Some(format!("what is attached to the {} `{}` could not be listed: {why}", holder.kind, holder.name))
    });
    unlisted.or_else(|| Reading::of(evidence)?.gaps.into_iter().next())
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
/// AWS managed policies whose text this program carries are not among them: they are asked for only where an answer
/// hangs on their being of the version carried (`verify`).
pub(super) fn open(evidence: &Evidence, verify: bool) -> Vec<PolicyQuestion> {
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
fn text_of(evidence: &Evidence, policy: &PolicyRef) -> Result<(String, Document), String> {
    let carried = carried(policy).map(|policy| (format!("{:#}", policy.json), policy.document.clone()));
    match (evidence.policies.text(policy), carried) {
        (Some(Observation::Seen(PolicyContent { document: Some(text), .. })), _) => {
            let document = Document::parse(text).map_err(|error| format!("it cannot be parsed: {error}"))?;
            Ok((text.clone(), document))
        }
        (None | Some(Observation::Seen(_)), Some(carried)) => Ok(carried),
        (None | Some(Observation::Seen(_)), None) => Err("its text was not read".to_owned()),
        (Some(unseen), _) => Err(unseen.why_unseen().unwrap_or_default()),
    }
}

/// Returns the policy's name, without path.
fn name_of(policy: &PolicyRef) -> &str {
    match policy {
        PolicyRef::Managed(arn) => arn.rsplit('/').next().unwrap_or(arn),
        PolicyRef::Inline { policy, .. } => policy,
    }
}

/// Returns what reports call the policy: the ARN of a managed one, the name of an inline one.
fn policy_of(policy: &PolicyRef) -> &str {
    match policy {
        PolicyRef::Managed(arn) => arn,
        PolicyRef::Inline { policy, .. } => policy,
    }
}
