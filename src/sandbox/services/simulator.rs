//! The policy simulator: `SimulatePrincipalPolicy`, with what it sees and what it hides.
//!
//! Follows the IAM API Reference: it evaluates identity policies, the permissions boundary and service control
//! policies on the context that the call gives, and knows nothing of session policies, endpoint policies or a
//! service's own model_access. Service control policies decide but are never shown.

use crate::iam::{Arn, ContextKeys, ContextValue, Decision, PolicyType, RequestContext};
use crate::policy::{Document, Evaluation, Policies, Policy, Question, StatementRef, decide};
use crate::sandbox::call::Call;
use crate::sandbox::caller::principal_context;
use crate::sandbox::effective_policies::{EffectivePolicies, SourceKind};
use crate::sandbox::page::Page;
use crate::sandbox::refusal::{Refusal, required};
use crate::sandbox::wire::{Form, Reply};
use crate::sandbox::xml::Xml;
use std::net::IpAddr;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The longest exclusion list.
const MAX_EXCLUSIONS: usize = 256;

/// The most entries of a context. AWS documents no limit; this one bounds the work of a call.
const MAX_CONTEXT: usize = 1000;

/// The most pairs of an action and a resource; likewise.
const MAX_PAIRS: usize = 10_000;

/// Allows everything: stands in for the policies that are not asked about.
const ALLOW_ALL: &str = r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;

/// Answers `SimulatePrincipalPolicy`.
pub(super) fn answer(call: &Call<'_>) -> Result<Reply, Refusal> {
    let form = &call.operation.form;
    let source = required(form, "PolicySourceArn")?;
    call.require(call.operation.name, source, Some(source), &ContextKeys::new())?;
    let simulation = Simulation::new(call, source)?;
    let actions = form.list("ActionNames");
    if actions.is_empty() {
        required(form, "ActionNames")?;
    }
    for action in &actions {
        if !(3..=128).contains(&action.len()) || !action.contains(':') || action.contains('*') {
            return Err(invalid(format!("Invalid Action Name: {action}")));
        }
    }
    let resources = form.list("ResourceArns");
    if actions.len().saturating_mul(resources.len()) > MAX_PAIRS {
        return Err(invalid(format!("the sandbox simulates at most {MAX_PAIRS} pairs of an action and a resource")));
    }
    let page = Page::from_form(&call.operation.form, actions.len())?;
    let results: Vec<ActionResult> = actions
        .iter()
        .skip(page.start)
        .take(page.length)
        .map(|action| simulation.of_action(action, &resources))
        .collect();
    Ok(call.query_reply(|xml| {
        xml.list("EvaluationResults", &results, |xml, result| simulation.write(xml, result));
        page.write_end(xml);
    }))
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::invalid_input("InvalidInput", message.into())
}

/// What is simulated: whose policies, without which, with which more, in which context.
struct Simulation {
    principal: String,
    effective: EffectivePolicies,
    context: ContextKeys,
    /// The condition keys that the visible policies read and the context lacks.
    missing: Vec<String>,
}

/// What an action comes to on each resource.
struct ActionResult {
    action: String,
    /// Whether the resources were named in the call.
    is_specific: bool,
    resources: Vec<ResourceResult>,
}

struct ResourceResult {
    resource: String,
    evaluation: Evaluation,
    /// Whether the organization's policies alone would allow; `None` outside any organization.
    organization: Option<bool>,
    /// Whether the boundary alone would allow; `None` without one.
    boundary: Option<bool>,
}

