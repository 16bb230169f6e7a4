//! Role trust policies: may the service that runs the workload assume the role at all?
//!
//! A role has two halves: who may assume it, and what it may do then. The simulator looks at the second alone; the
//! first is the role trust policy, IAM's resource-based policy of a role, which is read with `iam:GetRole` and
//! evaluated here by the crate's engine, so that what it finds is `inferred`.

use super::NotChecked;
use super::documents::with_statements;
use super::finding::{Basis, Certainty, Change, ChangeKind, Finding, Remedy};
use super::remedy;
use crate::cause::Cause;
use crate::evidence::{Evidence, Observation};
use crate::iam::{Arn, AssumingService, ContextKeys, Decision, PolicyType, RequestContext};
use crate::policy::{Document, Policies, Policy, Question, decide};
use serde_json::{Value, json};

/// Whether a service may assume a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trust {
    /// The role.
    pub role: Arn,
    /// The service.
    pub service: AssumingService,
    /// The action of the trust policy that decided: the first that is not allowed.
    pub action: &'static str,
    /// The decision; undetermined where the trust policy was not read or hangs on what is not known.
    pub decision: Decision,
    /// Why there is no decision.
    pub unread: Option<String>,
    /// The services that the trust policy names.
    pub trusts: Vec<String>,
}

/// What the trust policies say.
#[derive(Debug, Default)]
pub(super) struct Trusts {
    pub(super) seen: Vec<Trust>,
    pub(super) findings: Vec<Finding>,
    pub(super) unread: Vec<NotChecked>,
}

/// Reads every trust policy that the call hangs on: the service role's, and the workload's own role's where a service
/// is named that assumes it.
pub(super) fn read(evidence: &Evidence) -> Trusts {
    let mut trusts = Trusts::default();
    trusts.service_role(evidence);
    trusts.workload(evidence);
    trusts
}

impl Trusts {
    fn service_role(&mut self, evidence: &Evidence) {
        let request = &evidence.request;
        let (Some(role), Some(source)) = (&request.service_role, request.operation.acts_for()) else { return };
        if let Observation::Refused(error) = &evidence.service_role
            && error.code.as_deref().is_some_and(|code| code.starts_with("NoSuchEntity"))
        {
            self.findings.push(Finding {
                cause: Cause::ServiceRolePermission,
                certainty: Certainty::Inferred,
                action: Some("iam:PassRole".to_owned()),
                resources: vec![role.to_string()],
                basis: vec![Basis::Refused { api: "iam:GetRole", error: error.clone() }],
                remedy: Remedy {
                    steps: vec![format!("name a role that exists: there is no `{role}`, or its path is another")],
                    ..remedy::of_gate(Cause::ServiceRolePermission, evidence)
                },
                alternatives: Vec::new(),
            });
            return;
        }
        let document = match &evidence.service_role {
            Observation::Seen(seen) => {
                seen.trust.clone().ok_or_else(|| "the role's trust policy was not shown".to_owned())
            }
            unseen => Err(unseen.why_unseen().unwrap_or_default()),
        };
        self.judge(evidence, role, AssumingService::Bedrock, &sources_of(evidence, source), document);
    }

    fn workload(&mut self, evidence: &Evidence) {
        let Some(service) = evidence.request.service else { return };
        let Some(source) = evidence.principal.seen() else {
            let why = evidence.principal.why_unseen().unwrap_or_default();
            self.unread.push(NotChecked::new(format!("whether `{}` may assume the role", service.principal()), why));
            return;
        };
        let Some(role) = source.candidates.first().filter(|arn| arn.resource_type() == "role") else {
            self.unread.push(NotChecked::new(
                format!("whether `{}` may assume the principal", service.principal()),
                "services assume roles, and the principal is none",
            ));
            return;
        };
        let document = match &evidence.policies.entity {
            Observation::Seen(entity) => {
                entity.trust.clone().ok_or_else(|| "the role's trust policy was not shown".to_owned())
            }
            unseen => Err(unseen.why_unseen().unwrap_or_default()),
        };
        let kinds: &[&str] = match service {
            AssumingService::Bedrock => &["agent", "knowledge-base", "model-invocation-job", "model-customization-job"],
            _ => &[],
        };
        let mut sources: Vec<String> = kinds.iter().flat_map(|kind| sources_of(evidence, kind)).collect();
        if let (true, Some(prefix)) = (sources.is_empty(), service.source_service()) {
            let region = &evidence.request.region;
            sources.push(format!(
                "arn:{}:{prefix}:{region}:{}:*",
                region.partition().as_str(),
                evidence.account().unwrap_or_default()
            ));
        }
        self.judge(evidence, role, service, &sources, document);
    }

    /// Judges one role for one service; `sources` are the ARNs on whose behalf it may be assumed.
    fn judge(
        &mut self,
        evidence: &Evidence,
        role: &Arn,
        service: AssumingService,
        sources: &[String],
        document: Result<String, String>,
    ) {
        let what = format!("whether `{}` may assume `{role}`", service.principal());
        let mut trust = Trust {
            role: role.clone(),
            service,
            action: "sts:AssumeRole",
            decision: Decision::Undetermined,
            unread: None,
            trusts: Vec::new(),
        };
        let parsed = document.and_then(|text| {
            let parsed =
                Document::parse(&text).map_err(|error| format!("the trust policy cannot be parsed: {error}"))?;
            Ok((text, parsed))
        });
        let (text, parsed) = match parsed {
            Ok(read) => read,
            Err(why) => {
                trust.unread = Some(why.clone());
                self.unread.push(NotChecked::new(what, why));
                self.seen.push(trust);
                return;
            }
        };
        let value: Value = serde_json::from_str(&text).unwrap_or_default();
        trust.trusts = trusted_services(&value);
        trust.decision = Decision::Allowed;
        for action in service.actions() {
            let decided = assume(evidence, role, service, action, sources, &parsed);
            if decided != Ok(Decision::Allowed) {
                trust.action = action;
                match decided {
                    Ok(decision) => trust.decision = decision,
                    Err(keys) => {
                        trust.decision = Decision::Undetermined;
                        trust.unread = Some(format!("its trust policy hangs on {keys}, which is not known here"));
                    }
                }
                break;
            }
        }
        match (&trust.unread, trust.decision) {
            (Some(why), _) => self.unread.push(NotChecked::new(what, why.clone())),
            (None, decision) if decision.is_denied() => self.findings.push(finding(evidence, &trust, sources, &value)),
            _ => {}
        }
        self.seen.push(trust);
    }
}

/// Returns the ARNs of Bedrock resources of a kind for which a role is assumed.
fn sources_of(evidence: &Evidence, kind: &str) -> Vec<String> {
    vec![evidence.request.acting_for(kind, &evidence.account().unwrap_or_default()).to_string()]
}

/// Evaluates a trust policy for a service; an error names the keys on which it hangs and that are not known.
///
/// One of the sources has to be let in: a role is for agents or for jobs. Where one is refused whose exact ARN is not
/// known, the key is taken as unknown.
fn assume(
    evidence: &Evidence,
    role: &Arn,
    service: AssumingService,
    action: &str,
    sources: &[String],
    document: &Document,
) -> Result<Decision, String> {
    let policies = Policies {
        resource: Some(vec![Policy::new("the role trust policy", document.clone())]),
        ..Policies::default()
    };
    let ask = |source: Option<&String>| {
        let mut context = ContextKeys::new()
            .with("aws:RequestedRegion", evidence.request.region.as_str())
            .with("aws:PrincipalIsAWSService", "true")
            .with("aws:PrincipalServiceName", service.principal());
        if service.source_service().is_some()
            && let Some(account) = evidence.account()
        {
            context.set("aws:SourceAccount", account);
        }
        if let Some(source) = source {
            context.set("aws:SourceArn", source.as_str());
        }
        // A service hands over no external id; whatever else the policy looks at, only the service knows.
        let unknown: Vec<String> = document
            .condition_keys()
            .into_iter()
            .filter(|key| context.get(key).is_none() && !key.eq_ignore_ascii_case("sts:ExternalId"))
            .map(str::to_owned)
            .collect();
        let request = RequestContext { action: action.to_owned(), resource: role.to_string(), context };
        let question = Question { principal: service.principal(), request: &request, unknown: &unknown };
        decide(&question, &policies)
    };
    let sources: Vec<Option<&String>> =
        if sources.is_empty() { vec![None] } else { sources.iter().map(Some).collect() };
    let mut refusal = Ok(Decision::ImplicitDeny);
    for source in sources {
        let known = ask(source);
        let is_exact = source.is_none_or(|arn| !arn.contains('*'));
        let evaluation = if known.decision == Decision::Allowed || is_exact { known } else { ask(None) };
        match evaluation.decision {
            Decision::Allowed => return Ok(Decision::Allowed),
            Decision::Undetermined => {
                let keys: Vec<String> = evaluation.unknown_keys.iter().map(|key| format!("`{key}`")).collect();
                refusal = Err(keys.join(", "));
            }
            denied if refusal.is_ok() => refusal = Ok(denied),
            _ => {}
        }
    }
    refusal
}