impl Simulation {
    fn new(call: &Call<'_>, source: &str) -> Result<Self, Refusal> {
        let world = call.world();
        let form = &call.operation.form;
        let unclear = || invalid(format!("Invalid Entity Arn: {source} does not clearly define entity type and name."));
        let arn: Arn = source.parse().map_err(|_| unclear())?;
        let kind = arn.resource_type();
        if arn.service != "iam" || !matches!(kind, "user" | "group" | "role") {
            return Err(unclear());
        }
        let missing_entity = || {
            let name = arn.resource.rsplit('/').next().unwrap_or_default();
            Refusal::no_such_entity(format!("The {kind} with name {name} cannot be found."))
        };
        let (mut effective, mut context) = if kind == "group" {
            let group = world.groups.iter().find(|group| group.arn == arn).ok_or_else(missing_entity)?;
            (EffectivePolicies::for_group(world, group).map_err(|_| missing_entity())?, ContextKeys::new())
        } else {
            let (facts, effective) = call.snapshot.principal(&arn).ok_or_else(missing_entity)?;
            (effective.clone(), principal_context(world, facts))
        };
        // The simulator sees neither.
        effective.policies.session = None;
        effective.policies.vpc_endpoint = None;

        exclude(&mut effective, &form.structures("PolicyExclusionList"))?;
        give(&mut effective, form, kind)?;
        let entries = form.structures("ContextEntries");
        if entries.len() > MAX_CONTEXT {
            return Err(invalid(format!("the sandbox takes at most {MAX_CONTEXT} context entries")));
        }
        for entry in entries {
            let (key, value) = context_entry(&entry)?;
            context.set(&key, value);
        }
        let missing = missing_keys(&effective.policies, &context);
        Ok(Self { principal: source.to_owned(), effective, context, missing })
    }

    fn of_action(&self, action: &str, resources: &[&str]) -> ActionResult {
        let all = ["*"];
        let named = if resources.is_empty() { all.as_slice() } else { resources };
        ActionResult {
            action: action.to_owned(),
            is_specific: !resources.is_empty(),
            resources: named.iter().map(|resource| self.of_resource(action, resource)).collect(),
        }
    }

    /// Returns the policies that have a say in an action.
    ///
    /// A key's own policy is no part of the call; the one that a key is made with leaves the decision to the account's
    /// policies (KMS Developer Guide, "Default key policy").
    fn policies_for(&self, action: &str) -> Policies {
        let mut policies = self.effective.policies.clone();
        let account = self.principal.split(':').nth(4).unwrap_or_default();
        if action.starts_with("kms:") && policies.resource.is_none() {
            let text = format!(
                r#"{{"Statement": [{{"Effect": "Allow", "Principal": {{"AWS": "{account}"}}, "Action": "kms:*", "Resource": "*"}}]}}"#
            );
            policies.resource = Document::parse(&text).ok().map(|document| vec![Policy::unnamed(document)]);
        }
        policies
    }

    fn of_resource(&self, action: &str, resource: &str) -> ResourceResult {
        let request =
            RequestContext { action: action.to_owned(), resource: resource.to_owned(), context: self.context.clone() };
        let ask = |policies: &Policies| decide(&Question::new(&self.principal, &request), policies);
        let alone = |mut policies: Policies| {
            policies.identity.extend(Document::parse(ALLOW_ALL).map(Policy::unnamed));
            let evaluation = ask(&policies);
            // That another account's resource grants nothing is not what the policies alone refuse.
            evaluation.decision == Decision::Allowed || evaluation.policy_type == Some(PolicyType::ResourcePolicy)
        };
        let all = &self.policies_for(action);
        let organization = (!all.service_control.is_empty())
            .then(|| alone(Policies { service_control: all.service_control.clone(), ..Policies::default() }));
        let boundary = all
            .permissions_boundary
            .is_some()
            .then(|| alone(Policies { permissions_boundary: all.permissions_boundary.clone(), ..Policies::default() }));
        ResourceResult { resource: resource.to_owned(), evaluation: ask(all), organization, boundary }
    }