/// Lists the services that a trust policy's allowing statements name.
fn trusted_services(document: &Value) -> Vec<String> {
    let statements = match document.get("Statement") {
        Some(Value::Array(statements)) => statements.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    let mut services: Vec<String> = Vec::new();
    for statement in statements.iter().filter(|statement| statement.get("Effect") == Some(&json!("Allow"))) {
        let named = match statement.get("Principal").and_then(|principal| principal.get("Service")) {
            Some(Value::String(one)) => vec![one.clone()],
            Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        services.extend(named.into_iter().filter(|name| !services.contains(name)).collect::<Vec<_>>());
    }
    services
}

fn finding(evidence: &Evidence, trust: &Trust, sources: &[String], document: &Value) -> Finding {
    let name = trust.role.resource_id().rsplit('/').next().unwrap_or_default();
    let statement = trust.service.trust_statement(evidence.account().as_deref(), sources);
    let mut steps = Vec::new();
    let denied = trust.decision == Decision::ExplicitDeny;
    let change = if denied {
        steps.push(format!("remove or narrow the statement of the role trust policy that denies {}", trust.action));
        Change {
            policy_type: Some(PolicyType::ResourcePolicy),
            policy: Some(trust.role.to_string()),
            attached_to: Some(format!("role/{name}")),
            ..Change::new(ChangeKind::RemoveStatement)
        }
    } else {
        steps.push(format!("let `{}` assume the role: give it the trust policy below", trust.service.principal()));
        Change {
            policy_type: Some(PolicyType::ResourcePolicy),
            policy: Some(trust.role.to_string()),
            attached_to: Some(format!("role/{name}")),
            document: Some(json!({"Version": "2012-10-17", "Statement": [statement]})),
            ..Change::new(ChangeKind::AddStatement)
        }
    };
    let only_bedrock = trust.trusts.iter().any(|service| service == "bedrock.amazonaws.com");
    if only_bedrock && trust.service != AssumingService::Bedrock {
        steps.push(
            "take out the trust in `bedrock.amazonaws.com` unless an agent, knowledge base or job runs with this role: code that calls Bedrock runs with a role that its own service assumes"
                .to_owned(),
        );
    }
    let mut commands = vec![remedy::check_again(evidence)];
    if !denied {
        commands.insert(0, remedy::replace_trust(name));
    }
    Finding {
        cause: Cause::ResourcePolicy,
        certainty: Certainty::Inferred,
        action: Some(trust.action.to_owned()),
        resources: vec![trust.role.to_string()],
        basis: vec![Basis::Trust(trust.clone())],
        remedy: Remedy {
            policy: (!denied).then(|| with_statements(document, &[statement])),
            commands,
            steps,
            notes: vec!["the command replaces the whole trust policy".to_owned()],
            changes: vec![change],
            ..Remedy::default()
        },
        alternatives: Vec::new(),
    }
}