    fn write(&self, xml: &mut Xml, result: &ActionResult) {
        let decisions = result.resources.iter().map(|resource| resource.evaluation.decision);
        // The most restrictive of all resources: an explicit deny before an implicit one.
        let decision = decisions.min_by_key(|decision| match decision {
            Decision::ExplicitDeny => 0,
            Decision::ImplicitDeny | Decision::Undetermined => 1,
            Decision::Allowed => 2,
        });
        let name = match result.resources.as_slice() {
            [] => "*".to_owned(),
            [only] if !result.is_specific => only.resource.clone(),
            [first, ..] => template(&first.resource),
        };
        xml.leaf("EvalActionName", &result.action)
            .leaf("EvalResourceName", &name)
            .leaf("EvalDecision", word(decision.unwrap_or(Decision::ImplicitDeny)));
        let mut statements: Vec<&StatementRef> = Vec::new();
        for statement in result.resources.iter().flat_map(matched) {
            if !statements.contains(&statement) {
                statements.push(statement);
            }
        }
        self.write_statements(xml, &statements);
        self.write_missing(xml);
        let all = |answers: Vec<Option<bool>>| answers.into_iter().flatten().reduce(|all, one| all && one);
        if let Some(allowed) = all(result.resources.iter().map(|resource| resource.organization).collect()) {
            xml.element("OrganizationsDecisionDetail", |xml| {
                xml.leaf("AllowedByOrganizations", if allowed { "true" } else { "false" });
            });
        }
        write_boundary(xml, all(result.resources.iter().map(|resource| resource.boundary).collect()));
        if result.is_specific {
            xml.list("ResourceSpecificResults", &result.resources, |xml, resource| {
                xml.leaf("EvalResourceName", &resource.resource)
                    .leaf("EvalResourceDecision", word(resource.evaluation.decision));
                self.write_statements(xml, &matched(resource).collect::<Vec<_>>());
                self.write_missing(xml);
                write_boundary(xml, resource.boundary);
            });
        }
    }

    fn write_statements(&self, xml: &mut Xml, statements: &[&StatementRef]) {
        let shown = statements.iter().filter_map(|statement| Some((*statement, self.effective.source(statement)?)));
        xml.list("MatchedStatements", shown, |xml, (statement, source)| {
            let kind = match source.kind {
                SourceKind::InlineUser => "user",
                SourceKind::InlineGroup => "group",
                SourceKind::InlineRole => "role",
                SourceKind::AwsManaged => "aws-managed",
                SourceKind::UserManaged => "user-managed",
                SourceKind::Given | SourceKind::Hidden => "none",
            };
            let end = self.end_of(statement, &source.text);
            let kind = if statement.policy_type == PolicyType::ResourcePolicy { "resource" } else { kind };
            xml.leaf("SourcePolicyId", &source.name).leaf("SourcePolicyType", kind);
            for (name, (line, column)) in [("StartPosition", (statement.line, statement.column)), ("EndPosition", end)]
            {
                xml.element(name, |xml| {
                    xml.leaf("Line", &line.to_string()).leaf("Column", &column.to_string());
                });
            }
        });
    }

    /// Returns line and column behind a statement's closing brace, counted from 1.
    fn end_of(&self, statement: &StatementRef, text: &str) -> (usize, usize) {
        let policies = &self.effective.policies;
        let policy = policies.identity.iter().chain(policies.resource.iter().flatten());
        let span = policy
            .filter(|policy| policy.name == statement.policy)
            .find_map(|policy| policy.document.statements().get(statement.statement))
            .map(|found| found.span());
        let before = span.and_then(|span| text.get(..span.end)).unwrap_or_default();
        let last_line = before.rsplit('\n').next().unwrap_or_default();
        (before.matches('\n').count() + 1, last_line.chars().count() + 1)
    }

    fn write_missing(&self, xml: &mut Xml) {
        xml.texts("MissingContextValues", self.missing.iter().map(String::as_str));
    }
}

fn word(decision: Decision) -> &'static str {
    // Every key is known to be there or not, so nothing is undetermined here.
    if decision == Decision::Undetermined { Decision::ImplicitDeny.as_str() } else { decision.as_str() }
}

fn write_boundary(xml: &mut Xml, allowed: Option<bool>) {
    if let Some(allowed) = allowed {
        xml.element("PermissionsBoundaryDecisionDetail", |xml| {
            xml.leaf("AllowedByPermissionsBoundary", if allowed { "true" } else { "false" });
        });
    }
}

/// Walks over the statements that contributed to a decision and may be shown.
fn matched(result: &ResourceResult) -> impl Iterator<Item = &StatementRef> {
    // Where an organization's policy denies, evaluation stops there.
    let stopped = result.evaluation.policy_type == Some(PolicyType::ServiceControlPolicy);
    let is_shown = move |statement: &&StatementRef| {
        !stopped && matches!(statement.policy_type, PolicyType::IdentityPolicy | PolicyType::ResourcePolicy)
    };
    result.evaluation.decided_by.iter().filter(is_shown)
}

/// The resource type's pattern, as the simulator names what several resources have in common.
fn template(resource: &str) -> String {
    match resource.parse::<Arn>() {
        Ok(arn) => format!("arn:{}:{}:*:*:{}/*", arn.partition, arn.service, arn.resource_type()),
        Err(_) => resource.to_owned(),
    }
}

/// Returns the condition keys that identity policies and boundary read and the context lacks.
///
/// The simulator names keys of statements that have nothing to do with the action, too.
fn missing_keys(policies: &Policies, context: &ContextKeys) -> Vec<String> {
    let mut missing: Vec<String> = Vec::new();
    let visible = policies.identity.iter().chain(&policies.permissions_boundary);
    for key in visible.flat_map(|policy| policy.document.condition_keys()) {
        if context.get(key).is_none() && !missing.iter().any(|known| known.eq_ignore_ascii_case(key)) {
            missing.push(key.to_owned());
        }
    }
    missing
}

fn context_entry(entry: &Form) -> Result<(String, ContextValue), Refusal> {
    let key = required(entry, "ContextKeyName")?;
    let values: Vec<String> = entry.list("ContextKeyValues").into_iter().map(str::to_owned).collect();
    let kind = entry.get("ContextKeyType").unwrap_or("string");
    let single = ["string", "numeric", "boolean", "ip", "binary", "date"];
    let element = kind.strip_suffix("List").unwrap_or(kind);
    if let Some(value) = values.iter().find(|value| !is_of_type(value, element)) {
        return Err(invalid(format!(
            "Invalid Context Entry: {key} has the value {value}, which is not of type {kind}"
        )));
    }
    let value = match (single.contains(&kind), values.as_slice()) {
        (true, [value]) => ContextValue::Single(value.clone()),
        (true, _) => return Err(invalid(format!("Invalid Context Entry: {key} of type {kind} takes one value"))),
        (false, _) if single.iter().any(|single| format!("{single}List") == kind) => ContextValue::Multiple(values),
        (false, _) => return Err(invalid(format!("Invalid Context Key Type: {kind}"))),
    };
    Ok((key.to_owned(), value))
}

/// Returns `true` if a value can be of a type of context keys (IAM API Reference, "ContextEntry").
fn is_of_type(value: &str, kind: &str) -> bool {
    match kind {
        "numeric" => value.parse::<f64>().is_ok_and(f64::is_finite),
        "boolean" => ["true", "false"].contains(&value.to_ascii_lowercase().as_str()),
        "ip" => value.split_once('/').map_or(value, |(address, _)| address).parse::<IpAddr>().is_ok(),
        "binary" => aws_smithy_types::base64::decode(value).is_ok(),
        "date" => OffsetDateTime::parse(value, &Rfc3339).is_ok() || value.parse::<i64>().is_ok() || is_day(value),
        _ => true,
    }
}

/// Returns `true` if a text is a day such as `2026-03-02`.
fn is_day(text: &str) -> bool {
    OffsetDateTime::parse(&format!("{text}T00:00:00Z"), &Rfc3339).is_ok()
}

/// Adds the policies that come with the call.
fn give(effective: &mut EffectivePolicies, form: &Form, kind: &str) -> Result<(), Refusal> {
    let malformed = |error| invalid(format!("Syntax errors in policy: {error}"));
    for (index, text) in form.list("PolicyInputList").into_iter().enumerate() {
        effective.give(&format!("PolicyInputList.{}", index + 1), text).map_err(malformed)?;
    }
    match form.list("PermissionsBoundaryPolicyInputList").as_slice() {
        [] => {}
        [text] => {
            let boundary = effective.given("PermissionsBoundaryPolicyInputList.1", text).map_err(malformed)?;
            effective.policies.permissions_boundary = Some(boundary);
        }
        _ => return Err(invalid("Only one permissions boundary policy can be specified")),
    }
    if let Some(text) = form.get("ResourcePolicy") {
        if kind == "role" {
            return Err(invalid("Simulation of resource-based policies isn't supported for IAM roles"));
        }
        effective.policies.resource = Some(vec![effective.given("ResourcePolicy", text).map_err(malformed)?]);
    }
    Ok(())
}

/// One entry of the exclusion list.
enum Exclusion<'f> {
    Type(&'f str),
    Arn(&'f str),
    Inline { name: &'f str, kind: SourceKind, entity: &'f str },
}

impl<'f> Exclusion<'f> {
    fn read(entry: &'f Form) -> Result<Self, Refusal> {
        let malformed = || invalid("Invalid PolicyExclusionList: each entry names a type, an ARN or an inline policy");
        let inline = |field: &str| entry.get(&format!("InlinePolicyIdentifier.{field}"));
        match (entry.get("PolicyType"), entry.get("PolicyArn"), inline("PolicyName")) {
            (Some(kind), None, None) => {
                let known = ["inline", "aws-managed", "user-managed", "permission-boundary", "scp", "rcp"];
                if known.contains(&kind) { Ok(Self::Type(kind)) } else { Err(malformed()) }
            }
            (None, Some(arn), None) if arn.starts_with("arn:") && arn.matches('*').count() <= 1 => Ok(Self::Arn(arn)),
            (None, None, Some(name)) => {
                let kind = match inline("AttachmentType") {
                    Some("user") => SourceKind::InlineUser,
                    Some("group") => SourceKind::InlineGroup,
                    Some("role") => SourceKind::InlineRole,
                    _ => return Err(malformed()),
                };
                Ok(Self::Inline { name, kind, entity: inline("AttachmentName").ok_or_else(malformed)? })
            }
            _ => Err(malformed()),
        }
    }

    /// Returns `true` if the entry names a policy of the principal or of the organization.
    fn names(&self, policy: &Policy, effective: &EffectivePolicies, role: &str) -> bool {
        let Some(source) = policy.name.as_ref().and_then(|name| effective.sources.get(name)) else { return false };
        match self {
            Self::Type("inline") => {
                matches!(source.kind, SourceKind::InlineUser | SourceKind::InlineGroup | SourceKind::InlineRole)
            }
            Self::Type("aws-managed") => role == "identity" && source.kind == SourceKind::AwsManaged,
            Self::Type("user-managed") => role == "identity" && source.kind == SourceKind::UserManaged,
            Self::Type(kind) => *kind == role,
            Self::Arn(pattern) => source.arn.as_ref().is_some_and(|arn| match pattern.split_once('*') {
                Some((start, end)) => {
                    arn.len() >= start.len() + end.len() && arn.starts_with(start) && arn.ends_with(end)
                }
                None => arn == pattern,
            }),
            Self::Inline { name, kind, entity } => {
                source.kind == *kind && source.name == *name && source.attached_to == *entity
            }
        }
    }
}

/// Takes the excluded policies out.
fn exclude(effective: &mut EffectivePolicies, entries: &[Form]) -> Result<(), Refusal> {
    if entries.len() > MAX_EXCLUSIONS {
        return Err(invalid(format!("PolicyExclusionList has at most {MAX_EXCLUSIONS} entries")));
    }
    let exclusions = entries.iter().map(Exclusion::read).collect::<Result<Vec<_>, _>>()?;
    let mut policies = effective.policies.clone();
    let kept =
        |role: &str, policy: &Policy| !exclusions.iter().any(|exclusion| exclusion.names(policy, effective, role));
    policies.identity.retain(|policy| kept("identity", policy));
    policies.permissions_boundary = policies.permissions_boundary.filter(|policy| kept("permission-boundary", policy));
    if exclusions.iter().any(|exclusion| matches!(exclusion, Exclusion::Type("scp"))) {
        policies.service_control.clear();
    }
    for level in &mut policies.service_control {
        level.retain(|policy| kept("scp", policy));
    }
    effective.policies = policies;
    Ok(())
}
